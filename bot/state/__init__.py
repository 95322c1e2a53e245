"""
What the bot remembers across restarts and crashes, all in ``DATA_DIR/bot.sqlite``.

The inbox holds questions on their way to their answers; the memory, what was answered, and what people
decided and said about it. Neither is ever logged.
"""

from bot.state.answers import Answers, Changed, Given, Reference, Withdrawn, given
from bot.state.channels import Channels, ChannelSettings
from bot.state.corrections import Correction, Corrections
from bot.state.digests import Covered, Digest, Digests
from bot.state.disk import KEPT
from bot.state.erasure import Erasure, Known
from bot.state.feedback import Feedback, Judged, Opinion
from bot.state.follows import Follow, Follows
from bot.state.ids import new_id, read_id
from bot.state.inbox import Edited, Inbox, Waiting
from bot.state.memory import Memory
from bot.state.people import People
from bot.state.question import OPEN, Kind, Request, State, Taken
from bot.state.runs import Alarm, Plan, Run, Runs, RunState
from bot.state.syncs import Stage, SyncRun, Syncs, Tally, Trouble, Watcher
from bot.state.threads import Threads

__all__ = [
    "KEPT",
    "OPEN",
    "Alarm",
    "Answers",
    "Changed",
    "ChannelSettings",
    "Channels",
    "Correction",
    "Corrections",
    "Covered",
    "Digest",
    "Digests",
    "Edited",
    "Erasure",
    "Feedback",
    "Follow",
    "Follows",
    "Given",
    "Inbox",
    "Judged",
    "Kind",
    "Known",
    "Memory",
    "Opinion",
    "People",
    "Plan",
    "Reference",
    "Request",
    "Run",
    "RunState",
    "Runs",
    "Stage",
    "State",
    "SyncRun",
    "Syncs",
    "Taken",
    "Tally",
    "Threads",
    "Trouble",
    "Waiting",
    "Watcher",
    "Withdrawn",
    "given",
    "new_id",
    "read_id",
]
