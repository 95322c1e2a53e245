"""The ledger: first seen, taken down, sources and what servers said outlast the articles themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from index.fetched import Fetched
from index.identity import Known, trace_of
from index.passage import Article, Passage
from index.store import Chunk, Store

MODEL = "compass@1"
EAST = np.eye(3, dtype=np.float32)[0]
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.open(folder, MODEL, 3) as opened:
        yield opened


def article(id: str, text: str = "The ferry was late.", **fields: object) -> Article:
    named = {"title": id.title()} | fields
    return Article(id=id, name=id, passages=(Passage(number=1, text=text),), **named)  # type: ignore[arg-type]


def put(store: Store, record: Article, at: datetime) -> None:
    store.put(record, "f", [Chunk(number=1, start=0, end=3, vector=EAST)], {}, at)


def test_an_article_was_first_seen_once_whatever_becomes_of_it(folder: Path, store: Store) -> None:
    put(store, article("ferry"), NOON)
    put(store, article("pier"), LATER)
    put(store, article("ferry", "The ferry was on time."), LATER)
    assert store.first_seen() == {"ferry": NOON, "pier": LATER}
    store.remove("ferry")
    assert store.first_seen() == {"pier": LATER}
    store.clear("gyro@2", 3)
    put(store, article("ferry"), LATER)
    with Store.open_existing(folder) as again:
        assert again.first_seen() == {"ferry": NOON}


def test_what_comes_back_under_another_id_was_seen_before(store: Store) -> None:
    words, link = " ".join(f"word{n}" for n in range(40)), "https://quay.example.org/ferry"
    put(store, article("ferry", words), NOON)
    store.remove("ferry")
    put(store, article("renamed", words, title="Renamed"), LATER)
    put(store, article("pier", "Short words.", url=link), NOON)
    put(store, article("pier", "Other words.", url=link), LATER)
    put(store, article("moved", "Yet others.", url=f"{link}/"), LATER)
    put(store, article("other", "Short words."), LATER)
    assert store.first_seen() == {"renamed": NOON, "pier": NOON, "moved": NOON, "other": LATER}


def test_a_time_of_another_zone_comes_back_in_utc(store: Store) -> None:
    put(store, article("ferry"), datetime.fromisoformat("2031-05-04T14:00:00+02:00"))
    assert store.first_seen()["ferry"].isoformat() == "2031-05-04T12:00:00+00:00"


def test_an_article_without_a_given_time_is_first_seen_now(store: Store) -> None:
    before = datetime.now(UTC)
    store.put(article("ferry"), "f", [], {})
    assert before <= store.first_seen()["ferry"] <= datetime.now(UTC)


def test_what_is_taken_down_is_gone_and_listed_with_its_time(folder: Path, store: Store) -> None:
    put(store, article("ferry"), NOON)
    put(store, article("pier"), NOON)
    store.take_down("ferry", NOON)
    store.take_down("pier", LATER)
    assert store.articles() == []
    assert store.search(EAST, 9) == []
    store.clear("gyro@2", 3)
    with Store.open_existing(folder) as again:
        found = {id: (t.title, t.at) for id, t in again.taken_down().items()}
    assert list(found.items()) == [("pier", ("Pier", LATER)), ("ferry", ("Ferry", NOON))]


def test_copies_of_what_is_taken_down_go_with_it_and_nothing_else(store: Store) -> None:
    words, link = " ".join(f"word{n}" for n in range(40)), "https://quay.example.org/ferry"
    put(store, article("ferry", words, url=link), NOON)
    put(store, article("file", words), NOON)
    put(store, article("edited", "Other words.", url=f"{link}?utm_source=x"), NOON)
    put(store, article("pier", "Short."), NOON)
    put(store, article("quay", "Short."), NOON)
    store.take_down("ferry")
    assert [a.id for a in store.articles()] == ["pier", "quay"]
    store.take_down("pier")
    assert [a.id for a in store.articles()] == ["quay"]
    assert set(store.taken_down()) == {"ferry", "pier"}
    store.check()


def test_what_is_not_there_cannot_be_taken_down(store: Store) -> None:
    with pytest.raises(KeyError):
        store.take_down("ferry")
    assert (store.taken_down(), store.generation) == ({}, 0)


def test_a_tombstone_recognises_the_article_under_another_link_and_date(store: Store) -> None:
    words = " ".join(f"word{n}" for n in range(40))
    put(store, article("ferry", words, url="https://quay.example.org/ferry"), NOON)
    store.take_down("ferry")
    buried = Known(store.tombstones())
    moved = article("x", words, url="https://quay.example.org/2031/ferry", date=LATER.date())
    assert buried.find(trace_of(moved)) == "ferry"
    assert buried.find(
        trace_of(article("x", "Other.", url="http://www.quay.example.org/ferry/?utm_medium=feed"))
    )
    assert buried.find(trace_of(article("x", "Other.", url="https://quay.example.org/other"))) is None


def test_traces_are_those_of_the_articles_as_they_are_now(store: Store) -> None:
    record = article("ferry", "Ferry, and “Pier”.", url="https://quay.example.org/ferry", truncated=True)
    put(store, article("ferry"), NOON)
    put(store, record, NOON)
    assert store.traces() == {"ferry": trace_of(record)}
    assert store.article("ferry") == record


def test_no_sync_is_waited_for_and_none_brings_back_what_is_taken_down_meanwhile(
    folder: Path, store: Store
) -> None:
    put(store, article("ferry"), NOON)
    with Store.open(folder, MODEL, 3) as syncing, syncing.write_lock():
        store.add_source("https://a.example.org/feed")
        store.add_source("https://b.example.org/feed")
        store.remove_source("https://b.example.org/feed")
        store.take_down("ferry", LATER)
        put(syncing, article("ferry", "The ferry was on time."), LATER)
    assert (store.articles(), store.sources()) == ([], ["https://a.example.org/feed"])


def test_sources_are_kept_in_their_order_and_once(folder: Path, store: Store) -> None:
    for url in ("https://b.example.org/feed", "https://a.example.org/feed", "https://b.example.org/feed"):
        store.add_source(url)
    assert store.sources() == ["https://b.example.org/feed", "https://a.example.org/feed"]
    assert store.remove_source("https://b.example.org/feed")
    assert not store.remove_source("https://b.example.org/feed")
    for path in ("/etc", "file:///etc/passwd", ""):
        with pytest.raises(ValueError, match="http or https"):
            store.add_source(path)
    store.clear("gyro@2", 3)
    with Store.open_existing(folder) as again:
        assert again.sources() == ["https://a.example.org/feed"]


def test_what_a_server_said_is_kept_until_the_store_starts_over(store: Store) -> None:
    said = Fetched(at=NOON, etag='"7"', modified="Sun", of="x", wait_until=LATER, failures=2)
    store.record_fetched("https://a.example.org/feed", said)
    assert store.fetched("https://a.example.org/feed") == said
    store.record_fetched("https://a.example.org/feed", Fetched(at=LATER))
    assert store.fetched("https://a.example.org/feed") == Fetched(at=LATER)
    assert store.fetched("https://b.example.org/feed") is None
    busy = Fetched(at=NOON, wait_until=LATER, failures=2)
    store.record_fetched("https://b.example.org/feed", replace(busy, of="x", etag='"7"'))
    store.clear("gyro@2", 3)
    assert store.fetched("https://a.example.org/feed") is None
    assert store.fetched("https://b.example.org/feed") == busy


def test_the_last_reading_of_each_source_is_remembered(store: Store) -> None:
    store.record_read("articles", NOON)
    store.record_read("https://a.example.org/feed", NOON)
    store.record_read("articles", LATER)
    assert store.last_read() == {"articles": LATER, "https://a.example.org/feed": NOON}


def downgrade(path: Path, version: int) -> None:
    """Make the file what an older version made."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"pragma user_version = {version}")
        for (trigger,) in connection.execute(
            "select name from sqlite_master where type = 'trigger'"
        ).fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute("alter table chunk drop column maker")
        for table in ("maker", "spoken", "named"):
            connection.execute(f"drop table {table}")
        if version == 2:
            return
        for table in ("first_seen", "source", "last_read", "trace", "tombstone", "fetched"):
            connection.execute(f"drop table {table}")
        connection.execute("alter table article drop column truncated")


@pytest.mark.parametrize(("version", "seen"), [(1, NOON), (2, LATER)])
def test_a_store_of_an_older_version_is_taken_over_with_all_that_it_holds(
    folder: Path, version: int, seen: datetime
) -> None:
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("ferry"), LATER)
        store.record_sync(NOON, {})
    downgrade(folder / "column.sqlite", version)
    with Store.open_existing(folder) as store:
        assert store.article("ferry") == article("ferry")
        assert store.first_seen() == {"ferry": seen}
        assert store.summary().makers == {"": 1}
        put(store, article("pier", truncated=True), LATER)
        assert store.first_seen() == {"ferry": seen, "pier": LATER}
        store.take_down("ferry", LATER)
        store.check()
    with Store.open(folder, MODEL, 3) as store:
        assert list(store.taken_down()) == ["ferry"]
