"""Find numbers that were typed into prose by hand: `python tools/check_prose.py [FILES]`.

A measured number belongs in a cell that computes it (`mr.say(f"…{x:.2f}…")`) or in a claim, so
that it cannot go stale. This is a heuristic over Markdown, English or Chinese: what is left after
code, formulas, links, roles and names must hold no decimal, no percentage and no whole number above
20, except

- years, and numbers that name something (chapter 12, Python 3.11, MovieLens-100K, k = 50);
- a paragraph, list item or table with a `{cite}` role: a fact with its source;
- a cell tagged `worked-example` that is followed by a code cell which asserts its numbers;
- the minutes and seconds of the opening box (a cell tagged `opening`);
- what tests/pages/allowed_numbers.toml lists, each entry with its reason.
"""

import ast
import fnmatch
import functools
import itertools
import re
import sys
import tomllib
from pathlib import Path

import yaml
from chapters import ROOT, chapters, described, read, tags
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ALLOWED = ROOT / "tests" / "pages" / "allowed_numbers.toml"
LARGEST = 20  # up to here, numbers count what the reader sees: three questions, five steps

NUMBER = re.compile(
    r"""(?<![\w.])                                   # not inside a name or a version
        (?P<number>(?:\d{1,3}(?:[ \u00a0\u202f,']\d{3})+|\d+)(?:\.\d+)?|\.\d+)
        (?P<percent>(?:\\,|[ \u00a0\u202f])?(?:\\?%|％|percent\b|per\ cent\b))?
        [kKM]?(?!\w)""",
    re.VERBOSE,
)
HAN = "\u4e00-\u9fff"
SEAM = re.compile(rf"(?<=[{HAN}])(?=[A-Za-z0-9.])|(?<=[A-Za-z0-9%％])(?=[{HAN}])")
DIGIT = "零〇一二三四五六七八九十百"
NUMERAL = re.compile(f"百分之[{DIGIT}点]+|[{DIGIT}]点[{DIGIT}]+")
YEAR = re.compile(r"(?:19|20)\d\d")
MORE = (  # 3.11, 3.12 and 3.13
    r"(?:(?:\s?[–—-]\s?|,\s|,?\sand\s|,?\sor\s|\sto\s|、|\s?[和或至到]\s?)\d+(?:\.\d+)*)*"
)

# What these match is the name of something, or a date.
NAMES = [
    r"(?i)\b(?:chapters?|parts?|sections?|figures?|tables?|equations?|exercises?|questions?|steps?"
    r"|protocols?|pages?|pp?\.|vol(?:ume|\.)?|no\.|issue|lines?|rows?|user|item|film|seeds?|node"
    r"|layer|fold|draw|cell)\s#?\d+(?:\.\d+)*" + MORE,
    r"\bPart\s[IVX]+\**,\s\d+" + MORE,  # Part V, 16 to 22
    r"第\s?\d+(?:\.\d+)*" + MORE + r"\s?[章节题步行]|[图表]\s?\d+",
    r"\d{1,2}\s?月(?:\s?\d{1,2}\s?日)?|\d0\s?年代",
    r"(?i)\b(?:python|pytorch|torch|numpy|pandas|scipy|scikit-learn|matplotlib|sphinx|cuda"
    r"|version|release|jupyter\sbook|cc\sby(?:-sa)?)\s(?:[<>=≥≤]+\s?)?\d+(?:\.\d+)*(?:\.x)?" + MORE,
    r"\b[A-Za-z][\w.]*[@-]\d[\w.]*",  # recall@10, ML-100K, GPT-2, MovieLens-2016
    r"\b[kd]\s?[=∈≤≥<>]\s?\{?\d+(?:,\s?\d+)*\}?(?![\d.%])",  # k = 50
    r"\b10\.\d{4,}/\S+",  # a DOI
    r"\bISBN[\s:]*[\d-]+",
    r"\b\d{1,2}\s(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b",
    r"\b\d{4}-\d\d-\d\d\b",
    r"\b(?:19|20)\d\d[–—/-]\d{2,4}\b|\b(?:19|20)\d\ds\b",
]
BARE = re.compile(
    r"[\d.,\s]+(?:\\,)?\s*(?:\\?%)?\s*"
)  # a formula that is a number and nothing else
LITERAL = {
    "code",
    "code-block",
    "code-cell",
    "math",
    "mermaid",
    "eval-rst",
    "literalinclude",
    "raw",
}
DIRECTIVE = re.compile(r"\{([\w:.+-]+)\}\s*(.*)")
OPTIONS = re.compile(r"\A(?:\s*:[\w-]+:.*(?:\n|\Z))+")
HEADING_NUMBER = re.compile(r"^\d[\d.]*\s")
MARKUP = re.compile(r"<!--.*?-->|</?\w[^>]*>|https?://\S+", re.DOTALL)


@functools.cache
def parser():
    """MyST as the book is read, with the extensions of _config.yml."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    extensions = set(config["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def words(inline):
    """What a paragraph says in its own words: no code, role, formula, picture or target."""
    said = []
    for token in inline.children:
        is_bare = token.type == "math_inline" and BARE.fullmatch(token.content)
        if token.type == "text" or is_bare:
            said.append(token.content)
        elif not token.type.endswith(("_open", "_close")):  # those, emphasis, part no words
            said.append(" ")
    return "".join(said)


def cites(inline):
    """Whether a paragraph names a source."""
    return any(t.type == "myst_role" and t.meta["name"].startswith("cite") for t in inline.children)


def blocks(text):
    """Words of the paragraphs, headings, list items and whole tables that name no source."""
    table, before = None, None
    for token in parser().parse(text):
        found = DIRECTIVE.match(token.info) if token.type in ("fence", "colon_fence") else None
        if found and found[1] not in LITERAL:
            yield from blocks(found[2])
            yield from blocks(OPTIONS.sub("", token.content))
        elif token.type == "html_block":
            yield token.content
        elif token.type == "table_open":
            table = []
        elif token.type == "inline" and table is not None:
            table.append(token)
        elif token.type == "table_close":
            if not any(map(cites, table)):
                yield " | ".join(map(words, table))
            table = None
        elif token.type == "inline" and not cites(token):
            said = words(token)
            yield HEADING_NUMBER.sub("", said) if before == "heading_open" else said
        before = token.type


def is_measured(match):
    """Whether a number could be a result: a decimal, a share, or more than a reader can count."""
    number = match["number"]
    if match["percent"] or "." in number:
        return True
    plain = re.sub(r"\D", "", number)
    return int(plain) > LARGEST and not (YEAR.fullmatch(number) and match[0] == number)


@functools.cache
def allowed(name):
    """Patterns that a file may hold, from the list of exceptions."""
    entries = tomllib.loads(ALLOWED.read_text(encoding="utf-8")) if ALLOWED.exists() else {}
    rows = entries.get("allowed", [])
    return [row["pattern"] for row in rows if fnmatch.fnmatch(name, row.get("file", "*"))]


def typed_numbers(text, name=""):
    """Sentences of a Markdown text that hold a number typed by hand, each after the number."""
    said = []
    for block in blocks(text):
        block = SEAM.sub(" ", MARKUP.sub(" ", block))
        for pattern in [*allowed(name), *NAMES]:
            block = re.sub(pattern, " ", block)
        for sentence in re.split(r"(?<=[.!?])\s+(?=[^a-z\s])|(?<=[。！？])", block):
            found = [m[0].strip() for m in NUMBER.finditer(sentence) if is_measured(m)]
            found += NUMERAL.findall(sentence)
            if found:
                said.append(f"{', '.join(found)} in: {' '.join(sentence.split())}")
    return said


# ---------------------------------------------------------------- notebooks

TITLES = {"say", "title", "set_title", "suptitle"}


def literal_texts(source):
    """What `say` and the titles of figures say in their own words, computed parts left out."""
    try:
        tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))
    except SyntaxError:
        return
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        texts = [*call.args[:1]] if name in TITLES else []
        texts += [k.value for k in call.keywords if k.arg in ("title", "caption")]
        for text in texts:
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            words = [p.value if isinstance(p, ast.Constant) else "…" for p in parts]
            if any(isinstance(word, str) for word in words):
                yield "".join(map(str, words))


def asserts(cell):
    """Whether a cell proves something."""
    return bool(re.search(r"\bassert\b|\bcheck\(|\bassert_\w+\(", cell.source))


def numbers_in_chapter(path):
    """Every number typed by hand in a chapter's prose, captions, alt texts and titles."""
    name = path.relative_to(path.parents[1]).as_posix()
    cells = read(path).cells
    said = []
    for position, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            if "worked-example" in tags(cell):
                following = next((c for c in cells[position + 1 :] if c.cell_type == "code"), None)
                if following is None or not asserts(following):
                    said.append(
                        f"{described(cell, position)}: tagged worked-example, but the next code "
                        "cell asserts nothing"
                    )
                continue
            text = cell.source
            if "opening" in tags(cell):  # the box promises a time to read and a time to run
                text = re.sub(r"\b\d+ (?:minutes?|seconds?)\b", "", text)
            texts = [text]
        else:
            shown = cell.metadata.get("mystnb", {})
            texts = [shown.get("image", {}).get("alt", "")]
            texts += [shown.get("figure", {}).get("caption", ""), *literal_texts(cell.source)]
        for text in texts:
            found = typed_numbers(text, name)
            said += [f"{described(cell, position)}: {one}" for one in found]
    return said


def numbers_in(path):
    """The same for one file: a notebook, or a page of the book."""
    if path.suffix in (".ipynb", ".py"):
        return numbers_in_chapter(path)
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return typed_numbers(path.read_text(encoding="utf-8"), name)


def main(arguments):
    """Print what was found in the files, or in the whole book."""
    pages = (ROOT / "book").glob("[a-z]*.md"), (ROOT / "book" / "zh").glob("*.md")
    book = [*chapters(), *sorted(itertools.chain(*pages))]
    files = [Path(argument).resolve() for argument in arguments] or book
    said = [f"{file.name}: {one}" for file in files if file.exists() for one in numbers_in(file)]
    print("\n".join(said) or f"No number typed by hand in {len(files)} files.")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
