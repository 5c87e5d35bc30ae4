"""What the front page shows, made at each build from `data/results` and `book/chapters.yml`.

`k-curve` draws the newcomers' error against the number of known ratings; `chapter-list` lists the
chapters of the book, ready or planned, with their run time. Nothing here can go stale: both pages
are read again at every build.
"""

import json
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
YARDSTICKS = ("globalmean", "itemmean", "bias", "itemuserbias")


def plain(name):
    """A method's name without spaces and capitals."""
    return "".join(letter for letter in name.lower() if letter.isalpha())


def newcomers():
    """The leaderboard's RMSE rows of the newcomers protocol, the latest of each method."""
    from metarec.evaluation import leaderboard

    board = leaderboard.read()
    board = board[(board["protocol"] == "newcomers") & (board["metric"] == "rmse")]
    return board.drop_duplicates(["method", "k"], keep="last").sort_values("k")


def chosen(board):
    """The yardsticks in their order, then the method with the least error at the largest k."""
    last = board[board["k"] == board["k"].max()]
    best = last.loc[last["mean"].idxmin(), "method"]
    found = {plain(method): method for method in board["method"]}
    return [found[name] for name in YARDSTICKS if name in found and found[name] != best], best


def draw(board, target):
    """Write the figure to `target`; return what it shows, in words."""
    import matplotlib

    matplotlib.use("Agg")
    from metarec import plots

    yardsticks, best = chosen(board)
    curve = board[board["method"] == best]
    none, most = curve.iloc[0], curve.iloc[-1]
    finding = (
        f"With {most['k']} known ratings the error falls "
        f"from {none['mean']:.2f} to {most['mean']:.2f}"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    fig = plots.k_curve(board, "rmse", methods=[*yardsticks, best], title=finding)
    fig.savefig(target)
    matplotlib.pyplot.close(fig)
    points = ", ".join(f"{r.mean:.3f} at k = {r.k}" for r in curve[["k", "mean"]].itertuples())
    others = f" Beside it: {', '.join(yardsticks)}." if yardsticks else ""
    return f"Line chart of the error (RMSE) against the known ratings k. {best}: {points}.{others}"


class KCurve(SphinxDirective):
    """The figure of the front page, or a sentence while no results exist."""

    def run(self):
        self.env.note_reread()
        board = newcomers()
        if board.empty:
            return [nodes.paragraph(text="Chapter 02 will put a figure here, once it has run.")]
        target = ROOT / "book" / "_build" / "generated" / "k_curve.png"
        alt = draw(board, target)
        caption = (
            f"Predicting the ratings of {board['n_users'].max()} people whom no method has met "
            "before, of each of whom k ratings are known (MovieLens-100K, newcomers protocol). "
            "Bars are 95 % intervals over people. Drawn from the results that the chapters stored."
        )
        image = nodes.image(uri="/" + target.relative_to(ROOT).as_posix(), alt=alt, width="100%")
        return [nodes.figure("", image, nodes.caption(text=caption), classes=["k-curve"])]


class ChapterList(SphinxDirective):
    """The chapters in their parts, each with its question, status and run time."""

    def run(self):
        self.env.note_reread()
        parts = yaml.safe_load((ROOT / "book" / "chapters.yml").read_text(encoding="utf-8"))
        out = []
        for part in parts:
            out.append(nodes.rubric(text=part["part"], classes=["part"]))
            items = [self.item(chapter) for chapter in part["chapters"]]
            out.append(nodes.bullet_list("", *items, classes=["chapters"]))
        return out

    def item(self, chapter):
        """One chapter as a list item; its title is a link once its notebook exists."""
        number = f"{chapter['number']:02d}"
        start = f"notebooks/{number}_"
        page = next((name for name in sorted(self.env.found_docs) if name.startswith(start)), None)
        status = "ready" if page else "planned"
        title = nodes.inline(text=chapter["title"], classes=["chapter-title"])
        if page:
            link = addnodes.pending_xref(
                "", title, refdomain="std", reftype="doc", reftarget="/" + page, refexplicit=True,
                refdoc=self.env.docname, refwarn=True,
            )  # fmt: skip
            title = link
        time = run_time(number, chapter["at_most"]) if page else ""
        head = nodes.paragraph("", "", nodes.inline(text=number, classes=["number"]), title,
                               classes=["head"])  # fmt: skip
        asks = nodes.paragraph(text=chapter["asks"], classes=["asks"])
        facts = nodes.paragraph(
            "", "", nodes.inline(text=status, classes=["status", status]), nodes.Text(time),
            classes=["facts"],
        )  # fmt: skip
        return nodes.list_item("", head, asks, facts, classes=[status])


def run_time(number, at_most):
    """How long a chapter ran when its outputs were stored, or what it promises."""
    path = ROOT / "data" / "results" / "run_times.json"
    times = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return f"runs in {times[number]} s" if number in times else f"runs in {at_most} s or less"


def setup(app):
    app.add_directive("k-curve", KCurve)
    app.add_directive("chapter-list", ChapterList)
    return {"parallel_read_safe": True}
