"""Check chapters against the rules of the book: `python tools/check_chapter.py [NN …]`.

Each check takes a notebook and returns complaints; tests/pages/test_notebooks.py runs them all.
"""

import re
import sys

from chapters import ChapterError, chapters, code_cells, described, pair_differences, read, tags
from check_prose import numbers_in_chapter

HIDDEN = {"hide-input", "hide-cell", "remove-cell", "remove-input", "say"}
NOT_SHOWN = {"remove-cell", "remove-output", "hide-output"}
LINES, HIDDEN_LINES, WIDTH = 25, 40, 100
GRADES = ("Easy", "Medium", "Hard")
WIDGET = "application/vnd.jupyter.widget"
MACHINE = re.compile(
    r"(?<![\w./])/(?:home|root|tmp|work|Users|opt|mnt|var)/\w|[A-Z]:\\Users|site-packages|ipykernel_\d"
)
CLOSE = {  # the headings that end a chapter, in this order
    "claims": r"claims of this chapter, checked",
    "take-aways": r"take-?aways",
    "exercises": r"exercises",
    "quiz": r"quiz",
    "further reading": r"further reading",
    "what comes next": r"(?:what comes )?next",
}
OPENING = {
    "the question": r"\bquestion\b",
    "what you will be able to do": r"\bable to\b",
    "before you start": r"\bbefore you start\b",
    "minutes to read": r"\bminutes?\b",
    "seconds to run": r"\bseconds?\b",
}


def outputs(notebook):
    """Every output with its cell and the cell's position."""
    return [(i, cell, out) for i, cell in code_cells(notebook) for out in cell.outputs]


def images(notebook):
    """Cells that show a picture in the book."""
    for position, cell in code_cells(notebook):
        kinds = [kind for out in cell.outputs for kind in out.get("data", {})]
        if any(kind.startswith("image/") for kind in kinds) and not NOT_SHOWN & set(tags(cell)):
            yield position, cell


def markdown(notebook):
    """All Markdown of the notebook, cell by cell, with a blank line between."""
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def sections(notebook):
    """Title (in lower case) and text of each second-level section, in order of appearance."""
    parts = re.split(r"(?m)^##\s+(.+?)\s*$", markdown(notebook))
    return list(zip((t.lower() for t in parts[1::2]), parts[2::2], strict=True))


def section(notebook, key):
    """Text of one of the closing sections; '' when it is missing."""
    found = [t for title, t in sections(notebook) if re.search(rf"^{CLOSE[key]}", title)]
    return found[-1] if found else ""


# ---------------------------------------------------------------- checks on the run


def executed_in_order(notebook):
    """Execution counts are 1…n: the stored outputs come from one run, from top to bottom."""
    counts = [cell.execution_count for _, cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return [f"execution counts are {counts}; run the chapter"]
    return []


def something_compared(notebook):
    """nbval compares text in at least one output in three, and none is skipped in silence."""
    cells = [cell for _, cell in code_cells(notebook) if cell.outputs]
    compared = [c for c in cells if is_text(c) and "nbval-ignore-output" not in tags(c)]
    ignored = [c for c in cells if "nbval-ignore-output" in tags(c)]
    said = [] if compared else ["no stored output is compared by nbval"]
    if len(ignored) > len(compared):
        said.append(f"{len(ignored)} outputs are not compared and only {len(compared)} are")
    skips = [described(c, i) for i, c in code_cells(notebook) if "nbval-skip" in tags(c)]
    return said + [f"{cell}: tagged nbval-skip, so it is not even run" for cell in skips]


def is_text(cell):
    """Whether a cell's outputs hold text that can be compared (pictures are not)."""
    for out in cell.outputs:
        text = out.get("text", "") or out.get("data", {}).get("text/markdown", "")
        plain = out.get("data", {}).get("text/plain", "")
        if text.strip() or (plain and not re.match(r"<Figure size|<IPython", plain)):
            return True
    return False


def clean_outputs(notebook):
    """No error, warning, widget or path of a machine is stored."""
    said = []
    for position, cell, out in outputs(notebook):
        where = described(cell, position)
        if out.output_type == "error" and "raises-exception" not in tags(cell):
            said.append(f"{where}: a stored error")
        if out.get("name") == "stderr":
            said.append(f"{where}: writes to stderr: {out.text.strip()[:80]}")
        if any(kind.startswith(WIDGET) for kind in out.get("data", {})):
            said.append(f"{where}: a widget, which the book cannot show")
        data = {k: v for k, v in out.get("data", {}).items() if not k.startswith("image/png")}
        found = MACHINE.search(f"{out.get('text', '')} {data}")
        if found:
            said.append(f"{where}: a path of this machine in the output: {found[0]}…")
    for position, cell in enumerate(notebook.cells):
        if MACHINE.search(cell.source):
            said.append(f"{described(cell, position)}: a path of this machine in the source")
    return said


def short_cells(notebook):
    """A code cell does one thing, in at most 25 lines (40 when its input is hidden).

    What a reader sees needs no scrolling: at most 100 columns.
    """
    said = []
    for position, cell in code_cells(notebook):
        limit = HIDDEN_LINES if HIDDEN & set(tags(cell)) else LINES
        lines = len(cell.source.splitlines())
        if lines > limit:
            said.append(f"{described(cell, position)}: {lines} lines, at most {limit}")
        widest = max(map(len, cell.source.splitlines()))
        if widest > WIDTH and not HIDDEN & set(tags(cell)):
            said.append(f"{described(cell, position)}: a line of {widest} columns, at most {WIDTH}")
    return said


def figures_described(notebook):
    """At least two figures; each has alt text and a caption, which say different things."""
    said, count = [], 0
    for position, cell in images(notebook):
        count += 1
        shown = cell.metadata.get("mystnb", {})
        alt = shown.get("image", {}).get("alt", "").strip()
        caption = shown.get("figure", {}).get("caption", "").strip()
        where = described(cell, position)
        if len(alt.split()) < 5:
            said.append(f"{where}: the figure has no alt text that describes it")
        if len(caption.split()) < 4:
            said.append(f"{where}: the figure has no caption that says its finding")
        if alt and alt == caption:
            said.append(f"{where}: alt text and caption are the same; the alt text describes")
    return said + ([] if count >= 2 else [f"{count} figures; a chapter has two or more"])


# ---------------------------------------------------------------- checks on the text


def opening_box(notebook):
    """One title, then a box with question, aims, what is needed, minutes and seconds."""
    cells = notebook.cells
    said = []
    titles = re.findall(r"(?m)^#\s+\S.*$", markdown(notebook))
    if not cells or not cells[0].source.lstrip().startswith("# ") or len(titles) != 1:
        said.append(f"the first cell opens with the only title; titles: {titles}")
    top = "\n\n".join(c.source for c in cells[:4] if c.cell_type == "markdown")
    box = re.search(r"(?ms)^(`{3,}|:{3,})\{(?:admonition|card|grid|div)[^}]*\}.*?^\1", top)
    if not box:
        return [*said, "no opening box (an admonition) in the first cells"]
    missing = [name for name, pattern in OPENING.items() if not re.search(pattern, box[0], re.I)]
    return said + [f"the opening box does not give {name}" for name in missing]


def close_in_order(notebook):
    """The closing sections are all there, in the order of STYLE: claims first, next last."""
    titles = [title for title, _ in sections(notebook)]
    places = {}
    for name, pattern in CLOSE.items():
        found = [i for i, title in enumerate(titles) if re.search(rf"^{pattern}", title)]
        if found:
            places[name] = found[-1]
    said = [f"no section “{name}”" for name in CLOSE if name not in places]
    if list(places.values()) != sorted(places.values()):
        said.append(f"closing sections stand in another order than: {', '.join(CLOSE)}")
    bullets = re.findall(r"(?m)^\s*(?:[-*+]|\d+\.)\s", section(notebook, "take-aways"))
    if len(bullets) > 5:
        said.append(f"{len(bullets)} take-aways, at most 5")
    return said


def claims_hold(notebook):
    """At least three claims in the closing section, each of which printed that it holds."""
    cells = list(notebook.cells)
    heading = re.compile(rf"(?mi)^##\s+{CLOSE['claims']}")
    at = [i for i, c in enumerate(cells) if c.cell_type == "markdown" and heading.search(c.source)]
    after = [c for c in cells[at[-1] :] if c.cell_type == "code"] if at else []
    calls = sum(len(re.findall(r"\bcheck\(", c.source)) for c in after)
    printed = "".join(str(o.get("text", "")) for c in after for o in c.outputs)
    held = len(re.findall(r"✓ holds", printed))
    if held < 3:
        return [f"{held} claims hold in the closing section; at least three are checked there"]
    return [f"{calls} claims are made and {held} hold"] if held < calls else []


def exercises_solved(notebook):
    """Exercises in three grades, each with a label and a folded solution."""
    text = section(notebook, "exercises")
    start = r"(?m)^(?:`{3,}|:{3,})\{"
    heads = re.split(start + r"exercise(?:-start)?\}", text)[1:]
    labels = [m[1] for h in heads if (m := re.search(r"(?m)^:label:\s*(\S+)", h[:300]))]
    missing = [g for g in GRADES if not any(re.search(rf"\*{g}\.?\*", h) for h in heads)]
    said = [f"no exercise is marked *{grade}.*" for grade in missing]
    if len(labels) != len(heads):
        said.append("an exercise has no :label:, so its solution cannot be found")
    solutions = re.split(start + r"solution(?:-start)?\}", markdown(notebook))[1:]
    by_label = {s.split()[0]: s[:300] for s in solutions if s.split()}
    for label in labels:
        if label not in by_label:
            said.append(f"exercise {label} has no solution")
        elif not re.search(r"(?m)^:class:.*\bdropdown\b", by_label[label]):
            said.append(f"the solution of {label} is not folded (:class: dropdown)")
    return said


def quiz_explained(notebook):
    """Three questions or more, whose answers are folded and explained."""
    text = section(notebook, "quiz")
    folded = len(re.findall(r"\{dropdown\}|\{tab-item\}|:class:[^\n]*\bdropdown\b|<details", text))
    return [] if folded >= 3 else [f"{folded} folded answers in the quiz; three questions or more"]


def reading_checked(notebook):
    """Further reading cites its sources, so that the bibliography holds their DOIs."""
    items = re.split(r"(?m)^\s*[-*+]\s", section(notebook, "further reading"))[1:]
    said = [] if len(items) >= 2 else [f"{len(items)} items of further reading"]
    bare = [i.split("\n")[0][:60] for i in items if not re.search(r"\{cite|doi\.org|https?://", i)]
    return said + [f"further reading without a source: {item}" for item in bare]


CHECKS = [
    executed_in_order, something_compared, clean_outputs, short_cells, figures_described,
    opening_box, close_in_order, claims_hold, exercises_solved, quiz_explained, reading_checked,
]  # fmt: skip


def complaints(path):
    """All complaints about a chapter, each after the name of its check."""
    said = [("in step", text) for text in pair_differences(path)]
    if not path.exists():
        return said
    notebook = read(path)
    for check in CHECKS:
        said += [(check.__name__.replace("_", " "), text) for text in check(notebook)]
    return said + [("typed by hand", text) for text in numbers_in_chapter(path)]


def main(arguments):
    """Print the complaints about the chapters asked for, or all."""
    try:
        paths = chapters(arguments)
    except ChapterError as error:
        print(error)
        return 1
    said = [(path.stem, *row) for path in paths for row in complaints(path)]
    for name, check, text in said:
        print(f"{name}: {check}: {text}")
    print(f"{len(said)} complaints about {len(paths)} chapters")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
