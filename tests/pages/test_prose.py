"""No number in prose is typed by hand; and the checker that says so knows its trade."""

import jupytext
import nbformat
import pytest
from chapters import ROOT, chapters
from check_prose import allowed, numbers_in, numbers_in_chapter, typed_numbers

PAGES = [p for p in sorted((ROOT / "book").glob("*.md")) if p.name != "README.md"]
PAGES += sorted((ROOT / "book" / "zh").glob("*.md"))

BAD = [
    "The error falls to 0.931 stars.",
    "The error falls to .931 stars.",
    "It is 12% better.",
    "It is 3 % better.",
    "The error is $0.931$ on the test users.",
    r"That is $6.3\,\%$ of all cells.",
    "There are 943 users.",
    "There are 1,682 films.",
    "There are 100 000 ratings.",
    "It holds 100K ratings.",
    "```{admonition} What we found: 42 films\n:class: tip\nNothing.\n```",
    "```{exercise}\n:label: ex-1\n\nShow that the error is below 0.95.\n```",
    ":::{note}\nIt takes 45 seconds.\n:::",
    "- one {cite}`koren2009`\n- the error is 0.93",
    "| method | RMSE |\n|---|---|\n| bias | 0.944 |",
    "## The curve falls by 0.02",
    "RMSE = 0.93",
    "Chapter 2 shows 0.93.",
    "````{solution} ex\n```python\nx = 0.5\n```\nThe answer is 0.5.\n````",
    "> He measured 37 people.",
    "An [error of 0.93](https://example.org) is good.",
    "误差降到0.93颗星。",
    "误差降到 0.93 颗星。",
    "它好12%。它好 12％。",
    "共有943个用户。",
    "它好了百分之十二，误差是零点九三。",
    "见第 02 章：0.93。",
]
GOOD = [
    "Three questions, 5 steps, at most 20 ratings.",
    "In 1997–98, and again in 2016, people rated films; in the 1990s too.",
    "MovieLens-100K and recall@10 and GPT-2 are names, u1–u5 too.",
    "With $k = 50$ factors and $\\lambda = 0.05$ it converges; k = 100 does not.",
    "Read `x = 0.931` and {glue:text}`ndcg:.2f` and {numref}`fig 31`.",
    "Chapter 21, chapters 10 to 22, section 2.35, exercise 30, protocol 7, page 431.",
    "Python 3.11, 3.12 or 3.13 with PyTorch 2.13.",
    "Koren reports 0.8643 on 100 000 ratings {cite}`koren2009`.",
    "| paper | RMSE |\n|---|---|\n| {cite:t}`koren2009` | 0.91 |",
    "| **Part V**, 16 to 22, in practice | Part IV, chapters 21 to 45 |",
    "# 31 A title\n\n## 2.25 Another",
    "31. the thirty-first item",
    "```python\nx = 0.931\n```",
    "```{math}\nx = 0.931\n```",
    "```{mermaid}\nA[0.5] --> B\n```",
    "$$\nx = 0.931\n$$",
    "See [the paper](https://doi.org/10.1145/3240323.3240347) and ![0.93](a.png).",
    "```{figure} a.png\n:width: 55%\n:name: fig-long\nA curve that falls.\n```",
    "The bars are 95 % intervals over users.",
    "On 31 December 1997 user 196 rated film 242.",
    "<!-- 0.931 -->",
    "第 01、02、04 章和第 10 至 22 章，第21章，图 31，三点不同。",
    "Python 3.11、3.12 或 3.13。1997 和 1998 年，20 世纪 90 年代，10 月 31 日。",
    "误差是{claim}`01: x`颗星，取 95 % 置信区间；MovieLens-100K是名字，k = 50也是。",
]


@pytest.mark.parametrize("text", BAD)
def test_a_typed_number_is_found(text):
    assert typed_numbers(text)


@pytest.mark.parametrize("text", GOOD)
def test_names_years_formulas_and_cited_facts_are_left_alone(text):
    assert typed_numbers(text) == []


def test_the_offending_sentence_is_printed_after_the_number():
    said = typed_numbers("All is well. The error is 0.93 here. All is well again.")
    assert said == ["0.93 in: The error is 0.93 here."]


def specimen(tmp_path, source):
    """A one-chapter folder with this text as its twin, and the notebook's path."""
    path = tmp_path / "notebooks" / "01_specimen.ipynb"
    path.parent.mkdir()
    nbformat.write(jupytext.reads(source, fmt="py:percent"), path)
    return path


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('# %% tags=["say"]\nmr.say(f"Of {n} users, 149 are tested.")', "149"),
        ('# %% tags=["say"]\nmr.say(f"Of {n} users, {m:.2f} are tested.")', None),
        ('# %%\nax.set_title("Error falls to 0.93")', "0.93"),
        ('# %%\nax.set_title(f"Error falls to {e:.2f}")\nx = 0.93', None),
        ('# %% mystnb={"figure": {"caption": "It falls to 0.93."}}\nplot()', "0.93"),
        ('# %% mystnb={"image": {"alt": "A line that ends at 0.93."}}\nplot()', "0.93"),
        ('# %% [markdown] tags=["worked-example"]\n# It is 0.93.\n\n# %%\nassert x == 0.93', None),
        ('# %% [markdown] tags=["worked-example"]\n# It is 0.93.\n\n# %%\nx', "asserts nothing"),
        ('# %% [markdown] tags=["opening"]\n# 40 minutes to read, 30 seconds to run.', None),
        ("# %% [markdown]\n# 40 minutes to read.", "40"),
    ],
)
def test_cells_of_a_notebook(tmp_path, source, complaint):
    said = numbers_in_chapter(specimen(tmp_path, source))
    assert (complaint is None and not said) or complaint in " ".join(said)


@pytest.mark.parametrize("path", [*chapters(), *PAGES], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_no_number_in_prose_is_typed_by_hand(path):
    if not path.exists():
        pytest.skip(f"{path.name} has not been run yet")
    said = numbers_in(path)
    assert not said, "\n".join(["numbers typed by hand (see tools/check_prose.py):", *said])


def test_every_exception_is_explained():
    """An exception has a reason, and belongs to a file that exists."""
    import tomllib

    rows = tomllib.loads((ROOT / "tests/pages/allowed_numbers.toml").read_text())["allowed"]
    files = {p.relative_to(ROOT).as_posix() for p in [*PAGES, *chapters()]}
    for row in rows:
        assert row["why"], f"{row['pattern']}: the reason is missing"
        if "file" in row:
            assert row["file"] in files, f"{row['file']} does not exist"
    assert allowed("book/none.md") == [row["pattern"] for row in rows if "file" not in row]
