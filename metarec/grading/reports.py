"""What is handed back: a CSV file of the class, a page for each student, a list to mark by hand."""

from __future__ import annotations

import csv
import html
from pathlib import Path

from metarec.grading import board
from metarec.grading.assignment import Assignment, Question

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 .3rem}
ul{list-style:none;padding-left:0}li{padding:.35rem 0;border-top:1px solid #ddd}
pre{white-space:pre-wrap;background:#f4f4f4;padding:.6rem}.hint,.quiet{color:#555}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181d}li{border-color:#3a3d44}
pre{background:#22252b}.hint,.quiet{color:#b3b3b3}}"""
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>{style}</style>
<h1>{title}</h1>
{body}
</html>
"""
esc = html.escape


def plain_cell(text) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = " ".join(str(text).encode("utf-8", "replace").decode().split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def amount(points: float) -> str:
    """Points without needless decimals."""
    return f"{points:g}"


def write_all(records: list[dict], assignment: Assignment, out: Path) -> None:
    """Write class.csv, written.csv and reports/, and take in what was marked by hand.

    Parameters
    ----------
    records : list of dict
        From `grade_folder`.
    assignment : Assignment
        What was asked.
    out : Path
        Where to write.
    """
    by_hand = read_written(out / "written.csv")
    asked = [question for question in assignment.questions if not question.function]
    (out / "reports").mkdir(parents=True, exist_ok=True)
    rows, hand_rows = [], []
    for record in records:
        marked = {q.number: by_hand.get((plain_cell(record["student"]), q.number)) for q in asked}
        rows.append(class_row(record, assignment, marked))
        hand_rows += [
            [
                plain_cell(record["student"]),
                q.number,
                *(marked[q.number] or ("", "")),
                f"of {amount(q.points)}",
            ]
            for q in asked
        ]
        page = report(record, assignment, marked)
        (out / "reports" / f"{record['label']}.html").write_text(page, encoding="utf-8")
    heads = [f"q{q.number} of {amount(q.points)}" for q in assignment.questions]
    _table(out / "class.csv", ["student", "file", "state", *heads, "points", "of"], rows)
    if asked:
        _table(out / "written.csv", ["student", "question", "points", "comment", "of"], hand_rows)
    ranked = [[plain_cell(cell) for cell in row] for row in board.table(records)]
    if ranked:
        _table(out / "leaderboard.csv", board.HEAD, ranked)


def _table(path: Path, head: list[str], rows: list[list]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


def read_written(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Points and comments that a person has typed into written.csv, by student and question."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for number, row in enumerate(rows, start=2):
        points = (row.get("points") or "").strip()
        try:
            float(points or 0)
        except ValueError:
            raise ValueError(
                f"{path.name}, line {number}: {points!r} is no number of points"
            ) from None
        found[row["student"], row["question"]] = (points, (row.get("comment") or "").strip())
    return found


def class_row(record: dict, assignment: Assignment, by_hand: dict) -> list[str]:
    """One line of class.csv; a written answer that nobody has marked yet stays empty."""
    machine = {q["number"]: amount(q["points"]) for q in record["questions"]}
    cells = [machine.get(q.number, "0") if q.function else (by_hand[q.number] or ("",))[0]
             for q in assignment.questions]  # fmt: skip
    total = sum(float(cell) for cell in cells if cell)
    ends = [amount(total), amount(assignment.points)]
    state = record["state"] + ("" if record["isolated"] else "; no sandbox")
    return [*map(plain_cell, (record["student"], record["file"], state)), *cells, *ends]


def report(record: dict, assignment: Assignment, by_hand: dict) -> str:
    """The page of one student.

    Parameters
    ----------
    record : dict
        As `mark` makes it.
    assignment : Assignment
        What was asked.
    by_hand : dict
        For each written question a pair (points, comment), or None.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing.
    """
    machine = {question["number"]: question for question in record["questions"]}
    row = class_row(record, assignment, by_hand)
    body = [f"<p>{esc(record['student'])}: <strong>{row[-2]} of {row[-1]} points</strong></p>"]
    if record["state"] != "marked":
        body.append(f"<p><strong>{esc(record['state'])}</strong></p>")
    for question in assignment.questions:
        if question.function:
            body += _machine_part(question, machine.get(question.number))
        else:
            body += _written_part(question, record["written"], by_hand[question.number])
    return PAGE.format(title=esc(assignment.title), style=STYLE, body="\n".join(body))


def _machine_part(question: Question, marked: dict | None) -> list[str]:
    points = amount(marked["points"] if marked else 0)
    head = f"Question {question.number}: {question.title}, {points} of {amount(question.points)}"
    body = [f"<h2>{esc(head)}</h2>"]
    if marked is None:
        return [*body, "<p>Not marked.</p>"]
    if marked["ended"]:
        body.append(f"<p>The run was stopped: {esc(marked['ended'])}.</p>")
    failed = {f"cell {cell} ({name})" for cell, name in marked["trouble"]}
    if failed and (marked["missing"] or marked["points"] < question.points):
        listed = ", ".join(sorted(failed)[:5])
        body.append(f'<p class="quiet">Code that did not run: {esc(listed)}.</p>')
    return [*body, "<ul>", *map(_aspect_line, marked["aspects"]), "</ul>"]


def _aspect_line(aspect: dict) -> str:
    worth = (
        "example"
        if aspect["public"]
        else f"{amount(aspect['points'])} of {amount(aspect['out_of'])}"
    )
    if aspect["score"] is not None:
        ends = f"{aspect['low']:.4f} to {aspect['high']:.4f}"
        worth += f"; scores {aspect['score']:.4f}, 95 % interval over people {ends}"
    part = "◑ in part" if aspect["points"] else "✗ wrong"
    line = f"{part if aspect['said'] else '✓ right'}: {esc(aspect['name'])} ({worth})"
    if aspect["said"]:
        line += f": {esc(aspect['said'])}."
    elif aspect["points"] < aspect["out_of"]:
        line += ": counts only when the first part is right."
    hint = f'<br><span class="hint">Hint: {esc(aspect["hint"])}</span>' if aspect["hint"] else ""
    return f"<li>{line}{hint}</li>"


def _written_part(question: Question, written: dict, marked) -> list[str]:
    points, comment = marked or ("", "")
    state = f"{points} of {amount(question.points)}" if points else "marked by a person, not yet"
    body = [f"<h2>{esc(f'Question {question.number}: {question.title}, {state}')}</h2>"]
    body += [f"<p>{esc(comment)}</p>"] if comment else []
    text = written.get(question.number, "").strip()
    return [*body, f"<pre>{esc(text) or 'No answer was found.'}</pre>"]
