# %% [markdown]
# # Problem set 3. Content and pretrained encoders
#
# **The story.** Radio Lumen puts forty new programmes on its site every Monday: plays, talks, concerts, each with a
# short description. By Friday there are enough ratings to recommend by. By Sunday night the programmes are gone. So
# whatever helps a listener must come from the description, on Monday. A firm offers the station a pretrained encoder that turns
# each description into 384 numbers: *"Just add them to your model. A regression ignores what it does not need."*
# You keep the station's own words as the thing to beat, look at the firm's vectors before you use them, and in the
# last question compute what 384 columns cost.
#
# **What you need.** Chapters 05 and 07. A processor is enough; every answer runs in a second, and no model is
# downloaded: vectors come as inputs. Only `numpy`, `scipy`, `pandas` and Python's own library are there when your
# answers are marked.
#
# **How long.** About five hours; question 6 may keep you thinking.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Every answer has a closed form, so yours must agree to six
# digits: that leaves room for rounding and for another way to compute it, and none for another formula or for a
# simulation. Questions 7 and 8 are read by a person. Change names neither of functions nor of arguments, return what
# the docstring says, and add cells as you like.

# %% tags=["assignment"]
libraries = ["numpy", "scipy", "pandas"]

# %%
import math

import numpy as np

from metarec.grading import expect

nan = np.nan

# %% [markdown]
# ## Question 1. Words that weigh (3 points)
#
# Turn this Monday's descriptions into TF-IDF vectors. What a word weighs was learned from the *archive*: a word $t$
# that $n_t$ of its $N$ descriptions hold has
#
# $$ \operatorname{idf}_t = 1 + \ln \frac{1 + N}{1 + n_t}, $$
#
# whether it stands in a description once or five times. In a new description its weight is its count there, times this.
# Each vector is then divided by its length. A word that the archive does not know has no column.

# %% tags=["solution"]
def weigh(archive, new):
    """TF-IDF vectors of new texts, with the words and the weights of the archive.

    archive, new: lists of texts, words in small letters with spaces between them.
    Returns an array [new texts, words of the archive in alphabetical order]; a row has length 1,
    or is zero where no word is known.
    """
    held = [set(text.split()) for text in archive]
    vocabulary = sorted(set().union(*held))
    n_t = np.array([sum(word in one for one in held) for word in vocabulary])
    idf = 1 + np.log((1 + len(archive)) / (1 + n_t))
    counts = np.array([[text.split().count(word) for word in vocabulary] for text in new])
    weights = counts * idf
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights / np.where(length > 0, length, 1)

# %% tags=["check"]
expect(
    weigh,
    (["jazz live", "news live", "live"], ["jazz"]),
    np.array([[1.0, 0.0, 0.0]]),
    "one word, and the columns jazz, live, news",
    "Columns are the archive's words in alphabetical order; a row of one word has length 1.",
)
_rare, _common = 1 + math.log(4 / 2), 1.0
expect(
    weigh,
    (["jazz live", "news live", "live live"], ["live jazz live"]),
    np.array([[_rare, 2 * _common, 0.0]]) / math.hypot(_rare, 2 * _common),
    "a rare word and a common one, twice",
    "All three descriptions hold live, so its idf is 1, however often it stands there.",
)

# %% tags=["hidden"]
_syllables = ["ka", "lo", "mi", "ru", "sa", "zo", "ni", "pa"]
_words = sorted({a + b + c for a in _syllables for b in _syllables[:4] for c in ["", "sh"]})

def _blurbs(texts, longest, words):
    popular = secret.zipf(1.3, 40 * texts * longest)
    ranks = iter(popular[popular <= len(words)] - 1)
    lengths = secret.integers(1, longest + 1, texts)
    return [" ".join(words[next(ranks)] for _ in range(length)) for length in lengths]

def _monday(texts, longest, n_words, strangers=0):
    known = list(secret.permutation(_words)[: n_words + strangers])
    return _blurbs(texts, longest, known[:n_words]), _blurbs(12, longest, known[strangers:])

aspect("Mondays with old and new words", 2,
       "Count descriptions that hold the word, in the archive alone; divide by the length at the end.",
       cases=[_monday(30, 8, 15), _monday(80, 12, 30, strangers=6), _monday(5, 20, 8, strangers=2)])
aspect("descriptions without a known word", 1, "Nothing known is a row of zeros, not nan.",
       cases=[(_monday(10, 5, 9)[0], ["", "unheardof", "quite unheardof"])])

# %% [markdown]
# ## Question 2. The Monday list (4 points)
#
# A listener has rated some programmes of the archive. Make Rocchio's profile: the mean of the vectors that this
# listener liked (four stars or more), less $\varphi$ times the mean of the others that the listener *rated*. A mean of
# nothing is zero. The score of a new programme is the cosine of its vector with the profile, and zero where one of
# the two is zero. Return the list.

# %% tags=["solution"]
def monday_list(archive, stars, new, dislike_weight, k):
    """The k new programmes that come first for one listener.

    archive: array [programmes, d]. stars: array [programmes], nan where not rated. new: array
    [new programmes, d]. Returns an array [k] of positions in `new`, best first; of programmes
    with equal scores, the one that stands first in `new` comes first.
    """
    groups = archive[stars >= 4], archive[stars < 4]
    nothing = np.zeros(archive.shape[1])
    liked, others = (group.mean(axis=0) if len(group) else nothing for group in groups)
    profile = liked - dislike_weight * others
    length = np.linalg.norm(new, axis=1) * np.linalg.norm(profile)
    scores = np.divide(new @ profile, length, out=np.zeros(len(new)), where=length > 0)
    return np.argsort(-scores, kind="stable")[:k]

# %% tags=["check"]
_plane = np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
expect(
    monday_list,
    (_plane, np.array([5.0, 2.0, nan]), _plane, 0.5, 3),
    np.array([0, 2, 1]),
    "one liked, one disliked, one not rated",
    "The profile is (1, −0.5). What was not rated is neither liked nor disliked.",
)
expect(
    monday_list,
    (_plane, np.array([4.0, nan, nan]), np.array([[3.0, 3.0], [0.1, 0.0]]), 0.5, 1),
    np.array([1]),
    "a short vector in the right direction",
    "A cosine does not reward long vectors.",
)

# %% tags=["hidden"]
def _listener(programmes, d, n_liked, n_others, weight, k):
    archive, new = secret.normal(0.3, 1, (programmes, d)), secret.normal(0.3, 1, (40, d))
    new *= secret.uniform(0.2, 5, (40, 1))
    stars = np.full(programmes, np.nan)
    places = secret.permutation(programmes)
    stars[places[:n_liked]] = secret.integers(4, 6, n_liked)
    stars[places[n_liked : n_liked + n_others]] = secret.integers(1, 4, n_others)
    return archive, stars, new, weight, k

_mute = list(_listener(30, 6, 5, 5, 0.5, 40))
_mute[2] = np.where(secret.random((40, 1)) < 0.2, 0.0, _mute[2])
aspect("listeners who liked and disliked", 2,
       "Means, not sums; cosines, not products; and nan is no dislike.",
       cases=[_listener(90, 12, 6, 20, 0.5, 10), _listener(200, 30, 25, 8, 0.9, 15), _listener(50, 5, 3, 9, 0.25, 10)])
aspect("only likes, or only dislikes", 1, "The mean of nothing is zero, not nan.",
       cases=[_listener(40, 8, 7, 0, 0.5, 12), _listener(40, 8, 0, 6, 0.5, 12)])
aspect("nothing rated, nothing described", 1,
       "Without a direction the score is zero, and equal scores keep the order of the programmes.",
       cases=[_listener(20, 4, 0, 0, 0.5, 7), tuple(_mute)])

# %% [markdown]
# ## Question 3. One vector a text (4 points)
#
# The firm's encoder returns a vector for each *token*. Texts differ in length, so they are padded, and `mask` says
# which places hold tokens. Depending on the model the padding stands right or left, and it may hold anything, `nan`
# included. Take the mean over each text's own tokens.
#
# Chapter 07 saw that the first token of a language model can be a hundred times as long as the others. With
# `skip_first` leave the first token of each text out; a text of one token keeps it.

# %% tags=["solution"]
def pool(hidden, mask, skip_first):
    """Mean over the tokens of each text.

    hidden: array [texts, places, d]. mask: boolean array [texts, places]. skip_first: True leaves
    out the first token of texts that have more than one.
    Returns an array [texts, d]; zeros for a text without tokens.
    """
    number = np.cumsum(mask, axis=1)  # 1 at the first token
    counts = mask.sum(axis=1, keepdims=True)
    kept = mask & ((number > 1) | (counts == 1)) if skip_first else mask
    total = np.where(kept[:, :, None], hidden, 0.0).sum(axis=1)
    return total / np.maximum(kept.sum(axis=1, keepdims=True), 1)

# %% tags=["check"]
_tokens = np.array([[[1.0, 0.0], [0.0, 1.0], [2.0, 2.0], [9.0, 9.0]]])
expect(
    pool,
    (_tokens, np.array([[True, True, True, False]]), False),
    np.array([[1.0, 1.0]]),
    "three tokens and a place of padding",
    "Padding enters neither the sum nor the number of tokens.",
)
expect(
    pool,
    (_tokens, np.array([[True, True, True, False]]), True),
    np.array([[1.0, 1.5]]),
    "without the first token",
    "Two tokens are left: (0, 1) and (2, 2).",
)

# %% tags=["hidden"]
def _padded(texts, places, d, left=False, shortest=2, junk=np.nan):
    counts = secret.integers(shortest, places + 1, texts)
    mask = np.arange(places) < counts[:, None]
    mask = mask[:, ::-1].copy() if left else mask
    return np.where(mask[:, :, None], secret.normal(0, 1, (texts, places, d)), junk), mask

aspect("padding on both sides", 2, "The mean over a text's own tokens; nan times zero is nan.",
       cases=[(*_padded(9, 7, 5), False), (*_padded(6, 12, 3, left=True, junk=1e6), False)])
aspect("the first token left out", 1,
       "The first token of a text is not always at the first place.",
       cases=[(*_padded(9, 7, 5), True), (*_padded(8, 6, 4, left=True), True)])
aspect("texts of one token or none", 1, "One token is kept, and no token at all is a vector of zeros.",
       cases=[(*_padded(30, 3, 4, shortest=0), True), (*_padded(30, 2, 3, shortest=0, left=True), False)])

# %% [markdown]
# ## Question 4. The cone, and how to open it (5 points)
#
# Before you use vectors, look at them. If two random texts have a cosine near one, all vectors lie in a narrow cone,
# and cosines say little. Measure that (the mean cosine over all pairs of *different* texts of this Monday) before and
# after whitening.
#
# Whitening is learned from the archive: its mean, and the $n$ directions of largest variance of its vectors, each
# divided by its standard deviation. Monday's texts are transformed with *these*. Directions in which the archive does not vary
# (a variance below $10^{-10}$ of the largest) are left out, so there may be fewer than $n$.

# %% tags=["solution"]
def open_cone(archive, new, n):
    """Mean cosine of new texts before and after whitening, and their cosines afterwards.

    archive: array [texts, d]. new: array [new texts, d], at least two. n: at least 1.
    Returns two numbers and an array [new texts, new texts]: before, after, cosines.
    """
    mean = archive.mean(axis=0)
    _, size, directions = np.linalg.svd(archive - mean, full_matrices=False)
    kept = np.flatnonzero(size**2 > 1e-10 * size[0] ** 2)[:n]
    white = (new - mean) @ directions[kept].T / size[kept]  # up to a factor, which no cosine sees
    cosines = _cosines(white)
    return _mean_of_pairs(_cosines(new)), _mean_of_pairs(cosines), cosines


def _cosines(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def _mean_of_pairs(cosines):
    return cosines[np.triu_indices(len(cosines), 1)].mean()

# %% tags=["check"]
_cross = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
_lifted, _half = _cross + np.array([100.0, 0.0]), 1 / math.sqrt(2)
expect(
    open_cone,
    (_cross, np.array([[3.0, 0.0], [3.0, 1.0]]), 2),
    (3 / math.sqrt(10), _half, np.array([[1.0, _half], [_half, 1.0]])),
    "a flat cross made round",
    "After whitening, three steps along the wide direction count like one along the narrow one.",
)
expect(
    open_cone,
    (_lifted, np.array([[103.0, 0.0], [97.0, 0.0]]), 1),
    (1.0, -1.0, np.array([[1.0, -1.0], [-1.0, 1.0]])),
    "two ends of a cone",
    "Take the archive's mean off: what looked the same is opposite.",
)

# %% tags=["hidden"]
def _cloud(texts, new, d, common, decay, rank=0):
    rank = rank or d
    turn = np.linalg.qr(secret.normal(0, 1, (d, d)))[0][:rank]
    shapes = decay ** np.arange(rank)
    offset = common * secret.normal(0, 1, d)
    return [secret.normal(0, 1, (m, rank)) * shapes @ turn + offset for m in (texts, new)]

# A cosine near zero has no six digits of its own, and a common part of a million costs six more of
# the sixteen that there are: hence the wider tolerances.
aspect("clouds with a common direction", 3,
       "Mean and directions from the archive; divide by standard deviations; count each pair once, no text with itself.",
       cases=[(*_cloud(80, 10, 6, 2.0, 0.7), 3), (*_cloud(300, 25, 16, 5.0, 0.85), 16),
              (*_cloud(50, 6, 9, 0.5, 0.6), 2)], atol=1e-7)
aspect("directions in which nothing varies", 1,
       "Fewer texts than numbers, or numbers that depend on each other: leave those directions out.",
       cases=[(*_cloud(60, 8, 12, 1.0, 0.9, rank=4), 10), (*_cloud(7, 9, 20, 1.0, 0.95), 15)], atol=1e-7)
aspect("one huge common part", 1,
       "Subtract the mean first. A difference of two huge numbers has few digits left.",
       cases=[(*_cloud(90, 9, 8, 1e6, 0.8), 5)], atol=1e-6, rtol=1e-5)

# %% [markdown]
# ## Question 5. A head, tall or wide (6 points)
#
# Put a ridge regression on top of the vectors: the weights $\mathbf w$ and the intercept $b$ that make
#
# $$ \sum_i \bigl(y_i - b - \mathbf w^\top \mathbf x_i\bigr)^2 + \lambda \lVert \mathbf w \rVert^2 $$
#
# as small as possible. The intercept has no price: the mean of all ratings should not depend on $\lambda$. The station uses one
# and the same function for a new moderator with twenty rated programmes and ten thousand word columns, and for fifteen
# thousand ratings on four columns. Show that
#
# $$ (\mathbf X^\top \mathbf X + \lambda \mathbf I)^{-1} \mathbf X^\top
# = \mathbf X^\top (\mathbf X \mathbf X^\top + \lambda \mathbf I)^{-1}, $$
#
# and never build a matrix whose side is the larger of the two numbers.

# %% tags=["solution"]
def head(x, y, penalty, new):
    """Predictions of a ridge regression with a free intercept.

    x: array [programmes, columns]. y: array [programmes]. penalty: above 0.
    new: array [new programmes, columns]. Returns an array [new programmes].
    """
    centre, level = x.mean(axis=0), y.mean()
    x, y = x - centre, y - level
    if x.shape[0] < x.shape[1]:
        weights = x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y)
    else:
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return level + (new - centre) @ weights

# %% tags=["check"]
expect(
    head,
    (np.array([[10.0], [12.0]]), np.array([3.0, 5.0]), 2, np.array([[11.0], [13.0]])),
    np.array([4.0, 5.0]),
    "two programmes, one column",
    "About its mean the column is −1 and 1, so the slope is 2 / (2 + 2); at the mean of x stands that of y.",
)
expect(
    head,
    (np.array([[10.0, 0.0, 5.0], [12.0, 0.0, 5.0]]), np.array([3.0, 5.0]), 2,
     np.array([[11.0, 7.0, 5.0]])),
    np.array([4.0]),
    "more columns than programmes",
    "A column that never varied gets no weight.",
)

# %% tags=["hidden"]
def _regression(programmes, columns, penalty, n_new, level=3.5):
    weights = secret.normal(0, 1 / math.sqrt(columns), columns)
    x, new = (secret.normal(0.5, 1, (n, columns)) for n in (programmes, n_new))
    return x, level + x @ weights + secret.normal(0, 1, programmes), penalty, new

aspect("tables that are tall and tables that are wide", 3,
       "Centre columns and ratings by the means of the data that you learn from, then the intercept is free.",
       cases=[_regression(40, 7, 5.0, 9), _regression(12, 30, 2.0, 6, level=40.0), _regression(25, 25, 0.3, 1)])
# The wide table comes last: whoever knows the tall form alone is stopped there, and keeps the rest.
aspect("fifteen thousand ratings", 1, "Invert a matrix with a side of four, not of fifteen thousand.",
       cases=[_regression(15_000, 4, 10.0, 5)])
aspect("ten thousand columns", 2, "Invert a matrix with a side of twenty, not of ten thousand.",
       cases=[_regression(20, 10_000, 50.0, 2)])

# %% [markdown]
# ## Question 6. What 384 columns cost (7 points)
#
# *"A regression ignores what it does not need."* Does it? Suppose that you know how tastes are made. A listener's
# rating of a programme with vector $\mathbf c$ is $\mathbf c^\top \mathbf w + \varepsilon$, above a level that we
# leave out; the weights $w_j$ are independent with mean zero and variance `spread[j]`, the noise has variance `noise`. The listener has
# rated the programmes `shown`. A head without intercept is fitted to these ratings, on the *first $d$ columns
# only*, with the price `prices[j]` on $w_j^2$. It then predicts $\mathbf c^\top \mathbf w$ for the programmes
# `asked`.
#
# The expected squared error, over all tastes and all noise, has two parts: one from the noise of the ratings (the
# variance), and one that would be left without noise (the squared bias). Compute both *exactly*, on average over the programmes asked, for every
# $d$ from 0 to all. Mind that the ratings come from *all* columns, also from those that the head does not see.
#
# Then plot both for 384 columns whose spread falls quickly, with twenty ratings: once with one price
# for all, once with the price `noise / spread`. Where is the summit of the first curve, and what has its head learned
# when it has all 384 columns? The third check knows where the second curve ends. Why there?

# %% tags=["solution"]
def cost_of_columns(shown, asked, spread, noise, prices):
    """Expected squared bias and variance of a head on the first d columns, for every d.

    shown: array [k, D], k may be 0. asked: array [m, D]. spread: array [D], variances of the true
    weights. noise: variance of a rating. prices: array [D], above 0.
    Returns two arrays [1 + D], for d = 0, 1, …, D: squared bias, variance.
    """
    bias, variance = [], []
    for d in range(len(spread) + 1):
        x = shown[:, :d]
        dear = x / prices[:d]
        left = dear @ x.T + np.eye(len(x))  # never larger than the number of ratings
        reach = asked[:, :d] @ np.linalg.solve(left, dear).T  # [m, k], prediction = reach @ ratings
        bias.append(((reach @ shown - asked) ** 2 @ spread).mean())
        variance.append(noise * (reach**2).sum(axis=1).mean())
    return np.array(bias), np.array(variance)

# %% tags=["check"]
expect(
    cost_of_columns,
    (np.array([[1.0]]), np.array([[2.0]]), np.array([1.0]), 3.0, np.array([1.0])),
    (np.array([4.0, 1.0]), np.array([0.0, 3.0])),
    "one rating, one column",
    "The head halves the rating, so the prediction for c = 2 is the rating itself: w plus noise.",
)
expect(
    cost_of_columns,
    (np.ones((1, 2)), np.array([[1.0, 0.0]]), np.ones(2), 1.0, np.ones(2)),
    (np.array([1.0, 0.5, 5 / 9]), np.array([0.0, 0.25, 1 / 9])),
    "a column that the head does not see",
    "With d = 1 the head takes half of w₁ + w₂ + noise for w₁: the other column disturbs like noise.",
)

_rng = np.random.default_rng(0)
_c, _q, _s = _rng.normal(size=(6, 9)), _rng.normal(size=(4, 9)), 0.5 ** np.arange(9)
_belief = np.linalg.inv(np.diag(1 / _s) + _c.T @ _c / 2.0)  # the posterior covariance of chapter 05
_whole = sum(cost_of_columns(_c, _q, _s, 2.0, 2.0 / _s))
_unknown = np.mean(np.sum(_q @ _belief * _q, axis=1))
assert np.isclose(_whole[-1], _unknown), "with the right prices the posterior's variance is left"
print("✓ cost_of_columns: the right prices leave what nobody could know")

# %% tags=["hidden"]
def _tastes(k, m, columns, decay, noise, price=None):
    shown, asked = (secret.normal(0, 1, (n, columns)) + secret.normal(0, 0.3, columns) for n in (k, m))
    spread = decay ** np.arange(columns) * secret.uniform(0.5, 1.5, columns)
    prices = np.full(columns, price) if price else noise / spread * secret.uniform(0.5, 2, columns)
    return shown, asked, spread, noise, prices

aspect("few columns, and prices of all kinds", 4,
       "Write the prediction as a matrix times the ratings, and the ratings as all columns times w plus noise.",
       cases=[_tastes(5, 7, 4, 0.8, 1.0, price=2.0), _tastes(12, 9, 10, 0.7, 0.6), _tastes(3, 4, 8, 0.9, 2.0)])
_wide = list(_tastes(20, 10, 384, 0.97, 1.0, price=5.0))
_wide[2][24:] = 0.0
aspect("384 columns, most of them empty", 2,
       "Nothing is special about an empty column: the head cannot know that it is empty.",
       cases=[tuple(_wide), _tastes(10, 5, 384, 0.99, 0.5)])
aspect("a listener without ratings", 1, "Nothing shown, nothing learned: no variance, and all of the bias.",
       cases=[_tastes(0, 6, 5, 0.8, 1.0, price=1.0)])

# %% [markdown]
# ## Question 7. "A regression ignores what it does not need" (5 points)
#
# Answer the firm. Use your curves from question 6 and the results of chapters 05 and 07: in which sense the sentence is
# true, in which it is false, and on what it depends whether 384 further columns help, do nothing, or hurt. Say what must be counted as
# the sample when columns describe *programmes*, and what when they describe one listener's *taste*. Which two remedies does the book try, what did
# each bring, beside what? And what would you put on the air on Monday? At most 250 words.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each, at most 5; half a point for a claim without a curve or a result).
#
# - True in one sense: with the right price for each column (noise over spread: the prior), an empty column has an infinite price, and
#   the last point is the posterior's variance, which no method can undercut.
# - False with one price for all: a few columns help (or none, where the spread falls slowly); the variance has its summit where columns
#   are about as many as ratings; beyond it the empty columns soak up the ratings, the head forgets, and the bias returns to that of no
#   column at all. The error falls again there, but to ignorance. Where the curve turns depends on ratings, noise, price, spread.
# - What counts for a column about programmes is the number of *programmes*, not of ratings (chapter 07: with 256 components
#   the error on hidden films rose, on training films it fell); for a listener's own weights, the number of that listener's ratings.
# - Remedies: a learned prior over heads (chapter 05, hierarchical linear model: better after five ratings than plain ridge after twenty); fewer columns,
#   16 components or a projection that was taught (chapter 07: better than components where text stands alone, by less than a hundredth of a star).
# - Beside genre and year neither text nor projection brought anything that could be seen in stars; critics' scores did: hundredths.
# - A decision that follows: genre, year and the makers' record with a learned prior, a few taught columns at most, an opinion of somebody who
#   has heard the programme if one can be had.
#
# Not worth a point: "the curse of dimensionality" without saying what is cursed; "regularise more" without saying by what.

# %% [markdown]
# ## Question 8. What does the vector know? (6 points)
#
# The firm's evidence, whole:
#
# | read from the vector | success |
# |---|---|
# | talk, play or concert | 97 % right |
# | year of the recording | R² 0.87 |
# | minutes | R² 0.91 |
# | mean rating by listeners | R² 0.31 |
#
# *"Each text was: title, kind, year, minutes. The probes were ridge regressions on 800 archived programmes, λ chosen for the best R².
# Neighbours look excellent. On Monday 3 March, nDCG@10 of new programmes rose from 0.31 to 0.33 (95 % interval over
# 900 listeners: 0.01 to 0.03)."*
#
# What of this is shown, and what not? Name the rows that are missing from the table. Then design the test after which you would sign or
# send the firm home: what is compared with what, on which Mondays, what the unit of chance is, what is chosen where, and the
# result at which you do *not* sign. At most 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - Kind, year and minutes stood in the text: the probes show that the pooling keeps what was written, nothing more. The numbers
#   may be those of the programmes that were fitted; λ chosen on them flatters (a little).
# - The mean rating is the only fact that was not told, and the row that is missing beside it is the same probe on *plain columns*
#   (kind, year, minutes), and a trivial answer; in chapter 07 the columns did better than the text's vector.
# - Neighbours that look good convince of everything; a measured agreement with taste (factors from ratings) is missing, as are the
#   mean cosine and what taking off the mean does.
# - One Monday is one draw of forty programmes. The interval over listeners holds these programmes fixed, so it says nothing about
#   other Mondays (chapter 07: the gain changed its sign from set to set). The unit of chance is the Monday (or programme); several are needed.
# - Comparison: each head tuned with the same care on *earlier* Mondays, columns / columns and text / text alone / TF-IDF profile / popularity of the
#   makers, judged on whole later Mondays, paired within the Monday, for new listeners apart.
# - Beforehand: the smallest gain that pays for the encoder, and "do not sign" if the interval over Mondays of *columns and text minus columns* holds less than that.
