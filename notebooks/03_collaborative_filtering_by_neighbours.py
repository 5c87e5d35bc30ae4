# %% [markdown]
# # Collaborative filtering by neighbours
#
# Ask the people who agreed with you before. This is the oldest idea of the field, it fits into
# one formula, and most of the work is to find out whom to believe.

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** How far do we get by asking those who agreed with you before?
#
# **You will be able to**
# - compute a rating from neighbours by hand, among people and among films;
# - say how many shared ratings a similarity needs before it means anything, and why;
# - choose between neighbours, EASE and Markov chains for a list, and say what each one shows.
#
# **Before you start.** Chapter 02, and what a matrix inverse is.
#
# **Time.** 60 minutes to read; less than 45 seconds to run on one core.
# :::

# %%
import itertools

import numpy as np
import pandas as pd
from sklearn.base import clone

import metarec as mr
from metarec import evaluation, models, plots
from metarec.data.titles import label

# %% tags=["parameters"]
full = False  # True: finer grids
seed = 0  # 0 is the text; 1, 2, … draw other people, rows and random starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY

# %% [markdown]
# ## A blank among five people
#
# Five people have rated five films, A to E. Ann has not seen E. Should she?

# %%
nan = np.nan
table = pd.DataFrame(
    [[5, 4, 1, 2, nan],
     [3, 4, 2, 1, 5],
     [2, 1, 5, 5, 2],
     [nan, nan, 3, 5, 1],
     [4, 4, 4, nan, 4]],
    index=["Ann", "Ben", "Cleo", "Dev", "Eva"], columns=list("ABCDE"),
)  # fmt: skip
table.map(lambda r: "·" if np.isnan(r) else f"{r:.0f}")

# %% [markdown]
# Four people can be asked. But Ben is not Ann, and neither is Eva, who gives four stars to
# everything. So we first measure *how alike* two people are, and then let those who are alike vote.
#
# Two things must be cleared away before. People use the stars differently: one person's four is
# another one's three. So we compare not ratings but how far each rating lies above or below the
# person's mean. And two people share only some films, so only those can be compared. The correlation of
# two people over the films that both have rated is **Pearson's correlation**; it was the
# {term}`similarity` of the first automatic system {cite}`resnick1994grouplens`:
#
# $$
# s_{uu'} = \frac{\sum_{i} \tilde r_{ui}\, \tilde r_{u'i}}
# {\sqrt{\sum_i \tilde r_{ui}^2}\,\sqrt{\sum_i \tilde r_{u'i}^2}},
# $$ (eq-03-pearson)
#
# where the sums run over the shared films, $i \in \mathcal I_u \cap \mathcal I_{u'}$, and $\tilde r_{ui}$ is how far $r_{ui}$ lies from the mean of
# $u$ over them. Take a pencil.

# %% [markdown] tags=["worked-example"]
# **Ann and Ben** share A, B, C and D. There Ann's mean is $3$ and Ben's is $2.5$. Ann lies
# $(2, 1, -2, -1)$ from hers and Ben $(0.5, 1.5, -0.5, -1.5)$ from his, so
#
# $$ s = \frac{1 + 1.5 + 1 + 1.5}{\sqrt{10}\,\sqrt{5}}
# = \frac{5}{\sqrt{50}} = 0.71. $$
#
# **Ann and Cleo** share the same four. Cleo's mean is $3.25$, her deviations
# $(-1.25, -2.25, 1.75, 1.75)$, and $s = -10 / \sqrt{127.5} = -0.89$: she likes what Ann dislikes.
#
# **Ann and Dev** share C and D only: $(-0.5, 0.5)$ and $(-1, 1)$, so $s = 1$.
#
# **Ann and Eva**: Eva does not vary, so the formula is $0/0$. She tells nothing about Ann, and we set
# $s = 0$.
#
# **The vote.** Whoever is unlike Ann is left out; Ben and Dev remain. Ben gave E two stars above his
# mean of $3$, Dev two below his mean of $3$. Ann's mean is $3$:
#
# $$ \hat r = 3 + \frac{0.71 \cdot 2 + 1 \cdot (-2)}{0.71 + 1} = 2.66. $$

# %%
R = table.to_numpy()  # [people, films], nan where blank


def pearson(x, y):
    """Correlation over what both fill; 0 when one side does not vary."""
    shared = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[shared] - x[shared].mean(), y[shared] - y[shared].mean()
    length = np.sqrt((x @ x) * (y @ y))
    return x @ y / length if length > 0 else 0.0


def vote(own_mean, similarity, deviation):
    """Own mean plus the neighbours' mean deviation, by similarity."""
    weight = np.maximum(similarity, 0)
    return own_mean + weight @ deviation / weight.sum()


means = np.nanmean(R, axis=1)  # [people]
s = np.array([pearson(R[0], other) for other in R[1:]])
by_people = vote(means[0], s, R[1:, 4] - means[1:])

assert means.tolist() == [3, 3, 3, 3, 4]
assert np.round(s, 2).tolist() == [0.71, -0.89, 1, 0]
assert round(by_people, 2) == 2.66

# %% [markdown]
# Look at Dev. He agrees with Ann *perfectly*, and he has the largest say. But he shares two films with
# her, and a line through two points always fits: with two shared ratings Pearson's correlation is $1$ or
# $-1$, whatever the people are like, unless somebody gave both the same. Dev even gave D five stars, where
# Ann gave two. A similarity from few ratings deserves less trust. **{term}`Shrinkage`** pulls it
# towards zero by the number $n$ of shared ratings. The idea is called significance weighting
# {cite}`herlocker2002empirical`; this form, with $\lambda = 100$ as a typical value, is that of
# {cite:t}`koren2008factorization`:
#
# $$ s \;\leftarrow\; \frac{n}{n + \lambda}\, s . $$ (eq-03-shrink)

# %% [markdown] tags=["worked-example"]
# **Shrunk**, with $\lambda = 4$. Ben shares four films, so $s = \tfrac{4}{8} \cdot 0.71 = 0.35$. Dev shares two,
# so $s = \tfrac{2}{6} \cdot 1 = 0.33$. Now Ben has the larger say:
#
# $$ \hat r = 3 + \frac{0.354 \cdot 2 + 0.333 \cdot (-2)}{0.354 + 0.333} = 3.06. $$
#
# **Turned round.** We may as well compare *films*. How much does E resemble A? Take each rating as
# a deviation from the mean of the person who gave it (all of that person's ratings): Ben
# $(0, 1, -1, -2, 2)$, Cleo $(-1, -2, 2, 2, -1)$, Dev $(-, -, 0, 2, -2)$, Eva zeros. E and A were both rated by Ben,
# Cleo and Eva, with $(2, -1, 0)$ and $(0, -1, 0)$. The cosine of these is the **adjusted cosine**:
#
# $$ s_{EA} = \frac{0 + 1 + 0}{\sqrt{5}\,\sqrt{1}} = 0.45, \quad
# s_{EB} = \frac{2 + 2}{\sqrt{5}\,\sqrt{5}} = 0.80, $$
#
# and in the same way $s_{EC} = -0.60$ and $s_{ED} = -0.96$. Ann's own ratings of A and B, two stars and one above her mean, now vote:
#
# $$ \hat r = 3 + \frac{0.447 \cdot 2 + 0.8 \cdot 1}{0.447 + 0.8} = 4.36. $$

# %%
n = (~np.isnan(R[0] + R[1:])).sum(axis=1)  # [people] shared films
shrunk = n / (n + 4) * s
by_shrunk = vote(means[0], shrunk, R[1:, 4] - means[1:])

deviation = R - means[:, None]  # [people, films]


def adjusted_cosine(x, y):
    """Cosine of two columns of deviations over the people in both."""
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    return x @ y / np.sqrt((x @ x) * (y @ y))


E = deviation[:, 4]
s_films = np.array([adjusted_cosine(E, d) for d in deviation.T[:4]])
by_films = vote(means[0], s_films, deviation[0, :4])

assert np.round(shrunk[[0, 2]], 3).tolist() == [0.354, 0.333]
assert round(by_shrunk, 2) == 3.06
assert np.round(s_films, 2).tolist() == [0.45, 0.80, -0.60, -0.96]
assert round(by_films, 2) == 4.36

# %% tags=["say", "remove-input"]
mr.say(f"""
One blank, three careful answers: {by_people:.2f}, {by_shrunk:.2f} and {by_films:.2f} stars. The people's vote changed its
direction when two shared films stopped counting like four, and the films disagree with both by more than a
star. None of the three computations is wrong. With five people there is nothing to decide between them;
that takes data.
""")

# %% [markdown]
# The library does the same for everybody at once. Its general formula comes in a minute; without item biases,
# and with the plain mean of each person, it is the one above.

# %%
long = table.rename_axis("user").reset_index().melt("user", var_name="item")
five = mr.data.Ratings.from_table(
    long.dropna().rename(columns={"value": "rating"}).reset_index(drop=True)
)
plain = {"damping": 0, "item_shrinkage": np.inf, "user_shrinkage": 0}
hers = table.loc["Ann"].dropna().to_dict()
ann = mr.data.Episodes.of_one(five, hers, query=["E"])
library = [
    models.UserNeighbours("pearson", shrinkage=0, **plain),
    models.UserNeighbours("pearson", shrinkage=4, **plain),
    models.ItemNeighbours("adjusted cosine", shrinkage=0, **plain),
]
found = [model.fit(five).predict(ann)[0, 0] for model in library]
assert np.allclose(found, [by_people, by_shrunk, by_films])

# %% [markdown]
# ## The formula, with a baseline
#
# On real data we first take out what has nothing to do with agreement. A film that everybody loves is
# loved by your neighbours too; that is no news about you. So we subtract the {term}`bias terms <bias term>`
# $\mu + b_u + b_i$ of chapter 02, let the neighbours vote on what is left, and add it back
# {cite}`koren2008factorization`:
#
# $$
# \hat r_{ui} = \mu + b_u + b_i +
# \frac{\sum_{u'} s_{uu'} \, e_{u'i}}{\kappa + \sum_{u'} s_{uu'}} ,
# $$ (eq-03-user)
#
# where $e_{u'i} = r_{u'i} - \mu - b_{u'} - b_i$ is the *residual*: what the baseline leaves of a neighbour's rating. The sum runs over the $m$ people with the largest $s_{uu'} > 0$ among those who rated $i$. This is **user
# kNN**, for $k$ {term}`nearest neighbours <k-nearest neighbours>`; we call their number $m$, because
# $k$ is the number of ratings that a newcomer has shown. The new constant $\kappa$ pulls the vote
# towards the baseline: where only a faint neighbour speaks, the denominator is mostly $\kappa$. **Item kNN** is the
# same turned round: the sum runs over the $m$ films $j$ among those that $u$ rated which are most similar to
# $i$, with $s_{ij}$, and the vote is on $e_{uj}$.
#
# What exactly is compared? There are four common answers.
#
# | similarity | people are compared by | films are compared by |
# |---|---|---|
# | cosine | the ratings as they are | the ratings as they are |
# | adjusted cosine | ratings less the film's mean | ratings less the person's mean |
# | Pearson | ratings less each person's mean over what is shared | ratings less each film's mean over what is shared |
# | baseline | ratings less the baseline | ratings less the baseline |
#
# Each is a cosine over what is shared, then shrunk by {eq}`eq-03-shrink`. How should $\lambda$ be chosen?
# We can try values. But first let us find out what shrinkage *is*.

# %% [markdown]
# ## Why few shared ratings lie
#
# We take all pairs of training people, and the residuals of their ratings. Then
# we cut the catalogue into two random halves, and compute each pair's similarity twice, once from each half.
# If similarity says something about the two people, the two numbers must agree.

# %%
SPLIT = mr.data.splits.SEED + seed  # of people and rows
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
train = split.train
matrix = train.matrix().toarray()  # [people, films], 0 where blank
film_mean = models.Bias().fit(train).means_[:-1]  # [films] mu + b_i
rated = matrix > 0
surplus = np.where(rated, matrix - film_mean, 0)
bias = surplus.sum(axis=1) / (rated.sum(axis=1) + 5)  # [people] b_u
residual = np.where(rated, surplus - bias[:, None], 0)


def compare(films):
    """Similarity of all pairs of people on some films; films they share."""
    x, there = residual[:, films], rated[:, films].astype(float)
    shared = there @ there.T  # [people, people]
    square = x**2 @ there.T  # of the first, over what both have rated
    length = np.sqrt(square * square.T)
    return x @ x.T / np.where(length > 0, length, np.inf), shared


halves = np.random.default_rng(seed).permutation(ratings.n_items)
one, other = (compare(h) for h in np.array_split(halves, 2))
whole, shared = compare(halves)

# %%
pairs = np.triu_indices(len(train.users), k=1)
s_1, s_2 = one[0][pairs], other[0][pairs]  # [pairs] from each half
n_1, n_2 = one[1][pairs], other[1][pairs]
edges = [2, 4, 7, 13, 21, 36, 61, 101]
rows = []
for low, high in itertools.pairwise(edges):
    here = (n_1 >= low) & (n_1 < high) & (n_2 >= low) & (n_2 < high)
    n_shared = np.sqrt(n_1 * n_2)[here].mean()
    correlation = np.corrcoef(s_1[here], s_2[here])[0, 1]
    rows.append((n_shared, correlation, here.sum()))
agreement = pd.DataFrame(rows, columns=["shared", "correlation", "pairs"])
agreement.round({"shared": 1, "correlation": 2})

# %% [markdown]
# Read the table slowly. When two people share two or three films in each half, the similarity from one half tells
# practically nothing about the similarity from the other. Even dozens of shared films do not make a similarity
# that one could rely on.
#
# The reason is simple arithmetic of noise. Suppose that two people have a *true* similarity $\rho$, which we
# would find if they had rated everything together. From $n$ shared films we see
#
# $$ s = \rho + \text{noise}, \qquad \operatorname{Var}(\text{noise}) \approx \frac1n, $$
#
# because a correlation of $n$ unrelated pairs of numbers varies by about $1/\sqrt n$. Over all pairs of people
# $\rho$ varies too, with mean about zero and variance $\omega^2$. What is the best guess of $\rho$ after seeing
# $s$? The best guess of the form $a \cdot s$ has $a = \operatorname{Cov}(\rho, s) / \operatorname{Var}(s)$, hence
#
# $$
# \hat\rho = \frac{\omega^2}{\omega^2 + 1/n}\, s = \frac{n}{n + \lambda}\, s
# $$ (eq-03-lambda)
#
# with $\lambda = 1 / \omega^2$. So shrinkage is no trick. It is regression to the mean, and $\lambda$ has a meaning: the number of shared
# ratings from which the signal is as large as the noise. Better, we can *measure* it, without predicting a
# single rating. The noises of the two halves are independent, so the product $s_1 s_2$ has mean $\omega^2$.

# %%
weight = np.sqrt(n_1 * n_2)  # pairs that share more say more
signal = (weight * s_1 * s_2).sum() / weight.sum()  # omega squared
measured = 1 / signal  # lambda, in shared ratings

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left: similarity of pairs of people against the number of shared films on a logarithmic axis; the points form a funnel that fills the whole range at the left and narrows to the right, and two curves of plus and minus two over the square root of n enclose it. Right: correlation of the similarities from two halves of the films against the number of shared films; the points rise slowly from zero and follow the curve n over n plus lambda."}, "figure": {"caption": "All pairs of training people. Left: a random sample of pairs; the lines enclose what pure noise would do. Right: how well the similarity from one half of the films agrees with that from the other half; the line is the formula, with the measured constant.", "name": "fig-03-shared"}}
import matplotlib.pyplot as plt

with plots.style():
    fig, (ax, right) = plt.subplots(1, 2, figsize=(6.4, 3.7))
    fig.suptitle("Most similarities are noise: the funnel is what chance would draw",
                 x=0.012, ha="left", fontweight="bold", fontsize=11.8)  # fmt: skip
    ax.set_title("similarity from all shared films", fontsize=9.5)
    right.set_title("agreement of two halves, correlation", fontsize=9.5)
some = np.random.default_rng(seed).permutation(len(pairs[0]))[:6000]
x, y = shared[pairs][some], whole[pairs][some]
jitter = np.random.default_rng(seed).uniform(-0.4, 0.4, len(x))
ax.scatter((x + jitter)[x > 0], y[x > 0], s=3, color=BLUE, alpha=0.35, lw=0)
grid = np.geomspace(4, 300, 50)
for sign in (-2, 2):
    ax.plot(grid, sign / np.sqrt(grid), color=RED, lw=1.4)
ax.text(300, 0.42, "± 2 / √n", color=plots.readable(RED), ha="right", fontsize=9)
ax.set(ylim=(-1.05, 1.05), xlim=(0.7, 320))
right.plot(agreement["shared"], agreement["correlation"], "o", color=BLUE)
grid = np.geomspace(2, 120, 50)
right.plot(grid, grid / (grid + measured), color=INK, lw=1.4)
right.text(30, 0.29, "n / (n + λ)", ha="right", fontsize=9)
right.set(ylim=(0, 0.62), xlim=(1.8, 130))
for axis, ticks in ((ax, [1, 3, 10, 30, 100, 300]), (right, [2, 5, 10, 20, 50, 100])):
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(t) for t in ticks])
    axis.minorticks_off()
    axis.tick_params(length=0)
ax.set_xlabel("shared films, n (logarithmic)")
right.set_xlabel("shared films in each half, n (log.)");

# %% tags=["say", "remove-input"]
median = np.median(shared[pairs])
mr.say(f"""
The measured constant is $\\lambda = {measured:.0f}$ shared ratings. A similarity must rest on that many films
before it is half signal; the median pair shares {median:.0f}. The true similarities have a
spread of only $\\omega = {np.sqrt(signal):.2f}$, so the large similarities, positive and negative, at the left of the picture are
luck. The formula has one constant for all $n$, and the points on the right follow it.
""")

# %% [markdown]
# The choice of $\lambda$ on {term}`validation <validation set>` people never saw this computation. It tries values and
# takes the one with the smallest error. Do the two agree? We try all four similarities with ten known ratings, for
# people and for films.

# %%
few_shot = evaluation.experiment.few_shot
SIMILARITIES = ["cosine", "adjusted cosine", "pearson", "baseline"]
LAMBDAS = [0, 10, 40, 160, 640] if full else [0, 20, 160, 640]
KINDS = {
    "user kNN": models.UserNeighbours,
    "item kNN": models.ItemNeighbours,
}


def validate(model, k=10):
    """RMSE of validation people who show k ratings, one draw: [people]."""
    methods = {"candidate": model}
    result = few_shot(methods, train, split.validation, ks=[k], draws=1)
    return result.values("candidate", "rmse", k)


tried = {
    (name, alike, strength): validate(kind(alike, shrinkage=strength))
    for name, kind in KINDS.items()
    for alike in SIMILARITIES
    for strength in LAMBDAS
}
bias_only = validate(models.Bias())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, user kNN and item kNN: RMSE on validation people against the shrinkage lambda, with four lines for the four similarities. Without shrinkage all lines lie above the dashed line of the baseline alone; as lambda grows three of the four fall well below it and lie close together at the third value, near the vertical line; plain cosine hardly falls."}, "figure": {"caption": "Error on validation people who show ten ratings, against the shrinkage. Dashed: the baseline without neighbours. The vertical line is the constant that the halves measured.", "name": "fig-03-lambda"}}
fig, axes = plots.figure("Shrinkage decides; which similarity it is matters little",
                         "shrinkage λ (not to scale)", plots.METRICS["rmse"],
                         panels=list(KINDS), height=4.0)  # fmt: skip
looks = {
    "cosine": (SKY, "^"),
    "adjusted cosine": (GREEN, "s"),
    "pearson": (PURPLE, "D"),
    "baseline": (BLUE, "o"),
}
places = np.arange(len(LAMBDAS))
for ax, name in zip(axes, KINDS, strict=True):
    ends = {}
    for similarity, (color, marker) in looks.items():
        curve = [tried[name, similarity, strength].mean() for strength in LAMBDAS]
        ax.plot(places, curve, color=color, marker=marker, ms=5, lw=1.6)
        ends["Pearson" if similarity == "pearson" else similarity] = (curve[-1], color)
    ax.axhline(bias_only.mean(), color=ORANGE, lw=1.5, ls=(0, (5, 2)))
    ax.axvline(
        np.interp(np.log(measured), np.log(np.maximum(LAMBDAS, 1)), places), color=GREY, lw=1
    )
    ax.set_xticks(places, [str(strength) for strength in LAMBDAS])
    ax.set_xlim(-0.2, len(LAMBDAS) - 0.8)
axes[1].text(
    -0.1,
    bias_only.mean() - 0.0006,
    "baseline\nalone",
    color=plots.readable(ORANGE),
    fontsize=9,
    va="top",
)
plots.label_ends(axes[1], ends)

# %% tags=["say", "remove-input"]
at_160 = {key[:2]: value for key, value in tried.items() if key[2] == 160}
worse = [v.mean() > bias_only.mean() for key, v in tried.items() if key[2] == 0]
informed = [s for s in SIMILARITIES if s != "cosine"]
gain_of_trust = {  # mean of the three similarities, in pairs
    name: evaluation.paired(
        *(np.mean([tried[name, s, x] for s in informed], axis=0) for x in (160, 0))
    )
    for name in KINDS
}
choice = max(
    abs(at_160[name, s].mean() - at_160[name, "baseline"].mean())
    for name in KINDS
    for s in informed
)
worst = min((tried[name, s, 0] - at_160[name, s]).mean() for name in KINDS for s in informed)
mr.say(f"""
Without shrinkage, neighbours are *worse than none* in {sum(worse)} of the {len(worse)} cases: the votes of
false friends cost more than those of true ones bring. With $\\lambda = 160$ the error falls by {worst:.3f} stars or more for every similarity but the plain cosine, and all those lines lie below the baseline.
Validation and the halves agree on the order of $\\lambda$, though they share no computation. And the famous question *cosine or Pearson?*
is nearly idle: once they are shrunk, adjusted cosine, Pearson and baseline differ by at most {choice:.3f} stars.
""")

# %% [markdown]
# Only the plain cosine stands apart, for a plain reason: ratings are positive numbers, so the cosine of any two people or
# films is near one, and says mostly that both rated, or were rated.
#
# ### What each part is worth
#
# The formula has more parts: the bias of the item, the constant $\kappa$, the number of neighbours $m$. We take out one at a time
# and see what it costs the validation people. The tuned settings were found on a wider grid, on the same people.

# %%
full_models = {"user kNN": models.UserNeighbours(),
               "item kNN": models.ItemNeighbours("baseline")}  # fmt: skip
without = {
    "nothing": {},
    "shrinkage": {"shrinkage": 0},
    "item bias": {"item_shrinkage": np.inf},
    "κ": {"damping": 0},
    "all but 10 neighbours": {"n_neighbours": 10},
    "the limit on neighbours": {"n_neighbours": 1000},
}
costs = pd.DataFrame({
    name: {part: validate(clone(model).set_params(**change), k=20).mean()
           for part, change in without.items()}
    for name, model in full_models.items()
})  # fmt: skip
costs.rename_axis("without").round(3)

# %% tags=["say", "remove-input"]
loss = costs - costs.loc["nothing"]
mr.say(f"""
The item bias is the most important part of a method that is not about items: without it user kNN loses
{loss.loc["item bias", "user kNN"]:.3f} stars and item kNN {loss.loc["item bias", "item kNN"]:.3f}. Shrinkage comes next
({loss.loc["shrinkage", "user kNN"]:.3f} and {loss.loc["shrinkage", "item kNN"]:.3f}). The constant $\\kappa$ is worth
{loss.loc["κ", "user kNN"]:.3f} and {loss.loc["κ", "item kNN"]:.3f}. And the number of neighbours, the $k$ that gave the method
its name: ten neighbours instead of eighty cost {loss.loc["all but 10 neighbours", "user kNN"]:.3f} stars among people, and no limit
at all costs {abs(loss.loc["the limit on neighbours", "user kNN"]):.3f}. (Among films a newcomer of twenty ratings has too few for a limit to matter.)
Once faint similarities are shrunk, it hardly matters where one cuts them off.
""")

# %% [markdown]
# ## Who the neighbours are
#
# A film first. Which films are most like *Star Wars*, without and with shrinkage?

# %%
STAR_WARS = 50  # id of the film
place = ratings.items.index.get_loc(STAR_WARS)
together = (rated & rated[:, [place]]).sum(axis=0)  # [films] who rated both


def most_alike(strength, n=5):
    """The n films most similar to Star Wars; who rated both."""
    model = models.ItemNeighbours("baseline", shrinkage=strength).fit(train)
    similarity = model.similarity_[place, :-1]
    best = np.argsort(-similarity, kind="stable")[:n]
    titles = [label(ratings, item) for item in ratings.items.index[best]]
    return pd.DataFrame(
        {"most similar": titles, "rated both": together[best],
         "similarity": similarity[best].round(2)}, range(1, n + 1)
    )  # fmt: skip


raw, trusted = most_alike(0), most_alike(160)
raw

# %%
trusted

# %% tags=["say", "remove-input"]
mr.say(f"""
Without shrinkage the five best "neighbours" of the best-known film share {"one rater" if raw["rated both"].max() == 1 else "few raters"} with it: the top of a list of similarities is made of the largest errors. With it, the two sequels and Indiana
Jones come up; nobody told the method about directors or actors.
""")

# %% [markdown]
# Now a person, the first one in training, who has rated many films. Who are the five most similar people? To see whether
# they deserve it, we choose them by *one half* of the films and look at how similar they are on *the other half* (the column
# `elsewhere`).

# %%
def nearest(row, strength, n=5):
    """The n people most similar to one person, by one half of the films."""
    similarity, count = one[0][row], one[1][row]
    trust = similarity * count / np.maximum(count + strength, 1)
    trust[row] = -1  # not oneself
    best = np.argsort(-trust, kind="stable")[:n]
    about = train.users.iloc[best][["age", "occupation"]]
    return about.assign(
        shared=count[best].astype(int),
        similarity=similarity[best].round(2),
        elsewhere=other[0][row, best].round(2) + 0.0,
    )


somebody = 0
strangers, friends = nearest(somebody, 0), nearest(somebody, 160)
strangers

# %%
friends

# %% tags=["say", "remove-input"]
def minus(x):
    """Two decimals and a true minus sign."""
    return f"{x:.2f}".replace("-", "−")


him = train.users.iloc[somebody]
mr.say(f"""
The person is a {him["occupation"]} of {him["age"]}. In the first table, without shrinkage, everybody agrees with him perfectly, on
{"a single shared film" if strangers["shared"].max() == 1 else "very few shared films"}; on the other half of the films the mean similarity of the
five is {minus(strangers["elsewhere"].mean())}. In the second, with shrinkage, the five share {friends["shared"].min()} films or more, and on the other
half their mean similarity is {minus(friends["elsewhere"].mean())}. That is not much either.
""")

# %% [markdown]
# One person is an anecdote. We ask the same for everybody: take the ten nearest by one half, and compute how similar they
# are on average on the other half, where more shared films weigh more.

# %%
def kept(strength, n=10):
    """Similarity of each one's n nearest on the other half: [people]."""
    trust = one[0] * one[1] / np.maximum(one[1] + strength, 1)
    np.fill_diagonal(trust, -1)
    # the first of equals, and what differs by rounding only is equal
    best = np.argsort(-trust.round(6), kind="stable")[:, :n]  # [people, n]
    elsewhere, count = (np.take_along_axis(x, best, axis=1) for x in other)
    total = np.maximum(count.sum(axis=1), 1)
    return (elsewhere * count).sum(axis=1) / total


promised = {strength: kept(strength) for strength in (0, 10, 160)}
true_friends = evaluation.paired(promised[160], promised[0])
pd.DataFrame({"similarity elsewhere": {
    f"ten nearest, λ = {strength}": format(evaluation.bootstrap(v), ".3f")
    for strength, v in promised.items()}})  # fmt: skip

# %% tags=["say", "remove-input"]
mr.say(f"""
The ten people who seem most alike on half of the films when nothing is shrunk have a similarity of {promised[0].mean():.3f} on the rest of the films: they are
strangers. Those whom shrinkage picks have {promised[160].mean():.3f}, and a little shrinkage ($\\lambda = 10$) is enough to find them:
{promised[10].mean():.3f}. So a small $\\lambda$ settles *who* the neighbours are, and the right one how loud each may speak. Even the best
are only about {promised[160].mean() / np.sqrt(signal):.1f} of the spread $\\omega$ above the average pair. The person "with your taste" is
rare, and we cannot be sure that we met one. What we can do is to average over many, each of whom is a little like you.
""")

# %% [markdown]
# ## Newcomers
#
# Now the question of the book. Somebody shows $k$ ratings; ask the neighbours. Both forms of the protocol, on the test
# people; with hierarchical Bayes of chapter 10 in the picture, so that we know what is possible.

# %%
rivals = {
    "item + user bias": models.Bias(),
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed),
}
asked = {**rivals, **full_models}
random_form = evaluation.newcomers(asked, ratings, seed=SPLIT, costs=True)
time_form = evaluation.newcomers(asked, ratings, "time", SPLIT, costs=True)
table_of = mr.leaderboard.table
table_of(random_form.summary(), "newcomers", "rmse").drop("chance").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels: difference of the RMSE to the bias alone against the number of known ratings. Left, random form: user kNN falls slowly below zero, item kNN starts slightly above zero and ends below user kNN, hierarchical Bayes falls fast and ends far below both. Right, order of time: item kNN lies above zero up to five ratings, user kNN stays a little below zero, and only hierarchical Bayes is far below at ten and twenty."}, "figure": {"caption": "What the neighbours add: RMSE minus that of the bias alone, in pairs over test people, 95 % intervals. Below zero is better.", "name": "fig-03-kcurve"}}
fig, axes = plots.figure("Neighbours add little to one number a person",
                         plots.K_LABEL, "RMSE minus that of item + user bias, stars",
                         panels=["random form", "order of time"], height=4.0)  # fmt: skip
looks = {"user kNN": (RED, "s"), "item kNN": (GREEN, "D"), "hierarchical Bayes": (BLUE, "o")}
KS = mr.data.splits.K_SHOTS
for ax, form in zip(axes, (random_form, time_form), strict=True):
    ax.axhline(0, color=ORANGE, lw=1.5, ls=(0, (5, 2)))
    for shift, (name, (color, marker)) in enumerate(looks.items()):
        gaps = [form.difference(name, "item + user bias", "rmse", k) for k in KS]
        at = np.arange(len(KS)) + 0.08 * (shift - 1)
        ax.plot(at, [g.mean for g in gaps], color=color, marker=marker, ms=5)
        ax.vlines(at, [g.low for g in gaps], [g.high for g in gaps], color=color, lw=1.2, alpha=0.6)
    ax.set_xticks(range(len(KS)), [str(k) for k in KS])
    ax.set_xlim(-0.4, len(KS) - 0.6)
axes[0].text(5.3, 0.0012, "item + user bias", color=plots.readable(ORANGE), fontsize=9, ha="right")
axes[0].text(
    4.1, -0.022, "hierarchical\nBayes", color=plots.readable(BLUE), fontsize=9, ha="right", va="top"
)
axes[1].text(5.3, 0.0035, "item kNN", color=plots.readable(GREEN), fontsize=9, ha="right")
axes[1].text(
    2.4, -0.0085, "user kNN", color=plots.readable(RED), fontsize=9, ha="right", va="center"
);

# %% tags=["say", "remove-input"]
def step(name, k, form=random_form, reference="item + user bias"):
    """Paired difference of the RMSE to the bias: below zero the neighbours help."""
    return form.difference(name, reference, "rmse", k)


pairwise = {
    n: random_form.mean(n, "pairwise", 20).mean
    for n in ("item + user bias", "user kNN", "item kNN", "hierarchical Bayes")
}
mr.say(f"""
**At $k = 0$ neighbours are the baseline**, and not by accident: no shared film, no similarity, no vote. What is left are
the biases, {random_form.mean("user kNN", "rmse", 0).mean:.3f} stars. No choice of similarity can help here; only something that is known
about a person without ratings could.

**With one to five ratings** user kNN is ahead of the bias by {-step("user kNN", 1).mean:.4f}, {-step("user kNN", 2).mean:.4f} and
{-step("user kNN", 5).mean:.4f} stars at $k = 1, 2, 5$. Item kNN is *behind* it by {step("item kNN", 1).mean:.4f} and
{step("item kNN", 2).mean:.4f}, and ahead by {-step("item kNN", 5).mean:.4f} at $k = 5$. A newcomer of five ratings shares at most five with
anybody, so nearly everything is shrunk away.

**With ten and twenty** the neighbours speak up: at $k = 20$ user kNN is {-step("user kNN", 20).mean:.3f} stars ahead
({step("user kNN", 20):.3f}), item kNN {-step("item kNN", 20).mean:.3f} ({step("item kNN", 20):.3f}). Hierarchical Bayes gains
{-step("hierarchical Bayes", 20).mean:.3f}.

In the *order of time* the first ten ratings bring the neighbours almost nothing: at $k = 10$ user kNN is at
{time_form.mean("user kNN", "rmse", 10).mean:.3f} stars and item kNN at {time_form.mean("item kNN", "rmse", 10).mean:.3f}, after
{time_form.mean("user kNN", "rmse", 0).mean:.3f} at the start. And the order of the films improves less than the stars do: with twenty random ratings
user kNN puts {mr.percent(pairwise["user kNN"], 1)} of the pairs in the right order, item kNN {mr.percent(pairwise["item kNN"], 1)}, the bias
{mr.percent(pairwise["item + user bias"], 1)}.
""")

# %% [markdown]
# ## People or films?
#
# Item kNN became famous because it scales {cite}`sarwar2001item,linden2003amazon`; is it also better? The newcomers say: with few
# ratings no, with twenty perhaps. On *classic ratings*, five random folds of the rows, everybody shows most of a long
# history. (Here validation prefers the adjusted cosine for films, and among newcomers the baseline's residuals; each is used where it was
# chosen.)

# %%
classic = evaluation.classic_ratings(
    {"item + user bias": models.Bias(), "user kNN": models.UserNeighbours(),
     "item kNN": models.ItemNeighbours()},
    ratings, seed=SPLIT, costs=True,
)  # fmt: skip
means_of = {"index": "method", "columns": "metric", "values": "mean"}
classic.summary().pivot(**means_of).sort_values("rmse").round(3)

# %% tags=["say", "remove-input"]
by_fold = {n: classic.values(n, "rmse") for n in ("item + user bias", "user kNN", "item kNN")}
ahead = (by_fold["user kNN"] - by_fold["item kNN"]).to_numpy()
crossing = {k: random_form.difference("item kNN", "user kNN", "rmse", k) for k in (1, 5, 20)}
mr.say(f"""
Here both gain much more on the bias, {(by_fold["item + user bias"] - by_fold["user kNN"]).mean():.3f} and
{(by_fold["item + user bias"] - by_fold["item kNN"]).mean():.3f} stars, and the films win on each of the {len(ahead)} folds, by {ahead.mean():.3f} on
average. Among newcomers the error of item kNN is larger by {crossing[1].mean:.4f} at $k = 1$ and by {crossing[5].mean:.4f} at 5, and smaller by
{-crossing[20].mean:.4f} at 20.
So the answer is a question: *how long is the history?*
""")

# %% [markdown]
# The reason is a count. Item kNN knows the similarities well, because two films share many raters; but only films that
# the person has rated may vote, so with one rating there is one voter. User kNN has many voters, for hundreds of people rated the
# film; but what it knows about their similarity to a newcomer rests on at most $k$ shared films. When $k$ is small, many weak voters beat one
# good one.

# %% [markdown]
# ## From stars to lists
#
# Chapter 02 ended with a warning: methods that are good at stars can be bad at lists. Neighbours in stars are no
# exception. We let them rank all films for everybody (*classic top-N*: a fifth of the likes is hidden, a like being four stars or more), and
# compare with neighbours made for lists.
#
# For a list, forget the stars. Let $y_{ui}$ be $1$ if $u$ likes $i$ and $0$ otherwise, and $\mathbf Y$ the matrix of these, people × films.
# A film is the set of people who like it, and two films are alike if these sets overlap. A film's score is the sum over what the
# person likes {cite}`deshpande2004item`:
#
# $$ \hat r_{ui} = \sum_{j \in \mathcal I_u} y_{uj}\, s_{ji}. $$ (eq-03-likes)
#
# How should overlap be measured? Write $n_{ij} = \sum_u y_{ui} y_{uj}$ for the number of people who like both, and
# $n_i$ for those who like $i$. The count $n_{ij}$ itself favours what everybody likes. The **cosine**
# $n_{ij} / \sqrt{n_i n_j}$ divides that out. Two more ideas come from text search, where a document is a set of words:
#
# - **TF-IDF**: rare words say more. Here a "word" is a person, and who likes everything says little, so
#   person $u$ weighs $\log(|\mathcal I| / (1 + n_u))$ {cite}`salton1988term`.
# - **BM25** {cite}`robertson2009probabilistic`: the same weights, but a long document is marked down *less* than the cosine would
#   do. Its formula has two constants, $k_1$ and $b$; for zeros and ones they melt into one.

# %% [markdown]
# That is quickly shown. BM25 replaces the count $y$ of a word in a document by
# $y\,(k_1 + 1) / \bigl(k_1 (1 - b + b\, n_i/\bar n) + y\bigr)$, where $n_i$ is the length of the document and $\bar n$ the mean
# length. For $y = 0$ this is $0$. For $y = 1$ divide numerator and denominator by $1 + k_1(1-b)$. What is left is,
# up to a factor,
#
# $$
# \frac{1}{1 + \nu\, n_i / \bar n},
# \qquad \nu = \frac{k_1 b}{1 + k_1 (1 - b)} .
# $$ (eq-03-bm25)
#
# The factor is the same for all films and changes no order. So there is one knob $\nu$: with $\nu = 0$ popularity is not marked down
# at all, with a large $\nu$ it is marked down by the full count, twice as strongly (on a log scale) as the cosine does.

# %%
def weigh(likes, weight, scale):
    """Similarity of films, people weighed and columns scaled."""
    columns = weight[:, None] * likes * scale
    similarity = columns.T @ columns
    np.fill_diagonal(similarity, 0)
    return similarity


holdout = mr.data.top_n(ratings, seed=SPLIT)  # .train and .test
likes = (holdout.train.matrix() >= 4).toarray().astype(float)  # Y
n_liked, n_likes = likes.sum(axis=0), likes.sum(axis=1)
rarity = np.log(ratings.n_items / (1 + n_likes))  # [people]
by_hand = {
    "cosine": weigh(likes, 1 + 0 * n_likes, np.maximum(n_liked, 1) ** -0.5),
    "bm25": weigh(likes, rarity, 1 / (1 + 0.25 * n_liked / n_liked.mean())),
}
for weighting, similarity in by_hand.items():
    model = models.LikedItemNeighbours(10_000, weighting, length=0.25)
    library = model.fit(holdout.train).similarity_[:-1, :-1]
    assert np.allclose(library, similarity, rtol=1e-4, atol=1e-6)

# %% [markdown]
# ## EASE: neighbours that are learned
#
# All these similarities are *recipes*. Equation {eq}`eq-03-likes` says that the score is $\mathbf Y \mathbf W$ for some matrix
# $\mathbf W$ of item weights with a zero diagonal; the recipes write $\mathbf W$ down. Why not *learn* it: take the
# $\mathbf W$ that rebuilds everybody's likes best? That is EASE, the "embarrassingly shallow autoencoder" {cite}`steck2019ease`:
#
# $$
# \min_{\mathbf W}\; \lVert \mathbf Y - \mathbf Y \mathbf W \rVert^2 + \lambda \lVert \mathbf W \rVert^2
# $$ (eq-03-ease)
#
# subject to $w_{jj} = 0$ for all $j$. The diagonal must be forbidden, or the answer would be that each film explains itself. We solve it with a Lagrange multiplier
# $\eta_j$ for each constraint. Write $\mathbf G = \mathbf Y^\top \mathbf Y$ for the counts $n_{ij}$, and
# $\operatorname{diag}(\boldsymbol\eta)$ for the diagonal matrix of the multipliers. We look for the stationary point of
# $\lVert \mathbf Y - \mathbf Y \mathbf W \rVert^2 + \lambda \lVert \mathbf W \rVert^2 + 2 \sum_j \eta_j w_{jj}$. Half of its
# gradient is $-\mathbf Y^\top (\mathbf Y - \mathbf Y \mathbf W) + \lambda \mathbf W + \operatorname{diag}(\boldsymbol\eta)$, which is
# zero where
#
# $$
# (\mathbf G + \lambda \mathbf I)\, \mathbf W = \mathbf G - \operatorname{diag}(\boldsymbol\eta).
# $$
#
# Let $\mathbf P = (\mathbf G + \lambda \mathbf I)^{-1}$. Since $\mathbf P \mathbf G = \mathbf I - \lambda \mathbf P$,
#
# $$
# \mathbf W = \mathbf I - \mathbf P \,\operatorname{diag}(\lambda \mathbf 1 + \boldsymbol\eta).
# $$
#
# Only the multipliers are unknown, and the constraints give them: $0 = w_{jj} = 1 - p_{jj} (\lambda + \eta_j)$, so
# $\lambda + \eta_j = 1 / p_{jj}$. There is the answer, in closed form:
#
# $$
# w_{ij} = -\frac{p_{ij}}{p_{jj}} \quad (i \ne j), \quad w_{jj} = 0 .
# $$ (eq-03-closed)
#
# In code it is shorter than its derivation:

# %%
def ease(likes, strength):
    """The item weights of EASE: [films, films]."""
    gram = likes.T @ likes
    inverse = np.linalg.inv(gram + strength * np.eye(len(gram)))
    weights = -inverse / np.diag(inverse)  # column j is divided by p_jj
    np.fill_diagonal(weights, 0)
    return weights


W = ease(likes, 350)
library = models.EASE(regularization=350).fit(holdout.train)
assert np.allclose(W, library.weights_[:-1, :-1], atol=1e-6)


# is it the minimum? then any step that keeps the diagonal makes it worse
def misfit(weights):
    return ((likes - likes @ weights) ** 2).sum() + 350 * (weights**2).sum()


side = np.random.default_rng(seed).normal(size=W.shape) * 1e-4
np.fill_diagonal(side, 0)
assert misfit(W) < min(misfit(W + side), misfit(W - side))

# %% [markdown]
# What kind of thing is this? For a very large $\lambda$,
# $\mathbf P \approx \frac1\lambda (\mathbf I - \frac1\lambda \mathbf G)$ and $w_{ij} \approx n_{ij} / \lambda$: EASE becomes plain counting of who likes
# both, the most naive item kNN. So item neighbours are the first term of EASE. What do the other terms do?
# The inverse of a matrix of
# counts gives *partial* correlations: $w_{ij}$ is what $i$ still says about $j$ when all other films are known. If two films are alike only because
# both resemble a third, the third one gets the weight.

# %%
huge = ease(likes, 1e9) * 1e9
gram = likes.T @ likes
np.fill_diagonal(gram, 0)
assert np.allclose(huge, gram, atol=0.05)

EMPIRE = ratings.items.index.get_loc(172)  # The Empire Strikes Back
columns = {"cosine": by_hand["cosine"][:, EMPIRE], "EASE": W[:, EMPIRE]}
best = np.argsort(-W[:, EMPIRE])[:6]
titles = [label(ratings, item) for item in ratings.items.index[best]]
pd.DataFrame(
    {n: w[best].round(3) for n, w in columns.items()}, index=titles
)

# %% tags=["say", "remove-input"]
well_known = (n_liked >= 100) & (np.arange(ratings.n_items) != EMPIRE)
typical = {name: np.median(w[well_known]) / w.max() for name, w in columns.items()}
negative = (W[np.ix_(n_liked >= 100, n_liked >= 100)] < 0).mean()
mr.say(f"""
These films predict *The Empire Strikes Back* best, and both methods find the same ones. The difference is what remains for the others. A
typical film with a hundred likes or more has {mr.percent(typical["cosine"])} of the weight of the best one in the cosine, because whoever likes well-known films
likes other well-known films; in EASE it has {mr.percent(typical["EASE"])}. What the sequels explain is explained. And among such films
{mr.percent(negative)} of the weights of EASE are *negative*, which no recipe above can be: a film can speak against another one.
""")

# %% [markdown]
# ### Tuned, and judged
#
# The settings are chosen on a fifth of the *training* likes, hidden by the same splitter. Here are
# three points for $\lambda$ of EASE and three for $\nu$ of BM25. We looked more finely between them: near its best value each curve
# is flat, and the default of EASE is the best mean of four such splits.

# %%
inner = mr.data.top_n(holdout.train, seed=SPLIT + 1)
grid = {"regularization": [90, 350, 1400]}
tune = evaluation.tune
tune(models.EASE(), grid, inner.train, inner.test, "ndcg@10").round(3)

# %%
grid = {"length": [0.05, 0.25, 1.0]}
bm25 = models.LikedItemNeighbours()
tune(bm25, grid, inner.train, inner.test, "ndcg@10").round(3)

# %%
lists = {
    "item kNN, cosine": models.LikedItemNeighbours(weighting="cosine"),
    "item kNN, tf-idf": models.LikedItemNeighbours(weighting="tf-idf"),
    "item kNN, BM25": models.LikedItemNeighbours(),
    "user kNN, BM25": models.LikedUserNeighbours(),
    "EASE": models.EASE(),
    "user kNN in stars": models.UserNeighbours(),
}
top_n = evaluation.classic_top_n(lists, ratings, seed=SPLIT, costs=True)
summary = top_n.summary().pivot(**means_of)[["ndcg@10", "recall@10"]]
summary.sort_values("ndcg@10", ascending=False).round(3)

# %% tags=["say", "remove-input"]
def gap(a, b, metric="ndcg@10"):
    return top_n.difference(a, b, metric)


mr.say(f"""
Four things stand in this table.

- Neighbours *in stars* are far worse than popularity: {gap("user kNN in stars", "popularity"):.3f} in nDCG@10 for people. They answer another question.
- Neighbours *by likes* beat popularity by a wide margin, {gap("item kNN, cosine", "popularity"):.3f} with plain cosine.
- The weights from text search are worth having: TF-IDF adds {gap("item kNN, tf-idf", "item kNN, cosine"):.3f} to the cosine, and BM25
  {gap("item kNN, BM25", "item kNN, tf-idf"):.3f} to TF-IDF. People and films, weighed so, do equally well: {gap("user kNN, BM25", "item kNN, BM25"):.3f}.
- EASE, which learns its weights, is ahead of the best recipe by {gap("EASE", "item kNN, BM25"):.3f}.
""")

# %% [markdown]
# ## What comes next?
#
# So far a history was a set. But people watch in an order, and for the *next* film the last ones may say more than those of last
# year. We hide the last film of everybody and rank all films that the person has not rated (*next item*). Two simple
# changes use the order.
#
# **Recent items weigh more** {cite}`ding2005time`. In the sum {eq}`eq-03-likes` the last item weighs $1$, the one before it
# $\gamma$, then $\gamma^2$, and only the last few count.
#
# **A {term}`Markov chain`** counts what follows what {cite}`shani2005mdp`. With $n_{i \to j}$ the number of times that $j$ came
# right after $i$,
#
# $$
# \Pr(j \mid i) = \frac{n_{i \to j} + \lambda\, n_j / n}{\sum_{j'} n_{i \to j'} + \lambda},
# $$ (eq-03-chain)
#
# where $n_j / n$ is the share of $j$ in all ratings: shrinkage again, here towards what is popular, because most pairs never
# occurred. And since people skip, a pair that is $h$ steps apart may count $\gamma^{h-1}$, and the last $h$-th item may speak
# with the same weight.

# %%
def chain(ratings, steps, gamma, strength):
    """Probabilities of what follows what; distant pairs count less."""
    in_time = ratings.table.sort_values("timestamp", kind="stable")
    in_time = in_time.sort_values("user", kind="stable")
    user = in_time["user"].to_numpy()  # each history, in order
    item = ratings.items.index.get_indexer(in_time["item"])
    counts = np.zeros((ratings.n_items, ratings.n_items))
    for h in range(1, steps + 1):
        same = user[h:] == user[:-h]  # nobody leads into the next person
        step = item[:-h][same], item[h:][same]
        np.add.at(counts, step, gamma ** (h - 1))
    popular = ratings.item_counts() / len(ratings)
    total = counts.sum(axis=1, keepdims=True) + strength
    return (counts + strength * popular) / total


before = mr.data.next_item(ratings)  # .train, and .test as episodes
mine = chain(before.train, steps=2, gamma=0.8, strength=3)
library = models.MarkovChain(n_steps=2, decay=0.8, smoothing=3)
learned = library.fit(before.train).transitions_[:-1, :-1]
assert np.allclose(mine, learned, atol=1e-6)

# %%
followers = {
    "item kNN, whole history": models.RecentItemNeighbours(1000, decay=1.0),
    "item kNN, recent items": models.RecentItemNeighbours(),
    "Markov chain": models.MarkovChain(n_steps=1),
    "Markov chain with skips": models.MarkovChain(),
}
next_one = evaluation.next_item(followers, ratings, seed=seed, costs=True)
summary = next_one.summary().pivot(**means_of)[["hit_rate@10", "ndcg@10"]]
summary.sort_values("ndcg@10", ascending=False).round(3)

# %% tags=["say", "remove-input"]
def hits(a, b):
    return next_one.difference(a, b, "hit_rate@10")


mr.say(f"""
The order pays. The same similarities find the next film among the first ten for {mr.percent(next_one.mean("item kNN, whole history", "hit_rate@10").mean, 1)} of the people
when they read the whole history as a set, and for {mr.percent(next_one.mean("item kNN, recent items", "hit_rate@10").mean, 1)} when they read the last
few films. The plain chain knows one film only and reaches {mr.percent(next_one.mean("Markov chain", "hit_rate@10").mean, 1)}; with skips
{mr.percent(next_one.mean("Markov chain with skips", "hit_rate@10").mean, 1)}, the best of the four, though not clearly ahead of recent items
({hits("Markov chain with skips", "item kNN, recent items"):.3f}). Chapter 06 puts transformers beside these numbers.
""")

# %% [markdown]
# ### What order?
#
# Before we believe in "the next film" we should look at the clock. MovieLens noted the second of each rating, and people rated pages
# full of films at once.

# %%
when = ratings.table.sort_values("timestamp", kind="stable")
tied = when.duplicated(["user", "timestamp"], keep=False)
last_two = when.groupby("user").tail(2)
seconds = last_two.groupby("user")["timestamp"].nunique()  # [people]
same_second = seconds == 1


def shuffled(seed):
    """The same ratings, those of one person and second in random order."""
    lot = np.random.default_rng(seed).permutation(len(ratings))
    table = ratings.table.iloc[lot].sort_values("timestamp", kind="stable")
    return mr.data.Ratings.from_table(
        table.reset_index(drop=True),
        ratings.items,
        ratings.users,
        ratings.scale,
    )

# %%
def find_next(ratings):
    """For whom the chain finds the next item, and which item it is."""
    train, test = mr.data.next_item(ratings)
    scores = models.MarkovChain().fit(train).predict(test)
    relevant, mask = test.query_ratings > 0, test.query_mask
    hit = evaluation.hit_rate(scores, relevant, 10, mask, seed=seed)
    place = relevant.argmax(axis=1)[:, None]
    wanted = np.take_along_axis(test.query_items, place, axis=1)[:, 0]
    return hit, test.items[wanted]


hit, wanted = find_next(ratings)
repeats = 20 if full else 5
again = [find_next(shuffled(10 * seed + i)) for i in range(repeats)]
by_order = np.array([h.mean() for h, _ in again])
other_target = np.mean([w != wanted for _, w in again])
np.sort(by_order).round(3)  # share of people with a hit, shuffle by shuffle

# %% tags=["hide-input"] mystnb={"image": {"alt": "Hit rate at ten of five methods as dots with intervals, from below: popularity, item kNN over the whole history, the plain Markov chain, item kNN with recent items, the chain with skips. The last two lie level at the top. Above them grey dots show the chain with skips after shuffling the rows of each second; they spread to the left of its own dot."}, "figure": {"caption": "Next item, full ranking, 95 % intervals over people. Grey: the best chain when the order of rows within each second is drawn by lot.", "name": "fig-03-next"}}
rows = [
    "popularity",
    "item kNN, whole history",
    "Markov chain",
    "item kNN, recent items",
    "Markov chain with skips",
]
tones = [GREY, GREEN, PURPLE, GREEN, PURPLE]
fig, ax = plots.figure("The last few films say more than all that came before",
                       "people whose next film is among the first ten, %", "", height=3.2)  # fmt: skip
for y, (name, tone) in enumerate(zip(rows, tones, strict=True)):
    hit = next_one.mean(name, "hit_rate@10")
    ax.plot(
        [100 * hit.low, 100 * hit.high],
        [y, y],
        color=tone,
        lw=2.5,
        alpha=0.5,
        solid_capstyle="butt",
    )
    ax.plot(100 * hit.mean, y, "o", color=tone, ms=7)
ax.plot(100 * by_order, np.full(len(by_order), 5.0), "o", color=GREY, ms=5, alpha=0.7)
ax.set_yticks(range(6), [*rows, "… ties shuffled"])
ax.set_xlim(0, 25)
ax.grid(False)
ax.grid(True, axis="x")

# %% tags=["say", "remove-input"]
found = next_one.values("Markov chain with skips", "hit_rate@10")
in_page = same_second.reindex(found.index).to_numpy()
easier = found[in_page].mean(), found[~in_page].mean()

mr.say(f"""
{mr.percent(tied.mean())} of all ratings share person and second with another one, and for {mr.percent(same_second.mean())} of the people the last
film ties with the one before: which of them is "the last" is decided by the order of rows in a file. If we shuffle the rows within each
second, {mr.percent(other_target)} of the people get another film to be found, and the hit rate of the best chain (grey in
{{numref}}`fig-03-next`) moves between {mr.percent(by_order.min(), 1)} and {mr.percent(by_order.max(), 1)}; the file gives {mr.percent(found.mean(), 1)}. Two papers that differ by a point on this data set may differ in how they
sorted a file.

It also matters *what* is predicted. Where the last two films share their second, the chain finds the target for {mr.percent(easier[0])} of the people,
elsewhere for {mr.percent(easier[1])}. The order within a page is an accident, but that two films stood on one page is not. So part of "next-item
prediction" here is probably to guess the rest of a page that the site had put together.
""")

# %% [markdown]
# ## What it costs
#
# Neighbour methods have no training to speak of, but they count pairs. Count them instead of timing them, since a count does not depend on the
# machine. Let $n_u$ and $n_i$ be the numbers of ratings of a person and of a film, $|\mathcal U|$ the number of people and
# $|\mathcal I|$ that of films.
#
# - **All pairs of people**: each film is met by $n_i^2$ pairs, so $\sum_i n_i^2$ multiplications, and up to $|\mathcal U|^2$ numbers to keep.
# - **One newcomer against all people**: $\sum_{i \in \mathcal S_u} n_i$, nothing to keep but the ratings.
# - **All pairs of films**: $\sum_u n_u^2$, and up to $|\mathcal I|^2$ numbers.
# - **EASE**: the same count, and an inverse: about $|\mathcal I|^3$ multiplications.

# %%
def count_pairs(table):
    """Multiplications and numbers kept, for a table of ratings."""
    n_u = table["user"].value_counts().to_numpy(float)
    n_i = table["item"].value_counts().to_numpy(float)
    return pd.Series({
        "all pairs of people": (n_i**2).sum(),
        "one newcomer, 20 films": 20 * (n_i**2).sum() / n_i.sum(),
        "all pairs of films": (n_u**2).sum(),
        "inverse of EASE": float(len(n_i)) ** 3,
        "kept: people × people": float(len(n_u)) ** 2,
        "kept: films × films": float(len(n_i)) ** 2,
    })  # fmt: skip


lot = np.random.default_rng(seed).permutation(ratings.users.index)
half = ratings.table[ratings.table["user"].isin(lot[: len(lot) // 2])]
cost = pd.DataFrame({"here": count_pairs(ratings.table),
                     "half of the people": count_pairs(half)})  # fmt: skip
cost["ratio"] = cost["here"] / cost["half of the people"]
factor = {"× with twice the people": cost["ratio"].round(1)}
pd.DataFrame({"here": cost["here"].map("{:,.0f}".format), **factor})

# %% tags=["say", "remove-input"]
def power(x):
    """A large number as a formula."""
    exponent = int(np.floor(np.log10(x)))
    return f"${x / 10**exponent:.0f} \\cdot 10^{{{exponent}}}$"


mr.say(f"""
Twice the people make the pairs of people {cost["ratio"]["all pairs of people"]:.1f} times as many, and the pairs of films
{cost["ratio"]["all pairs of films"]:.1f} times: the first grows with the square, the second in step. That is why shops turned to item kNN
{{cite}}`linden2003amazon`: they have far more customers than products, and the similarities of products can be computed overnight and kept.
With a hundred times our people and ten times our films, pairs of people would need {power(cost["here"]["all pairs of people"] * 1000)}
multiplications and pairs of films {power(cost["here"]["all pairs of films"] * 100)}; the inverse of EASE, whose cost does not depend on people but
grows with the cube of the films, {power(cost["here"]["inverse of EASE"] * 1000)}.
""")

# %% [markdown]
# ## What the lists look like
#
# Accuracy is one side. The other: do these methods show everybody the same films, and does everybody get more of the same? We look at the
# lists of the top-N table with the measures of chapter 02, and a new one. The {term}`intra-list similarity` is the mean cosine between the
# genres of two films on a list {cite}`ziegler2005improving`: $0$ if no two films share a genre, $1$ if all have the same. For comparison, the last row
# makes "lists" of the films that people liked themselves, up to ten of the hidden ones.

# %%
relevant = holdout.test.query_ratings > 0
own = evaluation.take(
    holdout.test.query_items,
    evaluation.top_k(relevant.astype(float), 10, relevant, seed),
)  # [people, 10] hidden likes, -1 where there are fewer
genres = mr.data.genre_table(ratings)
shown = {**top_n.lists, "their own hidden likes": own}
profile = evaluation.profile(shown, holdout.train, genres)
profile.round(2)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four panels of dots, one row a method: nDCG at ten, share of the catalogue shown, novelty in bits, and similarity of genres within a list. EASE and the neighbour methods by likes have the highest nDCG; their coverage is about a tenth and their novelty is far below that of the films that people liked themselves, marked by a dashed line; their lists are more alike in genre than those. Chance has the highest coverage and novelty and no accuracy."}, "figure": {"caption": "The lists of classic top-N. The dashed lines are the films that people liked themselves.", "name": "fig-03-lists"}}
order = ["EASE", "item kNN, BM25", "user kNN, BM25", "item kNN, tf-idf", "item kNN, cosine",
         "popularity", "user kNN in stars", "chance"]  # fmt: skip
with plots.style():
    fig, axes = plt.subplots(1, 4, figsize=(6.4, 3.4), sharey=True)
    fig.suptitle("Neighbours show better-known films than people like",
                 x=0.012, ha="left", fontweight="bold", fontsize=11)  # fmt: skip
accuracy = pd.Series({m: top_n.mean(m, "ndcg@10").mean for m in order})
panels = {"nDCG@10": accuracy, "catalogue shown, %": 100 * profile["coverage"],
          "novelty, bits": profile["novelty"], "likeness in a list": profile["similarity"]}  # fmt: skip
colors = [
    GREY if m in ("popularity", "chance") else PURPLE if "stars" in m else BLUE for m in order
]
for ax, (title, values) in zip(axes, panels.items(), strict=True):
    ax.set_title(title, fontsize=9)
    ax.hlines(range(len(order)), 0, values[order], color=colors, lw=1, alpha=0.5)
    ax.scatter(values[order], range(len(order)), color=colors, s=26, zorder=3)
    if "their own hidden likes" in values:
        ax.axvline(values["their own hidden likes"], color=RED, lw=1.3, ls=(0, (4, 3)))
    ax.set_xlim(-0.05 * values[order].max(), 1.1 * values[order].max())
    ax.grid(False)
    ax.tick_params(length=0, labelsize=8.5)
axes[0].set_yticks(range(len(order)), order)
axes[0].invert_yaxis()
own_share = 100 * profile["coverage"]["their own hidden likes"]
axes[1].text(
    own_share - 4,
    5.6,
    "own\nlikes",
    color=plots.readable(RED),
    fontsize=8.5,
    ha="right",
    va="center",
);

# %% tags=["say", "remove-input"]
good = ["EASE", "item kNN, BM25", "user kNN, BM25", "item kNN, tf-idf", "item kNN, cosine"]
vectors = np.asarray(genres, dtype=float)
likeness = {m: evaluation.intra_list_similarity(top_n.lists[m], vectors) for m in order}
person_likes = evaluation.intra_list_similarity(own, vectors)
narrower = evaluation.paired(likeness["EASE"], person_likes)
pop = profile["novelty"]
known_by = (holdout.train.item_counts() + 1) / (holdout.train.n_users + 1)
bits_missing = evaluation.paired(
    *(evaluation.novelty(x, known_by) for x in (own, top_n.lists["EASE"]))
)
mr.say(f"""
**Popularity bias.** The films that people liked carry {pop["their own hidden likes"]:.1f} bits each; what the five methods by likes show carries about
{pop[good].mean():.1f}, between popularity ({pop["popularity"]:.1f}) and the people. Together they show {mr.percent(profile["coverage"][good].min())} to
{mr.percent(profile["coverage"][good].max())} of the catalogue; people's own likes cover {mr.percent(profile["coverage"]["their own hidden likes"])}. And they show it unequally: the
Gini coefficient is {profile["gini"][good].min():.2f} or more, that of the own likes {profile["gini"]["their own hidden likes"]:.2f}. The safest guess is a known film, so whoever is
rewarded for hits learns to show known films.

**Over-specialisation.** Does asking friends give more of the same? Two films on a list of EASE are more alike in genre than two films that
the person liked, by {narrower.mean:.3f} on a mean of {person_likes[~np.isnan(person_likes)].mean():.2f}; in other splits of the rows we could not
tell this from nothing. The most uniform lists are those of popularity ({profile["similarity"]["popularity"]:.2f}), which knows nobody. So these
neighbours narrow the lists towards what is *known*, hardly towards a genre. And neighbours in stars make more varied lists than people
themselves do, and are nearly useless: variety alone is no virtue.
""")

# %% [markdown]
# ### The same methods on newcomers
#
# A list answers what somebody will choose. The newcomers protocol asks something else: which of two films that a
# person has already chosen does the person like better? Methods that rank can be asked this too. They say nothing in
# stars, so we count the pairs that they put in the right order.

# %%
by_likes = {n: lists[n] for n in
            ("EASE", "item kNN, BM25", "user kNN, BM25")}  # fmt: skip
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
With twenty ratings the best of the three, {best_of_them}, has {mr.percent(pairs_at_20[best_of_them], 1)} of the pairs in the right order, and the
mean rating of the film, which knows nobody, {mr.percent(pairs_at_20["item mean"], 1)}. They have learned what people *choose*. Among films that
somebody has chosen anyhow, this says little about which one is liked better, and twenty ratings are a short history to learn it from.
""")

# %% [markdown]
# ## How far do we get?
#
# The question of this chapter was how far we get by asking those who agreed with us before.

# %% tags=["say", "remove-input"]
full_gain = by_fold["item + user bias"].mean() - by_fold["item kNN"].mean()
mr.say(f"""
For a newcomer, not far. Agreement is measured in shared films, it takes more than a hundred to tell a friend from luck, and a newcomer has at most
twenty: {-step("item kNN", 20).mean:.3f} stars beyond one number a person, where {-step("hierarchical Bayes", 20).mean:.3f} are possible. For somebody with a long history, a good way:
{full_gain:.3f} stars on classic ratings, and an nDCG@10 of {accuracy["EASE"]:.3f} where popularity reaches {accuracy["popularity"]:.3f}. And for the next film, what was rated just now says more than all
that was rated before. The way on is to stop comparing people pair by pair, and to learn what they have in common.
""")

# %% tags=["hide-input"]
newcomer_rows = [r.only(full_models) for r in (random_form, time_form)]
in_stars = {"user kNN in stars": "user kNN"}  # its name in the other tables
list_rows = top_n.only(lists).renamed(in_stars), next_one.only(followers)  # chapter 02 has the rest
newcomer_rows += [r.only(by_likes) for r in in_order.values()]
saved = mr.leaderboard.save("03", *newcomer_rows, classic, *list_rows)

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("λ that the two halves measure", measured, 90, 190, decimals=0)
follows = agreement["shared"] / (agreement["shared"] + measured)
fit = np.corrcoef(agreement["correlation"], follows)[0, 1]
mr.check("correlation of n / (n + λ) with the agreement", fit, 0.9, 1)
n_worse = sum(worse)
mr.check("of 8 kinds, worse than none unshrunk", n_worse, 7, 8, decimals=0)
for name, change in gain_of_trust.items():
    mr.check(f"{name}, RMSE with λ = 160 minus λ = 0", change, high=0)
mr.check("largest gap of three shrunk similarities", choice, 0, 0.008)
mr.check("similarity elsewhere, λ = 160 minus 0", true_friends, low=0)

# %% tags=["claims"]
for name in full_models:
    lost = loss[name]
    plain_items = lost["item bias"]
    mr.check(f"{name}, lost without item bias", plain_items, 0.01, 0.08)
    no_limit = abs(lost["the limit on neighbours"])
    mr.check(f"{name}, lost without a limit", no_limit, 0, 0.003)

for name in full_models:
    at_zero = abs(step(name, 0).mean)
    mr.check(f"{name} minus bias, RMSE at k = 0", at_zero, 0, 0.000001)
    mr.check(f"{name} minus bias, RMSE at k = 20", step(name, 20), high=0)
    behind = random_form.difference("hierarchical Bayes", name, "rmse", 20)
    mr.check(f"hierarchical Bayes minus {name}, k = 20", behind, high=0)

# %% tags=["claims"]
error = random_form.mean("user kNN", "rmse", 20).mean
mr.check("RMSE of user kNN at k = 20", error, 0.88, 0.96)
late, early = (
    random_form.values("item kNN", "rmse", k)
    - random_form.values("user kNN", "rmse", k)
    for k in (20, 1)
)
turn = evaluation.paired(late, early)
mr.check("item minus user, k = 20 against k = 1", turn.mean, -0.01, -0.001)
closest = -ahead.min()
mr.check("item minus user kNN, RMSE, closest fold", closest, -0.01, -0.002)
near = abs(step("item kNN", 1).mean)
mr.check("item kNN and bias, RMSE at k = 1, distance", near, 0, 0.004)
far = evaluation.paired(by_fold["item kNN"], by_fold["item + user bias"])
mr.check("item kNN minus bias, RMSE, classic ratings", far, high=-0.02)

# %% tags=["claims"]
better = [
    ("popularity", "user kNN in stars"),
    ("item kNN, cosine", "popularity"),
    ("item kNN, tf-idf", "item kNN, cosine"),
    ("item kNN, BM25", "item kNN, tf-idf"),
    ("EASE", "item kNN, BM25"),
    ("EASE", "user kNN, BM25"),
]
for a, b in better:
    mr.check(f"{a} minus {b}, nDCG@10", gap(a, b), low=0)
mr.check("nDCG@10 of EASE", accuracy["EASE"], 0.3, 0.33)
mr.check("nDCG@10 of BM25", accuracy["item kNN, BM25"], 0.28, 0.31)
mr.check("weight of a typical film, cosine", typical["cosine"], 0.5, 0.75)
mr.check("the same in EASE", typical["EASE"], 0, 0.25)
recent = hits("item kNN, recent items", "item kNN, whole history")
mr.check("recent items minus whole history, hit rate@10", recent, low=0)
skips = hits("Markov chain with skips", "Markov chain")
mr.check("chain with skips minus plain chain, hit rate@10", skips, low=0)

# %% tags=["claims"]
mr.check("ratings that share person and second", tied.mean(), 0.757, 0.759)
mr.check("people whose last two tie", same_second.mean(), 0.43, 0.45)
mr.check("people with another target, shuffled", other_target, 0.25, 0.35)
worst_order = by_order.min()
mr.check("hit rate of the chain, worst shuffle", worst_order, 0.17, 0.205)
twice = cost["ratio"]
mr.check("twice the people, pairs of people", twice.iloc[0], 3.3, 4.7)
mr.check("twice the people, pairs of films", twice.iloc[2], 1.6, 2.6)
mr.check("bits of own likes minus EASE's lists", bits_missing, low=0)
mr.check("likeness, EASE minus own likes", narrower.mean, -0.01, 0.03)
wider = evaluation.paired(likeness["popularity"], likeness["EASE"])
mr.check("likeness, popularity minus EASE", wider, low=0)
varied = evaluation.paired(likeness["user kNN in stars"], person_likes)
mr.check("likeness, stars minus own likes", varied, high=0)

# %% tags=["claims"]
for name in by_likes:
    gap = in_order["random"].difference(name, "item mean", "pairwise", 20)
    mr.check(f"{name} minus item mean, pairs in order, k = 20", gap, high=0)

# %% [markdown]
# ## Take-aways
#
# 1. A similarity is a measurement with noise. Shrink it by the number of shared ratings; that matters more than its formula.
# 2. The $\lambda$ of the shrinkage is the noise divided by the signal, and can be measured without predicting anything.
# 3. Without shared ratings there are no neighbours: $k = 0$ is out of reach, and small $k$ nearly so. People for short
#    histories, films for long ones.
# 4. Lists need likes, not stars. Learned neighbours (EASE) beat every recipe, and are still one formula.
# 5. Look at the clock and at the lists: ties decide what "next" means, and hits are bought with known films.

# %% [markdown]
# ## Exercises
#
# ```{exercise} Cleo's say
# :label: ex-03-cleo
#
# *Easy.* In the example of the five people, let unlike people vote too: Cleo with her negative similarity. Use
# $\hat r = \bar r_u + \sum s\,(r_{u'i} - \bar r_{u'}) / \sum |s|$ without shrinkage. Compute Ann's prediction for E by hand.
# Is it a good idea?
# ```
#
# ````{solution} ex-03-cleo
# :class: dropdown
#
# Cleo gave E one star less than her mean of 3, and her similarity is $-10/\sqrt{127.5}$, so she speaks *for* E:
# $3 + (0.71 \cdot 2 + 1 \cdot (-2) + 0.89 \cdot 1) / (0.71 + 1 + 0.89)$, a little above $3$.
#
# ```python
# own = vote(3, s, R[1:, 4] - means[1:])
# unlike = 3 + s @ (R[1:, 4] - means[1:]) / np.abs(s).sum()
# print(own.round(2), unlike.round(2))
# ```
#
# It assumes that somebody who disagrees about four films will disagree about the fifth. On real data strongly negative
# similarities are nearly always those of few shared films, that is, noise.
# ````
#
# ```{exercise} How sure of a friend?
# :label: ex-03-friend
#
# *Easy.* You and a stranger have a similarity of $\tfrac{6}{10}$ over nine films. Use {eq}`eq-03-lambda` with the measured $\lambda$.
# What is the best guess of your true similarity? How many shared films would make it $\tfrac{3}{10}$?
# ```
#
# ````{solution} ex-03-friend
# :class: dropdown
#
# ```python
# print((9 / (9 + measured) * 0.6).round(2))
# print(measured.round())  # n / (n + λ) is one half where n = λ
# ```
#
# Nearly nothing is left. Half of it would be left if you shared as many films as $\lambda$.
# ````
#
# ```{exercise} The plainest list
# :label: ex-03-counts
#
# *Medium.* Rank by co-counts: $\mathbf W = \mathbf G$ without its diagonal, the limit of EASE for a large $\lambda$. Where does it land in the
# top-N table? Then find out what its lists look like.
# ```
#
# ````{solution} ex-03-counts
# :class: dropdown
#
# ```python
# limit = evaluation.experiment.ranking(
#     {"counts": models.EASE(regularization=1e7)}, holdout, "classic top-N", at_least=4)
# print(limit.mean("counts", "ndcg@10"), limit.mean("popularity", "ndcg@10"))
# print(evaluation.profile(limit.lists, holdout.train, genres).round(3))
# ```
#
# Above popularity and below the cosine. Its lists are nearly those of popularity: who likes anything also likes what all like.
# ````
#
# ```{exercise} Neighbours of films, measured
# :label: ex-03-films
#
# *Medium.* Measure $\lambda$ for pairs of *films* in the same way: cut the people into two halves. Is it the same number? What does that say
# about which of the two kinds of neighbours can be known better?
# ```
#
# ````{solution} ex-03-films
# :class: dropdown
#
# ```python
# residual, rated = residual.T, rated.T  # now compare(…) compares films
# parts = np.array_split(np.random.default_rng(0).permutation(len(train.users)), 2)
# (a, n_a), (b, n_b) = (compare(p) for p in parts)
# i, j = np.triu_indices(len(a), 1)
# weight = np.sqrt(n_a * n_b)[i, j]
# print(weight.sum() / (weight * (a * b)[i, j]).sum())
# residual, rated = residual.T, rated.T  # back
# ```
#
# It is nearly the same number: a shared rating is worth as much in one direction as in the other. What differs is how many there are.
# Two well-known films share hundreds of raters, two people rarely a hundred films, and a newcomer shares at most twenty with anybody.
# So films are easier to know, which is one half of the story of *people or films*; the other half is how many may vote.
# ````
#
# ```{exercise} Weighted EASE
# :label: ex-03-weighted
#
# *Hard.* Whoever likes hundreds of films dominates $\mathbf G$. Give each person the weight $n_u^{-a}$ in the loss of EASE, derive the new
# closed form, and find $a$ on the inner split. Is it worth it?
# ```
#
# ````{solution} ex-03-weighted
# :class: dropdown
#
# With $\mathbf D$ the diagonal matrix of the weights the loss is
# $\lVert \mathbf D^{1/2} (\mathbf Y - \mathbf Y \mathbf W) \rVert^2 + \lambda \lVert \mathbf W \rVert^2$. All steps stay the same with
# $\mathbf G = \mathbf Y^\top \mathbf D \mathbf Y$.
#
# ```python
# y = (inner.train.matrix() >= 4).toarray().astype(float)
# rows = inner.train.users.index.get_indexer(inner.test.users)
# for a in (0, 0.25, 0.5):
#     d = np.maximum(y.sum(1), 1) ** (-a / 2)
#     for strength in (30, 100, 350):
#         w = ease(y * d[:, None], strength)
#         score = np.take_along_axis(y[rows] @ w, inner.test.query_items, 1)
#         hidden = inner.test.query_ratings > 0
#         print(a, strength, evaluation.ndcg(score, hidden, 10, inner.test.query_mask).mean().round(4))
# ```
#
# The weights shrink $\mathbf G$, so $\lambda$ must be smaller too: tune both. The gain is small or none; report it as such.
# ````

# %% [markdown]
# ## Quiz
#
# **1. Two people have a Pearson correlation of 1. What do you need to know before you call them alike?**
#
# :::{dropdown} A. Whether they use the scale in the same way.
# No. Pearson's correlation subtracts each one's mean and divides by the spread, so the use of the scale is already out.
# :::
# :::{dropdown} B. How many films both have rated.
# Right. With two shared films it is nearly always 1 or −1. The number of shared films says how much of it to believe.
# :::
# :::{dropdown} C. Nothing; 1 is the maximum.
# No. The maximum of a noisy measurement is usually the noisiest one.
# :::
#
# **2. A newcomer has rated nothing. Which similarity do you choose?**
#
# :::{dropdown} A. Pearson, because it corrects for the mean.
# No. There is nothing to correlate.
# :::
# :::{dropdown} B. A heavily shrunk one.
# No. Zero shared ratings shrink everything to zero, whatever the constant.
# :::
# :::{dropdown} C. It does not matter.
# Right. Without shared ratings no neighbour has a vote, and the baseline is all there is.
# :::
#
# **3. Why must the diagonal of EASE be zero?**
#
# :::{dropdown} A. Otherwise the matrix cannot be inverted.
# No. The ridge penalty makes it invertible in any case.
# :::
# :::{dropdown} B. Otherwise each film would explain itself, and nothing would be learned.
# Right. The identity matrix rebuilds the likes without any error, and recommends what one has already.
# :::
# :::{dropdown} C. To make it symmetric.
# No. The weights of EASE are not symmetric: each column is divided by its own number.
# :::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`resnick1994grouplens`: where it began, neighbours who vote on Usenet news.
# - {cite:t}`herlocker2002empirical`: every design choice of user kNN, tried one at a time; the source of significance weighting.
# - {cite:t}`sarwar2001item`, {cite:t}`linden2003amazon`: the turn to items, in research and in a shop.
# - {cite:t}`koren2008factorization`: neighbours with a baseline, and then with learned weights.
# - {cite:t}`deshpande2004item`: item kNN for lists.
# - {cite:t}`steck2019ease`: EASE: the derivation above, and experiments in which it beats deep autoencoders.
# - {cite:t}`ferraridacrema2021troubling`: what happens to published progress when neighbours are tuned.

# %% [markdown]
# ## What comes next
#
# Comparing people pair by pair wastes what they have in common: if you and I both like slow films, so do thousands, and all of them could tell
# us how much. Chapter 04 learns a few numbers for each person and each film instead.
