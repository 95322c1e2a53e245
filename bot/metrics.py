"""What the bot counts and measures, in a registry of its own; the only import of Prometheus' client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.state import Kind
from bot.vitals import CallOutcome, DigestOutcome, Ending, Stage, Vitals
from index.verdict import Verdict

# Seconds: an answer takes hundredths, Slack tenths, a full inbox or a rate limit minutes.
OF_A_QUESTION = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
OF_A_SYNC = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)


class Metrics(Vitals):
    """Vitals that are counted. Safe to share among threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* gives seconds, from whatever beginning."""
        super().__init__(clock)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._questions = self._counter("questions", "Questions that are done", "kind", "verdict")
        self._seconds = Histogram(
            "pullquote_question_seconds",
            "What a question spends its time on, in seconds",
            ["stage"],
            buckets=OF_A_QUESTION,
            registry=self._registry,
        )
        self._calls = self._counter("slack_calls", "Calls to Slack", "method", "outcome")
        self._pauses = self._counter(
            "slack_rate_limits", "Times that Slack asked for a pause (429)", "method"
        )
        self._syncs = self._counter("syncs", "Syncs that are over", "outcome")
        self._sync_seconds = Histogram(
            "pullquote_sync_seconds",
            "How long a sync takes, in seconds",
            buckets=OF_A_SYNC,
            registry=self._registry,
        )
        self._digests = self._counter("digests", "Digests that were due", "outcome")
        self._begin_at_zero()
        self._registry.register(_Now(self))

    def took(self, stage: Stage, seconds: float) -> None:
        self._seconds.labels(stage).observe(seconds)

    def ended(self, kind: Kind, verdict: Verdict | Ending) -> None:
        self._questions.labels(_label(kind), _label(verdict)).inc()

    def called(self, method: str, outcome: CallOutcome) -> None:
        self._calls.labels(method, outcome).inc()
        if outcome is CallOutcome.RATE_LIMITED:
            self.rate_limited(method)

    def rate_limited(self, method: str) -> None:
        self._pauses.labels(method).inc()

    def synced(self, ok: bool, seconds: float) -> None:
        self._syncs.labels("ok" if ok else "failed").inc()
        self._sync_seconds.observe(seconds)

    def digest(self, outcome: DigestOutcome) -> None:
        self._digests.labels(outcome).inc()

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return all of it as it is now, in the format that *accept* asks for, and that format's type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"pullquote_{name}", meaning, labels, registry=self._registry)

    def _begin_at_zero(self) -> None:
        """Show what can be known beforehand from the start: a first failure is then seen as a rise."""
        for stage in Stage:
            self._seconds.labels(stage)
        for outcome in ("ok", "failed"):
            self._syncs.labels(outcome)
        for digest in DigestOutcome:
            self._digests.labels(digest)


class _Now(Collector):
    """What is not counted but looked at, whenever somebody asks."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Look."""
        socket = self._vitals.socket
        yield _gauge("socket_open", "Whether the socket to Slack is open", float(socket.age is not None))
        if (age := socket.age) is not None:
            yield _gauge("socket_age_seconds", "For how long the socket has been open", age)
        if (silence := socket.silent_for) is not None:
            yield _gauge("last_event_age_seconds", "How long ago something came from Slack", silence)
        queue = _gauges("questions_open", "Questions that are not done", "state")
        with suppress(Exception):  # a locked file must not cost all other figures
            for state, number in self._vitals.queue().items():
                queue.add_metric([_label(state)], number)
        yield queue
        checks = _gauges("check_ok", "Whether a check of /readyz is passed", "check")
        for name, why_not in self._vitals.examine().items():
            checks.add_metric([name], float(why_not is None))
        yield checks


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pullquote_{name}", meaning, value=value)


def _gauges(name: str, meaning: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pullquote_{name}", meaning, labels=[label])


def _label(member: StrEnum) -> str:
    """Return a member's name: some values are whole sentences."""
    return member.name.lower()
