# %% [markdown]
# # Language models as recommenders
#
# The shortest program of this book: write down what somebody liked, and ask a language model what comes
# next. It costs no data and no training. What is the answer worth?

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** What happens when we simply ask a language model?
#
# **You will be able to**
# - read a recommendation off a model's probabilities instead of parsing its prose, and share the work between candidates;
# - measure calibration, and the biases of order and of popularity, with questions asked twice;
# - tune such a model on people's ratings, and judge it beside a closed form, in error and in cost.
#
# **Before you start.** Chapters 02 and 07. Chapter 08 builds the low-rank updates that we use.
#
# **Time.** 60 minutes to read; less than 150 seconds to run on one core.
# :::

# %%
import dataclasses
import re
import time

import numpy as np
import pandas as pd
import scipy.stats
import torch

import metarec as mr
from metarec import evaluation, models, plots

# %% tags=["parameters"]
full = False  # True: three times the people and films, six times the ratings to tune on
seed = 0  # 0 is the text; 1, 2, … draw other people and films

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED

SPLIT = mr.data.splits.SEED + seed
PEOPLE, FILMS = (60 if full else 20), 10  # of the test: people, films asked of each
ASKED = 36 if full else 12  # validation people
KNOWN = 240 if full else 80  # films for the question what the model knows
PAIRS = 100 if full else 24  # of films, asked in both orders
TUNING, TOLD = (480, 10) if full else (160, 5)  # training people, ratings of each
KS = (0, 5, 20)
PROTOCOL = f"newcomers, subset of {PEOPLE} people with {FILMS} films each"


def some_of(task, people):
    """Episodes of some people of a task, each asked about a few films."""
    e = task.episodes()
    rows = np.random.default_rng(seed).permutation(len(e))[:people]
    e = e.take(np.sort(rows))
    names = ("query_items", "query_ratings", "query_mask")
    return dataclasses.replace(e, **{n: getattr(e, n)[:, :FILMS] for n in names})

# %% [markdown]
# ## Just ask
#
# Our model is the SmolLM2 of chapter 07, with 135 million weights, in the version that was trained to follow
# instructions {cite}`allal2025smollm2`. It is small: a laptop holds it. Whatever we find here is a finding
# about a model *of this size*; the last section says how to put a larger one in its place.
#
# The person below is real, one of the validation people of the newcomers protocol.

# %%
ratings = mr.data.movielens_100k()
split = mr.data.newcomers(ratings, seed=SPLIT)
train, validation = split.train, some_of(split.validation, ASKED)
model = models.pretrained.load("language-model", head=True)
titles = np.array(models.pretrained.film_texts(ratings.items))

one = validation.take([0]).first(10)
shown = list(zip(titles[one.support_items[0]], one.support_ratings[0]))
told = "".join(f"{title}: {stars:g}\n" for title, stars in shown)
told = "These are my film ratings, from 1 (bad) to 5 (great):\n" + told
print(told)

# %%
def speak(questions, length):
    """What the model answers, word by most likely word."""
    tokenizer, network = model.tokenizer, model.network
    chats = [[{"role": "user", "content": q}] for q in questions]
    texts = tokenizer.apply_chat_template(
        chats, tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left")
    ids = ids.to(network.device)
    with torch.inference_mode():
        out = network.generate(**ids, max_new_tokens=length, do_sample=False)
    new = out[:, ids["input_ids"].shape[1] :]
    return tokenizer.batch_decode(new, skip_special_tokens=True)

# %% tags=["nbval-ignore-output"]
(advice,) = speak([told + "Which film should I watch next?"], 30)
print(advice)

# %% tags=["nbval-ignore-output"]
wanted = one.query_items[0, :6]
ask = "How many stars would I give to {}? Answer with a number from 1 to 5."
replies = speak([told + ask.format(titles[film]) for film in wanted], 12)
pd.DataFrame({"reply": replies, "stars given": one.query_ratings[0, :6]}, titles[wanted])

# %% tags=["say", "remove-input", "nbval-ignore-output"]
own = sum(title in advice for title, _ in shown)
numbers = [re.findall(r"\d+", reply) for reply in replies]
single = sum(len(found) == 1 for found in numbers)
mr.say(f"""
Of the films that we listed, the advice names {own}. Of the {len(replies)} replies about stars, {single} hold exactly one number, and there are
{len(set(replies))} different ones. One could write a parser for such replies, and a new one for the next model. But the reply is only what
is left of something better.
""")

# %% [markdown]
# ## Read the probabilities, not the prose
#
# A language model gives a probability to *every* token that could come next. So we write the prompt in such a way that the
# next token has to be the answer, and look at the probabilities of the five answers alone {cite}`brown2020language`:
#
# ```text
# Film ratings from 1 to 5.
# Star Wars:5
# Fantasia:2
# The Terminator:
# ```
#
# The model has not been trained on such lines; it must understand from the lines above what is wanted. That is
# {term}`in-context learning`, with $k$ examples; with $k = 0$ one speaks of a {term}`zero-shot prompt`. Let
# $o_r$ be the score of the token of rating $r$ after this {term}`prompt`. We take
#
# $$
# P_{ui}(r) = \frac{\exp o_r}{\sum_{r'=1}^{5} \exp o_{r'}}, \qquad
# \bar r_{ui} = \sum_{r=1}^{5} r\, P_{ui}(r),
# $$ (eq-09-answer)
#
# the distribution of the answer, given that it is one of the five, and its mean, the *expected rating*. No reply is
# generated, so no reply can be misread. From scratch, for the first film:

# %%
lines = "".join(f"{title}:{stars:g}\n" for title, stars in shown)
prompt = f"Film ratings from 1 to 5.\n{lines}{titles[wanted[0]]}:"
five = [model.tokenizer(str(r))["input_ids"][0] for r in range(1, 6)]
ids = model.tokenizer(prompt, return_tensors="pt").to(model.network.device)
with torch.inference_mode():
    scores = model.network(**ids).logits[0, -1, five].double()
by_hand = scores.softmax(0).cpu().numpy()

asked = models.LanguageModelRecommender(model, n_calibration=0).fit(train)
library = asked.probabilities(one)[0]  # [films, 5]
assert np.allclose(library[0], by_hand, atol=1e-4)
pd.DataFrame(library[:6], titles[wanted], range(1, 6)).round(2)

# %% [markdown]
# ### One prompt, many films
#
# All ten questions of a person begin with the same lines. A causal network never looks ahead, so what it computes for these
# lines does not depend on the question. It can be computed once: of every layer one keeps the keys and values of
# {term}`attention`, the **{term}`key-value cache`**, and the questions are put behind it side by side. A mask lets each see the
# lines and itself, and not its neighbours.
#
# Let the lines have $T$ tokens and each of $q$ questions $T'$. One by one, $q\,(T + T')$ tokens go through the network;
# with a shared prefix $T + q\,T'$. For the person above:

# %%
count = [len(ids) for ids in model.tokenizer(list(titles[one.query_items[0]]))["input_ids"]]
T, each = len(ids["input_ids"][0]) - count[0] - 1, np.array(count) + 1
alone, together = len(each) * T + each.sum(), T + each.sum()
print(f"{alone} tokens one by one, {together} with a shared prefix")

# %% tags=["say", "remove-input"]
mr.say(f"""
That is {alone / together:.1f} times less work for the same numbers: the unit tests compare them with those of whole sequences, for networks of two
architectures and for this one.
""")

# %% [markdown]
# ## Does it know the films?
#
# First, ask about films without telling anything of a person. A model that has read about cinema should expect more stars for
# *Casablanca* than for *Barb Wire*. We take films at random from those with twenty training ratings or more, and
# compare the expected rating with the mean of the training ratings, by Spearman's correlation of the ranks over films. Perhaps the title
# is not enough; so we also add the year, or the genres.

# %%
draw = np.random.default_rng(seed)
often = np.flatnonzero(train.item_counts() >= 20)
known = draw.choice(often, min(KNOWN, len(often)), replace=False)
stars = np.arange(1, 6)
blank = mr.data.Episodes.of_one(ratings, {}, ratings.items.index[known])
told_of = {}
for about in ("title", "title year", "title genres"):
    method = models.LanguageModelRecommender(model, about=about, n_calibration=0)
    told_of[about] = method.fit(train).probabilities(blank)[0]  # [films, 5]

# %%
quality = train.item_means(3.0)[known]
fame = np.log(train.item_counts()[known])


def correlation(a, b):
    """Spearman's, with a bootstrap interval over films."""
    picks = np.random.default_rng(0).integers(len(a), size=(1000, len(a)))
    values = [scipy.stats.spearmanr(a[p], b[p]).statistic for p in picks]
    low, high = np.quantile(values, [0.025, 0.975])
    mean = scipy.stats.spearmanr(a, b).statistic
    return evaluation.Interval(mean, low, high, np.std(values), len(a))


knows = {about: correlation(p @ stars, quality) for about, p in told_of.items()}
famous = {about: correlation(p @ stars, fame) for about, p in told_of.items()}
pd.DataFrame({"mean rating": knows, "number of ratings": famous}).map(lambda i: f"{i:.2f}")

# %% mystnb={"figure": {"caption": "Films with twenty or more ratings: what the language model expects from the title alone, and what people gave.", "name": "fig-09-knows"}, "image": {"alt": "Scatter of films: the stars that the language model expects without knowing a person, against the mean training rating. The cloud is flat and wide; low and high means occur at every height. All expected ratings lie far below the means."}} tags=["hide-input"]
fig, ax = plots.figure("From a title alone, the model's stars do not follow people's stars",
                       "mean training rating of the film, stars", "expected rating from the title, stars", height=3.9)  # fmt: skip
expected = told_of["title"] @ stars
ax.scatter(quality, expected, s=18, color=BLUE, alpha=0.75, lw=0)
for film in (np.argmax(expected), np.argmin(expected)):
    ax.annotate(titles[known[film]][:32], (quality[film], expected[film]), (0, 6), textcoords="offset points",
                ha="right" if quality[film] > 3.2 else "left", fontsize=9, color=INK)  # fmt: skip
ax.set_ylim(1, 5)
ax.grid(True);

# %% tags=["say", "remove-input"]
base = told_of["title"].mean(0)
mr.say(f"""
It does not: the correlation with the mean rating is {knows["title"]:.2f} from the title, {knows["title year"]:.2f} with the year and {knows["title genres"]:.2f} with
genres. Nor does it prefer films that are well known ({famous["title"]:.2f}). And the level is strange: it gives {mr.percent(base[0])} to one star, the first
number that anybody would count from, and {mr.percent(base[4])} to five. Before it has seen a person's lines the model does not read the question as we
mean it.
""")

# %% [markdown]
# What *could* it know? The texts that it was trained on come from the open web and from synthetic lessons. Ratings of MovieLens may be among them: models much larger than ours
# have been shown to repeat lines of another MovieLens data set by heart {cite}`dipalma2025memorize`. Then a test on such data is no test of judgement.
# Here the worry is idle, as nothing was remembered that helps. With a larger model it is the first thing to check.

# %% [markdown]
# ## Two questions, and two forms
#
# Perhaps we asked the wrong question. A language model is made to continue text, so one can ask it for the *title* instead of the stars: list what
# a person loved (four stars or more), and see how likely each candidate's title is as the next line. Let $x_1, \dots, x_n$ be the tokens of film $i$'s title and
# $\mathcal S_u$ stand for the list. Three scores are in use:
#
# $$
# \log P(i \mid \mathcal S_u) = \sum_{t=1}^{n} \log P(x_t \mid \mathcal S_u, x_1 \dots x_{t-1}), \qquad
# \tfrac1n \log P(i \mid \mathcal S_u), \qquad
# \log P(i \mid \mathcal S_u) - \log P(i \mid \varnothing).
# $$ (eq-09-title)
#
# The first prefers short titles, since every token costs. The second takes the length out. The third takes out all that makes the title likely
# for *everybody*: its length, its common words, its fame. It is the pointwise mutual information of film and list {cite}`holtzman2021surface`.
#
# We compare them on the validation people, each showing ten ratings, with the stars of equation {eq}`eq-09-answer`, and with the two orders
# that everybody gets for nothing.

# %%
e = validation.first(10)
HEAD = "Films that one person loves:\n"


def loved(user):
    liked = e.support_items[user, e.support_ratings[user] >= 4]
    return HEAD + "".join(titles[film] + "\n" for film in liked)


candidates = [[titles[film] + "\n" for film in row] for row in e.query_items]
after, length = models.pretrained.log_likelihoods(
    model, [loved(user) for user in range(len(e))], candidates
)
films = np.unique(e.query_items)
(prior,), _ = models.pretrained.log_likelihoods(
    model, [HEAD], [[titles[film] + "\n" for film in films]]
)
after, length = np.stack(after), np.stack(length)  # [people, films]
prior = prior[np.searchsorted(films, e.query_items)]

# %%
stars_by_line = asked.probabilities(e)  # [people, films, 5]
orders = {
    "item mean": train.item_means(3.0)[e.query_items],
    "popularity": train.item_counts()[e.query_items].astype(float),
    "expected rating": stars_by_line @ stars,
    "title": after,
    "title, per token": after / length,
    "title, less its prior": after - prior,
}


def pairwise(scores, episodes=e):
    return evaluation.pairwise_accuracy(
        scores, episodes.query_ratings, mask=episodes.query_mask
    )


right = {name: pairwise(scores) for name, scores in orders.items()}
table = {name: f"{evaluation.bootstrap(r):.2f}" for name, r in right.items()}
pd.Series(table, name="pairwise accuracy").to_frame()

# %%
chat = models.LanguageModelRecommender(model, form="chat", n_calibration=0)
few = e.take(np.arange(6)).first(5)
in_chat = chat.fit(train).probabilities(few)
chat_right = evaluation.bootstrap(pairwise(in_chat @ stars, few))
print(f"as a chat: {chat_right:.2f}; one star gets {in_chat[..., 0].mean():.2f}")

# %% tags=["say", "remove-input"]
gap = evaluation.paired(right["item mean"], right["expected rating"])
by_title = evaluation.paired(right["title"], right["expected rating"])
mr.say(f"""
With ten ratings in the prompt, the expected rating orders {mr.percent(right["expected rating"].mean())} of the pairs rightly, chance being one half; the likelihood of
the title changes that by {by_title:.2f}, and taking the prior off it does not help on these people. The item mean, which knows nothing of the person, is ahead of the
expected rating by {gap:.2f}. As a question in the chat template of the model's makers, with five ratings, it is {chat_right:.2f}, and one
star gets {mr.percent(in_chat[..., 0].mean())} of the probability whatever the film. We go on with plain lines and stars, because the protocol asks for errors in stars and a
title gives none. That is a choice for the scale and not for the order: where only the order counts, the title is the question to try first.
""")

# %% [markdown]
# ## Ask twice
#
# ### The order of the list
#
# The ten ratings are a *set*: nothing in the protocol depends on their order. A prompt has one. So ask again with the same ratings in another random order, and see how far
# the expected ratings move. The yardstick is how much they differ from film to film.

# %% tags=["nbval-ignore-output"]
turn = np.random.default_rng(seed + 1).permutation(10)
turned = dataclasses.replace(
    e, support_items=e.support_items[:, turn],
    support_ratings=e.support_ratings[:, turn],
)  # fmt: skip
first, second = orders["expected rating"], asked.predict(turned)
of_order = np.sqrt(((first - second) ** 2).mean(1) / 2)  # one person each
of_film = ((first + second) / 2).std(1)
i, j = np.triu_indices(FILMS, 1)
flipped = (np.sign(first[:, i] - first[:, j]) != np.sign(second[:, i] - second[:, j])).mean(1)
moved = {name: evaluation.bootstrap(v) for name, v in
         {"film": of_film, "order": of_order, "flipped": flipped}.items()}  # fmt: skip
print(f"standard deviation by film {moved['film']:.2f}, by order {moved['order']:.2f}")
print(f"pairs of films that change places: {moved['flipped']:.2f}")

# %% [markdown]
# ### Which comes first?
#
# The other way to ask a language model is a list: *which of these is better?* Take two films, ask in both orders, and look at the probability of the one that is listed first.

# %%
two = [draw.choice(often, 2, replace=False) for _ in range(PAIRS)]
both = [pair for i, j in two for pair in ((i, j), (j, i))]
question = "Which film is better?\nA: {}\nB: {}\nBetter film:"
texts = [question.format(titles[i], titles[j]) for i, j in both]
letters, _ = models.pretrained.log_likelihoods(model, texts, [[" A", " B"]] * len(texts))
a, b = np.stack(letters).T
says_first = (1 / (1 + np.exp(b - a))).reshape(-1, 2)  # [pairs, orders]
listed_first = evaluation.bootstrap((says_first > 0.5).mean(1))
same_film = float(((says_first[:, 0] > 0.5) != (says_first[:, 1] > 0.5)).mean())
print(f"the film that is listed first is chosen: {listed_first:.2f}")

# %% mystnb={"figure": {"caption": "Left: what moves the expected rating of a person with ten ratings; 95 % intervals over people. Right: pairs of films, the probability of the film that is listed first, in either order. A consistent judge would lie on the falling diagonal.", "name": "fig-09-order"}, "image": {"alt": "Two panels. Left: two dots with intervals, the standard deviation of the expected rating by film and by the order of the list; the one for order is at least as large. Right: for each pair of films the probability of the film listed first, asked in one order against asked in the other; all points lie in the upper right, above one half on both axes."}} tags=["hide-input"]
with plots.style():
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.7))
    fig.suptitle("What the answer depends on: where a thing stands, as much as what it is",
                 x=0.012, ha="left", fontweight="bold", fontsize=11.8)  # fmt: skip
for y, (name, color, label) in enumerate((("order", RED, "another order of the list"), ("film", BLUE, "another film"))):
    interval = moved[name]
    axes[0].plot([interval.low, interval.high], [y, y], color=color, lw=2)
    axes[0].plot(interval.mean, y, "o", color=color, ms=7)
    axes[0].text(interval.mean, y + 0.12, label, ha="center", fontsize=9.5, color=plots.readable(color))
axes[0].set(ylim=(-0.5, 1.5), yticks=[], xlim=(0, 0.45), xlabel="what it moves the answer by, stars\n(standard deviation)")
axes[0].grid(False, axis="y")
axes[1].plot([0, 1], [1, 0], color=GREY, ls=(0, (5, 2)), lw=1.3)
axes[1].scatter(*says_first.T, s=18, color=PURPLE, alpha=0.75, lw=0)
axes[1].text(0.04, 0.5, "a consistent\njudge", color=GREY, fontsize=9.5)
axes[1].set(xlim=(0, 1), ylim=(0, 1), xlabel="asked in one order")
axes[1].set_ylabel("asked in the other order")
axes[1].set_title("probability of the film listed first", fontsize=9.5);


# %% tags=["say", "remove-input"]
mr.say(f"""
{{numref}}`fig-09-order` shows what we had not expected to be so bad. Another order of the same ratings moves the expected rating by {moved["order"]:.2f} stars (standard
deviation), another film by {moved["film"]:.2f}. Most of it moves all films of a person together, but {mr.percent(moved["flipped"].mean)} of the pairs change places. And of two films the one that
is listed first is preferred in {mr.percent(listed_first.mean)} of the questions; in {mr.percent(same_film)} of the pairs the model prefers the same *film* in both orders. Such
*{{term}}`position bias <position bias>`* is known from models of all sizes {{cite}}`hou2024zeroshot,zhao2021calibrate`. The remedy is to ask in several orders and to take the
mean, which costs as many times as much.
""")

# %% [markdown]
# ### Does it favour what is well known?
#
# Many texts speak of a film that many people have seen, so a language model may prefer films for their fame: a {term}`popularity bias`. Take all pairs of films that a validation person was asked about, and count in how many
# a score puts the one with more training ratings first. The stars are the mean over the two orders of the list, so that the order has no say. The yardstick are people's own ratings, as a well-known film is also liked a little more.

# %%
counts = train.item_counts()[e.query_items].astype(float)
views = {name: scores for name, scores in orders.items() if name != "popularity"}
views |= {"expected rating": (first + second) / 2, "people's own ratings": e.query_ratings}
leaning = {
    name: evaluation.pairwise_accuracy(scores, counts, mask=e.query_mask)
    for name, scores in views.items()
}
shown_first = {name: f"{evaluation.bootstrap(v):.2f}" for name, v in leaning.items()}
pd.Series(shown_first, name="share of pairs, better known film first").to_frame()

# %%
prefers_i = (says_first[:, 0] + 1 - says_first[:, 1]) / 2 > 0.5  # mean of both orders
i_is_known = np.array([np.subtract(*train.item_counts()[pair]) > 0 for pair in two])
by_pair = evaluation.bootstrap((prefers_i == i_is_known).astype(float))
print(f"which of two, mean of both orders: the better known film in {by_pair:.2f}")

# %% tags=["say", "remove-input", "nbval-ignore-output"]
lean = {name: evaluation.paired(v, leaning["people's own ratings"]) for name, v in leaning.items() if name != "people's own ratings"}
mr.say(f"""
People rate the better known film of a pair higher in {mr.percent(leaning["people's own ratings"].mean())} of the cases (half of a tie). The expected rating favours it in {mr.percent(leaning["expected rating"].mean())}
(difference to people {lean["expected rating"]:.2f}), the likelihood of the title in {mr.percent(leaning["title"].mean())} ({lean["title"]:.2f}), and with the prior taken off in
{mr.percent(leaning["title, less its prior"].mean())} ({lean["title, less its prior"]:.2f}). The item mean, which is learned from ratings, stands at
{mr.percent(leaning["item mean"].mean())}. Asked which of two films is better, the mean of both orders picks the better known one in {by_pair:.2f} of the pairs, so nothing is left of that answer when the place is taken out of it. On a dozen people no score can be told from people's own
leaning; on other draws of people (seeds 1 to 4) the likelihood of the title leaned to fame a little more than people do.
""")

# %% [markdown]
# ## Calibration
#
# A level that comes from nowhere can be mended with data. The method fits three weights on the ratings of a dozen *training* people,
#
# $$
# \hat r_{ui} = \chi_0 + \chi_1 \bar r_{ui} + \chi_2 \frac{1}{1 + k} ,
# $$ (eq-09-calibration)
#
# by ridge regression, and shifts the result so that its mean is that of all training ratings. The last term is there because the level of a prompt with no lines is not that
# of a prompt with many. The fit is cheap, for each person's ratings are *one* sequence: the model predicts the first rating from nothing, the second from one line, and so on.

# %%
calibrated = models.LanguageModelRecommender(model, seed=seed).fit(train)
shrink = calibrated.calibration_[1]
print("weights:", calibrated.calibration_.round(2))

# %% [markdown]
# ## Tuning
#
# Asking costs no training. But if the model does not understand the question, we can teach it: {term}`low-rank updates <LoRA>` of its attention layers, trained on people's
# ratings, have been reported to help with less than a hundred examples {cite}`bao2023tallrec`, for a model some fifty times as large. The text of a person is the prompt
# of equation {eq}`eq-09-answer`, with all lines; *every rating is a label*, predicted from the lines above it, and the loss counts the ratings and nothing else. So each sequence
# trains the model for $k = 0, 1, 2, \dots$ at once. We put updates of rank 8 into queries and values of the upper ten layers.

# %%
lesson = models.LanguageModelRecommender(
    model, n_tuning=TUNING, n_films=TOLD, n_calibration=0, seed=seed
)
start = time.process_time()
tuned = lesson.fit(train)
tuning_seconds = time.process_time() - start
n_updates, n_weights = len(tuned.updates_), model.network.num_parameters()
print(f"{TUNING} people, {TUNING * TOLD} ratings at most, one pass")
print(f"{n_updates:,} of {n_weights + n_updates:,} numbers are trained")

# %%
with_lesson = tuned.probabilities(e)
given = np.stack([(e.query_ratings == r).mean() for r in stars])
levels = pd.DataFrame({
    "no lines": base, "ten lines": stars_by_line.mean((0, 1)),
    "ten lines, tuned": with_lesson.mean((0, 1)), "what people gave": given,
}, stars)  # fmt: skip


def surprise(probabilities):
    """Mean of -log P of the rating that was given, person by person."""
    place = (e.query_ratings - 1).astype(int)[..., None]
    return -np.log(np.take_along_axis(probabilities, place, 2)[..., 0]).mean(1)


less = evaluation.paired(surprise(with_lesson), surprise(stars_by_line))
order_gain = evaluation.paired(pairwise(with_lesson @ stars), right["expected rating"])

# %% mystnb={"figure": {"caption": "Probabilities of the five answers, mean over the questions to validation people, and the ratings that these people gave (dashed).", "name": "fig-09-levels"}, "image": {"alt": "Four lines over the ratings from one to five. Without lines most probability lies on one star and it falls from there. With ten lines most lies on four. After tuning the line runs close to that of the ratings that people gave, with its top at four."}} tags=["hide-input"]
fig, ax = plots.figure("Lines teach the model the scale; tuning teaches it how often each rating comes",
                       "rating, stars", "mean probability", height=3.8)  # fmt: skip
looks = {"no lines": (GREY, "-"), "ten lines": (BLUE, "-"), "ten lines, tuned": (ORANGE, "-"), "what people gave": (INK, (0, (5, 2)))}
for name, (color, dash) in looks.items():
    ax.plot(stars, levels[name], marker="o" if dash == "-" else None, color=color, ls=dash, lw=2)
ax.set(xticks=stars, ylim=(0, None))
plots.label_ends(ax, {name: (levels[name].iloc[-1], color) for name, (color, _) in looks.items()})

# %% tags=["say", "remove-input"]
mr.say(f"""
In {{numref}}`fig-09-levels` the tuned model gives the ratings about as often as people do. The price of an answer, $-\\log P(r)$, falls by {-less.mean:.2f} nats on people that it has
not seen (change {less:.2f}). The *order* of the films changes by {order_gain:.2f} in pairwise accuracy. {TUNING * TOLD} ratings teach how people
use the scale; that they also teach which films are good is not seen here.
""")

# %% [markdown]
# ## Newcomers
#
# Now the test. The protocol is that of chapter 02, on a stated subset, since each answer costs about as much as a whole fit of other methods: test people drawn at random, ten films each from their query, one
# random support, $k = 0$, $5$ and $20$. The rivals learn from the same training people and are judged on the same questions.

# %%
test = some_of(split.test, PEOPLE)
rivals = {
    "item + user bias": models.Bias(),
    "hierarchical Bayes": models.HierarchicalBayes(seed=seed),
    "hierarchical Bayes + content": models.ContentBayes(seed=seed),
    "hierarchical linear model": models.HierarchicalLinear(),
}
rivals = {name: method.fit(train) for name, method in rivals.items()}
field = {"language model": calibrated, "language model, tuned": tuned} | rivals
result = evaluation.score(field, train, test, PROTOCOL, ks=KS)
print(PROTOCOL)
board = result.summary()
mr.leaderboard.table(board, PROTOCOL, "rmse").round(2)

# %%
mr.leaderboard.table(board, PROTOCOL, "pairwise").round(2)

# %%
BEST = "hierarchical Bayes + content"
SPOKEN = ("language model", "language model, tuned")
gaps = {
    (metric, name, k): result.difference(name, BEST, metric, k)
    for metric in ("rmse", "pairwise") for name in SPOKEN for k in KS
}  # fmt: skip
lines = {(m, n): [f"{gaps[m, n, k]:.2f}" for k in KS] for m, n, _ in gaps}
pd.DataFrame(lines, [f"k = {k}" for k in KS]).T

# %% mystnb={"figure": {"caption": "Newcomers, the stated subset, with 95 % intervals over people.", "name": "fig-09-newcomers"}, "image": {"alt": "Two panels against the number of known ratings, 0, 5 and 20. Left, RMSE: both language models fall with the number of ratings but stay above item plus user bias and hierarchical Bayes with content at every k. Right, pairwise accuracy: both language models lie near one half, the two others near seven tenths."}} tags=["hide-input"]
with plots.style():
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 4.0))
    fig.suptitle("The language model learns how a person uses the scale,\nand not which films are better",
                 x=0.012, ha="left", fontweight="bold", fontsize=11.8)  # fmt: skip
drawn = {"language model": BLUE, "language model, tuned": ORANGE, "item + user bias": GREY, BEST: GREEN}
for metric, ax, name_of in zip(("rmse", "pairwise"), axes, ("RMSE, stars (lower is better)", "pairwise accuracy (higher is better)")):
    for place, (name, color) in enumerate(drawn.items()):
        rows = board[(board["method"] == name) & (board["metric"] == metric)]
        x = np.arange(len(KS)) + 0.07 * (place - 1.5)
        ax.plot(x, rows["mean"], "o-", color=color, lw=2, ms=5)
        ax.vlines(x, rows["low"], rows["high"], color=color, lw=1.2, alpha=0.6)
    ax.set_title(name_of, fontsize=9.5)
    ax.set_xlabel("known ratings of the person")
    ax.set_xticks(range(len(KS)), KS)
axes[1].set_ylim(0.3, 0.85)
for row, (name, color) in enumerate(drawn.items()):
    axes[1].text(0.0, 0.42 - 0.033 * row, name, color=plots.readable(color), fontsize=9)


# %% tags=["say", "remove-input"]
def gap_of(metric, name, k):
    return f"{gaps[metric, name, k]:.2f}"


clear = [k for k in KS if gaps["pairwise", "language model, tuned", k].high < 0]
unclear = " and ".join(f"$k = {k}$" for k in KS if k not in clear)
caveat = f" (On so few people the interval of the tuned one holds zero at {unclear}.)" if unclear else ""
def from_blank(name):
    """Change of the RMSE from no line to twenty, with its paired interval."""
    ends = (result.values(name, "rmse", k).to_numpy() for k in (20, 0))
    return evaluation.paired(*ends)


reads, reads_tuned = (from_blank(name) for name in SPOKEN)
fall = result.difference("language model, tuned", "item mean", "rmse", 20)
mr.say(f"""
From no line to twenty the error of the language model changes by {reads:.2f} stars, that of the tuned one by {reads_tuned:.2f}: it reads something from the lines. But at $k = 20$ it is still {gap_of("rmse", "language model", 20)} stars behind the best closed form, tuned
{gap_of("rmse", "language model, tuned", 20)}, and against the plain item mean, which does not know the person at all, the tuned one comes to {fall:.2f}. In the order of
films it is {gap_of("pairwise", "language model", 20)} behind, tuned {gap_of("pairwise", "language model, tuned", 20)}.{caveat} What it takes from the lines looks like how *generous* a person is, which the
biases know as well.
""")

# %% [markdown]
# ### As one more feature
#
# A weak opinion may still help a strong one. Let the tuned model's expected rating, its mean over a person's films taken off, be added to the closed form with a weight that is fitted on the
# validation people (ridge regression of what the closed form leaves).

# %%
def own_part(probabilities):
    expected = probabilities @ stars
    return expected - expected.mean(1, keepdims=True)


z, left = own_part(with_lesson), e.query_ratings - rivals[BEST].predict(e)
weight = (z * left).sum() / ((z**2).sum() + 1)
final = test
z = own_part(tuned.probabilities(final.first(5)))
closed = rivals[BEST].predict(final.first(5))


def error(predicted):
    clipped = np.clip(predicted, *train.scale)
    return evaluation.rmse(clipped, final.query_ratings, mask=final.query_mask)


mixed = evaluation.paired(error(closed + weight * z), error(closed))
print(f"weight {weight:.2f}; change of the RMSE at k = 5: {mixed:.3f}")

# %% tags=["say", "remove-input"]
mr.say(f"""
It does not: the error changes by {mixed:.3f} stars. (On a dozen validation people the weight itself is hardly known. That is part of the answer: a feature that needs many people to find out whether it
helps does not help much.)
""")

# %% [markdown]
# ## What an answer costs
#
# On paper: a network with $N$ weights, the table of tokens not counted, needs about $2N$ floating-point operations a token. The closed form of chapter 10 solves one system of size $d + 1$ for a
# newcomer, about $k (d+1)^2 + (d+1)^3$ multiplications and as many additions, and $d + 1$ more a film. In seconds we ask both for the same ten films of the same person with $k = 20$.

# %%
def seconds(method, episodes, times=1):
    start = time.process_time()
    for _ in range(times):
        method.predict(episodes)
    return (time.process_time() - start) / times


person, d = final.take([0]), rivals["hierarchical Bayes"].n_factors + 1
ratio = seconds(calibrated, person) / seconds(rivals["hierarchical Bayes"], person, 20)
tokens = len(model.tokenizer("".join(titles[person.support_items[0]]))["input_ids"]) + 3 * 20
tokens += len(model.tokenizer("".join(titles[person.query_items[0]]))["input_ids"]) + FILMS
table_of_tokens = model.network.get_input_embeddings().weight.numel()
spoken_flops = 2 * (n_weights - table_of_tokens) * tokens
closed_flops = 2 * (20 * d**2 + d**3 + FILMS * d)
on_paper = spoken_flops / closed_flops
print(f"operations: 10^{np.log10(spoken_flops):.0f} and 10^{np.log10(closed_flops):.0f}")

# %% tags=["say", "remove-input", "nbval-ignore-output"]
mr.say(f"""
On paper the language model needs some {10 ** round(np.log10(on_paper)):,.0f} times as many operations. In seconds, where the closed form spends most of its time in Python and not on numbers, it is still about
{float(f"{ratio:.1g}"):,.0f} times slower. Tuning took about {float(f"{tuning_seconds / 5:.1g}"):.0f} times as long as a fit of all closed forms together.
""")

# %% [markdown]
# ## Another model
#
# A larger model is one argument: `LanguageModelRecommender(name)` takes any causal model in Hugging Face's layout that is on your machine. The unit tests do so with two architectures. Everything in this chapter can be
# asked of it again: does it know the films, does the order of the lines move it, does tuning change the order of films? Work on larger models reports that without tuning they too lag behind
# methods that learn from ratings, and that with tuning they catch up {cite}`kang2023understand`. We have not run them, and claim nothing about them.
#
# The verdict for this size is short. A small language model that is simply asked does not know which films are good, is moved by the order of the lines as much as by the film, and is beaten by the item
# mean in ordering films, at a cost that is larger by orders of magnitude. What is right about the idea is the form: ratings and items in one sequence, each rating predicted from those before it. Chapter 12 keeps the form and
# drops the prose.

# %%
unit = np.ones((1000, 1000))
start = time.process_time()
unit @ unit
unit = time.process_time() - start
result.facts["relative_seconds"] = 0.0
result.facts.loc["language model, tuned", "relative_seconds"] = tuning_seconds / unit
mr.leaderboard.save("09", result.only(SPOKEN));

# %% [markdown]
# ### The full sizes
#
# `full = True` asks three times as many people about the same number of films, three times as many films and pairs, and tunes on six times as many ratings. We ran it once, with seed 0, which took some eight minutes on one core, and every claim
# below held. The intervals are narrower, so that the tuned model is now clearly behind the closed form at every $k$. Six times the lesson made the price of an answer fall about twice as far, and the order of the films did not move: more lessons of this kind teach more of
# the scale.

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("films, k = 0: correlation of expected and mean rating", knows["title"].mean, -0.25, 0.1)
mr.check("probability of one star, k = 0", base[0], 0.38, 0.48)
mr.check("one star in the chat form", in_chat[..., 0].mean(), 0.5, 1)
mr.check("validation: item mean minus expected rating, pairwise", gap.mean, 0.03, 0.3)
mr.check("the film listed first is chosen", listed_first.mean, 0.9, 1)
more = float(evaluation.paired(of_order, of_film).mean)
mr.check("another order moves the answer more than another film", more, low=0)
fame_of_title = lean["title"].mean
mr.check("title: better known film first, less people's own ratings", fame_of_title, -0.1, 0.25)
mr.check("share of pairs that change places", moved["flipped"].mean, 0.1, 0.35)
mr.check("weight of the expected rating after calibration", shrink, -0.3, 0.85)
mr.check("what tuning changes in the price of an answer, nats", less.mean, -0.3, -0.05)

# %% tags=["claims"]
for k in KS:
    behind = gaps["pairwise", "language model, tuned", k].mean
    mr.check(f"tuned minus closed form, pairwise, k = {k}", behind, -0.35, -0.04)
worse = gaps["rmse", "language model, tuned", 20].mean
mr.check("the same in RMSE, k = 20", worse, 0.05, 0.25)
mr.check("mixed with the closed form: change of the RMSE", mixed.mean, -0.01, 0.01)
mr.check("operations: language model over closed form, log 10", np.log10(on_paper), 6, 8)
mr.check("seconds: the same", np.log10(ratio), 1.5, 4.5, show=False)

# %% [markdown]
# ## Take-aways
#
# 1. Read probabilities, not prose: restrict the next token to the answers, and take the mean.
# 2. All candidates of a person share one prompt; compute it once.
# 3. Ask every question twice, in two orders. What moves the answer more than the item does is not judgement.
# 4. Calibration and tuning repair the *level*. They do not bring knowledge about items that is not there.
# 5. At this size, a closed form with a learned prior errs less on the same questions, for a tiny part of the cost.

# %% [markdown]
# ## Exercises
#
# ```{exercise} Five answers by hand
# :label: ex-09-hand
# :class: grade-1
#
# *Easy.* The scores of the tokens 1 to 5 are $0, 0, \log 2, \log 4, 0$. What is the expected rating?
# ```
#
# ````{solution} ex-09-hand
# :class: dropdown
#
# The weights are $1, 1, 2, 4, 1$, the sum is 9, and the mean is $(1 + 2 + 6 + 16 + 5)/9 = 30/9$.
#
# ```python
# weights = np.array([1, 1, 2, 4, 1])
# weights @ np.arange(1, 6) / weights.sum()
# ```
# ````
#
# ```{exercise} What sharing saves
# :label: ex-09-share
# :class: grade-1
#
# *Easy.* For which $T$, $T'$ and $q$ does a shared prefix save most? What is the largest possible factor for given $q$?
# ```
#
# ````{solution} ex-09-share
# :class: dropdown
#
# The factor is $q (T + T') / (T + q T')$. It grows with $T / T'$ towards $q$: long prompts, short questions.
# ````
#
# ```{exercise} Several orders
# :label: ex-09-orders
# :class: grade-2
#
# *Medium.* Average the expected ratings over four random orders of the ten lines. How many pairs of films does the mean of four order differently from the mean of four others?
# ```
#
# ````{solution} ex-09-orders
# :class: dropdown
#
# ```python
# def in_order(turn):
#     again = dataclasses.replace(e, support_items=e.support_items[:, turn], support_ratings=e.support_ratings[:, turn])
#     return asked.predict(again)
#
# four = [np.mean([in_order(draw.permutation(10)) for _ in range(4)], 0) for _ in range(2)]
# print((np.sign(four[0][:, i] - four[0][:, j]) != np.sign(four[1][:, i] - four[1][:, j])).mean(), moved["flipped"])
# ```
#
# Fewer, as the noise of the order is averaged; the accuracy hardly changes, as a steadier answer is not yet a better one.
# ````
#
# ```{exercise} Tell it what others think
# :label: ex-09-others
# :class: grade-2
#
# *Medium.* Write the item mean into the text of each film, `Alien (others: 4.0)`. Does the model use it?
# ```
#
# ````{solution} ex-09-others
# :class: dropdown
#
# ```python
# import copy
#
# told = [f"{t} (others: {m:.1f})" for t, m in zip(titles, train.item_means(3.0))]
# helped = copy.copy(asked)
# helped.texts_ = np.array([*told, "an unknown film"])
# print(evaluation.paired(pairwise(helped.predict(e)), right["expected rating"]))
# ```
#
# Compare with the accuracy of the item mean alone: a model that only had to copy the number would reach it.
# ````
#
# ```{exercise} A longer lesson
# :label: ex-09-longer
# :class: grade-3
#
# *Hard.* Run the chapter with `full = True`. Does the pairwise accuracy of the tuned model rise with the number of ratings that it was tuned on? Estimate from two sizes how many would be needed to
# reach the item mean.
# ```
#
# ````{solution} ex-09-longer
# :class: dropdown
#
# `python tools/run_notebooks.py 09 --full` takes some eight minutes on one core. Plot the accuracy against the logarithm of the number of ratings, and mind the intervals before you extrapolate from two points.
# ````

# %% [markdown]
# ## Quiz
#
# **1. A language model puts its highest probability on "1" for every film, when no person is shown. What follows?**
#
# ::::{dropdown} A. It thinks that all films are bad.
# :class-container: quiz wrong
# No. It does not answer our question at all; it continues a text in which counting from one is likely.
# ::::
# ::::{dropdown} B. The level means nothing before it is calibrated.
# :class-container: quiz right
# Right. A few people's ratings fix it.
# ::::
# ::::{dropdown} C. It cannot be used as a recommender.
# :class-container: quiz wrong
# That does not follow: an order of films is not changed by a level. It had to be measured, and was.
# ::::
#
# **2. Two films are compared in one prompt, and the first is preferred. How do you find out whether the model prefers the film or the place?**
#
# ::::{dropdown} A. Look at how large the probability is.
# :class-container: quiz wrong
# No. A strong position bias gives large probabilities.
# ::::
# ::::{dropdown} B. Ask again with the two exchanged.
# :class-container: quiz right
# Right. Only what stays the same belongs to the film.
# ::::
# ::::{dropdown} C. Ask for reasons.
# :class-container: quiz wrong
# No. The reasons are generated after the choice, by the same model.
# ::::
#
# **3. After tuning, the price of an answer falls and the pairwise accuracy does not change. What was learned?**
#
# ::::{dropdown} A. How often each rating is given.
# :class-container: quiz right
# Right. That lowers the price for every film alike, and orders none.
# ::::
# ::::{dropdown} B. Nothing: the two contradict each other.
# :class-container: quiz wrong
# No. They measure two things, the distribution of ratings and the order of films.
# ::::
# ::::{dropdown} C. The tastes of the people it was tuned on.
# :class-container: quiz wrong
# No. The price was measured on other people.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`brown2020language`: examples in the prompt instead of training.
# - {cite:t}`zhao2021calibrate`: how the order and the format of examples sway a language model, and a way to calibrate it.
# - {cite:t}`holtzman2021surface`: why the most probable answer is not the best, and the prior that one should divide by.
# - {cite:t}`hou2024zeroshot`: language models as rankers, with their biases of position and popularity.
# - {cite:t}`kang2023understand`: rating prediction by language models from small to huge, against methods that learn from ratings.
# - {cite:t}`bao2023tallrec`: tuning with low-rank updates on few examples.
# - {cite:t}`dipalma2025memorize`: what large models remember of a public data set.

# %% [markdown]
# ## What comes next
#
# Part III has asked what large models bring, and found them wanting where ratings exist. Part IV asks for learning that is made for the task: what a thousand people can teach about the next one.
