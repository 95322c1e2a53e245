"""Metrics: what was told is counted, by few labels, in a registry of their own."""

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as families

from bot.metrics import Metrics
from bot.state import Kind, State
from bot.vitals import CallOutcome, DigestOutcome, Ending, Stage
from index.verdict import Verdict


def samples(metrics):
    return read(metrics.exposition()[0].decode())


def read(text):
    """Return the samples of our own families, by name and sorted label values."""
    return {
        (sample.name.removeprefix("pullquote_"), *sorted(sample.labels.values())): sample.value
        for family in families(text)
        for sample in family.samples
        if family.name.startswith("pullquote_") and not sample.name.endswith("_created")
    }


def test_questions_are_counted_by_kind_and_verdict():
    metrics = Metrics()
    metrics.ended(Kind.FOLLOW_UP, Verdict.SILENT)
    metrics.ended(Kind.DM, Verdict.ANSWERED)
    metrics.ended(Kind.DM, Verdict.ANSWERED)
    metrics.ended(Kind.COMMAND, Ending.TOLD)
    counted = {key[1:]: value for key, value in samples(metrics).items() if key[0] == "questions_total"}
    assert counted == {("follow_up", "silent"): 1, ("answered", "dm"): 2, ("command", "told"): 1}


def test_times_fall_into_buckets_by_stage():
    metrics = Metrics()
    for seconds in (0.02, 0.03, 40):
        metrics.took(Stage.ASKING, seconds)
    seen = samples(metrics)
    buckets = [seen["question_seconds_bucket", edge, "asking"] for edge in ("0.01", "0.025", "0.05", "+Inf")]
    assert buckets == [0, 1, 2, 3]
    assert seen["question_seconds_sum", "asking"] == pytest.approx(40.05)
    assert seen["question_seconds_count", "waiting"] == 0


def test_a_call_that_slack_limits_in_the_end_is_one_more_pause():
    metrics = Metrics()
    metrics.rate_limited("chat.postMessage")
    metrics.called("chat.postMessage", CallOutcome.RATE_LIMITED)
    metrics.called("chat.postMessage", CallOutcome.OK)
    seen = samples(metrics)
    assert seen["slack_rate_limits_total", "chat.postMessage"] == 2
    assert seen["slack_calls_total", "chat.postMessage", "rate_limited"] == 1
    assert seen["slack_calls_total", "chat.postMessage", "ok"] == 1


def test_syncs_and_digests_are_there_from_the_start_and_counted_by_outcome():
    metrics = Metrics()
    assert [samples(metrics)["syncs_total", outcome] for outcome in ("ok", "failed")] == [0, 0]
    metrics.synced(False, 90)
    metrics.digest(DigestOutcome.LATE)
    seen = samples(metrics)
    assert [seen["syncs_total", outcome] for outcome in ("ok", "failed")] == [0, 1]
    assert (seen["sync_seconds_bucket", "60.0"], seen["sync_seconds_bucket", "300.0"]) == (0, 1)
    assert {outcome: seen["digests_total", outcome] for outcome in DigestOutcome} == {
        "posted": 0,
        "nothing_new": 0,
        "late": 1,
        "failed": 0,
        "paused": 0,
    }


def test_the_socket_the_queue_and_the_checks_are_looked_at_when_asked(clock):
    metrics = Metrics(clock)
    assert samples(metrics)["socket_open",] == 0
    assert ("socket_age_seconds",) not in samples(metrics)
    metrics.queue = lambda: {State.WAITING: 4, State.POSTING: 1}
    metrics.check("sync", lambda: "it is late")
    metrics.check("store", lambda: None)
    metrics.socket.heard()
    metrics.socket.seen("one")
    clock.now += 3
    seen = samples(metrics)
    assert (seen["socket_open",], seen["socket_age_seconds",], seen["last_event_age_seconds",]) == (1, 3, 3)
    assert (seen["questions_open", "waiting"], seen["questions_open", "posting"]) == (4, 1)
    assert (seen["check_ok", "sync"], seen["check_ok", "store"]) == (0, 1)


def test_a_queue_that_cannot_be_read_costs_no_other_figure():
    def locked():
        raise OSError

    metrics = Metrics()
    metrics.queue = locked
    metrics.ended(Kind.DM, Verdict.ANSWERED)
    seen = samples(metrics)
    assert seen["questions_total", "answered", "dm"] == 1
    assert "questions_open" not in [name for name, *_ in seen]


def test_two_bots_in_one_process_count_for_themselves_and_nothing_is_in_the_global_registry():
    one, two = Metrics(), Metrics()
    one.ended(Kind.DM, Verdict.ANSWERED)
    assert ("questions_total", "answered", "dm") not in samples(two)
    assert "pullquote" not in prometheus_client.generate_latest().decode()


def test_prometheus_may_ask_for_openmetrics():
    metrics = Metrics()
    metrics.ended(Kind.DM, Verdict.ANSWERED)
    text, kind = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert "pullquote_questions" in [family.name for family in open_families(text.decode())]
    assert metrics.exposition()[1].startswith("text/plain")
