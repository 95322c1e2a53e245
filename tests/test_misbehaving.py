"""A feed that misbehaves in every way at once: nothing is new twice, nothing is lost, nothing comes back."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from feedtext import Item, paragraphs, rss
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_live import NOON, XML, Column, words
from web import serving

TOPICS = ("tide", "ferry", "gulls", "eels", "fog")
TEXTS = {topic: paragraphs(topic) for topic in TOPICS}
TRACKING = ("", "?utm_source=feed", "?r=7&s=w", "#comments", "/?fbclid=1&utm_id=2", "/")


@st.composite
def shown(draw):
    """Draw what a feed shows of one article: always its text or its link, the rest as it pleases."""
    topic = draw(st.sampled_from(TOPICS))
    version = draw(st.integers(0, 2))
    text = TEXTS[topic].replace("number 3", f"number 3, version {version}") if version else TEXTS[topic]
    return topic, Item(
        topic.title(),
        f"/{topic}{draw(st.sampled_from(TRACKING))}",
        text,
        date=draw(
            st.sampled_from(["", "Sun, 04 May 2031 08:00:00 GMT", "Sat, 01 Jan 2050 00:00:00 GMT", "?"])
        ),
        guid=draw(st.sampled_from(["", "1", "2", topic])),
        author=draw(st.sampled_from(["", "Ines Calder"])),
    )


def days():
    """Draw what the feed does on each of some days: a list of entries, or an answer that is none."""
    entries = st.lists(shown(), max_size=5, unique_by=lambda pair: pair[0])
    trouble = st.sampled_from([500, 429, "empty", "broken", "bomb"])
    taken = st.sampled_from([*TOPICS, *[None] * 10])
    return st.lists(st.tuples(st.one_of(entries, entries, entries, trouble), taken), min_size=2, max_size=9)


def put(site, what):
    match what:
        case int():
            return site.put("/feed", "", status=what, headers={"Retry-After": "60"})
        case "empty":
            return site.put("/feed", rss(), XML)
        case "broken":
            return site.put("/feed", "<rss><channel><item><title>&", XML)
        case "bomb":
            return site.put("/feed", rss(top='<!DOCTYPE x [<!ENTITY a "a">]>'), XML)
    items = [item._replace(link=site.url + item.link) for _, item in what]
    return site.put("/feed", rss(*items), XML)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days())
def test_nothing_is_new_twice_nothing_is_lost_and_nothing_that_was_taken_down_comes_back(history):
    with TemporaryDirectory() as folder, serving() as site:
        column = Column(Path(folder) / "data", site)
        expected, seen, gone = {}, {}, set()
        for day, (what, taken) in enumerate(history):
            column.clock.now = NOON + timedelta(days=day)
            feed = put(site, what)
            before = {p for texts in column.texts().values() for p in texts}
            column.sync(feed)
            if isinstance(what, list):
                expected |= {t.title(): words(item.content) for t, item in what if t not in gone}
            assert column.texts() == expected
            first = column.store.first_seen()
            assert seen.items() <= first.items() and len(first) == len(expected)
            seen = first
            assert not before & set(column.embedded)
            assert len(column.embedded) == len(set(column.embedded))
            if taken and taken.title() in expected:
                (id,) = (a.id for a in column.store.articles() if a.title == taken.title())
                column.store.take_down(id)
                del expected[taken.title()], seen[id]
                gone.add(taken)
        column.store.close()
