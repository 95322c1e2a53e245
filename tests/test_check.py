"""The check of a quotation: verbatim means letter for letter, and everything else is called what it is."""

import random
import re
import unicodedata
from io import StringIO
from pathlib import Path

import pytest
from columns import write
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from wordcolumn import DIMENSION, WordCounts

from index import terminal
from index.answer import Answerer
from index.check import Attribution, Outcome, QuoteChecker, context
from index.collation import Text, plain_marks
from index.retriever import Retriever
from index.segment import sentences
from index.store import Store
from index.sync import sync

ROOT = Path(__file__).parent.parent
PIER = """---
title: The pier
author: Ines Calder
date: 2025-09-10
---

The pier is closed. “The tide waits for nobody,” said Mara Quill, the harbour master, “and neither does the
port.” Quill said that the pier would not open before 12 June. I have my doubts about the 12 planks.

“We counted £5 million twice,” Tom Ebel said. “Was it a mistake? It was not.”

“Who paid?” asked Nora Finch.

“Nobody paid,” Ebel replied.

> The well-known lamp at Skerry Point burned for the last time on Sunday.

Gulls, in my view, are the only honest critics that this town has ever had. They shout at all of us –
at me, too.

They were right in 1911… and they are right now. The mayor never said that the pier was safe.
"""
BELL = """---
title: The bell
author: Ines Calder
date: 2025-09-03
---

The bell of the old church was cast in 1702 and cracked in the winter of 1740. “Nobody paid,” said Abel Roth.
"""


def checker(folder, sources):
    embedder = WordCounts()
    store = Store.open(folder, "words@1", DIMENSION)
    sync(store, embedder, sources)
    return QuoteChecker(store, Answerer(Retriever(store, embedder)).people), store


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Check against a small column of two articles."""
    folder = tmp_path_factory.mktemp("check")
    return checker(folder / "store", [write(folder / "texts", pier=PIER, bell=BELL)])[0].check


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """All articles of our own, with what is needed to draw quotations from them."""
    folder = tmp_path_factory.mktemp("own")
    sources = [str(ROOT / "samples"), str(ROOT / "calibration" / "articles")]
    found, store = checker(folder / "store", sources)
    with store.reading():
        passages = [p for a in store.articles() for p in store.article(a.id).passages]
        yield found, [p.text[s.start : s.end].split() for p in passages for s in sentences(p.text)]


def told(result):
    """Return each difference as (kind, what was typed, what is printed)."""
    return [
        (
            d.kind,
            result.quotation[d.typed.start : d.typed.end],
            result.excerpts[d.excerpt].passage.text[d.printed.start : d.printed.end],
        )
        for d in result.differences
    ]


# ---- verbatim


@pytest.mark.parametrize(
    ("quotation", "printed"),
    [
        ("The pier is closed.", "The pier is closed"),
        ("the pier is closed", "The pier is closed"),
        ("Pier is closed,", "pier is closed"),
        ('"The tide waits for nobody"', "The tide waits for nobody"),
        ("They shout at all of us—at me, too!"[:-1], "They shout at all of us – at me, too"),
        ("‘They shout\u00a0at all\n of us -- at me, too.’", "They shout at all of us – at me, too"),
        (
            "They were right in 1911... and they are right now",
            "They were right in 1911… and they are right now",
        ),
        ("… and they are right now …", "and they are right now"),
        ("‘We counted £5 million twice’, Tom Ebel said.", "We counted £5 million twice,” Tom Ebel said"),
        ("£5 million", "5 million"),
        ("lamp", "lamp"),
    ],
)
def test_typography_and_the_edges_of_a_quotation_make_no_difference(check, quotation, printed):
    result = check(quotation)
    assert (result.outcome, result.differences) == (Outcome.VERBATIM, ())
    assert [e.text for e in result.excerpts] == [printed]


def test_a_quotation_may_run_over_paragraphs(check):
    result = check("Was it a mistake? It was not. Who paid?")
    assert result.outcome is Outcome.VERBATIM
    assert [(e.number, e.text) for e in result.excerpts] == [
        (2, "Was it a mistake? It was not"),
        (3, "Who paid"),
    ]


def test_words_that_stand_in_several_places_are_cited_where_the_named_one_says_them(check):
    for name in ("Tom Ebel", "Abel Roth"):
        result = check("Nobody paid", name)
        assert (result.outcome, result.attribution) == (Outcome.VERBATIM, Attribution.RIGHT)
        assert result.speakers == (name,)
        assert len(result.others) == 1
        assert result.others[0].text == "Nobody paid"
        assert result.others[0].speaker != name


def test_a_further_place_is_another_paragraph(check):
    result = check("pier")
    assert (result.excerpts[0].number, [e.number for e in result.others]) == (1, [7])


# ---- altered


@pytest.mark.parametrize(
    ("quotation", "differences"),
    [
        ("The pier was closed", [("was", "is")]),
        ("Quill said that the pier would open before 12 June", [("", "not")]),
        ("Quill said that the pier would not ever open before 12 June", [("ever", "")]),
        ("the pier would not open before 13 June", [("13", "12")]),
        ("the pier would not open before 1.2 June", [("1.2", "12")]),
        ("they shout at all of Us – at me, too", [("Us", "us")]),
        ("They shout at all of us at me, too", [("us at", "us – at")]),
        ("the well known lamp", [("well known", "well-known")]),
        ("£5 million twice?", [("twice", "twice")]),
        ("Was it a mistake.", [("mistake", "mistake")]),
        ("5 million twice", [("5", "5")]),
        ("was cast in 1702 and cracked in the winter of 1704", [("1704", "1740")]),
        ("Gulls, in my view, are the only honest ćritics", [("ćritics", "critics")]),
        ("Dogs, in my view, are the only honest critics", [("Dogs", "Gulls")]),
        ("the only honest critics that this city", [("city", "town")]),
    ],
)
def test_what_was_altered_is_named_on_both_sides(check, quotation, differences):
    result = check(quotation)
    assert result.outcome is Outcome.ALTERED
    assert told(result) == [(Outcome.ALTERED, *pair) for pair in differences]


def test_altered_words_over_two_paragraphs_point_into_the_right_one(check):
    result = check("Was it really a mistake? It was not. Who had paid?")
    assert result.outcome is Outcome.ALTERED
    assert told(result) == [(Outcome.ALTERED, "really", ""), (Outcome.ALTERED, "had", "")]
    assert [d.excerpt for d in result.differences] == [0, 1]


def test_brackets_that_replace_words_are_marked_and_a_capital_in_brackets_too(check):
    result = check("[The harbour master] said that [the] pier would not open")
    assert result.outcome is Outcome.MARKED
    assert told(result) == [(Outcome.MARKED, "The harbour master", "Quill")]
    assert check("are the only honest critics that [T]his town").outcome is Outcome.MARKED
    assert check("[The harbour master] said that the pier would open").outcome is Outcome.ALTERED


# ---- cut, interrupted, spliced


@pytest.mark.parametrize("mark", ["…", " ... ", " [...] ", " (…) ", " . . . "])
def test_a_marked_cut_is_verbatim_and_shows_what_was_cut(check, mark):
    result = check(f"Gulls{mark}are the only honest critics{mark}this town has ever had.")
    assert result.outcome is Outcome.ELIDED
    assert told(result) == [(Outcome.ELIDED, "", "in my view"), (Outcome.ELIDED, "", "that")]
    assert [e.text for e in result.excerpts] == [
        "Gulls",
        "are the only honest critics",
        "this town has ever had",
    ]


def test_a_marked_cut_excuses_no_other_change_and_no_other_order(check):
    assert check("Gulls … are the honest critics").outcome is Outcome.ALTERED
    assert check("They shout at all of us … Gulls, in my view, are the only honest critics").outcome is (
        Outcome.SPLICED
    )
    assert check("The pier is closed … the only honest critics that this town").outcome is Outcome.SPLICED


def test_a_quotation_that_the_column_interrupts_is_not_called_spliced(check):
    result = check("The tide waits for nobody, and neither does the port.", "Quill")
    assert (result.outcome, result.attribution) == (Outcome.INTERRUPTED, Attribution.RIGHT)
    assert told(result) == [(Outcome.INTERRUPTED, "", "said Mara Quill, the harbour master")]
    assert check("The tide waits for nobody, and neither will the port").outcome is Outcome.ALTERED


def test_two_speakers_are_not_one_interrupted_quotation(check):
    result = check("Who paid? Nobody paid.", "Finch")
    assert (result.outcome, result.attribution) == (Outcome.SPLICED, Attribution.PARTLY)
    assert result.speakers == ("Nora Finch", "Tom Ebel")


@pytest.mark.parametrize(
    "quotation",
    [
        "Gulls, in my view, are the bell of the old church was cast in 1702",  # two articles
        "The pier is closed. I have my doubts about the 12 planks.",  # a gap without a mark
        "I have my doubts about the 12 planks. Quill said that the pier would not open",  # another order
    ],
)
def test_parts_that_do_not_follow_each_other_are_spliced(check, quotation):
    result = check(quotation)
    assert result.outcome is Outcome.SPLICED
    assert len(result.excerpts) == 2
    assert all(e.text in quotation for e in result.excerpts)


def test_words_that_are_in_no_part_of_a_spliced_quotation_are_named(check):
    result = check(
        "Frankly, Gulls, in my view, are the only, er, The bell of the old church was cast in 1702"
    )
    assert result.outcome is Outcome.SPLICED
    assert told(result) == [(Outcome.ALTERED, "Frankly", ""), (Outcome.ALTERED, "er", "")]


# ---- not there


@pytest.mark.parametrize(
    "quotation",
    ["The mayor ate a sandwich in the rain.", "zyzzyva", "This town has honest potatoes, and 12 dogs"],
)
def test_what_the_column_does_not_have_is_absent(check, quotation):
    result = check(quotation, "Quill")
    assert (result.outcome, result.differences, result.speakers) == (Outcome.ABSENT, (), ())


@pytest.mark.parametrize("quotation", ["", " “…” ", "__", "of the", "said", "🙂", "\0\ud800"])
def test_what_would_stand_in_any_text_is_too_short(check, quotation):
    assert check(quotation).outcome is Outcome.TOO_SHORT


def test_more_than_a_quotation_is_refused(check):
    assert check("pier " * 20_000).outcome is Outcome.TOO_LONG


# ---- whose words


@pytest.mark.parametrize(
    ("quotation", "by", "attribution"),
    [
        ("The tide waits for nobody", "Mara Quill", Attribution.RIGHT),
        ("The tide waits for nobody", "quill", Attribution.RIGHT),
        ("The tide waits for nobody", "Ebel", Attribution.OTHER),
        ("The tide waits for no one", "Ebel", Attribution.OTHER),
        ("The tide waits for nobody", "Zanzibar Jones", Attribution.OTHER),
        ("Gulls, in my view", "Quill", Attribution.OTHER),
        ("Gulls, in my view", "Calder", Attribution.RIGHT),
        ("The tide waits for nobody", "Calder", Attribution.OTHER),
        ("The tide waits for nobody", "the president", Attribution.UNCLEAR),
        ("The pier is closed. “The tide waits", "Quill", Attribution.PARTLY),
        ("lamp at Skerry Point", "Quill", Attribution.UNCLEAR),
        ("The tide waits for nobody", None, Attribution.UNASKED),
    ],
)
def test_the_speaker_of_the_column_is_compared_with_the_one_who_is_named(check, quotation, by, attribution):
    result = check(quotation, by)
    assert result.attribution is attribution
    assert (result.outcome is Outcome.SOMEBODY_ELSE) == (attribution is Attribution.OTHER)


def test_the_words_of_a_speaker_are_told_from_a_paraphrase_and_from_the_columnists(check):
    found = [check(q) for q in ("waits for nobody", "the pier would not open", "in my view", "Skerry Point")]
    assert [(r.speakers, r.quoted, r.unclear) for r in found] == [
        (("Mara Quill",), True, False),
        (("Mara Quill",), False, False),
        ((None,), False, False),
        ((), True, True),
    ]


def test_the_context_is_the_whole_sentence(check):
    (excerpt,) = check("the pier was safe").excerpts
    assert context(excerpt).text == "The mayor never said that the pier was safe."


def test_what_changed_in_the_store_is_seen(tmp_path):
    embedder = WordCounts()
    found, store = checker(tmp_path / "store", [write(tmp_path / "texts", pier=PIER)])
    quotation = "The bell of the old church was cast in 1702"
    before = found.check(quotation)
    sync(store, embedder, [write(tmp_path / "texts", bell=BELL)])
    after = found.check(quotation)
    assert [(r.outcome, r.searched.articles) for r in (before, after)] == [
        (Outcome.ABSENT, 1),
        (Outcome.VERBATIM, 2),
    ]


# ---- what is printed


def printed(result):
    file = StringIO()
    terminal.print_check(result, Console(file=file, width=terminal.UNBROKEN, highlight=False))
    lead, *lines = file.getvalue().splitlines()
    return lead, [line for line in lines if line and not line.startswith("Searched 2 articles")]


PIER_CITED = "  — Mara Quill, paraphrased · “The pier”, by Ines Calder · 10 September 2025 · ¶ 1"
MAY = "    Quill said that the pier would not open before 12 June."


def test_an_altered_quotation_is_printed_with_its_differences_and_the_whole_sentence(check):
    lead, lines = printed(check("the pier would open before 13 June", "Mara Quill"))
    assert lead == "Altered: the column has this, but not in these very words."
    assert lines == [
        "The column has them as words of Mara Quill, but not all in quotation marks: it may be a paraphrase.",
        "It is a part of a longer sentence, which stands below as a whole.",
        "  • missing: “not”",
        "  • quotation: “13”; column: “12”",
        MAY,
        PIER_CITED,
    ]


@pytest.mark.parametrize(
    ("quotation", "by", "lead", "line"),
    [
        (
            "The pier is closed",
            "Quill",
            "Said by somebody else: these are not words of Mara Quill. "
            "Verbatim: these very words stand in the column.",
            "They stand in the columnist’s own voice.",
        ),
        (
            "They shout at all of us at me, too",
            None,
            "Altered: the words are the column’s, the punctuation is not.",
            "  • quotation: “us at”; column: “us – at”",
        ),
        (
            "Gulls … are the only honest critics",
            None,
            "Verbatim, with a marked cut: these words stand in the column, and others in between.",
            "  • left out, as marked: “in my view”",
        ),
        (
            "The tide waits for nobody, and neither does the port",
            None,
            "Verbatim, but interrupted: words that are no quotation stand in between.",
            "  • stands in between: “said Mara Quill, the harbour master”",
        ),
        (
            "Nobody paid",
            "Jonas Wexley",
            "Said by somebody else: these are not words of Jonas Wexley. "
            "Verbatim: these very words stand in the column.",
            "The column has them as words of Tom Ebel. The column never mentions Jonas Wexley.",
        ),
        (
            "The bell of the old church was cast in my view, are the only honest critics",
            None,
            "Spliced: parts of this stand in the column, but they do not follow each other there.",
            "",
        ),
        (
            "Gulls ate the sandwich of the mayor",
            "Quill",
            "Not in the column, neither in these words nor in words close to them.",
            "",
        ),
        (
            "of the",
            None,
            "Too short to check: such words stand in any text. Paste more of the quotation.",
            "",
        ),
    ],
)
def test_each_outcome_has_its_own_plain_words(check, quotation, by, lead, line):
    first, lines = printed(check(quotation, by))
    assert first == lead
    assert not line or line in lines


# ---- always

SWAPS = {"was": "is", "is": "was", "and": "or", "the": "a", "a": "the", "in": "on", "of": "for", "had": "has"}


def drop(words, rng):
    k = rng.randrange(1, len(words) - 1)
    return [*words[:k], *words[k + 1 :]]


def add(words, rng):
    k = rng.randrange(1, len(words))
    return [*words[:k], rng.choice(["not", "never", "very", "and"]), *words[k:]]


def transpose(words, rng):
    k = rng.randrange(len(words) - 1)
    return [*words[:k], words[k + 1], words[k], *words[k + 2 :]]


def replaced(words, rng, change):
    """Change one word, if *change* knows how to."""
    order = rng.sample(range(len(words)), len(words))
    k = next((k for k in order if change(words[k]) != words[k]), 0)
    return [*words[:k], change(words[k]), *words[k + 1 :]]


def swap(words, rng):
    return replaced(words, rng, lambda w: SWAPS.get(w, w))


def letter(words, rng):
    return replaced(
        words, rng, lambda w: re.sub(r"[a-z](?=\w*$)", lambda m: chr(219 - ord(m[0])), w, count=1)
    )


def digit(words, rng):
    return replaced(words, rng, lambda w: re.sub(r"\d", lambda m: str(9 - int(m[0])), w, count=1))


def case(words, rng):
    return [
        words[0],
        *replaced(words[1:], rng, lambda w: re.sub(r"\w", lambda m: m[0].swapcase(), w, count=1)),
    ]


def negation(words, rng):
    return [w for w in words if w not in ("not", "no", "never", "nobody")]


def comma(words, rng):
    return [*replaced(words[:-1], rng, lambda w: w[:-1] if w[-1] in ",;:" else w), words[-1]]


MUTATIONS = [drop, add, transpose, swap, letter, digit, case, negation, comma]


def canonical(text):
    """Return a text without typography, by rules much cruder and laxer than those under test."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"[“”\"‘’'«»]", "", text)
    text = re.sub(r"\s*[-–—]+\s*", "-", text.replace("...", "…"))
    return " ".join(text.split())


def stands(quotation, pages):
    """Tell whether a quotation stands in the column after all, when all typography is taken away."""
    words = canonical(quotation).strip(" .,;:…-")
    return any(x in pages for x in (words, words[:1].upper() + words[1:], words[:1].lower() + words[1:]))


def drawn(drawn_from, rng):
    """Yield words of quotations: sentences, and pieces of them, of four words or more."""
    while True:
        words = rng.choice(drawn_from)
        start = rng.randrange(max(1, len(words) - 6))
        piece = words[start : start + rng.randint(6, 25)] if rng.random() < 0.6 else words
        if len(piece) >= 4:
            yield piece


def mutated(drawn_from, rng):
    """Yield (how, quotation): nine quotations with one change each, and then one of two halves, and so on."""
    words = drawn(drawn_from, rng)
    while True:
        for mutation in MUTATIONS:
            yield mutation, " ".join(mutation(next(words), rng))
        one, other = next(words), next(words)
        yield None, " ".join([*one[: max(4, len(one) // 2)], *other[-max(4, len(other) // 2) :]])


def test_two_thousand_mutated_quotations_never_pass_as_verbatim(own):
    checker, drawn_from = own
    pages = canonical(" ".join(word for words in drawn_from for word in words))
    outcomes = {}
    for how, quotation in mutated(drawn_from, random.Random(20250914)):
        if len(outcomes) == 2_000:
            break
        if stands(quotation, pages):
            continue
        result = checker.check(quotation)
        outcomes[quotation] = how, result.outcome
        assert result.outcome not in (Outcome.VERBATIM, Outcome.ELIDED, Outcome.TOO_SHORT), quotation
        assert result.outcome is Outcome.ABSENT or result.differences or len(result.excerpts) > 1, quotation
    altered = [outcome for how, outcome in outcomes.values() if how]
    spliced = [outcome for how, outcome in outcomes.values() if not how]
    assert altered.count(Outcome.ALTERED) > 0.95 * len(altered)
    assert spliced.count(Outcome.SPLICED) > 0.8 * len(spliced)


def typed_otherwise(words, rng):
    """Return the same words in other typography."""
    text = rng.choice([" ", "  ", "\u00a0", "\n"]).join(words)
    if rng.random() < 0.5:
        text = re.sub("[“”]", '"', re.sub("[‘’]", "'", text)).replace("…", "...").replace(" – ", "—")
    if rng.random() < 0.3:
        text = unicodedata.normalize("NFD", text)
    if rng.random() < 0.3:
        text = text[:1].swapcase() + text[1:]
    return rng.choice(["“{}”", '"{}"', "‘{}’", "{}", " {}\n", "… {}"]).format(text)


def test_quotations_in_any_typography_are_verbatim(own):
    checker, drawn_from = own
    rng = random.Random(1740)
    for words, _ in zip(drawn(drawn_from, rng), range(300), strict=False):
        quotation = typed_otherwise(words, rng)
        result = checker.check(quotation)
        assert result.outcome is Outcome.VERBATIM, quotation
        assert all(e.text == e.passage.text[e.start : e.end] for e in result.excerpts)
        assert [w.loose for e in result.excerpts for w in Text(e.text).words] == Text(quotation).loose


@given(st.text(alphabet=st.sampled_from("The tide pier 1249 [].…,\"“”?!-—–\u00a0'’éЖ\n"), max_size=200))
def test_no_text_breaks_the_check_and_every_span_is_inside(check, quotation):
    result = check(quotation, "Quill")
    for d in result.differences:
        assert 0 <= d.typed.start <= d.typed.end <= len(quotation)
        assert 0 <= d.printed.start <= d.printed.end <= len(result.excerpts[d.excerpt].passage.text)
    if result.outcome is Outcome.VERBATIM:
        shown = " ".join(e.text for e in result.excerpts)
        assert Text(shown).loose == Text(quotation).loose


@given(st.text(max_size=20))
def test_marks_in_plain_typography_stay_as_they_are(marks):
    assert plain_marks(plain_marks(marks)) == plain_marks(marks)
