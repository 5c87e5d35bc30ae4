"""The whole book as one PDF: `make pdf`.

The pages of the built site are joined into one HTML file: a title, the contents, then each page of
_toc.yml. Names of places get the name of their page in front, so that links between pages lead
somewhere in the PDF too. Chromium prints it twice: the first time tells on which sheet each page
begins, the second has these numbers in the contents.
"""

import logging
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urldefrag

import yaml
from browser import OFFLINE, find_browser
from bs4 import BeautifulSoup
from chapters import ROOT

SITE = ROOT / "book" / "_build" / "html"
PDF = ROOT / "book" / "_build" / "metarec.pdf"
DRAWN = """() => (window.MathJax?.startup?.promise ?? Promise.resolve())
  .then(() => ![...document.querySelectorAll('pre.mermaid')].some(d => !d.querySelector('svg')))"""
WAIT = 900_000  # milliseconds, for a busy machine
LEFT_OUT = (
    "a.headerlink, script, noscript, link, button, .copybtn, .viewcode-link, .try-it, "
    "details.hide, .try-it-button, .paths"
)


class NoPdf(Exception):
    """The PDF cannot be made; the message says why and what to do."""


def contents():
    """The book as _toc.yml has it: [(part, [page, …]), …], pages without their ending."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [("", [toc["root"]])]
    for part in toc["parts"]:
        pages = []
        for entry in part["chapters"]:
            pages += [entry["file"], *(child["file"] for child in entry.get("sections", []))]
        parts.append((part["caption"], pages))
    return parts


def place(page, fragment=""):
    """The name of a place in the joined file."""
    return f"{Path(page).stem}--{fragment}" if fragment else Path(page).stem


def target(href, page, pages):
    """Where a link of a page leads in the joined file; None if to nowhere in it."""
    path, fragment = urldefrag(href)
    other = page
    if path:
        found = (SITE / page).parent.joinpath(path).resolve()
        if not found.is_relative_to(SITE.resolve()):
            return None
        other = found.relative_to(SITE.resolve()).with_suffix("").as_posix()
    return f"#{place(other, fragment)}" if other in pages else None


def at_home(address):
    """The full address of a file of the site, which pages call ../file."""
    return address.replace("../", f"{SITE.as_uri()}/", 1)


def article(page, pages):
    """The contents of one page, ready to stand beside the others."""
    html = (SITE / f"{page}.html").read_text(encoding="utf-8")
    found = BeautifulSoup(html, "html.parser").select_one("article.bd-article")
    for node in found.select(LEFT_OUT):
        node.decompose()
    for node in found.select("[id]"):
        node["id"] = place(page, node["id"])
    for node in found.select("a[href]"):
        if not re.match(r"[a-z]+:", node["href"]):
            node["href"] = target(node["href"], page, pages) or ""
            if not node["href"]:
                node.unwrap()
    for node in found.select("details"):
        node["open"] = ""
    for node in found.select("img[src]"):
        node["src"] = at_home(node["src"])
    for level in range(5, 0, -1):  # a part is the first level of the outline
        for node in found.select(f"h{level}"):
            node.name = f"h{level + 1}"
    for node in found.select("pre.mermaid"):
        node.string = re.sub(r"(?m)^\s*click .*\n?", "", node.text)
    found["id"] = place(page)
    return found


def title_of(found):
    """The title of a page, as its first heading has it."""
    return " ".join(found.select_one("h2").get_text(" ").split())


def front(parts, articles):
    """Title page and contents, with room for the numbers of the sheets."""
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    title, _, subtitle = cff["title"].partition(": ")
    rows = []
    for caption, pages in parts:
        rows += [f"<li class='part'>{caption}</li>"] if caption else []
        for page in pages:
            name = title_of(articles[page])
            rows.append(f"<li><a href='#{place(page)}'>{name}</a><span></span></li>")
    return f"""<div class="title-page">
<p class="title">{title}</p><p class="subtitle">{subtitle}</p>
<p>{cff["authors"][0]["name"]}</p><p>Version {cff["version"]}, {cff["date-released"]}</p>
<p class="small">Text and figures under CC BY 4.0, code under the MIT licence. The code that only
draws figures is left out here; it stands in the notebooks.</p></div>
<div class="contents"><p class="title">Contents</p><ol>{"".join(rows)}</ol></div>"""


def head(pages):
    """What the joined file loads: the styles of the site, MathJax as a page sets it up, mermaid."""
    with_formulas = next((page for page in pages if "window.MathJax" in source(page)), pages[0])
    found = BeautifulSoup(source(with_formulas), "html.parser").head
    kept = found.select("link[rel=stylesheet], meta[charset]")
    kept += [s for s in found.select("script") if "mathjax" in (s.text + s.get("src", "")).lower()]
    loaded = "".join(re.sub(r"(?<=\")\.\./", f"{SITE.as_uri()}/", str(node)) for node in kept)
    for name in ("vendor/mermaid/mermaid.min.js", "mermaid_local.js"):
        loaded += f"<script src='{at_home('../_static/' + name)}'></script>"
    return loaded


def joined(parts):
    """The book as one HTML file."""
    pages = [page for _, of_part in parts for page in of_part]
    missing = [page for page in pages if not (SITE / f"{page}.html").exists()]
    if missing:
        raise NoPdf(f"The site lacks {', '.join(missing)}: run `make book` first.")
    articles = {page: article(page, pages) for page in pages}
    body = ["<div class='bd-content'>", front(parts, articles)]
    for caption, of_part in parts:
        for number, page in enumerate(of_part):
            part = f"<h1 class='part'>{caption}</h1>" if caption and number == 0 else ""
            body.append(f"<div class='sheet'>{part}{articles[page]}</div>")
    return (
        f"<!doctype html><html lang='en' data-theme='light' class='whole-book'><head>{head(pages)}"
        f"<title>metarec</title></head><body>{''.join(body)}</div></body></html>"
    )


def source(page):
    """The HTML of a page of the site."""
    return (SITE / f"{page}.html").read_text(encoding="utf-8")


def beginnings(pdf):
    """The sheet on which each place of the contents begins."""
    from pypdf import PdfReader

    reader = PdfReader(pdf)
    places = reader.named_destinations.items()
    return {name: reader.get_destination_page_number(goal) + 1 for name, goal in places}


NUMBER = """sheets => document.querySelectorAll('.contents a').forEach(a => {
  a.nextSibling.textContent = sheets['/' + a.hash.slice(1)] })"""


HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .map(heading => heading.textContent.replace(/\\s+/g, ' ').trim())"""


def name_outline(pdf, titles):
    """Give the entries of the outline their titles: Chromium writes some of them twice over."""
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, TextStringObject

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it counts Chromium's objects, and wonders
    writer = PdfWriter(clone_from=pdf)
    entries = list(following(writer.root_object["/Outlines"].get("/First")))
    if len(entries) != len(titles):
        raise NoPdf(f"{len(titles)} headings gave {len(entries)} entries of the outline.")
    for entry, title in zip(entries, titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    writer.write(pdf)


def following(entry):
    """An entry of the outline, those below it, and those after it, in their order."""
    while entry is not None:
        entry = entry.get_object()
        yield entry
        yield from following(entry.get("/First"))
        entry = entry.get("/Next")


def print_twice(tab, html, pdf):
    """Print the joined file; put the numbers of the sheets into its contents; print it again."""
    tab.set_default_timeout(WAIT)
    tab.emulate_media(media="print", color_scheme="light")
    tab.goto(html.as_uri(), wait_until="load")
    tab.wait_for_function(DRAWN)
    settings = dict.fromkeys(
        ("prefer_css_page_size", "print_background", "outline", "tagged"), True
    )
    tab.pdf(path=pdf, **settings)
    tab.evaluate(NUMBER, beginnings(pdf))
    tab.pdf(path=pdf, **settings)
    name_outline(pdf, tab.evaluate(HEADINGS))


def make():
    """Join the pages in a file that is thrown away, and print it."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        raise NoPdf("No Chromium or Chrome was found: install one, or set CHROME_PATH to its path.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        html = Path(folder) / "book.html"
        html.write_text(joined(contents()), encoding="utf-8")
        chromium = driver.chromium.launch(executable_path=path, args=OFFLINE)
        print_twice(chromium.new_page(), html, PDF)
        chromium.close()
    return PDF


def main():
    """Make the PDF and say where it is."""
    try:
        made = make()
    except NoPdf as trouble:
        print(trouble)
        return 1
    size = made.stat().st_size / 1e6
    print(f"\nThe book as one file ({size:.0f} MB):\n  {made}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
