"""A process for one submission and one question, that can do no harm and is believed nothing.

With bubblewrap (Linux) the process sees the interpreter, the libraries and an empty folder, has no
network and an identity of its own. Without it the same limits hold, but the process may read what
the lecturer may read: that is no security boundary, and `Sandbox.warning` says so.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from metarec.grading import libraries, plain
from metarec.grading.pipes import Ended, converse, end_those_at_home_in

HERE = Path(__file__).parent
OWN_FILES = ("runner.py", "plain.py")
MEGABYTE = 2**20
FIRST_IDENTITY = 1_000_000_000  # far above the people and services of any machine
SLOTS = 100
NO_BOUNDARY = (
    "There is no sandbox ({why}). Without one, time and memory of submissions are limited, but "
    "they can read and change what you can: that is no security boundary, and only for people whom "
    "you trust. On Linux, apt install bubblewrap brings a sandbox."
)


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one question of one submission may use.

    Parameters
    ----------
    cpu : int
        Seconds of processor time of a process.
    wall : int
        Seconds until everything is stopped, for those that sleep.
    statement : float
        Seconds of processor time of one statement of the notebook, before functions are called.
    memory : int
        Megabytes of all processes together.
    file : int
        Megabytes of a file, and of all files together.
    processes, files : int
        How many processes and threads, and open files.
    answer : int
        Megabytes of answers.
    """

    cpu: int = 20
    wall: int = 60
    statement: float = 5.0
    memory: int = 2048
    file: int = 16
    processes: int = 32
    files: int = 64
    answer: int = 8

    def of_the_system(self) -> dict[str, int]:
        """As the names of `resource.setrlimit`."""
        return {
            "CPU": self.cpu,
            "AS": 2 * self.memory * MEGABYTE,  # addresses; what is used is watched from outside
            "FSIZE": self.file * MEGABYTE,
            "NOFILE": self.files,
            "NPROC": self.processes,
            "CORE": 0,
        }


@dataclasses.dataclass
class Outcome:
    """What came back: for each call a value or the name of an error.

    `missing` is true when there is no such function, `ended` says why the process was stopped,
    `trouble` lists [cell, error] of cells that did not run.
    """

    answers: dict[int, tuple[str, object]] = dataclasses.field(default_factory=dict)
    missing: bool = False
    ended: str = ""
    trouble: list = dataclasses.field(default_factory=list)


class Sandbox:
    """Runs functions of submissions.

    Parameters
    ----------
    names : tuple of str
        Libraries that submissions may import; numpy always.
    limits : Limits
        For every question anew.
    isolate : bool
        False leaves bubblewrap out also where it is present.
    """

    def __init__(self, names: tuple = ("numpy",), limits: Limits = Limits(), isolate: bool = True):
        self.limits, self.root = limits, getattr(os, "geteuid", lambda: 1)() == 0
        self.files = libraries.closure(tuple(sorted({"numpy", *names})))
        self.slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(SLOTS):
            self.slots.put(slot)
        self.why = self._obstacle() if isolate else "it was switched off"
        self.warning = NO_BOUNDARY.format(why=self.why) if self.why else ""

    def _obstacle(self) -> str:
        """Why bubblewrap cannot be used here; empty when it can."""
        tools = ("bwrap", "setpriv") if self.root else ("bwrap",)
        missing = [tool for tool in tools if not shutil.which(tool)]
        if missing:
            return f"{' and '.join(missing)} not found"
        self.why = ""
        tried = self.call(["def one():\n    return 1"], "one", [()])
        return (
            ""
            if tried.answers == {0: ("value", 1)}
            else "bubblewrap may not run here, or is older than 0.8"
        )

    def call(self, cells: list[str], function: str, calls: list[tuple]) -> Outcome:
        """Run cells, then a function of theirs once for each tuple of arguments.

        Parameters
        ----------
        cells : list of str
            The code of the submission.
        function : str
            Name of the function.
        calls : list of tuple
            Arguments, plain data.

        Returns
        -------
        Outcome
            Whatever the submission does, there is one.
        """
        job = {
            "cells": cells, "function": function, "calls": [plain.dumps(list(c)) for c in calls],
            "limits": self.limits.of_the_system(), "statement_seconds": self.limits.statement,
        }  # fmt: skip
        slot = self.slots.get()
        try:
            with self._place(slot) as (command, options):
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL, start_new_session=True, **options,
                )  # fmt: skip
                ended = converse(process, json.dumps(job).encode(), self.limits)
        finally:
            self.slots.put(slot)
        return read(ended, len(calls))

    @contextmanager
    def _place(self, slot: int):
        """The command, and what it needs around it."""
        python = [str(libraries.interpreter()), "-s", "-S", "-B"]
        if not self.why:
            command = [*self._walls, *self._identity(slot), *python, "/work/runner.py"]
            yield command, {"env": {}, "cwd": "/"}
            return
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            for name in OWN_FILES:
                shutil.copy(HERE / name, folder)
            path = os.pathsep.join(sorted({str(file.parent) for file in self.files.values()}))
            env = {k: os.environ[k] for k in ("SYSTEMROOT", "PATH") if k in os.environ}
            env |= environment(path) | {"HOME": folder, "TMPDIR": folder}
            try:
                yield [*python, str(Path(folder, "runner.py"))], {"env": env, "cwd": folder}
            finally:
                end_those_at_home_in(folder)

    def _identity(self, slot: int) -> list[str]:
        """As root: a user of its own, so that no submission counts against another's limits."""
        if not self.root:
            return []
        number = FIRST_IDENTITY + os.getpid() * SLOTS + slot
        return [_program("setpriv"), f"--reuid={number}", f"--regid={number}", "--clear-groups",
                "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]  # fmt: skip

    @functools.cached_property
    def _walls(self) -> list[str]:
        """bubblewrap and what can be seen through it."""
        size = str(self.limits.file * MEGABYTE)
        walls = [_program("bwrap"), "--unshare-pid", "--unshare-net", "--unshare-ipc",
                 "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session",
                 "--clearenv", "--hostname", "grader", "--cap-drop", "ALL"]  # fmt: skip
        if self.root:
            walls += [part for cap in ("SETUID", "SETGID", "SETPCAP")
                      for part in ("--cap-add", f"CAP_{cap}")]  # fmt: skip
        else:
            walls += ["--unshare-user", "--uid", "65534", "--gid", "65534", "--disable-userns"]
        for name, value in environment("/libraries").items():
            walls += ["--setenv", name, value]
        needed, hidden = libraries.standard_library()
        if self.root:
            needed.append(Path(_program("setpriv")))
        seen: dict[str, str] = {str(path): str(path) for path in needed}
        seen |= {f"/libraries/{name}": str(path) for name, path in self.files.items()}
        seen |= {f"/work/{name}": str(HERE / name) for name in OWN_FILES}
        walls += _folders(seen)
        for target, source in seen.items():
            walls += ["--ro-bind", source, target]
        for folder in hidden:
            walls += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
        walls += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        walls += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp", "--remount-ro", "/"]
        return [*walls, "--chdir", "/tmp", "--"]


def _program(name: str) -> str:
    """Where a program lies that `_obstacle` has found, or its bare name."""
    return shutil.which(name) or name


def _folders(targets) -> list[str]:
    """Make the folders above the targets so that everybody may pass; root's own would be closed."""
    above = {str(parent) for target in targets for parent in Path(target).parents}
    inside = [folder for folder in sorted(above) if folder != "/" and not _below(folder, targets)]
    return [part for folder in inside for part in ("--perms", "0755", "--dir", folder)]


def _below(folder: str, targets) -> bool:
    return any(folder == target or folder.startswith(f"{target}/") for target in targets)


def environment(path: str) -> dict[str, str]:
    """All that a submission finds in its environment."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    return threads | {
        "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "HOME": "/tmp", "LANG": "C",
        "LD_LIBRARY_PATH": str(Path(sys.base_prefix) / "lib"), "MPLBACKEND": "Agg",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip


def read(ended: Ended, n_calls: int) -> Outcome:
    """Make sense of what a child wrote, whatever it is; the first line about a call counts."""
    outcome = Outcome(ended=ended.why)
    for line in ended.output.split(b"\n"):
        try:
            said = json.loads(line)
            if "call" in said and said["call"] in range(n_calls):
                found = ("error", plain.known(said["error"])) if "error" in said else (
                    "value", plain.decode(said["value"]))  # fmt: skip
                outcome.answers.setdefault(said["call"], found)
            elif "missing" in said:
                outcome.missing = said["missing"] is True
            elif "trouble" in said:
                outcome.trouble = [
                    [int(cell), plain.known(name)] for cell, name in said["trouble"][:50]
                ]
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            continue
    return outcome
