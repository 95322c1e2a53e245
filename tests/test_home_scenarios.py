"""The app's tabs and a channel's settings: the real Bolt app over Socket Mode in the loopback workspace."""

import json
import threading
from dataclasses import replace

import pytest
from conftest import GULLS, TIDE, bot_running
from inert import assert_inert
from test_bot_scenarios import settled

from bot import settings
from bot.config import Admins as Listed
from bot.home import LOADING, NOTHING_ASKED
from bot.message import HELP
from bot.playground.faults import Fault
from bot.playground.team import SCOPES
from bot.settings import KEEP_YOURSELF, NO_CHANNEL, NOT_ALLOWED, SHARED_REFUSAL
from bot.state import ChannelSettings

BOTH = "the harbour master said what of the tide, and which gulls are honest critics?"


def opened_home(scene, user):
    before = len(scene.workspace.calls("views.publish"))
    scene.workspace.open_home(user, tab="home")
    scene.workspace.wait_for(lambda: len(scene.workspace.calls("views.publish")) > before)
    return scene.workspace.home(user)


def open_modal(scene, user):
    [view] = [view for view in scene.workspace.views(user) if not view.closed]
    return view


def commanded_settings(scene, user, channel):
    shown = scene.workspace.slash(user, channel, "/column", "settings")
    assert shown.error is None
    scene.workspace.wait_for(lambda: scene.workspace.views(user))
    return open_modal(scene, user)


def filled(view, *, mention=False, who=(), groups=(), shared=False, excerpts=5):
    """Return what a person filled in, as Slack hands it over."""
    on = {b["block_id"]: b["element"].get("options") for b in view.blocks if b["type"] == "input"}
    fields = {
        settings.WITHOUT_MENTION: {"selected_options": on[settings.WITHOUT_MENTION] if mention else []},
        settings.WHO: {"selected_users": list(who)},
        settings.SHARED: {"selected_options": on[settings.SHARED] if shared else []},
        settings.EXCERPTS: {"selected_option": on[settings.EXCERPTS][excerpts - 1]},
    }
    if settings.GROUPS in on:
        picked = [option for option in on[settings.GROUPS] if option["value"] in groups]
        fields[settings.GROUPS] = {"selected_options": picked}
    return {id: {id: field} for id, field in fields.items()}


def keep(scene, **chosen):
    scene.memory.channels.save(replace(ChannelSettings(channel=scene.general), **chosen))


# ---- the tabs


def test_the_messages_tab_opens_with_prompts_of_the_newest_article_once(scene):
    scene.workspace.open_home(scene.ada, tab="messages")
    [shown] = scene.workspace.wait_for(lambda: scene.workspace.prompts)
    assert [p["message"] for p in shown["prompts"]] == ["What did Roe say about tide?", "What did Roe say?"]
    assert (shown["channel"], shown["thread_ts"]) == (scene.workspace.dm(scene.ada), None)
    scene.workspace.replay(scene.workspace.deliveries("app_home_opened")[0])
    settled(scene)
    assert opened_home(scene, scene.ada)  # its call comes after any that the replay could have made
    assert len(scene.workspace.calls("assistant.threads.setSuggestedPrompts")) == 1


def test_while_the_column_is_loading_prompts_stay_out_and_home_says_so(build_scene, column, caplog):
    caplog.set_level("INFO")
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return column

    scene = build_scene(load)
    with bot_running(scene):
        scene.workspace.open_home(scene.ada, tab="messages")
        scene.workspace.wait_until_delivered()
        assert LOADING in json.dumps(opened_home(scene, scene.ada).blocks)
        loaded.set()
    assert "no prompts" in caplog.text
    assert scene.workspace.prompts == []
    assert scene.workspace.messages(scene.workspace.dm(scene.ada)) == []


def test_a_refused_publication_is_logged_and_the_next_one_is_shown(scene, caplog):
    scene.workspace.faults.add("views.publish", Fault(error="internal_error"))
    opened_home(scene, scene.ada)
    assert opened_home(scene, scene.ada)
    assert "tab not filled" in caplog.text


def test_home_shows_what_is_indexed_how_to_ask_and_ones_own_questions_only(scene):
    bob = scene.workspace.user("Bob")
    assert NOTHING_ASKED in json.dumps(opened_home(scene, scene.ada).blocks)
    scene.mention("gulls & <tide>?")
    settled(scene)
    shown = json.dumps(opened_home(scene, scene.ada).blocks, ensure_ascii=False)
    assert "gulls & <tide>?" in shown
    assert "1 article, 10 September 2025. Last read on 11 September 2025 at 07:05 UTC." in shown
    assert "/column" in shown
    assert "gulls" not in json.dumps(opened_home(scene, bob).blocks)
    assert_inert(opened_home(scene, scene.ada).blocks, None, own=[HELP])


# ---- the settings


def test_settings_are_chosen_from_home_for_a_channel_and_kept(scene):
    clicked = scene.workspace.click(scene.ada, opened_home(scene, scene.ada), settings.OPEN)
    assert clicked.error is None
    scene.workspace.wait_for(lambda: scene.workspace.calls("views.open"))
    modal = open_modal(scene, scene.ada)
    picked = {settings.CHANNEL: {settings.CHANNEL: {"selected_conversation": scene.general}}}
    assert scene.workspace.submit(modal, picked).error is None
    modal = open_modal(scene, scene.ada)
    assert modal.data["private_metadata"] == scene.general
    given = filled(modal, mention=True, who=[scene.ada], shared=True, excerpts=2)
    assert scene.workspace.submit(modal, given).error is None
    assert modal.closed
    assert scene.memory.channels.load(scene.general) == ChannelSettings(
        channel=scene.general,
        answer_without_mention=True,
        may_ask=(scene.ada,),
        answer_shared=True,
        most_excerpts=2,
    )


def test_the_command_opens_settings_as_they_are_and_asks_the_column_nothing(scene, column):
    keep(scene, answer_without_mention=True, may_ask=(scene.ada,), most_excerpts=3)
    modal = commanded_settings(scene, scene.ada, scene.general)
    fields = {block["block_id"]: block["element"] for block in modal.blocks if block["type"] == "input"}
    assert fields[settings.WITHOUT_MENTION]["initial_options"][0]["value"] == "on"
    assert fields[settings.WHO]["initial_users"] == [scene.ada]
    assert "initial_options" not in fields[settings.SHARED]
    assert fields[settings.EXCERPTS]["initial_option"]["value"] == "3"
    assert settled(scene) == {}
    assert column.asked == []


def test_a_direct_message_has_no_settings(scene):
    shown = scene.workspace.slash(scene.ada, scene.workspace.dm(scene.ada), "/column", "settings")
    scene.workspace.wait_for(lambda: shown.messages)
    assert [m.text for m in shown.messages] == [NO_CHANNEL.text]


def test_nobody_locks_themselves_out(scene):
    modal = commanded_settings(scene, scene.ada, scene.general)
    sent = scene.workspace.submit(modal, filled(modal, who=[scene.workspace.user("Bob")]))
    assert sent.response == {"response_action": "errors", "errors": {settings.WHO: KEEP_YOURSELF}}
    assert scene.memory.channels.load(scene.general) == ChannelSettings(channel=scene.general)


def test_who_is_not_listed_neither_opens_nor_changes_settings(scene):
    bob = scene.workspace.user("Bob")
    modal = commanded_settings(scene, bob, scene.general)  # open before the list is kept
    keep(scene, may_ask=(scene.ada,))
    sent = scene.workspace.submit(modal, filled(modal, who=[bob]))
    assert sent.response["errors"] == {settings.WHO: NOT_ALLOWED}
    shown = scene.workspace.slash(bob, scene.general, "/column", "settings")
    scene.workspace.wait_for(lambda: shown.messages)
    assert f"<@{scene.ada}>" in shown.messages[0].text
    assert scene.memory.channels.load(scene.general).may_ask == (scene.ada,)


def test_an_admin_of_the_bot_changes_what_a_list_keeps_others_from(build_scene):
    scene = build_scene()
    bob = scene.workspace.user("Bob")
    service = replace(scene.service, admins=Listed(people=(bob,)))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        keep(scene, may_ask=(scene.ada,))
        modal = commanded_settings(scene, bob, scene.general)
        assert scene.workspace.submit(modal, filled(modal, who=[scene.ada], excerpts=2)).error is None
    assert scene.memory.channels.load(scene.general).most_excerpts == 2


def test_a_user_group_may_be_let_in_where_groups_may_be_read(scene, column):
    bob, eve = scene.workspace.user("Bob"), scene.workspace.user("Eve")
    desk = scene.workspace.usergroup("desk", bob)
    scene.workspace.usergroup("<!channel>", eve)
    modal = commanded_settings(scene, scene.ada, scene.general)
    assert_inert(modal.blocks[1:], None)
    sent = scene.workspace.submit(modal, filled(modal, who=[scene.ada], groups=[desk]))
    assert sent.error is None
    assert scene.memory.channels.load(scene.general).groups == (desk,)
    ts = scene.workspace.post(bob, scene.general, f"<@{scene.workspace.bot_user_id}> gulls?")
    assert GULLS in scene.workspace.wait_for_message(scene.general, thread_ts=ts).text
    scene.workspace.post(eve, scene.general, f"<@{scene.workspace.bot_user_id}> gulls?")
    [told] = scene.workspace.wait_for(lambda: scene.workspace.ephemerals(eve, scene.general))
    assert "the user groups that its settings name" in told.text
    assert column.asked == ["gulls?"]


def test_without_the_scope_there_is_no_menu_of_groups_and_nobody_is_in_one(build_scene):
    scene = build_scene(scopes=SCOPES - {"usergroups:read"})
    bob = scene.workspace.user("Bob")
    desk = scene.workspace.usergroup("desk", bob)
    with bot_running(scene) as started:
        assert started.wait(60)
        modal = commanded_settings(scene, scene.ada, scene.general)
        assert [b["block_id"] for b in modal.blocks if b["block_id"] == settings.GROUPS] == []
        keep(scene, may_ask=(scene.ada,), groups=(desk,))
        scene.workspace.post(bob, scene.general, f"<@{scene.workspace.bot_user_id}> gulls?")
        assert scene.workspace.wait_for(lambda: scene.workspace.ephemerals(bob, scene.general))


# ---- what they do


def test_an_answer_holds_no_more_excerpts_than_the_channel_wants(scene):
    ts = scene.mention(BOTH)
    [whole] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert TIDE in whole.text
    assert GULLS in whole.text
    keep(scene, most_excerpts=1)
    ts = scene.mention(BOTH)
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert TIDE in answer.text
    assert GULLS not in json.dumps([answer.text, answer.blocks], ensure_ascii=False)


def test_who_may_not_ask_is_told_privately_who_can_change_that(scene, column):
    bob = scene.workspace.user("Bob")
    keep(scene, may_ask=(scene.ada,))
    scene.workspace.post(bob, scene.general, f"<@{scene.workspace.bot_user_id}> gulls?")
    [told] = scene.workspace.wait_for(lambda: scene.workspace.ephemerals(bob, scene.general))
    assert f"<@{scene.ada}>" in told.text
    settled(scene)
    assert scene.workspace.calls("chat.postMessage") == []
    assert column.asked == []
    ts = scene.mention("gulls?")
    assert scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


def test_who_may_not_ask_is_helped_all_the_same_but_shown_nothing_of_the_column(scene):
    bob = scene.workspace.user("Bob")
    keep(scene, may_ask=(scene.ada,))
    texts = []
    for user in (bob, scene.ada):
        shown = scene.workspace.slash(user, scene.general, "/column", "help")
        scene.workspace.wait_for(lambda shown=shown: shown.messages)
        texts.append(shown.messages[0].text)
    assert [text.startswith(HELP) for text in texts] == [True, True]
    assert ["What did Roe say?" in text for text in texts] == [False, True]


def test_who_may_not_ask_is_left_in_peace_below_an_answer(scene, column):
    bob = scene.workspace.user("Bob")
    keep(scene, may_ask=(scene.ada,), answer_without_mention=True)
    ts = scene.mention("gulls?")
    scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    settled(scene)
    scene.workspace.post(bob, scene.general, "and the tide?", thread_ts=ts)
    settled(scene)
    assert column.asked == ["gulls?"]
    assert scene.workspace.ephemerals(bob, scene.general) == []


def test_a_shared_channel_gets_a_reason_and_no_answer_until_its_settings_say_so(scene, column):
    scene.workspace.share(scene.general)
    scene.mention("gulls?")
    [told] = scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general))
    assert told.text == SHARED_REFUSAL.text
    settled(scene)
    assert column.asked == []
    keep(scene, answer_shared=True)
    ts = scene.mention("gulls?")
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert GULLS in answer.text


def test_a_channel_that_is_shared_no_longer_is_answered_again(scene):
    scene.workspace.share(scene.general)
    scene.mention("gulls?")
    scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general))
    scene.workspace.share(scene.general, shared=False)
    ts = scene.mention("gulls?")
    assert scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


def test_an_answer_is_not_shared_into_a_channel_that_gets_none(scene):
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
    scene.workspace.wait_for(lambda: shown.messages)
    scene.workspace.share(scene.general)
    scene.workspace.post(scene.ada, scene.general, "good morning")  # by which the bot learns of it
    settled(scene)
    scene.workspace.click(scene.ada, shown.messages[0], "answer_share")
    scene.workspace.wait_for(lambda: len(scene.workspace.ephemerals(scene.ada, scene.general)) > 1)
    assert scene.workspace.ephemerals(scene.ada, scene.general)[-1].text == SHARED_REFUSAL.text
    assert scene.workspace.messages(scene.general)[-1].text == "good morning"


@pytest.mark.parametrize("text", ["settings", " Settings "])
def test_a_refused_modal_is_owned_up_to(scene, text):
    scene.workspace.faults.add("views.open", Fault(error="internal_error"))
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: shown.messages)
    assert [m.text for m in shown.messages] == [settings.NOT_OPENED.text]
