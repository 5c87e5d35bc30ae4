"""Talk with a child that may refuse to listen, never stop talking, or never end."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import threading
import time

import psutil

MEGABYTE = 2**20
STEP = 0.05  # seconds between two looks at a child


@dataclasses.dataclass
class Ended:
    """What a child wrote, and why it was stopped; empty when it ended by itself."""

    output: bytes
    why: str


class _Ear(threading.Thread):
    """Reads at most so many bytes, and says when there were more."""

    def __init__(self, pipe, most: int):
        super().__init__(daemon=True)
        self.pipe, self.most, self.heard, self.flooded = pipe, most, bytearray(), False
        self.start()

    def run(self) -> None:
        """Read until the other side closes."""
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self.pipe.fileno(), 65536):
                self.heard += piece
                if len(self.heard) > self.most:
                    self.flooded = True
                    return


class _Mouth(threading.Thread):
    """Writes without waiting for a child that does not read."""

    def __init__(self, pipe, text: bytes):
        super().__init__(daemon=True)
        self.pipe, self.text = pipe, text
        self.start()

    def run(self) -> None:
        """Write, then close, so that the child sees the end."""
        with contextlib.suppress(OSError, ValueError):
            self.pipe.write(self.text)
        with contextlib.suppress(OSError, ValueError):
            self.pipe.close()


def converse(process: subprocess.Popen, text: bytes, limits) -> Ended:
    """Send `text`, collect what comes back until the child ends or passes a limit, and end it.

    Parameters
    ----------
    process : Popen
        With pipes for its input and output, in a session of its own.
    text : bytes
        All of its input.
    limits : Limits
        `wall`, `memory` and `answer` are held from here.

    Returns
    -------
    Ended
        What it wrote up to then.
    """
    ear, mouth = _Ear(process.stdout, limits.answer * MEGABYTE), _Mouth(process.stdin, text)
    deadline, why = time.monotonic() + limits.wall, ""
    try:
        while not why and process.poll() is None and ear.is_alive():
            ear.join(STEP)
            why = _excess(process, ear, deadline, limits)
        why = why or _farewell(process, ear)
    finally:
        _end(process)
    mouth.join(1)
    ear.join(1)
    return Ended(bytes(ear.heard), "too much output" if ear.flooded else why or _cause(process))


def _farewell(process, ear) -> str:
    """Let a child that says no more end by itself, and hear what is still in the pipe."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return "it went on after its last answer"
    ear.join(1)
    return ""


def _excess(process, ear, deadline, limits) -> str:
    if ear.flooded:
        return "too much output"
    if time.monotonic() > deadline:
        return "too slow: stopped by the clock"
    if _memory(process, limits.memory * MEGABYTE) > limits.memory * MEGABYTE:
        return "too much memory"
    return ""


def _memory(process, most: int) -> int:
    """Bytes in use by a process and all that it started, shared pages once."""
    family = []
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(process.pid)
        family = [root, *root.children(recursive=True)]
    total = sum(_bytes(one, "memory_info", "rss") for one in family)
    if total <= most or len(family) < 3 or not psutil.LINUX:
        return total
    shares = [_bytes(one, "memory_full_info", "pss") for one in family]  # exact, but slow
    return sum(shares)


def _bytes(one: psutil.Process, method: str, field: str) -> int:
    with contextlib.suppress(psutil.Error):
        return getattr(getattr(one, method)(), field)
    return 0


def _cause(process) -> str:
    """Why a child that nobody here stopped is no more; bubblewrap adds the signal to 128."""
    code = process.returncode
    number = -code if code < 0 else code - 128
    slow = (getattr(signal, "SIGXCPU", None), getattr(signal, "SIGKILL", None))
    if code == 0:
        return ""
    return "too much processor time" if number in slow else "it ended before it had answered"


def _end(process) -> None:
    """Stop a child and what it left behind; in a sandbox nothing survives the first of them."""
    left = []
    with contextlib.suppress(psutil.Error):
        left = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for one in left:
        with contextlib.suppress(psutil.Error):
            one.kill()


def end_those_at_home_in(folder: str) -> None:
    """Stop what a child without a sandbox has started and left behind."""
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if one.environ().get("HOME") == folder:
                one.kill()
