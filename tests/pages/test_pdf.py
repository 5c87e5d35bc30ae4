"""What `make pdf` prints, on a few pages of the built book; all of them would take minutes."""

import unicodedata

import make_pdf
import pytest
from chapters import ROOT

FEW = [
    ("Part IV. Meta-learning", ["notebooks/13_large_model_meta_learning"]),
    ("Around the book", ["book/faq"]),
]
SHEET = 643  # pixels between the margins of an A4 sheet
WIDE = """width => [...document.querySelectorAll('.bd-article *')].filter(node =>
  !node.closest('svg, mjx-assistive-mml') && node.getBoundingClientRect().right > width + 1)
  .map(node => node.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def printed(site, browser, tmp_path_factory):
    """The few pages as a PDF, the words of each sheet, and what is wider than the sheet."""
    pypdf = pytest.importorskip("pypdf")
    folder = tmp_path_factory.mktemp("pdf")
    (folder / "book.html").write_text(make_pdf.joined(FEW), encoding="utf-8")
    tab = browser.new_page(viewport={"width": SHEET, "height": 900})
    make_pdf.print_twice(tab, folder / "book.html", folder / "book.pdf")
    wide = tab.evaluate(WIDE, SHEET)
    tab.close()
    reader = pypdf.PdfReader(folder / "book.pdf")
    texts = [unicodedata.normalize("NFKC", page.extract_text()).split() for page in reader.pages]
    return reader, texts, wide


def outline(reader, entries=None):
    """Titles and sheets of the outline, flat."""
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from outline(reader, entry)
        else:
            yield entry.title, reader.get_destination_page_number(entry) + 1


def test_every_page_is_in_the_outline_and_the_contents_say_where(printed):
    reader, texts, _ = printed
    places = dict(outline(reader))
    contents = "".join(texts[1])
    for title in ("13. Large-model meta-learning", "Questions that are often asked"):
        bare = title.replace(" ", "")
        assert f"{bare}{places[title]}" in contents
        assert bare in "".join(texts[places[title] - 1])
    assert "13.5. What breaks it?" in places


def test_sheets_are_numbered_full_and_of_one_size(printed):
    reader, texts, wide = printed
    assert not wide, "\n".join(wide[:5])
    assert texts[0][:3] == ["Recommenders", "That", "Learn"]
    assert {tuple(round(float(x)) for x in page.mediabox[2:]) for page in reader.pages} == {
        (595, 842)
    }
    for number, words in enumerate(texts[1:], 2):
        assert str(number) in (words[0], words[-1]), f"sheet {number} lacks its number"
        assert len(words) > 15, f"sheet {number} is blank"


def test_links_stay_in_the_file_and_folds_are_open(printed):
    reader, texts, _ = printed
    links = [link.get_object() for page in reader.pages for link in page.get("/Annots", [])]
    outside = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert len(links) - len(outside) > 20
    assert not [uri for uri in outside if not uri.startswith("http")]
    text = " ".join(" ".join(words) for words in texts)
    assert "Right. The types do not fit, before any question of quality." in text  # a quiz's answer
    assert "Solution to Exercise 13.1" in text
    assert "Show code cell source" not in text


def test_a_page_printed_in_dark_mode_is_light_and_open_and_then_as_it_was(browser, site):
    tab = browser.new_page(color_scheme="dark")
    tab.goto((site / "book/reproducibility.html").as_uri())
    look = """() => [document.documentElement.dataset.theme,
        document.querySelectorAll('.bd-article details[open]').length > 0]"""
    assert tab.evaluate(look) == ["dark", False]
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate(look) == ["light", True]
    tab.emulate_media(media="print")
    assert not tab.locator(".bd-sidebar-primary").is_visible()
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate(look) == ["dark", False]
    tab.close()


def test_the_book_in_print_has_all_pages_of_the_contents():
    pages = [page for _, of_part in make_pdf.contents() for page in of_part]
    listed = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert len(pages) == len(set(pages)) == listed.count("file:") + 1
    assert all(page in listed for page in pages)


def test_links_between_pages_become_links_in_the_file(monkeypatch):
    pages = ["book/faq", "notebooks/01_what"]
    assert make_pdf.target("../notebooks/01_what.html#a", "book/faq", pages) == "#01_what--a"
    assert make_pdf.target("#a", "book/faq", pages) == "#faq--a"
    assert make_pdf.target("../notebooks/01_what.html", "book/faq", pages) == "#01_what"
    assert make_pdf.target("../genindex.html", "book/faq", pages) is None
    assert make_pdf.target("../../../secret.html", "book/faq", pages) is None


def test_without_a_browser_the_message_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(make_pdf, "find_browser", lambda: None)
    assert make_pdf.main() == 1
    assert "set CHROME_PATH" in capsys.readouterr().out


def test_without_the_site_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(make_pdf, "SITE", tmp_path)
    with pytest.raises(make_pdf.NoPdf, match="make book"):
        make_pdf.joined(FEW)
