"""Execute chapters and store their outputs: `python tools/run_notebooks.py 01 02`.

The pair is brought in step first (the half that changed last wins), so a chapter may be written
in its .py twin or in JupyterLab. With --full or -p, nothing of the book is touched: the executed
copy and its results go to book/_build/runs.
"""

import argparse
import ast
import asyncio
import base64
import io
import json
import os
import subprocess
import sys
import tempfile

import nbformat
from chapters import ROOT, ChapterError, chapters, quiet_environment, read, tags
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

RUNS = ROOT / "book" / "_build" / "runs"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def sync(path):
    """Bring the pair in step; make the half that is missing."""
    halves = [p for p in (path.with_suffix(".py"), path) if p.exists()]
    newest = max(halves, key=lambda p: p.stat().st_mtime)
    command = [sys.executable, "-m", "jupytext", "--quiet", "--sync", str(newest)]
    subprocess.run(command, check=True, cwd=ROOT)


def tidy(notebook):
    """Keep only what says something about the chapter, so that a re-run shows in a diff."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        cell.id = f"c{position:03d}"
        for key in ("execution", "collapsed", "scrolled", "jupyter"):
            cell.metadata.pop(key, None)
    return notebook


def shrink_pictures(notebook):
    """Store figures with at most 256 colours: a third of the bytes, and nothing to be seen."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                drawn = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
                small = io.BytesIO()
                drawn.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
                output["data"]["image/png"] = base64.b64encode(small.getvalue()).decode()


def inject(notebook, values, name):
    """Put new values after the cell tagged `parameters`; refuse names that it does not set."""
    at = next((i for i, cell in enumerate(notebook.cells) if "parameters" in tags(cell)), None)
    if at is None:
        raise ChapterError(f"{name} has no cell tagged `parameters`, so nothing can be set")
    tree = ast.parse(notebook.cells[at].source)
    assigned = [s for s in ast.walk(tree) if isinstance(s, ast.Name)]
    known = {s.id for s in assigned if isinstance(s.ctx, ast.Store)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ChapterError(
            f"{name} has no parameter {', '.join(unknown)}; it has: {', '.join(sorted(known))}"
        )
    lines = "\n".join(f"{key} = {value!r}" for key, value in values.items())
    cell = nbformat.v4.new_code_cell(lines, metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(at + 1, cell)


def execute(notebook, folder, timeout=900):
    """Run all cells in a fresh kernel; return the processor seconds that they took.

    These are what the run takes on one idle core, however busy the machine is now.
    """
    clock = nbformat.v4.new_code_cell("__import__('time').process_time()")
    notebook.cells.append(clock)
    with tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True) as sockets:
        manager = AsyncKernelManager(kernel_name="python3")
        if os.name != "nt":  # files instead of ports: works without any network interface
            manager.transport, manager.ip = "ipc", f"{sockets}/k"
        client = NotebookClient(
            notebook, km=manager, timeout=timeout, record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )  # fmt: skip
        client.execute()
    notebook.cells.remove(clock)
    return float(clock.outputs[0]["data"]["text/plain"])


def record_time(number, seconds, path=ROOT / "data" / "results" / "run_times.json"):
    """Keep the chapter's run time in whole seconds, for the front page."""
    times = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    times[number] = max(1, round(seconds))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(sorted(times.items())), indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def run(path, values):
    """Execute one chapter and store it; with values, store a copy elsewhere."""
    sync(path)
    notebook = tidy(read(path))
    target = path
    if values:
        inject(notebook, values, path.name)
        target = RUNS / path.name
        os.environ["METAREC_FRESH_RESULTS"] = str(RUNS / "results")
        (RUNS / "results").mkdir(parents=True, exist_ok=True)
    seconds = execute(notebook, path.parent)
    shrink_pictures(notebook)
    nbformat.write(tidy(notebook), target)
    if not values:
        path.with_suffix(".py").touch()  # jupytext refuses a twin that looks older
        record_time(path.name[:2], seconds)
    return seconds, target


def parameter(text):
    """`name=value` of the command line; the value is a Python literal, or else a text."""
    name, _, value = text.partition("=")
    if not name.isidentifier() or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def main(arguments=None):
    """Run the chapters that are asked for; a failing chapter leaves its stored outputs alone."""
    parser = argparse.ArgumentParser(prog="run_notebooks.py", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="chapters; all if none is given")
    parser.add_argument("--full", action="store_true", help="the full size: sets full = True")
    parser.add_argument("-p", action="append", type=parameter, default=[], metavar="NAME=VALUE",
                        help="set a name of the cell tagged `parameters`")  # fmt: skip
    args = parser.parse_args(arguments)
    values = dict(args.p) | ({"full": True} if args.full else {})
    quiet_environment()
    if os.name == "nt":
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    failed = []
    try:
        for path in chapters(args.numbers):
            try:
                seconds, target = run(path, values)
                print(f"{path.stem}: {seconds:.0f} s, stored in {target.relative_to(ROOT)}")
            except CellExecutionError as error:
                failed.append(path.stem)
                print(f"{path.stem} FAILED; its stored outputs are as they were.\n{error}")
    except ChapterError as error:
        print(error)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
