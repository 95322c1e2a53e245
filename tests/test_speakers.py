"""Speakers are one person across articles, whatever a question or an article calls them."""

from __future__ import annotations

import pytest
from wordcolumn import column

from index.answer import Verdict
from index.people import Standing, names_one_of

NEW = """
Polish Prime Minister Dana Morrow said that the border was closed. “We are ready,” said the Polish PM.

Radosław Żurek, the Polish foreign minister, said that the sky was full.

Petro Halynskyy said that the night was long. Kremlin spokesman Oleg Tarnov said that it was nonsense.

NATO Secretary General Ludo Brandt said that the alliance was ready. NATO said that it was watching.

Wen Zhaolin said that trade was a bridge. Wen said that the bridge would hold.

Two officials said that the lamps came from the east. A senior harbour official said that it was known.
"""
MID = """
Morrow said that the winter was hard. Halynsky said that the snow was deep.

The Polish PM warned that the bill was due. Poland’s prime minister said that the vote was late.

Boris Marsh said that the tea was cold. Mike Marsh, the House speaker, said that the vote would wait.

Central Reserve Chair Ivo Pell said that rates would stay. Finbar O’Shea said that the pier was wet.

Ursula van der Lind said that Europe would act. Crown Prince Omar bin Tarik said that oil was cheap.

J.D. Harrow said that it was so. Viktor Samsonov was silent. The crowd lived in Harlan County.

Tom Alan Bask said that the road was dry. Tom Boyd Bask said that the road was wet.

British Prime Minister Keira Stone said that the train was late.
"""
OLD = """
Marsh said that the road was long. JD Harrow said that it was late.

British Prime Minister Rory Sunley said that the rain was warm.

The Northern Union said that it would act. The NU said that it would wait. The U.S. said that it would help.

The Skerry Herald reported that the lamp was lit.

The Fenwick Post reported that the shop was open. The Kremlin said that the story was false.

Andrzej Dudek, the Polish president, was in the room. Mr. Lund said that the point was moot.

Poynt said that the lamp was out. Robert F. Conway Jr. said that the milk was raw.
"""

MORROW = ("Dana Morrow", "Morrow", "Poland’s prime minister", "the Polish PM")


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    return column(tmp_path_factory.mktemp("speakers"), {"new": NEW, "mid": MID, "old": OLD})


@pytest.fixture(scope="module")
def people(answerer):
    with answerer._store.reading() as generation:
        return answerer.people(generation)


def found(people, who):
    return [(person.standing, tuple(sorted(person.speakers))) for person in people.find(who)]


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        *((who, MORROW) for who in ("Morrow", "dana morrow", "morrow's", "morrows", "ms morrow", "morow")),
        *((who, MORROW) for who in ("Polish Prime Minister Dana Morrow", "prime minister morrow")),
        *(
            (who, MORROW)
            for who in ("the Polish PM", "polish pm", "Poland's premier", "polish prime minister")
        ),
        *((who, MORROW) for who in ("the prime minister of Poland", "poland’s prime minister")),
        ("kremlin spokesman", ("Oleg Tarnov",)),
        ("nato chief", ("Ludo Brandt",)),
        ("NATO's secretary general", ("Ludo Brandt",)),
        ("the central reserve chair", ("Ivo Pell",)),
        ("house speaker", ("Mike Marsh",)),
        ("radoslaw zurek", ("Radosław Żurek",)),
        ("halynsky", ("Halynsky", "Petro Halynskyy")),
        ("Petro Halynskiy", ("Halynsky", "Petro Halynskyy")),
        ("wen", ("Wen", "Wen Zhaolin")),
        ("wen zhaolin", ("Wen", "Wen Zhaolin")),
        ("van der lind", ("Ursula van der Lind",)),
        ("lind", ("Ursula van der Lind",)),
        ("bin tarik", ("Omar bin Tarik",)),
        ("obt", ("Omar bin Tarik",)),
        ("o'shea", ("Finbar O’Shea",)),
        ("oshea", ("Finbar O’Shea",)),
        ("jd harrow", ("J.D. Harrow", "JD Harrow")),
        ("J. D. Harrow", ("J.D. Harrow", "JD Harrow")),
        ("robert conway", ("Robert F. Conway Jr.",)),
        ("conway jr", ("Robert F. Conway Jr.",)),
        ("rfc", ("Robert F. Conway Jr.",)),
        ("tom a. bask", ("Tom Alan Bask",)),
        ("mr. lund", ("Lund",)),
        ("skerry herald", ("Skerry Herald",)),
        ("the herald", ("Skerry Herald",)),
        ("the post", ("Fenwick Post",)),
        ("fenpo", ("Fenwick Post",)),
        ("nato", ("NATO",)),
        ("the nu", ("NU", "Northern Union")),
        ("northern union", ("NU", "Northern Union")),
        ("the union", ("NU", "Northern Union")),
        ("ivo pelk", ("Ivo Pell",)),
        ("the us", ("U.S.",)),
        ("the u.s.", ("U.S.",)),
        ("the kremlin", ("Kremlin",)),
        ("two officials", ("two officials",)),
        ("the officials", ("a senior harbour official", "two officials")),
        ("senior harbour official", ("a senior harbour official",)),
        ("mike marsch", ("Mike Marsh",)),
        ("ludo brant", ("Ludo Brandt",)),
    ],
)
def test_one_is_known_by_all_names_and_offices_in_all_articles(people, who, labels):
    assert found(people, who) == [(Standing.SPEAKER, labels)]


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        ("marsh", [("Boris Marsh",), ("Mike Marsh",), ("Marsh",)]),
        ("tom bask", [("Tom Alan Bask",), ("Tom Boyd Bask",)]),
        ("the british pm", [("Keira Stone",), ("Rory Sunley",)]),
        ("britain's prime minister", [("Keira Stone",), ("Rory Sunley",)]),
        ("boris marsh", [("Boris Marsh",)]),
        ("mike marsh", [("Mike Marsh",)]),
        ("morrow and boris marsh", [MORROW, ("Boris Marsh",)]),
    ],
)
def test_of_several_who_may_be_meant_each_is_named_the_newest_holder_first(people, who, labels):
    assert found(people, who) == [(Standing.SPEAKER, names) for names in labels]


@pytest.mark.parametrize("who", ["alan marsh", "ruth morrow", "tom carl bask", "joan conway"])
def test_another_first_name_is_another_person(people, who):
    (person,) = people.find(who)
    assert (person.standing, person.speakers) == (Standing.UNKNOWN, ())
    assert all(name.split()[-1] in ("Marsh", "Morrow", "Bask", "Jr.") for name in person.suggestions)
    assert person.suggestions


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("samsonov", "Viktor Samsonov"),
        ("Viktor Samsonov", "Viktor Samsonov"),
        ("samsonow", "Viktor Samsonov"),
        ("harlan county", "Harlan County"),
        ("the polish president", "Andrzej Dudek"),
        ("dudek", "Andrzej Dudek"),
    ],
)
def test_whoever_is_named_and_silent_is_mentioned(people, who, name):
    (person,) = people.find(who)
    assert (person.standing, person.name) == (Standing.MENTIONED, name)


@pytest.mark.parametrize(
    ("who", "longer"),
    [("harlan", "Harlan County"), ("fenwick", "Fenwick Post"), ("ann samsonov", "Viktor Samsonov")],
)
def test_a_word_of_a_longer_name_of_another_mentions_nobody(people, who, longer):
    (person,) = people.find(who)
    assert (person.standing, person.suggestions) == (Standing.UNKNOWN, (longer,))


@pytest.mark.parametrize("who", ["point", "lamp", "china", "chins", "obama", "quill", "tea"])
def test_an_ordinary_word_and_a_strangers_name_are_nobodys_mistyped(people, who):
    assert all(not person.speakers for person in people.find(who))
    assert people.named_in(who) == []


@pytest.mark.parametrize(
    ("who", "meant"),
    [
        ("morro", "Dana Morrow"),
        ("tarnof", "Oleg Tarnov"),
        ("samsov", "Viktor Samsonov"),
        ("brnt", "Ludo Brandt"),
    ],
)
def test_whoever_is_almost_named_is_meant_or_suggested(people, who, meant):
    (person,) = people.find(who)
    assert meant in (person.name, *person.suggestions)


@pytest.mark.parametrize("who", ["obama", "elizabeth", "xq", "1984", "the weather", "zzzzzz"])
def test_nothing_silly_is_suggested(people, who):
    assert [person.suggestions for person in people.find(who)] == [()]


def test_a_known_first_name_before_a_word_of_the_column_is_a_stranger(people):
    (person,) = people.find("ivo rain")
    assert person.standing is Standing.UNKNOWN
    (words,) = people.find("cold rain")
    assert words.standing is Standing.DESCRIBED


def test_the_words_of_an_office_are_part_of_the_name_and_no_topic(people):
    named = people.named_in("polish pm on the border")
    told = [names_one_of(word, named) for word in ("polish", "pm", "border")]
    assert told == [True, True, False]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("wen?", ["Wen Zhaolin"]),
        ("wen trade", ["Wen Zhaolin"]),
        ("polish pm on the border", ["Dana Morrow"]),
        ("nato??", ["NATO"]),
        ("boris marsh tea", ["Boris Marsh"]),
        ("marsh tea", ["Boris Marsh", "Mike Marsh", "Marsh"]),
        ("zurek or morrow on the sky", ["Radosław Żurek", "Dana Morrow"]),
        ("jd harrow", ["J.D. Harrow"]),
        ("house vote", []),
        ("us", []),
        ("president", []),
    ],
)
def test_a_short_question_names_people_by_any_of_their_names(people, text, names):
    assert [person.name for person in people.named_in(text)] == names


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("what did the Polish PM say about the bill?", {"The Polish PM warned that the bill was due."}),
        ("morrow winter", {"Morrow said that the winter was hard."}),
        (
            "what did wen say about the bridge",
            {"Wen Zhaolin said that trade was a bridge.", "Wen said that the bridge would hold."},
        ),
        (
            "what did the british pm say?",
            {
                "British Prime Minister Keira Stone said that the train was late.",
                "British Prime Minister Rory Sunley said that the rain was warm.",
            },
        ),
        ("what did mike marsh say", {"Mike Marsh, the House speaker, said that the vote would wait."}),
    ],
)
def test_the_words_of_one_come_from_all_articles_and_nobody_elses(answerer, question, texts):
    answer = answerer.ask(question)
    assert answer.verdict is Verdict.ANSWERED
    assert {e.text for e in answer.excerpts} == texts


@pytest.mark.parametrize(
    ("question", "verdict", "texts"),
    [
        ("what did Samsonov say?", Verdict.NEVER_QUOTED, ["Viktor Samsonov was silent."]),
        (
            "what did the polish president say",
            Verdict.NEVER_QUOTED,
            ["Andrzej Dudek, the Polish president, was in the room."],
        ),
        ("what did ann samsonov say", Verdict.NEVER_MENTIONED, []),
        ("what did Harlan say?", Verdict.NEVER_MENTIONED, []),
        ("what did fenwick say?", Verdict.NEVER_MENTIONED, []),
    ],
)
def test_the_no_is_the_right_one(answerer, question, verdict, texts):
    answer = answerer.ask(question)
    assert (answer.verdict, [e.text for e in answer.excerpts]) == (verdict, texts)
