"""Backup and restore: made beside a living bot and a sync; believed in nothing, put back whole."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import test_store_crash as crash
from conftest import bot_running, until
from hypothesis import given, settings
from hypothesis import strategies as st
from wordcolumn import DIMENSION, WordCounts, column

from bot.backup import CONTENTS, BackupError, backup, restore
from bot.column import Column
from bot.state import Inbox, Kind, Memory, Request, State
from index.retriever import Retriever
from index.store import Store
from index.sync import sync

ROOT = Path(__file__).parent.parent
ARTICLES = {
    "harbour": "Jane Roe, the harbour master, said: “The tide waits for nobody.”\n\nGulls are critics.",
    "ferry": "The ferry is late on Mondays.\n\n“We sail when we sail,” said Tom Marsh.",
}
QUESTION = "What did Jane Roe say about the tide?"


class Gated(Column):
    """A column that may be made to wait before it answers."""

    free = threading.Event()

    def ask(self, question, **options):
        assert self.free.wait(30)
        return super().ask(question, **options)


@pytest.fixture
def gate():
    Gated.free.set()
    yield Gated.free
    Gated.free.set()


@pytest.fixture
def data(tmp_path):
    """A data folder with a small column and one question in the inbox."""
    answerer = column(tmp_path, ARTICLES)
    answerer._store.save()
    answerer._store.close()
    with Inbox(tmp_path / "store" / "bot.sqlite") as inbox, Memory(tmp_path / "store" / "bot.sqlite"):
        asked = {"team": "T1", "channel": "C1", "user": "U1", "text": "?", "ts": "1.1"}
        inbox.put(Request(kind=Kind.MENTION, key="Ev1", **asked))
    return tmp_path / "store"


@pytest.fixture
def packed(data, tmp_path):
    backup(data, tmp_path / "saved.zip")
    return tmp_path / "saved.zip"


@contextmanager
def syncing(folder):
    """Rewrite one article and sync, again and again, while the block lasts."""
    stopping, synced = threading.Event(), threading.Event()

    def work():
        with Store.open_existing(folder / "store") as store:
            number = 0
            while not stopping.is_set():
                number += 1
                text = f"Edition {number}.\n\nThe lamp of edition {number} is lit."
                (folder / "texts" / "lamp.md").write_text(text)
                sync(store, WordCounts(), [str(folder / "texts")])
                synced.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert synced.wait(30)
        yield
    finally:
        stopping.set()
        thread.join()


@contextmanager
def bot_on(scene, folder, load):
    """Run the bot of *scene* on the data folder *folder*; give it as another scene."""
    path = folder / "bot.sqlite"
    with Inbox(path) as inbox, Memory(path) as memory:
        service = replace(scene.service, inbox=inbox, memory=memory, load=load)
        there = scene._replace(inbox=inbox, memory=memory, service=service)
        with bot_running(there) as started:
            yield there, started


def opened(folder):
    return Gated(Retriever(Store.open_existing(folder, "words@1", DIMENSION), WordCounts()))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def settle(scene, number):
    """Wait until *number* questions are done."""
    until(lambda: scene.inbox.count() == {State.DONE: number})


def test_a_bot_that_was_put_back_answers_the_same_and_no_question_twice(build_scene, tmp_path, gate):
    answerer, scene = column(tmp_path, ARTICLES, kind=Gated), build_scene()
    with syncing(tmp_path), bot_on(scene, tmp_path / "store", lambda: answerer) as (old, started):
        assert started.wait(30)
        asked = [scene.mention(QUESTION) for _ in range(3)]
        settle(old, 3)
        gate.clear()
        asked += [scene.mention(f"ferry, {number}?") for number in range(4)]
        scene.workspace.wait_until_delivered(30)
        made = backup(tmp_path / "store", tmp_path / "saved.zip")
        gate.set()
        settle(old, 7)
    restored = restore(tmp_path / "saved.zip", tmp_path / "new")
    assert restored == made
    with Inbox(tmp_path / "new" / "bot.sqlite") as inbox:
        assert inbox.count() == {State.DONE: 3, State.POSTING: 4}
    answerer = opened(tmp_path / "new")
    assert answerer.summary().generation == made.generation
    with bot_on(scene, tmp_path / "new", lambda: answerer) as (new, started):
        assert started.wait(30)
        settle(new, 7)
        again = scene.mention(QUESTION)
        settle(new, 8)
    answers = [scene.workspace.answers(scene.general, thread_ts=ts) for ts in (*asked, again)]
    assert [len(found) for found in answers] == [1] * 8
    assert answers[-1][0].text == answers[0][0].text
    assert "The tide waits for nobody." in answers[-1][0].text


def test_a_question_that_was_acknowledged_before_the_backup_is_answered_by_the_restored_bot(
    build_scene, tmp_path, gate
):
    answerer, scene, never = column(tmp_path, ARTICLES, kind=Gated), build_scene(), threading.Event()
    with bot_on(scene, tmp_path / "store", never.wait):
        asked = [scene.mention(QUESTION) for _ in range(3)]
        scene.workspace.wait_until_delivered(30)
        backup(tmp_path / "store", tmp_path / "saved.zip")
    never.set()
    answerer._store.close()
    restore(tmp_path / "saved.zip", tmp_path / "new")
    with bot_on(scene, tmp_path / "new", lambda: opened(tmp_path / "new")) as (new, _):
        settle(new, 3)
    answers = [scene.workspace.answers(scene.general, thread_ts=ts) for ts in asked]
    assert [len(found) for found in answers] == [1, 1, 1]


def test_backups_that_are_made_while_articles_change_hold_whole_articles(tmp_path):
    stopping = threading.Event()
    store = Store.open(tmp_path / "data", crash.MODEL, crash.DIMENSION)
    crash.put(store, "ant", 1)

    def write():
        version = 1
        while not stopping.is_set():
            version += 1
            for name in crash.NAMES:
                crash.put(store, name, version)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            backup(tmp_path / "data", tmp_path / f"{number}.zip")
    finally:
        stopping.set()
        thread.join()
        store.close()
    for number in range(5):
        contents = restore(tmp_path / f"{number}.zip", tmp_path / f"new{number}")
        with Store.open_existing(tmp_path / f"new{number}") as restored:
            assert crash.verified(restored)
            assert restored.generation == contents.generation


def test_a_backup_holds_the_databases_and_is_for_nobody_elses_eyes(data, packed, tmp_path):
    assert "column.faiss" in names(data)
    with zipfile.ZipFile(packed) as archive:
        assert sorted(archive.namelist()) == ["bot.sqlite", "column.sqlite", CONTENTS]
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    assert names(tmp_path) == ["saved.zip", "store", "texts"]


def test_what_is_put_back_is_what_was_there_less_what_is_made_anew(data, packed, tmp_path):
    restore(packed, tmp_path / "new")
    assert names(tmp_path / "new") == ["bot.sqlite", "column.sqlite"]
    assert stat.S_IMODE((tmp_path / "new" / "bot.sqlite").stat().st_mode) == 0o600
    with Store.open_existing(data) as old, Store.open_existing(tmp_path / "new") as new:
        assert new.articles() == old.articles()
        assert new.summary() == old.summary()


def test_a_file_that_exists_is_not_overwritten(data, packed):
    before = packed.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        backup(data, packed)
    assert packed.read_bytes() == before


def test_a_folder_without_a_database_and_one_that_cannot_be_written_to_are_named(data, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackupError, match=r"There is no database in .*empty"):
        backup(tmp_path / "empty", tmp_path / "saved.zip")
    with pytest.raises(BackupError, match=r"nowhere.saved\.zip cannot be used \(No such file"):
        backup(data, tmp_path / "nowhere" / "saved.zip")


def test_a_damaged_database_is_named_and_no_backup_is_made_of_it(data, tmp_path):
    file = data / "column.sqlite"
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    file.write_bytes(content)
    with pytest.raises(BackupError, match=r"column\.sqlite is damaged"):
        backup(data, tmp_path / "saved.zip")
    assert not (tmp_path / "saved.zip").exists()


@pytest.mark.parametrize("there", ["bot.sqlite", "column.faiss", "anything"])
def test_a_folder_that_is_not_empty_is_left_as_it_is(packed, tmp_path, there):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / there).write_text("mine")
    with pytest.raises(BackupError, match=f"is not empty \\({there} is there\\)"):
        restore(packed, tmp_path / "new")
    assert [(path.name, path.read_text()) for path in (tmp_path / "new").iterdir()] == [(there, "mine")]


def test_what_a_new_volume_holds_does_not_count(packed, tmp_path):
    (tmp_path / "new" / "lost+found").mkdir(parents=True)
    (tmp_path / "new" / ".profile").write_text("")
    restore(packed, tmp_path / "new")
    assert (tmp_path / "new" / "bot.sqlite").exists()


def rewritten(packed, members=None, **said):
    """Write *packed* anew with other *members* or other words about itself."""
    with zipfile.ZipFile(packed) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(held.pop(CONTENTS))
    held |= members or {}
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(CONTENTS, json.dumps(told | said))
        for name, content in held.items():
            if content is not None:
                archive.writestr(name, content)
    return packed


def part(name, content=b"", **said):
    import hashlib

    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **said}


EVIL = b"evil"
BOMB = bytes(50_000_000)


@pytest.mark.parametrize(
    ("members", "said", "why"),
    [
        ({"../evil.sqlite": EVIL}, {"parts": [part("../evil.sqlite", EVIL)]}, "does not say what it holds"),
        ({"/evil.sqlite": EVIL}, {"parts": [part("/evil.sqlite", EVIL)]}, "does not say what it holds"),
        ({"a/evil.sqlite": EVIL}, {"parts": [part("a/evil.sqlite", EVIL)]}, "does not say what it holds"),
        ({"evil.py": EVIL}, {"parts": [part("evil.py", EVIL)]}, "does not say what it holds"),
        ({}, {"parts": [part("bot.sqlite")] * 2}, "does not say what it holds"),
        ({}, {"parts": []}, "does not say what it holds"),
        ({}, {"parts": "bot.sqlite"}, "does not say what it holds"),
        ({}, {"made_at": "yesterday"}, "does not say what it holds"),
        ({}, {"generation": 1}, "of another generation"),
        ({}, {"format": 2}, "made by another version"),
        ({"bot.sqlite": None}, {}, "bot.sqlite is missing in it"),
        ({"bot.sqlite": EVIL}, {}, "bot.sqlite is not as it was packed"),
        ({"bot.sqlite": BOMB}, {"parts": [part("bot.sqlite", EVIL)]}, "bot.sqlite is not as it was packed"),
        ({"bot.sqlite": EVIL}, {"parts": [part("bot.sqlite", EVIL, size=10**15)]}, "and 1,000,000,"),
        ({"bot.sqlite": EVIL}, {"parts": [part("bot.sqlite", EVIL)]}, "bot.sqlite is damaged"),
        ({"column.sqlite": b""}, {"parts": [part("column.sqlite", b"")]}, "cannot be used"),
    ],
)
def test_a_file_that_is_no_backup_of_ours_changes_nothing(packed, tmp_path, members, said, why):
    with pytest.raises(BackupError, match=why):
        restore(rewritten(packed, members, **said), tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "evil.sqlite").exists()


def test_a_missing_file_and_one_that_is_no_archive_are_named(tmp_path):
    with pytest.raises(BackupError, match=r"There is no .*saved\.zip: name a file"):
        restore(tmp_path / "saved.zip", tmp_path / "new")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(BackupError, match="is no whole backup"):
        restore(tmp_path / "text.zip", tmp_path / "new")


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """A small backup as bytes."""
    folder = tmp_path_factory.mktemp("intact")
    with closing(sqlite3.connect(folder / "notes.sqlite")) as database:
        database.execute("create table note (text)")
        database.execute("insert into note values ('kept')")
        database.commit()
    backup(folder, folder / "saved.zip")
    return (folder / "saved.zip").read_bytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_bytes_are_damaged_a_restore_is_refused_or_right(data, intact, tmp_path_factory):
    damaged = bytearray(intact)
    place = st.integers(0, len(intact) - 1)
    for at, byte in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=3)):
        damaged[at] = byte
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "saved.zip").write_bytes(damaged[: data.draw(place)] if data.draw(st.booleans()) else damaged)
    try:
        restore(folder / "saved.zip", folder / "new")
    except BackupError:
        assert list((folder / "new").iterdir()) == []
    else:
        with closing(sqlite3.connect(folder / "new" / "notes.sqlite")) as database:
            assert database.execute("select text from note").fetchall() == [("kept",)]


def test_the_commands_say_what_was_saved_and_put_back(data, tmp_path):
    def run(*arguments, folder):
        environ = {**os.environ, "DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    saved = run("backup", "saved.zip", folder=data)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout.startswith("saved.zip: as of 20")
    back = run("restore", "saved.zip", folder=tmp_path / "new")
    assert (back.returncode, back.stdout.split(": ")[1]) == (0, saved.stdout.split(": ")[1])
    again = run("restore", "saved.zip", folder=tmp_path / "new")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith(f"pullquote: {tmp_path / 'new'} is not empty")
