# %% [markdown]
# # Problem set 5. MAML and its relatives
#
# **The story.** Larkfield makes hearing aids. A new wearer sits in the fitting room, hears short scenes (a café, a child,
# rain on a car roof), each through some setting of the device, and says how pleasant that was. After a few such
# judgements the device must know what *this* wearer finds pleasant, for it will choose the setting from then on. A
# consultant has a plan: *"MAML. It works with any model, it assumes nothing, and it needs a few gradient steps."* The
# chip has room for one way to learn: gradient steps, steps of a learned size, or a closed form. You decide. So take
# the steps, differentiate through them, find out where the outer loops settle and what a number of steps believes
# in secret, and in the last question compute what *no* choice of step sizes can reach.
#
# Everywhere below a scene through a setting is a vector $\mathbf x$ of $d$ numbers, a wearer is a vector
# $\boldsymbol\theta$ of what these are worth, and a judgement is $y \approx \mathbf x^\top \boldsymbol\theta$, above what is
# expected of a stranger. The loss of $k$ judgements is that of chapter 11, damped as if $\lambda$ more had been predicted
# without error:
#
# $$ \mathcal L(\boldsymbol\theta) = \frac{1}{k + \lambda} \sum_{i=1}^{k} (y_i - \mathbf x_i^\top \boldsymbol\theta)^2 . $$
#
# Its second derivatives are the matrix $\mathbf H = \frac{2}{k + \lambda} \mathbf X^\top \mathbf X$, with one row of
# $\mathbf X$ for each judgement. They do not depend on $\boldsymbol\theta$, and so everything here has an exact answer.
#
# **What you need.** Chapters 10, 11 and 12. A processor is enough; every answer runs in a second, and nothing is
# differentiated by a machine. Only `numpy`, `scipy` and Python's own library are there when your answers are marked.
#
# **How long.** About six hours; question 6 may keep you thinking.
#
# **How it is marked.** Questions 1 to 6 by a program: it calls your functions with inputs that you have not seen.
# The checks below each question are examples of what it looks at, with hints; they are worth nothing themselves.
# Edge cases count only when the main part is right. Every answer has a closed form, so yours must agree to six
# digits: that leaves room for rounding and for another way to compute it, and none for another formula, for finite
# differences, or for a simulation. Questions 7 and 8 are read by a person. Change names neither of functions nor of
# arguments, return what the docstring says, and add cells as you like.

# %% tags=["assignment"]
libraries = ["numpy", "scipy"]

# %%
import numpy as np

from metarec.grading import expect

nan = np.nan

# %% [markdown]
# ## Question 1. The way of one wearer (3 points)
#
# The device starts at $\boldsymbol\theta_0$ and takes $n$ gradient steps on the damped loss of one wearer's judgements,
#
# $$ \boldsymbol\theta_{t+1} = \boldsymbol\theta_t - \alpha \nabla \mathcal L(\boldsymbol\theta_t) . $$
#
# Return the whole way: you will want to look at it.

# %% tags=["solution"]
def walk(start, x, y, rate, damping, steps):
    """Where the gradient steps on one wearer's judgements lead.

    start: array [d]. x: array [k, d] and y: array [k], the judgements; k may be 0, and then no
    step moves anything. rate: α. damping: λ, at least 0. steps: n, at least 0.
    Returns an array [steps + 1, d]: the start, and the point after each step.
    """
    way = [np.asarray(start, float)]
    scale = 2 / max(len(x) + damping, 1)
    for _ in range(steps):
        way.append(way[-1] + rate * scale * x.T @ (y - x @ way[-1]))
    return np.array(way)

# %% tags=["check"]
expect(
    walk,
    (np.array([0.0]), np.array([[1.0], [1.0]]), np.array([1.5, 0.4]), 0.4, 2, 2),
    np.array([[0.0], [0.38], [0.608]]),
    "the first person of chapter 11, one step further",
    "The second slope is taken where the first step ended: −2 · (1.12 + 0.02) / 4.",
)
expect(
    walk,
    (np.array([1.0, 1.0]), np.array([[2.0, 0.0]]), np.array([4.0]), 0.25, 1, 1),
    np.array([[1.0, 1.0], [2.0, 1.0]]),
    "a trait that was not heard",
    "The judgement says nothing about the second trait, so it stays where it was.",
)

# %% tags=["hidden"]
def _wearer(k, d, level=0.0):
    x = secret.normal(0, 1, (k, d))
    return x, level + x @ secret.normal(0, 1, d) + secret.normal(0, 1, k)

def _steepest(x, damping):
    return 2 * np.linalg.norm(x, 2) ** 2 / (len(x) + damping)

def _fitting(k, d, share, damping, steps, level=0.0):
    x, y = _wearer(k, d, level)
    return secret.normal(0, 1, d), x, y, share / _steepest(x, damping), damping, steps

aspect("ways of a few steps", 2, "Divide by k and the damping together, and take each slope where you stand.",
       cases=[_fitting(5, 3, 0.5, 2.0, 4), _fitting(20, 6, 0.8, 5, 9), _fitting(3, 8, 0.3, 0, 3, level=2.0)])
aspect("nothing judged, or no step taken", 1,
       "A sum of nothing is zero, also where there is no damping; and the way begins with the start.",
       cases=[(secret.normal(0, 1, 4), np.zeros((0, 4)), np.zeros(0), 0.3, 0, 3), _fitting(6, 2, 0.5, 1.0, 0)])

# %% [markdown]
# ## Question 2. Where should the start move? (4 points)
#
# Each wearer of a batch takes *one* step on the support, to $\boldsymbol\theta_u$. The wearer's query loss there is the
# plain mean of the squared errors of the wearer's query judgements, and the loss of the batch is the mean over wearers.
# Return its derivative by the start, as MAML has it, and the direction that FOMAML takes in its place.
#
# Wearers have judged different numbers of scenes. The arrays are padded: where $y$ is `nan` there is no judgement, and
# $\mathbf x$ may hold anything there, `nan` included.

# %% tags=["solution"]
def where_to_move(start, x, y, asked_x, asked_y, rate, damping):
    """MAML's and FOMAML's gradient of the mean query loss after one step.

    start: array [d]. x: array [wearers, k, d] and y: array [wearers, k], the supports; a support
    may be empty, and then its wearer stays at the start. asked_x: array [wearers, q, d] and
    asked_y: array [wearers, q], the queries; each holds at least one judgement. y and asked_y are
    nan where there is no judgement. rate: α. damping: λ of the supports, at least 0.
    Returns two arrays [d]: MAML's gradient, FOMAML's gradient.
    """
    judged, asked = ~np.isnan(y), ~np.isnan(asked_y)
    x, asked_x = np.where(judged[..., None], x, 0.0), np.where(asked[..., None], asked_x, 0.0)
    y, asked_y = np.where(judged, y, 0.0), np.where(asked, asked_y, 0.0)
    scale = 2 / np.maximum(judged.sum(axis=1) + damping, 1)[:, None]
    end = start + rate * scale * np.einsum("ukd,uk->ud", x, y - x @ start)
    wrong = np.einsum("uqd,ud->uq", asked_x, end) - asked_y
    slope = 2 * np.einsum("uqd,uq->ud", asked_x, wrong) / asked.sum(axis=1)[:, None]
    bent = scale * np.einsum("ukd,uk->ud", x, np.einsum("ukd,ud->uk", x, slope))  # Hessian times slope
    return (slope - rate * bent).mean(axis=0), slope.mean(axis=0)

# %% tags=["check"]
_one = np.ones((1, 1, 1))
expect(
    where_to_move,
    (np.array([0.0]), np.ones((1, 3, 1)), np.array([[1.5, 0.4, nan]]), _one, np.array([[1.0]]), 0.4, 2),
    (np.array([-0.744]), np.array([-1.24])),
    "the first person of chapter 11, and a place of padding",
    "The step ends at 0.38 and keeps 0.6 of what the start moves.",
)
expect(
    where_to_move,
    (np.array([0.0]), np.ones((2, 2, 1)), np.array([[1.5, 0.4], [nan, nan]]),
     np.ones((2, 2, 1)), np.array([[1.0, nan], [1.0, 3.0]]), 0.4, 2),
    (np.array([-2.372]), np.array([-2.62])),
    "a second wearer, who has judged nothing yet",
    "Without a support the start is the end: slope −4, and no second derivatives. Mean over wearers, not over judgements.",
)

# %% tags=["hidden"]
def _padded(wearers, places, d, fewest):
    tastes = secret.normal(0.5, 1, (wearers, d))
    x = secret.normal(0, 1, (wearers, places, d))
    y = np.einsum("ukd,ud->uk", x, tastes) + secret.normal(0, 1, (wearers, places))
    gone = np.arange(places) >= secret.integers(fewest, places, (wearers, 1), endpoint=True)
    gone = secret.permuted(gone, axis=1)
    return np.where(gone[..., None], np.nan, x), np.where(gone, np.nan, y)

def _batch(wearers, k, q, d, damping, fewest=1):
    rate = 0.3 / d
    return secret.normal(0, 1, d), *_padded(wearers, k, d, fewest), *_padded(wearers, q, d, 1), rate, damping

aspect("batches of wearers", 3,
       "The query's slope at the end of the step, times the unit matrix less rate times Hessian; each wearer's query has a mean of its own.",
       cases=[_batch(12, 6, 5, 3, 2.0), _batch(40, 9, 7, 6, 5), _batch(1, 3, 1, 4, 0.0)])
aspect("wearers who have judged nothing", 1, "No judgement, no step: also with a damping of zero.",
       cases=[_batch(25, 2, 4, 3, 0.0, fewest=0), _batch(30, 3, 3, 5, 1.5, fewest=0)])

# %% [markdown]
# ## Question 3. Where Reptile settles (4 points)
#
# Reptile needs no query. It lets every wearer take $n$ steps from the start $\boldsymbol\theta$ on all of the wearer's judgements,
# and walks towards the mean of the ends. It stops where there is nothing left to walk: where *the mean of the ends is the
# start itself*. Compute that point.
#
# The consultant asks for $n$ = ten million ("just to be safe"), and most wearers have judged fewer scenes than there
# are traits, so $\mathbf H$ is singular for each of them. You need neither a loop over the steps nor an inverse of
# $\mathbf H$. (A loop that is right earns three points; the fourth is for ten million.) When it works, try $n = 1$ and a huge $n$ on wearers of whom some have judged much more than the others: who decides
# where Reptile settles?

# %% tags=["solution"]
def reptile_settles(x, y, rate, damping, steps):
    """The start that the mean of all wearers' ends, after n steps from there, leaves in place.

    x: array [wearers, k, d] and y: array [wearers, k]; y is nan where there is no judgement, and x
    may hold anything there. A wearer may have judged nothing, but together the wearers leave no
    direction unheard. rate: α, small enough that no step overshoots. damping: λ, at least 0.
    steps: n, at least 1. Returns an array [d].
    """
    d = x.shape[-1]
    moved = []
    for scenes, stars in zip(x, y):
        judged = ~np.isnan(stars)
        scenes, stars = scenes[judged], stars[judged]
        step = rate * 2 / max(len(scenes) + damping, 1) * scenes.T
        once = np.eye(d + 1)  # one step on (θ, 1)
        once[:d, :d] -= step @ scenes
        once[:d, d] = step @ stars
        moved.append(np.linalg.matrix_power(once, steps))
    mean = np.mean(moved, axis=0)
    return np.linalg.solve(np.eye(d) - mean[:d, :d], mean[:d, d])

# %% tags=["check"]
_toy = np.array([[[1.0]], [[2.0]]]), np.array([[0.0], [2.0]])
expect(
    reptile_settles,
    (*_toy, 0.2, 1, 1),
    np.array([0.8]),
    "the flat and the steep task of chapter 11",
    "The curvatures are 1 and 4, the best points 0 and 1. One step makes Reptile listen by curvature.",
)
expect(
    reptile_settles,
    (*_toy, 0.2, 1, 1000),
    np.array([0.5]),
    "the same after a thousand steps",
    "Both have arrived at their own best points, whatever the curvature.",
)
expect(
    reptile_settles,
    (np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.array([[3.0], [-1.0]]), 0.1, 0, 7),
    np.array([3.0, -1.0]),
    "two wearers who have heard different things",
    "Who has not heard a trait does not move it, and has no say in it.",
)

# %% tags=["hidden"]
def _club(wearers, places, d, damping, steps, share=0.6, fewest=1):
    x, y = _padded(wearers, places, d, fewest)
    there = np.where(np.isnan(x), 0.0, x)
    highest = max(_steepest(one[mask], damping) for one, mask in zip(there, ~np.isnan(y)) if mask.any())
    return x, y, share / highest, damping, steps

aspect("a few steps", 2,
       "A step is linear: write the end as a matrix times the start plus what is reached from zero, and set their mean equal to the start.",
       cases=[_club(20, 9, 4, 2.0, 1), _club(30, 12, 6, 5.0, 5), _club(25, 5, 3, 0.0, 40)])
aspect("wearers who have judged little or nothing", 1,
       "A direction that somebody has not judged keeps its start; no inverse of a singular matrix is needed.",
       cases=[_club(40, 4, 6, 1.0, 8, fewest=0), _club(60, 3, 5, 0.0, 3, fewest=0)])
# It comes last: who loops over the steps is stopped here, and keeps the rest.
aspect("ten million steps", 1, "A power of a matrix needs some twenty products, not ten million.",
       cases=[_club(30, 3, 6, 1.0, 10_000_000), _club(40, 12, 5, 3.0, 10_000_000)])

# %% [markdown]
# ## Question 4. Through the steps (5 points)
#
# Meta-SGD learns a step size $a_j$ for each parameter: with $\mathbf A = \operatorname{diag}(a_1, \dots, a_d)$,
#
# $$ \boldsymbol\theta_{t+1} = \boldsymbol\theta_t - \mathbf A \nabla \mathcal L(\boldsymbol\theta_t) . $$
#
# After $n$ steps the query loss is the plain mean of the squared errors of the query. Return its derivatives by the start and by
# the step sizes, for one wearer, *exactly*: carry the query's slope back through the steps, or the derivatives of
# $\boldsymbol\theta_t$ forward. Mind the order of $\mathbf A$ and $\mathbf H$.
#
# ANIL is a special case: what does not adapt has $a_j = 0$. The derivatives by *its* start and by *its* step size are
# asked for as well, though ANIL would use only the first.

# %% tags=["solution"]
def through_steps(start, sizes, x, y, asked_x, asked_y, damping, steps):
    """Derivatives of the query loss after n steps, by the start and by the step sizes.

    start, sizes: arrays [d]; sizes at least 0. x: array [k, d] and y: array [k], the support; k may
    be 0, and then no step moves anything. asked_x: array [q, d] and asked_y: array [q], the query,
    q at least 1. damping: λ of the support, at least 0. steps: n, at least 1.
    Returns two arrays [d]: by the start, by the sizes.
    """
    scale = 2 / max(len(x) + damping, 1)
    hessian, pull = scale * x.T @ x, scale * x.T @ y
    theta, slopes = start, []
    for _ in range(steps):
        slopes.append(hessian @ theta - pull)
        theta = theta - sizes * slopes[-1]
    back = 2 * asked_x.T @ (asked_x @ theta - asked_y) / len(asked_x)
    by_sizes = np.zeros(len(start))
    for slope in reversed(slopes):
        by_sizes -= slope * back
        back = back - hessian @ (sizes * back)
    return back, by_sizes

# %% tags=["check"]
expect(
    through_steps,
    (np.array([0.0]), np.array([0.4]), np.ones((2, 1)), np.array([1.5, 0.4]), np.ones((1, 1)),
     np.array([1.0]), 2, 1),
    (np.array([-0.744]), np.array([-1.178])),
    "the first person of chapter 11",
    "The step size multiplies a slope of −0.95: a longer step would raise the end, and the query wants it higher.",
)
expect(
    through_steps,
    (np.array([0.0, 0.0]), np.array([0.25, 0.0]), np.array([[1.0, 1.0]]), np.array([1.0]),
     np.array([[1.0, 0.0]]), np.array([1.0]), 0, 1),
    (np.array([-0.5, 0.5]), np.array([-2.0, 0.0])),
    "a trait that does not adapt",
    "The step ends at (0.5, 0). Had the second trait started higher, the first would have moved less.",
)

# %% tags=["hidden"]
def _tuned(k, q, d, damping, steps, frozen=0):
    x, y = _wearer(k, d)
    sizes = secret.uniform(0.1, 0.9, d) / max(_steepest(x, damping), 1)
    sizes[secret.permutation(d)[:frozen]] = 0.0
    return secret.normal(0, 1, d), sizes, x, y, *_wearer(q, d), damping, steps

def _unheard(d, q, damping, steps):
    start, sizes, _, _, *rest = _tuned(4, q, d, damping, steps)
    return start, sizes, np.zeros((0, d)), np.zeros(0), *rest

aspect("one step", 1, "The end depends on a size through the slope at the start, trait by trait.",
       cases=[_tuned(4, 3, 3, 2.0, 1), _tuned(15, 6, 7, 5.0, 1)])
aspect("several steps", 2,
       "Each step adds its share to the derivative by the sizes; and A H is not H A, so look which of them is transposed.",
       cases=[_tuned(5, 4, 3, 1.0, 3), _tuned(12, 8, 6, 4.0, 7), _tuned(3, 2, 5, 0.0, 12)])
aspect("parameters that do not adapt", 1, "A size of zero is a size like any other: its derivative is that of the formula.",
       cases=[_tuned(6, 4, 5, 2.0, 4, frozen=3), _tuned(9, 5, 4, 1.0, 2, frozen=4)])
aspect("nothing judged", 1, "The end is the start: no size matters, and the query's slope comes back as it is.",
       cases=[_unheard(4, 3, 0.0, 3), _unheard(3, 5, 2.0, 1)])

# %% [markdown]
# ## Question 5. The prior that steps pretend (6 points)
#
# *"It assumes nothing."* Let $\rho$ be a curvature of the loss (an eigenvalue of $\mathbf H$). In its direction $n$ steps go the share
# $1 - (1 - \alpha\rho)^n$ of the way from the start to least squares. A posterior mean whose prior stands at the start, with
# variance $c$ in this direction, goes the share
#
# $$ \frac{c\,\kappa}{c\,\kappa + \sigma^2}, \qquad \kappa = \frac{k + \lambda}{2}\, \rho , $$
#
# where $\sigma^2$ is the variance of a judgement's noise. So there is one $c(\rho)$ with which the two agree, for all
# judgements that the wearer could give: the steps *are* a posterior mean, and this is the prior that they pretend. It has a limit as
# $\rho$ goes to zero; take it in the directions that the support does not hear.
#
# Return the covariance matrix that has the eigenvectors of $\mathbf H$ and these variances, and the degrees of freedom that
# the steps have used: the sum of the shares over all directions. Then look: how does $c$ depend on $\rho$? What does the device believe about a second
# wearer, who has heard other scenes?

# %% tags=["solution"]
def pretended_prior(x, noise, rate, damping, steps):
    """The prior whose posterior mean is where n gradient steps end, and how far they went.

    x: array [k, d], the scenes of a support, k at least 1. noise: σ², above 0. rate: α, such that α
    times the largest curvature is below 1. damping: λ, at least 0. steps: n, at least 1.
    Returns a number and an array [d, d]: degrees of freedom, covariance.
    """
    d, scale = x.shape[1], 2 / (len(x) + damping)
    left = np.eye(d) - rate * scale * x.T @ x  # what a step leaves of the way
    # ((1 − αρ)^−n − 1) / ρ is a geometric sum, and needs no case for ρ = 0
    grown = sum(np.linalg.matrix_power(np.linalg.inv(left), t) for t in range(1, steps + 1))
    return d - np.trace(np.linalg.matrix_power(left, steps)), noise * rate * scale * grown

# %% tags=["check"]
expect(
    pretended_prior,
    (np.array([[1.0]]), 1.0, 0.25, 1, 1),
    (0.25, np.array([[1 / 3]])),
    "one scene, one step",
    "The step goes a quarter of the way. So does the posterior mean with c / (c + 1) = 1/4.",
)
expect(
    pretended_prior,
    (np.array([[1.0, 0.0]]), 3.0, 0.25, 1, 2),
    (7 / 16, np.array([[7 / 3, 0.0], [0.0, 3 / 2]])),
    "two steps, and a trait that is not heard",
    "3 · (16/9 − 1) in the first direction. In the second the limit is 3 · 2 steps · 1/4, and not zero.",
)

_rng = np.random.default_rng(1)
_x, _y, _from = _rng.normal(size=(4, 6)), _rng.normal(size=4), _rng.normal(size=6)
_c = pretended_prior(_x, 0.7, 0.05, 2.0, 9)[1]
_mean = _from + _c @ _x.T @ np.linalg.solve(_x @ _c @ _x.T + 0.7 * np.eye(4), _y - _x @ _from)
assert np.allclose(_mean, walk(_from, _x, _y, 0.05, 2.0, 9)[-1]), "the posterior mean ends elsewhere"
print("✓ pretended_prior: its posterior mean is where your steps of question 1 end")

# %% tags=["hidden"]
def _room(k, d, noise, share, damping, steps, rank=0):
    x = secret.normal(0, 1, (k, d))
    if rank:
        x = x[:, :rank] @ secret.normal(0, 1 / np.sqrt(rank), (rank, d))
    return x, noise, share / _steepest(x, damping), damping, steps

aspect("supports that hear every trait", 3,
       "Set the two shares equal and solve for c, direction by direction; σ² multiplies it.",
       cases=[_room(8, 3, 1.0, 0.5, 2.0, 4), _room(20, 6, 0.4, 0.7, 5.0, 6), _room(7, 5, 2.5, 0.3, 0.0, 15)])
aspect("a single step", 1, "One step is a prior, too.", cases=[_room(6, 4, 1.5, 0.6, 1.0, 1), _room(9, 2, 0.3, 0.9, 0.0, 1)])
aspect("traits that the support does not hear", 2,
       "Where nothing is heard c is not zero and not without bounds: let the curvature go to zero in the formula.",
       cases=[_room(3, 7, 0.8, 0.6, 1.0, 5), _room(12, 6, 1.2, 0.5, 0.0, 8, rank=2), _room(1, 4, 2.0, 0.4, 3.0, 3)])

# %% [markdown]
# ## Question 6. What no step size can reach (7 points)
#
# Now suppose that Larkfield knows how tastes are spread. A wearer's $\mathbf z$ comes from $\mathcal N(\mathbf m, \boldsymbol\Sigma)$, a
# judgement is $\mathbf x^\top \mathbf z$ plus noise of variance $\sigma^2$, and which scenes somebody hears has nothing to do
# with taste. The device starts at $\mathbf m$. It may take $n$ steps, each of its own size; it may take them with momentum; it may even go
# back. And each slope may be multiplied by one *shape*, a symmetric matrix $\mathbf C$ that is built into the chip: the unit matrix for plain steps, a
# diagonal one for Meta-SGD. Whatever it does, as long as it does the same for all, it ends at
#
# $$ \mathbf m + \sum_{j=0}^{n-1} c_j\, (\mathbf C \mathbf H)^j\, \mathbf C\, \mathbf g ,
# \qquad \mathbf g = \frac{2}{k + \lambda} \mathbf X^\top (\mathbf y - \mathbf X \mathbf m) , $$
#
# with $n$ numbers $c_j$ that are the same for all wearers, while $\mathbf H$ and $\mathbf g$ are the wearer's own. (Two steps of sizes $\alpha_1$ and
# $\alpha_2$: $c_0 = \alpha_1 + \alpha_2$ and $c_1 = -\alpha_1 \alpha_2$.) Choose them as well as they can be chosen: so that the expected
# squared error of what the device predicts for the scenes `asked` (the mean over them of $(\mathbf x^\top \mathbf z - \mathbf x^\top \boldsymbol\theta)^2$, no noise in
# it) is as small as possible, over all tastes and all noise, on average over the given supports. Return this
# smallest error for $n = 0, 1, 2, \dots$, and beside it what the posterior mean of each wearer leaves. *Exactly*: the error is a quadratic function of the $c_j$. (Why need
# the function not know $\mathbf m$?)
#
# Then plot it for the population of the cell below the checks, $n$ from 0 to 5 (further powers are so nearly parallel that rounding
# has the last word): for the plain shape, for the diagonal of $\boldsymbol\Sigma$, and for $\boldsymbol\Sigma$ itself, with $\lambda = 0$ and with
# $\lambda = 5$; and the posterior as a line. Which curves go down to the line, and which become level above it? What does
# $\lambda$ tell the device that the mean of a loss has forgotten? (The second and the third check know.)

# %% tags=["solution"]
def steps_reach(supports, asked, covariance, noise, damping, shape, most):
    """Smallest expected error after 0, 1, …, most gradient steps, and that of the posterior mean.

    supports: list of arrays [k, d], the scenes that each wearer has judged; k differs, and may be 0:
    then nothing moves. asked: array [m, d]. covariance: Σ, array [d, d], positive definite.
    noise: σ², above 0. damping: λ, at least 0. shape: C, array [d, d], symmetric. most: at least 1.
    Where several choices of the numbers are equally good, any of them will do.
    Returns an array [most + 1] and a number.
    """
    weight = asked.T @ asked / len(asked)
    nothing = np.sum(weight * covariance)
    gain, cost, known = np.zeros(most), np.zeros((most, most)), 0.0
    for x in supports:
        scale = 2 / max(len(x) + damping, 1)
        ways = [scale * shape @ x.T]  # [d, k], times residuals
        for _ in range(most - 1):
            ways.append(scale * shape @ x.T @ (x @ ways[-1]))
        ways, told = np.array(ways), x @ covariance @ weight
        spread = x @ covariance @ x.T + noise * np.eye(len(x))  # of the residuals
        gain += np.einsum("jdk,kd->j", ways, told)
        cost += np.einsum("idk,de,jel,kl->ij", ways, weight, ways, spread, optimize=True)
        known += np.sum(told * np.linalg.solve(spread, x @ covariance))
    best = [nothing]
    for n in range(1, most + 1):
        numbers = np.linalg.lstsq(cost[:n, :n], gain[:n], rcond=None)[0]
        best.append(nothing - gain[:n] @ numbers / len(supports))
    return np.array(best), nothing - known / len(supports)

# %% tags=["check"]
_two, _unit = [np.ones((1, 1)), np.ones((3, 1))], np.ones((1, 1))
expect(
    steps_reach,
    ([np.ones((1, 1))], 2 * _unit, _unit, 1.0, 0, _unit, 1),
    (np.array([4.0, 2.0]), 2.0),
    "one judgement",
    "The best step goes half of the way and leaves half of the variance; the scene asked counts it four times.",
)
expect(
    steps_reach,
    (_two, _unit, _unit, 1.0, 0, _unit, 2),
    (np.array([1.0, 0.4, 0.4]), 3 / 8),
    "one judgement or three, without damping",
    "The mean of a loss forgets how many there were: both wearers go 0.6 of the way, and a second step tells nothing new.",
)
expect(
    steps_reach,
    (_two, _unit, _unit, 1.0, 1, _unit, 2),
    (np.array([1.0, 3 / 8, 3 / 8]), 3 / 8),
    "one judgement or three, with the right damping",
    "With λ = σ² / Σ one step is the posterior mean, for every k.",
)

# %%
rng = np.random.default_rng(5)
axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
spread_of_tastes = axes * 0.4 ** np.arange(6) @ axes.T  # Σ; the noise has variance 1
heard = [rng.normal(size=(k, 6)) for k in rng.integers(1, 21, 60)]  # 1 to 20 scenes a wearer
scenes = rng.normal(size=(100, 6))

# %% tags=["hidden"]
def _population(ks, d, noise, damping, shape, most, m=9):
    turn = np.linalg.qr(secret.normal(0, 1, (d, d)))[0]
    covariance = turn * (0.6 ** np.arange(d) * secret.uniform(0.7, 1.4, d)) @ turn.T
    shapes = {"plain": np.eye(d), "sizes": np.diag(secret.uniform(0.3, 1.5, d)), "prior": covariance}
    supports = [secret.normal(0, 1, (k, d)) for k in ks]
    return supports, secret.normal(0, 1, (m, d)), covariance, noise, damping, shapes[shape], most

aspect("plain steps", 3,
       "Write the end less z as a matrix times z − m plus a matrix times the noise. One set of numbers serves all wearers.",
       cases=[_population([4] * 8, 3, 1.0, 0.0, "plain", 2), _population([2, 5, 9, 14], 4, 0.5, 5.0, "plain", 3),
              _population([3, 3, 8], 6, 2.0, 2.0, "plain", 1)])
aspect("steps with a shape", 2, "The shape stands before every slope, also inside of the power.",
       cases=[_population([3, 6, 6, 12], 4, 1.0, 3.0, "sizes", 3), _population([5, 8, 15, 15, 2], 5, 0.8, 1.0, "prior", 3)])
aspect("wearers who have judged nothing", 1, "They stay at the start, and they count.",
       cases=[_population([0, 4, 0, 7], 3, 1.0, 2.0, "plain", 2), _population([0, 1, 5, 0, 9], 4, 1.3, 0.0, "prior", 2)])
aspect("steps that bring nothing new", 1,
       "Nobody has judged anything, or all have heard one and the same scene: solve the equations so that they may be singular.",
       cases=[_population([0, 0], 3, 1.0, 0.0, "plain", 3),
              ([np.array([[1.0, 2.0]])] * 3, np.array([[1.0, 1.0]]), np.diag([1.0, 0.5]), 2.0, 1.0, np.eye(2), 3)])

# %% [markdown]
# ## Question 7. "It assumes nothing" (5 points)
#
# Answer the consultant: *"MAML works with any model, it assumes nothing, and it needs a few gradient steps."* Use your answer to
# question 5, your curves from question 6, and the results of chapters 10 to 12. What do a few steps assume? When a device adapts to a
# wearer, does it learn something new or read out differently what it has? Is the mean of all wearers the right start, and
# when is it not? What is true in the sentence, what would you put into the chip, and why? At most 250 words.

# %% [markdown] tags=["answer-7"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 7** (one point each, at most 5; half a point for a claim without a curve or a result).
#
# - A number of steps *is* a prior: of variance $\sigma^2 \frac{2\alpha}{k + \lambda} \sum_{t=1}^{n} (1 - \alpha\rho)^{-t}$, least where nothing was heard, and the larger the more
#   the support says. Another support, another prior: nobody would believe it. (Chapter 10: averaged over a random time of stopping it is the same for all.)
#   Chapter 11: twenty steps instead of three cost 0.07 stars with two ratings; with twenty ratings five steps were best. No number of steps is right for every k.
# - Curves, $\lambda = 5$: plain steps leave 0.94, 0.80, 0.77, and then stay at 0.77, those by the diagonal (a sensible one; learned sizes could do a little better) at 0.74; the posterior leaves 0.50. Only steps in the shape of
#   $\boldsymbol\Sigma$ go there (0.81, 0.62, 0.55, 0.53, 0.52). Without damping even these leave 0.54, for the mean forgets k. Nothing goes below the line. Chapter 10: at the best stop 0.007 stars behind
#   the posterior in the prior's units, 0.019 in plain ones, 0.035 from zero.
# - Reuse: in chapter 11 the hidden layers were alike to 0.99 before and after, the predictions to 0.3; ANIL, which lets only the head move, did as well as MAML.
#   What adapts is a linear head, and that has a closed form (the ridge head of chapter 12: 0.004 behind with twenty ratings).
# - With equal care on real people MAML is level with hierarchical Bayes at one rating, 0.002 behind at five and 0.005 at twenty; learned step sizes changed 0.002. True is: it was told neither
#   that tastes are Gaussian nor that ratings are sums, and came close. That is worth something where there is no closed form.
# - The mean is the best start for every support when what one hears has nothing to do with taste. When it has (who hears badly is given other scenes), each wearer counts by what the steps *leave*:
#   in the toy of chapter 11 the starts of FOMAML and Reptile left 1.56 and 3.25 times the loss of MAML's. Telling the device the group is better than a compromise.
# - A decision that follows: start, covariance and noise from the wearers so far, and one small system of equations in the chip; or steps in the shape of $\boldsymbol\Sigma$, if it cannot solve any.
#
# Not worth a point: "gradient descent is slow"; "Bayes is optimal" without saying for which population.

# %% [markdown]
# ## Question 8. Three methods, one budget (6 points)
#
# The consultant's evidence, whole:
#
# | error, new wearers | 3 judgements | 30 judgements |
# |---|---|---|
# | hierarchical Bayes | 0.84 | 0.71 |
# | in-context transformer | 0.85 | 0.70 |
# | MAML, learned step sizes | 0.86 | 0.69 |
#
# *"The vectors of the scenes were learned from the judgements of 600 wearers, and the three methods were trained on these 600. The 100 test
# wearers had no part in it. Of 40 settings of MAML we took the one with the smallest error at 30 judgements; the others ran with the settings of their papers. Supports were drawn
# at random. With 9000 judgements tested the 95 % interval is ± 0.01. MAML wins."*
#
# No test wearer was involved in the training, and yet something leaks. Name it: what does it teach a method, which methods most, in which column would the harm be seen, and how do you close it?
# What else in the report flatters which row? Then design the comparison of the three after which you would decide: who knows what, what is tried how often and chosen where, the rows that are missing, what is asked after how many judgements, the unit of chance,
# and the result at which MAML does *not* go into the chip. At most 350 words.

# %% [markdown] tags=["answer-8"]
# *Write your answer here.*

# %% [markdown] tags=["rubric"]
# **Rubric of question 8** (one point each).
#
# - The vectors hold the judgements, queries included, of the wearers on whom the methods were trained, so in training a support seems to tell more than it tells about a newcomer: the methods learn to trust it too much.
#   The test is clean, and the harm is seen there, with few judgements: the first column fits. Chapter 11: learned step sizes lost 0.006 stars with two ratings and 0.007 with five, and nothing to speak of with twenty; MAML,
#   whose one step size was chosen on validation people, 0.001 with five. A leak harms in proportion to the freedom to exploit it.
# - Cross-fit by wearer: folds, one model of the scenes without each, every training wearer reads vectors that have not seen her, turned to common axes; newcomers read those of all. The leaking twin stays as a row: its difference is the measurement.
# - Forty settings against none, and chosen on the test wearers: choose on validation wearers, the same number of tries and the same training for all, the closed form included; the test wearers once.
# - The same vectors for all three, and the missing rows: what a stranger is expected to say, the wearer's own bias, chance; perhaps the average of transformer and closed form (chapter 12: with five ratings 0.002 better than the form).
# - The unit of chance is the wearer, paired; judgements of one wearer are not 9000 draws. Several divisions of the wearers and seeds: in chapter 12 the transformer was 0.010 behind with twenty ratings on one division and tied on four others. How
#   many train matters: with 60 people it was 0.040 behind, and practice on simulated ones took off half.
# - Judgements from 0 on, as many as wearers really give, and the first ones in the fitting room, not random ones (chapter 10: the first twenty ratings in time brought 0.068 stars, random ones 0.093). Beforehand the smallest gain that pays; no MAML
#   unless the whole interval of *MAML minus closed form* lies below its negative.
