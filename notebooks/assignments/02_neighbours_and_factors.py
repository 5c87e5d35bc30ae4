# %% [markdown]
# # Problem set 2. Neighbours and factorisation
#
# **The story.** The Harbour Library lends board games: some four hundred boxes, three thousand members, one to five
# stars on a slip when a box comes back. The games desk has one old computer without a network, and a rule: *whatever
# we tell a member at the desk, we can explain at the desk.* So there will be no training overnight and no black box.
# Everything that you build here is one formula, solved exactly: neighbours, learned neighbours, factors, a newcomer
# folded in. And because the council pays, the desk must also know how well it would do for somebody who joins tomorrow.
#
# **What you need.** Chapters 03 and 04. A processor is enough; every answer runs in a second. Only `numpy`,
# `scipy`, `pandas` and Python's own library are there when your answers are marked.
#
# **How long.** About five hours; question 6 may keep you thinking.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Every answer here is the exact solution of one equation, so
# yours must agree to six digits: that leaves room for rounding and for another way to solve it, and none for another
# formula. Questions 7 and 8 are read by a person. Change names neither of functions nor of arguments, return what
# the docstring says, and add cells as you like.

# %% tags=["assignment"]
libraries = ["numpy", "scipy", "pandas"]

# %%
import math

import numpy as np

from metarec.grading import expect

nan = np.nan

# %% [markdown]
# ## Question 1. Which games are alike (3 points)
#
# The desk's old program put two games side by side if *one* member had loved both. Compare games properly. What you
# get are residuals: the stars of each rating, less what the biases of the member and of the game explain. The
# similarity of two games is the cosine of their residuals *over the members who rated both*, shrunk by the number
# $n$ of these members:
#
# $$ s_{ij} = \frac{n}{n + \lambda} \cdot
# \frac{\sum_u e_{ui}\, e_{uj}}{\sqrt{\sum_u e_{ui}^2}\,\sqrt{\sum_u e_{uj}^2}}, $$
#
# where every sum runs over those members only. Where nothing can be compared the similarity is zero. A game is no
# neighbour of its own.

# %% tags=["solution"]
def similarities(residuals, shrinkage):
    """Shrunk cosine of all pairs of games.

    residuals: array [members, games], nan where there is no rating. shrinkage: at least 0.
    Returns an array [games, games]; 0 on the diagonal and wherever nothing can be compared.
    """
    rated = ~np.isnan(residuals)
    filled, there = np.where(rated, residuals, 0.0), rated.astype(float)
    shared = there.T @ there
    squares = (filled**2).T @ there  # of the first game, over the raters of the second
    length = np.sqrt(squares * squares.T) * (shared + shrinkage)
    found = np.zeros_like(shared)
    np.divide(shared * (filled.T @ filled), length, out=found, where=length > 0)
    np.fill_diagonal(found, 0)
    return found

# %% tags=["check"]
expect(
    similarities,
    (np.array([[1.0, 2.0], [2.0, -1.0], [2.0, nan]]), 2),
    np.array([[0.0, 0.0], [0.0, 0.0]]),
    "two members who contradict each other",
    "The products of the two members cancel.",
)
expect(
    similarities,
    (np.array([[1.0, 2.0], [1.0, 1.0], [5.0, nan]]), 2),
    np.array([[0.0, 0.5 * 3 / math.sqrt(10)], [0.5 * 3 / math.sqrt(10), 0.0]]),
    "the third member does not count",
    "Only members who rated both games enter the lengths, not only the product.",
)

# %% tags=["hidden"]
def _slips(members, games, share, silent=()):
    stars = secret.normal(0, 1, (members, games))
    stars[secret.random(stars.shape) > share] = np.nan
    stars[:, list(silent)] = np.nan
    return stars

_halves = _slips(12, 8, 0.9, silent=(3,))
_halves[:, 5] = 0.0
aspect("members with many and with few ratings", 2,
       "Both lengths are sums over those who rated both games; then shrink by how many these are.",
       cases=[(_slips(60, 14, 0.4), 10), (_slips(300, 30, 0.1), 100.0), (_slips(25, 9, 0.6), 1.5)])
aspect("nothing to compare", 1,
       "No common member, or residuals that are all zero: the similarity is 0, also without shrinkage.",
       cases=[(_slips(6, 12, 0.2, silent=(0, 7)), 0), (_halves, 4)])

# %% [markdown]
# ## Question 2. What the neighbours say (4 points)
#
# A member stands at the desk. For every game of the shelf, let those games vote that this member has rated:
#
# $$ \hat r_i = b_i + \frac{\sum_j s_{ij}\, e_j}{\kappa + \sum_j s_{ij}}, $$
#
# where $b_i$ is the baseline of the game for this member, $e_j$ the member's residual, and $j$ runs over the $m$
# games with the largest $s_{ij} > 0$ *among those that the member has rated*. Who has no vote leaves the baseline.

# %% tags=["solution"]
def neighbours_say(residuals, baseline, similarity, m, kappa):
    """Predicted stars of all games for one member.

    residuals: array [games], nan where the member has not rated. baseline: array [games].
    similarity: array [games, games], symmetric, 0 on the diagonal; no two positive ones are equal.
    m: at least 1. kappa: at least 0. Returns an array [games].
    """
    rated = np.flatnonzero(~np.isnan(residuals))
    weights = np.maximum(similarity[:, rated], 0)
    nearest = np.argsort(-weights, axis=1)[:, :m]
    weights = np.take_along_axis(weights, nearest, axis=1)
    votes = (weights * residuals[rated][nearest]).sum(axis=1)
    heard = kappa + weights.sum(axis=1)
    return baseline + np.divide(votes, heard, out=np.zeros(len(baseline)), where=heard > 0)

# %% tags=["check"]
_alike = np.array([[0.0, 0.5, 0.25], [0.5, 0.0, 0.75], [0.25, 0.75, 0.0]])
expect(
    neighbours_say,
    (np.array([nan, 1.0, -1.0]), np.array([3.0, 3.5, 4.0]), _alike, 2, 0.25),
    np.array([3.25, 2.75, 4.75]),
    "three games",
    "The first game: (0.5 · 1 − 0.25 · 1) / (0.25 + 0.75) above its baseline.",
)
expect(
    neighbours_say,
    (np.array([nan, 1.0, nan]), np.array([3.0, 3.5, 4.0]), -_alike, 2, 1),
    np.array([3.0, 3.5, 4.0]),
    "only games that are unlike",
    "Negative similarities have no vote.",
)

# %% tags=["hidden"]
def _desk(games, rated, m, kappa, like=0.0):
    upper = np.triu(secret.normal(like, 0.3, (games, games)), 1)
    own = np.full(games, np.nan)
    own[secret.permutation(games)[:rated]] = secret.normal(0, 1, rated)
    return own, secret.uniform(2, 5, games), upper + upper.T, m, kappa

aspect("members with more ratings than neighbours", 3,
       "Take the m most similar among the games that the member has rated, not among all games.",
       cases=[_desk(30, 12, 4, 0.5), _desk(80, 40, 10, 2.0, like=0.2), _desk(15, 9, 1, 0.1)])
aspect("nobody to ask", 1, "Without a positive similarity the baseline remains, also for kappa = 0.",
       cases=[_desk(12, 3, 5, 0, like=-0.4), _desk(9, 0, 3, 0), _desk(9, 0, 3, 1.5)])

# %% [markdown]
# ## Question 3. Neighbours that are learned (4 points)
#
# For the list on the wall forget the stars. Let $\mathbf Y$ be 1 where a member liked a game and 0 elsewhere. Find
# the weights of EASE, the $\mathbf W$ with zeros on the diagonal that makes
#
# $$ \lVert \mathbf Y - \mathbf Y \mathbf W \rVert^2 + \lambda \lVert \mathbf W \rVert^2 $$
#
# as small as possible. There is one, and one inverse gives it. You can prove that you have it, without knowing the
# answer: off the diagonal the gradient must vanish. The second check does that.

# %% tags=["solution"]
def ease(likes, penalty):
    """Weights of EASE.

    likes: boolean array [members, games]. penalty: above 0.
    Returns an array [games, games]; the score of game j is the sum over liked games i of W[i, j].
    """
    y = likes.astype(float)
    inverse = np.linalg.inv(y.T @ y + penalty * np.eye(y.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights

# %% tags=["check"]
_likes = np.array([[True, True], [True, True], [True, False]])
expect(
    ease,
    (_likes, 2),
    np.array([[0.0, 2 / (3 + 2)], [2 / (2 + 2), 0.0]]),
    "two games",
    "Each column is then a ridge regression on one number: liked both, over liked i plus the penalty.",
)

_many = np.random.default_rng(0).random((40, 7)) < 0.4
_y = _many.astype(float)
_w = ease(_many, 3.0)
_slope = 2 * _y.T @ (_y @ _w - _y) + 2 * 3.0 * _w
_outside = _slope[~np.eye(7, dtype=bool)]
assert np.allclose(_outside, 0), "off the diagonal the gradient is not zero yet"
print("✓ ease: no weight can be improved")

# %% tags=["hidden"]
def _wall(members, games, empty=0):
    share = np.append(secret.beta(1, 3, games - empty), np.zeros(empty))
    return secret.random((members, games)) < secret.permutation(share)

aspect("a wall of games", 3,
       "Column j is a regression on all other games: it is divided by its own number, and not made by "
       "setting a diagonal to zero afterwards.",
       cases=[(_wall(50, 8), 5.0), (_wall(400, 60), 80.0), (_wall(30, 3), 0.5)])
aspect("more games than members, and games that nobody liked", 1,
       "The penalty makes the matrix invertible; nothing else is needed.",
       cases=[(_wall(10, 40), 1.0), (_wall(20, 12, empty=3), 2.5)])

# %% [markdown]
# ## Question 4. Half a step of ALS (5 points)
#
# Now factors. The members' tastes $\mathbf p_u$ are held still; find for each game its bias $b_i$ and its vector
# $\mathbf v_i$, those that make
#
# $$ \sum_{u \in \mathcal U_i} \bigl(e_{ui} - b_i - \mathbf p_u^\top \mathbf v_i\bigr)^2
# + \lambda_b\, b_i^2 + \lambda \lVert \mathbf v_i \rVert^2 $$
#
# as small as possible. The sum runs over the members who rated the game: a blank is no zero. Here $e_{ui}$ is the
# rating less the mean of all ratings and less the member's bias.

# %% tags=["solution"]
def fit_games(residuals, tastes, bias_price, price):
    """Biases and vectors of all games, given the tastes of the members.

    residuals: array [members, games], nan where there is no rating. tastes: array [members, d].
    bias_price, price: above 0. Returns an array [games, 1 + d], first the bias, then the vector.
    """
    x = np.column_stack([np.ones(len(tastes)), tastes])  # [members, 1 + d]
    there = (~np.isnan(residuals)).astype(float)
    prices = np.diag([bias_price] + [price] * tastes.shape[1])
    left = np.einsum("ui,ua,ub->iab", there, x, x, optimize=True) + prices
    right = np.nan_to_num(residuals).T @ x
    return np.linalg.solve(left, right[:, :, None])[:, :, 0]

# %% tags=["check"]
expect(
    fit_games,
    (np.array([[1.0], [2.0], [nan]]), np.array([[0.0], [0.0], [1.0]]), 1, 4),
    np.array([[1.0, 0.0]]),
    "a bias alone",
    "Two ratings, one and two above: their sum over two plus the price of the bias.",
)
expect(
    fit_games,
    (np.array([[2.0, nan], [-2.0, nan]]), np.array([[1.0], [-1.0]]), 1, 2),
    np.array([[0.0, 1.0], [0.0, 0.0]]),
    "a vector alone, and a game without ratings",
    "Nothing is known of the second game, so prices alone decide.",
)

# %% tags=["hidden"]
def _half(members, games, d, share, bias_price, price):
    return _slips(members, games, share), secret.normal(0, 1, (members, d)), bias_price, price

_unseen = _half(30, 6, 3, 0.5, 2.0, 1.0)
_unseen[0][:, [1, 4]] = np.nan
aspect("games with many and with few ratings", 3,
       "One ridge regression for each game, over those who rated it, with the two prices.",
       cases=[_half(80, 20, 4, 0.3, 5.0, 1.5), _half(40, 10, 2, 0.6, 0.5, 8.0)])
aspect("fewer ratings than numbers", 1, "The prices decide what the ratings leave open.",
       cases=[_half(4, 8, 12, 0.5, 0.3, 0.1)])
aspect("a game that nobody has rated", 1, "Its bias and its vector are zero, and no exception is raised.",
       cases=[_unseen])

# %% [markdown]
# ## Question 5. The price, chosen without peeking (6 points)
#
# A newcomer is folded in: with the games' vectors held still, one ridge regression on the rows
# $(1, \mathbf v_i)$ of the games that this person has *shown* us, every number at the same price $\lambda$. Its
# prediction for any other residual is $(1, \mathbf v_i)$ times the solution. Which price?
#
# You have two groups of newcomers, each with residuals that are shown and residuals that are asked. Choose the price
# on the *validation* group: the one with the smallest error, where the error of a group is the mean over its people
# of their RMSE on what they are asked. If prices are equally good, take the largest of them. Then report the error of the *test*
# group at that price, and do nothing else with it.

# %% tags=["solution"]
def choose_price(vectors, prices, shown, asked, test_shown, test_asked):
    """The price with the smallest validation error, and the test error at this price.

    vectors: array [games, d]. prices: array, all above 0, in any order. shown, asked, test_shown,
    test_asked: arrays [people, games] of residuals, nan where blank; the first two are validation.
    Somebody who is asked nothing is left out. Returns two numbers: price, test error.
    """
    x = np.column_stack([np.ones(len(vectors)), vectors])
    ordered = np.sort(prices)[::-1]
    best = ordered[np.argmin([_group_error(x, one, shown, asked) for one in ordered])]
    return best, _group_error(x, best, test_shown, test_asked)


def _group_error(x, price, shown, asked):
    errors = []
    for mine, wanted in zip(shown, asked, strict=True):
        known, open_ = ~np.isnan(mine), ~np.isnan(wanted)
        if open_.any():
            rows = x[known]
            left = rows.T @ rows + price * np.eye(x.shape[1])
            taste = np.linalg.solve(left, rows.T @ mine[known])
            errors.append(np.sqrt(np.mean((wanted[open_] - x[open_] @ taste) ** 2)))
    return np.mean(errors)

# %% tags=["check"]
_one = np.array([[2.0, nan, nan]])
expect(
    choose_price,
    (np.zeros((3, 1)), np.array([1.0, 3.0]), _one, np.array([[nan, 1.0, nan]]),
     _one, np.array([[nan, nan, 2.0]])),
    (1.0, 1.0),
    "a strictness alone",
    "One rating, two above: at price 1 the person's bias is 2 / (1 + 1), at price 3 it is 2 / (1 + 3).",
)
expect(
    choose_price,
    (np.zeros((3, 1)), np.array([1.0, 3.0]), _one, np.array([[nan, 0.5, nan]]),
     _one, np.array([[nan, nan, 1.0]])),
    (3.0, 0.5),
    "validation and test disagree",
    "The test group has no say in the choice, even where it would do better at another price.",
)

# %% tags=["hidden"]
def _newcomers(people, vectors, k, n_asked):
    tastes = secret.normal(0, 0.5, (people, vectors.shape[1]))
    stars = tastes @ vectors.T + secret.normal(0, 1, (people, 1))
    stars += secret.normal(0, 1, stars.shape)
    place = secret.permuted(np.tile(np.arange(len(vectors)), (people, 1)), axis=1)
    n_asked = secret.integers(1, n_asked, (people, 1), endpoint=True)
    shown = np.where(place < k, stars, np.nan)
    return shown, np.where((place >= k) & (place < k + n_asked), stars, np.nan)

def _two_groups(games, d, people, k, n_asked):
    while True:  # until the groups would choose differently, so that peeking shows
        vectors = secret.normal(0, 1, (games, d))
        prices = secret.permutation(np.geomspace(0.3, 60, 12))
        first, second = (_newcomers(people, vectors, k, n_asked) for _ in range(2))
        case = (vectors, prices, *first, *second)
        if choose_price(*case)[0] != choose_price(vectors, prices, *second, *first)[0]:
            return case

def _blank(case, part, people):
    case[part][people] = np.nan
    return case

aspect("newcomers of two groups", 3,
       "Choose on validation alone; each person's RMSE first, then the mean over people.",
       cases=[_two_groups(40, 4, 15, 6, 12), _two_groups(60, 8, 12, 10, 20), _two_groups(30, 2, 20, 3, 9)])
aspect("people who have shown nothing, or are asked nothing", 2,
       "Who has shown nothing gets the baseline, and counts. Who is asked nothing does not count.",
       cases=[_blank(_blank(_two_groups(40, 3, 14, 5, 8), 2, [0, 3]), 4, [1, 2]),
              _blank(_blank(_two_groups(40, 3, 14, 5, 8), 3, [2, 5]), 5, [0, 9])])
aspect("prices that are equally good", 1, "Take the largest, in whatever order they come.",
       cases=[_blank(_two_groups(25, 3, 6, 4, 6), 2, slice(None))])

# %% [markdown]
# ## Question 6. How well for somebody who joins tomorrow (7 points)
#
# The council asks how well the list on the wall would do for a member *it has not learned from*. Honest, and slow: for each
# member, learn EASE from all others, and compare this member's likes $\mathbf y_u$ with the scores
# $\mathbf y_u \mathbf W^{(-u)}$. (The zero diagonal sees to it that no like scores itself.) That would be three thousand
# inverses; the old computer would work until Thursday.
#
# But leaving out one member changes $\mathbf Y^\top \mathbf Y$ by $\mathbf y_u \mathbf y_u^\top$ only. Find out what
# this does to the inverse, and give the honest error of every member from *one* inverse. A slow answer that is right
# earns five points. When you have the fast one, compare the honest errors with those of the weights that have seen everybody:
# whom does the second number flatter most?
# (The second check uses your answer to question 3.)

# %% tags=["solution"]
def honest_errors(likes, penalty):
    """Error of each member, scored by an EASE that was learned from all other members.

    likes: boolean array [members, games]. penalty: above 0. Returns an array [members]: the mean
    over all games of the squared difference between the member's likes (0 and 1) and the scores.
    """
    y = likes.astype(float)
    inverse = np.linalg.inv(y.T @ y + penalty * np.eye(y.shape[1]))
    q = y @ inverse  # [members, games]
    h = (y * q).sum(axis=1, keepdims=True)
    # Without u the inverse P becomes P + q q' / (1 - h), so y'P becomes q' / (1 - h); and y - y W is
    # y'P divided by the diagonal of P, game by game. The factor 1 - h cancels.
    missed = q / ((1 - h) * np.diag(inverse) + q**2)
    return (missed**2).mean(axis=1)

# %% tags=["check"]
expect(
    honest_errors,
    (np.array([[True, True], [True, False]]), 1),
    np.array([1.0, 0.625]),
    "two members, by hand",
    "Without the first, nobody liked both games, so the first gets no score: (1 + 1) / 2. "
    "Learned from the first alone, w is 1 / (1 + 1), and the second member is wrong by 1 and by 1/2.",
)

_without = [ease(np.delete(_many, u, axis=0), 3.0) for u in range(40)]
_slow = [np.mean((_y[u] - _y[u] @ _without[u]) ** 2) for u in range(40)]
assert np.allclose(honest_errors(_many, 3.0), _slow), "learning anew without each says otherwise"
print("✓ honest_errors: the same as with forty inverses")

# %% tags=["hidden"]
aspect("walls of all sizes", 4, "Each member is scored by weights that were learned from all others, and only from them.",
       cases=[(_wall(60, 8), 5.0), (_wall(120, 25), 30.0), (_wall(12, 20), 2.0)])
_quiet = _wall(15, 9)
_quiet[[2, 7]] = False
_quiet[:, 4] = False
_quiet[11, 4] = True
aspect("members who liked nothing, games with one friend", 1,
       "Nothing liked means no score and no error. A game of one friend is unknown without that friend.",
       cases=[(_quiet, 1.0), (_wall(2, 5), 0.3)])
aspect("the whole library", 2,
       "One inverse for all. A rank-one change of a matrix is a rank-one change of its inverse.",
       cases=[(_wall(3000, 400), 150.0)])

# %% [markdown]
# ## Question 7. A twin for every member (5 points)
#
# The director has seen it elsewhere and wants a slip at the desk: *"Your twin among our members loved …"*, the favourite
# games of the one member who is most similar. Half of the members have rated fewer than eight games. Advise her, with
# the *results* of chapter 03, not with formulas: what such a twin is worth, for whom he will look best and be
# worth least, whether a better similarity would help, and what you offer instead that still can be explained at the desk. Say which
# of these you would check again on the library's own slips, and how. At most 250 words.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each, at most 5; half a point for a claim without the result that supports it).
#
# - The measured constant: more than a hundred shared ratings until half of a similarity is signal; with fewer than
#   eight ratings nobody has a known twin. True similarities differ little from pair to pair.
# - Direction: the most similar pair is the one with the fewest shared games (perfect agreement on one or two), so the
#   twin looks best where least is known. The technician's five "perfect" neighbours disagreed with him elsewhere.
# - Even properly shrunk neighbours are only a little above an average pair: the maximum of noisy numbers is mostly noise.
# - Another formula hardly helps: shrunk, Pearson, adjusted cosine and baseline differ by thousandths of a star.
# - Instead: many faint votes with a baseline; for short histories votes of people, for long ones item neighbours or EASE, which
#   can be explained ("because you liked …"). For somebody without ratings: the list of what is liked by all.
# - To check on the own slips: similarity from one random half of the games against the other half, by number shared; λ from the
#   product. Stars and number of games differ from films, so the constant will too.
# - A slip that names a member's favourites tells one member's ratings to another: not without consent.
#
# Not worth a point: "use deep learning", "collect more data" without saying how much is needed for what.

# %% [markdown]
# ## Question 8. Who may stand on the list (6 points)
#
# Chapter 04 let implicit ALS treat a rating of one to three stars as a *firm* zero, and nDCG@10 rose by 0.016. It then masked
# what a person had rated already, and the same change *lost* 0.029. In the library a box may be borrowed again, and members do:
# about one loan in five is a box that they had before. Write to the desk: where did the gain come from, and where the loss? Which
# of the two results speaks for the library? Design the test by which you would decide (what is hidden, who may stand on the list, what is
# counted, what the rows of the table are, how sure you must be), and name the result at which you would leave dislikes alone. At most 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - The gain: hidden likes are by construction not among the rated-and-disliked, which the protocol left among the candidates; pushing
#   these down is knowing what one was told. A shop that never shows them again gains nothing.
# - The loss: somebody who gives three stars to a film of a kind still chooses films of that kind; choice is not liking (SVD++: the
#   list of what was rated explains more than half of its gain).
# - Neither speaks for the library as it is: repeats are possible, so rated boxes belong among the candidates, but they return
#   because they were *liked*, and new boxes are four loans in five. The two kinds of list must be measured apart.
# - A test: the loans of the last weeks hidden, split by time; candidates are all boxes that the member could borrow then; counted separately
#   for boxes had before and for new ones, mean over members.
# - Rows: popularity, "borrow again what you liked best", implicit ALS with and without dislikes, each tuned on earlier weeks; paired
#   interval of the difference over members.
# - A decision fixed beforehand: for example leave dislikes alone unless new boxes lose less than a stated amount with certainty while
#   repeats gain; a gain on boxes had before that the plain rule "not what they disliked" also brings is not the model's.
