"""Digests over time: what each holds, once a slot, through restarts, outages and changes of the clocks."""

from dataclasses import replace

import pytest
from newsroom import ADMIN, CHANNEL, Fault, Newsroom, piece, quotes, seconds, texts, titles

from bot.poster import DoubtError, LaterError, RefusedError
from bot.press import Ending
from bot.state import Kind, Request, given
from index.verdict import Answer, Searched, Verdict


@pytest.fixture
def room(tmp_path, clock):
    clock.now = seconds("2026-03-02T12:00")
    room = Newsroom(tmp_path / "bot.sqlite", clock)
    yield room
    room.close()


def test_a_digest_tells_of_what_is_new_with_pull_quotes_and_names_its_window(room):
    room.column.put(piece(0), at=seconds("2026-03-01T12:00"))
    room.digest()
    room.column.put(piece(1), at=seconds("2026-03-02T13:00"))
    room.until("2026-03-03T07:50")
    assert room.slack.posts == []
    room.until("2026-03-03T08:00")
    (post,) = room.slack.of()
    assert post.message.text.startswith(
        "New in the column: 1 article. From 2 March 2026, 13:00 to 3 March 2026, 09:00 (Europe/Amsterdam)."
    )
    assert titles(post.message) == ["Piece 1"]
    assert quotes(post.message) == list(texts(1)[1:4])
    assert "Mara Quill:\n“Crane number 1" in post.message.text
    assert "— “Piece 1”, by Ines Calder, 1 March 2026, paragraph 2" in post.message.text
    assert room.endings == [Ending.POSTED]


def test_nothing_is_told_twice_whatever_becomes_of_it(room):
    room.digest()
    room.column.put(piece(1))
    room.column.put(piece(2))
    room.until("2026-03-03T09:00")
    room.column.put(piece(1, *texts(1), "A sentence that was added later."))
    room.column.remove("a2")
    room.until("2026-03-04T07:00")
    room.column.put(piece(2))
    room.until("2026-03-05T09:00")
    assert [sorted(titles(p.message)) for p in room.slack.of()] == [["Piece 1", "Piece 2"]]
    assert room.endings == [Ending.POSTED, Ending.NOTHING_NEW, Ending.NOTHING_NEW]


def test_a_passage_that_stands_in_another_article_too_is_not_shown_again(room):
    room.digest()
    room.column.put(piece(1))
    room.until("2026-03-03T09:00")
    room.column.put(piece(2, texts(1)[1], texts(2)[2], texts(1)[3]))
    room.until("2026-03-04T09:00")
    assert quotes(room.slack.of()[1].message) == [texts(2)[2]]


def test_what_is_gone_before_it_is_told_is_not_told(room):
    room.digest()
    room.column.put(piece(1))
    room.column.remove("a1")
    room.until("2026-03-03T09:00")
    assert room.slack.posts == []


def test_with_nothing_new_there_is_a_line_where_that_is_wanted(room):
    room.digest(silent=False)
    room.until("2026-03-04T09:00")
    first, second = room.slack.of()
    assert first.message.text.startswith("Nothing is new in the column. From 2 March 2026, 13:00 to 3 March")
    assert "From 3 March 2026, 09:00 to 4 March 2026, 09:00" in second.message.text


def test_after_silence_the_next_digest_covers_all_since_the_last(room):
    room.digest()
    room.column.put(piece(1))
    room.until("2026-03-05T12:00")
    room.column.put(piece(2))
    room.until("2026-03-06T09:00")
    assert "From 3 March 2026, 09:00 to 6 March 2026, 09:00" in room.slack.of()[1].message.text


def test_several_digests_of_a_channel_share_what_was_told_and_other_channels_do_not(room):
    for channel in (CHANNEL, CHANNEL, "C0OTHER"):
        room.digest(channel=channel)
    room.column.put(piece(1))
    room.until("2026-03-04T12:00")
    assert len(room.slack.of()) == 1
    assert len(room.slack.of("C0OTHER")) == 1


def test_without_pull_quotes_articles_are_named(room):
    room.digest(quotes=False)
    room.column.put(piece(1))
    room.until("2026-03-03T09:00")
    (post,) = room.slack.of()
    assert (titles(post.message), quotes(post.message)) == (["Piece 1"], [])


def test_what_has_no_room_goes_on_in_the_thread_and_then_is_counted(room):
    room.digest()
    for number in range(40):
        room.column.put(piece(number))
    room.until("2026-03-03T12:00")
    first, *more = room.slack.of()
    assert {p.thread_ts for p in more} == {first.ts}
    assert "more articles in the thread below." in first.message.text
    named = [title for p in room.slack.of() for title in titles(p.message)]
    assert len(set(named)) == len(named)
    assert f"And {40 - len(named)} more articles: /column sources" in more[-1].message.text
    room.until("2026-03-04T12:00")
    assert len(room.slack.of()) == 1 + len(more)


def test_a_machine_that_slept_for_three_days_posts_one_digest_that_names_its_window(room):
    room.digest()
    room.until("2026-03-03T12:00")
    room.column.put(piece(1))
    room.clock.now = seconds("2026-03-06T15:00")
    room.column.put(piece(2))
    room.keeper.tick()
    (post,) = room.slack.of()
    assert sorted(titles(post.message)) == ["Piece 1", "Piece 2"]
    assert "From 2 March 2026, 13:00 to 6 March 2026, 16:00" in post.message.text
    assert "3 digests were due in that time; this one stands for all of them." in post.message.text
    (alarm,) = room.slack.of(ADMIN)
    assert "that was due on 6 March 2026, 09:00 (Europe/Amsterdam) came 7 hours late." in alarm.message.text
    assert room.endings[-1] is Ending.LATE
    room.until("2026-03-06T18:00")
    assert len(room.slack.posts) == 2


@pytest.mark.parametrize(
    ("zone", "cron", "first", "last"),
    [
        ("Europe/Amsterdam", "30 2 * * *", "2026-03-27T12:00", "2026-03-31T12:00"),
        ("Europe/Amsterdam", "30 2 * * *", "2026-10-23T12:00", "2026-10-27T12:00"),
        ("America/New_York", "30 1 * * *", "2026-10-30T12:00", "2026-11-03T12:00"),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-03T12:00", "2026-04-07T12:00"),
        ("Africa/Cairo", "0 0 * * *", "2026-04-22T12:00", "2026-04-26T12:00"),
    ],
)
def test_when_clocks_change_there_is_one_digest_a_day(room, zone, cron, first, last):
    room.clock.now = seconds(first)
    room.digest(cron, zone, silent=False)
    room.until(last, step=900)
    days = [p.id.split()[1][:10] for p in room.slack.of()]
    assert len(days) == len(set(days)) == 4
    assert room.slack.of(ADMIN) == []


def test_a_clock_that_is_set_back_posts_nothing_again(room):
    room.digest(silent=False)
    room.until("2026-03-03T09:00")
    room.clock.now = seconds("2026-03-02T20:00")
    room.until("2026-03-03T09:00")
    assert len(room.slack.of()) == 1


# ---- Slack fails


def test_a_post_that_slack_took_without_saying_so_is_found_and_not_repeated(room):
    room.digest()
    room.column.put(piece(1))
    room.slack.faults.append(Fault(DoubtError("cut off"), accept=True))
    room.until("2026-03-05T09:00")
    assert len(room.slack.posts) == 1


def test_a_post_that_is_not_there_is_made_again(room):
    room.digest()
    room.column.put(piece(1))
    room.slack.faults += [Fault(DoubtError("cut off")), Fault(LaterError(30)), Fault(DoubtError("cut off"))]
    room.until("2026-03-03T12:00", step=120)
    assert len(room.slack.posts) == 1


def test_where_nobody_may_look_nothing_is_posted_again_and_the_admins_are_told(room):
    room.digest()
    room.column.put(piece(1))
    room.slack.readable = False
    room.slack.faults.append(Fault(DoubtError("cut off"), accept=True))
    room.until("2026-03-04T12:00")
    assert len(room.slack.of()) == 1
    (alarm,) = room.slack.of(ADMIN)
    assert "I do not know whether this arrived: The digest of <#C0GENERAL>" in alarm.message.text


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "not_in_channel"])
def test_a_channel_that_is_gone_pauses_its_digests_and_when_resumed_nothing_is_lost(room, code):
    digest = room.digest()
    room.digest("30 9 * * *")
    room.column.put(piece(1))
    room.slack.refuses[CHANNEL] = RefusedError(code)
    room.until("2026-03-05T12:00")
    (alarm,) = room.slack.of(ADMIN)
    assert f"({code}). The digests of that channel are paused" in alarm.message.text
    assert [d.paused_why for d in room.memory.digests.all()] == [code, code]
    del room.slack.refuses[CHANNEL]
    room.column.put(piece(2))
    room.memory.digests.resume(digest.id)
    room.until("2026-03-05T20:00")
    assert room.slack.of() == []  # the next slot, not one that is past
    room.until("2026-03-06T09:00")
    (post,) = room.slack.of()
    assert sorted(titles(post.message)) == ["Piece 1", "Piece 2"]
    assert "From 2 March 2026, 13:00 to 6 March 2026, 09:00" in post.message.text


def test_what_slack_refuses_for_another_reason_is_told_once_and_the_next_digest_has_it(room):
    room.digest()
    room.column.put(piece(1))
    room.slack.faults.append(Fault(RefusedError("invalid_blocks")))
    room.until("2026-03-04T09:00")
    assert [titles(p.message) for p in room.slack.of()] == [["Piece 1"]]
    assert "(invalid_blocks)" in room.slack.of(ADMIN)[0].message.text
    assert len(room.slack.of(ADMIN)) == 1


def test_admins_are_told_once_of_a_digest_that_is_late(room):
    room.digest()
    room.column.put(piece(1))
    room.slack.faults += [Fault(LaterError(30))] * 9
    room.slack.refuses[ADMIN] = LaterError(30)
    room.until("2026-03-03T07:30")
    room.until("2026-03-03T08:40", step=20)
    del room.slack.refuses[ADMIN]
    room.until("2026-03-03T09:30", step=20)
    room.until("2026-03-03T12:00")
    (alarm,) = room.slack.of(ADMIN)
    assert "has not come, 31 minutes later. I go on trying." in alarm.message.text
    assert len(room.slack.of()) == 1


def test_a_channel_that_others_read_along_in_gets_none_unless_its_settings_say_so(room):
    room.memory.channels.note_shared(CHANNEL, shared=True)
    room.digest()
    room.column.put(piece(1))
    room.until("2026-03-03T12:00")
    assert room.slack.of() == []
    assert "people of other organisations read along" in room.slack.of(ADMIN)[0].message.text


def test_a_fault_of_ours_in_one_digest_keeps_no_other_waiting(room, monkeypatch):
    room.digest(channel="C0OTHER")
    room.digest()
    room.column.put(piece(1))
    whole, broken = room.memory.digests.untold, [True]

    def untold(channel, articles):
        if channel == "C0OTHER" and broken:
            raise RuntimeError("boom")
        return whole(channel, articles)

    monkeypatch.setattr(room.memory.digests, "untold", untold)
    room.until("2026-03-03T08:30", step=120)
    assert (len(room.slack.of()), len(room.slack.of("C0OTHER"))) == (1, 0)
    broken.clear()
    room.until("2026-03-03T09:30", step=120)
    assert (len(room.slack.of()), len(room.slack.of("C0OTHER"))) == (1, 1)


# ---- as people decide


def test_a_paused_digest_rests_and_goes_on_with_the_old_window(room):
    digest = room.digest()
    room.memory.digests.pause(digest.id)
    room.column.put(piece(1))
    room.until("2026-03-04T12:00")
    assert room.slack.posts == []
    room.memory.digests.resume(digest.id)
    room.until("2026-03-05T09:00")
    assert "From 2 March 2026, 13:00 to 5 March 2026, 09:00" in room.slack.of()[0].message.text
    assert room.slack.of(ADMIN) == []


def test_a_digest_that_is_changed_is_due_as_it_is_now(room):
    digest = room.digest()
    room.column.put(piece(1))
    room.until("2026-03-03T07:00")
    room.memory.digests.change(replace(digest, cron="0 7 * * *"))  # which was due an hour ago
    room.until("2026-03-03T20:00")
    assert room.slack.posts == []
    room.until("2026-03-04T06:30")
    assert len(room.slack.of()) == 1


def test_a_digest_that_ended_is_not_posted_even_where_it_was_begun(room):
    digest = room.digest()
    room.column.put(piece(1))
    room.slack.faults.append(Fault(LaterError(30)))
    room.until("2026-03-03T08:00")
    room.memory.digests.end(digest.id)
    room.until("2026-03-04T12:00")
    assert room.slack.posts == []
    assert room.memory.runs.unfinished() == []


def test_a_new_digest_of_a_channel_that_had_none_tells_only_of_what_comes(room):
    room.memory.digests.end(room.digest().id)
    room.column.put(piece(1))
    room.until("2026-03-10T12:00")
    room.digest()
    room.column.put(piece(2))
    room.until("2026-03-11T12:00")
    assert [titles(p.message) for p in room.slack.of()] == [["Piece 2"]]


# ---- follow


def test_whoever_follows_is_told_of_each_quotation_once_and_of_no_mention(room):
    room.column.put(piece(1), at=seconds("2026-03-01T12:00"))
    room.memory.follows.begin("D0ADA", "Mara Quill", "U0ADA", at_once=False)
    room.column.put(piece(2, "Tom Bask said that Mara Quill had slept late.", "Mara Quill slept late."))
    room.keeper.tick()
    assert room.slack.posts == []
    room.column.put(piece(3))
    room.column.put(piece(4, texts(3)[1]))  # the same words once more
    room.keeper.tick()
    (post,) = room.slack.of("D0ADA")
    assert quotes(post.message) == [texts(3)[1]]
    room.column.put(piece(3, *texts(3), "Added later."))
    room.restart()
    room.until("2026-03-03T12:00")
    assert len(room.slack.posts) == 1


def test_in_a_channel_with_a_digest_a_follow_comes_with_it_unless_at_once_is_wanted(room):
    room.digest(quotes=False)
    room.memory.follows.begin(CHANNEL, "Ilse Vann", "U0ADA", at_once=False)
    room.memory.follows.begin(CHANNEL, "Tom Bask", "U0ADA", at_once=True)
    room.column.put(piece(1))
    room.keeper.tick()
    assert [quotes(p.message) for p in room.slack.of()] == [[texts(1)[2]]]
    room.until("2026-03-03T09:00")
    digest = room.slack.of()[1].message
    assert quotes(digest) == [texts(1)[3]]
    assert "Followed here, and how often quoted: Ilse Vann (1)." in digest.text
    room.memory.digests.end(room.memory.digests.all()[0].id)
    room.restart()
    room.keeper.tick()  # at once from now on, and told of all that the digest told
    assert len(room.slack.of()) == 2


def test_a_follow_that_cannot_be_posted_rests_and_the_admins_are_told_once(room):
    room.memory.follows.begin(CHANNEL, "Mara Quill", "U0ADA", at_once=True)
    room.slack.refuses[CHANNEL] = RefusedError("is_archived")
    room.column.put(piece(1))
    room.until("2026-03-02T15:00")
    assert room.memory.follows.all()[0].paused_why == "is_archived"
    assert len(room.slack.of(ADMIN)) == 1


# ---- what was asked


def given_by(user, question, verdict, subject=None, kind=Kind.MENTION, **more):
    request = Request(kind=kind, key=question + user, team="T", channel=CHANNEL, user=user, text=question)
    searched = Searched(articles=1, passages=1, first=None, last=None, generation=1)
    answer = Answer(
        question=question, verdict=verdict, excerpts=(), searched=searched, confidence=1.0, subject=subject
    )
    return replace(given(user + question, request, answer), **more)


def test_what_was_asked_is_counted_and_what_one_person_typed_is_not_shown(room):
    room.digest(asked=True)
    answers = [
        given_by("U1", "What did Quill say?", Verdict.ANSWERED, "Mara Quill"),
        given_by("U2", "what did quill say", Verdict.ANSWERED, "Mara Quill"),
        given_by("U1", "Is my boss a fool?", Verdict.SILENT),
        given_by("U1", "What did Zed say?", Verdict.NEVER_MENTIONED, "Zed"),
        given_by("U1", "A secret?", Verdict.SILENT, kind=Kind.COMMAND),
        given_by("U1", "Taken away?", Verdict.SILENT, removed_at=5.0),
    ]
    for answer in answers:
        room.memory.answers.save(answer)
        room.clock.now += 1
    room.column.put(piece(1))
    room.until("2026-03-03T09:00")
    text = room.slack.of()[0].message.text
    assert "Asked here in that time: 4 questions; 2 of them had no answer in the column." in text
    assert "Most about: Mara Quill (2)." in text
    assert "“What did Quill say?” (2 times)" in text
    assert [word for word in ("boss", "Zed", "secret", "Taken", "U1", "U2") if word in text] == []
