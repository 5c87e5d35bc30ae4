# %% [markdown]
# # Recommendation as learning to learn
#
# You have never met the next person who comes in. But you have met many people. How much of what you learn
# about the next one can you know before she says a word, and how much must she tell you herself?

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** What can a thousand people teach about the next one?
#
# **You will be able to**
# - say what meta-learning optimises, and tell its three families apart;
# - derive the exact small case, hierarchical Bayes: posterior, predictive variance, EM, and the variational updates;
# - say when "a few samples suffice" is true, in ratings per direction of taste.
#
# **Before you start.** Chapters 02 and 04. Chapter 05 helps: it learns a prior over weights of features.
#
# **Time.** 60 minutes to read; less than 45 seconds to run on one core.
# :::

# %%
import copy

import numpy as np
import pandas as pd

import metarec as mr
from metarec import evaluation, models, plots

# %% tags=["parameters"]
full = False  # True: more draws of training people
seed = 0  # 0 is the text; 1, 2, … draw other people and starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, RED

SPLIT = mr.data.splits.SEED + seed
KS = list(mr.data.splits.K_SHOTS)
DRAWS = 10 if full else 3  # sets of training people of each size

# %% [markdown]
# ## A person is a task
#
# Machine learning in a textbook has one task and many examples of it. A recommender has it the other way round. For
# each person $u$ there is a small problem of its own: from the $k$ ratings that we know, her {term}`support`
# $\mathcal S_u$, predict those that we do not, the {term}`query` $\mathcal Q_u$. Together they are the {term}`task` $\mathcal T_u$.
# One task has few examples, but there are many tasks, and they resemble each other.
#
# **{term}`Meta-learning`** makes this the thing to optimise. An *adaptation* is any rule that reads a support and returns what is
# needed to predict for that person; it has parameters $\theta$ that all people share. We want the $\theta$ with which the
# adapted model errs least on the *query*, on average over people:
#
# $$
# \min_\theta \; \mathbb E_{u} \Bigl[ \mathcal L\bigl(\mathcal Q_u;\; \theta_u \bigr) \Bigr],
# \qquad \theta_u = \operatorname{adapt}(\theta, \mathcal S_u).
# $$ (eq-10-objective)
#
# The loss is taken *after* adapting and on ratings that the adaptation did not see. That is the difference from ordinary
# training, which asks for one $\theta$ that is good for everybody as it stands. The adaptation is the {term}`inner loop`, the search for
# $\theta$ the {term}`outer loop`.

# %% [markdown]
# ### Three families
#
# The methods differ in what `adapt` is.
#
# | family | how a person is adapted to | what is shared | as a recommender |
# |---|---|---|---|
# | **metric** {cite}`vinyals2016matching,snell2017prototypical` | $\hat r_{ui} = \sum_{j \in \mathcal S_u} a_{ij}\, r_{uj}$, with weights $a_{ij}$ from a learned similarity | the similarity | neighbours (chapter 03): your rating of a film votes on films like it |
# | **optimisation** {cite}`finn2017maml` | $\theta_u = \theta - \alpha \nabla_\theta \mathcal L(\mathcal S_u; \theta)$, once or a few times | the starting point $\theta$ | MeLU {cite}`lee2019melu`; chapter 11 |
# | **model-based** {cite}`garnelo2018cnp` | $\theta_u = f_\theta(\mathcal S_u)$: a network reads the support and answers | the network $f_\theta$ | neural processes and transformers over supports; chapter 12 |
#
# Behind all three stands one small case in which the best possible adaptation can be written down. If people's tastes are drawn from a
# known distribution, the {term}`prior`, the adaptation that minimises {eq}`eq-10-objective` for squared loss is the mean of the
# {term}`posterior`. No network and no optimiser can beat it; they can only approach it. So learning to learn becomes *learning the prior*.
# That gradient-based meta-learning can be read as inference in such a model was shown by {cite:t}`grant2018recasting`; we start from the model itself.

# %% [markdown]
# ## Two ratings, by hand
#
# First the smallest case: one number a person, her generosity $b_u$, how far she rates above what the films deserve.

# %% [markdown] tags=["worked-example"]
# Suppose that generosity is spread over people as $\mathcal N(m, \Sigma)$ with $m = 0$ and $\Sigma = 0.25$, and that a single rating
# scatters around a person's mean with variance $\sigma^2 = 1$. A newcomer gives two films one star and two stars more than they deserve.
#
# - Weigh by certainty. The prior counts $1/\Sigma = 4$; each rating counts $1/\sigma^2 = 1$.
# - The posterior's precision is the sum, $4 + 1 + 1 = 6$, its variance $1/6$.
# - Its mean is the weighted mean, $(4 \cdot 0 + 1 \cdot 1 + 1 \cdot 2)/6 = 0.5$.
#
# Her own mean is 1.5. We believe a third of it, for the prior is worth four ratings and she has given two. Of her next rating we say: half
# a star above what the film deserves, with variance $1/6 + 1$.

# %%
prior_mean, prior_variance, noise = 0.0, 0.25, 1.0
extra = np.array([1.0, 2.0])  # stars above what the films deserve
precision = 1 / prior_variance + len(extra) / noise
mean = (prior_mean / prior_variance + extra.sum() / noise) / precision
assert np.isclose(precision, 6)
assert np.isclose(mean, 0.5)
assert np.isclose(mean / extra.mean(), 1 / 3)

# %% [markdown]
# ## The exact case in full
#
# Now with taste. In {eq}`eq-factor-model` let the films' vectors $\mathbf w_i = (b_i, \mathbf v_i)$ be known. Everything personal is in
# $\mathbf z_u = (b_u, \mathbf p_u)$. Write $\mathbf x_i = (1, \mathbf v_i)$ for what it is multiplied by, and $\mathbf X_u$ for the matrix with one row
# $\mathbf x_i^\top$ for each film in the support. Let $\mathbf y_u$ hold what the support's ratings leave to explain, $r_{ui} - \mu - b_i$. Then the model of one person is
# a linear regression with a prior:
#
# $$
# \mathbf z_u \sim \mathcal N(\mathbf m, \boldsymbol\Sigma), \qquad
# \mathbf y_u \mid \mathbf z_u \sim \mathcal N(\mathbf X_u \mathbf z_u,\; \sigma^2 \mathbf I).
# $$ (eq-10-model)
#
# **Posterior.** The logarithm of prior times likelihood is, up to a constant,
# $-\tfrac12 (\mathbf z - \mathbf m)^\top \boldsymbol\Sigma^{-1} (\mathbf z - \mathbf m) - \tfrac1{2\sigma^2} \lVert \mathbf y_u - \mathbf X_u \mathbf z \rVert^2$.
# It is quadratic in $\mathbf z$, so the posterior is Gaussian; collect the quadratic and the linear terms:
#
# $$
# \boldsymbol\Sigma_u = \Bigl( \boldsymbol\Sigma^{-1} + \tfrac{1}{\sigma^2} \mathbf X_u^\top \mathbf X_u \Bigr)^{-1},
# \qquad
# \hat{\mathbf z}_u = \boldsymbol\Sigma_u \Bigl( \boldsymbol\Sigma^{-1} \mathbf m + \tfrac{1}{\sigma^2} \mathbf X_u^\top \mathbf y_u \Bigr).
# $$ (eq-10-posterior)
#
# The mean is a {term}`ridge regression` that pulls towards $\mathbf m$ instead of towards zero, and whose price is not one number $\lambda$ but the whole matrix
# $\sigma^2 \boldsymbol\Sigma^{-1}$: cheap in directions in which people differ, dear where they are all alike.
#
# **Predictive variance.** A new rating of film $i$ has mean $\mu + b_i + \mathbf x_i^\top \hat{\mathbf z}_u$ and variance
#
# $$
# \operatorname{Var}(r_{ui} \mid \mathcal S_u) = \mathbf x_i^\top \boldsymbol\Sigma_u \mathbf x_i + \sigma^2 .
# $$ (eq-10-predictive)
#
# The first part melts as ratings come in; the second stays.
#
# **The prior, by EM.** We do not know $\mathbf m$, $\boldsymbol\Sigma$ and $\sigma^2$. Many people together tell. Integrating $\mathbf z_u$ out of {eq}`eq-10-model`
# leaves the {term}`marginal likelihood`, which can be computed exactly:
#
# $$
# \mathbf y_u \sim \mathcal N\bigl(\mathbf X_u \mathbf m,\; \mathbf X_u \boldsymbol\Sigma \mathbf X_u^\top + \sigma^2 \mathbf I\bigr).
# $$ (eq-10-marginal)
#
# If the $\mathbf z_u$ were known, the best prior would be their mean and covariance. They are not, so the {term}`EM algorithm` {cite}`dempster1977maximum`
# takes expectations under the present posterior (E), maximises (M), and repeats. With $\lvert\mathcal U\rvert$ people and $N$ ratings in all,
#
# $$
# \begin{aligned}
# \mathbf m &\leftarrow \tfrac{1}{\lvert\mathcal U\rvert} \textstyle\sum_u \hat{\mathbf z}_u, \qquad
# \boldsymbol\Sigma \leftarrow \tfrac{1}{\lvert\mathcal U\rvert} \sum_u \bigl[ \boldsymbol\Sigma_u + (\hat{\mathbf z}_u - \mathbf m)(\hat{\mathbf z}_u - \mathbf m)^\top \bigr], \\
# \sigma^2 &\leftarrow \tfrac1N \textstyle\sum_u \bigl[ \lVert \mathbf y_u - \mathbf X_u \hat{\mathbf z}_u \rVert^2 + \operatorname{tr}(\mathbf X_u \boldsymbol\Sigma_u \mathbf X_u^\top) \bigr].
# \end{aligned}
# $$ (eq-10-em)
#
# *Why it cannot go down.* Let $q$ be any densities of the $\mathbf z_u$. Then $\log p(\mathbf y) = \mathbb E_q[\log p(\mathbf y, \mathbf z)] - \mathbb E_q[\log q(\mathbf z)] +
# \mathrm{KL}(q \,\|\, p(\mathbf z \mid \mathbf y))$, where the Kullback–Leibler divergence $\mathrm{KL}(q \,\|\, p) = \mathbb E_q[\log q - \log p]$ is never negative, and zero only if $q = p$. The E step makes it zero; the
# M step raises the first term, and the divergence, now of the old posterior from the new one, cannot be less than zero. So the left side rises or stays. $\square$
#
# In code, for many people at once:

# %%
def posterior(x, y, m, sigma, noise):
    """Means [people, d + 1] and covariances of z; x is [people, k, d + 1]."""
    gram = np.swapaxes(x, 1, 2) @ x
    covariance = np.linalg.inv(np.linalg.inv(sigma) + gram / noise)
    right = np.linalg.solve(sigma, m) + (y[:, None] @ x)[:, 0] / noise
    return (covariance @ right[:, :, None])[:, :, 0], covariance


def log_likelihood(x, y, m, sigma, noise):  # the marginal one, exact
    spread = x @ sigma @ np.swapaxes(x, 1, 2) + noise * np.eye(x.shape[1])
    left = (y - x @ m)[:, :, None]
    distance = (left * np.linalg.solve(spread, left)).sum()
    logs = np.linalg.slogdet(2 * np.pi * spread)[1].sum()
    return -0.5 * (distance + logs)

# %%
def em(x, y, n_steps=100):
    """Learn the prior and the noise; also the likelihood before each step."""
    size, rated = x.shape[-1], y.size
    m, sigma, noise, path = np.zeros(size), np.eye(size), 1.0, []
    for _ in range(n_steps):
        path.append(log_likelihood(x, y, m, sigma, noise))
        z, covariance = posterior(x, y, m, sigma, noise)
        m = z.mean(0)
        sigma = covariance.mean(0) + (z - m).T @ (z - m) / len(z)
        unexplained = ((y - (x @ z[:, :, None])[:, :, 0]) ** 2).sum()
        noise = (unexplained + (x @ covariance * x).sum()) / rated
    return m, sigma, noise, np.array(path)

# %% [markdown]
# ## People whose prior is known
#
# With real people nobody knows the true prior, so we cannot see whether it is found. We make a world in which we know: films with
# one trait, and people whose generosity and taste are drawn together from one Gaussian. Nothing that follows in this section is evidence about people. It is
# evidence about the method. Four hundred people rate six films each.

# %%
world = mr.data.simulated.world(seed=seed)


def people(n_people, n_ratings, draw):
    """Matrices X, what is to be explained y, and the true z."""
    made, z = world.people(n_people, n_ratings, seed=100 * seed + draw)
    w = world.item_vectors[made.positions()[1]].reshape(n_people, n_ratings, -1)
    given = made.table["rating"].to_numpy().reshape(n_people, n_ratings)
    x = np.concatenate([np.ones_like(w[..., :1]), w[..., 1:]], axis=-1)
    return x, given - world.global_mean - w[..., 0], z


x, y, tastes = people(400, 6, draw=1)
m, sigma, noise, path = em(x, y)
assert np.all(np.diff(path) > -1e-8)  # no step lowers the likelihood
each = np.array([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(x, y)])
TRUE = (world.user_mean, world.user_covariance)
PAIRS = [0, 0, 1], [0, 1, 1]
pd.DataFrame({
    "true": [*TRUE[0], *TRUE[1][PAIRS], world.noise],
    "EM": [*m, *sigma[PAIRS], noise],
    "each alone": [*each.mean(0), *np.cov(each.T)[PAIRS], np.nan],
}, ["mean of b", "mean of p", "variance of b", "covariance",
    "variance of p", "noise"]).round(2)  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "A scatter of people in the plane of generosity and taste with three ellipses. The ellipse of EM lies almost on that of the true prior; both are narrow and tilted upwards. The ellipse of the least-squares estimates of the single people is larger in every direction."}, "figure": {"caption": "Generosity and taste of simulated people: the true prior, the prior learned by EM from six ratings a person, and the spread of each person's own least squares (grey dots). Ellipses hold nine tenths of a Gaussian.", "name": "fig-10-ellipses"}}
fig, ax = plots.figure("Many people with six ratings each reveal the prior, though nobody's own estimate is any good",
                       "generosity b, stars", "taste p, stars per unit of the trait", height=4.4)  # fmt: skip
turn = np.linspace(0, 2 * np.pi, 200)
circle = np.sqrt(2 * np.log(10)) * np.stack([np.cos(turn), np.sin(turn)])  # holds nine tenths
ax.plot(*each.T, ".", color=GREY, ms=3, alpha=0.35)
for mean_, cov_, color, dash in ((*TRUE, INK, "-"), (m, sigma, BLUE, "--"), (each.mean(0), np.cov(each.T), RED, "-")):
    line = mean_[:, None] + np.linalg.cholesky(cov_) @ circle
    ax.plot(*line, dash, color=color, lw=2)
wide = each.mean(0)[:, None] + np.linalg.cholesky(np.cov(each.T)) @ circle
ax.text(wide[0].max() + 0.05, each[:, 1].mean() + 0.2, "each person\nalone", color=plots.readable(RED))
near = TRUE[0][:, None] + np.linalg.cholesky(TRUE[1]) @ circle
ax.annotate("true prior (solid) and\nthat of EM (dashed)", (near[0, 60], near[1, 60]), (-2.35, 2.3), color=INK,
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8})
ax.set_xlim(-2.5, 3.0)
ax.set_ylim(-2.4, 3.0);

# %% tags=["say", "remove-input"]
gap = np.linalg.norm(sigma - TRUE[1]) / np.linalg.norm(TRUE[1])
wide_gap = np.linalg.norm(np.cov(each.T) - TRUE[1]) / np.linalg.norm(TRUE[1])
mr.say(f"""
The covariance that EM finds is off by {mr.percent(gap)} (norm of the difference, over the norm of the truth); that of the least-squares estimates is off by {mr.percent(wide_gap)}. Six
noisy ratings cannot tell a person's two numbers: the red ellipse is the spread of people *plus* the spread of the errors. EM knows how large the errors must be, and takes
them off. It does not need to know anybody well in order to know what people are like.
""")

# %% [markdown]
# The same posterior is what the library computes for a newcomer. We give its model the truth by hand, and it must return ours:

# %%
oracle = models.HierarchicalBayes(n_factors=1)
oracle.items_ = np.arange(len(world.item_vectors))
oracle.global_mean_, oracle.noise_ = world.global_mean, world.noise
oracle.user_mean_, oracle.user_covariance_ = TRUE
oracle.item_mean_ = np.vstack([world.item_vectors, [0, 0]])
oracle.item_covariance_ = np.zeros((len(oracle.item_mean_), 2, 2))

few, _ = world.people(50, 6, seed=100 * seed + 1)
rows = [(i, r) for _, i, r in mr.data.splits.people(few)]
asked = mr.data.Episodes.pack(few.users.index, few.items.index, rows, rows)
mine = posterior(*people(50, 6, draw=1)[:2], *TRUE, world.noise)
library = oracle.posterior(asked)
assert np.allclose(library.mean, mine[0])
assert np.allclose(library.covariance, mine[1])

# %% [markdown]
# ### What a newcomer gains
#
# Now a thousand newcomers from the same world. We show $k$ ratings of each and measure how far the prediction is from her *true* mean
# rating of other films, without the noise that nobody can predict. Five ways to adapt:
#
# - **true prior**: {eq}`eq-10-posterior` with the truth. On average no adaptation can do better: this is the lower bound.
# - **learned prior**: the same with what EM found.
# - **ridge to zero**: the usual price $\lambda$, tuned for each $k$ on newcomers of its own.
# - **each alone** (no pooling): least squares from her own ratings.
# - **all alike** (complete pooling): everybody gets $\mathbf m$, whatever she says.

# %%
def alone(x, y):
    return np.array([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(x, y)])


def ridge(x, y, price):
    return posterior(x, y, np.zeros(2), np.eye(2) / price, 1.0)[0]


def missed(z, x_query, true):
    """A person's RMSE from her own true mean ratings: [people]."""
    return np.sqrt(((x_query @ (z - true)[:, :, None]) ** 2).mean((1, 2)))

# %%
PRICES = [0.3, 1.0, 3.0, 10.0]
x_tune, y_tune, z_tune = people(1000, 40, draw=2)
x_new, y_new, z_new = people(1000, 40, draw=3)
# of the forty ratings the first k are the support, the last twenty the query
found = {}
for k in KS:
    shown = x_new[:, :k], y_new[:, :k]
    tune = x_tune[:, :k], y_tune[:, :k]
    tuned = [missed(ridge(*tune, p), x_tune[:, 20:], z_tune).mean() for p in PRICES]
    answers = {
        "true prior": posterior(*shown, *TRUE, world.noise)[0],
        "learned prior": posterior(*shown, m, sigma, noise)[0],
        "ridge to zero": ridge(*shown, PRICES[int(np.argmin(tuned))]),
        "each alone": alone(*shown),
        "all alike": np.broadcast_to(m, z_new.shape),
    }
    for name, z in answers.items():
        found[name, k] = missed(z, x_new[:, 20:], z_new)
curves = pd.Series({at: e.mean() for at, e in found.items()}).unstack(0)[list(answers)]
curves.T.round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error against the number of known ratings from zero to twenty for five ways to adapt. True prior and learned prior lie on top of each other and fall steadily. Ridge towards zero starts higher and comes near at twenty. Least squares of each person alone rises, leaves the frame at two ratings, and then falls. Complete pooling is a level line, best with no ratings and worst with many."}, "figure": {"caption": "Simulated newcomers: RMSE from the true mean rating after k ratings. The line of the true prior is the lower bound. The line of each alone leaves the frame at k = 2.", "name": "fig-10-bound"}}
fig, ax = plots.figure("A learned prior reaches the bound; to trust only her, or only the others, does not",
                       plots.K_LABEL, "error of the predicted mean rating, stars", height=4.2)  # fmt: skip
ends = {}
for name, color, dash in (("true prior", INK, "-"), ("learned prior", BLUE, "--"), ("ridge to zero", GREEN, "-"),
                          ("each alone", RED, "-"), ("all alike", GREY, "-")):
    ax.plot(range(len(KS)), curves[name], dash, color=color, marker="o" if dash == "-" else None, lw=2 if dash == "-" else 3)
    ends[name] = (curves[name].iloc[-1], color)
ax.set_xticks(range(len(KS)), [str(k) for k in KS])
ax.set_ylim(0, 1.3)
ax.set_xlim(-0.3, len(KS) - 0.8)
plots.label_ends(ax, ends)

# %%
to_bound = {k: evaluation.paired(found["learned prior", k], found["true prior", k]) for k in KS}
to_ridge = {k: evaluation.paired(found["learned prior", k], found["ridge to zero", k]) for k in KS}
to_alone = {k: evaluation.paired(found["learned prior", k], found["each alone", k]) for k in KS}
to_all = {k: evaluation.paired(found["learned prior", k], found["all alike", k]) for k in KS}

# %% tags=["say", "remove-input"]
mr.say(f"""
The learned prior stays within {max(i.mean for i in to_bound.values()):.3f} stars of the bound. Least squares with two ratings for two unknowns errs by several times as much as not asking at
all, {curves.loc[2, "all alike"]:.2f}: the two ratings' noise goes whole into the answer, and if the two films are alike it is multiplied. A tuned ridge is a good deal better, but with nothing known it stands at zero where people are not, and at $k = 2$ it is still
{-to_ridge[2].mean:.3f} behind the prior. At $k = 20$ it is {-to_ridge[20].mean:.3f} behind: data wash the prior out. This {{term}}`partial pooling` is the whole case for meta-learning, and its limit.
""")

# %% [markdown]
# ## The prior is a starting point
#
# Chapter 11 adapts by {term}`gradient descent`: start from $\theta$, take a few steps on the support, stop. What has that to do with a posterior?
# For the linear model the answer is exact.
#
# Measure $\mathbf z$ in the prior's own units: $\mathbf z = \mathbf m + \mathbf L \mathbf a$ with $\mathbf L \mathbf L^\top = \boldsymbol\Sigma$. Descend from $\mathbf a = \mathbf 0$, which is the prior's mean, on the loss of
# the support alone, $\tfrac{1}{2\sigma^2} \lVert \mathbf y_u - \mathbf X_u \mathbf m - \mathbf X_u \mathbf L \mathbf a \rVert^2$, with steps of size $\eta$. In the direction of an eigenvector of
# $\tfrac1{\sigma^2}\mathbf L^\top \mathbf X_u^\top \mathbf X_u \mathbf L$ with eigenvalue $\rho_j$ (how often the signal of that direction exceeds its noise), $n$ steps go the share
#
# $$
# 1 - (1 - \eta \rho_j)^n \quad\text{of the way to least squares; the posterior mean goes the share}\quad \frac{\rho_j}{1 + \rho_j}.
# $$ (eq-10-shares)
#
# Both go far where the support says much, and hardly move where it says little. Steps do not care about the prior, yet stopping early keeps us near it. And there is more. Stop
# at random: after each step go on with probability $c = 1/(1 + \eta)$. Then $n$ is geometric, $P(n) = (1 - c)\, c^n$, and the *average* over stopping times is
#
# $$
# 1 - \sum_{n=0}^\infty (1-c)\, c^n (1 - \eta\rho_j)^n = 1 - \frac{1 - c}{1 - c\,(1 - \eta \rho_j)} = \frac{\rho_j}{1 + \rho_j},
# $$ (eq-10-stopping)
#
# since $c\,\eta/(1-c) = 1$. **The posterior mean is gradient descent from the prior mean, averaged over a random moment of stopping.** No approximation; only the step must be small enough that
# $\lvert c\,(1 - \eta\rho_j) \rvert < 1$. We check it on the newcomers with five ratings.

# %%
K, ETA, STEPS = 5, 0.05, 600


def descend(x, y, start, lower, eta=ETA, n_steps=STEPS):
    """Yield z after 0, 1, 2, … steps; `lower` is L."""
    inside, a = x @ lower, np.zeros((len(x), 2))
    left = y - x @ start
    for _ in range(n_steps):
        yield start + a @ lower.T
        error = (inside @ a[:, :, None])[:, :, 0] - left
        a = a - eta * (error[:, None] @ inside)[:, 0] / world.noise


shown = x_new[:, :K], y_new[:, :K]
L = np.linalg.cholesky(sigma)
c = 1 / (1 + ETA)
average = sum((1 - c) * c**n * z for n, z in enumerate(descend(*shown, m, L)))
exact = posterior(*shown, m, sigma, world.noise)[0]
assert np.allclose(average, exact, atol=1e-6)

# %% [markdown]
# In practice one stops after a fixed number of steps. Three starts, each stopped at any step: the prior's mean in the prior's units; the prior's mean in plain units
# ($\mathbf L = \mathbf I$), which is what most programs do; and zero in plain units.

# %%
SHOW = 120
plain_units = np.sqrt(np.trace(sigma) / 2) * np.eye(2)  # steps of like size
starts = {
    "from m, in units of Σ": (m, L),
    "from m, plain": (m, plain_units),
    "from zero, plain": (np.zeros(2), plain_units),
}


def error_by_step(x, y, true, start):
    steps = descend(x[:, :K], y[:, :K], *start, n_steps=SHOW)
    return np.array([missed(z, x[:, 20:], true).mean() for z in steps])


by_step = {n: error_by_step(x_new, y_new, z_new, at) for n, at in starts.items()}
stop = {  # chosen on newcomers of their own
    n: int(np.argmin(error_by_step(x_tune, y_tune, z_tune, at)))
    for n, at in starts.items()
}
posterior_error = missed(exact, x_new[:, 20:], z_new).mean()
at_best = {name: by_step[name][n] for name, n in stop.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error against gradient steps for three starts. All fall, reach a lowest point and rise again. The start at the prior mean in units of the covariance is lowest and its lowest point almost touches the dashed line of the posterior mean. The plain start at the prior mean is a little higher; the start at zero begins highest and its lowest point lies highest."}, "figure": {"caption": "Simulated newcomers with five ratings: error after each gradient step on the support alone. Dots: where to stop, chosen on other newcomers. Dashed: the posterior mean.", "name": "fig-10-steps"}}
fig, ax = plots.figure("A good start helps; so do stopping in time and stepping where people differ",
                       "gradient steps on the support", "error of the predicted mean rating, stars", height=4.2)  # fmt: skip
ends = {}
for (name, errors), color in zip(by_step.items(), (BLUE, GREEN, RED)):
    ax.plot(errors, color=color)
    ax.plot(stop[name], errors[stop[name]], "o", color=color, ms=7)
    ends[name] = (errors[-1], color)
ax.axhline(posterior_error, color=INK, ls="--", lw=1.2)
ax.text(2, posterior_error - 0.004, "posterior mean", color=INK, va="top")
ax.set_xlim(0, SHOW - 1)
ax.set_ylim(posterior_error - 0.025, max(e[0] for e in by_step.values()) + 0.01)
plots.label_ends(ax, ends)

# %% tags=["say", "remove-input"]
best, plain, zero = (at_best[name] for name in starts)
mr.say(f"""
Stopped at its best step, descent from the prior mean in the prior's units errs by {best - posterior_error:.4f} more than the posterior mean. In plain units it is {plain - posterior_error:.4f}, from zero {zero - posterior_error:.4f}.
Run to the end, all three arrive at least squares and forget where they came from. So the prior gives three things: a place to start, a time to stop, and a shape for the steps. MAML learns the first; methods
that learn step sizes too, such as Meta-SGD {{cite}}`li2017metasgd`, go for the rest.
""")

# %% [markdown]
# ## When the films are unknown too
#
# For real films $\mathbf w_i$ is as unknown as $\mathbf z_u$, and the rating holds their *product* $\mathbf p_u^\top \mathbf v_i$. The joint posterior of all people and all films is no
# Gaussian and has no closed form. **{term}`Variational inference`** takes the nearest member of a family that can be handled {cite}`blei2017variational,lim2007variational`: the {term}`mean field <mean field>`
# $q = \prod_u q(\mathbf z_u) \prod_i q(\mathbf w_i)$, in which people and films are independent. Nearest means that the {term}`evidence lower bound`
#
# $$
# \begin{aligned}
# \mathrm{ELBO}(q) = {} & \sum_{(u,i) \in \mathcal R} \mathbb E_q\bigl[\log \mathcal N(r_{ui};\, \mu + b_u + b_i + \mathbf p_u^\top \mathbf v_i,\, \sigma^2)\bigr] \\
# & - \sum_u \mathrm{KL}\bigl(q(\mathbf z_u) \,\|\, \mathcal N(\mathbf m, \boldsymbol\Sigma)\bigr) - \sum_i \mathrm{KL}\bigl(q(\mathbf w_i) \,\|\, \mathcal N(\mathbf g, \boldsymbol\Sigma_w)\bigr)
# \end{aligned}
# $$ (eq-10-elbo)
#
# on the logarithm of the marginal likelihood is largest (the prior of the films is here $\mathcal N(\mathbf g, \boldsymbol\Sigma_w)$, the same for all). The bound follows as in the proof above: what is missing is the divergence of $q$ from the true posterior.
#
# **One person, given beliefs about films.** Let $q(\mathbf w_i)$ have mean $\hat{\mathbf w}_i = (\hat b_i, \hat{\mathbf v}_i)$ and covariance $\boldsymbol\Sigma_i$, with blocks $\operatorname{Cov}(\mathbf v_i)$ and
# $\operatorname{Cov}(\mathbf v_i, b_i)$. As a function of $\mathbf z$, the expected squared error of one rating is
#
# $$
# \mathbb E\bigl[(r_{ui} - \mu - b_i - \mathbf x_i^\top \mathbf z)^2\bigr]
# = \mathbf z^\top\, \mathbb E[\mathbf x_i \mathbf x_i^\top]\, \mathbf z - 2\, \mathbf z^\top \bigl( (r_{ui} - \mu)\, \hat{\mathbf x}_i - \mathbb E[\mathbf x_i b_i] \bigr) + \text{const},
# $$
#
# with $\hat{\mathbf x}_i = (1, \hat{\mathbf v}_i)$ and the two moments
#
# $$
# \mathbb E[\mathbf x_i \mathbf x_i^\top] = \hat{\mathbf x}_i \hat{\mathbf x}_i^\top + \begin{pmatrix} 0 & \mathbf 0 \\ \mathbf 0 & \operatorname{Cov}(\mathbf v_i) \end{pmatrix},
# \qquad
# \mathbb E[\mathbf x_i b_i] = \hat{\mathbf x}_i \hat b_i + \begin{pmatrix} 0 \\ \operatorname{Cov}(\mathbf v_i, b_i) \end{pmatrix}.
# $$ (eq-10-moments)
#
# It is quadratic again, so the best $q(\mathbf z_u)$ is a Gaussian, with
#
# $$
# \boldsymbol\Sigma_u^{-1} = \boldsymbol\Sigma^{-1} + \frac1{\sigma^2} \sum_{i \in \mathcal I_u} \mathbb E[\mathbf x_i \mathbf x_i^\top],
# \qquad
# \hat{\mathbf z}_u = \boldsymbol\Sigma_u \Bigl( \boldsymbol\Sigma^{-1} \mathbf m + \frac1{\sigma^2} \sum_{i \in \mathcal I_u} \bigl( (r_{ui} - \mu)\, \hat{\mathbf x}_i - \mathbb E[\mathbf x_i b_i] \bigr) \Bigr).
# $$ (eq-10-users)
#
# **One film, given beliefs about people.** Exchange the roles: $\mathbf c_u = (1, \mathbf p_u)$ in the place of $\mathbf x_i$, $b_u$ in that of $b_i$, $(\mathbf g, \boldsymbol\Sigma_w)$ in that of the prior (here $\mathbf c_u$ is a person's, not a content).
#
# **The shared numbers.** $\mathbf m$ and $\boldsymbol\Sigma$ as in {eq}`eq-10-em`, over people; $\mathbf g$ and $\boldsymbol\Sigma_w$ likewise, over films; $\sigma^2$ is the mean of the expected squared error. Each step maximises the ELBO in one of its arguments, so no sweep lowers it.
#
# **The trap** is in {eq}`eq-10-moments`. If one puts the means $\hat{\mathbf v}_i$ in and leaves the two covariances out, the code looks right, runs, and even predicts. But a film with three ratings then speaks of
# taste as surely as one with three hundred. $\operatorname{Cov}(\mathbf v_i)$ acts like a ridge that each film brings along: whoever rates films that we do not know well teaches us
# little about her taste. Chapter 04 showed what point estimates do to the films themselves.
#
# **A prediction** multiplies two uncertain vectors. For independent $\mathbf z_u$ and $\mathbf w_i$,
#
# $$
# \operatorname{Var}(r_{ui}) = \hat{\mathbf x}_i^\top \boldsymbol\Sigma_u \hat{\mathbf x}_i + \hat{\mathbf c}_u^\top \boldsymbol\Sigma_i \hat{\mathbf c}_u + \operatorname{tr}\bigl(\operatorname{Cov}(\mathbf p_u) \operatorname{Cov}(\mathbf v_i)\bigr) + \sigma^2 .
# $$ (eq-10-variance)
#
# Who is she, what is the film, both, and noise. We fit the library's model to the training people of MovieLens and redo one newcomer by hand.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
bayes = models.HierarchicalBayes(seed=seed).fit(split.train)

she = split.validation.episodes(0).take([0]).first(10)
w = bayes.item_mean_[she.support_items[0]]
w_cov = bayes.item_covariance_[she.support_items[0]]
given = she.support_ratings[0] - bayes.global_mean_
x_mean = np.column_stack([np.ones(10), w[:, 1:]])
second = np.einsum("ki,kj->ij", x_mean, x_mean)
second[1:, 1:] += w_cov[:, 1:, 1:].sum(0)  # Cov(v)
with_b = x_mean.T @ w[:, 0]
with_b[1:] += w_cov[:, 1:, 0].sum(0)  # Cov(v, b)
inverse = np.linalg.inv(bayes.user_covariance_)
her_cov = np.linalg.inv(inverse + second / bayes.noise_)
her_mean = her_cov @ (inverse @ bayes.user_mean_
                      + (x_mean.T @ given - with_b) / bayes.noise_)  # fmt: skip
belief = bayes.posterior(she)
assert np.allclose(belief.mean[0], her_mean)
assert np.allclose(belief.covariance[0], her_cov)

# %% [markdown]
# ## Real newcomers
#
# The protocol of chapter 02: test people whom the model has never met show $k$ of their ratings, drawn at random, five times. What does the curve consist of? We cut the model into its parts:
#
# - **what the prior knows** is the error at $k = 0$;
# - **generosity only**: the support moves $b_u$, by {eq}`eq-10-posterior` in one dimension; the taste stays at the prior's mean;
# - **generosity and taste**: the whole model.
#
# The rival is the bias of chapter 02, which shrinks a mean of residuals and has no taste at all. The settings of both were chosen there on validation people; half of the
# grid is repeated here. The test part has not been touched in this chapter so far.

# %%
evaluation.tune(
    models.HierarchicalBayes(seed=seed), {"n_factors": [4, 8]},
    split.train, split.validation,
).round(4)  # fmt: skip

# %%
class GenerosityOnly(models.HierarchicalBayes):
    """A newcomer's taste is certain to be the prior's mean."""

    def fit(self, ratings):
        super().fit(ratings)
        spread = self.user_covariance_[0, 0]
        self.user_covariance_ = 1e-9 * np.eye(self.n_factors + 1)
        self.user_covariance_[0, 0] = spread
        return self


ONLY = "hierarchical Bayes, generosity only"
result = evaluation.newcomers({
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed),
    ONLY: GenerosityOnly(seed=seed),
    "item + user bias": models.Bias(),
}, ratings, seed=SPLIT, costs=True)  # fmt: skip
mr.leaderboard.table(result.summary(), "newcomers", "rmse").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Error against known ratings. The item mean is a level line, and all others start near it with no ratings. Generosity only and the biases of chapter 02 fall on one line. The whole model falls faster from the first rating on; the area between is shaded and marked as taste, the larger area above as generosity."}, "figure": {"caption": "Test newcomers: RMSE of the whole model and of its part that learns only how generous a person is. Shaded: what each part of the support's news is worth.", "name": "fig-10-parts"}}
board = result.summary()
rmse_of = {name: board[(board.method == name) & (board.metric == "rmse")].set_index("k")["mean"]
           for name in ("hierarchical Bayes", ONLY, "item + user bias", "item mean")}
fig, ax = plots.figure("At every k, most of what ratings teach is how generous she is; taste is the smaller part",
                       plots.K_LABEL, plots.METRICS["rmse"], height=4.2)  # fmt: skip
at = range(len(KS))
whole, part = rmse_of["hierarchical Bayes"], rmse_of[ONLY]
ax.fill_between(at, part, whole.iloc[0], color=ORANGE, alpha=0.18, lw=0)
ax.fill_between(at, whole, part, color=BLUE, alpha=0.15, lw=0)
ends = {}
for name, label, color, dash in (("item mean", "item mean", GREY, ":"), ("item + user bias", "biases", GREEN, "--"),
                                 (ONLY, "generosity only", ORANGE, "-"), ("hierarchical Bayes", "whole model", BLUE, "-")):
    ax.plot(at, rmse_of[name], dash, color=color, marker="o" if dash == "-" else None)
    ends[label] = (rmse_of[name].iloc[-1], color)
ax.text(4.1, (part.iloc[4] + whole.iloc[0]) / 2, "generosity", color=plots.readable(ORANGE), ha="center", va="center")
ax.text(4.55, (whole.iloc[4] + part.iloc[5]) / 2, "taste", color=plots.readable(BLUE), ha="center", va="center")
ax.set_xticks(at, [str(k) for k in KS])
ax.set_xlim(-0.3, len(KS) - 0.85)
plots.label_ends(ax, ends)

# %%
WHOLE, BIAS = "hierarchical Bayes", "item + user bias"
prior_gain = result.difference(WHOLE, "item mean", "rmse", 0)
by_k = {k: result.values(ONLY, "rmse", k) for k in KS}
generous = {k: evaluation.paired(by_k[k], by_k[0]) for k in KS}
taste = {k: result.difference(WHOLE, ONLY, "rmse", k) for k in KS}
to_bias = {k: result.difference(WHOLE, BIAS, "rmse", k) for k in KS}
only_to_bias = {k: result.difference(ONLY, BIAS, "rmse", k) for k in KS}
share_of_taste = {k: taste[k].mean / (taste[k].mean + generous[k].mean) for k in KS[1:]}

# %% tags=["say", "remove-input"]
mr.say(f"""
With no rating the model is level with the mean of each film ({prior_gain:.3f}): the prior knows what films deserve, and about *her* only what is true of everybody. One rating lowers the error by
{-(generous[1].mean + taste[1].mean):.3f} stars, of which {-generous[1].mean:.3f} is generosity. At twenty, generosity has brought {-generous[20].mean:.3f} and taste {-taste[20].mean:.3f} more, interval
{taste[20]:.3f}. We had expected taste to come late, after generosity is settled. It does not: its share of the gain is between {mr.percent(min(share_of_taste.values()))} and {mr.percent(max(share_of_taste.values()))} at every $k$. The
whole model is {-to_bias[20].mean:.3f} ahead of the biases. Generosity by itself is the bias in better clothes: they differ by {abs(only_to_bias[20].mean):.3f} at $k = 20$.
In chapter 05 `ContentBayes` gave the films' prior content to read and went lower still. That is a better prior for *films*; people are treated as here.
""")

# %% [markdown]
# ### What the prior is worth, and what the trap costs
#
# Two ablations, judged on validation people. Take the people's prior away (a variance so large that it says nothing), and each newcomer stands alone on films
# that others have described. Or step into the trap: fit and adapt with {eq}`eq-10-moments` without its two covariances.

# %%
class MeansOnly(models.HierarchicalBayes):
    """The trap: people and films are updated as if the others were certain."""

    @staticmethod
    def moments(belief):
        a = np.concatenate([np.ones_like(belief.mean[:, :1]), belief.mean[:, 1:]], 1)
        return a[:, :, None] * a[:, None, :], a * belief.mean[:, :1]


def with_parts(**parts):
    """The fitted model with some of its arrays replaced."""
    other = copy.copy(bayes)
    for name, value in parts.items():
        setattr(other, name, value)
    return other

# %%
drawn = [split.validation.episodes(draw) for draw in range(5)]


def judged(model, k, episodes=drawn):
    """RMSE and coverage of the 80 % interval: [people] each."""
    errors, inside = [], []
    for e in (e.first(k) for e in episodes):
        scored = evaluation.score({"": model}, split.train, e)
        errors.append(scored.values("", "rmse"))
        mean, std = model.predict(e.blind(), return_std=True)
        truth, mask = e.query_ratings, e.query_mask
        inside.append(evaluation.interval_coverage(mean, std, truth, 0.8, mask))
    return np.mean(errors, 0), np.mean(inside, 0)



# %%
size = bayes.n_factors + 1
cases = {
    "whole model": bayes,
    "no prior over people": with_parts(user_covariance_=100 * np.eye(size)),
    "means only": MeansOnly(seed=seed).fit(split.train),
}
ablation = {(name, k): judged(model, k) for name, model in cases.items() for k in KS}
pd.DataFrame({
    (what, name): [ablation[name, k][n].mean() for k in KS]
    for n, what in enumerate(("RMSE", "coverage")) for name in cases
}, pd.Index(KS, name="k")).T.round(3)  # fmt: skip

# %%
def cost(name, k):
    """RMSE of an ablation minus that of the whole model."""
    return evaluation.paired(ablation[name, k][0], ablation["whole model", k][0])


no_prior = {k: cost("no prior over people", k) for k in KS}
trap = {k: cost("means only", k) for k in KS}
believed = cases["means only"].noise_

# %% tags=["say", "remove-input"]
mr.say(f"""
Without the prior the answer after five ratings is {no_prior[5].mean:.2f} stars worse, and even after twenty it is {no_prior[20].mean:.2f} worse: {size} numbers from twenty ratings, on a scale with five steps.

The trap throws no error and draws a plausible curve, only a higher one: by {trap[20].mean:.3f} at twenty ratings, interval {trap[20]:.3f}, most of what taste was worth. It believes that it explains more than it does: its $\\sigma^2$ is
{believed:.2f} where the honest one is {bayes.noise_:.2f}. Strangely enough, its intervals do not give it away: with no rating they hold even more than the right ones, for the signal that it believes in makes up for the noise that it does not. Coverage alone would not have found the mistake.
""")

# %% [markdown]
# ### Calibrated intervals
#
# A posterior is worth having if its intervals keep their promise (chapter 02 introduced the measure). On the test people, for each $k$:

# %%
final = [split.test.episodes(draw) for draw in range(5)]
LEVELS = evaluation.calibration.LEVELS
reliability, cover80, sure = {}, {}, {}
for k in KS:
    kept = []
    for e in (e.first(k) for e in final):
        mean, std = bayes.predict(e.blind(), return_std=True)
        kept.append(evaluation.calibration_curve(mean, std, e.query_ratings, LEVELS, e.query_mask))
    reliability[k] = np.mean(kept, 0)
    sure[k] = std[e.query_mask].mean()
    cover80[k] = evaluation.bootstrap(judged(bayes, k, final)[1])
pd.DataFrame({
    "coverage of the 80 % interval": {k: f"{i:.3f}" for k, i in cover80.items()},
    "mean standard deviation": {k: f"{s:.3f}" for k, s in sure.items()},
}).rename_axis("k")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Kept share against promised share for the intervals after no, five and twenty ratings. All three lines run close to the diagonal, a little above or below it."}, "figure": {"caption": "Test newcomers: the share of ratings inside the central interval, less what was promised, at nine levels.", "name": "fig-10-calibration"}}
fig, ax = plots.figure("The intervals keep their promise with no rating and with twenty",
                       "promised share", "kept minus promised share", height=3.6)  # fmt: skip
ends = {}
for k, color in ((0, GREY), (5, ORANGE), (20, BLUE)):
    ax.plot(LEVELS, reliability[k] - np.array(LEVELS), "o-", color=color)
    ends[f"k = {k}"] = (reliability[k][-1] - LEVELS[-1], color)
ax.axhline(0, color=INK, lw=1)
ax.set_ylim(-0.15, 0.15)
ax.set_xlim(0.05, 0.93)
plots.label_ends(ax, ends)

# %%
off = {k: float(np.abs(reliability[k] - np.array(LEVELS)).mean()) for k in KS}

# %% tags=["say", "remove-input"]
mr.say(f"""
Averaged over the nine levels, kept and promised shares differ by {off[0]:.3f} with no rating and by {off[20]:.3f} with twenty. The interval itself shrinks little, from a standard deviation of {sure[0]:.2f} to {sure[20]:.2f}: most of
it is $\\sigma$, {np.sqrt(bayes.noise_):.2f} stars, which no number of ratings removes.
""")

# %% [markdown]
# ## How many training people does a prior need?
#
# The prior has to be learned from people too. We learn it from $n$ training people, drawn at random several times, in two ways:
#
# - **the people's prior only**: the films' vectors are kept from the full fit, and only $\mathbf m$ and $\boldsymbol\Sigma$ are learned anew from $n$ people, with all their ratings;
# - **films too**: everything is fitted on the ratings of the $n$ people alone.
#
# Both are judged on validation people, beside the model of all training people.

# %%
train = split.train
everyone = [(i, r) for _, i, r in mr.data.splits.people(train)]
ids = np.sort(train.table["user"].unique())
histories = mr.data.Episodes.pack(ids, ratings.items.index, everyone, everyone)
tiny = 1e-6 * np.eye(size)  # as in the library: a covariance must be invertible


def prior_of(rows, n_steps=30):
    """The model with m and Σ learned from some training people."""
    model = with_parts(user_mean_=np.zeros(size), user_covariance_=np.eye(size))
    some = histories.take(rows)
    for _ in range(n_steps):
        z = model.posterior(some)
        model.user_mean_ = z.mean.mean(0)
        apart = z.mean - model.user_mean_
        spread = apart.T @ apart / len(rows)
        model.user_covariance_ = z.covariance.mean(0) + spread + tiny
    return model

# %%
SIZES = [5, 10, 25, 50, 100, 200, 400]
CURVE_KS = (5, 20)
few_drawn = drawn[:2]
generator = np.random.default_rng(seed)
base = {k: judged(bayes, k, few_drawn)[0].mean() for k in CURVE_KS}
points = []
for draw in range(DRAWS):
    order = generator.permutation(len(ids))
    for n in SIZES:
        some = train.keep_users(ids[order[:n]])
        ways = {
            "people": prior_of(order[:n]),
            "films too": models.HierarchicalBayes(seed=seed).fit(some),
        }
        for way, model in ways.items():
            for k in CURVE_KS:
                error = judged(model, k, few_drawn)[0].mean()
                points.append((way, n, k, draw, error - base[k]))
behind = pd.DataFrame(points, columns=["way", "n", "k", "draw", "behind"])
mean_behind = behind.groupby(["way", "k", "n"])["behind"].mean().unstack("n")
mean_behind.round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels, after five and after twenty ratings: how far the error lies above that of the full model, against the number of training people on a doubling scale. With the films given, the line falls to near zero within some tens of people. With films to be learned too it starts much higher and falls slowly over the whole range."}, "figure": {"caption": "How much worse a model of n training people is than that of all, on validation newcomers. Thin: single draws of training people; bold: their mean.", "name": "fig-10-training"}}
fig, axes = plots.figure("A hundred people are enough to know what people are like; films need all that we have",
                         "training people, n", "RMSE above that of the full model, stars", panels=["k = 5", "k = 20"], height=4.0)  # fmt: skip
for ax, k in zip(axes, CURVE_KS):
    for way, color in (("people", BLUE), ("films too", RED)):
        lines = behind[(behind.way == way) & (behind.k == k)].pivot(index="n", columns="draw", values="behind")
        ax.plot(range(len(SIZES)), lines, color=color, lw=0.7, alpha=0.5)
        ax.plot(range(len(SIZES)), lines.mean(axis=1), "o-", color=color)
    ax.axhline(0, color=INK, lw=1)
    ax.set_xticks(range(len(SIZES)), [str(n) for n in SIZES])
axes[1].text(2.2, mean_behind.loc[("films too", 20), 25] + 0.01, "films too", color=plots.readable(RED))
axes[0].text(2.05, 0.013, "the people's\nprior only", color=plots.readable(BLUE), va="bottom");

# %%
def enough(way, k, gap=0.005):
    """The smallest n from which on the mean gap stays below `gap`; infinite if none."""
    inside = mean_behind.loc[(way, k)] < gap
    last_outside = np.flatnonzero(~inside.to_numpy())
    first = last_outside[-1] + 1 if len(last_outside) else 0
    return SIZES[first] if first < len(SIZES) else np.inf


needs = {(way, k): enough(way, k) for way in ("people", "films too") for k in CURVE_KS}

# %% tags=["say", "remove-input"]
def told(n):
    return f"{n:.0f}" if np.isfinite(n) else f"more than {SIZES[-1]}"


mr.say(f"""
To be within five thousandths of a star of the full model, the people's prior needs {told(needs["people", 5])} people for $k = 5$ and {told(needs["people", 20])} for $k = 20$. With the films to be learned as well it is {told(needs["films too", 5])} and {told(needs["films too", 20])};
with a hundred people and $k = 20$ it is {mean_behind.loc[("films too", 20), 100]:.3f} behind. What a thousand people teach about the next one is, for the larger part, what the *films* are. What people are like
is a mean and a covariance, a few tens of numbers, and each person is one example of all of them.
""")

# %% [markdown]
# ## When a few samples suffice
#
# "Our method needs only a few samples" is the most frequent promise of the field. The exact case says when it can be true. Average over films: let $\mathbf M$ be the mean of $\mathbf x_i \mathbf x_i^\top$ over ratings,
# and $\sigma^2 \rho_j$ the eigenvalues of $\mathbf M^{1/2} \boldsymbol\Sigma\, \mathbf M^{1/2}$. In direction $j$ the prior's share of a rating's variance is $\sigma^2\rho_j$, and $k$ ratings of random films leave of it about
#
# $$
# \frac{\sigma^2 \rho_j}{1 + k \rho_j} .
# $$ (eq-10-halving)
#
# So **direction $j$ is half known after $1/\rho_j$ ratings**. Few samples suffice if the variance sits in few directions with large $\rho_j$, that is, if people differ much in few ways, compared to the noise. They do not
# suffice if people differ a little in many ways. How many ways? Count directions by their variance: $\bigl(\sum_j \rho_j\bigr)^2 / \sum_j \rho_j^2$ is the effective number of {term}`dimensions <effective dimensions>`.

# %%
train_items = train.positions()[1]
x_all = np.column_stack([np.ones(ratings.n_items), bayes.item_mean_[:-1, 1:]])
M = x_all[train_items].T @ x_all[train_items] / len(train_items)
root = np.linalg.cholesky(M)
values, vectors = np.linalg.eigh(root.T @ bayes.user_covariance_ @ root)
rho = values[::-1] / bayes.noise_
# of each direction, seen as a function of the film: its part that is the same for all
level = (np.linalg.solve(root, x_all[train_items].mean(0)) @ vectors)[::-1]
left = {k: (rho / (1 + k * rho)).sum() / rho.sum() for k in KS}
effective = rho.sum() ** 2 / (rho**2).sum()


def half_known(rho):
    """Ratings until half of the variance in these directions is gone."""
    return next(k for k in range(10_000) if (rho / (1 + k * rho)).sum() < rho.sum() / 2)


half_total, half_taste = half_known(rho), half_known(rho[1:])
pd.DataFrame({
    "level": (level**2).round(2),
    "share of personal variance": (rho / rho.sum()).round(2),
    "ratings until half known": (1 / rho).round().astype(int),
}, pd.RangeIndex(1, size + 1, name="direction"))  # fmt: skip

# %% [markdown]
# The column *level* says which part of a direction is the same for all films. The first direction is nearly all level: it is generosity. The others are taste.
#
# That is theory. Two checks: what the model's own posteriors of real newcomers say, and what happens to the measured squared error. The second must fall by $\sigma^2 \sum_j \rho_j$ times what is learned, if the model is right.

# %%
personal, squares = {}, {}
for k in KS:
    variances, errors = [], []
    for e in (e.first(k) for e in final):
        z, x_q = bayes.posterior(e), x_all[e.query_items]
        own = (x_q @ z.covariance * x_q).sum(-1)  # [people, query]
        variances.append((own * e.query_mask).sum(1) / e.query_mask.sum(1))
        wrong = (bayes.predict(e.blind()) - e.query_ratings) ** 2 * e.query_mask
        errors.append(wrong.sum(1) / e.query_mask.sum(1))
    personal[k], squares[k] = np.mean(variances), np.mean(errors, 0)
learned = pd.DataFrame({
    "theory": {k: 1 - left[k] for k in KS},
    "posterior": {k: 1 - personal[k] / personal[0] for k in KS},
    "measured": {k: (squares[0] - squares[k]).mean() / personal[0] for k in KS},
}).rename_axis("k").T
learned.round(2)

# %%
measured_20 = learned.loc["measured", 20]
orders = {"random": final, "time": [split.test.episodes(order="time")]}
gain_of = {}
for name, episodes in orders.items():
    errors = {k: judged(bayes, k, episodes)[0] for k in KS}
    gain_of[name] = {k: evaluation.paired(errors[k], errors[0]) for k in KS[1:]}
pd.DataFrame(gain_of).map(str).rename_axis("k")

# %% tags=["say", "remove-input"]
late_gap = gain_of["time"][20].mean - gain_of["random"][20].mean
mr.say(f"""
All that is personal is {mr.percent(rho.sum() / (1 + rho.sum()))} of the variance that the model leaves open for a new person and a known film; the rest is noise. It sits in {effective:.1f} effective dimensions. Generosity holds
{mr.percent(rho[0] / rho.sum())} of it and is half known after {1 / rho[0]:.0f} ratings; the others need {1 / rho[1]:.0f} to {1 / rho[-1]:.0f} each. Altogether half of what is personal is learned after {half_total} ratings,
half of the taste after {half_taste}. After twenty, theory expects {mr.percent(learned.loc["theory", 20])}, the posteriors say {mr.percent(learned.loc["posterior", 20])}, and the measured error has fallen by {mr.percent(measured_20)} of the personal variance.

So a few samples *do* suffice to know how generous somebody is, and they do *not* suffice to know what she likes. Taste is {mr.percent(1 - rho[0] / rho.sum())} of what is personal, and {mr.percent(share_of_taste[20])} of what twenty ratings bring. And a random support is kind. If the first ratings in time are shown instead (second column), and later ones asked,
twenty ratings lower the error by {-gain_of["time"][20].mean:.3f} stars instead of {-gain_of["random"][20].mean:.3f}: why, this experiment does not say (the films differ, and the ratings asked do, too). Which films one *asks* about matters as well; choosing them is the subject of a later chapter (planned).
""")

# %%
mr.leaderboard.save("10", result.only([ONLY]));

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("EM: relative error of the learned covariance", gap, high=0.25)
mr.check("the same, from each person's least squares", wide_gap, low=0.45)
mr.check("simulated, learned minus true prior, k = 5", to_bound[5].mean, -0.002, 0.006)
mr.check("simulated, learned prior minus ridge, k = 2", to_ridge[2], high=0)
mr.check("simulated, learned prior minus each alone, k = 5", to_alone[5], high=-0.1)
mr.check("simulated, learned prior minus all alike, k = 5", to_all[5], high=-0.15)
mr.check("best stop from m in units of Σ, minus posterior", best - posterior_error, 0, 0.02)
mr.check("the start at zero minus that at m, both plain", zero - plain, 0.01, 0.03)

# %% tags=["claims"]
error_20 = result.mean(WHOLE, "rmse", 20).mean
mr.check("newcomers, RMSE of the model at k = 20", error_20, 0.88, 0.945)
mr.check("minus the biases, k = 20", to_bias[20], high=0)
mr.check("taste: whole model minus generosity, k = 20", taste[20], high=0)
mr.check("generosity: k = 5 minus k = 0", generous[5], high=0)
mr.check("generosity minus the biases, k = 20", only_to_bias[20].mean, -0.003, 0.007)
mr.check("no prior over people minus the model, k = 5", no_prior[5], low=0.08)
mr.check("the trap minus the model, k = 20", trap[20], low=0.008)
mr.check("taste's share of the gain, k = 20", share_of_taste[20], 0.22, 0.42)
for k in (0, 5, 20):
    mr.check(f"promised minus kept share, mean size, k = {k}", off[k], high=0.03)
for k in (0, 5, 20):
    mr.check(f"coverage of the 80 % interval, k = {k}", cover80[k].mean, 0.77, 0.83)

# %% tags=["claims"]
behind_50 = mean_behind[50]
mr.check("people's prior of 50 people: behind, k = 20", behind_50["people", 20], -0.002, 0.015)
mr.check("films too, of 50 people: behind, k = 20", behind_50["films too", 20], low=0.045)
mr.check("the first direction is level", level[0] ** 2, 0.92, 1)
mr.check("effective number of dimensions", effective, 3, 4)
mr.check("ratings until generosity is half known", 1 / rho[0], 3.5, 5.5)
mr.check("ratings until half of the taste is known", half_taste, 17, 26)
mr.check("share of the personal that 20 ratings teach", measured_20, 0.42, 0.7)
mr.check("gain of 20 ratings: in time minus at random", late_gap, 0.01, 0.06)

# %% [markdown]
# ## Take-aways
#
# 1. A person is a task. Meta-learning minimises the error on the query after adapting to the support, on average over people.
# 2. For squared error the best adaptation is the posterior mean under the true prior. Learning to learn is learning that prior, and EM recovers it from people none of whom is known well.
# 3. The posterior mean is gradient descent from the prior mean, averaged over a random time of stopping: a start, a stop, and a shape of the steps.
# 4. When films are uncertain too, their variance belongs into the update; code that leaves it out runs, believes that it explains more, and predicts worse.
# 5. Few ratings suffice for what varies much in one direction, generosity. Taste varies a little in several, and wants tens.

# %% [markdown]
# ## Exercises
#
# ```{exercise} Two ratings and a prior
# :label: ex-10-hand
# :class: grade-1
#
# *Easy.* Generosity is $\mathcal N(0, 0.5)$ over people, the noise has variance 1. A newcomer gives two films each one star more than they deserve. What are the posterior's mean and variance? How many
# ratings of this kind until we believe nine tenths of her own mean?
# ```
#
# ````{solution} ex-10-hand
# :class: dropdown
#
# The precision is $2 + 2 = 4$, the variance a quarter, the mean $(2 \cdot 0 + 1 + 1)/4 = 1/2$. With $k$ ratings we believe the share $k/(k+2)$, which is nine tenths at $k = 18$.
#
# ```python
# models_x = np.ones((1, 2, 1))
# print(posterior(models_x, np.ones((1, 2)), np.zeros(1), np.array([[0.5]]), 1.0))
# ```
# ````
#
# ```{exercise} A noisier world
# :label: ex-10-noise
# :class: grade-1
#
# *Easy.* Redo the comparison of the five ways in a world with four times the noise. Which lines move, and which stay?
# ```
#
# ````{solution} ex-10-noise
# :class: dropdown
#
# ```python
# import dataclasses
# world = dataclasses.replace(world, noise=3.2)
# x, y, tastes = people(400, 6, draw=1)
# m, sigma, noise, path = em(x, y)
# x_tune, y_tune, z_tune = people(1000, 40, draw=2)
# x_new, y_new, z_new = people(1000, 40, draw=3)
# ```
#
# and then the cell of the five ways again. "All alike" stays where it was. All others move up: a rating is worth a quarter of what it was, so every curve is stretched to the right by a factor of four. The gain of the prior over the ridge lasts longer.
# ````
#
# ```{exercise} The wrong prior
# :label: ex-10-wrong
# :class: grade-2
#
# *Medium.* Give the simulated newcomers a prior with the right mean and a covariance that is ten times too small, then ten times too large. Which mistake is worse at $k = 2$, and which at $k = 20$?
# ```
#
# ````{solution} ex-10-wrong
# :class: dropdown
#
# ```python
# for factor in (0.1, 1, 10):
#     for k in (2, 20):
#         z = posterior(x_new[:, :k], y_new[:, :k], m, factor * sigma, noise)[0]
#         print(factor, k, missed(z, x_new[:, 20:], z_new).mean().round(3))
# ```
#
# Too small is "all alike": at $k = 20$ it has hardly moved, and loses most. Too large is "each alone": at $k = 2$ it believes too much. With many ratings a prior that is too wide does little harm; one that is too narrow never lets go.
# ````
#
# ```{exercise} The derivation for films
# :label: ex-10-films
# :class: grade-2
#
# *Medium.* Write down {eq}`eq-10-users` for one film, with all terms, and check it in code against the fitted model of one sweep.
# ```
#
# ````{solution} ex-10-films
# :class: dropdown
#
# With $\hat{\mathbf c}_u = (1, \hat{\mathbf p}_u)$, $\mathbb E[\mathbf c_u \mathbf c_u^\top] = \hat{\mathbf c}_u \hat{\mathbf c}_u^\top$ plus $\operatorname{Cov}(\mathbf p_u)$ in the lower block, and $\mathbb E[\mathbf c_u b_u] = \hat{\mathbf c}_u \hat b_u$ plus
# $\operatorname{Cov}(\mathbf p_u, b_u)$ below:
# $\boldsymbol\Sigma_i^{-1} = \boldsymbol\Sigma_w^{-1} + \sigma^{-2} \sum_{u \in \mathcal U_i} \mathbb E[\mathbf c_u \mathbf c_u^\top]$ and
# $\hat{\mathbf w}_i = \boldsymbol\Sigma_i \bigl(\boldsymbol\Sigma_w^{-1} \mathbf g + \sigma^{-2} \sum_{u \in \mathcal U_i} ((r_{ui} - \mu)\, \hat{\mathbf c}_u - \mathbb E[\mathbf c_u b_u])\bigr)$.
# After enough sweeps the beliefs hardly change, so the check can use the posteriors of the training people under the fitted model:
#
# ```python
# item = int(np.argmax(train.item_counts()))
# z = bayes.posterior(histories)
# who, where = np.nonzero((histories.support_items == item) & histories.support_mask)
# r = histories.support_ratings[who, where] - bayes.global_mean_
# c = np.column_stack([np.ones(len(who)), z.mean[who, 1:]])
# gram = c.T @ c
# gram[1:, 1:] += z.covariance[who, 1:, 1:].sum(0)
# shift = c.T @ (r - z.mean[who, 0])
# shift[1:] -= z.covariance[who, 1:, 0].sum(0)
# rated = train.item_counts() > 0
# g, apart = bayes.item_mean_[-1], bayes.item_mean_[:-1][rated] - bayes.item_mean_[-1]
# prior = bayes.item_covariance_[:-1][rated].mean(0) + apart.T @ apart / rated.sum()
# inverse_w = np.linalg.inv(prior)
# by_hand = np.linalg.solve(inverse_w + gram / bayes.noise_, inverse_w @ g + shift / bayes.noise_)
# print(np.abs(by_hand - bayes.item_mean_[item]).max())
# ```
# ````
#
# ```{exercise} Is the mean field too sure?
# :label: ex-10-gibbs
# :class: grade-3
#
# *Hard.* The mean field makes people and films independent, so it can be too sure. Sample the joint posterior instead: draw all $\mathbf z_u$ given the films, then all $\mathbf w_i$ given the people, in turn {cite}`salakhutdinov2008bpmf`, and compare
# the standard deviations of a few predictions.
# ```
#
# ````{solution} ex-10-gibbs
# :class: dropdown
#
# Each conditional is {eq}`eq-10-posterior` with certain vectors on the other side. On a world of the simulator:
#
# ```python
# few, z_true = world.people(100, 12, seed=5)
# u, i = few.positions()
# r = few.table["rating"].to_numpy() - world.global_mean
# draw, w = np.random.default_rng(0), world.item_vectors.copy()
# S_w, m_w = np.array([[0.3, 0.0], [0.0, 1.0]]), np.zeros(2)
#
# def side(rows, columns, other, m, S, n):
#     a = np.column_stack([np.ones(len(r)), other[columns, 1:]])
#     gram, right = np.zeros((n, 2, 2)), np.zeros((n, 2))
#     np.add.at(gram, rows, a[:, :, None] * a[:, None])
#     np.add.at(right, rows, a * (r - other[columns, 0])[:, None])
#     cov = np.linalg.inv(np.linalg.inv(S) + gram / world.noise)
#     mean = (cov @ (np.linalg.solve(S, m) + right / world.noise)[:, :, None])[:, :, 0]
#     return mean + (np.linalg.cholesky(cov) @ draw.normal(size=(n, 2, 1)))[:, :, 0]
#
# samples = []
# for sweep in range(1000):
#     z = side(u, i, w, *TRUE, 100)
#     w = side(i, u, z, m_w, S_w, len(w))
#     samples.append(z[0, 0] + w[:20, 0] + z[0, 1] * w[:20, 1])
# print(np.std(samples[200:], 0).round(2))
# ```
#
# Compare with `HierarchicalBayes(1).fit(few)` and `predict(…, return_std=True)`, the noise taken off. The sampled deviations are clearly larger: with so few ratings a film, people and films must be uncertain *together*, which the mean field cannot say. The sampler knows the prior and the fitted model learns it, so judge with care.
# ````

# %% [markdown]
# ## Quiz
#
# **1. What does meta-learning minimise?**
#
# ::::{dropdown} A. The error on all ratings, with one model for everybody.
# :class-container: quiz wrong
# No. That is ordinary training. It gives complete pooling, which is best only where nothing is known of a person.
# ::::
# ::::{dropdown} B. The error on the support after adapting to it.
# :class-container: quiz wrong
# No. Anybody can fit the support; least squares does so perfectly with two ratings, and was the worst of all.
# ::::
# ::::{dropdown} C. The error on the query after adapting to the support.
# :class-container: quiz right
# Right. What counts are ratings that the adaptation did not see.
# ::::
#
# **2. The learned covariance of tastes is smaller than the covariance of people's own least-squares estimates. Why?**
#
# ::::{dropdown} A. Least squares adds the noise of the estimates to the spread of the people.
# :class-container: quiz right
# Right. EM knows how large that noise is, and takes it off.
# ::::
# ::::{dropdown} B. EM shrinks everything, so it underestimates.
# :class-container: quiz wrong
# No. The posterior means are shrunk, but EM adds the posterior covariances back; the figure shows it on the truth.
# ::::
# ::::{dropdown} C. It found a local optimum.
# :class-container: quiz wrong
# No. It agrees with the truth, which we know here.
# ::::
#
# **3. "With our prior, five ratings are enough." What do you ask?**
#
# ::::{dropdown} A. How large the network is.
# :class-container: quiz wrong
# No. The bound of the simulated world holds for networks of any size.
# ::::
# ::::{dropdown} B. Enough for which part, measured against which simple rival, and with which ratings shown?
# :class-container: quiz right
# Right. Generosity is learned from a few by a bias too. Taste is not; and random supports are kinder than first ones.
# ::::
# ::::{dropdown} C. Whether the prior was learned from a million people.
# :class-container: quiz wrong
# No. Some tens of people, a hundred at most, fix the people's part of the prior. It is the films that need many.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`efron1973stein`: why estimates of many should be shrunk together, with data one remembers.
# - {cite:t}`gelman2006data`: pooling, no pooling and what lies between, for people who analyse data.
# - {cite:t}`dempster1977maximum`: EM.
# - {cite:t}`blei2017variational`: variational inference, a review.
# - {cite:t}`lim2007variational` and {cite:t}`salakhutdinov2008bpmf`: our model, by mean field and by sampling.
# - {cite:t}`grant2018recasting`: MAML as hierarchical Bayes.

# %% [markdown]
# ## What comes next
#
# You can be the newcomer yourself: {doc}`/book/try_it` runs this chapter's model in your browser, from no rating on.
#
# The Gaussian prior is exact, cheap and honest, and every later chapter must face it. It is also linear. Chapter 11 learns the starting point of a network by gradients through gradients, and asks whether a few steps from there reach
# what this chapter has in closed form.
