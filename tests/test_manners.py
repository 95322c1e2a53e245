"""The bot's manners as rules: fair shares, what cannot be looked up, and messages that nothing can break."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import Clock
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from inert import assert_inert, hostile

from bot.choices import offering
from bot.config import Limits, Rate
from bot.manners import (
    FREE_CHARACTERS,
    LONGEST_QUESTION,
    Asking,
    Manners,
    Seen,
    is_foreign,
    place,
    unanswerable,
)
from bot.message import (
    HELP,
    error_message,
    exhausted_message,
    foreign_message,
    help_message,
    long_message,
    message,
    prove,
    rate_message,
    unconfirmed_message,
    wordless_message,
)
from bot.pace import Pace
from bot.state import Inbox, Kind, Memory, Request, State, Taken
from bot.state import given as record
from index import wording
from index.answer import Answer, Searched, Verdict
from index.passage import Article, Excerpt, Manner, Passage, Voice

SEARCHED = Searched(articles=2, passages=9, first=date(2025, 9, 10), last=date(2025, 9, 12), generation=1)


@pytest.fixture
def memory(tmp_path, clock):
    with Memory(tmp_path / "bot.sqlite", clock=clock) as memory:
        yield memory


def taken(id, *, user="U1", at=1_000_000.0, text="the tide?", channel="C1", kind=Kind.MENTION):
    request = Request(kind=kind, key=id, team="T1", channel=channel, user=user, text=text, ts=id)
    return Taken(id=id, hold="h", request=request, received_at=at, attempts=1, in_doubt=False)


def asking(id, **fields):
    return Asking.of(taken(id, **fields))


# ---- how often


def asked(manners, clock, times, **fields):
    """Ask once a second at most; return what was said to each."""
    said = []
    for number in range(times):
        clock.now += 1
        refused = manners.too_many(asking(f"{clock.now}-{number}", at=clock.now, **fields))
        said.append(refused.text if refused else None)
    return said


def test_whoever_asks_too_often_is_told_when_to_ask_again(memory, clock):
    manners = Manners(memory, Limits(rates=(Rate(3, "minute"),)))
    assert asked(manners, clock, 5) == [None] * 3 + [
        "I answer 3 questions of one person a minute, and you have asked as many. "
        f"Please ask this one again in {seconds} seconds."
        for seconds in (57, 56)
    ]
    assert asked(manners, clock, 1, user="U2") == [None], "another person has a share of their own"
    clock.now += 53.5
    assert asked(manners, clock, 1)[0].endswith("in 1 second.")
    clock.now += 1
    assert asked(manners, clock, 1) == [None]


def test_questions_that_were_refused_do_not_count(memory, clock):
    manners = Manners(memory, Limits(rates=(Rate(1, "minute"),)))
    assert asked(manners, clock, 50)[1].endswith("again in 59 seconds.")
    clock.now += 10
    assert asked(manners, clock, 1) == [None]


def test_of_several_limits_the_one_that_lasts_longest_is_named(memory, clock):
    manners = Manners(memory, Limits(rates=(Rate(2, "minute"), Rate(2, "hour"))))
    assert asked(manners, clock, 3)[2] == (
        "I answer 2 questions of one person an hour, and you have asked as many. "
        "Please ask this one again in 60 minutes."
    )


def test_no_limit_is_no_limit(memory, clock):
    assert asked(Manners(memory, Limits(rates=())), clock, 500) == [None] * 500


def test_a_question_that_is_taken_up_again_gets_the_same_decision_and_counts_once(memory, clock):
    manners = Manners(memory, Limits(rates=(Rate(2, "minute"),)))
    for _ in range(5):
        assert manners.too_many(asking("one")) is None
    assert manners.too_many(asking("two")) is None
    assert manners.too_many(asking("one")) is None
    assert manners.too_many(asking("three")) is not None


def test_a_restart_forgives_nothing(tmp_path, memory, clock):
    limits = Limits(rates=(Rate(1, "hour"),))
    assert Manners(memory, limits).too_many(asking("one")) is None
    with Memory(tmp_path / "bot.sqlite", clock=clock) as after:
        assert Manners(after, limits).too_many(asking("two")) is not None


def test_what_waited_long_counts_from_when_it_was_asked(memory, clock):
    manners = Manners(memory, Limits(rates=(Rate(1, "minute"),)))
    clock.now += 3600  # the bot was away
    said = [manners.too_many(asking(str(n), at=1_000_000.0 + 100 * n)) for n in range(5)]
    assert said == [None] * 5


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "1 second"),
        (0.2, "1 second"),
        (1.2, "2 seconds"),
        (60, "60 seconds"),
        (60.5, "2 minutes"),
        (3599, "60 minutes"),
        (3700, "2 hours"),
        (86400, "24 hours"),
    ],
)
def test_a_wait_is_rounded_up(seconds, said):
    assert wording.span(seconds) == said


# ---- how much

LONG = " ".join(f"Sentence {n:03} of the harbour tells of the tide." for n in range(200))
ARTICLE = Article(
    id="a1",
    name="harbour",
    title="The harbour opens",
    author="Ines Calder",
    date=date(2025, 9, 10),
    url="https://margin-notes.example.org/harbour",
    passages=(Passage(number=1, text=LONG), Passage(number=2, text="Gulls are honest. So is the sea.")),
)
SENTENCE = LONG.index(".") + 2  # characters, with the space


def excerpt(start, end, *, number=1, article=ARTICLE):
    return Excerpt(article=article, number=number, start=start, end=end, score=1.0)


def answer(*excerpts, verdict=Verdict.ANSWERED, **fields):
    return Answer(
        question="the tide?",
        verdict=verdict,
        excerpts=excerpts,
        searched=SEARCHED,
        confidence=0.9,
        **fields,
    )


def test_no_more_than_the_share_of_an_article_is_shown_and_the_rest_is_cited(memory):
    manners = Manners(memory, Limits(share=0.5))
    budget = int(0.5 * (len(LONG) + len(ARTICLE.passages[1].text)))
    first = manners.rationed(answer(excerpt(0, budget - 10)), asking("one"))
    assert (len(first.excerpts), first.withheld) == (1, ())
    second = manners.rationed(answer(excerpt(budget + 100, budget + 200)), asking("two"))
    assert (second.excerpts, second.withheld) == ((), (excerpt(budget + 100, budget + 200),))


def test_the_same_excerpt_again_costs_nothing(memory):
    manners = Manners(memory, Limits(share=0.2))
    same = excerpt(0, int(0.2 * len(LONG)))
    for number in range(5):
        assert manners.rationed(answer(same), asking(str(number))).excerpts == (same,)


def test_an_excerpt_that_does_not_fit_ends_with_a_sentence_and_its_rest_is_withheld(memory):
    manners = Manners(memory, Limits(share=0.01))
    whole = excerpt(0, 1_500)
    cut = manners.rationed(answer(whole), asking("one"))
    [shown], [rest] = cut.excerpts, cut.withheld
    assert FREE_CHARACTERS - SENTENCE < shown.end <= FREE_CHARACTERS
    assert shown.text.endswith("tide.")
    assert (rest.start, rest.end) == (shown.end, whole.end)
    prove(message(cut), cut)


def test_a_short_article_can_still_be_quoted_and_others_have_shares_of_their_own(memory):
    manners = Manners(memory, Limits(share=0.01))
    short = replace(ARTICLE, id="a2", passages=(Passage(number=1, text=LONG[:900]),))
    both = answer(excerpt(0, 950), excerpt(0, 900, article=short))
    assert manners.rationed(both, asking("one")).excerpts == both.excerpts


def test_another_person_and_the_next_day_begin_anew(memory, clock):
    manners = Manners(memory, Limits(share=0.01))
    much = answer(excerpt(0, 1_000))
    other = answer(excerpt(2_000, 3_000))
    assert manners.rationed(much, asking("one")).withheld == ()
    assert manners.rationed(other, asking("two")).excerpts == ()
    assert manners.rationed(other, asking("three", user="U2")).withheld == ()
    clock.now += 24 * 3600 + 1
    assert manners.rationed(other, asking("four")).withheld == ()


def test_an_answer_that_is_composed_again_shows_the_same_even_after_a_restart(tmp_path, memory, clock):
    limits = Limits(share=0.01)
    much = answer(excerpt(0, 1_400))
    first = Manners(memory, limits).rationed(much, asking("one"))
    with Memory(tmp_path / "bot.sqlite", clock=clock) as after:
        assert Manners(after, limits).rationed(much, asking("one")) == first
        assert Manners(after, limits).rationed(answer(excerpt(5_000, 5_500)), asking("two")).excerpts == ()


def test_what_was_composed_and_not_shown_is_not_held_against_its_asker(memory):
    manners = Manners(memory, Limits(share=0.01))
    manners.rationed(answer(excerpt(0, 1_000)), asking("one"))
    # The column changed before the answer was posted: the same question shows something else.
    assert manners.rationed(answer(excerpt(2_000, 3_000)), asking("one")).withheld == ()
    assert manners.rationed(answer(excerpt(0, 1_000)), asking("two")).excerpts == ()


def test_the_record_of_an_answer_brings_back_the_same_message(memory):
    cut = Manners(memory, Limits(share=0.01)).rationed(answer(excerpt(0, 1_500)), asking("one"))
    memory.answers.save(record("one", taken("one").request, cut))
    assert message(memory.answers.load("one").answer) == message(cut)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8_000), st.integers(1, 1_500)), min_size=1, max_size=12))
def test_whatever_is_asked_nobody_sees_more_than_their_share(spans):
    seen, budget = Seen([]), 2_000
    shown = set()
    for start, length in spans:
        wanted = excerpt(start, min(len(LONG), start + length))
        end = seen.allowed(wanted, budget)
        assert wanted.start <= end <= wanted.end
        if end > wanted.start:
            part = replace(wanted, end=end)
            seen.add(place(part))
            shown |= set(range(part.start, part.end))
    assert len(shown) <= budget


def test_a_reached_budget_is_said_with_the_place_and_without_the_words():
    quoted, kept = excerpt(0, SENTENCE - 1), excerpt(0, 17, number=2)
    built = message(answer(quoted, withheld=(kept,)))
    notice = (
        "You have been shown as much of these articles as I show one person in a day. "
        "So of the following you get the place, and not the words:"
    )
    assert built.text == (
        "One excerpt from the column: the columnist.\n\n"
        "Ines Calder, the columnist:\n"
        "Sentence 000 of the harbour tells of the tide.\n"
        "— “The harbour opens”, by Ines Calder, 10 September 2025, paragraph 1\n\n"
        f"{notice}\n"
        "— Ines Calder, the columnist: “The harbour opens”, by Ines Calder, 10 September 2025, "
        "paragraph 2\n\n"
        "Searched 2 articles, 10 – 12 September 2025."
    )
    assert built.blocks[-2]["text"]["text"] == notice
    assert [element["text"] for element in built.blocks[-1]["elements"]] == [
        "Ines Calder, the columnist · “The harbour opens”, by Ines Calder · 10 September 2025 · ¶ 2",
        "<https://margin-notes.example.org/harbour|Open the article>",
    ]
    assert "Gulls" not in str(built)
    prove(built, answer(quoted, withheld=(kept,)))


def test_where_nothing_may_be_shown_the_answer_says_that_there_is_one():
    built = message(answer(withheld=(excerpt(0, 17, number=2),)))
    assert built.text.startswith("The column has words on this.\n\nYou have been shown as much")
    prove(built, answer())


# ---- what cannot be looked up


@pytest.mark.parametrize(
    "question", ["🎉", ":tada: :+1:", "👩‍👩‍👧 🇵🇱", "1️⃣ #️⃣", "?!…", "—", "\u200b\u200d", ". . ."]
)
def test_a_question_without_a_word_is_told_how_to_ask(question):
    assert unanswerable(question) == wordless_message()
    assert wordless_message().text.endswith(HELP)


@pytest.mark.parametrize(
    "question",
    [
        "Was hat Jane Roe über den Hafen gesagt?",
        "Wer hat gesagt, dass die Flut nicht wartet?",
        "Qu'est-ce que Roe a dit sur le port ?",
        "¿Qué dijo Jane Roe sobre el puerto?",
        "Co powiedziała Jane Roe o porcie i dlaczego?",
        "Che cosa ha detto Roe sul porto?",
        "O que disse Roe sobre o porto e por quem foi dito?",
        "Wat heeft Roe gezegd over de haven?",
        "Vad sade Roe om hamnen och varför är den stängd?",
        "Что сказала Джейн Роу о порте?",
        "港について何と言いましたか",
        "ماذا قالت عن الميناء؟",
        "τι είπε για το λιμάνι;",
    ],
)
def test_a_question_in_another_language_is_asked_for_in_english(question):
    assert unanswerable(question) == foreign_message()


@pytest.mark.parametrize(
    "question",
    [
        "what did Jane Roe say about the harbour?",
        "and Sikorski?",
        "Roe harbour tide",
        "Ursula von der Leyen",
        "Charles de Gaulle, Los Angeles, El Niño",
        "who said “la guerre est finie”?",
        "what does “sondern und nicht aber” mean here?",
        "more",
        "Łódź Gdańsk Radosław Świątek",
        "1944",
        "no",
        "Van den Berg on Den Haag",
        "What did Джейн Роу say about the port?",
        "a man on a son per se",
        "come on Sarah pay us for it",
    ],
)
def test_english_names_and_catchwords_are_looked_up(question):
    assert unanswerable(question) is None


def test_a_question_is_too_long_only_above_the_limit():
    words = ("gulls " * LONGEST_QUESTION)[: LONGEST_QUESTION - 1] + "?"
    assert unanswerable(words) is None
    assert unanswerable(words + "?").text == (
        "Your question has 1,001 characters; I look up questions of up to 1,000. "
        "Please ask in a sentence or two."
    )


@given(hostile)
def test_nothing_that_people_type_goes_wrong_before_it_is_looked_up(question):
    said = unanswerable(question)
    if said:
        assert_inert(said.blocks, said.text)
    assert isinstance(is_foreign(question), bool)


# ---- nothing pings, links or breaks

urls = st.one_of(st.none(), hostile, hostile.map("https://margin-notes.example.org/{}".format))
names = st.one_of(hostile, st.just("Jane Roe"))


@st.composite
def articles(draw):
    passages = draw(
        st.lists(
            st.builds(
                Passage,
                number=st.just(1),
                text=hostile.filter(bool),
                voice=st.sampled_from(Voice),
                outlet=st.one_of(st.none(), names),
            ),
            min_size=1,
            max_size=3,
        )
    )
    return Article(
        id=draw(st.sampled_from(["a1", "a2"])),
        name="n",
        title=draw(names),
        author=draw(st.one_of(st.none(), names)),
        date=draw(st.one_of(st.none(), st.just(date(2025, 9, 10)))),
        url=draw(urls),
        passages=tuple(replace(p, number=n) for n, p in enumerate(passages, 1)),
    )


@st.composite
def excerpts(draw):
    article = draw(articles())
    passage = draw(st.sampled_from(article.passages))
    start = draw(st.integers(0, len(passage.text) - 1))
    return Excerpt(
        article=article,
        number=passage.number,
        start=start,
        end=draw(st.integers(start + 1, len(passage.text))),
        score=1.0,
        speaker=draw(st.one_of(st.none(), names)),
        manner=draw(st.one_of(st.none(), st.sampled_from(Manner))),
        via=tuple(draw(st.lists(names, max_size=3))),
    )


answers = st.builds(
    Answer,
    question=hostile,
    verdict=st.sampled_from(Verdict),
    excerpts=st.lists(excerpts(), max_size=6).map(tuple),
    withheld=st.lists(excerpts(), max_size=5).map(tuple),
    searched=st.just(SEARCHED),
    confidence=st.just(0.5),
    subject=st.one_of(st.none(), names),
    suggestions=st.lists(names, max_size=4).map(tuple),
    topics=st.lists(names, max_size=3).map(tuple),
    unanswered=st.lists(names, max_size=3).map(tuple),
    candidates=st.lists(names, max_size=7).map(tuple),
)


@settings(max_examples=200)
@given(answers)
def test_nothing_in_an_answer_can_ping_link_or_break_the_layout(found):
    assume(found.excerpts or found.withheld or found.verdict is not Verdict.ANSWERED)
    built = offering(message(found), found, "bcdfghjk")
    prove(built, found)
    assert_inert(built.blocks, built.text)


@given(hostile, st.floats(-1e6, 1e6), st.integers(1, 10**6))
def test_nothing_in_a_refusal_can_ping_link_or_break_the_layout(text, seconds, number):
    for said in (
        exhausted_message(text),
        exhausted_message(None),
        error_message("bcdfghjk"),
        unconfirmed_message("bcdfghjk"),
        help_message(),
        long_message(number, LONGEST_QUESTION),
        rate_message(Rate(number, "day"), seconds),
    ):
        assert_inert(said.blocks, said.text)


@given(st.text(max_size=3))
def test_the_proof_of_inertness_sees_what_is_not_inert(text):
    for bad in (f"<!channel>{text}", f"<@U1>{text}", f"{text}<https://evil.example|Column 12>", f"& {text}"):
        with pytest.raises(AssertionError):
            assert_inert((), bad)
        with pytest.raises(AssertionError):
            assert_inert([{"type": "section", "text": {"type": "mrkdwn", "text": bad}}], "x")
    for leaf in ({"type": "broadcast", "range": "channel"}, {"type": "user", "user_id": "U1"}):
        block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}
        with pytest.raises(AssertionError):
            assert_inert([block], None)


# ---- the words that are heard


def heard():
    """Yield the text of every kind of message."""
    roe = replace(excerpt(0, 46), speaker="Jane Roe", manner=Manner.INDIRECT)
    for verdict in Verdict:
        yield message(answer(roe, verdict=verdict, subject="Jane Roe")).text
    yield message(answer(withheld=(roe,))).text
    yield message(answer(roe, withheld=(roe,))).text
    for said in (
        wordless_message(),
        foreign_message(),
        long_message(50_000, 1_000),
        rate_message(Rate(10, "minute"), 40),
        error_message("bcdfghjk"),
        unconfirmed_message("bcdfghjk"),
        help_message(),
        exhausted_message("Jane Roe"),
    ):
        yield said.text


@pytest.mark.parametrize("text", list(heard()))
def test_every_text_reads_well_aloud(text):
    assert re.match(r"[A-Z]", text)
    assert re.search(r"[.:)?]$|paragraph \d+$", text.rstrip())
    assert not re.search(r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001ffff]|:\w+:|¶", text), (
        "nothing by signs alone"
    )
    assert not re.search(r"https?:", text), "nobody listens to an address"


def test_the_text_of_an_answer_names_quote_speaker_date_and_source():
    roe = replace(excerpt(0, 46), speaker="Jane Roe", manner=Manner.INDIRECT)
    text = message(answer(roe)).text
    for part in (
        roe.text,
        "Jane Roe, paraphrased",
        "10 September 2025",
        "“The harbour opens”, by Ines Calder",
    ):
        assert part in text


# ---- how fast


@pytest.fixture
def inbox(tmp_path):
    with Inbox(tmp_path / "inbox.sqlite") as inbox:
        yield inbox


def put(inbox, *places, kind=Kind.MENTION):
    for number, channel in enumerate(places):
        inbox.put(taken(f"{kind}{channel}{number}", channel=channel, kind=kind).request)


def test_a_channel_rests_after_a_post_and_others_do_not_wait(inbox):
    clock = Clock()
    pace = Pace(1.0, clock)
    put(inbox, "C1", "C1", "C2")
    first, second = pace.take(inbox), pace.take(inbox)
    assert [first.request.channel, second.request.channel] == ["C1", "C2"]
    assert (pace.take(inbox), pace.pause()) == (None, 0.0)
    inbox.finish(first, State.DONE)
    pace.rest(first)
    assert (pace.take(inbox), pace.pause()) == (None, 1.0)
    clock.now += 0.9
    assert pace.take(inbox) is None
    clock.now += 0.2
    assert pace.take(inbox).request.channel == "C1"


def test_what_only_its_asker_sees_waits_for_no_channel(inbox):
    pace = Pace(1.0)
    put(inbox, "C1", "C1")
    put(inbox, "C1", "C1", kind=Kind.COMMAND)
    kinds = [taken.request.kind for taken in iter(lambda: pace.take(inbox), None)]
    assert kinds == [Kind.MENTION, Kind.COMMAND, Kind.COMMAND]


def test_without_an_interval_no_channel_rests(inbox):
    pace = Pace(0)
    put(inbox, "C1", "C1")
    assert [pace.take(inbox) is None, pace.take(inbox) is None, pace.pause()] == [False, False, 0.0]


# ---- what is documented


def test_what_the_settings_are_said_to_leave_free_is_free():
    root = Path(__file__).parent.parent
    for name in ("README.md", ".env.example"):
        assert f"{FREE_CHARACTERS:,} characters of each are always free" in (root / name).read_text("utf-8")
