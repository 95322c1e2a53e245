"""What every answer promises, over columns that hypothesis writes: one's own words, whole, the same again."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wordcolumn import WordCounts, column

from index.answer import Answerer, Verdict
from index.passage import Article, Passage, Voice
from index.retriever import Retriever
from index.segment import sentences
from index.speech import attribute
from index.speech.tokens import quotations
from index.store import Store

# ---- columns of which every piece is known: whose words it is


class Piece(NamedTuple):
    """A stretch of a paragraph that is shown whole or not at all, and by whom it is said."""

    text: str
    said_by: frozenset[str]


PEOPLE = {  # by their names: what the frames call them
    "Mara Quill": ("Quill", "Mrs", "She"),
    "Pia Quill": ("Quill", "Ms", "She"),
    "Tom Bask": ("Bask", "Mr", "He"),
    "Jonas Bask": ("Bask", "Mr", "He"),
    "Łukasz Żak": ("Żak", "Mr", "He"),
    "Finbar O’Neill": ("O’Neill", "Mr", "He"),
    "Ludwig van Dahl": ("van Dahl", "Mr", "He"),
}
TOPICS = ["the ferry was late", "fares would rise", "the pier needed paint", "nobody had been hurt"]
HOLDERS = {"the harbour master": "Mara Quill", "the mayor": "Finbar O’Neill"}

# Pieces of a paragraph, each with who speaks in it: a, b, both, the family "f" of a, or nobody "-".
FRAMES = [
    [("a", "{a} said that {x}.")],
    [("a", "{a} said that {x} and that {y}.")],
    [("a", "{a} told {b} that {x}.")],
    [("a", "“I know that {x},” said {a}. “And {b} knows it.”")],
    [("a", "“I know that {x}. {b} knows it. And {y},” {a} said.")],
    [("a", "“I know that {x},” {a} told reporters, “and that {y}.”")],
    [("a", "{a} said: “I know that {x}.”")],
    [("a", "{a} called the news that {x} “a work of fiction”.")],
    [("a", "According to the Skerry Herald, {a} warned that {x}.")],
    [("a", "{a} told the Skerry Herald that {x}.")],
    [("a", "“The Herald writes that {x},” {a} said.")],
    [("f", "{title} {surname} said that {x}.")],
    [("f", "“I know that {x},” said {title} {surname}.")],
    [("-", "{a} came to the meeting. "), ("a", "{he} said that {x}.")],
    [("a", "{a} said that {x}"), ("-", ", but "), ("b", "{b} said that {y}.")],
    [("a", "{a} argued that {x}; "), ("b", "{b} insisted that {y}.")],
    [("ab", "{a} and {b} said that {x}.")],
    [("b", "{b} said that {a} had lied when nobody asked.")],
    [("b", "{b} accused {a} of the news that {x}.")],
    [("-", "A spokesman for {a} said that {x}.")],
    [("-", "{a}’s lawyer said that {x}.")],
    [("-", "“I know that {x},” a friend of {a} said.")],
    [("b", "{b} asked {a} whether {x}.")],
    [("-", "{a} has not said whether {x}.")],
    [("-", "If {a} says that {x}, few people will believe it.")],
    [("-", "It is not true that {a} said that {x}.")],
    [("-", "I think that {x}, whatever {a} does.")],
    [("-", "Nobody asked {a} about the pier.")],
    [("-", "The ferry passed the house of {a} on Monday.")],
    [("-", "Critics say that {x} because of {a}.")],
    [("Mara Quill", "Mara Quill, the harbour master, said that {x}.")],
    [("Finbar O’Neill", "Finbar O’Neill, the mayor, said that {x}.")],
    [("a mayor", "A mayor of another town said that {x}.")],
    [("a", "{a} said that {x}, but it is not true.")],
    [("-", "It is not true that {x}.")],
    [("b", "{b} denied that {a} said that {x}.")],
    [("-", "According to critics of {a}, {x}.")],
    [("-", "{a} did not say that {x}; "), ("b", "{b} said that {y}.")],
]
GOES_ON = [[("a", "“I know that {x},” {a} said. “Besides, {y}.")], [("a", "“That is all that I know.”")]]
STYLES = {"curly": "“”", "straight": '""', "low": "„“", "British": "‘’"}


@st.composite
def pieces(draw, frame, style):
    """Return the pieces of one frame, filled in."""
    a, b = draw(st.permutations(list(PEOPLE)))[:2]
    x, y = draw(st.permutations(TOPICS))[:2]
    surname, title, he = PEOPLE[a]
    family = {name for name, called in PEOPLE.items() if called[0] == surname}
    meant = {"a": {a}, "b": {b}, "ab": {a, b}, "f": family, "-": set()}
    filled = [
        (text.format(a=a, b=b, x=x, y=y, surname=surname, title=title, he=he), meant.get(who, {who}))
        for who, text in frame
    ]
    opening, closing = STYLES[style]
    return [
        Piece(text.replace("“", opening).replace("”", closing), frozenset(said_by))
        for text, said_by in filled
    ]


@st.composite
def paragraphs(draw):
    """Return one paragraph, or two over which a quotation goes on, as pieces."""
    style = draw(st.sampled_from(list(STYLES)))
    if style == "curly" and draw(st.integers(0, 9)) == 0:
        first = draw(pieces(GOES_ON[0], style))
        (said_by,) = first[0].said_by
        return [first, [Piece(GOES_ON[1][0][1], frozenset({said_by}))]]
    frames = draw(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=3))
    return [[piece for frame in frames for piece in spaced(draw(pieces(frame, style)))]]


def spaced(found):
    return [*found[:-1], found[-1]._replace(text=found[-1].text + " ")]


columns = st.lists(paragraphs(), min_size=1, max_size=5).map(lambda found: [p for ps in found for p in ps])


class Asked(NamedTuple):
    """A column on disk with an answerer over it."""

    answerer: Answerer
    written: list[list[Piece]]

    def labels(self, who):
        """Whom the column takes *who* for: all labels of their statements."""
        with self.answerer._store.reading() as generation:
            people = self.answerer.people(generation).find(who)
        labels = {label for person in people for label in person.speakers}
        return labels or {HOLDERS[who]} if who in HOLDERS else labels

    def placed(self, number):
        """Yield the pieces of paragraph *number* with where they stand."""
        at = 0
        for piece in self.written[number - 1]:
            yield piece, at, at + len(piece.text.rstrip())
            at += len(piece.text)


def in_store(folder, written):
    text = "\n\n".join("".join(p.text for p in paragraph).strip() for paragraph in written)
    return Asked(column(Path(folder), {"report": text}), written)


def ways_of_asking(one, two):
    surname = PEOPLE[one][0]
    return {
        f"What did {one} say?": [one],
        f"what did {one.lower()} say about the ferry": [one],
        f"{surname}??": [surname],
        f"{one} on fares": [one],
        f"what did {one} and {two} say?": [one, two],
        "what did the harbour master say about the pier?": ["the harbour master"],
        "what did the mayor say?": ["the mayor"],
    }


def meant(who):
    """The people of whom *who* may be a name."""
    if who in HOLDERS:
        return {
            HOLDERS[who],
            who.replace("the ", "a "),
        }  # one without a name is labelled as no more than that
    return {name for name, called in PEOPLE.items() if who in (name, called[0])}


SHORT = re.compile(r"[?]{2}$| on ")  # of a silent person these ask for anything at all
REPORTED = (Verdict.ANSWERED, Verdict.NOT_ON_THIS)
writing = settings(max_examples=25)


def strangers(asked, people):
    """Yield what is shown for whoever is asked about and is not their own, with the question."""
    for question, whom in ways_of_asking(*people).items():
        labels = {label for who in whom for label in asked.labels(who)}
        answer = asked.answerer.ask(question)
        if answer.verdict not in REPORTED or (SHORT.search(question) and not labels):
            continue
        allowed = {name for who in whom for name in meant(who)}
        for e in answer.excerpts:
            own = [u for u in e.passage.utterances if u.speaker in labels]
            covered = {at for u in own for at in range(u.start, u.end)}
            outside = "".join(e.passage.text[at] for at in range(e.start, e.end) if at not in covered)
            if e.speaker not in labels or outside.strip():
                yield question, e.speaker, e.text
            for piece, start, end in asked.placed(e.number):
                if start < e.end and e.start < end and not piece.said_by & allowed:
                    yield question, e.speaker, piece.text


@writing
@given(columns, st.permutations(list(PEOPLE)).map(lambda people: people[:2]))
def test_nothing_but_the_words_of_whoever_is_asked_about_is_shown(written, people):
    with tempfile.TemporaryDirectory() as folder:
        assert list(strangers(in_store(folder, written), people)) == []


# ---- whole statements


def general_questions(one):
    return [
        f"what did {one} say?",
        "was the ferry late?",
        "who said that fares would rise?",
        "what does the author think of the pier?",
        "has anybody been hurt?",
    ]


def cuts(asked, e):
    """Yield where an excerpt is cut inside a word, a quotation or a piece that is whole or not shown."""
    text = e.passage.text
    if (re.match(r"\w\w", text[max(0, e.start - 1) :]) and e.start) or re.match(r"\w\w", text[e.end - 1 :]):
        yield "word"
    for q in quotations(text):
        if q.start < e.end and e.start < q.end and not (e.start <= q.start and q.end <= e.end):
            yield text[q.start : q.end]
    whole = sentences(text)
    for piece, start, end in asked.placed(e.number):
        starts = {start, *(s.start for s in whole)}
        ends = {end, end - 1, *(s.end for s in whole)}
        if (start < e.start < end and e.start not in starts) or (start < e.end < end and e.end not in ends):
            yield piece.text


@writing
@given(columns, st.sampled_from(list(PEOPLE)))
def test_an_excerpt_is_whole_with_its_quotations_and_with_what_takes_it_back(written, one):
    with tempfile.TemporaryDirectory() as folder:
        asked = in_store(folder, written)
        for question in general_questions(one):
            for e in asked.answerer.ask(question).excerpts:
                assert list(cuts(asked, e)) == [], (question, e.text)


# ---- the same question, the same answer

SKERRY = {
    "ferry": "Mara Quill, the harbour master, said that the ferry would sail. “It is sound,” she added.\n\n"
    "Tom Bask stayed at home. Pia Marsh said that fares would rise.",
    "bridge": "Donald Marsh said that the bridge would cost nine million crowns. Vera Lind was there.\n\n"
    "I think that the bridge is a fantasy.",
}
QUESTIONS = [
    "What did Mara Quill say?",
    "what did Quill say about the ferry?",
    "what did Quill say about volcanoes?",
    "Quill??",
    "Quill on the ferry",
    "what did Quill and Pia Marsh say?",
    "what did the harbour master say?",
    "what did Vera Lind say?",
    "what did Obama say?",
    "who said that fares would rise?",
    "what does the author think of the bridge?",
    "how much will the bridge cost?",
    "what is our PTO policy?",
]
BEFORE = ["", "hey ", "pls ", "can you tell me ", "hi, could you please tell me ", "tell me: ", "... ", "> "]
BEHIND = ["", "?", "??", "!", " ?!", "…", " pls", ", thanks!", " 🙏"]
DOUBTS = [
    "{}",
    "are you sure? {}",
    "Are you sure, {}",
    "are you sure about that? {}",
    "but are you really sure? {}",
    "{} are you sure?",
    "{} you sure??",
    "really? {}",
    "{} really?",
    "seriously, {}",
]


@pytest.fixture(scope="module")
def skerry(tmp_path_factory):
    """The same column with an answerer that stays, and with one that opens its store anew."""
    folder = tmp_path_factory.mktemp("skerry")
    staying = column(folder, SKERRY)
    opened = Answerer(Retriever(Store.open_existing(folder / "store"), WordCounts()))
    return staying, opened


def told(answer):
    return answer.verdict, answer.subject, answer.excerpts, answer.confidence


@settings(max_examples=200)
@given(
    st.sampled_from(QUESTIONS),
    st.sampled_from([str, str.lower, str.upper, str.title]),
    st.sampled_from(BEFORE),
    st.sampled_from(BEHIND),
    st.sampled_from(DOUBTS),
    st.sampled_from([" ", "  ", "\u00a0", " \n "]),
)
def test_however_it_is_asked_and_doubted_the_answer_stays(
    skerry, question, case, before, behind, doubt, space
):
    staying, opened = skerry
    again = doubt.format(f"{before}{case(question)}{behind}").replace(" ", space)
    assert told(staying.ask(again)) == told(opened.ask(question)), again


# ---- any text at all

NAMED = [
    *PEOPLE,
    "Mrs. Quill",
    "Sen. Jo Tarn",
    "O’Neill’s",
    "the Skerry Herald",
    "Skerry Herald’s Ann Lee",
    "Reuters",
]
SAYING = [
    *("said", "told", "wrote", "according to", "quoted", "citing", "reported that", "told the", "in the"),
    *("has not said", "if", "who", "and", "a spokesman for", "the ferry sails", "that fares rise"),
]
MARKS = [*'“”‘’"„«»(),.?!—;:…\n\u00a0', "''"]
anything = st.lists(
    st.one_of(
        st.sampled_from(NAMED),
        st.sampled_from(SAYING),
        st.sampled_from(SAYING),
        st.sampled_from(MARKS),
        st.text(),
    ),
    min_size=1,
    max_size=30,
).map(" ".join)


def squeezed(text):
    return re.sub(r"\s+", " ", text).casefold()


@settings(max_examples=300)
@given(st.lists(st.tuples(anything.filter(str.strip), st.booleans()), min_size=1, max_size=3))
def test_every_name_of_a_chain_stands_in_the_text_whatever_the_text(printed):
    passages = [
        Passage(
            number=n,
            text=text,
            voice=Voice.BLOCK_QUOTATION if block else Voice.COLUMNIST,
            outlet="Skerry Herald" if block and "Skerry Herald" in text else None,
        )
        for n, (text, block) in enumerate(printed, 1)
    ]
    whole = squeezed(" ".join(text for text, _ in printed))
    for passage in attribute(Article(id="a", name="a", title="A", passages=tuple(passages))).passages:
        spoken = [u for u in passage.utterances if u.cue != ":" or passage.voice is Voice.COLUMNIST]
        assert [u.start for u in spoken] == sorted(u.start for u in spoken)
        for u in passage.utterances:
            assert 0 <= u.start < u.end <= len(passage.text)
            assert passage.text[u.start : u.end].strip()
            assert all(squeezed(name) in whole for name in (*u.via, u.speaker or ""))


def test_the_chain_of_an_excerpt_is_that_of_its_utterance(tmp_path):
    report = "According to the Skerry Herald, Mara Quill said that fares would rise."
    (excerpt,) = column(tmp_path, {"report": report}).ask("what did Mara Quill say?").excerpts
    assert excerpt.via == ("Skerry Herald",)


# ---- what nobody has said

UNSAID = """
Mara Quill has not said whether the ferry will sail.
Mara Quill has not said that the ferry will sail.
Mara Quill hasn’t said when the ferry will sail.
Mara Quill has never said that the ferry will sail.
Mara Quill never said that the ferry was sound.
Mara Quill did not say that the ferry was sound.
Mara Quill didn't say whether the ferry was sound.
Mara Quill has yet to say whether the ferry will sail.
Mara Quill declined to say whether the ferry would sail.
Mara Quill refused to say that the ferry was sound.
Mara Quill would not say whether the ferry was sound.
Mara Quill wouldn’t say if the ferry was sound.
Mara Quill could not say when the ferry would sail.
Mara Quill will not say what the ferry cost.
Mara Quill may say that the ferry is sound.
Mara Quill might say that the ferry is sound.
Mara Quill could argue that the ferry is sound.
Mara Quill should say that the ferry is sound.
Mara Quill will probably say that the ferry is sound.
If Mara Quill says that the ferry is sound, nobody will believe it.
If Mara Quill had said that the ferry was sound, people would have laughed.
Had Mara Quill said that the ferry was sound, people would have laughed.
Should Mara Quill say that the ferry is sound, nobody will believe it.
Unless Mara Quill says that the ferry is sound, it stays in the harbour.
Even if Mara Quill claimed that the ferry was sound, nobody would sail.
There is no evidence that Mara Quill said that the ferry was sound.
There is no evidence that Mara Quill ever said the ferry was sound.
There is no record of Mara Quill saying that the ferry was sound.
No one has heard Mara Quill say that the ferry is sound.
Nobody claims that Mara Quill said the ferry was sound.
It is not true that Mara Quill said the ferry was sound.
It is untrue that Mara Quill called the ferry “a wreck”.
It is false that Mara Quill said the ferry was sound.
Nothing suggests that Mara Quill said the ferry was sound.
I wish Mara Quill had said that the ferry was sound.
Imagine Mara Quill saying that the ferry is sound.
Imagine if Mara Quill said that the ferry was sound.
Suppose Mara Quill says that the ferry is sound.
What if Mara Quill said that the ferry was sound?
Did Mara Quill say that the ferry was sound?
Why has Mara Quill not said that the ferry is sound?
Mara Quill neither said that the ferry was sound nor that it was not.
Neither Mara Quill nor Tom Bask said that the ferry was sound.
Mara Quill was silent when asked whether the ferry was sound.
Mara Quill said nothing about the ferry on Monday.
Mara Quill did not respond to a request for comment about the ferry.
Mara Quill is expected to say that the ferry is sound.
Mara Quill plans to announce that the ferry will sail.
Mara Quill wants to say that the ferry is sound.
Mara Quill was about to say that the ferry was sound.
Mara Quill stopped short of saying that the ferry was sound.
Mara Quill avoided saying that the ferry was sound.
Mara Quill failed to mention that the ferry was leaking.
Mara Quill was careful not to say that the ferry was sound.
Without Mara Quill saying that the ferry was sound, nobody would sail.
Far from saying that the ferry was sound, Mara Quill went home.
Instead of saying that the ferry was sound, Mara Quill went home.
Mara Quill left the room without saying that the ferry was sound.
Mara Quill cannot claim that the ferry is sound.
Mara Quill can't say the ferry is sound.
Mara Quill was asked whether the ferry was sound.
As if Mara Quill had said that the ferry was sound.
It is as though Mara Quill had said that the ferry was sound.
Whether Mara Quill said that the ferry was sound is unclear.
Whether or not Mara Quill said that the ferry was sound, it sank.
It is unclear whether Mara Quill said that the ferry was sound.
It is doubtful that Mara Quill said that the ferry was sound.
I doubt that Mara Quill said that the ferry was sound.
I do not believe that Mara Quill said that the ferry was sound.
No source confirms that Mara Quill said that the ferry was sound.
Mara Quill would say that the ferry is sound, of course.
Mara Quill would have said that the ferry was sound.
Mara Quill has said neither that the ferry is sound nor that it is not.
At no point did Mara Quill say that the ferry was sound.
Never did Mara Quill say that the ferry was sound.
Not once has Mara Quill said that the ferry is sound.
Nowhere does Mara Quill say that the ferry is sound.
Rumours that Mara Quill said the ferry was sound are wrong.
The claim that Mara Quill said “the ferry is sound” is false.
Mara Quill is not quoted as saying that the ferry is sound.
Mara Quill was never quoted as saying that the ferry was sound.
Contrary to rumour, Mara Quill did not call the ferry “a wreck”.
Mara Quill hardly said that the ferry was sound.
Mara Quill ought to say that the ferry is sound.
Mara Quill must say that the ferry is sound.
Let Mara Quill say that the ferry is sound.
Before Mara Quill could say that the ferry was sound, it sank.
Nobody, not even Mara Quill, said that the ferry was sound.
Mara Quill would neither confirm nor deny that the ferry was sound.
Mara Quill refuses to explain why the ferry was late.
Mara Quill tried to say that the ferry was sound.
Mara Quill hesitated to say that the ferry was sound.
Mara Quill was unable to say when the ferry would sail.
Mara Quill was reluctant to say that the ferry was sound.
Mara Quill was not willing to say that the ferry was sound.
Nobody expected Mara Quill to say that the ferry was sound.
The crew asked Mara Quill to say that the ferry was sound.
Tom Bask denied that Mara Quill said the ferry was sound.
Tom Bask wondered whether Mara Quill had said the ferry was sound.
If Mara Quill were to say that the ferry was sound, nobody would sail.
Mara Quill, who has not said that the ferry is sound, went home.
Mara Quill has not publicly said that the ferry is sound.
Mara Quill has not, so far, said that the ferry is sound.
Mara Quill is yet to explain why the ferry was late.
I never heard Mara Quill say that the ferry was sound.
“The ferry is sound,” Mara Quill did not say.
“The ferry is sound,” Mara Quill might say.
“The ferry is sound,” as Mara Quill never said.
It is a lie that Mara Quill called the ferry “a wreck”.
Perhaps Mara Quill will say that the ferry is sound.
Maybe Mara Quill said that the ferry was sound.
One could imagine Mara Quill saying, “The ferry is sound.”
""".strip().splitlines()


@pytest.mark.parametrize("sentence", UNSAID)
def test_what_is_denied_or_supposed_is_nobodys_words(sentence):
    passage = Passage(number=1, text=sentence)
    (read,) = attribute(Article(id="a", name="a", title="A", passages=(passage,))).passages
    assert [u for u in read.utterances if "Quill" in (u.speaker or "")] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "When Mara Quill says that the ferry is sound, I will believe it.",
        "Until Mara Quill says that the ferry is sound, nobody will sail.",
    ],
)
def test_what_is_only_awaited_is_nobodys_words(sentence):
    test_what_is_denied_or_supposed_is_nobodys_words(sentence)


def test_what_is_unsaid_is_never_shown_as_somebodys_words(tmp_path):
    answerer = column(tmp_path, {"unsaid": "\n\n".join(UNSAID)})
    answer = answerer.ask("what did Mara Quill say?")
    assert answer.verdict is Verdict.NEVER_QUOTED
    assert all(e.speaker is None or "Quill" not in e.speaker for e in answer.excerpts)


def test_a_denial_beside_what_is_said_is_not_in_the_excerpt(tmp_path):
    report = "Mara Quill did not say that the ferry was late; Tom Bask said that fares would rise."
    (excerpt,) = column(tmp_path, {"report": report}).ask("what did Tom Bask say?").excerpts
    assert excerpt.text == "Tom Bask said that fares would rise."


@pytest.mark.parametrize(
    "question",
    ["what did Pia Quill say?", "what did pia quill say about the ferry?", "Pia Quill on the ferry"],
)
def test_whoever_only_shares_a_surname_is_never_answered_for(tmp_path, question):
    answer = column(tmp_path, {"report": "Mara Quill said that the ferry was late."}).ask(question)
    assert (answer.verdict, answer.excerpts) == (Verdict.NEVER_MENTIONED, ())


def test_an_office_that_nobody_holds_is_not_answered_by_others(tmp_path):
    answer = column(tmp_path, {"report": "Mara Quill said that the pier needed paint."}).ask(
        "what did the harbour master say about the pier?"
    )
    assert answer.verdict is Verdict.SILENT


@pytest.mark.parametrize(
    ("report", "shown"),
    [
        (
            "‘I know it. Finbar O’Neill knows it. And fares rose,’ Tom Bask said. It rained.",
            "‘I know it. Finbar O’Neill knows it. And fares rose,’ Tom Bask said.",
        ),
        (
            "“I know it,” Tom Bask said. “Besides, fares rose.\n\nIt rained.",
            "“I know it,” Tom Bask said. “Besides, fares rose.",
        ),
    ],
)
def test_an_apostrophe_and_a_quotation_left_open_cut_nothing(tmp_path, report, shown):
    (excerpt,) = column(tmp_path, {"report": report}).ask("what did Tom Bask say?").excerpts
    assert excerpt.text == shown
    for e in column(tmp_path / "again", {"report": report}).ask("did fares rise?").excerpts:
        assert not e.text.endswith("“")
