"""Numbers on prose pages, read at each build from what the chapters stored.

`` {claim}`01: the error is larger for women` `` gives the value of a checked claim, with a link to
the list in which it stands. `` {measured}`13: blended Bayes, rmse, k = 20` `` gives the mean of a
method among the newcomers. What is not stored is an error, so no number can go stale.
"""

import functools
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from metarec.book.claims import stored

ROOT = Path(__file__).resolve().parents[2]
CHECKED = "#claims-of-this-chapter-checked"  # the heading's anchor in every chapter


@functools.cache
def chapter(number):
    """The path of a chapter's notebook."""
    path = next(ROOT.glob(f"notebooks/{number}_*.ipynb"), None)
    if path is None:
        raise ValueError(f"there is no chapter {number}")
    return path


@functools.cache
def claims(number):
    """The claims of a chapter."""
    return stored(chapter(number))


def claimed(said):
    """Value and explanation of a claim, written as `01: its text`."""
    number, _, text = said.partition(": ")
    match = claims(number).get(text)
    if match is None or match["value"] is None:
        raise ValueError(f"chapter {number} has no claim {text!r} with a number")
    return match["value"], f"Chapter {number}: {text}; claimed: {match['band']}", number + CHECKED


def measured(said):
    """Mean of a method among the newcomers, written as `13: blended Bayes, rmse, k = 20`."""
    from metarec.book import leaderboard

    number, _, row = said.partition(": ")
    method, metric, k = row.rsplit(", ", 2)
    board = leaderboard.read(number).rows
    wanted = {"protocol": "newcomers", "method": method, "metric": metric}
    for column, value in wanted.items():
        board = board[board[column] == value]
    rows = board[board["k"] == int(k.removeprefix("k = "))]
    if len(rows) != 1:
        raise ValueError(f"chapter {number} stored no single row for {row!r}")
    found = rows.iloc[0]
    about = f"Chapter {number}: {method}, {metric}, {k}; 95 % interval over people"
    return f"{found['mean']:.3f}", f"{about} {found['low']:.3f} to {found['high']:.3f}", number


class Evidence(SphinxRole):
    """A number, linked to the chapter that it comes from."""

    def __init__(self, look_up):
        super().__init__()
        self.look_up = look_up

    def run(self):
        self.env.note_reread()
        try:
            value, about, target = self.look_up(self.text)
        except (ValueError, FileNotFoundError) as error:
            logging.getLogger(__name__).warning(str(error), location=self.get_location())
            return [nodes.inline(text="?")], []
        page = "notebooks/" + chapter(target[:2]).stem
        uri = self.env.app.builder.get_relative_uri(self.env.docname, page) + target[2:]
        link = nodes.reference(text=value, refuri=uri, internal=True, reftitle=about)
        return [nodes.inline("", "", link, classes=["evidence"])], []


def setup(app):
    app.add_role("claim", Evidence(claimed))
    app.add_role("measured", Evidence(measured))
    return {"parallel_read_safe": True}
