"""Pages in two languages: which page says the same in the other, the switch, and the search.

The pages in `book/zh` are Chinese, all others English. A page with a counterpart shows a link to
it in its header, a chapter one to its Chinese abstract. Where there is none there is no link, for
it would promise what it does not keep; the contents lead from every page to the Chinese ones.
"""

import functools
import gettext
import importlib.util
import itertools
import posixpath
import re
from pathlib import Path

from sphinx.search.en import SearchEnglish

ENGLISH, CHINESE = "en", "zh-CN"
NAMES = {ENGLISH: "English", CHINESE: "中文"}
CHINESE_PAGES = "book/zh/"
THEME_WORDS = (  # catalogue, package and folder, the last one first asked
    ("sphinx", "sphinx", "locale"),
    ("sphinx", "pydata_sphinx_theme", "locale"),
    ("booktheme", "sphinx_book_theme", "theme/sphinx_book_theme/static/locales"),
)
# Asked before the theme's, which takes pages for entries and does not know the last one.
OUR_WORDS = {"previous": "上一页", "next": "下一页", "Color mode": "配色"}


def language(page):
    """The language of a page."""
    return CHINESE if page.startswith(CHINESE_PAGES) else ENGLISH


def counterpart(page, found, labels):
    """The page in the other language and the anchor there, or None.

    `found` holds the names of all pages, `labels` where each label stands: (page, anchor).
    """
    folder, _, name = page.rpartition("/")
    if folder == "notebooks":
        return labels.get(f"zh-{name[:2]}")
    if page == CHINESE_PAGES + "chapters":  # abstracts of what the English front page lists
        return "book/index", "the-chapters"
    other = f"book/{name}" if language(page) == CHINESE else f"{CHINESE_PAGES}{name}"
    return (other, "") if folder in ("book", "book/zh") and other in found else None


@functools.cache
def theme_words():
    """Translates the theme's own words, such as "next", into Chinese."""
    found = gettext.NullTranslations()
    for catalogue, package, folder in THEME_WORDS:
        path = Path(importlib.util.find_spec(package).origin).parent / folder
        more = gettext.translation(catalogue, path, ["zh_CN", "zh"], fallback=True)
        more.add_fallback(found)
        found = more
    return lambda words: OUR_WORDS.get(words) or found.gettext(words)


def lead_across(app, page, template, context, doctree):
    """Give a page its switch, and as neighbours pages of its own language only."""
    other = counterpart(page, app.env.found_docs, app.env.domaindata["std"]["anonlabels"])
    if other:
        there = language(other[0])
        href = context["pathto"](other[0]) + (other[1] and f"#{other[1]}")
        context["switch"] = {"href": href, "language": there, "name": NAMES[there]}
    for side in ("prev", "next"):
        if context.get(side):
            link = posixpath.join(posixpath.dirname(page), context[side]["link"])
            if language(posixpath.normpath(link)) != language(page):
                context[side] = None


def speak_chinese(app, page, template, context, doctree):
    """On a Chinese page, say so, and let the theme's own words be Chinese, too."""
    if language(page) == CHINESE:
        context.update(dict.fromkeys(("_", "gettext", "translate"), theme_words()))
        context.update(language=CHINESE, theme_search_bar_text="搜索本书")


# ---------------------------------------------------------------- search

HAN = "\u4e00-\u9fff"
PIECES = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")


class EnglishAndChinese(SearchEnglish):
    """English by its words, Chinese, which has no spaces, by pairs of neighbouring characters."""

    lang = "en_zh"
    js_splitter_code = r"""
var splitQuery = (query) =>
  (query.match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{Letter}\p{Number}_])+/gu) ?? [])
    .flatMap((piece) => /^\p{Script=Han}{2}/u.test(piece)
      ? [...piece].slice(1).map((second, i) => [...piece][i] + second) : [piece]);
"""

    def split(self, input):
        for piece in PIECES.findall(input):
            if re.match(rf"[{HAN}]{{2}}", piece):
                yield from map("".join, itertools.pairwise(piece))
            else:
                yield piece


def setup(app):
    app.add_search_language(EnglishAndChinese)
    app.connect("html-page-context", lead_across, priority=100)  # the theme drops empty parts
    app.connect("html-page-context", speak_chinese, priority=900)  # the theme sets its words
    return {"parallel_read_safe": True}
