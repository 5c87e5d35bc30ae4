"""What `pip install` puts into a folder works there, with no clone of the repository in sight."""

import os
import subprocess
import sys
import textwrap
import zipfile

import pytest
from chapters import ROOT


def pip(*words):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w", folder, ROOT)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """Runs Python where metarec is installed, and not beside its source."""
    home = tmp_path_factory.mktemp("home")
    pip("install", "-q", "--no-deps", "--no-index", "--target", home / "site", wheel)
    env = {name: v for name, v in os.environ.items() if not name.startswith("METAREC_")}
    env |= {"PYTHONPATH": str(home / "site"), "PYTHONSAFEPATH": "1", "COLUMNS": "200"}
    env |= {"XDG_CACHE_HOME": str(home / "cache"), "PYTHONUTF8": "1"}

    def run(*words, **more):
        return subprocess.run(
            [sys.executable, *words], cwd=home, env={**env, **more}, capture_output=True, text=True
        )

    def do(*words, **more):
        done = run(*words, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    run.do, run.site = do, home / "site"
    return run


def test_the_wheel_is_small_and_carries_data_with_their_licences(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size < 8_000_000
    for folder in ("film_facts", "movielens_2016", "shop"):
        assert f"metarec/shipped/{folder}/README.md" in names
        assert any(name.endswith(f"licenses/data/{folder}/README.md") for name in names)
    tops = {name.split("/")[0].partition("-")[0] for name in names}
    assert tops == {"metarec"}, "nothing else may land beside the packages of others"


def test_data_the_best_method_and_the_command_line_work(elsewhere):
    """In one process, which reads the facts of films once."""
    said = elsewhere.do("-c", textwrap.dedent("""
        import dataclasses, metarec as mr
        from metarec.__main__ import app
        ratings = mr.data.movielens_2016()
        few = ratings.keep_users(range(1, 11))
        rated = few.items.index.isin(few.table["item"])
        few = dataclasses.replace(few, items=few.items[rated])
        model = mr.models.BlendedBayes().fit(few)
        answer = model.predict(mr.data.Episodes.of_one(few, {31: 5.0}))
        print(mr.__file__, len(ratings), len(mr.data.shop()), answer.shape == (1, rated.sum() - 1))
        for words in ("recommend --data movielens-2016 --method item-mean --rate Alien=5",
                      "leaderboard --protocol newcomers --metric rmse", "doctor"):
            app(words.split(), standalone_mode=False)
    """))  # fmt: skip
    place = elsewhere.site / "metarec" / "__init__.py"
    assert said.startswith(f"{place} 100004 83461 True\n")
    assert "You gave 5 to Alien (1979)." in said
    assert "blended" in said.partition("newcomers")[2]
    assert said.endswith("Everything is in place.")


def test_remedies_are_for_who_has_no_clone(elsewhere, tmp_path):
    """No `git checkout`, no list of requirements, no chapter to run: none of them is there."""
    said = elsewhere.do("-c", textwrap.dedent("""
        from metarec.data import assets
        print(*[asset.remedy for asset in assets.ASSETS.values()], sep="\\n")
    """))  # fmt: skip
    assert "pip install --no-deps recbole==1.2.1 " in said
    assert "install metarec again" in said
    assert not any(word in said for word in ("git ", "requirements", "clone"))
    empty = elsewhere("-m", "metarec", "leaderboard", METAREC_RESULTS=str(tmp_path))
    said = empty.returncode, empty.stderr.strip()
    assert said == (2, "no results yet; unset METAREC_RESULTS")
    chapter = elsewhere("-m", "metarec", "run", "01")
    assert chapter.returncode == 2
    assert "in a clone of the book" in chapter.stderr


def test_the_grader_says_what_it_needs(elsewhere, tmp_path):
    (tmp_path / "psutil.py").write_text("raise ModuleNotFoundError('no', name='psutil')")
    paths = os.pathsep.join([str(tmp_path), str(elsewhere.site)])
    done = elsewhere("-m", "metarec", "grade", "a", "--assignment", "b", PYTHONPATH=paths)
    assert done.returncode == 2
    needed = "the grader needs psutil, which is not installed; run: python -m pip install packaging"
    assert needed in done.stderr
