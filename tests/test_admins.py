"""Who runs the bot: those who are listed, and, where that is set, the workspace's own admins and owners."""

from dataclasses import replace

from conftest import NOBODY, bot_running
from inert import assert_escaped

from bot import actions, buttons
from bot.admins import REMEMBERED, Admins
from bot.config import Admins as Listed
from bot.playground.team import SCOPES


def test_who_is_listed_is_an_admin_and_nobody_is_looked_up_unless_that_is_set():
    asked = []
    admins = Admins(Listed(people=("UADA",)), lambda user: asked.append(user) or True)
    assert (admins.include("UADA"), admins.include("UBOB"), asked) == (True, False, [])


def test_the_workspaces_admins_are_looked_up_once_in_a_while(clock):
    asked, bosses = [], {"UBOB"}
    admins = Admins(Listed(workspace=True), lambda user: asked.append(user) or user in bosses, clock)
    assert [admins.include(user) for user in ("UBOB", "UEVE", "UBOB")] == [True, False, True]
    assert asked == ["UBOB", "UEVE"]
    bosses.clear()
    assert admins.include("UBOB")
    clock.now += REMEMBERED
    assert not admins.include("UBOB")


def test_who_cannot_be_looked_up_is_no_admin_and_is_asked_for_again(clock):
    def broken(user):
        raise OSError("Slack is down")

    admins = Admins(Listed(people=("UADA",), workspace=True), broken, clock)
    assert (admins.include("UADA"), admins.include("UBOB")) == (True, False)


def test_a_refusal_names_who_can_and_says_what_to_do_where_nobody_can():
    assert "<@UADA>, the admins and owners of this workspace" in (
        Admins(Listed(people=("UADA",), workspace=True), lambda user: False).refusal().text
    )
    assert "ADMINS" in NOBODY.refusal().text
    assert_escaped(NOBODY.refusal().text)


def removed(scene, user, answer):
    assert scene.workspace.click(user, answer, buttons.REMOVE).error is None
    return scene.workspace.wait_for(
        lambda: answer.deleted or [m.text for m in scene.workspace.ephemerals(user, scene.general)]
    )


def asked(scene):
    ts = scene.mention("gulls?")
    return scene.workspace.wait_for_message(scene.general, thread_ts=ts)


def test_an_admin_removes_an_answer_that_somebody_else_asked_for_but_does_not_share_it(build_scene):
    scene = build_scene()
    bob, eve = scene.workspace.user("Bob"), scene.workspace.user("Eve")
    service = replace(scene.service, admins=Listed(people=(bob,)))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        answer = asked(scene)
        assert removed(scene, eve, answer) == [actions.NOT_YOURS_TO_REMOVE.text]
        assert removed(scene, bob, answer) is True
    [given] = scene.memory.answers.of_person(scene.ada)
    assert given.removed_at is not None


def test_an_admin_of_the_workspace_is_one_where_that_is_set_and_may_be_seen(build_scene):
    scene = build_scene()
    bob = scene.workspace.user("Bob")
    scene.workspace.promote(bob)
    service = replace(scene.service, admins=Listed(workspace=True))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        answer = asked(scene)
        assert removed(scene, scene.workspace.user("Eve"), answer) == [actions.NOT_YOURS_TO_REMOVE.text]
        assert removed(scene, bob, answer) is True


def test_without_the_scope_nobody_of_the_workspace_is_an_admin(build_scene):
    scene = build_scene(scopes=SCOPES - {"users:read"})
    bob = scene.workspace.user("Bob")
    scene.workspace.promote(bob)
    service = replace(scene.service, admins=Listed(workspace=True))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        assert removed(scene, bob, asked(scene)) == [actions.NOT_YOURS_TO_REMOVE.text]
