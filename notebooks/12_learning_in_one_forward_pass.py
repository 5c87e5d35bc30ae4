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
from metarec.models import meta

# %% tags=["parameters"]
full = False  # True: three times the steps of training, five draws of supports instead of three
seed = 0  # 0 is the text; 1, 2, … draw other people and starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, RED

SPLIT = mr.data.splits.SEED + seed
STEPS = 900 if full else 300
DRAWS = 5 if full else 3  # of supports, on the test people
torch.set_num_threads(1)


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
# {term}`from other people <cross-fitting>`, as chapter 11 found out that it must. A support adds the residual $e_j$ of each rating. All predict an offset from what is expected of a stranger. In the table $\boldsymbol\psi$ (a vector) and $\psi$ (a number) are networks of two layers.
#
# | reader | it computes | idea |
# |---|---|---|
# | {term}`matching network` {cite}`vinyals2016matching` | $\sum_j a_{ij} e_j$, $\; a_{ij} \propto \exp(\boldsymbol\psi(\mathbf x_i)^\top \boldsymbol\psi(\mathbf x_j))$ | votes, in a learned space |
# | {term}`conditional neural process <neural process>` {cite}`garnelo2018cnp` | $\psi\bigl(\mathbf x_i, \frac{1}{k + \lambda} \sum_j \boldsymbol\psi(\mathbf x_j, e_j)\bigr)$ | a learned prototype, read by a network |
# | attentive neural process {cite}`kim2019anp` | $\psi\bigl(\mathbf x_i, \sum_j a_{ij}\, \boldsymbol\psi(\mathbf x_j, e_j)\bigr)$ | each query makes its own prototype, by {term}`attention` $a_{ij}$ |
# | ridge head {cite}`bertinetto2019meta` | $\boldsymbol\psi_i^\top \bigl(\mathbf I + \sum_j \frac{1}{\sigma_j^2} \boldsymbol\psi_j \boldsymbol\psi_j^\top\bigr)^{-1} \sum_j \frac{1}{\sigma_j^2} \boldsymbol\psi_j e_j$ | learned features and noise, an exact solution |
# | in-context {term}`transformer` | two blocks of attention | supports look at each other, queries look at supports |
#
# Neural processes have been used for new items and new people: {cite:t}`vartak2017meta` pool what somebody liked, {cite:t}`lin2021tanp` let the pooled vector adapt the decoder.
#
# In the ridge head $\boldsymbol\psi_j$ is $\boldsymbol\psi(\mathbf x_j)$ and $\log \sigma_j^2$ is a learned function of the film. Its solution is a formula, so `torch.linalg` differentiates through it: the {term}`inner loop` of chapter 11, solved instead of walked.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
train = split.train
knowledge = meta.cross_fit(train, 8, 5, seed, models.ContentBayes)
quick = models.RidgeHead(n_steps=60, seed=seed, device="cpu").fit(train, knowledge)
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
# - A **sum** does not change when its terms change places. Votes, prototypes and the two sums of the ridge are sums over $j$. Moreover, every function of a set can be written as $\psi(\sum_j \boldsymbol\psi(j))$, if $\boldsymbol\psi$ is wide enough {cite}`zaheer2017deepsets`.
# - **Self-attention** is *equivariant*: shuffle its tokens, and its outputs are shuffled in the same way. Let $\boldsymbol\Pi$ be the matrix that shuffles the rows of the queries, keys and values $\mathbf Q, \mathbf K, \mathbf V$. A softmax over rows is shuffled along, and $\boldsymbol\Pi^\top \boldsymbol\Pi = \mathbf I$, so
#
# $$
# \operatorname{softmax}\bigl(\boldsymbol\Pi \mathbf Q \mathbf K^\top \boldsymbol\Pi^\top\bigr)\, \boldsymbol\Pi \mathbf V = \boldsymbol\Pi \operatorname{softmax}\bigl(\mathbf Q \mathbf K^\top\bigr)\, \mathbf V ,
# \qquad
# \operatorname{softmax}\bigl(\mathbf q^\top \mathbf K^\top \boldsymbol\Pi^\top\bigr)\, \boldsymbol\Pi \mathbf V = \operatorname{softmax}\bigl(\mathbf q^\top \mathbf K^\top\bigr)\, \mathbf V .
# $$ (eq-12-shuffle)
#
# On the right a film that is asked looks at the support with its query $\mathbf q$, takes a weighted sum, and the shuffle is gone. What happens to each token by itself, in the layers between, cannot see it either.
#
# This holds as long as nothing tells a token where it stands. Language models add a **position code**, because words have an order (chapter 06). Ratings as a set have none, so we leave it out. The test:

# %%
novice = models.InContextTransformer(n_steps=30, seed=seed, device="cpu")
novice.fit(train, knowledge)
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
# Each network may try two step sizes on the validation people, with a third of the steps and smaller batches; each closed form, two numbers of factors. The closed form with eight factors reads a support
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
GRID = {"lr": [0.003, 0.01], "n_factors": [8, 16]}
validation = split.validation.episodes()

# %%
def errors(method, episodes):
    """RMSE of each person."""
    scored = evaluation.score({"": method}, train, episodes)
    return scored.values("", "rmse").to_numpy()


tuned, budget = {}, {}
for name, method in (kinds | rivals).items():
    knob = "lr" if name in kinds else "n_factors"
    tried = {}
    for value in GRID[knob]:
        candidate = clone(method).set_params(**{knob: value}).fit(train)
        tried[value] = np.mean([errors(candidate, validation.first(k)) for k in (2, 20)])
    tuned[name] = method.set_params(**{knob: min(tried, key=tried.get)})
    budget[name] = {f"{knob} = {value:g}": f"{error:.3f}" for value, error in tried.items()}

# %% tags=["say", "remove-input"]
networks, forms = (pd.DataFrame({n: budget[n] for n in group}).T for group in (kinds, rivals))
mr.say(f"""
{mr.as_table(networks, "RMSE, validation")}

{mr.as_table(forms, "RMSE, validation")}
""")

# %% tags=["nbval-ignore-output"]
for name in kinds:
    tuned[name].set_params(n_steps=STEPS, batch_size=64, n_query=32)
tuned["transformer"].set_params(n_steps=2 * STEPS)  # it has most to learn,
tuned["correcting transformer"].set_params(n_steps=STEPS // 2)  # and this one least
others = {
    "… the same, 8 factors": models.ContentBayes(n_factors=8, seed=seed),
    "item + user bias": models.Bias(),
}
shelf = evaluation.fit(others | tuned, train)  # to be looked at later, too
result = evaluation.score(shelf, train, split.test, draws=DRAWS, costs=True)
board = result.summary()
mr.leaderboard.table(board, "newcomers", "rmse").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "RMSE against the number of known ratings. The lines of neural process, matching network, transformer and closed form lie together up to five ratings, below the bias. With twenty the closed form is lowest, matching and transformer follow, the neural process lies between them and the bias."}, "figure": {"caption": "Newcomers, 95 % intervals over people.", "name": "fig-12-kcurve"}}
plots.k_curve(board, title="With few ratings the readers tie with the formula; with twenty none passes it",
              methods=["item + user bias", "neural process", "matching network", "transformer", "… with content"],
              labels={"… with content": "closed form"});

# %%
def over(method, rival, k):
    return result.difference(method, rival, "rmse", k)


gaps = pd.DataFrame({
    f"k = {k}": {name: f"{over(name, '… with content', k):.3f}" for name in kinds}
    for k in (0, 2, 5, 20)
}).rename_axis("minus closed form")  # fmt: skip

# %% tags=["say", "remove-input", "nbval-ignore-output"]
SAME = "… the same, 8 factors"
mr.say(f"""
{mr.as_table(gaps, "RMSE minus that of the closed form")}

All of them read: with twenty ratings the transformer is {over("transformer", "item + user bias", 20):.3f} from the bias. With five ratings or fewer nearly all tie with the formula. With twenty the formula is ahead, and the order of the others is instructive.

- The ridge head ({over("ridge head", "… with content", 20).mean:.3f} behind) and the correcting transformer ({over("correcting transformer", "… with content", 20).mean:.3f}) *contain* a solution of linear equations, in which ratings weigh each other: two ratings of like films tell less than twice as much.
- The matching network ({over("matching network", "… with content", 20).mean:.3f}) and the attentive process ({over("attentive process", "… with content", 20).mean:.3f}) let each rating speak for itself, with a positive weight.
- The neural process squeezes the support into one damped mean before it knows what is asked, and loses most ({over("neural process", "… with content", 20).mean:.3f}).
- The transformer ({over("transformer", "… with content", 20).mean:.3f}) surprised us. Its self-attention *could* let ratings weigh each other. With twice the training of the others it does no better than votes with these people. On four other divisions into training and test people (`seed` 1 to 4) it does better: it ties with the formula at twenty ratings and is a little ahead at five. We shall look inside.

The closed form may use sixteen factors, the networks read eight. With the very same knowledge, the correcting transformer differs from the closed form by {over("correcting transformer", SAME, 5):.3f} at five ratings and by {over("correcting transformer", SAME, 20):.3f} at twenty. It *began* as this formula, and what the training added is no gain for newcomers. So there is little that the Gaussian model
misses of these people, or little that {len(train.users)} of them can teach a network about it.
""")

# %% [markdown]
# ## Simulated people, whose prior is known
#
# Equation {eq}`eq-12-mean` makes a promise that can be tested: let the population be one whose posterior is known, and the network must approach it. Networks that are trained on
# tasks drawn from a prior, in order to do Bayesian inference with it, are called **{term}`prior-fitted networks <prior-fitted network>`** {cite}`muller2022pfn`; one of them does well on small tables of all kinds {cite}`hollmann2025tabpfn`.
#
# Our prior is that of a fitted `ContentBayes`. We draw people from it, and for each world also the films from their posterior; let each person rate some fifty films, popular ones more often; and round to whole stars.

# %%
def simulated(model, like, n_people, world_seed):
    """People who follow a fitted model, rating films of the catalogue of `like`."""
    draw = np.random.default_rng(world_seed)
    mean, root = model.item_mean_[:-1], np.linalg.cholesky(model.item_covariance_[:-1])
    films = mean + (root @ draw.normal(size=(*mean.shape, 1)))[..., 0]
    prior = model.user_mean_, model.user_covariance_
    popular = like.item_counts()
    world = mr.data.simulated.World(model.global_mean_, *prior, films, model.noise_, popular)
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
# the closed form; the transformer, trained on these people; the same, trained on people simulated from their prior; and that one, trained for some steps more on the real ones.

# %%
SIZES = (60, 200, len(train.users))
queue = mr.data.splits.permuted(train.users.index, seed)
test = split.test.episodes()
curve = {}
for n in SIZES:
    few = train if n == len(train.users) else train.keep_users(queue[:n])
    known = meta.cross_fit(few, 8, 5, seed, models.ContentBayes)
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
    ax.set_xlim(48, 950)
plots.label_ends(axes[1], {n: (curve[SIZES[-1], n][20].mean(), c) for n, (c, _) in looks.items()})

# %% tags=["say", "remove-input"]
mr.say(f"""
With {SIZES[0]} people, the transformer that was trained on them alone is {evaluation.paired(curve[SIZES[0], "real people"][20], curve[SIZES[0], "closed form"][20]):.3f} stars behind the closed form at twenty ratings. Practice on simulated people changes that error by
{helps[SIZES[0], 20]:.3f}. With {SIZES[1]} it is {helps[SIZES[1], 20]:.3f}, with all {SIZES[2]} it is {helps[SIZES[2], 20]:.3f}. So the claim of prior-fitted networks holds among few people: practice on simulated ones is worth much (on one of five divisions of people it was worth nothing), although the simulation knows nothing that the {SIZES[0]} had not told. What the network
learns from them is not tastes, but *how to infer*. And the closed form, from which the simulation was made, stays ahead with twenty ratings: a network cannot get more out of a prior than the prior holds, and this one did not get all.
""")

# %% [markdown]
# ## When the average of two is better than both
#
# The transformer and the closed form make nearly the same errors on average, at least with few ratings. Do they make the same errors? Let $\hat r$ and $\hat r'$ be two predictions of one rating $r$, and $w$ a weight between 0 and 1. Multiply out, and for each rating, and so for the means,
#
# $$
# \bigl( w\, \hat r + (1 - w)\, \hat r' - r \bigr)^2 = w\, (\hat r - r)^2 + (1 - w)\, (\hat r' - r)^2 - w\, (1 - w)\, (\hat r - \hat r')^2 .
# $$ (eq-12-ambiguity)
#
# The error of the average is the average of the errors, *less their disagreement* {cite}`krogh1995ensembles`: with $w = \frac12$, a quarter of it. The noise of $r$ is in both errors and cancels in the disagreement. So two equally good methods should be averaged
# whenever they differ at all. And a worse one still helps, with a small weight, as long as its mean squared error is higher by less than the mean squared disagreement: the derivative at $w = 0$ says so. We choose $w$ on the validation people.

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

# %%
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
averaged = evaluation.experiment.few_shot(
    both, train, split.test, draws=DRAWS, costs=True
)
better = {
    (rival, k): evaluation.paired(
        averaged.values("average", "rmse", k), result.values(rival, "rmse", k)
    )
    for rival in ("transformer", FORM) for k in (0, 1, 2, 5, 10, 20)
}  # fmt: skip
on_test = parabola("transformer", FORM, test)
gap = on_test[-1] - on_test[0]
disagreement = 4 * ((on_test[0] + on_test[-1]) / 2 - on_test[5])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Mean squared error against the weight of the transformer: a parabola that begins at the closed form, falls a little to its lowest point at a small weight and then rises to the transformer. A straight line joins the ends, above the parabola."}, "figure": {"caption": "Mean squared error of weighted averages with twenty known ratings, test people, first draw. The straight line is what it would be if the two always agreed.", "name": "fig-12-average"}}
fig, ax = plots.figure("The average lies below the line that joins its parts, by their disagreement", "weight of the transformer", "mean squared error, squared stars", height=3.4)
ax.plot(WEIGHTS, on_test, "o-", color=BLUE)
ax.plot([0, 1], on_test[[0, -1]], color=GREY, lw=1.2, ls=":")
ax.annotate("closed form", (0, on_test[0]), xytext=(-4, 24), textcoords="offset points", color=plots.readable(GREY))
ax.annotate("transformer", (1, on_test[-1]), xytext=(-14, 2), textcoords="offset points", ha="right", color=plots.readable(GREY))
ax.margins(y=0.15);

# %% tags=["say", "remove-input"]
mr.say(f"""
The validation people choose the weight {weight:.1f}. With five ratings the average differs by {better[FORM, 5]:.4f} from the closed form and by {better["transformer", 5]:.4f} from the transformer; with twenty, by {better[FORM, 20]:.4f} and {better["transformer", 20]:.4f}. So it beats the closed form
by a hair, and only where the two are equally good; with five ratings it did so on all five divisions of people that we tried. {{numref}}`fig-12-average` shows why: with twenty ratings the mean squared disagreement is {disagreement:.3f} squared stars, and {gap:.3f} of it goes into the gap between the two.
""")

# %% [markdown]
# ## What has it learned? Attention with care
#
# It is tempting to look at the attention: which ratings does a query look at? Two better questions exist. How much does the *prediction* rise if one rating rises by a star? We can ask the network that, by trying. And what would the closed form
# say? There the answer is exact: by the derivative of the posterior mean, rating $j$ moves the prediction of film $i$ by
#
# $$
# \frac{\partial\, \hat r_{ui}}{\partial\, r_{uj}} = \frac{1}{\sigma_j^2}\, \mathbf x_i^\top \boldsymbol\Sigma_u \mathbf x_j ,
# $$ (eq-12-influence)
#
# which can be negative, when loving one film speaks against the other.

# %%
def attention(reader, batch):
    """How much each query attends to each rating in the last block: [tasks, q, k]."""
    caught, block = {}, reader.network.blocks[-1]

    def catch(_, args):
        caught["x"], caught["seen"] = args

    hook = block.register_forward_pre_hook(catch)
    reader(batch)
    hook.remove()
    n = caught["seen"].shape[-1]
    q, key, _ = block.project(block.before_attention(caught["x"])).chunk(3, dim=-1)
    q, key = (p.unflatten(-1, (block.n_heads, -1)).transpose(1, 2) for p in (q, key[:, :n]))
    scores = q @ key.transpose(2, 3) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~caught["seen"], -torch.inf).softmax(-1).mean(1)
    return weights[:, n:, 1:]  # queries; without the token for nothing

# %%
def by_trying(reader, batch):
    """How much each prediction rises when a rating does, a star: [tasks, q, k]."""
    columns = []
    for j in range(batch.targets.shape[1]):
        bump = torch.zeros_like(batch.targets)
        bump[:, j] = 0.5
        up, down = (reader(batch._replace(targets=batch.targets + b)) for b in (bump, -bump))
        columns.append(up - down)
    return torch.stack(columns, -1)


def by_formula(batch):
    """The same for the closed form, exactly."""
    x, asked = (side[..., n_read:-1] for side in (batch.inputs, batch.query_inputs))
    noise = batch.inputs[..., -1]
    gram = (x / noise[..., None]).transpose(1, 2) @ x + torch.eye(x.shape[-1])
    return asked @ torch.linalg.inv(gram) @ x.transpose(1, 2) / noise[:, None]

# %%
reader = shelf["transformer"].reader()
some = shelf["transformer"].read(test.take(np.arange(40)))
with torch.no_grad():
    told = {"attention": attention(reader, some), "by trying": by_trying(reader, some),
            "by formula": by_formula(some)}  # fmt: skip
real = some.query_mask > 0
told = {name: part[real].flatten().numpy() for name, part in told.items()}  # pairs (i, j)
alike = {
    name: float(np.corrcoef(told[name], told["by formula"])[0, 1])
    for name in ("attention", "by trying")
}
against = told["by formula"] < 0
sign = float((told["by trying"][against] < 0).mean())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two clouds of pairs of films against the exact influence of the formula. Left, attention rises with it and is above zero everywhere. Right, the influence found by trying rises with it where it is positive, and lies close to zero where it is negative."}, "figure": {"caption": "Pairs of an asked and a rated film, of forty test people with twenty known ratings; a random part of the pairs.", "name": "fig-12-attention"}}
fig, axes = plots.figure("The network votes: where the formula says minus, it says nothing", "influence by the formula, stars per star", "share, or stars per star", panels=["attention, last block", "influence by trying"], height=3.8)
pick = np.random.default_rng(0).choice(len(against), 3000, replace=False)
for ax, name in zip(axes, alike):
    ax.plot(told["by formula"][pick], told[name][pick], "o", ms=1.6, alpha=0.35, color=BLUE if name == "by trying" else RED)
    ax.axhline(0, color=GREY, lw=0.8)
    ax.axvline(0, color=GREY, lw=0.8)
    ax.set_xlim(-0.06, 0.16)
    ax.set_ylim(-0.06, 0.22);

# %% tags=["say", "remove-input"]
mr.say(f"""
Over all pairs, the influence that we find by trying correlates with that of the formula by {alike["by trying"]:.2f}: nobody has told the network the formula, and it listens to much the same ratings. Attention correlates by {alike["attention"]:.2f}. But look at the left half of each panel. By the formula
{mr.percent(against.mean())} of the influences are negative: loving one film speaks against the other. There the network's influence is negative in only {mr.percent(sign)} of the cases. Mostly it is next to nothing. So this is what the transformer has learned from {len(train.users)} people: to *vote*, like a matching network, and hardly to draw conclusions from a contrast, like film F in the
first section. That is the gap at twenty ratings, and it is why a network that contains the solution need not be larger to be better.

And the attention? It cannot be negative, whatever the network does; the sign of an influence is made by what the weight is multiplied with, and by what comes after. Whether attention explains a prediction has been disputed with good reasons {{cite}}`jain2019attention`. A changed input and the changed answer leave no such doubt.
""")

# %% [markdown]
# ## Why a prompt with examples does the same
#
# In chapter 09 we gave a language model a person's ratings in its {term}`prompt`, and asked about one film more. Look at what happened there, token by token: a list of pairs (film, stars), then a film without stars; attention from the last token to the pairs; no parameter changed.
# It is the transformer of this chapter, and {term}`in-context learning` is its name in both places {cite}`brown2020language`.
#
# **How can a forward pass learn at all?** Take one layer of attention without the softmax. Its queries and keys are the films, its values the residuals. For D and the three rated films of the first section,
#
# $$
# \frac14 \sum_j \bigl( \mathbf x_D^\top \mathbf x_j \bigr)\, e_j = \mathbf x_D^\top \Bigl( \tfrac14 \sum_j e_j \mathbf x_j \Bigr) = 0.27 .
# $$ (eq-12-linear)
#
# The right side is the prototype, and it is also one step of gradient descent on the loss of the ridge regression, from zero, of size $\frac14$ (on half the squared error): layer by layer, more steps can follow {cite}`vonoswald2023gradient`. Transformers that are trained on linear
# regressions reach the accuracy of least squares {cite}`garg2022what`. So the inner loop of chapter 11 can be *computed* by a forward pass, and training finds out how.

# %%
M, right = rated.T @ rated + np.eye(2), rated.T @ e
layer = (rated @ D) @ e / 4  # attention without softmax
theta, path = np.zeros(2), []
for _ in range(40):
    theta = theta + (right - M @ theta) / 4  # one step of gradient descent
    path.append(D @ theta)
assert np.isclose(layer, 0.27)
assert np.isclose(path[0], layer)  # the layer is the first step
assert np.isclose(path[-1], ridge @ D, atol=1e-4)  # the ridge is the last

# %% [markdown]
# What differs is the population. Equation {eq}`eq-12-mean` says that a reader infers with the prior of its training tasks. Ours were people who rate films. A language model's tasks were the documents of the internet; a list of a person's stars is a rare document. It has the machinery, and
# the prior of another world. It can tell what *Fargo* is about; how far a love for *Fargo* speaks for *Trainspotting* among these people, it was never asked. In chapter 09 examples in the prompt taught it the level of the stars more than the order of the films. And it knows places: it has a position code, so the order of the examples
# changes its answer, as we have seen above with ours.

# %%
for cost in ("relative_seconds", "learned"):  # an average costs what its parts cost
    averaged.facts[cost] = result.facts.loc[["transformer", FORM], cost].sum()
name = {"average": "transformer and closed form, averaged"}
rows = result.only(methods=list(kinds)), averaged.only(methods=["average"]).renamed(name)
mr.leaderboard.save("12", *rows);  # earlier chapters have the closed forms

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("ridge head by hand and in the package, largest difference", apart, high=1e-5, show=False)
mr.check("shuffled supports move the transformer, stars", invariant, high=1e-5, show=False)
mr.check("shuffled supports with a position code, stars", coded, 0.01, 0.1)
mr.check("neural process minus closed form, k = 20", over("neural process", FORM, 20), 0, 0.05)
mr.check("matching network minus closed form, k = 20", over("matching network", FORM, 20), 0, 0.02)
for name in ("attentive process", "transformer"):
    mr.check(f"{name} minus closed form, k = 20", over(name, FORM, 20), -0.01, 0.025)
CORRECT = "correcting transformer"  # its third digit differs from processor to processor
for name in ("ridge head", CORRECT):
    ours = over(name, FORM, 20)
    mr.check(f"{name} minus closed form, k = 20", ours, -0.005, 0.01, show=name != CORRECT)
for name in ("ridge head", "transformer", CORRECT):
    few, ours = over(name, FORM, 5), over(name, "item + user bias", 20)
    mr.check(f"{name} minus closed form, k = 5", few, -0.015, 0.01, show=name != CORRECT)
    mr.check(f"{name} minus bias, k = 20", ours, high=-0.01, show=name != CORRECT)

# %% tags=["claims"]
mr.check("simulated people: share of the possible gain", reached, 0.7, 0.9)
mr.check("simulated practice, 60 people, k = 20", helps[60, 20], -0.04, 0.01)
mr.check("simulated practice, all people, k = 20", helps[SIZES[-1], 20], -0.015, 0.01)
mr.check("average minus transformer, k = 5", better["transformer", 5], -0.01, 0.004)
mr.check("average minus transformer, k = 20", better["transformer", 20], high=0)
mr.check("average minus closed form, k = 5", better[FORM, 5], -0.015, 0.001)
mr.check("average minus closed form, k = 20", better[FORM, 20], -0.01, 0.005)
mr.check("influence by trying against the formula", alike["by trying"], 0.55, 0.75)
mr.check("attention against the formula", alike["attention"], 0.3, 0.75)
mr.check("share of negative influences, where the formula has them", sign, 0.05, 0.4)

# %% [markdown]
# ## Take-aways
#
# 1. A network that is trained on the queries of many people learns the mean of the posterior. Its prior is the population of its tasks.
# 2. A taste is read from a *set*. Sums and attention without a position code cannot see an order.
# 3. With few ratings all readers tie with the closed form. With twenty, those that contain a solution come closest to it most surely. A transformer could find one; after our training it mostly votes.
# 4. With few people, let the network practise on simulated ones first; with all of ours it hardly matters.
# 5. The average of two predictions has the mean of their squared errors, less a quarter of their squared disagreement. So average what is equally good and different.

# %% [markdown]
# ## Exercises
#
# ```{exercise} One vote more
# :label: ex-12-vote
# :class: grade-1
#
# *Easy.* In the first example the person also rates G $= (0.8, 0.6)$, the very place of D, with residual $0$. What do the votes now say of D? Why not $0$?
# ```
#
# ````{solution} ex-12-vote
# :class: dropdown
#
# The likeness of D and G is 1, so $e^1 = 2.718$ joins the denominator and nothing the numerator: $2.822 / 10.378 = 0.272$. The other films go on voting, and a softmax of such small differences gives none of them up. A learned sharpness, and a learned space, may.
#
# ```python
# weights = np.exp(np.vstack([rated, D]) @ D)
# print(weights @ np.append(e, 0) / (weights.sum() + 1))
# ```
# ````
#
# ```{exercise} Why people cannot be pooled by a plain mean
# :label: ex-12-mean
# :class: grade-2
#
# *Medium.* A conditional neural process in its first form takes the mean over the support, without damping. Why is this worse for small $k$? Which support gives the same mean as five ratings of which nobody could learn more than from one?
# ```
#
# ````{solution} ex-12-mean
# :class: dropdown
#
# A mean forgets how many: one rating of a film with residual $1$, and five films just like it with residual $1$ each, give the same vector, although the second person is known much better. The decoder cannot shrink one of them and not the other. With $k + \lambda$ in the denominator the length of the vector tells $k$.
# ````
#
# ```{exercise} The price of the leak
# :label: ex-12-leak
# :class: grade-2
#
# *Medium.* Train the transformer with `n_folds=1`, so that people read features which their own ratings have shaped. What happens at five and at twenty ratings? Compare with Meta-SGD in chapter 11.
# ```
#
# ````{solution} ex-12-leak
# :class: dropdown
#
# ```python
# leaking = clone(tuned["transformer"]).set_params(n_folds=1).fit(train)
# for k in (5, 20):
#     print(k, evaluation.paired(errors(leaking, test.first(k)),
#                                errors(shelf["transformer"], test.first(k))))
# ```
#
# It loses, most where few ratings are known. A network is free to trust its support as much as the training tasks deserve, and leaking tasks deserve more than newcomers.
# ````
#
# ```{exercise} Another world
# :label: ex-12-world
# :class: grade-3
#
# *Hard.* Let the simulated people come from a *wrong* prior: double `user_covariance_` of the fitted model before you draw. How does the network that was trained on them do with real newcomers, and does training on real people repair it? What does this say about prior-fitted networks?
# ```
#
# ````{solution} ex-12-world
# :class: dropdown
#
# ```python
# import copy
#
# wrong = copy.deepcopy(prior)
# wrong.user_covariance_ = 2 * wrong.user_covariance_
# wild = pretrained(knowledge, simulated(wrong, train, 2000, seed))
# healed = clone(small).set_params(n_steps=100, lr=0.001).fit(train, knowledge, start=wild)
# for model in (dreamer, wild, healed):
#     print([errors(model, test.first(k)).mean().round(4) for k in (2, 5, 20)])
# ```
#
# The wild network expects strong tastes and believes two ratings too much, so it loses most at small $k$. A hundred steps on real people bring nearly all of it back. A prior-fitted network is as good as its prior, and what a simulation does not contain, it cannot teach.
# ````

# %% [markdown]
# ## Quiz
#
# **1. A network is trained with squared error on queries of many people. What does the best possible network compute?**
#
# ::::{dropdown} A. The most frequent rating of similar people.
# :class-container: quiz wrong
# No. Squared error asks for a mean.
# ::::
# ::::{dropdown} B. The mean of the ratings that people with this support give to this film.
# :class-container: quiz right
# Right: the mean of the posterior, under the population of the tasks.
# ::::
# ::::{dropdown} C. The rating with the smallest error on the support.
# :class-container: quiz wrong
# No. The support is what it reads; what counts is the query.
# ::::
#
# **2. Which change makes a transformer's answer depend on the order of the ratings?**
#
# ::::{dropdown} A. More heads.
# :class-container: quiz wrong
# No. Each head is a weighted sum, whatever their number.
# ::::
# ::::{dropdown} B. A token for nothing.
# :class-container: quiz wrong
# No. It is one more member of the set, always the same.
# ::::
# ::::{dropdown} C. A code for the place, added to each token.
# :class-container: quiz right
# Right. Then a token says where it stands.
# ::::
#
# **3. Two methods have the same squared error, and the mean of their squared differences is $\delta$. What does their average gain?**
#
# ::::{dropdown} A. Nothing, as they are equally good.
# :class-container: quiz wrong
# No. They are equally good for different ratings.
# ::::
# ::::{dropdown} B. $\delta / 4$, in squared stars.
# :class-container: quiz right
# Right, by {eq}`eq-12-ambiguity`.
# ::::
# ::::{dropdown} C. It depends on how noisy the ratings are.
# :class-container: quiz wrong
# No. The noise is in both errors and not in their difference.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`garnelo2018cnp` and {cite:t}`kim2019anp`: neural processes, from a mean to attention.
# - {cite:t}`bertinetto2019meta`: solvers in closed form inside of a network.
# - {cite:t}`muller2022pfn`: transformers as Bayesian inference, and why the loss is right.
# - {cite:t}`garg2022what` and {cite:t}`vonoswald2023gradient`: what a forward pass can learn.
# - {cite:t}`hollmann2025tabpfn`: the same idea at scale, for tables.

# %% [markdown]
# ## What comes next
#
# The closed form is hard to beat with what it knows. [Chapter 13](13_large_model_meta_learning) lets it know more: what a large model reads in a text, what people chose, and who they are.
