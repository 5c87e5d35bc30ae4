"""Every submission of the corpus gets what it deserves, and nobody pays for a neighbour."""

import ast
import hashlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from grading_corpus import DESERVING, FORK, FROM_FILE, HOSTILE
from grading_kit import LIMITS, centre_assignment, notebook, once

from metarec.grading import grade_folder, reports

pytestmark = pytest.mark.slow

PROOF = "import numpy as np\ndef centre(r): return np.mean(r)"


def state(folder):
    """Every file below a folder, and a hash of what it holds."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


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


def hand_in(place, port):
    """A folder with the whole corpus, a secret beside it, and a diary that is nobody's business."""
    for name in ("secret", "outside", "handed in"):
        (place / name).mkdir()
    (place / "outside" / "diary").write_text("private")
    centre_assignment().save(place / "secret" / "grader.json")
    folder = place / "handed in"
    for name, code in HOSTILE.items():
        (folder / f"{name}.ipynb").write_bytes(notebook(fill(code, place, port)))
    for name, cells in DESERVING.items():
        (folder / f"{name}.ipynb").write_bytes(notebook(*cells))
    return folder, strange_files(folder, place)


@pytest.fixture(scope="module")
def run(sandbox, tmp_path_factory, worker_id):
    """The whole corpus, graded at once in two processes; and what the machine looked like."""

    def make(place):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            folder, strange = hand_in(place, listening.getsockname()[1])
            before, start = state(place), time.monotonic()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("METAREC_EXPECTED", "3.0")
                records = grade_folder(folder, centre_assignment(), place / "out", sandbox, jobs=2)
        seconds = time.monotonic() - start
        reports.write_all(records, centre_assignment(), place / "out")
        after = {p: d for p, d in state(place).items() if "/out/" not in p}
        return {
            "records": {record["student"]: record for record in records}, "before": before,
            "after": after, "seconds": seconds, "strange": strange, "place": str(place),
        }  # fmt: skip

    return once(tmp_path_factory, worker_id, "corpus", make)


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
    folder = run["place"]
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
    for path in Path(run["place"], "out").rglob("*.*"):
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
    greedy = f"{FORK}\nforks(100, 60)\ntime.sleep(4)\n"
    needy = """
import threading, time
import numpy as np
time.sleep(1)
def centre(r):
    threading.Thread(target=time.sleep, args=(0.1,)).start()
    return np.mean(r)
"""
    for n in range(2):
        (folder / f"a{n}.ipynb").write_bytes(notebook(greedy))
        (folder / f"b{n}.ipynb").write_bytes(notebook(needy))
    records = grade_folder(folder, centre_assignment(), tmp_path / "out", sandbox, jobs=4)
    assert [record["points"] for record in records] == [0, 0, 3, 3]


def test_forks_are_few(sandbox):
    code = HOSTILE["forks"].replace("forks(100, 60)", "forks(100, 0.5)")
    made = sandbox.call([code], "centre", [(1,)]).answers[0][1]
    assert 1 <= made < LIMITS.processes


SEEN = """
import os, socket, sys
def inside(folder):
    place = os.path.join(os.path.dirname(os.__file__), folder)
    return os.listdir(place) if os.path.isdir(place) else []
def look():
    writable = []
    for where, folders, _ in os.walk('/'):
        deep = where.count('/') > 3 or where.startswith(('/proc', '/usr/lib/', '/lib/'))
        folders[:] = [] if deep else folders
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
        'others': [n for f in ('site-packages', 'dist-packages') for n in inside(f)],
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
    assert seen["others"] == []
    assert "METAREC_EXPECTED" not in seen["environment"]
    assert "PATH" not in seen["environment"]


ALSO = """
import sys
from pathlib import Path
from grading_corpus import HOSTILE
from grading_kit import LIMITS
from metarec.grading import Sandbox
sandbox = Sandbox(limits=LIMITS)
print(sandbox.why or "sandbox")
code = sys.argv[1]
print(sandbox.call(["def one():\\n    return 1"], "one", [()]).answers)
print(sandbox.call([code], "look", [()]).answers[0][1]["writable"])
made = sandbox.call([HOSTILE["forks"].replace("60)", "0.5)")], "centre", [(1,)]).answers[0][1]
print(1 <= made < LIMITS.processes)
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="the other tests are it"
)
def test_it_works_for_an_ordinary_user_too(sandbox):
    """Where one can reach an interpreter: root's own is often closed to others."""
    paths = [Path(__file__).parent, Path(__file__).parents[2], Path(np.__file__).parents[1]]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, paths)),
           "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}  # fmt: skip
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        reached = [*become, python, "-c", "import numpy, metarec.grading.sandbox, grading_kit"]
        if subprocess.run(reached, env=env, capture_output=True, cwd="/").returncode == 0:
            break
    else:
        pytest.skip("no interpreter with the book's libraries that an ordinary user may read")
    done = subprocess.run(
        [*become, python, "-c", ALSO, SEEN], env=env, capture_output=True, text=True, cwd="/"
    )
    said = done.stdout.splitlines()
    if said and "bubblewrap may not run" in said[0]:
        pytest.skip("bubblewrap is only for root here")
    assert said[:2] == ["sandbox", "{0: ('value', 1)}"], done.stderr
    assert set(ast.literal_eval(said[2])) <= {"/tmp", "/dev/shm", "/dev/pts"}
    assert said[3] == "True"


@pytest.mark.parametrize(("name", "why"), [("flood", "too much output"), ("sleep", "the clock")])
def test_a_limit_is_named(run, name, why):
    (question,) = run["records"][name]["questions"]
    assert why in question["ended"]
