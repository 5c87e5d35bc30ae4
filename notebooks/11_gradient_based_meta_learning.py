# %% [markdown]
# # Gradient-based meta-learning
#
# Training moves a network from where it starts to where it fits. A newcomer has five ratings, and the way is
# short. So let us train the place where it starts.

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** Can we learn a starting point from which a few steps reach any taste?
#
# **You will be able to**
# - differentiate through a gradient step, check the result, and say when the second derivatives matter;
# - meta-train MAML, FOMAML, Reptile, ANIL, Meta-SGD and MeLU on people as tasks, and tune them equally hard;
# - find the leak that makes a meta-learner trust a few ratings too much, and close it.
#
# **Before you start.** Chapters 02 and 04. Chapter 10 tells what an exact answer would be.
#
# **Time.** 60 minutes to read; less than 150 seconds to run on one core.
# :::

# %%
import dataclasses
import time

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from torch.func import grad, vmap

import metarec as mr
from metarec import evaluation, models, plots
from metarec.models import meta

# %% tags=["parameters"]
full = False  # True: three times the outer steps
seed = 0  # 0 is the text; 1, 2, … draw other people and starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, RED

SPLIT = mr.data.splits.SEED + seed
OUTER = 450 if full else 150
torch.set_num_threads(1)


# %% [markdown] tags=["worked-example"]
# ## One person, one step
#
# Start as small as possible. A model has one parameter, $\theta$: what a person adds to the rating that is expected of a
# stranger. Somebody has rated two films, $1.5$ and $0.4$ stars above what was expected; this is the {term}`support`
# $\mathcal S_u$. The {term}`query` $\mathcal Q_u$ is one film, $1$ star above. The loss of the support is
#
# $$
# \mathcal L(\theta; \mathcal S_u) = \frac{1}{k + \lambda} \sum_{i \in \mathcal S_u} (e_{ui} - \theta)^2,
# $$ (eq-11-inner-loss)
#
# where $e_{ui}$ is the residual, $k = 2$ the number of ratings, and $\lambda = 2$ a damping: as if two more ratings had been predicted
# without error. From $\theta = 0$ the slope is $-2 \cdot 1.9 / 4 = -0.95$. One step of size $\alpha = 0.4$ leads to
#
# $$
# \theta_u = \theta - \alpha \nabla_\theta \mathcal L(\theta; \mathcal S_u) = 0 + 0.4 \cdot 0.95 = 0.38 .
# $$ (eq-11-step)
#
# This is the {term}`inner loop`. The squared error of the query falls from $1$ to $(1 - 0.38)^2 = 0.3844$. Now the new question:
# **if we had started a little higher, would the query have come out better?** By the chain rule
#
# $$
# \frac{\mathrm d}{\mathrm d\theta} (1 - \theta_u)^2
#   = -2\,(1 - \theta_u) \cdot \frac{\mathrm d \theta_u}{\mathrm d\theta},
# \qquad
# \frac{\mathrm d \theta_u}{\mathrm d\theta} = 1 - \alpha \cdot \frac{2k}{k + \lambda} = 0.6 ,
# $$ (eq-11-scalar)
#
# which is $-1.24 \cdot 0.6 = -0.744$. It is not enough to ask where the end should move ($-1.24$): a start that
# moves by one moves the end by $0.6$ only, because the step makes up for a part of it.

# %%
support, asked, alpha, damping = torch.tensor([1.5, 0.4]), 1.0, 0.4, 2.0


def inner_loss(theta):
    return ((support - theta) ** 2).sum() / (len(support) + damping)


def after_step(theta):
    end = theta - alpha * grad(inner_loss)(theta)
    return (asked - end) ** 2


theta = torch.tensor(0.0)
slope = float(grad(inner_loss)(theta))
by_chain_rule = -2 * (1 - 0.38) * 0.6
assert np.isclose(slope, -0.95)
assert np.isclose(0.3844, float(after_step(theta)))
assert np.isclose(by_chain_rule, -0.744)
assert np.isclose(float(grad(after_step)(theta)), by_chain_rule)

# %% [markdown]
# `torch.func.grad` turns a function into its gradient, and since the result is a function again, it can be used inside of another
# one. The last line differentiates *through* a gradient step.
#
# With $\lambda$ chosen as the variance of the noise divided by that of $\theta$ over people, and $\alpha = \frac12$, one step from the mean of all
# people ends exactly at the Bayesian answer $\sum_i e_{ui} / (k + \lambda)$, for every $k$: it is the shrunk mean of
# the user bias in chapter 02. In several dimensions the exact answer is still one step from the prior mean, but
# of a step size that is a matrix, the covariance of the {term}`posterior`, and differs from support to support (chapter 10):
#
# $$
# \hat{\mathbf z}_u = \mathbf m + \boldsymbol\Sigma_u \, \frac{1}{\sigma^2} \sum_{i \in \mathcal S_u} e_{ui} \, \mathbf x_i ,
# \qquad \boldsymbol\Sigma_u = \Bigl( \boldsymbol\Sigma^{-1} + \frac{1}{\sigma^2} \sum_{i \in \mathcal S_u} \mathbf x_i \mathbf x_i^\top \Bigr)^{-1} .
# $$ (eq-11-preconditioned)
#
# Here $\mathbf x_i = (1, \mathbf v_i)$ is what a person's $\mathbf z_u$ is multiplied with, and $e_{ui} = r_{ui} - \mu - b_i - \mathbf x_i^\top \mathbf m$ is the residual of a stranger. The sum is the negative gradient of half the squared error, taken at $\mathbf m$. So hierarchical Bayes
# *is* a gradient method, with the best starting point and the best step that there can be in its model. What follows learns both by trial,
# without that model, and so for any network.

# %% [markdown]
# ## MAML
#
# For a network $f_\theta$ with many parameters, the same question is **{term}`MAML`** {cite}`finn2017maml`:
#
# $$
# \min_\theta \; \sum_u \mathcal L(\theta_u; \mathcal Q_u),
# \qquad \theta_u = \theta - \alpha \nabla \mathcal L(\theta; \mathcal S_u) .
# $$ (eq-11-maml)
#
# The sum is made small by gradient descent over $\theta$, the {term}`outer loop`, with a step size $\beta$. Its gradient is, by the chain rule,
#
# $$
# \nabla_\theta \mathcal L(\theta_u; \mathcal Q_u)
#   = \bigl( \mathbf I - \alpha \nabla^2 \mathcal L(\theta; \mathcal S_u) \bigr) \, \nabla \mathcal L(\theta_u; \mathcal Q_u) .
# $$ (eq-11-chain)
#
# The matrix $\nabla^2 \mathcal L$ of second derivatives is what the number $2k/(k+\lambda)$ was above. Nobody writes it down: the product of
# a Hessian and a vector costs about as much as two gradients. With $n$ steps there are $n$ such factors.
#
# - **First-order MAML (FOMAML)** {cite}`finn2017maml` puts $\mathbf I$ in the place of the bracket.
# - **Reptile** {cite}`nichol2018reptile` needs no query: it walks from $\theta$ towards the mean of the ends $\theta_u$, after steps on all ratings of the task.
# - **ANIL** {cite}`raghu2020anil`, "almost no inner loop", lets only the last layer move in the inner loop; the body is the same for everybody.
# - **Meta-SGD** {cite}`li2017metasgd` learns a step size for each parameter, together with $\theta$.
#
# ### When the second derivatives matter
#
# Take a family of tasks that can be solved with pencil and paper: $\mathcal L_u(\theta) = \tfrac12 \rho_u (\theta - \theta_u^\star)^2$, with a curvature $\rho_u$
# and a best parameter $\theta_u^\star$. One step leaves $\theta_u - \theta_u^\star = (1 - \alpha \rho_u)(\theta - \theta_u^\star)$. So each method ends at a weighted mean of the
# $\theta_u^\star$, and they differ only in the weights:
#
# | method | its gradient, one task | weight of $\theta_u^\star$ |
# |---|---|---|
# | MAML | $\rho_u (1 - \alpha \rho_u)^2 (\theta - \theta_u^\star)$ | $\rho_u (1 - \alpha \rho_u)^2$ |
# | FOMAML | $\rho_u (1 - \alpha \rho_u) (\theta - \theta_u^\star)$ | $\rho_u (1 - \alpha \rho_u)$ |
# | Reptile, one step | $\alpha \rho_u (\theta - \theta_u^\star)$ | $\rho_u$ |
#
# A steep task is nearly solved by its own step, and MAML leaves it to that. Reptile with one step listens to steep tasks most, which is what
# plain training on everybody's data does.

# %% [markdown] tags=["worked-example"]
# Half of the tasks are flat, $\rho = 1$ with its best at $0$, half are steep, $\rho = 4$ with its best at $1$, and $\alpha = 0.2$. The weights are $0.64$
# and $0.16$ for MAML, $0.8$ and $0.8$ for FOMAML, $1$ and $4$ for Reptile: they end at $0.2$, $0.5$ and $0.8$.

# %%
curved, best_at, rate = np.array([1.0, 4.0]), np.array([0.0, 1.0]), 0.2
weights = {
    "MAML": curved * (1 - rate * curved) ** 2,
    "FOMAML": curved * (1 - rate * curved),
    "Reptile": curved,
}
ends = {name: (w * best_at).sum() / w.sum() for name, w in weights.items()}
assert np.allclose(list(ends.values()), [0.2, 0.5, 0.8])


def loss_after(theta):  # mean over both tasks, after one step
    end = theta - rate * curved * (theta - best_at)
    return (0.5 * curved * (end - best_at) ** 2).mean()

# %%
def walk(direction, n_steps=400, theta=0.9):
    for _ in range(n_steps):
        theta -= 0.1 * direction(theta)
    return theta


def maml_direction(theta):  # by automatic differentiation, no formula
    rho, best = torch.tensor(curved), torch.tensor(best_at)

    def after(start):
        end = start - rate * rho * (start - best)
        return (0.5 * rho * (end - best) ** 2).mean()

    return float(grad(after)(torch.tensor(theta)))


assert np.isclose(walk(maml_direction), ends["MAML"])
losses = {name: loss_after(end) for name, end in ends.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "The loss after one step as a function of the starting point, a flat valley. Three marked points: MAML at the bottom of the valley, FOMAML to the right of it and higher, Reptile further right and much higher."}, "figure": {"caption": "The loss after one step of the inner loop, by the starting point. Only MAML ends at the bottom.", "name": "fig-11-toy"}}
fig, ax = plots.figure("Three rules walk to three places, and only one is the bottom", "starting point θ", "loss after one step", height=3.2)
grid = np.linspace(-0.25, 1.05, 100)
ax.plot(grid, [loss_after(x) for x in grid], color=GREY)
for (name, end), color, marker in zip(ends.items(), (BLUE, ORANGE, GREEN), "osD"):
    ax.plot(end, losses[name], marker, color=color, ms=8)
    ax.annotate(name, (end, losses[name]), xytext=(-6, 8), textcoords="offset points", ha="right" if name != "MAML" else "center", color=plots.readable(color), fontsize=10)

# %% tags=["say", "remove-input"]
mr.say(f"""
After its step, FOMAML's start leaves {losses["FOMAML"] / losses["MAML"]:.2f} times the loss of MAML's, Reptile's start {losses["Reptile"] / losses["MAML"]:.2f} times. The second derivatives
matter when steep tasks want to start elsewhere than flat ones, and when $\\alpha \\rho$ is not small. Were all $\\rho_u$ the same, or had they nothing to do with $\\theta_u^\\star$, all three would
end at the same mean. Keep this in mind for the people below.
""")

# %% [markdown]
# ## People as tasks
#
# The network of this chapter is small: it reads a vector of a film, passes it through a layer of tanh units, and a linear *head* gives what a person adds to the rating
# expected of a stranger. Where do the vectors come from? From a `HierarchicalBayes` that was fitted on *other* people; we come to that.
# Its item vectors $\mathbf x_i$ are stretched so that tastes are equally wide in all directions: $\boldsymbol\Sigma$ becomes the unit matrix, and one step size suits them all.
# For each person of a batch, $k$ is drawn from 0 to 20, the support at random, and some of the other ratings (at most `n_query`) are the query.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
train = split.train
knowledge = meta.cross_fit(train, n_factors=8, n_folds=5, seed=seed)
small = models.MAML(n_outer=30, seed=seed).fit(train, knowledge)
theta, alphas = small.parameters()
{name: tuple(value.shape) for name, value in theta.items()}

# %% [markdown]
# The whole inner loop is a few lines, and the outer gradient is one line more. Here it is from scratch with PyTorch's plain automatic
# differentiation and a Python loop over people:

# %%
def loop_over_people(theta, alphas, batch, n_steps=3, damping=5.0, create_graph=True):
    """Mean query loss after adaptation, one person after the other."""
    total = 0.0
    for x, y, mask, x_query, y_query, mask_query in zip(*batch):
        moved = dict(theta)
        for _ in range(n_steps):
            error = y - meta.forward(moved, x)
            loss = (mask * error**2).sum() / (mask.sum() + damping)
            slopes = torch.autograd.grad(loss, list(moved.values()), create_graph=create_graph)
            moved = {n: moved[n] - alphas[n] * g for n, g in zip(moved, slopes)}
        error = y_query - meta.forward(moved, x_query)
        total = total + (mask_query * error**2).sum() / mask_query.sum()
    return total / len(batch.inputs)


def mapped_over_people(theta, alphas, batch, n_steps=3, damping=5.0, first_order=False):
    """The same with torch.func: write it for one person, map it over all."""
    def one(task):
        moved = meta.adapt(theta, alphas, task, n_steps, damping, first_order)
        return meta.query_loss(moved, task)

    return vmap(one)(batch).mean()

# %%
def outer_gradient(loss, *args, **options):
    start = {n: v.clone().requires_grad_() for n, v in theta.items()}
    value = loss(start, alphas, *args, **options)
    return dict(zip(start, torch.autograd.grad(value, list(start.values()))))


draw = np.random.default_rng(seed)
episodes = meta.Tasks(train).draw(draw, n_tasks=64, n_support=20, n_query=32)
_, batch = small.adapted(episodes)  # the tasks as tensors
looped = outer_gradient(loop_over_people, batch)
mapped = outer_gradient(mapped_over_people, batch)
apart = max(float((looped[n] - mapped[n]).abs().max()) for n in theta)
assert apart < 1e-5

# %%
def one_after_the_other(theta, alphas, batch):
    """The mapped function's own code, called for one person at a time."""
    alone = [meta.Batch(*(part[None] for part in task)) for task in zip(*batch)]
    return sum(mapped_over_people(theta, alphas, task) for task in alone) / len(alone)


def seconds(function, n_runs):
    """Processor time of the fastest run."""
    took = []
    for _ in range(n_runs):
        start = time.process_time()
        outer_gradient(function, batch)
        took.append(time.process_time() - start)
    return min(took)


at_once = seconds(mapped_over_people, 40)
ratio = seconds(one_after_the_other, 3) / at_once
plain_ratio = seconds(loop_over_people, 3) / at_once

# %% tags=["say", "remove-input", "nbval-ignore-output"]
mr.say(f"""
Both give the same gradient, to the last digits. `vmap` turns {len(batch.inputs)} small matrix products into one. On this machine the mapped function, called for one person after the other, is {ratio:.0f} times slower than for all at once, and the plain loop
above {plain_ratio:.0f} times.
""")

# %% [markdown]
# ### Checked against finite differences
#
# A gradient of a gradient is easily wrong without anybody noticing: training still makes progress. So we move one parameter by a little, run
# the inner loop again, and look at the loss.

# %%
def finite_difference(name, at, width=1e-4):
    values = []
    for move in (width, -width):
        moved = theta[name].clone()
        moved[at] += move
        values.append(mapped_over_people(theta | {name: moved}, alphas, batch))
    return float(values[0] - values[1]) / (2 * width)


first = outer_gradient(mapped_over_people, batch, first_order=True)
places = [("head", (0,)), ("head", (5,)), ("weight1", (0, 3)), ("bias1", (7,))]
checked = pd.DataFrame({
    "moved": [f"{n}{list(at)}" for n, at in places],
    "finite difference": [finite_difference(n, at) for n, at in places],
    "MAML": [float(mapped[n][at]) for n, at in places],
    "first order": [float(first[n][at]) for n, at in places],
}).set_index("moved")
flat = {
    name: torch.cat([v.flatten() for v in slopes.values()])
    for name, slopes in (("MAML", mapped), ("first", first))
}
cosine = float(torch.nn.functional.cosine_similarity(flat["MAML"], flat["first"], dim=0))
worst = (checked["MAML"] / checked["finite difference"] - 1).abs().max()
checked.round(5)

# %% tags=["say", "remove-input"]
length = float(flat["first"].norm() / flat["MAML"].norm())
mr.say(f"""
MAML's column agrees. The first-order gradient is another vector, {length:.1f} times as long, and the cosine of the two is {cosine:.2f}. Does it lead to another place? In the toy it did, for steep tasks wanted to start elsewhere. How steep a person's task is depends
mostly on $k$, which we draw by lot: it has nothing to do with taste. So the toy says: people are the harmless case. We shall see.
""")

# %% [markdown]
# ## The same budget for everybody
#
# Six methods, one network, one protocol. Each may try the same four pairs of step size and damping on the validation people, with a third of the outer steps. Reptile's inner loop sees all ratings
# of a task at once, MeLU reads contents: what suits one need not suit the other, and each keeps its own best.
#
# **{term}`MeLU`** {cite}`lee2019melu` deserves a word. It was made for cold starts. It embeds the content of the item (here: genres and year) and facts about the
# person (sex, age group, occupation), and passes both through *decision layers*; the embeddings are the same for all, the decision layers adapt. We give it
# the same residuals as the others: what it predicts comes on top of the rating that is expected of a stranger.

# %%
people = meta.person_facts(ratings.users)  # [people, facts], 0 or 1


class MeLU(models.MeLU):
    """MeLU that knows sex, age group and occupation of everybody."""

    def fit(self, ratings, knowledge=None):
        return super().fit(ratings, knowledge, people)

# %%
kinds = {
    "MAML": models.MAML(),
    "FOMAML": models.MAML(first_order=True),
    "Reptile": models.Reptile(),
    "ANIL": models.ANIL(),
    "Meta-SGD": models.MetaSGD(),
    "MeLU": MeLU(),
}
GRID = [(0.5, 5), (1.0, 5), (2.0, 10), (2.0, 20)]  # step size α, damping λ

# %%
validation = split.validation.episodes()


def errors(method, episodes):
    """RMSE of each person."""
    scored = evaluation.score({"": method}, train, episodes)
    return scored.values("", "rmse").to_numpy()


def on_validation(method, lr, damping):
    method.set_params(inner_lr=lr, damping=damping).fit(train, knowledge)
    return np.mean([errors(method, validation.first(k)) for k in (1, 5, 20)])


tuned, budget = {}, {}
for name, kind in kinds.items():
    kind.set_params(n_outer=OUTER // 3, seed=seed, device="cpu")
    tried = {point: on_validation(kind, *point) for point in GRID}
    lr, damping = min(tried, key=tried.get)
    tuned[name] = kind.set_params(inner_lr=lr, damping=damping, n_outer=OUTER)
    budget[name] = {f"α = {a:g}, λ = {c}": error for (a, c), error in tried.items()}
pd.DataFrame(budget).T.rename_axis(columns="RMSE, validation").round(3)

# %% [markdown]
# ### What the test people say
#
# The rivals are those that the book has: the bias of item and user, hierarchical Bayes, and the same with contents. Each tries four settings on the same people. Two more rows are there for the section after the next: they are Meta-SGD and MAML as
# above, but *leaking*.

# %%
RIVALS = {
    "item + user bias": (models.Bias(), {"user_shrinkage": [1, 2, 4, 8]}),
    "hierarchical Bayes": (
        models.HierarchicalBayes(seed=seed), {"n_factors": [4, 8], "n_sweeps": [10, 30]}),
    "hierarchical Bayes + content": (
        models.ContentBayes(seed=seed), {"n_factors": [8, 16], "regularization": [3, 30]}),
}  # fmt: skip
rivals, budget = evaluation.tune_each(RIVALS, train, split.validation)
budget.round(4)

# %%
leaks = {
    f"{name}, leaking": clone(tuned[name]).set_params(n_folds=1)
    for name in ("MAML", "Meta-SGD")
}  # fmt: skip
result = evaluation.experiment.few_shot(
    tuned | leaks | rivals, train, split.test, costs=True
)
board = result.summary()
mr.leaderboard.table(board, "newcomers", "rmse").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "RMSE against the number of known ratings for item and user bias, MeLU, MAML, Meta-SGD and hierarchical Bayes. All start close together. The bias falls least, MeLU a little more; MAML, Meta-SGD and hierarchical Bayes fall together, with hierarchical Bayes lowest at twenty ratings."}, "figure": {"caption": "Newcomers, 95 % intervals over people.", "name": "fig-11-kcurve"}}
plots.k_curve(board, title="A learned start with learned steps comes close to the exact answer",
              methods=["item + user bias", "MeLU", "MAML", "Meta-SGD", "hierarchical Bayes"]);

# %%
def over(method, rival, k):
    return result.difference(method, rival, "rmse", k)


gaps = pd.DataFrame({
    f"k = {k}": {name: f"{over(name, 'hierarchical Bayes', k):.3f}" for name in tuned}
    for k in (1, 5, 20)
}).rename_axis("minus hierarchical Bayes")  # fmt: skip

# %% tags=["say", "remove-input"]
maml = tuned["MAML"].fit(train, knowledge)
twin = clone(maml).set_params(first_order=True).fit(train, knowledge)
shown = split.test.episodes()  # the first draw
second_order = evaluation.paired(errors(maml, shown), errors(twin, shown))


def gain(name):
    return result.mean(name, "rmse", 0).mean - result.mean(name, "rmse", 20).mean


best_20 = min(tuned, key=lambda name: result.mean(name, "rmse", 20).mean)
mr.say(f"""
{mr.as_table(gaps, "RMSE minus that of hierarchical Bayes")}

All of them learn from a support: from no rating to 20 Meta-SGD gains {gain("Meta-SGD"):.3f} stars, hierarchical Bayes {gain("hierarchical Bayes"):.3f}, the bias {gain("item + user bias"):.3f}. With five ratings MAML is within {abs(over("MAML", "hierarchical Bayes", 5).mean):.3f} of hierarchical Bayes; at 20 the best of them, {best_20}, is
{over(best_20, "hierarchical Bayes", 20).mean:.3f} behind, and hierarchical Bayes with contents is further ahead. That is no disgrace for methods that were told neither that tastes are Gaussian nor that ratings are sums, and it is no reason to use them here.

MAML and FOMAML, each with the step size that suits it, differ by {over("MAML", "FOMAML", 20):.3f} at 20 ratings; with the settings of MAML for both it is {second_order:.4f} (first draw). As the toy foretold, among people the second derivatives hardly pay for what they cost. MeLU, which reads contents and not factors, ends {over("MeLU", "item + user bias", 20):.3f} from the bias: it has learned who is generous, and of taste hardly anything that
genre, year and occupation could tell.
""")

# %% [markdown]
# ## Learned step sizes
#
# Where plain MAML has one step size, Meta-SGD has one for each parameter. What has it made of them? They all began at the same value.

# %%
meta_sgd = tuned["Meta-SGD"].fit(train, knowledge)
_, learned = meta_sgd.parameters()
growth = {n: (v / meta_sgd.inner_lr).flatten().numpy() for n, v in learned.items()}
typical = {n: float(np.median(v)) for n, v in growth.items()}
together = np.concatenate(list(growth.values()))
widely = float(np.quantile(together, 0.95) / np.quantile(together, 0.05))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows of dots, one for each group of parameters, on a logarithmic axis of learned step size divided by its start. Each row spreads widely to both sides of one; the dots of the body lie further to the right than those of the head."}, "figure": {"caption": "Learned step sizes of Meta-SGD divided by where they started, one dot a parameter, by layer. The bars are medians.", "name": "fig-11-steps"}}
fig, ax = plots.figure("No step stays what it was, and the head's stay shorter", "learned step size / its start (logarithmic)", "layer", height=2.8)
names = {"weight1": "body, weights", "bias1": "body, biases", "head": "head"}
jitter = np.random.default_rng(0)
for y, (name, values) in enumerate(growth.items()):
    color = (BLUE, GREEN, RED)[y]
    ax.plot(values, y + jitter.uniform(-0.22, 0.22, len(values)), "o", ms=3, alpha=0.5, color=color)
    ax.plot([typical[name]] * 2, [y - 0.35, y + 0.35], color=INK, lw=2)
ax.set_xscale("log")
ax.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
ax.minorticks_off()
ax.set_yticks(range(3), [names[n] for n in growth]);

# %% tags=["say", "remove-input"]
gain_sgd = over("Meta-SGD", "MAML", 20)
mr.say(f"""
The medians are {typical["head"]:.1f} in the head and {typical["weight1"]:.1f} for the weights of the body, and nine tenths of all sizes lie within a factor of {widely:.0f}. What has it brought? At 20 ratings Meta-SGD differs from MAML by {gain_sgd:.3f}. A diagonal of step sizes is
more than a number, and much less than the matrix of {{eq}}`eq-11-preconditioned`, which changes with the support.
""")

# %% [markdown]
# ### How many steps at test time?
#
# Training used three steps. A fitted method can be asked with any number; 0 is the starting point itself. More steps fit the support better. Do they fit the person better?

# %%
STEPS = [0, 1, 2, 3, 5, 7, 10, 15, 20]


by_steps = {}
for name, method in (("MAML", maml), ("Meta-SGD", meta_sgd)):
    for k in (2, 20):
        by_steps[name, k] = np.array([
            errors(method.set_params(inner_steps=n), shown.first(k)) for n in STEPS
        ])  # fmt: skip
    method.set_params(inner_steps=3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, RMSE against the number of inner steps at test time, for MAML and Meta-SGD. With two known ratings the error falls for the first steps and then rises. With twenty known ratings it falls steeply and stays low."}, "figure": {"caption": "RMSE of the test people (first draw) by the number of inner steps at test time. The dotted line marks the three steps of the training.", "name": "fig-11-inner"}}
fig, axes = plots.figure("With two ratings, walking on does harm; twenty forgive it longer", "inner steps at test time", "RMSE in stars", panels=["2 known ratings", "20 known ratings"], height=3.6)
for ax, k in zip(axes, (2, 20)):
    for name, color, marker in (("MAML", BLUE, "o"), ("Meta-SGD", RED, "s")):
        ax.plot(STEPS, by_steps[name, k].mean(1), marker + "-", color=color, ms=4)
    ax.axvline(3, color=GREY, ls=":", lw=1.2)
plots.label_ends(axes[1], {n: (by_steps[n, 20].mean(1)[-1], c) for n, c in (("MAML", BLUE), ("Meta-SGD", RED))})

# %%
last, third = STEPS.index(20), STEPS.index(3)
too_far = evaluation.paired(by_steps["MAML", 2][last], by_steps["MAML", 2][third])
best_step = int(np.argmin(by_steps["MAML", 20].mean(1)))
gained = (by_steps["MAML", 20][best_step] - by_steps["MAML", 20][third]).mean()

# %% tags=["say", "remove-input"]
mr.say(f"""
From three steps to twenty the error with two ratings changes by {too_far:.3f}. With twenty ratings the best number of steps on this draw is {STEPS[best_step]}, where the error is {-gained:.3f} lower than after three. Stopping early is the only prior that a gradient method has: how far it
walks is how much it believes the support. The right distance depends on $k$; the damping helps, but one number of steps cannot be right for all.
""")

# %% [markdown]
# ## Reuse or rapid learning?
#
# Does the inner loop learn new features for each person, or does it only read out differently what the body offers? {cite:t}`raghu2020anil` asked this of MAML and answered: reuse. We compare what comes out of
# each layer before and after the adaptation, over the films of the query. The measure is **{term}`CKA`** {cite}`kornblith2019cka`: for the outputs $\mathbf O$ and $\mathbf O'$ of a layer before and after, one row a film, columns centred,
#
# $$
# \operatorname{CKA} = \frac{\lVert \mathbf O^\top \mathbf O' \rVert^2}{\lVert \mathbf O^\top \mathbf O \rVert \, \lVert \mathbf O'^\top \mathbf O' \rVert},
# $$ (eq-11-cka)
#
# which is 1 when they are the same up to a rotation and a scale. A network with two hidden layers, to have something to compare:

# %%
settings = {"inner_lr": maml.inner_lr, "damping": maml.damping, "n_outer": OUTER // 2}
deep = models.MAML(n_hidden=2, **settings, seed=seed).fit(train, knowledge)


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return float((x.T @ y).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm()))


before, _ = deep.parameters()
after, tasks = deep.adapted(shown)
alike = []
for u in range(len(shown)):
    films = tasks.query_inputs[u][tasks.query_mask[u] > 0]
    own = {n: v[u] for n, v in after.items()}
    old, new = (
        [*meta.hidden(p, films), meta.forward(p, films)[:, None]]
        for p in (before, own)
    )
    alike.append([cka(x, y) for x, y in zip(old, new)])
alike = pd.DataFrame(alike, columns=["hidden layer 1", "hidden layer 2", "prediction"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rows of dots, one a test person, on an axis of likeness from zero to one. Both hidden layers lie at one. The predictions spread over the whole range."}, "figure": {"caption": "Likeness (CKA) of what each layer gives before and after the adaptation to twenty ratings, one dot a test person; the bar is the mean.", "name": "fig-11-cka"}}
fig, ax = plots.figure("The features stay; what changes is how they are read", "CKA, before and after adaptation (1 is the same)", "layer", height=2.8)
for y, name in enumerate(alike):
    ax.plot(alike[name], y + jitter.uniform(-0.22, 0.22, len(alike)), "o", ms=3, alpha=0.5, color=(BLUE, GREEN, RED)[y])
    ax.plot([alike[name].mean()] * 2, [y - 0.35, y + 0.35], color=INK, lw=2)
ax.set_xlim(-0.03, 1.03)
ax.set_yticks(range(3), list(alike));

# %%
anil_gap = {k: over("ANIL", "MAML", k) for k in (1, 5, 20)}

# %% tags=["say", "remove-input"]
mr.say(f"""
Before and after twenty ratings the hidden layers are alike to {alike["hidden layer 1"].mean():.3f} and {alike["hidden layer 2"].mean():.3f}, the predictions to {alike["prediction"].mean():.2f}. It is reuse, and ANIL, which *forbids* the body to
move, differs from MAML at 20 ratings by {anil_gap[20]:.4f}. Here one can even see why. A stranger is predicted without any offset, so the starting head is near zero; the gradient of the body contains the head as a factor, so it is near zero
too. A start that must say nothing about strangers cannot tell its body where to go.
""")

# %% [markdown]
# ## The pitfall: features that have seen the person
#
# Our first versions of these methods read item factors that were fitted once, on all training people, and then meta-trained on *the same people*. It looks innocent: no test person is involved. But the
# factors of a film contain the ratings of those who rated it, so each training person finds a trace of the own ratings, those of the query included, in the features. In training the support seems to tell more than it will
# ever tell about a newcomer, and the meta-learner concludes: trust it, take long steps.
#
# The remedy is **{term}`cross-fitting`**, as chapter 07 did it for films: five folds of people, five models, each fitted without one fold; a person of that fold reads the film vectors of the model that has never seen them. Each model has axes of its own, so its vectors are
# turned onto those of the model of everybody, which newcomers read. The two *leaking* rows of the table had the very same settings, without this.

# %%
leak_cost = {
    (name, k): over(f"{name}, leaking", name, k)
    for name in ("MAML", "Meta-SGD") for k in (0, 1, 2, 5, 10, 20)
}  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "The price of the leak in stars against the number of known ratings. For Meta-SGD it rises to about a hundredth of a star and a little more at one to five ratings and falls towards twenty; for MAML it is small and positive. Bars are intervals over people."}, "figure": {"caption": "What the leak costs newcomers: RMSE with features that have seen the training people, minus RMSE with cross-fitted ones. 95 % intervals over people.", "name": "fig-11-leak"}}
fig, ax = plots.figure("A method that can learn to trust too much, does", plots.K_LABEL, "RMSE, leaking minus cross-fitted, stars")
for shift, (name, color) in zip((-0.05, 0.05), (("MAML", BLUE), ("Meta-SGD", RED))):
    costs = [leak_cost[name, k] for k in (0, 1, 2, 5, 10, 20)]
    xs = np.arange(6) + shift
    ax.plot(xs, [c.mean for c in costs], "o-", color=color)
    ax.vlines(xs, [c.low for c in costs], [c.high for c in costs], color=color, alpha=0.6)
ax.axhline(0, color=GREY, lw=1)
ax.set_xticks(range(6), ["0", "1", "2", "5", "10", "20"])
plots.label_ends(ax, {n: (leak_cost[n, 20].mean, c) for n, c in (("MAML", BLUE), ("Meta-SGD", RED))})

# %% tags=["say", "remove-input"]
mr.say(f"""
Meta-SGD loses {leak_cost["Meta-SGD", 2].mean:.3f} stars with two ratings and {leak_cost["Meta-SGD", 5].mean:.3f} with five. At twenty the difference is {leak_cost["Meta-SGD", 20]:.3f}: there long steps are what one wants, leak or not, as {{numref}}`fig-11-inner` showed. MAML loses almost nothing, {leak_cost["MAML", 5].mean:.3f} with
five, for its step size was chosen on validation people and cannot grow in training. A leak harms in proportion to the freedom to exploit it.
""")

# %% [markdown]
# ## Whom should MeLU ask?
#
# The paper of MeLU has a second idea {cite}`lee2019melu`: **evidence candidates**, the films to ask a newcomer about. A film is a good question if rating it moves the decision layers far, and if the newcomer is likely to know it. So multiply the
# mean length of its gradient by its popularity, both scaled to one. To test it, each test person shows five of twenty ratings: five at random, the five best candidates, or the five most popular.

# %%
melu = tuned["MeLU"].fit(train, knowledge)
candidates = meta.evidence_candidates(melu, train)
popular = train.item_counts().astype(float)
top = ratings.items["title"].iloc[np.argsort(-candidates)[:5]]


def ask(episodes, score, k=5):
    """Show the k ratings of the support with the highest score."""
    order = np.argsort(-np.where(episodes.support_mask, score[episodes.support_items], -1), axis=1)
    parts = {
        f"support_{p}": np.take_along_axis(getattr(episodes, f"support_{p}"), order, 1)
        for p in ("items", "ratings", "mask")
    }
    return dataclasses.replace(episodes, **parts).first(k)

# %%
asked_by = {
    "random": shown.first(5),
    "evidence candidates": ask(shown, candidates),
    "popular": ask(shown, popular),
}
evidence = {}
for name, method in (("MeLU", melu), ("Meta-SGD", meta_sgd)):
    found = {how: errors(method, episodes) for how, episodes in asked_by.items()}
    for how in ("evidence candidates", "popular"):
        evidence[name, how] = evaluation.paired(found[how], found["random"])

# %% tags=["say", "remove-input"]
overlap = len(set(np.argsort(-candidates)[:20]) & set(np.argsort(-popular)[:20]))
mr.say(f"""
The first candidates are {"; ".join(f"*{t}*" for t in top)}. Of the first twenty, {overlap} are also among the twenty most popular. Against five random ratings, asking for the candidates changes the error of MeLU by {evidence["MeLU", "evidence candidates"]:.3f} and that of Meta-SGD by
{evidence["Meta-SGD", "evidence candidates"]:.3f}; asking for the most popular, by {evidence["MeLU", "popular"]:.3f} and {evidence["Meta-SGD", "popular"]:.3f}. Neither choice beats the lot. The idea needs an "if likely to know it" that we do not have:
our people can only be asked about what they have rated, and the films that everybody has seen are the ones that tell least about a taste.
""")

# %% [markdown]
# ## A warning: a table at the level of chance
#
# [Chapter 02](02_how_to_know_that_it_works) ended with a published table in which MeLU ranks ten films of a person with a precision@5 of .5061 {cite}`recbolemetarec2022`: five of the ten are relevant, so a coin gives one half. Let us make that table with our own, in miniature: ten
# random films of each test person are ranked, the five best rated are relevant, up to twenty others are shown.

# %%
rng = np.random.default_rng(seed)
supports, queries = [], []
for _, items, stars in mr.data.splits.people(split.test.ratings):
    order = rng.permutation(len(items))
    queries.append((items[order[:10]], stars[order[:10]]))
    supports.append((items[order[10:30]], stars[order[10:30]]))
who = np.sort(split.test.ratings.users.index)
tens = mr.data.Episodes.pack(who, ratings.items.index, supports, queries)
lots = tens.query_ratings + rng.random(tens.query_ratings.shape) / 100
five = lots >= np.sort(lots, axis=1)[:, 5, None]

# %% tags=["nbval-ignore-output"]
full_melu = melu.predict(tens)
expected = melu.expected_[tens.query_items]
scores = {
    "coin": rng.random(five.shape),
    "MeLU, its network alone": full_melu - expected,
    "item mean": models.ItemMean().fit(train).predict(tens),
    "MeLU": full_melu,
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed).fit(train).predict(tens),
}
precise = {n: evaluation.precision(s, five, 5) for n, s in scores.items()}
ordered = {n: evaluation.ndcg(s, five, 5) for n, s in scores.items()}
texts = pd.DataFrame({
    "precision@5": {n: f"{evaluation.bootstrap(v):.2f}" for n, v in precise.items()},
    "nDCG@5": {n: f"{evaluation.bootstrap(v):.2f}" for n, v in ordered.items()},
})  # fmt: skip
texts

# %% tags=["say", "remove-input"]
mr.say(f"""
Take the rating expected of a stranger away from our MeLU, and what its network adds by itself ranks with a precision of {precise["MeLU, its network alone"].mean():.2f}: of all that it knows about which films are good, nearly everything was in the item mean ({precise["item mean"].mean():.2f}).
With it MeLU reaches {precise["MeLU"].mean():.2f}, and hierarchical Bayes {precise["hierarchical Bayes"].mean():.2f}. So there are two lessons. A table without the rows *coin* and *item mean* says nothing. And a network that has to find out from contents alone which films are good has a hard
task that an average solves for free; give it the average, and let it learn the rest.
""")

# %%
mr.leaderboard.save("11", result.only(methods=list(tuned)));

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("toy: loss of FOMAML's start, in MAML's", losses["FOMAML"] / losses["MAML"], 1.56, 1.57)
mr.check("toy: loss of Reptile's start, in MAML's", losses["Reptile"] / losses["MAML"], 3.24, 3.26)
mr.check("outer gradient against finite differences, relative", worst, high=0.001, show=False)
mr.check("mapped and looped gradients, largest difference", apart, high=1e-5, show=False)
mr.check("times slower: the loop over 64 people", ratio, low=10, show=False)

# %% tags=["claims"]
learned_starts = [name for name in tuned if name != "MeLU"]
mr.check("MAML: RMSE at k = 20", result.mean("MAML", "rmse", 20).mean, 0.89, 0.93)
mr.check("MeLU: RMSE at k = 20", result.mean("MeLU", "rmse", 20).mean, 0.91, 0.96)
for name in learned_starts:
    behind = over(name, "hierarchical Bayes", 20)
    mr.check(f"{name} minus hierarchical Bayes, k = 20", behind, -0.006, 0.02)
    mr.check(f"{name} minus bias, k = 20", over(name, "item + user bias", 20), high=-0.005)
near_5 = over("MAML", "hierarchical Bayes", 5)
mr.check("MAML minus hierarchical Bayes, k = 5", near_5, -0.005, 0.012)
mr.check("MeLU minus bias, k = 20", over("MeLU", "item + user bias", 20), -0.015, 0.01)
mr.check("MAML minus first order, same settings", second_order, -0.003, 0.003)
mr.check("ANIL minus MAML, k = 20", anil_gap[20], -0.003, 0.003)
mr.check("Meta-SGD minus MAML, k = 20", gain_sgd, -0.005, 0.008)

# %% tags=["claims"]
for k in (2, 5):
    mr.check(f"the leak costs Meta-SGD, k = {k}", leak_cost["Meta-SGD", k], low=0)
mr.check("the leak costs Meta-SGD, k = 20", leak_cost["Meta-SGD", 20], -0.01, 0.015)
mr.check("the leak costs MAML, k = 5", leak_cost["MAML", 5], -0.002, 0.005)
mr.check("20 steps instead of 3, two ratings", too_far, low=0.01)
mr.check("best number of steps, twenty ratings", STEPS[best_step], 2, 10)
least_alike = alike.iloc[:, :2].min(axis=None)
mr.check("hidden layers before and after, least alike", least_alike, 0.97, 1)
mr.check("predictions before and after", alike["prediction"].mean(), 0.1, 0.45)
longer = typical["weight1"] / typical["head"]
mr.check("learned steps: body over head", longer, 1, 3)
mr.check("learned steps: 95 % over 5 %", widely, 3, 15)
for name in ("MeLU", "Meta-SGD"):
    asking = evidence[name, "evidence candidates"]
    mr.check(f"{name}: candidates minus random five", asking, low=-0.03)
network, average = (precise[n] for n in ("MeLU, its network alone", "item mean"))
mr.check("precision@5 of MeLU's network alone", network.mean(), 0.49, 0.58)
mr.check("the item mean minus it", evaluation.paired(average, network), low=0.02)

# %% [markdown]
# ## Take-aways
#
# 1. MAML differentiates through its own training step: the outer gradient is the query's gradient times $\mathbf I - \alpha \nabla^2 \mathcal L$. Check it against finite differences.
# 2. Second derivatives matter when tasks differ in curvature and steps are long. Among people, with damped steps, first order is as good.
# 3. Here the inner loop reuses features and moves the head. ANIL is MAML for less.
# 4. Features fitted on the people one meta-trains on teach the method to trust supports too much. Cross-fit them.
# 5. With equal care, learned starts and steps come near hierarchical Bayes and do not beat it. Put a coin and the item mean beside every row.

# %% [markdown]
# ## Exercises
#
# ```{exercise} A step by hand
# :label: ex-11-hand
# :class: grade-1
#
# *Easy.* In the first example, let the person have rated only the first film ($k = 1$). Compute $\theta_u$, the query's error and its derivative with respect to $\theta$.
# ```
#
# ````{solution} ex-11-hand
# :class: dropdown
#
# The slope is $-2 \cdot \frac{3}{2} / 3 = -1$, so $\theta_u = \frac{2}{5}$ and the error is $(\frac35)^2 = \frac{9}{25}$. The derivative of the end is $1 - \frac25 \cdot \frac23 = \frac{11}{15}$, and that of the query is $-2 \cdot \frac35 \cdot \frac{11}{15} = -\frac{22}{25}$.
# ````
#
# ```{exercise} Where first order fails
# :label: ex-11-diverge
# :class: grade-2
#
# *Medium.* In the toy, raise $\alpha$ to $\frac25$. Where do MAML and FOMAML go? Explain the sign.
# ```
#
# ````{solution} ex-11-diverge
# :class: dropdown
#
# For the steep task $1 - \alpha \rho = -\frac35$: the step overshoots. MAML's weights are $\frac{9}{25}$ and $\frac{36}{25}$, and it ends at $\frac45$. FOMAML's are $\frac35$ and $-\frac{12}{5}$: their sum is negative, its direction points uphill, and it runs away.
#
# ```python
# w = curved * (1 - 0.4 * curved)
# walk(lambda theta: (w * (theta - best_at)).sum())
# ```
# ````
#
# ```{exercise} A damping for each k
# :label: ex-11-damping
# :class: grade-2
#
# *Medium.* Tune `damping` of MAML together with `inner_lr` on the validation people. Is the gap to hierarchical Bayes closed?
# ```
#
# ````{solution} ex-11-damping
# :class: dropdown
#
# ```python
# grid = {"damping": [2, 5, 10], "inner_lr": [0.5, 1.0, 2.0]}
# print(evaluation.tune(tuned["MAML"], grid, train, split.validation))
# ```
#
# Longer steps want more damping, and the best pairs lie on a line. The gap at many ratings becomes smaller, not zero: one size in all directions is still not a matrix.
# ````
#
# ```{exercise} The exact step
# :label: ex-11-exact
# :class: grade-3
#
# *Hard.* Implement {eq}`eq-11-preconditioned` with the item vectors of a fitted `HierarchicalBayes`, ignoring the variance of the items, and compare its RMSE with that of `predict`. What do the variances add?
# ```
#
# ````{solution} ex-11-exact
# :class: dropdown
#
# ```python
# model = models.HierarchicalBayes(seed=seed).fit(train)
# a = np.column_stack([np.ones(len(model.item_mean_)), model.item_mean_[:, 1:]])
# found = []
# for items, stars in zip(shown.support_items, shown.support_ratings):
#     rest = stars - model.global_mean_ - model.item_mean_[items, 0]
#     precision = np.linalg.inv(model.user_covariance_) + a[items].T @ a[items] / model.noise_
#     slope = a[items].T @ (rest - a[items] @ model.user_mean_) / model.noise_
#     found.append(model.user_mean_ + np.linalg.solve(precision, slope))
# own = model.global_mean_ + model.item_mean_[:, 0] + np.array(found) @ a.T
# own = np.take_along_axis(own, shown.query_items, 1)
# mask = shown.query_mask
# print(evaluation.rmse(own, shown.query_ratings, mask=mask).mean(), errors(model, shown).mean())
# ```
#
# It is worse by a few thousandths: without the variances, films with few ratings count as if their vectors were known.
# ````

# %% [markdown]
# ## Quiz
#
# **1. FOMAML leaves the second derivatives out. What does it still need?**
#
# ::::{dropdown} A. Nothing but the support: it is ordinary training.
# :class-container: quiz wrong
# No. Its gradient is that of the query, taken at the end of the inner loop.
# ::::
# ::::{dropdown} B. The gradient of the query's loss, taken at $\theta_u$.
# :class-container: quiz right
# Right. It applies that gradient to $\theta$ as if start and end moved together.
# ::::
# ::::{dropdown} C. The Hessian, but only its diagonal.
# :class-container: quiz wrong
# No. It replaces the whole bracket by the unit matrix.
# ::::
#
# **2. MAML and ANIL give nearly the same errors. What follows?**
#
# ::::{dropdown} A. The body learned nothing.
# :class-container: quiz wrong
# No. The outer loop trains it. It is the inner loop that leaves it alone.
# ::::
# ::::{dropdown} B. Adapting the head is enough here: features are reused.
# :class-container: quiz right
# Right, and the CKA shows the same.
# ::::
# ::::{dropdown} C. Meta-learning is useless.
# :class-container: quiz wrong
# No. Both gain much from a few ratings.
# ::::
#
# **3. Item features were fitted on the training people, and no test person was involved. Why is that still a leak?**
#
# ::::{dropdown} A. Because test people may know training people.
# :class-container: quiz wrong
# No. The leak happens within training.
# ::::
# ::::{dropdown} B. Because in training the query's own ratings are in the features, so supports look more telling than they are.
# :class-container: quiz right
# Right. The method then takes longer steps than a newcomer's support deserves.
# ::::
# ::::{dropdown} C. It is none, as the test is clean.
# :class-container: quiz wrong
# No. The test is clean, and it is where the harm is seen.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`finn2017maml`: MAML and its first-order form, in eight pages.
# - {cite:t}`nichol2018reptile`: Reptile, and what first-order methods have in common.
# - {cite:t}`raghu2020anil`: reuse or rapid learning, and ANIL.
# - {cite:t}`li2017metasgd`: step sizes that are learned with the start.
# - {cite:t}`lee2019melu`: MeLU, and evidence candidates.
# - {cite:t}`grant2018recasting`: MAML as empirical Bayes, the bridge to chapter 10.

# %% [markdown]
# ## What comes next
#
# Steps are a slow way of learning from five numbers. Chapter 12 asks a network to read them instead, and to know the taste in one forward pass.
