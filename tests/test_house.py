"""Rules that no single file can keep alone: imports, docstrings, tracked files."""

import ast
import io
import re
import subprocess
import sys
import textwrap
import tokenize

import pytest
from chapters import ROOT
from check_docstrings import complaints, exported, name_of, public_files

PACKAGE = ROOT / "metarec"


def tracked():
    """Files that git knows or would know."""
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def in_python(code):
    """What a fresh Python prints when it runs this code."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# ---------------------------------------------------------------- imports


def test_rooms_import_in_one_direction():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()",
         "--no-cache"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_in_the_package_imports_the_book():
    outside = {"notebooks", "book", "tests", "tools", "conftest"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & outside, path


def test_importing_metarec_takes_less_than_a_second():
    """Seconds of processor time, the start of Python among them: a busy machine does not matter."""
    code = "import time, metarec; print(time.process_time())"
    in_python(code)  # the first one may compile
    assert min(float(in_python(code)) for _ in range(3)) < 1


def test_importing_metarec_loads_nothing_heavy():
    heavy = "torch transformers matplotlib.pyplot sklearn pandas scipy numpy IPython typer"
    loaded = in_python(f"""
        import sys, metarec
        print(*[name for name in "{heavy}".split() if name in sys.modules])
    """)
    assert loaded == ""


def test_the_rooms_load_without_torch_and_pyplot():
    loaded = in_python("""
        import sys, metarec
        metarec.data.movielens_2016; metarec.models.Bias; metarec.evaluation.rmse; metarec.plots
        print(*[n for n in ("torch", "transformers", "matplotlib.pyplot") if n in sys.modules])
    """)
    assert loaded == ""


def test_every_public_name_of_the_rooms_can_be_had():
    found = in_python("""
        import metarec
        for package in (metarec, metarec.book, metarec.data, metarec.models, metarec.evaluation):
            for name in package.__all__:
                assert getattr(package, name) is not None, name
        print("all")
    """)
    assert found == "all"


# ---------------------------------------------------------------- docstrings


@pytest.mark.parametrize("path", public_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_public_names_say_what_they_do(path):
    said = complaints(path.read_text(encoding="utf-8"), name_of(path), exported())
    assert not said, "\n".join(said)


GOOD = '''
"""A module."""

def rmse(predicted: np.ndarray, k: int = 5) -> np.ndarray:
    """Error of each user.

    Parameters
    ----------
    predicted : array [users, q]
        Ratings.
    k : int
        Cut-off.

    Returns
    -------
    array [users]

    Raises
    ------
    ValueError
        When k is negative.

    References
    ----------
    Somebody (1999), Somewhere.
    """
    if k < 0:
        raise ValueError("no")
    return predicted
'''


def test_the_docstring_check_passes_a_good_one():
    assert complaints(GOOD, "metarec/evaluation/metrics.py", {"rmse"}) == []


def test_a_helper_needs_a_sentence_and_whole_sections():
    helper = GOOD.replace("def rmse", "def helper")
    assert complaints(helper, "metarec/data/x.py", set()) == []
    assert complaints(helper.replace("    k : int\n", ""), "metarec/data/x.py", set())
    short = '"""A module."""\ndef helper(x):\n    """One sentence."""\n    return x\n'
    assert complaints(short, "metarec/data/x.py", set()) == []
    assert complaints(short.replace('"""One sentence."""', ""), "metarec/data/x.py", set())
    assert complaints(short, "metarec/data/x.py", {"helper"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"""A module."""', "", "has no docstring"),
        ("Error of each user.", "", "No summary found"),
        ("Error of each user.", "Error of each user", "does not end with a period"),
        ("    k : int\n        Cut-off.\n", "", "'k'} not documented"),
        ("    k : int\n", "    n : int\n", "Unknown parameters {'n'}"),
        ("array [users, q]", "array", "no shape for predicted"),
        ("    Returns\n    -------\n    array [users]\n", "", "No Returns section found"),
        ("    array [users]\n", "    array\n", "no shape for what it returns"),
        ("    ValueError\n        When k is negative.\n", "    TypeError\n", "raises ValueError"),
        ("    References\n    ----------\n    Somebody (1999), Somewhere.\n", "", "no source"),
    ],
)  # fmt: skip
def test_the_docstring_check_sees(old, new, said):
    assert old in GOOD
    found = complaints(GOOD.replace(old, new), "metarec/evaluation/metrics.py", {"rmse"})
    assert any(said in one for one in found), found


# ---------------------------------------------------------------- files


SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def lines_of_code(text):
    """How many lines of a file hold code: no docstring, no comment, no blank."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = [n.body[0] for n in ast.walk(ast.parse(text))
            if isinstance(n, holders) and ast.get_docstring(n) is not None]  # fmt: skip
    words = {line for node in told for line in range(node.lineno, node.end_lineno + 1)}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spans = [range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in SILENT and t.string]
    return len({line for span in spans for line in span} - words)


def test_files_hold_one_topic():
    files = [path for folder in ("metarec", "tools") for path in (ROOT / folder).rglob("*.py")]
    lines = {name_of(path): lines_of_code(path.read_text(encoding="utf-8")) for path in files}
    long = {name: n for name, n in lines.items() if n > 300}
    assert not long, f"files of more than 300 lines of code: {long}"


def test_docstrings_comments_and_blank_lines_are_no_code():
    text = (
        '"""A\nmodule."""\n\n# why\nx = """two\nlines"""\ndef f():\n    """One."""\n    return 1\n'
    )
    assert lines_of_code(text) == 4


FORBIDDEN = {
    "a package registry or mirror": re.compile(
        r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|debian)[\w.-]*|registry\.\w+\.\w+|index-url"
    ),
    "a path of somebody's machine": re.compile(
        r"(?<![\w./\"'<])/(?:home|root|work|Users)/[a-z]\w+|[A-Z]:\\Users\\\w"
    ),
}
MAY_NAME = {"tests/test_house.py", "tests/pages/test_notebooks.py", "tools/check_chapter.py"}
TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".cfg", ".ipynb", ".json", ".css", ".cff"}


def test_no_file_names_a_registry_or_a_machine():
    said = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name in MAY_NAME or "/vendor/" in name:
            continue
        if path.suffix in TEXT or path.name in ("Makefile", "run"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for what, pattern in FORBIDDEN.items():
                found = pattern.search(text)
                said += [f"{name}: {what}: {found[0]}"] if found else []
    assert not said, "\n".join(said)


RUNS_CODE = {PACKAGE / "grading" / "runner.py"}  # submissions, in the grader's sandbox


def test_the_package_never_unpickles_or_evaluates():
    banned = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                assert not {a.name.split(".")[0] for a in node.names} & banned, where
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in banned, where
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                runs_code = called == "exec" and path in RUNS_CODE
                banned_calls = ("eval", "exec", "pd.read_pickle", "pd.eval")
                assert called not in banned_calls or runs_code, where
                if called == "torch.load":
                    keys = {k.arg: ast.unparse(k.value) for k in node.keywords}
                    assert keys.get("weights_only") == "True", where
                assert "allow_pickle" not in {k.arg for k in node.keywords}, where


def test_no_large_file_is_tracked():
    large = {p.name: p.stat().st_size for p in tracked() if p.stat().st_size > 5_000_000}
    assert not large, large
