"""Every submission of the corpus gets what it deserves, and nobody pays for a neighbour."""

import os
import socket
import time

import psutil
import pytest
from grading_corpus import DESERVING, FROM_FILE, HOSTILE
from grading_kit import LIMITS, centre_assignment, notebook

from metarec.grading import grade_folder, reports

PROOF = "import numpy as np\ndef centre(r): return np.mean(r)"


def state(folder):
    """Every file below a folder with its content."""
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def fill(code, place, port=0):
    """The code of the corpus with the paths of this run."""
    answers = str(place / "secret" / "grader.json")
    code = code.replace("ANSWERS", answers).replace("OUTSIDE", str(place / "outside"))
    return code.replace("PORT", str(port))


def strange_files(folder, place):
    """Files that are no ordinary notebook, by what must be said about them."""
    write = {
        "no JSON": b"{", "empty": b"", "a list": b"[]", "version 3": b'{"worksheets": []}',
        "cells in words": b'{"metadata": {}, "cells": "print(1)"}',
        "source in numbers": b'{"metadata": {}, "cells": [{"cell_type": "code", "source": 5}]}',
        "deep": b'{"metadata": {}, "cells": ' + b"[" * 10**5, "no text": b"\xff\xfe\x00",
        "long number": b'{"metadata": {}, "cells": ' + b"9" * 10**5 + b"}",
        "enormous": notebook("x = 1\n" * 10**6), "many cells": notebook(*["1"] * 3000),
        "in R": notebook(PROOF, language="R"), "in Julia": notebook(PROOF, language="julia"),
    }  # fmt: skip
    for name, data in write.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    (folder / "link.ipynb").symlink_to(place / "secret" / "grader.json")
    (folder / "folder link.ipynb").symlink_to(place / "secret")
    os.mkfifo(folder / "pipe.ipynb")
    for name, count in (("two in one", 2), ("none in one", 0)):
        (folder / name).mkdir()
        for number in range(count):
            (folder / name / f"{number}.ipynb").write_bytes(notebook(PROOF))
    (folder / "linked").symlink_to(place / "outside")
    return [*write, "link", "folder link", "pipe", "two in one", "none in one"]


@pytest.fixture(scope="module")
def server():
    """A port of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def run(sandbox, server, tmp_path_factory):
    """The whole corpus, graded at once in two processes; and what the machine looked like."""
    place = tmp_path_factory.mktemp("class")
    for name in ("secret", "outside", "handed in"):
        (place / name).mkdir()
    (place / "outside" / "diary").write_text("private")
    assignment = centre_assignment()
    assignment.save(place / "secret" / "grader.json")
    folder = place / "handed in"
    for name, code in HOSTILE.items():
        (folder / f"{name}.ipynb").write_bytes(notebook(fill(code, place, server)))
    for name, cells in DESERVING.items():
        (folder / f"{name}.ipynb").write_bytes(notebook(*cells))
    strange = strange_files(folder, place)
    before, start = state(place), time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METAREC_EXPECTED", "3.0")
        records = grade_folder(folder, assignment, place / "out", sandbox, jobs=2)
    seconds, after = time.monotonic() - start, state(place)
    reports.write_all(records, assignment, place / "out")
    after = {path: data for path, data in after.items() if place / "out" not in path.parents}
    return {
        "records": {record["student"]: record for record in records}, "before": before,
        "after": after, "seconds": seconds, "strange": strange, "place": place,
    }  # fmt: skip


def test_the_corpus_is_large_enough():
    assert len(HOSTILE) >= 64
    assert len(DESERVING) >= 11


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_submission_gets_nothing(run, name):
    record = run["records"][name]
    assert record["points"] == 0, record
    assert record["state"] == "marked", record


@pytest.mark.parametrize("name", DESERVING)
def test_a_strange_but_right_one_gets_all(run, name):
    assert run["records"][name]["points"] == 3, run["records"][name]


def test_what_is_no_notebook_is_named_and_gets_nothing(run):
    for name in run["strange"]:
        record = run["records"][name]
        assert record["points"] == 0
        assert record["state"] != "marked", name
        assert "fault" not in record, record["fault"]
    assert "link" in run["records"]["link"]["state"]
    assert "Python kernel" in run["records"]["in R"]["state"]
    assert "several notebooks" in run["records"]["two in one"]["state"]


def test_everyone_has_a_record_and_none_is_a_fault_of_the_grader(run):
    assert len(run["records"]) == len(HOSTILE) + len(DESERVING) + len(run["strange"])
    assert not [name for name, record in run["records"].items() if "fault" in record]


def test_nothing_outside_is_written_changed_or_deleted(run):
    assert run["after"] == run["before"]


def test_nothing_is_left_running(run):
    mine = [p for p in psutil.Process().children(recursive=True) if "bwrap" in p.name()]
    folder = str(run["place"])
    left = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(folder)]
    assert not mine
    assert not left


def test_nobody_waits_longer_than_the_limits_say(run):
    slowest = (LIMITS.wall + 5) * len(run["records"]) / 2
    assert run["seconds"] < slowest / 3


def test_no_report_tells_an_input_or_an_expected_value(run):
    """Not even to one that raises or returns what it was given."""
    assignment = centre_assignment()
    hidden = [a for a in assignment.questions[0].aspects if not a.public]
    numbers = {
        repr(float(x))[:8] for a in hidden for c in a.cases for x in (*c.args[0], c.expected)
    }
    numbers -= {"4.25"}
    for path in (run["place"] / "out").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not [number for number in numbers if number in text], path


@pytest.mark.parametrize("name", ["reads the answers", "writes outside", "environment of others"])
def test_without_a_sandbox_the_same_attack_works(bare, tmp_path, monkeypatch, name):
    """So it is the sandbox that stops it, and not a mistake in the attack."""
    for folder in ("secret", "outside"):
        (tmp_path / folder).mkdir()
    centre_assignment().save(tmp_path / "secret" / "grader.json")
    monkeypatch.setenv("METAREC_EXPECTED", "3.0")
    case = centre_assignment().questions[0].aspects[1].cases[0]
    outcome = bare.call([fill(HOSTILE[name], tmp_path)], "centre", [case.args])
    if name == "reads the answers":
        assert outcome.answers[0] == ("value", pytest.approx(case.expected))
        assert FROM_FILE in HOSTILE[name]
    elif name == "writes outside":
        assert (tmp_path / "outside" / "written").exists()


def test_the_same_submission_gets_the_same_mark(sandbox, tmp_path):
    """Also one that leaves its answer to chance, in any of the usual ways."""
    code = """
import os, random, secrets
import numpy as np
def centre(r):
    rolls = [np.random.default_rng().random(), random.random(), np.random.rand(),
             secrets.randbelow(10**9) / 1e9, os.urandom(1)[0], hash('a') % 1000,
             list({'a', 'b', 'c', 'd'})]
    return repr(rolls)
"""
    seen = {sandbox.call([code], "centre", [(1,)]).answers[0] for _ in range(3)}
    assert len(seen) == 1


def test_a_neighbour_that_forks_costs_others_nothing(sandbox, tmp_path):
    """Each child has an identity of its own, so limits on processes are not shared."""
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(2):
        (folder / f"a{n}.ipynb").write_bytes(notebook(HOSTILE["forks"]))
        (folder / f"b{n}.ipynb").write_bytes(notebook(DESERVING["a thread left"][1], PROOF))
    records = grade_folder(folder, centre_assignment(), tmp_path / "out", sandbox, jobs=4)
    assert [record["points"] for record in records] == [0, 0, 3, 3]


def test_forks_are_few(sandbox):
    code = HOSTILE["forks"].replace("forks(100, 60)", "forks(100, 0.5)")
    made = sandbox.call([code], "centre", [(1,)]).answers[0][1]
    assert 1 <= made < LIMITS.processes


SEEN = """
import os, socket, sys
def look():
    writable = []
    for where, folders, _ in os.walk('/'):
        folders[:] = [f for f in folders if not f.startswith(('proc', 'python', 'x86', 'numpy'))]
        writable += [where] * os.access(where, os.W_OK)
    status = dict(line.split(':', 1) for line in open('/proc/self/status') if ':' in line)
    return {
        'root': sorted(os.listdir('/')), 'work': sorted(os.listdir('/work')),
        'tmp': os.listdir('/tmp'), 'writable': writable, 'environment': sorted(os.environ),
        'processes': len([p for p in os.listdir('/proc') if p.isdigit()]),
        'user': os.getuid(), 'groups': os.getgroups(),
        'abilities': status['CapEff'].strip(), 'bounding': status['NoNewPrivs'].strip(),
        'networks': [name for _, name in socket.if_nameindex()],
        'modules': sorted(n for n in os.listdir('/libraries') if '.' not in n),
    }
"""


def test_what_a_submission_can_see(sandbox):
    found = sandbox.call([SEEN], "look", [()]).answers[0]
    assert found[0] == "value", found
    seen = found[1]
    assert seen["work"] == ["plain.py", "runner.py"]
    assert seen["tmp"] == []
    assert set(seen["writable"]) <= {"/tmp", "/dev/shm", "/dev/pts"}
    assert seen["processes"] <= 3
    assert seen["networks"] == ["lo"]
    assert seen["user"] != 0
    assert seen["abilities"] == "0000000000000000"
    assert seen["bounding"] == "1"
    assert seen["modules"] == ["numpy"]
    assert "METAREC_EXPECTED" not in seen["environment"]
    assert "PATH" not in seen["environment"]
