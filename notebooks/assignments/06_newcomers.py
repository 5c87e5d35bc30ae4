# %% [markdown]
# # Problem set 6. Final project: newcomers on the book bus
#
# **The story.** In each valley of the county a bus with forty books goes from village to village. Readers give one to five
# stars, and no two valleys are alike: here they want crime and few pages, there the opposite, and the mayor's memoirs are loved
# in one valley only. Every week newcomers get on. Some have told the driver nothing, some two opinions, some twenty. The county holds a contest: *who
# writes the program that puts the books in the right order for newcomers?* The same program will ride on all buses. So do
# not hand in a model. Hand in something that learns: from a valley's readers, what people there are like, and from a newcomer's few
# stars, who this one is.
#
# The first five questions build the parts and the tools to judge them. The sixth is the contest.
#
# **What you need.** Chapters 10 to 13 and 15. A processor is enough; every answer runs in seconds. Only `numpy`,
# `scipy`, `pandas` and Python's own library are there when your answers are marked.
#
# **How long.** About four hours for questions 1 to 5, and as long as you enjoy it for the contest.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Questions 1 to 5 have exact answers, so yours must agree to six digits. In question 6
# there is no right answer: your scores are compared with what hidden newcomers of hidden valleys thought, and bars say what that is worth.
# Questions 7 and 8 are read by a person. Change names neither of functions nor of arguments, return what
# the docstring says, and add cells as you like.

# %% tags=["assignment"]
libraries = ["numpy", "scipy", "pandas"]

# %%
import math

import numpy as np
from scipy.stats import norm

from metarec.grading import expect

nan = np.nan

# %% [markdown]
# **A valley to practise with.** One word a reader, one sign a book: stars, or a dot where the reader has given none. Below, one word a
# book: six facts such as its pages, its year, how dark and how funny it is, each in units of its spread. The valley is made up, as the hidden ones are,
# and by the same program: readers choose what they read, facts tell only a part of a book, and stars are rounded. What people want differs from valley to valley.

# %%
slips = """
5........3.35............5..3443...45... ....55.3.5..5.5....4....552.335554.54.5. 5......3.5..5...........54..345553.44...
1.3.33..3.33.3..42243.....542535.31.252. ........4...5.5..3.......4...5.5.5.5...3 ..3..4..4.4.....53.5..45.....54545.35...
..3.....53..4....2.3..33333..454...4.33. .....4...5.4.3..........5.4...354..53... 3.32....44.431..53....5433..254543.2413.
.......3........53.4..5...5..455.5..45.. .........5...5...4....4.5....555.5.55... ....5..2.5.55.......5....3...5555...4.5.
..3.....5.435...52....5..253.525.5.135.2 ..2....4..55353.5425...5.45.3545.35.45.5 3.2....3.5..5..............5.355....4...
...........54..25......5515..5.5.....5.. ....53..2...5....1......32...455....34.. .2..3.....3..3..5......4..5....5.....5..
..3..4.45355....5.25..54..533535.5.245.5 ..3....34..4................4.55....4..5 ..3.52.53555543.3..55..55555353554.1.545
..3.....5.3535..41...2.5.35.3535.441.5.5 ...........4.3..........335.3..3...1.... 5.3...3.5.43..5.5444..544.4..435.5.444.4
4.2.523333.25.3..2551..2534.24553352235. ..3.5......5.3......5..5535..535....4..5 3....2.3.33.34..4...5..4.45..5.5.3.1.423
.1...1.....543.....5..3....5.5.5.4...5.. 3.2344.2.3.25.2.13.....4433.3425..13232. 533.54..4.2.515.3255....545.54555.3.4.52
.....3.........4.......5..5..555.5.245.. ..5.53.335355...31.5.3.54255.44554.33343 2.3..3......5...41............45.2.25...
3.3452333..2.3..4344..33345.3455.33234.. .......3...5....4..45..5.35.35.5...2.54. ......3345.............5..5..4.5...44...
5.3.5.12.43.5...55...2..5...4545.5.25.53 ........4.......51....5..23..344.5..35.. ..2.4.223.44534.21.5.2543243.435.422.5.5
.......45.55.4.........5..5..5.5.4..35.3 3.2.5.155345545.522...55525..53534.145.4 ...............553.......35..5.3.....5..
524.54...53.5...52...3.5.3...3455.....5. ..3.3.33.4..............335..255...53.5. 3.4.5....2435.5.52.53..55425.45554.55.5.
..4....5.355.5.....5.1.5555555.5...3.4.5 .........3...4.....4...55......5....4.4. .......5...5...........5..5.25.4.....535
333.23.23325244.34..52.4445.4444..2334.4 3...52.....55.......3..5.32.2..54.223.5. ..5..334....3......5...3..5...55..4.....
..1.53...2.54.4.3..44314.24.24253..124.4 ...........3..3..4...3..1.2.3.3534.24.33 ..2.5..22.34542..22433.5425.35553..22554
.2...4..4..5.....3.54........5.5.5.3.... ...4...45.44.5..5.4....4..5..555.4.24534 5.2.54.414.2424.2244...3535443552.433.53
.2..5..4.54554.........5....45555..5..5. ..2.43.4.1...3.........4245..555.33.25.. ...4...34....4..544......35..534..3.45.3
312.4..3.4344.314..3...35352242533.1444. 2.22.3.3...4.25.4.3......4544455....355. ..3.53.5.3.5.4...1155..5435.45352..115.5
.....4.5..................5.3555.....5.. 5..35..5.5.55...4....2.5.44..345...32..5 ..3.55......5.......22..55..4455...33.5.
.24.5..53315444.3355...5545.5555.352455. ..3154.3....5...1......5..5..455...2255. ..2........5........5.2..4...555.3.44..5
...5....5....3.55.....5..3...533.5..35.. 5.3.5....5445.3.31.5.4.55435.54555..2..5 ............5.......3...4....255..34..5.
4.3.544533.2..33345....3445.5355.155344. ..2.4..35.4..3..4.4.2.....4..545.4..45.. 4........5..5.....5.....545.4455....5...
..3.5.23.4...13..1341....353.455...13.4. 4.3354.5...24.41.152...252545555.143344. 4.3.541.55255.4.4..443.35...234554.2445.
..4.44......433..354...4535..355.3.35.4. 4.3.54...5.15.3.........53..4.55..354.51 .32.5...554.534.42.5..5434.443555524555.
344....4.....35...5..1.4.55.5455..554.4. .......55.54....5.........5..5.3.5...5.. 2.1.5..4...5....3...4..4.35..5.4.2..2...
434.54.225.2535..255...454444355.3.32352 ............55.........5.544..55...5.... ..5444255.4544.34..5..4554544555.333453.
..2.55.324.25....245...35243.55532232252 5....3...5..........5...53....553..5..5. 5.3.5....5.4525.31..4..343.322355..4315.
3.1.5...54.5542.53....43.34.25.5.3..454. ..3.54...31.4.4..14.....335..355.4.12.4. ..2.5...54.35......5.2.4.432255554.34.5.
5.2.53.1.4.45.5.32.4.3.543.4334553.24.54 ..3.....5.......52.....3..5..435.52.251. 4.4..424..355.5.4..5.....55..545.3..3.44
5.5.55...5..5.....5......4....555.245.52 ..1....15.....2.53...........345.5..4..2 232.54...3.25.5....5124..3..335545.4435.
1..3.3..54333.4.53.5.15433545545.5323535 ........5...5...5..5.........5.5.5.145.. 4.4.54.4.555535.52.55..554..454554.45.55
..345...45355...5..5.434444.2435.5.22454 .......4.4........54....545.5455..545... ....5..4..5..5455......5.45..555.5..55..
544.5522.3.2513.1254...454434455.4.44.5. .2.....4..5........5...5.554.5.5....45.5 .....5..42..5.4...54.2....4..35544.13.4.
..2.4...3..1.....3.4....4.5...55..234544 ..24...33.44.3.55234..53135.3524.33135.4 .42.....52212.3.53.......3..1244.3154.31
4.445..355.4544.5..53354.355153545.145.. 2.2.5..3.44554..4..5...55354.535.3..3..5 ..545445......5...5....454544555...24545
..4.5......45........4.5.3...4354..14.4. ..5....4.5.5........53.55...5545...44... 3.335.23.34553415..54..5325.3535.41215.5
...15..3.5..5.4.3.......445.4555....44.3 4...55.1.3.151...354.1.45445445534.22.5. ..3..........35.4.........5.342.....244.
"""
cards = """
-0.6,-1.1,1.1,-1.1,-1.8,0.7 0.8,-0.9,-0.6,2.8,-1.0,-0.5 1.2,0.7,1.6,0.8,-0.4,0.1 -0.6,0.8,0.5,-1.2,0.5,-0.8
0.1,-0.4,0.3,-2.6,0.4,-1.4 1.2,-1.2,-0.5,-0.7,0.3,1.1 0.2,0.0,0.2,-0.1,0.1,-0.7 -0.1,1.5,1.1,-1.7,-0.2,0.2
-0.5,-0.7,0.0,1.0,1.1,0.1 0.9,-0.1,0.4,-0.2,-1.5,-0.7 0.4,1.2,0.4,2.1,1.0,0.1 -0.4,2.3,-0.2,-1.1,0.4,-0.5
0.6,-1.5,0.9,1.0,-0.3,-1.0 0.2,1.2,-0.6,-0.2,1.2,0.6 -0.1,0.4,0.2,-0.4,-0.1,-2.7 0.1,0.9,0.7,-0.4,1.7,1.4
-0.8,0.0,-0.4,-0.8,1.1,1.0 -0.7,-0.1,0.4,-0.3,1.0,0.4 0.4,-1.5,1.2,-2.3,-0.1,1.1 0.1,-0.8,-0.4,-1.3,1.2,0.4
-0.9,1.8,-0.5,0.4,-1.8,-0.1 0.6,0.1,-0.8,1.1,-1.1,1.4 -0.2,-0.1,0.4,0.4,2.0,0.2 -1.6,0.4,-1.0,-0.5,-0.5,0.1
1.2,0.1,-0.4,-0.9,-0.8,-0.5 0.2,0.1,0.8,-2.2,0.7,0.7 -2.3,1.1,0.0,-1.4,0.3,-1.2 -0.2,0.6,1.1,1.0,-0.2,-2.2
-0.7,0.3,0.8,0.1,-1.1,-0.4 -1.1,-0.1,-1.8,-0.1,0.8,-1.1 1.1,-2.5,0.6,-1.2,-0.4,0.3 0.6,-1.8,0.2,-1.8,0.1,-0.3
0.3,-1.1,-0.4,-1.2,0.0,0.7 0.5,-0.2,1.1,0.5,1.2,0.4 -0.3,0.5,1.1,-0.2,0.3,-0.8 1.0,-0.7,-1.9,0.8,-1.4,1.3
-0.7,-1.3,-1.0,0.6,-0.5,0.7 -1.1,0.9,0.1,0.1,3.4,-1.3 0.8,-1.6,-0.4,-1.1,-0.6,0.0 -1.3,0.6,-0.9,0.8,-0.7,-0.2
"""
stars = np.array([[nan if sign == "." else float(sign) for sign in word] for word in slips.split()])
facts = np.array([[float(number) for number in word.split(",")] for word in cards.split()])
print(f"{len(stars)} readers, {stars.shape[1]} books, {np.mean(~np.isnan(stars)):.0%} of the stars known")

# %% [markdown]
# ## Question 1. What everybody is told (3 points)
#
# A newcomer who has said nothing is told what is liked in the valley. Compute the mean stars of each book, shrunk towards the mean
# $\mu$ of *all stars given in the valley*, as if each book had $\lambda$ more ratings of $\mu$.

# %% tags=["solution"]
def book_means(stars, shrinkage):
    """Shrunken mean of each book.

    stars: array [readers, books], nan where not rated; at least one rating in all.
    shrinkage: λ, at least 0. Returns an array [books]; a book without ratings has μ, also for λ = 0.
    """
    rated = ~np.isnan(stars)
    overall = stars[rated].mean()
    above = np.where(rated, stars - overall, 0.0).sum(axis=0)
    weight = rated.sum(axis=0) + shrinkage
    return overall + above / np.where(weight > 0, weight, 1)

# %% tags=["check"]
expect(
    book_means,
    (np.array([[5.0, 1.0], [5.0, nan], [5.0, nan]]), 1),
    np.array([4.75, 2.5]),
    "three ratings and one",
    "All four ratings have the mean 4: one more 4 for each book.",
)
expect(
    book_means,
    (np.array([[5.0, nan], [4.0, nan]]), 0),
    np.array([4.5, 4.5]),
    "a book that nobody has rated",
    "Nothing is known of it but that it is a book of this valley.",
)

# %% tags=["hidden"]
def _slips(readers, books, share, silent=()):
    given = secret.integers(1, 6, (readers, books)).astype(float)
    given[secret.random(given.shape) > share * secret.random(books)] = np.nan
    given[:, list(silent)] = np.nan
    return given

aspect("books with many and with few ratings", 2,
       "μ is the mean over ratings, not over books; add λ to the number of ratings and λμ to their sum.",
       cases=[(_slips(60, 12, 0.8), 5), (_slips(90, 25, 0.3), 2.5), (_slips(15, 6, 1.0), 100)])
aspect("books without ratings", 1, "No rating and no shrinkage: μ, not nan.",
       cases=[(_slips(20, 9, 0.5, silent=(0, 4)), 0), (_slips(20, 9, 0.5, silent=(8,)), 3)])

# %% [markdown]
# ## Question 2. One newcomer, and how sure (4 points)
#
# A newcomer's taste is a vector $\mathbf z$, drawn from $\mathcal N(\mathbf m, \boldsymbol\Sigma)$. A rated book with the vector $\mathbf x$ leaves
# $y = \mathbf x^\top \mathbf z + \varepsilon$ to explain (stars less what everybody is told), with noise of variance $\sigma^2$. Predict $y$ for other books, each with the
# central interval that holds *her next rating* with probability `level`.

# %% tags=["solution"]
def newcomer(x, y, new, mean, covariance, noise, level):
    """Predictions for one newcomer.

    x: array [k, d], the rated books; k may be 0. y: array [k]. new: array [m, d].
    mean, covariance: the prior, arrays [d] and [d, d]; the covariance may be singular, where all
    people are alike. noise: σ², above 0. level: between 0 and 1.
    Returns three arrays [m]: predicted mean, lower and upper end of the interval.
    """
    shared = covariance @ x.T
    gain = np.linalg.solve(x @ shared + noise * np.eye(len(x)), shared.T).T  # [d, k]
    middle = new @ (mean + gain @ (y - x @ mean))
    left = covariance - gain @ shared.T
    width = norm.ppf((1 + level) / 2) * np.sqrt(np.sum(new @ left * new, axis=1) + noise)
    return middle, middle - width, middle + width

# %% tags=["check"]
_half = 1.2815515655446004 * math.sqrt(1 / 6 + 1)
expect(
    newcomer,
    (np.ones((2, 1)), np.array([1.0, 2.0]), np.ones((1, 1)), np.zeros(1), np.array([[0.25]]), 1.0, 0.8),
    (np.array([0.5]), np.array([0.5 - _half]), np.array([0.5 + _half])),
    "the two ratings of chapter 10",
    "A third of her mean; the interval is for a rating, so its variance is 1/6 + 1.",
)
expect(
    newcomer,
    (np.zeros((0, 1)), np.zeros(0), np.array([[2.0]]), np.array([0.5]), np.array([[0.0]]), 4.0, 0.5),
    (np.array([1.0]), np.array([1 - 1.3489795003921634]), np.array([1 + 1.3489795003921634])),
    "nothing said, and all people alike",
    "Without ratings the prior speaks. A covariance of zero has no inverse and needs none.",
)

# %% tags=["hidden"]
def _met(k, d, m, rank, level):
    root = secret.normal(0, 0.7, (d, rank))
    x, new = secret.normal(0, 1, (k, d)), secret.normal(0, 1, (m, d))
    return x, secret.normal(0, 1.2, k), new, secret.normal(0, 0.3, d), root @ root.T, secret.uniform(0.4, 1.5), level

aspect("newcomers with some ratings", 2,
       "The posterior of chapter 10; the variance of a rating is that of its mean, and the noise.",
       cases=[_met(5, 3, 8, 6, 0.8), _met(20, 6, 10, 12, 0.95), _met(2, 7, 4, 14, 0.5)])
aspect("directions in which all people are alike", 1,
       "Do not invert the covariance. Turn the formula until only a matrix with a side of k is solved.",
       cases=[_met(6, 9, 5, 3, 0.8), _met(12, 40, 7, 2, 0.9)])
aspect("nothing said", 1, "The prior's mean, and its whole variance.",
       cases=[_met(0, 4, 6, 8, 0.8), _met(0, 5, 3, 2, 0.6)])

# %% [markdown]
# ## Question 3. What people are like here (5 points)
#
# Where do $\mathbf m$, $\boldsymbol\Sigma$ and $\sigma^2$ come from? From the valley's readers, by EM. Each step computes the posterior of every reader under the present prior,
# with mean $\hat{\mathbf z}_u$ and covariance $\boldsymbol\Sigma_u$, and then, *in this order and all from these posteriors*,
#
# $$
# \mathbf m \leftarrow \tfrac1{\lvert\mathcal U\rvert} \textstyle\sum_u \hat{\mathbf z}_u, \quad
# \boldsymbol\Sigma \leftarrow \tfrac1{\lvert\mathcal U\rvert} \sum_u \bigl[\boldsymbol\Sigma_u + (\hat{\mathbf z}_u - \mathbf m)(\hat{\mathbf z}_u - \mathbf m)^\top\bigr], \quad
# \sigma^2 \leftarrow \tfrac1N \sum_{u, i} \bigl[(y_{ui} - \mathbf x_i^\top \hat{\mathbf z}_u)^2 + \mathbf x_i^\top \boldsymbol\Sigma_u \mathbf x_i\bigr],
# $$
#
# the last sum over the $N$ ratings that exist. Begin with $\mathbf m = \mathbf 0$, $\boldsymbol\Sigma = \mathbf I$, $\sigma^2 = 1$. A reader without ratings is one of $\mathcal U$: her posterior is the prior.

# %% tags=["solution"]
def learn_prior(x, y, steps):
    """Mean, covariance and noise of a valley after some steps of EM.

    x: array [books, d]. y: array [readers, books], what is left to explain, nan where not rated.
    steps: at least 1. Returns m [d], Σ [d, d] and σ² (a number).
    """
    d = x.shape[1]
    return _em(x, y, (np.zeros(d), np.eye(d), 1.0), steps)


def _em(x, y, prior, steps, extra=0):
    """EM from a prior; as if `extra` more readers had been seen, with the prior's mean and covariance."""
    mean, covariance, noise = prior
    start = extra * mean, extra * covariance
    rated = ~np.isnan(y)
    gram = np.einsum("ui,ij,ik->ujk", rated.astype(float), x, x, optimize=True)
    told = np.where(rated, y, 0.0) @ x
    for _ in range(steps):
        precision = np.linalg.inv(covariance)
        spread = np.linalg.inv(precision + gram / noise)  # [readers, d, d]
        z = (spread @ (precision @ mean + told / noise)[:, :, None])[:, :, 0]
        mean = (start[0] + z.sum(axis=0)) / (len(y) + extra)
        apart = z - mean
        covariance = (start[1] + spread.sum(axis=0) + apart.T @ apart) / (len(y) + extra)
        missed = np.where(rated, y - z @ x.T, 0.0)
        noise = ((missed**2).sum() + (spread * gram).sum()) / rated.sum()
    return mean, covariance, float(noise)

# %% tags=["check"]
expect(
    learn_prior,
    (np.ones((1, 1)), np.array([[2.0]]), 1),
    (np.array([1.0]), np.array([[0.5]]), 1.5),
    "one reader, one book, one step",
    "Her posterior has mean 1 and variance 1/2; the noise is (2 − 1)² + 1/2.",
)
expect(
    learn_prior,
    (np.ones((1, 1)), np.array([[2.0], [nan]]), 1),
    (np.array([0.5]), np.array([[1.0]]), 1.5),
    "a second reader, who has said nothing",
    "Of her we know the prior, mean 0 and variance 1. She counts among the readers, but brings no rating.",
)

# %% tags=["hidden"]
def _told(readers, books, d, share, silent=0):
    x = np.column_stack([np.ones(books), secret.normal(0, 1, (books, d - 1))])
    z = secret.normal(0.2, 1, (readers, d)) * secret.uniform(0.3, 1, d)
    left = z @ x.T + secret.normal(0, 0.8, (readers, books))
    left[secret.random(left.shape) > share] = np.nan
    left[: len(left) - silent][np.isnan(left[: len(left) - silent]).all(axis=1), 0] = 1.0
    left[len(left) - silent :] = np.nan
    return x, left

aspect("valleys after some steps", 3,
       "Readers are uncertain: their own covariance goes into Σ and into σ². Then the old m and Σ are used no more.",
       cases=[(*_told(30, 10, 3, 0.5), 1), (*_told(60, 15, 4, 0.4), 5), (*_told(25, 20, 2, 0.6), 12)])
aspect("readers without ratings", 1, "They count in the mean and in the covariance, and not in N.",
       cases=[(*_told(20, 8, 3, 0.5, silent=5), 3)])
aspect("more numbers than ratings", 1, "With the prior there is a solution, however little a reader has said.",
       cases=[(*_told(15, 12, 7, 0.15), 4)])

# %% [markdown]
# ## Question 4. Is it better, or were these newcomers easy? (5 points)
#
# You will try many ideas and must judge them without the county's help. Each newcomer is asked about $m$ books. The score of a program for her is the
# share of pairs that it puts in the right order, among the pairs of books to which *she* gave different stars; where the program gives both books the same score, the pair counts half.
# Whoever gave the same stars to all has no score and is left out.
#
# Compare two programs: the mean difference of their scores, newcomer by newcomer, and its 95 % interval over newcomers. Each row of `draws` is one sample of
# newcomers, drawn with replacement; take the mean difference in each, and of these means the percentiles 2.5 and 97.5 (as `numpy.percentile` has them).

# %% tags=["solution"]
def compare(first, second, truth, draws):
    """Paired difference of two programs, first minus second, and its interval over newcomers.

    first, second: arrays [newcomers, m] of scores, higher comes earlier. truth: array
    [newcomers, m] of stars. draws: array [samples, n] of positions of newcomers; in each sample
    somebody has a score. Returns three numbers: mean difference, lower and upper end.
    """
    difference = _in_order(first, truth) - _in_order(second, truth)
    means = np.nanmean(difference[draws], axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.nanmean(difference)), float(low), float(high)


def _in_order(scores, truth):
    """Share of pairs in the right order, nan where no pair counts."""
    said, meant = (np.sign(a[:, :, None] - a[:, None, :]) for a in (scores, truth))
    better = meant > 0
    counts = better.sum(axis=(1, 2))
    right = np.where(better, (said + 1) / 2, 0).sum(axis=(1, 2))
    return np.where(counts > 0, right / np.maximum(counts, 1), np.nan)

# %% tags=["check"]
_three = np.array([[1.0, 2.0, 3.0], [5.0, 1.0, 5.0]])
_up, _flat = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), np.zeros((2, 3))
expect(
    compare,
    (_up, _flat, _three, np.array([[0, 1], [0, 0], [1, 1]])),
    (0.25, 0.0125, 0.4875),
    "two newcomers, three samples",
    "The first program has 1 and 1/2, the second 1/2 and 1/2: so the samples' means are 0.25, 0.5 and 0.",
)
expect(
    compare,
    (_up, _up[:, ::-1], np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]]), np.array([[0, 1], [0, 0]])),
    (1.0, 1.0, 1.0),
    "somebody who gives the same stars to all",
    "She has no pair, hence no score: neither 0 nor 1/2.",
)

# %% tags=["hidden"]
def _contest(people, m, samples, ties=False, alike=0):
    true = secret.integers(1, 6, (people, m)).astype(float)
    true[:, 0], true[:, 1] = 1.0, 4.0
    true[1 : alike + 1] = 3.0
    one, two = (true * weight + secret.normal(0, 2, true.shape) for weight in (0.6, 0.3))
    if ties:
        one, two = np.rint(one / 2), np.rint(two)
    return one, two, true, np.column_stack([np.zeros(samples, int), secret.integers(0, people, (samples, people - 1))])

aspect("newcomers and samples", 3,
       "One number a newcomer first, then the difference, then the mean: newcomers are drawn, not pairs.",
       cases=[_contest(25, 8, 60), _contest(60, 12, 40), _contest(12, 3, 40)])
aspect("scores that are equal", 1, "Equal scores count half, whichever book stands first.",
       cases=[_contest(30, 10, 60, ties=True), _contest(15, 5, 50, ties=True)])
aspect("newcomers without a pair", 1, "They are left out, in the mean and in every sample.",
       cases=[_contest(20, 6, 80, alike=7)])

# %% [markdown]
# ## Question 5. What the winner's score is worth (6 points)
#
# Before the contest, think about it. Suppose $n$ programs. Their true scores, on all newcomers there will ever be, are independent draws from a normal distribution
# with standard deviation `spread` about the field's mean. The leaderboard measures each on `people` newcomers, and errs: a single newcomer's score scatters about a program's true score normally, with
# standard deviation `noise`, independently from program to program. Whoever has the highest *measured* score wins.
#
# Compute exactly, above the field's mean: the winner's expected measured score, the winner's expected *true* score, and the expected true score of the program that is truly best.
#
# Then plot all three against $n$ from 1 to 300, with a spread of 0.005, a noise of 0.15 and 100 newcomers; and once more with a spread of 0: that is one author who hands in $n$ variants that are all equally good.
# What does the first curve promise, and who pays? With how many newcomers does the winner's true score come close to that of the best?

# %% tags=["solution"]
def winner(n, spread, noise, people):
    """Expected scores above the field's mean.

    n: number of programs, at least 1. spread, noise: at least 0. people: at least 1.
    Returns three numbers: measured score of the winner, true score of the winner, true score of
    the truly best. Exact to six digits; a simulation is not.
    """
    z = np.linspace(-12, 12, 40_001)
    highest = n * z * norm.pdf(z) * norm.cdf(z) ** (n - 1)
    largest = float(highest.sum() * (z[1] - z[0]))  # expected largest of n standard normals
    total = math.hypot(spread, noise / math.sqrt(people))
    trusted = spread**2 / total**2 if total > 0 else 1.0  # a posterior mean, as in question 2
    return total * largest, trusted * total * largest, spread * largest

# %% tags=["check"]
expect(
    winner,
    (2, 3.0, 8.0, 4),
    (5 / math.sqrt(math.pi), 1.8 / math.sqrt(math.pi), 3 / math.sqrt(math.pi)),
    "two programs",
    "The larger of two standard normals is 1/√π on average. Measured scores scatter with 5, of which 9 parts in 25 are true.",
)
expect(
    winner,
    (3, 0.0, 0.3, 9),
    (0.15 / math.sqrt(math.pi), 0.0, 0.0),
    "three programs that are equally good",
    "The largest of three standard normals is 3/(2√π) on average; here all of it is luck.",
)

# %% tags=["hidden"]
def _field(n):
    return n, *(float(v) for v in secret.uniform([0.002, 0.1], [0.03, 0.3])), int(secret.integers(20, 400))

aspect("fields of all sizes", 4,
       "What is the expected maximum of n standard normals? And what do you believe of a true score when you see a measured one?",
       cases=[_field(5), _field(40), _field(300)])
aspect("one program, and no scatter", 1, "Nobody is chosen from one; and where nothing scatters all scores are the mean.",
       cases=[_field(1), (12, 0.0, 0.0, 30), (7, 0.02, 0.0, 5)])
aspect("ten thousand attempts", 1, "The density of the maximum moves to the right, and becomes narrow: look where it is.",
       cases=[_field(10_000)])

# %% [markdown]
# ## Question 6. The contest (8 points)
#
# Write `recommend`. It is called once for a valley: the stars of its readers, the facts of its books, and newcomers, of each of whom none, two, five or twenty stars are known. For each newcomer
# it is asked about some books, and returns a score for each; only their order counts. The county then looks at what these newcomers thought of those books, which your program never sees, and computes the share of pairs in
# the right order, as in question 4, averaged over newcomers.
#
# **Bars.** Two parts, each with newcomers of several valleys. For orientation the county has run three programs of its own *on the same newcomers*: **A**, what everybody is told (question 1, λ = 5); **B**, questions 1 to 3 put
# together, with $\mathbf x = (1, \text{facts})$ and 30 steps; **C**, one that also learns of the books what no card says.
#
# | part | 1 point | 3 points | 4 points | 6 points |
# |---|---|---|---|---|
# | valleys of 120 readers | a quarter of the way from A to B | 85 % of it | a fifth of the way from B to C | two fifths of it |
#
# | part | 1 point | 2 points |
# |---|---|---|
# | valleys of 40 readers | half of the way from A to B | 85 % of it |
#
# **Judge yourself.** `rehearsal` plays newcomers with readers of the practice valley. Choose with it, over many seeds, and with `compare`. It needs neither the county nor its list, and question 5 has told you what a list is worth on which
# you try often. Keep half of the readers for a last look that you take once. Your time is limited, too: the county's machine gives you twenty seconds for all valleys, so stay below two for one.

# %%
def rehearsal(stars, seed):
    """A quarter of the readers play newcomers: readers left, supports, books asked, and the truth."""
    chance = np.random.default_rng(seed)
    players = chance.permutation(len(stars))[: len(stars) // 4]
    supports, questions = np.full((len(players), stars.shape[1]), nan), []
    for place, player in enumerate(players):
        own = chance.permutation(np.flatnonzero(~np.isnan(stars[player])))
        told = min((0, 2, 5, 20)[place % 4], len(own) - 6)
        supports[place, own[:told]] = stars[player, own[:told]]
        questions.append(own[told : told + 6])
    questions = np.array(questions)
    return np.delete(stars, players, axis=0), supports, questions, stars[players[:, None], questions]

# %% tags=["solution"]
def recommend(stars, facts, supports, asked):
    """Scores for the books that a valley's newcomers are asked about; higher comes earlier.

    stars: array [readers, books] of the valley, nan where not rated. facts: array [books, 6].
    supports: array [newcomers, books], the stars that newcomers have told, nan elsewhere; a row
    may be all nan. asked: array [newcomers, m] of positions of books, none of which is in that
    newcomer's support. Returns an array [newcomers, m] of finite numbers.
    """
    level, x = book_means(stars, 5), np.column_stack([np.ones(len(facts)), facts])
    mean, tastes, noise = learn_prior(x, stars - level, 30)
    # A taste is now a number for each book. The facts say which of these go together; the readers, who outvote
    # them where they are many, say what else does.
    each = np.eye(len(facts))
    prior = x @ mean, x @ tastes @ x.T + 0.15 * each, noise
    prior = _em(each, stars - level, prior, 15, extra=30)
    return _served(each, level, prior, supports, asked)


def _served(x, level, prior, supports, asked):
    """Predicted stars when books have the vectors x."""
    scores = []
    for told, books in zip(supports, asked):
        known = ~np.isnan(told)
        left = (told - level)[known]
        scores.append(level[books] + newcomer(x[known], left, x[books], *prior, 0.5)[0])
    return np.array(scores)

# %% tags=["check"]
_rest, _told, _asked, _truth = rehearsal(stars, seed=0)
expect(
    recommend,
    (_rest, facts, _told, _asked),
    _truth,
    "thirty readers who play newcomers",
    "Where the bar lies, what everybody is told arrives, too. Thirty are few: use more seeds, and `compare`.",
    metric="pairwise accuracy",
    bar=0.6,
)

# %% tags=["hidden"]
def _valley(chance, readers, newcomers, books=40, m=12):
    """One valley's readers, facts, newcomers and books asked about, and what the newcomers think."""
    facts = chance.normal(0, 1, (books, 6)).round(1)
    nature = np.column_stack([facts, chance.normal(0, 1, (books, 3))])  # three traits that nobody wrote down
    fame = chance.normal(0, 1, books)
    quality = 0.15 * fame + nature @ chance.normal(0, 0.12, 9) + chance.normal(0, 0.25, books)
    people = readers + newcomers
    kinds, turn = chance.normal(0, 0.3, (3, 9)), chance.normal(0, 0.46, (3, 9))
    kind = chance.choice(3, people, p=chance.dirichlet([4, 4, 4]))
    taste = kinds[kind] + chance.normal(0, 1, (people, 3)) * [0.6, 0.45, 0.3] @ turn
    liking = quality + taste @ nature.T
    generous, noise = chance.normal(0, 0.5, (people, 1)), chance.uniform(0.6, 0.8)
    stars = np.clip(np.rint(3.4 + generous + liking + chance.normal(0, noise, liking.shape)), 1, 5)
    wish = fame + chance.uniform(0.4, 1) * liking + chance.gumbel(0, 1, liking.shape)
    read = np.argsort(-wish, axis=1)  # who likes a book reads it sooner
    given = np.full(stars.shape, np.nan)
    counts = chance.integers(8, 31, readers)
    shown = np.arange(newcomers) % 4
    known = [read[u, :n] for u, n in enumerate(counts)]
    mixed = [chance.permutation(row[: (0, 2, 5, 20)[k] + m]) for row, k in zip(read[readers:], shown)]
    known += [row[:-m] for row in mixed]
    for person, row in enumerate(known):
        given[person, row] = stars[person, row]
    asked = np.array([row[-m:] for row in mixed]).reshape(newcomers, m)
    truth = np.take_along_axis(stars[readers:], asked.astype(int), axis=1)
    return (given[:readers], facts, given[readers:], asked.astype(int)), truth

def _bars(valleys, shares):
    """Where scores lie that go these shares of the way from A to B, and from B to C."""
    found = []
    for way in (_told_all, _by_facts, recommend):
        pairs = [(way(*args), true) for args, true in valleys]
        found.append(np.concatenate([_in_order(*pair) for pair in pairs]))
    a, b, c = (np.nanmean(values) for values in found)
    return [(float(a + share * (b - a) if share <= 1 else b + (share - 1) * (c - b)), points) for share, points in shares]

def _told_all(stars, facts, supports, asked):
    return book_means(stars, 5)[asked]

def _by_facts(stars, facts, supports, asked):
    level, x = book_means(stars, 5), np.column_stack([np.ones(len(facts)), facts])
    return _served(x, level, learn_prior(x, stars - level, 30), supports, asked)

_practice = _valley(np.random.default_rng(61), 120, 0)[0]
assert np.array_equal(_practice[0], stars, equal_nan=True), "slips are not of this program"

_many = [_valley(secret, 120, 100) for _ in range(3)]
_few = [_valley(secret, 40, 80) for _ in range(3)]
aspect("valleys of 120 readers", 6,
       "Does the order change with the newcomer's stars? Do few stars move it a little, in the directions in which people "
       "differ here? And do readers know something of the books that stands on no card?",
       cases=[args for args, _ in _many], truths=[true for _, true in _many], metric="pairwise accuracy",
       bars=_bars(_many, [(0.25, 1), (0.85, 3), (1.2, 4), (1.4, 6)]))
aspect("valleys of 40 readers", 2,
       "Forty readers say little about each pair of books. Lean on the facts, or learn fewer numbers.",
       cases=[args for args, _ in _few], truths=[true for _, true in _few], metric="pairwise accuracy",
       bars=_bars(_few, [(0.5, 1), (0.85, 2)]))

# %% [markdown]
# ## Question 7. One page for the county (6 points)
#
# Report on your program as chapter 15 reports on methods, with one table of your own rehearsals: with what it was compared (a trivial program among them, and the strongest simple one that you could make); on which people, and which
# of them you kept for the end; what was chosen, where, and out of how many tries; differences with intervals over people, for none, two, five and twenty known stars; what an answer costs, and what it would cost with ten times the
# books. Report one idea that did not help. Close with a sentence for the county: how far may it trust the place at which your program will stand? At most 400 words beside the table.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each; half a point for a claim without a number). The argument is marked, not the score: an honest tie deserves full marks.
#
# - Rivals: what everybody is told (or popularity) *and* a simple strong one (questions 1 to 3 put together), with the same care in their tuning.
# - People: readers are divided, never ratings; what was chosen was chosen on some of them, the table comes from others, who were asked once.
# - Choices are counted: how many variants, on how many rehearsals; the best of them is not reported as found (question 5; chapter 02's three hundred guessers).
# - Paired differences with intervals over people for each number of known stars, and no "better" where an interval holds zero. Averaging several rehearsals of the same reader is fine, counting them as several people is not.
#   With nothing known sensible programs hardly differ, and what everybody is told is hard to beat.
# - Cost: seconds of a call, and how they grow (with all books as directions: the cube of their number, for every reader and step; with factors or facts: hardly). Says whether the gain is worth it, as chapter 15 does.
# - The negative result, and the last sentence: an interval over newcomers holds these valleys fixed; a valley is one draw of a taste and of forty books, so a lead within the interval, or on three valleys, is no rank.
#
# Not worth a point: the place on the leaderboard; a rehearsal with one seed.

# %% [markdown]
# ## Question 8. Whom the contest forgets (6 points)
#
# Find out in rehearsals for whom your program does worse: newcomers who have said little, those whose taste is far from the valley's mean, those who are asked about books that few have read. Show numbers. Then read the contest's rules once more.
# What does its single number reward, what does it hide, and what would go wrong if the county gave *ten books from the whole shelf* to everybody by your scores? Propose one change of the contest, and
# say what it costs. At most 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - Two groups compared by numbers, with an interval or the number of people beside them; says that thirty players a rehearsal are few.
# - Why: a prior pulls everybody towards the valley's mean, which is right on average and wrong for those who are far from it, most of all when they have said little. More stars cure it; a mixture of kinds of people might.
# - A mean over newcomers hides who pays: the same mean can serve all a little, or most well and some badly. A quantile, or the worst tenth, would show it.
# - Selection: the books asked are books that these newcomers chose to read, and who likes a book reads it sooner. The order of what *was* read is not the order of the shelf.
#   (So question 1 is hard to beat with nothing known: those who chose a book speak for those who will.) Nothing in these methods asks why a rating is missing (chapter 15);
#   what predicts best who bought is not what recommends best (chapter 14).
# - Popularity: famous books have most ratings, so their means are surest and shrink least; a list from the whole shelf shows what is known already, becomes next year's data, and nobody hears of the rest. Chapter 15: recommended films are
#   several times as well known as random ones, and the Gini of exposure is above 0.9.
# - A change with its price: newcomers asked about books drawn by lot (somebody must read them), a score for each number of known stars or for the worst tenth (noisier), fresh valleys at the end and few attempts before (question 5), a second number for coverage (what weight?).
#
# Not worth a point: "bias" without saying of what, in which direction, and for whom.
