"""What the front page shows, made at each build from `data/results` and `book/chapters.yml`.

`k-curve` draws the newcomers' error against the number of known ratings; `chapter-list` lists the
chapters of the book, ready or planned, with their run time. Nothing here can go stale: both pages
are read again at every build. On a Chinese page both speak Chinese, except inside the figure, for
which no machine is sure to have the glyphs.
"""

import json
from pathlib import Path

import yaml
from docutils import nodes
from languages import CHINESE, ENGLISH, language
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    ENGLISH: {
        "alt": "Line chart of the error (RMSE) against the known ratings k. {best}: {points}.",
        "point": "{p.mean:.3f} at k = {p.k}",
        "others": (", ", " Beside it: {}."),
        "caption": "Predicting the ratings of {people} people whom no method has met before, of "
        "each of whom k ratings are known (MovieLens-100K, newcomers protocol). Bars are 95 % "
        "intervals over people. Drawn from the results that the chapters stored.",
        "no figure": "Chapter 02 will put a figure here, once it has run.",
        "ready": "ready",
        "planned": "planned",
        "ran": "runs in {} s",
        "promised": "runs in {} s or less",
    },
    CHINESE: {
        "alt": "折线图：误差（RMSE）随已知评分数 k 的变化。{best}：{points}。",
        "point": "k = {p.k} 时为 {p.mean:.3f}",
        "others": ("、", "同图对照：{}。"),
        "caption": "为 {people} 位新用户预测评分：任何方法都没有见过他们，每人只知道 k 个评分"
        "（MovieLens-100K，新用户评测协议）。横轴是 k，纵轴是误差 RMSE（单位：星，越低越好），"
        "误差线是对人取的 95 % 置信区间。已知 {most.k} 个评分时，最好的方法把误差从 "
        "{none.mean:.2f} 降到 {most.mean:.2f}。本图由各章保存的结果绘出，图中文字为英文。",
        "no figure": "第 02 章运行之后，这里会有一幅图。",
        "ready": "已完成",
        "planned": "计划中",
        "ran": "运行 {} 秒",
        "promised": "运行不超过 {} 秒",
    },
}


def newcomers():
    """The leaderboard's RMSE rows of the newcomers protocol, the latest of each method."""
    from metarec.book import leaderboard

    return leaderboard.latest(leaderboard.read().rows, "newcomers", "rmse").sort_values("k")


def chosen(board):
    """The yardsticks that can be drawn, then the method with the least error at the largest k."""
    from metarec.book.comparison import YARDSTICKS

    last = board[board["k"] == board["k"].max()]
    best, stored = last.loc[last["mean"].idxmin(), "method"], set(board["method"])
    # chance errs so much that the others would lie on one line
    return [name for name in YARDSTICKS if name in stored - {best, "chance"}], best


def facts(board):
    """What there is to say about the figure."""
    yardsticks, best = chosen(board)
    curve = list(board[board["method"] == best].itertuples())
    return {
        "best": best, "yardsticks": yardsticks, "curve": curve, "none": curve[0],
        "most": curve[-1], "people": board["n_users"].max(),
    }  # fmt: skip


def in_words(said, words):
    """The alternative text of the figure in the words of one language."""
    comma, others = words["others"]
    points = comma.join(words["point"].format(p=point) for point in said["curve"])
    beside = others.format(comma.join(said["yardsticks"])) if said["yardsticks"] else ""
    return words["alt"].format(points=points, **said) + beside


def draw(board, target):
    """Write the figure to `target`."""
    import matplotlib

    matplotlib.use("Agg")
    from metarec.book import plots
    from metarec.book.families import family

    said = facts(board)
    target.parent.mkdir(parents=True, exist_ok=True)
    methods = [*said["yardsticks"], said["best"]]
    title = "With {most.k} known ratings the error falls from {none.mean:.2f} to {most.mean:.2f}"
    families = {method: family(method) for method in methods}
    title = title.format(**said)
    fig = plots.k_curve(board, "rmse", methods=methods, title=title, families=families)
    fig.savefig(target)
    matplotlib.pyplot.close(fig)


class KCurve(SphinxDirective):
    """The figure of the front page, or a sentence while no results exist."""

    def run(self):
        self.env.note_reread()
        board, words = newcomers(), WORDS[language(self.env.docname)]
        if board.empty:
            return [nodes.paragraph(text=words["no figure"])]
        target = ROOT / "book" / "_build" / "generated" / "k_curve.png"
        draw(board, target)
        said = facts(board)
        uri, alt = "/" + target.relative_to(ROOT).as_posix(), in_words(said, words)
        image = nodes.image(uri=uri, alt=alt, width="100%")
        caption = nodes.caption(text=words["caption"].format(**said))
        return [nodes.figure("", image, caption, classes=["k-curve"])]


def parts(spoken):
    """The parts of the book with their chapters, titles and questions in one language."""
    english = read("chapters.yml")
    if spoken == ENGLISH:
        return english
    return [
        {**part, "chapters": [
            {**chapter, **words}
            for chapter, words in zip(listed["chapters"], part["chapters"], strict=True)
        ]}
        for listed, part in zip(english, read("zh/chapters.yml"), strict=True)
    ]  # fmt: skip


def read(name):
    """A list of chapters."""
    return yaml.safe_load((ROOT / "book" / name).read_text(encoding="utf-8"))


def summarised(number):
    """Whether a chapter has a Chinese abstract."""
    abstracts = ROOT / "book" / "zh" / "chapters.md"
    return f"(zh-{number})=" in abstracts.read_text(encoding="utf-8")


class ChapterList(SphinxDirective):
    """The chapters in their parts, each with its question, status and run time."""

    def run(self):
        self.env.note_reread()
        out = []
        for part in parts(language(self.env.docname)):
            out.append(nodes.rubric(text=part["part"], classes=["part"]))
            items = [self.item(chapter) for chapter in part["chapters"]]
            out.append(nodes.bullet_list("", *items, classes=["chapters"]))
        return out

    def item(self, chapter):
        """One chapter as a list item; its title is a link once there is something to read."""
        spoken, number = language(self.env.docname), f"{chapter['number']:02d}"
        page = self.page(number)
        status, words = "ready" if page else "planned", WORDS[spoken]
        title = nodes.inline(text=chapter["title"], classes=["chapter-title"])
        if page and spoken == ENGLISH:
            title = self.link(title, "doc", "/" + page)
        elif page and summarised(number):
            title = self.link(title, "ref", f"zh-{number}")
        time = run_time(number, chapter["at_most"], words) if page else ""
        head = nodes.paragraph("", "", nodes.inline(text=number, classes=["number"]), title,
                               classes=["head"])  # fmt: skip
        asks = nodes.paragraph(text=chapter["asks"], classes=["asks"])
        facts = nodes.paragraph(
            "", "", nodes.inline(text=words[status], classes=["status", status]), nodes.Text(time),
            classes=["facts"],
        )  # fmt: skip
        return nodes.list_item("", head, asks, facts, classes=[status])

    def page(self, number):
        """The page of a chapter, or None."""
        start = f"notebooks/{number}_"
        return next((name for name in sorted(self.env.found_docs) if name.startswith(start)), None)

    def link(self, title, kind, target):
        """A link to a page or to a label."""
        return addnodes.pending_xref(
            "", title, refdomain="std", reftype=kind, reftarget=target, refexplicit=True,
            refdoc=self.env.docname, refwarn=True,
        )  # fmt: skip


def run_time(number, at_most, words):
    """How long a chapter ran when its outputs were stored, or what it promises."""
    path = ROOT / "data" / "results" / "run_times.json"
    times = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if number in times:
        return words["ran"].format(times[number])
    return words["promised"].format(at_most)


def setup(app):
    app.add_directive("k-curve", KCurve)
    app.add_directive("chapter-list", ChapterList)
    return {"parallel_read_safe": True}
