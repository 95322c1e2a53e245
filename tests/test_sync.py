"""A sync makes the store hold what the sources hold; it embeds what changed and names what failed."""

import shutil
import threading
from dataclasses import replace

import pytest
from columns import DIMENSION, Counting, write

from index.passage import Passage, Voice
from index.sources import read
from index.store import Store
from index.sync import BATCH, Change, Outcome, fingerprint_of, sync

ADDED, CHANGED, REMOVED, UNCHANGED, FAILED, TAKEN_DOWN = Change
TIDE, GULL, BELL = "The tide is out.", "A gull cries.", "The bell rings."


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data", "counting@1", DIMENSION) as opened:
        yield opened


@pytest.fixture
def column(tmp_path):
    """A folder of two articles: tide, of two sentences, and gull, of one."""
    return write(tmp_path / "column", tide=f"{TIDE} It comes back.", gull=GULL)


def run(store, *sources, embedder=None, **options):
    """Sync and return ({name: change}, the texts that were embedded)."""
    embedder = embedder or Counting()
    report = sync(store, embedder, sources, **options)
    assert report.embedded == len(embedder.asked)
    return {o.name: o.change for o in report.outcomes}, sorted(embedder.asked)


def held(store):
    return {a.name: [p.text for p in store.article(a.id).passages] for a in store.articles()}


def whys(report):
    return {o.name: o.why for o in report.outcomes if o.why}


# What changed


def test_a_first_sync_embeds_every_sentence_and_stores_every_passage(store, column):
    assert run(store, column) == ({"gull": ADDED, "tide": ADDED}, [GULL, "It comes back.", TIDE])
    assert held(store) == {"gull": [GULL], "tide": [f"{TIDE} It comes back."]}


def test_a_second_sync_embeds_nothing_and_makes_no_new_generation(store, column):
    run(store, column)
    generation = store.generation
    assert run(store, column) == ({"gull": UNCHANGED, "tide": UNCHANGED}, [])
    assert store.generation == generation


def test_of_a_changed_article_only_the_new_sentences_are_embedded(store, column, tmp_path):
    run(store, column)
    write(tmp_path / "column", tide=f"{TIDE} It stays away.\n\n{BELL}")
    assert run(store, column) == ({"gull": UNCHANGED, "tide": CHANGED}, ["It stays away.", BELL])
    assert held(store)["tide"] == [f"{TIDE} It stays away.", BELL]


def test_a_changed_title_changes_the_article_and_embeds_nothing(store, column, tmp_path):
    run(store, column)
    write(tmp_path / "column", gull=f"---\ntitle: Noise\n---\n\n{GULL}")
    assert run(store, column) == ({"gull": CHANGED, "tide": UNCHANGED}, [])
    assert {a.title for a in store.articles()} == {"Noise", "Tide"}


def test_a_sentence_that_stands_in_several_articles_is_embedded_once(store, tmp_path):
    source = write(tmp_path / "column", one=f"{TIDE} {GULL}", two=f"{GULL} {TIDE}", three=TIDE)
    assert run(store, source)[1] == [GULL, TIDE]


def test_a_moved_article_is_not_embedded_again(store, column, tmp_path):
    run(store, column)
    (tmp_path / "column" / "gull.md").rename(tmp_path / "column" / "seagull.md")
    report = sync(store, Counting(), [column])
    assert set(report.outcomes) == {
        Outcome(name="seagull", change=ADDED),
        Outcome(name="tide", change=UNCHANGED),
        Outcome(name="gull", change=REMOVED),
    }
    assert report.embedded == 0


def test_every_passage_is_in_the_vectors_in_the_full_text_and_in_the_statistics(store, tmp_path):
    said = "“The tide is out,” said Mara Quill, the harbour master."
    source = write(tmp_path / "column", said=said)
    run(store, source)
    passage_id = store.passage_ids(store.articles()[0].id)[0]
    near = store.search(Counting().encode_document([said])[0], 1)[0]
    assert (near.passage_id, near.start, near.end) == (passage_id, 0, len(said))
    assert near.score == pytest.approx(1, abs=1e-6)
    assert [found for found, _ in store.lexical(["tide"], 5)] == [passage_id]
    assert store.speakers() == {"Mara Quill": 1}
    assert store.names()["quill"] == 1


def test_one_changed_article_among_ten_thousand_passages_is_all_that_is_embedded(store, tmp_path):
    paragraphs = "\n\n".join(f"Paragraph {n} is short." for n in range(500))
    source = write(tmp_path / "column", **{f"part{n}": paragraphs for n in range(20)})
    for article in read(source):
        store.put(article, fingerprint_of(article), [], {})
    assert store.summary().passages == 10_000
    write(tmp_path / "column", part7="One new sentence. And another.")
    outcomes, asked = run(store, source)
    assert asked == ["And another.", "One new sentence."]
    assert [name for name, change in outcomes.items() if change is not UNCHANGED] == ["part7"]


# What is gone


def test_what_is_gone_from_the_source_is_gone_from_the_store(store, column, tmp_path):
    run(store, column)
    (tmp_path / "column" / "gull.md").unlink()
    assert run(store, column) == ({"tide": UNCHANGED, "gull": REMOVED}, [])
    assert set(held(store)) == {"tide"}


def test_an_emptied_folder_empties_the_store_only_when_pruned(store, column, tmp_path):
    run(store, column)
    for path in (tmp_path / "column").iterdir():
        path.unlink()
    report = sync(store, Counting(), [column])
    kept = "kept, though it is gone: nothing of its source could be read; --prune removes it"
    assert whys(report) == {
        column: "It holds no text, Markdown or HTML file; name a folder that does.",
        "gull": kept,
        "tide": kept,
    }
    assert [report.count(change) for change in Change] == [0, 0, 0, 2, 1, 0]
    assert set(held(store)) == {"tide", "gull"}
    assert run(store, column, prune=True)[0] == {"gull": REMOVED, "tide": REMOVED}
    assert held(store) == {}


def test_a_source_that_is_not_there_is_named_and_costs_nothing(store, column, tmp_path):
    run(store, column)
    shutil.rmtree(column)
    report = sync(store, Counting(), [column])
    assert whys(report)[column] == f"'{column}' does not exist; name a file or folder that does."
    assert store.summary().failed == {column: whys(report)[column]}
    assert set(held(store)) == {"tide", "gull"}
    assert run(store, column, prune=True)[0] == {column: FAILED, "gull": REMOVED, "tide": REMOVED}


def test_a_source_that_is_not_there_keeps_its_own_articles_and_no_others(store, column, tmp_path):
    other = write(tmp_path / "other", bell=BELL)
    run(store, column, other)
    shutil.rmtree(other)
    (tmp_path / "column" / "gull.md").unlink()
    changes, _ = run(store, column, other)
    assert changes == {"tide": UNCHANGED, other: FAILED, "gull": REMOVED, "bell": UNCHANGED}


def test_another_column_takes_the_place_of_the_old_one(store, column, tmp_path):
    run(store, column)
    other = write(tmp_path / "other", bell=BELL)
    assert run(store, other)[0] == {"bell": ADDED, "gull": REMOVED, "tide": REMOVED}


def test_another_column_that_cannot_be_read_does_not(store, column, tmp_path):
    run(store, column)
    report = sync(store, Counting(), [str(tmp_path / "nowhere")])
    assert set(held(store)) == {"tide", "gull"}
    assert "nothing of another source could be read" in whys(report)["tide"]


def test_a_source_of_several_touches_only_what_is_its_own(store, column, tmp_path):
    other = write(tmp_path / "other", bell=BELL)
    run(store, column, other)
    (tmp_path / "column" / "gull.md").unlink()
    write(tmp_path / "other", bell=f"{BELL} Twice.", horn="A horn blows.")
    assert run(store, other, whole=False)[0] == {"bell": CHANGED, "horn": ADDED}
    assert set(held(store)) == {"tide", "gull", "bell", "horn"}
    assert run(store, column, whole=False)[0] == {"tide": UNCHANGED, "gull": REMOVED}


# Sources that overlap


def test_an_article_that_two_sources_hold_is_taken_once(store, column, tmp_path):
    write(tmp_path / "column" / "sub", horn="A horn blows.")
    inner = str(tmp_path / "column" / "sub")
    report = sync(store, Counting(), [column, inner, column])
    assert sorted(o.name for o in report.outcomes) == ["gull", "horn", "tide"]
    assert (report.count(ADDED), report.embedded, store.summary().failed) == (3, 4, {})
    assert run(store, column, inner)[0] == {"gull": UNCHANGED, "tide": UNCHANGED, "horn": UNCHANGED}


def test_one_name_may_stand_in_two_sources(store, column, tmp_path):
    other = write(tmp_path / "other", tide="Another tide.")
    report = sync(store, Counting(), [column, other])
    assert sorted(o.name for o in report.outcomes) == ["gull", "tide", "tide"]
    assert store.summary().articles == 3


# What fails


def test_a_file_that_cannot_be_read_is_named_with_its_place_and_the_others_are_taken(store, column, tmp_path):
    (tmp_path / "column" / "noise.txt").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "column" / "void.md").write_text("")
    report = sync(store, Counting(), [column])
    noise, void = f"{column}/noise.txt", f"{column}/void.md"
    assert {o.name: o.change for o in report.outcomes} == {
        noise: FAILED,
        void: FAILED,
        "gull": ADDED,
        "tide": ADDED,
    }
    assert whys(report)[void] == "There is no paragraph of text in it; write one, or leave it out."
    assert store.summary().failed == whys(report)


def test_an_article_that_can_no_longer_be_read_keeps_its_last_text(store, column, tmp_path):
    run(store, column)
    (tmp_path / "column" / "gull.md").write_bytes(b"\0\1\2\3" * 500)
    report = sync(store, Counting(), [column], prune=True)
    assert whys(report)[f"{column}/gull.md"].endswith(" Until then its last text is kept.")
    assert held(store)["gull"] == [GULL]


def test_a_failure_is_forgotten_when_it_is_mended(store, column, tmp_path):
    write(tmp_path / "column", void="")
    run(store, column)
    write(tmp_path / "column", void="Not void.")
    assert run(store, column)[0]["void"] is ADDED
    assert store.summary().failed == {}


def test_a_file_as_a_source_is_named_as_its_owner_wrote_it(store, column, tmp_path):
    write(tmp_path / "column", void="")
    source = f"{column}/void.md"
    assert run(store, source)[0] == {source: FAILED}


class Tiring(Counting):
    """Embeds one batch and then no more."""

    def encode_document(self, texts):
        if len(self.asked) >= BATCH:
            raise MemoryError("tired")
        return super().encode_document(texts)


def test_a_sync_that_is_cut_off_leaves_whole_articles_and_the_next_does_the_rest(store, tmp_path):
    def text(article):
        return "\n\n".join(f"Line {n} of {article}." for n in range(BATCH // 2))

    source = write(tmp_path / "column", **{name: text(name) for name in ("a", "b", "c", "d")})
    with pytest.raises(MemoryError):
        sync(store, Tiring(), [source])
    assert {name: len(passages) for name, passages in held(store).items()} == {"a": 128, "b": 128}
    assert store.summary().last_sync is None
    changes, asked = run(store, source)
    assert changes == {"a": UNCHANGED, "b": UNCHANGED, "c": ADDED, "d": ADDED}
    assert len(asked) == 256
    assert asked[0].endswith("of c.")
    store.check()


# While a batch is encoded


def lines(article, count=BATCH):
    return "\n\n".join(f"Line {n} of {article}." for n in range(count))


class Waiting(Counting):
    """Encodes nothing before *word* was read, which stands in an article of a later batch."""

    def __init__(self, word):
        super().__init__()
        self.word, self.read, self.waited = word, threading.Event(), []

    def length(self, text):
        if self.word in text:
            self.read.set()
        return super().length(text)

    def encode_document(self, texts):
        self.waited.append(self.read.wait(30))
        return super().encode_document(texts)


def test_the_next_articles_are_read_while_a_batch_is_encoded(store, tmp_path):
    source = write(tmp_path / "column", a=lines("a"), b=lines("b"))
    embedder = Waiting(" b.")
    sync(store, embedder, [source])
    assert all(embedder.waited)
    assert {name: len(passages) for name, passages in held(store).items()} == {"a": BATCH, "b": BATCH}


def test_progress_is_told_by_whoever_syncs_and_a_fault_of_theirs_ends_the_sync(store, tmp_path):
    source = write(tmp_path / "column", a=lines("a"), b=lines("b"), c=GULL)
    threads = set()

    def tell(step):
        threads.add(threading.get_ident())
        if step.done == 1:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError):
        sync(store, Counting(), [source], progress=tell)
    assert threads == {threading.get_ident()}
    assert {name: len(passages) for name, passages in held(store).items()} == {"a": BATCH}
    store.check()


def test_a_sentence_is_embedded_once_though_the_batch_before_has_it_under_way(store, tmp_path):
    both = "They share this one."
    source = write(
        tmp_path / "column", a=f"{lines('a')}\n\n{both}", b=f"{lines('b')}\n\n{both}", c=f"{both} {GULL}"
    )
    _, asked = run(store, source)
    assert (asked.count(both), len(asked)) == (1, 2 * BATCH + 2)
    assert len({m.vector.tobytes() for m in store.vectors([both]).values()}) == 1


def test_a_sentence_of_an_article_that_the_batch_before_replaces_keeps_its_vector(store, tmp_path):
    run(store, write(tmp_path / "column", a=f"{lines('old')}\n\n{TIDE}"))
    changes, asked = run(store, write(tmp_path / "column", a=lines("new"), b=f"{lines('b')}\n\n{TIDE}"))
    assert (changes, asked.count(TIDE)) == ({"a": CHANGED, "b": ADDED}, 0)
    assert held(store)["b"][-1] == TIDE


def test_a_vector_that_is_used_again_keeps_what_made_it(store, column, tmp_path):
    run(store, column)
    later = Counting()
    later.maker = "another count"
    write(tmp_path / "column", tide=f"{TIDE} It stays away.", bell=f"{BELL} {GULL}")
    run(store, column, embedder=later)
    assert store.summary().makers == {"a count of words": 3, "another count": 2}


# What is told meanwhile


def test_progress_is_told_of_each_article_as_it_is_done(store, column, tmp_path):
    heard = []
    write(tmp_path / "column", void="")
    sync(store, Counting(), [column], progress=heard.append)
    told = [(step.outcome and step.outcome.name, step.done, step.expected, step.embedded) for step in heard]
    assert told == [
        (f"{column}/void.md", 1, 3, 0),
        (None, 1, 3, 3),
        ("gull", 2, 3, 3),
        ("tide", 3, 3, 3),
    ]


# What a fingerprint tells apart


def test_a_fingerprint_changes_with_everything_that_is_stored(store, column, tmp_path):
    article = next(read(column))
    passage = Passage(number=1, text=GULL, voice=Voice.BLOCK_QUOTATION, outlet="The Quay")
    others = [
        replace(article, title="T"),
        replace(article, author="A"),
        replace(article, url="https://example.org"),
        replace(article, source="S"),
        replace(article, name="N"),
        replace(article, passages=(passage,)),
        replace(article, passages=(replace(passage, outlet=None),)),
        replace(article, passages=(replace(passage, text=GULL + " "),)),
    ]
    assert len({fingerprint_of(a) for a in [article, *others]}) == 9
    assert fingerprint_of(next(read(column))) == fingerprint_of(article)
