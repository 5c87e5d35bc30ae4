"""Runs one submission for one question; the only part of the grader that a submission can touch.

It stands alone: in the sandbox there is this file, `plain.py`, the interpreter and the libraries.
A job comes as JSON by standard input: limits, code cells, the name of a function, and the inputs of
its calls. One line goes back for each call, by a pipe that is not the standard output: what the
submission prints goes nowhere. Nothing that is sent back is believed; the grader compares it with
values that were never here.
"""

import ast
import contextlib
import importlib.util
import json
import os
import random
import signal
import sys
import types

try:
    import plain  # in the sandbox it lies beside this file
except ModuleNotFoundError:
    from metarec.grading import plain


def limit(limits):
    """Set limits that this process and its children cannot raise again."""
    try:
        import resource
    except ImportError:  # Windows: only the time is limited, by the grader
        return
    for name, value in limits.items():
        hard = value + 1 if name == "CPU" else value  # first a signal, then the end
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, hard))


def fix_chance():
    """Give every run the same chance, also where a submission forgot its seed."""
    import numpy as np

    numbers = random.Random(0)
    os.urandom = random._urandom = numbers.randbytes  # what numpy and `secrets` ask, in the end
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the submission may use the old generator


def mute_checks():
    """Let `from metarec.grading import expect` succeed; public checks are not run again here."""
    if importlib.util.find_spec("metarec") is None:
        package, inner = types.ModuleType("metarec"), types.ModuleType("metarec.grading")
        package.grading, inner.expect = inner, lambda *_, **__: None
        sys.modules.update({"metarec": package, "metarec.grading": inner})


def statements(cell):
    """The top-level statements of a cell; lines for the notebook's shell are left out."""
    lines = cell.split("\n")
    plain = ["" if line.lstrip()[:1] in ("%", "!", "?") else line for line in lines]
    return ast.parse("\n".join(plain)).body


@contextlib.contextmanager
def allowance(seconds):
    """Interrupt what uses more processor time than this."""

    def stop(*_):
        raise TimeoutError

    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def load(cells, seconds):
    """Run the cells statement by statement; one that fails or takes long is left out.

    So a figure that cannot be drawn here, or a slow try, costs a submission nothing. Returns the
    names that were defined, and which cells had trouble.
    """
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    trouble = []
    for number, cell in enumerate(cells, start=1):
        try:
            body = statements(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            trouble.append([number, plain.known(type(error).__name__)])
            continue
        for statement in body:
            try:
                code = compile(ast.Module([statement], []), f"cell {number}", "exec")
                with allowance(seconds):
                    exec(code, module.__dict__)
            except BaseException as error:  # also SystemExit and KeyboardInterrupt
                trouble.append([number, plain.known(type(error).__name__)])
    return module.__dict__, trouble[:50]


def answer(function, text):
    """What goes back for one call."""
    try:
        value = function(*plain.loads(text))
    except BaseException as error:
        return {"error": plain.known(type(error).__name__)}
    try:
        return {"value": plain.encode(value)}
    except BaseException:
        return {"error": plain.UNPLAIN}


def silence():
    """Take the pipe away from what is printed; nothing can be read from or written to the rest."""
    pipe = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    return os.fdopen(pipe, "w", buffering=1)


def main():
    """Read the job, run it, leave without waiting for threads."""
    job = json.loads(sys.stdin.buffer.read())
    pipe = silence()
    limit(job["limits"])
    fix_chance()
    mute_checks()
    names, trouble = load(job["cells"], job["statement_seconds"])
    pipe.write(json.dumps({"trouble": trouble}) + "\n")
    function = names.get(job["function"])
    if not callable(function):
        pipe.write(json.dumps({"missing": True}) + "\n")
    else:
        for number, text in enumerate(job["calls"]):
            line = json.dumps({"call": number} | answer(function, text))
            pipe.write(line + "\n")
    pipe.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
