"""The command line: `python -m metarec recommend`, `doctor`, `leaderboard`, `run`, `grade`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand

app = typer.Typer(
    help="Recommenders that learn to learn: ask for films, check the set-up, see the results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()


def fail(message: str) -> typer.Exit:
    """Print what went wrong and what to do; the caller raises the result."""
    typer.secho(message, fg="red", err=True)
    return typer.Exit(2)


class _WithMethods(TyperCommand):
    """A command whose help ends with the methods; they are only loaded to print it."""

    def format_help(self, ctx, formatter) -> None:
        from metarec.book.recommend import method_list

        lines = (f"[bold]{name}[/]: {sentence}" for name, sentence in method_list())
        self.epilog = "\n\n".join(["Methods, the default first:", *lines])
        super().format_help(ctx, formatter)


@app.command(cls=_WithMethods)
def recommend(
    rate: Annotated[
        list[str] | None, typer.Option(help='A film and your rating, "Toy Story=5"; repeat it.')
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="A CSV file of yours with columns title and rating.")
    ] = None,
    data: Annotated[
        str,
        typer.Option(help="movielens-100k (films to 1998), movielens-2016, or a MovieLens folder."),
    ] = "movielens-100k",
    method: Annotated[
        str | None,
        typer.Option(help="How to predict: one of the methods below, or module:Class of yours."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many films to print.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Recommend films to someone who has rated a few, or none."""
    from metarec.book.recommend import DEFAULT, advise, read_wishes

    try:
        answer = advise(
            read_wishes(rate or [], csv), data, top, DEFAULT if method is None else method
        )
    except (LookupError, ValueError, OSError, RuntimeError) as error:
        hint = (
            "\nNewer films: add --data movielens-2016."
            if not getattr(error, "ambiguous", True) and data != "movielens-2016"
            else ""
        )
        raise fail(f"{error}{hint}") from None
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _show(answer)


def _show(answer: dict) -> None:
    """Print a recommendation for people."""
    stars = answer["predicts_ratings"]
    unit, key = ("stars", "predicted") if stars else ("score", "score")
    for film in answer["shown"]:
        out.print(f"You gave {film['rating']:g} to {film['title']}.", highlight=False, markup=False)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", justify="right")
    table.add_column("film", overflow="fold")
    table.add_column(key, justify="right")
    sure = any("interval" in film for film in answer["films"])
    if sure:
        table.add_column("80 % interval", no_wrap=True)
    values = [film[key] for film in answer["films"]]
    digits = 1 if stars else max((len(f"{v:g}".partition(".")[2]) for v in values), default=0)
    table.add_column(f"moved most by ({unit})" if answer["shown"] else "why", overflow="fold")
    for place, film in enumerate(answer["films"], 1):
        interval = ["{:.1f} to {:.1f}".format(*film["interval"])] if sure else []
        value = f"{film[key]:.{digits}f}"
        table.add_row(str(place), film["title"], value, *interval, film["reason"])
    out.print(table)
    out.print(_footnote(answer), style="dim")


def _footnote(answer: dict) -> str:
    said = "Stars on a scale of {:g} to {:g}".format(*answer["scale"])
    if not answer["predicts_ratings"]:
        said = "Scores only rank; they are not stars"
    source = f"{said}; {answer['method']}, learned from {answer['data']}."
    if answer["likes_from"] is not None:
        source += f" Ratings from {answer['likes_from']:g} on are likes."
    if answer["shown"] and not answer["personal"]:
        source += " Your ratings change nothing here."
    return source


@app.command()
def doctor() -> None:
    """Check versions, device, data and models; exit code 1 when something is missing."""
    from metarec.book.doctor import examine

    sound = True
    for section, checks in examine().items():
        out.print(section, style="bold")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for check in checks:
            sound &= check.ok
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            table.add_row(
                mark, check.name, check.found if check.ok else f"{check.found}\n→ {check.remedy}"
            )
        out.print(table, "")
    out.print(
        "Everything is in place." if sound else "Something is missing: see the arrows.",
        style="green" if sound else "red",
    )
    raise typer.Exit(0 if sound else 1)


@app.command()
def leaderboard(
    protocol: Annotated[
        str | None, typer.Option(help="Only this protocol, for example newcomers.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Only this metric, for example rmse.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Print the results that the chapters saved."""
    from metarec.book import comparison
    from metarec.book import leaderboard as boards

    try:
        tables = comparison.report(protocol, metric)
    except ValueError as error:
        raise fail(str(error)) from None
    if as_json:
        board = boards.read().rows
        asked = {"protocol": protocol, "metric": metric}
        for column, value in asked.items():
            board = board if value is None else board[board[column] == value]
        typer.echo(board.to_json(orient="records", indent=1))
        return
    page = Console(width=300, soft_wrap=True)  # a narrow terminal wraps the lines; nothing is cut
    for title, cells in tables.items():
        page.print(title, style="bold", highlight=False)
        table = Table(box=None)
        table.add_column("method")
        for name in cells.columns:
            table.add_column(name, justify="right")
        for method, row in cells.iterrows():
            table.add_row(method, *row)
        page.print(table, "")


@app.command()
def run(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Chapter numbers, for example 01 02; all if none.")
    ] = None,
    full: Annotated[
        bool, typer.Option(help="The full size, for a GPU or a patient reader.")
    ] = False,
) -> None:
    """Execute chapters again and store their outputs and results."""
    tool = Path(__file__).parents[1] / "tools" / "run_notebooks.py"
    if not tool.is_file():
        raise fail(
            "chapters are run in a clone of the book, and this is an installed package: clone it, "
            "then run: make run"
        )
    command = [sys.executable, str(tool), *(chapters or []), *(["--full"] if full else [])]
    raise typer.Exit(subprocess.call(command))


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="What was handed in: notebooks, or one folder a student.")
    ],
    assignment: Annotated[
        Path, typer.Option(help="The grader's file that `make assignments` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="Where class.csv and the reports go.")] = Path("graded"),
    jobs: Annotated[int, typer.Option(min=1, max=100, help="Submissions at once.")] = os.cpu_count()
    or 1,
    again: Annotated[bool, typer.Option(help="Mark anew also what is marked already.")] = False,
    no_sandbox: Annotated[
        bool, typer.Option(help="Run code that you trust without a sandbox.")
    ] = False,
) -> None:
    """Mark a folder of submitted notebooks, each in a sandbox."""
    try:
        from metarec.grading import Assignment, Sandbox, grade_folder, reports
    except ModuleNotFoundError as error:
        remedy = "which is not installed; run: python -m pip install packaging psutil"
        raise fail(f"the grader needs {error.name}, {remedy}") from None
    try:
        asked = Assignment.load(assignment)
        if out.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{out} lies in {folder}, among the submissions: choose another --out")
        sandbox = Sandbox(asked.libraries, asked.limits, isolate=not no_sandbox)
        if sandbox.warning and not no_sandbox:
            raise ValueError(f"{sandbox.warning} To run them all the same, add --no-sandbox.")
        typer.secho(sandbox.warning, fg="red", err=True, nl=bool(sandbox.warning))
        records = grade_folder(folder, asked, out, sandbox, jobs, again)
        reports.write_all(records, asked, out)
    except (LookupError, ValueError, OSError) as error:
        raise fail(str(error)) from None
    faults = [record["student"] for record in records if "fault" in record]
    typer.echo(f"{len(records)} submissions marked: {out / 'class.csv'} and {out / 'reports'}")
    if faults:
        raise fail(f"the grader itself failed on {', '.join(faults)}: see {out / 'records'}")


if __name__ == "__main__":
    app(prog_name="python -m metarec")
