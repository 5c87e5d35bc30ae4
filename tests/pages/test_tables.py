"""Tables that sort and filter: with mouse and keyboard, from a file, and readable without script.

A page that holds nothing but one table needs a browser and no rendered book; those at the end look
at chapter 15 as it was rendered.
"""

import pandas as pd
import pytest
from chapters import ROOT

SCRIPT = ROOT / "book" / "_static" / "tables.js"
CHAPTER = "notebooks/15_the_great_comparison.html"
TABLE = pd.DataFrame(
    {"family": ["factors", "neighbours", "factors", "neighbours"],
     "error": ["0.920 [0.89, 0.95]", "0.930 [0.9, 0.96]", "", "0.909 [0.88, 0.94]"],
     "change": ["−0.02", "0.01", "−0.1", "<0.001"],
     "kB": ["1\u202f200", "90", "30", ""]},
    index=["SVD++", "user kNN", "BPR", "item kNN"],
)  # fmt: skip


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A page with one table, as the book shows it."""
    page = tmp_path_factory.mktemp("tables") / "page.html"
    box = f'<div class="output text_html">{TABLE.to_html()}</div>'
    script = SCRIPT.read_text(encoding="utf-8")
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><script>{script}</script>'
        f'<div class="cell tag_sortable"><div class="cell_output">{box}</div></div>',
        encoding="utf-8",
    )
    return page


@pytest.fixture
def page(browser, bare):
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.complaints = []
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.goto(bare.as_uri())
    yield tab
    assert tab.complaints == []
    tab.close()


def names(tab):
    """The first cells of the rows that are shown, in their order."""
    return tab.locator("tbody tr:not([hidden]) th").all_inner_texts()


def head(tab, name):
    return tab.get_by_role("columnheader", name=name)


def test_a_click_sorts_by_number_and_another_turns_it_round(page):
    head(page, "error").get_by_role("button").click()
    assert names(page) == ["item kNN", "SVD++", "user kNN", "BPR"]  # what is empty comes last
    assert head(page, "error").get_attribute("aria-sort") == "ascending"
    head(page, "error").get_by_role("button").click()
    assert names(page) == ["user kNN", "SVD++", "item kNN", "BPR"]
    assert head(page, "error").get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize(
    ("column", "order"),
    [("change", ["BPR", "SVD++", "item kNN", "user kNN"]),  # a real minus; less than a thousandth
     ("kB", ["BPR", "user kNN", "SVD++", "item kNN"]),  # thousands with a thin space
     ("method", ["BPR", "item kNN", "SVD++", "user kNN"])],  # words, whatever their capitals
)  # fmt: skip
def test_numbers_sort_as_numbers_and_words_as_words(page, column, order):
    head(page, column).get_by_role("button").click()
    assert names(page) == order


def test_only_one_column_says_that_it_is_sorted(page):
    for column in ("kB", "family"):
        head(page, column).get_by_role("button").click()
    assert page.locator("[aria-sort]").all_inner_texts() == ["family"]


def test_words_filter_rows_and_the_count_is_told(page):
    field = page.get_by_label("Only rows with")
    field.fill("KNN neigh")
    assert names(page) == ["user kNN", "item kNN"]
    assert page.locator("output").inner_text() == "2 of 4 rows"
    head(page, "error").get_by_role("button").click()  # sorting keeps the filter
    assert names(page) == ["item kNN", "user kNN"]
    field.fill("")
    assert len(names(page)) == 4


def test_all_of_it_works_by_keyboard(page):
    page.keyboard.press("Tab")
    page.keyboard.type("factors")
    assert names(page) == ["SVD++", "BPR"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert names(page) == ["BPR", "SVD++"]
    page.keyboard.press("Space")
    assert names(page) == ["SVD++", "BPR"]


def test_without_script_it_is_a_table(browser, bare):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(bare.as_uri())
    assert tab.locator("tbody tr th").all_inner_texts() == list(TABLE.index)
    assert tab.locator("button, input").count() == 0
    context.close()


def test_the_script_is_short_and_asks_nobody():
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    assert not any(word in text for word in ("fetch", "XMLHttp", "import ", "http:", "https:"))


# ---------------------------------------------------------------- the rendered chapter


@pytest.fixture
def chapter(browser, site):
    if not (site / CHAPTER).exists():
        pytest.skip("chapter 15 is not rendered")
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.goto((site / CHAPTER).as_uri())
    yield tab
    tab.close()


def test_every_long_table_of_the_chapter_has_its_tools(chapter):
    tables = chapter.locator(".cell.tag_sortable table.dataframe")
    assert tables.count() >= 8
    assert chapter.get_by_label("Only rows with").count() == tables.count()


def test_the_head_and_the_names_stay_in_sight(chapter):
    box = chapter.locator(".cell.tag_sortable .text_html").first
    corner = box.locator("thead th").first
    box.scroll_into_view_if_needed()
    before = corner.bounding_box()
    box.evaluate("box => box.scrollTo(200, 300)")
    after = corner.bounding_box()
    assert after["x"] == pytest.approx(before["x"], abs=2)
    assert after["y"] == pytest.approx(before["y"], abs=2)
