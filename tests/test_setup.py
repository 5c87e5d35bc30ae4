"""The set-up makes one environment, knows when it is whole, and fails in one clear sentence."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import environment
import pytest
import setup as setup_script
from chapters import ROOT


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty repository in which pip and venv are played by a list of the commands asked for."""
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml"):
        (tmp_path / name).write_text("numpy\n")
    (tmp_path / "requirements-assets.txt").write_text("recbole\n")
    (tmp_path / "requirements-peers.txt").write_text("lenskit\n")
    venv = tmp_path / ".venv"
    places = {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "metarec.json"}
    for name, value in (places | {"PEERS": venv / "peers"}).items():
        monkeypatch.setattr(environment, name, value)
    asked = []

    def step(title, command, held=None):
        asked.append(title)
        if "environment" in title:
            python = venv / "bin" / "python"
            python.parent.mkdir()
            python.symlink_to(sys.executable)

    monkeypatch.setattr(environment, "step", step)
    monkeypatch.setattr(environment, "WINDOWS", os.name == "nt")
    return tmp_path, asked


WHOLE = ["a fresh environment", "packages", "data and models", "metarec"]


def test_a_second_call_does_nothing(place):
    _, asked = place
    environment.ensure()
    assert asked == WHOLE
    environment.ensure()
    assert asked == WHOLE


def test_changed_requirements_update_the_environment_in_place(place):
    root, asked = place
    environment.ensure()
    (root / "requirements.txt").write_text("scipy\n")
    environment.ensure()
    assert asked == WHOLE + WHOLE[1:]


@pytest.mark.parametrize("cut", WHOLE)
def test_an_interrupted_call_is_made_good_by_the_next(place, monkeypatch, cut):
    _, asked = place
    play = environment.step

    def interrupted(title, command, held=None):
        play(title, command, held)
        if title == cut:
            raise KeyboardInterrupt

    monkeypatch.setattr(environment, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure()
    asked.clear()
    monkeypatch.setattr(environment, "step", play)
    environment.ensure()
    assert asked == WHOLE


@pytest.mark.parametrize("content", ["", "{", "[]", '{"whole": true}'])
def test_a_stamp_that_cannot_be_trusted_means_a_fresh_environment(place, content):
    _, asked = place
    environment.ensure()
    environment.STAMP.write_text(content)
    asked.clear()
    environment.ensure()
    assert asked == WHOLE


def test_an_environment_that_was_moved_or_lost_its_python_is_made_afresh(place):
    _, asked = place
    environment.ensure()
    stamp = json.loads(environment.STAMP.read_text())
    environment.STAMP.write_text(json.dumps(stamp | {"root": "elsewhere", "made_from": ""}))
    asked.clear()
    environment.ensure()
    assert asked == WHOLE
    environment.venv_python().unlink()
    asked.clear()
    environment.ensure()
    assert asked == WHOLE


def test_an_environment_of_somebody_else_is_left_alone(place):
    root, asked = place
    (root / ".venv").mkdir()
    (root / ".venv" / "precious").touch()
    with pytest.raises(environment.Trouble, match="did not make"):
        environment.ensure()
    assert (root / ".venv" / "precious").exists()
    assert not asked


def pretend(monkeypatch, asked, fail=False):
    def step(title, command, held=None):
        asked.append(title)
        if fail:
            raise environment.Trouble("No network.")
        environment.PEERS.mkdir(parents=True)

    monkeypatch.setattr(environment, "step", step)


def test_the_libraries_to_compare_with_come_once_and_again_when_their_list_changes(
    place, monkeypatch
):
    root, asked = place
    pretend(monkeypatch, asked)
    for content in ("lenskit\n", "lenskit\n", "implicit\n", "implicit\n"):
        (root / "requirements-peers.txt").write_text(content)
        environment.ensure_peers()
    assert asked == ["libraries to compare with"] * 2


def test_where_they_cannot_be_had_the_proof_goes_on_and_says_so(place, monkeypatch, capsys):
    _, asked = place
    pretend(monkeypatch, asked, fail=True)
    environment.ensure_peers()
    environment.ensure_peers()
    assert len(asked) == 2, "it is tried again"
    assert "No network.\nThe tests that compare" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "brought"), [("test", 1), ("test peers", 1), ("test unit style", 0), ("book", 0)]
)
def test_only_the_proof_brings_them(monkeypatch, words, brought):
    asked = []
    monkeypatch.setattr(setup_script, "ensure", lambda: None)
    monkeypatch.setattr(setup_script, "ensure_peers", lambda: asked.append("peers"))
    monkeypatch.setattr(setup_script.subprocess, "call", lambda *_, **__: 0)
    assert setup_script.perform(words.split()) == 0
    assert len(asked) == brought


@pytest.mark.skipif(os.name == "nt", reason="Windows has no lock that a child inherits")
def test_two_calls_wait_for_each_other(place, capsys):
    held = environment.lock()
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); import environment as e; "
        f"from pathlib import Path; e.ROOT = Path({str(place[0])!r}); e.lock()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert "waiting" in other.stdout.readline()
    held.close()
    assert other.wait(timeout=20) == 0


# ---------------------------------------------------------------- one sentence for each failure


def fake_python(folder, version, able=True):
    """A command that claims to be this Python."""
    path = folder / f"python-{version[0]}.{version[1]}{'' if able else '-bare'}"
    path.write_text(
        f'#!/bin/sh\ncase "$2" in *version_info*) echo {version[0]} {version[1]};;'
        f" *) exit {0 if able else 1};; esac\n"
    )
    path.chmod(0o755)
    return [str(path)]


@pytest.mark.skipif(os.name == "nt", reason="needs /bin/sh")
@pytest.mark.parametrize(
    ("pythons", "chosen", "words"),
    [
        ([((3, 9), True), ((3, 12), True)], (3, 12), None),
        ([((3, 9), True), ((3, 14), True)], None, "needs Python 3.11 to 3.13"),
        ([((3, 12), False)], None, "sudo apt install python3.12-venv"),
        ([((3, 12), False), ((3, 13), True)], (3, 13), None),
    ],
)
def test_a_suited_python_is_found_or_the_lack_is_said(
    tmp_path, monkeypatch, pythons, chosen, words
):
    fakes = [fake_python(tmp_path, *python) for python in pythons]
    monkeypatch.setattr(environment, "candidates", lambda: fakes)
    command, said = environment.find_python()
    if chosen:
        assert command is not None
        assert environment.version_of(command) == chosen
        assert said is None
    else:
        assert command is None
        assert words in said
        assert said.count(". ") == 0, "one sentence"


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("Retrying after connection broken by 'NewConnectionError'", "No network"),
        ("socket.gaierror: Temporary failure in name resolution", "No network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "its hash differs"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "certificate"),
        ("ERROR: No matching distribution found for torch>=2.13", "no build for this machine"),
        ("PermissionError: [Errno 13] Permission denied", "No permission"),
        ("ERROR: something new", "something new"),
        ("", "could not be made"),
    ],
)
def test_what_pip_prints_becomes_a_sentence(place, printed, words):
    assert words in environment.explain(printed, sys.executable)


@pytest.mark.skipif(os.name == "nt", reason="needs /bin/sh")
def test_a_failing_step_ends_with_the_sentence_and_not_with_a_traceback(tmp_path, monkeypatch):
    (tmp_path / "tools").mkdir()
    for name in ("setup.py", "environment.py"):
        (tmp_path / "tools" / name).write_bytes((ROOT / "tools" / name).read_bytes())
    (tmp_path / "requirements.txt").write_text("no-such-package-at-all==1\n")
    (tmp_path / "constraints.txt").touch()
    (tmp_path / "pyproject.toml").touch()
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "tools/setup.py", "env"], cwd=tmp_path, env={**os.environ, **offline},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no build for this machine" in done.stdout
    assert "log: .venv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / ".venv" / "setup.log").exists()


def test_an_unknown_task_names_the_list():
    done = subprocess.run(
        [sys.executable, "tools/setup.py", "bok"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "make help" in done.stdout


def test_old_pythons_can_read_the_script():
    for name in ("setup.py", "environment.py"):
        source = (ROOT / "tools" / name).read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 6))
        assert source.isascii(), f"{name}: a Windows console may not show it"


# ---------------------------------------------------------------- the lists


def names(text):
    """Package names of a requirements text, normalised, with their ranges."""
    rows = [line.split("#")[0].strip() for line in text.splitlines()]
    pairs = [re.match(r"([A-Za-z0-9._-]+)(.*)", row).groups() for row in rows if row]
    return {re.sub(r"[-_.]+", "-", name).lower(): spec.strip() for name, spec in pairs}


REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINNED = names((ROOT / "constraints.txt").read_text(encoding="utf-8"))


def test_the_package_asks_for_what_the_first_sections_list():
    to_run, rest = REQUIREMENTS.split("# To grade")
    to_grade = rest.split("# To read the book")[0].partition("\n")[2]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert names("\n".join(project["dependencies"])) == names(to_run)
    extras = project["optional-dependencies"]
    assert names("\n".join(extras["grading"])) == names(to_grade)
    low, high = environment.OLDEST, environment.NEWEST
    assert project["requires-python"] == f">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"


def test_every_requirement_is_pinned_within_its_range():
    from packaging.requirements import Requirement

    for name, spec in names(REQUIREMENTS).items():
        assert name in PINNED, f"{name} is not in constraints.txt"
        assert Requirement(name + spec).specifier.contains(PINNED[name].lstrip("="))


def test_metarec_is_built_by_what_is_installed_before_it():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert names("\n".join(build["requires"])).items() <= names(REQUIREMENTS).items()


def test_the_constraints_are_exact_and_belong_to_no_machine():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "+" not in text.split("\n", 2)[2], "a local build such as +cpu cannot be installed"
    assert not re.search(r"file:|https?:|@", text)
    assert all(re.fullmatch(r"==[\w.!]+", spec) for spec in PINNED.values())


def test_what_ours_is_compared_with_is_exact_and_leaves_our_own_set_alone():
    peers = names((ROOT / "requirements-peers.txt").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"==[\w.]+", spec) for spec in peers.values())
    assert not set(peers) & set(PINNED), "it would hide the version that the book is tested with"


def test_the_tasks_of_the_makefile_are_those_of_the_script():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split()
    assert set(targets) == set(setup_script.TASKS)


def test_the_readme_and_ci_call_what_exists():
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for task in re.findall(r"(?m)(?:^|`|exec )make ([a-z]+)|setup\.py ([a-z]+)", text):
            assert "".join(task) in setup_script.TASKS, f"{name}: make {task}"
        for path in re.findall(r"\btools/\w+\.py", text):
            assert Path(ROOT / path).exists(), f"{name}: {path}"
