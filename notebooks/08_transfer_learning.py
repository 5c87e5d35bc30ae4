# %% [markdown]
# # Transfer learning
#
# A recommender that opens its doors today knows nobody. But people have been rating films for
# decades, elsewhere. How much of what is known about them holds for the people who come in now?

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** What do the viewers of one decade teach about the viewers of another?
#
# **You will be able to**
# - turn what was learned from one population into a prior for another, and say when it pays;
# - adapt a pretrained network in four ways, from a head alone to all weights, and count what each costs;
# - train two towers with a contrastive objective, and correct it for the popularity that it punishes.
#
# **Before you start.** Chapters 05 and 07.
#
# **Time.** 60 minutes to read; less than 150 seconds to run on one core.
# :::

# %%
import copy
import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from torch.nn import functional

import metarec as mr
from metarec import evaluation, models, plots

# %% tags=["parameters"]
full = False  # True: networks are tuned on up to 10 000 labelled films
seed = 0  # 0 is the text; 1, 2, … draw other people, films and starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED

SPLIT = mr.data.splits.SEED + seed
SIZES = (10, 100, 1000, 10_000) if full else (10, 100, 1000)  # labelled films

# %% [markdown]
# ## Two populations
#
# Transfer learning means: learn on a *source*, where data are plenty, and use it on a *target*, where they are few. Our source
# are the people of MovieLens-100K, who rated films in 1997 and 1998. Our target are those of MovieLens-2016: other people,
# eighteen years later, on another site with another scale, which has half stars. Both sides are cut to the films that they share.

# %%
source_all, target_all = mr.data.movielens_100k(), mr.data.movielens_2016()
populations = mr.data.another_population(source_all, target_all, SPLIT)
source, target = populations.source, populations.target
sides = {"1998": source, "2016": target.train}
pd.DataFrame({
    "people": {n: r.n_users for n, r in sides.items()},
    "ratings": {n: len(r) for n, r in sides.items()},
    "mean": {n: r.table["rating"].mean().round(2) for n, r in sides.items()},
    "spread": {n: r.table["rating"].std().round(2) for n, r in sides.items()},
    "half stars": {n: round((r.table["rating"] % 1 > 0).mean(), 2) for n, r in sides.items()},
})  # fmt: skip

# %% tags=["hide-input"] mystnb={"image": {"alt": "Bar chart of how often each rating is given, from a half to five stars, in steps of a half. In 1998 only whole stars occur, four most often. In 2016 four is again the most frequent, half stars fill the gaps, and low ratings are rarer."}, "figure": {"caption": "How often each number of stars is given by the people of 1998 and by those of 2016, on the films that both have.", "name": "fig-08-scales"}}
fig, ax = plots.figure("Two scales: the people of 2016 have half stars, and give fewer low ratings", "stars", "share of ratings", height=3.3)
steps = np.arange(0.5, 5.1, 0.5)
for shift, color, (name, r) in zip((-0.11, 0.11), (ORANGE, BLUE), sides.items()):
    share = r.table["rating"].value_counts(normalize=True).reindex(steps, fill_value=0)
    ax.bar(steps + shift, share, 0.2, color=color)
    ax.text(0.4, 0.335 - 0.035 * (name == "2016"), name, color=plots.readable(color))
ax.set_xticks(steps)
ax.grid(False, axis="x");

# %%
n_asked = len(target.test.episodes().users)
means = {name: r.item_means(5.0) for name, r in sides.items()}
seen_often = (source.item_counts() >= 50) & (target.train.item_counts() >= 30)
alike = float(np.corrcoef(means["1998"][seen_often], means["2016"][seen_often])[0, 1])

# %% tags=["say", "remove-input"]
mr.say(f"""
Is there anything to transfer? Take the {seen_often.sum()} films that were rated fifty times or more in 1998, and thirty times or more in 2016.
Their mean ratings correlate at {alike:.2f}. What was good then is mostly good now, so a prior from 1998 is worth having; and the correlation is not one, so it must be
allowed to give way. The test is protocol 4 of chapter 02: {n_asked} newcomers of 2016, whom no model has seen, with $k$ ratings of theirs.
""")

# %% [markdown]
# ## Yesterday's posterior is today's prior
#
# Bayes' rule says what to do with old evidence: what it left you believing is where you start. Hierarchical Bayes with content (chapter 05) ends with three
# beliefs about the source: for each film a mean $\hat{\mathbf w}_i$ and a covariance $\mathbf C_i$ of its bias and factors; for people the
# prior $\mathcal N(\mathbf m_0, \boldsymbol\Sigma_0)$; and the noise $\sigma^2$. Each of them is handed on in a way of its own.
#
# **Films may have moved.** For a film of the target we believe
#
# $$
# \mathbf w_i \sim \mathcal N\bigl(\hat{\mathbf w}_i,\; \mathbf C_i + \varrho\, \boldsymbol\Sigma_w\bigr),
# $$ (eq-08-items)
#
# where $\boldsymbol\Sigma_w$ says how much films differ from each other, and $\varrho$, the *drift*, how much of such a difference eighteen years may make. With
# $\varrho = 0$ the film is the same for ever; with $\varrho = \infty$ the source is forgotten.
#
# **People are asked anew.** After each sweep the users' prior is learned from the $n$ target people who train, while the source's prior counts as $n_0$ people more:
#
# $$
# \mathbf m = \frac{1}{n + n_0} \Bigl( \sum_u \hat{\mathbf z}_u + n_0 \mathbf m_0 \Bigr),
# \qquad
# \boldsymbol\Sigma = \frac{1}{n + n_0} \Bigl( \sum_u \bigl[ \boldsymbol\Sigma_u + (\hat{\mathbf z}_u - \mathbf m)(\cdot)^\top \bigr]
#    + n_0 \bigl[ \boldsymbol\Sigma_0 + (\mathbf m_0 - \mathbf m)(\cdot)^\top \bigr] \Bigr),
# $$ (eq-08-people)
#
# with $(\cdot)$ for the vector before it once more. A few people move it a little, many replace it.
#
# **The scale looks after itself.** The mean $\mu$ stays that of the source; if the target is more generous, the first number of $\mathbf m$, the mean of the people's
# biases, takes it up. Half stars are no trouble to a model of real numbers: $\sigma^2$ is learned anew, and predictions are clipped to the target's scale.

# %% [markdown] tags=["worked-example"]
# By hand, for one number. In 1998 a film ended with bias $0.50$ and variance $0.02$. Let $\varrho\, \Sigma_w$ be $0.03$, so in 2016 it starts from
# $\mathcal N(0.50, 0.05)$. Three people of 2016 put it $0.1$, $-0.3$ and $0.2$ above their own level: mean $0$, with noise variance $0.75$, so the mean has variance $0.75 / 3 = 0.25$.
# The precisions are $1 / 0.05 = 20$ and $1 / 0.25 = 4$, and the new mean is $(20 \cdot 0.50 + 4 \cdot 0) / 24 = 0.417$. Without a source, from $\mathcal N(0, 0.25)$, the
# same three people would leave it at $0$: whether one begins from nothing or from yesterday decides until some tens of people have spoken.

# %%
start = 1 / (0.02 + 0.03)
given = 3 / 0.75
after = (start * 0.50 + given * np.mean([0.1, -0.3, 0.2])) / (start + given)
assert round(after, 3) == 0.417

# %% [markdown]
# `models.TransferredBayes(source)` does this for all films and people at once. Its two numbers, $n_0$ (`people`) and $\varrho$ (`drift`), are tuned on the
# target's validation people.

# %%
grid = {"people": [10, 100], "drift": [0.03, 0.3]}
base = models.TransferredBayes(source, n_sweeps=15, seed=seed)
tried = evaluation.tune(base, grid, target.train, target.validation, "rmse")
tried.pivot_table("rmse", "people", "drift").round(4)

# %% tags=["say", "remove-input"]
flat = tried["rmse"].max() - tried["rmse"].min()
mr.say(f"""
The table is nearly flat: between its best and its worst cell there are {flat:.4f} stars. That is a good sign for a method (it does not hang on its knobs) and
no reason to pick a winner among {len(target.validation.episodes().users)} people. We keep $n_0 = {base.people:.0f}$ and $\\varrho = {base.drift}$.
""")
# %% [markdown]
# ## What 1998 teaches 2016
#
# Now the experiment. Training people of the target join one after another: none, thirty, a hundred, three hundred, all. At each step four models, the same family in each, so that only the transfer differs:
#
# - **target only**: `ContentBayes` on the target's people alone;
# - **pooled**: `ContentBayes` on both populations as if they were one, which is what one gets by concatenating two files;
# - **transferred**: `TransferredBayes`;
# - and with nobody of the target, pooled and transferred are the same thing: **source only**.
#
# Beside them the item and user biases, pooled, as the plain answer, and hierarchical Bayes with four factors, the yardstick that was measured before this book was written.

# %%
COUNTS = (0, 10, 30, 100, 300, None)
everybody = target.train.n_users
xs = [n if n is not None else everybody for n in COUNTS]
SOME = (0, 5, 20)  # numbers of shown ratings, where not all six are needed


def judged(methods, train, n, ks):
    name = f"another population, {'all' if n is None else n} target users"
    return evaluation.experiment.few_shot(methods, train, target.test, name, ks=ks, costs=True)


own = {"target only": models.ContentBayes(n_sweeps=15, seed=seed), "transferred": base}
both = {"pooled": models.ContentBayes(n_sweeps=15, seed=seed)}
yardstick = models.HierarchicalBayes(4, seed=seed)
ends = {"bias, pooled": models.Bias(), "hierarchical Bayes, pooled": yardstick}
pooled_results, target_results = {}, {}
for n in COUNTS:
    ks = mr.data.splits.K_SHOTS if n in (0, None) else SOME
    if n in (0, 100, None):
        methods = both if n == 100 else both | ends
        pooled_results[n] = judged(methods, populations.pooled(n), n, ks)
    if n != 0:
        target_results[n] = judged(own, populations.target_train(n), n, ks)

# %%
def errors(method, n, k):
    """RMSE of each test person."""
    if n == 0 and method == "transferred":  # nobody to ask: the source alone
        method = "pooled"
    found = target_results if method in own else pooled_results
    return found[n].values(method, "rmse", k).to_numpy()


rows = {
    "source only": ("pooled", 0), "target only": ("target only", None),
    "pooled": ("pooled", None), "transferred": ("transferred", None),
    "bias, pooled": ("bias, pooled", None),
}  # fmt: skip
table = pd.DataFrame(
    {row: [errors(*cell, k).mean() for k in mr.data.splits.K_SHOTS] for row, cell in rows.items()},
    index=pd.Index(mr.data.splits.K_SHOTS, name="k"),
).T
table.round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels against the number of target people who train, on a logarithmic axis with zero at the left. Left, nothing known of the newcomer: target only starts high and falls below source only; transferred starts at source only and follows it down; pooled stays high. Right, twenty ratings known: target only is far above until all people train; transferred is lowest everywhere."}, "figure": {"caption": "Error on newcomers of 2016 against the number of their contemporaries in the training data: with nothing known about the newcomer (left), and with twenty ratings (right). Dashed: source only.", "name": "fig-08-curves"}}
with plots.style():
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(6.4, 4.0))
    fig.suptitle("Strangers of another decade replace hundreds of contemporaries", x=0.012, ha="left", fontweight="bold", fontsize=11.8)
places = [3 if n == 0 else n for n in xs]
LOOKS = {"target only": (ORANGE, "s"), "pooled": (PURPLE, "D"), "transferred": (BLUE, "o")}
for ax, k in zip(axes, (0, 20)):
    for name, (color, marker) in LOOKS.items():
        known = [i for i, n in enumerate(COUNTS) if n in (pooled_results if name == "pooled" else target_results)
                 or (n == 0 and name == "transferred")]  # fmt: skip
        ax.plot([places[i] for i in known], [errors(name, COUNTS[i], k).mean() for i in known], color=color, marker=marker)
    ax.axhline(errors("pooled", 0, k).mean(), color=GREY, ls=(0, (5, 2)), lw=1.3)
    ax.set(xscale="log", xlabel="training people of 2016", title=f"k = {k}")
    ax.set_xticks(places, ["0", *map(str, xs[1:-1]), "all"], fontsize=9)
    ax.minorticks_off()
axes[0].set_ylabel("RMSE, stars")
top = axes[1].get_ylim()[1]
for row, (name, (color, _)) in enumerate(LOOKS.items()):
    axes[1].text(0.96, 0.93 - 0.075 * row, name, color=plots.readable(color), ha="right", transform=axes[1].transAxes, fontsize=9.5)
axes[1].text(0.96, 0.93 - 0.075 * 3, "source only (dashed)", color=GREY, ha="right", transform=axes[1].transAxes, fontsize=9.5);

# %% [markdown]
# ### Where they cross
#
# How many contemporaries are worth the strangers of 1998? Read along the curve of *target only* until it meets the level of *source only*; between two measured counts we
# interpolate on the logarithm of the count. The interval comes from drawing the test people again, with replacement.

# %%
def crossing(curves, level):
    """How many target people teach as much as the whole source."""
    falling = np.minimum.accumulate(curves)
    return np.exp(np.interp(-level, -falling, np.log(xs[1:])))


draw = np.random.default_rng(seed)
again = draw.integers(0, n_asked, (400, n_asked))
crossings = {}
for k in SOME:
    curves = np.array([errors("target only", n, k) for n in COUNTS[1:]])  # [counts, people]
    level = errors("pooled", 0, k)
    drawn = [crossing(curves[:, p].mean(1), level[p].mean()) for p in again]
    crossings[k] = crossing(curves.mean(1), level.mean()), *np.quantile(drawn, [0.025, 0.975])
pd.DataFrame(crossings, ["people", "low", "high"]).T.rename_axis("k").round(-1).astype(int)

# %%
def against(a, b, k):
    return evaluation.paired(errors(*a, k), errors(*b, k))


ALL = None
vs_target = {k: against(("transferred", ALL), ("target only", ALL), k) for k in (0, 5, 20)}
vs_pooled = {k: against(("transferred", ALL), ("pooled", ALL), k) for k in (0, 5, 20)}
naive_start = against(("pooled", ALL), ("target only", ALL), 0)
vs_yardstick = against(("transferred", ALL), ("hierarchical Bayes, pooled", ALL), 20)
source_yardstick = against(("pooled", 0), ("hierarchical Bayes, pooled", 0), 20)
bias_first = against(("bias, pooled", ALL), ("transferred", ALL), 0)

# %% tags=["say", "remove-input"]
def at(method, n, k):
    return f"{errors(method, n, k).mean():.3f}"


def count(k):
    value, low, high = crossings[k]
    return f"{round(value, -1):.0f} [{round(low, -1):.0f}, {round(high, -1):.0f}]"


mr.say(f"""
With twenty ratings known, a model that has never seen a person of 2016 errs by {at("pooled", 0, 20)} stars; one that has learned from all {everybody} contemporaries and from nobody
else, by {at("target only", ALL, 20)}. The crossing lies at {count(20)} people for $k = 20$, at {count(5)} for $k = 5$, and at {count(0)} for $k = 0$ (an upper end of {everybody} means: not within our data). What
was learned about the *films* in 1998 is as good as new.

*Nothing known* is another matter. There only the mean of people and films counts, and the habits of 2016 differ. The pooled model, for which the majority lives in 1998, is
{naive_start:.3f} above target only. The transferred one has asked the people of 2016 anew: its difference to target only is {vs_target[0]:.3f}.

*With all people*, transfer beats target only by {-vs_target[20].mean:.3f} stars at $k = 20$ (difference {vs_target[20]:.3f}) and at $k = 5$ ({vs_target[5]:.3f}). Against naive pooling it
changes {vs_pooled[0]:.3f} at $k = 0$, {vs_pooled[5]:.3f} at $k = 5$ and {vs_pooled[20]:.3f} at $k = 20$: care for the people's prior pays most where the newcomer has not spoken yet; with every rating of the newcomer's own it matters
less what was believed before. Hierarchical Bayes without content, pooled, reaches {at("hierarchical Bayes, pooled", ALL, 20)} at $k = 20$ (difference {vs_yardstick:.3f}).
""")

# %% [markdown]
# One more comparison, for modesty. At $k = 0$ the plain biases, pooled, are hard to beat:

# %% tags=["say", "remove-input"]
mr.say(f"""
They stand at {at("bias, pooled", ALL, 0)}, the transferred model at {at("transferred", ALL, 0)} (difference {bias_first:.3f}). Where nothing personal is known there is nothing to transfer but the films'
means, and for these nobody needs factors.
""")

# %% [markdown]
# ## The weights of a network
#
# So far beliefs were carried over. Since {term}`BERT`, transfer mostly means weights: take a network that was pretrained on much text, and train it a little more on the few labels of one's own.
# The choice is how much of it may move. We try four answers on a job that every shop has: **a film comes in, with a title and no genre; put it on the right shelves.** For the linear models of
# chapter 05, genre was the first thing to know about a new film.

# %%
library = mr.data.wikidata_films()
library = library[library["genres"] != ""]
shelves = library["genres"].str.get_dummies("|")
shelves = shelves.loc[:, shelves.mean() > 0.03]
labels = shelves.to_numpy(np.float32)
titles = library["title"].tolist()

ours = mr.data.film_facts(source_all).table["wikidata"].dropna()
inside = library.index.isin(ours)
draw = np.random.default_rng(seed)
asked = draw.permutation(np.flatnonzero(inside))[:700]  # films of MovieLens-100K: the test
others = draw.permutation(np.flatnonzero(~inside))
validation, training = others[:300], others[300:]
print(f"{labels.shape[1]} genres; {len(training):,} films to learn from")

# %% [markdown]
# The test films are from MovieLens-100K, the training films from everywhere else. A film may stand on several shelves, so each genre is a question of its own. For each we measure the area under the ROC curve, which
# is the pairwise accuracy of chapter 02: the probability that a film of the genre gets a higher score than one that is not; a coin reaches one half. We report the mean over genres.

# %%
encoder = models.pretrained.load("encoder")


def auc(scores, films):
    """Area under the ROC curve of each genre."""
    return np.array([roc_auc_score(*pair) for pair in zip(labels[films].T, scores.T)])


def vectors_of(films, network=encoder.network):
    """What a network makes of the titles, with nothing to be trained: [films, 384]."""
    model = dataclasses.replace(encoder, network=network)
    return models.encode([titles[i] for i in films], model)


parts = {"train": training[: max(SIZES)], "validation": validation, "test": asked}
frozen = {part: vectors_of(films) for part, films in parts.items()}

# %% [markdown]
# ### Frozen features, and a head alone
#
# The cheapest answer: the encoder's vectors are computed once, and a linear model is fitted on top, in closed form. Or, what is nearly the same thing, a linear layer, the **head**, is trained by gradient descent while
# the network below it stands still. Both have the same weights to find; the first is held back by a penalty $\lambda$, the second by stopping early. Since the network does not move, its vectors need not be computed again, and
# the head costs almost nothing either.

# %% [markdown]
# ### LoRA, by hand
#
# The other extreme lets all {term}`weights <fine-tuning>` move: **full fine-tuning**. It needs, for each weight, its gradient and the two running means of Adam, four numbers in place of one. **{term}`LoRA`**
# {cite}`hu2022lora` stands in between. A weight matrix $\mathbf W$ (as wide as the network on both sides) stays as it is, and beside it a product of two thin matrices is trained:
#
# $$
# \mathbf W \mathbf x \;\to\; \mathbf W \mathbf x + \frac{s}{r}\, \mathbf A \mathbf B \mathbf x,
# \qquad \mathbf A \in \mathbb R^{d_{\text{out}} \times r},\quad \mathbf B \in \mathbb R^{r \times d_{\text{in}}} .
# $$ (eq-08-lora)
#
# The *rank* $r$ is small, here 8, and $s$ is a fixed scale. $\mathbf A$ starts at zero, so the adapted network starts as the pretrained one. The bet is that the change which a new job needs lies in few
# directions. In code it is a wrapper around a linear layer:

# %%
class LowRank(torch.nn.Module):
    """W x + s/r A B x; only A and B are trained."""

    def __init__(self, layer, rank, scale=16.0):
        super().__init__()
        self.layer, self.scale = layer, scale / rank
        self.b = torch.nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.a = torch.nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x):
        return self.layer(x) + self.scale * (x @ self.b.T) @ self.a.T


def low_rank(network, rank, names):
    """Freeze a network and wrap the linear layers of these names."""
    network.requires_grad_(False)
    wrapped = {
        name: LowRank(layer, rank)
        for name, layer in network.named_modules()
        if isinstance(layer, torch.nn.Linear) and name.endswith(names)
    }
    for name, module in wrapped.items():
        network.set_submodule(name, module)
    return [weight for module in wrapped.values() for weight in (module.b, module.a)]

# %% [markdown]
# In attention it is usual to wrap the layers that make queries and values. Is it the real thing? The library `peft` has the implementation that most people use. With the same numbers in $\mathbf A$ and
# $\mathbf B$, the outputs and the gradients must be equal; and those of `models.lora`, which is the code above with its errors spelled out.

# %%
warnings.filterwarnings("ignore", "`is_gradient_checkpointing`")  # peft asks transformers for it
from peft import LoraConfig, get_peft_model

names = ("query", "value")
torch.manual_seed(seed)
mine, packaged = (copy.deepcopy(encoder.network) for _ in range(2))
weights = {"by hand": low_rank(mine, 8, names), "metarec": models.lora(packaged, 8, names)}
config = LoraConfig(r=8, lora_alpha=16, target_modules=list(names), lora_dropout=0.0)
theirs = get_peft_model(copy.deepcopy(encoder.network), config)
weights["peft"] = [p for p in theirs.parameters() if p.requires_grad]

batch = encoder.tokenizer(["Jaws", "The Lion King"], padding=True, return_tensors="pt")
gradients = {}
for name, network in {"by hand": mine, "metarec": packaged, "peft": theirs}.items():
    generator = torch.Generator().manual_seed(seed)
    for weight in weights[name]:  # the same numbers for all three
        weight.data = torch.randn(weight.shape, generator=generator) * 0.1
    out = network(**batch).last_hidden_state
    out.square().sum().backward()
    gradients[name] = [out.detach(), *(weight.grad for weight in weights[name])]
for name in ("metarec", "peft"):
    for ours_, theirs_ in zip(gradients["by hand"], gradients[name]):
        assert torch.allclose(ours_, theirs_, rtol=1e-3, atol=1e-3)
print(f"outputs and {len(weights['peft'])} gradients are equal")

# %% [markdown]
# ### The training loop
#
# One loop for all: a batch of titles goes through the network, is pooled to one vector each, and the head turns it into a score a genre. The loss is the cross-entropy of yes and no. What differs is what the
# optimiser holds: the head only; the head and the low-rank weights; or the head and everything. One detail decides more than it seems: the head starts with weights of zero and *with the genres' frequencies as its bias*. Otherwise the
# first steps teach the network the one thing that needs no text, that most films are not westerns, and they do so by bending all vectors in one direction.

# %%
def read(network, films):
    """One vector a title, with gradients: [films, 384]."""
    batch = encoder.tokenizer([titles[i] for i in films], padding=True, truncation=True,
                              max_length=16, return_tensors="pt")  # fmt: skip
    hidden = network(**batch).last_hidden_state
    return models.pretrained.pool(hidden, batch["attention_mask"], "mean")


def fresh_head(n):
    """A linear layer that begins by saying how frequent each genre is among n films."""
    head = torch.nn.Linear(384, labels.shape[1])
    torch.nn.init.zeros_(head.weight)
    rate = (labels[training[:n]].sum(0) + 0.5) / (n + 1)
    head.bias.data = torch.tensor(np.log(rate / (1 - rate)))
    return head


def step(optimiser, scores, films):
    """One step down the cross-entropy of yes and no."""
    loss = functional.binary_cross_entropy_with_logits(scores, torch.tensor(labels[films]))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# %%
STEPS = {10: 8, 100: 8, 1000: 18, 10_000: 320}  # of at most 64 films


def tuned(how, n, lr):
    """Train on the first n films; the network and its head."""
    torch.manual_seed(seed)
    network, head = copy.deepcopy(encoder.network), fresh_head(n)
    inner = models.lora(network, 8, names) if how == "LoRA" else list(network.parameters())
    groups = [{"params": inner, "lr": lr}, {"params": list(head.parameters()), "lr": 3e-3}]
    optimiser = torch.optim.AdamW(groups, fused=True)
    n_steps, size = STEPS[n], min(n, 64)
    shares = lambda t: min(1, (t + 1) / 4) * (1 - t / n_steps)  # noqa: E731
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, shares)
    draw = np.random.default_rng(seed)
    order = np.concatenate([draw.permutation(n) for _ in range(2 + n_steps * size // n)])
    for t in range(n_steps):
        films = training[order[t * size : (t + 1) * size]]
        step(optimiser, head(read(network, films)), films)
        schedule.step()
    return network, head

# %%
def with_head(n, n_steps):
    """A head alone, trained by gradient descent on vectors that stay."""
    head, vectors = fresh_head(n), torch.tensor(frozen["train"][:n])
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(n_steps):
        step(optimiser, head(vectors), training[:n])
    return lambda x: head(torch.tensor(x)).detach().numpy()


def in_closed_form(n, penalty):
    return Ridge(penalty).fit(frozen["train"][:n], labels[training[:n]]).predict


def best_of(make, n, values):
    """Tune one number on the validation films; what is reached on the test films."""
    made = [make(n, value) for value in values]
    won = np.argmax([auc(m(frozen["validation"]), validation).mean() for m in made])
    return auc(made[won](frozen["test"]), asked)


PENALTIES, HEAD_STEPS = (10, 30, 100, 300), (30, 100, 300, 1000)
reached = {}
for n in SIZES:
    reached["frozen", n] = best_of(in_closed_form, n, PENALTIES)
    reached["head", n] = best_of(with_head, n, HEAD_STEPS)

# %% [markdown]
# The step size of LoRA and of full fine-tuning is tuned on the validation films at one size, a hundred labels, with two candidates each: as many as the cap of this chapter allows, and the same number for both.

# %%
RATES = {"LoRA": (1e-3, 5e-3), "full": (1e-4, 4e-4)}


def judge(trained, films):
    network, head = trained
    return auc(head(torch.tensor(vectors_of(films, network))).detach().numpy(), films)


networks, rate = {}, {}
for how, rates in RATES.items():
    tries = [tuned(how, 100, lr) for lr in rates]
    won = int(np.argmax([judge(trained, validation).mean() for trained in tries]))
    rate[how], networks[how, 100] = rates[won], tries[won]
rate

# %%
for how in RATES:
    for n in SIZES:
        if n != 100:
            networks[how, n] = tuned(how, n, rate[how])
        reached[how, n] = judge(networks[how, n], asked)
curves = pd.Series({cell: genres.mean() for cell, genres in reached.items()})
curves = curves.unstack(0)[["frozen", "head", "LoRA", "full"]]
curves.rename_axis("labelled films").round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Lines of the mean area under the ROC curve against the number of labelled films on a logarithmic axis, for frozen features, a head alone, LoRA and full fine-tuning. With ten labels all lie near one half, and from there they rise together; at each size all four are close."}, "figure": {"caption": "How well genres are guessed from a title, against the number of labelled films; mean area under the ROC curve over genres. The dashed line is chance.", "name": "fig-08-labels"}}
fig, ax = plots.figure("Up to a thousand labels, a frozen network with a linear head\nis as good as a network that may move",
                       "labelled films", "mean area under the ROC curve", height=3.8)  # fmt: skip
WAYS = {"frozen": (GREY, "s", "frozen, closed form"), "head": (GREEN, "v", "head alone"), "LoRA": (BLUE, "o", "LoRA"), "full": (RED, "D", "full")}
for row, (how, (color, marker, name)) in enumerate(WAYS.items()):
    ax.plot(SIZES, curves[how], color=color, marker=marker)
    ax.text(0.03, 0.92 - 0.085 * row, name, color=plots.readable(color), transform=ax.transAxes)
ax.axhline(0.5, color=INK, ls=(0, (5, 2)), lw=1)
ax.set(xscale="log")
ax.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
ax.minorticks_off();

# %% [markdown]
# ### What each of them costs
#
# Three costs, counted and not guessed: the weights that are trained; the memory that training needs beside the network itself (what the backward pass must keep, the gradients, and Adam's two running means of them); and the
# arithmetic of one step.

# %%
from torch.utils.flop_counter import FlopCounterMode


def bytes_kept(make_loss, network):
    """What the backward pass will ask for, without the weights themselves."""
    weights, kept = {p.data_ptr() for p in network.parameters()}, {}

    def keep(tensor):
        if tensor.data_ptr() not in weights:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = make_loss()
    return loss, sum(kept.values())


# %%
def cost(how):
    """Trained weights, bytes beside the network, and operations of one step on 64 titles."""
    network, head = copy.deepcopy(encoder.network), fresh_head(1000)
    if how == "LoRA":
        models.lora(network, 8, names)
    elif how == "head":
        network.requires_grad_(False)
    trained = [p for m in (network, head) for p in m.parameters() if p.requires_grad]
    with FlopCounterMode(display=False) as counter:
        make = lambda: head(read(network, training[:64])).sum()  # noqa: E731
        loss, kept = bytes_kept(make, network)
        loss.backward()
    n_trained = sum(p.numel() for p in trained)
    return n_trained, kept + 3 * 4 * n_trained, counter.get_total_flops()

# %%
costs = pd.DataFrame({how: cost(how) for how in ("head", "LoRA", "full")},
                     ["trained weights", "memory", "operations"]).T  # fmt: skip
relative = (costs / costs.loc["full"]).map(mr.percent)
relative.assign(**{"trained weights": costs["trained weights"].map("{:,.0f}".format)})

# %% tags=["say", "remove-input", "nbval-ignore-output"]
import time

clock = {}
for how in RATES:
    begin = time.process_time()
    tuned(how, 10, rate[how])
    clock[how] = time.process_time() - begin
mr.say(f"On the machine that made this page, {STEPS[10]} steps of ten titles took {clock['LoRA']:.1f} seconds of processor time with LoRA and {clock['full']:.1f} with all weights.")

# %% tags=["say", "remove-input"]
big = max(SIZES)


def beside_frozen(how, n):
    return evaluation.paired(reached[how, n], reached["frozen", n])


mr.say(f"""
LoRA trains {costs.loc["LoRA", "trained weights"]:,.0f} weights where full fine-tuning trains {costs.loc["full", "trained weights"] / 1e6:.0f} million, needs {relative.loc["LoRA", "memory"]} of the memory and
{relative.loc["LoRA", "operations"]} of the operations: the forward pass is the same, and gradients must still flow through every layer, but no weight matrix needs a gradient of its own. The saving is in *memory* first.

And what does moving the network bring? Against frozen features, in the mean over genres and with intervals over them: with a hundred labels {beside_frozen("LoRA", 100):.3f} for LoRA and {beside_frozen("full", 100):.3f} for full fine-tuning; with {big:,} labels
{beside_frozen("LoRA", big):.3f} and {beside_frozen("full", big):.3f}. These are differences of a hundredth, which another draw of films may turn round. Four ways whose costs differ by orders of magnitude end at the same place, and what lifts all of them is more
labels. So begin with the cheapest. It is also the only one that could be tuned properly within the minutes of this chapter.
""")

# %% [markdown]
# ### With ten thousand labels
#
# Does this hold with more labels? With `full = True` the same cells go on to ten thousand films, which takes about ten minutes on one core, too long for this page. So the outcome of one such run is kept beside the
# book's other results, and read here.

# %%
STORED = Path("../data/results/full/08_labels.csv")  # one row a genre, size and way
if full:
    outcome = pd.DataFrame(reached).rename_axis("genre").T.rename_axis(["way", "labels"])
    STORED.parent.mkdir(exist_ok=True)
    outcome.stack().rename("auc").round(4).to_csv(STORED)
stored = pd.read_csv(STORED).pivot(index="genre", columns=["way", "labels"], values="auc")
stored.mean().unstack("way")[list(WAYS)].round(3)

# %% tags=["say", "remove-input"]
many = 10_000
later = {how: evaluation.paired(stored[how, many], stored["frozen", many]) for how in RATES}
again = max(abs(stored[how, n].mean() - reached[how, n].mean()) for how in WAYS for n in (10, 100, 1000))
mr.say(f"""
With {many:,} labels the picture turns: LoRA is {later["LoRA"]:.3f} ahead of the frozen features and full fine-tuning {later["full"]:.3f}, and LoRA does it with its few weights. A network that may move needs labels before it knows where to. (This is one run with seed 0. At the three sizes of
this page it differs from the page by at most {again:.3f}.)
""")

# %% [markdown]
# ## Forgetting
#
# Fine-tuning looks at one job only. What becomes of the others? Our encoder was made to put sentences of one meaning side by side. Here are pairs of sentences that we wrote for the purpose, on everyday things. For each
# sentence we ask whether, among all the others, its partner is the nearest.

# %% tags=["hide-input"]
PAIRS = [
    ("The cat sleeps on the sofa.", "A kitten is napping on the couch."),
    ("He lost his job last week.", "A week ago he was made redundant."),
    ("The train was late again.", "Once more the rail service did not come on time."),
    ("She cooks dinner for her family.", "A woman prepares the evening meal at home."),
    ("It has rained all day.", "Since morning the weather has been wet."),
    ("The shop closes at six.", "You cannot buy anything there after six o'clock."),
    ("My phone battery is empty.", "The mobile needs to be charged."),
    ("They bought a small house.", "The couple purchased a little home."),
    ("The doctor gave me some pills.", "I was prescribed medicine."),
    ("The team won the match.", "The players were victorious in the game."),
    ("He forgot to lock the door.", "The entrance was left open by mistake."),
    ("The child learns to read.", "A girl is being taught her letters."),
    ("Prices rose sharply this year.", "Everything has become much more expensive."),
    ("The lake is frozen.", "There is ice on the water."),
    ("She plays the violin.", "The woman makes music on a string instrument."),
    ("The road is blocked by a tree.", "A fallen trunk prevents cars from passing."),
    ("I do not understand the question.", "It is unclear to me what is being asked."),
    ("We went swimming at the coast.", "At the seaside we took a bath in the water."),
    ("The computer is too slow.", "This machine takes ages to do anything."),
    ("He apologised for the mistake.", "The man said sorry for his error."),
    ("The garden is full of roses.", "Many flowers bloom behind the house."),
    ("The meeting was moved to Friday.", "We shall now come together at the end of the week."),
    ("Her brother lives abroad.", "The sibling has settled in another country."),
    ("The soup is too salty.", "There is more salt in this dish than I like."),
]

# %%
sentences = [sentence for pair in PAIRS for sentence in pair]


def found_partners(network):
    """Share of sentences whose nearest neighbour is their partner; and how far it is ahead."""
    vectors = models.encode(sentences, dataclasses.replace(encoder, network=network))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    partner = np.arange(len(cosine)) ^ 1
    right = cosine[np.arange(len(cosine)), partner]
    cosine[np.arange(len(cosine)), partner] = -1
    return (right > cosine.max(1)).mean(), (right - cosine.max(1)).mean()


kept = {"as it came": found_partners(encoder.network)}
for how in RATES:
    kept[f"{how}, {big:,} labels"] = found_partners(networks[how, big][0])
kept = pd.DataFrame(kept, ["partner is nearest", "ahead by (cosine)"]).T
kept.round(2)

# %% tags=["say", "remove-input"]
before, after_lora, after_full = kept["ahead by (cosine)"]
mr.say(f"""
The encoder as it came finds {mr.percent(kept.iloc[0, 0])} of the partners, and on average a partner is {before:.2f} ahead of the nearest stranger. After learning shelves it finds {mr.percent(kept.iloc[1, 0])} with LoRA
and {mr.percent(kept.iloc[2, 0])} with all weights, and the margin is {after_lora:.2f} and {after_full:.2f}. This is **{{term}}`forgetting <catastrophic forgetting>`**: nobody asked the network to keep what it knew. A low rank is no insurance against it, since a large step in few directions
goes far as well; but LoRA's change can be taken off again by leaving out $\\mathbf A \\mathbf B$, and the old network is back, bit by bit.
""")

# %% [markdown]
# ## Two towers
#
# Shelves are a detour: nobody asked for genres, people ask for films. **{term}`Two towers <two-tower model>`** learn from likes directly. One network, the item tower, turns the content of a film into a vector $\mathbf v_i$; another, the user tower, turns a
# person (here: the mean content of what they liked) into a vector $\mathbf p_u$ of the same length; and the score is their product. Films can be encoded once and searched fast, which is why shops with millions of items use them
# {cite}`covington2016youtube`.
#
# For training, take a batch of likes $(u, i)$. For each person the film of their own is right, and the films of all *other* pairs of the batch are wrong: **in-batch negatives**, which cost nothing, since they have been encoded anyway. The
# loss is the cross-entropy of the right one, known as InfoNCE {cite}`oord2018cpc`:
#
# $$
# \mathcal L = - \frac1n \sum_{(u,i)} \log \frac{\exp(\mathbf p_u^\top \mathbf v_i / \tau)}{\sum_{j} \exp(\mathbf p_u^\top \mathbf v_j / \tau)} ,
# $$ (eq-08-infonce)
#
# where $j$ runs over the $n$ films of the batch, both vectors have length one, and the temperature $\tau$ says how much a difference of cosines counts. Such objectives are called *contrastive*: they say nothing about a film, only which of
# two is nearer.

# %% [markdown]
# ### The price of free negatives
#
# Which films are the wrong ones? Those that somebody else in the batch liked: *popular* films, in proportion to their popularity $q_j$. A film that half of the people like is nearly always among the negatives, and the loss can be lowered by
# pushing it away from everybody. What comes out is not the probability of a like, but that probability divided by popularity. To see it, write the optimum: the score of the best classifier is the logarithm of the
# ratio of the two densities from which right and wrong films come,
#
# $$
# o_{uj} = \log \frac{P(j \mid u)}{q_j} + \text{const}.
# $$ (eq-08-ratio)
#
# The remedy {cite}`yi2019sampling` is to give the network back what the sampling takes: subtract $\log q_j$ from the scores during training, so that the network itself learns $\log P(j \mid u)$, and leave it out when serving.

# %% [markdown]
# ### New films, ranked
#
# Protocol 2 hides a fifth of the liked films whole. Both towers are one linear layer, so that the comparison with the ridge regression of chapter 05, which reads the same columns, is one of *objectives*. Temperature and the ridge's $\lambda$ are chosen
# on another fifth, hidden inside the training part.

# %%
outer = mr.data.new_items(source_all, SPLIT)
inner = mr.data.new_items(outer.train, SPLIT + 1)
tower_grid = {"temperature": [0.1, 0.3, 1.0]}
ridge_grid = {"regularization": [30.0, 100.0, 300.0]}
tuned_tower = evaluation.tune(models.TwoTower(seed=seed), tower_grid, *inner, "ndcg@10")
tuned_ridge = evaluation.tune(models.ContentRidge(), ridge_grid, *inner, "ndcg@10")
print(tuned_tower.round(3).to_string(index=False), "\n")
print(tuned_ridge.round(3).to_string(index=False))

# %%
warm = float(tuned_tower.loc[tuned_tower["ndcg@10"].idxmax(), "temperature"])
penalty = float(tuned_ridge.loc[tuned_ridge["ndcg@10"].idxmax(), "regularization"])
rankers = {
    "two towers": models.TwoTower(temperature=warm, seed=seed),
    "two towers, not corrected": models.TwoTower(temperature=warm, correct=False, seed=seed),
    "content ridge": models.ContentRidge(regularization=penalty),
}
new = evaluation.new_items(rankers, source_all, SPLIT, costs=True)
liked_by = source_all.keep(source_all.table["rating"] >= 4).item_counts()
shown = {name: np.log10(np.maximum(liked_by[lists], 1)).mean() for name, lists in new.lists.items()}
ranked = new.table.pivot_table("value", "method", "metric")[["ndcg@10", "recall@10"]]
ranked["likes of a shown film"] = (10 ** pd.Series(shown)).round(0)
ranked.round(3)

# %%
def gain(a, b, metric="ndcg@10"):
    return new.difference(a, b, metric)


objective = gain("two towers", "content ridge")
corrected = gain("two towers", "two towers, not corrected")
fame = {name: 10 ** shown[name] for name in rankers}

# %%
def on_another_set(number):
    """The same difference where other films are hidden."""
    pair = {name: rankers[name] for name in ("two towers", "content ridge")}
    result = evaluation.new_items(pair, source_all, SPLIT + 1000 * number)
    return result.difference(*pair, "ndcg@10").mean


sets = np.array([objective.mean, *map(on_another_set, (1, 2))])
sets.round(3)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Histogram lines of how many likes the shown new films have, on a logarithmic axis, for two towers with and without the correction and for the content ridge. Without the correction the shown films are much less liked; with it they are well-known ones, like those of the ridge."}, "figure": {"caption": "How popular the ten new films are that each method shows: share of all shown films by their number of likes, which no method knew.", "name": "fig-08-popularity"}}
fig, ax = plots.figure("Free negatives punish popular films; one term in the loss mends it",
                       "likes of a shown film (people)", "share of shown films", height=3.6)  # fmt: skip
edges = np.logspace(0, np.log10(500), 12)
SHOWN = {"two towers": (BLUE, "o"), "two towers, not corrected": (RED, "s"), "content ridge": (GREY, "v")}
for row, (name, (color, marker)) in enumerate(SHOWN.items()):
    share, _ = np.histogram(np.maximum(liked_by[new.lists[name]], 1), edges)
    ax.plot(np.sqrt(edges[1:] * edges[:-1]), share / share.sum(), color=color, marker=marker)
    ax.text(0.03, 0.92 - 0.085 * row, name, color=plots.readable(color), transform=ax.transAxes)
ax.set(xscale="log")
ax.set_xticks([1, 10, 100], ["1", "10", "100"]);

# %% tags=["say", "remove-input"]
def mean_of(name, metric="ndcg@10"):
    return f"{new.mean(name, metric).mean:.3f}"


mr.say(f"""
From the same columns, with one linear layer a side, the towers reach nDCG@10 of {mean_of("two towers")} where the ridge has {mean_of("content ridge")} (difference {objective:.3f}). The ridge predicts likes as if each film were a question of its
own; the towers are trained for what is asked, to put the right film before the others. But it was chance which films were hidden, and the interval, which is over people, does not know that: on three such sets the
difference is {sets.min():.3f} to {sets.max():.3f}, {sets.mean():.3f} in the mean. The towers are level with the ridge or ahead of it, and a new shop should try both.

Without the correction they fall to {mean_of("two towers, not corrected")} (difference to the corrected ones {corrected:.3f}), far behind the ridge. {{numref}}`fig-08-popularity` shows why: a film that they show has {round(fame["two towers, not corrected"], -1):.0f} likes in the
geometric mean, against {round(fame["two towers"], -1):.0f} with the correction. Remember that nobody had liked any of these films when the models were trained: the *kind* of film that is popular can be told from its columns, and
the uncorrected loss teaches to avoid that kind. Whoever wants less popular films may welcome it; but it is no finding about people, it is how the negatives were drawn.
""")

# %% [markdown]
# ## Claims of this chapter, checked

# %%
parameters = costs["trained weights"]
save_memory = costs.loc["LoRA", "memory"] / costs.loc["full", "memory"]
film_memory = alike
few_labels = curves.loc[10].max()
spread = curves.loc[1000].max() - curves.loc[1000].min()
more_labels = (curves.loc[1000] - curves.loc[100]).min()

# %% tags=["claims"]
mr.check("films keep their mean: correlation of 1998 and 2016", film_memory, low=0.8)
mr.check("k = 20: all contemporaries are worth no more than the strangers",
         np.mean(errors("target only", None, 20) - errors("pooled", 0, 20)), low=-0.02)  # fmt: skip
mr.check("k = 20: transfer less target only, all people (RMSE)", vs_target[20].mean, high=-0.002)
mr.check("k = 20, 30 people: transfer less target only",
         against(("transferred", 30), ("target only", 30), 20).mean, high=-0.02)  # fmt: skip
mr.check("k = 0: asking the people anew mends naive pooling", vs_pooled[0].mean, high=-0.002)
mr.check("k = 0: transfer against target only, all people", vs_target[0].mean, low=-0.01, high=0.01)
mr.check("k = 0: what naive pooling costs", naive_start.mean, low=0.002)
mr.check("k = 20, source only: RMSE", errors("pooled", 0, 20).mean(), high=0.855)
mr.check("k = 20, transferred: RMSE", errors("transferred", None, 20).mean(), high=0.845)
mr.check("LoRA: share of weights trained", parameters["LoRA"] / parameters["full"], high=0.01)
mr.check("LoRA: memory for training, share of full", save_memory, low=0.1, high=0.4)
mr.check("ten labels: nobody is far above chance", few_labels, high=0.58)
mr.check("from a hundred labels to a thousand, each way gains", more_labels, low=0.04)
mr.check("a thousand labels: the four ways are this close", spread, high=0.04)
mr.check("stored run, 10 000 labels: LoRA less frozen", later["LoRA"], low=0)
mr.check("stored run and this page at the same sizes, largest difference", again, high=0.03)
mr.check("partners found by the encoder as it came", kept.iloc[0, 0], low=0.95)
mr.check("margin of partners lost by full fine-tuning", before - after_full, low=0.03)
mr.check("less is lost by LoRA than by full fine-tuning", after_lora - after_full, low=0.0)
mr.check("two towers less content ridge, nDCG@10, mean of three sets", sets.mean(), low=-0.02)
mr.check("what the correction brings, nDCG@10", corrected.mean, low=0.03)
mr.check("not corrected, a shown film has fewer likes: share",
         fame["two towers, not corrected"] / fame["two towers"], high=0.8)  # fmt: skip

# %% tags=["remove-cell"]
names_new = ["two towers", "two towers, not corrected"]
moved = [target_results[n] for n in (100, None)] + [pooled_results[n] for n in (0, None)]
CONTENT = "hierarchical Bayes + content"
telling = {name: f"{CONTENT}, {name}" for name in ("target only", "transferred", "pooled")}
telling["bias, pooled"] = "item + user bias, pooled"
named = [result.renamed(telling) for result in moved]
mr.leaderboard.save("08", *named, new.only(names_new));

# %% [markdown]
# ## Take-aways
#
# - Yesterday's posterior is today's prior. For films it held for eighteen years: strangers of 1998 teach as much as hundreds of contemporaries.
# - Ask the people anew. Pooling two populations is wrong exactly where a newcomer has said nothing yet.
# - LoRA trains a low-rank update beside frozen weights. It saves memory first, and it can be taken off.
# - Up to a thousand labels a frozen network with a linear head was as good as anything: start there. With ten thousand, LoRA pulled ahead.
# - In-batch negatives are free and biased against popular items. Subtract $\log q$.

# %% [markdown]
# ## Exercises
#
# ```{exercise} Two sources by hand
# :label: ex-08-hand
# :class: grade-1
#
# *Easy.* In the worked example, let the drift be zero. Where does the film end? And how many people of 2016, at mean $0$, are needed to bring it to half of its bias of 1998, with and without drift?
# ```
#
# ````{solution} ex-08-hand
# :class: dropdown
#
# ```python
# for start in (1 / 0.02, 1 / 0.05):  # without and with drift
#     print(start * 0.50 / (start + given), "; people for half:", start * 0.75)
# ```
#
# Half of the bias is reached when the people's precision, $n / 0.75$, equals the start's. Drift makes the film forget sooner.
# ````
#
# ```{exercise} The way back
# :label: ex-08-back
# :class: grade-2
#
# *Medium.* Turn the experiment round: learn from the people of 2016 and serve newcomers of 1998. Is the crossing at the same number of people?
# ```
#
# ````{solution} ex-08-back
# :class: dropdown
#
# ```python
# back = mr.data.another_population(target_all, source_all, SPLIT)
# asked_back = back.target.test
# alone = evaluation.experiment.few_shot({"source only": models.ContentBayes()}, back.pooled(0), asked_back, ks=[20])
# for n in (30, 100, 300):
#     print(n, evaluation.experiment.few_shot({"target only": models.ContentBayes()}, back.target_train(n), asked_back, ks=[20]).mean("target only", "rmse", 20))
# print(alone.mean("source only", "rmse", 20))
# ```
#
# The people of 2016 gave fewer ratings of these films, so they are worth fewer people of 1998. What is transferred is measured in evidence, not in years.
# ````
#
# ```{exercise} A head that knows nothing
# :label: ex-08-bias
# :class: grade-2
#
# *Medium.* Let `fresh_head` return a plain `torch.nn.Linear` with weights of zero, without the frequencies as bias. Train with LoRA and with all weights on a thousand films, and measure shelves and partners again.
# ```
#
# ````{solution} ex-08-bias
# :class: dropdown
#
# ```python
# def fresh_head(n):
#     head = torch.nn.Linear(384, labels.shape[1])
#     torch.nn.init.zeros_(head.weight)
#     return head
#
# network, head = tuned("full", 1000, rate["full"])
# print(judge((network, head), asked), found_partners(network))
# ```
#
# Shelves fall to little above chance, and nearly all partners are lost. The loss is lowered fastest by bending all vectors in one direction, in which the head says "no" to everything, and there the network stays. Nothing warns you: the loss looks fine.
# ````
#
# ```{exercise} Which layers, which rank?
# :label: ex-08-rank
# :class: grade-3
#
# *Hard.* Wrap the two layers of each feed-forward block (`"intermediate.dense"`, `"output.dense"`) as well, and try the ranks `(1, 8, 64)`. What happens to the trained weights, the memory, and the shelves? Is there a rank beyond which LoRA
# is no cheaper than full fine-tuning?
# ```
#
# ````{solution} ex-08-rank
# :class: dropdown
#
# For a layer of $d_{\text{out}} \times d_{\text{in}}$ weights LoRA trains $r (d_{\text{out}} + d_{\text{in}})$; it is no longer smaller from $r = d_{\text{out}} d_{\text{in}} / (d_{\text{out}} + d_{\text{in}})$ on, half the width for square layers. Change the call
# `models.lora(network, 8, names)` in `tuned` and in `cost`. On a thousand titles the shelves hardly depend on the rank, which is what the bet of a low rank predicts; the memory of the backward pass, which does not depend on the rank either, dominates.
# ````

# %% [markdown]
# ## Quiz
#
# **1. Target only and source only err alike at $k = 20$. What may you conclude?**
#
# ::::{dropdown} A. The two populations have the same taste.
# :class-container: quiz wrong
# No. At $k = 0$ the two differ. Different data can be worth the same.
# ::::
# ::::{dropdown} B. So far the source replaces the target's people; together they may still be better.
# :class-container: quiz right
# Right. And they are: transferred is below both.
# ::::
# ::::{dropdown} C. More people of the target would not help.
# :class-container: quiz wrong
# No. The curve of target only is still falling where our data end.
# ::::
#
# **2. LoRA trains less than one in a hundred weights. Why does a step not take a hundredth of the time?**
#
# ::::{dropdown} A. The forward pass is the same, and gradients must pass through the frozen layers.
# :class-container: quiz right
# Right. Only the gradients of the frozen matrices themselves are saved: about a third.
# ::::
# ::::{dropdown} B. Python is slow.
# :class-container: quiz wrong
# No. We counted operations, not seconds.
# ::::
# ::::{dropdown} C. The optimiser still updates all weights.
# :class-container: quiz wrong
# No. It holds A and B alone.
# ::::
#
# **3. Your two-tower model, trained with in-batch negatives, shows hardly any hits. What do you look at first?**
#
# ::::{dropdown} A. The depth of the towers.
# :class-container: quiz wrong
# Not first. One layer a side was enough here.
# ::::
# ::::{dropdown} B. Whether popular items are negatives too often, and are not corrected for it.
# :class-container: quiz right
# Right. It costs one term in the loss.
# ::::
# ::::{dropdown} C. The number of dimensions.
# :class-container: quiz wrong
# Hardly. Eight do nearly as well as sixty-four here; try it.
# ::::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`pan2010survey`: what transfer learning is, and when it harms.
# - {cite:t}`pan2016survey`: transfer between recommenders: what can be shared, and how.
# - {cite:t}`hu2022lora`: LoRA, on models a thousand times ours.
# - {cite:t}`yi2019sampling`: two towers at scale, and the correction for sampled negatives.
# - {cite:t}`oord2018cpc`: the contrastive loss, and what it estimates.
# - {cite:t}`mccloskey1989catastrophic`: the first account of forgetting in networks.

# %% [markdown]
# ## What comes next
#
# The encoder has been asked for vectors, and for labels. Chapter 09 asks the other model to *speak*: it gives a language model a person's ratings as a prompt, and listens to what it finds likely.
