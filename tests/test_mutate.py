"""The mutations fit the code as it stands, and a mutant that nobody notices is reported."""

import ast

import mutate
import pytest
from chapters import ROOT, ChapterError, chapters

ROWS = mutate.read_list()


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["name"])
def test_a_mutation_fits_the_code_and_has_a_guard(row):
    changed = mutate.mutated((ROOT / row["file"]).read_text(encoding="utf-8"), row)
    if row["file"].endswith(".py"):
        ast.parse(changed)  # a mutant is wrong, not broken
    if row["guard"].startswith("chapter "):
        assert chapters([row["guard"].split()[1]])
    for node in row["guard"].split():
        if node.startswith("tests/"):
            path, *names = node.split("::")
            text = (ROOT / path).read_text(encoding="utf-8")
            assert all(name.split("[")[0] in text for name in names), node


def test_every_chapter_and_package_has_a_mutation():
    guarded = {row["guard"] for row in ROWS}
    names = [row["name"] for row in ROWS]
    for package in ("data", "evaluation", "models"):
        assert any(name.startswith(package) for name in names)
    missing = [p.name for p in chapters() if f"chapter {p.name[:2]}" not in guarded]
    assert not missing, f"chapters without a mutation in tests/mutations.toml: {missing}"


@pytest.fixture
def tree(tmp_path):
    """A tree with one function and two tests, one of which looks."""
    look = "from double import double\ndef test_two():\n    assert double(2) == 4\n"
    blink = "from double import double\ndef test_blink():\n    double(2)\n"
    (tmp_path / "double.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "test_look.py").write_text(look)
    (tmp_path / "test_blink.py").write_text(blink)
    (tmp_path / "test_red.py").write_text("def test_red():\n    assert False\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("find", "replace", "guard", "state"),
    [
        ("2 * x", "3 * x", "test_look.py", mutate.RED),
        ("2 * x", "x + x", "test_look.py", mutate.GREEN),
        ("2 * x", "3 * x", "test_blink.py", mutate.GREEN),
        ("2 * x", "2 *", "test_look.py", mutate.BROKEN),  # does not even import
        ("2 * x", "3 * x", "test_red.py", mutate.BROKEN),  # red without it, too
        ("2 * x", "3 * x", "test_none.py", mutate.BROKEN),
        ("7 * x", "3 * x", "test_look.py", mutate.BROKEN),
        ("x", "y", "test_look.py", mutate.BROKEN),  # in two places
    ],
)
def test_a_mutant_is_red_green_or_broken_and_the_tree_is_mended(
    tree, monkeypatch, find, replace, guard, state
):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a small tree needs none
    row = {"file": "double.py", "find": find, "replace": replace, "guard": guard}
    before = (tree / "double.py").read_text()
    assert mutate.try_one(row, tree, {})[0] == state
    assert (tree / "double.py").read_text() == before


def test_a_list_with_a_gap_is_refused(tmp_path):
    path = tmp_path / "mutations.toml"
    path.write_text('[[mutation]]\nname = "a"\nfile = "b"\nfind = "c"\nreplace = "d"\n')
    with pytest.raises(ChapterError, match="lacks guard"):
        mutate.read_list(path)
