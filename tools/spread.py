"""How far the claims of a chapter move from seed to seed: `python tools/spread.py 03`.

Runs the chapter's code once for each seed (other people, other rows, other random starts) and
prints for every claim the smallest and the largest value beside its band. A band that a seed
leaves is too narrow, or the claim is none. With --full the same at the chapter's full sizes.
Nothing of the book is touched.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict

from chapters import ROOT, ChapterError, chapters, code_cells, quiet_environment, read
from run_notebooks import inject

OUT = "claim\t"  # begins the lines that carry claims from the chapter's process to this one


def play(number, seed, full):
    """Run the chapter here with these parameters; print its claims instead of checking them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    import metarec
    import metarec.book

    def told(text, value, low=None, high=None, **_):
        ends = (value.low, value.high) if hasattr(value, "low") else (value, value)
        band = [float("-inf") if low is None else low, float("inf") if high is None else high]
        print(OUT + "\t".join([text, *(repr(float(x)) for x in (*band, *ends))]), flush=True)

    for place in (metarec, metarec.book):
        place.check, place.say = told, lambda markdown: None
    (path,) = chapters([number])
    notebook = read(path.with_suffix(".py"))
    inject(notebook, {"seed": seed} | ({"full": True} if full else {}), path.name)
    space = {"__name__": "__main__", "display": lambda *things: None}
    os.chdir(path.parent)
    for position, cell in code_cells(notebook):
        exec(compile(cell.source, f"{path.stem}, cell {position}", "exec"), space)
        plt.close("all")


def spread(number, seeds, full=False):
    """Every claim with its band and what each seed gave: {text: (low, high, [(low, high), …])}."""
    found = defaultdict(list)
    for seed in seeds:
        command = [
            sys.executable,
            __file__,
            number,
            "--play",
            str(seed),
            *(["--full"] if full else []),
        ]
        with tempfile.TemporaryDirectory() as results:
            env = {**os.environ, "METAREC_FRESH_RESULTS": results}
            done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise ChapterError(f"chapter {number} fails with seed {seed}: see the message above")
        for line in done.stdout.splitlines():
            if line.startswith(OUT):
                text, *numbers = line.removeprefix(OUT).split("\t")
                found[text].append([float(n) for n in numbers])
        print(f"seed {seed}: done", file=sys.stderr)
    return found


def show(found, n_seeds):
    """Print the table; return how many claims some seed leaves or does not make."""
    broken = 0
    for text, rows in found.items():
        low, high, lows, highs = zip(*rows, strict=True)
        smallest, largest = min(lows), max(highs)
        holds = low[0] <= smallest and largest <= high[0] and len(rows) == n_seeds
        broken += not holds
        band = " ".join(f"{end:g}" for end in (low[0], high[0]))
        each = ", ".join(
            f"{a:.4g}" if a == b else f"{a:.4g}…{b:.4g}" for a, b in zip(lows, highs, strict=True)
        )
        print(f"{'✓' if holds else '✗'} {text}\n    {smallest:.4g} to {largest:.4g} in [{band}]")
        print(f"    {each}")
    return broken


def main(arguments=None):
    """Run what is asked for; the exit code is 1 when a claim does not hold on some seed."""
    parser = argparse.ArgumentParser(prog="spread.py", description=__doc__)
    parser.add_argument("number", metavar="NN", help="the chapter")
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5), metavar="SEED")
    parser.add_argument("--full", action="store_true", help="at the full sizes")
    parser.add_argument("--play", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    quiet_environment()
    try:
        if args.play is not None:
            play(args.number, args.play, args.full)
            return 0
        broken = show(spread(args.number, args.seeds, args.full), len(args.seeds))
    except ChapterError as error:
        print(error)
        return 1
    print(f"\n{broken} claims do not hold on every seed" if broken else "\nall claims hold")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
