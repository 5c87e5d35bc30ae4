"""Run what the great comparison lacks: `python tools/fill_gaps.py`.

A method on a protocol that fits it and that no chapter runs is run here once, with the settings
that the chapters stored for it, and kept in data/results/full/15.json; no build repeats it. What is
kept is left alone as long as the method's settings are the same, so a run that was broken off goes
on where it ended.
"""

import functools
import sys
import time

from metarec import data, evaluation, models
from metarec.book import comparison, leaderboard
from metarec.book._field import (
    FAMILY,
    FOLDS,
    JOINED,
    NEW_ITEMS,
    NEWCOMERS,
    NEXT,
    NOTHING_NEW,
    ORDERED,
    STRANGERS,
    TOP_N,
)
from metarec.models.meta.melu import MeLU, person_facts

KINDS = {
    "item kNN": models.ItemNeighbours,
    "user kNN": models.UserNeighbours,
    "user kNN, BM25": models.LikedUserNeighbours,
    "item kNN, BM25": models.LikedItemNeighbours,
    "EASE": models.EASE,
    "ALS": models.ALS,
    "biased MF": models.BiasedMF,
    "SVD++": models.SVDPlusPlus,
    "implicit ALS": models.ImplicitALS,
    "BPR": models.BPR,
    "content ridge": models.ContentRidge,
    "Rocchio profile": models.Rocchio,
    "hierarchical linear model": models.HierarchicalLinear,
    "two towers": models.TwoTower,
    "hierarchical Bayes": models.HierarchicalBayes,
    "hierarchical Bayes + content": models.ContentBayes,
    "MAML": models.MAML,
    "FOMAML": models.MAML,
    "Reptile": models.Reptile,
    "ANIL": models.ANIL,
    "Meta-SGD": models.MetaSGD,
    "MeLU": MeLU,
    "matching network": models.MatchingNetwork,
    "neural process": models.ConditionalNeuralProcess,
    "attentive process": models.AttentiveNeuralProcess,
    "ridge head": models.RidgeHead,
    "transformer": models.InContextTransformer,
    "correcting transformer": models.InContextTransformer,
    "informed Bayes": models.InformedBayes,
    "blended Bayes": models.BlendedBayes,
}


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
def new():
    """The people of 2016."""
    return data.movielens_2016()


@functools.cache
def decades():
    """Protocol 4 from 1998 to 2016."""
    return data.another_population(old(), new())


def by_name(settings):
    """Settings as results hold them: another population by its name."""
    return {name: getattr(value, "name", value) for name, value in settings.items()}


def method(name, protocol, board):
    """An unfitted method with the settings that the chapters' rows have for such a protocol."""
    names = board["method"].str.removesuffix(" (folds)")
    mine = board[(names == name) & board["protocol"].isin(comparison.METRICS)]
    alike = FOLDS if protocol in (TOP_N, NEXT) else NEWCOMERS  # whole histories, or few ratings
    mine = mine[mine["protocol"] == alike] if alike in set(mine["protocol"]) else mine
    settings = dict(mine["parameters"].iloc[-1])
    kind = KINDS[name]
    if protocol in (STRANGERS, JOINED):  # nothing is known of the people of 2016
        if FAMILY[name] == "informed prior":  # these join another population by themselves
            settings |= {"traits": "", "others": old().name if protocol == JOINED else None}
    elif kind is MeLU:
        kind = InformedMeLU
    known = {ratings.name: ratings for ratings in (old(), new())}
    settings |= {name: known.get(settings[name]) for name in kind.populations}
    return kind(**settings)


def run(name, protocol, board):
    """One cell: the result of one method on one protocol."""
    entry = {name: method(name, protocol, board)}
    if protocol in (STRANGERS, JOINED):
        train = decades().pooled(0 if protocol == STRANGERS else None)
        if protocol == JOINED and FAMILY[name] == "informed prior":
            train = decades().target.train
        result = evaluation.experiment.few_shot(entry, train, decades().target.test, protocol)
    else:
        result = {
            NEWCOMERS: evaluation.newcomers,
            ORDERED: functools.partial(evaluation.newcomers, order="time"),
            NOTHING_NEW: evaluation.both_new,
            NEW_ITEMS: evaluation.new_items,
            NEXT: evaluation.next_item,
            TOP_N: evaluation.classic_top_n,
            FOLDS: evaluation.classic_ratings,
        }[protocol](entry, old())
    return result.only([name])


def chapters_rows(board):
    """The rows that builds repeat."""
    return board[~board["chapter"].str.endswith("*")]


def open_cells(board):
    """Method and protocol of each cell that no chapter runs, and that is not kept as it would be.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `leaderboard.read` gives.
    """
    own = chapters_rows(board)
    kept = board.drop(own.index).set_index(["method", "protocol"])["parameters"]
    places = comparison.matrix(own)
    return [
        (name, protocol)
        for protocol in places
        for name in places.index[places[protocol] == "gap"]
        if (name, protocol) not in kept.index
        or kept.loc[[(name, protocol)]].iloc[-1]
        != by_name(method(name, protocol, own).get_params())
    ]


def main():
    """Run and keep every open cell."""
    board = leaderboard.read().rows
    cells = open_cells(board)
    print(f"{len(cells)} cells are open")
    for n, (name, protocol) in enumerate(cells, 1):
        start = time.process_time()
        path = leaderboard.save("15", run(name, protocol, chapters_rows(board)), once=True)
        seconds = time.process_time() - start
        print(f"{n}/{len(cells)} {protocol}: {name}, {seconds:.0f} s -> {path}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
