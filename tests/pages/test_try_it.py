"""The page "Try it": the browser computes what Python computes, and keeps it to itself.

The page is opened from a file that holds the block of `book/try_it.md` and nothing else, so that
these tests need a browser but no rendered book. Those at the end look at the rendered page.
"""

import functools
import json
import re

import numpy as np
import pandas as pd
import pytest
from chapters import ROOT
from export_try_it import LEVEL, TARGET, content_of, exported, fit, text
from scipy.stats import norm

from metarec.book.recommend import _reason
from metarec.data import Episodes, Ratings, movielens_2016
from metarec.data.splits.few_shot import newcomers
from metarec.models import HierarchicalBayes, influence
from metarec.models.base import with_unseen

PAGE, SCRIPT = ROOT / "book" / "try_it.md", TARGET.with_name("try_it.js")
SHAWSHANK, GUMP, STAR_WARS, MATRIX, AMELIE = 318, 356, 260, 2571, 4973
FIVE = {SHAWSHANK: 5, GUMP: 2, STAR_WARS: 5, MATRIX: 4, AMELIE: 1}
CONTENT = content_of(TARGET.read_text(encoding="utf-8"))
FILMS = {row[0]: row for row in CONTENT["films"]}
PEOPLE = {
    "nobody": {},
    "one rating": {AMELIE: 5},
    "five ratings": FIVE,
    "half a star": {GUMP: 0.5, SHAWSHANK: 4.5},
    "twenty ratings": {item: 1 + n % 5 for n, item in enumerate(list(FILMS)[7:207:10])},
    "the last film": {list(FILMS)[-1]: 3},
}


# ---------------------------------------------------------------- Python's side


@functools.cache
def rounded():
    """The model of the file, evaluated in Python."""
    size, rows = len(CONTENT["user_mean"]), CONTENT["films"]
    covariance = np.zeros((len(rows), size, size))
    lower = np.tril_indices(size)
    covariance[:, lower[0], lower[1]] = covariance[:, lower[1], lower[0]] = [r[6] for r in rows]
    model = HierarchicalBayes(n_factors=size - 1)
    model.items_ = np.array(list(FILMS))
    model.global_mean_, model.noise_ = CONTENT["global_mean"], CONTENT["noise"]
    model.user_mean_ = np.array(CONTENT["user_mean"])
    model.user_covariance_ = np.array(CONTENT["user_covariance"])
    mean = np.array([row[5] for row in rows]) * CONTENT["unit"]
    model.item_mean_ = with_unseen(mean, 0.0)
    model.item_covariance_ = with_unseen(covariance * CONTENT["unit"], 0.0)
    return model


def person(shown):
    """A person as the models take one; the query is every other film of the page."""
    items = pd.DataFrame(index=pd.Index(list(FILMS), name="item"))
    table = pd.DataFrame({"user": [1], "item": [GUMP], "rating": [3.0]})
    ratings = Ratings.from_table(table, items, scale=tuple(CONTENT["scale"]))
    return Episodes.of_one(ratings, shown)


@functools.cache
def answers(*shown):
    """Every other film, best first: id, mean, standard deviation, interval, reasons [k]."""
    model, episode = rounded(), person(dict(shown))
    mean, std = (values[0] for values in model.predict(episode, return_std=True))
    moved = influence(model, episode)[0]  # [k, q]
    ids = episode.items[episode.query_items[0]]
    order = np.lexsort(([-FILMS[item][3] for item in ids], -mean))
    reach = norm.ppf((1 + LEVEL) / 2) * std
    ends = np.clip(np.stack([mean - reach, mean + reach], 1), *CONTENT["scale"])
    return ids[order], mean[order], std[order], ends[order], moved.T[order]


def said(shown, item, moved):
    """The reason in words, as `python -m metarec recommend` gives it."""
    titles = [FILMS[other][1][:-7] for other in shown]
    _, _, _, count, mean, *_ = FILMS[item]
    return _reason(titles, moved) or f"mean {mean:.1f} from {count} people"


# ---------------------------------------------------------------- the file


@pytest.fixture(scope="module")
def fresh():
    """A fit of today."""
    return fit()


def test_the_file_is_what_a_fresh_export_gives(fresh):
    """To one unit of the last digit, which is as much as two machines may differ."""
    content = exported(*fresh)
    assert TARGET.read_text(encoding="utf-8") == text(CONTENT)
    for name in ("global_mean", "noise", "user_mean", "user_covariance"):
        np.testing.assert_allclose(CONTENT[name], content[name], rtol=0, atol=1.1e-6)
    for name in ("scale", "level", "reach", "unit", "directions"):
        assert list(np.ravel(CONTENT[name])) == list(np.ravel(content[name])), name
    assert [row[:5] for row in CONTENT["films"]] == [row[:5] for row in content["films"]]
    for part in (5, 6):
        stored, made = ([row[part] for row in c["films"]] for c in (CONTENT, content))
        assert np.abs(np.array(stored) - made).max() <= 1


def test_rounding_changes_no_prediction_that_is_shown(fresh):
    """Ten ratings, whole model against the file's: the second decimal is safe."""
    model, _ = fresh
    episode = person({item: 1 + n % 5 for n, item in enumerate(list(FILMS)[:10])})
    for ours, whole in zip(*(m.predict(episode, True) for m in (rounded(), model)), strict=True):
        assert 0 < np.abs(ours - whole).max() < 0.002


def test_the_film_list_is_for_people(fresh):
    """Few hundred kB; titles as people write them; ends of directions that are films, once each."""
    assert 100_000 < TARGET.stat().st_size < 400_000
    titles = [row[1] for row in CONTENT["films"]]
    assert all(re.fullmatch(r"\S(.*\S)? \((19|20)\d\d\)", title) for title in titles)
    assert not [title for title in titles if re.search(r", (The|A|An) \(\d{4}\)$", title)]
    assert min(row[3] for row in CONTENT["films"]) == 15  # "at least fifteen", says the page
    assert max(title[-5:-1] for title in titles) == "2016"  # "none after 2016", says the script
    ends = np.ravel(CONTENT["directions"])
    assert len(set(ends)) == len(ends) == 2 * (len(CONTENT["user_mean"]) - 1)
    assert set(ends) <= set(FILMS)


def test_the_intervals_hold_what_they_promise():
    """Of newcomers whom the model has not met, about 80 % of the ratings lie inside."""
    split = newcomers(movielens_2016())
    model = HierarchicalBayes(n_factors=len(CONTENT["user_mean"]) - 1).fit(split.train)
    for k in (0, 5):
        episodes = split.validation.episodes().first(k)
        mean, std = model.predict(episodes, return_std=True)
        given = episodes.query_ratings
        inside = np.abs(given - mean) < norm.ppf((1 + LEVEL) / 2) * std
        assert 0.75 < inside[episodes.query_mask].mean() < 0.85, k


def test_the_script_is_short_and_asks_nobody():
    code = SCRIPT.read_text(encoding="utf-8")
    assert len(code.splitlines()) <= 310  # "about 300", as for modules
    forbidden = r"\b(fetch|XMLHttpRequest|sendBeacon|WebSocket|EventSource|Worker|import|require"
    forbidden += r"|eval|localStorage|sessionStorage|indexedDB|cookie|innerHTML|location|https?:)\b"
    assert not re.findall(forbidden, code)


# ---------------------------------------------------------------- the browser's side


SPIES = """() => {
  globalThis.calls = [];
  const spy = (owner, name) => {
    owner[name] = (...args) => { calls.push(name); throw new Error(name); };
  };
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "open"])
    spy(globalThis, name);
  spy(Navigator.prototype, "sendBeacon");
  for (const name of ["setItem", "removeItem"]) spy(Storage.prototype, name);
  spy(IDBFactory.prototype, "open");
  spy(CacheStorage.prototype, "open");
  spy(History.prototype, "pushState");
  spy(History.prototype, "replaceState");
}"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A file that holds the block of the page and nothing else."""
    block = re.search(r"```\{raw\} html\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    block = block.replace("../_static", TARGET.parents[1].as_uri())
    file = tmp_path_factory.mktemp("try") / "page.html"
    html = f'<!doctype html><html lang="en"><title>Try it</title><body>{block}'
    file.write_text(html, encoding="utf-8")
    return file


@pytest.fixture
def page(browser, alone):
    """The page, with a record of what it asks for, complains about and calls."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.add_init_script(f"({SPIES})()")
    tab.asked, tab.complaints = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("console", lambda m: m.type == "error" and tab.complaints.append(m.text))
    tab.set_default_timeout(5000)
    tab.goto(alone.as_uri())
    yield tab
    assert not tab.complaints
    assert tab.evaluate("calls") == []
    context.close()


def shown_films(page):
    """The ten rows as a reader sees them: title, stars, interval, reason."""
    return page.locator("#ti-best > li").evaluate_all(
        """rows => rows.map(row => ['title', 'stars', 'ends', 'reason'].map(name => {
          const copy = row.querySelector('.ti-' + name).cloneNode(true);
          copy.querySelectorAll('.ti-hidden').forEach(node => node.remove());
          return copy.textContent;
        }))"""
    )


def expected_films(shown):
    ids, mean, _, ends, moved = answers(*shown.items())
    stars = np.clip(mean, *CONTENT["scale"])
    return [
        [FILMS[i][1], f"{star:.2f}", f"{low:.1f} to {high:.1f}", said(shown, i, reasons)]
        for i, star, (low, high), reasons in zip(ids[:10], stars, ends, moved, strict=False)
    ]


def give(page, ratings):
    """Rate films with the keyboard: search, Enter, arrows."""
    for item, stars in ratings.items():
        page.locator("#ti-search").fill(FILMS[item][1])
        page.keyboard.press("Enter")
        page.keyboard.press("Space")
        for _ in range(stars - 1):
            page.keyboard.press("ArrowRight")


def test_the_browser_computes_what_python_computes(page):
    """Belief, order, means, standard deviations, intervals and reasons of all films, to 1e-6."""
    for who, shown in PEOPLE.items():
        compare(page, who, shown)


ASK = """ratings => JSON.stringify({  // as one text, which crosses to Python faster
  belief: tryIt.believe(ratings),
  all: tryIt.recommend(ratings, Infinity).map(answer => ({...answer, film: answer.film.id})),
  told: tryIt.recommend(ratings).map(answer => tryIt.reason(answer, ratings)),
})"""


def close(ours, value, what):
    np.testing.assert_allclose(ours, value, rtol=0, atol=1e-6, err_msg=what)


def compare(page, who, shown):
    """One person's numbers on both sides."""
    found = json.loads(page.evaluate(ASK, [list(pair) for pair in shown.items()]))
    belief = rounded().posterior(person(shown))
    for part in ("mean", "covariance"):
        close(found["belief"][part], getattr(belief, part)[0], f"{part} of {who}")
    ids, *values = answers(*shown.items())
    assert [a["film"] for a in found["all"]] == ids.tolist()
    for name, value in zip(("mean", "sd", "interval", "moved"), values, strict=True):
        ours = np.array([a[name] for a in found["all"]]).reshape(value.shape)
        close(ours, value, f"{name} for {who}")
    reasons = [said(shown, i, moved) for i, moved in zip(ids[:10], values[3], strict=False)]
    assert found["told"] == reasons


def test_from_zero_ratings_on_the_page_shows_what_python_says(page):
    """By keyboard alone, after every rating."""
    assert shown_films(page) == expected_films({})
    assert page.locator("#ti-news").inner_text().startswith("No rating yet. First now: The Shaw")
    shown = {}
    for item, stars in FIVE.items():
        give(page, {item: stars})
        shown[item] = stars
        assert shown_films(page) == expected_films(shown)
        said_now = page.locator("#ti-news").inner_text()
        assert said_now.startswith(f"{len(shown)} rating")
        assert expected_films(shown)[0][0] in said_now


def test_beliefs_begin_at_the_prior_and_narrow(page):
    """The plot's words give the numbers; the finding changes; blue covers grey at the start."""
    widths = "bars => bars.map(bar => parseFloat(bar.style.width))"
    grey, blue = ".ti-beliefs .ti-prior", ".ti-beliefs .ti-range"
    start = page.locator(grey).evaluate_all(widths)
    assert page.locator(blue).evaluate_all(widths) == start
    assert "what it believes of anybody" in page.locator("#ti-finding").inner_text()
    give(page, FIVE)
    now = page.locator(blue).evaluate_all(widths)
    assert all(0 < a < b for a, b in zip(now, start, strict=True))
    assert page.locator(grey).evaluate_all(widths) == start
    assert "you lean towards" in page.locator("#ti-finding").inner_text().lower()
    belief = rounded().posterior(person(FIVE))
    reach = norm.ppf(0.9) * np.sqrt(belief.covariance[0, 0, 0])
    mean = belief.mean[0, 0]
    numbers = [f"{x:+.2f}".replace("-", "−") for x in (mean, mean - reach, mean + reach)]
    words = "From rating harshly to rating mildly: {} stars, interval {} to {}.".format(*numbers)
    assert page.locator("#ti-beliefs-text").text_content().startswith(words)


def test_ratings_stay_in_the_page(page):
    """Only the three files are asked for, nothing is stored, and a reload has forgotten all."""
    stores = """async () => [Object.keys(localStorage), Object.keys(sessionStorage),
      document.cookie, (await indexedDB.databases()).length, location.href, name, history.length]"""
    before = page.evaluate(stores)
    names = {url.rpartition("/")[2] for url in page.asked}
    assert names == {"page.html", "try_it.css", "model.js", "try_it.js"}
    assert all(url.startswith("file:") for url in page.asked)
    page.asked.clear()
    give(page, FIVE)
    page.get_by_role("button", name="Other well-known films").click()
    assert page.evaluate("calls") == []
    assert page.evaluate(stores) == before
    assert page.asked == []
    page.reload()  # which empties `calls` and `asked`
    assert shown_films(page) == expected_films({})
    assert page.locator("#ti-films :checked").count() == 0


NONSENSE = {
    "qwertyuiop": "No film here is called “qwertyuiop”. This page knows",
    "<img src=x onerror=calls.push(1)>": "No film here is called “<img src=x onerror",
    "?!…": "That holds no letter and no digit. Type a part of a title.",
    "(((.*[": "That holds no letter and no digit.",
    "x" * 500: "No film here is called “xxx",
}


def test_nonsense_in_the_search_is_refused_politely(page):
    """It is answered in words, taken as text, and changes nothing; a slip gets a suggestion."""
    box, said_now = page.locator("#ti-search"), page.locator("#ti-said")
    for typed, answer in NONSENSE.items():
        box.fill(typed)
        assert said_now.inner_text().startswith(answer)
        page.keyboard.press("Enter")
        assert page.get_by_role("listbox").is_hidden()
    box.fill("Terminater")
    assert (
        said_now.inner_text() == "No film here is called “Terminater”. Did you mean one of these?"
    )
    assert "Terminator" in page.get_by_role("option").first.inner_text()
    assert page.locator("#try-it img").count() == 0
    assert shown_films(page) == expected_films({})


def test_a_rating_that_is_none_is_refused_politely(page):
    offer = """(star, value) => {
      star.value = value;
      star.dispatchEvent(new Event("change", {bubbles: true}));
    }"""
    for value in ("9", "-1", "many", "", "NaN", "1e999"):
        page.locator(f"#ti-film-{GUMP} input").first.evaluate(offer, value)
        news = page.locator("#ti-news").inner_text()
        assert news.endswith("is not a rating from 0.5 to 5 stars. It was not taken."), value
        assert shown_films(page) == expected_films({})
    refused = "ratings => { try { tryIt.recommend(ratings) } catch (e) { return e.message } }"
    assert "no film with the number 0" in page.evaluate(refused, [[0, 5]])
    assert "not a rating" in page.evaluate(refused, [[GUMP, "5"]])


def test_the_search_works_by_keyboard_and_tells_a_screen_reader(page):
    box = page.get_by_role("combobox", name="films")
    box.press_sequentially("the lord of the r")
    options = page.get_by_role("option")
    assert options.count() == 4
    assert box.get_attribute("aria-expanded") == "true"
    assert "Films found: 4" in page.locator("#ti-said").inner_text()
    for key, marked in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", 3)):
        page.keyboard.press(key)
        chosen = page.locator("[role=option][aria-selected=true]")
        assert chosen.get_attribute("id") == options.nth(marked).get_attribute("id")
        assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    assert page.get_by_role("listbox").is_hidden()
    assert box.input_value() == "the lord of the r"
    page.keyboard.press("Escape")
    assert box.input_value() == ""
    for typed in ("amélie", "AMELIE 2001", "fabuleux destin", "amelie"):
        box.fill(typed)
        assert options.first.inner_text().startswith("Amelie (2001)")
    page.keyboard.press("Enter")
    group = page.get_by_role("group", name="Amelie (2001)")
    assert group.get_by_role("radio").count() == 5
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert group.get_by_role("radio", name="2 stars").is_checked()
    assert shown_films(page) == expected_films({AMELIE: 2})


def test_a_rating_is_removed_and_all_is_forgotten(page):
    """Focus never falls to the top of the page; films removed are not suggested again."""
    give(page, {MATRIX: 5, AMELIE: 1})
    page.get_by_role("button", name="Remove The Matrix (1999)").click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Remove ")
    assert "The Matrix (1999) is removed. 1 rating." in page.locator("#ti-news").inner_text()
    assert shown_films(page) == expected_films({AMELIE: 1})
    page.get_by_role("button", name="Other well-known films").click()
    titles = page.locator("#ti-films legend").all_inner_texts()
    assert "Amelie (2001)" in titles
    assert len(titles) == 7
    assert not {"The Matrix (1999)", "Forrest Gump (1994)"} & set(titles)
    page.get_by_role("button", name="Start again").click()
    assert "All is forgotten. No rating yet." in page.locator("#ti-news").inner_text()
    assert page.locator("#ti-films legend").first.inner_text() == "Forrest Gump (1994)"
    assert shown_films(page) == expected_films({})


def test_a_recommended_film_can_be_rated_and_what_moved_is_marked(page):
    first = shown_films(page)[2][0]
    page.get_by_role("button", name=f"Rate {first}", exact=True).click()
    assert page.evaluate("document.activeElement.closest('li').textContent").startswith(first)
    page.keyboard.press("Space")
    assert first not in [row[0] for row in shown_films(page)]
    marks = [mark for mark in page.locator(".ti-mark").all_inner_texts() if mark.strip(" ,")]
    assert any("new" in mark for mark in marks)


def test_without_its_films_the_page_says_so(browser, alone, tmp_path):
    """A lost file gives a sentence, not an empty page."""
    file = tmp_path / "page.html"
    html = alone.read_text(encoding="utf-8").replace("model.js", "lost.js")
    file.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert "The films did not load" in page.locator("#try-it").inner_text()
    page.close()


# ---------------------------------------------------------------- in the book


def test_the_front_page_and_chapter_10_lead_there():
    assert "try_it" in (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    (twin,) = ROOT.glob("notebooks/10_*.py")
    stored = json.loads(twin.with_suffix(".ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in stored["cells"] if cell["cell_type"] == "markdown"]
    for prose in (twin.read_text(encoding="utf-8"), "\n".join(cells)):
        assert "{doc}`/book/try_it`" in prose


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_rendered_page_with_ratings(browser, site, width, scheme):
    """Nothing jumps, overflows or glides; it is open to everybody, with its list open too."""
    size = {"width": width, "height": 844}
    page = browser.new_page(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page.goto((site / "book" / "try_it.html").as_uri())
    where = """() => ["ti-films", "ti-best", "ti-beliefs"].map(id => document.getElementById(id))
      .map(node => [node.getBoundingClientRect().top + scrollY, node.offsetHeight])"""
    before = page.evaluate(where)
    for item, stars in ((GUMP, 1), (STAR_WARS, 5), (SHAWSHANK, 3)):
        page.locator(f"#ti-film-{item} input[value='{stars}']").check(force=True)
        assert page.evaluate(where) == before
    bar = page.locator(".ti-range").first
    assert bar.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"
    page.locator("#ti-search").fill("star")
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) <= 0
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python missing")
    page.evaluate(axe.AXE_SCRIPT)
    found = page.evaluate("() => axe.run('#try-it')")["violations"]
    said_so = [(rule["id"], [n["html"][:160] for n in rule["nodes"][:3]]) for rule in found]
    assert not said_so, json.dumps(said_so, indent=1)
    page.close()
