"""A short conversation in the loopback workspace, as people see it; then the newcomer's own questions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from bot.config import Limits, Slack
from bot.playground.team import Message
from bot.playground.transcript import show
from bot.playground.workspace import Workspace
from bot.service import Loaded, Service, running
from bot.state import Inbox, Memory

NAME = "Pullquote"
OFF_TOPIC = "What's our PTO policy?"
# Where the column suggests no question: it may quote nobody.
FALLBACK = "What is this column about?"
WIDEST = 96
INDENT = " " * 4
PATIENCE = 30.0


class Exemplary(Loaded, Protocol):
    """An answerer that knows some questions which its column answers."""

    def examples(self, most: int = 3) -> list[str]:
        """Return up to *most* questions."""


def play(answerer: Exemplary, console: Console, environ: Mapping[str, str], *, interactive: bool) -> None:
    """
    Show a mention, a command and a direct message with their answers; then, if *interactive*, a prompt.

    Raises:
        LoopbackError: If *environ* holds a real token.
        TimeoutError: If an answer fails to come.
    """
    first, *more = answerer.examples() or [FALLBACK]
    with _connected(answerer, environ) as workspace:
        scene = _Scene(workspace, console)
        scene.mention(first)
        scene.command(more[0] if more else first)
        scene.direct_message(OFF_TOPIC)
        if interactive:
            scene.converse()


@contextmanager
def _connected(answerer: Loaded, environ: Mapping[str, str]) -> Iterator[Workspace]:
    """Run the real bot against a new workspace; like the workspace, its memory ends with the block."""
    with (
        Workspace.start(environ=environ) as workspace,
        tempfile.TemporaryDirectory(prefix="pullquote-") as folder,
        Inbox(Path(folder) / "bot.sqlite") as inbox,
        Memory(Path(folder) / "bot.sqlite") as memory,
    ):
        slack = Slack(bot_token=workspace.bot_token, app_token=workspace.app_token, api_url=workspace.api_url)
        # One person tries the bot out: nobody has to be protected from her.
        service = Service(
            slack=slack,
            inbox=inbox,
            memory=memory,
            load=lambda: answerer,
            limits=Limits(rates=(), share=1.0),
        )
        with running(service) as started:
            started.wait(PATIENCE)
            yield workspace


class _Scene:
    """One person who asks, and a console that shows what she sees."""

    def __init__(self, workspace: Workspace, console: Console) -> None:
        self._workspace, self._console = workspace, console
        self._person = workspace.user("Ada")
        self._channel = workspace.channel("general")
        self._dm = workspace.dm(self._person)
        self._width = min(console.width, WIDEST)

    def mention(self, question: str) -> None:
        """Ask in the channel; the answer comes in the thread."""
        self._place("#general")
        self._says("Ada", f"@{NAME} {question}")
        mention = f"<@{self._workspace.bot_user_id}> {question}"
        ts = self._workspace.post(self._person, self._channel, mention)
        answer = self._workspace.wait_for_message(self._channel, thread_ts=ts, timeout=PATIENCE)
        self._answers("in the thread", answer)

    def command(self, question: str) -> None:
        """Ask by slash command; only the asker sees the answer."""
        self._place("#general")
        self._says("Ada", f"/column {question}")
        shown = self._workspace.slash(self._person, self._channel, "/column", question)
        answer = self._workspace.wait_for(lambda: shown.messages[-1:], PATIENCE)[0]
        self._answers("only visible to Ada", answer)

    def direct_message(self, question: str) -> None:
        """Ask in a direct message."""
        self._place(f"Direct message to {NAME}")
        self._says("Ada", question)
        self._ask(question)

    def converse(self) -> None:
        """Take questions from the terminal until an empty line or the end of input."""
        self._place("Your turn")
        self._console.print("Ask the column. An empty line ends the conversation.\n", style="dim")
        while question := self._typed():
            self._console.print()
            self._ask(question)

    def _typed(self) -> str:
        try:
            return self._console.input("[bold]You[/bold]  ").strip()
        except EOFError:
            return ""

    def _ask(self, question: str) -> None:
        before = len(self._workspace.answers(self._dm))
        self._workspace.post(self._person, self._dm, question)
        answers = self._workspace.wait_for_answers(self._dm, count=before + 1, timeout=PATIENCE)
        self._answers("", answers[-1])

    def _place(self, where: str) -> None:
        self._console.print(Rule(Text(where, style="bold"), align="left", style="dim"), width=self._width)
        self._console.print()

    def _says(self, who: str, words: str) -> None:
        self._console.print(Text.assemble((who, "bold"), "  ", words), width=self._width)
        self._console.print()

    def _answers(self, where: str, message: Message) -> None:
        self._console.print(Text.assemble(("  " + NAME, "bold green"), (where and "  " + where, "dim")))
        body = show(message, width=self._width - len(INDENT), name=self._workspace.name)
        for line in body.split("\n"):
            self._console.print(Text(INDENT if line else "").append_text(line))
        self._console.print()
