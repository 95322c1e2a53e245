"""The digest's modal and the follow commands as people meet them: the real Bolt app on loopback."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from conftest import bot_running
from hypothesis import example, given
from hypothesis import strategies as st
from inert import assert_inert, hostile
from newsroom import piece, texts
from wordcolumn import column as word_column

from bot.column import Column
from bot.digest_message import Asked, Entry, Held, digest_message, follow_message
from bot.message import BLOCKS_LIMIT, TEXT_LIMIT, size
from index.pullquotes import pull_quotes

REPORT = "\n\n".join(texts(1))
LONG_URL = f"https://margin-notes.example.org/{'pier' * 115}"


@pytest.fixture
def desk(build_scene, tmp_path):
    """A scene over a real store; Ada runs the bot."""
    report = word_column(tmp_path / "column", {"report": REPORT}, kind=Column)
    scene = build_scene(load=lambda: report, admins=("U00000001",))
    assert scene.ada == "U00000001"
    with bot_running(scene) as started:
        assert started.wait(60)
        yield scene


def command(scene, text, user=None, channel=None):
    done = scene.workspace.slash(user or scene.ada, channel or scene.general, "/column", text)
    scene.workspace.wait_for(lambda: done.messages or scene.workspace.views(scene.ada))
    return done


def filled(channel, cron="30 8 * * 1-5", zone="Europe/Amsterdam", holds=("quotes",)):
    return {
        "channel": {"channel": {"selected_conversation": channel}},
        "days": {"days": {"selected_options": []}},
        "at": {"at": {"selected_time": None}},
        "cron": {"cron": {"value": cron}},
        "zone": {"zone": {"value": zone}},
        "holds": {"holds": {"selected_options": [{"value": name} for name in holds]}},
    }


def top(scene):
    return scene.workspace.views(scene.ada)[-1]


def test_an_admin_makes_a_digest_sees_it_alone_pauses_and_ends_it(desk):
    command(desk, "digest")
    form = top(desk)
    zone = next(b for b in form.blocks if b.get("block_id") == "zone")
    assert zone["element"]["initial_value"] == "Europe/Amsterdam"  # her own
    assert desk.workspace.submit(form, filled(desk.general)).response is not None
    (digest,) = desk.memory.digests.all()
    assert (digest.channel, digest.cron, digest.quotes, digest.asked) == (
        desk.general,
        "30 8 * * 1-5",
        True,
        False,
    )
    assert "Saved. It comes next on" in str(top(desk).blocks)
    command(desk, "digest")
    assert desk.workspace.wait_for(lambda: top(desk).data["title"]["text"] == "Digests")
    listed = top(desk)
    desk.workspace.click(desk.ada, listed, f"digest_preview:{digest.id}")
    assert desk.workspace.wait_for(lambda: "Nothing is new in the column." in str(top(desk).blocks))
    desk.workspace.click(desk.ada, listed, f"digest_pause:{digest.id}")
    assert desk.workspace.wait_for(lambda: "paused" in str(listed.blocks))
    assert desk.memory.digests.all()[0].paused_at is not None
    desk.workspace.click(desk.ada, listed, f"digest_end:{digest.id}")
    assert desk.workspace.wait_for(lambda: "There is no digest yet." in str(listed.blocks))
    assert desk.workspace.messages(desk.general) == []


def test_what_is_filled_in_wrongly_is_said_beside_the_field(desk):
    command(desk, "digest")
    wrong = desk.workspace.submit(top(desk), filled(desk.general, cron="daily"))
    assert set(wrong.response["errors"]) == {"cron"}
    wrong = desk.workspace.submit(top(desk), filled(desk.general, zone="europe/amsterdm"))
    assert "Did you mean Europe/Amsterdam?" in wrong.response["errors"]["zone"]
    wrong = desk.workspace.submit(top(desk), filled(desk.general, cron=""))
    assert set(wrong.response["errors"]) == {"days", "at"}
    assert desk.memory.digests.all() == []


def test_nobody_but_an_admin_opens_digests_or_changes_one(desk):
    bob = desk.workspace.user("Bob")
    done = command(desk, "digest", user=bob)
    assert f"<@{desk.ada}>" in done.messages[0].text
    assert desk.workspace.views(bob) == []


def test_somebody_is_followed_as_the_column_has_them(desk):
    assert "Mara Quill is followed here from now on" in command(desk, "follow quill").messages[0].text
    assert "followed here already" in command(desk, "follow Mara Quill").messages[0].text
    assert "Nobody of this name is quoted" in command(desk, "follow Zed Nobody at once").messages[0].text
    listed = command(desk, "following").messages[0].text
    assert ("• Mara Quill: at once" in listed, "• Zed Nobody: at once" in listed) == (True, True)
    assert "no longer followed" in command(desk, "unfollow mara quill").messages[0].text
    assert "is not followed here" in command(desk, "unfollow mara quill").messages[0].text
    elsewhere = desk.workspace.channel("elsewhere", member=False)
    assert "I cannot post here" in command(desk, "follow quill", channel=elsewhere).messages[0].text


moments = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)


@example(name="&" * 500, words="a" * 3_000, count=6, articles=40)
@given(
    name=hostile,
    words=st.text('ab .“”<&"\\', min_size=1, max_size=2_000),
    count=st.integers(0, 7),
    articles=st.integers(7, 50),
)
def test_a_digest_fits_and_is_inert_whatever_the_column_holds(name, words, count, articles):
    whole = piece(1, words, *texts(2), title=name)
    passages = tuple(
        replace(p, utterances=tuple(replace(u, speaker=name, via=(name,)) for u in p.utterances))
        for p in whole.passages
    )
    article = replace(whole, author=name, url=LONG_URL, passages=passages)
    entry = Entry(article=article, quotes=tuple(pull_quotes(article)), followed=((name, 3),) * 9)
    asked = Asked(
        questions=9, about=((name, 4),) * 9, repeated=((name, 3),) * 9, unanswered=2, missed=((name, 1),)
    )
    held = Held(
        since=moments[0],
        until=moments[1],
        zone="UTC",
        articles=articles,
        entries=(entry,) * count,
        asked=asked,
        slots=3,
    )
    built, shown = digest_message(held)
    assert shown >= min(count, 1)
    assert size(built.blocks) <= BLOCKS_LIMIT
    assert len(built.text) <= TEXT_LIMIT
    assert_inert(built.blocks, built.text)
    followed = follow_message(name, entry.quotes * 3)
    assert_inert(followed.blocks, followed.text)
