"""Real parts for the tests of the bot: a loopback workspace, an inbox on disk, a column of two passages."""

import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

from bot.admins import Admins
from bot.config import Admins as Listed
from bot.config import Limits, Slack
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.service import Service, running
from bot.state import Inbox, Memory
from index.answer import Answer, Searched, Verdict
from index.embedder import Embedder
from index.passage import Article, Excerpt, Manner, Passage
from index.store.reader import Summary

# The same examples on each machine, however slow it is; HYPOTHESIS_PROFILE=explore looks for others.
slow = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=slow)
hypothesis.settings.register_profile("explore", deadline=None, suppress_health_check=slow)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

ROOT = Path(__file__).parent.parent
MEMORY, ROOM = Path("/dev/shm"), 4 << 30


def work_in_memory():
    """
    Let tests write to memory where the machine has a folder there, with room to spare and for programs too.

    What is committed is flushed, on a disk for some milliseconds each time. A process that is killed loses
    nothing of it there, either. Whoever has set TMPDIR decides.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    system = os.statvfs(MEMORY)
    if system.f_bavail * system.f_frsize > ROOM and not system.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


work_in_memory()
MAKES_GRAPHS = (
    "index/graph.py",
    "index/likeness.py",
    "index/encoder.py",
    "index/embedder.py",
    "constraints.txt",
)


def graphs_of_now():
    """Return the folder of the graphs that what makes graphs has made as it is now; those of before go."""
    folder = ROOT / ".pytest_cache" / "encoder"
    paths = [*(ROOT / name for name in MAKES_GRAPHS), *sorted((ROOT / "samples").glob("*"))]
    maker = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    note = folder / "maker"
    if not note.exists() or note.read_text() != maker:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note.write_text(maker)
    return folder


# The commands that tests start find the code compiled: each would spend a quarter of a second on it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Read when sentence-transformers is imported: no test asks a model hub.
os.environ["HF_HUB_OFFLINE"] = "1"
# The model's graph takes a while to make: all that runs the real model or the real commands shares this one.
os.environ["ENCODER_DIR"] = str(graphs_of_now())

TIDE = "Jane Roe, the harbour master, said: “The tide waits for nobody, and neither does the port.”"
GULLS = "Gulls, in my view, are the only honest critics that this town has ever had."
HARBOUR = Article(
    id="a1",
    name="harbour",
    title="The harbour opens",
    author="Ines Calder",
    date=date(2025, 9, 10),
    url="https://margin-notes.example.org/harbour",
    passages=(Passage(number=1, text=TIDE), Passage(number=2, text=GULLS)),
)
SPEAKERS = {1: "Jane Roe", 2: None}


NOBODY = Admins(Listed(), lambda user: False)


class Clock:
    """A clock that stands still until a test moves it. Seconds since the epoch."""

    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


class Forged(Excerpt):
    """An excerpt whose words are not those of its passage."""

    text = "The tide waits for everybody."


class SmallColumn:
    """Answers with the passages that share a word of four letters or more with the question."""

    upkeep = None

    def __init__(self):
        self.asked = []
        self.free = threading.Event()
        self.free.set()

    def find(self, who):
        """Know nobody: whatever follows “and” is a topic."""
        return []

    def article(self, id):
        return HARBOUR if id == HARBOUR.id else None

    def summary(self):
        day = date(2025, 9, 10)
        return Summary(
            articles=1,
            passages=2,
            chunks=2,
            utterances=1,
            first=day,
            last=day,
            generation=3,
            model="none",
            last_sync=datetime(2025, 9, 11, 7, 5, tzinfo=UTC),
            failed={},
        )

    def prompts(self, most=4):
        return ["What did Roe say about tide?", "What did Roe say?"][:most]

    def ask(self, question, *, seen=()):
        self.asked.append(question)
        self.free.wait()
        if "explode" in question:
            raise RuntimeError(f"boom: {question}")
        words = set(re.findall(r"\w{4,}", question.lower()))
        found = [p for p in HARBOUR.passages if words & set(re.findall(r"\w{4,}", p.text.lower()))]
        return Answer(
            question=question,
            verdict=Verdict.ANSWERED if found else Verdict.SILENT,
            excerpts=tuple(
                self.excerpt(passage, Forged if "forge" in question else Excerpt) for passage in found
            ),
            searched=Searched(
                articles=1, passages=2, first=date(2025, 9, 10), last=date(2025, 9, 10), generation=3
            ),
            confidence=1.0,
        )

    def examples(self, most=3):
        return ["What did Roe say?"]

    def excerpt(self, passage, kind):
        speaker = SPEAKERS[passage.number]
        return kind(
            article=HARBOUR,
            number=passage.number,
            start=0,
            end=len(passage.text),
            score=1.0,
            speaker=speaker,
            manner=Manner.DIRECT if speaker else None,
        )


@pytest.fixture
def column():
    column = SmallColumn()
    yield column
    column.free.set()


class Scene(NamedTuple):
    """A workspace with one person and one channel, and the bot's inbox on disk."""

    workspace: Workspace
    ada: str
    general: str
    inbox: Inbox
    memory: Memory
    service: Service

    def mention(self, question, **where):
        return self.workspace.post(
            self.ada, self.general, f"<@{self.workspace.bot_user_id}> {question}", **where
        )


@pytest.fixture
def build_scene(tmp_path, column):
    """Build scenes, with the bot not yet running: ``with bot_running(scene)`` starts it."""
    with ExitStack() as stack:

        def build(load=lambda: column, admins=(), **options):
            timing = Timing(post_interval=0, ack_timeout=3.0, retry_delays=(0, 0.1))
            workspace = stack.enter_context(Workspace.start(**{"timing": timing, **options}))
            inbox = stack.enter_context(Inbox(tmp_path / "bot.sqlite"))
            memory = stack.enter_context(Memory(tmp_path / "bot.sqlite"))
            slack = Slack(
                bot_token=workspace.bot_token, app_token=workspace.app_token, api_url=workspace.api_url
            )
            return Scene(
                workspace=workspace,
                ada=workspace.user("Ada"),
                general=workspace.channel("general"),
                inbox=inbox,
                memory=memory,
                service=Service(
                    slack=slack,
                    inbox=inbox,
                    memory=memory,
                    load=load,
                    recheck=0.05,
                    limits=Limits(rates=()),
                    admins=Listed(people=admins),
                    post_interval=0,
                ),
            )

        yield build


def until(look, seconds=30.0):
    """Return what *look* returns as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError("it never happened")


@contextmanager
def bot_running(scene):
    with running(scene.service) as started:
        scene.workspace.wait_connected()
        yield started


@pytest.fixture
def scene(build_scene):
    """A scene in which the bot is answering."""
    scene = build_scene()
    with bot_running(scene) as started:
        assert started.wait(60)
        yield scene


@pytest.fixture(scope="session")
def embedder():
    """The real model as it serves: by its graph, which is made unless an earlier run has made it."""
    embedder = Embedder.kept_in(Path(os.environ["ENCODER_DIR"]))
    assert embedder.prepare() == ""
    return embedder


@pytest.fixture(scope="session")
def reference():
    """The real model as sentence-transformers loads it, which takes some seconds."""
    embedder = Embedder()
    embedder.load()
    return embedder
