# %% [markdown]
# # A worked example, end to end
#
# Ten products, one customer, a pencil. Then the program that everybody writes first, and why it learns nothing. Then a
# shop, from its CSV file to a list of recommendations for somebody who came in five minutes ago.

# %% [markdown] tags=["opening"]
# :::{admonition} In this chapter
# :class: opening
#
# **Question.** What goes wrong in the program that everybody writes first?
#
# **You will be able to**
# - say what a zero in a purchase record means, and what follows from each reading;
# - find nine faults of a first program by checks that fail, and tell the loud ones from the silent ones;
# - go from a CSV file to a saved model without pickle, load it in another process, and recommend with reasons.
#
# **Before you start.** Chapters 02 and 13; hierarchical Bayes from chapter 10.
#
# **Time.** 60 minutes to read; less than 60 seconds to run on one core.
# :::

# %%
import copy
import dataclasses
import importlib.metadata
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from packaging.specifiers import SpecifierSet
from torch import nn

import metarec as mr
from metarec import evaluation, models, plots

# %% tags=["parameters"]
full = False  # True: more draws and a wider search; the text is written for False
seed = 0  # 0 is the text; 1, 2, … draw other people, rows and random starts

# %% tags=["remove-input"]
from metarec.book.plots import BLUE, GREEN, GREY, INK, RED

SPLIT = mr.data.splits.SEED + seed
DRAWS = 6 if full else 2  # of supports, for the lists; half as many to choose on

# %% [markdown]
# ## Ten products and one customer
#
# Here are the ten products of chapter 13 again, each with two numbers, *sport* and *home*. This time nobody gave stars. All that the
# shop has written down about its customer is a row of zeros and ones, one place a product, 1 where the product was bought:
#
# $$ \mathbf r_u = (1, 0, 1, 0, 1, 0, 0, 1, 0, 0). $$ (eq-14-row)
#
# Running shoes, a kettle, a gym bag and curtains were bought. Six products were not. What shall the shop recommend?
#
# It depends on what a 0 is. A 1 is a fact: money changed hands. A 0 is the absence of a fact. The customer may dislike yoga mats, or own one, or
# never have seen ours. The row {eq}`eq-14-row` does not say, and every program that reads it has decided, mostly without knowing it. We take the head of chapter 13, a posterior mean with
# $\mathbf m = \mathbf 0$, $\boldsymbol\Sigma = \mathbf I$ and $\sigma^2 = 1$, and decide in three ways.

# %% [markdown] tags=["worked-example"]
# **By hand. First reading: a 0 is a no.** All ten products are evidence. The mean of the row is $0.4$, so a bought product has $y = 0.6$ and the others
# $y = -0.4$. Summing over the ten rows of $\mathbf C$,
#
# $$
# \mathbf C^\top \mathbf C + \mathbf I = \begin{pmatrix} 6.5 & 0.75 \\ 0.75 & 5.75 \end{pmatrix}, \qquad
# \mathbf C^\top \mathbf y = \begin{pmatrix} -0.5 \\ 0.7 \end{pmatrix}.
# $$
#
# The determinant of the matrix is $36.8125$, so
#
# $$
# \mathbf p_u = \frac{1}{36.8125} \begin{pmatrix} 5.75 & -0.75 \\ -0.75 & 6.5 \end{pmatrix} \begin{pmatrix} -0.5 \\ 0.7 \end{pmatrix}
#  = \begin{pmatrix} -0.092 \\ 0.134 \end{pmatrix}.
# $$
#
# The customer likes *home* a little and *sport* less: the lamp $(0, 1)$ comes first with $0.4 + 0.134 = 0.534$.
#
# **Second reading: a 0 says nothing.** Four products are evidence, each with $y = 1$. Their rows give
# $\mathbf C_u^\top \mathbf C_u + \mathbf I = 3.25 \, \mathbf I$ and $\mathbf C_u^\top \mathbf y = (1.5, 2.5)$, so
# $\mathbf p_u = (\tfrac{6}{13}, \tfrac{10}{13})$. The mat $(1, 1)$ comes first with $\tfrac{16}{13} = 1.231$. And *no product of the ten gets less than zero*.
# How could it? Nothing in the evidence is a no. A program that answers "yes" to everything explains four ones perfectly.
#
# **Third reading: ask.** We ask the customer for stars for the four: shoes 2, kettle 5, bag 2, curtains 4. Around 3 stars, $\mathbf y = (-1, 2, -1, 1)$. The matrix
# is the same $3.25\,\mathbf I$, and $\mathbf C_u^\top \mathbf y = (-2.5, 2.5)$, so $\mathbf p_u = (-\tfrac{10}{13}, \tfrac{10}{13})$. The lamp gets
# $3 + \tfrac{10}{13} = 3.769$, the mat exactly 3, the football $2.231$. Somebody tried sport and regretted it.

# %%
ten = pd.DataFrame(
    {"sport": [1, 1, 0, 1, 1, 1, 0, -0.5, 0.5, 0],
     "home": [0, 1, 1, 0, 0.5, -0.5, 1, 1, 0.5, 0]},
    index=["running shoes", "yoga mat", "kettle", "football", "gym bag",
           "tennis racket", "lamp", "curtains", "bath towel", "novel"],
)  # fmt: skip
C = ten.to_numpy()  # [products, 2]
r_u = np.array([1, 0, 1, 0, 1, 0, 0, 1, 0, 0])
bought = r_u == 1


def head(rows, y):
    """The posterior mean of a taste, for a standard normal prior and noise 1."""
    return np.linalg.solve(np.eye(2) + C[rows].T @ C[rows], C[rows].T @ y)


no = head(np.full(10, True), r_u - 0.4)
silent, asked = head(bought, np.ones(4)), head(bought, np.array([-1, 2, -1, 1]))
assert np.allclose(no, [-0.092, 0.134], atol=5e-4)
assert (C @ silent >= 0).all()
assert np.allclose([*silent, *asked], np.array([6, 10, -10, 10]) / 13)
assert np.allclose([0.4 + no[1], silent.sum(), 3 + asked[1], 3 + asked[0]],
                   [0.534, 1.231, 3.769, 2.231], atol=1e-3)  # fmt: skip

# %%
readings = {"a 0 is a no": 0.4 + C @ no, "a 0 says nothing": C @ silent}
readings["stars"] = 3 + C @ asked
pd.DataFrame(readings, ten.index)[~bought].round(2)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three columns of points, one for each reading, joined by a line for each of six products that were not bought. The yoga mat is at the top when a zero says nothing, in the middle when stars are asked. The lamp is first in two readings. Football and tennis racket are low in two readings and in the lower middle of the other."}, "figure": {"caption": "Scores of the products that the customer did not buy, in standard deviations around their mean, under three readings of one and the same customer.", "name": "fig-14-zeros"}}
fig, ax = plots.figure("The same purchases recommend a lamp or a yoga mat: it depends on what a 0 is",
                       "", "score, in standard deviations", height=4.0)  # fmt: skip
scores = pd.DataFrame(readings, ten.index)[~bought]
scores = (scores - scores.mean()) / scores.std()
ends = {}
looks = {"lamp": (BLUE, 2.6), "yoga mat": (RED, 2.6)}
for product, line in scores.iterrows():
    color, width = looks.get(product, (GREY, 1.2))
    ax.plot(range(3), line, "o-", color=color, lw=width, zorder=2 + (product in looks))
    ends[product] = (line.iloc[-1], color)
ax.set_xticks(range(3), list(readings))
ax.set_xlim(-0.2, 2.15)
plots.label_ends(ax, ends);

# %% [markdown]
# {numref}`fig-14-zeros` is the whole lesson of this section. The arithmetic was right three times. The difference lies in one sentence that stands in no program: *what is a zero?* Published recommenders that
# read purchases take a place between the first two readings and let a zero count a little {cite}`hu2008implicit`, as chapter 04 does. Where stars can be had, they
# are worth more than any such convention, because a no is among them. Our shop asks for stars.

# %% [markdown]
# ## A shop whose customers we know
#
# The shop in `data/shop` is made up by us. It has some three hundred products with texts, and three thousand customers who gave stars to what they bought. Why
# not a real shop? Because in a made-up one the *truth* is known. For each customer there is a file that says how much she likes things for outdoors, natural things, playful things and dear ones, and so what
# she would have given to products that she never bought. No real data set has such a file, and without it nobody can tell
# whether a list of recommendations was good.

# %%
ratings = mr.data.shop()
print(ratings)
for row in ratings.items.iloc[[5, 3, 6]].itertuples():
    print(f"\n{row.department}, {row.price:.2f} €\n{row.text}")

# %% [markdown]
# The customers follow the model of this book: stars are $\mu + b_u + b_i + \mathbf p_u^\top \mathbf v_i$ plus noise, then rounded to whole stars between 1 and 5. The
# text of a product tells only a part of its nature $\mathbf v_i$. And customers *choose*: they buy what is well known and what they expect to like. So the
# stars are not a random sample of opinions, as nowhere in life. What the shop leaves out is in its data card: time,
# seasons, stock, prices that change, gifts, returns, people who share an account. A method that does well here has shown that it can find a truth of this form; chapters 02 to 13 showed
# what happens with people.
#
# Why stars, not purchases? The last section said it: stars hold a no. The methods of chapters 10 and 13 need ratings with
# a noise that is roughly normal, and that is what stars minus their prediction are.

# %% [markdown]
# ## The program that everybody writes first
#
# What follows is not anybody's program. We wrote it, with nine faults that such programs have, often several together. Read it and count.
#
# ```console
# pip install python==3.8 torch pandas scikit-learn
# ```
#
# ```python
# data = pd.read_csv("ratings.csv.gz").merge(pd.read_csv("products.csv"), on="item")
# X = pd.get_dummies(data["department"]).assign(price=data["price"]).to_numpy("float32")
# y = (data["rating"] >= 4).to_numpy("float32")                       # liked or not
# X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2)
#
# class MetaLearningModel(nn.Module):
#     def __init__(self, n_in, n_hidden, n_out):
#         super().__init__()
#         self.fc1, self.fc2 = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)
#     def forward(self, x):
#         return self.fc2(torch.relu(self.fc1(x)))
#
# model = MetaLearningModel(X_train.shape[1], 64, y_train.shape[1])
# criterion, optimizer = nn.BCELoss(), torch.optim.SGD(model.parameters(), lr=0.01)
# for epoch in range(5):
#     for x, y in batches(X_train, y_train, 64):
#         loss = criterion(model(x), y)
#         optimizer.zero_grad(); loss.backward(); optimizer.step()
#     print(f"epoch {epoch}: loss {loss.item():.3f}")
#
# predicted = model(X_test) > 0.5
# print("liked products that were found:", predicted[y_test == 1].float().mean())
# ```
#
# We run it as a tester would. Each step is turned into a check, a sentence that should be true. The check fails; we mend one thing; it
# is asked again. `attempt` shows the first line of an error instead of stopping the page.

# %%
log = []  # (what was checked, how it ended)


def attempt(what, run, found=""):
    """Ask whether something is true, or runs; print the answer, and go on."""
    try:
        result = run()
        failed = isinstance(result, (bool, np.bool_)) and not result
        kind, said = ("silent", found) if failed else ("holds", "")
    except Exception as error:
        kind, said = "loud", f"{type(error).__name__}: {str(error).splitlines()[0]}"
    mark = "✓" if kind == "holds" else "✗"
    print(f"{mark} {what}" + (f"\n  {said}" if said else ""))
    log.append((what, kind))


# %% [markdown]
# ### 1. `pip install python==3.8`
#
# Python is not a package that pip installs: pip is itself a Python program and puts packages *into* the Python that runs it. There is no
# interpreter to be had on the package index under that name, so the line ends with "no matching distribution found". The wish behind
# it is a bad one too. Support for Python 3.8 ended in [October 2024](https://peps.python.org/pep-0569/), and the torch that we want does not run on it. That can be asked without a network.

# %%
def start(version):
    """Complain as torch would, if it does not run on this Python."""
    needed = importlib.metadata.metadata("torch")["Requires-Python"]
    if version not in SpecifierSet(needed):
        raise RuntimeError(f"torch needs Python {needed}, not {version}")


attempt("torch starts on the Python that is asked for", lambda: start("3.8"))
here = f"{sys.version_info.major}.{sys.version_info.minor}"
attempt("torch starts on the Python that is asked for", lambda: start(here))

# %% [markdown]
# Mended: make an environment with a Python that exists (`python3.12 -m venv .venv`), then install packages with versions that were tested
# together; the book's `constraints.txt` is such a list.

# %% [markdown]
# ### 2. `y.shape[1]` of a vector
#
# The table is read, and split by random rows as the program wants it.

# %%
folder = mr.data.assets.find("shop")
products = pd.read_csv(folder / "products.csv")
data = pd.read_csv(folder / "ratings.csv.gz").merge(products, on="item")
columns = pd.get_dummies(data["department"]).assign(price=data["price"])
X = torch.tensor(columns.to_numpy("float32"))  # [rows, 9]
y = torch.tensor((data["rating"] >= 4).to_numpy("float32"))  # [rows]
shuffled = np.random.default_rng(seed).permutation(len(X))
test, train = np.split(shuffled, [len(X) // 5])


class MetaLearningModel(nn.Module):
    """Two layers; the name is part of the joke."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


built = "the network can be built"
attempt(built, lambda: MetaLearningModel(X.shape[1], 64, y.shape[1]))
attempt(built, lambda: MetaLearningModel(X.shape[1], 64, 1))

# %% [markdown]
# A vector of answers has one axis, with number 0. There is one answer a row, so the network has one output. A loud fault, and harmless: nobody can miss it.
#
# ### 3. Labels of shape $[n]$ against outputs of shape $[n, 1]$

# %%
def fresh(n_in=9):
    """A new network, the same for the same seed."""
    torch.manual_seed(seed)
    return MetaLearningModel(n_in, 64, 1)


x, labels = X[train[:64]], y[train[:64]]
out = fresh()(x).detach()  # [64, 1]
attempt("the loss can be computed", lambda: nn.BCELoss()(out, labels))
right = (out > 0) == labels  # no error!
single = "there is one comparison a row"
attempt(single, lambda: right.numel() == len(labels),
        f"there are {right.numel()}, in a table of {list(right.shape)}")  # fmt: skip
right = (out > 0) == labels[:, None]
attempt(single, lambda: right.numel() == len(labels))

# %% [markdown]
# The loss refuses, which is luck. Comparison and subtraction do not; they {term}`broadcast <broadcasting>`: a column against a row gives a *table*, each
# output against each label. The mean of it is a number between 0 and 1 that looks like an accuracy. Whoever answers the error message
# by taking `(out - y) ** 2` instead trains every output towards the mean of all labels, and will wonder why nothing is learned.
# Mended: labels get the shape $[n, 1]$.
#
# ### 4. `BCELoss` on raw outputs

# %%
y = y[:, None]  # [rows, 1]
labels = y[train[:64]]
attempt("the loss can be computed", lambda: nn.BCELoss()(out, labels))
criterion = nn.BCEWithLogitsLoss()
attempt("the loss can be computed", lambda: criterion(out, labels))

# %% [markdown]
# Binary cross-entropy takes the logarithm of a probability. The last layer gives any number, a {term}`logit` $o$ with probability
# $1 / (1 + e^{-o})$. `BCEWithLogitsLoss` does both at once, and does not overflow where a logistic function before a logarithm would.
#
# ### 5. The last batch's loss, printed as the epoch's
#
# Now it runs. We keep the losses of all batches.

# %%
def fit(model, X, rows, epochs=5, lr=0.01):
    """Gradient descent on batches of 64 rows.

    Losses of the batches, [epochs, batches], and of all rows, [epochs].
    """
    optimizer, losses, whole = torch.optim.SGD(model.parameters(), lr=lr), [], []
    draw = np.random.default_rng(seed)
    for _ in range(epochs):
        losses.append([])
        mixed = torch.tensor(draw.permutation(rows))
        for batch in mixed.split(64):
            loss = criterion(model(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
        with torch.no_grad():
            whole.append(criterion(model(X[rows]), y[rows]).item())
    return np.array(losses), np.array(whole)


def answer(model, X, rows):
    """The logits of some rows: [rows]."""
    with torch.no_grad():
        return model(X[rows])[:, 0].numpy()


# %% tags=["nbval-ignore-output"]
model = fresh()
losses, whole = fit(model, X, train)
printed, meant = losses[:, -1], losses.mean(axis=1)
off, close = (np.abs(p - whole)[1:].max() for p in (printed, meant))  # not the first
honest = "what is printed is the loss on all rows, to 0.02"
attempt(honest, lambda: off < 0.02, f"it is off by {off:.2f}")
attempt(honest, lambda: close < 0.02)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Loss against epoch, one to five. The loss of the last batch jumps up and down. The mean over the epoch falls a little after the first epoch and then lies flat on a dashed line, the loss of saying the same to everybody."}, "figure": {"caption": "Loss of five epochs as the program prints it, the last batch, and as it should, the mean over all batches; dashed, the loss of an answer that is the same for every row.", "name": "fig-14-loss"}}
fig, ax = plots.figure("The printed loss jumps; the real one shows that nothing is learned",
                       "epoch", "binary cross-entropy", height=3.4)  # fmt: skip
share = float(y[train].mean())
constant = -(share * np.log(share) + (1 - share) * np.log(1 - share))
epochs = np.arange(1, 6)
ax.axhline(constant, color=GREY, ls=(0, (5, 3)), lw=1.4)
ax.plot(epochs, printed, "o-", color=RED)
ax.plot(epochs, meant, "s-", color=BLUE)
ax.set_xticks(epochs)
ax.set_xlim(0.8, 5.1)
plots.label_ends(ax, {"last batch": (printed[-1], RED), "mean of epoch": (meant[-1], BLUE),
                      "same for all": (constant, GREY)});  # fmt: skip

# %% tags=["say", "remove-input", "nbval-ignore-output"]
mr.say(f"""
The last batch holds the {len(train) % 64} rows that were left over. Its loss says more about those rows than about the network, and in {{numref}}`fig-14-loss` it wanders by up to
{off:.2f}. Someone who stops at a lucky epoch and writes down its number has measured luck. The mean of the epoch tells the truth, and the truth is bad: it lies on the
dashed line. That line is the loss of a program that gives the share of liked rows, {mr.percent(share)}, as its answer to every question.
""")

# %% [markdown]
# ### 6. A threshold on logits

# %%
logits = answer(model, X, test)
differ = np.mean((logits > 0.5) != (logits > 0))
sure = "yes means: more likely than not"
attempt(sure, lambda: differ == 0,
        f"{mr.percent(differ)} of the answers change with the right one")  # fmt: skip
likely = 1 / (1 + np.exp(-logits)) > 0.5
attempt(sure, lambda: ((logits > 0) == likely).all())

# %% [markdown]
# The logit of one half is 0. A threshold of one half on logits asks for a probability above $1 / (1 + e^{-0.5})$, which is not what anybody meant, and
# no message tells. Compare logits with 0, or probabilities with one half.
#
# ### 7. "Completely correct"

# %%
liked = y[test, 0].numpy() == 1
found = np.mean(logits[liked] > 0)
print(f"liked products that were found: {found:.0%}")
yes_to_all = np.ones(len(test))
by_yes = np.mean(yes_to_all[liked] > 0)
attempt("a program that always says yes fails the test", lambda: by_yes < 1,
        f"it finds {mr.percent(by_yes)} of the liked products, too")  # fmt: skip


def in_order(rows, scores):
    """Share of pairs that the scores order as the stars do: [customers]."""
    table = data.loc[rows, ["user", "rating"]].assign(score=scores)
    table["place"] = table.groupby("user").cumcount()
    wide = table.pivot(index="user", columns="place")  # [customers, places] or NaN
    there = wide["rating"].notna().to_numpy()
    score, stars = (wide[c].fillna(0).to_numpy() for c in ("score", "rating"))
    return evaluation.pairwise_accuracy(score, stars, mask=there)


always = np.nanmean(in_order(test, yes_to_all))
attempt("a program that always says yes fails the test", lambda: always <= 0.5)
first_try = evaluation.bootstrap(in_order(test, logits))

# %% tags=["say", "remove-input"]
mr.say(f"""
The program says yes to {mr.percent(np.mean(logits > 0))} of the test rows, and so finds {mr.percent(found)} of what people liked. Such a table, all answers positive and all
of them right, invites the words "completely correct". It is the second reading of the ten products again: where a test holds no noes, yes is always right. *A measure that
cannot fail measures nothing.* The question to ask of any measure is: what does it give to a program that does nothing? We take the share of a customer's pairs that are put in order, for which
yes to all gives one half by construction. The trained network gives {first_try:.3f}.
""")

# %% [markdown]
# ### In passing: dear kettles
#
# Why did it learn nothing? One column is the price, up to several hundred, the others are zeros and ones. The first steps of gradient descent see little but the price. And what the program
# knows, department and price, is not much. So the author scales the columns, and adds three more that everybody would add: the mean stars of the customer, of the product, and of the
# customer in this department.

# %%
rich = columns.assign(
    customer=data.groupby("user")["rating"].transform("mean"),
    product=data.groupby("item")["rating"].transform("mean"),
    department=data.groupby(["user", "department"])["rating"].transform("mean"),
)


def widest(table):
    """How much wider the widest column is than the narrowest."""
    return table.std().max() / table.std().min()


even = "no column is a hundred times as wide as another"
attempt(even, lambda: widest(rich) < 100, f"the price: {widest(rich):.0f} times")
rich = (rich - rich.mean()) / rich.std()
attempt(even, lambda: widest(rich) < 100)

# %%
X_rich = torch.tensor(rich.to_numpy("float32"))  # [rows, 12]
model = fresh(12)
fit(model, X_rich, train, epochs=2)
says_yes = answer(model, X_rich, test) > 0
accuracy = {"random rows": (says_yes == liked).mean(), "always yes": liked.mean()}
pd.Series(accuracy, name="share of right answers").round(2)

# %% [markdown]
# ### 8. A random split of rows
#
# That looks like success, and here most articles end. Two questions remain. Who are the customers in the test part? And from which rows were the means computed?

# %%
who, apart = data["user"].to_numpy(), "nobody in the test part was seen in training"
known = np.isin(who[test], who[train]).mean()
attempt(apart, lambda: known == 0, f"{mr.percent(known)} of the rows are of known people")
split = mr.data.newcomers(ratings, seed=SPLIT)  # split by customers, not by rows
new = np.flatnonzero(np.isin(who, split.test.ratings.users.index))
old = np.flatnonzero(np.isin(who, split.train.users.index))
attempt(apart, lambda: not np.isin(who[new], who[old]).any())

# %%
raw = columns.assign(customer=np.nan, product=np.nan, department=np.nan)
past = data.loc[old]
raw["product"] = data["item"].map(past.groupby("item")["rating"].mean())
for name, by in (("customer", ["user"]), ("department", ["user", "department"])):
    raw.loc[old, name] = past.groupby(by)["rating"].transform("mean")
centre, width = raw.loc[old].mean(), raw.loc[old].std()
raw = ((raw - centre) / width).fillna(0.0)  # of a new customer nothing is known
X_new = torch.tensor(raw.to_numpy("float32"))
model = fresh(12)
fit(model, X_new, old, epochs=2)
logits_new = answer(model, X_new, new)
liked_new = y[new, 0].numpy() == 1
accuracy["new customers"] = ((logits_new > 0) == liked_new).mean()
accuracy["new customers, always yes"] = liked_new.mean()
pd.Series(accuracy, name="share of right answers").round(2)

# %% tags=["say", "remove-input"]
leak = accuracy["random rows"] - accuracy["new customers"]
mr.say(f"""
Of {mr.percent(accuracy["random rows"])} right answers {mr.percent(accuracy["new customers"])} are left, where yes to all gives
{mr.percent(accuracy["new customers, always yes"])}. Two leaks made the difference. The split put each customer on both sides, so the test asked about *known* people, which is another question than the one
that a shop has about a newcomer. And worse, the means had been computed before the split: the mean stars of a customer in a department, where she bought two things, is half the answer. Such leaks are no beginners' matter: {{cite:t}}`kapoor2023leakage`
found them in published work of seventeen sciences, and {{cite:t}}`ji2023leakage` study them in the evaluation of recommenders. Chapter 02 made one on purpose.
""")

# %% [markdown]
# ### 9. Nothing is meta-learned
#
# One fault is left, and it is in the name. Somebody new comes in, rates twenty products, and asks again.

# %%
person = split.test.ratings.users.index[0]
rows = np.flatnonzero(who == person)
before = answer(model, X_new, rows)
after = answer(model, X_new, rows)  # she has rated; how could that come in?
moved = np.abs(after - before).max()
adapts = "twenty ratings of a newcomer move predictions"
attempt(adapts, lambda: moved > 0, f"by {moved:.1f}: there is no input for them")

# %% [markdown]
# A class called `MetaLearningModel` has learned one function for everybody. There is no {term}`task` in it, no {term}`support`, no {term}`query`, nothing that is adapted, and so nothing
# that could have been learned about adapting. To train it again with each newcomer's rows would be slow, and would still not be learned.
#
# What must change is what one example *is*. Not a row, but a customer: some of her ratings are shown, and the others are asked. The three columns are computed
# *from what is shown*, together with how much was shown, and the network learns from thousands of customers how far such means can be trusted. We give it an honest name and the form that the
# book's protocols expect. Chapter 12 builds this idea out into networks that read supports.

# %%
class SupportColumns(models.Method):
    """What plain averages of the support say of each asked product."""
    predicts_ratings = False  # logits only rank

    def learn(self, ratings):
        """Departments, prices and mean stars of the products."""
        self.items_ = ratings.items.index.to_numpy()
        self.mean_ = ratings.item_means(shrinkage=3)
        table = pd.get_dummies(ratings.items["department"]).to_numpy(float)
        numbers = np.column_stack([np.log(ratings.items["price"]), self.mean_])
        self.fixed_ = np.column_stack([table, numbers - numbers.mean(axis=0)])
        self.group_ = table.argmax(1)

    def inputs(self, e):
        """What is known of each person and asked product: [users, q, columns]."""
        support, query = self.rows(e)
        shown = e.support_mask[:, :, None]  # [users, k, 1]
        above = (e.support_ratings - self.mean_[support])[:, :, None] * shown
        groups = self.group_[support], self.group_[query]
        kin = shown & (groups[0][:, :, None] == groups[1][:, None, :])  # [users, k, q]
        n, n_kin = shown.sum(1), kin.sum(1)  # [users, 1] and [users, q]
        parts = [above.sum(1) / (n + 1), np.log1p(n)]
        parts += [(above * kin).sum(1) / (n_kin + 1), np.log1p(n_kin)]
        parts = np.stack([np.broadcast_to(part, query.shape) for part in parts], -1)
        return torch.tensor(np.concatenate([parts, self.fixed_[query]], -1)).float()


# %%
class OnTasks(SupportColumns):
    """One step of training, and one answer."""

    def step(self, optimizer, e):
        """One step of gradient descent on the asked products of some people."""
        out = self.net(self.inputs(e))[..., 0]
        target = torch.tensor(e.query_ratings >= 4).float()
        loss = criterion(out[e.query_mask], target[e.query_mask])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def predict(self, e):
        with torch.no_grad():
            return self.net(self.inputs(e))[..., 0].numpy().astype(float)


# %%
class SupportNetwork(OnTasks):
    """The mended first program: two layers, trained on people instead of rows."""

    def __init__(self, hidden=64, lr=0.01, epochs=4, seed=0):
        self.hidden, self.lr, self.epochs, self.seed = hidden, lr, epochs, seed

    def fit(self, ratings):
        self.learn(ratings)
        task = mr.data.splits.Task(ratings, self.items_[:0], SPLIT + self.seed)
        draw = np.random.default_rng(self.seed)
        torch.manual_seed(self.seed)
        self.net = MetaLearningModel(4 + self.fixed_.shape[1], self.hidden, 1)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=self.lr)
        drawn = [task.episodes(n) for n in range(2)]  # two supports a person
        for epoch in range(self.epochs):
            e = drawn[epoch % 2]  # of which 0 to 20 ratings are shown
            show = np.arange(e.n_support) < draw.integers(0, 21, (len(e), 1))
            e = dataclasses.replace(e, support_mask=e.support_mask & show)
            for batch in np.array_split(draw.permutation(len(e)), len(e) // 16):
                self.step(optimizer, e.take(batch))
        return self


# %%
learner = SupportNetwork(seed=seed).fit(split.train)
them = split.test.episodes(0)
change = np.abs(learner.predict(them) - learner.predict(them.first(0)))
attempt(adapts, lambda: change[them.query_mask].mean() > 0)

# %% tags=["hide-input"]
ends = pd.DataFrame(log, columns=["what should be true", "how"])
ends["what should be true"] = ends["what should be true"].str.replace("`", "")
first = ends.groupby("what should be true", sort=False)["how"].agg(["first", "last"])
first.columns = ["at first", "mended"]
first.replace({"loud": "stops with an error", "silent": "fails in silence"})

# %% tags=["say", "remove-input"]
n_loud = int((ends["how"] == "loud").sum())
n_silent = int((ends["how"] == "silent").sum())
mr.say(f"""
Of {n_loud + n_silent} failures {n_loud} stop the program with a message. They cost a minute each. The other {n_silent} say nothing, print numbers that look well, and
go into a report. None of them is found by reading the output; each was found by a sentence that should be true.
""")

# %% [markdown]
# ## The same task as meta-learning
#
# Now the shop with the methods of this book, in the order in which one would do it at work. **From the CSV**: `mr.data.shop()` has read it; for a shop of your own the line is
# `mr.data.read_csv("ratings.csv", items=products)`, which refuses files that are not what they should be (chapter 01). **Texts** are read by the pretrained encoder of chapter 07 and whitened to
# sixteen directions, as in chapter 13. **The split** is by customers, the one above: the protocol *newcomers* of chapter 02, in which seven tenths of the customers with a long history train, one tenth is for
# choosing and two tenths are the test; customers with short histories train, too.


# %%
read = mr.data.whiten(models.encode(list(ratings.items["text"])).astype(float))
described = mr.data.with_features(ratings, "read", read)
split = mr.data.newcomers(described, seed=SPLIT)
split.test.episodes(0)

# %% [markdown]
# **The method** is `ContentBayes` of chapter 05, and the derivation is that of chapter 10. A customer's $(b_u, \mathbf p_u)$ has a normal prior that is learned from all customers,
# and a product's $(b_i, \mathbf v_i)$ has one whose mean is a linear function of what the encoder read. Four methods stand beside it. *Popularity* counts purchases. *First program, mended* is `SupportNetwork`. *Hierarchical Bayes* does
# not see the texts. *Informed Bayes* is the best method of chapter 13, which also reads *what* somebody bought. Whatever has a knob is tuned on the validation customers, each on a
# grid of three.

# %%
NET, HB = "first program, mended", "hierarchical Bayes"
CB, IB = "content Bayes", "informed Bayes"
text = {"features": "read", "regularization": 10.0}
shelf = {
    NET: (SupportNetwork(seed=seed), {"lr": [0.001, 0.003, 0.01]}),
    HB: (models.HierarchicalBayes(seed=seed), {"n_factors": [2, 4, 8]}),
    CB: (models.ContentBayes(seed=seed, **text), {"n_factors": [2, 4, 8]}),
    IB: (models.InformedBayes(n_factors=4, traits="", seed=seed, **text),
         {"n_choices": [4, 8, 12]}),
}  # fmt: skip
rivals, tried = {"popularity": models.Popularity()}, {}
for name, (method, grid) in shelf.items():
    ((knob, values),) = grid.items()
    points = {
        f"{knob} {v}": copy.deepcopy(method).set_params(**{knob: v}) for v in values
    }
    scores = evaluation.experiment.few_shot(
        points, split.train, split.validation, ks=(0, 5, 20), draws=DRAWS // 2
    ).table.query("metric == 'pairwise' and method in @points")
    scores = scores.groupby("method")["value"].mean()
    tried[name] = scores.sort_values(ascending=False)
    rivals[name] = points[tried[name].index[0]]
pd.concat(tried).round(4).rename("pairs in order, validation").to_frame()

# %% [markdown]
# And now, once, the customers of the test part. Each shows none, one, two, … of her ratings in random order; the products that she bought besides are asked.

# %%
result = evaluation.experiment.few_shot(
    rivals, split.train, split.test, "shop newcomers", draws=6 if full else 3, costs=True
)
board = result.table[result.table["metric"] == "pairwise"]
board.pivot_table("value", "method", "k").sort_values(20).round(3)

# %% tags=["say", "remove-input"]
def over(a, b, k, metric="pairwise"):
    return result.difference(a, b, metric, k)


mr.say(f"""
Share of pairs in order: the rows are sorted by the last column. With twenty ratings known, content Bayes is {over(CB, NET, 20):.3f} above the mended first program and
{over(CB, "popularity", 20):.3f} above popularity; with five it is {over(CB, NET, 5):.3f} above the first program. The texts add next to nothing here ({over(CB, HB, 20):.3f} over hierarchical
Bayes), since nearly all products that are asked have ratings enough. Reading *what* was bought adds {over(IB, CB, 20):.3f}.

The first program is a surprise. Nothing is wrong with it any more, and it is trained on people; yet it hardly moves with $k$, and is {over(NET, "item mean", 20):.3f} from the plain mean of each product. *A
program without a fault is not yet a good program.* What it is allowed to see, averages within a department, has little to do with what divides these customers, and no training helps against
that. The factors of the others are not given. They are found in the ratings.

And one row is a puzzle. Without any rating the simple mean of a product orders the pairs better than hierarchical Bayes does, by {over("item mean", HB, 0):.3f}. Is the learned prior wrong?
""")

# %% [markdown]
# ## What only the makers of the shop know
#
# Here the made-up shop pays. What we would like to know of a list of ten products is not whether it foretells what somebody bought anyway. It is: *how well would she
# like them?* For each pair of customer and product that is known here, exactly, also for products that she never bought.
#
# Two more rows make a scale. *Told the truth* is hierarchical Bayes with nothing left to learn: the true prior, the true products, the true noise. What it lacks is the customer's own taste, and
# of that no method can learn more from $k$ stars alone. The *perfect list* knows the customer, too.

# %%
truth = mr.data.shop_truth()
world = truth.world
fitted = {name: copy.deepcopy(m).fit(split.train) for name, m in rivals.items()}
told = copy.copy(fitted[HB])
told.global_mean_ = world.global_mean
told.noise_ = world.noise + 1 / 12  # rounding adds one twelfth
told.user_mean_, told.user_covariance_ = world.user_mean, world.user_covariance
told.item_mean_ = np.vstack([world.item_vectors, np.zeros(5)])
told.item_covariance_ = np.zeros((ratings.n_items + 1, 5, 5))
fitted |= {"item mean": models.ItemMean().fit(split.train), "told the truth": told}


def whole_shop(e):
    """The same people, asked about every product."""
    everything = np.tile(np.arange(ratings.n_items), (len(e), 1))
    return dataclasses.replace(
        e, query_items=everything, query_ratings=np.full(everything.shape, np.nan),
        query_mask=np.ones(everything.shape, bool),
    )  # fmt: skip


# %%
people = split.test.episodes(0).users
enjoyed = truth.expected(people).clip(1, 5)  # [customers, products]


def worth(scores, e):
    """True mean stars of the ten best products not shown: [customers]."""
    free = np.ones(scores.shape, bool)
    for row, items, there in zip(free, e.support_items, e.support_mask):
        row[items[there]] = False
    ten_best = evaluation.top_k(scores, 10, free, seed)
    return np.take_along_axis(enjoyed, ten_best, axis=1).mean(axis=1)


KS = (0, 1, 2, 5, 10, 20)
lists = {}
for draw in range(DRAWS):
    shown = whole_shop(split.test.episodes(draw))
    for k in KS:
        e = shown.first(k)
        for name, model in fitted.items():
            lists.setdefault((name, k), []).append(worth(model.predict(e), e))
        lists.setdefault(("perfect list", k), []).append(worth(enjoyed, e))
lists = {key: np.mean(values, axis=0) for key, values in lists.items()}  # [customers]
means = pd.Series({key: v.mean() for key, v in lists.items()}).unstack()
means.sort_values(20).round(2)

# %% tags=["hide-input"] mystnb={"image": {"alt": "True stars of the ten recommended products against the number of known ratings. Popularity and item mean are flat and low. The mended first program lies a little above the item mean and hardly rises. Content Bayes starts well above and rises; informed Bayes starts lower, crosses it and comes near the line of a method that was told the truth. The perfect list is a flat line on top."}, "figure": {"caption": "What test customers would truly give, on average, to the ten products that each method recommends to them, against the number of their ratings that it knows. Bars: intervals over customers.", "name": "fig-14-lists"}}
fig, ax = plots.figure("A learned prior gives at once what a list of best-sellers never does",
                       "ratings known of the newcomer", "true stars of the ten recommended", height=4.6)  # fmt: skip
looks = {"popularity": (GREY, ":", ""), "item mean": (GREY, "--", ""), NET: (RED, "-", "s"),
         CB: (BLUE, "-", "o"), IB: (GREEN, "-", "D"), "told the truth": (INK, "--", ""),
         "perfect list": (INK, ":", "")}  # fmt: skip
ends = {}
for name, (color, dash, mark) in looks.items():
    line = [lists[name, k].mean() for k in KS]
    ax.plot(range(6), line, ls=dash, marker=mark, color=color, lw=2 if mark else 1.4)
    if mark:
        bars = [evaluation.bootstrap(lists[name, k]) for k in KS]
        ax.vlines(range(6), [b.low for b in bars], [b.high for b in bars], color=color, lw=1.2, alpha=0.6)
    ends[name] = (line[-1], color)
ax.set_xticks(range(6), KS)
ax.set_xlim(-0.2, 5.2)
plots.label_ends(ax, ends);

# %% tags=["say", "remove-input"]
def better(a, b, k):
    return evaluation.paired(lists[a, k], lists[b, k])


mr.say(f"""
{{numref}}`fig-14-lists` answers the puzzle. Before any rating the ten products of hierarchical Bayes are worth {better(HB, "item mean", 0):.2f} stars *more* than the ten with the best means, although the means order
better what people bought. Both are right, about two different things. The mean of a product is the opinion of those who chose to buy it, and predicts the next one who chooses to buy it. A pair of heavy boots has good stars
from walkers, and nobody else has any. Hierarchical Bayes knows of each buyer how much she likes what is made for outdoors, and takes that out: what is left is how the product would please *anybody*, and
that is the question of a list. Evaluations on what people chose cannot see the difference {{cite}}`marlin2009nonrandom`.

It also explains informed Bayes, which answers "what would she say *having bought it*": the better answer to the test of pairs, and before any rating the worse list, by {better(IB, CB, 0):.2f} stars against content Bayes. From a few ratings on it leads, by
{better(IB, CB, 20):.2f} at twenty; there it even passes the method that was told the truth, which reads stars only, while a purchase says something whatever its stars. Popularity counts fame, which in this shop has little to do with pleasure: content Bayes is
{better(CB, "popularity", 0):.2f} stars above it with no rating known and {better(CB, "popularity", 20):.2f} with twenty; above the first program it is {better(CB, NET, 0):.2f} and {better(CB, NET, 20):.2f}.
""")

# %% [markdown]
# That is a story until it is tested, and here it can be. If *choice* is the cause, the puzzle must go away when nobody chooses. We let the same customers buy as many products as before, but drawn by lot,
# and give stars as before.

# %%
def bought_by_lot():
    """The same customers with as many purchases, drawn at random."""
    draw, users = np.random.default_rng(seed), ratings.table["user"].to_numpy()
    counts = np.bincount(users)[1:]
    shelf = ratings.n_items
    places = np.concatenate([draw.choice(shelf, n, replace=False) for n in counts])
    exact = truth.expected(ratings.users.index)[users - 1, places]
    exact += draw.normal(0, np.sqrt(world.noise), len(exact))
    stars = np.rint(exact).clip(1, 5)
    table = {"user": users, "item": ratings.items.index[places], "rating": stars}
    return mr.data.Ratings.from_table(pd.DataFrame(table), ratings.items)


lot = mr.data.newcomers(bought_by_lot(), seed=SPLIT)
no_choice = evaluation.experiment.few_shot(
    {HB: rivals[HB]}, lot.train, lot.test, ks=(0,), draws=1
)
puzzle = no_choice.difference("item mean", HB, "pairwise", 0)
print(f"item mean minus hierarchical Bayes, pairs in order, k = 0: {puzzle:.3f}")

# %% [markdown]
# The puzzle is gone: where nobody chooses, both order the products alike.
#
# ### Has it found the truth?
#
# The learned factors have no names, and any rotation of them predicts the same (chapter 04). So a dictionary is needed. We regress the products' learned vectors on their true natures,
# $\hat{\mathbf v}_i \approx \mathbf j + \mathbf J \mathbf v_i$. If $\hat{\mathbf p}_u^\top \hat{\mathbf v}_i$ is to be $\mathbf p_u^\top \mathbf v_i$ and a constant, then
# the taste in true directions is $\mathbf J^\top \hat{\mathbf p}_u$. The dictionary is made from products alone; the customers below have no part in it.

# %%
model = fitted[CB]
names = list(truth.natures.columns[1:])
natures = truth.natures[names].to_numpy()  # [products, 4]
design = np.column_stack([np.ones(len(natures)), natures])
words, *_ = np.linalg.lstsq(design, model.item_mean_[:-1, 1:], rcond=None)
J = words[1:].T  # [factors, 4]
real = truth.tastes.loc[people, names].to_numpy()  # [customers, 4]
agreement = {}
for k in KS[1:]:
    believed = model.posterior(split.test.episodes(0).first(k)).mean[:, 1:] @ J
    agreement[k] = [np.corrcoef(believed[:, j], real[:, j])[0, 1] for j in range(4)]
agreement = pd.DataFrame(agreement, names).T.rename_axis("ratings known")
agreement.round(2)

# %%
learned = J.T @ model.user_covariance_[1:, 1:] @ J  # the prior, in true directions
true_prior = world.user_covariance[1:, 1:]
both = {"learned": learned, "true": true_prior}
spread = {name: np.sqrt(np.diag(S)) for name, S in both.items()}
spread = pd.DataFrame(spread, names)
together = {
    f"{names[a]} and {names[b]}": [
        S[a, b] / np.sqrt(S[a, a] * S[b, b]) for S in both.values()
    ]
    for a in range(4) for b in range(a)
}  # fmt: skip
together = pd.DataFrame(together, list(both)).T
pd.concat({"spread, in stars": spread, "correlation": together}).round(2)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels with some two hundred points each, true taste of test customers upwards, believed taste to the right. In both the points rise along the line on which the two are equal, somewhat more steeply than it; in the left panel, outdoor, they are spread more widely and lie closer together than in the right one, playful."}, "figure": {"caption": "Tastes of the test customers: what is believed after twenty ratings, and the truth, in stars a unit of a product's nature. On the line both agree; the cloud is steeper, since what is believed is too cautious.", "name": "fig-14-truth"}}
fig, axes = plots.figure("Twenty ratings find a customer's taste in directions that nobody named",
                         "believed after twenty ratings", "true taste", panels=["outdoor", "playful"])  # fmt: skip
for ax, name in zip(axes, ("outdoor", "playful"), strict=True):
    j = names.index(name)
    shift = (believed - real).mean(axis=0)[j]
    ax.plot([-0.9, 1.1], [-0.9, 1.1], color=GREY, lw=1.2)
    ax.plot(believed[:, j] - shift, real[:, j], "o", color=BLUE, ms=4, alpha=0.55, mew=0)
    ax.set_xlim(-0.9, 1.1);

# %% tags=["say", "remove-input"]
off_prior = (together["learned"] - together["true"]).abs().max()
shrunk = spread["learned"] / spread["true"]
mr.say(f"""
The correlation of believed and true taste over test customers, direction by direction, is {agreement.loc[1].min():.2f} to {agreement.loc[1].max():.2f} after one rating, {agreement.loc[5].min():.2f} to
{agreement.loc[5].max():.2f} after five and {agreement.loc[20].min():.2f} to {agreement.loc[20].max():.2f} after twenty ({{numref}}`fig-14-truth`; a constant that predictions do not depend on was taken off). The learned prior knows which tastes go together: its correlations are
within {off_prior:.2f} of the true ones. Nobody told it that there are such things as outdoor or playful. One thing it has not found. It takes people to differ less than they do, by a factor of
{shrunk.min():.2f} to {shrunk.max():.2f}, and the noise to be smaller, {model.noise_:.2f} where {world.noise + 1 / 12:.2f} is right with the rounding. The model is wrong there, in a way that we know: it believes in stars without an end, and our customers' stars
end at five. The last exercise takes the end away, and most of the spreads come back.
""")

# %% [markdown]
# ## A model that is saved, loaded elsewhere, and asked
#
# A model that lives in a notebook helps nobody. **Saving** writes one `safetensors` file: a JSON header with names, shapes, parameters and a hash, and behind it plain numbers. It is not a pickle. Opening a pickle can run any program
# that its author put there; numbers and JSON cannot. Beside it we put a short card, JSON too, that says what it was learned from and how well it did.

# %%
home = tempfile.TemporaryDirectory()
file = model.save(Path(home.name, "shop.safetensors"))
test_score = result.mean(CB, "pairwise", 20)
card = {
    "method": "ContentBayes", "learned from": ratings.sha256(),
    "customers": split.train.n_users,
    "pairs in order, k = 20": f"{test_score:.3f}",
    "not for": "anything but the made-up shop of chapter 14",
}  # fmt: skip
Path(home.name, "card.json").write_text(json.dumps(card), encoding="utf-8")

raw = file.read_bytes()
size = int.from_bytes(raw[:8], "little")  # the format: length, JSON header, numbers
header = json.loads(raw[8 : 8 + size])
about = json.loads(header.pop("__metadata__")["metarec"])
last_byte = max(entry["data_offsets"][1] for entry in header.values())
assert 8 + size + last_byte == len(raw)  # there is nothing else in the file
print(about["method"], about["parameters"])
pd.DataFrame(header).T[["dtype", "shape"]].sort_index()

# %% [markdown]
# **In another process**, which knows nothing but the file and the catalogue. This is all the program that a shop needs for serving:

# %%
serve = """
import json, sys
import metarec as mr
from metarec.data.titles import find_title, label

model = mr.models.ContentBayes.load(sys.argv[1])
shop = mr.data.shop()
wishes = json.loads(sys.argv[2])
shown = {find_title(shop, title): stars for title, stars in wishes.items()}
me = mr.data.Episodes.of_one(shop, shown)
(stars,), (std,) = model.predict(me, return_std=True)  # std: with the noise of a rating
why = mr.models.influence(model, me)[0]  # [shown, products]: with a rating less without
for j in stars.argsort()[::-1][:5]:
    reason, reach = why[:, j].argmax(), 1.28 * std[j]  # 80 % of a normal distribution
    print(json.dumps({
        "item": int(me.items[me.query_items[0, j]]), "stars": stars[j],
        "low": max(1, stars[j] - reach), "high": min(5, stars[j] + reach),
        "because": label(shop, list(shown)[reason]), "worth": why[reason, j],
    }))
"""


# %%
def ask(wishes):
    """Start a new Python, and read what it recommends."""
    done = subprocess.run([sys.executable, "-c", serve, file, json.dumps(wishes)],
                          capture_output=True, text=True, check=True)  # fmt: skip
    rows = map(json.loads, done.stdout.splitlines())
    return pd.DataFrame(rows).set_index("item")


# %%
mara = {
    "Canvas two-person tent": 5,
    "Basic hammock": 4,
    "Jungle bookshelf": 2,
    "Repairable games console": 1,
    "Entry-level headphones": 2,
}
served = ask(mara)
served.insert(0, "product", ratings.items["title"])
served.round(1)

# %% tags=["hide-input"]
me = mr.data.Episodes.of_one(
    ratings, {int(ratings.items.index[ratings.items["title"] == t][0]): s for t, s in mara.items()}
)
here_too = pd.Series(model.predict(me)[0], me.items[me.query_items[0]])
same = np.abs(here_too[served.index] - served["stars"]).max()  # between the two processes

# %% tags=["say", "remove-input"]
first_reason = served.iloc[0]
mr.say(f"""
Mara likes tents and not consoles, and is shown *{first_reason["product"].lower()}* first. The last columns are the reason, and it is a counterfactual (a later chapter, planned, is about such reasons): without her stars for
*{first_reason["because"].lower()}* the prediction would be {first_reason["worth"]:.1f} stars lower. The interval is wide. Five ratings tell the direction of a taste,
and little about one sleeping bag; who prints only the stars pretends to know more. The new process gives exactly the numbers of this one.
""")

# %% [markdown]
# **Are the reasons true?** In this shop that can be asked as well. For each test customer with five known ratings we take the first recommendation and the product that is named as its reason. If reasons
# are more than decoration, the two should be alike in their *true* natures, which the model has never seen, and more so than the other four products.

# %%
e = whole_shop(split.test.episodes(0).first(5))
scores = model.predict(e)
np.put_along_axis(scores, e.support_items, -np.inf, axis=1)
top = scores.argmax(axis=1)  # [customers]
why = models.influence(model, e)[np.arange(len(e)), :, top]  # [customers, 5]
unit = natures / np.linalg.norm(natures, axis=1, keepdims=True)
alike = np.einsum("ukd,ud->uk", unit[e.support_items], unit[top])  # cosines
named = why.argmax(axis=1)
at_reason = alike[np.arange(len(e)), named]
at_others = (alike.sum(axis=1) - at_reason) / 4
reasons = evaluation.paired(at_reason, at_others)
print(f"cosine of true natures, reason: {at_reason.mean():.2f}")
print(f"others: {at_others.mean():.2f}; difference: {reasons:.2f}")

# %%
asked_now = split.test.episodes(0).first(5)
mean, std = model.predict(asked_now, return_std=True)
inside = evaluation.interval_coverage(
    mean, std, asked_now.query_ratings, 0.8, mask=asked_now.query_mask
).mean()
print(f"stars inside the 80 % interval, five ratings known: {inside:.0%}")

# %% [markdown]
# ## A product that came in today
#
# On products with many ratings the texts added nothing. Tomorrow there will be products with none. The protocol *both new* of chapter 05 hides a fifth of the products from training and from all supports, and asks new customers about these alone.

# %%
cold = mr.data.both_new(described, seed=SPLIT)
fresh_goods = evaluation.experiment.few_shot(
    {name: rivals[name] for name in (HB, CB)}, cold.train, cold.test, "shop both new",
    ks=(0, 5, 20), draws=DRAWS, costs=True,
)  # fmt: skip
board = fresh_goods.table[fresh_goods.table["metric"] == "pairwise"]
board.pivot_table("value", "method", "k").round(3)

# %% tags=["say", "remove-input"]
text_gain = fresh_goods.difference(CB, HB, "pairwise", 20)
mr.say(f"""
Without texts all new products are the same product, and half of the pairs are in order. With texts it is {text_gain:.3f} more, with twenty ratings known. That is far from what ratings of the product
would give, for a text tells only a part; but it is what there is on the first day. The texts cost nothing on the other days, so content Bayes is what we save.
""")

# %% [markdown]
# ## The leaderboard
#
# The shop is a protocol of its own, *shop newcomers*; its rows must never stand in one table with those of films.

# %%
mr.leaderboard.save("14", result, fresh_goods)
mr.leaderboard.table(result.summary(), "shop newcomers", "ndcg@5").round(3)

# %% [markdown]
# ## Claims of this chapter, checked

# %% tags=["claims"]
mr.check("failures that the checks found", n_loud + n_silent, 11, 11)
mr.check("of these, failures without a message", n_silent, 7, 7)
mr.check("checks that still fail when all is mended", (first["mended"] != "holds").sum(), 0, 0)
mr.check("share of yes of the first network that trains", np.mean(logits > 0), low=0.95)
mr.check("right answers that were a leak", leak, 0.1, 0.19)
mr.check("mended first program minus item mean, pairs, k = 20",
         over(NET, "item mean", 20).mean, -0.009, 0.007)  # fmt: skip

# %% tags=["claims"]
mr.check("item mean minus hierarchical Bayes, pairs, k = 0", over("item mean", HB, 0), low=0)
mr.check("the same where purchases are drawn by lot, mean", puzzle.mean, -0.008, 0.004)
mr.check("hierarchical Bayes minus item mean, true stars, k = 0", better(HB, "item mean", 0), low=0)
for k in (0, 5, 20):
    mr.check(f"content Bayes minus popularity, pairs, k = {k}", over(CB, "popularity", k), low=0)
for k in (5, 20):
    mr.check(f"content Bayes minus first program, pairs, k = {k}", over(CB, NET, k), low=0)
for k in (0, 5, 20):
    for other in ("popularity", NET):
        mr.check(f"content Bayes minus {other}, true stars, k = {k}", better(CB, other, k), low=0)
mr.check("informed minus content Bayes, true stars, k = 0", better(IB, CB, 0), high=0)
mr.check("informed minus content Bayes, true stars, k = 20", better(IB, CB, 20), low=0)
mr.check("believed and true taste, least correlation, k = 20", agreement.loc[20].min(), 0.65, 0.9)
mr.check("learned and true correlations of tastes, largest gap", off_prior, high=0.12)
mr.check("learned spread of tastes as a share of the true one, mean", shrunk.mean(), 0.66, 0.76)
mr.check("texts or none, new products, pairs, k = 20", text_gain, low=0)
mr.check("natures of reason and recommendation, cosine above others", reasons, low=0)
mr.check("80 % interval, five ratings known", inside, 0.76, 0.84)
mr.check("the two processes differ by", same, high=1e-9, show=False)

# %% [markdown]
# ## Take-aways
#
# 1. A zero in a purchase record is no rating. Say what it means before you compute with it, or ask for stars.
# 2. Loud faults are cheap. The silent ones, a broadcast comparison, a threshold on the wrong scale, a leak, print good numbers; only a sentence that should be true finds them.
# 3. Ask of every measure what it gives to a program that does nothing, and of every split whether anybody is on both sides.
# 4. A recommender learns to learn when its examples are people, with a support and a query. A name does not do it, and the mending of faults does not either.
# 5. What predicts who bought best is not what recommends best. Where truth is known, the learned prior wins before the first star.

# %% [markdown]
# ## Exercises
#
# ```{exercise} A second customer
# :label: ex-14-row
# :class: grade-1
#
# *Easy.* Another customer bought only the football and the gym bag of the ten products, and no stars are known. Compute $\mathbf p_u$ when a 0 says nothing. Which product that was not bought comes first?
# ```
#
# ````{solution} ex-14-row
# :class: dropdown
#
# The rows are $(1, 0)$ and $(1, 0.5)$, so $\mathbf C_u^\top \mathbf C_u + \mathbf I = \bigl(\begin{smallmatrix} 3 & 0.5 \\ 0.5 & 1.25 \end{smallmatrix}\bigr)$ with determinant $\tfrac72$, and
# $\mathbf C_u^\top \mathbf y = (2, \tfrac12)$. Then $\mathbf p_u = \tfrac27 (1.25 \cdot 2 - 0.5 \cdot 0.5, \; 3 \cdot 0.5 - 0.5 \cdot 2) = (\tfrac9{14}, \tfrac2{14})$. The yoga mat $(1, 1)$ comes first with $\tfrac{11}{14}$, then the running shoes with $\tfrac{9}{14}$.
# ````
#
# ```{exercise} A check for your own program
# :label: ex-14-shuffle
# :class: grade-2
#
# *Medium.* Write a check that would have found the leak of step 8 without anybody suspecting it: a sentence about what a program must give when there is nothing to be learned.
# ```
#
# ````{solution} ex-14-shuffle
# :class: dropdown
#
# Shuffle the stars, so that nothing can be known, and run everything again, columns included. A program without leaks gives what always-yes gives.
#
# ```python
# mixed = data.assign(rating=np.random.default_rng(1).permutation(data["rating"]))
# again = columns.assign(
#     customer=mixed.groupby("user")["rating"].transform("mean"),
#     product=mixed.groupby("item")["rating"].transform("mean"),
#     department=mixed.groupby(["user", "department"])["rating"].transform("mean"),
# )
# again = torch.tensor(((again - again.mean()) / again.std()).to_numpy("float32"))
# y = torch.tensor((mixed["rating"] >= 4).to_numpy("float32"))[:, None]
# blind = fresh(12)
# fit(blind, again, train, epochs=3)
# right = (answer(blind, again, test) > 0) == (y[test, 0].numpy() == 1)
# attempt("shuffled stars cannot be foretold", lambda: right.mean() < 0.6, f"{right.mean():.0%} right")
# ```
#
# It fails: a mean that contains the answer knows it, even where stars are drawn by lot.
# ````
#
# ```{exercise} Texts for the first program
# :label: ex-14-texts
# :class: grade-2
#
# *Medium.* Give `SupportColumns` one column more: the sum of the stars above the mean of the shown products, each times the product of its text vector with that of the asked one. Does it help?
# ```
#
# ````{solution} ex-14-texts
# :class: dropdown
#
# ```python
# class WithTexts(SupportNetwork):
#     def inputs(self, e):
#         support, query = self.rows(e)
#         above = (e.support_ratings - self.mean_[support]) * e.support_mask
#         near = np.einsum("uk,ukd,uqd->uq", above, read[support], read[query]) / 16
#         near /= np.sqrt(e.support_mask.sum(1) + 1)[:, None]
#         return torch.cat([super().inputs(e), torch.tensor(near)[..., None].float()], -1)
# ```
#
# `MetaLearningModel` needs one input more. It helps by a few thousandths in pairs. The column is the popular formula of chapter 13: all directions of a text count the same in it, whether people differ in them or not.
# ````
#
# ```{exercise} Why are the learned tastes too small?
# :label: ex-14-spread
# :class: grade-3
#
# *Hard.* The learned spreads of tastes are smaller than the true ones, and so is the noise. Find out why. `tools/data/make_shop.py` can make the same customers without rounding and clipping.
# ```
#
# ````{solution} ex-14-spread
# :class: dropdown
#
# Stars end at five, and many of these customers, who buy what they like, are there. What somebody thinks beyond is not written down, so that differences between
# people and the noise are squeezed alike. Draw stars without an end for the same purchases and learn again:
#
# ```python
# users, items = (ratings.table[c].to_numpy() for c in ("user", "item"))
# exact = truth.expected(ratings.users.index)[users - 1, items - 1]
# exact += np.random.default_rng(1).normal(0, np.sqrt(world.noise), len(exact))
# endless = mr.data.Ratings.from_table(
#     ratings.table.assign(rating=exact), ratings.items, scale=(-50, 50))
# m = models.HierarchicalBayes(4).fit(endless)
# words, *_ = np.linalg.lstsq(design, m.item_mean_[:-1, 1:], rcond=None)
# J = words[1:].T
# print(np.sqrt(np.diag(J.T @ m.user_covariance_[1:, 1:] @ J)), m.noise_)
# ```
#
# The spreads and the noise come back to within a tenth. A model of stars that knows of the ends, an ordinal one, would do it from the clipped stars.
# ````

# %% [markdown]
# ## Quiz
#
# **1. An accuracy is computed by `(predicted == y).float().mean()`, with `predicted` of shape $[n, 1]$ and `y` of shape $[n]$. What happens?**
#
# :::{dropdown} A. PyTorch raises an error.
# No. Comparisons broadcast: shapes that can be stretched are stretched, without a word.
# :::
# :::{dropdown} B. It is the mean of a table of $n \times n$ comparisons, most of them between different rows.
# Right. Print the shape before you take a mean.
# :::
# :::{dropdown} C. It is right, but slow.
# No. Only the diagonal of the table compares what belongs together.
# :::
#
# **2. A test holds only products that customers bought and liked. A program finds all of them. What is known?**
#
# :::{dropdown} A. That it never misses what people like.
# Perhaps, but a program that says yes to everything does not either.
# :::
# :::{dropdown} B. That it overfits.
# No. Nothing here speaks of training and test.
# :::
# :::{dropdown} C. Nothing: the measure cannot fail.
# Right. A test without noes cannot tell a good program from a constant.
# :::
#
# **3. Before any rating the item mean orders the pairs of purchases better than hierarchical Bayes, and its list of ten is worse. How can that be?**
#
# :::{dropdown} A. The test is too small.
# No. Both differences are clear of zero.
# :::
# :::{dropdown} B. The mean of a product comes from those who chose it, and the pairs ask the same kind of people; a list asks everybody about everything.
# Right. Two questions, two answers.
# :::
# :::{dropdown} C. Hierarchical Bayes has learned a wrong prior.
# No. Compare the learned prior with the true one: the directions are right, and the list proves it.
# :::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`hu2008implicit`: what zeros may mean, and how to let them count a little.
# - {cite:t}`kapoor2023leakage`: leaks in many sciences, by kind.
# - {cite:t}`ji2023leakage`: leaks in the evaluation of recommenders.
# - {cite:t}`breck2017test`: tests for programs that learn, as a list to go through.
# - {cite:t}`marlin2009nonrandom`: stars are not a random sample of opinions.

# %% [markdown]
# ## What comes next
#
# One shop, one evening. The next chapter puts all methods of the book side by side, and asks which promises of large-model meta-learning hold.
