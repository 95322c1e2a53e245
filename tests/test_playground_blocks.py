"""Slack's limits, each from both sides: the last that passes and the first that is refused."""

import pytest

from bot.playground.blocks import check_message, check_metadata, check_view, split_text
from bot.playground.team import ApiError


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text):
    return {"type": "section", "text": mrkdwn(text)}


def button(action_id="go", text="Go", **more):
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def quote(*leaves):
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": list(leaves)}]}


def feedback(action_id="rate", text="Good", value="1"):
    choice = {"text": plain(text), "value": value}
    return {
        "type": "feedback_buttons",
        "action_id": action_id,
        "positive_button": choice,
        "negative_button": choice,
    }


def menu(**more):
    return {
        "type": "static_select",
        "action_id": "s",
        "options": [{"text": plain("A"), "value": "a"}],
        **more,
    }


def typing(**more):
    return {"type": "plain_text_input", "action_id": "n", **more}


def table(rows, columns, text="x"):
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns for _ in range(rows)]}


def refused(check, *args, **options):
    """Return the name of the error that *check* raises, or None."""
    try:
        check(*args, **options)
    except ApiError as error:
        return error.error
    return None


def refusal(blocks):
    return refused(check_message, {"text": "read aloud", "blocks": blocks}, split=True)


LIMITS = {
    "blocks": (50, lambda n: [{"type": "divider"}] * n),
    "section text": (3_000, lambda n: [section("x" * n)]),
    "section field": (2_000, lambda n: [{"type": "section", "fields": [mrkdwn("x" * n)]}]),
    "section fields": (10, lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}]),
    "context elements": (10, lambda n: [{"type": "context", "elements": [mrkdwn("x")] * n}]),
    "context text": (3_000, lambda n: [{"type": "context", "elements": [mrkdwn("x" * n)]}]),
    "header": (150, lambda n: [{"type": "header", "text": plain("x" * n)}]),
    "button text": (75, lambda n: [actions(button(text="x" * n))]),
    "button value": (2_000, lambda n: [actions(button(value="x" * n))]),
    "button url": (3_000, lambda n: [actions(button(url="https://x.eu/".ljust(n, "x")))]),
    "actions": (25, lambda n: [actions(*(button(f"go{i}") for i in range(n)))]),
    "context actions": (
        5,
        lambda n: [{"type": "context_actions", "elements": [feedback(f"f{i}") for i in range(n)]}],
    ),
    "feedback text": (75, lambda n: [{"type": "context_actions", "elements": [feedback(text="x" * n)]}]),
    "table rows": (100, lambda n: [table(n, 1)]),
    "table columns": (20, lambda n: [table(1, n)]),
    "table text": (10_000 // 20, lambda n: [table(2, 10, "x" * n)]),
    "block_id": (255, lambda n: [section("x") | {"block_id": "b" * n}]),
    "action_id": (255, lambda n: [actions(button("a" * n))]),
    "alt text": (2_000, lambda n: [{"type": "image", "image_url": "https://x.eu/i", "alt_text": "x" * n}]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_limit_passes_and_one_more_is_refused(name):
    limit, blocks = LIMITS[name]
    assert refusal(blocks(limit)) is None
    assert refusal(blocks(limit + 1)) == "invalid_blocks"


def test_markdown_has_a_limit_of_its_own_above_the_budget():
    assert refusal([{"type": "markdown", "text": "x" * 5_670}] * 2) is None
    assert refusal([{"type": "markdown", "text": "x" * 6_000}] * 2) == "msg_blocks_too_long"
    assert refusal([{"type": "markdown", "text": "x" * 6_001}] * 2) == "invalid_blocks"


def test_all_blocks_together_have_a_budget_of_text_and_addresses():
    three = [section("x" * 3_000)] * 3
    link = {"type": "link", "url": "u" * 1_000, "text": "x" * 340}
    assert refusal([*three, quote({"type": "text", "text": "x" * 1_000}, link)]) is None
    assert refusal([*three, quote({"type": "text", "text": "x" * 1_001}, link)]) == "msg_blocks_too_long"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section"},
        section(""),
        {"type": "section", "text": {"type": "html", "text": "x"}},
        section("x") | {"colour": "red"},
        {"type": "context", "elements": []},
        {"type": "header", "text": mrkdwn("x")},
        {"type": "marquee"},
        {"text": "no type"},
        "not an object",
        actions(),
        actions(feedback()),
        actions(button(style="purple")),
        actions({"type": "static_select", "action_id": "s", "options": []}),
        actions(menu(initial_option={"text": plain("B"), "value": "a"})),
        {"type": "input", "label": plain("Name"), "element": typing(max_length=3_001)},
        {"type": "input", "label": plain("Name"), "element": typing(max_length=0)},
        {"type": "input", "label": plain("Name"), "element": typing(options=[])},
        {"type": "context_actions", "elements": [button()]},
        {"type": "image", "image_url": "https://x.eu/i"},
        {"type": "rich_text", "elements": []},
        {"type": "rich_text", "elements": [{"type": "text", "text": "a leaf without its section"}]},
        quote(),
        quote({"type": "text", "text": ""}),
        quote({"type": "text", "text": "x", "style": "bold"}),
        quote({"type": "text", "text": "x", "style": {"blink": True}}),
        quote({"type": "link", "text": "no address"}),
        quote({"type": "shout", "text": "x"}),
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [], "style": "bullet"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": ["x"]}]},
    ],
)
def test_a_malformed_block_is_refused(block):
    assert refusal([block]) == "invalid_blocks"


@pytest.mark.parametrize(
    "block",
    [
        section("x") | {"accessory": button(style="primary")},
        quote({"type": "text", "text": "x", "style": {"bold": True}}, {"type": "emoji", "name": "wave"}),
        quote({"type": "user", "user_id": "U1"}, {"type": "link", "url": "https://x.eu"}),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
            ],
        },
        actions(menu()),
        actions(menu(initial_option={"text": plain("A"), "value": "a"})),
        {"type": "input", "label": plain("Name"), "element": typing(max_length=3_000, multiline=True)},
        actions({"type": "users_select", "action_id": "u", "placeholder": plain("Who?")}),
        {"type": "input", "label": plain("Name"), "element": {"type": "plain_text_input", "action_id": "n"}},
        {
            "type": "context",
            "elements": [{"type": "image", "image_url": "https://x.eu/i", "alt_text": "a map"}],
        },
    ],
)
def test_a_well_formed_block_passes(block):
    assert refusal([block]) is None


def test_ids_are_unique_in_a_message():
    assert refusal([section("x") | {"block_id": "b"}, section("y") | {"block_id": "b"}]) == "invalid_blocks"
    assert refusal([actions(button("go")), actions(button("go"))]) == "invalid_blocks"
    assert refusal([table(1, 1), table(1, 1)]) == "invalid_blocks"


def test_a_refusal_says_where():
    with pytest.raises(ApiError) as refused:
        check_message({"blocks": [section("x"), section("y" * 3_001)]}, split=True)
    complaint = "must be less than 3001 characters, not 3001 [json-pointer:/blocks/1/text]"
    assert refused.value.details == {
        "errors": [complaint],
        "response_metadata": {"messages": [f"[ERROR] {complaint}"]},
    }


@pytest.mark.parametrize(
    ("body", "split", "error"),
    [
        ({"text": ""}, True, "no_text"),
        ({"text": " \n"}, True, "no_text"),
        ({"blocks": []}, True, "no_text"),
        ({"text": "x" * 40_000}, True, None),
        ({"text": "x" * 40_001}, True, "msg_too_long"),
        ({"text": "x" * 4_000}, False, None),
        ({"text": "x" * 4_001}, False, "msg_too_long"),
        ({"text": "x", "blocks": {"type": "section"}}, True, "invalid_blocks_format"),
    ],
)
def test_text_has_its_limits_too(body, split, error):
    assert refused(check_message, body, split=split) == error


def test_text_above_4040_characters_is_split_at_a_space():
    assert split_text("x" * 4_040) == ["x" * 4_040]
    assert split_text("x" * 4_041) == ["x" * 4_040, "x"]
    assert split_text("x" * 4_000 + " " + "y" * 100) == ["x" * 4_000, "y" * 100]
    assert split_text("x" * 4_040 + "\n" + "y") == ["x" * 4_040, "y"]


def modal(**changes):
    return {"type": "modal", "title": plain("Settings"), "blocks": [section("x")]} | changes


ASK = {"type": "input", "label": plain("Name"), "element": {"type": "plain_text_input", "action_id": "n"}}


@pytest.mark.parametrize(
    ("view", "right"),
    [
        (modal(title=plain("x" * 24)), True),
        (modal(title=plain("x" * 25)), False),
        (modal(private_metadata="x" * 3_000), True),
        (modal(private_metadata="x" * 3_001), False),
        (modal(blocks=[{"type": "divider"}] * 100), True),
        (modal(blocks=[{"type": "divider"}] * 101), False),
        (modal(blocks=[ASK], submit=plain("Save")), True),
        (modal(blocks=[ASK]), False),
        (modal(blocks=[table(1, 1)]), False),
        ({"type": "modal", "blocks": []}, False),
        ({"type": "home", "blocks": [section("x")]}, True),
        ({"type": "home", "title": plain("x"), "blocks": []}, False),
        ({"type": "window", "blocks": []}, False),
    ],
)
def test_views_have_their_own_limits(view, right):
    assert refused(check_view, view) == (None if right else "invalid_arguments")


def test_metadata_needs_a_type_and_a_payload():
    check_metadata(None)
    check_metadata({"event_type": "answer", "event_payload": {"id": "1"}})
    for wrong in ({"event_type": "answer"}, {"event_type": 1, "event_payload": {}}, "answer"):
        with pytest.raises(ApiError, match="invalid_metadata_format"):
            check_metadata(wrong)
