"""Text that would ping, link, format or break the layout, and the proof that a surface does none of it."""

import re
import unicodedata

from hypothesis import strategies as st

from bot.playground.blocks import check_message

PIECES = (
    *(
        "<!channel>",
        "<!here>",
        "<!everyone>",
        "<@U0LOOPBOT>",
        "<#C00000001>",
        "<!subteam^S1>",
        "<!date^1^x|y>",
    ),
    *("<https://evil.example|Column 12>", "<javascript:alert(1)|here>", "[Column 12](https://evil.example)"),
    *("&amp;", "&lt;!channel&gt;", "&", "<", ">", "|", "*bold*", "_low_", "~gone~", "`code`", "```", "*_~`"),
    *(
        ":wave:",
        ":tada::tada:",
        "@channel",
        "#general",
        "\n",
        "\r\n",
        "\n> ",
        "\n• ",
        "\t",
        "\x00",
        "\x1b[31m",
    ),
    *("\u202eevil\u202c", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\xa0", "שלום", "سلام", "\ud800"),
    *(
        "🚢",
        "👩‍👩‍👧",
        "🇵🇱",
        "e\u0301" * 5,
        "\u0489" * 20,
        '{"type":"section"}',
        "]}",
        '"',
        "\\",
        "\\u003c!here>",
    ),
    *(
        "http://evil.example",
        "https://evil.example/<!channel>",
        "mailto:a@evil.example",
        "%00",
        "{0}",
        "{x}",
        "%s",
    ),
    *("Jane Roe", "the harbour", "’", "“", " ", "…"),
)
hostile = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.text(max_size=30),
    st.tuples(st.sampled_from(PIECES), st.integers(1, 5_000)).map(lambda p: (p[0] * p[1])[:5_000]),
)

LINK = re.compile(r"<(https?://[^\s<>|\"]+)\|([A-Z][A-Za-z ]+)>")
# What a rich text may be made of: a link is checked on its own, a member or a broadcast is a ping.
LEAVES = ("text", "link")
STEERING = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def assert_inert(blocks, text, *, own=()):
    """
    Assert that a message, modal or Home of these *blocks* pings nobody, forges no link and keeps its layout.

    *text* is the message's, None for a view. *own* are the texts in markup that the bot itself wrote, whole:
    all other markup may be one link, with a label of plain words.
    """
    if text is not None:
        assert text.strip()
        assert_escaped(text)
        check_message({"text": text, "blocks": list(blocks)}, split=False)
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    for part in parts(blocks):
        kind = part.get("type")
        if kind == "mrkdwn":
            assert part["text"] in own or LINK.fullmatch(part["text"]), part["text"]
        elif kind == "plain_text":
            assert part.get("emoji") is False, part
            steers = [c for c in part["text"] if unicodedata.category(c) in STEERING and c != "\n"]
            assert not steers, part
        elif kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
            assert all(leaf["type"] in LEAVES for leaf in part["elements"]), part
        elif kind in ("button", "link"):
            assert re.fullmatch(r"https?://[^\s<>|\"]+", part.get("url", "https://x")), part
        if kind == "button":
            assert any(c.isalnum() for c in part["text"]["text"]), "a label says what its button does"
        assert kind not in ("markdown", "user", "usergroup", "broadcast", "channel", "emoji", "date"), part


def assert_escaped(text):
    """Assert that *text*, read as Slack's markup, holds no mention and no link."""
    assert not re.search(r"[<>]", text), text
    assert not re.search(r"&(?!(?:amp|lt|gt);)", text), text


def parts(value):
    """Yield every object in *value*, at any depth."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from parts(one)
