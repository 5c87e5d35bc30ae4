"""Every chapter keeps the rules of the book; and each check is shown to see what it is for."""

import functools
import json

import check_chapter
import jupytext
import nbformat
import pytest
import yaml
from chapters import ROOT, chapters, pair_differences, read

CHAPTERS = chapters()
by_name = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
parsed = functools.cache(read)


@by_name
def test_the_pair_is_in_step(path):
    said = pair_differences(path)
    assert not said, "\n".join(said)


@pytest.mark.parametrize("check", check_chapter.CHECKS, ids=lambda c: c.__name__)
@by_name
def test_a_chapter_keeps_the_house_rules(path, check):
    if not path.exists():
        pytest.skip(f"{path.name} has not been run yet")
    said = check(parsed(path))
    assert not said, "\n".join([f"{path.name}: {check.__doc__.strip()}", *said])


@by_name
def test_a_chapter_runs_in_the_time_that_the_book_promises(path):
    number = path.name[:2]
    parts = yaml.safe_load((ROOT / "book" / "chapters.yml").read_text(encoding="utf-8"))
    promised = {c["number"]: c["at_most"] for part in parts for c in part["chapters"]}
    recorded = json.loads((ROOT / "data" / "results" / "run_times.json").read_text())
    assert number in recorded, f"run `make run CHAPTERS={number}` and commit run_times.json"
    assert recorded[number] <= promised[int(number)]


# ---------------------------------------------------------------- the checks themselves

GOOD = """
# %% [markdown]
# # A specimen

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# **Question.** Why? **You will be able to** see. **Before you start.** Nothing.
# **Time.** 4 minutes to read, 3 seconds to run.
# :::

# %% mystnb={"image": {"alt": "a line that goes down"}, "figure": {"caption": "A line falls down."}}
first()

# %% mystnb={"image": {"alt": "a line that rises up"}, "figure": {"caption": "It rises with time."}}
second()

# %% [markdown]
# ## Claims of this chapter, checked

# %%
mr.check("a", 1, 0, 2)
mr.check("b", 1, 0, 2)
mr.check("c", 1, 0, 2)

# %% [markdown]
# ## Take-aways
# 1. One.
#
# ## Exercises
# ```{exercise} One
# :label: ex-a
# *Easy.* Think.
# ```
# ```{exercise} Two
# :label: ex-b
# *Medium.* Think more.
# ```
# ```{exercise} Three
# :label: ex-c
# *Hard.* Think longer.
# ```
# ```{solution} ex-a
# :class: dropdown
# Yes.
# ```
# ```{solution} ex-b
# :class: dropdown
# Yes.
# ```
# ```{solution-start} ex-c
# :class: dropdown
# ```
#
# ## Quiz
# :::{dropdown} A. One
# No.
# :::
# :::{dropdown} B. Two
# No.
# :::
# :::{dropdown} C. Three
# Yes.
# :::
#
# ## Further reading
# - {cite:t}`one` is good.
# - {cite:t}`two` is better.
#
# ## What comes next
# More.
"""


def picture():
    """An output that shows a picture."""
    data = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480 with 1 Axes>"}
    return nbformat.v4.new_output("display_data", data)


def stream(text, name="stdout"):
    """An output of printed text."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def specimen(source=GOOD):
    """The specimen as if it had been run."""
    notebook = jupytext.reads(source.strip(), fmt="py:percent")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        cell.outputs = [picture()] if "mystnb" in cell.metadata else []
        held = cell.source.count("check(")
        cell.outputs += [stream("✓ holds   a claim: 1 (claimed: 0 to 2)\\n" * held)] if held else []
    return notebook


def all_complaints(notebook):
    """What all checks say."""
    return [text for check in check_chapter.CHECKS for text in check(notebook)]


def test_a_good_specimen_passes():
    assert all_complaints(specimen()) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# # A specimen", "# A specimen", "only title"),
        ("**Question.**", "**Aim.**", "the question"),
        ("4 minutes to read", "Short to read", "minutes to read"),
        (":::{admonition} In this chapter", "# In this chapter", "no opening box"),
        ("## Claims of this chapter, checked", "## Claims", "no section “claims”"),
        ('mr.check("c", 1, 0, 2)', "", "2 claims hold"),
        ("# ## Take-aways\n# 1. One.\n", "", "no section “take-aways”"),
        ("# 1. One.\n", "# 1. One.\n" * 6, "6 take-aways"),
        ("## Further reading", "## Reading", "no section “further reading”"),
        ("## What comes next", "## Take-aways", "another order"),
        (":label: ex-b", ":name: ex-b", "no :label:"),
        ("{solution} ex-b", "{solution} ex-z", "ex-b has no solution"),
        ("{solution} ex-a\n# :class: dropdown", "{solution} ex-a", "not folded"),
        ("*Hard.*", "*Easy.*", "*Hard.*"),
        (":::{dropdown} C. Three", ":::{note}", "2 folded answers"),
        ("# - {cite:t}`two` is better.", "# - A book.", "without a source"),
        ('"alt": "a line that goes down"', '"alt": ""', "no alt text"),
        ("A line falls down.", "It falls.", "no caption"),
        ("first()", "x = 1\n" * 26, "26 lines"),
        ("first()", "x = " + "1" * 100, "104 columns"),
        ("first()", 'read("/home/me/data.csv")', "a path of this machine in the source"),
    ],
)  # fmt: skip
def test_each_rule_that_the_source_breaks_is_seen(old, new, complaint):
    assert old in GOOD
    assert any(complaint in text for text in all_complaints(specimen(GOOD.replace(old, new, 1))))


def widget():
    """An output that only a running kernel can show."""
    return nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}
    )


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (stream("Warning", "stderr"), "stderr"),
        (nbformat.v4.new_output("error", ename="E", evalue="", traceback=[]), "a stored error"),
        (widget(), "a widget"),
        (stream("saved in /tmp/tmpab12/x"), "a path of this machine in the output"),
        (stream("C:\\Users\\me"), "a path of this machine in the output"),
    ],
)
def test_each_bad_output_is_seen(output, complaint):
    notebook = specimen()
    notebook.cells[2].outputs.append(output)
    assert any(complaint in text for text in all_complaints(notebook))


def test_a_second_run_of_one_cell_is_seen():
    notebook = specimen()
    notebook.cells[2].execution_count = 7
    assert any("execution counts" in text for text in all_complaints(notebook))


def test_a_claim_that_printed_nothing_is_seen():
    notebook = specimen()
    notebook.cells[5].outputs = []
    assert any("0 claims hold" in text for text in all_complaints(notebook))


def test_a_chapter_in_which_nothing_is_compared_is_seen():
    notebook = specimen()
    notebook.cells[5].metadata["tags"] = ["nbval-ignore-output"]
    assert any("no stored output is compared" in text for text in all_complaints(notebook))
    notebook.cells[5].metadata["tags"] = ["nbval-skip"]
    assert any("not even run" in text for text in all_complaints(notebook))


def test_a_pair_that_drifts_apart_is_seen(tmp_path):
    path = tmp_path / "01_specimen.ipynb"
    assert "missing" in pair_differences(path)[0]
    nbformat.write(specimen(), path)
    twin = path.with_suffix(".py")
    twin.write_text(GOOD.strip())
    assert pair_differences(path) == []
    twin.write_text(GOOD.strip().replace("first()", "third()"))
    assert "first()" in pair_differences(path)[0]
    twin.write_text(GOOD.strip().replace("a line that rises", "a line that jumps"))
    assert pair_differences(path)
    twin.write_text(GOOD.strip() + "\n# %%\nmore()\n")
    assert any("cells" in text for text in pair_differences(path))
