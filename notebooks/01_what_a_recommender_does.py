# %% [markdown]
# # What a recommender does, and where it fails
#
# Somebody rates five films, and a program says what to watch tonight. This chapter looks over the
# shoulder of such a program, and then measures the three places where it breaks.

# %% [markdown] tags=["opening"]
# :::{admonition} The question
# :class: opening
# Why do recommenders fail newcomers, rare items and whole groups of people?
#
# You will be able to
# : read an interaction matrix, and say what its blanks mean and what they do not;
#   measure cold start, sparsity and bias on real data, with honest intervals;
#   separate what such data show from what they cannot show.
#
# Before you start
# : Nothing but a little Python. Every other chapter builds on this one.
#
# Time
# : 40 minutes to read, less than 30 seconds to run.
# :::

# %%
import dataclasses

import numpy as np
import pandas as pd
import scipy.sparse

import metarec as mr
from metarec.data.titles import label
from metarec.evaluation import Interval, bootstrap, experiment, paired

# %% tags=["parameters"]
full = False  # True: 20 repetitions of each random experiment, not 3

# %% tags=["remove-cell"]
repeats = 20 if full else 3

# %% [markdown]
# ## One person, five films
#
# The people in this book are those of **MovieLens-100K**: visitors of a research web site at the
# University of Minnesota who, in 1997 and 1998, gave films one to five stars
# {cite}`harper2015movielens`. The data carry no names, only a number for each person, with age,
# sex and occupation as they were given.

# %%
ratings = mr.data.movielens_100k()
ratings.table.head(3)

# %% [markdown]
# Each row is one rating: who, which film, how many stars, and the second at which it was given.
#
# We keep some people aside as *newcomers*, our {term}`test set`: the program never sees their
# ratings while it learns. Then we let it see a few, and look at what it says about the rest. Here
# is one of them, with the first five ratings that we reveal.

# %%
split = mr.data.newcomers(ratings)
episodes = split.test.episodes(draw=0)  # ratings to show, films to ask about
person = 38
hers = episodes.take(episodes.users == person)
shown = hers.first(5)


def titles(positions):
    """Titles and years of films, given their positions in the catalogue."""
    return [label(ratings, item) for item in ratings.items.index[positions]]


stars = shown.support_ratings[0].astype(int)
pd.DataFrame({"her stars": stars}, index=titles(shown.support_items[0]))

# %% [markdown]
# From the ratings of the other people the program has learned what is generally liked, and how
# tastes hang together. It is called hierarchical Bayes, and chapter 10 takes it apart. For now it
# is a box: ratings of other people go in, then a few ratings of one newcomer, and out come
# predicted stars for every film.

# %%
model = mr.models.HierarchicalBayes().fit(split.train)


def shortlist(k, n=6):
    """Her n best films after k ratings: what is predicted, what she gave."""
    guess = model.predict(hers.first(k))[0]
    best = np.argsort(np.where(hers.query_mask[0], -guess, np.inf))[:n]
    films = pd.DataFrame({"film": titles(hers.query_items[0, best])})
    films["predicted"] = guess[best]
    films["stars"] = hers.query_ratings[0, best]
    return films


before, after = shortlist(k=0), shortlist(k=5)

# %% mystnb={"image": {"alt": "Two lists of six films with predicted stars as open circles and her own stars as filled dots. Before any rating the program predicts about four stars for famous films such as The Godfather, and most of her dots lie far to the left. After five ratings it predicts between four and a half and five for popular entertainment, and her dots lie close to the circles."}, "figure": {"caption": "The six films that the program puts first for one newcomer, before it knows anything about her and after five of her ratings. It has not seen the filled dots."}} tags=["hide-input"]
fig, ax = mr.plots.figure("Five ratings turn the list round", "stars", "", height=4.6)
color = mr.plots.PALETTE
ink = color["ink"]
for top, listed, heading in ((13.4, before, "before any rating"), (6, after, "after five ratings")):
    y = top - 1 - np.arange(len(listed))
    ax.hlines(y, listed["predicted"], listed["stars"], color=color["grey"], lw=1)
    ax.plot(listed["predicted"], y, "o", mfc="white", mec=color["blue"], mew=1.6, ms=7)
    ax.plot(listed["stars"], y, "o", color=color["vermillion"], ms=7)
    ax.text(0.9, top, heading, fontweight="bold", va="center", ha="right", color=ink)
    for film, height in zip(listed["film"], y, strict=True):
        ax.text(0.9, height, film, va="center", ha="right", fontsize=9, color=ink)
red = mr.plots.readable(color["vermillion"])
ax.text(before["stars"][0], 13.1, "what she gave", ha="center", color=red)
ax.text(before["predicted"][0], 13.1, "predicted", ha="center", color=color["blue"])
ax.set(yticks=[], xlim=(0.85, 5.2), xticks=range(1, 6), ylim=(-0.7, 14))
ax.grid(False)
ax.grid(True, axis="x")

# %% tags=["say", "remove-input"]
her = ratings.users.loc[person]
mr.say(f"""
Person {person} is a woman of {her["age"]}. Before she says anything, the program can only repeat
what the crowd likes: it puts {before["film"][0]} first, which she gave {before["stars"][0]:.0f}
stars, and the six films of that list got {before["stars"].mean():.1f} stars from her on average.
After five ratings the list has changed: its six films got {after["stars"].mean():.1f}. Nobody
told the program what kind of films these are. It only saw that people who like what she likes
also like those.
""")

# %% [markdown]
# That is what a *recommender* does: it fills in what a person has not said yet, and shows the
# best of it. We chose this person because the crowd's taste is not hers, so that five ratings
# make a visible difference. She is not typical. How much do five ratings help *everybody*? The
# rest of the chapter replaces the anecdote by measurements, and they will be more sober.

# %% [markdown]
# ## People, items, and a table full of holes
#
# Put all people in rows and all films in columns. Where person $u$ has rated item $i$, write the
# stars $r_{ui}$; leave the other cells blank. This table is the {term}`interaction matrix`
# $\mathbf R$, and nearly everything in this book is a way to say something sensible about its
# blank cells. The figure shows a corner: twelve people, the seven films with the most ratings,
# and seven films drawn at random.

# %%
rng = np.random.default_rng(1)
matrix = ratings.matrix().toarray()  # [people, films], 0 where blank
counts = ratings.item_counts()  # ratings of each film
famous = np.argsort(-counts, kind="stable")[:7]
rest = np.setdiff1d(np.arange(ratings.n_items), famous)
films = np.concatenate([famous, rng.choice(rest, 7, replace=False)])
her_row = ratings.users.index.get_loc(person)
rest = np.delete(np.arange(ratings.n_users), her_row)
rows = np.append(np.sort(rng.choice(rest, 11, replace=False)), her_row)
corner = matrix[np.ix_(rows, films)]

# %% mystnb={"image": {"alt": "A grid of twelve people and fourteen films. In the seven columns of well-known films about half of the cells hold a number of stars. In the seven columns of films drawn at random almost all cells are blank."}, "figure": {"caption": "A corner of the interaction matrix. Each row is a person, each column a film, each number a rating in stars; the last row is the person of the first section."}} tags=["hide-input"]
fig, ax = mr.plots.figure("Well-known films fill up; most films stay blank", "", "", height=5.6)
ax.set_facecolor("#F1F3F6")
ax.pcolormesh(np.ma.masked_equal(corner, 0), cmap="Blues", vmin=-0.5, vmax=6)
ax.hlines(range(13), 0, 14, color="white", lw=2.5)
ax.vlines(range(15), 0, 12, color="white", lw=2.5)
for (row, column), value in np.ndenumerate(corner):
    tint = "white" if value > 3 else ink
    text = f"{value:.0f}" if value else ""
    ax.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=tint, fontsize=9)
ax.axvline(7, color=color["ink"], lw=1)
ax.text(3.5, -0.4, "most ratings of all", ha="center", fontweight="bold", color=ink)
ax.text(10.5, -0.4, "drawn at random", ha="center", fontweight="bold", color=ink)
short = [name if len(name) < 30 else name[:27] + "…" for name in titles(films)]
ax.set_xticks(np.arange(14) + 0.5, short, rotation=50, ha="right", rotation_mode="anchor")
ax.tick_params(axis="x", labelsize=8.5)
ax.set_yticks(np.arange(12) + 0.5, [f"person {ratings.users.index[row]}" for row in rows])
ax.set(xlim=(0, 14), ylim=(12, -0.9))
ax.grid(False)

# %% [markdown]
# A blank does not mean that the person dislikes the film. It means that we do not know: never
# seen, never heard of, seen and forgotten, not listed on the day. Keep this in mind; the third
# problem grows out of it.
#
# Now the same table from far away, all of it.

# %% mystnb={"image": {"alt": "The whole matrix as a rectangle with a blue dot for each known rating, people sorted by activity and films by number of ratings. The upper left corner is dense, and towards the lower right the rectangle becomes almost white."}, "figure": {"caption": "All known ratings of MovieLens-100K. A blue dot is a rating; people with many ratings are at the top, films with many ratings at the left."}} tags=["hide-input"]
fig, ax = mr.plots.figure(
    "A dense corner, and blanks nearly everywhere else",
    "films, most rated first", "people, most active first", height=4.6)  # fmt: skip
known = matrix > 0
by_activity = np.argsort(-known.sum(1), kind="stable")
by_popularity = np.argsort(-counts, kind="stable")
sorted_known = known[np.ix_(by_activity, by_popularity)]
shade = np.where(sorted_known[..., None], [0, 0.36, 0.62], [1, 1, 1])
edges = (0, ratings.n_items, ratings.n_users, 0)
ax.imshow(shade, aspect="auto", interpolation="antialiased", extent=edges)
ax.set(xticks=[0, 500, 1000, 1500], yticks=[0, 300, 600, 900])
ax.spines[:].set_visible(True)
ax.grid(False)

# %% tags=["say", "remove-input"]
busiest, best_known = by_activity[:100], by_popularity[:100]
top = mr.percent(known[np.ix_(busiest, best_known)].mean())
visit = ratings.table.groupby("user")["timestamp"].agg(lambda t: (t.max() - t.min()) / 60)
mr.say(f"""
The matrix has {ratings.n_users} rows and {ratings.n_items:,} columns, but only {len(ratings):,}
ratings. Its **density**, the share of cells that hold a rating, is {mr.percent(ratings.density, 1)}.
The hundred most active people have rated {top} of the hundred best-known films; the lower right
of the picture is empty.

Something else is easy to overlook: this is no diary of viewing. Half of the people gave *all*
their ratings within {visit.median():.0f} minutes. These people, at least, rated from memory in
one sitting.
""")

# %% [markdown]
# ### What counts as an error
#
# A recommender can be asked two questions. *How many stars will this person give?* is **rating
# prediction**. *Which films come first?* is **ranking**. This chapter asks mostly the first,
# because its errors are easy to read; chapter 02 shows how differently the second can turn out.
#
# Let $\hat r_{ui}$ be the predicted stars. For a person $u$ who is asked about the films in a set
# $\mathcal Q_u$ (the {term}`query`), the root mean squared error is
#
# $$
# \mathrm{RMSE}_u
# = \sqrt{\frac{1}{|\mathcal Q_u|} \sum_{i \in \mathcal Q_u} (\hat r_{ui} - r_{ui})^2 } .
# $$ (eq-01-rmse)
#
# It is in stars, and large errors count more than proportionally. In three lines, and as the
# book's function gives it:

# %%
predicted = np.clip(model.predict(hers.first(0)), *ratings.scale)
error = (predicted - hers.query_ratings)[hers.query_mask]  # without padding
by_hand = np.sqrt((error**2).mean())
library = mr.evaluation.rmse(predicted, hers.query_ratings, hers.query_mask)
assert np.isclose(by_hand, library[0])

# %% tags=["say", "remove-input"]
mr.say(f"""
For person {person}, of whom nothing is known yet, it is {by_hand:.2f} stars: a prediction of four
may well mean two. That is exceptionally bad, as we will see.
""")

# %% [markdown]
# ## How we got here
#
# Two ideas carry the field.
#
# **{term}`Content filtering <content-based filtering>`** looks at what an item *is*: its words,
# genre, makers. If you liked two westerns, here is a third. It grew out of information retrieval
# {cite}`adomavicius2005next`, and it can judge an item that nobody has touched.
#
# **{term}`Collaborative filtering`** looks at what other people *did*. The words were coined for
# Tapestry, a mail system at Xerox PARC in which people could annotate what they read, so that
# others could filter by those notes {cite}`goldberg1992tapestry`. Two years later GroupLens made
# it automatic, for Usenet news: servers predict a score from the rule that people who agreed in
# the past will probably agree again {cite}`resnick1994grouplens`. Ringo did the same for music
# {cite}`shardanand1995ringo`. Since people may never collaborate knowingly, and since a system
# should also point to good things instead of only removing bad ones, Resnick and Varian proposed
# the wider name *recommender systems* {cite}`resnick1997recommender`.
#
# | when | what changed | sources |
# |---|---|---|
# | 1992–1997 | people's opinions become a filter, first by hand, then by an algorithm | {cite:t}`goldberg1992tapestry`, {cite:t}`resnick1994grouplens` |
# | 2001 | items are compared instead of people, which scales to shops | {cite:t}`sarwar2001item` |
# | 2006–2009 | Netflix offers a million dollars for a ten per cent smaller RMSE; the prize is awarded in 2009 | {cite:t}`bennett2007netflix`, {cite:t}`amatriain2015industry` |
# | 2009 | a short vector for each person and each film, learned from the known cells, becomes the standard | {cite:t}`koren2009matrix` |
# | 2016–2019 | deep networks choose among millions of videos; attention reads histories as sentences | {cite:t}`covington2016youtube`, {cite:t}`kang2018sasrec`, {cite:t}`sun2019bert4rec` |
# | 2017–2020 | meta-learning treats each newcomer as a small task of their own | {cite:t}`vartak2017meta`, {cite:t}`lee2019melu` |
# | 2022 | recommendation is written as a language task for pretrained models | {cite:t}`geng2022p5` |
#
# The history has a second thread. In 2019, eighteen recent neural methods were rebuilt with care:
# only seven could be reproduced with reasonable effort, and six of these were often beaten by
# simple methods {cite}`ferraridacrema2019progress`. New is not the same as better. That is why
# each table of this book holds a random guess and a simple average, and why this chapter measures
# the old problems before any new method is praised.

# %% [markdown]
# ## Problem one: cold start
#
# {term}`Cold start` is the state in which we know too little: a person without a history, or an
# item that nobody has touched {cite}`schein2002methods`. We measure both.
#
# ### New people
#
# Take all newcomers of the test, show the program $k$ of their ratings, drawn at random (their
# {term}`support`), and ask it about all their films beyond the first twenty. The query is the
# same for each $k$, and five draws are averaged. Beside hierarchical Bayes stand two simpler
# rivals. The **item mean** predicts the average stars of each film, to everybody alike. The
# **item + user bias** adds one number for each person: how generous this person's ratings are.
#
# A number with brackets, here and everywhere, is a mean with its 95 % interval ({term}`confidence
# interval`): how far it might move with other people of the same kind. {doc}`Chapter 02
# <02_how_to_know_that_it_works>` makes these intervals.

# %%
methods = {
    "item + user bias": mr.models.Bias(),
    "hierarchical Bayes": mr.models.HierarchicalBayes(),
}
newcomers = mr.evaluation.newcomers(methods, ratings)  # adds the item mean itself

# %% mystnb={"image": {"alt": "Error against the number of known ratings. The item mean is a flat grey line. Item plus user bias and hierarchical Bayes start at the same height and fall as ratings become known, hierarchical Bayes further; their intervals overlap because people differ a lot."}, "figure": {"caption": "Error on newcomers against the number k of ratings that are shown. Bars are 95 % intervals over people; the differences between lines are much more certain than the bars suggest, because each line meets the same people."}} tags=["hide-input"]
fig = mr.plots.k_curve(
    newcomers.summary(), "rmse", methods=["item mean", *methods],
    title="The first ratings teach mostly how generous you are")  # fmt: skip

# %% tags=["say", "remove-input"]
bayes, bias = "hierarchical Bayes", "item + user bias"
rmse = {k: newcomers.mean(bayes, "rmse", k).mean for k in (0, 5, 20)}
order = {k: mr.percent(newcomers.mean(bayes, "pairwise", k).mean, 1) for k in (0, 5, 20)}
tie = newcomers.difference(bayes, "item mean", "rmse", 0)
fall = newcomers.values(bayes, "rmse", 0) - newcomers.values(bayes, "rmse", 20)
generous = newcomers.values(bias, "rmse", 0) - newcomers.values(bias, "rmse", 20)
errors = newcomers.values(bayes, "rmse", 20)
guess = newcomers.mean("chance", "rmse", 0).mean
rank = ["largest", "second largest", "third largest"][(errors > errors[person]).sum()]
extreme = mr.percent((ratings.table.query("user == @person")["rating"].isin([1, 5])).mean())
mr.say(f"""
A random guess errs by {guess:.2f} stars. The program, before it knows a rating of theirs, errs by
{rmse[0]:.2f}, as much as the item mean does (difference {tie:.3f}): without a history there
is nothing personal about a personalised recommender. Five ratings bring {rmse[5]:.2f}, twenty
bring {rmse[20]:.2f}. The fall from none to twenty is {bootstrap(fall):.3f} stars, and
{mr.percent((fall > 0).mean())} of the people gain.

Where does the gain come from? One number a person, their generosity, brings
{mr.percent(generous.mean() / fall.mean())} of it (and more than half in other random splits that we
tried). That number moves all predictions of a person up or down together and cannot change their
*order*. So the order improves far less than the error does: of two films that a person rated
differently, the better one comes first in {order[0]} of the pairs when nothing is known, in
{order[5]} after five ratings and in {order[20]} after twenty.

And person {person}? After twenty ratings her error is still {errors[person]:.2f}, the {rank} of
all {len(errors)}. Her list became good, but her stars remain hard to foretell: {extreme} of her
ratings are a five or a one.
""")

# %% [markdown]
# :::{note}
# These newcomers are a simulation in one respect. MovieLens-100K holds only people with at least
# twenty ratings {cite}`harper2015movielens`. A person who came, rated two films and left is not
# in it. We *hide* ratings of people who stayed; those who leave early may differ.
# :::

# %% [markdown]
# ### Rare items, as the data have them
#
# Now the columns. Cut the ratings into five parts at random, train on four, predict the fifth,
# and do so for each part in turn. Every rating gets predicted once, and we note how many training
# ratings its film had.


# %%
def judged(train, test):
    """One row a held-out rating: whose, of what, how well known, predicted."""
    mask, asked = test.query_mask, test.query_mask.sum(1)
    items, known = test.query_items[mask], test.support_mask.sum(1)
    table = pd.DataFrame({"user": test.users.repeat(asked), "item": items})
    table["known"] = known.repeat(asked)  # ratings of the person in training
    table["n"] = train.item_counts()[items]  # ratings of the film in training
    table["stars"] = test.query_ratings[mask]
    entrants = {"item mean": mr.models.ItemMean()} | methods
    for name, method in entrants.items():
        guess = method.fit(train).predict(test.blind())
        table[name] = np.clip(guess, *train.scale)[mask]
    return table


# %%
folds = pd.concat([judged(*fold) for fold in mr.data.rating_folds(ratings)])
edges = [-1, 0, 2, 5, 10, 20, 50, 100, 1000]
labels = ["none", "1–2", "3–5", "6–10", "11–20", "21–50", "51–100", ">100"]
folds["group"] = pd.cut(folds["n"], edges, labels=labels)


# %% [markdown]
# Each film counts once in its group, and the interval is a {term}`bootstrap` over films.


# %%
def squared_error(rows, method, by):
    """Mean squared error of each film, or person, or whatever `by` names."""
    return ((rows[method] - rows["stars"]) ** 2).groupby(rows[by]).mean()


def error_by(rows, column):
    """RMSE of each method for each value of a column; a film counts once."""
    lines = []
    for value, part in rows.groupby(column, observed=True):
        for name in SHOWN:
            i = bootstrap(squared_error(part, name, "item"))
            lines.append((value, name, *np.sqrt([i.mean, i.low, i.high])))
    columns = [column, "method", "mean", "low", "high"]
    return pd.DataFrame(lines, columns=columns)


SHOWN = ["item mean", *methods]
observed = error_by(folds, "group")


# %% tags=["hide-input"]
def draw(table, x, title, xlabel, ylabel="RMSE in stars (lower is better)"):
    """One line a method against the categories of column x, with intervals and direct labels."""
    _, ax = mr.plots.figure(title, xlabel, ylabel)
    ends, place = {}, {value: i for i, value in enumerate(table[x].unique())}
    looks = {"item mean": ("grey", "--"), "global mean": ("grey", ":")}
    looks |= {"item + user bias": ("orange", "-"), "hierarchical Bayes": ("blue", "-")}
    for shift, (method, line) in enumerate(table.groupby("method", sort=False)):
        name, dash = looks[method]
        at = line[x].map(place).astype(float) + 0.06 * (shift - 1)
        ax.plot(at, line["mean"], dash, marker="o", color=color[name], lw=2 if dash == "-" else 1.5)
        ax.vlines(at, line["low"], line["high"], color=color[name], lw=1.2, alpha=0.6)
        ends[method] = (line["mean"].iloc[-1], color[name])
    ax.set_xticks(range(len(place)), [str(value) for value in place])
    ax.set_xlim(-0.4, len(place) - 0.75)
    mr.plots.label_ends(ax, ends)
    return ax


# %% mystnb={"image": {"alt": "Error against the number of training ratings of a film. The item mean starts very high for films with no rating and falls steeply. Item plus user bias and hierarchical Bayes start a little above one star and fall slowly, hierarchical Bayes always lowest."}, "figure": {"caption": "Error on films with few and many training ratings. Every film counts once in its group; bars are 95 % intervals over films."}} tags=["hide-input"]
ax = draw(
    observed, "group", "Rare films are predicted worse, it seems",
    "training ratings of the film")  # fmt: skip

# %% [markdown]
# Case closed? Look at *which* films and *which* people stand behind each group.

# %%
group = folds.groupby("group", observed=True)
table = pd.DataFrame({"films": group["item"].nunique()})
table["ratings"] = group.size()
table["mean stars"] = group["stars"].mean().round(2)
table["known of the rater"] = group["known"].median().astype(int)  # ratings
table.rename_axis(columns="training ratings", index=None)

# %% [markdown]
# Films with few ratings are other films: they get far fewer stars, and those who rate them are
# the most diligent people, of whom much is known. The item mean knows nothing of this. For a film
# without a rating it predicts the mean over all ratings, which is the mean of *well-known* films,
# and is wrong by well over a star. So the curve mixes three things: few ratings, worse films,
# busier raters. The data as they are cannot separate them. An experiment can.
#
# ### Rare items, made rare on purpose
#
# Draw sixty of the films that have a hundred ratings or more, and hide their training ratings
# until $n$ are left. Nothing else changes: the same films, the same people, the same questions.
# The query is what the newcomers, of whom twenty ratings of other films are known, gave to these
# sixty films.


# %%
popular = ratings.items.index[counts >= 100]


def made_rare(n, seed):
    """Predictions on 60 popular films with only n training ratings each."""
    rng = np.random.default_rng([20260101, seed])
    drawn = rng.choice(popular, 60, replace=False)
    table = split.train.table.assign(lot=rng.random(len(split.train)))
    rank = table.groupby("item")["lot"].rank()
    train = split.train.keep(~table["item"].isin(drawn) | (rank <= n))
    test = split.test.episodes(draw=seed)
    is_drawn = np.isin(test.items, drawn)
    test = dataclasses.replace(
        test,
        query_mask=test.query_mask & is_drawn[test.query_items],
        support_mask=test.support_mask & ~is_drawn[test.support_items],
    )
    return judged(train, test).assign(left=n, seed=seed)


# %%
LEFT = (0, 1, 2, 5, 10, 20, 50)
drawings = [made_rare(n, seed) for seed in range(repeats) for n in LEFT]
rare = pd.concat(drawings)
rare["item"] += 10_000 * rare["seed"]  # keeps films of two drawings apart
forced = error_by(rare, "left")

# %% mystnb={"image": {"alt": "Error against the number of training ratings left of popular films. Hierarchical Bayes starts highest, above the two simpler methods, crosses them between two and five ratings and ends lowest. Item plus user bias starts in the middle. The item mean changes least."}, "figure": {"caption": "The same sixty popular films, with all but n of their training ratings hidden; three drawings. Bars are 95 % intervals over films."}} tags=["hide-input"]
ax = draw(
    forced, "left", "For an unrated good film, the cleverest model is the worst",
    "training ratings left of the film")  # fmt: skip

# %%
both = ["stars", "hierarchical Bayes"]
unrated = rare.query("left == 0").groupby("item")[both].mean()  # a row a film
never = folds.query("group == 'none'").groupby("item")[both].mean()
too_low = paired(unrated["hierarchical Bayes"], unrated["stars"])

# %% tags=["say", "remove-input"]
seen, made = (t.set_index([t.columns[0], "method"])["mean"] for t in (observed, forced))
hoped, got = never.mean()[[bayes, "stars"]]
hoped_new, got_new = unrated.mean()[[bayes, "stars"]]
mr.say(f"""
Now only one thing was changed, and the two pictures disagree.

*On the size.* For the item mean, the data as they are suggest that having no ratings costs
{seen["none", "item mean"] - seen[">100", "item mean"]:.2f} stars. In the experiment it costs
{made[0, "item mean"] - made[50, "item mean"]:.2f}. Most of the first number came from comparing
bad films with good ones.

*On the winner.* In the data, hierarchical Bayes is the best of the three on unrated films
({seen["none", bayes]:.2f} against {seen["none", bias]:.2f} for the bias model). In the experiment
it is the worst ({made[0, bayes]:.2f} against {made[0, bias]:.2f}), and takes the lead only when a
few ratings are known. The reason: it has learned that films with few ratings are mostly bad
films, so it is wary of a film without any. For the films that really went without ratings this is
sound advice: it expects {hoped:.1f} stars, and they get {got:.1f}. For good films that nobody has
rated *yet* it is a prejudice: it expects {hoped_new:.1f}, and they get {got_new:.1f}.

**A new item is not a bad item, but past data teach that it is.** Both pictures are true of their
films. Which one applies depends on why the ratings are missing, and the ratings do not tell.
""")

# %% [markdown]
# ## Problem two: sparsity
#
# {term}`Sparsity` is the same lack of data, seen from the whole table: nearly every cell is
# blank. How much worse would life be with even less? Keep a share of the training ratings, at
# random, learn again, and ask the same newcomers, of whom twenty ratings are known, about the
# same films. The global mean, which answers the same number to everything, joins as the lowest
# bar.


# %%
def thinned(share, seed):
    """Newcomers with k = 20, after learning from a share of the ratings."""
    rng = np.random.default_rng([20260101, seed])
    train = split.train.keep(rng.random(len(split.train)) < share)
    entrants = {"global mean": mr.models.GlobalMean()} | methods
    return experiment.few_shot(
        entrants, train, split.test, "thinned", ks=[20], draws=2
    )  # fmt: skip


SHARES = (0.05, 0.1, 0.2, 0.4, 1)
runs = {1: [thinned(1, seed=0)]}  # all ratings: nothing is drawn
for share in SHARES[:-1]:
    runs[share] = [thinned(share, seed) for seed in range(repeats)]


# %%
def errors_at(share, method):
    """One error a person, averaged over the drawings."""
    errors = [run.values(method, "rmse", 20) for run in runs[share]]
    return np.mean(errors, axis=0)


lines, taste = [], {}
for share in SHARES:
    for method in ["global mean", *SHOWN]:
        i = bootstrap(errors_at(share, method))
        lines.append((mr.percent(share), method, i.mean, i.low, i.high))
    taste[share] = paired(errors_at(share, bayes), errors_at(share, bias))
columns = ["share", "method", "mean", "low", "high"]
sparse = pd.DataFrame(lines, columns=columns)

# %% mystnb={"image": {"alt": "Error against the share of training ratings kept. The global mean is flat. The item mean falls slowly. Item plus user bias and hierarchical Bayes coincide up to a tenth of the data, then hierarchical Bayes falls faster and ends clearly lowest."}, "figure": {"caption": "Error on newcomers with twenty known ratings, after learning from a share of the training ratings. Bars are 95 % intervals over people."}} tags=["hide-input"]
ax = draw(
    sparse, "share", "With a tenth of the data, knowing tastes is worth nothing",
    "training ratings kept")  # fmt: skip

# %% tags=["say", "remove-input"]
left = sparse.query("method == @bayes").set_index("share")["mean"]
mr.say(f"""
Hierarchical Bayes errs by {left[mr.percent(1)]:.2f} stars with all the data, by
{left[mr.percent(0.2)]:.2f} with a fifth, and by {left[mr.percent(0.05)]:.2f} with a twentieth, where
the matrix has a density of only {mr.percent(0.05 * split.train.density, 1)}. It decays gracefully
and does not fall behind the simple methods. But look at what dies first. Its lead over the bias
model, which is all that it knows about *taste*, is {-taste[1].mean:.3f} stars with all the data
(difference {taste[1]:.3f}). With a fifth of the data the lead is {-taste[0.2].mean:.3f}, and
with a tenth nothing is left of it (difference {taste[0.1]:.3f}). Which films are good can be
learned from few ratings. Who likes what cannot.
""")

# %% [markdown]
# ## Problem three: bias
#
# {term}`Bias` is what is wrong with data even when there is plenty of them. More ratings of the
# same kind do not cure it. We look at three kinds: attention, selection, and people.
#
# ### A few films get the attention
#
# Most ratings go to a few films; the many others form the {term}`long tail`. Sort the films from
# the least rated to the most rated, and draw which share of all ratings the lower part holds
# together: the *Lorenz curve*. Equal films would give the diagonal. The {term}`Gini coefficient`
# condenses the curve to one number. Take two films at random and see by how much their counts $x$
# differ; on average this is $2G$ times the mean count:
#
# $$
# G = \frac{1}{n(n-1)} \sum_{i \ne j} \frac{|x_i - x_j|}{2\,\bar x} .
# $$ (eq-01-gini)

# %%
pairs = np.abs(counts[:, None] - counts[None, :])  # [films, films]
n = len(counts)
by_hand = pairs.sum() / (n * (n - 1)) / (2 * counts.mean())
assert np.isclose(by_hand, mr.evaluation.gini(counts))  # there it is faster

# %% [markdown]
# What do recommenders make of this? Let each of them name ten films to every person, out of all
# that the person has not rated. Count how often each film is named: its {term}`exposure`.
# *Popularity* names the films with the most ratings; *random* shows how uneven ten places a
# person are by chance alone.

# %%
train, test = mr.data.next_item(ratings)  # query: all unseen films
voters = {
    "popularity": mr.models.Popularity(),
    "item mean": mr.models.ItemMean(),
}
scores = {"random": np.random.default_rng(0).random(test.query_items.shape)}
for name, method in (voters | methods).items():
    scores[name] = method.fit(train).predict(test.blind())

exposure = {}
for name, score in scores.items():
    best = mr.evaluation.top_k(score, 10, mask=test.query_mask)
    films = mr.evaluation.take(test.query_items, best)  # [people, 10]
    exposure[name] = mr.evaluation.exposure_counts(films, ratings.n_items)

# %%
attention = pd.DataFrame({
    name: {
        "Gini": mr.evaluation.gini(x),
        "films ever shown": (x > 0).mean(),
        "people shown the top film": x.max() / ratings.n_users,
    }
    for name, x in exposure.items()
}).T  # fmt: skip
shares = attention.drop(columns="Gini").map(mr.percent)
attention[["Gini"]].round(2).join(shares)

# %% mystnb={"image": {"alt": "Lorenz curves. The curve of ratings hangs far below the diagonal. The curve of random lists is close to the diagonal. Hierarchical Bayes stays near zero until the last fifth of the films, popularity and item mean until the last twentieth."}, "figure": {"caption": "Lorenz curves: share of ratings, or of places in the lists, that go to the least favoured films together."}} tags=["hide-input"]
fig, ax = mr.plots.figure(
    "Recommenders give nearly all places to a few films",
    "films, least favoured first", "share of ratings, or of places in the lists",
    height=4.4)  # fmt: skip
ax.plot([0, 1], [0, 1], color=color["grey"], lw=0.8)
curves = {"random": ":", "ratings": "-", bayes: "-", "popularity": "-", "item mean": "--"}
tints = {"random": "grey", "ratings": "ink", bayes: "blue"}
tints |= {"popularity": "vermillion", "item mean": "grey"}
for name, dash in curves.items():
    x, y = mr.evaluation.lorenz(counts if name == "ratings" else exposure[name])
    ax.plot(x, y, dash, color=color[tints[name]])
ax.text(0.30, 0.34, "every film alike", color=color["grey"], rotation=31, ha="center")
ax.text(0.52, 0.29, "random lists", color=color["grey"], rotation=27)
ax.text(0.57, 0.155, "ratings", rotation=24, color=ink)
line = {"arrowstyle": "-", "color": color["blue"], "lw": 0.8}
ax.annotate(bayes, (0.9, 0.115), (0.60, 0.06), color=color["blue"], arrowprops=line)
ax.text(1.02, 0.22, "popularity", color=red, va="center")
ax.text(1.02, 0.12, "item mean", color=color["grey"], va="center")
ticks = [0, 0.25, 0.5, 0.75, 1]
ax.set(xlim=(0, 1), ylim=(0, 1))
for axis in (ax.xaxis, ax.yaxis):
    axis.set_ticks(ticks, [mr.percent(tick) for tick in ticks])

# %% tags=["say", "remove-input"]
share_items, share_ratings = mr.evaluation.lorenz(counts)
top_tenth = mr.percent(1 - share_ratings[np.searchsorted(share_items, 0.9)])
lower_half = mr.percent(share_ratings[np.searchsorted(share_items, 0.5)])
shown_by = attention["films ever shown"].map(mr.percent)
everybody = mr.percent(attention.loc["item mean", "people shown the top film"])
mr.say(f"""
In the ratings themselves *G* is {mr.evaluation.gini(counts):.2f}: a tenth of the films has
{top_tenth} of all ratings, the lower half has {lower_half}, and {(counts == 1).sum()} films were
rated once. Every recommender is more extreme than its data. Popularity shows
{shown_by["popularity"]} of the films and nothing else. The personal model shows
{shown_by[bayes]}, with *G* = {attention.loc[bayes, "Gini"]:.2f}: the least extreme of the four,
and still far from its data.

We did not expect the item mean to be worse than popularity. The reason is simple. What is
popular, many have already rated, so the list moves on to the next film. The films with the
highest means are less known; nearly everybody still lacks them, and one and the same film is
shown to {everybody} of all people.
""")

# %% [markdown]
# {term}`Popularity bias` feeds itself: what is shown is rated, what is rated is shown. Models and
# simulations find that each person may see more variety while all together see less
# {cite}`fleder2009blockbuster`. Our data are one snapshot and cannot show the loop; a later
# chapter (planned) simulates it.
#
# ### The blanks are not blank at random
#
# Every method so far treats the known ratings as if they had been drawn from the matrix by lot.
# In the language of statistics: the others are *missing at random*. If people rate what they
# like, or what they were shown, they are {term}`missing not at random`, and averages over known
# cells say little about unknown ones {cite}`rubin1976inference`.
#
# What can one data set tell about its own gaps? Three signs can be looked for. The third needs
# some care. If choosing carries information about liking, then a person should give *more stars
# to the genres that they chose more often than others do*, even after the quality of each film
# and the generosity of each person are taken away.

# %%
whose, which = ratings.positions()
surplus = ratings.table["rating"].to_numpy() - ratings.item_means(5)[which]
surplus -= (np.bincount(whose, surplus) / np.bincount(whose))[whose]
genres = ratings.items["genres"].str.get_dummies("|").to_numpy()  # 0 or 1
chosen = known @ genres  # [people, genres]: rated films of the genre
usual = chosen.sum(0) / len(ratings)  # the genre's share of all ratings
lift = chosen / known.sum(1, keepdims=True) / usual  # 1: the usual share


def genre_surplus(surplus):
    """Mean surplus [people, genres]; NaN for fewer than three films."""
    by_person = scipy.sparse.csr_array((surplus, (whose, which)), known.shape)
    means = by_person @ genres / np.maximum(chosen, 1)
    return np.where(chosen >= 3, means, np.nan)


def often_minus_seldom(surplus):
    """One number a person: genres with lift over 1.25 minus under 0.8."""
    table = pd.DataFrame(genre_surplus(surplus))
    often, seldom = table.where(lift >= 1.25), table.where(lift <= 0.8)
    return (often.mean(axis=1) - seldom.mean(axis=1)).to_numpy()


# %% [markdown]
# To see that the effect is no artefact of the counting, deal each person's surpluses out again at
# random among their own films. The choices stay, the ratings lose their place, and the effect
# must vanish.

# %%
def dealt_out(seed):
    """The surpluses, each person's shuffled among the person's own films."""
    lots = np.random.default_rng(seed).random(len(surplus))
    mixed = np.empty_like(surplus)
    in_order = np.argsort(whose, kind="stable")
    mixed[in_order] = surplus[np.lexsort((lots, whose))]
    return mixed


dealt = np.mean([dealt_out(seed) for seed in range(10)], axis=0)
effect = bootstrap(often_minus_seldom(surplus))
placebo = bootstrap(often_minus_seldom(dealt))

# %% mystnb={"image": {"alt": "Mean surplus in stars against how often a person chose a genre compared with the crowd, in five groups. It rises from clearly negative for genres chosen less than half as often as usual to positive for genres chosen more often. A grey line of shuffled ratings stays at zero."}, "figure": {"caption": "How many stars people give to a genre beyond film and person, against how often they chose it. Grey: the same after dealing each person's ratings out at random. Bars are 95 % intervals over people."}} tags=["hide-input"]
fig, ax = mr.plots.figure(
    "People rate a genre higher when they chose it more often",
    "how often the person chose the genre, compared with everybody",
    "stars beyond film and person", height=3.8)  # fmt: skip
ticks = ["less than half", "a bit less", "about as often", "a bit more", "more than twice"]
group = np.digitize(lift, [0.5, 0.8, 1.25, 2])
sources = [(dealt, "grey", "dealt out at random", (0.1, 0.015))]
sources += [(surplus, "blue", "as rated", (0.15, -0.17))]
for source, tint, name, place in sources:
    table = pd.DataFrame(genre_surplus(source))
    points = [bootstrap(table.where(group == g).mean(axis=1)) for g in range(5)]
    ax.plot([p.mean for p in points], "o-" if tint == "blue" else "o--", color=color[tint])
    low, high = [p.low for p in points], [p.high for p in points]
    ax.vlines(range(5), low, high, color=color[tint], lw=1.4, alpha=0.6)
    ax.text(*place, name, color=mr.plots.readable(color[tint]))
ax.axhline(0, color=color["grey"], lw=0.8)
ax.set_xlim(-0.4, 4.4)
_ = ax.xaxis.set_ticks(range(5), ticks)

# %%
means = ratings.item_means()
rich = bootstrap(means[counts >= 100])
poor = bootstrap(means[(counts >= 5) & (counts <= 20)])
timed = ratings.table.assign(fame=counts[which])
timed = timed.sort_values("timestamp", kind="stable")
first = timed.groupby("user").cumcount() < 10
early = timed[first].groupby("user")[["rating", "fame"]].mean()
late = timed[~first].groupby("user")[["rating", "fame"]].mean()
fame = paired(early["fame"], late["fame"])
mood = paired(early["rating"], late["rating"])

# %% tags=["say", "remove-input"]
rows = [
    ("sign", "measured", "what else could explain it"),
    ("---", "---", "---"),
    ("films with a hundred ratings or more have higher means than films with five to twenty",
     f"{rich:.2f} against {poor:.2f} stars",
     "good films become known; then choice depends on the film and not on the person"),
    ("a person's first ten ratings go to better-known films than the later ones",
     f"by {fame:.0f} ratings a film; the stars differ by {mood:.2f}",
     "the pages of the site may show famous films first: exposure, not taste"),
    ("a person gives more stars to genres that this person chose often than to others",
     f"by {effect:.2f} stars; dealt out at random {placebo:.2f}",
     "seeing much of a genre may make one like it; the gaps are not random either way"),
]  # fmt: skip
mr.say("\n".join(f"| {' | '.join(row)} |" for row in rows))

# %% [markdown]
# The third sign is the strong one: film and person are taken out, and the placebo is at zero.
# That is what one sees if people choose what they will like; then the blanks hold, on average,
# films that would be liked less.
#
# What the data can *not* tell is how much less. Suppose we assume nothing at all about the
# blanks. Then they could all be one star, or all five, and the mean of the whole matrix lies
# between the two results; this way of reasoning is called partial identification
# {cite}`manski2003partial`.

# %%
average = ratings.table["rating"].mean()
known_part, blank_part = ratings.density * average, 1 - ratings.density
all_low, all_high = (known_part + blank_part * end for end in ratings.scale)

# %% tags=["say", "remove-input"]
mr.say(f"""
The known ratings have a mean of {average:.2f} stars. The mean of *all* cells lies somewhere
between {all_low:.2f} and {all_high:.2f}. Everything narrower is an assumption.
""")

# %% [markdown]
# Only a random sample settles it: ask people about items that *we* draw. It has been done.
# Listeners of a Yahoo radio service rated songs picked at random; their ratings looked markedly
# different from those of songs that people had chosen themselves, and many listeners said that
# their opinion of a song affects whether they rate it {cite}`marlin2007missing`. Models that
# allow for this predicted the random songs better {cite}`marlin2009nonrandom`, and with known
# {term}`propensities <propensity>` the error can be corrected {cite}`schnabel2016treatments`. For
# films and people of 1998 no such sample exists. Every error in this book is therefore an error
# on films that people chose to rate. A later chapter (planned) returns to this in a simulated world, where the
# truth is known.
#
# ### Who is in the data
#
# One might expect a recommender to serve best those whom it has seen most. Whom has this one
# seen, and whom does it serve?

# %%
people = ratings.users.assign(
    error=squared_error(folds, bayes, "user") ** 0.5,
    simple=squared_error(folds, "item mean", "user") ** 0.5,
    spread=ratings.table.groupby("user")["rating"].std(),
)
brackets = {
    "under 18": (0, 17), "18–24": (18, 24), "25–34": (25, 34),
    "35–44": (35, 44), "45–54": (45, 54), "55 and over": (55, 120),
}  # fmt: skip
groups = {"women": people["sex"] == "F", "men": people["sex"] == "M"}
for name, ages in brackets.items():
    groups[name] = people["age"].between(*ages)
error_of = {}
for name, inside in groups.items():
    error_of[name] = bootstrap(people.loc[inside, "error"])

# %% mystnb={"image": {"alt": "Mean error with intervals for groups of people. Women lie clearly to the right of men, with intervals that do not touch. People under 18 lie furthest to the right with a wide interval; the other age groups lie close together."}, "figure": {"caption": "Error of hierarchical Bayes by sex and age of the person, five random folds, all people. Dots are means over people, bars 95 % intervals, numbers in brackets the size of the group."}} tags=["hide-input"]
fig, ax = mr.plots.figure(
    "Women and the youngest get larger errors here",
    "mean RMSE of the people in the group, in stars (lower is better)", "", height=3.7)  # fmt: skip
y = np.array([0, 1, 2.6, 3.6, 4.6, 5.6, 6.6, 7.6])
middle = people["error"].mean()
ax.axvline(middle, color=color["grey"], lw=0.9, ls=":")
ax.text(middle + 0.002, 1.8, "all people", color=color["grey"], va="center", fontsize=9)
for height, (name, i) in zip(y, error_of.items(), strict=True):
    tint = color["vermillion"] if name in ("women", "under 18") else color["blue"]
    ax.hlines(height, i.low, i.high, color=tint, lw=2, alpha=0.7)
    ax.plot(i.mean, height, "o", color=tint, ms=7)
ax.set_yticks(y, [f"{name} ({i.n})" for name, i in error_of.items()])
ax.invert_yaxis()
ax.grid(True, axis="x")
ax.grid(False, axis="y")


# %%
def gap(values, inside):
    """Mean inside a group minus outside, with its 95 % interval."""
    a, b = bootstrap(values[inside]), bootstrap(values[~inside])
    error = np.hypot(a.standard_error, b.standard_error)
    difference = a.mean - b.mean
    low, high = difference - 1.96 * error, difference + 1.96 * error
    return Interval(difference, low, high, error, n=len(values))


women = groups["women"]
plain = gap(people["error"], women)
simple = gap(people["simple"], women)
wider = gap(people["spread"], women)
relative = gap(people["error"] / people["spread"], women)

# %% tags=["say", "remove-input"]
young = gap(people["error"], groups["under 18"])
size = {name: mr.percent(inside.mean()) for name, inside in groups.items()}
mr.say(f"""
{size["women"]} of the people are women, {size["under 18"]} are {"under 18"},
{size["55 and over"]} are {"55 or older"}. The error is larger for women by {plain:.3f} stars
and for the youngest by {young:.2f}. Both intervals exclude zero.

That is a fact about this model on these people. It is not yet an explanation, and the obvious
one, "there are fewer women in the training data", is not proved by it. Two things speak for
caution. The item mean, which has no idea who is who, also errs more for women (by
{simple:.3f}). And the women here use the scale more widely: the standard deviation of a
woman's ratings is larger by {wider:.3f}, and wider ratings are harder to predict for
anybody. In units of that spread the gap is {relative:.3f}: smaller, but not gone. The last
exercise tries an experiment that tells more.
""")

# %% [markdown]
# Gaps of this kind have been found before, in MovieLens and elsewhere, with other models and
# measures; they sometimes, but not always, go with the size of the group
# {cite}`ekstrand2018cool`. And some questions the data do not even allow: they know two sexes and
# an age as people typed them in, and nothing of income, origin or language.

# %% [markdown]
# ## The way through the book
#
# The diagram shows the parts of a modern recommender, and where they are treated.

# %% [markdown]
# ```{mermaid}
# :alt: Pipeline of a recommender and the chapters that treat each part. Behaviour, treated in chapters 01 to 04, and content features, chapters 05 and 07, lead to the choice of an algorithm, chapters 02 to 09, then to meta-learning, chapters 10 to 14, and to recommendations, chapters 15 to 22. What people do with the recommendations comes back as behaviour.
# flowchart TD
#   A["Behaviour<br/>chapters 01 to 04"] --> C["Choice of algorithm<br/>chapters 02 to 09"]
#   B["Content features<br/>chapters 05 and 07"] --> C
#   C --> D["Meta-learning<br/>chapters 10 to 14"]
#   D --> E["Recommendations<br/>chapters 15 to 22"]
#   E -. "what is shown<br/>is what gets rated" .-> A
#   click A href "chapter:02"
#   click B href "chapter:05"
#   click C href "chapter:03"
#   click D href "chapter:10"
#   click E href "chapter:15"
# ```

# %% [markdown]
# And this is what each part of the book does about the three problems. Whether it *works* is
# measured, chapter by chapter, on the same newcomers.
#
# | | cold start | sparsity | bias |
# |---|---|---|---|
# | **Part I**, chapters 01 and 02 | the $k$-curve: one fair test for newcomers | the same model on less data | what data and measures hide |
# | **Part II**, 03 to 05, classical methods | folding a newcomer in; content for new items | shrinkage and factors share strength | popularity as a rival that is hard to beat |
# | **Part III**, 06 to 09, large models | text and knowledge that exist before the first rating | pretraining; borrowing from other people and years | language models bring preferences of their own |
# | **Part IV**, 10 to 15, meta-learning | learning from a thousand people how to learn about the next | a prior carries over what few data cannot say | stress tests; which promises hold |
# | **Part V**, 16 to 22, in practice | asking the right question first; uncertainty used | many domains, many sources | propensities, exposure, fairness, feedback loops |

# %% [markdown]
# ### Try it on yourself
#
# A program like this chapter's answers on the command line; chapter 05 has taught it to look at
# genres and critics too. Give it a few films and your stars:
#
# ```bash
# python -m metarec recommend --rate "Star Wars=5" \
#   --rate "Empire Strikes Back=5" --rate "Toy Story=2"
# ```
#
# It finds the films although their titles are typed loosely, and asks when a name fits several.
# Then it prints ten films that you have not named, each with the stars it predicts, an interval
# that should hold your true rating four times out of five, and the ratings of yours that moved
# the prediction most. Ask it without any `--rate`, and you see the list that every newcomer gets:
# the crowd's.

# %% [markdown]
# ## Claims of this chapter, checked
#
# Each line states a claim, its number, and the band that we promise. If one fails on your
# machine, the notebook stops here.

# %% tags=["claims"]
mr.check("share of the cells with a rating", ratings.density, 0.063, 0.0631)
mr.check("without ratings it errs as the item mean does", tie, -0.015, 0.015)
mr.check("twenty ratings lower its error", bootstrap(fall), low=0.05)
lead = newcomers.difference(bayes, bias, "rmse", 20)
mr.check("with twenty ratings it beats the bias model", lead, high=-0.01)
part = generous.mean() / fall.mean()
mr.check("share of the fall that generosity brings", part, 0.5, 0.85)

# %% tags=["claims"]
none = folds[folds["group"] == "none"]
advice = paired(*(squared_error(none, m, "item") for m in (bayes, bias)))
mr.check("really unrated films: better than the bias model", advice, high=0)
left_0, left_50 = rare[rare["left"] == 0], rare[rare["left"] == 50]
harm = paired(*(squared_error(left_0, m, "item") for m in (bayes, bias)))
mr.check("unrated popular films: worse, in squared stars", harm, low=0.04)
gain = paired(*(squared_error(left_50, m, "item") for m in (bayes, bias)))
mr.check("popular films with fifty ratings: better", gain, high=0)
mr.check("unrated popular films: predicted too low", too_low, high=-0.25)

# %% tags=["claims"]
mr.check("lead with a tenth of the data", taste[0.1], -0.006, 0.006)
mr.check("lead with all the data", taste[1], high=-0.01)
gini = attention["Gini"]
mr.check("Gini of the ratings", mr.evaluation.gini(counts), 0.62, 0.64)
mr.check("Gini of random lists", gini["random"], 0.2, 0.3)
mr.check("Gini of popularity lists", gini["popularity"], 0.97, 1)
mr.check("Gini of personal lists", gini[bayes], 0.9, 0.97)

# %% tags=["claims"]
mr.check("genres chosen more often get more stars", effect, low=0.1)
mr.check("the same, dealt out at random", placebo, -0.03, 0.03)
mr.check("the error is larger for women", plain, low=0.015)
mr.check("also in units of a person's spread", relative, low=0)

# %% [markdown]
# ## Take-aways
#
# 1. A recommender fills in the blanks of a table that is almost empty. Without a history it can
#    only repeat the crowd.
# 2. The first ratings teach mostly how generous a person is. That lowers the error and leaves the
#    order of the list alone.
# 3. A model that learned from the past takes new items for bad ones. Curves over the data as they
#    are even name the wrong winner for new items; an experiment shows it.
# 4. When data become sparse, knowledge about taste is lost first, and knowledge about quality
#    last.
# 5. The blanks are not random, and recommenders concentrate attention further. More data of the
#    same kind do not tell how large that bias is.

# %% [markdown]
# ## Exercises
#
# ```{exercise} Your own five films
# :label: ex-01-a
# :class: grade-1
#
# *Easy.* Change five of these ratings into your own, and print the six films that the model puts
# first. Then remove your most unusual rating. How many films of the list change?
# ```

# %%
mine = {50: 5, 174: 5, 1: 2, 100: 4, 286: 1}  # item number: stars
names = [label(ratings, item) for item in mine]
pd.DataFrame({"my stars": mine.values()}, index=names)

# %% [markdown]
# ````{solution} ex-01-a
# :class: dropdown
#
# ```python
# me = mr.data.Episodes.of_one(ratings, mine)
# best = np.argsort(-model.predict(me)[0])[:6]
# print(titles(me.query_items[0, best]))
# ```
#
# Take one pair out of `mine` and run it again. Usually one or two films change: five ratings make
# a list, but no single one decides it. Try the extremes too: all fives moves every prediction up
# and hardly changes the order.
# ````
#
# ```{exercise} Gini by hand
# :label: ex-01-b
# :class: grade-1
#
# *Easy.* Four films were shown 1, 1, 2 and 6 times. Compute $G$ with {eq}`eq-01-gini` on paper.
# What is the largest value that $G$ can take, and when does it take it?
# ```

# %% [markdown] tags=["worked-example"]
# ```{solution} ex-01-b
# :class: dropdown
#
# The mean count is 10/4 = 2.5. The six pairs differ by 0, 1, 5, 1, 5 and 4, together 16; the sum
# over $i \ne j$ counts each pair twice, which makes 32. So
# $G = 32 / (4 \cdot 3) / (2 \cdot 2.5) = 0.533$. If one film gets everything, say $x$ places,
# three pairs differ by $x$ and the mean is $x/4$, so $G = 6x / 12 / (x/2) = 1$. More is not
# possible.
# ```

# %% tags=["remove-cell"]
assert round(mr.evaluation.gini([1, 1, 2, 6]), 3) == 0.533
assert mr.evaluation.gini([0, 0, 0, 7]) == 1

# %% [markdown]
# ```{exercise} Two formulas, one number
# :label: ex-01-c
# :class: grade-2
#
# *Medium.* `metarec` sorts the counts, $x_{(1)} \le \dots \le x_{(n)}$, and computes
# $\sum_i (2i - n - 1)\, x_{(i)}$ divided by $(n-1) \sum_i x_i$. Show that this equals
# {eq}`eq-01-gini`. Why is it the better program?
# ```
#
# ```{solution} ex-01-c
# :class: dropdown
#
# In $\sum_{i<j} (x_{(j)} - x_{(i)})$ the count $x_{(i)}$ appears with a plus sign once for each
# of the $i - 1$ smaller ones, and with a minus sign once for each of the $n - i$ larger ones: in
# total $(i-1) - (n-i) = 2i - n - 1$ times. The sum over $i \ne j$ of absolute differences is
# twice that. Divide by $n(n-1)$ and by $2\bar x = 2 \sum_i x_i / n$; the factors 2 and $n$
# cancel. Sorting takes about $n \log n$ steps, all pairs take $n^2$: for a catalogue of a million
# items the difference between a blink and a day.
# ```
#
# ```{exercise} Fewer ratings, or fewer people?
# :label: ex-01-d
# :class: grade-2
#
# *Medium.* The sparsity experiment removed ratings at random. Remove *people* instead, keeping a
# tenth of them with all their ratings. Guess first: is that better or worse than keeping a tenth
# of everybody's ratings? Then measure both at $k = 20$.
# ```
#
# ```{solution-start} ex-01-d
# :class: dropdown
# ```

# %%
fewer = []
for seed in range(repeats):
    rng = np.random.default_rng([20260101, seed])
    drawn = rng.permutation(split.train.users.index)
    train = split.train.keep_users(drawn[: len(drawn) // 10])
    result = experiment.few_shot(
        methods, train, split.test, "fewer people", ks=[20], draws=2
    )  # fmt: skip
    fewer.append(result.values(bayes, "rmse", 20))
whole = paired(np.mean(fewer, axis=0), errors_at(0.1, bayes))

# %% tags=["say", "remove-input"]
mr.say(f"""
A tenth of the people with whole histories: {np.mean(fewer):.3f} stars. Everybody with a tenth of
the ratings: {errors_at(0.1, bayes).mean():.3f}. The paired difference is {whole:.3f}. The
number of ratings is about the same, but taste is learned from films that the *same* person rated,
and whole histories hold far more such pairs. The advantage is small, since fewer people also
means that fewer films are rated at all.
""")

# %% [markdown]
# ```{solution-end}
# ```
#
# ```{exercise} Would balance close the gap?
# :label: ex-01-e
# :class: grade-3
#
# *Hard.* Women are a minority in the data and get larger errors. Is the first the reason for the
# second? Train on equally many people in three mixtures: men only, half and half, women only.
# Test on the same held-out women and men. Which outcome would support the reason, which would
# speak against it, and what do you find?
# ```
#
# ```{solution-start} ex-01-e
# :class: dropdown
# ```


# %%
def trained_on(n_women, seed, size=200, tested=70):
    """Error on held-out women and men; of `size` who train, n are women."""
    rng, sex = np.random.default_rng([20260101, seed]), ratings.users["sex"]
    women, men = (rng.permutation(sex.index[sex == which]) for which in "FM")
    held = np.concatenate([women[:tested], men[:tested]])
    taken = women[tested:][:n_women], men[tested:][: size - n_women]
    model = mr.models.HierarchicalBayes()
    model.fit(ratings.keep_users(np.concatenate(taken)))
    nothing = np.array([], dtype=int)
    task = mr.data.splits.Task(ratings.keep_users(held), hidden=nothing)
    test = task.episodes()
    guess = np.clip(model.predict(test), *ratings.scale)
    error = mr.evaluation.rmse(guess, test.query_ratings, test.query_mask)
    return pd.Series(error).groupby(sex.reindex(test.users).to_numpy()).mean()


# %%
mixtures = {"men only": 0, "half and half": 100, "women only": 200}
balance = pd.DataFrame({
    name: sum(trained_on(n, seed) for seed in range(repeats)) / repeats
    for name, n in mixtures.items()
}).T  # fmt: skip
balance["gap"] = balance["F"] - balance["M"]
balance.rename(columns={"F": "women", "M": "men"}).round(3)

# %% [markdown]
# If numbers were the reason, the gap should turn round when only women are trained on. It
# shrinks, but it does not turn. Both groups gain from seeing more of their own, and the men lose
# more without theirs than the women do. So the mixture matters, and it explains a part of the gap
# at most. With three drawings of seventy people a group this is a hint and no result: set `full =
# True` before you quote it.
#
# ```{solution-end}
# ```

# %% [markdown]
# ## Quiz
#
# **1. A model's error on films with few ratings is larger than on films with many. What
# follows?**
#
# :::{dropdown} A. Few ratings cause the larger error; the step is the size of the effect.
# No. Rare films are also other films, and other people rate them. When we made popular films
# rare, the step became much smaller for the item mean, and another method came out best.
# :::
# :::{dropdown} B. Nothing about the cause; we must change the number and keep the films.
# Yes. That is what hiding ratings of the same films does. It changes one thing only.
# :::
# :::{dropdown} C. The model should be trained on rare films only.
# No. It would lose what connects films, and films that are rare now were not drawn at random
# either.
# :::
#
# **2. After twenty ratings a model's error has fallen clearly. Has its list of recommendations
# improved as much?**
#
# :::{dropdown} A. Yes: a smaller error means a better order.
# Not necessarily. Adding the same number to all predictions of a person can lower the error a lot
# and leaves the order exactly as it was.
# :::
# :::{dropdown} B. No: much of the fall is knowledge about how generous the person is.
# Yes. Generosity is worth most of the fall here, and the share of pairs in the right order rises
# by a few points only.
# :::
# :::{dropdown} C. This cannot be measured without asking the person.
# It can, within limits: among films whose ratings we hid, we can see which order the person's own
# stars give. What we cannot see this way is the films that were never rated.
# :::
#
# **3. You collect ten times as many ratings from the same web site. Which problem does that *not*
# solve?**
#
# :::{dropdown} A. Sparsity.
# It helps: the same model gains from each doubling of the data in our experiment.
# :::
# :::{dropdown} B. The error on people with few ratings.
# Partly solved: a better-trained model makes more of the same five ratings. What it knows about
# the newcomer stays five ratings.
# :::
# :::{dropdown} C. That the rated films are those that people chose.
# Yes, this one stays. More data of the same kind are chosen in the same way. One needs data of
# another kind, such as ratings of items drawn at random.
# :::

# %% [markdown]
# ## Further reading
#
# - {cite:t}`resnick1994grouplens` is the paper that made collaborative filtering automatic; still
#   a pleasure to read.
# - {cite:t}`koren2009matrix` tells what the Netflix competition taught, in eight pages.
# - {cite:t}`schein2002methods` defined cold start and how to measure it.
# - {cite:t}`marlin2009nonrandom` and {cite:t}`schnabel2016treatments` treat ratings that are not
#   missing at random, the first by modelling the gaps, the second by weighting.
# - {cite:t}`ekstrand2018cool` ask who gets the good recommendations, by sex and age, on several
#   data sets.
# - {cite:t}`chen2023bias` survey seven kinds of bias and what has been tried against them.
# - {cite:t}`ferraridacrema2019progress` is the cold shower that every newcomer to the field
#   should take early.

# %% [markdown]
# ## What comes next
#
# We have used a protocol, an interval and two measures without asking whether they deserve trust.
# {doc}`Chapter 02, How to know that it works <02_how_to_know_that_it_works>`, asks. It does
# evaluation wrong on purpose, in the ways that papers do, and shows how good a random guess can
# be made to look.
