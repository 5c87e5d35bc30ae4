"""The Chinese pages say what the English ones say now, and lead to them and back."""

import importlib
import re
import sys

import pytest
from chapters import ROOT
from markdown_it import MarkdownIt
from translations import differences, missing_abstracts, record, translations

BOOK = ROOT / "book"
PAIRS = ["index.md", "preface.md", "faq.md"]
sys.path.insert(0, str(BOOK / "_ext"))


@pytest.mark.parametrize("path", translations(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_translation_is_of_the_text_as_it_is_now(path):
    said = list(differences(path))
    assert not said, "\n".join(said)


def test_every_chapter_has_its_abstract():
    assert not list(missing_abstracts())


@pytest.fixture
def copied(tmp_path):
    """A small book: a page, a README and a chapter, with translations in step."""
    texts = {
        "README.md": "A\n<!-- results: made -->\n| 1 |\n<!-- end of results -->\n",
        "book/faq.md": "Is it fair?",
        "notebooks/01_first.py": '# %% [markdown]\n# # First\n\n# %% [markdown] tags=["opening"]\n'
        "# Why?\n\n# %% [markdown]\n# Middle\n\n# %% [markdown]\n# ## Take-aways\n# 1. Because.\n",
    }
    sources = {"README.zh.md": "README.md", "book/zh/faq.md": "book/faq.md"}
    sources["book/zh/chapters.md"] = "chapter 01"
    for name, source in sources.items():
        texts[name] = f"(zh-01)=\n中文\n<!-- translated from {source}, sha256 000000000000 -->\n"
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for path in translations(tmp_path):
        record(path, tmp_path)
    return tmp_path


def change(root, name, old, new):
    """Change a file; return what is then said of all translations."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return [one for path in translations(root) for one in differences(path, root)]


@pytest.mark.parametrize(
    ("name", "old", "new", "source"),
    [
        ("book/faq.md", "fair", "just", "book/faq.md"),
        ("README.md", "A", "B", "README.md"),
        ("notebooks/01_first.py", "First", "Second", "chapter 01"),
        ("notebooks/01_first.py", "Why", "How", "chapter 01"),
        ("notebooks/01_first.py", "Because", "Perhaps", "chapter 01"),
    ],
)
def test_a_changed_source_is_seen_and_recording_mends_it(copied, name, old, new, source):
    (said,) = change(copied, name, old, new)
    assert said.startswith(f"{source} has changed since ")
    assert "python tools/translations.py --record" in said
    for path in translations(copied):
        record(path, copied)
    assert not [one for path in translations(copied) for one in differences(path, copied)]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("README.md", "| 1 |", "| 2 |"), ("notebooks/01_first.py", "Middle", "Elsewhere")],
)
def test_what_is_not_translated_may_change(copied, name, old, new):
    assert change(copied, name, old, new) == []


def test_a_page_that_says_no_source_and_a_chapter_without_abstract_are_seen(copied):
    (said,) = change(copied, "book/zh/faq.md", "translated from", "seen in")
    assert "book/zh/faq.md does not say what it was translated from" in said
    assert not list(missing_abstracts(copied))
    (copied / "notebooks/02_second.py").write_text("# %% [markdown]\n# # Second\n", "utf-8")
    assert "chapter 02 has no abstract" in next(missing_abstracts(copied))


# ---------------------------------------------------------------- the pages themselves


def page(name):
    return (BOOK / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAIRS)
def test_a_page_and_its_translation_have_the_same_parts_and_the_same_numbers(name):
    """Headings, rows of tables, boxes and figures; and every number comes from the same place."""
    shape = r"^(#+) |^(\|)|^(:{3,}|`{3,})"
    numbers = r"\{(?:claim|measured)\}`([^`]+)`"
    here, there = page(name), page(f"zh/{name}")
    assert re.findall(shape, here, re.M) == re.findall(shape, there, re.M)
    wanted, found = (
        sorted(" ".join(said.split()) for said in re.findall(numbers, text))
        for text in (here, there)
    )
    assert wanted == found


def test_titles_and_questions_of_chapters_are_the_same_on_both_chinese_pages():
    front_page, languages = (importlib.import_module(n) for n in ("front_page", "languages"))
    abstracts = page("zh/chapters.md")
    for part in front_page.parts(languages.CHINESE):
        for chapter in part["chapters"]:
            number = f"{chapter['number']:02d}"
            if f"(zh-{number})=" in abstracts:
                head = f"### {number} {chapter['title']}\n\n**问题**：{chapter['asks']}\n"
                assert head in abstracts


def as_read(text):
    """Prose as it is read: the words of links and terms, a digit for numbers and code."""
    text = re.sub(r"\A---\n.*?\n---\n|```(?!\{)\w*\n.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\{doc\}`[a-z_/]+`", "一页", text)
    text = re.sub(r"\{(?:doc|term)\}`([^`<]*?)(?: <[^`]*)?`", r"\1", text)
    text = re.sub(r"(?:\{\w+\})?`[^`]*`", "0", text)
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)


MISSET = {
    "no space where the scripts meet": "[HAN][A-Za-z0-9]|[A-Za-z0-9%][HAN]",
    "a space at a full-width mark": "[MARK] |[^#] [MARK]",
    "a half-width mark": "[HAN][,;:?!]|[,;:?!][HAN]",
    "a line break within a paragraph, which would show as a gap": "[HANMARK]\n[HANMARK0-9A-Za-z*]",
}


@pytest.mark.parametrize("path", translations(), ids=lambda p: p.name)
def test_chinese_is_set_as_chinese(path):
    text = as_read(path.read_text(encoding="utf-8"))
    for what, pattern in MISSET.items():
        pattern = pattern.replace("HAN", "\u4e00-\u9fff").replace("MARK", "，。；：？！、（）“”")
        found = re.search(f".*(?:{pattern}).*", text)
        assert not found, f"{what}: {found[0]}"
    shown = re.search(r".*\*.*", MarkdownIt().render(text))
    assert not shown, f"stars that stay, for they stand between a mark and a word: {shown[0]}"


# ---------------------------------------------------------------- the way across


def test_each_page_leads_to_the_one_that_says_the_same():
    counterpart = importlib.import_module("languages").counterpart
    found = {"book/index", "book/zh/index", "book/zh/chapters", "book/notation", "book/api"}
    labels = {"zh-01": ("book/zh/chapters", "zh-01")}
    leads = {
        "book/index": ("book/zh/index", ""),
        "book/zh/index": ("book/index", ""),
        "book/zh/chapters": ("book/index", "the-chapters"),
        "notebooks/01_first": ("book/zh/chapters", "zh-01"),
        "notebooks/02_second": None,
        "book/notation": None,
        "search": None,
    }
    assert {name: counterpart(name, found, labels) for name in leads} == leads


def test_the_search_cuts_chinese_into_pairs_and_leaves_english_words_whole():
    languages = importlib.import_module("languages")
    words = languages.EnglishAndChinese({}).split("元学习的MAML，和 meta-learning 值")
    assert [*words] == ["元学", "学习", "习的", "MAML", "和", "meta", "learning", "值"]


def test_the_themes_own_words_are_known_in_chinese():
    words = importlib.import_module("languages").theme_words()
    for word in ("next", "previous", "Search", "Contents", "Skip to main content", "Back to top"):
        assert re.search("[\u4e00-\u9fff]", words(word)), word
