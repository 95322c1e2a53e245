"""Strings that try to ping, link, format or burst, and answers made of them."""

from datetime import date

from hypothesis import strategies as st

from bot.state import Kind, Request, given
from index.answer import Answer, Searched, Verdict
from index.passage import Article, Excerpt, Manner, Passage, Voice

SEARCHED = Searched(articles=4, passages=31, first=date(2025, 9, 10), last=date(2025, 11, 5), generation=7)
ASKED = Request(kind=Kind.COMMAND, key="1", team="T1", channel="C1", user="UADA", text="?")

strings = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["<!channel>", "<@U123>", "<https://evil.example|Column>", "&lt;!here&gt;", "*b*", ":wave:"]
    ),
    st.builds(
        lambda text, times: text * times, st.text('ab &<"\x01\n\u00a0', max_size=4), st.integers(1, 2000)
    ),
)


@st.composite
def articles(draw):
    texts = draw(st.lists(strings.filter(bool), min_size=1, max_size=4))
    voices = st.sampled_from(Voice)
    return Article(
        id="a",
        name="n",
        title=draw(strings),
        author=draw(st.none() | strings),
        date=draw(st.none() | st.dates()),
        url=draw(st.none() | strings | strings.map(lambda text: f"https://x.example/{text}")),
        passages=tuple(
            Passage(number=n, text=text, voice=draw(voices), outlet=draw(st.none() | strings))
            for n, text in enumerate(texts, 1)
        ),
    )


@st.composite
def excerpts(draw, article):
    passage = draw(st.sampled_from(article.passages))
    start = draw(st.integers(0, len(passage.text) - 1))
    return Excerpt(
        article=article,
        number=passage.number,
        start=start,
        end=draw(st.integers(start + 1, len(passage.text))),
        score=draw(st.floats(0, 1)),
        speaker=draw(st.none() | strings),
        manner=draw(st.none() | st.sampled_from(Manner)),
        via=tuple(draw(st.lists(strings, max_size=2))),
        why=draw(strings),
    )


@st.composite
def records(draw, least=0):
    """Answers that were given, and the article that they are from."""
    article = draw(articles())
    answer = Answer(
        question=draw(strings),
        verdict=Verdict.ANSWERED
        if least
        else draw(st.sampled_from([v for v in Verdict if v != Verdict.ANSWERED])),
        excerpts=tuple(draw(st.lists(excerpts(article), min_size=least, max_size=5))),
        searched=SEARCHED,
        confidence=draw(st.floats(0, 1)),
        subject=draw(st.none() | strings),
        suggestions=tuple(draw(st.lists(strings, max_size=3))),
    )
    asked = Request(kind=Kind.COMMAND, key="1", team="T1", channel="C1", user="UADA", text=draw(strings))
    return given("bcdfghjk", asked, answer), article


def check_inert(text):
    """Fail where *text*, which Slack reads as its markup, could ping or link."""
    bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(bare) & set("<>&"), text


def check_literal(blocks):
    """Fail where a block holds markup other than a link of our own."""
    for part in _parts(blocks):
        if part.get("type") == "mrkdwn":
            link, _, label = part["text"][1:-1].partition("|")
            assert part["text"][0] + part["text"][-1] + label == "<>Open the article"
            assert link.startswith(("http://", "https://")) and not set(link) & set("<> \n")
        elif part.get("type") == "plain_text":
            assert part["emoji"] is False


def _parts(value):
    if isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)
    elif isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _parts(one)
