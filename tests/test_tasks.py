"""What `make test` says at its end, and what its spelling step sees."""

import subprocess
import sys

import tasks
from chapters import ROOT, chapters

REPORT = """<testsuites><testsuite tests="12" failures="0" errors="0" skipped="0">
<testcase classname="tests.fast" name="test_0" time="0.10" />{}
<testcase classname="notebooks::09" name="Cell 31" time="42.5" /></testsuite></testsuites>"""


def test_the_proof_prints_the_ten_slowest_tests_of_all_steps(capsys):
    proof = tasks.Proof()
    middle = "".join(
        f'<testcase classname="tests.some" name="test_{n}" time="{n}" />' for n in range(1, 11)
    )
    proof.step("first", lambda report: report.write_text(REPORT.format(middle)) * 0)
    proof.step("second", lambda report: report.write_text(REPORT.format("")) * 0)
    proof.step("a step without pytest", lambda report: 0)
    assert proof.close() == 0
    said = capsys.readouterr().out.split("===== the slowest 10 of 14 tests\n")[1].splitlines()
    cell = "   42.5 s  notebooks::09 Cell 31"
    assert said[:10] == [
        cell,
        cell,
        *(f"  {n:5.1f} s  tests.some test_{n}" for n in range(10, 2, -1)),
    ]
    assert not said[10].strip()


def spelt(path, text):
    """Whether the spelling step lets a text pass."""
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "codespell_lib", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


def test_spelling_sees_a_misspelt_word_and_leaves_british_ones_and_names_alone(tmp_path):
    right = "The colour and behaviour of factorisation. Take-aways. ALS. Yee Whye Teh."
    assert spelt(tmp_path / "right.md", right)
    assert not spelt(tmp_path / "wrong.md", "We " + "rec" + "ieve it.")
    assert not spelt(tmp_path / "wrong.py", f"# {'Teh'.lower()} same\n")


def git(folder, *arguments):
    """Run git in a folder as somebody."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_short_proof_runs_the_chapters_that_changed_since_main(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("01_same", "02_twin", "03_notebook"):
        (folder / f"{name}.py").write_text("1")
        (folder / f"{name}.ipynb").write_text("1")
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "a")
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "chapters", lambda: chapters(folder=folder))
    assert tasks.changed_chapters() == []
    git(tmp_path, "checkout", "-b", "mine")
    (folder / "02_twin.py").write_text("2")
    git(tmp_path, "commit", "-am", "b")
    (folder / "03_notebook.ipynb").write_text("2")
    (folder / "04_new.py").write_text("2")
    assert [path.stem for path in tasks.changed_chapters()] == ["02_twin", "03_notebook", "04_new"]
