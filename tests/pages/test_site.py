"""Every built page as readers meet it: wide and narrow, light and dark, with no network.

The pages are opened from the folder (file://), which is the strictest way: a request that leaves
the machine, a missing file or a script error shows at once.
"""

import json
import re

import pytest

from .conftest import SITE

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
BUILT = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
# The root index.html only leads on; pages with the package's source are all alike: one will do.
PAGES = [page for page in BUILT if not page.startswith(("_", "index.html"))]
PAGES += [page for page in BUILT if page.startswith("_modules/metarec")][:1]
PAGES = PAGES or ["book/index.html"]  # nothing built: each test skips and says so
LOCAL = ("file:", "data:", "blob:", "about:")

MEASURE = """() => ({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  undrawn: [...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container'))
    .map(m => m.textContent),
  wrong: [...document.querySelectorAll('mjx-merror')].map(m => m.textContent),
  diagrams: [...document.querySelectorAll('pre.mermaid')]
    .filter(d => !d.querySelector('svg') || d.textContent.includes('Syntax error')).length,
  blind: [...document.images].filter(i => !(i.alt || '').trim()).map(i => i.src),
  broken: [...document.images].filter(i => i.loading !== 'lazy' && !i.naturalWidth).map(i => i.src),
  theme: document.documentElement.dataset.theme,
})"""
DRAWN = """() => (window.MathJax?.startup?.promise ?? Promise.resolve())
  .then(() => ![...document.querySelectorAll('pre.mermaid')].some(d => !d.querySelector('svg')))"""

# Open all folds. Measuring contrast takes axe-core most of its time, so of the many coloured words
# of code and the many formulas in a line, which look alike, one of each kind is enough; and of the
# entries of a reference page and the rows of a table the first ten.
PREPARE = """() => {
  document.querySelectorAll('details').forEach(d => { d.open = true });
  [...document.querySelectorAll('dl.py')].slice(10).forEach(entry => entry.remove());
  document.querySelectorAll('tbody tr:nth-child(n + 11)').forEach(row => row.remove());
  const seen = new Set();
  document.querySelectorAll('.highlight span, mjx-container:not([display])').forEach(node => {
    const kind = [node.tagName, node.className, !!node.closest('.cell_output')].join();
    if (seen.has(kind)) node.replaceWith(node.textContent);
    seen.add(kind);
  });
}"""


# Rules of axe-core to which colour or width matters.
LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")


@pytest.fixture(scope="module")
def tabs(browser):
    """One tab in light and one in dark, with what they asked for and complained about."""
    opened = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme, viewport=WIDE, reduced_motion="reduce")
        page.asked, page.complaints = [], []
        page.on("request", lambda request, page=page: page.asked.append(request.url))
        page.on("pageerror", lambda error, page=page: page.complaints.append(str(error)))
        page.on(
            "console",
            lambda message, page=page: (
                message.type == "error" and page.complaints.append(message.text)
            ),
        )
        opened[scheme] = page
    yield opened
    for page in opened.values():
        page.close()


def visit(tab, site, name):
    """Open a page and wait until formulas and diagrams are drawn."""
    tab.asked.clear()
    tab.complaints.clear()
    tab.goto((site / name).as_uri(), wait_until="load")
    tab.wait_for_function(DRAWN, timeout=10_000)


def problems(tab, size, scheme):
    """What is wrong with the page that the tab shows now, in words."""
    found = tab.evaluate(MEASURE)
    yield "asks another machine for", [url for url in tab.asked if not url.startswith(LOCAL)]
    yield "the console says", tab.complaints
    yield f"at {size['width']} px it scrolls sideways by", max(found["overflow"], 0)
    yield "formulas not drawn", found["undrawn"]
    yield "formulas with errors", found["wrong"]
    yield "diagrams not drawn", found["diagrams"]
    yield "images without alternative text", found["blind"]
    yield "images that do not load", found["broken"]
    yield "wrong theme", found["theme"] != scheme


def violations(tab, rules=()):
    """Serious and critical violations that axe-core finds, of all its rules or of some."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python missing")
    tab.evaluate(PREPARE)
    tab.evaluate(axe.AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    for rule in tab.evaluate("options => axe.run(options)", options)["violations"]:
        if rule["impact"] in ("serious", "critical"):
            nodes = rule["nodes"][:4]
            yield rule["id"], [f"{node['target']}: {node['html'][:160]}" for node in nodes]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page(tabs, site, name, scheme):
    """Draws all, fits the screen, asks nobody, complains about nothing, is open to everybody.

    Both widths are measured; axe-core, which is slow, sees the page wide in light, and narrow in
    dark for the rules to which colour or width matters.
    """
    tab = tabs[scheme]
    sizes = (NARROW, WIDE) if scheme == "light" else (WIDE, NARROW)
    tab.set_viewport_size(sizes[0])
    visit(tab, site, name)
    for size in sizes:
        tab.set_viewport_size(size)
        wrong = {what: found for what, found in problems(tab, size, scheme) if found}
        assert not wrong, f"{name} in {scheme}: {json.dumps(wrong, indent=1)}"
    wrong = dict(violations(tab, LOOKS if scheme == "dark" else ()))
    assert not wrong, f"{name} in {scheme}: not accessible: {json.dumps(wrong, indent=1)}"


@pytest.mark.parametrize("kind", ["file", "http"])
@pytest.mark.parametrize(
    ("word", "pages"), [("sparsity", "Glossary|Preface"), ("元学习", "前言"), ("公平", "常见问题")]
)
def test_search_finds_a_word(browser, site, kind, word, pages, request):
    """The search works from the folder and from a server, in both languages."""
    base = site.as_uri() if kind == "file" else request.getfixturevalue("server")
    page = browser.new_page()
    page.goto(f"{base}/search.html?q={word}")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("#search-results li a").count() >= 2
    assert page.locator("#search-results").get_by_role("link", name=re.compile(pages)).count()
    page.close()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("book/index.html", "book/zh/index.html"),
        ("book/faq.html", "book/zh/faq.html"),
        ("notebooks/05_content_filtering.html", "book/zh/chapters.html#zh-05"),
    ],
)
def test_the_switch_leads_to_the_other_language(browser, site, english, chinese):
    """By keyboard and without JavaScript; the page there says its language and leads back."""
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / english).as_uri())
    page.get_by_role("link", name="中文", exact=True).press("Enter")
    page.wait_for_url(f"**/{chinese}")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    back = page.get_by_role("link", name="English", exact=True)
    assert back.get_attribute("hreflang") == back.get_attribute("lang") == "en"
    back.press("Enter")
    page.wait_for_url("**/book/index.html#the-chapters" if "#" in chinese else f"**/{english}")
    assert page.locator("html").get_attribute("lang") == "en"
    page.close()


def test_neighbours_speak_the_same_language_and_words_of_the_other_are_marked(browser, site):
    page = browser.new_page()
    for name, there in (("book/bibliography", "zh/"), ("book/zh/index", "../")):
        page.goto((site / f"{name}.html").as_uri())
        links = page.locator(".prev-next-area a")
        leads = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert len(leads) == 1
        assert not leads[0].startswith(there)
        entry = page.locator("nav.bd-links a", has_text="前言" if there == "zh/" else "Preface")
        assert entry.get_attribute("lang") == ("zh-CN" if there == "zh/" else "en")
    page.close()


def test_root_leads_to_the_front_page(browser, site):
    """index.html in the root of the site opens the book."""
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.wait_for_url("**/book/index.html")
    assert "Learn to Learn" in page.title()
    page.close()


def test_theme_switch_redraws_diagrams(browser, site):
    """Dark mode changes the colours of a diagram, and the choice is kept on the next page."""
    page = browser.new_page(color_scheme="light", viewport=WIDE)
    page.goto((site / "book/proofs.html").as_uri())
    page.wait_for_function(DRAWN)
    before = page.inner_html("pre.mermaid")
    page.locator(".theme-switch-button").first.click()  # from "as the system" to dark
    changed = """before => document.querySelector('pre.mermaid svg')
        && document.querySelector('pre.mermaid').innerHTML !== before"""
    page.wait_for_function(changed, arg=before)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto((site / "book/preface.html").as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_links_inside_the_site_lead_somewhere(site):
    """Every relative link and every anchor exists."""
    ids, links = {}, []
    for name in PAGES:
        text = (site / name).read_text(encoding="utf-8")
        ids[(site / name).resolve()] = set(re.findall(r'\bid="([^"]+)"', text))
        links += [(name, target) for target in re.findall(r'<a [^>]*?href="([^"]+)"', text)]
    dead = set()
    for name, target in links:
        if re.match(r"[a-z]+:", target) or target in ("#", ""):
            continue
        path, _, anchor = target.partition("#")
        page = ((site / name).parent / path).resolve() if path else (site / name).resolve()
        if not page.exists() or (anchor and page in ids and anchor not in ids[page]):
            dead.add(f"{name} -> {target}")
    assert not dead, sorted(dead)
