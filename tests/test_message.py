"""Messages: whole examples worked out by hand, and what must hold whatever the column contains."""

import copy
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.message import (
    HELP,
    Message,
    NotVerbatimError,
    error_message,
    escape,
    help_message,
    message,
    prove,
    size,
    unconfirmed_message,
)
from index import wording
from index.answer import Answer, Searched, Verdict
from index.passage import Article, Excerpt, Manner, Passage, Voice
from index.wording import clip, cut, width

SEARCHED = Searched(articles=4, passages=31, first=date(2025, 9, 10), last=date(2025, 11, 5), generation=7)
FIRST = "Nineteen is not a stray number. It is a message."
SECOND = "Jane Roe, who runs the port, said “we open at six” & went home."
ARTICLE = Article(
    id="a1",
    name="gulls",
    title="Gulls & <ships>",
    author="Ines Calder",
    date=date(2025, 9, 14),
    url="https://margin-notes.example.org/gulls?a=1&b=2",
    passages=(
        Passage(number=1, text=FIRST),
        Passage(number=2, text=SECOND),
        Passage(
            number=3, text="The tide, she wrote.", voice=Voice.BLOCK_QUOTATION, outlet="the Harbour Gazette"
        ),
        Passage(number=4, text="Nobody knows.", voice=Voice.BLOCK_QUOTATION),
    ),
)


def excerpt(number=1, article=ARTICLE, start=0, end=None, **fields):
    end = len(article.passages[number - 1].text) if end is None else end
    return Excerpt(article=article, number=number, start=start, end=end, score=1.0, **fields)


def answer(*excerpts, verdict=Verdict.ANSWERED, **fields):
    return Answer(
        question="what?", verdict=verdict, excerpts=excerpts, searched=SEARCHED, confidence=0.9, **fields
    )


ROE = excerpt(2, speaker="Jane Roe", manner=Manner.MIXED)


def test_an_answer_as_a_whole():
    built = message(answer(ROE, excerpt(1, end=31)))
    assert built.text == (
        "Two excerpts from the column: Jane Roe once, the columnist once.\n\n"
        "Jane Roe, partly paraphrased:\n"
        "Jane Roe, who runs the port, said “we open at six” &amp; went home.\n"
        "— “Gulls &amp; &lt;ships&gt;”, by Ines Calder, 14 September 2025, paragraph 2\n\n"
        "Ines Calder, the columnist:\n"
        "Nineteen is not a stray number.\n"
        "— “Gulls &amp; &lt;ships&gt;”, by Ines Calder, 14 September 2025, paragraph 1\n\n"
        "Searched 4 articles, 10 September – 5 November 2025."
    )
    page = "https://margin-notes.example.org/gulls?a=1&amp;b=2#:~:text="
    roe = "Jane%20Roe%2C%20who%20runs%20the,at%20six%E2%80%9D%20%26%20went%20home."
    assert built.blocks == (
        section("Two excerpts from the column: Jane Roe once, the columnist once."),
        {"type": "context", "elements": [plain("Searched 4 articles, 10 September – 5 November 2025.")]},
        quotation(SECOND),
        citation(
            "Jane Roe, partly paraphrased · “Gulls & <ships>”, by Ines Calder · 14 September 2025 · ¶ 2",
            page + roe,
        ),
        quotation("Nineteen is not a stray number."),
        citation(
            "Ines Calder, the columnist · “Gulls & <ships>”, by Ines Calder · 14 September 2025 · ¶ 1",
            page + "Nineteen%20is%20not%20a%20stray%20number.",
        ),
    )


def plain(text):
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text):
    return {"type": "section", "text": plain(text)}


def quotation(text, *more):
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}, *more],
    }


def citation(text, url=None):
    link = [{"type": "mrkdwn", "text": f"<{url}|Open the article>"}] if url else []
    return {"type": "context", "elements": [plain(text), *link]}


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        ({}, "Ines Calder, the columnist"),
        ({"speaker": "Ines Calder", "manner": Manner.INDIRECT}, "Ines Calder, the columnist"),
        ({"speaker": "Donald Tusk", "manner": Manner.DIRECT}, "Donald Tusk"),
        ({"speaker": "Donald Tusk"}, "Donald Tusk"),
        ({"speaker": "Donald Tusk", "manner": Manner.INDIRECT}, "Donald Tusk, paraphrased"),
        ({"speaker": "Donald Tusk", "manner": Manner.FRAGMENT}, "Donald Tusk, a few words quoted"),
        ({"via": ("the Guardian",)}, "the Guardian, quoted in this column"),
        (
            {"speaker": "Radosław Sikorski", "manner": Manner.DIRECT, "via": ("the Guardian",)},
            "Radosław Sikorski, in the Guardian, quoted in this column",
        ),
        (
            {"speaker": "A", "manner": Manner.INDIRECT, "via": ("the Guardian", "Reuters")},
            "A, paraphrased, in the Guardian, by way of Reuters, quoted in this column",
        ),
        ({"number": 3}, "the Harbour Gazette, quoted in this column"),
        (
            {"number": 3, "speaker": "Ruth Okafor"},
            "Ruth Okafor, in the Harbour Gazette, quoted in this column",
        ),
        (
            {"number": 3, "speaker": "A", "via": ("the Harbour Gazette",)},
            "A, in the Harbour Gazette, quoted in this column",
        ),
        ({"number": 3, "speaker": "the Harbour Gazette"}, "the Harbour Gazette"),
        ({"number": 3, "via": ("Reuters",)}, "Reuters, in the Harbour Gazette, quoted in this column"),
        ({"number": 4}, "A block quotation in this column"),
        ({"article": replace(ARTICLE, author=None)}, "The columnist"),
    ],
)
def test_whose_voice_it_is(fields, voice):
    assert wording.voice(excerpt(**fields)) == voice


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"verdict": Verdict.SILENT}, "The column does not say."),
        (
            {"verdict": Verdict.NOT_ON_THIS, "subject": "Jane Roe"},
            "The column quotes Jane Roe, but not on this.",
        ),
        (
            {"verdict": Verdict.NEVER_QUOTED, "subject": "Putin"},
            "The column mentions Putin, but never quotes them.",
        ),
        (
            {
                "verdict": Verdict.NEVER_MENTIONED,
                "subject": "Sikorsky",
                "suggestions": ("Radosław Sikorski",),
            },
            "The column never mentions Sikorsky. Did you mean Radosław Sikorski?",
        ),
        (
            {"verdict": Verdict.NEVER_MENTIONED, "suggestions": ("A", "B", "C", "D")},
            "The column never mentions that name. Did you mean A, B or C?",
        ),
    ],
)
def test_each_no_has_its_own_words_and_says_what_was_searched(fields, said):
    built = message(answer(**fields))
    assert built.text == f"{said}\nSearched 4 articles, 10 September – 5 November 2025."
    assert built.blocks[0] == section(said)
    assert len(built.blocks) == 2


def test_the_nearest_passages_of_a_no_are_marked_as_no_answer():
    built = message(answer(excerpt(1), verdict=Verdict.SILENT))
    nearest = "The nearest passages, which do not answer the question:"
    assert built.text.split("\n\n")[:2] == [
        "The column does not say.\nSearched 4 articles, 10 September – 5 November 2025.",
        nearest,
    ]
    assert built.blocks[2:4] == (section(nearest), quotation(FIRST))


@pytest.mark.parametrize(
    ("first", "last", "articles", "said"),
    [
        (date(2025, 9, 1), date(2025, 9, 1), 1, "Searched 1 article, 1 September 2025."),
        (date(2025, 9, 1), date(2025, 9, 30), 2, "Searched 2 articles, 1 – 30 September 2025."),
        (
            date(2024, 9, 1),
            date(2025, 9, 1),
            1234,
            "Searched 1,234 articles, 1 September 2024 – 1 September 2025.",
        ),
        (None, None, 3, "Searched 3 articles."),
        (None, None, 0, "The column is empty: no article has been read yet."),
    ],
)
def test_what_was_searched(first, last, articles, said):
    assert (
        wording.searched(Searched(articles=articles, passages=9, first=first, last=last, generation=1))
        == said
    )


def test_one_speaker_is_counted_without_a_number_of_times():
    assert wording.counted([ROE]) == "One excerpt from the column: Jane Roe."
    assert wording.counted([ROE, ROE]) == "Two excerpts from the column: Jane Roe."


def test_at_most_five_excerpts_are_shown():
    six = [excerpt(start=n) for n in range(6)]
    built = message(answer(*six))
    prove(built, answer(*six))
    assert sum(block["type"] == "rich_text" for block in built.blocks) == 5


@pytest.mark.parametrize(
    "url",
    [
        None,
        "javascript:alert(1)",
        "https://x.example/a|b",
        "https://x.example/<!channel>",
        "https://x.example/a b",
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url):
    built = message(answer(excerpt(1, article=replace(ARTICLE, url=url))))
    assert [element["type"] for element in built.blocks[3]["elements"]] == ["plain_text"]


def test_a_text_fragment_that_is_too_long_gives_way_to_the_page():
    words = " ".join(["Й" * 60] * 10)
    article = replace(ARTICLE, url="https://x.example/", passages=(Passage(number=1, text=words),))
    assert message(answer(excerpt(1, article=article))).blocks[3]["elements"][1] == {
        "type": "mrkdwn",
        "text": "<https://x.example/|Open the article>",
    }


def test_an_overlong_excerpt_is_cut_at_a_word_end_and_marked_outside_the_quotation():
    words = "word " * 2000 + "end"
    article = replace(ARTICLE, passages=(Passage(number=1, text=words),))
    built = message(answer(excerpt(1, article=article)))
    mark = {"type": "rich_text_section", "elements": [{"type": "text", "text": "…"}]}
    assert built.blocks[2] == quotation(("word " * 560).rstrip(), mark)
    assert "word word …\n— " in built.text
    prove(built, answer(excerpt(1, article=article)))


def test_an_excerpt_from_within_a_sentence_is_marked_on_both_sides_outside_the_quotation():
    article = replace(
        ARTICLE, passages=(Passage(number=1, text="He waited; the tide came in, and he left."),)
    )
    inner = excerpt(1, article=article, start=11, end=27)
    built = message(answer(inner))
    mark = {"type": "rich_text_section", "elements": [{"type": "text", "text": "…"}]}
    block = quotation("the tide came in", mark)
    assert built.blocks[2] == block | {"elements": [mark, *block["elements"]]}
    assert "\n… the tide came in …\n— " in built.text
    bare = replace(
        built,
        blocks=tuple(quotation("the tide came in") if b == built.blocks[2] else b for b in built.blocks),
    )
    with pytest.raises(NotVerbatimError):
        prove(bare, answer(inner))


@pytest.mark.parametrize(
    ("measure", "limit"), [(lambda m: len(m.text), 3900), (lambda m: size(m.blocks), 9000)]
)
def test_excerpts_are_cut_only_when_the_message_would_be_too_long(measure, limit):
    def built(length):
        article = replace(ARTICLE, passages=(Passage(number=1, text="x" * length),), url=None)
        return message(answer(*[excerpt(1, article=article)] * 3))

    most = 100 + (limit - measure(built(100))) // 3
    assert limit - 3 < measure(built(most)) <= limit
    assert measure(built(most + 1)) < limit - 100


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two"),
        ("one two three", 8, "one two"),
        ("one two three", 7, "one two"),
        ("one two three", 6, "one"),
        ("overlong", 4, "over"),
    ],
)
def test_cut_keeps_whole_words(text, limit, short):
    assert cut(text, limit) == short


def test_clip_makes_one_inert_line():
    assert clip(" a\n\tb\x00c\u202ed ") == "a b c d"
    assert clip("x" * 101) == "x" * 100 + "…"
    assert clip("&" * 21) == "&" * 20 + "…"


def test_escape_takes_the_ampersand_first():
    assert escape("<&lt;>") == "&lt;&amp;lt;&gt;"


def changed(built, change):
    blocks = copy.deepcopy(built.blocks)
    return Message(text=built.text, blocks=change(list(blocks)) or blocks)


def set_words(words, index=2):
    def change(blocks):
        blocks[index]["elements"][0]["elements"][0]["text"] = words

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_words(FIRST.replace("is not", "was not")),
        set_words(FIRST.replace(".", "…")),
        set_words(FIRST[:-5]),  # cut without a mark
        set_words(""),
        set_words(FIRST + " More."),
        lambda blocks: blocks[2]["elements"].append({"type": "rich_text_section", "elements": []}),
        lambda blocks: blocks[:2],
        lambda blocks: [*blocks, blocks[2]],
    ],
)
def test_the_proof_fails_when_a_word_was_changed_added_or_lost(change):
    built = message(answer(excerpt(1)))
    prove(built, answer(excerpt(1)))
    with pytest.raises(NotVerbatimError):
        prove(changed(built, change), answer(excerpt(1)))


def test_the_proof_fails_when_the_passage_goes_on_past_the_excerpt_though_it_is_marked():
    given_answer = answer(excerpt(1, end=31))
    more = message(given_answer).blocks[2]
    more["elements"][0]["elements"][0]["text"] = FIRST[:40]
    more["elements"].append({"type": "rich_text_section", "elements": []})
    with pytest.raises(NotVerbatimError):
        prove(Message(text="", blocks=(more,)), given_answer)


@pytest.mark.parametrize("name", ["&" * 900, '"' * 900, "\\" * 900, "Ж " * 900])
@pytest.mark.parametrize("words", ["\x01" * 3000, "&" * 3000, '" ' * 3000])
def test_the_widest_names_and_words_still_fit(name, words):
    article = replace(
        ARTICLE,
        title=name,
        author=name[1:],
        url=f"https://x.example/{'&' * 150}",
        passages=(Passage(number=1, text=words, voice=Voice.BLOCK_QUOTATION, outlet="a" + name),),
    )
    shown = excerpt(1, article=article, speaker=name, manner=Manner.MIXED, via=("b" + name, "c" + name))
    given_answer = answer(
        shown, shown, shown, verdict=Verdict.NEVER_MENTIONED, subject=name, suggestions=(name,) * 3
    )
    built = message(given_answer)
    prove(built, given_answer)
    assert len(built.text) <= 3900
    assert size(built.blocks) <= 9000


def test_the_proof_covers_more_of_the_passage_than_the_excerpt():
    built = message(answer(excerpt(1)))
    with pytest.raises(NotVerbatimError):
        prove(built, answer(excerpt(1, end=31)))


def test_fixed_messages_carry_their_id():
    assert help_message().text == HELP
    assert "ab12" in error_message("ab12").text
    assert "ab12" in unconfirmed_message("ab12").text


hostile = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "<!channel>",
            "<@U123>",
            "<https://evil.example|Column 12>",
            "&lt;!here&gt;",
            "*bold*",
            ":wave:",
            "“a”…",
        ]
    ),
    st.builds(
        lambda text, times: text * times, st.text('ab &<"\x01\n\u00a0', max_size=4), st.integers(1, 2000)
    ),
)


@st.composite
def answers(draw):
    passages = tuple(
        Passage(
            number=number,
            text=draw(hostile.filter(bool)),
            voice=draw(st.sampled_from(Voice)),
            outlet=draw(st.none() | hostile),
        )
        for number in (1, 2)
    )
    article = Article(
        id="a",
        name="n",
        title=draw(hostile),
        author=draw(st.none() | hostile),
        date=draw(st.none() | st.dates()),
        url=draw(st.none() | hostile | hostile.map(lambda text: f"https://x.example/{text}")),
        passages=passages,
    )

    def some_excerpt():
        passage = draw(st.sampled_from(passages))
        start = draw(st.integers(0, min(5, len(passage.text) - 1)))
        return excerpt(
            passage.number,
            article=article,
            start=start,
            end=draw(st.integers(start + 1, len(passage.text))),
            speaker=draw(st.none() | hostile),
            manner=draw(st.none() | st.sampled_from(Manner)),
            via=tuple(draw(st.lists(hostile, max_size=3))),
        )

    verdict = draw(st.sampled_from(Verdict))
    least = 1 if verdict is Verdict.ANSWERED else 0
    return answer(
        *[some_excerpt() for _ in range(draw(st.integers(least, 4)))],
        verdict=verdict,
        subject=draw(st.none() | hostile),
        suggestions=tuple(draw(st.lists(hostile, max_size=4))),
    )


@settings(max_examples=60)
@given(answers())
def test_every_message_is_verbatim_within_the_limits_and_inert(given_answer):
    built = message(given_answer)
    prove(built, given_answer)
    assert 0 < len(built.text) <= 3900
    assert size(built.blocks) <= 9000
    assert len(built.blocks) <= 50
    assert "<" not in built.text
    assert ">" not in built.text
    assert "&" not in built.text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    for block in built.blocks:
        texts = block.get("elements", [block.get("text")])
        for element in texts:
            if element["type"] == "mrkdwn":
                link, label = element["text"][1:-1].split("|")
                assert element["text"][0] + element["text"][-1] + label == "<>Open the article"
                assert link.startswith(("http://", "https://"))
                assert not set(link) & set("<> \n")
            elif element["type"] == "plain_text":
                assert 0 < len(element["text"]) <= 2000
                assert element["emoji"] is False
            else:
                assert element["type"] in {"rich_text_quote", "rich_text_section"}
                assert all(set(leaf) == {"type", "text"} and leaf["text"] for leaf in element["elements"])


@given(hostile, st.integers(1, 3000))
def test_cut_is_always_a_beginning_that_fits(text, limit):
    short = cut(text, limit)
    assert text.startswith(short)
    assert len(short) <= limit
    assert bool(short) == bool(text)


@given(hostile)
def test_a_clipped_name_is_one_line_that_fits(name):
    line = clip(name)
    assert width(line) <= 101
    assert "\n" not in json.loads(json.dumps(line))


def test_an_excerpt_of_a_preview_is_cited_as_one_in_blocks_and_text():
    built = message(answer(excerpt(article=replace(ARTICLE, truncated=True))))
    labels = [e["text"] for block in built.blocks if block["type"] == "context" for e in block["elements"]]
    assert "14 September 2025, preview only · ¶ 1" in labels[1]
    assert "14 September 2025, preview only" in built.text
    assert "preview" not in json.dumps(message(answer(excerpt())).blocks)
