# %% [markdown]
# # Matrix factorisation
#
# Four numbers and a level of strictness say most of what a thousand people's ratings can tell
# about one person's taste in films. This chapter is about finding those numbers, and about why
# more of them can make everything worse.

# %% [markdown] tags=["opening"]
# :::{admonition} The question
# :class: opening
# How few numbers describe a person's taste, and how do we learn them?
#
# You will be able to
# : derive and write the two ways to learn factors: small steps, and ridge regressions by turns;
#   fold a newcomer into a finished model by one small linear system, and say when it overfits;
#   tell methods that predict stars from methods that rank, and see what a protocol pays for.
#
# Before you start
# : Chapters 01 and 02; what a gradient is, and how to solve a linear system.
#
# Time
# : 75 minutes to read, less than 60 seconds to run.
# :::

# %%
import dataclasses

import numpy as np
import pandas as pd

import metarec as mr
from metarec import evaluation, models, plots
from metarec.data.titles import label
from metarec.evaluation import experiment

# %% tags=["parameters"]
full = False  # True: more random starts in the study of the dimension
seed = 0  # 0 is the text; 1, 2, … draw other people, rows and random starts

# %% tags=["remove-cell"]
SPLIT = mr.data.splits.SEED + seed  # seed 0: the splits of the whole book
STARTS = 5 if full else 2
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, RED

# %% [markdown]
# ## One number for each person
#
# *Independence Day* and *Twister* were two loud successes of the summer of 1996. *A Clockwork
# Orange* and *Trainspotting* are two unkind films from Britain that critics adore. Many people of
# MovieLens-100K {cite}`harper2015movielens` rated two or more of the four. From each rating we take
# off what needs no knowledge of taste: the mean of the film, and how far this person rates above or
# below others (the {term}`bias terms <bias term>` of chapter 02). What is left over is the part
# that is personal. Does it hang together?

# %%
ratings = mr.data.movielens_100k()
FOUR = {121: "Independence Day", 118: "Twister",
        179: "A Clockwork Orange", 475: "Trainspotting"}  # fmt: skip

bias = models.Bias().fit(ratings)
users, items = ratings.positions()  # [ratings] rows of the matrix, columns
surplus = ratings.table["rating"].to_numpy() - bias.means_[items]
n_rated = np.bincount(users, minlength=ratings.n_users)
strictness = np.bincount(users, surplus) / (n_rated + bias.user_shrinkage)
left_over = ratings.table.assign(left=surplus - strictness[users])

four = left_over[left_over["item"].isin(FOUR)]
four = four.pivot(index="user", columns="item", values="left")[list(FOUR)]
together = four.corr().rename(index=FOUR, columns=FOUR)
together.rename_axis(index=None, columns=None).round(2)

# %% tags=["say", "remove-input"]
inside = [together.iloc[0, 1], together.iloc[2, 3]]
across = together.iloc[:2, 2:].to_numpy()
mr.say(f"""
It does. Whoever likes one loud film more than expected likes the other more too: the correlation is
{inside[0]:.2f}. The two unkind films go together as well ({inside[1]:.2f}). And across the two
pairs all four correlations are negative, from ${across.min():.2f}$ to ${across.max():.2f}$.
""")

# %% [markdown]
# Six correlations, and one idea says them all. Give each film a number $v_i$: positive for the
# loud ones, negative for the unkind ones. Give each person a number $p_u$: positive for those who
# enjoy the noise, negative for those who prefer the other kind. If what is left over is roughly the
# **product** $p_u v_i$, then two films with numbers of the same sign must agree, and two with
# opposite signs must disagree. Nobody has to say what the number means, and nobody has to ask the
# films: it can be read off the ratings.
#
# One product cannot explain everything. So we give each person and each film a short *list* of
# numbers, and add the products up. That is all of {term}`matrix factorisation`.

# %% [markdown]
# ## The matrix as a product
#
# Person $u$ has a vector $\mathbf p_u \in \mathbb R^d$, film $i$ a vector $\mathbf v_i \in \mathbb
# R^d$, and with the global mean $\mu$ and the two biases the prediction is
#
# $$
# \hat r_{ui} = \mu + b_u + b_i + \mathbf p_u^\top \mathbf v_i
# $$ (eq-04-model)
#
# {cite}`koren2009matrix`. The numbers in $\mathbf p_u$ and $\mathbf v_i$ are called **factors**. In
# matrix form, what the biases leave is written as a tall matrix times a wide one: $\mathbf P \mathbf
# V^\top$, with a row of $\mathbf P$ for each person and a row of $\mathbf V$ for each film. Here is
# a corner of it, with $d = 2$.

# %%
CORNER = [121, 118, 127, 50, 475, 179, 143, 94, 271]  # films that differ
two = models.ALS(n_factors=2, seed=seed).fit(ratings)  # derived below


def everything(ratings):
    """Episodes in which people show all ratings and nothing is asked."""
    people = list(mr.data.splits.people(ratings))
    shown, ids = [(i, r) for _, i, r in people], [u for u, _, _ in people]
    asked = [(np.array([], dtype=int), np.array([]))] * len(people)
    return mr.data.Episodes.pack(ids, ratings.items.index, shown, asked)


p_two = two.fold_in(everything(ratings))[:, 1:]  # [people, 2]
v_two = two.item_factors_[:-1, 1:]  # [films, 2]
some = left_over[left_over["item"].isin(CORNER)]
some = some.pivot(index="user", columns="item", values="left")[CORNER]
some = some[some.notna().sum(axis=1).between(5, 6)].head(12)
rows = np.searchsorted(everything(ratings).users, some.index)
columns = ratings.items.index.get_indexer(CORNER)
product = p_two[rows] @ v_two[columns].T  # [people, films]

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two coloured tables of twelve people and nine films. Left: what the biases leave of the known ratings, blue for more than expected, orange for less, with many grey blanks. Right: the product of two numbers for each person and two for each film; it fills every cell, in paler colours, and mostly agrees in sign with the known cells on the left."}, "figure": {"caption": "Left: what the biases leave of twelve people's ratings; grey cells are unknown. Right: the sum of two products for the same cells, $\\mathbf p_u^\\top \\mathbf v_i$ with $d = 2$.", "name": "fig-04-product"}}
from matplotlib.colors import LinearSegmentedColormap

fig, axes = plots.figure("Two numbers a person and two a film fill every blank", "", "",
                         panels=["left over by the biases, stars", "two products added up"],
                         height=4.6)  # fmt: skip
both_ways = LinearSegmentedColormap.from_list("both", [ORANGE, "#FFFFFF", BLUE])
short = [label(ratings, i).split(" (")[0] for i in CORNER]
for ax, table in zip(axes, (some.to_numpy(), product), strict=True):
    ax.set_facecolor("#D5DADF")  # unknown
    image = ax.imshow(table, cmap=both_ways, vmin=-2, vmax=2, aspect="auto")
    ax.set_xticks(range(len(CORNER)), short, rotation=60, ha="right",
                  rotation_mode="anchor", fontsize=8.5)  # fmt: skip
    ax.set_yticks([])
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    for line in np.arange(0.5, len(some)):
        ax.axhline(line, color="#E3E7EB", lw=0.6)
    for line in np.arange(0.5, len(CORNER)):
        ax.axvline(line, color="#E3E7EB", lw=0.6)
bar = fig.colorbar(image, ax=list(axes), shrink=0.5, ticks=[-2, -1, 0, 1, 2], pad=0.02)
bar.outline.set_visible(False)
bar.ax.tick_params(length=0, labelsize=8.5)
axes[0].set_ylabel("12 people", rotation=90, ha="center", va="bottom")
axes[0].yaxis.set_label_coords(-0.03, 0.5);

# %% tags=["say", "remove-input"]
cells = ratings.n_users * ratings.n_items
known = some.notna().to_numpy()
agree = (np.sign(product) == np.sign(some.to_numpy()))[known].mean()
mr.say(f"""
The right half is paler, since two numbers a person cannot follow every whim, but it has an opinion on
every blank, and it has the sign of {mr.percent(agree)} of the known cells right. The saving is large: the
whole matrix has {cells / 1e6:.1f} million cells, of which {mr.percent(len(ratings) / cells)} are known; two
factors need {2 * (ratings.n_users + ratings.n_items)} numbers for everybody and everything together.
""")

# %% [markdown]
# If *all* cells were known, linear algebra would give the best factors at once: the singular value
# decomposition, cut after $d$ terms, has the least squared error of all products of that width
# {cite}`eckart1936approximation`. But nearly all cells are blank. Filling them with zeros, or with
# means, and decomposing the result would mostly explain the filling. So the loss counts known
# ratings only, and puts a price on large numbers ({term}`regularisation`), without which the blanks
# could take any value at all:
#
# $$
# \mathcal L = \sum_{(u,i) \in \mathcal R}
#   \bigl(r_{ui} - \mu - b_u - b_i - \mathbf p_u^\top \mathbf v_i\bigr)^2
#   + \lambda \Bigl(\sum_u \lVert \mathbf p_u \rVert^2 + \sum_i \lVert \mathbf v_i \rVert^2\Bigr).
# $$ (eq-04-loss)
#
# It has no closed solution, because the unknown $\mathbf p_u$ multiplies the unknown $\mathbf v_i$.
# There are two classical ways down: many small steps in both at once, or exact steps in one while
# the other is held still.

# %% [markdown]
# ## Way one: small steps
#
# Write $\mathbf z_u = (b_u, \mathbf p_u)$ for all that is personal, $\mathbf w_i = (b_i, \mathbf
# v_i)$ for all that belongs to the film, and $e_{ui} = r_{ui} - \hat r_{ui}$ for the error. One
# rating's share of the loss, halved, and with a price $\lambda$ for each visit, is $\tfrac12
# e_{ui}^2 + \tfrac\lambda2 (\lVert \mathbf z_u \rVert^2 + \lVert \mathbf w_i \rVert^2)$. Its
# derivatives follow from the product rule. {term}`Gradient descent <gradient descent>` goes a little
# way against them, $\eta$ being the step size:
#
# $$
# \mathbf z_u \leftarrow \mathbf z_u + \eta \bigl(e_{ui}\, (1, \mathbf v_i) - \lambda \mathbf z_u\bigr),
# \qquad
# \mathbf w_i \leftarrow \mathbf w_i + \eta \bigl(e_{ui}\, (1, \mathbf p_u) - \lambda \mathbf w_i\bigr).
# $$ (eq-04-sgd)
#
# In words: if the film was liked more than predicted, move the person a little towards the film and
# the film a little towards the person, and let both forget a little. Visiting the ratings in random
# order, some hundreds at a time, makes it *stochastic* gradient descent, the workhorse of the
# Netflix prize {cite}`bennett2007netflix,koren2009matrix` and of deep learning.

# %%
def descend(train, d, lr, penalty, epochs, batch, look=None):
    """Biased matrix factorisation by stochastic gradient descent."""
    rng = np.random.default_rng(seed)
    users, items = train.positions()
    stars = train.table["rating"].to_numpy()
    mean, one = stars.mean(), np.ones((batch, 1))
    z = rng.normal(0, 0.1, (train.n_users, d + 1))  # b_u and p_u
    w = rng.normal(0, 0.1, (train.n_items, d + 1))  # b_i and v_i
    z[:, 0] = w[:, 0] = 0
    w[train.item_counts() == 0] = 0
    for epoch in range(epochs):
        eta = lr * (1 - epoch / epochs)  # falls to zero
        order = rng.permutation(len(stars))
        for rated in np.split(order, range(batch, len(order), batch)):
            u, i, ones = users[rated], items[rated], one[: len(rated)]
            p, v = z[u, 1:], w[i, 1:]  # [batch, d]
            error = stars[rated] - mean - z[u, 0] - w[i, 0] - (p * v).sum(1)
            step_z = error[:, None] * np.hstack([ones, v]) - penalty * z[u]
            step_w = error[:, None] * np.hstack([ones, p]) - penalty * w[i]
            np.add.at(z, u, eta * step_z)  # adds up where u comes twice
            np.add.at(w, i, eta * step_w)
        if look:
            look(mean, z, w)
    return z, w


# %% [markdown]
# The people of the test have to wait. We take the training people of the newcomers protocol
# (chapter 02), hide a tenth of their ratings for {term}`validation <validation set>`, and watch the
# error on both sides after each *epoch*, one visit to every rating. Twice: with a price of nearly
# nothing, and with one that fits.

# %%
split = mr.data.newcomers(ratings, seed=SPLIT)
inner = next(mr.data.rating_folds(split.train, n_folds=10, seed=SPLIT))
hidden = inner.test.query_mask
whose = split.train.users.index.get_indexer(inner.test.users)
held = (whose[np.nonzero(hidden)[0]], inner.test.query_items[hidden],
        inner.test.query_ratings[hidden])  # fmt: skip
visible = *inner.train.positions(), inner.train.table["rating"].to_numpy()


def rms(part, mean, z, w):
    """Error of the factors on some ratings, in stars."""
    u, i, stars = part
    predicted = mean + z[u, 0] + w[i, 0] + (z[u, 1:] * w[i, 1:]).sum(1)
    return np.sqrt(np.mean((predicted - stars) ** 2))


# %%
SHAPE = {"d": 16, "lr": 0.03, "epochs": 30, "batch": 512}
curves = {}
for penalty in (0.02, 0.12):
    seen = []

    def look(*now, seen=seen):
        seen.append([rms(visible, *now), rms(held, *now)])

    z, w = descend(inner.train, penalty=penalty, look=look, **SHAPE)
    curves[penalty] = np.array(seen)  # [epochs, 2] training, validation

# %% [markdown]
# Is it the same as the library's? `models.BiasedMF` is this loop in single precision, which is faster; at
# the end it moves the mean person into the items, so that a newcomer can start at zero.

# %%
library = models.BiasedMF(
    n_factors=16, lr=0.03, regularization=0.12, n_epochs=30,
    batch_size=512, seed=seed,
).fit(inner.train)  # fmt: skip
average = z.mean(axis=0)
w[:, 0] += w[:, 1:] @ average[1:]
assert np.allclose(w, library.item_factors_[:-1], atol=1e-3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error against epochs. With a weak penalty the training error falls steadily, far below the other curves, while the validation error falls for a few epochs and then climbs above where it began its fall. With the stronger penalty both fall slowly and stay close to each other; its validation error ends lowest. A ring marks the lowest point of each validation curve."}, "figure": {"caption": "Learning curves of stochastic gradient descent with 16 factors. Dashed: on the ratings that it learns from. Solid: on a hidden tenth. Rings: where one would stop.", "name": "fig-04-curves"}}
fig, ax = plots.figure("A weak price learns the training ratings by heart; stopping early is half a cure",
                       "epochs: visits to every rating", "RMSE in stars (lower is better)", height=3.9)  # fmt: skip
for curve, color in zip(curves.values(), (RED, BLUE), strict=True):
    epochs = np.arange(1, len(curve) + 1)
    ax.plot(epochs, curve[:, 0], color=color, ls=(0, (4, 2)), lw=1.5)
    ax.plot(epochs, curve[:, 1], color=color)
    best = curve[:, 1].argmin()
    ax.plot(epochs[best], curve[best, 1], "o", mfc="white", mec=color, ms=9, mew=2, zorder=3)
ax.set(xlim=(0.5, 41), ylim=(0.55, 1.08), xticks=[1, 10, 20, 30])
weak, fit = (curves[penalty][-1] for penalty in curves)
for value, color, text in ((weak[1], RED, "λ = 0.02, hidden"), (weak[0], RED, "λ = 0.02, training"),
                           (fit[1] + 0.012, BLUE, "λ = 0.12, hidden"), (fit[0] - 0.012, BLUE, "λ = 0.12, training")):  # fmt: skip
    ax.text(30.6, value, text, color=plots.readable(color), va="center", fontsize=9)

# %% tags=["say", "remove-input"]
stop = {penalty: curve[:, 1].argmin() + 1 for penalty, curve in curves.items()}
lowest = {penalty: curve[:, 1].min() for penalty, curve in curves.items()}
mr.say(f"""
With $\\lambda = 0.02$ the error on the training ratings falls to {weak[0]:.2f} stars, and on the hidden ones it
turns round after {stop[0.02]} epochs and ends at {weak[1]:.2f}: the factors have learned the accidents of the
training set, which is {{term}}`overfitting`. *Early stopping* takes the factors of the ring,
{lowest[0.02]:.3f}. The price $\\lambda = 0.12$ makes the question of when to stop almost empty, and reaches
{fit[1]:.3f}. Stopping is a makeshift; the right price is a cure.
""")

# %% [markdown]
# ## Way two: ridge regressions by turns
#
# Look at {eq}`eq-04-loss` again and hold all films still. Then it falls apart into one separate
# problem for each person: what is the best $\mathbf z_u$, given the films that $u$ rated? Stack
# their rows $(1, \mathbf v_i^\top)$ into a matrix $\mathbf X$, one row for each rating of the person,
# and the targets $r_{ui} - \mu - b_i$ into a vector $\mathbf r$. With $\boldsymbol\Lambda$ for the
# diagonal matrix of the penalties, the person's loss is
# $\lVert \mathbf r - \mathbf X \mathbf z_u \rVert^2 + \mathbf z_u^\top \boldsymbol\Lambda \mathbf z_u$:
# a {term}`ridge regression` {cite}`hoerl1970ridge`. Setting its gradient $-2 \mathbf X^\top (\mathbf r -
# \mathbf X \mathbf z_u) + 2 \boldsymbol\Lambda \mathbf z_u$ to zero gives the *normal equations*
#
# $$
# (\mathbf X^\top \mathbf X + \boldsymbol\Lambda)\, \mathbf z_u = \mathbf X^\top \mathbf r.
# $$ (eq-04-ridge)
#
# That is a linear system with $d + 1$ unknowns, and its solution is the exact minimum. Then hold
# the people still and do the same for each film. Each half step can only lower the loss. Going back
# and forth is called **alternating least squares**, ALS {cite}`zhou2008large,koren2009matrix`.
#
# One refinement pays. In {eq}`eq-04-loss` the price $\lambda$ is the same for a film with three
# ratings and for one with three hundred. {cite:t}`zhou2008large` multiply it by the number of
# ratings. Between the two lies $\lambda \lvert \mathcal I_u \rvert^\zeta$ (and $\lambda \lvert \mathcal
# U_i \rvert^\zeta$ for a film), and on our validation people $\zeta = \tfrac12$ turns out to be good.

# %%
def half_step(matrix, other, penalty=1.5, bias_penalty=5.0):
    """The normal equations for each row of a matrix of surpluses."""
    solved = np.zeros((matrix.shape[0], other.shape[1]))
    for row in range(len(solved)):  # people, or films
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        rated, given = matrix.indices[here], matrix.data[here]
        x = np.column_stack([np.ones(len(rated)), other[rated, 1:]])
        r = given - other[rated, 0]
        price = np.full(x.shape[1], penalty * max(len(rated), 1) ** 0.5)
        price[0] = bias_penalty
        solved[row] = np.linalg.solve(x.T @ x + np.diag(price), x.T @ r)
    return solved


# %%
matrix = split.train.matrix()
matrix.data -= matrix.data.mean()
columnwise = matrix.T.tocsr()
w = np.random.default_rng(seed).normal(0, 0.1, (split.train.n_items, 9))
w[:, 0] = split.train.item_means(5.0) - split.train.table["rating"].mean()
for _ in range(5):  # sweeps
    z = half_step(matrix, w)
    w = half_step(columnwise, z - z.mean(axis=0))

library = models.ALS(n_sweeps=5, seed=seed).fit(split.train)
assert np.allclose(w, library.item_factors_[:-1], atol=1e-4)
als = models.ALS(seed=seed).fit(split.train)  # 8 factors, 15 sweeps

# %% [markdown]
# The library's version does the same without a loop over people: it solves hundreds of small systems
# at once, in single precision (hence the tolerance above). The two ways down have different virtues. Small steps need a step size and patience, and
# take any loss that has a derivative. Exact steps need no tuning but that of $\lambda$, run in
# parallel, and hand us something that we shall need in a moment: a formula for one person.

# %% [markdown]
# ## The price decides how many numbers count
#
# Two knobs are left: the number of factors $d$ and the price $\lambda$. We turn $\lambda$ from
# almost nothing to very much, for three values of $d$, and look at the error on the training ratings
# and on the hidden tenth. Such a picture is called a *regularisation path*.

# %%
def error_on(model, asked):
    """RMSE over all ratings asked, in stars."""
    miss = model.predict(asked).clip(1, 5) - asked.query_ratings
    return np.sqrt((miss[asked.query_mask] ** 2).mean())


known_too = dataclasses.replace(  # asks what it learned from
    inner.test, query_items=inner.test.support_items,
    query_ratings=inner.test.support_ratings,
    query_mask=inner.test.support_mask,
)  # fmt: skip
LAMBDAS = [0.1, 0.4, 1.5, 2.2, 4.0]
paths = {}
for d in (2, 8, 16):
    for price in LAMBDAS:
        model = models.ALS(d, price, seed=seed).fit(inner.train)
        paths[d, price] = [error_on(model, e)
                           for e in (known_too, inner.test)]  # fmt: skip
paths = pd.DataFrame(paths, index=["training", "hidden"]).T
largest = np.abs(model.item_factors_[:, 1:]).max()  # of the last model

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error against the penalty on a logarithmic axis, for 2, 8 and 16 factors, training dashed and hidden solid. On the left the training errors lie far apart and low, the more factors the lower; the hidden errors are high, the more factors the higher. All hidden curves have their minimum near the same penalty; there 8 and 16 factors are nearly equal and below 2. At the right end all curves of a kind meet."}, "figure": {"caption": "Regularisation paths of ALS. Dashed: on the ratings that it learns from. Solid: on a hidden tenth. At the right end no factor is left, and all curves meet in the biases.", "name": "fig-04-paths"}}
fig, ax = plots.figure("At a low price more factors hurt; at the right one, not",
                       "price of large factors, λ (logarithmic)", "RMSE in stars (lower is better)", height=4.0)  # fmt: skip
for d, color, marker in ((2, ORANGE, "^"), (8, BLUE, "o"), (16, RED, "s")):
    curve = paths.loc[d]
    ax.plot(curve.index, curve["training"], color=color, ls=(0, (4, 2)), lw=1.4, marker=marker, ms=3.5)
    ax.plot(curve.index, curve["hidden"], color=color, marker=marker)
    ax.text(0.094, curve["hidden"].iloc[0], f"{d}", color=plots.readable(color), ha="right", va="center")
    ax.text(0.094, curve["training"].iloc[0], f"{d}", color=plots.readable(color), ha="right", va="center")
ax.set_xscale("log")
ax.set_xticks(LAMBDAS, [f"{price:g}" for price in LAMBDAS])
ax.minorticks_off()
ax.set_xlim(0.08, 4.3)
ax.text(0.24, 1.1, "hidden ratings", fontsize=9.5)
ax.text(0.2, 0.72, "training ratings", fontsize=9.5)
ax.annotate("no factor left", (4.0, paths.loc[(2, 4.0), "hidden"]), (2.3, 1.03), fontsize=9,
            arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.8});  # fmt: skip

# %% tags=["say", "remove-input"]
best_price = {d: paths.loc[d]["hidden"].idxmin() for d in (2, 8, 16)}
least = {d: paths.loc[d]["hidden"].min() for d in (2, 8, 16)}
mr.say(f"""
On the left the training error falls as far as the factors allow, and the hidden error pays for it:
{paths.loc[(16, 0.1), "hidden"]:.2f} with 16 factors. At the best price, near $\\lambda = {best_price[8]:g}$, 16
factors ({least[16]:.3f}) are no worse than 8 ({least[8]:.3f}), and both are better than 2
({least[2]:.3f}). On the far right something abrupt happens: all factors vanish.
""")

# %% [markdown]
# Why wholly? A price on squares usually shrinks and never kills. But here it is paid twice for
# one product. Suppose that one direction of the data has strength $a$, and we fit it by one product
# $pv$. For a given size $x = pv$ the cheapest way to pay for it is $p = v = \sqrt x$, which costs
# $\lambda(p^2 + v^2) = 2 \lambda x$. So we minimise $(a - x)^2 + 2 \lambda x$ over $x \ge 0$, and
#
# $$
# x = \max(a - \lambda,\, 0).
# $$ (eq-04-threshold)
#
# A direction weaker than $\lambda$ is cut away, a stronger one loses $\lambda$. The price on squares
# acts as a threshold on the strengths of the directions, the *nuclear norm* of the product
# {cite}`srebro2004maximum`. (With blanks the formula is no longer exact; the effect stays.) So the
# number of factors is only a ceiling, and **the price decides how many of them count.** This is the
# first half of the answer to our question. How many do count? We look at the strengths of the
# directions in a model with 16 factors, at the price that is best for it.

# %%
sixteen = models.ALS(16, seed=seed).fit(split.train)
tastes = sixteen.fold_in(everything(split.train))[:, 1:]  # [people, 16]
tastes = tastes - tastes.mean(axis=0)
natures = sixteen.item_factors_[:-1, 1:]  # [films, 16]
r_left, r_right = np.linalg.qr(tastes)[1], np.linalg.qr(natures)[1]
strength = np.linalg.svd(r_left @ r_right.T, compute_uv=False)
carried = (strength**2).cumsum() / (strength**2).sum()
pd.DataFrame({"share of all that the products say": carried[[0, 1, 3, 7]]},
             index=[f"first {n}" for n in (1, 2, 4, 8)]).round(2)  # fmt: skip

# %% [markdown]
# ## A prior in disguise
#
# Where does a price come from? Suppose that a rating is its prediction plus Gaussian noise of
# variance $\sigma^2$, and that before we see any rating we believe that each number of a person's
# taste comes from $\mathcal N(0, \sigma_p^2)$: the {term}`prior`. By Bayes' rule the probability of
# the vector given the ratings is proportional to likelihood times prior, and minus twice its
# logarithm is
#
# $$
# \frac1{\sigma^2} \sum_{i \in \mathcal I_u} (r_{ui} - \hat r_{ui})^2
#   + \frac1{\sigma_p^2} \lVert \mathbf p_u \rVert^2 + \text{const.}
# $$
#
# Multiply by $\sigma^2$, and the person's part of {eq}`eq-04-loss` appears, with
#
# $$
# \lambda = \frac{\sigma^2}{\sigma_p^2}.
# $$ (eq-04-map)
#
# So {term}`ridge regression` gives the most probable vector under a Gaussian prior, the *maximum a
# posteriori* or MAP estimate {cite}`mnih2007pmf`. The price is high when ratings are noisy and when
# tastes differ little. It is no trick of optimisation, it is a statement about people, and it could
# be **learned** from people. That is what the hierarchical Bayes of chapter 02 does: it learns
# $\sigma^2$ and the covariance of tastes (chapter 10 derives how). We may ask it for its $\lambda$ in
# each direction, on the scale on which people and films have the same variance, as in our derivation
# of {eq}`eq-04-threshold`. On the other side we let validation people choose among two prices for
# $\zeta = 0$, as in the equation, and for the weighted form.

# %%
bayes = models.HierarchicalBayes(seed=seed).fit(split.train)
people_cov = bayes.user_covariance_[1:, 1:]  # [d, d] of p
film_cov = bayes.item_covariance_[-1, 1:, 1:]  # the last row: the prior
root = np.linalg.cholesky(people_cov)
strengths = np.sqrt(np.linalg.eigvalsh(root.T @ film_cov @ root))[::-1]
learned = bayes.noise_ / strengths  # [d] λ of each direction
print("λ of the 8 directions:", *np.round(learned, 1))
level_price = bayes.noise_ / bayes.user_covariance_[0, 0]
print("λ of the strictness:  ", round(level_price, 1))

# %%
chosen = experiment.tune(
    models.ALS(seed=seed),
    {"power": [0.0, 0.5], "regularization": [1.5, 8.0]},
    split.train, split.validation,
)  # fmt: skip
chosen.round(4)

# %% tags=["say", "remove-input"]
plain = chosen[chosen["power"] == 0].set_index("regularization")["rmse"]
mr.say(f"""
Without having seen a validation person, hierarchical Bayes prices a person's strictness at
{level_price:.1f} ratings (our bias penalty, tuned by trying, is
{als.bias_regularization:g}), its strongest direction at {learned[0]:.1f} and its weakest at
{learned[-1]:.1f}. Validation agrees in size: with $\\zeta = 0$ the price {plain.idxmin():g} beats
{plain.idxmax():g} by {plain.max() - plain.min():.3f} stars, and on the wider grid that we tried first the
optimum lay there too. That is the upper end of the learned range, and we shall see why: a point estimate
must pay for an uncertainty that it does not know it has. The weighted price with $\\lambda = 1.5$ is a little
better still, and we keep it.
""")

# %% [markdown]
# ## The first few-shot learner of this book
#
# Now a stranger arrives, of whom we know a few ratings. Must the whole matrix be factorised again?
# No. The films stay where they are; only {eq}`eq-04-ridge` for one person is missing. This is called
# **folding in**, and for this book it is a milestone: the model was trained on many people (the
# outer problem), and what it learned, the matrix of film factors, makes learning about the next
# person so easy that one small {term}`ridge regression` does it (the inner problem). Chapter 10
# calls this learning to learn.
#
# We do it by hand for the first test person, in the model with two factors, from five ratings.

# %%
small = models.ALS(n_factors=2, seed=seed).fit(split.train)
person = split.test.episodes(draw=0).take([0])
five = person.first(5)
films, stars = five.support_items[0], five.support_ratings[0]

b, v = small.item_factors_[films, 0], small.item_factors_[films, 1:]
X = np.column_stack([np.ones(5), v])  # [5, 3]
r = stars - small.global_mean_ - b
price = np.diag([5.0] + [1.5 * 5**0.5] * 2)  # λ_b, and λ √k twice
z_you = np.linalg.solve(X.T @ X + price, X.T @ r)  # (b_u, p_u)

assert np.allclose(z_you, small.fold_in(five)[0])
by_hand = pd.DataFrame(
    {"stars": stars, "r": r, "v₁": v[:, 0], "v₂": v[:, 1]},
    index=[label(ratings, i) for i in five.items[films]],
)
by_hand["μ + b + b_u + p·v"] = small.global_mean_ + b + X @ z_you
by_hand.round(2)

# %% tags=["say", "remove-input"]
who = ratings.users.loc[person.users[0]]
mr.say(f"""
This is person {person.users[0]}, {who["age"]} years old, the first of the test people by number and chosen
for nothing else. The five ratings lie {abs(r.mean()):.1f} stars {"below" if r.mean() < 0 else "above"} what
the films usually get, and the regression believes a part of it: $b_u = {z_you[0]:.2f}$, and
$\\mathbf p_u = ({z_you[1]:.2f}, {z_you[2]:.2f})$. Three numbers, five equations, some microseconds. Does it
help? Here is the error on all the other films of the first test people, with the model of eight factors, and the
mean over everybody.
""")

# %%
drawn = [split.test.episodes(draw) for draw in range(5)]


def newcomer_error(model, k=20, draws=drawn):
    """RMSE of each test person, mean over the draws: [people]."""
    return np.mean([
        evaluation.rmse(model.predict(e.first(k)).clip(1, 5),
                        e.query_ratings, e.query_mask)
        for e in draws
    ], axis=0)  # fmt: skip


helped = {f"k = {k}": newcomer_error(als, k, drawn[:1]) for k in (0, 5, 20)}
helped = pd.DataFrame(helped, index=drawn[0].users)
shown = helped.head(5).rename("person {}".format)
pd.concat([shown, helped.mean().to_frame("everybody").T]).round(2)

# %% tags=["say", "remove-input"]
mr.say(f"""
Single people go up and down, as they must: five ratings are few, and some of them mislead. With five ratings
{mr.percent((helped["k = 5"] < helped["k = 0"]).mean())} of the test people are predicted better than with none, with twenty
{mr.percent((helped["k = 20"] < helped["k = 0"]).mean())}.
""")

# %% [markdown]
# Note what the fold-in *assumes*: that the rows of $\mathbf X$ are known exactly. They are not. Every
# $\mathbf v_i$ was itself estimated, some from hundreds of ratings and some from three.

# %% [markdown]
# ## More numbers, worse guesses
#
# That is where point estimates get into trouble, and newcomers feel it first. A known person with
# hundreds of ratings averages over the errors of hundreds of film vectors; a newcomer leans on
# twenty. With more dimensions there are more directions in which the vector of a rarely rated film can
# be wrong, and the ridge regression takes all of them at their word.
#
# A {term}`posterior` knows better. If $\mathbf v_i$ has mean $\bar{\mathbf v}_i$ and covariance
# $\boldsymbol\Sigma_i$, then what belongs into the normal equations is not
# $\bar{\mathbf v}_i \bar{\mathbf v}_i^\top$ but the expected product,
#
# $$
# \mathbb E\bigl[\mathbf v_i \mathbf v_i^\top\bigr]
#   = \bar{\mathbf v}_i \bar{\mathbf v}_i^\top + \boldsymbol\Sigma_i .
# $$ (eq-04-expected)
#
# The second term is a penalty of its own, large for films that we know little about: a *price that
# each film sets itself*. Summed over a person's films it enters beside $\boldsymbol\Lambda$. This is
# what the variational form of matrix factorisation does {cite}`lim2007variational`, and what our
# hierarchical Bayes is. We compare three models at $k = 20$, with growing $d$: ALS with a weak plain
# price, ALS with the tuned one, and hierarchical Bayes, which has no price to tune.

# %%
KINDS = {
    "ALS, weak price": lambda d, s: models.ALS(d, 1.0, power=0.0, seed=s),
    "ALS, tuned price": lambda d, s: models.ALS(d, seed=s),
    "hierarchical Bayes": lambda d, s: models.HierarchicalBayes(d, seed=s),
}
DIMENSIONS = [1, 2, 4, 8, 16, 32]
starts = {d: range(STARTS if d < 8 or full else 1) for d in DIMENSIONS}
study = {}  # (kind, d) -> [starts, people]
for kind, make in KINDS.items():
    for d in DIMENSIONS:
        fits = (make(d, seed + 100 * s).fit(split.train) for s in starts[d])
        study[kind, d] = np.array([newcomer_error(fit) for fit in fits])
level = {key: value.mean() for key, value in study.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error at twenty known ratings against the number of factors, on a logarithmic axis. ALS with a weak price rises steeply. ALS with the tuned price falls a little up to four or eight factors and then stays flat. Hierarchical Bayes falls more, until eight factors, then stays flat and lies below the tuned ALS throughout. A grey line marks the biases alone."}, "figure": {"caption": "Error on newcomers with 20 known ratings, test people, five draws. For less than eight factors, two random starts of the item factors are two dots, and the line is their mean.", "name": "fig-04-dimension"}}
fig, ax = plots.figure("A weak price overfits with every factor; a tuned price stands still; a posterior gains",
                       "number of factors, d (logarithmic)", "RMSE in stars (lower is better)", height=4.0)  # fmt: skip
no_factor = newcomer_error(models.Bias().fit(split.train)).mean()
ax.axhline(no_factor, color=ORANGE, lw=1.4, ls=(0, (4, 3)))
for (kind, color, marker) in zip(KINDS, (RED, GREEN, BLUE), "s^o", strict=True):
    means = [level[kind, d] for d in DIMENSIONS]
    ax.plot(DIMENSIONS, means, color=color, lw=2)
    for d in DIMENSIONS:
        each = study[kind, d].mean(axis=1)
        ax.plot([d] * len(each), each, marker, color=color, ms=4)
ax.set_xscale("log")
ax.set_xticks(DIMENSIONS, DIMENSIONS)
ax.minorticks_off()
ax.set(ylim=(0.895, 1.0), xlim=(0.93, 60))
ax.text(32, no_factor + 0.002, "item + user bias, no factor", color=plots.readable(ORANGE), fontsize=9, ha="right")
ax.text(6.6, 0.993, "ALS, weak price ↑", color=plots.readable(RED), ha="right", fontsize=9.5)
ax.text(34, level["ALS, tuned price", 32], "ALS,\ntuned price", color=plots.readable(GREEN), va="center", fontsize=9.5)
ax.text(34, level["hierarchical Bayes", 32], "hierarchical\nBayes", color=plots.readable(BLUE), va="center", fontsize=9.5);

# %% tags=["say", "remove-input"]
steps = {d: evaluation.paired(study["hierarchical Bayes", d].mean(0), study["hierarchical Bayes", 1].mean(0)) for d in DIMENSIONS}
gap = evaluation.paired(study["hierarchical Bayes", 8].mean(0), study["ALS, tuned price", 8].mean(0))
weak_32 = level["ALS, weak price", 32]
best_weak = min(DIMENSIONS, key=lambda d: level["ALS, weak price", d])
mr.say(f"""
With the weak price one factor is best, and with {DIMENSIONS[-1]} the error is {weak_32:.2f}, far worse than using no taste at
all ({no_factor:.3f}). It would be easy to stop here and say that point estimates overfit. They overfit *when
badly priced*: with the tuned price the error hardly moves between 4 factors
({level["ALS, tuned price", 4]:.3f}) and {DIMENSIONS[-1]} ({level["ALS, tuned price", 32]:.3f}). What the posterior adds is
two things. It needs no tuning, and its flat part lies lower: with 8 factors by {-gap.mean:.3f} stars
[{-gap.high:.3f}, {-gap.low:.3f}], because it trusts each film as far as it is known, where a price is the same
for all films with the same number of ratings.
""")

# %% tags=["say", "remove-input"]
hb = {d: level["hierarchical Bayes", d] for d in DIMENSIONS}
mr.say(f"""
And here is the second half of the answer. By hierarchical Bayes, one number a person beside the strictness
lowers the error from {no_factor:.3f} to {hb[1]:.3f}, two to {hb[2]:.3f}, four to {hb[4]:.3f}, eight to
{hb[8]:.3f}; after that next to nothing is gained. **Four numbers and a strictness** carry
{mr.percent((no_factor - hb[4]) / (no_factor - min(hb.values())))} of what this model can learn about a newcomer
from twenty ratings.
""")

# %% [markdown]
# ## What you rated, whatever the stars
#
# A person who has rated *Spawn*, *Event Horizon* and *Starship Troopers* has told us something before
# we look at the stars: these are films that one chooses. **SVD++** {cite}`koren2008factorization`
# gives each film a second vector $\mathbf y_j$, which says what having rated $j$ means for the taste,
# and adds them up over the set $\mathcal I_u$ of what $u$ rated:
#
# $$
# \hat r_{ui} = \mu + b_u + b_i + \mathbf v_i^\top \Bigl(\mathbf p_u +
#   \lvert \mathcal I_u \rvert^{-\frac12} \sum_{j \in \mathcal I_u} \mathbf y_j\Bigr).
# $$ (eq-04-svdpp)
#
# Why the square root? If the $\mathbf y_j$ were independent, their sum would grow like
# $\sqrt{\lvert \mathcal I_u \rvert}$; divided by it, everybody's sum has the same size. (The sum is
# written $\mathbf s_u$ below.)
#
# The $\mathbf y_j$ have a price of their own, $\lambda_y \sum_j \lVert \mathbf y_j \rVert^2$. Given everything
# else, the loss is a quadratic function of all of them together, so they could be found by one huge ridge
# regression. Small steps are tricky here: every rating of $u$ pulls at
# every $\mathbf y_j$ with $j \in \mathcal I_u$, a popular film is pulled by nearly everybody at once,
# and a step that is right for one pull is more than a hundred times too long for their sum. `models.SVDPlusPlus`
# therefore adds a third turn to ALS, which solves that regression by conjugate gradients. A newcomer
# is a ridge regression as before, after $\mathbf s_u$ has been taken off.

# %%
fold = next(mr.data.rating_folds(ratings, seed=SPLIT))
FOLDS = {"implicit_regularization": 50.0, "bias_regularization": 2.0}
svdpp = models.SVDPlusPlus(seed=seed, **FOLDS).fit(fold.train)

asked = fold.test
shown, row = asked.support_mask, np.nonzero(asked.support_mask)[0]
rated = asked.support_items[shown]
n = shown.sum(axis=1)
s_u = np.zeros((len(asked), 8))  # [people, d]
np.add.at(s_u, row, svdpp.implicit_factors_[rated])
s_u /= np.sqrt(n)[:, None]

# %%
usual = svdpp.global_mean_ + svdpp.item_factors_[rated, 0]
levels = asked.support_ratings[shown] - usual
b_u = np.bincount(row, levels) / (n + 2)  # the strictness alone
w = svdpp.item_factors_[asked.query_items]  # [people, q, d + 1]
base = svdpp.global_mean_ + w[..., 0] + b_u[:, None]
sums = base + np.einsum("uqd,ud->uq", w[..., 1:], s_u)


def pooled(guess):
    """RMSE over all rows that are asked, in stars."""
    miss = guess.clip(1, 5) - asked.query_ratings
    return np.sqrt((miss[asked.query_mask] ** 2).mean())


ladder = {"biases": pooled(base),
          "and which films were rated": pooled(sums),
          "and their stars: SVD++": pooled(svdpp.predict(asked))}  # fmt: skip
pd.DataFrame({"RMSE, first fold": ladder}).round(3)

# %% tags=["say", "remove-input"]
first, second, third = ladder.values()
mr.say(f"""
The middle row knows of each person only the strictness and the *list* of the films, not one star of
any single film. It goes {mr.percent((first - second) / (first - third))} of the way from the biases to the
whole model. This is the {{term}}`missing not at random` of chapter 01 put to work: what people choose
to rate says what they like.
""")

# %% [markdown]
# ## Newcomers: the leaderboard
#
# Now the comparison in both forms of the newcomers protocol. The settings were chosen on validation
# people: ALS from $d$, $\lambda$, $\zeta$ (part of the grid is above), gradient descent from $d$,
# $\lambda$, the step size and the extra price for newcomers, SVD++ from $\lambda_y$ (below) with the
# rest as in ALS. The two methods of chapter 02 stand beside them.

# %%
experiment.tune(
    models.SVDPlusPlus(seed=seed),
    {"implicit_regularization": [30.0, 120.0]},
    split.train, split.validation,
).round(4)  # fmt: skip

# %%
rivals = {
    "ALS": models.ALS(seed=seed),
    "biased MF": models.BiasedMF(seed=seed),
    "SVD++": models.SVDPlusPlus(seed=seed),
    "item + user bias": models.Bias(),
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed),
}
random_form = evaluation.newcomers(rivals, ratings, seed=SPLIT, costs=True)
time_form = evaluation.newcomers(rivals, ratings, "time", SPLIT, costs=True)
board = pd.concat([random_form.summary(), time_form.summary()])
mr.leaderboard.table(board, "newcomers", "rmse").round(3)

# %%
in_time = "newcomers in order of time"
mr.leaderboard.table(board, in_time, "rmse").round(3)

# %%
mr.leaderboard.table(board, "newcomers", "pairwise").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of error against known ratings. Left, random support: all five curves start together; the biases fall slowest, ALS, biased MF and SVD++ lie close together in the middle, hierarchical Bayes is lowest from one rating on. Right, in order of time: the curves are higher, uneven, and close together; at twenty ratings hierarchical Bayes is lowest."}, "figure": {"caption": "Newcomers, test people. Left: the mean of five random supports. Right: the first ratings in time. Thin bars: 95 % intervals over people.", "name": "fig-04-newcomers"}}
fig, axes = plots.figure("One ridge regression a person gains on the biases; three ways to learn the films tie",
                         plots.K_LABEL, plots.METRICS["rmse"], panels=["random support", "in order of time"],
                         height=4.2)  # fmt: skip
for ax, name in zip(axes, ("newcomers", "newcomers in order of time"), strict=True):
    plots.k_curve(board, title="", methods=list(rivals), protocol=name, ax=ax)

# %% tags=["say", "remove-input"]
names = ["ALS", "biased MF", "SVD++"]
at_20 = {name: random_form.mean(name, "rmse", 20).mean for name in rivals}
to_bias = random_form.difference("ALS", "item + user bias", "rmse", 20)
to_bayes = random_form.difference("hierarchical Bayes", "SVD++", "rmse", 20)
extra = random_form.difference("SVD++", "ALS", "rmse", 20)
early = random_form.difference("SVD++", "ALS", "rmse", 1)
late = time_form.difference("ALS", "item + user bias", "rmse", 20)
mr.say(f"""
With twenty ratings ALS improves on the biases by {-to_bias.mean:.3f} stars, interval {to_bias:.3f}. The three
ways to learn the film factors lie within {max(at_20[n] for n in names) - min(at_20[n] for n in names):.3f} of each other:
for a newcomer it hardly matters *how* the films were learned. What SVD++ adds grows with the list: its RMSE minus
that of ALS is {early:.3f} with one rating and {extra:.3f} with twenty. Even twenty films, drawn at random from all that
a person chose to rate, say something beyond their stars. Hierarchical Bayes stays ahead of all three, of the best of them by {-to_bayes.mean:.3f}, interval {to_bayes:.3f}. In order of time the gain of ALS on
the biases is {-late.mean:.3f} stars at $k = 20$.
""")

# %% [markdown]
# ## Classic ratings
#
# The oldest yardstick of the field: hide a random fifth of all ratings, five times over. Everybody is
# known, most histories are long, and other settings win: we tuned once more, on a fifth of the
# *training* part of the first fold, and call this setting *folds*. It has a smaller price of the bias than
# the setting for newcomers, more factors in ALS and biased MF, and a smaller $\lambda_y$ in SVD++.

# %%
validation = next(mr.data.rating_folds(fold.train, seed=SPLIT))
experiment.tune(
    models.SVDPlusPlus(seed=seed, bias_regularization=2.0),
    {"implicit_regularization": [50.0, 120.0]},
    validation.train, validation.test,
).round(4)  # fmt: skip

# %%
by_folds = {
    "ALS (folds)": models.ALS(16, bias_regularization=2, seed=seed),
    "biased MF (folds)": models.BiasedMF(
        100, lr=0.05, regularization=0.11, bias_regularization=2,
        n_epochs=18, batch_size=1024, seed=seed),
    "SVD++ (folds)": models.SVDPlusPlus(seed=seed, **FOLDS),
}  # fmt: skip
classic = evaluation.classic_ratings(by_folds, ratings, SPLIT, costs=True)
folds = classic.table.groupby(["method", "metric"])["value"]
folds = folds.mean().unstack()
PEERS = {  # libraries, measured once on the same folds, November 2026
    "ALS of LensKit": (0.917, 0.722),
    "SVD of Surprise": (0.910, 0.719),
    "SVD++ of Surprise": (0.910, 0.717),
}
peers = pd.DataFrame(PEERS, index=["rmse", "mae"]).T
table = pd.concat([folds[["rmse", "mae"]], peers]).round(3)
table.sort_values("rmse", ascending=False, kind="stable")

# %% tags=["say", "remove-input"]
per_fold = classic.table.query("metric == 'rmse'").pivot(index="user", columns="method", values="value")
ahead = evaluation.paired(per_fold["SVD++ (folds)"].to_numpy(), per_fold["ALS (folds)"].to_numpy())
mr.say(f"""
The rows of Surprise and LensKit are libraries that many people use, tuned by us on the same folds. Our ALS and
biased MF are level with them or better. SVD++ is clearly the best of the three: on
{"every one" if (per_fold["SVD++ (folds)"] < per_fold["ALS (folds)"]).all() else "most"} of the
five folds it beats ALS, by {-ahead.mean:.4f} stars on average. Where the whole history of a person is known,
the list of what was rated is worth most.
""")

# %% [markdown]
# ## What factors mean
#
# Nobody named the factors, and on their own they have no names: turn all $\mathbf p_u$ and all
# $\mathbf v_i$ by the same rotation, and no prediction changes. What does not depend on the rotation
# is how the films lie relative to each other. So we take the films with a hundred ratings or more,
# turn their vectors to the axes along which they differ most (*principal components*), and draw the
# first two.

# %%
mapped = models.ALS(seed=seed).fit(ratings)
count = ratings.item_counts()
famous = np.flatnonzero(count >= 100)
vectors = mapped.item_factors_[famous, 1:]  # [films, 8]
centred = vectors - vectors.mean(axis=0)
left, size, _ = np.linalg.svd(centred, full_matrices=False)
axes_of = left * size  # [films, 8] coordinates, the widest first

facts = mr.data.film_facts(ratings).table.iloc[famous]
genre = ratings.items["genres"].str.get_dummies("|").iloc[famous]
about = {"year": ratings.items["year"].iloc[famous],
         "critics (Tomatometer)": facts["tomatometer"],
         "Oscars": np.log1p(facts["oscars"].astype(float)),
         "mean rating": pd.Series(bias.means_[famous], facts.index),
         "ratings": pd.Series(np.log(count[famous]), facts.index)}  # fmt: skip
about = pd.DataFrame(about).astype(float)
about = about.join(genre.loc[:, genre.sum() >= 15])
axes_of *= np.sign([np.corrcoef(axis, about["mean rating"])[0, 1]
                    for axis in axes_of.T])  # fmt: skip
meaning = pd.DataFrame({f"axis {a + 1}": about.corrwith(
    pd.Series(axes_of[:, a], about.index)) for a in range(2)})  # fmt: skip
top = meaning.abs().max(axis=1).sort_values(ascending=False).index[:9]
meaning.loc[top].round(2)

# %% tags=["hide-input"] mystnb={"image": {"alt": "A map of several hundred films as dots; about two dozen have titles. On the left lie Independence Day, Twister and Pretty Woman, on the right A Clockwork Orange, Trainspotting and Pulp Fiction. At the top lie Mary Poppins, The Sound of Music and E.T., at the bottom Starship Troopers, Spawn and Event Horizon."}, "figure": {"caption": "The films with a hundred ratings or more, by the first two principal components of their eight factors. The model saw stars only: no genre, year or critic. The axes have no unit.", "name": "fig-04-map"}}
NAMED = [121, 118, 739, 393, 179, 475, 56, 1, 143, 419, 432, 8, 69, 271, 235, 50, 127, 483, 286, 288, 405, 294,
         153, 97, 202, 176, 195, 185]  # fmt: skip
spot = pd.DataFrame(axes_of[:, :2], index=about.index)
fig, ax = plots.figure("Stars alone put the multiplex left, the critics right, and the family on top",
                       "axis 1: dearer to critics →", "axis 2: warmer ↑", height=6.2)  # fmt: skip
ax.scatter(spot[0], spot[1], s=9, color=GREY, alpha=0.35, lw=0)
ax.set(xticks=[0], yticks=[0], xticklabels=[], yticklabels=[])
ax.grid(True, axis="both")
ax.margins(0.12, 0.06)
fig.draw_without_rendering()
sides = [((5, 0), "left", "center"), ((-5, 0), "right", "center"),
         ((0, 5), "center", "bottom"), ((0, -5), "center", "top")]  # fmt: skip
dots = [ax.transData.transform(spot.loc[i]) for i in NAMED if i in spot.index]
taken = []
for item in (i for i in NAMED if i in spot.index):
    text = label(ratings, item).split(" (")[0]
    for shift, ha, va in sides:
        note = ax.annotate(text, spot.loc[item], xytext=shift, textcoords="offset points", ha=ha, va=va, fontsize=8.5)
        box = note.get_window_extent()
        clear = ax.bbox.x0 < box.x0 and box.x1 < ax.bbox.x1
        if clear and not any(box.overlaps(t) for t in taken) and not any(box.padded(4).contains(*d) for d in dots):
            taken.append(box)
            ax.plot(*spot.loc[item], "o", ms=4.5, color=BLUE)
            break
        note.remove();

# %% tags=["say", "remove-input"]
variance = size**2 / (size**2).sum()
mr.say(f"""
The first axis has the loud successes on one side and the unkind films on the other: it is the one number
with which the chapter began. It correlates with the critics' score ({meaning.loc["critics (Tomatometer)", "axis 1"]:.2f}), of which
the model knew nothing, and against action (${meaning.loc["Action", "axis 1"]:.2f}$). The second runs from aggressive science fiction
to films for a Sunday with the family; it correlates with Oscars ({meaning.loc["Oscars", "axis 2"]:.2f}) and against action
(${meaning.loc["Action", "axis 2"]:.2f}$) and the year (${meaning.loc["year", "axis 2"]:.2f}$). But no correlation is near one, and the two axes hold only
{mr.percent(variance[:2].sum())} of the spread. Factors are not genres under another name. They are directions in which
*people* disagree, and a story about them is ours, not the model's.
""")

# %% [markdown]
# ## From stars to lists
#
# A shop window shows a list, and chapter 02 found that predictors of stars make bad lists: they learn
# from the films that people rated and know nothing of those that they passed by. To rank, we should
# learn from *all* cells, the blank ones too. That means: forget the stars, keep $y_{ui} = 1$ if $u$
# liked $i$ (four stars or more), and treat everything else as a 0, but as a doubtful one, since a
# blank may mean "no" or "never heard of it".
#
# **Implicit ALS** {cite}`hu2008implicit` gives each cell a *confidence* $c_{ui}$, which is $1 +
# \kappa$ for a like and 1 for anything else, and makes small
#
# $$
# \sum_{u, i} c_{ui} \bigl(y_{ui} - \mathbf p_u^\top \mathbf v_i\bigr)^2
#   + \lambda \Bigl(\sum_u \lVert \mathbf p_u \rVert^2 + \sum_i \lVert \mathbf v_i \rVert^2\Bigr),
# $$ (eq-04-implicit)
#
# where the sum runs over **all** pairs. Again one side is a ridge regression when the other is held
# still. With $\mathbf C_u$ for the diagonal matrix of the confidences,
#
# $$
# \mathbf p_u = \bigl(\mathbf V^\top \mathbf C_u \mathbf V + \lambda \mathbf I\bigr)^{-1}
#   \mathbf V^\top \mathbf C_u \mathbf y_u .
# $$
#
# That looks hopeless, for each person a sum over the whole catalogue. The trick of the paper saves it:
#
# $$
# \mathbf V^\top \mathbf C_u \mathbf V = \mathbf V^\top \mathbf V
#   + \mathbf V^\top (\mathbf C_u - \mathbf I) \mathbf V .
# $$ (eq-04-gram)
#
# The first term is the same for everybody and is computed once. In the second, $\mathbf C_u - \mathbf
# I$ is zero wherever $u$ liked nothing. So all cells count, and only the likes cost.

# %%
shop = mr.data.top_n(ratings, seed=SPLIT)  # .train and .test
small_shop = models.ImplicitALS(n_factors=16, seed=seed).fit(shop.train)
V, alpha, price = small_shop.item_factors_[:-1], 10.0, 50.0
one = shop.test.take([0])
liked = one.support_items[0][one.support_ratings[0] >= 4]  # positions

likes = np.isin(np.arange(len(V)), liked).astype(float)  # [films] y
C = np.diag(1 + alpha * likes)  # the whole catalogue
dense = np.linalg.solve(V.T @ C @ V + price * np.eye(16), V.T @ C @ likes)

gram, mine = V.T @ V, V[liked]  # shared by all; [likes, 16]
few = np.linalg.solve(gram + alpha * mine.T @ mine + price * np.eye(16),
                      (1 + alpha) * mine.sum(axis=0))  # fmt: skip
assert np.allclose(few, dense)
assert np.allclose(few, small_shop.fold_in(one)[0])
print(f"{len(liked)} likes in a catalogue of {len(V)} films")

# %% [markdown]
# **Bayesian personalised ranking**, BPR {cite}`rendle2009bpr`, takes another road to the same place.
# Nobody needs the zeros and ones to be *hit*; it is enough that a liked film $i$ stands before any
# film $j$ that was not liked. Let $x_{uij} = \hat r_{ui} - \hat r_{uj}$ be the difference of their
# scores, and model the chance that $u$ prefers $i$ as $\operatorname{expit}(x_{uij}) = 1 / (1 + e^{-x_{uij}})$. If the
# pairs were independent, and the factors had a Gaussian prior as above, minus the log-posterior is
#
# $$
# \mathcal L = - \sum_{(u, i, j)} \ln \operatorname{expit}(x_{uij})
#   + \frac\lambda2 \sum_\theta \theta^2,
# $$ (eq-04-bpr)
#
# with $\theta$ for any number of the model. Its derivative has a simple form,
#
# $$
# \frac{\partial}{\partial \theta} \bigl(-\ln \operatorname{expit}(x_{uij})\bigr)
#   = -\operatorname{expit}(-x_{uij})\, \frac{\partial x_{uij}}{\partial \theta},
# $$
#
# because $1 - \operatorname{expit}(x) = \operatorname{expit}(-x)$. The factor $\operatorname{expit}(-x)$ is near zero for a pair that is
# already in order and near one for a pair that is badly wrong, so the steps go where there is
# something to learn. The mean of $\mathbb 1[x_{uij} > 0]$ over a person's pairs is the pairwise
# accuracy of chapter 02; $\ln \operatorname{expit}$ is its smooth stand-in. There are far too many triples to visit,
# so each step *draws* the other film $j$. Here the two scores are $b_i + \mathbf p_u^\top \mathbf v_i$;
# a person's own bias would cancel.

# %%
def downhill(p, w_i, w_j, penalty):
    """Minus the gradient of the loss of each pair."""
    apart, one = w_i - w_j, np.ones((len(p), 1))
    x = apart[:, 0] + (p * apart[:, 1:]).sum(axis=1)  # x_uij
    pull = 1 / (1 + np.exp(x))[:, None]  # expit(−x)
    toward = pull * np.hstack([one, p])
    step_p = pull * apart[:, 1:] - penalty * p
    return step_p, toward - penalty * w_i, -toward - penalty * w_j


# %%
def rank_by_pairs(train, d=8, lr=0.1, penalty=0.02, epochs=5, batch=512):
    """BPR by stochastic gradient descent: (b, v) of all films."""
    rng, n = np.random.default_rng(seed), train.n_items
    liked = (train.table["rating"] >= 4).to_numpy()
    users, items = (rows[liked] for rows in train.positions())
    p = rng.normal(0, 0.1, (train.n_users, d))
    w = rng.normal(0, 0.1, (n, d + 1))  # b_i and v_i
    w[:, 0] = 0
    for epoch in range(epochs):
        eta = lr * (1 - epoch / epochs)
        order = rng.permutation(len(users))
        other = rng.integers(n, size=len(users))  # the draw of j
        order = order[~np.isin(users * n + other, users * n + items)[order]]
        for rows in np.split(order, range(batch, len(order), batch)):
            u, i, j = users[rows], items[rows], other[rows]
            step_p, step_i, step_j = downhill(p[u], w[i], w[j], penalty)
            np.add.at(p, u, eta * step_p)
            np.add.at(w, i, eta * step_i)
            np.add.at(w, j, eta * step_j)
    return w


few_epochs = models.BPR(8, n_epochs=5, seed=seed).fit(shop.train)
assert np.allclose(rank_by_pairs(shop.train),
                   few_epochs.item_factors_[:-1], atol=1e-4)  # fmt: skip

# %% [markdown]
# ## A gain that was made by the protocol
#
# What about ratings of one, two or three stars? Implicit ALS, as published, treats them as blanks,
# because its authors had watching times and nobody's dislikes. We have them. Let a rating below four
# stars have confidence $1 + \kappa'$ in its zero: a blank that we are surer about. With $\kappa' = 2$ the
# lists of the classic top-N protocol become a good deal better, and it is tempting to report that and
# go on.
#
# But look at the candidates. In that protocol (chapter 02) a person's list may hold every film that
# the person has not *liked* yet, including those that were rated with two stars. They are certainly
# not among the hidden likes, so a method that pushes them down collects points for
# knowing what it was told. No shop would count that: a film that you have rated is not shown to you
# again. So we measure twice, on the protocol's candidates and with everything masked that the
# person has rated.

# %%
def unrated(holdout):
    """Mask of the candidates that the person has not rated: [people, q]."""
    train, test = holdout
    rated = np.zeros((len(test), train.n_items), dtype=bool)
    who = np.nonzero(test.support_mask)[0]
    rated[who, test.support_items[test.support_mask]] = True
    rated = np.take_along_axis(rated, test.query_items, axis=1)
    return test.query_mask & ~rated


# %%
def two_ways(holdout, methods):
    """nDCG@10 of each person, for two sets of candidates."""
    train, test = holdout
    masks = {"not liked yet": test.query_mask,
             "not rated yet": unrated(holdout)}  # fmt: skip
    relevant, found = test.query_ratings > 0, {}
    for name, method in methods.items():
        scores = method.fit(train).predict(test.blind())
        for which, mask in masks.items():
            found[name, which] = evaluation.ndcg(scores, relevant, 10, mask)
    return found


def means(found):
    """A table of means: methods and candidates."""
    every = {key: value.mean() for key, value in found.items()}
    return pd.Series(every).unstack()


# %%
choose = mr.data.top_n(shop.train, seed=SPLIT + 1)  # likes hidden once more
smaller = {f"κ′ = {b}": models.ImplicitALS(64, dislike=b, seed=seed)
           for b in (0, 2)}  # fmt: skip
on_validation = two_ways(choose, smaller)
means(on_validation).round(3)

# %% tags=["say", "remove-input"]
mr.say("""
That is validation, with half the factors to save time: which $\\kappa'$ is better depends on who may stand on the
list. The price was chosen on the same likes, from the grid below; wider ones were tried for $\\kappa$, $d$ and the
number of sweeps.
""")

# %%
experiment.tune(
    models.ImplicitALS(64, seed=seed),
    {"regularization": [30.0, 50.0, 80.0]},
    choose.train, choose.test, "ndcg@10",
).round(4)  # fmt: skip

# %% [markdown]
# And on the test likes:

# %%
judged = two_ways(shop, smaller)
change = {
    which: evaluation.paired(*(judged[f"κ′ = {b}", which] for b in (2, 0)))
    for which in ("not liked yet", "not rated yet")
}
means(judged).round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two intervals of the change of nDCG at ten by knowing dislikes. On the protocol's candidates the change is positive, among unrated films only it is negative; neither interval holds zero."}, "figure": {"caption": "What $\\kappa' = 2$ changes, test people, paired 95 % intervals: on the candidates of the classic top-N protocol, and when no rated film may be shown.", "name": "fig-04-dislikes"}}
fig, ax = plots.figure("Knowing the dislikes helps only where disliked films may be shown again",
                       "change of nDCG@10 by counting dislikes", "candidates", height=2.7)  # fmt: skip
for height, (which, color) in enumerate((("not rated yet", RED), ("not liked yet", BLUE))):
    at = change[which]
    ax.plot([at.low, at.high], [height] * 2, color=color, lw=3, solid_capstyle="butt")
    ax.plot(at.mean, height, "o", color=color, ms=7)
ax.axvline(0, color=INK, lw=1)
ax.set_yticks([0, 1], ["films that the person\nhas not rated", "films that the person\nhas not liked"])
ax.set_ylim(-0.6, 1.6)
ax.grid(False, axis="y")
ax.grid(True, axis="x")

# %% tags=["say", "remove-input"]
official, fair = change["not liked yet"], change["not rated yet"]
mr.say(f"""
On the protocol's candidates $\\kappa' = 2$ gains {official:.3f} in nDCG@10. With rated films masked it *loses*: {fair:.3f}.
So nothing of the gain remains; it was made by the candidates. And the loss is instructive as well: somebody who
gave three stars to a film of a kind still watches films of that kind, so calling it a firm zero throws away
what SVD++ has just taught us. We therefore call $\\kappa' = 0$ **implicit ALS**, make it the default, and compare it with other
people's figures. The other setting keeps its own row, *implicit ALS with dislikes*, for whoever has such
candidates.
""")

# %% [markdown]
# ## Classic top-N
#
# Here is the protocol as it stands, with BPR (its settings were chosen on the same validation likes), and
# libraries beside ours.

# %%
makers = {
    "implicit ALS": models.ImplicitALS(seed=seed),
    "implicit ALS with dislikes": models.ImplicitALS(dislike=2, seed=seed),
    "BPR": models.BPR(seed=seed),
}
lists = evaluation.classic_top_n(makers, ratings, seed=SPLIT, costs=True)
order = lists.summary().pivot(
    index="method", columns="metric", values="mean"
)
LIBRARIES = {"ALS of LensKit": (0.298, 0.240),
             "ALS of implicit": (0.316, 0.248),
             "BPR of Cornac": (0.282, np.nan)}  # fmt: skip
others = pd.DataFrame(LIBRARIES, index=["ndcg@10", "recall@10"]).T
table = pd.concat([order[["ndcg@10", "recall@10"]], others])
table = table.sort_values("ndcg@10", ascending=False, kind="stable")
table.map("{:.3f}".format).replace("nan", "–")

# %% tags=["say", "remove-input"]
over_popular = lists.difference("implicit ALS", "popularity", "ndcg@10")
over_bpr = lists.difference("implicit ALS", "BPR", "ndcg@10")
mr.say(f"""
All three are far above popularity, implicit ALS by {over_popular:.3f}, though they see likes and no finer stars.
Least squares on all cells beats pairs by {over_bpr:.3f} here. In chapter 02 the predictors of stars lost to popularity
on this very task. The factors are the same kind of numbers; what changed is the loss. It should look like the
question that one is asked.
""")

# %% [markdown]
# ## Who gets shown
#
# Good lists may still be the same lists for everybody. We look at the first ten places of all people
# from the side of the catalogue, with the measures of chapter 02, and one more: the mean cosine
# between the genres of two films of a list, the **intra-list similarity**, which is high when a list
# holds ten films of a kind.

# %%
rng = np.random.default_rng(seed)
own = []  # ten random likes of each person
for i, stars in zip(shop.test.support_items, shop.test.support_ratings):
    liked = i[stars >= 4]
    short = len(liked) < 10
    own.append(np.full(10, -1) if short else rng.choice(liked, 10, False))
OWN = "ten of the person's own likes"
shows = {**lists.lists, OWN: np.array(own)}
genres = mr.data.genre_table(ratings)
profile = evaluation.profile(shows, shop.train, genres)
often = np.argsort(-shop.train.item_counts(at_least=4), kind="stable")
top_tenth = often[: ratings.n_items // 10]
profile["most liked tenth"] = {
    name: np.isin(shown[shown >= 0], top_tenth).mean()
    for name, shown in shows.items()
}
profile.drop(index="implicit ALS with dislikes").round(2)

# %% tags=["say", "remove-input"]
of_likes, of_lists = profile.loc[OWN], profile.loc["implicit ALS"]
pairs = profile.loc["BPR"]
mr.say(f"""
The last row is the one to compare with: ten films that the people themselves liked, drawn at random.
{mr.percent(of_likes["most liked tenth"])} of them come from the most liked tenth of the catalogue. On the lists of
implicit ALS it is {mr.percent(of_lists["most liked tenth"])}, on those of BPR {mr.percent(pairs["most liked tenth"])}:
both are more conventional than the people they serve, which is {{term}}`popularity bias`. Nine tenths of the catalogue share
the remaining {mr.percent(1 - of_lists["most liked tenth"])} of the places. The lists are also more of a kind than the
likes: their similarity is {of_lists["similarity"]:.2f} against {of_likes["similarity"]:.2f}. But the plain
popularity list has {profile.loc["popularity", "similarity"]:.2f}, and it follows nobody. So what narrows these lists is
that they are conventional, not that they chase one side of a person's taste. Over-specialisation of that other kind is
the disease of methods that look at content; chapter 05 measures it.
""")

# %% [markdown]
# Why do they hardly ever take a chance on a film that few know? A vector learned from three likes is short,
# because the price has shrunk it, and a short vector gives a small score to everybody. In a list of the ten largest
# scores, the same shrinkage that protects predictions of stars becomes a wall around the {term}`long tail`.
# A later chapter (planned) returns to it.

# %% [markdown]
# And on newcomers? There the question is not what somebody will choose, but which of two chosen films is liked better.
# Methods that rank say nothing in stars; we count the pairs in the right order, as in chapter 03.

# %%
by_likes = {n: makers[n] for n in ("implicit ALS", "BPR")}
in_order = {
    order: evaluation.newcomers(by_likes, ratings, order, SPLIT, costs=True)
    for order in ("random", "time")
}
mr.leaderboard.table(
    in_order["random"].summary(), "newcomers", "pairwise"
).round(3)

# %% tags=["say", "remove-input"]
pairs_at_20 = {name: in_order["random"].mean(name, "pairwise", 20).mean for name in (*by_likes, "item mean")}
best_of_them = max(by_likes, key=pairs_at_20.get)
mr.say(f"""
With twenty ratings {best_of_them} has {mr.percent(pairs_at_20[best_of_them], 1)} of the pairs in the right order; the mean rating of the film
has {mr.percent(pairs_at_20["item mean"], 1)}. Factors of choice are not factors of taste.
""")

# %%
MINE = ["ALS", "biased MF", "SVD++", *by_folds, *makers]
results = [r.only(MINE) for r in (random_form, time_form, classic,
                                  lists, *in_order.values())]  # fmt: skip
mr.leaderboard.save("04", *results);

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
low_end, high_end = min(inside), across.max()
mr.check("two films of a kind: the smaller of two correlations",
         low_end, 0.2, 0.5)  # fmt: skip
mr.check("two films of different kinds: the largest of four",
         high_end, high=-0.2)  # fmt: skip
overfit = weak[1] - lowest[0.02]
mr.check("hidden RMSE gained back by stopping early, weak price",
         overfit, 0.04, 0.09)  # fmt: skip
cure = fit[1] - lowest[0.02]
mr.check("tuned price minus the best moment of the weak one",
         cure, -0.032, -0.008)  # fmt: skip
cheap = paths.loc[(16, 0.1), "hidden"] - paths.loc[(2, 0.1), "hidden"]
mr.check("hidden RMSE, 16 factors minus 2, at the lowest price",
         cheap, 0.13, 0.22)  # fmt: skip
dear = least[16] - least[8]
mr.check("16 factors minus 8, each at its best price",
         dear, -0.004, 0.004)  # fmt: skip
mr.check("largest factor that is left at the highest price",
         largest, 0, 0.001)  # fmt: skip

# %% tags=["claims"]
mr.check("λ of the strictness, learned by hierarchical Bayes",
         level_price, 3.5, 5)  # fmt: skip
mr.check("λ of its strongest direction", learned[0], 1.8, 2.8)
mr.check("λ of its weakest direction", learned[-1], low=5)
drop = plain[8.0] - plain[1.5]
mr.check("RMSE of ALS with the plain price 8 minus 1.5",
         drop, -0.035, -0.012)  # fmt: skip

# %% tags=["claims"]
worse = level["ALS, weak price", 32] - no_factor
mr.check("weak price, 32 factors minus no factor, RMSE",
         worse, 0.08, 0.16)  # fmt: skip
flat = level["ALS, tuned price", 32] - level["ALS, tuned price", 4]
mr.check("tuned price, 32 factors minus 4", flat, -0.004, 0.004)
still = hb[32] - hb[8]
mr.check("hierarchical Bayes, 32 factors minus 8", still, -0.003, 0.003)
mr.check("hierarchical Bayes minus tuned ALS, 8 factors", gap, high=0)
four_of_all = (no_factor - hb[4]) / (no_factor - min(hb.values()))
mr.check("share of the gain that four factors bring",
         four_of_all, 0.88, 1)  # fmt: skip

# %% tags=["claims"]
listed = (first - second) / (first - third)
mr.check("share of SVD++'s gain from the list alone",
         listed, 0.52, 0.68)  # fmt: skip
mr.check("newcomers, ALS minus biases, k = 20", to_bias, high=0)
mr.check("newcomers, hierarchical Bayes minus SVD++, k = 20",
         to_bayes, high=0)  # fmt: skip
near = max(at_20[n] for n in names) - min(at_20[n] for n in names)
mr.check("newcomers, the three methods differ at most by",
         near, 0, 0.009)  # fmt: skip
mean_of = folds["rmse"]
mr.check("classic ratings, ALS", mean_of["ALS (folds)"], 0.904, 0.912)
mr.check("classic ratings, biased MF",
         mean_of["biased MF (folds)"], 0.904, 0.913)  # fmt: skip
mr.check("classic ratings, SVD++",
         mean_of["SVD++ (folds)"], 0.896, 0.906)  # fmt: skip
mr.check("SVD++ minus ALS over the five folds", ahead, high=0)
critics = meaning.loc["critics (Tomatometer)", "axis 1"]
mr.check("first axis of the map and the critics' score",
         critics, 0.42, 0.56)  # fmt: skip

# %% tags=["claims"]
mr.check("dislikes, change of nDCG@10, the protocol's candidates",
         official, low=0)  # fmt: skip
mr.check("dislikes, change of nDCG@10, unrated films only",
         fair, high=0)  # fmt: skip
mr.check("implicit ALS minus popularity, nDCG@10",
         over_popular, low=0.1)  # fmt: skip
reached = lists.mean("implicit ALS", "ndcg@10").mean
mr.check("implicit ALS, nDCG@10", reached, 0.3, 0.34)
mr.check("implicit ALS minus BPR, nDCG@10", over_bpr, low=0)
more = of_lists["most liked tenth"] - of_likes["most liked tenth"]
mr.check("places of the most liked tenth: lists minus likes",
         more, 0.31, 0.38)  # fmt: skip


# %% tags=["claims"]
for name in by_likes:
    gap = in_order["random"].difference(name, "item mean", "pairwise", 20)
    mr.check(f"{name} minus item mean, pairs in order, k = 20", gap, high=0)

# %% [markdown]
# ## Take-aways
#
# 1. A strictness and about four numbers describe what can be learned about a newcomer's taste from twenty ratings.
#    The factors are directions in which people disagree; names for them are ours.
# 2. Learn the factors by small steps or by ridge regressions in turn; for a newcomer it hardly matters which. What
#    matters is the price of large factors, and the price is a prior in disguise.
# 3. Folding a newcomer in is one small ridge regression: learn the films from many, the person from few.
# 4. Point estimates overfit with the dimension when the price is wrong. A posterior over the films needs no tuning and is
#    better at every dimension.
# 5. What people rated says much of what they like. But look at who may stand on the list before you believe a gain in a
#    ranking.

# %% [markdown]
# ## Exercises

# %% [markdown] tags=["worked-example"]
# ```{exercise} A threshold
# :label: ex-04-threshold
# :class: grade-1
#
# *Easy.* In {eq}`eq-04-threshold` let the strength be $a = 2$ and the price $\lambda = 0.5$. Which size $x$ of the product is
# best, and which $p$ and $v$? What happens at $\lambda = 3$? Check both by minimising numerically over $p$ and $v$.
# ```
#
# ```{solution-start} ex-04-threshold
# :class: dropdown
# ```
#
# $x = 2 - 0.5 = 1.5$, and $p = v = \sqrt{1.5} \approx 1.22$, or both with a minus sign. At $\lambda = 3$ the
# strength is below the price, and both are zero.

# %%
from scipy.optimize import minimize

for price, best_size in ((0.5, 1.5), (3.0, 0.0)):
    def loss(pv, price=price):
        return (2 - pv[0] * pv[1]) ** 2 + price * (pv @ pv)

    p_best, v_best = minimize(loss, [1.0, 0.5]).x
    assert np.isclose(p_best * v_best, best_size, atol=1e-4)

# %% [markdown]
# ```{solution-end}
# ```
#
# ```{exercise} Yourself
# :label: ex-04-you
# :class: grade-1
#
# *Easy.* Rate five films, fold yourself into a model with eight factors, and print the ten films that it puts first.
# Then raise all of your ratings by one star (as far as the scale allows). What changes in your vector, and what in your list?
# ```
#
# ````{solution} ex-04-you
# :class: dropdown
#
# ```python
# you = mr.data.Episodes.of_one(ratings, {50: 4, 56: 2, 143: 4, 121: 3, 179: 1})
# guess = mapped.predict(you)[0]
# first = you.query_items[0][np.argsort(-guess)[:10]]
# print(mapped.fold_in(you).round(2))
# print([label(ratings, i) for i in you.items[first]])
# ```
#
# Raising all ratings moves mainly the first number, $b_u$, which changes no order. But not only: the prior on
# $b_u$ keeps it from rising by the full star, and the factors take what is left. So the list may change a little.
# ````
#
# ```{exercise} Zeros instead of blanks
# :label: ex-04-zeros
# :class: grade-2
#
# *Medium.* Take the training matrix with the biases taken off, fill all blanks with zero, compute its singular value
# decomposition with $d = 8$ (`scipy.sparse.linalg.svds`), and use the right singular vectors, times the roots of the singular
# values, as film factors. Fold the newcomers in. How much worse than ALS is it at $k = 20$?
# ```
#
# ````{solution} ex-04-zeros
# :class: dropdown
#
# ```python
# import copy
# import scipy.sparse.linalg
#
# plain, filled = models.Bias().fit(split.train), split.train.matrix()
# filled.data -= plain.means_[filled.indices]
# n = np.diff(filled.indptr)
# filled.data -= np.repeat(filled.sum(1) / (n + 5), n)
# _, size, right = scipy.sparse.linalg.svds(filled, k=8, rng=0)
# zeros = copy.deepcopy(als)
# zeros.item_factors_[:-1, 1:] = right.T * np.sqrt(size)
# zeros.item_factors_[:-1, 0] = plain.means_[:-1] - zeros.global_mean_
# print(newcomer_error(zeros).mean(), newcomer_error(als).mean(), no_factor)
# ```
#
# It is worse than ALS and clearly better than the biases alone. A zero for "as expected" is a mild lie once the
# biases are off; without taking them off first it would be a gross one. Try that as well.
# ````
#
# ```{exercise} Draw what is popular
# :label: ex-04-draw
# :class: grade-2
#
# *Medium.* In `rank_by_pairs` draw the other film in proportion to its number of likes
# (`rng.choice(items, size=len(users))`). Train both versions for forty epochs with `d=32` and compare
# nDCG@10 and coverage. Explain both changes.
# ```
#
# ````{solution} ex-04-draw
# :class: dropdown
#
# Put the factors into a fitted model, which then folds everybody in:
#
# ```python
# model = models.BPR(32, n_epochs=1).fit(shop.train)
# model.item_factors_[:-1] = rank_by_pairs(shop.train, d=32, epochs=40)
# scores, asked = model.predict(shop.test), shop.test
# top = evaluation.take(asked.query_items, evaluation.top_k(scores, 10, asked.query_mask))
# print(evaluation.ndcg(scores, asked.query_ratings > 0, k=10, mask=asked.query_mask).mean(),
#       evaluation.coverage(top, ratings.n_items))
# ```
#
# With popular opponents a film gains nothing by being popular, so the model forgets popularity: more than twice as many
# films appear on lists, and nDCG@10 falls by about a quarter. It is the sample by popularity of chapter 02 again,
# this time in training. How the other film is drawn is a part of the question that one asks.
# ````
#
# ```{exercise} A price that each film sets itself
# :label: ex-04-expected
# :class: grade-3
#
# *Hard.* Repair the weakly priced ALS with 16 factors *at the fold-in only*. Given the people, the posterior covariance of
# a film's $\mathbf w_i$ is $\sigma^2 (\mathbf X^\top \mathbf X + \boldsymbol\Lambda)^{-1}$, with the rows of $\mathbf X$ now
# running over the people who rated it. Add the sum of these covariances to the newcomer's normal equations, as in
# {eq}`eq-04-expected` (mind that $b_i$ and $\mathbf v_i$ are correlated). How much of the damage is undone?
# ```
#
# ````{solution} ex-04-expected
# :class: dropdown
#
# ```python
# weak = models.ALS(16, 1.0, power=0.0).fit(split.train)
# w, e, noise = weak.item_factors_, drawn[0], bayes.noise_
# z = weak.fold_in(everything(split.train))
# z -= z.mean(axis=0)
# by_film = split.train.matrix().T.tocsr()
# row_of = {u: n for n, u in enumerate(everything(split.train).users)}
# people = np.array([row_of.get(u, -1) for u in split.train.users.index])
# cov = np.zeros((len(w), 17, 17))
# for i in range(len(w)):
#     who = by_film.indices[slice(*by_film.indptr[i : i + 2])] if i < len(w) - 1 else []
#     x = np.column_stack([np.ones(len(who)), z[people[who], 1:]])
#     cov[i] = noise * np.linalg.inv(x.T @ x + np.diag([5.0] + [1.0] * 16))
# guess = np.zeros(e.query_items.shape)
# for n in range(len(e)):
#     i, stars, q = e.support_items[n], e.support_ratings[n], e.query_items[n]
#     x = np.column_stack([np.ones(len(i)), w[i, 1:]])
#     left, right = x.T @ x + np.diag([5.0] + [1.0] * 16), x.T @ (stars - weak.global_mean_ - w[i, 0])
#     left[1:, 1:] += cov[i][:, 1:, 1:].sum(0)
#     right[1:] -= cov[i][:, 1:, 0].sum(0)
#     you = np.linalg.solve(left, right)
#     guess[n] = weak.global_mean_ + w[q, 0] + you[0] + w[q, 1:] @ you[1:]
# print(newcomer_error(weak, 20, [e]).mean(),
#       evaluation.rmse(guess.clip(1, 5), e.query_ratings, e.query_mask).mean())
# ```
#
# About half. The other half was done in training, where the same mistake was made for every known person. The full cure
# treats people and films alike, in every sweep; that is hierarchical Bayes.
# ````

# %% [markdown]
# ## Quiz
#
# **1. You double the number of factors of a well-tuned ALS, and the validation error stays the same. What has
# probably happened?**
#
# ::::{dropdown} A. The new factors are near zero or repeat weak directions: the price decides how many count.
# :class-container: quiz right
# Right. The number of factors is a ceiling; the price is a threshold on the strength of a direction.
# ::::
#
# ::::{dropdown} B. The training has not converged.
# :class-container: quiz wrong
# It could be, but there is no need for it: flat is what a tuned price gives.
# ::::
#
# ::::{dropdown} C. The validation set is too small to see the gain.
# :class-container: quiz wrong
# Chapter 02 tells how to find out. Here even the mean hardly moves, on many people and several starts.
# ::::
#
# **2. Why does implicit ALS not need to visit every blank cell of every person?**
#
# ::::{dropdown} A. It draws some blanks at random.
# :class-container: quiz wrong
# BPR does. Implicit ALS counts every blank, exactly.
# ::::
#
# ::::{dropdown} B. Blanks have confidence zero.
# :class-container: quiz wrong
# No, they have confidence one. With zero they would say nothing, and every score would drift towards one.
# ::::
#
# ::::{dropdown} C. The sum over all films is the same matrix for everybody, and only the likes add to it.
# :class-container: quiz right
# Right: the shared Gram matrix. What differs from person to person is as small as the person's list of likes.
# ::::
#
# **3. A method gains in a ranking test by pushing down films that the person disliked. When is that worth
# something?**
#
# ::::{dropdown} A. Always, the test says so.
# :class-container: quiz wrong
# The test counts what its candidates allow. If nothing rated is ever shown again, the gain is empty, and here it
# was a loss.
# ::::
#
# ::::{dropdown} B. Where films that the person rated may appear on the list.
# :class-container: quiz right
# Right. Songs are played again, detergent is bought again; a film that one disliked is usually not shown again.
# ::::
#
# ::::{dropdown} C. Never.
# :class-container: quiz wrong
# It depends on the candidates. That is why a table must name them.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`koren2009matrix`: the best short introduction, by the winners of the Netflix prize.
# - {cite:t}`koren2008factorization`: SVD++, and how factors and neighbours can be one model.
# - {cite:t}`mnih2007pmf` and {cite:t}`salakhutdinov2008bpmf`: the prior made explicit, and then the posterior by sampling,
#   where more factors stop hurting.
# - {cite:t}`hu2008implicit`: implicit ALS, with the trick of the shared matrix.
# - {cite:t}`rendle2009bpr`: learning from pairs, a model of clear derivation.
# - {cite:t}`srebro2004maximum`: why a price on squares of factors bounds something deeper than their number.
# - {cite:t}`rendle2022ials`: well-tuned implicit ALS beside newer methods; a lesson in fair comparison.

# %% [markdown]
# ## What comes next
#
# Neighbours and factors both need ratings: of a film that nobody has rated they know nothing, and its vector is zero.
# Chapter 05 turns to what is known before: genres, years, critics, people. And the small ridge regression of this
# chapter comes back in chapter 10, with a prior that is learned and not priced.
