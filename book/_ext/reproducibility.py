"""Tables of the pages around the book, made at each build from what is stored.

`{made-table} status` shows each chapter with its run time, claims, results and seed; `figures`
which cell draws each figure; `versions` the pinned packages; `data` what was read; `needs` what
each chapter asks of a reader. The role `effort` adds up the times of some chapters.
"""

import ast
import functools
import json
import re

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from evidence import ROOT, chapter, claims
from sphinx.util.docutils import SphinxDirective

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "torch", "transformers")
PACKAGES += ("jupyter-book", "Sphinx", "myst-nb", "nbval", "pytest")
# What shows in a chapter's code, or in the parameters that it stored, that something was read.
SIGNS = {
    "movielens-100k": r"movielens_100k\(",
    "movielens-2016": r"movielens_2016\(|movielens-2016",
    "film-facts": r"film_facts\(|\bcritics\b",
    "encoder": r'load\("encoder"|models\.encode\(',
    "language-model": r'load\("language-model"',
    "shop": r"data\.shop",
    "simulated people": r"data\.simulate",
}


def written():
    """Numbers of the chapters that exist, in two digits."""
    return sorted(path.name[:2] for path in ROOT.glob("notebooks/[0-9][0-9]_*.ipynb"))


def page(number):
    """The chapter's page, as {doc} names it."""
    return "/notebooks/" + chapter(number).stem


@functools.cache
def stored_cells(number):
    """The cells of a chapter, as its notebook holds them."""
    return json.loads(chapter(number).read_text(encoding="utf-8"))["cells"]


def code(number):
    """All code of a chapter."""
    cells = stored_cells(number)
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def results(number):
    """What the chapter stored in data/results, as text; empty if it stores nothing."""
    path = ROOT / "data" / "results" / f"{number}.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def sources(number):
    """Names of the data and pretrained models that a chapter uses."""
    text = code(number) + results(number)
    return [name for name, sign in SIGNS.items() if re.search(sign, text)]


def table(head, rows):
    """Lines of a Markdown table."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


# ---------------------------------------------------------------- the four tables


def figures_of(number):
    """The cells of a chapter that draw a figure."""
    return [c for c in stored_cells(number) if "figure" in c["metadata"].get("mystnb", {})]


def seed_of(number):
    """The value of the parameter `seed`, or what stands in its place."""
    found = re.search(r"^seed = (\d+)", code(number), re.MULTILINE)
    return found[1] if found else "in its code"


def status():
    """One row a chapter, and a last one with the sums."""
    times = run_times()
    parts = yaml.safe_load((ROOT / "book/chapters.yml").read_text(encoding="utf-8"))
    promised = {f"{c['number']:02d}": c["at_most"] for p in parts for c in p["chapters"]}
    rows, sums = [], [0, 0, 0, 0]
    for number in written():
        saved = json.loads(results(number) or '{"rows": [], "versions": {}}')
        counts = [times[number], len(figures_of(number)), len(claims(number)), len(saved["rows"])]
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        shown = f"`{number}.json`" if saved["rows"] else "none"
        link, times_s = f"{{doc}}`{number} <{page(number)}>`", (counts[0], promised[number])
        rows.append([link, *(f"{n} s" for n in times_s), *counts[1:], shown, seed_of(number)])
    rows.append(["**all**", f"**{sums[0]} s**", "", *(f"**{n}**" for n in sums[1:]), "", ""])
    head = ["chapter", "ran in", "promised", "figures", "claims", "rows", "results", "seed"]
    return table(head, rows)


def title(cell):
    """The title that a cell gives to its figure, or else the first sentence of the caption."""
    for call in ast.walk(ast.parse("".join(cell["source"]))):
        if isinstance(call, ast.Call):
            named = [k.value for k in call.keywords if k.arg == "title"]
            first = call.args[:1] if getattr(call.func, "attr", "") == "figure" else []
            for value in [*first, *named]:
                if isinstance(value, ast.Constant) and value.value:
                    return " ".join(value.value.split())
    caption = cell["metadata"]["mystnb"]["figure"]["caption"]
    return caption.split(". ")[0].rstrip(".")


def figures():
    """A fold for each chapter: what it reads, and a table of its figures and their cells."""
    for number in written():
        rows = []
        for cell in figures_of(number):
            name = cell["metadata"]["mystnb"]["figure"].get("name")
            text = title(cell).replace("`", "")
            rows.append([f"`{cell['id']}`", f"{{ref}}`{text} <{name}>`" if name else text])
        yield f"::::{{dropdown}} Chapter {number}, from {', '.join(sources(number))}"
        yield from table(["cell", "figure"], rows)
        yield "::::"
        yield ""


def versions():
    """Pinned versions, from constraints.txt, and those with which results were stored."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = dict(line.split("==") for line in text.splitlines() if "==" in line)
    saved = [json.loads(results(number)) for number in written() if results(number)]
    rows = []
    for name in PACKAGES:
        used = sorted({file["versions"][name] for file in saved if name in file["versions"]})
        rows.append([name, pins[name], ", ".join(used)])
    return table(["package", "pinned", "results stored with"], rows)


def data():
    """One row for each data set and pretrained model, with its largest file."""
    from metarec.data.sources.assets import ASSETS

    rows = []
    for name, asset in ASSETS.items():
        origin = f"{asset.package} {asset.version}" if asset.package else f"`data/{asset.folder}`"
        file, (_, digest) = max(asset.files.items(), key=lambda item: item[1][0])
        size = sum(size for size, _ in asset.files.values()) / 1e6
        largest = f"`{file}` `{digest[:8]}…`"
        rows.append([f"*{name}*: {asset.what}", origin, f"{size:.1f} MB", largest])
    return table(["what", "from", "size", "largest file and its SHA-256"], rows)


def opening(number):
    """Minutes to read a chapter, and the chapters that it builds on, from its opening box."""
    cells = stored_cells(number)
    (cell,) = (c for c in cells if "opening" in c["metadata"].get("tags", []))
    text = "".join(cell["source"])
    minutes = int(re.search(r"(\d+) minutes to read", text)[1])
    before = re.search(r"Before you start(?:\.\*\*|\n:) (.*?\.)", text, re.DOTALL)[1]
    return minutes, sorted(set(re.findall(r"\b\d\d\b", before)))


def run_times():
    """Seconds that each chapter ran: {number: seconds}."""
    return json.loads((ROOT / "data/results/run_times.json").read_text(encoding="utf-8"))


def needs():
    """One row a chapter: what it asks of a reader and of a machine."""
    rows = []
    for number in written():
        minutes, before = opening(number)
        text = "".join("".join(c["source"]) for c in stored_cells(number))
        grades = (text.count(f"*{grade}.*") for grade in ("Easy", "Medium", "Hard"))
        link, seconds = f"{{doc}}`{number} <{page(number)}>`", run_times()[number]
        asks = [", ".join(before), " + ".join(map(str, grades)), ", ".join(sources(number))]
        rows.append([link, f"{minutes} min", f"{seconds} s", *asks])
    return table(["chapter", "read", "run", "after", "exercises", "reads"], rows)


def effort(name, rawtext, text, lineno, inliner, options=None, content=None):
    """The role `` {effort}`01 02` ``: how long some chapters take to read and to run together."""
    minutes = sum(opening(number)[0] for number in text.split())
    seconds = sum(run_times()[number] for number in text.split())
    return [nodes.Text(f"{minutes} minutes to read, {seconds} seconds to run")], []


TABLES = {"status": status, "figures": figures, "versions": versions, "data": data, "needs": needs}


class MadeTable(SphinxDirective):
    """`{made-table} status`: one of the tables above."""

    required_arguments = 1

    def run(self):
        self.env.note_reread()
        name = directives.choice(self.arguments[0], list(TABLES))
        found = nodes.container(classes=["made-table", name])
        lines = StringList(list(TABLES[name]()), f"{name} (made by made-table)")
        self.state.nested_parse(lines, 0, found)
        return [found]


def setup(app):
    app.add_directive("made-table", MadeTable)
    app.add_role("effort", effort)
    return {"parallel_read_safe": True}
