# %% [markdown]
# # How to know that it works
#
# A recommender that has learned nothing can be right half of the time, if the test is easy
# enough. This chapter is about tests in which that does not happen unnoticed.

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** Which experiment can tell a better recommender from a lucky one?
#
# **You will be able to**
# - compute the measures that recommenders are judged by, and say what each of them rewards;
# - hide ratings so that nothing leaks, and tell what a leak is worth;
# - decide whether the difference of two methods is more than luck.
#
# **Before you start.** Chapter 01, some NumPy, and what a mean and a standard deviation are.
#
# **Time.** 70 minutes to read; less than 45 seconds to run on one core.
# :::

# %%
import itertools
import math

import numpy as np
import pandas as pd
import scipy.stats

import metarec as mr
from metarec import evaluation, models, plots

# %% tags=["parameters"]
full = False  # True: more repetitions; the text is written for False

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, RED

REPEATS = 10 if full else 2  # repetitions of the experiment on time
TRIALS = 5000 if full else 1000  # random choices of a small test set


# %% [markdown]
# ## One person, six films
#
# We begin as small as possible. One person of MovieLens-100K {cite}`harper2015movielens` is a
# writer of 26, number 21 in the data. Training never sees his ratings. Then we show two methods five
# of them, drawn at random, and ask for six others, of films that many people know.
#
# The first method is the **item mean**: everybody gets the mean rating of the film, so it does
# not look at the five ratings at all. The second, **hierarchical Bayes**, describes people and
# films by a few learned numbers and does look. For now it is a black box; chapter 10 opens it.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings)  # .train, .validation and .test
item_mean = models.ItemMean().fit(split.train)
bayes = models.HierarchicalBayes().fit(split.train)
ratings

# %%
WRITER, SIX = 21, [50, 56, 258, 1, 222, 121]  # ids of a person and of six films
given = ratings.table[ratings.table["user"] == WRITER].set_index("item")["rating"]
episodes = split.test.episodes(draw=0).first(5)  # five random ratings of each
row = list(episodes.users).index(WRITER)
films = episodes.items[episodes.support_items[row]]
shown = dict(zip(films, episodes.support_ratings[row]))  # film id -> stars
six = mr.data.Episodes.of_one(ratings, shown, SIX)

table = pd.DataFrame({"true": given[SIX].to_numpy()}, ratings.items["title"][SIX])
table["item mean"] = item_mean.predict(six)[0]
table["hierarchical Bayes"] = bayes.predict(six)[0]
table.round(2)

# %% [markdown]
# Look at the table before you read on. Which of the two would you rather have? The answer
# depends on what you ask, and each way of asking is a measure.

# %% [markdown]
# ### How far off?
#
# Write $r_{ui}$ for the rating that person $u$ gave to film $i$, $\hat r_{ui}$ for its
# prediction, and $\mathcal Q_u$ for the films that are asked, the {term}`query`. The plainest
# question is by how many stars the predictions miss. The **mean absolute error** takes the misses
# as they are; the **root mean squared error** squares them first, so that one large miss costs
# more than two small ones:
#
# $$
# \mathrm{MAE}_u = \frac{1}{|\mathcal Q_u|} \sum_{i \in \mathcal Q_u} |\hat r_{ui} - r_{ui}|,
# \qquad
# \mathrm{RMSE}_u = \sqrt{\frac{1}{|\mathcal Q_u|}
#                   \sum_{i \in \mathcal Q_u} (\hat r_{ui} - r_{ui})^2}.
# $$
#
# Two lines of NumPy each. The functions of `metarec.evaluation` do the same for many people at
# once, one row a person, and we assert that they agree.

# %%
true = table["true"].to_numpy()
score = table["hierarchical Bayes"].to_numpy()
miss = score - true  # [films]
my_mae, my_rmse = np.abs(miss).mean(), np.sqrt((miss**2).mean())

assert np.isclose(my_mae, evaluation.mae([score], [true])[0])
assert np.isclose(my_rmse, evaluation.rmse([score], [true])[0])
errors = pd.DataFrame({
    name: {"MAE": evaluation.mae([table[name]], [true])[0],
           "RMSE": evaluation.rmse([table[name]], [true])[0]}
    for name in ("item mean", "hierarchical Bayes")
})  # fmt: skip
errors.round(2)

# %% tags=["say", "remove-input"]
worst = np.abs(miss).argmax()
mr.say(f"""
By this measure hierarchical Bayes is the better one: its RMSE is
{errors.loc["RMSE", "hierarchical Bayes"]:.2f} stars, that of the item mean
{errors.loc["RMSE", "item mean"]:.2f}. It has noticed that this writer is a harsh judge (the five
ratings that it saw have a mean of {np.mean(list(shown.values())):.1f}) and lowered everything.
Its worst miss is *{table.index[worst]}*, by {abs(miss[worst]):.1f} stars: squared, this film alone
makes up {mr.percent(miss[worst] ** 2 / (miss**2).sum())} of the sum.
""")

# %% [markdown]
# ### In which order?
#
# A shop window does not show stars. It shows a list, and only the order counts. Take all pairs of
# films to which the person gave *different* ratings and ask how often the better film has the
# higher score: that is the **pairwise accuracy**. A tie in the scores counts one half, so guessing
# gives one half.

# %%
right = []
for i, j in itertools.combinations(range(len(true)), 2):
    if true[i] != true[j]:
        same_order = (score[i] > score[j]) == (true[i] > true[j])
        right.append(0.5 if score[i] == score[j] else float(same_order))
my_pairwise = np.mean(right)

assert np.isclose(my_pairwise, evaluation.pairwise_accuracy([score], [true])[0])

# %% [markdown]
# Most people look at the top of a list only. Sort the films by score, cut after $L$ places, and
# write $\operatorname{rel}_\ell = 1$ if the film at place $\ell$ is relevant, which in this book
# means four stars or more. Four measures read the same zeros and ones:
#
# | measure | formula | asks |
# |---|---|---|
# | precision@$L$ | $\frac{1}{L} \sum_{\ell \le L} \operatorname{rel}_\ell$ | How much of the list is good? |
# | recall@$L$ | $\sum_{\ell \le L} \operatorname{rel}_\ell \,/\, \text{number of relevant films}$ | How much of the good is in the list? |
# | hit rate@$L$ | $1$ if any $\operatorname{rel}_\ell = 1$ with $\ell \le L$, else $0$ | Is there anything good in it? |
# | reciprocal rank | $1 / \min\{\ell : \operatorname{rel}_\ell = 1\}$ | How soon does the first good film come? |
#
# The mean of the last one over people is called **MRR**, mean reciprocal rank. (In the code the cut-off is
# the argument `k`; in formulas $k$ is reserved for the number of known ratings.)

# %%
L = 3
order = np.argsort(-score)  # best score first
rel = (true >= 4)[order]  # [places] true where the film is relevant
mine = {
    "precision": rel[:L].mean(),
    "recall": rel[:L].sum() / rel.sum(),
    "hit_rate": float(rel[:L].any()),
    "mrr": 1 / (1 + np.argmax(rel)),
}
for name, value in mine.items():
    metric = getattr(evaluation, name)
    cut = len(true) if name == "mrr" else L
    assert np.isclose(value, metric([score], [true >= 4], k=cut)[0])
pd.DataFrame(mine, index=["hierarchical Bayes"]).round(2)

# %% [markdown]
# All four treat a film of four stars and one of five alike, and three of them do not care whether
# the good film comes first or third. The **normalised discounted cumulative gain**, nDCG, repairs
# both {cite}`jarvelin2002cumulated`. Each film brings a *gain*, here $2^r - 1$, so that five
# stars are worth about twice as much as four. The gain is *discounted* by its place, because fewer
# people look further down. And the sum is *divided* by that of the best possible order, so that
# $1$ is perfect:
#
# $$
# \mathrm{DCG@}L = \sum_{\ell=1}^{L} \frac{\operatorname{gain}_\ell}{\log_2(\ell + 1)},
# \qquad
# \mathrm{nDCG@}L = \frac{\mathrm{DCG@}L}{\mathrm{DCG@}L \text{ of the best order}}.
# $$

# %%
gain = 2.0**true - 1
discount = 1 / np.log2(np.arange(1, L + 1) + 1)  # [L] 1, 0.63, 0.5
dcg = (gain[order][:L] * discount).sum()
best = (np.sort(gain)[::-1][:L] * discount).sum()
my_ndcg = dcg / best

gains = evaluation.exponential_gain([true])
assert np.isclose(my_ndcg, evaluation.ndcg([score], gains, k=L)[0])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of bars. Left: the six films in the order of hierarchical Bayes; Star Wars, a film of three stars, stands first. Right: the same films in the best order. Behind each solid bar, the discounted gain, stands a pale one, the full gain; they part further down the list, and only the first three places count."}, "figure": {"caption": "nDCG compares two heights: what the list earns in its first three places (solid, left) and what the best order would earn (solid, right). Pale: the gain before the discount.", "name": "fig-02-ndcg"}}
fig, axes = plots.figure(
    "A film of three stars in first place is expensive: the gain is spent near the top",
    "place in the list", "gain", panels=["hierarchical Bayes", "best order"], height=3.8,
)  # fmt: skip
titles = [t.split(":")[0].replace(" (ID4)", "") for t in table.index]
for ax, places in zip(axes, (order, np.argsort(-gain, kind="stable")), strict=True):
    all_discounts = 1 / np.log2(np.arange(2, 8))
    ax.bar(range(1, 7), gain[places], color=BLUE, alpha=0.18, width=0.72)
    ax.bar(range(1, L + 1), (gain[places] * all_discounts)[:L], color=BLUE, width=0.72)
    for place, film in enumerate(places, start=1):
        ax.text(place, gain[film] + 0.7, f"{titles[film]}  {true[film]:.0f}★", rotation=90,
                ha="center", va="bottom", fontsize=8.5)  # fmt: skip
    ax.set_xticks(range(1, 7))
    ax.set_ylim(0, 66)
    ax.set_yticks([0, 10, 20, 30])
    ax.axvline(L + 0.5, color=GREY, lw=1, ls=(0, (3, 3)))
axes[0].text(L + 0.6, 57, "not shown →", color=plots.readable(GREY), fontsize=8.5);

# %% tags=["say", "remove-input"]
scores = {n: evaluation.ndcg([table[n]], evaluation.exponential_gain([true]), k=L)[0] for n in table.columns[1:]}
pairs = {n: evaluation.pairwise_accuracy([table[n]], [true])[0] for n in table.columns[1:]}
mr.say(f"""
And here the surprise: by nDCG@{L} hierarchical Bayes reaches {scores["hierarchical Bayes"]:.2f} and
the item mean {scores["item mean"]:.2f}; of the {len(right)} pairs the first orders
{mr.percent(pairs["hierarchical Bayes"])} correctly, the second {mr.percent(pairs["item mean"])}. The method that
misses by fewer stars has the worse order, because it moved all films down together, which repairs
the stars and leaves the order alone, and then turned one close pair the wrong way round.
""")

# %% [markdown]
# So there is no best measure, there is a question first. If you show stars, measure stars. If you
# show a list, measure the list. And six films of one person decide nothing: before we compare
# methods in earnest we need many people, a clean way to hide their ratings, and a feeling for luck.

# %% [markdown]
# ### How sure?
#
# Hierarchical Bayes says more than a number. It returns a mean and a standard deviation for each
# rating, so it can promise: *this rating lies in this interval with probability 80 %*. Such a
# promise can be kept or broken, and whether it is kept on average is called {term}`calibration`
# {cite}`gneiting2007probabilistic`. We count how many of the hidden ratings fall inside, at
# several levels, with nothing and with 20 ratings known.
#
# There are two ways to be unsure, and the model adds both. Even somebody we know perfectly gives a
# film four stars today and three tomorrow (*noise*). And we do not know this newcomer yet
# (*ignorance*), which fades as ratings come in. We also count for a version that admits the noise
# only.

# %%
LEVELS = np.linspace(0.1, 0.95, 18)
drawn = [split.test.episodes(draw) for draw in range(5)]  # five random supports


def kept_promises(k, ignorance=True):
    """Share of the ratings inside the interval at each level: [levels]."""
    kept = []
    for e in drawn:
        mean, std = bayes.predict(e.first(k), return_std=True)
        std = std if ignorance else np.full_like(std, np.sqrt(bayes.noise_))
        truth, mask = e.query_ratings, e.query_mask
        kept.append(evaluation.calibration_curve(mean, std, truth, LEVELS, mask))
    return np.mean(kept, axis=0)


cases = itertools.product((0, 20), (True, False))
curves = {(k, whole): kept_promises(k, whole) for k, whole in cases}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Kept minus promised share of ratings inside the interval, against the promised probability. The two lines of the whole model, for no and for 20 known ratings, stay within three points of zero. The two lines that ignore what is not known about the person run below zero, the one without ratings down to about minus twelve points."}, "figure": {"caption": "Promised and kept probability of the intervals of hierarchical Bayes, test people of the newcomers protocol, five draws. At zero a promise is kept.", "name": "fig-02-calibration"}}
fig, ax = plots.figure(
    "The intervals keep their promise, if the model admits what it does not know",
    "promised: probability of the interval, %", "kept minus promised, percentage points", height=3.8,
)  # fmt: skip
looks = {(20, True): (GREEN, "s", "whole model,\n20 ratings"), (0, True): (BLUE, "o", "whole model,\n0 ratings"),
         (20, False): (ORANGE, "^", "noise only,\n20 ratings"), (0, False): (RED, "v", "noise only,\n0 ratings")}  # fmt: skip
ax.axhline(0, color=INK, lw=1)
for key, (color, marker, _) in looks.items():
    ax.plot(100 * LEVELS, 100 * (curves[key] - LEVELS), color=color, marker=marker, ms=4, lw=1.6)
for key, height in (((20, True), 2.2), ((0, True), -2.3), ((20, False), -5.2), ((0, False), -9.2)):
    color, _, text = looks[key]
    ax.text(98, height, text, color=plots.readable(color), fontsize=9, va="center")
ax.text(24, 0.4, "every promise kept", fontsize=8.5)
ax.set(xlim=(5, 97), ylim=(-14, 5), xticks=range(10, 100, 10), yticks=range(-12, 5, 4));

# %% [markdown]
# A mean can hide a lot. The same count for each person separately:

# %%
mean, std = bayes.predict(drawn[0].first(20), return_std=True)
truth, mask = drawn[0].query_ratings, drawn[0].query_mask
coverage_80 = evaluation.interval_coverage(mean, std, truth, 0.8, mask)  # [people]

asked = mask.sum(axis=1)
# what chance alone would do: each rating inside with probability .8
honest = np.random.default_rng(0).binomial(asked, 0.8) / asked

# %% tags=["say", "remove-input"]
mr.say(f"""
Of the promised {mr.percent(0.8)}, {mr.percent(coverage_80.mean())} are kept on average. But for
{mr.percent((coverage_80 < 0.6).mean())} of the people the intervals hold less than {mr.percent(0.6)} of
their ratings, and for {mr.percent((coverage_80 > 0.95).mean())} more than {mr.percent(0.95)}. If every
rating of everybody were inside with the same probability, these shares would be about
{mr.percent((honest < 0.6).mean())} and {mr.percent((honest > 0.95).mean())}. The model believes that all
people are equally noisy. They are not: some spread their stars widely, some give four to nearly everything.
*Calibrated on average* is not *calibrated for you*.
""")

# %% [markdown]
# ## From six films to many people
#
# The unit of this book is the person. A measure is computed for each one, and then averaged, so
# that somebody with hundreds of ratings weighs as much as somebody with a few dozen. We now compare hierarchical
# Bayes with a simple rival, **item + user bias**: the film's mean, shifted by how far the person's
# known ratings lie above or below those of others.

# %%
bias = models.Bias().fit(split.train)


def errors_at(model, k):
    """RMSE of each test person, mean over the five draws: [people]."""
    result = evaluation.score({"": model}, split.train, split.test, ks=[k])
    return result.values("", "rmse", k).to_numpy()


ours, theirs = errors_at(bayes, 10), errors_at(bias, 10)
print("hierarchical Bayes", f"{ours.mean():.3f}")
print("item + user bias  ", f"{theirs.mean():.3f}")

# %% [markdown]
# Is that a difference, or would another set of people have turned it round? We cannot ask others,
# but we can ask what would happen if the {term}`test set` were drawn again *from people like
# these*. The {term}`bootstrap` {cite}`efron1979bootstrap` does just that: draw as many people as
# there are, with replacement, compute the mean, and repeat. The middle 95 % of those means are the
# interval.

# %%
rng = np.random.default_rng(0)
people = rng.integers(len(ours), size=(10_000, len(ours)))  # [repetitions, people]
low, high = np.quantile(ours[people].mean(axis=1), [0.025, 0.975])

interval = evaluation.bootstrap(ours)
assert np.allclose([low, high], [interval.low, interval.high], atol=0.002)
print("hierarchical Bayes", format(interval, ".3f"))
print("item + user bias  ", format(evaluation.bootstrap(theirs), ".3f"))

# %% [markdown]
# The two intervals overlap almost wholly, and many readers of tables would stop here and call it a
# draw. That is a mistake. The intervals are wide because *people* differ: some can be predicted
# well by anything, some by nothing. But both methods were judged on the same people, so what we
# want to know is the difference *within* each person.

# %%
difference = evaluation.paired(ours, theirs)  # person by person

rng = np.random.default_rng(1)  # and as if each method had had other people
one, other = rng.integers(len(ours), size=(2, 10_000, len(ours)))
means = ours[one].mean(axis=1) - theirs[other].mean(axis=1)
low, high = np.quantile(means, [0.025, 0.975])
print("paired  ", format(difference, ".3f"))
print("unpaired", f"{ours.mean() - theirs.mean():.3f} [{low:.3f}, {high:.3f}]")

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left: scatter of the error of each person under the two methods; the points lie close to the diagonal, most of them slightly below it. Right: two intervals of the mean difference; the unpaired one is wide and holds zero, the paired one is narrow and lies wholly below zero."}, "figure": {"caption": "Left: each point is one test person, ten ratings known. Who is hard for one method is hard for the other. Right: 95 % intervals of the mean difference, from the same numbers.", "name": "fig-02-paired"}}
ax, bars = plots.two_panels("The same people on both sides:\nthe pairs remove what they have in common",
                      "RMSE of hierarchical Bayes, stars", "", height=3.8)  # fmt: skip
ax.plot([0.4, 1.7], [0.4, 1.7], color=GREY, lw=1)
ax.scatter(theirs, ours, s=14, color=BLUE, alpha=0.65, lw=0)
ax.set(xlim=(0.4, 1.7), ylim=(0.4, 1.7), aspect="equal", xlabel="RMSE of item + user bias, stars")
ax.set(xticks=[0.5, 1, 1.5], yticks=[0.5, 1, 1.5])
ax.grid(True, axis="both")
ax.text(1.66, 1.45, "equal", color=GREY, ha="right", fontsize=9, rotation=45, rotation_mode="anchor")
for y, (a, b), color, name in ((1, (low, high), RED, "other people for each method"),
                               (0, (difference.low, difference.high), BLUE, "same people, in pairs")):  # fmt: skip
    bars.plot([a, b], [y, y], color=color, lw=3, solid_capstyle="butt")
    bars.plot(difference.mean, y, "o", color=color, ms=6)
    bars.text(difference.mean, y + 0.16, name, color=plots.readable(color), ha="center", fontsize=9)
bars.axvline(0, color=INK, lw=1)
bars.text(0.003, -0.62, "no difference", fontsize=8.5, color=INK)
bars.set(ylim=(-0.75, 1.6), yticks=[], xlabel="difference of the mean RMSE, stars")
bars.grid(True, axis="x");

# %% tags=["say", "remove-input"]
ratio = (high - low) / (difference.high - difference.low)
correlation = np.corrcoef(ours, theirs)[0, 1]
mr.say(f"""
The paired interval is {ratio:.0f} times narrower, because the errors of the two methods have a
correlation of {correlation:.2f} over people. It excludes zero: with ten known ratings hierarchical
Bayes is better than the biases by {-difference.mean:.3f} stars. That is small beside the
{ours.mean():.2f} stars by which both are wrong, and quite certain.
""")

# %% [markdown]
# ### How many people does a test need?
#
# Let $D_u$ be the difference between two methods for person $u$, with mean $\bar D$ and standard deviation
# $s_D$ over people. The mean over $N$ people wobbles by $s_D/\sqrt N$. If the 95 % interval shall exclude
# zero in four experiments out of five, $\bar D$ must be $1.96 + 0.84$ of those wobbles, so
#
# $$ N \approx 7.8 \, \frac{s_D^2}{\bar D^2}. $$ (eq-02-people)
#
# Half the difference needs four times the people. We check the formula by drawing test sets of
# all sizes from our people, and counting how often the smaller test finds what the large one knows.

# %%
def found(differences, n, trials=TRIALS):
    """Share of random test sets of n people whose 95 % interval excludes zero."""
    sample = np.random.default_rng(n).choice(differences, size=(trials, n))
    wobble = sample.std(axis=1, ddof=1) / np.sqrt(n)
    return (np.abs(sample.mean(axis=1)) > 1.96 * wobble).mean()


sizes = [5, 10, 15, 20, 30, 40, 60, 80, 110, 149, 200, 300, 450, 600]
gaps = {k: errors_at(bayes, k) - errors_at(bias, k) for k in (1, 5, 20)}
chances = {k: [found(d, n) for n in sizes] for k, d in gaps.items()}
needed = {k: 7.8 * d.var(ddof=1) / d.mean() ** 2 for k, d in gaps.items()}

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three rising curves of the chance to detect the difference against the number of test people on a logarithmic axis. The difference at 20 known ratings is found with a few dozen people, that at five with somewhat more, that at one rating needs far more than we have. A ring for each curve marks the number that the formula gives; it lies on the curve."}, "figure": {"caption": "How often a test of N people finds that hierarchical Bayes beats the biases. The rings are what the equation above asks for, to find it in four tests out of five.", "name": "fig-02-people"}}
fig, ax = plots.figure("Small differences need many people", "people in the test, N (logarithmic)",
                       "tests that find the difference, %", height=3.8)  # fmt: skip
for (k, curve), color, marker in zip(chances.items(), (ORANGE, GREEN, BLUE), "^so", strict=True):
    ax.plot(sizes, 100 * np.array(curve), color=color, marker=marker, ms=4)
    ax.plot(needed[k], 80, "o", mfc="white", mec=color, ms=10, mew=2, zorder=3)
ax.set_xscale("log")
ax.set_xticks([5, 10, 20, 50, 100, 200, 500, 1000, 2000], ["5", "10", "20", "50", "100", "200", "500", "1000", "2000"])
ax.minorticks_off()
ax.set_ylim(0, 103)
ax.axhline(80, color=GREY, lw=1, ls=(0, (3, 3)))
for k, color, x, y in ((20, BLUE, 4.9, 85), (5, GREEN, 62, 62), (1, ORANGE, 60, 19)):
    ax.text(x, y, f"{k} rating{'s' * (k > 1)} known:\n{abs(gaps[k].mean()):.3f} stars",
            color=plots.readable(color), fontsize=9)  # fmt: skip
ax.set_xlim(4.6, 2200);

# %% tags=["say", "remove-input"]
mr.say(f"""
With 20 known ratings the difference is {abs(gaps[20].mean()):.3f} stars and about
{needed[20]:.0f} people suffice. With one known rating it is {abs(gaps[1].mean()):.3f} stars, and
equation {{eq}}`eq-02-people` asks for {round(needed[1], -2):.0f}, ten times our {len(ours)}. A test with
five people would miss even the first one in {mr.percent(1 - chances[20][0])} of the cases.
""")

# %% [markdown]
# ### What else wobbles
#
# People are not the only source of luck. Hierarchical Bayes starts from random numbers, so its
# *seed* matters; and which of a person's ratings happen to be shown, the *draw*, matters too.
# Here are all three, for ten known ratings.

# %%
by_seed = [ours.mean()]
for seed in range(1, 5):
    model = models.HierarchicalBayes(seed=seed).fit(split.train)
    by_seed.append(errors_at(model, 10).mean())
by_draw = []
for e in drawn:
    predicted = bayes.predict(e.first(10)).clip(1, 5)
    by_draw.append(evaluation.rmse(predicted, e.query_ratings, e.query_mask).mean())
wobble = {
    "another seed": np.std(by_seed, ddof=1),
    "another draw": np.std(by_draw, ddof=1),
    "other people": evaluation.bootstrap(ours).standard_error,
    "other people, difference in pairs": difference.standard_error,
}
pd.DataFrame({"standard deviation of the mean, stars": wobble}).round(4)

# %% [markdown]
# So the seeds say little here, and the people say most. A table with "mean ± standard deviation over
# five seeds" on one fixed test set shows the smallest of these numbers. In this book every interval
# is over people, five draws are averaged first, and seeds are varied where training is a lottery.

# %% [markdown]
# ### Twenty comparisons, one discovery
#
# A 95 % interval misses one time in twenty *by design*. Whoever compares twenty variants with a
# baseline should expect a "significant" one even if all are the same. We can watch it: a method
# that scores at random is exactly as good as another that does, so each difference we find is false.

# %%
TRIED = 300
guesses = [np.random.default_rng(seed).random(truth.shape) for seed in range(TRIED)]
luck = np.array([evaluation.pairwise_accuracy(g, truth, mask) for g in guesses])
# [methods, people]: three hundred methods that know nothing

center, spread = luck.mean(axis=1), np.cov(luck)
first, second = np.triu_indices(TRIED, k=1)  # all pairs of methods
own = np.diag(spread)  # [methods] variance over people
variance = own[first] + own[second] - 2 * spread[first, second]  # of a difference
z = (center[first] - center[second]) / np.sqrt(variance / luck.shape[1])
alarms = np.abs(z) > 1.96  # the 95 % interval of the difference excludes zero

# %% tags=["say", "remove-input"]
mr.say(f"""
Of the {len(alarms)} pairs of methods that know nothing, {mr.percent(np.mean(alarms), 1)} come out as different. In
twenty independent comparisons the chance of at least one such false alarm is $1 - 0.95^{{20}}$, about
{mr.percent(1 - 0.95**20)}.
""")

# %% [markdown]
# The remedy is as old as it is simple: if you make $m$ comparisons, ask of each one
# $1 - 0.05/m$ instead of 95 %. Holm's version {cite}`holm1979simple` gives the same guarantee and
# finds more: sort the comparisons from the clearest to the least clear, ask $1 - 0.05/m$ of the
# first, $1 - 0.05/(m-1)$ of the second, and stop at the first that fails. Better still is to
# decide *before* the experiment which one comparison matters.

# %% [markdown]
# ## What to hide
#
# All numbers so far came from one way to hide ratings: whole people. There are others, and each is
# a different question. Where a paper does not say which, its numbers cannot be read.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Five small panels with the same ratings of twelve people over time, one row a person. Blue dots are for training, red rings are hidden. At random: red everywhere. In time: all red on the right of a date. Last one: one red ring at the end of each row. New people: three whole rows red. New films: red scattered over all rows, always the same few films."}, "figure": {"caption": "The same ratings of twelve real people, hidden in five ways. A row is a person, from left to right in time. Blue: given to training. Red rings: hidden.", "name": "fig-02-splits"}}
counts = ratings.table.groupby("user")["timestamp"].agg(["size", "nunique", "min", "max"])
spread = counts[(counts["max"] - counts["min"] > 60 * 86_400) & counts["size"].between(60, 250)]
chosen = spread.index[:12]
few = ratings.table[ratings.table["user"].isin(chosen)].groupby("user").sample(12, random_state=3)
few = few.sort_values("timestamp", kind="stable")
rank = few["timestamp"].rank(method="first").to_numpy() / len(few)
rows = few["user"].rank(method="dense").to_numpy()
films = np.random.default_rng(4).permutation(few["item"].unique())
hidden = {
    "at random": np.random.default_rng(5).random(len(few)) < 0.2,
    "in time": rank > 0.8,
    "the last one": ~few.duplicated("user", keep="last").to_numpy(),
    "new people": np.isin(rows, [2, 6, 9]),
    "new films": few["item"].isin(films[: len(films) // 5]).to_numpy(),
}
fig, axes = plots.figure("Five ways to hide ratings are five different questions",
                         "", "", panels=list(hidden), height=3.0)  # fmt: skip
for ax, out in zip(axes, hidden.values(), strict=True):
    ax.scatter(rank[~out], rows[~out], s=5, color=BLUE, lw=0, alpha=0.8)
    ax.scatter(rank[out], rows[out], s=13, facecolor="white", edgecolor=RED, lw=1.2, zorder=3)
    ax.title.set_fontsize(9.5)
    ax.set(xticks=[], yticks=[], xlim=(-0.06, 1.06), xlabel="time →")
    ax.grid(False)
axes[1].axvline(0.8, color=GREY, lw=1, ls=(0, (3, 3)))
axes[0].set_ylabel("people", rotation=90, ha="center")
axes[0].yaxis.set_label_coords(-0.06, 0.5);

# %% [markdown]
# | hidden | the question | in this book |
# |---|---|---|
# | rows at random | How well are the gaps in the table filled? | `rating_folds`, `top_n` |
# | all rows after a date | What would have happened, had we gone live that day? | below |
# | the last row of each person | What comes next? | `next_item` |
# | whole people | What do we do for a newcomer? | `newcomers`, the spine of the book |
# | whole films | What do we do with a film that nobody has rated? | `new_items`, `both_new` |
#
# In the last two the method meets something that training never saw: a {term}`cold start`. In the
# first three it knows everybody: a {term}`warm start`.
#
# A split is a mask over the rows, no more. Here is one in a few lines, equal to the first fold of
# the library: everything visible about a person becomes the {term}`support`, everything hidden the
# {term}`query`.

# %%
def hide(ratings, hidden):
    """Training ratings, and episodes that ask for the hidden rows."""
    train, test = ratings.keep(~hidden), ratings.keep(hidden)
    people = mr.data.splits.people  # user, items and stars, person by person
    seen = {user: (items, stars) for user, items, stars in people(train)}
    asked = {user: (items, stars) for user, items, stars in people(test)}
    nothing = (np.array([], dtype=int), np.array([]))
    support = [seen.get(user, nothing) for user in asked]
    catalogue, query = ratings.items.index, list(asked.values())
    return train, mr.data.Episodes.pack(list(asked), catalogue, support, query)


fold = np.random.default_rng(20260101).permutation(len(ratings))[: len(ratings) // 5]
at_random = np.isin(np.arange(len(ratings)), fold)
_, mine = hide(ratings, at_random)
library = next(iter(mr.data.rating_folds(ratings))).test
assert np.array_equal(mine.query_items, library.query_items)
assert np.array_equal(mine.support_ratings, library.support_ratings)

# %% [markdown]
# ## The first leak: the future
#
# {term}`Leakage <data leakage>` is when something reaches training that would not be known at the
# moment of use. The most common kind hides in the most common split. If rows are hidden at random,
# a method may learn from what happened *after* the rating that it predicts. It has been shown many
# times that this moves results {cite}`meng2020splitting,ji2023leakage`; we want to know how much,
# and through which door.
#
# First the naive comparison: the bias model, once with a random fifth hidden and once with the last
# fifth in time.

# %%
def judge(model, asked, visible):
    """RMSE of each person on the rows asked; training sees the visible rows."""
    used = asked | visible
    train, test = hide(ratings.keep(used), asked[used])
    predicted = np.clip(model.fit(train).predict(test), 1, 5)
    values = evaluation.rmse(predicted, test.query_ratings, test.query_mask)
    return pd.Series(values, index=test.users)


when = ratings.table["timestamp"].to_numpy()
last_fifth = when > np.quantile(when, 0.8)
hidden_rows = {"at random": at_random, "last in time": last_fifth}
naive = {n: judge(models.Bias(), rows, ~rows) for n, rows in hidden_rows.items()}
known_before = ratings.table["user"][~last_fifth].unique()
strangers = ~np.isin(naive["last in time"].index, known_before)
pd.DataFrame({"RMSE": {n: round(v.mean(), 2) for n, v in naive.items()},
              "people asked": {n: len(v) for n, v in naive.items()}})  # fmt: skip

# %% tags=["say", "remove-input"]
mr.say(f"""
A gap, but it mixes two things. In the split by time {mr.percent(strangers.mean())} of the people
asked had given no rating before that day, so they are newcomers: that is a harder question, not a
leak. To see the leak alone we must ask about *the same ratings* and change only what training may
see.
""")

# %% [markdown]
# So: fix a date, and take people who gave ten ratings or more before it and twenty or more after it.
# Of their later ratings hide a random half; the question is always this half. Training sees
#
# 1. only what came before the date, as an honest system would;
# 2. as many ratings as in 1, but those *of other people* are taken from all times;
# 3. what came before the date, and the other half of the later ratings *of the people asked*.

# %%
user = ratings.table["user"].to_numpy()


def doors(share, seed):
    """The rows asked, and what training may see in the three cases."""
    rng = np.random.default_rng(seed)
    late = when > np.quantile(when, share)
    after, before = (pd.Series(x).groupby(user).sum() for x in (late, ~late))
    regulars = np.isin(user, after.index[(before >= 10) & (after >= 20)])
    asked = late & regulars & (rng.random(len(user)) < 0.5)
    lot = np.where(regulars, 2.0, rng.random(len(user)))  # shuffles the others' rows
    any_time = lot <= np.sort(lot)[(~late & ~regulars).sum() - 1]
    return asked, {"past": ~late, "others": any_time | (~late & regulars),
                   "own": ~late | (late & regulars & ~asked)}  # fmt: skip


# %%
leak = {}
for share in (0.5, 0.6, 0.7):  # the date: after that share of all ratings
    runs = []
    for seed in range(REPEATS):
        asked, cases = doors(share, seed)
        errors = {case: judge(models.HierarchicalBayes(), asked, visible)
                  for case, visible in cases.items()}  # fmt: skip
        runs.append(pd.DataFrame(errors))
    person = pd.concat(runs).groupby(level=0).mean()  # [people, cases]
    for case in ("others", "own"):
        leak[case, share] = evaluation.paired(person[case], person["past"])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Change of the RMSE for three dates, with intervals. With the person's own future the change is clearly negative at all three dates and no interval holds zero. With the future of others it is slightly negative at the first date and near zero at the other two."}, "figure": {"caption": "Change of the RMSE of hierarchical Bayes when training may look past the date, same questions, 95 % intervals over people.", "name": "fig-02-leak"}}
fig, ax = plots.figure("The leak is mostly the person's own future, not that of others",
                       "date: share of all ratings given before it", "change of the RMSE, stars (negative: looks better)",
                       height=3.4)  # fmt: skip
ax.axhline(0, color=INK, lw=1)
shares = sorted({share for _, share in leak})
for case, color, marker, shift in (("others", GREY, "s", -0.06), ("own", RED, "o", 0.06)):
    for x, share in enumerate(shares):
        change = leak[case, share]
        ax.plot([x + shift] * 2, [change.low, change.high], color=color, lw=2.5, solid_capstyle="butt")
        ax.plot(x + shift, change.mean, marker, color=color, ms=8)
ax.text(2.16, 0.016, "others' future,\nsame amount of data", color=plots.readable(GREY), fontsize=9.5, va="center")
ax.text(2.16, leak["own", 0.7].mean, "own future", color=plots.readable(RED), fontsize=9.5, va="center")
ax.set_xticks(range(3), [mr.percent(share) for share in shares])
ax.set_xlim(-0.4, 3.1)
ax.set_ylim(-0.085, 0.03);

# %% tags=["say", "remove-input"]
own_future, others_future = leak["own", 0.6], leak["others", 0.6]
mr.say(f"""
One door stands wide open. The other half of the person's *own* later ratings changes the error by
{own_future:.3f} stars at the middle date; that is more than the {-difference.mean:.3f} stars by which
hierarchical Bayes beats the biases with ten ratings of a newcomer. The later ratings of *others* change it by
{others_future:.3f}, which may be nothing; only at the earliest date, when many films had hardly been rated,
do they help too, by {leak["others", 0.5]:.3f}. We had expected the opposite. But people rate films in
sittings, and two ratings of one sitting have much in common (we shall measure it below); a random split puts
them on both sides of the wall.
""")

# %% [markdown]
# This holds for this data set and for ratings. Where items appear and vanish within days, as in
# news, the future of others leaks too: it tells which items will be popular. The rule is the same:
# at the time of the question, nothing from later.

# %% [markdown]
# ## The second leak: choosing on the test
#
# The other leak needs no timestamps. Try many variants, look at the test set each time, report the
# best. Nobody cheats, and still the number is wrong: the best of many measurements is partly the
# best *luck* {cite}`cawley2010overfitting`.
#
# We exaggerate first. Take the three hundred methods from above, which score at random, judge them on
# twenty people, keep the best, and then look at the others whom nobody used.

# %%
def best_on(values, n_people, trials=TRIALS):
    """Score of the best of 1, 2, 3 … methods, on a few people and elsewhere."""
    here, elsewhere = np.zeros(len(values)), np.zeros(len(values))
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        tried = values[rng.permutation(len(values))]  # [methods, people], new order
        few, rest = np.split(rng.permutation(values.shape[1]), [n_people])
        score = tried[:, few].mean(axis=1)
        best = np.maximum.accumulate(score)
        is_best = np.where(score == best, np.arange(len(score)), 0)
        which = np.maximum.accumulate(is_best)  # the best of the first 1, 2, 3 …
        here += best / trials
        elsewhere += tried[:, rest].mean(axis=1)[which] / trials
    return here, elsewhere


lucky, sober = best_on(luck, 20)

# %% [markdown]
# Now the same with a real grid: hierarchical Bayes with different numbers of factors, of sweeps,
# and different seeds. All of these are sensible settings, and on many people they are nearly equal.

# %%
grid = list(itertools.product((4, 6, 8, 12), (12, 16, 20), (0, 1)))
tried = []  # [settings, people]
for n_factors, n_sweeps, seed in grid:
    model = models.HierarchicalBayes(n_factors, n_sweeps, seed).fit(split.train)
    predicted = model.predict(drawn[0].first(10)).clip(1, 5)
    tried.append(evaluation.rmse(predicted, truth, mask))
gained = np.mean(tried, axis=0) - np.array(tried)  # stars, against the mean setting
seen_gain, kept_gain = best_on(gained, 15)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels. Left: pairwise accuracy of the best of n random methods; on the 20 people where it was chosen it rises with n, on all others it stays at one half. Right: stars gained by the best of n settings of hierarchical Bayes on the mean setting; on the 15 people where it was chosen the gain rises, on all others it stays near zero."}, "figure": {"caption": "The best of n, where it was chosen (red) and on everybody else (blue). Means over a thousand random choices of the small test set.", "name": "fig-02-choosing"}}
ax, real = plots.two_panels("The best of many is best where it was chosen,\nand nowhere else",
                      "random scores: pairwise accuracy", "real settings: RMSE gained, stars")  # fmt: skip
ax.plot(np.arange(1, TRIED + 1), lucky, color=RED)
ax.plot(np.arange(1, TRIED + 1), sober, color=BLUE)
ax.set_xscale("log")
ax.set_xticks([1, 3, 10, 30, 100, 300], ["1", "3", "10", "30", "100", "300"])
ax.minorticks_off()
ax.set_xlabel("methods tried, n (logarithmic)")
ax.text(24, lucky[29] + 0.001, "where chosen", color=plots.readable(RED), ha="right", fontsize=9)
ax.text(300, sober[-1] + 0.003, "everybody else", color=plots.readable(BLUE), ha="right", fontsize=9)
real.plot(np.arange(1, len(grid) + 1), seen_gain, color=RED, marker="o", ms=3)
real.plot(np.arange(1, len(grid) + 1), kept_gain, color=BLUE, marker="s", ms=3)
real.set_xlabel("settings tried, n")
real.text(11, seen_gain[11], "where chosen", color=plots.readable(RED), ha="right", fontsize=9)
real.text(len(grid), kept_gain[-1] + 0.0003, "everybody else", color=plots.readable(BLUE), ha="right", fontsize=9);

# %% tags=["say", "remove-input"]
excludes = np.mean([
    evaluation.bootstrap(luck[luck[:, part].mean(axis=1).argmax(), part], n_resamples=500).low > 0.5
    for part in (np.random.default_rng(t).permutation(luck.shape[1])[:20] for t in range(100))
])  # fmt: skip
mr.say(f"""
Left: the best of {TRIED} methods that know nothing orders {mr.percent(lucky[-1], 1)} of the pairs correctly on
the people where it was chosen, and {mr.percent(sober[-1], 1)} on all others. Its interval excludes one half in
{mr.percent(excludes)} of the trials, so an interval does not protect us: it knows nothing of the
{TRIED - 1} others. Right: the best of {len(grid)} settings seems to gain {seen_gain[-1]:.4f} stars;
on everybody else it gains {kept_gain[-1]:.4f}. A small grid and a small test set can make out of nothing what
hierarchical Bayes gains on the biases with one known rating ({abs(gaps[1].mean()):.4f}).
""")

# %% [markdown]
# The cure is a third part of the data. Choose on the {term}`validation set`, report on the
# {term}`test set`, once. In `metarec` the function that tunes receives the validation people and
# has no way to reach the test people. We use it for the two methods of this chapter, averaged over
# all $k$.

# %%
shrinkages = {"item_shrinkage": [2, 5, 10], "user_shrinkage": [2, 5, 10]}
bias_grid = evaluation.experiment.tune(
    models.Bias(), shrinkages, split.train, split.validation
)
bias_grid.round(4)

# %%
factors = {"n_factors": [2, 4, 8, 16]}
bayes_grid = evaluation.experiment.tune(
    models.HierarchicalBayes(), factors, split.train, split.validation
)
bayes_grid.round(4)

# %% tags=["say", "remove-input"]
at_default = bias_grid.query("item_shrinkage == 5 and user_shrinkage == 5")["rmse"].iloc[0] - bias_grid["rmse"].min()
eight = bayes_grid.query("n_factors == 8")["rmse"].iloc[0] - bayes_grid["rmse"].min()
mr.say(f"""
The defaults are shrinkages of 5 and 5, and 8 factors. At most {max(at_default, eight):.4f} stars separate
them from the best point of their grid. Beside the wobbles in the table above that is nothing, so we keep
them and do not chase the fourth decimal.
""")

# %% [markdown]
# A book has the same weakness as a paper, only slower: twenty chapters will report on the same test people.
# So every setting in this book is chosen on validation people, and a gain in the third decimal is never news.

# %% [markdown]
# ## Good at stars, bad at lists
#
# We have people and a clean split. Now the question that a shop asks: *ten films, please*. We hide
# a random fifth of everybody's liked films (four stars or more), let each method rank **all** films
# that a person has not liked yet, and look at the first ten. This is {term}`top-N recommendation`.
# One method joins that predicts no stars at all: **popularity** ranks by how many people liked a film.

# %%
rivals = {
    "item + user bias": models.Bias(),
    "hierarchical Bayes": models.HierarchicalBayes(),
}
# adds chance and popularity itself
shop = evaluation.classic_top_n(rivals, ratings, costs=True)
summary = shop.summary().pivot(index="method", columns="metric", values="mean")
summary.sort_values("ndcg@10", ascending=False).round(3)

# %% tags=["say", "remove-input"]
gap = shop.difference("popularity", "hierarchical Bayes", "ndcg@10")
mr.say(f"""
The order is turned round. Popularity, which knows nothing about anybody, beats hierarchical Bayes by
{gap:.3f} in nDCG@10, and the bias model, a decent predictor of stars, reaches less than half of it.
This is an old finding {{cite}}`cremonesi2010performance`, and it still surprises.
""")

# %% [markdown]
# To see why, look at what is on the lists. The plain mean of a film, without any shrinkage, is the
# clearest case:

# %%
train, test = mr.data.top_n(ratings)
contestants = {"item mean, plain": models.ItemMean(shrinkage=0), **rivals,
               "popularity": models.Popularity(at_least=4)}  # fmt: skip
known = train.item_counts()  # [films] ratings in training
points = {name: m.fit(train).predict(test) for name, m in contestants.items()}
lists = {  # [people, 10] the first ten of each, as positions in the catalogue
    name: evaluation.take(test.query_items, evaluation.top_k(s, 10, test.query_mask))
    for name, s in points.items()
}
plain = pd.Series(lists["item mean, plain"].ravel()).value_counts().sort_index()
plain = plain.sort_values(ascending=False, kind="stable").head(5)
pd.DataFrame({"film": ratings.items["title"].iloc[plain.index].to_numpy(),
              "ratings in training": known[plain.index],
              "on the lists of": plain.to_numpy()}).set_index("film")  # fmt: skip

# %% [markdown]
# Films with one or two enthusiastic raters. RMSE never noticed, because it is computed on the films
# that people *did* rate, and hardly anybody is asked about these. A list, however, is made of the
# films with the highest scores among all, which is exactly where a method's errors collect.
# {term}`Shrinkage <shrinkage>` cures the worst of it; the rest remains: people rate what they chose
# to watch, so the ratings are {term}`missing not at random` {cite}`marlin2009nonrandom,steck2010training`,
# and a model of stars does not model the choosing.
#
# But popularity is not the end of wisdom either. Three measures say what the lists look like from the
# side of the *catalogue*. Let $e_i$ be the number of lists that show film $i$:
#
# - {term}`coverage`: the share of films with $e_i > 0$;
# - {term}`novelty`: the mean of $-\log_2 p_i$ over the films shown, where $p_i$ is the share of people
#   who know film $i$: a film that half of the people know brings one bit;
# - {term}`exposure` and its {term}`Gini coefficient`: $\sum_{i,j} |e_i - e_j|$, scaled to be $0$
#   when all films are shown equally often and $1$ when one film gets everything.

# %%
top = lists["hierarchical Bayes"]
exposure = evaluation.exposure_counts(top, ratings.n_items)  # [films] e_i
share = (known + 1) / (train.n_users + 1)  # [films] p_i, and one who knows all
n = ratings.n_items
my_coverage = (exposure > 0).mean()
my_novelty = -np.log2(share)[top].mean(axis=1)  # [people]
my_gini = np.abs(exposure[:, None] - exposure).sum() / (2 * (n - 1) * exposure.sum())

assert np.isclose(my_coverage, evaluation.coverage(top, n))
assert np.allclose(my_novelty, evaluation.novelty(top, share))
assert np.isclose(my_gini, evaluation.gini(exposure))

# %%
window = pd.DataFrame({
    name: {"coverage": evaluation.coverage(top, n),
           "novelty, bits": evaluation.novelty(top, share).mean(),
           "Gini of exposure": evaluation.gini(evaluation.exposure_counts(top, n))}
    for name, top in lists.items()
}).T  # fmt: skip
window.round(3)

# %% tags=["say", "remove-input"]
mr.say(f"""
Popularity shows {mr.percent(window.loc["popularity", "coverage"], 1)} of the catalogue to everybody together,
films that {mr.percent(share[lists["popularity"]].mean())} of the people have rated already.
Hierarchical Bayes shows {window.loc["hierarchical Bayes", "coverage"] / window.loc["popularity", "coverage"]:.0f}
times as many different films. Neither number says that somebody is happier; but a method that gains
nDCG by showing only what everybody knows has bought it somewhere, and these columns show where.
""")

# %% [markdown]
# ## Why sampled metrics mislead
#
# Ranking everything costs time, so a shortcut became popular: for each relevant film draw a
# hundred others at random and rank only these. The numbers look much better. That would be harmless, if it kept
# the *order* of the methods. It does not {cite}`krichene2020sampled,canamares2020target`.
#
# We repeat the table with a hundred sampled films a person, once drawn evenly, and once in proportion to
# popularity, which is often recommended as the harder test.

# %%
def sample_candidates(test, weight, size=100, seed=0):
    """Mask of the relevant items and of others, drawn in proportion to weight."""
    relevant = test.query_ratings > 0
    wait = np.random.default_rng(seed).exponential(size=relevant.shape)
    wait = wait / np.maximum(weight[test.query_items], 1e-9)
    wait[relevant | ~test.query_mask] = np.inf
    last = np.partition(wait, size - 1, axis=1)[:, size - 1, None]
    return relevant | (wait <= last)  # the first to come are in


even, popular = np.ones(n), known.astype(float)
candidates = {"all films": test.query_mask,
              "100 even": sample_candidates(test, even),
              "100 popular": sample_candidates(test, popular)}  # fmt: skip
liked = test.query_ratings > 0
per_person = {
    (name, which): evaluation.ndcg(points[name], liked, k=10, mask=mask_)
    for name in ("item + user bias", "hierarchical Bayes", "popularity")
    for which, mask_ in candidates.items()
}
means = pd.Series({key: value.mean() for key, value in per_person.items()})
means.unstack()[list(candidates)].round(3)

# %% tags=["say", "remove-input"]
straight, turned = (
    evaluation.paired(per_person["hierarchical Bayes", which], per_person["popularity", which])
    for which in ("all films", "100 popular")
)
mr.say(f"""
The same models, the same people, the same films to find. Hierarchical Bayes minus popularity is
{straight:.3f} when everything is ranked and {turned:.3f} against a hundred films drawn by popularity.
Both intervals exclude zero, on opposite sides. Whoever samples by popularity has no use for a
method that knows what is popular, because all candidates are.
""")

# %% [markdown]
# ### What a sample can see
#
# The reason can be computed exactly {cite}`krichene2020sampled`. Suppose that one film is relevant and that
# the method puts it at place $\ell$ among all $C$ candidates. In a sample of a hundred others each of the
# $\ell - 1$ better films turns up with chance $100/(C-1)$. The film is counted as a hit at 10 if fewer than
# ten of them do, which is a hypergeometric probability. So the sampled hit rate is a function of the true
# place, and we can draw it.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Probability of being counted as a hit at ten against the true place of the film among all candidates, on a logarithmic axis. The full measure drops from one to zero at place 10. The sampled one stays at one up to several dozen places and falls to zero only after several hundred."}, "figure": {"caption": "What counts as a hit among the first ten, by the true place of the relevant film among all candidates. Nothing here depends on a method.", "name": "fig-02-place"}}
places, C = np.arange(1, 1001), 1600
chance_of_hit = scipy.stats.hypergeom.cdf(9, C - 1, places - 1, 100)
half_way = places[np.argmin(np.abs(chance_of_hit - 0.5))]
fig, ax = plots.figure("A sample of 100 cannot tell place 1 from place 60",
                       "true place of the film among all candidates (logarithmic)",
                       "probability to be counted as a hit, %", height=3.4)  # fmt: skip
ax.step(places, 100 * (places <= 10), where="post", color=BLUE)
ax.plot(places, 100 * chance_of_hit, color=RED)
ax.set_xscale("log")
ax.set_xticks([1, 3, 10, 30, 100, 300, 1000], ["1", "3", "10", "30", "100", "300", "1000"])
ax.minorticks_off()
ax.text(9, 48, "all films\nranked", color=plots.readable(BLUE), ha="right", fontsize=9.5)
ax.text(half_way * 1.12, 48, "100 sampled\nfilms", color=plots.readable(RED), fontsize=9.5);

# %% tags=["say", "remove-input"]
mr.say(f"""
Among {C} candidates the sampled hit rate at 10 is, in effect, a hit rate at {half_way}. It is a measure
of the broad middle, and blind to what a list of ten is about. Two methods of which one is better at the
very top and the other in the middle can change places.
""")

# %% [markdown]
# We build such methods with one knob. Take the next-item task: the last film of each person is
# hidden, and the rest predicts it. Count how often film $i$ was rated by the people who rated film
# $j$, add up over the films $j$ that the person knows, and divide by the popularity $n_i$ of the
# candidate to some power $a$:
#
# $$
# \hat r_{ui} = \frac{1}{n_i^{\,a}} \sum_{j \in \mathcal I_u} \frac{n_{ij}}{\sqrt{n_j}},
# \qquad n_{ij} = \text{people who rated both}.
# $$
#
# With $a = 0$ popular films win, with a large $a$ obscure ones do. (Chapter 03 is about such
# neighbour methods; here the knob is all we need.) Which $a$ is best?

# %%
train, test = mr.data.next_item(ratings)
seen = (train.matrix() > 0).astype(float)  # [people, films]
together = (seen.T @ seen).toarray()  # [films, films] n_ij
popularity = np.maximum(np.diag(together), 1)
np.fill_diagonal(together, 0)
mine = seen[train.users.index.get_indexer(test.users)]
evidence = mine @ (together / np.sqrt(popularity)[:, None])  # [people, films]
evidence = np.take_along_axis(evidence, test.query_items, axis=1)

# %%
knob = [0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
last = test.query_ratings > 0
popular = train.item_counts().astype(float)
judges = {"all films": test.query_mask,
          "100 even": sample_candidates(test, even),
          "100 popular": sample_candidates(test, popular)}  # fmt: skip
per_knob = {}
for a in knob:
    scores = evidence / popularity[test.query_items] ** a
    for which, mask_ in judges.items():
        per_knob[a, which] = evaluation.ndcg(scores, last, k=10, mask=mask_)
quality = pd.DataFrame({j: {a: per_knob[a, j].mean() for a in knob} for j in judges})

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three curves of nDCG at ten, each as a share of its own maximum, against the knob a from 0 to 1. With all films ranked the maximum lies a little right of the middle and the curve falls to almost nothing near the right end. With films drawn evenly the maximum is at the same place and the curve falls later. With films drawn by popularity the curve rises to its maximum near the right end, where the full ranking has nothing left."}, "figure": {"caption": "One method with one knob, judged in three ways on the same people. Each curve is scaled to its own maximum.", "name": "fig-02-knob"}}
fig, ax = plots.figure("The sample by popularity praises a method that the full ranking finds useless",
                       "knob a: how strongly popular films are marked down",
                       "nDCG@10, % of the curve's own maximum", height=3.9)  # fmt: skip
for (which, color, marker) in (("all films", BLUE, "o"), ("100 even", GREEN, "s"), ("100 popular", RED, "v")):
    curve = 100 * quality[which] / quality[which].max()
    ax.plot(knob, curve, color=color, marker=marker, ms=5)
    ax.plot(curve.idxmax(), 100, marker, color=color, ms=10, mfc="white", mew=2)
ax.set_ylim(0, 106)
ax.set_xlim(-0.02, 1.02)
ax.text(0.77, 24, "all films ranked", color=plots.readable(BLUE), ha="right", fontsize=9.5)
ax.text(0.86, 66, "100 sampled evenly", color=plots.readable(GREEN), ha="left", fontsize=9.5)
ax.text(0.52, 40, "100 sampled by popularity", color=plots.readable(RED), ha="right", fontsize=9.5);

# %% tags=["say", "remove-input"]
good = quality["all films"].idxmax()
chance_ndcg = evaluation.ndcg(np.zeros(last.shape), last, k=10, mask=test.query_mask).mean()
praise = evaluation.paired(per_knob[0.9, "100 popular"], per_knob[good, "100 popular"])
truth_of_it = evaluation.paired(per_knob[0.9, "all films"], per_knob[good, "all films"])
mr.say(f"""
Ranked in full, the best setting is {good}, with an nDCG@10 of {quality.loc[good, "all films"]:.3f}. Against
a hundred films drawn by popularity the setting {knob[-2]} is better than that one by {praise:.3f}. In the full ranking the
same setting reaches {quality.loc[0.9, "all films"]:.3f}, no more than the {chance_ndcg:.3f} of random scores.
Whoever tunes on the sample ships a broken recommender with a good number. The even sample is milder: it
prefers the same setting as the full ranking, and then is kind for too long.
""")

# %% [markdown]
# The same holds between papers: a value of nDCG@10 means nothing without its {term}`candidate set`.
# From here on this book ranks everything, and no {term}`sampled metric <sampled metric>` appears in
# any table.

# %% [markdown]
# ## A table that chance could have written
#
# The last trap is the simplest and the easiest to avoid. An open library for few-shot
# recommendation once published these results for MovieLens-1M {cite}`recbolemetarec2022`. Each test
# person has **ten** rated films as query, and the five best rated of them count as relevant.
#
# | {cite}`recbolemetarec2022` | precision@5 | nDCG@5 | MRR@5 | hit rate@5 |
# |---|---|---|---|---|
# | MeLU {cite}`lee2019melu` | .5061 | .5044 | .7016 | 1.0000 |
# | MAMO {cite}`dong2020mamo` | .5923 | .6079 | .8073 | .9968 |
# | TaNP {cite}`lin2021tanp` | .6036 | .6145 | .7993 | .9970 |
#
# Half of the first five are right, and there is always a hit: that sounds useful. What would a ranker
# reach that knows nothing? Five of ten films are relevant, so this is an urn, and every value can be
# written down. With a random order each place is relevant with chance one half, so precision and
# nDCG are one half. The first five hold no relevant film in only one of $\binom{10}{5}$ cases. And
# the first relevant film stands at place $\ell$ with probability
# $\binom{10-\ell}{4} / \binom{10}{5}$.

# %%
ways = math.comb(10, 5)
first_at = {place: math.comb(10 - place, 4) / ways for place in range(1, 7)}
by_formula = {"precision@5": 0.5, "nDCG@5": 0.5,
              "MRR@5": sum(p / place for place, p in first_at.items() if place <= 5),
              "hit rate@5": 1 - 1 / ways}  # fmt: skip

rng = np.random.default_rng(0)
guess = rng.random((100_000, 10))  # [people, films] scores that know nothing
five = np.tile(np.arange(10) < 5, (len(guess), 1))
by_dice = {"precision@5": evaluation.precision(guess, five, 5),
           "nDCG@5": evaluation.ndcg(guess, five, 5),
           "MRR@5": evaluation.mrr(guess, five, 5),
           "hit rate@5": evaluation.hit_rate(guess, five, 5)}  # fmt: skip
thrown = {name: values.mean() for name, values in by_dice.items()}
pd.DataFrame({"by formula": by_formula, "by dice": thrown}).T.round(3)

# %% tags=["say", "remove-input"]
spread_of_one = by_dice["precision@5"].std()
tell = (1.96 * spread_of_one / 0.0061) ** 2
mr.say(f"""
The first row of the published table is this row, to within {abs(0.7016 - by_formula["MRR@5"]):.4f} in MRR
and {0.5061 - 0.5:.4f} in precision {{cite}}`recbolemetarec2022`. Is the small surplus something? The
precision of one person under a random order has a standard deviation of {spread_of_one:.3f}. The test
people are a tenth of at most 6 040 {{cite}}`harper2015movielens`, so the mean wobbles by at least
{spread_of_one / np.sqrt(604):.4f}; to tell this surplus from chance one would need {round(tell, -2):.0f} people.
""")

# %% [markdown]
# We do not know why, and it need not be the fault of MeLU: a network that was trained too briefly, or with
# unlucky settings, would look like this. The authors of the library took the tables out of their repository
# a few weeks later. The other two rows are above chance. But are they good? There is
# a second row that costs nothing, the item mean, and MovieLens-100K lets us run the same test: people
# with 13 to 100 ratings, ten random films of each as query, five of them relevant (ties drawn by lot), as in
# {cite:t}`recbolemetarec2022`.

# %%
def ten_films(ratings, people, seed):
    """Episodes with ten random films of each person as query; which five are best."""
    rng = np.random.default_rng(seed)
    asked, shown = [], []
    for _, items, stars in mr.data.splits.people(ratings.keep_users(people)):
        order = rng.permutation(len(items))
        asked.append((items[order[:10]], stars[order[:10]]))
        shown.append((items[order[10:]], stars[order[10:]]))
    e = mr.data.Episodes.pack(np.sort(people), ratings.items.index, shown, asked)
    lots = e.query_ratings + rng.random(e.query_ratings.shape) / 100
    return e, lots >= np.sort(lots, axis=1)[:, 5, None]


# %%
sizes_of = ratings.table["user"].value_counts()
eligible = np.sort(sizes_of.index[sizes_of.between(13, 100)])
folds = np.array_split(np.random.default_rng(0).permutation(eligible), 5)
kinds = {"item mean": models.ItemMean, "hierarchical Bayes": models.HierarchicalBayes}
measures = (evaluation.precision, evaluation.ndcg, evaluation.mrr)
small_test = {name: [] for name in kinds}
for fold in folds:  # everybody is a test person once
    train = ratings.keep_users(np.setdiff1d(ratings.users.index, fold))
    e, five = ten_films(ratings, fold, seed=0)
    for name, kind in kinds.items():
        scores = kind().fit(train).predict(e)
        small_test[name].append([measure(scores, five, 5) for measure in measures])
small_test = {name: np.concatenate(x, axis=1) for name, x in small_test.items()}

# %%
texts = {
    name: [format(evaluation.bootstrap(v), ".2f") for v in values]
    for name, values in small_test.items()
}
pd.DataFrame(texts, index=["precision@5", "nDCG@5", "MRR@5"]).T

# %% tags=["say", "remove-input"]
mr.say(f"""
The mean rating of a film, the same for everybody, reaches a precision of
{small_test["item mean"][0].mean():.2f} on MovieLens-100K. The same library reported .6103 for MAMO and .5806
for TaNP there {{cite}}`recbolemetarec2022`. The details of the two tests differ, so this is no proof that the
item mean wins; it is a proof that the table lacks the one row by which it could be read. It takes one line
to add, and in `metarec` the protocols add it by themselves: {{term}}`chance <chance level>`, and a trivial
answer, in every table.
""")

# %% [markdown]
# ## The newcomers protocol
#
# Now we can write down the experiment that the rest of the book lives on. The question was: *what can
# you recommend to someone of whom you know $k$ ratings?*
#
# 1. People with thirty ratings or more are shuffled by a fixed seed: most train, a tenth validates, a fifth
#    is the test. No rating of a test person is ever seen in training.
# 2. Of a test person 20 ratings are set aside, the pool; the method is shown the first $k$ of them,
#    $k = 0, 1, 2, 5, 10, 20$. It is asked for *all* ratings after the twentieth, the same for every $k$.
# 3. **Random form**: the ratings are shuffled, five times, and the five results of a person are averaged.
#    **Order of time**: the pool are the first 20 ratings that the person gave.
# 4. RMSE, MAE, pairwise accuracy and nDCG@5 for each person; the mean over people with its interval;
#    differences in pairs.
#
# Neither of the two leaks is open: the people are new, so no later rating of theirs can help, and the settings
# were chosen on others. What remains is the future of *other* people, since some who train rated later than
# some who are tested. We have measured above that this is worth little here.

# %%
methods = {
    "global mean": models.GlobalMean(),
    "popularity": models.Popularity(),
    **rivals,
}
# chance and item mean are added
random_form = evaluation.newcomers(methods, ratings, costs=True)
time_form = evaluation.newcomers(methods, ratings, "time", costs=True)
board = pd.concat([random_form.summary(), time_form.summary()], ignore_index=True)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels of RMSE against the number of known ratings. Left, random form: the curves of item plus user bias and of hierarchical Bayes fall smoothly, the latter further; item mean is flat. Right, order of time: both curves fall much more slowly up to ten ratings, then hierarchical Bayes drops at twenty."}, "figure": {"caption": "The leaderboard opens: newcomers, 95 % intervals over people. The global mean and chance lie above the frame.", "name": "fig-02-kcurve"}}
names = ["item mean", "item + user bias", "hierarchical Bayes"]
fig, axes = plots.figure("Ratings in the order of time teach less than at random",
                         plots.K_LABEL, plots.METRICS["rmse"],
                         panels=["random form", "order of time"], height=4.0)  # fmt: skip
for ax, protocol in zip(axes, ("newcomers", "newcomers in order of time"), strict=True):
    ax.set_ylim(0.86, 1.05)
    short = {"hierarchical Bayes": "hier. Bayes", "item + user bias": "bias"}
    plots.k_curve(board, "rmse", title="", methods=names, labels=short, protocol=protocol, ax=ax)

# %% tags=["say", "remove-input"]
helped = {
    (name, k): form.mean("hierarchical Bayes", "rmse", 0).mean - form.mean("hierarchical Bayes", "rmse", k).mean
    for name, form in (("random", random_form), ("time", time_form)) for k in (2, 10, 20)
}  # fmt: skip
mr.say(f"""
On the left the curves are smooth: each rating helps, the first ones most. On the right they are not. The first
ten ratings in time lower the error of hierarchical Bayes by {helped["time", 10]:.3f} stars, hardly more than
*two* random ones do ({helped["random", 2]:.3f}); the next ten bring
{helped["time", 20] - helped["time", 10]:.3f} more. Is that noise, or are early ratings different?
""")

# %% [markdown]
# ### Why the second curve is not smooth
#
# Look at the data. Which films did people rate first?

# %%
in_time = ratings.table.sort_values("timestamp", kind="stable")
in_time = in_time[in_time["user"].map(sizes_of) >= 30]
in_time["place"] = in_time.groupby("user").cumcount()  # 0 for a person's first
opener = in_time[in_time["place"] == 0]["item"].map(ratings.items["title"])
first_films = opener.value_counts()
first_films.head(6).rename("people who rated it first").to_frame()

# %% tags=["say", "remove-input"]
n_people = in_time["user"].nunique()
twenty = in_time[in_time["place"] < 20].groupby("user")["timestamp"]
minutes = (twenty.max() - twenty.min()).median() / 60
tied = ratings.table.duplicated(["user", "timestamp"], keep=False).mean()
mr.say(f"""
Of {n_people} people, {first_films.iloc[0]} began with the same film, and {mr.percent(first_films.head(6).sum() / n_people)}
with one of six. All six were new films of 1996 and 1997; probably the site showed them first. The
median person gave the first twenty ratings within {minutes:.0f} minutes, and apparently page by page: {mr.percent(tied)} of all
ratings share person and second with another one, and their order within that second is the order of the
file, which is arbitrary. "The first $k$ ratings" is not a random sample of a taste, and not quite an order either.
""")

# %% [markdown]
# Do early ratings say less about the rest? We take out of each rating what everybody thinks of the film
# (its mean) and keep the *surplus*. Then we correlate a person's mean surplus in a window of five ratings
# with the mean surplus in everything after the twentieth. If early ratings were like the others, the
# window would not matter.

# %%
film_means = pd.Series(ratings.item_means(shrinkage=3), index=ratings.items.index)
film_counts = pd.Series(ratings.item_counts(), index=ratings.items.index)


def windows(table):
    """Popularity of the films at each place; what five ratings say about the rest."""
    table = table.assign(place=table.groupby("user").cumcount(),
                         surplus=table["rating"] - table["item"].map(film_means),
                         raters=table["item"].map(film_counts))  # fmt: skip
    rest = table[table["place"] >= 20].groupby("user")["surplus"].mean()
    pools = table[table["place"] < 20]
    blocks = pools.groupby(["user", pools["place"] // 5])["surplus"].mean().unstack()
    return table.groupby("place")["raters"].mean().head(40), blocks.corrwith(rest)


shuffled = in_time.sample(frac=1, random_state=0)
raters, agreement = zip(windows(in_time), windows(shuffled), strict=True)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Left: mean number of raters of the film against its place in the person's order; in time it falls steeply over the first ten places, when shuffled it is flat and low. Right: correlation of windows of five ratings with the rest; when shuffled it is flat and high, in time it starts at half of that and rises from window to window."}, "figure": {"caption": "All people with thirty ratings or more. Left: how popular the film at each place is. Right: how well five ratings agree with what comes after the twentieth.", "name": "fig-02-time"}}
ax, right_ax = plots.two_panels("The first ratings are of popular films,\nand say less about the rest",
                          "people who rated the film, mean", "correlation with ratings after the 20th")  # fmt: skip
ax.plot(np.arange(1, 41), raters[1], color=GREY, lw=1.5, ls=(0, (5, 2)))
ax.plot(np.arange(1, 41), raters[0], color=BLUE)
ax.set(ylim=(0, 350), xlabel="place in the person's order", xticks=[1, 10, 20, 30, 40])
ax.text(8, 265, "in time", color=plots.readable(BLUE), fontsize=9.5)
ax.text(8, 135, "shuffled", color=GREY, fontsize=9.5)
blocks = ["1–5", "6–10", "11–15", "16–20"]
right_ax.plot(blocks, agreement[1], color=GREY, lw=1.5, ls=(0, (5, 2)), marker="s", ms=4)
right_ax.plot(blocks, agreement[0], color=BLUE, marker="o")
right_ax.set(ylim=(0, 0.75), xlabel="ratings in the window")
right_ax.text(2.2, 0.37, "in time", color=plots.readable(BLUE), fontsize=9.5)
right_ax.text(2.2, 0.545, "shuffled", color=GREY, fontsize=9.5);

# %% tags=["say", "remove-input"]
mr.say(f"""
They do. When the order is shuffled, five ratings correlate with the rest at about {agreement[1].mean():.2f},
wherever they stand. In time the first five reach {agreement[0].iloc[0]:.2f} and the ratings 16 to 20
{agreement[0].iloc[3]:.2f}: what lies nearer in time is more alike. That is the other face of the leak above,
where ratings of one sitting on both sides of the wall made a model look good. And there is a second reason for
the rough curve: there is one order of time, so nothing is averaged, while the left curve is the mean of five
draws, each of which wobbles by {wobble["another draw"]:.3f} stars.
""")

# %% [markdown]
# Which form is right? Both. Shuffled support is a clean measure of how well a method *learns from few
# ratings*, with five draws to average. The order of time is nearer to what a live system meets, and
# harder. This book reports the first everywhere and the second beside it. A later chapter (planned) returns to what a
# system can do about it: choose which films to ask about.

# %% [markdown]
# ## The leaderboard opens
#
# Here it is, in numbers: RMSE, then pairwise accuracy, in the random form. Later chapters add their rows.

# %%
mr.leaderboard.table(board, "newcomers", "rmse").round(3)

# %%
mr.leaderboard.table(board, "newcomers", "pairwise").round(3)

# %% [markdown]
# And the same in the order of time:

# %%
mr.leaderboard.table(board, "newcomers in order of time", "rmse").round(3)

# %% tags=["say", "remove-input"]
steps = {k: random_form.difference("hierarchical Bayes", "item + user bias", "rmse", k) for k in (1, 5, 20)}
mr.say(f"""
How to read it. *Chance* draws ratings from the training ratings; its error is the largest, as it must be. The
*global mean* already lowers the error to {random_form.mean("global mean", "rmse", 0).mean:.2f} stars, the *item
mean* to {random_form.mean("item mean", "rmse", 0).mean:.2f}: what a film is worth to everybody is most of what
we know about a newcomer. With ratings, *hierarchical Bayes* improves on the *biases* by {-steps[1].mean:.3f},
{-steps[5].mean:.3f} and {-steps[20].mean:.3f} stars at $k = 1, 5, 20$; the interval of the last one is
{steps[20]:.3f}. In the *order* of films the biases cannot gain anything, however many ratings we show:
adding one number to all films of a person changes no order. That is why their row in
the second table is constant, and why fewer stars of error alone do not prove that a list became more personal.
""")

# %%
next_one = evaluation.next_item(rivals, ratings, costs=True)
mr.leaderboard.save("02", random_form, time_form, shop, next_one)
mr.leaderboard.table(next_one.summary(), "next item", "hit_rate@10").round(3)

# %% [markdown]
# The results are kept in `data/results/02.json`, from which the front page and chapter 15 are made. The
# last table is the next-item task, in a full ranking: rating predictors are nearly useless there, and
# popularity is a weak opponent. Chapters 03 and 06 bring better ones.

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
for k in (0, 20):
    kept = np.interp(0.8, LEVELS, curves[k, True])
    mr.check(f"share of ratings in the 80 % intervals, k = {k}", kept, 0.78, 0.83)
blind = np.interp(0.8, LEVELS, curves[0, False])
mr.check("the same when the model admits noise only, k = 0", blind, 0.66, 0.72)
mr.check("hierarchical Bayes minus bias, RMSE, k = 10", difference, -0.035, 0)
mr.check("the unpaired interval is so many times wider", ratio, 5, 11)
mr.check("false alarms among equal methods", np.mean(alarms), 0.02, 0.08)

# %% tags=["claims"]
for share in shares:
    change = leak["own", share]
    mr.check(f"RMSE with the own future, date at {mr.percent(share)}", change, -0.09, 0)
mr.check("RMSE with others' future, date at 60 %", others_future, -0.025, 0.025)
mr.check("pairs in order, best of 300 random methods", lucky[-1], 0.54, 0.56)
mr.check("the same method on everybody else", sober[-1], 0.495, 0.505)
mr.check("RMSE gained by the best of 24 settings", seen_gain[-1], 0.0015, 0.008)
mr.check("the same setting on everybody else", kept_gain[-1], -0.001, 0.001)
mr.check("RMSE of the default shrinkages minus the best", at_default, 0, 0.002)
mr.check("RMSE of 8 factors minus the best", eight, 0, 0.002)

# %% tags=["claims"]
mr.check("popularity minus hierarchical Bayes, nDCG@10 of top-N lists", gap, low=0)
mr.check("hierarchical Bayes minus popularity, all films ranked", straight, high=0)
mr.check("the same against 100 films drawn by popularity", turned, low=0)
mr.check("a film at place 60 is a sampled hit at 10", chance_of_hit[59], 0.99, 1)
mr.check("knob at 0.9 against the best one, 100 films by popularity", praise, low=0)
mr.check("the same in the full ranking", truth_of_it, high=0)
left = quality.loc[0.9, "all films"] / quality.loc[good, "all films"]
mr.check("share of nDCG@10 that is left in the full ranking", left, 0, 0.1)
mr.check("precision@5 of random orders of ten", thrown["precision@5"], 0.497, 0.503)
mr.check("MRR@5 of random orders of ten", thrown["MRR@5"], 0.701, 0.707)
item_mean_on_ten = evaluation.bootstrap(small_test["item mean"][0])
mr.check("precision@5 of the item mean on ten films", item_mean_on_ten, 0.57, 0.64)

# %% tags=["claims"]
ours, rival = "hierarchical Bayes", "item + user bias"
for k in (5, 10, 20):
    gain = random_form.difference(ours, rival, "rmse", k)
    mr.check(f"newcomers, hierarchical Bayes minus bias, k = {k}", gain, high=0)
gain = time_form.difference(ours, rival, "rmse", 20)
mr.check("the same in order of time, k = 20", gain, high=0)
drop = {
    name: form.values(ours, "rmse", 0) - form.values(ours, "rmse", 10)
    for name, form in (("random", random_form), ("time", time_form))
}
error = random_form.mean(ours, "rmse", 20).mean
mr.check("newcomers, RMSE of hierarchical Bayes, k = 20", error, 0.9, 0.92)
less = evaluation.paired(drop["time"], drop["random"])
mr.check("ten ratings in time help less than ten at random", less, high=0)
early, shuffled = agreement[0].iloc[0], agreement[1].mean()
mr.check("correlation of the first five in time with the rest", early, 0.25, 0.42)
mr.check("correlation of five at random with the rest", shuffled, 0.57, 0.68)

# %% [markdown]
# ## Take-aways
#
# 1. Ask the question first; the measure follows from it. Few stars of error and a good list are
#    different virtues.
# 2. Hide what would be unknown: the person's own future leaks most. And choose on people whom you do
#    not report.
# 3. Rank all candidates. A sampled metric is another metric, with another winner.
# 4. Put chance and a trivial answer into every table, before you look at your own row.
# 5. Compare in pairs, over people, with an interval, and count how many comparisons you made.

# %% [markdown]
# ## Exercises
#
# ```{exercise} A list of five
# :label: ex-02-list
#
# *Easy.* A list of five films has relevant films at places two and five. The person likes four films in
# all. Compute precision@5, recall@5, hit rate@5 and the reciprocal rank by hand. Check your answer with
# `metarec.evaluation`.
# ```
#
# ````{solution} ex-02-list
# :class: dropdown
#
# Precision is $\frac25$, recall $\frac24$, the hit rate is one, and the reciprocal rank is $\frac12$.
# The four liked films must all be among the candidates, so the check needs two more, which the
# method ranks last:
#
# ```python
# scores = [[7, 6, 5, 4, 3, 2, 1]]
# relevant = [[False, True, False, False, True, True, True]]
# for metric in (evaluation.precision, evaluation.recall, evaluation.hit_rate, evaluation.mrr):
#     print(metric.__name__, metric(scores, relevant, k=5))
# ```
# ````
#
# ```{exercise} The level of chance
# :label: ex-02-chance
#
# *Easy.* A paper ranks 20 films of each person, of which four are relevant, and reports hit rate@5. What does a
# random order reach?
# ```
#
# ````{solution} ex-02-chance
# :class: dropdown
#
# No hit means that all five places hold irrelevant films:
# $1 - \binom{16}{5} / \binom{20}{5}$. In Python: `1 - math.comb(16, 5) / math.comb(20, 5)`. The
# result is so high that a table in which the best method is a few points better shows almost nothing.
# ````
#
# ```{exercise} The gain of nDCG
# :label: ex-02-gain
#
# *Medium.* Repeat the six films of the writer with a binary gain, `true >= 4`, and with the gain $r$ itself. Does the
# comparison of the two methods change? Which gain would you choose for a shop that only wants a click?
# ```
#
# ````{solution} ex-02-gain
# :class: dropdown
#
# ```python
# for name in ("item mean", "hierarchical Bayes"):
#     for label, g in (("binary", true >= 4), ("linear", true), ("2^r - 1", 2**true - 1)):
#         print(name, label, evaluation.ndcg([table[name]], [g], k=3).round(3))
# ```
#
# With the binary gain the two methods are equal: they differ only in the order of a film of four and one of
# five stars, which a click does not distinguish. With the linear gain they differ a little. The gain is
# part of the question, so a table must name it.
# ````
#
# ```{exercise} How many people for your question?
# :label: ex-02-power
#
# *Medium.* Use equation {eq}`eq-02-people` to find how many test people are needed to see that hierarchical Bayes with
# 8 factors beats the one with 4 at $k = 20$. Compute $s_D$ and $\bar D$ on the *validation* people.
# ```
#
# ````{solution} ex-02-power
# :class: dropdown
#
# ```python
# result = evaluation.experiment.few_shot(
#     {"4": models.HierarchicalBayes(4), "8": models.HierarchicalBayes(8)},
#     split.train, split.validation, ks=[20])
# d = result.values("8", "rmse", 20) - result.values("4", "rmse", 20)
# print(d.mean(), d.std(), 7.8 * d.var() / d.mean() ** 2)
# ```
#
# The difference is much smaller than its spread over people, and the answer is far more people than the
# data set has. That is what "the difference is noise" means: not that it is zero, but that this test cannot
# see it.
# ````
#
# ```{exercise} A leak through the item mean
# :label: ex-02-itemleak
#
# *Hard.* Somebody computes item means on *all* ratings, "because a mean is not a model", and gives
# `rating - item mean` to everything that follows. Measure on the newcomers' test people what this is worth
# for films with few ratings and for films with many. When does it matter?
# ```
#
# ````{solution} ex-02-itemleak
# :class: dropdown
#
# ```python
# clean = models.ItemMean(shrinkage=0).fit(split.train)
# leaky = models.ItemMean(shrinkage=0).fit(ratings)
# e, count = split.test.episodes(), split.train.item_counts()
# for low, high in ((1, 5), (5, 20), (20, 100), (100, 600)):
#     here = e.query_mask & (count[e.query_items] >= low) & (count[e.query_items] < high)
#     print(low, high, [np.nanmean(evaluation.rmse(m.predict(e), e.query_ratings, here))
#                       for m in (clean, leaky)])
# ```
#
# For films with few ratings the test person's own rating is a large part of the mean, and the leaky version
# is far too good; for films with a hundred ratings nothing changes. So the leak is worst exactly where the
# {term}`long tail` is, and a method that is "good in the long tail" should be checked for it first.
# ````

# %% [markdown]
# ## Quiz
#
# **1. A table gives the mean RMSE of two methods on the same people. Each mean has a 95 % interval, and the
# two intervals overlap by half. Which conclusion is right?**
#
# :::{dropdown} A. The intervals overlap, so there is no difference.
# No. Overlapping intervals of two *means* say little about the *difference* on the same people. The paired
# interval may be several times narrower.
# :::
# :::{dropdown} B. The first is better, because its mean is lower.
# No. The mean alone cannot tell a difference from luck; the paired interval of the difference could.
# :::
# :::{dropdown} C. One cannot tell from these numbers; the paired interval is needed.
# Right. What counts is the spread of the difference within people, which these two lines do not show.
# :::
#
# **2. A paper ranks each relevant item among a hundred random ones and finds that its method doubles hit rate@10.
# What has been shown?**
#
# :::{dropdown} A. The method finds twice as many relevant items in a list of ten.
# No. Against a sample, "among the first ten" means roughly "among the first tenth of the catalogue".
# :::
# :::{dropdown} B. The method is better somewhere in the upper part of the ranking, perhaps not at the top.
# Right. The sampled hit rate is a smooth function of the true place, and flat where a real list lives.
# :::
# :::{dropdown} C. Nothing, because random samples are unbiased.
# No on both counts: it is unbiased for the *sampled* measure, which is not the measure of interest, and
# something has been shown, only something else.
# :::
#
# **3. You tune fifty settings on the validation people, take the best, and report its validation score with an
# interval. What is wrong?**
#
# :::{dropdown} A. Nothing, the interval covers the uncertainty.
# No. The interval knows of one method and one set of people. It does not know that forty-nine others were looked at.
# :::
# :::{dropdown} B. The score is too good, because the choice has used the luck of these people.
# Right. Report it on the test people, who took no part in the choice.
# :::
# :::{dropdown} C. One must not tune at all.
# No. Baselines and methods should all be tuned, with the same care; the number to report comes from elsewhere.
# :::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`herlocker2004evaluating`: the classic survey of what can be measured, and why; still the best start.
# - {cite:t}`cremonesi2010performance`: the paper that made popularity the row nobody may leave out.
# - {cite:t}`krichene2020sampled`: why sampled metrics disagree with full ones, with the mathematics of the figure above.
# - {cite:t}`canamares2020target`: when the choice of candidates decides who wins, and what size keeps comparisons apart.
# - {cite:t}`meng2020splitting` and {cite:t}`ji2023leakage`: splits, and what leaks through them.
# - {cite:t}`ferraridacrema2021troubling`: what became of published progress when baselines were tuned.
# - {cite:t}`cawley2010overfitting`: how choosing a model overfits the data that one chooses on.
# - {cite:t}`efron1993introduction`: the bootstrap, by its inventor, for readers with little mathematics.

# %% [markdown]
# ## What comes next
#
# The yardstick is ready, and the two curves on it are easy to state: what a film is worth to everybody, and how
# far a person stands above or below. Chapter 03 asks the oldest question of the field: who agreed with you
# before?
