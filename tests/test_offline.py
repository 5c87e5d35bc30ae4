"""Nothing asks the network at run time: a chapter and the command line work without one."""

import os
import shutil
import subprocess
import sys

import pytest
from chapters import ROOT, chapters

ISOLATED = (["unshare", "-n"], ["unshare", "-rn"])  # as root; as a user, where that is allowed
PROBE = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An empty cache for all tests of this file: models are unpacked once, offline."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def isolated():
    """The command that takes the network away, proved to do so."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no `unshare` on this system to take the network away")
    for command in ISOLATED:
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            done = subprocess.run([*command, sys.executable, "-c", PROBE], capture_output=True)
            assert b"Network is unreachable" in done.stderr
            return command
    pytest.skip("this user may not make a network namespace (unshare -n, unshare -rn)")


def offline(isolated, *command, home, **env):
    """Run a command of the book without network, with a cache folder of its own."""
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), **env}
    return subprocess.run(
        [*isolated, sys.executable, *command], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_a_recommendation_needs_no_network(isolated, home):
    command = ["-m", "metarec", "recommend", "--rate", "Toy Story=5"]
    done = offline(isolated, *command, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= 10


def test_the_doctor_needs_no_network(isolated, home):
    done = offline(isolated, "-m", "metarec", "doctor", home=home)
    assert done.returncode == 0, done.stdout + done.stderr


RUN = """
import sys
sys.path.insert(0, "tools")
from chapters import chapters, quiet_environment, read
from run_notebooks import execute
quiet_environment()
path = chapters([sys.argv[1]])[0]
execute(read(path), path.parent)
print("ran", path.stem)
"""


def test_a_chapter_needs_no_network(isolated, home, tmp_path):
    runnable = [path for path in chapters() if path.exists()]
    if not runnable:
        pytest.skip("no chapter has been run yet")
    number = runnable[0].name[:2]
    results = str(tmp_path / "results")
    done = offline(isolated, "-c", RUN, number, home=home, METAREC_FRESH_RESULTS=results)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ran {runnable[0].stem}" in done.stdout
