"""Write the README's table from data/results: `python tools/readme_table.py`.

It stands between two comments; a test fails when it is not what the stored results give.
"""

import sys

from chapters import ROOT

from metarec.book import comparison, leaderboard

README = ROOT / "README.md"
START, END = "<!-- results: written by tools/readme_table.py -->", "<!-- end of results -->"


def markdown(table):
    """A table of texts as Markdown, the index first."""
    head = ["method", *table.columns]
    rule = ["---", "---", *["--:"] * (len(head) - 2)]
    rows = [[method, *cells] for method, *cells in table.itertuples(name=None)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def written(text):
    """The README with the table that the stored results give."""
    before, _, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"README.md has no lines {START!r} and {END!r}; put them back")
    table = markdown(comparison.best_of_families(leaderboard.read().rows))
    return f"{before}{START}\n{table}\n{END}{after}"


def main():
    """Replace the table."""
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
