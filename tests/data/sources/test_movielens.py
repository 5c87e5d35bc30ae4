"""Every reader gives the known table, and every bad file a message with place and remedy."""

import gzip
import time
import warnings
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metarec.data import Ratings, assets, movielens_100k, read_csv, read_movielens
from metarec.data.sources.movielens import GENRES

HASHES = {  # Ratings.sha256: ids, ratings and times in the order of the file
    "MovieLens-100K": "99a930993ab4ede918f884038aca70c11c9f9ab24ec223ee33cfcfb62e0598b8",
    "MovieLens-2016": "4c8e1e8ca2e504c966a7a00a9ac4a6db6b6a224adaa7532f7bb4e7a5b1f0d208",
}
GOOD = (
    "user,item,rating,timestamp\nann,Alien,5,880000000\nann,Big,2,880000060\nbob,Big,4,880000120\n"
)


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.fixture
def csv(tmp_path):
    """Write a file and read it: csv(content, **options)."""

    def read(content, **options):
        return read_csv(write(tmp_path / "mine.csv", content), **options)

    return read


# ---------------------------------------------------------------- MovieLens, known values


def test_movielens_100k_is_the_published_one(ml100k):
    assert (len(ml100k), ml100k.n_users, ml100k.n_items) == (100_000, 943, 1682)
    assert ml100k.scale == (1, 5)
    assert ml100k.table.head(3).to_numpy().tolist() == [
        [196, 242, 3, 881250949],
        [186, 302, 3, 891717742],
        [22, 377, 1, 878887116],
    ]
    assert ml100k.table["rating"].mean() == pytest.approx(3.52986)
    assert ml100k.sha256() == HASHES["MovieLens-100K"]


def test_movielens_100k_knows_its_films_and_people(ml100k):
    items, users = ml100k.items, ml100k.users
    assert items.loc[1].tolist() == ["Toy Story", 1995, "Animation|Children's|Comedy"]
    assert items.loc[543, "title"] == "Misérables, Les"
    assert items.loc[267].fillna(0).tolist() == ["unknown", 0, ""]
    assert items.loc[1412, "title"] == "Land Before Time III: The Time of the Great Giving"
    assert items.loc[1412, "year"] == 1995
    assert items["year"].isna().sum() == 1
    assert set("|".join(items["genres"]).split("|")) - {""} == set(GENRES)
    assert users.loc[1].tolist() == [24, "M", "technician"]
    assert users["sex"].value_counts().to_dict() == {"M": 670, "F": 273}


def test_movielens_2016_is_the_recorded_one(ml2016):
    assert (len(ml2016), ml2016.n_users, ml2016.n_items) == (100_004, 671, 9066)
    assert ml2016.scale == (0.5, 5)
    assert ml2016.table.head(2).to_numpy().tolist() == [
        [1, 31, 2.5, 1260759144],
        [1, 1029, 3, 1260759179],
    ]
    assert ml2016.items.loc[1, "title"] == "Toy Story"
    assert ml2016.items.loc[108548].tolist() == ["Big Bang Theory, The", 2007, "Comedy"]
    assert ml2016.items.index[ml2016.items["year"].isna()].tolist() == [143410, 151307, 162376]
    assert (ml2016.items["genres"] == "").sum() == 17
    assert ml2016.sha256() == HASHES["MovieLens-2016"]


def test_both_have_titles_and_genres_without_gaps(ml100k, ml2016):
    for ratings in (ml100k, ml2016):
        assert ratings.items[["title", "genres"]].notna().all(axis=None)
        assert (ratings.items["title"].str.strip() == ratings.items["title"]).all()
        assert str(ratings.items["year"].dtype) == "Int64"


def test_movielens_100k_loads_in_a_moment(ml100k):
    times = []
    for _ in range(3):
        start = time.process_time()
        movielens_100k()
        times.append(time.process_time() - start)
    assert min(times) < 1, "0.1 s of a processor are enough"


# ---------------------------------------------------------------- the same from other sources


def official_layout(ratings: Ratings, folder: Path) -> Path:
    """The 100K as GroupLens lays it out: no headers, Latin-1, flags for genres."""
    flags = ratings.items["genres"].str.get_dummies("|").reindex(columns=GENRES, fill_value=0)
    year = ratings.items["year"].map(" ({})".format, na_action="ignore").fillna("")
    title = ratings.items["title"] + year
    title[1412] += " (V)"
    lines = [
        f"{i}|{t}|01-Jan-1995||http://x|{int(not any(f))}|" + "|".join(map(str, f))
        for i, t, f in zip(ratings.items.index, title, flags.to_numpy(), strict=True)
    ]
    write(folder / "u.item", "\n".join(lines) + "\n", "latin-1")
    write(
        folder / "u.user",
        "".join(f"{u}|{a}|{s}|{o}|00000\n" for u, a, s, o in ratings.users.itertuples()),
    )
    table = ratings.table.astype(int)
    write(folder / "u.data", table.to_csv(sep="\t", header=False, index=False, lineterminator="\n"))
    return folder


def test_grouplens_own_files_give_the_same_tables_as_recboles(ml100k, tmp_path):
    official = read_movielens(official_layout(ml100k, tmp_path / "ml-100k"))
    pd.testing.assert_frame_equal(official.items, ml100k.items)
    pd.testing.assert_frame_equal(official.users, ml100k.users)
    pd.testing.assert_frame_equal(official.table, ml100k.table)
    assert official.sha256(whole=True) == ml100k.sha256(whole=True)


def test_an_official_archive_in_the_readers_folder_is_used(ml100k, tmp_path, monkeypatch):
    folder = official_layout(ml100k, tmp_path / "unpacked")
    with zipfile.ZipFile(tmp_path / "ml-100k.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/ml-100k/u.data", "rubbish")
        for file in folder.iterdir():
            archive.write(file, f"ml-100k/{file.name}")
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    assert assets.find("movielens-100k").name == "ml-100k.zip"
    assert movielens_100k().sha256() == HASHES["MovieLens-100K"]


def test_an_archive_with_another_rating_is_refused(ml100k, tmp_path, monkeypatch):
    folder = official_layout(ml100k, tmp_path / "unpacked")
    changed = (folder / "u.data").read_text().replace("196\t242\t3\t", "196\t242\t4\t", 1)
    with zipfile.ZipFile(tmp_path / "ml-100k.zip", "w") as archive:
        archive.writestr("ml-100k/u.data", changed)
        archive.write(folder / "u.item", "ml-100k/u.item")
        archive.write(folder / "u.user", "ml-100k/u.user")
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    with pytest.raises(
        assets.AssetError, match=r"ml-100k.zip is not MovieLens-100K as published.*replace it"
    ):
        movielens_100k()


def test_an_archive_that_tries_to_leave_its_folder_writes_nothing(tmp_path):
    inner = tmp_path / "inner"
    with zipfile.ZipFile(write(inner / "evil.zip", b""), "w") as archive:
        archive.writestr("../ratings.csv", "userId,movieId,rating\n1,1,5\n")
        archive.writestr("../movies.csv", "movieId,title,genres\n1,Toy Story (1995),Comedy\n")
    assert len(read_movielens(inner / "evil.zip")) == 1
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["evil.zip"]


@pytest.fixture
def one_million(tmp_path) -> Path:
    folder = tmp_path / "ml-1m"
    write(
        folder / "ratings.dat",
        "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    )
    movies = "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n"
    movies += "1193::Cité des enfants perdus, La (1995)::Drama\n9::Never Rated (1990)::Drama\n"
    write(folder / "movies.dat", movies, "latin-1")
    write(folder / "users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n")
    return folder


def test_the_1m_release(one_million):
    ratings = read_movielens(one_million)
    assert ratings.table.iloc[0].tolist() == [1, 1193, 5, 978300760]
    assert ratings.scale == (1, 5)
    assert ratings.items.loc[1193].tolist() == ["Cité des enfants perdus, La", 1995, "Drama"]
    assert ratings.n_items == 3
    assert ratings.users.loc[1].tolist() == [1, "F", "K-12 student"]
    assert ratings.users.loc[2, "occupation"] == "self-employed"


def test_the_10m_release_has_half_stars_and_no_users(one_million):
    (one_million / "users.dat").unlink()
    write(one_million / "ratings.dat", "1::661::0.5::838985046\n")
    write(one_million / "movies.dat", "661::Amélie (2001)::Comedy\n")
    ratings = read_movielens(one_million)
    assert (ratings.scale, ratings.table["rating"][0]) == ((0.5, 5), 0.5)
    assert ratings.items.loc[661, "title"] == "Amélie"


@pytest.fixture
def latest(tmp_path) -> Path:
    folder = tmp_path / "ml-latest-small"
    write(
        folder / "ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,7,4.0,1\n"
    )
    movies = 'movieId,title,genres\n31,"Net, The (1995)",Action|Crime\n'
    movies += "7,Big Bang Theory (2007-),(no genres listed)\n8,Hyena Road ,Drama\n"
    write(folder / "movies.csv", movies)
    return folder


def test_the_csv_releases(latest):
    ratings = read_movielens(latest)
    assert ratings.scale == (0.5, 5)
    assert ratings.items.loc[31].tolist() == ["Net, The", 1995, "Action|Crime"]
    assert ratings.items.loc[7].tolist() == ["Big Bang Theory", 2007, ""]
    assert ratings.items.loc[8, "title"] == "Hyena Road"
    assert pd.isna(ratings.items.loc[8, "year"])


def test_a_folder_above_the_release_is_understood(latest):
    assert len(read_movielens(latest.parent)) == 2


# ---------------------------------------------------------------- broken releases


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist; pass the folder"):
        read_movielens(tmp_path / "nowhere")


def test_a_folder_without_a_release_points_to_read_csv(tmp_path):
    with pytest.raises(ValueError, match=r"holds none of u.data.*call read_csv for a file"):
        read_movielens(tmp_path)


@pytest.mark.parametrize("name", ["movies.csv"])
def test_a_release_that_lacks_a_file(latest, name):
    (latest / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"ml-latest-small has no {name}; pass the whole"):
        read_movielens(latest)


def test_a_release_that_lacks_a_column(latest):
    write(latest / "movies.csv", "movieId,title\n31,Net (1995)\n7,Big\n")
    with pytest.raises(ValueError, match="lacks the column 'genres'; pass the release as it was"):
        read_movielens(latest)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1,8,6,1", r"ratings.csv: rating 6 at row 2 \(line 4\) is outside the scale 0.5..5"),
        ("1,8,,1", r"ratings.csv: rating nan at row 2 \(line 4\) is not a finite number"),
        ("1,8,good,1", r"rating 'good' at row 2 \(line 4\) is not a finite number"),
        ("1,8,inf,1", r"at row 2 \(line 4\) is not a finite number"),
        (",8,4,1", r"user is missing at row 2 \(line 4\); fill it in or drop the row"),
        ("1,7,4,1", r"user 1 rates item 7 a second time at row 2 \(line 4\)"),
        ("1,99,4,1", r"item 99 at row 2 \(line 4\) is not in the item table; add it"),
        ("1,8,4,1,5", r"ratings.csv: line 4 has 5 fields instead of 4; check the separator"),
        ("1,8,4,soon", r"timestamp 'soon' at row 2 \(line 4\)"),
    ],
)
def test_a_bad_line_in_a_release_is_named(latest, line, complaint):
    with (latest / "ratings.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=complaint):
        read_movielens(latest)


def test_lines_of_a_file_without_a_header_count_from_one(one_million):
    write(one_million / "ratings.dat", "1::1193::5::1\n1::661::9::1\n")
    with pytest.raises(ValueError, match=r"ratings.dat: rating 9 at row 1 \(line 2\) is outside"):
        read_movielens(one_million)


def test_a_film_that_stands_twice(latest):
    with (latest / "movies.csv").open("a") as file:
        file.write("31,Net again (1995),Drama\n")
    with pytest.raises(ValueError, match="item 31 stands twice in the item table; keep one row"):
        read_movielens(latest)


def test_a_damaged_archive(tmp_path):
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", "userId,movieId,rating\n" + "1,1,5\n" * 500)
    content = bytearray(path.read_bytes())
    content[45:60] = bytes(15)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"release.zip: ratings.csv is damaged .*download"):
        read_movielens(path)


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_a_file_that_is_no_archive(tmp_path, content):
    with pytest.raises(ValueError, match=r"x.zip is (empty|not a whole zip).*download it again"):
        read_movielens(write(tmp_path / "x.zip", content))


# ---------------------------------------------------------------- the reader's own file


def test_an_ordinary_file(csv):
    ratings = csv(GOOD)
    assert ratings.table.to_numpy().tolist() == [
        ["ann", "Alien", 5, 880000000],
        ["ann", "Big", 2, 880000060],
        ["bob", "Big", 4, 880000120],
    ]
    assert (ratings.name, ratings.scale, ratings.has_timestamps) == ("mine", (1, 5), True)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|", "::"])
def test_separators_are_found(csv, sep):
    expected = csv(GOOD).table
    pd.testing.assert_frame_equal(csv(GOOD.replace(",", sep)).table, expected)
    pd.testing.assert_frame_equal(csv(GOOD.replace(",", sep), sep=sep).table, expected)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),  # byte order mark, as Excel writes it
        GOOD.replace("\n", "\r\n").encode(),  # Windows
        GOOD.replace("\n", "\r").encode(),  # Macintosh of old
        GOOD.encode("utf-16"),
        gzip.compress(GOOD.encode()),
        GOOD.rstrip("\n").encode(),  # no line end at the end
        GOOD.encode() + b"\n\n  \n,,,\n",  # blank lines at the end
        GOOD.replace(",", ", ").encode(),  # blanks after the commas
        GOOD.replace("Alien", '"Alien"').encode(),
        ("\n" + GOOD).encode(),
    ],
    ids=[
        "BOM",
        "CRLF",
        "CR",
        "UTF-16",
        "gzip",
        "no end",
        "blank lines",
        "blanks",
        "quotes",
        "first",
    ],
)
def test_forms_of_a_file_that_need_no_option(csv, content):
    pd.testing.assert_frame_equal(csv(content).table.reset_index(drop=True), csv(GOOD).table)


def test_other_names_and_other_columns(csv):
    content = "comment;who;film;stars\nfine;1;2;3\n;1;3;4\n"
    ratings = csv(content, user="who", item="film", rating="stars")
    assert ratings.table.to_numpy().tolist() == [[1, 2, 3], [1, 3, 4]]
    assert not ratings.has_timestamps


def test_a_file_without_a_header(csv):
    content = "7 9 4\n7 8 2\n"
    ratings = csv(content, user=0, item=1, rating=2, sep=" ")
    assert ratings.table.to_numpy().tolist() == [[7, 9, 4], [7, 8, 2]]
    marked = csv(b"\xef\xbb\xbf7,9,4\n", user=0, item=1, rating=2)
    assert marked.table.to_numpy().tolist() == [[7, 9, 4]]
    timed = csv("7,9,4,1000\n", user=0, item=1, rating=2, timestamp=3)
    assert timed.table["timestamp"].tolist() == [1000]


def test_ids_stay_as_they_are_written(csv):
    head = "user,item,rating\n"
    assert csv(head + "007,1,3\n7,1,4\n").table["user"].tolist() == ["007", "7"]
    assert csv(head + "NA,None,3\nnull,nan,4\n").table["user"].tolist() == ["NA", "null"]
    assert csv(head + "1e5,true,3\n").table.iloc[0].tolist() == ["1e5", "true", 3]
    assert csv(head + "1,1,3\nx,1,4\n").table["user"].tolist() == ["1", "x"]
    big = 2**63 + 1
    assert csv(head + f"{big},1,3\n").table["user"].astype(str).tolist() == [str(big)]


def test_a_blank_line_does_not_shift_the_line_numbers(csv):
    with pytest.raises(ValueError, match=r"rating 9 at row 2 \(line 4\)"):
        csv("user,item,rating\n1,1,3\n\n1,2,9\n")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-01", 0),
        ("2026-11-24T12:00:00", 1795521600),
        ("2026-11-24T12:00:00Z", 1795521600),
        ("2026-11-24 13:00:00+01:00", 1795521600),
        ("2026-11-24T12:00:00.500", 1795521600),
    ],
)
def test_dates_become_seconds(csv, written, seconds):
    ratings = csv(f"user,item,rating,timestamp\n1,1,3,{written}\n")
    assert ratings.table["timestamp"].tolist() == [seconds]


def test_dates_of_several_time_zones_are_one_time(csv):
    rows = "1,1,3,2026-11-24T13:00:00+01:00\n1,2,3,2026-11-24T14:00:00+02:00\n"
    ratings = csv("user,item,rating,timestamp\n" + rows + "1,3,3,2026-11-24T12:00:00\n")
    assert ratings.table["timestamp"].tolist() == [1795521600] * 3


def test_options_for_common_habits(csv):
    content = "user;item;rating;timestamp\n1;1;3,5;1260759144000\n1;1;4,5;1260759145000\n"
    ratings = csv(content, decimal=",", time_unit="ms", duplicates="last")
    assert ratings.table.to_numpy().tolist() == [[1, 1, 4.5, 1260759145]]
    first = csv(content, decimal=",", time_unit="ms", duplicates="first")
    assert first.table["rating"].tolist() == [3.5]


def test_unsorted_times_are_kept_in_the_order_of_the_file(csv):
    times = csv("user,item,rating,timestamp\n1,1,3,30\n1,2,3,10\n1,3,3,20\n").table["timestamp"]
    assert times.tolist() == [30, 10, 20]


def test_one_user_and_one_item_are_enough(csv):
    ratings = csv("user,item,rating\n1,1,1\n")
    assert (len(ratings), ratings.n_users, ratings.n_items, ratings.density) == (1, 1, 1, 1.0)


def test_a_file_of_low_ratings_only_is_read(csv):
    ratings = csv("user,item,rating\n1,1,1\n2,1,2\n2,2,1\n")
    assert (ratings.table["rating"] < 4).all()


H = "user,item,rating\n"
BAD = {
    "empty": ("", {}, r"mine.csv is empty; pass a file"),
    "only blanks": ("\n \n", {}, r"mine.csv is empty"),
    "header only": (H, {}, r"mine.csv: the table has no row; pass at least one rating"),
    "missing column": (
        "user,item,stars\n1,1,3\n",
        {},
        r"mine.csv, line 1: no column 'rating'; separated by ',' it holds \['user', 'item', 'st",
    ),
    "column in capitals": ("User,Item,Rating\n1,1,3\n", {}, r"no column 'user', 'item', 'rating'"),
    "wrong separator": (H + "1,1,3\n", {"sep": ";"}, r"separated by ';' it holds .*pass the right"),
    "no header": ("1,1,3\n2,1,4\n", {}, r"or positions \(user=0, item=1, rating=2\)"),
    "missing time column": (
        H + "1,1,3\n",
        {"timestamp": "when"},
        r"no column 'when'",
    ),
    "position too high": ("1,1,3\n", {"user": 0, "item": 1, "rating": 7}, r"no column 7"),
    "missing rating": (H + "1,1,3\n1,2,\n", {}, r"rating nan at row 1 \(line 3\) is not a finite"),
    "NaN": (H + "1,1,NaN\n", {}, r"rating 'NaN' at row 0 \(line 2\) is not a finite number"),
    "infinite": (H + "1,1,inf\n", {}, r"rating inf at row 0 \(line 2\) is not a finite number"),
    "minus infinite": (H + "1,1,-inf\n", {}, r"rating -inf at row 0 \(line 2\) is not a finite"),
    "text as rating": (H + "1,1,3\n1,2,good\n", {}, r"rating 'good' at row 1 \(line 3\)"),
    "decimal comma": ("user;item;rating\n1;1;3,5\n", {}, r"'3,5' .*pass decimal=\",\""),
    "above the scale": (H + "1,1,3\n1,2,8\n", {}, r"rating 8 at row 1 \(line 3\).*scale=\(3, 8\)"),
    "below the scale": (H + "1,1,0\n1,2,5\n", {}, r"rating 0 at row 0 \(line 2\).*scale=\(0, 5\)"),
    "missing user": (H + ",1,3\n", {}, r"user is missing at row 0 \(line 2\); fill it in"),
    "missing item": (H + "1,,3\n", {}, r"item is missing at row 0 \(line 2\); fill it in"),
    "blank user": (H + '" ",1,3\n', {}, r"user is missing at row 0 \(line 2\)"),
    "duplicate pair": (
        H + "1,1,3\n1,2,3\n1,1,4\n",
        {},
        r"user 1 rates item 1 a second time at row 2 \(line 4\).*duplicates=\"last\"",
    ),
    "missing time": (
        "user,item,rating,timestamp\n1,1,3,100\n1,2,3,\n",
        {},
        r"timestamp .*at row 1 \(line 3\)",
    ),
    "text as time": (
        "user,item,rating,timestamp\n1,1,3,yesterday\n",
        {},
        r"timestamp 'yesterday' at row 0 \(line 2\) is neither a number nor a date",
    ),
    "one bad date": (
        "user,item,rating,timestamp\n1,1,3,2026-01-01\n1,2,3,2026-13-01\n",
        {},
        r"timestamp '2026-13-01' at row 1 \(line 3\).*timestamp=None",
    ),
    "milliseconds": (
        "user,item,rating,timestamp\n1,1,3,1260759144000\n",
        {},
        r"at row 0 \(line 2\).*pass time_unit=\"ms\"",
    ),
    "too many fields": (
        H + "1,1,3\n1,2,3,4,5\n",
        {},
        r"mine.csv: line 3 has 5 fields instead of 3",
    ),
    "all lines too long": (H + "1,1,3,x\n1,2,3,y\n", {}, r"more fields than the first line; check"),
    "open quote": (H + '1,"1,3\n1,2,3\n', {}, r"mine.csv: .*; check the separator and quotes"),
    "latin-1": (
        "user,item,rating\n1,Am\xe9lie,3\n".encode("latin-1"),
        {},
        r"mine.csv, line 2: byte 0xe9 is not utf-8.* text; .*encoding=\"latin-1\"",
    ),
    "unknown encoding": (GOOD, {"encoding": "utf-9"}, r"encoding 'utf-9' is unknown; pass"),
    "truncated gzip": (
        gzip.compress(GOOD.encode())[:-12],
        {},
        r"mine.csv is a truncated or damaged gzip file .*copy or download it again",
    ),
    "damaged gzip": (
        gzip.compress(GOOD.encode())[:30] + b"\xff" * 30,
        {},
        r"mine.csv is a truncated or damaged gzip file",
    ),
    "zip": (b"PK\x03\x04rest", {}, r"mine.csv is a zip archive; unpack it first, or call"),
    "wrong scale": (GOOD, {"scale": (5, 1)}, r"scale \(5, 1\) is not \(lowest, highest\); pass"),
    "unknown unit": (GOOD, {"time_unit": "h"}, r"time_unit 'h' is unknown; pass \"s\" or \"ms\""),
    "unknown choice": (GOOD, {"duplicates": "mean"}, r"duplicates 'mean' is unknown; pass"),
    "item not in the table": (
        GOOD,
        {"items": pd.DataFrame(index=["Alien"])},
        r"item Big at row 1 \(line 3\) is not in the item table; add it",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_place_and_remedy(csv, case):
    content, options, complaint = BAD[case]
    with pytest.raises(ValueError, match=complaint) as caught:
        csv(content, **options)
    assert ";" in str(caught.value)  # the remedy comes after a semicolon


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone.csv does not exist; check the path"):
        read_csv(tmp_path / "gone.csv")


def test_a_folder_instead_of_a_file(tmp_path):
    with pytest.raises(
        ValueError, match="is a folder; pass the file itself, or call read_movielens"
    ):
        read_csv(tmp_path)


def test_a_read_only_file_is_read(tmp_path):
    path = write(tmp_path / "mine.csv", GOOD)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert len(read_csv(path)) == 3
    finally:
        tmp_path.chmod(0o755)


identifiers = st.one_of(
    st.integers(-(10**12), 10**12),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8),
)


@settings(max_examples=150, deadline=None)
@given(
    pairs=st.lists(st.tuples(identifiers, identifiers), min_size=1, max_size=8),
    stars=st.lists(st.integers(2, 10), min_size=8, max_size=8),
    sep=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(tmp_path_factory, pairs, stars, sep, end):
    pairs = list({(str(u), str(i)): (u, i) for u, i in pairs}.values())
    table = pd.DataFrame([(str(u), str(i), s / 2) for (u, i), s in zip(pairs, stars, strict=False)])
    table.columns = ["user", "item", "rating"]
    path = tmp_path_factory.mktemp("round") / "trip.csv"
    path.write_bytes(table.to_csv(index=False, sep=sep, lineterminator=end).encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = read_csv(path, scale=(0.5, 5)).table
    assert back["rating"].tolist() == table["rating"].tolist()
    for column in ("user", "item"):
        assert back[column].astype(str).tolist() == table[column].tolist()


def complaint(path: Path) -> str:
    """What `read_csv` says of a file; nothing when it reads it."""
    try:
        read_csv(path)
    except ValueError as error:
        return str(error)
    return ""


@settings(max_examples=300, deadline=None)
@given(
    content=st.one_of(st.binary(max_size=99), st.text(max_size=99).map(lambda t: (H + t).encode()))
)
def test_any_bytes_give_ratings_or_a_clear_error(tmp_path_factory, content):
    said = complaint(write(tmp_path_factory.mktemp("noise") / "noise.csv", content))
    assert not said or "noise.csv" in said
