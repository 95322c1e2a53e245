"""
The buttons below an answer, and the message that sharing it posts. Pure.

Each button carries the answer's id, by which the memory knows all the rest.
"""

from __future__ import annotations

from bot.message import Block, Message, escape, leaf, message, plain_text, prove, size
from bot.replay import typed
from bot.state import Given
from index.wording import clip

CONTEXT = "answer_context"
CITE = "answer_cite"
WHY = "answer_why"
SHARE = "answer_share"
REMOVE = "answer_remove"
JUDGE = "answer_judge"

# Label, and what a screen reader says instead: 75 characters at most.
LABELS = {
    CONTEXT: ("More context", "Show the paragraphs around each excerpt"),
    CITE: ("Cite", "Show citations to copy"),
    WHY: ("Why this answer", "Show how this answer was found"),
    SHARE: ("Share to channel", "Post this answer in the channel, under your name"),
    REMOVE: ("Remove", "Remove this answer"),
}
HELPFUL = ("Helpful", "This answer was helpful")
UNHELPFUL = ("Not helpful", "This answer was not helpful: you may say why")


def buttons(id: str, *, excerpts: bool, shareable: bool) -> tuple[Block, ...]:
    """Return the row of buttons for the answer *id*, and the feedback below it."""
    row = [*((CONTEXT, CITE) if excerpts else ()), WHY, *((SHARE,) if shareable else ()), REMOVE]
    return (
        {"type": "actions", "elements": [_button(action, id) for action in row]},
        {"type": "context_actions", "elements": [_feedback(id)]},
    )


def carrying(built: Message, given: Given, *, shareable: bool | None = None) -> Message:
    """Return *built* with the buttons of the answer in it; what only the asker sees is *shareable*."""
    shareable = given.commanded if shareable is None else shareable
    row = buttons(given.id, excerpts=bool(given.excerpts), shareable=shareable)
    return Message(text=built.text, blocks=(*built.blocks, *row))


def shared(given: Given, name: str, *, spare: int = 0, text_spare: int = 0) -> Message:
    """
    Build the message that shows the answer to a channel, under the name of the asker, whom it does not ping.

    *spare* and *text_spare* are characters left free for what is added to the blocks and to the text.

    Raises:
        NotVerbatimError: If it does not hold the very words that were shown before.
    """
    asked = typed(given.asked)
    spoken = f"Shared by {escape(clip(name) or 'the person who asked')}, who asked: {escape(asked)}"
    user = {"type": "user", "user_id": given.user}
    leaves = [leaf("Shared by "), user, leaf(f", who asked: {asked}")]
    head: Block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}
    built = message(given.answer, spare=ROOM + size([head]) + spare, text_spare=len(spoken) + 2 + text_spare)
    whole = Message(text=f"{spoken}\n\n{built.text}", blocks=(head, *built.blocks))
    prove(whole, given.answer)
    return carrying(whole, given, shareable=False)


def _button(action: str, id: str) -> Block:
    label, spoken = LABELS[action]
    return {
        "type": "button",
        "action_id": action,
        "text": plain_text(label),
        "accessibility_label": spoken,
        "value": id,
    }


def _feedback(id: str) -> Block:
    return {
        "type": "feedback_buttons",
        "action_id": JUDGE,
        "positive_button": _opinion(HELPFUL, f"up {id}"),
        "negative_button": _opinion(UNHELPFUL, f"down {id}"),
    }


def _opinion(label: tuple[str, str], value: str) -> Block:
    return {"text": plain_text(label[0]), "accessibility_label": label[1], "value": value}


# What a message must leave free for its buttons, of all the characters that its blocks may have.
ROOM = size(buttons("x" * 8, excerpts=True, shareable=True)) + 2
