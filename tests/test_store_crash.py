"""The store under kill -9, two syncs at once and a full disk: each article is the old or the new, whole."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import resource
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy

from index.passage import Article, Manner, Passage, Utterance
from index.store import BusyStoreError, Chunk, Store, StoreError

MODEL, DIMENSION = "dice@1", 16
NAMES = ("ant", "bee", "cat", "dog")
KILLS = 25

# Its server imports the store once, so that a new process costs milliseconds and is no copy of ours.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["index.store"])


def article(name: str, version: int) -> Article:
    """Build one version of an article: as many passages as its last digit says, and one more."""
    said = Utterance(start=0, end=3, speaker=f"{name}{version}", cue="said", manner=Manner.DIRECT)
    passages = tuple(
        Passage(number=n, text=f"{name}{version} paragraph{n} " + "filler " * 40, utterances=(said,))
        for n in range(1, version % 10 + 2)
    )
    return Article(id=name, name=name, title=f"{name} {version}", passages=passages)


def vector(name: str, version: int, number: int) -> np.ndarray:
    rng = np.random.default_rng([NAMES.index(name), version, number])
    drawn = rng.standard_normal(DIMENSION).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def put(store: Store, name: str, version: int) -> None:
    record = article(name, version)
    chunks = [
        Chunk(number=p.number, start=0, end=len(p.text), vector=vector(name, version, p.number))
        for p in record.passages
    ]
    store.put(record, str(version), chunks, {name: version})


def verified(store: Store) -> dict[str, int]:
    """
    Return the version of each article, after a look at every trace of it.

    Text, chunks, full text, speakers, names and vectors must all be of that version and of no other.
    """
    with store.reading():
        present = versions(store)
        for name, version in present.items():
            record, ids = article(name, version), store.passage_ids(name)
            assert store.article(name) == record
            assert sorted(i for i, _ in store.lexical([f"{name}{version}"], 99)) == ids
            for passage_id, passage in zip(ids, record.passages, strict=True):
                query = vector(name, version, passage.number)
                (near,) = store.search(query, 1)
                assert (near.passage_id, near.end) == (passage_id, len(passage.text))
                assert near.score == pytest.approx(1, abs=1e-5)
                (same,) = store.similarity(query, [passage_id])
                assert (same.passage_id, same.score) == (passage_id, pytest.approx(1, abs=1e-5))
        counts = [version % 10 + 1 for version in present.values()]
        assert store.speakers() == {f"{n}{v}": v % 10 + 1 for n, v in present.items()}
        assert store.names() == present
        assert len(store.search(np.ones(DIMENSION), 999)) == sum(counts)
        summary = store.summary()
        assert (summary.articles, summary.passages, summary.chunks) == (len(counts), sum(counts), sum(counts))
    return present


def versions(store: Store) -> dict[str, int]:
    return {name: int(fingerprint) for name, fingerprint in store.fingerprints().items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def started() -> Iterator[Callable[..., tuple[BaseProcess, Connection]]]:
    """Start processes of ours, each with a line to it, and leave none behind."""
    running: list[BaseProcess] = []

    def start(target: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=target, args=(theirs, *arguments))
        process.start()
        theirs.close()
        running.append(process)
        return process, ours

    yield start
    for process in running:
        process.kill()
        process.join()


# kill -9


def write_for_ever(line: Connection, folder: Path, seed: int) -> None:
    """Put, remove and save at random; report each step before it is taken and after."""
    choose = random.Random(seed)
    store = Store.open(folder, MODEL, DIMENSION)
    for version in range(seed * 1000, (seed + 1) * 1000):
        name, step = choose.choice(NAMES), choose.choices(["put", "remove", "save"], [6, 1, 3])[0]
        line.send((step, name, version))
        match step:
            case "put":
                put(store, name, version)
            case "remove":
                store.remove(name)
            case "save":
                store.save()
        line.send("done")


def reports(line: Connection) -> list[object]:
    """Return all that came before the line went dead."""
    received: list[object] = []
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            received.append(line.recv())
    return received


def after(known: dict[str, int], step: tuple[str, str, int]) -> dict[str, int]:
    kind, name, version = step
    match kind:
        case "put":
            return known | {name: version}
        case "remove":
            return {n: v for n, v in known.items() if n != name}
        case _:
            return known


def test_a_writer_killed_at_any_instant_loses_nothing_and_leaves_nothing_half(
    folder: Path, started: Callable[..., tuple[BaseProcess, Connection]]
) -> None:
    choose, known, cut_short = random.Random(1), dict[str, int](), 0
    with Store.open(folder, MODEL, DIMENSION) as reader:  # stays open throughout, as the bot does
        for seed in range(1, KILLS + 1):
            process, line = started(write_for_ever, folder, seed)
            assert line.poll(30), "the writer does not start"
            time.sleep(choose.uniform(0, 0.06))
            process.kill()
            process.join()
            steps = reports(line)
            for step in steps[: len(steps) // 2 * 2 : 2]:
                known = after(known, step)
            possible = [known, after(known, steps[-1])] if len(steps) % 2 else [known]
            cut_short += len(steps) % 2
            with Store.open(folder, MODEL, DIMENSION) as opened:
                opened.check()
                present = verified(opened)
            assert present in possible
            assert verified(reader) == present
            known = present
    assert cut_short > KILLS // 2, "the kills have hardly hit a step"


def open_only(line: Connection, folder: Path) -> None:
    line.send("now")
    with Store.open(folder, MODEL, DIMENSION) as store:
        put(store, "ant", 1)
        line.send("put")


def test_a_first_start_killed_at_any_instant_can_be_made_again(
    tmp_path: Path, started: Callable[..., tuple[BaseProcess, Connection]]
) -> None:
    for number in range(8):
        folder = tmp_path / str(number)
        process, line = started(open_only, folder)
        assert line.poll(30)
        time.sleep(number * 0.008)
        process.kill()
        process.join()
        with Store.open(folder, MODEL, DIMENSION) as store:
            store.check()
            present = verified(store)
            assert present == {"ant": 1} if "put" in reports(line) else present in ({}, {"ant": 1})
            put(store, "bee", 2)
            assert verified(store) == present | {"bee": 2}


# Two at once


def sync(line: Connection, folder: Path, version: int, whole: bool) -> None:
    """Put every article ten times over, in one turn to write or in many."""
    line.recv()
    with (
        Store.open(folder, MODEL, DIMENSION) as store,
        store.write_lock(wait=60) if whole else contextlib.nullcontext(),
    ):
        for round_ in range(10):
            for name in NAMES:
                put(store, name, version + round_)
        store.save()
        line.send(verified(store) if whole else "done")


@pytest.mark.parametrize("whole", [True, False])
def test_two_syncs_at_once_both_end_right(
    folder: Path, started: Callable[..., tuple[BaseProcess, Connection]], whole: bool
) -> None:
    pairs = [started(sync, folder, version, whole) for version in (100, 200)]
    for _, line in pairs:
        line.send("go")  # neither finds a store: they also make it at once
    answers = [line.recv() for _, line in pairs]
    for process, _ in pairs:
        process.join()
    with Store.open(folder, MODEL, DIMENSION) as store:
        store.check()
        present = verified(store)
        assert store.generation == 2 * 10 * len(NAMES)
    if whole:
        assert answers == [dict.fromkeys(NAMES, 109), dict.fromkeys(NAMES, 209)]
        assert present in answers
    else:
        assert set(present) == set(NAMES)
        assert set(present.values()) <= {109, 209}


def hold(line: Connection, folder: Path) -> None:
    with Store.open(folder, MODEL, DIMENSION) as store, store.write_lock():
        line.send("held")
        line.recv()


def test_the_turn_of_a_writer_that_dies_is_free_again(
    folder: Path, started: Callable[..., tuple[BaseProcess, Connection]]
) -> None:
    with Store.open(folder, MODEL, DIMENSION) as store:
        put(store, "ant", 1)
        process, line = started(hold, folder)
        assert line.recv() == "held"
        with pytest.raises(BusyStoreError, match="Another sync is writing"), store.write_lock(wait=0.1):
            pass
        assert versions(store) == {"ant": 1}
        process.kill()
        process.join()
        put(store, "ant", 2)
        assert verified(store) == {"ant": 2}


# A full disk


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let every write beyond *size* bytes of a file fail, in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def no_database_larger_than(pages: int) -> Iterator[None]:
    """Let SQLite find its file full at *pages*, in every connection made in the block."""

    def limit(connection: object, record: object) -> None:
        connection.execute(f"pragma max_page_count = {pages}")  # type: ignore[attr-defined]

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", limit)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", limit)


def put_until_it_fails(store: Store) -> dict[str, int]:
    """Return the version of each article that was written before there was no room."""
    done: dict[str, int] = {}
    with pytest.raises(StoreError, match=r"free some disk space|its free space"):
        put_longer_and_longer(store, done)
    return done


def put_longer_and_longer(store: Store, done: dict[str, int]) -> None:
    for version in range(10):
        for name in NAMES:
            put(store, name, version)
            done[name] = version


def test_a_full_database_keeps_what_it_has_and_goes_on_when_there_is_room(folder: Path) -> None:
    with no_database_larger_than(50), Store.open(folder, MODEL, DIMENSION) as store:
        done = put_until_it_fails(store)
        store.check()
        assert verified(store) == done
        assert len(done) > 1
        store.remove("ant")
        assert verified(store) == {n: v for n, v in done.items() if n != "ant"}
    with Store.open(folder, MODEL, DIMENSION) as store:
        put(store, "dog", 19)
        assert verified(store)["dog"] == 19


def test_a_file_that_cannot_grow_keeps_what_it_has_and_goes_on_when_it_can(folder: Path) -> None:
    with Store.open(folder, MODEL, DIMENSION) as store, Store.open(folder, MODEL, DIMENSION) as reader:
        with no_file_larger_than(400_000):
            done = put_until_it_fails(store)
            assert versions(store) == done
        assert len(done) > 1
        store.check()
        assert verified(store) == verified(reader) == done
        put(store, "dog", 19)
        assert verified(reader) == done | {"dog": 19}


def test_vectors_that_find_no_room_leave_their_old_file_and_the_store_answers(folder: Path) -> None:
    with Store.open(folder, MODEL, DIMENSION) as store:
        put(store, "ant", 1)
        store.save()
        before = (folder / "column.faiss").read_bytes()
        put(store, "ant", 9)
        with no_file_larger_than(500), pytest.raises(StoreError, match=r"Cannot write .*nothing is lost"):
            store.save()
        assert (folder / "column.faiss").read_bytes() == before
        assert sorted(p.name for p in folder.glob("column.faiss*")) == ["column.faiss"]
        assert verified(store) == {"ant": 9}
        store.save()
    with Store.open(folder, MODEL, DIMENSION) as again:
        assert verified(again) == {"ant": 9}
        assert (folder / "column.faiss").read_bytes() != before
