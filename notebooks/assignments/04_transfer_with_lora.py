# %% [markdown]
# # Problem set 4. Transfer with LoRA
#
# **The story.** Pilcrow sells books in eighty shops and has fifteen years of ratings. Three weeks ago it opened its
# first shops across the border: the same books, other people, and so far a few thousand ratings. A supplier offers to
# carry the network that learned at home over to the new country: *"One LoRA adapter for each reader, 0.1 % of the
# weights, so a thousandth of the cost. Every adapter begins as your own network, so nothing can get worse, neither
# there nor at home."* Before anybody signs, four things must be decided: what is adapted, how much of it, from where
# it begins, and what the old customers lose. You compute each of them exactly.
#
# **What you need.** Chapters 07 and 08. A processor is enough; every answer runs in a second, and nothing is
# trained: weights come as inputs. Only `numpy`, `scipy`, `pandas` and Python's own library are there when your answers
# are marked.
#
# **How long.** About five hours; question 6 may keep you thinking.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Every answer has a closed form, so yours must agree to six
# digits: that leaves room for rounding and for another way to compute it, and none for another formula or for a
# simulation. Questions 7 and 8 are read by a person. Change names neither of functions nor of arguments, return what
# the docstring says, and add cells as you like.
#
# **Letters.** As in chapter 08: an adapted layer computes
# $\mathbf W \mathbf x + \frac{s}{r} \mathbf A \mathbf B \mathbf x$, where $\mathbf A$ has $d_{\text{out}}$ rows and $r$
# columns and begins at zero, and $\mathbf B$ has $r$ rows and $d_{\text{in}}$ columns and begins at random. Many papers
# swap the two letters.

# %% tags=["assignment"]
libraries = ["numpy", "scipy", "pandas"]

# %%
import math

import numpy as np

from metarec.grading import expect

# %% [markdown]
# ## Question 1. The bill (3 points)
#
# What is a thousandth of what? A network has linear layers, each with a matrix of $d_{\text{out}} \times d_{\text{in}}$
# weights and $d_{\text{out}}$ biases. *Full fine-tuning* trains all of it. *LoRA* with rank $r$ trains
# $\mathbf A$ and $\mathbf B$ of the layers that are adapted, and nothing else. Count, for both ways:
#
# - the numbers that are **trained**;
# - the numbers that are **held** while one model is trained: all numbers of the model, those of the adapters included, and for each
#   trained one its gradient and the two running means of Adam;
# - the numbers that are **stored** for the given number of readers, each with a model of their own. What they share is
#   stored once.
#
# And for each adapted layer: what is the smallest rank at which $\mathbf A$ and $\mathbf B$ together are *no smaller*
# than the matrix beside which they stand?

# %% tags=["solution"]
def bill(layers, adapted, rank, readers):
    """What full fine-tuning and LoRA train, hold and store.

    layers: array of whole numbers [layers, 2], each row (d_out, d_in). adapted: boolean array
    [layers], at least one is True. rank, readers: at least 1.
    Returns two arrays of whole numbers: [3, 2], with the rows trained, held, stored and the columns
    full fine-tuning, LoRA; and [adapted layers], the rank of each from which on nothing is saved.
    """
    n_out, n_in = layers.T
    network = (n_out * n_in + n_out).sum()
    sides = n_out[adapted] + n_in[adapted]
    thin = rank * sides.sum()
    counts = [[network, thin],
              [4 * network, network + 4 * thin],
              [readers * network, network + readers * thin]]  # fmt: skip
    return np.array(counts), -(-n_out[adapted] * n_in[adapted] // sides)

# %% tags=["check"]
expect(
    bill,
    (np.array([[2, 3], [4, 2]]), np.array([True, False]), 1, 10),
    (np.array([[20, 5], [80, 40], [200, 70]]), np.array([2])),
    "two layers, one of them adapted",
    "The network has 6 + 2 and 8 + 4 numbers; A has 2 · 1 and B has 1 · 3, which come on top of the network.",
)
expect(
    bill,
    (np.array([[4, 4]]), np.array([True]), 3, 1),
    (np.array([[20, 24], [80, 116], [20, 44]]), np.array([2])),
    "a square layer, and a rank that is too high",
    "At rank 2 the two thin matrices have 16 numbers, as many as the square one.",
)

# %% tags=["hidden"]
def _network(n_layers, smallest, largest, rank, readers, share=0.5):
    adapted = secret.random(n_layers) < share
    adapted[secret.integers(n_layers)] = True
    return secret.integers(smallest, largest, (n_layers, 2)), adapted, rank, readers

_square = np.repeat(secret.integers(40, 400, (5, 1)) * 2, 2, axis=1)
aspect("networks of all kinds", 2,
       "Biases are trained by one of the two ways only. Whoever adapts keeps the network and adds to it.",
       cases=[_network(12, 30, 900, 8, 500), _network(40, 200, 5000, 16, 20_000), _network(3, 5, 60, 1, 7)])
aspect("where nothing is saved any more", 1,
       "A rank is a whole number, and at equal size nothing is saved; the layers may be square or thin.",
       cases=[(_square, np.array([True, False, True, True, True]), 4, 30), _network(15, 2, 30, 12, 3, share=0.9)])

# %% [markdown]
# ## Question 2. Many readers in one batch (4 points)
#
# In the evening a hundred readers press the button at once, each with an adapter of their own, and some without any: the
# new visitors, for whom `reader` is $-1$. Compute the adapted layer for the whole batch. A row's own matrix
# $\mathbf W + \frac{s}{r} \mathbf A_u \mathbf B_u$ has as many numbers as the layer; never build it. (No check sees whether you did. The memory of a shop would.)
#
# Or build it once, for a reader who asks a lot: adding $\mathbf A_u \mathbf B_u$ into a copy of $\mathbf W$ is called
# *merging*. Count the multiplications of numbers, and leave the scale out. Merging costs the product of the two thin
# matrices; it saves, on each of this reader's rows, the two thin products. For which readers does it need fewer than it saves in this batch?
# You have met the number at which this turns.

# %% tags=["solution"]
def serve(x, weight, bias, a, b, reader, scale):
    """The outputs of a layer whose rows have different adapters, and for whom merging pays.

    x: array [n, d_in]. weight: array [d_out, d_in]. bias: array [d_out]. a: array
    [readers, d_out, r]. b: array [readers, r, d_in]. reader: array of whole numbers [n], whose
    adapter a row has, -1 for none. scale: s.
    Returns an array [n, d_out], and a boolean array [readers]: True where merging costs fewer
    multiplications than it saves.
    """
    n_out, n_in = weight.shape
    has = reader >= 0
    own = reader[has]
    outputs = x @ weight.T + bias
    inner = np.einsum("nri,ni->nr", b[own], x[has])
    outputs[has] += scale / a.shape[2] * np.einsum("nor,nr->no", a[own], inner)
    rows = np.bincount(own, minlength=len(a))
    return outputs, rows * (n_out + n_in) > n_out * n_in

# %% tags=["check"]
expect(
    serve,
    (np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 1.0]]), np.array([0.5]),
     np.array([[[2.0, 1.0]]]), np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.array([0, -1]), 4.0),
    (np.array([[3.5 + 2 * 5], [3.5]]), np.array([True])),
    "a reader and a visitor",
    "B x is (2, 1), A B x is 5, s / r is 2. Merging costs 1 · 2 · 2 and saves 2 · (2 + 1): it pays.",
)
expect(
    serve,
    (np.ones((2, 2)), np.zeros((2, 2)), np.zeros(2), np.ones((2, 2, 1)), np.ones((2, 1, 2)),
     np.array([1, 1]), 1.0),
    (np.full((2, 2), 2.0), np.array([False, True])),
    "two rows of one reader, none of the other",
    "Merging costs 2 · 1 · 2. For the first reader it saves nothing, for the second 2 rows · 1 · (2 + 2).",
)

# %% tags=["hidden"]
def _evening(n, n_out, n_in, r, readers, scale, visitors=0.0):
    x, weight, bias = (secret.normal(0, 1, shape) for shape in ((n, n_in), (n_out, n_in), n_out))
    a, b = secret.normal(0, 1, (readers, n_out, r)), secret.normal(0, 1, (readers, r, n_in))
    who = np.minimum(secret.geometric(0.35, n), readers) - 1
    return x, weight, bias, a, b, np.where(secret.random(n) < visitors, -1, who), scale

aspect("an evening of many readers", 3,
       "First the small product, then the large one; the scale is divided by the rank; count rows for each reader.",
       cases=[_evening(40, 6, 4, 2, 7, 8.0), _evening(90, 20, 31, 3, 9, 16.0), _evening(25, 5, 12, 1, 3, 0.7)])
aspect("visitors without an adapter", 1,
       "For numpy the place -1 is the last one.",
       cases=[_evening(40, 7, 5, 2, 6, 8.0, visitors=0.4), _evening(9, 4, 6, 2, 2, 8.0, visitors=1.0)])

# %% [markdown]
# ## Question 3. The first step (4 points)
#
# *"Every adapter begins as your own network."* And where does it go? Take the smallest network in which something lies above the
# adapted layer: the head $\mathbf h$ and the matrix $\mathbf W$ are frozen, a book with the vector $\mathbf x$ has the score
#
# $$ f(\mathbf x) = \mathbf h^\top \tanh\Bigl(\mathbf W \mathbf x + \frac{s}{r} \mathbf A \mathbf B \mathbf x\Bigr), $$
#
# and the loss is the mean, over the rows, of the cross-entropy of "liked": $\ln(1 + e^{f})$, less $f$ where the book was liked.
# Compute the loss and one step of gradient descent on $\mathbf A$ and $\mathbf B$, by the chain rule and by hand. Both gradients are taken where the
# step begins. A score may be in the thousands.
#
# Then set $\mathbf A = 0$. Which of the two matrices has moved after the first step, and when does the other begin? Write down how the product
# $\frac{s}{r} \mathbf A \mathbf B$ has changed: how does the change depend on $s$, and to which inputs is it blind? Question 7 will ask.

# %% tags=["solution"]
def step(x, liked, weight, head, a, b, scale, rate):
    """The loss, and the two thin matrices after one step of gradient descent.

    x: array [n, d_in]. liked: boolean array [n]. weight: array [d_out, d_in]. head: array [d_out].
    a: array [d_out, r]. b: array [r, d_in]. scale: s. rate: what the gradient is multiplied by.
    Returns a number and two arrays: the loss before the step, the new a, the new b.
    """
    factor = scale / a.shape[1]
    bent = np.tanh(x @ weight.T + factor * (x @ b.T) @ a.T)  # [n, d_out]
    score = bent @ head
    above = np.logaddexp(0, score)
    blame = (np.exp(score - above) - liked) / len(x)  # of the scores
    slope = (blame[:, None] * head * (1 - bent**2)).T @ x  # [d_out, d_in], of the whole matrix
    loss = (above - liked * score).mean()
    return loss, a - rate * factor * slope @ b.T, b - rate * factor * a.T @ slope

# %% tags=["check"]
expect(
    step,
    (np.array([[2.0]]), np.array([True]), np.array([[0.0]]), np.array([1.0]), np.array([[0.0]]),
     np.array([[0.5]]), 2.0, 0.1),
    (math.log(2), np.array([[0.1]]), np.array([[0.5]])),
    "one book, all numbers by hand",
    "The score is 0, so its slope is 1/2 − 1; that of the matrix is −1/2 · 2, that of A is 2 · (−1) · 0.5.",
)

_rng = np.random.default_rng(0)
_x, _w, _h = _rng.normal(size=(7, 4)), _rng.normal(size=(5, 4)), _rng.normal(size=5)
_a, _b, _yes = _rng.normal(size=(5, 2)), _rng.normal(size=(2, 4)), _rng.random(7) < 0.5
_, _new_a, _new_b = step(_x, _yes, _w, _h, _a.copy(), _b.copy(), 3.0, 1.0)
for _thin, _new in ((_a, _new_a), (_b, _new_b)):
    for _place in np.ndindex(_thin.shape):
        _losses = []
        for _shift in (1e-5, -1e-5):
            _thin[_place] += _shift
            _losses.append(step(_x, _yes, _w, _h, _a.copy(), _b.copy(), 3.0, 1.0)[0])
            _thin[_place] -= _shift
        _gradient = (_losses[0] - _losses[1]) / 2e-5
        assert np.isclose(_thin[_place] - _new[_place], _gradient, atol=1e-7), "not the loss's slope"
print("✓ step: the gradients are the slopes of the loss")

# %% tags=["hidden"]
def _lesson(n, n_out, n_in, r, scale, rate, loud=1.0, beginning=False):
    x, weight = secret.normal(0, 1, (n, n_in)), secret.normal(0, 0.4, (n_out, n_in))
    head, b = loud * secret.normal(0, 1, n_out), secret.normal(0, 1 / math.sqrt(n_in), (r, n_in))
    a = secret.normal(0, 0.0 if beginning else 0.3, (n_out, r))
    return x, secret.random(n) < 0.4, weight, head, a, b, scale, rate

aspect("somewhere on the way", 2,
       "Follow one number upwards: thin matrix, sum, tanh, head, loss; then take its mean. Both gradients belong to the same place.",
       cases=[_lesson(12, 5, 7, 2, 4.0, 0.5), _lesson(40, 9, 6, 3, 16.0, 0.1), _lesson(5, 3, 3, 1, 1.0, 2.0)])
aspect("at the usual beginning", 1, "A product with zero is zero, and its gradient need not be.",
       cases=[_lesson(20, 6, 8, 4, 16.0, 0.3, beginning=True), _lesson(6, 2, 9, 2, 1.0, 1.0, beginning=True)])
aspect("a network that is very sure", 1,
       "The exponential of thousands is no number; the cross-entropy of such a score is.",
       cases=[_lesson(30, 8, 5, 2, 2.0, 0.01, loud=500.0)])

# %% [markdown]
# ## Question 4. How much fits through a rank (5 points)
#
# *"We fine-tuned all weights for you. Of the change $\boldsymbol\Delta$ of each matrix we keep the first $r$ singular values. No change of
# rank $r$ comes nearer."* Nearer in which sense? That is true of the sum of squares of $\boldsymbol\Delta - \mathbf A \mathbf B$. But a layer is asked
# for outputs, and the inputs are not alike in all directions: chapter 07 found them in a cone. What counts is
#
# $$ \frac 1n \sum_{i=1}^n \bigl\lVert (\boldsymbol\Delta - \mathbf A \mathbf B)\, \mathbf x_i \bigr\rVert^2 $$
#
# over inputs that the shops have seen. Find the best change of rank $r$ in *this* sense, and the error that is left for every rank:
# of the best change, and of the supplier's. You need no gradient step.

# %% tags=["solution"]
def through(change, x, rank):
    """The best change of low rank for given inputs, and what every rank leaves.

    change: array [d_out, d_in]. x: array [n, d_in], its d_in columns independent. rank:
    from 0 to m = min(d_out, d_in).
    Returns three arrays: [d_out, d_in], the best change of this rank; [1 + m], the error of the
    best change of rank 0, 1, …, m; [1 + m], that of the change cut to its largest singular values.
    """
    outputs = x @ change.T
    sides = np.linalg.svd(outputs, full_matrices=False)[2]  # directions of the outputs
    _, size, right = np.linalg.svd(change, full_matrices=False)
    ranks = range(1 + min(change.shape))
    best = [outputs @ sides[r:].T for r in ranks]
    plain = [x @ (size[r:, None] * right[r:]).T for r in ranks]
    errors = [np.array([(lost**2).sum() / len(x) for lost in way]) for way in (best, plain)]
    return sides[:rank].T @ (sides[:rank] @ change), *errors

# %% tags=["check"]
_long = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
expect(
    through,
    (np.array([[1.0, 0.0], [0.0, 2.0]]), _long, 1),
    (np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([6.5, 2.0, 0.0]), np.array([6.5, 4.5, 0.0])),
    "inputs that are long in one direction",
    "The outputs are (±3, 0) and (0, ±2). The singular value 2 belongs to a direction that hardly occurs.",
)
_turned = np.array([[3.0, 1.0], [-3.0, -1.0], [-1.0, 3.0], [1.0, -3.0]])
expect(
    through,
    (np.array([[1.0, 0.0], [0.0, 2.0]]), _turned, 1),
    (np.array([[0.0, 0.0], [0.0, 2.0]]), np.array([25.0, 5.0, 0.0]), np.array([25.0, 5.0, 0.0])),
    "inputs that are alike in all directions",
    "Here the supplier is right.",
)

# %% tags=["hidden"]
def _cone(n, d, common, decay):
    turn = np.linalg.qr(secret.normal(0, 1, (d, d)))[0]
    return secret.normal(0, 1, (n, d)) * decay ** np.arange(d) @ turn + common * secret.normal(0, 1, d)

def _moved(n, n_out, n_in, rank, common=0.3, decay=0.7):
    return secret.normal(0, 0.5, (n_out, n_in)), _cone(n, n_in, common, decay), rank

aspect("inputs that differ by direction", 3,
       "What must be near is what comes out. Which directions of the outputs would you keep?",
       cases=[_moved(60, 5, 7, 2), _moved(200, 12, 8, 3, decay=0.8), _moved(30, 3, 6, 1)])
aspect("inputs with a common part", 1, "Nobody takes the mean off the inputs of a layer.",
       cases=[_moved(80, 6, 5, 2, common=3.0)])
aspect("no rank, and all of it", 1, "Rank 0 changes nothing; the full rank loses nothing.",
       cases=[_moved(40, 4, 6, 0), _moved(50, 6, 4, 4)])

# %% [markdown]
# ## Question 5. Where to begin (6 points)
#
# The plain rival: leave the network alone, and let only the head move, a linear model on the vectors of the books. At home it
# has the weights $\mathbf w_0$. For the new country take the weights that make
#
# $$ \sum_i \bigl(y_i - \mathbf w^\top \mathbf x_i\bigr)^2 + \lambda \lVert \mathbf w - \mathbf w_0 \rVert^2 $$
#
# as small as possible: what nobody there has contradicted stays as it is at home. The strength $\lambda$ must come from the new country's
# training data alone. Who comes in tomorrow is a *reader*, and one reader's ratings vouch for each other; so leave out one
# reader after another, all of their ratings at once, fit on the others, and take the mean squared error on the ratings that were left out. The
# error of a strength is the mean of these over readers. You need no second fit: show that one inverse for each strength tells the errors of all readers
# exactly.
#
# A strength of infinity keeps $\mathbf w_0$.

# %% tags=["solution"]
def begin_at_home(x, y, reader, home, strengths, new):
    """The strength with the smallest error on readers left out, that error, and predictions.

    x: array [ratings, d]. y: array [ratings]. reader: array of whole numbers [ratings], who gave
    a rating, in any order; at least two people. home: array [d]. strengths: array, all above 0,
    np.inf may be among them; no two are equally good. new: array [books, d].
    Returns two numbers and an array [books]: strength, its error, predictions by all ratings.
    """
    surprise = y - x @ home
    groups = [np.flatnonzero(reader == one) for one in np.unique(reader)]
    fits = [_pull(x, strength) for strength in strengths]
    errors = [_left_out(x @ fit, surprise, groups) for fit in fits]
    best = np.argmin(errors)
    return strengths[best], errors[best], new @ (home + fits[best] @ surprise)


def _pull(x, strength):
    """The matrix [d, ratings] that turns surprises into a change of the weights."""
    if np.isinf(strength):
        return np.zeros(x.T.shape)
    return np.linalg.inv(x.T @ x + strength * np.eye(x.shape[1])) @ x.T


def _left_out(hat, surprise, groups):
    residual = surprise - hat @ surprise
    errors = []
    for mine in groups:
        own = np.eye(len(mine)) - hat[np.ix_(mine, mine)]
        errors.append(np.mean(np.linalg.solve(own, residual[mine]) ** 2))
    return np.mean(errors)

# %% tags=["check"]
expect(
    begin_at_home,
    (np.array([[1.0], [1.0], [1.0]]), np.array([2.0, 4.0, 6.0]), np.array([7, 7, 9]),
     np.array([1.0]), np.array([2.0]), np.array([[1.0], [10.0]])),
    (2.0, (10 / 9 + 16) / 2, np.array([2.8, 28.0])),
    "two readers, one column, one strength",
    "The surprises are 1, 3 and 5. Without the first reader the weight moves by 5 / (1 + 2), without the second by 4 / (2 + 2).",
)
expect(
    begin_at_home,
    (np.array([[1.0], [1.0]]), np.array([2.0, 0.0]), np.array([0, 1]), np.array([1.0]),
     np.array([1.0, np.inf]), np.array([[3.0]])),
    (np.inf, 1.0, np.array([3.0])),
    "two readers who contradict each other",
    "To follow either of them is wrong for the other: with strength 1 the error is 1.5², at home it is 1.",
)

# %% tags=["hidden"]
def _abroad(readers, most, d, gap, strengths, shop=5):
    reader = secret.permutation(np.repeat(np.arange(readers), secret.integers(1, most + 1, readers)))
    home = secret.normal(0, 1, d)
    weights = home + gap * secret.normal(0, 1, d)
    x, new = secret.normal(0.3, 1, (len(reader), d)), secret.normal(0.3, 1, (shop, d))
    taste = secret.normal(0, 0.7, (readers, d))[reader]
    y = np.sum(x * (weights + taste), axis=1) + secret.normal(0, 1, len(reader))
    return x, y, 10 + 3 * reader, home, np.array(strengths), new

_many = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]
aspect("readers with one rating and with many", 4,
       "Write the surprises of one reader, given the others, by a block of the matrix that makes predictions out of ratings.",
       cases=[_abroad(25, 6, 4, 0.5, _many), _abroad(60, 9, 8, 0.2, _many), _abroad(12, 4, 3, 1.5, _many[::-1])])
aspect("home, kept as it is", 1, "Infinity is a strength like the others: nothing moves, and nothing is nan.",
       cases=[_abroad(6, 3, 6, 0.0, [0.01, 0.1, np.inf]), _abroad(20, 5, 4, 0.8, [np.inf, 5.0, 50.0])])
aspect("more columns than ratings", 1, "The strength makes it possible, and home decides the rest.",
       cases=[_abroad(7, 3, 40, 0.3, _many)])

# %% [markdown]
# ## Question 6. Where home begins to hurt (7 points)
#
# *"Nothing can get worse."* Compute when it does. In the new country a rating of a book with vector $\mathbf c$ is
# $\mathbf c^\top \mathbf w + \varepsilon$, above a level that we leave out; the weights $w_j$ are independent, with mean zero and variance
# `spread[j]`; the noise has variance `noise`. The weights at home are known: $\mathbf w_0$. From country to country weights differ: the $w_j - w_{0j}$ are
# independent, with mean zero and variance `gap * spread[j]`. A *gap* of 0 means one country; a gap of 1, that home is as far away as zero is. The
# true gap is not known, one is *assumed*. Both ways learn from one rating for each row of `shown`,
# all given in the new country, by ridge regressions:
#
# - **alone**: home is forgotten; $w_j^2$ has the price `noise / spread[j]`;
# - **from home**: $(w_j - w_{0j})^2$ has the price `noise / (assumed * spread[j])`. Who assumes 0 keeps home as it is.
#
# On average over weights and noise, and over the books `asked`, compute exactly: the expected squared error of
# $\mathbf c^\top \mathbf w$ of both ways; what the *old* customers lose if the moved weights serve them, too, that is the
# expected square of $\mathbf c^\top(\hat{\mathbf w} - \mathbf w_0)$; and the **crossing**, the true gap at which the two ways err alike. Beyond it home
# hurts.
#
# Then plot the crossing against the number of ratings, from none to a thousand, for assumed gaps of 0, 0.1, 0.3 and 1 (five columns of spread 1 and
# noise 1 will do). Where do the curves begin, and to which numbers do they go down? For two of them that is not the assumed gap: why? And where would the
# curve of somebody lie who always assumes the true gap? By how much, then, may one be wrong about the gap?

# %% tags=["solution"]
def where_home_hurts(shown, asked, spread, noise, assumed, gaps):
    """Expected errors alone and from home, the loss of old customers, and the crossing.

    shown: array [k, d], k may be 0. asked: array [m, d]. spread: array [d], above 0. noise: above
    0. assumed: the assumed gap, from 0 to 1. gaps: array [G] of true gaps, at least 0.
    Returns a number, two arrays [G] and a number: error alone, error from home, loss of the old
    customers, the true gap at which the two errors are equal.
    """
    steady, slope, _ = _parts(shown, asked, spread, noise, 1.0)
    alone = steady + slope  # to forget home is to move away from zero, at a gap of 1
    steady, slope, drift = _parts(shown, asked, spread, noise, assumed)
    return alone, steady + gaps * slope, steady + gaps * drift, (alone - steady) / slope


def _parts(shown, asked, spread, noise, assumed):
    """What the noise does; what a gap of 1 adds to the error, and to the change."""
    prior = assumed * spread
    left = shown * prior @ shown.T + noise * np.eye(len(shown))
    reach = np.linalg.solve(left, shown * prior @ asked.T).T  # [m, k]
    told = reach @ shown
    return (noise * (reach**2).sum(axis=1).mean(),
            ((told - asked) ** 2 @ spread).mean(), (told**2 @ spread).mean())  # fmt: skip

# %% tags=["check"]
expect(
    where_home_hurts,
    (np.array([[1.0]]), np.array([[1.0]]), np.array([1.0]), 1.0, 0.5, np.array([0.0, 1.0])),
    (1 / 2, np.array([1 / 9, 5 / 9]), np.array([1 / 9, 2 / 9]), 7 / 8),
    "one rating, one column",
    "From home the price is 2, so a third of the surprise is believed: one ninth of the noise's variance stays, "
    "and (1 − 1/3)² of the gap.",
)
expect(
    where_home_hurts,
    (np.array([[1.0, 0.0]]), np.array([[1.0, 2.0]]), np.array([3.0, 1.0]), 1.0, 0.0, np.array([0.5])),
    (4.75, np.array([3.5]), np.array([0.0]), 4.75 / 7),
    "home as it is",
    "Who does not move loses nothing at home, and errs by the gap alone: 0.5 · (3 + 4).",
)

_rng = np.random.default_rng(0)
_c, _q, _s = _rng.normal(size=(9, 4)), _rng.normal(size=(5, 4)), np.array([2.0, 1.0, 0.5, 0.1])
_errors = [where_home_hurts(_c, _q, _s, 1.5, _g, np.array([0.2]))[1][0] for _g in (0.1, 0.2, 0.4)]
assert _errors[1] < min(_errors[0], _errors[2]), "to assume the truth must be best"
print("✓ where_home_hurts: nobody does better than who assumes the truth")

# %% tags=["hidden"]
def _border(k, m, d, noise, assumed):
    shown, asked = (secret.normal(0, 1, (n, d)) + secret.normal(0, 0.3, d) for n in (k, m))
    return shown, asked, secret.uniform(0.2, 3, d), noise, assumed, np.append(0.0, secret.uniform(0, 2, 4))

aspect("assumptions of all kinds", 4,
       "Write the surprise of each rating as the gap's part plus noise, and the change as a matrix times surprises. The strength "
       "knows the assumed gap, the error knows the true one.",
       cases=[_border(5, 6, 3, 1.0, 0.3), _border(30, 8, 6, 2.0, 0.05), _border(4, 5, 9, 0.5, 1.0)])
aspect("home as it is", 1, "A gap of 0 has an infinite price; write the ridge regression so that it does not appear.",
       cases=[_border(12, 5, 4, 1.0, 0.0), _border(6, 4, 7, 0.3, 0.0)])
aspect("many ratings", 1, "Two errors that are nearly equal cross somewhere, too: each is a straight line in the true gap.",
       cases=[_border(300, 4, 5, 1.0, 0.4), _border(200, 3, 2, 3.0, 0.1)])
aspect("nobody has rated yet", 1, "Without ratings nobody moves. The crossing follows from the definitions alone.",
       cases=[_border(0, 6, 5, 1.0, 0.2), _border(0, 3, 4, 2.0, 0.0)])

# %% [markdown]
# ## Question 7. "A thousandth of the cost, and nothing can get worse" (5 points)
#
# Answer the supplier, with your own curves and counts and with the results of chapter 08. What does LoRA save, and what not? From how many labels on
# did it bring something there, and what follows for an adapter trained on one reader's three ratings? "It begins as your own
# network": what does the first step change (question 3), and what does the beginning promise about the hundredth? What do the old customers lose, and when nothing? What did your
# plot of question 6 say about the place to begin? End with what Pilcrow should adapt, how much of it, and from where. At most 300 words.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each, at most 5; half a point for a claim without a number or a formula).
#
# - What is saved is numbers to train, to store, and Adam's memory: one network plus thin adapters (question 1). Not the forward pass, and gradients still
#   pass through the frozen layers. Chapter 08: 0.4 % of the weights trained, but 22 % of the memory and 66 % of the operations of full fine-tuning. For a
#   square layer nothing is saved from half its width on; with more rows than that of one reader in a batch merging pays, at any rank.
# - Labels decide: with ten nobody is far above chance, up to a thousand a frozen network with a linear head is as good as LoRA and full fine-tuning
#   (intervals hold zero), with ten thousand LoRA is 0.02 of the area under the curve ahead, like full fine-tuning. (Those were labels of one common task, one
#   stored run.) An adapter of tens of thousands of numbers on three ratings is not supported by any of this; one adapter for the country may be, later.
# - The first step moves A alone; the product changes by −rate · (s/r)² · G BᵀB: with the square of s, and never for inputs with B x = 0, so which r directions can move was drawn
#   at random. B follows from the second step on. The beginning says nothing about the hundredth step: what can get worse is decided by data and by stopping.
# - Old customers: chapter 08 measured forgetting with LoRA, too (margin 0.31 before, 0.26 with LoRA, 0.12 with all weights); a low rank is no insurance.
#   They lose nothing where the adapter is left out, for then the old network is back; with one merged network for all they lose what question 6 counts, which grows with the gap.
# - The place to begin: all curves begin at 1. Home kept as it is (assumed 0) falls to 0: with enough ratings it always hurts. An assumed gap a falls to a(2 − a) (with many ratings
#   the errors differ by terms in −2/a + gap/a² and −2 + 1 alone), nearly twice the assumption where that is small; so the truth may be nearly twice what one assumed, and more while ratings are few. Who assumes the truth stays at 1: home hurts only if it is farther
#   away than zero, whatever the number of ratings. Chapter 08: strangers alone were level with all contemporaries after twenty ratings, transferred was below both; at
#   k = 0 naive pooling was worse than target only.
#
# A decision is expected in any case (half a point less without): for example frozen network, a head that shrinks to home with a strength by readers left out, one adapter for the
# country when thousands of labels are there, rank by question 4's errors, home served without it. Not worth a point: "LoRA prevents overfitting" without saying of what.

# %% [markdown]
# ## Question 8. The pilot (6 points)
#
# The supplier's evidence, whole:
#
# *"Your network was first brought up to date with all ratings of the chain, home and abroad, up to Sunday. Then we took the forty new readers
# abroad with fifty ratings or more, and trained an adapter for each on a random four fifths of the ratings. On the remaining fifth:*
#
# | | RMSE, stars |
# |---|---|
# | home network as it was in spring | 0.93 |
# | with adapter (the best of twelve settings) | 0.86 |
#
# *Better for 33 of 40 readers. Home customers: RMSE unchanged to the last digit."*
#
# What of this is shown, and what not? Then design the test after which you would sign or send the supplier home: who is asked, what is known of
# them, what is compared with what, what the unit of chance is, what is chosen where, how forgetting is measured, and the result at which you do *not* sign. At most
# 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - Leaks: the network under the adapter has been trained on the very ratings that are asked, by way of "all ratings up to Sunday"; people with cards in both countries may be in source and test.
#   A random fifth lies between the others in time. Cut the source, too: no test reader in it, and nothing later than the test begins.
# - Two things changed at once: the update and the adapter. Missing rows: the updated network without adapter, home as it is with its level learned anew, biases,
#   abroad alone, shrinking to home (question 5), one adapter for the country, a head alone. In chapter 08 biases were level with transfer at k = 0.
# - Who is asked: readers with fifty ratings after three weeks are no newcomers. Ask new readers with k = 0, 1, 5, 20 ratings known, and draw the curve over the number of training
#   readers abroad; chapter 08's crossing moved from some tens of people at k = 0 to hundreds at k = 20.
# - The best of twelve was chosen on the ratings that it is reported on. Choose rank, rate, steps and strength on other readers, with as many tries for each rival.
# - Chance: paired differences, an interval over readers (33 of 40 comes without a size of the gain; seven got worse: negative transfer, report them); several seeds for B and
#   the order of training, other draws of readers; an effect of a hundredth is within the noise of forty.
# - Old customers: unchanged by construction when the adapter is off, so nothing has been measured. Measure home's test customers (newcomers among them) with what *they* will be
#   served, and the updated network against that of spring. Beforehand: the smallest gain over the best cheap rival that pays, the largest loss at home; no signature if an interval holds less, or more.
