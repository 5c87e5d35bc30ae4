"""Make `data/film_facts/films.csv.gz` from the wheel bokeh-sampledata 2026.1, and report the join.

    pip download --no-deps bokeh-sampledata==2026.1
    python tools/data/join_film_facts.py make bokeh_sampledata-2026.1-py3-none-any.whl
    python tools/data/join_film_facts.py report --sample 60

The table holds all 17 472 films of the snapshot, under Wikidata's own titles and numbers; nothing
in it comes from MovieLens. The join happens at run time, in `metarec.data.film_facts`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sqlite3
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import typer

WHEEL_SHA256 = "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f"
MEMBER = "bokeh_sampledata/_data/movies.db"
QUERY = """
    SELECT o.ID AS wikidata, o.Title AS title, o.Year AS year, o.Released AS released,
           o.Director AS directors, o.Writer AS writers, o."Cast" AS "cast", o.Genre AS genres,
           o.Country AS country, o.Language AS language, o.Runtime AS runtime,
           o.Metacritic AS metacritic, t.Meter AS tomatometer, t.Reviews AS reviews,
           t.BoxOffice AS box_office, o.Oscars AS oscars
    FROM omdb AS o JOIN tomatoes AS t USING (ID) ORDER BY o.ID
"""
LISTS = ["directors", "writers", "cast", "genres", "country", "language"]
WHOLE = ["runtime", "metacritic", "tomatometer", "reviews", "box_office"]
app = typer.Typer(add_completion=False)


def read_wheel(wheel: Path) -> pd.DataFrame:
    """The films in the wheel's database, under the column names of our table."""
    content = wheel.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} has another hash ({found}); download bokeh-sampledata==2026.1")
    with zipfile.ZipFile(io.BytesIO(content)) as archive, tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "movies.db")
        database.write_bytes(archive.read(MEMBER))
        with sqlite3.connect(database) as connection:
            return pd.read_sql(QUERY, connection)


def tidy(films: pd.DataFrame) -> pd.DataFrame:
    """Names separated by "|" (a "Jr." stays with its name), amounts as whole numbers."""
    for column in LISTS:
        names = films[column].str.replace(r", (Jr|Sr)\b", r" \1", regex=True)
        films[column] = names.str.replace(", ", "|", regex=False).replace("", pd.NA)
    films[WHOLE] = films[WHOLE].round().astype("Int64")
    return films


@app.command()
def make(wheel: Path, folder: Path = Path("data/film_facts")) -> None:
    """Write films.csv.gz, without a time stamp, and print its hash."""
    text = tidy(read_wheel(wheel)).to_csv(index=False, lineterminator="\n")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "films.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


@app.command()
def report(sample: int = 60, seed: int = 20260101) -> None:
    """Print match rates, missing facts, and a random sample of matches to judge by eye."""
    from metarec.data import film_facts, movielens_100k, movielens_2016
    from metarec.data.facts import FOUND

    for ratings in (movielens_100k(), movielens_2016()):
        facts = film_facts(ratings)
        films, rated = facts.film_match_rate, facts.rating_match_rate
        print(f"\n{ratings.name}: {films:.1%} of films, {rated:.1%} of ratings")
        matched = facts.table[facts.table["wikidata"].notna()]
        print(matched["matched_by"].value_counts().to_string())
        print(matched.replace("", pd.NA).isna().mean().map("{:.1%} missing".format).to_string())
        both = ratings.items.join(matched[list(FOUND)], how="inner")
        print(both.sample(sample // 2, random_state=seed).to_string())
        print(both[both["matched_by"] == "part"].to_string())


if __name__ == "__main__":
    app()
