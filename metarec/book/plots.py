"""The one figure style of the book, and the figure helpers that more than one chapter uses.

The colours are those of Okabe and Ito, which people with the common forms of colour blindness tell
apart; `book/_static/custom.css` uses the same values and a test keeps the two equal. Pyplot is
loaded by the first figure, not by the import. Introduced in chapter 01.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from metarec.evaluation.uncertainty import Interval

PALETTE = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "grey": "#6B7785",
    "ink": "#1B2733",
}
BLUE, RED, GREEN, PURPLE, ORANGE, SKY, GREY, INK = PALETTE.values()
SERIES = ("blue", "vermillion", "green", "purple", "orange", "sky")
# One colour and marker a family, in the order of the chapters; a folder of `metarec/models` each.
FAMILY_COLORS = {
    "baselines": "orange",
    "neighbours": "sky",
    "factorization": "purple",
    "content": "green",
    "sequential": "ink",
    "pretrained": "green",
    "bayes": "blue",
    "meta": "vermillion",
    "yours": "ink",
}
FAMILY_MARKERS = dict(zip(FAMILY_COLORS, "osD^vPoX*", strict=True))
# What nearly every figure shows keeps one colour in all of them; grey is what knows no person.
REFERENCES = {
    "chance": "grey", "randomscores": "grey", "globalmean": "grey", "itemmean": "grey",
    "popularity": "grey",
    "bias": FAMILY_COLORS["baselines"], "itemuserbias": FAMILY_COLORS["baselines"],
    "hierarchicalbayes": FAMILY_COLORS["bayes"],
}  # fmt: skip
METRICS = {
    "rmse": "RMSE in stars (lower is better)",
    "mae": "MAE in stars (lower is better)",
    "pairwise": "pairs in the right order, share (higher is better)",
    "ndcg@5": "nDCG@5, from 0 to 1 (higher is better)",
    "ndcg@10": "nDCG@10, from 0 to 1 (higher is better)",
    "recall@10": "recall@10, from 0 to 1 (higher is better)",
}
K_LABEL = "known ratings, k"
_WIDTH, _DPI = 6.4, 220  # twice the pixels of the book's column, for sharp screens
_GRID = "#E3E7EB"


def style() -> Any:
    """Give a context in which Matplotlib draws as the book does.

    `figure` uses it by itself; call it only around figures that you build with pyplot directly,
    as in ``with plots.style(): ...``. Introduced in chapter 01.

    Returns
    -------
    context manager
        Restores the reader's own settings at its end.
    """
    import matplotlib.pyplot as plt

    plt.draw_if_interactive()  # loads the backend now; inside, what it sets would be undone
    ink, grey = PALETTE["ink"], PALETTE["grey"]
    return plt.rc_context({
        "figure.dpi": _DPI, "savefig.dpi": _DPI, "figure.facecolor": "white",
        "figure.constrained_layout.use": True, "figure.constrained_layout.h_pad": 0.06,
        "font.size": 10, "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": grey,
        "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.titlecolor": ink,
        "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
        "axes.axisbelow": True, "axes.grid": True, "axes.grid.axis": "y", "grid.color": _GRID,
        "axes.prop_cycle": plt.cycler(color=[PALETTE[name] for name in SERIES]),
        "xtick.color": grey, "ytick.color": grey, "xtick.labelcolor": ink, "ytick.labelcolor": ink,
        "lines.linewidth": 2.0, "lines.markersize": 5, "legend.frameon": False,
        "svg.hashsalt": "metarec", "svg.fonttype": "path",
    })  # fmt: skip


def figure(
    title: str, xlabel: str, ylabel: str, *, height: float = 3.8, panels: int | Sequence[str] = 1
) -> tuple[Figure, Any]:
    """Open a figure in the book's style: the title states the finding, both axes have labels.

    The vertical label stands horizontally above its axis, where it can be read without turning
    the head. Introduced in chapter 01.

    Parameters
    ----------
    title
        The finding, as a sentence; long ones are wrapped.
    xlabel, ylabel
        Labels with their units.
    height
        In inches; the width is always 6.4, the width of the page.
    panels
        Names of panels to stand side by side, or their number; they share labels and scale.

    Returns
    -------
    (figure, axes)
        One `Axes`; with several panels an array `[panels]` of them.
    """
    import matplotlib.pyplot as plt

    names = [""] * panels if isinstance(panels, int) else list(panels)
    with style():
        fig, axes = plt.subplots(
            1, len(names), figsize=(_WIDTH, height), sharey=True, squeeze=False
        )
        for ax, name in zip(axes[0], names, strict=True):
            ax.set_title(name)
            ax.set_xlabel(xlabel)
            ax.tick_params(labelsize=9.5, length=0, labelcolor=PALETTE["ink"])
        axes[0, 0].set_ylabel(ylabel, rotation=0, ha="left", va="bottom")
        axes[0, 0].yaxis.set_label_coords(0, 1.12 if any(names) else 1.02)
        fig.suptitle(textwrap.fill(title, 58), x=0.012, ha="left", fontweight="bold", fontsize=11.8)
    return fig, axes[0] if len(names) > 1 else axes[0, 0]


def two_panels(
    title: str, left: str, right: str, *, height: float = 3.6, **options: Any
) -> np.ndarray:
    """Open two panels with scales of their own; each has its label above.

    Introduced in chapter 02.

    Parameters
    ----------
    title
        The finding, as a sentence; long ones without line ends of their own are wrapped.
    left, right
        What each panel shows, with its unit.
    height
        In inches; the width is always 6.4.
    **options
        For `matplotlib.pyplot.subplots`, such as `width_ratios`.

    Returns
    -------
    array of Axes, shape [2]
    """
    import matplotlib.pyplot as plt

    with style():
        fig, axes = plt.subplots(1, 2, figsize=(_WIDTH, height), **options)
        title = title if "\n" in title else textwrap.fill(title, 58)
        fig.suptitle(title, x=0.012, ha="left", fontweight="bold", fontsize=11.8)
        for ax, label in zip(axes, (left, right), strict=True):
            ax.set_title(label, fontsize=9.5)
            ax.tick_params(length=0)
    return axes


def lying_interval(
    ax: Axes, y: float, interval: Interval, color: str, marker: str = "o", fill: bool = True
) -> None:
    """Draw a mean with its interval as a dot on a lying bar.

    Introduced in chapter 05.

    Parameters
    ----------
    ax
        The axis to draw in.
    y
        Height, in data units.
    interval
        From `metarec.evaluation.bootstrap` or `paired`.
    color
        Of bar and dot.
    marker
        Shape of the dot.
    fill
        Whether the dot is filled; white if not.
    """
    ends = [interval.low, interval.high]
    ax.plot(ends, [y, y], color=color, lw=2.2, solid_capstyle="butt")
    ax.plot(interval.mean, y, marker, color=color, mfc=color if fill else "white", ms=6)


def k_curve(
    board: pd.DataFrame,
    metric: str = "rmse",
    *,
    title: str,
    methods: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    protocol: str = "newcomers",
    families: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a metric against the number k of known ratings, one line a method.

    The values of k stand at equal distances, intervals are thin bars, names stand at the line
    ends (of panels side by side, in the last). Methods that use no knowledge of the person
    (chance, item mean, popularity) are grey. Introduced in chapter 02.

    Parameters
    ----------
    board
        Leaderboard rows: columns method, protocol, k, metric, mean and, where known, low, high.
    metric
        A value of the column `metric`.
    title
        The finding; not used when `ax` is given.
    methods
        Which to draw, in the order of their colours; all of the board by default.
    labels
        Names to show instead of the methods' own.
    protocol
        A value of the column `protocol`.
    families
        Method -> family, see `FAMILY_COLORS`: then the first method of a family has its colour.
    ax
        An axis of `figure(..., panels=[...])` to draw in.

    Returns
    -------
    matplotlib.figure.Figure
        The new figure, or that of `ax`.

    Raises
    ------
    ValueError
        When the board has no such row; names what it has.
    """
    rows = board[(board["protocol"] == protocol) & (board["metric"] == metric)]
    methods = list(dict.fromkeys(rows["method"])) if methods is None else list(methods)
    missing = sorted(set(methods) - set(rows["method"]))
    if rows.empty or missing:
        raise ValueError(
            f"no rows for {', '.join(missing) or 'any method'} with protocol={protocol!r} and "
            f"metric={metric!r}; the board has protocols {sorted(set(board['protocol']))}, "
            f"metrics {sorted(set(board['metric']))}, methods {sorted(set(board['method']))}"
        )
    if ax is None:
        _, ax = figure(title, K_LABEL, METRICS.get(metric, metric))
    ks = sorted(rows["k"].unique())
    ends = {}
    looks = _looks(methods, families)
    shown = [method for method, look in looks.items() if "marker" in look]
    for method, look in looks.items():
        curve = rows[rows["method"] == method].set_index("k").reindex(ks)
        aside = 0.06 * (shown.index(method) - (len(shown) - 1) / 2) if method in shown else 0
        _draw_curve(ax, np.arange(len(ks)) + aside, curve, look)
        name = (labels or {}).get(method, method)
        ends[name] = (curve["mean"].dropna().iloc[-1], look["color"])
    ax.set_xticks(range(len(ks)), [str(k) for k in ks])
    ax.set_xlim(-0.35, len(ks) - 0.75)
    place = ax.get_subplotspec()
    if place is not None and place.is_last_col():
        label_ends(ax, ends)
    return _figure_of(ax)


def label_ends(ax: Axes, ends: Mapping[str, tuple[float, str]]) -> None:
    """Write names at the right end of lines instead of a legend, moved apart where they touch.

    Call it last: it measures the axis. Introduced in chapter 02.

    Parameters
    ----------
    ax
        The axis, with all its lines drawn.
    ends
        Name -> (value at the right end in data units, colour of the line).
    """
    right = ax.get_xlim()[1]
    ax.set_xlim(right=right)
    ax.set_ylim(ax.get_ylim())
    _figure_of(ax).draw_without_rendering()
    names = sorted(ends, key=lambda name: ends[name][0])
    to_pixels = ax.transData.transform
    wanted = np.array([to_pixels((right, ends[name][0]))[1] for name in names])
    gap = 13 * ax.figure.dpi / 72
    bottom, top = ax.bbox.y0, ax.bbox.y1
    heights = spread(wanted, gap, bottom + gap / 2, top - gap / 2)
    for name, height in zip(names, heights, strict=True):
        value, color = ends[name]
        ax.annotate(
            name, (right, value), xytext=(1.035, (height - bottom) / (top - bottom)),
            textcoords="axes fraction", va="center", fontsize=10, color=readable(color),
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.8, "relpos": (0, 0.5),
                        "shrinkA": 1, "shrinkB": 0},
            annotation_clip=False,
        )  # fmt: skip


def spread(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Move ascending positions as little as needed so that neighbours are `gap` apart.

    Parameters
    ----------
    wanted
        Positions `[n]`, ascending.
    gap, low, high
        The least distance, and the range to stay in while there is room.

    Returns
    -------
    numpy.ndarray
        Positions `[n]`, ascending. This is isotonic regression: with the gaps taken off, the
        least-squares move is the ascending sequence next to the wanted one.
    """
    from scipy.optimize import isotonic_regression

    steps = gap * np.arange(len(wanted))
    moved = isotonic_regression(np.asarray(wanted, dtype=float) - steps).x
    return np.clip(moved, low, max(low, high - gap * (len(wanted) - 1))) + steps


def readable(color: str, contrast: float = 4.5) -> str:
    """Darken a colour until text in it can be read on white.

    Parameters
    ----------
    color
        Hexadecimal, as in `PALETTE`.
    contrast
        Least ratio of luminances, from 1 to 21; 4.5 is the WCAG 2 level AA for text.

    Returns
    -------
    str
        The same hue, darkened; unchanged when it has the contrast already.
    """
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    for shade in np.linspace(1, 0, 101):
        linear = np.where(
            rgb * shade <= 0.04045, rgb * shade / 12.92, ((rgb * shade + 0.055) / 1.055) ** 2.4
        )
        if 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= contrast:
            break
    return "#" + "".join(f"{int(v * 255):02X}" for v in rgb * shade)


def _figure_of(ax: Axes) -> Figure:
    fig = ax.get_figure(root=True)
    assert fig is not None, "an axis that was taken off its figure"
    return fig


def _key(method: str) -> str:
    """A method's name without spaces and capitals: "Item mean" and "ItemMean" are the same."""
    return "".join(letter for letter in method.lower() if letter.isalpha())


def _looks(
    methods: Sequence[str], families: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Give each method its colour, line and marker: grey and dashed for the trivial ones."""
    dashes = itertools.cycle([(0, (1, 1.5)), (0, (5, 2)), (0, (6, 2, 1, 2)), (0, (2, 3))])
    markers = itertools.cycle("osD^vPX")
    colors = _fixed_colors(methods, families or {})
    free = itertools.cycle([name for name in SERIES if name not in colors.values()] or SERIES)
    looks = {}
    for method in methods:
        color = PALETTE[colors.get(method) or next(free)]
        if color == PALETTE["grey"]:
            looks[method] = {"color": color, "linestyle": next(dashes), "linewidth": 1.5}
        else:
            looks[method] = {"color": color, "marker": next(markers), "linewidth": 2.0}
    return looks


def _fixed_colors(methods: Sequence[str], families: Mapping[str, str]) -> dict[str, str]:
    """The colours that do not depend on the order: of references, and one method a family."""
    colors = {m: REFERENCES[_key(m)] for m in methods if _key(m) in REFERENCES}
    for method in methods:
        color = FAMILY_COLORS.get(families.get(method, ""))
        if color and method not in colors and color not in colors.values():
            colors[method] = color
    return colors


def _draw_curve(ax: Axes, x: np.ndarray, curve: pd.DataFrame, look: dict[str, Any]) -> None:
    """Draw one line with its intervals; trivial lines go without bars, which would hide others."""
    ax.plot(x, curve["mean"], markersize=5, **look)
    if "marker" in look and {"low", "high"} <= set(curve):
        ax.vlines(x, curve["low"], curve["high"], color=look["color"], lw=1.2, alpha=0.55)
