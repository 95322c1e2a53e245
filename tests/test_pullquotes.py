"""Which quotations stand for an article: whose, how many, and never the same passage again."""

from hypothesis import given
from hypothesis import strategies as st

from index.passage import Article, Manner, Passage, Utterance
from index.pullquotes import FEWEST, MOST, fingerprint, pull_quotes
from index.speech import attribute

TOLD = {
    1: "The ferry was late again on Monday, and the queue reached the old customs house by noon.",
    2: "Mara Quill said that the pier would be painted before the summer, whatever the council thought.",
    3: "“Nobody asked the gulls, and the gulls would have told them everything,” Mara Quill said.",
    4: "Tom Bask said: “The harbour has waited forty years for a crane, and it can wait for another spring.”",
    5: "“A crane is a promise in steel, and we have been promised steel before,” said Ilse Vann.",
}


def article(*texts):
    passages = tuple(Passage(number=n, text=text) for n, text in enumerate(texts, 1))
    return attribute(Article(id="a", name="a", title="The pier", author="Ines Calder", passages=passages))


PIER = article(*TOLD.values())


def test_different_speakers_come_first_and_direct_quotations_before_paraphrases():
    quotes = pull_quotes(PIER)
    assert [(q.speaker, q.number) for q in quotes] == [("Mara Quill", 3), ("Tom Bask", 4), ("Ilse Vann", 5)]
    assert [q.text for q in quotes] == [TOLD[3], TOLD[4], TOLD[5]]
    assert {q.manner for q in quotes} == {Manner.DIRECT}


def test_whoever_is_wanted_comes_before_better_quotations_of_others():
    vann = article(TOLD[3], TOLD[4], "Ilse Vann said that cranes rust.")
    assert [q.speaker for q in pull_quotes(vann, most=1)] != ["Ilse Vann"]
    (only,) = pull_quotes(vann, most=1, wanted=lambda speaker: speaker == "Ilse Vann")
    assert only.text == "Ilse Vann said that cranes rust."


def test_a_passage_that_was_shown_is_not_shown_again_in_other_typography_either():
    plain = TOLD[3].replace("“", '"').replace("”", '"').replace(" the ", "  the ")
    quotes = pull_quotes(PIER, shown={fingerprint(plain), fingerprint(TOLD[4])})
    assert [q.number for q in quotes] == [2, 5]


def test_what_stands_in_an_article_twice_is_shown_once():
    quotes = pull_quotes(article(TOLD[3], TOLD[3], TOLD[3]))
    assert [q.number for q in quotes] == [1]


def test_an_article_that_quotes_nobody_is_shown_by_its_own_sentences():
    quotes = pull_quotes(
        article("Gulls are honest. " + TOLD[1], TOLD[1].replace("Monday", "Friday"), "So it goes.")
    )
    assert [(q.speaker, q.number) for q in quotes] == [(None, 1), (None, 2)]
    assert quotes[0].text == TOLD[1]


words = st.lists(
    st.sampled_from(["The pier.", "It rained", "“So,”", "she said.", "Gulls!", "…", "–"]), max_size=9
)


@st.composite
def articles(draw):
    passages = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        text = " ".join(draw(words)) or "x"
        marks = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
        spans = [s for s in draw(st.lists(marks, max_size=3)) if s[0] < s[1]]
        utterances = tuple(
            Utterance(
                start=a,
                end=b,
                speaker=draw(st.sampled_from([None, "Quill", "Mara Quill", ""])),
                cue="said",
                manner=draw(st.sampled_from(Manner)),
            )
            for a, b in spans
        )
        passages.append(Passage(number=number, text=text, utterances=utterances))
    return Article(id="a", name="a", title="A", passages=tuple(passages))


@given(articles(), st.integers(1, MOST), st.data())
def test_there_are_never_too_many_nor_two_of_one_passage(made, most, data):
    shown = data.draw(st.sets(st.sampled_from([fingerprint(p.text) for p in made.passages])))
    quotes = pull_quotes(made, most=most, shown=shown)
    prints = [fingerprint(q.passage.text) for q in quotes]
    assert len(quotes) <= most
    assert len(set(prints)) == len(prints)
    assert not shown & set(prints)
    assert [q.number for q in quotes] == sorted({q.number for q in quotes})
    assert quotes == pull_quotes(made, most=most, shown=shown)
    if len(quotes) < min(FEWEST, most):  # each fresh passage of the columnist's own words is used
        fresh = {fingerprint(p.text) for p in made.passages if not p.utterances} - shown
        assert fresh <= set(prints)
