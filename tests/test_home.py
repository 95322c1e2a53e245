"""Home, prompts and the settings modal: whole examples by hand, and limits whatever they hold."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from conftest import SmallColumn
from hostile import records, strings
from hypothesis import given as drawn
from hypothesis import settings as how
from hypothesis import strategies as st

from bot.home import home_view, indexed, prompts
from bot.message import HELP
from bot.playground.blocks import check_view
from bot.settings import choice_view, chosen_in, refusal, settings_view
from bot.state import ChannelSettings, Memory

SUMMARY = replace(
    SmallColumn().summary(),
    articles=1204,
    first=date(2022, 7, 17),
    last=date(2025, 9, 14),
    last_sync=datetime(2025, 9, 15, 6, 4, tzinfo=UTC),
)
people = st.lists(st.from_regex(r"U[A-Z0-9]{8}", fullmatch=True), max_size=50, unique=True)
chosen = st.builds(
    ChannelSettings,
    channel=st.just("C00000001"),
    answer_without_mention=st.booleans(),
    may_ask=people.map(tuple),
    answer_shared=st.booleans(),
    most_excerpts=st.integers(1, 5),
)


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (
            SUMMARY,
            "1,204 articles, 17 July 2022 – 14 September 2025. Last read on 15 September 2025 at 06:04 UTC.",
        ),
        (replace(SUMMARY, articles=1, first=None, last=None, last_sync=None), "1 article."),
        (replace(SUMMARY, articles=0), "The column is empty: no article has been read yet."),
    ],
)
def test_what_is_indexed(summary, said):
    assert indexed(summary) == said


@how(max_examples=60)
@drawn(st.lists(records(), max_size=5), st.lists(strings.filter(str.strip), max_size=3))
def test_home_is_within_the_limits_and_its_only_markup_is_our_own(kept, examples):
    view = home_view(SUMMARY, examples, [answer for answer, _ in kept])
    check_view(view)
    marked = [b["text"]["text"] for b in view["blocks"] if b.get("text", {}).get("type") == "mrkdwn"]
    assert marked == [HELP]


@drawn(st.lists(strings, max_size=6))
def test_prompts_are_at_most_four_each_with_a_short_title_and_the_whole_question(questions):
    built = prompts(questions)
    assert len(built) <= 4
    assert all(set(p) == {"title", "message"} and 0 < len(p["title"]) <= 75 for p in built)
    assert [p["message"] for p in built] == [q for q in questions if q.strip() and len(q) <= 300][:4]


def filled(view):
    """Submit *view* as it was opened."""
    values = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            initial = {
                k.replace("initial_", "selected_"): v for k, v in block["element"].items() if "initial" in k
            }
            values[block["block_id"]] = {block["element"]["action_id"]: initial}
    return view | {"state": {"values": values}}


@drawn(chosen)
def test_a_modal_that_is_saved_as_it_was_opened_changes_nothing(settings):
    view = settings_view(settings)
    check_view(view)
    assert chosen_in(filled(view)) == settings


def test_the_choice_of_a_channel_is_within_the_limits_and_offers_channels_only():
    view = choice_view()
    check_view(view)
    assert view["blocks"][0]["element"]["filter"]["include"] == ["public", "private"]


def test_who_may_ask_is_everybody_until_somebody_is_listed_by_name_or_by_group():
    def hold(groups, user):
        return user == "UEVE" and "SDESK" in groups

    may = {"UADA", "UBOB", "UEVE"}
    for people, groups, allowed in [
        ((), (), may),
        (("UBOB",), (), {"UBOB"}),
        ((), ("SDESK",), {"UEVE"}),
        (("UBOB",), ("SDESK", "SNONE"), {"UBOB", "UEVE"}),
    ]:
        chosen = ChannelSettings(channel="C1", may_ask=people, groups=groups)
        assert {user for user in may if chosen.lets_ask(user, hold)} == allowed


def test_a_refusal_names_those_who_can_change_it_and_nothing_that_is_no_person():
    said = refusal(ChannelSettings(channel="C1", may_ask=("UBOB", "!channel"))).text
    assert said.endswith("`/column settings`: <@UBOB>.")


def test_whether_a_channel_is_shared_outlives_a_restart(tmp_path):
    for shared in (True, True, False, False, True):
        with Memory(tmp_path / "bot.sqlite") as memory:
            memory.channels.note_shared("C1", shared=shared)
        with Memory(tmp_path / "bot.sqlite") as memory:
            assert (memory.channels.is_shared("C1"), memory.channels.is_shared("C2")) == (shared, False)
            assert memory.channels.refuses_shared("C1") is shared
