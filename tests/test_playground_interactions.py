"""Commands, clicks, shortcuts and views of the loopback workspace, to a real Bolt app."""

import json
from contextlib import suppress

import playground_app
import pytest
from playground_app import HASTY, connected, refusal
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.playground.team import Timing
from bot.playground.workspace import Workspace

workspace, ada, general = playground_app.workspace, playground_app.ada, playground_app.general
client, app = playground_app.client, playground_app.app


def test_a_command_is_answered_through_its_response_url(workspace, app, ada, general):
    with connected(workspace, app):
        command = workspace.slash(ada, general, "/column", "what about A&B?")
        workspace.wait_for(lambda: command.messages)
    assert (command.error, command.response, command.url_uses) == (None, None, 1)
    assert [m.text for m in workspace.ephemerals(ada, general)] == ["Answered."]
    payload = workspace.deliveries("slash_commands")[0].payload
    assert (payload["command"], payload["text"], payload["user_id"]) == ("/column", "what about A&B?", ada)
    assert "thread_ts" not in payload


def test_a_command_may_be_answered_in_its_ack(workspace, app, ada, general):
    @app.command("/hello")
    def hello(ack):
        ack(text="Hello all.", response_type="in_channel")

    @app.command("/broken")
    def broken(ack):
        ack(blocks=[{"type": "section"}], text="x")

    with connected(workspace, app):
        assert workspace.slash(ada, general, "/hello").messages == workspace.messages(general)
        assert workspace.messages(general)[0].text == "Hello all."
        assert workspace.slash(ada, general, "/broken").error == "invalid_command_response"


@pytest.mark.parametrize("workspace", [HASTY], indirect=True)
def test_a_command_without_an_ack_is_an_error_before_the_person_s_eyes(workspace, app, ada, general):
    assert workspace.slash(ada, general, "/column").error == "dispatch_failed"
    with connected(workspace, app):
        assert workspace.slash(ada, general, "/unheard-of").error == "operation_timeout"
    assert [e.error for e in workspace.errors] == ["dispatch_failed", "operation_timeout"]
    assert len(workspace.deliveries("slash_commands")) == 1  # never retried


def opened(workspace, app, ada, general):
    """Return a command that was acked and said nothing yet."""

    @app.command("/quiet")
    def quiet(ack):
        ack()

    with connected(workspace, app):
        return workspace.slash(ada, general, "/quiet")


def test_a_response_url_takes_five_messages(workspace, app, ada, general):
    command = opened(workspace, app, ada, general)
    hook = WebhookClient(command.response_url)
    assert [hook.send(text=str(n)).status_code for n in range(6)] == [200] * 5 + [404]
    assert [m.text for m in workspace.ephemerals(ada, general)] == ["0", "1", "2", "3", "4"]
    assert workspace.calls("response_url")[-1].answer == {"ok": False, "error": "used_url"}
    assert WebhookClient(command.response_url + "0").send(text="x").status_code == 404


def test_a_response_url_expires(app):
    with Workspace.start(timing=Timing(response_url_life=-1)) as workspace:
        app.client.base_url = workspace.api_url
        command = opened(workspace, app, workspace.user("Ada"), workspace.channel("general"))
        answer = WebhookClient(command.response_url).send(text="x")
    assert (answer.status_code, json.loads(answer.body)["error"]) == (404, "expired_url")


def test_a_response_url_refuses_what_a_channel_would(workspace, app, ada, general):
    hook = WebhookClient(opened(workspace, app, ada, general).response_url)
    answer = hook.send(text="x", blocks=[{"type": "section"}])
    assert (answer.status_code, json.loads(answer.body)["error"]) == (400, "invalid_blocks")


def test_a_response_can_be_public_replaced_and_deleted(workspace, app, ada, general):
    hook = WebhookClient(opened(workspace, app, ada, general).response_url)
    hook.send(text="Searching …", response_type="in_channel")
    hook.send(text="Found.", replace_original=True)
    assert [(m.text, m.earlier[0][0]) for m in workspace.messages(general)] == [("Found.", "Searching …")]
    hook.send(delete_original=True)
    assert workspace.messages(general) == []


def test_trigger_ids_work_once_and_in_time(workspace, client, app, ada, general):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [{"type": "divider"}]}
    trigger = opened(workspace, app, ada, general).trigger_id
    client.views_open(trigger_id=trigger, view=view)
    assert [v.data["title"]["text"] for v in workspace.views(ada)] == ["T"]
    assert refusal(client.views_open, trigger_id=trigger, view=view) == "exchanged_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.3", view=view) == "invalid_trigger_id"


def test_an_old_trigger_id_is_refused(app):
    with Workspace.start(timing=Timing(trigger_life=-1)) as workspace:
        app.client.base_url = workspace.api_url
        trigger = opened(workspace, app, workspace.user("Ada"), workspace.channel("general")).trigger_id
        client = WebClient(workspace.bot_token, base_url=workspace.api_url)
        view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
        assert refusal(client.views_open, trigger_id=trigger, view=view) == "expired_trigger_id"


BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {
                "type": "button",
                "action_id": "more",
                "text": {"type": "plain_text", "text": "More"},
                "value": "7",
            }
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
            }
        ],
    },
]


def test_a_click_names_the_button_and_the_message_and_may_replace_it(workspace, client, app, ada, general):
    @app.action("more")
    def more(ack, respond):
        ack()
        respond(text="More.", replace_original=True)

    client.chat_postMessage(channel=general, text="Less.", blocks=BUTTONS)
    message = workspace.answers(general)[0]
    with connected(workspace, app):
        click = workspace.click(ada, message, "more")
        workspace.wait_for(lambda: click.messages)
    payload = workspace.deliveries("interactive")[0].payload
    action = {key: payload["actions"][0][key] for key in ("action_id", "block_id", "value", "type")}
    assert action == {"action_id": "more", "block_id": "b", "value": "7", "type": "button"}
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == message.ts
    assert (payload["type"], payload["user"]["id"], payload["channel"]["id"]) == (
        "block_actions",
        ada,
        general,
    )
    assert [m.text for m in workspace.messages(general)] == ["More."]


def test_feedback_is_one_of_two_and_ephemeral_messages_are_not_handed_back(
    workspace, client, app, ada, general
):
    app.action("rate")(lambda ack: ack())
    client.chat_postEphemeral(channel=general, user=ada, text="x", blocks=BUTTONS)
    with connected(workspace, app):
        assert workspace.click(ada, workspace.ephemerals(ada, general)[0], "rate", "down").error is None
        with pytest.raises(KeyError):
            workspace.click(workspace.user("Bob"), workspace.ephemerals(ada, general)[0], "rate", "down")
    payload = workspace.deliveries("interactive")[0].payload
    assert (payload["actions"][0]["value"], payload["actions"][0]["text"]["text"]) == ("down", "Bad")
    assert "message" not in payload
    assert payload["container"]["is_ephemeral"]


def test_a_message_shortcut_opens_a_modal_that_can_be_submitted(workspace, client, app, ada, general):
    view = {
        "type": "modal",
        "callback_id": "asked",
        "title": {"type": "plain_text", "text": "Ask"},
        "submit": {"type": "plain_text", "text": "Ask"},
        "blocks": [
            {
                "type": "input",
                "block_id": "q",
                "label": {"type": "plain_text", "text": "Question"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }

    @app.shortcut("ask")
    def ask(ack, shortcut, client):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @app.view("asked")
    def asked(ack, view):
        if not view["state"]["values"]["q"]["text"]["value"]:
            ack(response_action="errors", errors={"q": "Ask something."})
        else:
            ack()

    ts = workspace.post(ada, general, "hello")
    with connected(workspace, app):
        workspace.shortcut(ada, "ask", workspace.message(general, ts))
        modal = workspace.wait_for(lambda: workspace.views(ada))[0]
        empty = workspace.submit(modal, {"q": {"text": {"type": "plain_text_input", "value": None}}})
        assert (empty.response["errors"], modal.closed) == ({"q": "Ask something."}, False)
        workspace.submit(modal, {"q": {"text": {"type": "plain_text_input", "value": "Why?"}}})
        assert modal.closed
    assert workspace.deliveries("interactive")[0].payload["message"]["text"] == "hello"


def test_modals_are_stacked_three_deep_and_may_all_be_closed_at_once(workspace, client, app, ada):
    def modal(name):
        blocks = [{"type": "actions", "elements": BUTTONS[0]["elements"]}]
        return {
            "type": "modal",
            "callback_id": name,
            "title": {"type": "plain_text", "text": name},
            "blocks": blocks,
        }

    @app.shortcut("start")
    def start(ack, shortcut):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=modal("one"))

    @app.action("more")
    def more(ack, body):
        ack()
        with suppress(SlackApiError):
            client.views_push(trigger_id=body["trigger_id"], view=modal("next"))

    app.view("next")(lambda ack: ack(response_action="clear"))
    with connected(workspace, app):
        workspace.shortcut(ada, "start")
        for depth in (1, 2, 3):
            top = workspace.wait_for(lambda depth=depth: workspace.views(ada)[depth - 1 :])[0]
            workspace.click(ada, top, "more")
        workspace.wait_for(lambda: len(workspace.calls("views.push")) == 3)
        assert [v.data["callback_id"] for v in workspace.views(ada)] == ["one", "next", "next"]
        workspace.submit(top)
        assert workspace.views(ada) == []
    assert [c.answer.get("error") for c in workspace.calls("views.push")] == [
        None,
        None,
        "push_limit_reached",
    ]


def test_a_home_tab_is_published_and_updated(workspace, client, ada):
    home = {"type": "home", "blocks": [{"type": "divider", "block_id": "one"}]}
    first = client.views_publish(user_id=ada, view=home)["view"]
    second = client.views_publish(user_id=ada, view=home | {"blocks": []})["view"]
    assert (first["id"], workspace.home(ada).blocks) == (second["id"], [])
    assert refusal(client.views_update, view_id=first["id"], hash=first["hash"], view=home) == "hash_conflict"
