"""Who said what: the right speaker, the whole statement, and silence where nobody spoke."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.passage import Article, Manner, Passage, Voice
from index.speech import attribute


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


def passages(*paragraphs):
    """The paragraphs with their utterances; a ready-made passage stays what it is."""
    numbered = (
        p if isinstance(p, Passage) else Passage(number=n, text=p) for n, p in enumerate(paragraphs, 1)
    )
    return attribute(Article(id="a", name="a", title="A", passages=tuple(numbered))).passages


def said(*paragraphs):
    """Who said which words, in order of place, each once: [(speaker, text)]."""
    found = [(u.speaker, p.text[u.start : u.end]) for p in passages(*paragraphs) for u in p.utterances]
    return list(dict.fromkeys(found))


def speakers(*paragraphs):
    return [speaker for speaker, _ in said(*paragraphs)]


def chains(*paragraphs):
    """Each speaker with those through whom the words came: {speaker: via}."""
    return {u.speaker: u.via for p in passages(*paragraphs) for u in p.utterances}


# ---- one speaker, whole sentence

MARA = """
Mara Quill said the ferry would sail on Monday.
Mara Quill said that Tom Bask had lied about the ferry.
The ferry would sail on Monday, said Mara Quill.
The ferry is, says Mara Quill, a floating museum.
The ferry, Mara Quill said, would sail on Monday.
“The ferry will sail on Monday,” Mara Quill said.
“The ferry will sail on Monday,” said Mara Quill, the harbour master.
“The ferry,” said Mara Quill, “will sail on Monday.”
“The ferry will sail”, Mara Quill said.
"The ferry will sail," Mara Quill said.
''The ferry will sail,'' Mara Quill said.
“Will the ferry sail?” Mara Quill asked.
Mara Quill said: “The ferry will sail.”
Mara Quill: “The ferry will sail.”
Mara Quill was blunt: “The ferry will sail.”
“The ferry will sail.” — Mara Quill
According to Mara Quill, the ferry will sail on Monday.
The ferry will sail on Monday, according to Mara Quill.
As Mara Quill said, the ferry is a floating museum.
The ferry, as Mara Quill put it, is “a floating museum”.
In Mara Quill’s words, the ferry is “a floating museum”.
What Mara Quill said was that the ferry would sail.
It was Mara Quill who said that the ferry was unsafe.
Mara Quill called the ferry “a rust bucket”.
Tom Bask, whom Mara Quill called “a fool”, sold the ferry.
Mara Quill said “yes”.
Mara Quill criticized Tom Bask for selling the ferry.
Mara Quill denied that the ferry was sold.
Mara Quill’s claim that the ferry would sail was widely doubted.
Mara Quill’s answer was blunt: “The ferry will sail.”
Mara Quill, who runs the port, said that the ferry would sail.
Mara Quill, whose brother Tom Bask owns the ferry, said it would sail.
Mara Quill, 54, a former pilot, mother of three and now harbour master, said that the ferry would sail.
Mara Quill, the French president, said the ferry would sail.
Mara Quill, Tom Bask’s deputy, said: “The ferry will sail.”
Mara Quill, speaking after Tom Bask, said the ferry would sail.
Mara Quill, not Tom Bask, said that the ferry would sail.
Mara Quill, like Tom Bask, said the ferry would sail.
Unlike Tom Bask, Mara Quill said the ferry would sail.
After a meeting with Tom Bask, Mara Quill said the ferry would sail.
Asked by Tom Bask about the ferry, Mara Quill said it would sail.
When Tom Bask asked about the ferry, Mara Quill said it would sail.
Responding to Tom Bask, Mara Quill said the ferry would not sail.
Mara Quill told Tom Bask that the ferry would sail.
Mara Quill reportedly told Tom Bask that the ferry would sail.
Mara Quill on Monday told Tom Bask the ferry would sail.
Mara Quill, however, said the ferry would sail.
Mara Quill did say that the ferry was unsafe.
Mara Quill has said that the ferry will sail.
Mara Quill was quoted as saying that the ferry was unsafe.
Mara Quill said the ferry would sail, adding that Tom Bask would be aboard.
Mara Quill said the ferry would sail and accused Tom Bask of lying.
In a post on X, Mara Quill said the ferry would sail.
Mara Quill wrote on X: “The ferry will sail.”
“The ferry will sail,” Mara Quill posted on Facebook.
In a statement, Mara Quill called the ferry “safe and sound”.
“It is a wreck,” Mara Quill said of the ferry that Tom Bask sold.
“It is a wreck,” said Mara Quill of Tom Bask’s ferry. “Nobody should board it.”
“Tom told me, ‘The ferry is a wreck,’ and I believed him,” Mara Quill said.
Mara Quill said: “Tom Bask said that the ferry was a wreck.”
“Tom Bask said that the ferry was a wreck,” Mara Quill recalled.
Sen. Mara Quill (D-Ohio) said the ferry would sail.
Rep. Mara Quill, D-Ohio, said the ferry would sail.
Mara Quill (my neighbour) says the ferry will sail.
Former President Mara Quill said the ferry would sail.
French President Mara Quill said the ferry would sail.
The French president, Mara Quill, said the ferry would sail.
The company’s chief executive, Mara Quill, said that the ferry would sail.
Tom Bask’s campaign manager, Mara Quill, said the ferry would sail.
Tom Bask’s lawyer, Mara Quill, said the ferry would sail.
Bask spokeswoman Mara Quill said the ferry would sail.
One resident, Mara Quill, said that the ferry was too loud.
Tom Bask knows that Mara Quill said the ferry was a wreck.
Tom Bask listened as Mara Quill said the ferry was a wreck.
Mara Quill of Skerry said the ferry would sail.
“The ferry will sail,” Mara Quill told the BBC on Tuesday.
“The ferry will sail,” Mara Quill said. “It always has. It always will.”
“The ferry will sail. It always has. It always will,” Mara Quill said.
""".strip().splitlines()


@pytest.mark.parametrize("sentence", MARA)
def test_the_whole_sentence_is_its_one_speakers(sentence):
    assert said(sentence) == [("Mara Quill", sentence)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Contrary to what Mara Quill said, the ferry did not sail.",
        "Mara Quill had long argued that the ferry was unsafe.",
        "Mara Quill posted on Truth Social that the ferry would sail.",
        "Mara Quill went on to say that the ferry would sail.",
        "As Mara Quill put it, the ferry is a floating museum.",
        "To quote Mara Quill, “the ferry will sail.”",
        "Tom Bask is “a fool”, in Mara Quill’s view.",
        "Tom Bask, “a fool” in the words of Mara Quill, sold the ferry.",
        "Skerry’s harbour master, Mara Quill, said the ferry would sail.",
        "Tom Bask, said Mara Quill, had sold the ferry.",
        "“The ferry will sail”, said Mara Quill.",
        "«The ferry will sail», said Mara Quill.",
        "„The ferry will sail“, said Mara Quill.",
        "‘The ferry will sail,’ said Mara Quill. ‘It always has.’",
        "Mara Quill called it ‘a floating museum’.",
        "Mara Quill’s deputy listened. Mara Quill thinks the ferry is a wreck.",
        "One reader, Mara Quill, writes: “The ferry will sail.”",
        "Tom Bask’s deputy, Mara Quill, said: “The ferry will sail.”",
        "“The ferry will sail,” said Tom Bask’s deputy, Mara Quill.",
        "Mara Quill, asked about Tom Bask: “He is gone.”",
        "A spokeswoman for Tom Bask, Mara Quill, said that the ferry would sail.",
        "Tom Bask laughed when Mara Quill called the ferry “a wreck”.",
        "Tom Bask was told by Mara Quill that the ferry would sail.",
        "His lawyer, Ms. Mara Quill, asked reporters to leave: “He is tired.”",
        "Tom Bask heard Mara Quill say that the ferry was unsafe.",
    ],
)
def test_less_common_ways_of_reporting_name_their_speaker_alone(sentence):
    assert speakers(sentence) == ["Mara Quill"]


# ---- nobody speaks

SILENT = """
Mara Quill was asked whether the ferry would sail.
Mara Quill has not said whether the ferry will sail.
Mara Quill never said that the ferry would sail.
Mara Quill didn’t say that the ferry was unsafe.
Mara Quill could not say whether the ferry was safe.
Mara Quill declined to say whether the ferry would sail.
Mara Quill refused to answer questions about the ferry.
If Mara Quill says that the ferry will sail, people will queue.
Mara Quill would say that the ferry never sails.
Mara Quill might argue that the ferry is too old.
Mara Quill should say that the ferry is a wreck.
Mara Quill will say on Monday that the ferry is unsafe.
Mara Quill is expected to announce a new ferry on Monday.
Mara Quill is said to have sold the ferry.
Nobody said that the ferry would sail, least of all Mara Quill.
Did Mara Quill say that the ferry would sail?
What did Mara Quill say about the ferry?
Has Mara Quill said that the ferry would sail? She has not.
The claim that Mara Quill paid for the ferry is false.
Mara Quill called Tom Bask on Monday.
Mara Quill has a “plan” for the ferry.
The so-called “ferry” of Mara Quill sank.
Mara Quill said nothing.
Mara Quill’s speech lasted an hour.
The report by Mara Quill was long.
Mara Quill visited the United States on Monday with Tom Bask.
I said that the ferry would sail. We argued about it with Mara Quill.
I told Mara Quill that the ferry would sail.
To Mara Quill, I say: “The ferry will sail.”
Tom Bask retweeted Mara Quill.
Why does Mara Quill say that the ferry is safe?
Mara Quill may have said that the ferry was safe.
Mara Quill stopped short of saying that the ferry was unsafe.
Mara Quill no longer says that the ferry is safe.
Mara Quill must be told that the ferry is unsafe.
Tom Bask wants Mara Quill to say that the ferry is safe.
""".strip().splitlines()


@pytest.mark.parametrize(
    "text",
    [
        *SILENT,
        "Mara Quill declined to say that the ferry was safe.",
        "I wish Mara Quill had said that the ferry was a wreck.",
        "Had Mara Quill said that the ferry was a wreck, nobody would sail.",
        "It is not true that Mara Quill said that the ferry was a wreck.",
        "There is no evidence that Mara Quill said that the ferry sank.",
        "Imagine Mara Quill saying that the ferry was a wreck.",
        "Neither Mara Quill nor Tom Bask said that the ferry would sail.",
        "I asked Mara Quill: “Will the ferry sail?”",
        "Mara Quill is wrong, I think: “The ferry will sail” is no plan.",
        "Tom Bask wrote to Mara Quill.",
        "Mara Quill told the truth about the ferry.",
        "Mara Quill argued with Tom Bask about the ferry.",
    ],
)
def test_nobody_is_reported_as_speaking(text):
    assert said(text) == []


# ---- not the person who is only named beside the speaker


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("A spokesman for Tom Bask said that the ferry would sail.", "a spokesman for Tom Bask"),
        ("“The ferry will sail,” a spokesman for Tom Bask said.", "a spokesman for Tom Bask"),
        ("Tom Bask's lawyer said that the ferry would sail.", "Tom Bask's lawyer"),
        ("Tom Bask’s brother told the court that the ferry would sail.", "Tom Bask’s brother"),
        ("Tom Bask’s critics say that the ferry is unsafe.", "Tom Bask’s critics"),
        ("The wife of Tom Bask said the ferry would sail.", "the wife of Tom Bask"),
        ("A Tom Bask spokesman said the ferry would sail.", "a Tom Bask spokesman"),
        ("The judge told Tom Bask that the ferry was unsafe.", "the judge"),
        ("“The ferry will sail,” my mother told Tom Bask.", "my mother"),
        ("A poll shows that Tom Bask would win.", "a poll"),
        ("A senior official said that Tom Bask would win.", "a senior official"),
        ("“It sails,” said a spokesman for Tom Bask.", "a spokesman for Tom Bask"),
    ],
)
def test_a_speaker_without_a_name_is_described_in_the_texts_words(sentence, label):
    assert speakers(sentence) == [label]


@pytest.mark.parametrize(
    "sentence",
    [
        "People who know Tom Bask say that the ferry is unsafe.",
        "Critics of Tom Bask say that the ferry is unsafe.",
        "Sources close to Tom Bask say the ferry will sail.",
        "“The ferry will sail,” said the man who sold it to Tom Bask.",
        "A letter to Tom Bask said that the ferry would sail.",
        "The book says that Tom Bask sold the ferry.",
        "Mara Quill mocked Tom Bask for saying that the ferry would sail.",
        "Mara Quill wants Tom Bask to say that the ferry will sail.",
        "An email seen by Tom Bask said that the ferry would sail.",
        "“The ferry will sail,” said one of Tom Bask’s men.",
        "Officials in Tom Bask’s government said the ferry would sail.",
        "Tom Bask’s office said the ferry would sail.",
        "A sign at Tom Bask’s office read: “The ferry will sail.”",
        "Mara Quill told Tom Bask that the ferry would sail.",
        "The ferry that Tom Bask sold is safe, Mara Quill said.",
        "A man who knows Tom Bask said the ferry would sail.",
        "Someone close to Tom Bask said the ferry would sail.",
        "“The ferry will sail,” the office of Tom Bask said.",
        "A banner told Tom Bask: “The ferry must sail.”",
    ],
)
def test_words_are_never_given_to_whoever_is_only_named_nearby(sentence):
    assert "Tom Bask" not in speakers(sentence)


def test_whoever_is_said_to_have_been_joking_does_not_speak():
    text = "Prime Minister Ilse Brandt left. Kari Moe told NRK that the prime minister had been joking."
    assert speakers(text) == ["Kari Moe"]


def test_a_name_behind_of_does_not_take_the_next_clauses_words():
    sentence = "Tom Bask of Skerry knew that Mara Quill said the ferry was safe."
    assert speakers(sentence) == ["Mara Quill"]


# ---- several speakers


@pytest.mark.parametrize(
    "sentence",
    [
        "Mara Quill and Tom Bask agreed that the ferry would sail.",
        "Mara Quill and Tom Bask said that the ferry would sail.",
        "Both Mara Quill and Tom Bask insisted that the ferry would sail.",
        "“The ferry will sail,” said Mara Quill and Tom Bask.",
    ],
)
def test_two_speakers_of_one_statement_both_have_it(sentence):
    assert said(sentence) == [("Mara Quill", sentence), ("Tom Bask", sentence)]


def test_three_speakers_of_one_statement_all_have_it():
    assert speakers("Mara Quill, Tom Bask and Jo Tarn said the ferry would sail.") == [
        "Mara Quill",
        "Tom Bask",
        "Jo Tarn",
    ]


def test_one_of_two_is_nobody_in_particular():
    assert speakers("Either Mara Quill or Tom Bask said that the ferry would sail.") in ([], [None])


@pytest.mark.parametrize(
    ("text", "hers", "his"),
    [
        (
            "“Will the ferry sail?” asked Mara Quill. “It will,” said Tom Bask.",
            "“Will the ferry sail?” asked Mara Quill.",
            "“It will,” said Tom Bask.",
        ),
        (
            "“It sails,” Mara Quill said. “It always has.” Tom Bask frowned. “A wreck,” he said. “Sell it.”",
            "“It sails,” Mara Quill said. “It always has.”",
            "“A wreck,” he said. “Sell it.”",
        ),
        (
            "“It will sail,” Mara Quill said. “It always has.” “It is a wreck,” said Tom Bask.",
            "“It will sail,” Mara Quill said. “It always has.”",
            "“It is a wreck,” said Tom Bask.",
        ),
        (
            "Mara Quill said it would sail, but Tom Bask said it would not.",
            "Mara Quill said it would sail",
            "Tom Bask said it would not.",
        ),
        (
            "Mara Quill says the ferry is safe; Tom Bask calls it “a wreck”.",
            "Mara Quill says the ferry is safe",
            "Tom Bask calls it “a wreck”.",
        ),
        (
            "While Mara Quill said it would sail, Tom Bask said it would not.",
            "While Mara Quill said it would sail",
            "Tom Bask said it would not.",
        ),
        (
            "Mara Quill said it would sail and Tom Bask said it would not.",
            "Mara Quill said it would sail",
            "Tom Bask said it would not.",
        ),
    ],
)
def test_each_of_two_speakers_has_their_own_part(text, hers, his):
    # What joins the parts may stand with the first.
    found = [(who, re.sub(r"[,;]?(?: but| and| while)?$", "", words)) for who, words in said(text)]
    assert found == [("Mara Quill", hers), ("Tom Bask", his)]


def test_who_is_spoken_of_in_a_parenthesis_still_speaks():
    sentence = "Mara Quill, whom Tom Bask calls “a fool”, said the ferry would sail."
    assert sorted(speakers(sentence)) == ["Mara Quill", "Tom Bask"]


# ---- through whom


@pytest.mark.parametrize(
    "sentence",
    [
        "Reuters reported that Mara Quill said the ferry would sail.",
        "According to Reuters, Mara Quill said the ferry would sail.",
        "Mara Quill said the ferry would sail, Reuters reported.",
        "Mara Quill said the ferry would sail, according to Reuters.",
    ],
)
def test_words_that_an_outlet_reports_are_the_speakers_through_the_outlet(sentence):
    assert chains(sentence) == {"Mara Quill": ("Reuters",), "Reuters": ()}


@pytest.mark.parametrize(
    ("sentence", "via"),
    [
        ("Tom Bask quoted Mara Quill as saying that it was unsafe.", "Tom Bask"),
        ("Reuters quoted Mara Quill as saying that it was unsafe.", "Reuters"),
        ("Mara Quill said, according to Tom Bask, that it sails.", "Tom Bask"),
        ("Mara Quill, writing in the Skerry Herald, says it sails.", "Skerry Herald"),
        ("In the Skerry Herald, Mara Quill argues that it sails.", "Skerry Herald"),
    ],
)
def test_whoever_passes_the_words_on_is_named_in_the_chain(sentence, via):
    assert via in chains(sentence).get("Mara Quill", ())


def test_a_witness_of_a_quotation_is_not_its_direct_speaker():
    (passage,) = passages("“The ferry will sail,” she said, according to Tom Bask.")
    assert (Manner.DIRECT, "Tom Bask") not in {(u.manner, u.speaker) for u in passage.utterances}


def test_an_outlets_reporter_speaks_and_not_the_outlet():
    assert speakers("The Herald’s Jo Tarn writes that the ferry will sail.") == ["Jo Tarn"]


def test_a_block_quotation_is_its_outlets_and_its_reporters():
    quoted = Passage(
        number=2,
        text="The ferry is late. The harbour is closed.",
        voice=Voice.BLOCK_QUOTATION,
        outlet="Harbour Gazette",
    )
    _, below = passages("Here are the Harbour Gazette’s Ruth Vale and Tom Bask:", quoted)
    found = [(u.speaker, u.via, u.manner, below.text[u.start : u.end]) for u in below.utterances]
    assert found == [
        (who, via, Manner.DIRECT, words)
        for words in ("The ferry is late.", "The harbour is closed.")
        for who, via in [
            ("Ruth Vale", ("Harbour Gazette",)),
            ("Tom Bask", ("Harbour Gazette",)),
            ("Harbour Gazette", ()),
        ]
    ]


def test_the_line_that_introduces_a_block_quotation_says_nothing_itself():
    quoted = Passage(
        number=2, text="The ferry is late.", voice=Voice.BLOCK_QUOTATION, outlet="Harbour Gazette"
    )
    above, _ = passages("This is how the Harbour Gazette’s Ruth Vale saw it:", quoted)
    assert above.utterances == ()


def test_whoever_is_quoted_within_a_block_quotation_speaks_through_its_outlet():
    quoted = Passage(
        number=2,
        text="The ferry is late. “We are sorry,” Mara Quill told us.",
        voice=Voice.BLOCK_QUOTATION,
        outlet="Harbour Gazette",
    )
    above, below = passages("From the Harbour Gazette:", quoted)
    assert above.utterances == ()
    assert [(u.via, below.text[u.start : u.end]) for u in below.utterances if u.speaker == "Mara Quill"] == [
        (("Harbour Gazette",), "“We are sorry,” Mara Quill told us.")
    ]


def test_a_block_quotation_of_nobody_in_particular_is_nobodys():
    quoted = Passage(number=2, text="The ferry is late.", voice=Voice.BLOCK_QUOTATION)
    assert said("It was a quiet morning at the port.", quoted) == []


# ---- over sentences and paragraphs


def test_a_quotation_goes_on_over_sentences():
    text = "Mara Quill runs the port. “The ferry will sail,” she said. “It always has. It always will.”"
    assert said(text) == [("Mara Quill", "“The ferry will sail,” she said. “It always has. It always will.”")]


def test_a_quotation_that_is_left_open_goes_on_in_the_next_paragraph():
    first = "“The ferry will sail,” Mara Quill said on Monday. “It always has."
    second = "“And it will sail tomorrow.”"
    assert said(first, second, "The harbour was quiet.") == [("Mara Quill", first), ("Mara Quill", second)]


def test_a_quotation_that_is_left_open_and_attributed_again_is_still_its_speakers():
    assert speakers("Mara Quill said: “The ferry will sail.", "“And it sails tomorrow,” she said.") == [
        "Mara Quill",
        "Mara Quill",
    ]


def test_a_new_paragraph_that_names_a_new_speaker_is_theirs():
    first, second = "Mara Quill said: “The ferry will sail.”", "“It is a wreck,” Tom Bask said."
    assert said(first, second) == [("Mara Quill", first), ("Tom Bask", second)]


# ---- pronouns and titles


def test_a_pronoun_means_the_one_person_just_named():
    assert speakers("Tom Bask painted the ferry. “She is a beauty,” he said.") == ["Tom Bask"]
    assert speakers("Mara Quill runs the port. She said that the ferry would sail.") == ["Mara Quill"]


def test_a_pronoun_is_not_whoever_spoke_before_somebody_else_was_named():
    text = (
        "Mara Quill spoke of a new age. It fell to Tom Bask to explain. The head of the port, who dived when "
        "he was a boy, asked people to imagine a ferry: all those gulls, he said, were on board."
    )
    assert "Mara Quill" not in speakers(text)


def test_a_pronoun_without_anybody_named_is_unclear():
    assert speakers("The port was closed. She said that the ferry would sail.") == [None]


def test_a_pronoun_between_commas_is_not_the_name_before_it():
    text = "Ines Roth doubts the levy. “It never pays,” says Roth. Paul Venn, she says, “has a model”."
    assert speakers(text)[-1] == "Ines Roth"


def test_a_pronoun_is_not_whoever_only_owns_what_is_spoken_of():
    text = (
        "Mara Quill’s grandmother laughed. He had touched wood, he told an interviewer, “and got a splinter.”"
    )
    assert speakers(text) == [None]


def test_a_quotation_right_behind_a_closed_one_is_somebody_elses():
    text = "“It floats,” said Mara Quill. “That’s not what I asked.” “It is what I answered.”"
    assert all("“It is what I answered.”" not in words for who, words in said(text) if who == "Mara Quill")


def test_a_pronoun_after_two_people_of_one_sentence_is_unclear():
    assert speakers("Mara Quill met Tom Bask on Monday. He said that the ferry would sail.") == [None]


def test_a_title_means_the_one_person_of_the_article_who_bears_it():
    text = "Mayor Mara Quill and Governor Tom Bask met. The governor said the ferry would sail."
    assert speakers(text) == ["Tom Bask"]


def test_an_office_in_apposition_is_its_bearers():
    text = "The Polish prime minister, Ewa Lis, met Emil Roth. The prime minister said it would rain."
    assert speakers(text) == ["Ewa Lis"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Mayor Mara Quill met Mayor Tom Bask. The mayor said that it rained.", "the mayor"),
        ("Mara Quill wants to be mayor. The mayor said that it rained.", "the mayor"),
        ("The mayor’s brother, Tom Bask, came. The mayor said that it rained.", "the mayor"),
        ("Mara Quill had no water. Quill went to court. The judge said that it rained.", "the judge"),
        ("President Mara Quill came. The French president said that it rained.", "the French president"),
        ("Vice President Mara Quill came. The president said that it rained.", "the president"),
        ("Former President Mara Quill came. The president said that it rained.", "the president"),
        ("Mara Quill, the mayor’s sister, met Tom Bask. The mayor said that it rained.", "the mayor"),
    ],
)
def test_a_title_is_not_given_to_whoever_does_not_bear_it(text, title):
    assert speakers(text) == [title]


def test_a_title_that_nobody_bears_stays_a_title():
    assert speakers("“The ferry will sail,” the mayor said.") == ["the mayor"]


# ---- names


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("Ursula von der Leyen said that the ferry would sail.", "Ursula von der Leyen"),
        ("“It will sail,” said Ursula von der Leyen.", "Ursula von der Leyen"),
        ("Abdel Fattah al-Sisi said that the ferry would sail.", "Abdel Fattah al-Sisi"),
        ("Mohammed bin Salman said that the ferry would sail.", "Mohammed bin Salman"),
        ("Łukasz Żak said that the ferry would sail.", "Łukasz Żak"),
        ("Nguyễn Văn An said that the ferry would sail.", "Nguyễn Văn An"),
        ("Finbar O’Neill said that the ferry would sail.", "Finbar O’Neill"),
        ("Finbar O'Neill said that the ferry would sail.", "Finbar O'Neill"),
        ("Jean-Luc Lamy said that the ferry would sail.", "Jean-Luc Lamy"),
        ("J. D. Varga said that the ferry would sail.", "J. D. Varga"),
        ("J.D. Varga said that the ferry would sail.", "J.D. Varga"),
        ("Ana M. Costa said that the ferry would sail.", "Ana M. Costa"),
        ("Mark May said that the ferry would sail.", "Mark May"),
        ("Stephen King said that the ferry would sail.", "Stephen King"),
        ("King said that the ferry would sail.", "King"),
        ("“We played badly,” Judge said.", "Judge"),
        ("Theresa May said that the ferry would sail.", "Theresa May"),
        ("Kanye West said that the ferry would sail.", "Kanye West"),
        ("Brown said that the ferry would sail.", "Brown"),
        ("MARA QUILL said that the ferry would sail.", "MARA QUILL"),
        ("NATO said that the ferry would sail.", "NATO"),
        ("The Kremlin said that the ferry would sail.", "Kremlin"),
        ("The White House said that the ferry would sail.", "White House"),
        ("Amnesty International said that the ferry would sail.", "Amnesty International"),
        ("Moscow said that the ferry would sail.", "Moscow"),
        ("The council said that the ferry would sail.", "the council"),
        ("Mrs. May said that the ferry would sail.", "May"),
        ("The Foreign Ministry said it would sail.", "Foreign Ministry"),
    ],
)
def test_names_of_all_kinds_speak(sentence, name):
    assert said(sentence) == [(name, sentence)]


def test_a_surname_stands_for_the_full_name_in_its_article():
    assert speakers("Mara Quill runs the port.", "Quill said that the ferry would sail.") == ["Mara Quill"]


def test_a_surname_that_two_people_bear_stays_a_surname():
    texts = "Donald Marsh sold Pia Marsh the ferry.", "“No,” Marsh said."
    assert speakers(*texts) == ["Marsh"]


# ---- manner


@pytest.mark.parametrize(
    ("sentence", "manner"),
    [
        ("“The ferry will sail on Monday,” Mara Quill said.", Manner.DIRECT),
        ("Mara Quill said: “The ferry will sail.”", Manner.DIRECT),
        ("Mara Quill said the ferry would sail on Monday.", Manner.INDIRECT),
        ("Mara Quill called the ferry “a rust bucket”.", Manner.FRAGMENT),
        (
            "Mara Quill said on Monday that the ferry, which has been late all year and is loved by nobody, "
            "would be “better at the bottom of the sea”.",
            Manner.MIXED,
        ),
    ],
)
def test_the_manner_tells_quotation_from_paraphrase(sentence, manner):
    (passage,) = passages(sentence)
    assert [u.manner for u in passage.utterances] == [manner]


# ---- always

PEOPLE = [
    "Mara Quill",
    "Tom Bask",
    "Jo Tarn",
    "Łukasz Żak",
    "Ursula von der Leyen",
    "the mayor",
    "She",
    "Reuters",
]
VERBS = ["said", "told", "wrote", "asked", "claimed that", "has not said", "would say", "according to", ":"]
MARKS = ["“", "”", "‘", "’", '"', "''", "(", ")", ",", ".", "?", "—", ";", ":", "…", " "]
WORDS = [
    "the ferry",
    "will sail",
    "it is",
    "a wreck",
    "if",
    "who",
    "and",
    "but",
    "that",
    "of",
    "I",
    "to",
    "not",
]
noise = st.lists(st.sampled_from(PEOPLE + VERBS + MARKS + WORDS), min_size=1, max_size=30)


@settings(max_examples=300)
@given(
    st.lists(noise.map(" ".join), min_size=1, max_size=3).filter(lambda texts: all(t.strip() for t in texts))
)
def test_every_utterance_lies_in_its_passage_and_every_name_in_the_text(paragraphs):
    text = " ".join(paragraphs).casefold()
    for passage in passages(*paragraphs):
        for u in passage.utterances:
            assert 0 <= u.start < u.end <= len(passage.text)
            assert passage.text[u.start : u.end].strip()
            for name in (u.speaker, *u.via):
                assert name is None or set(re.findall(r"[\w’]+", name.casefold())) <= set(
                    re.findall(r"[\w’]+", text)
                )


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_any_text_at_all_can_be_read(text):
    for passage in passages(text):
        assert all(0 <= u.start < u.end <= len(text) for u in passage.utterances)


TOPICS = ["the ferry would sail", "fares would rise", "the pier was closed", "nobody had been hurt"]
TEMPLATES = [
    "{who} said that {what}.",
    "“I know that {what},” {who} said.",
    "“I know that {what},” said {who}, who had been up all night.",
    "According to {who}, {what}.",
    "{who} told reporters on Monday that {what}.",
    "In the end {what}, {who} argued.",
]


@given(
    st.lists(
        st.tuples(st.sampled_from(PEOPLE[:5]), st.sampled_from(TOPICS), st.sampled_from(TEMPLATES)),
        min_size=1,
        max_size=6,
    )
)
def test_every_sentence_of_a_report_is_its_own_speakers(report):
    told = [(who, template.format(who=who, what=what)) for who, what, template in report]
    text = " ".join(sentence for _, sentence in told)
    (passage,) = passages(text)
    at = 0
    for who, sentence in told:
        place = text.index(sentence, at)
        at = place + len(sentence)
        over = [u for u in passage.utterances if u.start < at and place < u.end]
        assert {u.speaker for u in over} == {who}


# ---- what stands between a speaker and the verb, and who "he" and "she" are


@pytest.mark.parametrize(
    ("sentence", "speaker"),
    [
        ("“It floats,” said Del. Mara Quill of the Outer Isles.", "Mara Quill"),
        ("“It floats,” said former Skerry governor Mara Quill (I), a pilot.", "Mara Quill"),
        ("“It floats,” said Bask campaign manager Mara Quill.", "Mara Quill"),
        (
            "Senate Majority Leader Mara Quill, R-Ky., sent a blunt message to Bask: “It floats.”",
            "Mara Quill",
        ),
        ("Mara Quill (D-Ore.), a friend of the pier, acknowledged that it leaked.", "Mara Quill"),
        ("Attorney General Mara Quill, 54, said in a statement that it leaked.", "Mara Quill"),
        ("Mara Quill, head of the Tide Office -- the one on the quay -- told me, “It floats.”", "Mara Quill"),
        ("“It floats,” Mara Quill, the pilot who sold the pier tweeted on Monday.", "Mara Quill"),
        ("The harbour columnist Mara Quill went so far as to say: “It floats.”", "Mara Quill"),
        ("This has been called “an ambush” by Mara Quill, a pilot, and it hurts.", "Mara Quill"),
        ("Bask was asked by Mara Quill whether the pier would be sold.", "Mara Quill"),
        ("Mara Quill told weekly visitors it was clear that the pier leaked.", "Mara Quill"),
        ("“It floats,” Mara Quill said when Tom Bask asked her about it.", "Mara Quill"),
        ("Bask and Tarn will meet, Mara Quill said, adding, “They need to talk.”", "Mara Quill"),
        ('“It floats," Mara Quill said in a statement, adding that it was "sound."', "Mara Quill"),
    ],
)
def test_titles_tags_and_parentheses_do_not_hide_the_speaker(sentence, speaker):
    assert speakers(sentence) == [speaker]


def test_several_speakers_with_their_parties_all_speak():
    sentence = "Sens. Mara Quill (D-Ore.), Tom Bask (D-Ohio) and Jo Tarn (R-N.J.) all said that it leaked."
    assert speakers(sentence) == ["Mara Quill", "Tom Bask", "Jo Tarn"]


def test_a_clause_of_its_own_has_its_own_speaker():
    sentence = "Islanders were glad, with Mara Quill saying that it was “fine” and asking, “Why not?”"
    assert speakers(sentence) == ["Mara Quill"]


def test_a_quotation_within_a_quotation_ends_with_the_outer_one():
    text = "“In what he calls “hell” we live well.” ― Mara Quill “It floats.” ― Tom Bask."
    assert said(text) == [
        ("Mara Quill", "“In what he calls “hell” we live well.” ― Mara Quill"),
        ("Tom Bask", "“It floats.” ― Tom Bask"),
    ]


def test_she_is_no_man_whom_the_article_calls_he():
    first = "Tom Bask sold his boat. Mara Quill kept her pier."
    assert speakers(first, "Tom Bask came in. She said that the pier was safe.") == [None]
    assert speakers(first, "Mara Quill came in. She said that the pier was safe.") == ["Mara Quill"]


def test_a_title_tells_two_of_one_surname_apart():
    first = "Mara Quill, a pilot, kept her pier. Her brother Tom Quill sold his boat."
    assert speakers(first, "Mrs. Quill said that the pier was safe.") == ["Mara Quill"]
    assert speakers(first, "Mr. Quill said that the pier was safe.") == ["Tom Quill"]
    assert speakers(first, "Quill said that the pier was safe.") == ["Quill"]
