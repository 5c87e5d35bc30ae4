"""Run what the great comparison lacks: `python tools/fill_gaps.py`.

A method on a protocol that fits it and that no chapter runs is run here once, with the book's
settings as its class declares them, and kept in data/results/full/15.json; no build repeats it.
What is kept is left alone as long as the method's settings are the same, so a run that was broken
off goes on where it ended.
"""

import functools
import sys
import time

from metarec import data, evaluation
from metarec.book import comparison, leaderboard
from metarec.data.splits.names import (
    ALL_JOIN,
    BOTH_NEW,
    CLASSIC_RATINGS,
    NEW_ITEMS,
    NEWCOMERS,
    NEWCOMERS_IN_TIME,
    NEXT_ITEM,
    NOBODY_JOINS,
    TOP_N,
)
from metarec.models import registry
from metarec.models.meta.melu import MeLU, person_facts

FROM_1998_TO_2016 = (NOBODY_JOINS, ALL_JOIN)


class InformedMeLU(MeLU):
    """MeLU that knows sex, age group and occupation of the people of MovieLens-100K."""

    def fit(self, ratings, knowledge=None):
        """As chapter 11 fits it."""
        return super().fit(ratings, knowledge, person_facts(old().users))


@functools.cache
def old():
    """The people of 1998."""
    return data.movielens_100k()


@functools.cache
def recent():
    """The people of 2016."""
    return data.movielens_2016()


@functools.cache
def decades():
    """Protocol 4 from 1998 to 2016."""
    return data.another_population(old(), recent())


def method(name, protocol):
    """An unfitted method with the book's settings, and those people whom the protocol has."""
    made = registry.row(name).method(protocol)
    if isinstance(made, MeLU) and protocol not in FROM_1998_TO_2016:
        made = InformedMeLU(**made.get_params())  # of the people of 2016 nothing is known
    joining = {NOBODY_JOINS: None, ALL_JOIN: old()}.get(protocol, recent())
    return made.set_params(**dict.fromkeys(made.populations, joining))


def run(name, protocol):
    """One cell: the result of one method on one protocol."""
    entry = {name: method(name, protocol)}
    if protocol in FROM_1998_TO_2016:
        train = decades().pooled(0 if protocol == NOBODY_JOINS else None)
        if protocol == ALL_JOIN and entry[name].populations:  # it joins the other by itself
            train = decades().target.train
        result = evaluation.experiment.few_shot(
            entry, train, decades().target.test, protocol, costs=True
        )
    else:
        result = {
            NEWCOMERS: evaluation.newcomers,
            NEWCOMERS_IN_TIME: functools.partial(evaluation.newcomers, order="time"),
            BOTH_NEW: evaluation.both_new,
            NEW_ITEMS: evaluation.new_items,
            NEXT_ITEM: evaluation.next_item,
            TOP_N: evaluation.classic_top_n,
            CLASSIC_RATINGS: evaluation.classic_ratings,
        }[protocol](entry, old(), costs=True)
    return result.only([name])


def settings(name, protocol):
    """The parameters of a cell's method as they are stored: another population by its name."""
    values = method(name, protocol).get_params().items()
    return {name: getattr(value, "name", value) for name, value in values}


def chapters_rows(board):
    """The rows that builds repeat."""
    return board[~board["chapter"].str.endswith("*")]


def open_cells(board):
    """Method and protocol of each gap that is not kept, or not with the settings of today.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `leaderboard.read` gives.
    """
    own = chapters_rows(board)
    once = board.drop(own.index).drop_duplicates(["method", "protocol"])
    kept = once.set_index(["method", "protocol"])["parameters"].to_dict()
    places = comparison.matrix(own)
    gaps = [(name, p) for p in places for name in places.index[places[p] == "gap"]]
    cells = dict.fromkeys([*gaps, *(cell for cell in kept if registry.row(cell[0]))])
    return [cell for cell in cells if kept.get(cell) != settings(*cell)]


def main():
    """Run and keep every open cell."""
    board = leaderboard.read().rows
    cells = open_cells(board)
    print(f"{len(cells)} cells are open")
    for n, (name, protocol) in enumerate(cells, 1):
        start = time.process_time()
        path = leaderboard.save("15", run(name, protocol), once=True)
        seconds = time.process_time() - start
        print(f"{n}/{len(cells)} {protocol}: {name}, {seconds:.0f} s -> {path}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
