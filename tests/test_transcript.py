"""A posted message in the terminal: what a person would see, at a width."""

from bot.playground.team import Message
from bot.playground.transcript import render, show


def posted(text="", *blocks):
    return Message(channel="C1", ts="1.000001", user="U1", text=text, blocks=list(blocks), via="person")


def rich(kind, *leaves, **more):
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(leaves), **more}]}


def leaf(text, **style):
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def test_a_quote_stands_behind_a_bar_and_its_small_print_right_beneath():
    quote = rich("rich_text_quote", leaf("We will not accept it, said Donald Tusk."))
    line = {"type": "mrkdwn", "text": "Donald Tusk · <https://x.eu/a#:~:text=We%20will|¶ 9>"}
    message = posted(
        "read aloud",
        rich("rich_text_section", leaf("One excerpt:")),
        quote,
        {"type": "context", "elements": [line]},
    )
    assert render(message, width=24) == (
        "One excerpt:\n"
        "\n"
        "│ We will not accept it,\n"
        "│ said Donald Tusk.\n"
        "Donald Tusk · ¶ 9\n"
        "(https://x.eu/a#:~:text=We%20will)"
    )


def test_the_terminal_s_own_links_hide_the_address():
    shown = show(posted("See <https://x.eu/a|the article>."))
    assert shown.plain == "See the article."
    assert [(s.start, s.end, s.style.link) for s in shown.spans if getattr(s.style, "link", None)] == [
        (4, 15, "https://x.eu/a")
    ]


def test_markup_mentions_and_escapes_are_read():
    names = {"U1": "Ada", "C1": "#general"}
    message = posted("*Hi* <@U1> in <#C1>: _5 &lt; 6_ &amp;lt; &amp;gt; <!here> `a_b` 2 * 3 * 4\n&gt; quoted")
    assert render(message, name=names.__getitem__) == (
        "Hi @Ada in #general: 5 < 6 &lt; &gt; @here a_b 2 * 3 * 4\n│ quoted"
    )


def test_rich_text_leaves_are_literal():
    message = posted("", rich("rich_text_quote", leaf("*not bold* &amp; :smile: "), leaf("bold", bold=True)))
    assert render(message) == "│ *not bold* &amp; :smile: bold"


def test_buttons_feedback_headers_lists_and_tables():
    def plain(text):
        return {"type": "plain_text", "text": text}

    item = {"type": "rich_text_section", "elements": [leaf("first of all of them")]}
    message = posted(
        "",
        {"type": "header", "text": plain("Column")},
        {"type": "divider"},
        rich("rich_text_list", item, item, style="ordered"),
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
        {"type": "actions", "elements": [{"type": "button", "text": plain("More")}]},
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "positive_button": {"text": plain("Good"), "value": "1"},
                    "negative_button": {"text": plain("Bad"), "value": "0"},
                }
            ],
        },
    )
    assert render(message, width=16) == (
        "Column\n\n────────────────\n\n"
        "1. first of all\n   of them\n2. first of all\n   of them\n\n"
        "a | b\n\n[More]\n\n[Good] [Bad]"
    )


def test_no_message_steers_the_terminal():
    message = posted("a\x1b]0;title\x07b &#27;[2J", rich("rich_text_quote", leaf("c\x1b[31md\x9b")))
    assert render(message) == "│ c[31md"
    assert render(posted("a\x1b]0;title\x07b &#27;[2J")) == "a]0;titleb &#27;[2J"
