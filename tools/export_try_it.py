"""Write the model behind the page "Try it": `python tools/export_try_it.py`.

Fits `HierarchicalBayes` to MovieLens-2016 and writes what a newcomer's posterior needs, as
integers, into a script that a page can load without a server. MovieLens-2016, because its
conditions let it be passed on transformed; those of the 100K do not. The file is committed, so
that a page of the book does not differ between the machines that render it; a test fits again
and compares.
"""

import json

import numpy as np
from chapters import ROOT
from scipy.stats import norm

from metarec.book.recommend import LEVEL
from metarec.data import Ratings, movielens_2016
from metarec.data.titles import label, names
from metarec.models import HierarchicalBayes

TARGET = ROOT / "book" / "_static" / "try_it" / "model.js"
FACTORS = 4  # twice as many do not lower the error on validation people, and triple the file
LEAST = 15  # ratings of a film; below, the file grows and readers know few of the films
WELL_KNOWN = 100  # films from which the ends of the directions are taken
UNIT = 1e-4  # of the numbers of the films
DIGITS = 6  # of what all films share: the user's prior, which is inverted, the noise, the mean

SCRIPT = """\
// The films and the prior of the page "Try it", made by tools/export_try_it.py; do not edit.
// Learned from MovieLens-2016 (F. M. Harper and J. A. Konstan, doi:10.1145/2827872), to be passed
// on only under the conditions in data/movielens_2016/README.md: no commercial use.
globalThis.tryItModel =
"""


def units(values):
    """How many units the values are, to the nearest, as a list of int."""
    return np.rint(values / UNIT).astype(int).tolist()


def names_of(ratings, item):
    """The title that the page shows, with its year, and the film's other names."""
    first, *others = names(label(ratings, item).removesuffix(")").rpartition(" (")[0])
    return f"{first} ({int(ratings.items.loc[item, 'year'])})", " / ".join(others)


def directions(model, known):
    """Films at the two ends of each direction of taste, the one that matters most first.

    Directions are the principal axes of the part of the well-known films' ratings that differs
    between people. No film is an end twice.
    """
    v, root = model.item_mean_[known, 1:], np.linalg.cholesky(model.user_covariance_[1:, 1:])
    _, axes = np.linalg.eigh(root.T @ v.T @ v @ root)  # ascending
    free, ends = np.ones(len(known), bool), []
    for place in (v @ root @ axes[:, ::-1]).T:  # [films]
        pair = [int(np.where(free, sign * place, -np.inf).argmax()) for sign in (-1, 1)]
        free[pair] = False
        ends.append(sorted(pair))  # the better known one left, whatever the sign of the axis
    return known[np.array(ends)]


def film(model, ratings, counts, means, row):
    """One film: id, title, other names, number and mean of its ratings, mean and covariance of w.

    Of the covariance the lower triangle, row by row.
    """
    item = ratings.items.index[row]
    lower = np.tril_indices(len(model.user_mean_))
    return [
        int(item), *names_of(ratings, item), int(counts[row]), round(float(means[row]), 1),
        units(model.item_mean_[row]), units(model.item_covariance_[row][lower]),
    ]  # fmt: skip


def fit():
    """The model of the page, and what it was fitted to."""
    ratings: Ratings = movielens_2016()
    return HierarchicalBayes(n_factors=FACTORS, seed=0).fit(ratings), ratings


def exported(model, ratings):
    """All that the page knows, the best known film first."""
    counts, means = ratings.item_counts(), ratings.item_means()
    rows = np.argsort(-counts, kind="stable")
    rows = rows[counts[rows] >= LEAST]
    ends = directions(model, rows[:WELL_KNOWN])
    return {
        "scale": ratings.scale,
        "level": LEVEL,
        "reach": float(norm.ppf((1 + LEVEL) / 2)),  # half an interval, in standard deviations
        "unit": UNIT,
        "global_mean": round(model.global_mean_, DIGITS),
        "noise": round(model.noise_, DIGITS),
        "user_mean": model.user_mean_.round(DIGITS).tolist(),
        "user_covariance": model.user_covariance_.round(DIGITS).tolist(),
        "directions": ratings.items.index.to_numpy()[ends].tolist(),
        "films": [film(model, ratings, counts, means, row) for row in rows],
    }


def text(content):
    """The script that holds the content, one film or other entry a line."""

    def line(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    lines = [f"{line(name)}: {line(value)}" for name, value in content.items() if name != "films"]
    films = ",\n".join(map(line, content["films"]))
    return SCRIPT + "{\n" + ",\n".join(lines) + f',\n"films": [\n{films}\n]}};\n'


def content_of(script):
    """What a script made by `text` holds."""
    return json.loads(script.partition("globalThis.tryItModel =")[2].rstrip().removesuffix(";"))


def main():
    """Fit, and write the file."""
    TARGET.write_text(text(exported(*fit())), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
