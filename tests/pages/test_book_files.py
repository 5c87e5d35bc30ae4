"""What can be known of the book without building it: its parts are there and in step."""

import hashlib
import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
VENDOR = BOOK / "_static" / "vendor"
sys.path.insert(0, str(BOOK / "_ext"))


def toc_files():
    """All pages that _toc.yml lists."""
    text = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    return re.findall(r"(?:root|file):\s*(\S+)", text)


def test_vendored_scripts_are_those_recorded():
    """Each file in vendor/ has its recorded hash, and there is no other file."""
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    recorded = {name.removeprefix("./"): value for value, name in map(str.split, lines)}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in ("README.md", "SHA256SUMS")
    }
    assert found == recorded


def test_contents_list_what_exists_and_nothing_is_forgotten():
    """Every page of _toc.yml exists; every chapter and every page of the book is listed."""
    listed = set(toc_files())
    for name in listed:
        assert any((ROOT / f"{name}{end}").exists() for end in (".md", ".ipynb")), name
    pages = {f"book/{path.stem}" for path in BOOK.glob("*.md") if path.stem != "README"}
    pages |= {f"book/zh/{path.stem}" for path in BOOK.glob("zh/*.md")}
    chapters = {f"notebooks/{path.stem}" for path in ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")}
    assert pages | chapters == listed


def test_chapters_are_numbered_and_titled_once():
    """chapters.yml holds the 22 chapters in order."""
    parts = yaml.safe_load((BOOK / "chapters.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in parts for chapter in part["chapters"]]
    assert [chapter["number"] for chapter in chapters] == list(range(1, 23))
    assert all(chapter["asks"].endswith("?") and chapter["at_most"] > 0 for chapter in chapters)


FAMILIES = ("neighbours", "factorization", "content", "sequential", "pretrained", "bayes", "meta")


@pytest.fixture(scope="module")
def api():
    """Each page of the API reference: what it documents, by file."""
    made = importlib.import_module("api_package")
    pages = {}
    for path in sorted(BOOK.glob("api_*.md")):
        asked = r"\{api-package\} (\S+)\n(:own-files:)?"
        ((package, own),) = re.findall(asked, path.read_text(encoding="utf-8"))
        pages[path.stem] = made.contents(package, folders=not own)
    return pages


@pytest.mark.parametrize("package", ["data", "models", "evaluation", "book"])
def test_everything_that_a_package_offers_is_in_the_api_reference(api, package):
    """Each name that is exported stands on a page, and leads to an object."""
    made = importlib.import_module("api_package")
    names = {name for page in api.values() for found in page.values() for name in found}
    outer = importlib.import_module(f"metarec.{package}")
    for name in outer.__all__:
        value = getattr(outer, name)
        parts = made.own_names(value) if inspect.ismodule(value) else [name]
        for part in parts:
            assert any(entry.endswith(f".{part}") for entry in names), part
    assert all(callable(made.resolve(name)) for name in names)


def test_every_family_has_a_page_and_every_method_stands_on_that_of_its_family(api):
    from metarec.models import registry

    folders = {path.parent.name for path in ROOT.glob("metarec/models/*/__init__.py")}
    assert folders == set(FAMILIES)
    for name, kind in registry.methods().items():
        page = api["api_models" if kind.family == "baselines" else f"api_{kind.family}"]
        assert any(entry.endswith(f".{name}") for found in page.values() for entry in found), name


@pytest.mark.parametrize(
    ("alias", "family"),
    [("ItemKNN", "neighbours"), ("UserKNN", "neighbours"), ("WRMF", "factorization"),
     ("RLFM", "bayes"), ("VBMF", "bayes"), ("BPMF", "bayes"), ("R2-D2", "meta"), ("CNP", "meta")],
)  # fmt: skip
def test_who_knows_a_method_by_another_name_finds_it_in_the_index(alias, family):
    page = (BOOK / f"api_{family}.md").read_text(encoding="utf-8")
    assert f"{{index}}`{alias}`" in page
    docs = [p.read_text(encoding="utf-8") for p in ROOT.glob(f"metarec/models/{family}/*.py")]
    assert any(alias in text for text in docs), f"no docstring of {family} says {alias}"


def test_bibliography_entries_are_whole():
    """Keys are unique and say who and when; every entry has author, title, year, and a venue."""
    entries = re.findall(
        r"^@(\w+)\{(\S+),\n(.*?)^\}", (BOOK / "references.bib").read_text("utf-8"), re.M | re.S
    )
    keys = [key for _, key, _ in entries]
    assert len(keys) == len(set(keys)) > 50
    for _, key, body in entries:
        fields = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.M))
        assert {"author", "title", "year"} <= set(fields), key
        assert {"journal", "booktitle", "publisher", "howpublished"} & set(fields), key
        assert re.fullmatch(r"[a-z]+\d{4}[a-z0-9]*", key), key
        assert fields["year"] in key, key
        assert re.fullmatch(r"10\.\d{4,9}/\S+", fields.get("doi", "10.1000/none")), key


def test_glossary_gives_both_languages():
    """Each entry of the glossary has an English and a Chinese name, and each name comes once."""
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    body = text.split("```{glossary}")[1].split("```")[0]
    entries = [block.splitlines() for block in body.strip().split("\n\n")[1:]]
    names = [line for entry in entries for line in entry if not line.startswith(" ")]
    assert len(entries) >= 70
    assert len(names) == len(set(names)) == 2 * len(entries)
    assert all(re.search("[\u4e00-\u9fff]", entry[1]) for entry in entries)


def test_notation_gives_each_symbol_once():
    """No symbol stands in two rows of the notation page."""
    text = (BOOK / "notation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\$.*?) \|", text, re.M)
    symbols = [symbol for row in rows for symbol in re.findall(r"\$([^$]+)\$", row)]
    symbols = [symbol for symbol in symbols if "," not in symbol]
    assert len(symbols) == len(set(symbols)) > 30


def test_no_page_and_no_style_asks_another_machine():
    """Our own pages, styles and scripts load nothing by address."""
    kinds = ("*.md", "zh/*.md", "_templates/*", "_static/*.*", "_ext/*.py")
    own = [path for kind in kinds for path in BOOK.glob(kind)]
    for path in own:
        if path.suffix == ".png":
            continue
        text = path.read_text(encoding="utf-8")
        loads = re.findall(r"(?:src=|url\(|@import|!\[[^]]*\]\()\s*[\"']?https?:", text)
        assert not loads, path
        assert not re.search(r"!\[\s*\]\(", text), f"{path}: an image without alternative text"


# ---------------------------------------------------------------- extensions


def test_printed_claims_become_a_checklist(capsys):
    """The page's checklist reads what `check` prints, with and without a number."""
    from metarec.book import check, claims
    from metarec.evaluation import Interval

    cells = importlib.import_module("cells")
    check("five ratings help: by", 0.0484, 0.03, 0.06)
    check("it beats the bias", Interval(-0.0273, -0.0341, -0.0209, 0.0034, n=149), high=0)
    check("one negative: it is faster", 12.0, low=10, show=False)
    found = [claims.PRINTED.match(line) for line in capsys.readouterr().out.splitlines()]
    assert [match["text"] for match in found] == [
        "five ratings help: by", "it beats the bias", "one negative: it is faster",
    ]  # fmt: skip
    assert [match["value"] for match in found] == ["0.05", "−0.03 [−0.03, −0.02]", None]
    assert cells.claim_item(found[0]).astext().startswith("✓five ratings help: by: 0.05")


def test_numbers_on_pages_are_those_that_the_chapters_stored():
    """A claim gives what its cell printed; a mean is that of the stored row."""
    evidence = importlib.import_module("evidence")
    text = "the error is larger for women"
    value, about, target = evidence.claimed(f"01: {text}")
    printed = (ROOT / "notebooks/01_what_a_recommender_does.ipynb").read_text(encoding="utf-8")
    assert f"holds   {text}: {value} (claimed:" in printed
    assert "[" in value
    assert about.endswith("; claimed: the whole interval above 0.015")
    assert target == "01#claims-of-this-chapter-checked"
    stored = json.loads((ROOT / "data/results/13.json").read_text(encoding="utf-8"))["rows"]
    wanted = {"method": "blended Bayes", "metric": "rmse", "protocol": "newcomers", "k": 20}
    (row,) = (row for row in stored if wanted.items() <= row.items())
    assert evidence.measured("13: blended Bayes, rmse, k = 20")[0] == f"{row['mean']:.3f}"


@pytest.mark.parametrize(
    "said",
    ["01: nobody claimed this", "77: blended Bayes", "11: times slower: the loop over 64 people"],
)
def test_a_claim_that_is_not_stored_with_a_number_is_an_error(said):
    with pytest.raises(ValueError, match="chapter"):
        importlib.import_module("evidence").claimed(said)


def test_a_mean_that_is_not_stored_is_an_error():
    with pytest.raises(ValueError, match="chapter 13 stored no single row"):
        importlib.import_module("evidence").measured("13: no such method, rmse, k = 20")


@pytest.fixture
def made():
    """The tables of the page on reproducibility."""
    return importlib.import_module("reproducibility")


def test_status_table_is_in_step_with_what_the_chapters_stored(made):
    """One row a chapter: its stored time, its figures, its claims and its rows of results."""
    times = json.loads((ROOT / "data/results/run_times.json").read_text(encoding="utf-8"))
    lines = list(made.status())[2:-1]
    assert len(lines) == len(times) == len(made.written())
    for line, (number, seconds) in zip(lines, times.items(), strict=True):
        _, link, ran, promised, figures, claims, stored, _, seed, _ = map(
            str.strip, line.split("|")
        )
        text = next(ROOT.glob(f"notebooks/{number}_*.ipynb")).read_text(encoding="utf-8")
        assert number in link
        assert ran == f"{seconds} s"
        assert seconds <= int(promised.removesuffix(" s"))
        assert int(figures) == text.count('"mystnb": {') > 2
        assert int(claims) == len(re.findall(r'(?<!\\)"✓ holds', text))
        assert int(stored) == made.results(number).count('"metric"')
        assert seed == ("in its code" if number in ("01", "02") else "0")


def test_results_were_stored_with_the_pinned_versions(made):
    """A row of the versions whose last column differs tells that a chapter should run again."""
    for line in list(made.versions())[2:]:
        _, name, pinned, stored, _ = map(str.strip, line.split("|"))
        assert stored in ("", pinned), name


def ranges(numbers):
    """["01", "02", "04"] as "01-02, 04"."""
    runs = []
    for number in numbers:
        if runs and int(runs[-1][-1]) + 1 == int(number):
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join("-".join(run) if int(run[-1]) - int(run[0]) > 1 else ", ".join(run)
                     for run in runs)  # fmt: skip


def test_data_table_names_all_that_the_book_needs_and_the_list_says_which_chapters_use_it(made):
    from metarec.data.sources.assets import ASSETS

    assert [line.split("*")[1] for line in list(made.data())[2:]] == list(ASSETS)
    for name, asset in ASSETS.items():
        users = [number for number in made.written() if name in made.sources(number)]
        assert asset.chapters == ranges(users), name


def test_every_figure_is_listed_with_its_cell_and_a_title(made):
    lines = [line for line in made.figures() if line.startswith("| `c")]
    assert len(lines) == sum(len(made.figures_of(number)) for number in made.written()) > 80
    assert "| `c011` | Five ratings turn the list round |" in lines
    titles = [re.sub(r"\{ref\}`(.*) <.*>`", r"\1", line.split(" | ")[1]) for line in lines]
    assert all(len(title) > 15 for title in titles), titles


def test_the_plans_for_lecturers_name_sections_that_exist():
    """What stands in italics in the plans is the beginning of a heading of a chapter."""
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("notebooks/[0-9][0-9]_*.py")]
    headings = re.findall(r"^# ##+ (.*)$", "\n".join(texts), re.M)
    plans = (
        (BOOK / "instructors.md").read_text(encoding="utf-8").split("## A method of one's own")[0]
    )
    named = [" ".join(name.split()) for name in re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", plans)]
    assert len(named) > 25
    for name in named:
        assert any(heading.startswith(name.rstrip("?")) for heading in headings), name


def test_times_of_several_chapters_are_added_up(made):
    (node,), _ = made.effort("effort", "", "01 14", 1, None)
    times = made.run_times()
    assert node.astext() == f"100 minutes to read, {times['01'] + times['14']} seconds to run"
    assert made.opening("13") == (60, ["02", "05", "07"])


def rows(method, means):
    """Leaderboard rows of one method."""
    return [
        {
            "protocol": "newcomers", "method": method, "k": k, "metric": "rmse", "mean": mean,
            "low": mean - 0.02, "high": mean + 0.02, "n_users": 149, "n_draws": 5,
            "relative_seconds": 1.0, "parameters": 3,
        }
        for k, mean in zip((0, 5, 20), means, strict=True)
    ]  # fmt: skip


@pytest.fixture
def results(tmp_path, monkeypatch):
    """An empty folder of results."""
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    return tmp_path


def test_front_page_figure_waits_for_results(results):
    """Without results there is no figure, and no error."""
    assert importlib.import_module("front_page").newcomers().empty


def test_front_page_figure_shows_the_best_method_beside_the_yardsticks(results):
    """The figure and its words come from the stored rows; a later chapter replaces an earlier."""
    board = rows("item mean", [1.0, 1.0, 1.0]) + rows("item + user bias", [1.0, 0.97, 0.94])
    first = {"chapter": "02", "versions": {}, "rows": board + rows("best", [1.0, 0.95, 0.95])}
    later = {"chapter": "04", "versions": {}, "rows": rows("best", [1.0, 0.95, 0.91])}
    for chapter in (first, later):
        (results / f"{chapter['chapter']}.json").write_text(json.dumps(chapter), encoding="utf-8")
    front_page = importlib.import_module("front_page")
    board = front_page.newcomers()
    assert front_page.chosen(board) == (["item mean", "item + user bias"], "best")
    front_page.draw(board, results / "figure.png")
    said = front_page.facts(board)
    words = [front_page.in_words(said, words) for words in front_page.WORDS.values()]
    assert "best: 1.000 at k = 0, 0.950 at k = 5, 0.910 at k = 20" in words[0]
    assert "best：k = 0 时为 1.000、k = 5 时为 0.950、k = 20 时为 0.910" in words[1]
    assert (results / "figure.png").stat().st_size > 10_000


def test_diagram_links_to_chapters_that_exist():
    """A link to a chapter becomes its address; a link to a chapter to come is left out."""
    mermaid_local = importlib.import_module("mermaid_local")

    class Builder:
        class env:
            found_docs = {"book/index", "notebooks/01_problem"}

        @staticmethod
        def get_relative_uri(origin, page):
            return f"../{page}.html"

    code = 'flowchart TD\n  A --> B\n  click A href "chapter:01"\n  click B href "chapter:09"\n'
    assert mermaid_local.link_chapters(code, Builder, "book/index") == (
        'flowchart TD\n  A --> B\n  click A href "../notebooks/01_problem.html"\n'
    )


def test_one_address_gives_a_fork_its_launch_buttons():
    """None is set here; with one, chapters open on a Binder made from this repository's lists."""
    launch = importlib.import_module("launch")
    given = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    theme = given["sphinx"]["config"]["html_theme_options"]
    config = SimpleNamespace(html_theme_options=dict(theme))
    launch.offer(None, config)
    assert config.html_theme_options == theme | {"repository_url": ""}
    config.html_theme_options["repository_url"] = "https://example.org/you/metarec"
    launch.offer(None, config)
    assert config.html_theme_options["launch_buttons"]["binderhub_url"]


def test_binder_and_devcontainer_install_the_lists_of_the_root():
    text = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8")
    lists = re.findall(r"^-[rc] (\S+)$", text, re.MULTILINE)
    assert lists == ["../requirements.txt", "../constraints.txt"]
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["onCreateCommand"].endswith("make env")


def test_workflows_ask_for_no_more_than_they_need():
    """Each names its rights and a time limit; only the deployment may write, and only pages."""
    paths = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert [path.stem for path in paths] == ["pages", "proof", "weekly"]
    for path in paths:
        flow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert flow["permissions"] == {"contents": "read"}, path.name
        assert flow["concurrency"], path.name
        for name, job in flow["jobs"].items():
            assert job["timeout-minutes"] <= 90, name
            assert job.get("permissions", {}).keys() <= {"pages", "id-token"}, name
            for step in job["steps"]:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))
