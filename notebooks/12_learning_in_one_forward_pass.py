# %% [markdown]
# # Learning in one forward pass
#
# Chapter 11 trained a network a little more for every newcomer. A reader of your five ratings needs no training: it looks at
# them and knows. Can a network be such a reader?

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** Can a network read a few ratings and know the taste, with no training step?
#
# **You will be able to**
# - build five readers of a set of ratings, from weighted votes to a transformer, and prove that order means nothing to them;
# - say what such a network computes: the mean of a posterior, for a prior that nobody wrote down;
# - tell when simulated people help, why an average beats both of its parts, and what attention weights do not say.
#
# **Before you start.** Chapters 06 (attention), 10 and 11.
#
# **Time.** 55 minutes to read; less than 150 seconds to run on one core.
# :::

# %%
import dataclasses

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone

import metarec as mr
from metarec import evaluation, models, plots
from metarec.models import gradient

# %% tags=["parameters"]
full = False  # True: three times the steps of training
seed = 0  # 0 is the text; 1, 2, … draw other people and starts

# %% tags=["remove-input"]
BLUE, RED, GREEN, ORANGE, PURPLE, GREY, INK = (
    plots.PALETTE[c] for c in ("blue", "vermillion", "green", "orange", "purple", "grey", "ink")
)
SPLIT = mr.data.splits.SEED + seed
STEPS = 900 if full else 300
torch.set_num_threads(1)


def as_table(frame, name=""):
    """A frame of texts as a table that may wrap on a phone."""
    head = f"| {name} | " + " | ".join(map(str, frame.columns)) + " |\n|" + "---|" * (len(frame.columns) + 1)
    return head + "".join(f"\n| {row} | " + " | ".join(map(str, values)) + " |" for row, values in zip(frame.index, frame.to_numpy()))

# %% [markdown] tags=["worked-example"]
# ## One person, three ratings, three readers
#
# Films are points in a plane: how much *action* and how much *romance*. A person has rated three of them, by so many stars above
# what was expected of a stranger:
#
# | film | $\mathbf x_j$ | residual $e_j$ |
# |---|---|---|
# | A, all action | $(1, 0)$ | $1.5$ |
# | B, both | $(0.6, 0.8)$ | $0.5$ |
# | C, all romance | $(0, 1)$ | $-1$ |
#
# What will this person think of D $= (0.8, 0.6)$? And of F $= (-1, 0)$, the opposite of A?
#
# **Votes.** A {term}`matching network` {cite}`vinyals2016matching` lets the rated films vote, each with a weight that grows with its likeness to the film
# that is asked, here $e^{\mathbf x^\top \mathbf x_j}$. One more voter of weight $e^0$ always says $0$, so that three ratings are not believed blindly. The likenesses of
# D are $0.8$, $0.96$ and $0.6$, so
#
# $$
# \frac{1.5\, e^{0.8} + 0.5\, e^{0.96} - e^{0.6}}{e^{0.8} + e^{0.96} + e^{0.6} + e^0} = \frac{2.822}{7.659} = 0.368 .
# $$
#
# **A prototype.** A {term}`prototype` {cite}`snell2017prototypical` is the mean of what somebody likes. With residuals it is a weighted mean, and one $\lambda = 1$ in the
# denominator plays the part of the doubtful voter: $\frac{1}{3 + 1} \sum_j e_j \mathbf x_j = \frac14 (1.8, -0.6) = (0.45, -0.15)$. Its product with D is $0.27$.
#
# **A ridge regression.** The best taste in the sense of chapter 10, with noise $\sigma^2 = 1$ and a unit {term}`prior`, is
#
# $$
# \hat{\mathbf p} = \begin{pmatrix} 2.36 & 0.48 \\ 0.48 & 2.64 \end{pmatrix}^{-1} \begin{pmatrix} 1.8 \\ -0.6 \end{pmatrix}
# = \begin{pmatrix} 0.84 \\ -0.38 \end{pmatrix},
# $$
#
# which says $0.444$ for D. For F, the opposite of the film that was loved, the prototype says $-0.45$, the ridge $-0.84$, and the votes $-0.06$: weights are positive, so a vote
# can say "as I said" or little, but never "the contrary".

# %%
rated = np.array([[1, 0], [0.6, 0.8], [0, 1]])
e = np.array([1.5, 0.5, -1.0])
D, F = np.array([0.8, 0.6]), np.array([-1.0, 0.0])


def by_votes(asked):
    weights = np.exp(rated @ asked)
    return weights @ e / (weights.sum() + 1)


prototype = rated.T @ e / (len(e) + 1)
ridge = np.linalg.solve(rated.T @ rated + np.eye(2), rated.T @ e)
assert np.allclose([by_votes(D), by_votes(F)], [0.368, -0.060], atol=5e-4)
assert np.allclose(prototype, [0.45, -0.15])
assert np.allclose(ridge, [0.84, -0.38])
assert np.allclose([prototype @ D, ridge @ D, ridge @ F], [0.27, 0.444, -0.84])

# %% [markdown]
# None of the three takes a training step for this person. Each is a *function of the support*: put three ratings in, get any prediction out. So each can be
# written as a network with parameters $\theta$, and the parameters can be learned from other people. This is **{term}`amortised inference <amortised inference>`**: pay once, in training, for
# what otherwise would have to be computed anew for everybody.

# %% [markdown]
# ## What is learned, when the loss is a query
#
# Let $f_\theta(\mathcal S_u, i)$ be the prediction for film $i$ after reading the {term}`support` $\mathcal S_u$. We draw people, split the ratings of each into support and {term}`query`, and minimise
#
# $$
# \mathcal L(\theta) = \mathbb E_u \; \mathbb E_{\mathcal S_u,\, i} \bigl( r_{ui} - f_\theta(\mathcal S_u, i) \bigr)^2 .
# $$ (eq-12-loss)
#
# Group all tasks that show the *same* support and ask for the same film. Within the group $f_\theta$ gives one number $f$ for ratings that differ, and the mean of $(r - f)^2$ is smallest where $f$ is the mean of $r$.
# So the best function of all is
#
# $$
# f^\star(\mathcal S, i) = \mathbb E \bigl[ r_{ui} \mid \mathcal S_u = \mathcal S \bigr] ,
# $$ (eq-12-mean)
#
# the mean of the {term}`posterior` predictive distribution. The prior is not written anywhere; it is the population from which the tasks are drawn. If the population were exactly that
# of chapter 10, then $f^\star$ *is* the closed form of chapter 10, and no network, however large, can be better. If real people are different,
# a network may find out. That is the hope; the price is that it must learn from examples what algebra gives for nothing.

# %% [markdown]
# ## Five readers
#
# All five get the same input and the same training. Of a film they read what a `ContentBayes` (chapter 05) has learned of it: the vector
# $\mathbf x_i$ in which tastes have covariance $\mathbf I$, the uncertainty of its ratings, and what a stranger is expected to say; it was learned
# {term}`from other people <cross-fitting>`, as chapter 11 found out that it must. A support adds the residual $e_j$ of each rating. All predict an offset from what is expected of a stranger. In the table $g$ and $h$ are networks of two layers.
#
# | reader | it computes | idea |
# |---|---|---|
# | {term}`matching network` {cite}`vinyals2016matching` | $\sum_j w_{j} e_j$, $\; w_j \propto \exp(\mathbf g(\mathbf x_i)^\top \mathbf g(\mathbf x_j))$ | votes, in a learned space |
# | {term}`conditional neural process <neural process>` {cite}`garnelo2018cnp` | $h\bigl(\mathbf x_i, \frac{1}{k + \lambda} \sum_j \mathbf g(\mathbf x_j, e_j)\bigr)$ | a learned prototype, read by a network |
# | attentive neural process {cite}`kim2019anp` | $h\bigl(\mathbf x_i, \sum_j a_{ij}\, \mathbf g(\mathbf x_j, e_j)\bigr)$ | each query makes its own prototype, by {term}`attention` $a_{ij}$ |
# | ridge head {cite}`bertinetto2019meta` | $\mathbf g(\mathbf x_i)^\top \bigl(\mathbf I + \sum_j \frac{1}{\sigma_j^2} \mathbf g_j \mathbf g_j^\top\bigr)^{-1} \sum_j \frac{1}{\sigma_j^2} \mathbf g_j e_j$ | learned features and noise, an exact solution |
# | in-context {term}`transformer` | two blocks of attention | supports look at each other, queries look at supports |
#
# In the ridge head $\mathbf g_j$ is $\mathbf g(\mathbf x_j)$ and $\log \sigma_j^2$ is a learned function of the film. Its solution is a formula, so `torch.linalg` differentiates through it: the {term}`inner loop` of chapter 11, solved instead of walked.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
train = split.train
knowledge = gradient.cross_fit(train, 8, 5, seed, models.ContentBayes)
quick = models.RidgeHead(n_steps=60, seed=seed).fit(train, knowledge)
person = split.validation.episodes().take([3]).first(5)
batch = quick.read(person)
{name: tuple(part.shape) for name, part in batch._asdict().items()}

# %% [markdown]
# One person, five ratings. A row of inputs holds what the networks read, standardised, then $\mathbf x$ and the noise once more as they are. The ridge head from scratch, for this person:

# %%
network = quick.reader().network
n_read = (batch.inputs.shape[-1] + 1) // 2
with torch.no_grad():
    g, g_asked = (
        network.features(side[0, :, :n_read]).numpy()
        for side in (batch.inputs, batch.query_inputs)
    )
    noise = network.log_noise(batch.inputs[0, :, :n_read]).exp().numpy()
precision = np.eye(g.shape[1]) + g.T @ (g / noise)
taste = np.linalg.solve(precision, (g / noise).T @ batch.targets[0].numpy())
by_hand = quick.expected_[person.query_items[0]] + g_asked @ taste
apart = np.abs(by_hand - quick.predict(person)[0]).max()
assert apart < 1e-5

# %% [markdown]
# ## A set has no order
#
# You may tell me your five ratings in any order, and your taste is the same. A recommender should not care either. Where does each reader get this from?
#
# - A **sum** does not change when its terms change places. Votes, prototypes and the two sums of the ridge are sums over $j$. Moreover, every function of a set can be written as $h(\sum_j \mathbf g(j))$, if $\mathbf g$ is wide enough {cite}`zaheer2017deepsets`.
# - **Self-attention** computes, for each $j$, a weighted sum over all $j'$. When the support is shuffled its outputs are shuffled in the same way. It is *equivariant*. A query then takes a weighted sum over them, and the shuffle is gone.
#
# This holds as long as nothing tells a token where it stands. Language models add a **position code**, because words have an order (chapter 06). Ratings as a set have none, so we leave it out. The test:

# %%
novice = models.InContextTransformer(n_steps=30, seed=seed).fit(train, knowledge)
shown = split.validation.episodes()
lot = np.random.default_rng(seed)
order = lot.permuted(np.tile(np.arange(20), (len(shown), 1)), axis=1)
parts = {f"support_{p}": np.take_along_axis(getattr(shown, f"support_{p}"), order, 1)
         for p in ("items", "ratings", "mask")}  # fmt: skip
shuffled = dataclasses.replace(shown, **parts)


def moved(model, offset=lambda reader, batch: reader(batch)):
    """How far predictions move when supports are shuffled: root of the mean square, in stars."""
    with torch.no_grad():
        a, b = (offset(model.reader(), model.read(x)) for x in (shown, shuffled))
    return float((a - b)[shown.query_mask].square().mean().sqrt())


def with_positions(reader, batch):
    """The same network, with a small code for the place added to each rating's token."""
    code = torch.randn(batch.inputs.shape[1:], generator=torch.Generator().manual_seed(0))
    return reader(batch._replace(inputs=batch.inputs + code))


invariant, coded = moved(novice), moved(novice, with_positions)

# %% tags=["say", "remove-input"]
mr.say(f"""
Shuffled supports move the transformer's predictions by {invariant:.6f} stars, with a code of random numbers for the place by {coded:.2f}: such a network would answer the same person differently each time. It could learn in training that the code
means nothing; a network that cannot see it has nothing to learn.
""")

# %% [markdown]
# ## The same budget for everybody
#
# Each network may try three step sizes on the validation people, with a third of the steps and smaller batches; each closed form, three numbers of factors. The closed form with eight factors reads a support
# with just the knowledge that the networks have.
#
# One more candidate joins. A network that starts from what a stranger would say must learn *how to infer* a taste, although we know a formula. So the **correcting transformer** starts from the closed form: it reads, with
# each film, also what the closed form says of it and how sure that is, and its output is added to that. Before training it *is* the closed form (of the same knowledge), and it has to learn only what the formula misses.

# %%
kinds = {
    "matching network": models.MatchingNetwork(),
    "neural process": models.ConditionalNeuralProcess(),
    "attentive process": models.AttentiveNeuralProcess(),
    "ridge head": models.RidgeHead(),
    "transformer": models.InContextTransformer(),
    "correcting transformer": models.InContextTransformer(correct=True),
}
for method in kinds.values():
    method.set_params(n_steps=STEPS // 3, batch_size=32, n_query=16, seed=seed, device="cpu")
rivals = {
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed),
    "… with content": models.ContentBayes(seed=seed),
}
GRID = {"lr": [0.001, 0.003, 0.01]} | {"n_factors": [4, 8, 16]}
validation = split.validation.episodes()

# %%
def errors(method, episodes):
    """RMSE of each person."""
    predicted = np.clip(method.predict(episodes), *ratings.scale)
    return evaluation.rmse(predicted, episodes.query_ratings, mask=episodes.query_mask)


tuned, budget = {}, {}
for name, method in (kinds | rivals).items():
    knob = "lr" if name in kinds else "n_factors"
    tried = {}
    for value in GRID[knob]:
        candidate = clone(method).set_params(**{knob: value}).fit(train)
        tried[value] = np.mean([errors(candidate, validation.first(k)) for k in (1, 5, 20)])
    tuned[name] = method.set_params(**{knob: min(tried, key=tried.get)})
    budget[name] = {f"{knob} = {value:g}": f"{error:.3f}" for value, error in tried.items()}

# %% tags=["say", "remove-input"]
networks, forms = (pd.DataFrame({n: budget[n] for n in group}).T for group in (kinds, rivals))
mr.say(f"""
{as_table(networks, "RMSE, validation")}

{as_table(forms, "RMSE, validation")}
""")

# %%
shelf = {}  # what was fitted, to be looked at later


def kept(name, method):
    """The same method, which puts itself on the shelf when it is fitted."""
    class Kept(type(method)):
        def fit(self, *args, **others):
            shelf[name] = self
            return super().fit(*args, **others)

    return Kept(**method.get_params())


for name in kinds:
    tuned[name].set_params(n_steps=STEPS, batch_size=64, n_query=32)
contestants = {name: kept(name, method) for name, method in tuned.items()}
bias = {"item + user bias": models.Bias()}
result = evaluation.judging.few_shot(bias | contestants, train, split.test)
board = result.summary()
evaluation.leaderboard.table(board, "newcomers", "rmse").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "RMSE against the number of known ratings. The bias falls least. The neural process follows, then matching. The ridge head, the transformer, the correcting transformer and hierarchical Bayes with content run together and are lowest."}, "figure": {"caption": "Newcomers, 95 % intervals over people.", "name": "fig-12-kcurve"}}
plots.k_curve(board, title="Readers that can weigh ratings against each other tie with the formula",
              methods=["item + user bias", "neural process", "matching network", "transformer", "… with content"],
              labels={"… with content": "closed form"});

# %%
def over(method, rival, k):
    return result.difference(method, rival, "rmse", k)


gaps = pd.DataFrame({
    f"k = {k}": {name: f"{over(name, '… with content', k):.3f}" for name in kinds}
    for k in (0, 2, 5, 20)
}).rename_axis("minus closed form")  # fmt: skip

# %% tags=["say", "remove-input"]
mr.say(f"""
{as_table(gaps, "RMSE minus that of the closed form")}
""")

# %% [markdown]
# ## Simulated people, whose prior is known
#
# Equation {eq}`eq-12-mean` makes a promise that can be tested: let the population be one whose posterior is known, and the network must approach it. Networks that are trained on
# tasks drawn from a prior, in order to do Bayesian inference with it, are called **{term}`prior-fitted networks <prior-fitted network>`** {cite}`muller2022pfn`; one of them does well on small tables of all kinds {cite}`hollmann2025tabpfn`.
#
# Our prior is that of a fitted `ContentBayes`. We draw people from it, and for each world also the films from their posterior; let each person rate 52 films, popular ones more often; and round to whole stars.

# %%
def simulated(model, like, n_people, world_seed):
    """People who follow a fitted model, rating films of the catalogue of `like`."""
    draw = np.random.default_rng(world_seed)
    mean, root = model.item_mean_[:-1], np.linalg.cholesky(model.item_covariance_[:-1])
    films = mean + (root @ draw.normal(size=(*mean.shape, 1)))[..., 0]
    prior = model.user_mean_, model.user_covariance_
    popular = like.item_counts()
    world = mr.data.simulate.World(model.global_mean_, *prior, films, model.noise_, popular)
    people, _ = world.people(n_people, 52, world_seed)
    table = people.table.assign(
        item=like.items.index[people.table["item"]],
        rating=people.table["rating"].round().clip(*like.scale),
    )
    return dataclasses.replace(people, table=table, items=like.items, scale=like.scale)


prior = models.ContentBayes(n_factors=8, seed=seed).fit(train)
crowd = simulated(prior, train, 2000, seed)
strangers = mr.data.newcomers(simulated(prior, train, 300, seed + 1000)).test.episodes()

# %%
small = models.InContextTransformer(batch_size=32, n_query=16, seed=seed, device="cpu")


def pretrained(knowledge, people):
    """A transformer that has read simulated people only."""
    everybody = pd.Series(0, people.users.index)  # none of them has shaped the films
    reader = clone(small).set_params(n_steps=STEPS)
    return reader.fit(people, knowledge._replace(fold=everybody))


dreamer = pretrained(knowledge, crowd)
pure = {
    name: [errors(method, strangers.first(k)).mean() for k in (0, 5, 20)]
    for name, method in (("network", dreamer), ("exact", prior))
}
reached = (pure["network"][0] - pure["network"][2]) / (pure["exact"][0] - pure["exact"][2])
short = pure["network"][2] - pure["exact"][2]

# %% tags=["say", "remove-input"]
mr.say(f"""
On new simulated people the exact posterior errs by {pure["exact"][0]:.3f} stars with no rating and by {pure["exact"][2]:.3f} with twenty. The network, which was never told the formula, errs by {pure["network"][0]:.3f} and {pure["network"][2]:.3f}: it
has found {mr.percent(reached)} of what twenty ratings can tell.
""")

# %% [markdown]
# ### How many people does a reader need?
#
# Simulated people cost nothing. Do they help with real ones? For each number of training people we learn *everything* from those people: the films, the prior, the network. Then four ways to the newcomers of the test (first draw):
# the closed form; the transformer, trained on these people; the same, trained on people simulated from their prior; and that one, trained on for a third of the steps on the real ones.

# %%
SIZES = (60, 200, len(train.users))
queue = mr.data.splits.permuted(train.users.index, seed)
test = split.test.episodes()
curve = {}
for n in SIZES:
    few = train if n == len(train.users) else train.keep_users(queue[:n])
    known = gradient.cross_fit(few, 8, 5, seed, models.ContentBayes)
    form = prior if few is train else models.ContentBayes(n_factors=8, seed=seed).fit(few)
    dream = dreamer if few is train else pretrained(known, simulated(form, few, 2000, seed))
    tried = {
        "closed form": form,
        "real people": clone(small).set_params(n_steps=200).fit(few, known),
        "simulated": dream,
        "simulated, then real": clone(small)
        .set_params(n_steps=100, lr=0.001)
        .fit(few, known, start=dream),
    }
    for name, method in tried.items():
        curve[n, name] = {k: errors(method, test.first(k)) for k in (2, 20)}
helps = {
    (n, k): evaluation.paired(curve[n, "simulated, then real"][k], curve[n, "real people"][k])
    for n in SIZES for k in (2, 20)
}  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of error against the number of training people, on a logarithmic axis: two known ratings and twenty. Trained on sixty real people the transformer errs most, far above the closed form; pretrained on simulated people it is near the closed form. With all people the lines meet."}, "figure": {"caption": "Error on newcomers by the number of people from whom everything was learned, first draw.", "name": "fig-12-people"}}
fig, axes = plots.figure("Few people are too few for a network, unless it has practised on simulated ones", "training people (logarithmic)", "RMSE in stars", panels=["2 known ratings", "20 known ratings"])
looks = {"closed form": (BLUE, "o-"), "real people": (RED, "s-"), "simulated": (GREY, "D--"), "simulated, then real": (GREEN, "^-")}
for ax, k in zip(axes, (2, 20)):
    for name, (color, line) in looks.items():
        ax.plot(SIZES, [curve[n, name][k].mean() for n in SIZES], line, color=color, ms=5)
    ax.set_xscale("log")
    ax.set_xticks(SIZES, [str(n) for n in SIZES])
    ax.minorticks_off()
plots.label_ends(axes[1], {n: (curve[SIZES[-1], n][20].mean(), c) for n, (c, _) in looks.items()})

# %% tags=["say", "remove-input"]
mr.say(f"""
With {SIZES[0]} people, the transformer that was trained on them alone is {evaluation.paired(curve[SIZES[0], "real people"][20], curve[SIZES[0], "closed form"][20]):.3f} stars behind the closed form at twenty ratings. Practice on simulated people changes that error by
{helps[SIZES[0], 20]:.3f}. With {SIZES[1]} it is {helps[SIZES[1], 20]:.3f}, with all {SIZES[2]} it is {helps[SIZES[2], 20]:.3f}.
""")

# %% [markdown]
# ## Why the average of two is better than both
#
# The transformer and the closed form make nearly the same errors on average. Do they make the same errors? Let $\hat r$ and $\hat r'$ be two predictions of one rating $r$. For each rating, and so for the means,
#
# $$
# \Bigl( \frac{\hat r + \hat r'}{2} - r \Bigr)^2 = \frac{(\hat r - r)^2 + (\hat r' - r)^2}{2} - \frac{(\hat r - \hat r')^2}{4} .
# $$ (eq-12-ambiguity)
#
# The error of the average is the average of the errors, *less a quarter of the disagreement* {cite}`krogh1995ensembles`. The noise of $r$ is in both errors and cancels in the disagreement. So two equally good methods should be averaged
# whenever they differ at all, and the more they differ the better. With a weight $w$ the mean of the squared error is a parabola in $w$; we choose $w$ on the validation people.

# %%
class Average(models.Method):
    """A weighted average of two methods from the shelf."""

    def __init__(self, one: str, other: str, weight: float):
        self.one, self.other, self.weight = one, other, weight

    def fit(self, ratings):
        return self

    def predict(self, episodes):
        one, other = (shelf[name].predict(episodes) for name in (self.one, self.other))
        return self.weight * one + (1 - self.weight) * other


WEIGHTS = np.linspace(0, 1, 11)


def parabola(one, other, episodes):
    """Mean squared error (over people) of each weighted average."""
    clipped = [np.clip(shelf[n].predict(episodes), *ratings.scale) for n in (one, other)]
    mixed = [w * clipped[0] + (1 - w) * clipped[1] for w in WEIGHTS]
    asked, mask = episodes.query_ratings, episodes.query_mask
    return np.array([(evaluation.rmse(p, asked, mask=mask) ** 2).mean() for p in mixed])


FORM = "… with content"
chosen = np.mean([parabola("transformer", FORM, validation.first(k)) for k in (2, 5, 10, 20)], 0)
weight = float(WEIGHTS[chosen.argmin()])

# %%
both = {"average": Average("transformer", FORM, weight)}
averaged = evaluation.judging.few_shot(both, train, split.test)
better = {
    (rival, k): evaluation.paired(
        averaged.values("average", "rmse", k), result.values(rival, "rmse", k)
    )
    for rival in ("transformer", FORM) for k in (0, 1, 2, 5, 10, 20)
}  # fmt: skip
on_test = parabola("transformer", FORM, test)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Mean squared error against the weight of the transformer: a parabola that lies below both of its ends, with its lowest point in the middle. A straight line joins the ends."}, "figure": {"caption": "Mean squared error of weighted averages with twenty known ratings, test people, first draw. The straight line is what it would be if the two always agreed.", "name": "fig-12-average"}}
fig, ax = plots.figure("Half of one and half of the other is better than either", "weight of the transformer", "mean squared error, squared stars", height=3.4)
ax.plot(WEIGHTS, on_test, "o-", color=BLUE)
ax.plot([0, 1], on_test[[0, -1]], color=GREY, lw=1.2, ls=":")
ax.text(0.02, on_test[0], "closed form", va="bottom", color=plots.readable(GREY))
ax.text(0.98, on_test[-1], "transformer", va="bottom", ha="right", color=plots.readable(GREY));

# %% tags=["say", "remove-input"]
mr.say(f"""
The validation people choose the weight {weight:.1f}. The average errs by {averaged.mean("average", "rmse", 20).mean:.3f} with twenty ratings: {better[FORM, 20]:.4f} against the closed form and {better["transformer", 20]:.4f} against the transformer; with five, {better[FORM, 5]:.4f} and {better["transformer", 5]:.4f}.
""")

# %% [markdown]
# ## What has it learned?

# %%
fitted = shelf["transformer"]
reader, tasks = fitted.reader(), fitted.read(test)


def attention(reader, batch):
    """How much each query attends to each rating in the last block: [tasks, q, k]."""
    caught = {}
    block = reader.network.blocks[-1]
    hook = block.register_forward_pre_hook(lambda _, args: caught.update(x=args[0], see=args[1]))
    with torch.no_grad():
        reader(batch)
        hook.remove()
        q, key, _ = block.project(block.before_attention(caught["x"])).chunk(3, dim=-1)
        n = caught["see"].shape[-1]
        split = [p.unflatten(-1, (block.n_heads, -1)).transpose(1, 2) for p in (q, key[:, :n])]
        scores = split[0] @ split[1].transpose(2, 3) / split[0].shape[-1] ** 0.5
        weights = scores.masked_fill(~caught["see"], -torch.inf).softmax(-1).mean(1)
    return weights[:, n:, 1:]  # without the token for nothing


def influence(reader, batch):
    """How much a query's prediction rises when a rating rises by a star: [tasks, q, k]."""
    width = batch.query_inputs.shape[1]
    def answers(targets):
        return reader(batch._replace(targets=targets))
    columns = []
    for j in range(batch.targets.shape[1]):
        bump = torch.zeros_like(batch.targets)
        bump[:, j] = 0.5
        columns.append(answers(batch.targets + bump) - answers(batch.targets - bump))
    return torch.stack(columns, -1)
