# %% [markdown]
# # Problem set 1. Evaluation and its traps
#
# **The story.** The Lantern is a film club with a streaming shelf. A company offers it a recommender, with a
# report of one page: *"RMSE far below your present system. Hit rate@10 three times that of popularity. Better for
# eight of ten members."* The board has one week to sign, and asks you: is any of this true? You will not build a
# recommender. You will build the six instruments with which to read such a report, and then read it.
#
# **What you need.** Chapters 01 and 02. A processor is enough; every answer runs in a second. Only `numpy`,
# `scipy`, `pandas` and Python's own library are there when your answers are marked.
#
# **How long.** About four hours; question 6 may keep you thinking.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Questions 7 and 8 are read by a person. Change names neither
# of functions nor of arguments, return what the docstring says, and add cells as you like.

# %% tags=["assignment"]
libraries = ["numpy", "scipy", "pandas"]
limits = {"cpu": 10, "wall": 30, "memory": 1024}

# %%
import math

import numpy as np

from metarec.grading import expect

# %% [markdown]
# ## Question 1. How wrong about each member (3 points)
#
# The report gives one RMSE for the whole club. The club thinks in members: someone who rated four films is as
# much a member as someone who rated four hundred. So compute the error of each, and leave the mean over members
# for later. Members rated different numbers of films, therefore the arrays have a row for each member and are
# filled up on the right; `mask` is true where there is a rating. What stands in the padding means nothing, and
# it may be `nan`.

# %% tags=["solution"]
def rmse_per_person(predicted, true, mask):
    """Root mean squared error of each person.

    predicted, true: arrays [people, films], in stars. mask: boolean array of the same shape.
    Returns an array [people]; nan for a person without any rating.
    """
    squares = np.where(mask, predicted - true, 0.0) ** 2
    counts = mask.sum(axis=1)
    means = np.full(len(mask), np.nan)
    np.divide(squares.sum(axis=1), counts, out=means, where=counts > 0)
    return np.sqrt(means)

# %% tags=["check"]
expect(
    rmse_per_person,
    (np.array([[4.0, 3.0]]), np.array([[5.0, 3.0]]), np.array([[True, True]])),
    np.array([math.sqrt(0.5)]),
    "one star wrong on one of two films",
    "Square, take the mean over the films of this person, then the root.",
)
expect(
    rmse_per_person,
    (np.array([[4.0, 1.0]]), np.array([[5.0, np.nan]]), np.array([[True, False]])),
    np.array([1.0]),
    "padding does not count",
    "The padding must enter neither the sum nor the number of films.",
)

# %% tags=["hidden"]
def _people(n_people, n_films, empty=()):
    counts = secret.integers(1, n_films, n_people, endpoint=True)
    counts[list(empty)] = 0
    mask = np.arange(n_films) < counts[:, None]
    true = np.where(mask, secret.integers(1, 6, mask.shape).astype(float), np.nan)
    return secret.uniform(1, 5, mask.shape), true, mask

aspect("members with different numbers of films", 2,
       "Every person is divided by the number of their own ratings, and the padding may be nan.",
       cases=[_people(6, 9), _people(40, 25), _people(3, 1)])
aspect("a member without ratings", 1,
       "The mean of nothing is unknown: nan, not zero, and no exception.",
       cases=[_people(7, 5, empty=(2,)), _people(4, 3, empty=(0, 3))])

# %% [markdown]
# ## Question 2. How good the top of the list is (4 points)
#
# Nobody scrolls through the shelf. So judge the first `k` places of one member's list by nDCG, with the gain
# $2^{\text{rating}} - 1$ and the discount $1 / \log_2(\text{place} + 1)$, divided by what the best possible order
# of *all candidates* would reach in the first `k` places.

# %% tags=["solution"]
def ndcg(scores, ratings, k):
    """Normalised discounted cumulative gain of one person's first k places.

    scores: array [films], all different, higher is better. ratings: array [films], from 0 to 5 stars.
    Returns a number from 0 to 1; nan where no film has any gain.
    """
    gains = 2.0**ratings - 1
    length = min(k, len(gains))
    discount = 1 / np.log2(np.arange(2, length + 2))
    reached = gains[np.argsort(-scores)][:length] @ discount
    best = np.sort(gains)[::-1][:length] @ discount
    return reached / best if best > 0 else np.nan

# %% tags=["check"]
expect(
    ndcg,
    (np.array([0.9, 0.5, 0.1]), np.array([5.0, 3.0, 1.0]), 2),
    1.0,
    "the best possible list",
    "Order the films by score, from high to low.",
)
expect(
    ndcg,
    (np.array([0.9, 0.5]), np.array([0.0, 1.0]), 2),
    1 / math.log2(3),
    "the only good film comes second",
    "The discount of place 1 is 1, that of place 2 is 1 / log2(3).",
)

# %% tags=["hidden"]
def _lists(n_films, k, top=6):
    ratings = secret.integers(1, top, n_films).astype(float)
    return secret.permutation(n_films) / 7 - 3.0, ratings, k

aspect("longer lists", 2,
       "The best order is that of all candidates, not only of those that were recommended.",
       cases=[_lists(30, 5), _lists(100, 10), _lists(12, 1), _lists(50, 50)])
aspect("fewer films than places", 1, "With three films, places 4 and 5 stay empty.",
       cases=[_lists(3, 5), _lists(1, 10)])
aspect("nothing to gain", 1, "Zero by zero is unknown: nan.",
       cases=[(secret.permutation(6) * 1.0, np.zeros(6), 3)])

# %% [markdown]
# ## Question 3. The place of a film among equals (4 points)
#
# The report's programmers computed the place of the right film as one plus the number of films with a higher
# score. A system that gives every film the same score would then always put the right film first. Compute the
# place that is to be expected when films with equal scores come in random order.

# %% tags=["solution"]
def expected_place(scores, film):
    """Expected place of a film when equal scores are ordered at random.

    scores: array [films], higher is better. film: position of the film in the array.
    Returns a number; 1 is the top.
    """
    higher = np.sum(scores > scores[film])
    equal = np.sum(scores == scores[film]) - 1
    return 1 + higher + equal / 2

# %% tags=["check"]
expect(
    expected_place,
    (np.array([0.1, 0.9, 0.5]), 2),
    2.0,
    "second of three",
    "One film has a higher score.",
)
expect(
    expected_place,
    (np.array([0.5, 0.5, 0.5]), 1),
    2.0,
    "all the same",
    "The film comes first, second or third, each as often.",
)

# %% tags=["hidden"]
aspect("scores that all differ", 2, "One plus the number of films with a higher score.",
       cases=[(secret.permutation(n) / 3.0 - 2, int(secret.integers(n))) for n in (5, 40, 200, 1)])
_steps = [secret.integers(0, 4, n) / 2.0 for n in (9, 60, 300)]
aspect("equal scores", 2, "Those with the same score are before and after the film equally often.",
       cases=[(s, int(secret.integers(len(s)))) for s in _steps] + [(np.full(50, 0.3), 7)])

# %% [markdown]
# ## Question 4. A split that cannot see the future (5 points)
#
# The company hid a random fifth of all ratings. A newcomer, though, is somebody whose *first* ratings are known
# and whose later ones are to be predicted. Make that split: of each person the first `n_shown` ratings in the
# order of time are shown, and all later ones are asked. Ratings given in the same second keep the order of the
# rows. A person with no more than `n_shown` ratings leaves nothing to be asked, so leave such a person out of
# both.

# %% tags=["solution"]
def newcomer_split(person, time, n_shown):
    """Which rows are shown and which are asked.

    person, time: arrays [rows] of whole numbers; people come in any order. n_shown: at least 1.
    Returns two boolean arrays [rows]: shown, asked.
    """
    order = np.lexsort((np.arange(len(time)), time, person))
    people, start, counts = np.unique(person[order], return_index=True, return_counts=True)
    rank = np.empty(len(person), dtype=int)
    rank[order] = np.arange(len(person)) - np.repeat(start, counts)
    enough = np.isin(person, people[counts > n_shown])
    return enough & (rank < n_shown), enough & (rank >= n_shown)

# %% tags=["check"]
expect(
    newcomer_split,
    (np.array([1, 1, 1]), np.array([30, 10, 20]), 2),
    (np.array([False, True, True]), np.array([True, False, False])),
    "one person, rows out of order",
    "The first two in time are rows 1 and 2.",
)
expect(
    newcomer_split,
    (np.array([7, 7, 3, 3]), np.array([5, 6, 9, 8]), 1),
    (np.array([True, False, False, True]), np.array([False, True, True, False])),
    "two people",
    "Each person has an own order.",
)

# %% tags=["hidden"]
def _diary(people, shortest, longest, seconds):
    counts = secret.integers(shortest, longest, people, endpoint=True)
    names = secret.permutation(np.repeat(secret.permutation(900)[:people], counts))
    times = secret.permutation(seconds)[: len(names)] if seconds > len(names) else (
        secret.integers(0, seconds, len(names)))
    return names, times

aspect("many people in any order", 3, "Order the rows of each person by time, not by row.",
       cases=[(*_diary(9, 4, 12, 10**4), 3), (*_diary(40, 6, 30, 10**5), 5), (*_diary(2, 2, 3, 100), 1)])
aspect("ratings in the same second", 1, "Sort in a way that keeps the order of equals.",
       cases=[(*_diary(5, 30, 40, 4), 10), (*_diary(3, 50, 60, 2), 20)])
aspect("people with too few ratings", 1, "They are neither shown nor asked.",
       cases=[(*_diary(30, 1, 6, 10**4), 3), (*_diary(5, 1, 2, 100), 2)])

# %% [markdown]
# ## Question 5. Better, or only luckier? (6 points)
#
# *"Better for eight of ten members"* says nothing about how much, or how surely. You have the error of both
# systems for each member. Give the mean difference (ours minus theirs) and its 95 % interval by the bootstrap:
# draw as many members as there are, with replacement, `n_draws` times, and take the 2.5th and the 97.5th
# percentile of the means. The same members must be drawn for both systems: people differ from each other far more
# than the systems do, and only within a member can the difference be seen. Members for whom one of the errors is
# `nan` are left out.

# %% tags=["solution"]
def paired_interval(ours, theirs, n_draws, seed):
    """Mean difference of two systems over people, with a bootstrap interval.

    ours, theirs: arrays [people]. n_draws: number of resamples. seed: for np.random.default_rng.
    Returns three numbers: mean, low, high.
    """
    difference = ours - theirs
    difference = difference[~np.isnan(difference)]
    generator = np.random.default_rng(seed)
    drawn = generator.integers(len(difference), size=(n_draws, len(difference)))
    low, high = np.percentile(difference[drawn].mean(axis=1), [2.5, 97.5])
    return difference.mean(), low, high

# %% tags=["check"]
expect(
    paired_interval,
    (np.array([1.0, 3.0, 2.0]) - 0.25, np.array([1.0, 3.0, 2.0]), 200, 0),
    (-0.25, -0.25, -0.25),
    "the same gain for everybody",
    "If everybody gains the same, there is no doubt about the mean: draw people, not errors.",
)

# %% tags=["hidden"]
def _errors(n_people, missing=0):
    people = secret.gamma(9, 0.1, n_people)
    ours = people + secret.normal(-0.02, 0.05, n_people)
    theirs = people + secret.normal(0, 0.05, n_people)
    ours[secret.permutation(n_people)[:missing]] = np.nan
    theirs[secret.permutation(n_people)[:missing]] = np.nan
    return ours, theirs, 3000, int(secret.integers(1000))

# Two intervals of 3000 draws differ by about 0.07 of the standard error; five times that is allowed.
def _allowed(cases):
    differences = [(a - b)[~np.isnan(a - b)] for a, b, *_ in cases]
    return 0.35 * min(d.std() / np.sqrt(len(d)) for d in differences)

_all, _some = [_errors(150), _errors(400)], [_errors(120, missing=25), _errors(200, missing=60)]
aspect("an interval for the difference", 4,
       "Resample people, and take the difference within each before the mean.",
       cases=_all, atol=_allowed(_all))
aspect("members with an unknown error", 2,
       "Leave a person out when either error is nan, before anything is drawn.",
       cases=_some, atol=_allowed(_some))

# %% [markdown]
# ## Question 6. What a sampled hit rate hides (7 points)
#
# The famous hit rate@10 was measured as many papers do it: the right film was ranked among itself and `n_sampled`
# other films, drawn at random **without** replacement from all other films of the shelf. Suppose that in the full
# ranking of `n_films` the right film stands at a certain place. How likely is it to be among the first `k` of the
# short list? Give that probability exactly, for many places at once. There are no equal scores.
#
# When it works, plot it for the Lantern's shelf and look at what the company calls a hit.

# %% tags=["solution"]
def chance_of_hit(places, n_films, n_sampled, k):
    """Probability to be among the first k of a sampled list.

    places: array of whole numbers from 1 to n_films, the place in the full ranking. n_sampled: at
    most n_films - 1. k: at least 1. Returns an array of numbers from 0 to 1.
    """
    return np.array([_chance(int(place), n_films, n_sampled, k) for place in places])


def _chance(place, n_films, n_sampled, k):
    better, worse = place - 1, n_films - place
    first, last = max(0, n_sampled - worse), min(k - 1, better, n_sampled)
    whole = _log_ways(n_films - 1, n_sampled)
    logs = [
        _log_ways(better, n) + _log_ways(worse, n_sampled - n) - whole
        for n in range(first, last + 1)
    ]
    return min(1.0, sum(map(math.exp, logs)))


def _log_ways(n, m):
    return math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1)

# %% tags=["check"]
expect(
    chance_of_hit,
    (np.array([1, 2, 3]), 3, 1, 1),
    np.array([1.0, 0.5, 0.0]),
    "three films, one of the other two drawn",
    "The right film wins when the one that is drawn is not among those above it.",
)
expect(
    chance_of_hit,
    (np.array([1, 10, 11, 40]), 50, 49, 10),
    np.array([1.0, 1.0, 0.0, 0.0]),
    "everything is sampled",
    "Then the short list is the full ranking.",
)

# %% tags=["hidden"]
def _places(n_films, how_many=12):
    return np.sort(secret.permutation(np.arange(2, n_films))[:how_many])

_few = int(secret.integers(60, 90))
_shelf = int(secret.integers(1500, 2000))
_world = int(secret.integers(800_000, 1_000_000))
aspect("the shelf of the Lantern", 3,
       "How many of the sampled films stand above the right one? It follows a known distribution.",
       cases=[(_places(_few), _few, 20, 5), (_places(_shelf), _shelf, 100, 10)], atol=1e-7)
aspect("first, last, and everything drawn", 2,
       "The first film always wins. The sample cannot hold more films above than there are.",
       cases=[(np.array([1, _few]), _few, 10, 3), (np.arange(1, 31), 30, 29, 7),
              (np.array([2, 9, 10]), 10, 9, 9)], atol=1e-7)
aspect("a million films", 2,
       "Numbers of ways overflow: work with logarithms, or ask a library.",
       cases=[(_places(_world), _world, 100, 10), (_places(_world // 50), _world, 1000, 20)], atol=1e-6)

# %% [markdown]
# ## Question 7. What the report does not say (5 points)
#
# This is the whole evidence of the report:
#
# | system | RMSE | hit rate@10 | members who gain |
# |---|---|---|---|
# | yours (mean of each film) | 1.02 | – | – |
# | popularity | – | 0.21 | – |
# | **ours** | **0.94** | **0.63** | **8 of 10** |
#
# *"All settings were chosen on the reported ratings, of which a random fifth was held out. Hit rates are among a
# hundred sampled films."* Name the five gravest reasons why the board cannot conclude from this that its members
# would be better served. Give for each the direction in which it bends the numbers, if it has one, and say which
# of your instruments shows it. At most 250 words.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each, at most 5; half a point without the direction or the instrument).
#
# - Settings were chosen on the ratings that are reported: the best of many tries is lucky there (too good).
# - A random fifth lets the system see the future of the people and films that it predicts; newcomers have no
#   later ratings to learn from (too good; question 4).
# - Hit rate among a hundred sampled films is no hit rate on the shelf: a film at place 100 of 1 800 is a likely
#   hit (too good; question 6). Popularity and *ours* may even change order.
# - Pooled RMSE weighs frequent raters most, who are easiest (direction: usually too good; question 1).
# - No interval, and none of the difference on the same people; "8 of 10" may be ten people (question 5).
# - Each row lacks a number: the mean of each film was not ranked, popularity not rated; no chance row.
# - The baseline is untuned: a film's mean without the member's own level is not "your present system".
# - Equal scores counted in the system's favour (too good; question 3).
# - Nothing about newcomers, rare films or groups of members: whom does it serve worse?
#
# Not worth a point: more data, a bigger network, "overfitting" without saying to what.

# %% [markdown]
# ## Question 8. The experiment that you would run (6 points)
#
# The company gives you its program for one weekend. Design the experiment whose result you would sign with your
# name: data and split, what is tuned on what, the rows of the table, the measures and the unit they are averaged
# over, how certainty is shown, and the result at which you would tell the board *not* to buy. At most 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - Split: whole people are held out; of each, first ratings shown, later ones asked; the program never sees the rest.
# - Tuning on other people (or an inner split), for baselines with the same care as for the program.
# - Rows: chance, popularity, each film's mean plus the member's level, the present system, theirs.
# - Measures: an error in stars and a measure of the top of the *full* list, averaged over members; ties broken at random.
# - Certainty: paired bootstrap over members for the difference to the best baseline, several draws of what is shown.
# - A decision fixed beforehand: a smallest gain that is worth the price, and for whom nobody may lose.
