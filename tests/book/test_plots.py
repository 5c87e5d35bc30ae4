"""The figure style: colours that all can tell apart, labels that do not touch, honest scales."""

import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from metarec.book import plots
from metarec.evaluation import Interval

ROOT = Path(__file__).resolve().parents[2]
KS = (0, 1, 2, 5, 10, 20)
# Machado, Oliveira and Fernandes (2009): full deuteranopia and protanopia, linear RGB
BLINDNESS = {
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}


def board(curves, metric="rmse", width=0.02):
    """Leaderboard rows from {method: values at each k}."""
    return pd.DataFrame([
        {
            "protocol": "newcomers", "method": method, "k": k, "metric": metric, "mean": mean,
            "low": mean - width, "high": mean + width,
        }
        for method, means in curves.items()
        for k, mean in zip(KS, means, strict=True)
    ])  # fmt: skip


@pytest.fixture
def crowded():
    """Eight methods that end close together, with chance far away."""
    curves = {f"method {n}": np.linspace(1.0, 0.90 + n / 1000, 6) for n in range(8)}
    return board({"chance": np.full(6, 1.1), **curves})


@pytest.fixture(autouse=True)
def closed_figures():
    """No figure stays open."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def linear(color):
    """A hexadecimal colour as linear RGB, shape [3]."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ rgb / [0.9505, 1, 1.089], 1e-4, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast_on_white(color):
    """WCAG contrast with white."""
    return 1.05 / (linear(color) @ [0.2126, 0.7152, 0.0722] + 0.05)


# ---------------------------------------------------------------- colours


def test_figures_and_pages_share_one_palette():
    """custom.css defines each colour of the palette with the same value."""
    css = (ROOT / "book" / "_static" / "custom.css").read_text(encoding="utf-8")
    shared = dict(re.findall(r"--mr-(\w+): (#[0-9A-F]{6});", css.split("}")[0]))
    assert shared == plots.PALETTE


@pytest.mark.parametrize("sight", ["full", *BLINDNESS])
def test_colours_of_lines_differ_for_everybody(sight):
    """No two line colours come close, also with red-green blindness (CIE76 distance over 10)."""
    see = np.eye(3) if sight == "full" else np.array(BLINDNESS[sight])
    colors = {name: lab(see @ linear(plots.PALETTE[name])) for name in (*plots.SERIES, "grey")}
    for one, two in combinations(colors, 2):
        assert np.linalg.norm(colors[one] - colors[two]) > 10, (one, two)


@pytest.mark.parametrize("name", plots.PALETTE)
def test_names_at_line_ends_can_be_read(name):
    """The text colour has a contrast of at least 4.5 on white, and keeps what is dark enough."""
    color = plots.PALETTE[name]
    assert contrast_on_white(plots.readable(color)) >= 4.5
    assert contrast_on_white(color) < 4.5 or plots.readable(color) == color


def test_a_method_keeps_its_colour_in_every_figure():
    """Hierarchical Bayes is blue and the bias orange, whatever stands beside them."""
    few = plots._looks(["Bias", "HierarchicalBayes"])
    many = plots._looks(["chance", "MAML", "kNN", "hierarchical Bayes", "bias", "EASE"])
    assert few["HierarchicalBayes"]["color"] == many["hierarchical Bayes"]["color"]
    assert few["Bias"]["color"] == many["bias"]["color"]
    assert len({look["color"] for look in many.values()}) == len(many)
    assert many["chance"]["color"] == plots.PALETTE["grey"]


def test_the_first_method_of_a_family_has_the_colour_of_the_family():
    families = {"chance": "baselines", "EASE": "neighbours", "MAML": "meta", "ANIL": "meta"}
    looks = plots._looks(["chance", "ANIL", "EASE", "MAML", "hers"], families)
    assert looks["EASE"]["color"] == plots.PALETTE[plots.FAMILY_COLORS["neighbours"]]
    assert looks["ANIL"]["color"] == plots.PALETTE[plots.FAMILY_COLORS["meta"]]
    assert looks["chance"]["color"] == plots.PALETTE["grey"]
    assert len({look["color"] for look in looks.values()}) == 5


def test_grey_is_what_knows_no_person():
    """The references are those baselines of the registry, and the book's plain personal models."""
    from metarec.models import registry

    baselines = {plots._key(r.label) for r in registry.rows().values() if r.family == "baselines"}
    grey = {name for name, color in plots.REFERENCES.items() if color == "grey"}
    assert baselines == (grey & baselines) | {"itemuserbias"}


# ---------------------------------------------------------------- the k curve


def test_values_of_k_stand_at_equal_distances(crowded):
    """0, 1, 2, 5, 10, 20 are six equal steps, labelled with k."""
    ax = plots.k_curve(crowded, title="Finding").axes[0]
    assert np.allclose(np.diff(ax.get_xticks()), 1)
    assert all(np.abs(line.get_xdata() - ax.get_xticks()).max() < 0.4 for line in ax.lines)
    assert [label.get_text() for label in ax.get_xticklabels()] == [str(k) for k in KS]
    assert "k" in ax.get_xlabel()
    assert "stars" in ax.get_ylabel()


def test_lines_show_the_means_and_bars_the_intervals():
    """What is drawn is what the board says."""
    means = [1.0, 0.98, 0.97, 0.95, 0.93, 0.91]
    ax = plots.k_curve(board({"Bias": means}, width=0.03), title="Finding").axes[0]
    assert np.allclose(ax.lines[0].get_ydata(), means)
    segments = np.array(ax.collections[0].get_segments())  # [k, ends, xy]
    assert np.allclose(segments[:, :, 1], np.c_[means, means] + [-0.03, 0.03])
    assert np.allclose(segments[:, 0, 0], ax.lines[0].get_xdata())


def test_names_do_not_touch_and_stay_in_the_figure(crowded):
    """Every name is inside the picture, and no two overlap."""
    fig = plots.k_curve(crowded, title="A finding that is long enough to need a second line here")
    fig.draw_without_rendering()
    boxes = {t.get_text(): Text.get_window_extent(t) for t in fig.axes[0].texts}
    assert set(boxes) == set(crowded["method"])
    for one, two in combinations(boxes.values(), 2):
        assert not one.overlaps(two)
    title = fig._suptitle.get_window_extent()
    for box in [*boxes.values(), title]:
        assert fig.bbox.x0 <= box.x0 < box.x1 <= fig.bbox.x1
        assert fig.bbox.y0 <= box.y0 < box.y1 <= fig.bbox.y1


def test_names_stand_in_the_order_of_the_lines(crowded):
    """The method that ends highest has its name on top."""
    ax = plots.k_curve(crowded, title="Finding").axes[0]
    heights = {text.get_text(): text.xyann[1] for text in ax.texts}
    last = crowded[crowded["k"] == 20].set_index("method")["mean"]
    assert sorted(heights, key=heights.get) == list(last.sort_values().index)


def test_missing_intervals_and_missing_k_are_left_out():
    """A board without intervals, and a method without some k, are drawn all the same."""
    rows = board({"a": np.linspace(1, 0.9, 6), "b": np.linspace(1, 0.95, 6)})
    rows = rows.drop(columns=["low", "high"]).drop(index=11)
    ax = plots.k_curve(rows, title="Finding").axes[0]
    assert not ax.collections
    assert np.isnan(ax.lines[1].get_ydata()[-1])


def test_panels_share_their_scale(crowded):
    """Two protocols side by side use one vertical scale and one label."""
    _, axes = plots.figure("Finding", plots.K_LABEL, plots.METRICS["rmse"], panels=["one", "two"])
    for ax in axes:
        plots.k_curve(crowded, title="", methods=["chance", "method 0"], ax=ax)
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert [len(ax.texts) for ax in axes] == [0, 2]  # names once, at the right


def test_what_the_board_lacks_is_named(crowded):
    """The error says what is missing and what there is."""
    with pytest.raises(ValueError, match=r"no rows for MAML .*'rmse'.*method 7"):
        plots.k_curve(crowded, title="Finding", methods=["MAML"])
    with pytest.raises(ValueError, match=r"no rows for any method .*'recall'.*\['rmse'\]"):
        plots.k_curve(crowded, "recall", title="Finding")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0.0, 10, 20], [0, 10, 20]),  # nothing touches: nothing moves
        ([10.0, 10, 10], [5, 10, 15]),  # three at one place spread around it
        ([0.0, 9, 10], [0, 7, 12]),  # only those that touch move
        ([-9.0, 40], [0, 30]),  # what lies outside is brought inside
    ],
)
def test_spread_moves_as_little_as_needed(wanted, expected):
    """Known answers, gap 5, range 0 to 30."""
    assert np.allclose(plots.spread(np.array(wanted), 5, 0, 30), expected)


# ---------------------------------------------------------------- the style


def test_figures_are_sharp_and_white(tmp_path):
    """Twice the pixels of the page's column, on white: readable in dark mode as well."""
    import matplotlib.pyplot as plt

    fig, ax = plots.figure("Finding", "time, s", "error, stars")
    ax.plot([0, 1], [1, 0])
    fig.savefig(tmp_path / "figure.png")
    image = plt.imread(tmp_path / "figure.png")
    assert image.shape[1] >= 1400
    assert np.allclose(image[0, 0], 1)


def test_the_style_does_not_stay_behind():
    """Drawing a figure leaves the reader's own settings as they were."""
    import matplotlib.pyplot as plt

    before = dict(plt.rcParams)
    plots.figure("Finding", "x", "y")
    assert dict(plt.rcParams) == before


def test_import_does_not_load_pyplot():
    """Pyplot is slow to load and picks a window system: only a figure loads it."""
    code = "import sys, metarec.book.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_colours_have_names():
    named = (plots.BLUE, plots.RED, plots.GREEN, plots.PURPLE, plots.ORANGE, plots.SKY)
    assert named == tuple(plots.PALETTE[name] for name in plots.SERIES)
    assert plots.PALETTE["grey"] == plots.GREY
    assert plots.PALETTE["ink"] == plots.INK


def test_two_panels_have_labels_and_scales_of_their_own():
    left, right = plots.two_panels("A finding", "stars", "share", height=3)
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["stars", "share"]
    left.set_ylim(0, 5)
    assert right.get_ylim() != left.get_ylim()


def test_a_lying_interval_runs_from_low_to_high_with_its_mean_as_a_dot():
    _, ax = plots.figure("A finding", "stars", "")
    interval = Interval(mean=0.2, low=-0.1, high=0.3, standard_error=0.1, n=9)
    plots.lying_interval(ax, 4, interval, plots.RED, fill=False)
    bar, dot = ax.lines
    assert list(bar.get_xdata()) == [-0.1, 0.3]
    assert (*dot.get_xdata(), *dot.get_ydata()) == (0.2, 4)
    assert dot.get_markerfacecolor() == "white"
