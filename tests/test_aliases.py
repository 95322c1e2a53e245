"""Nicknames out of an owner's file: what is read, what is refused, and where they count."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wordcolumn import column

import bot.config
import index.config
from index import __main__ as cli
from index.aliases import AliasesError, load
from index.answer import Verdict
from index.config import ConfigError

GOOD = '[people]\n"Mara Quill" = ["Queen Mab", " Maz "]\n"Tom Bask" = ["Basko"]\n'


def write(folder, text, name="aliases.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_aliases_of_each_person_are_read(tmp_path):
    assert load(write(tmp_path, GOOD)) == {"Mara Quill": ("Queen Mab", "Maz"), "Tom Bask": ("Basko",)}


def test_a_file_without_a_person_is_fine(tmp_path):
    assert load(write(tmp_path, "")) == load(write(tmp_path, "[people]\n")) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[people", "is not TOML"),
        ('[people]\n"A" = ["x"]\n"A" = ["y"]', "is not TOML"),
        ("people = 3", "“people” is no table"),
        ('[nicknames]\n"A" = ["x"]', "“nicknames” is not known"),
        ('[people]\n"Mara Quill" = "Maz"', "the aliases of “Mara Quill” are no list"),
        ('[people]\n"Mara Quill" = ["Maz", 3]', "the aliases of “Mara Quill” are no list"),
        ('[people]\n"Mara Quill" = []', "“Mara Quill” has an empty alias"),
        ('[people]\n"Mara Quill" = [" "]', "“Mara Quill” has an empty alias"),
        ('[people]\n" " = ["Maz"]', "“ ” has no letters"),
        ('[people]\n"Mara Quill" = ["Maz"]\n"Tom Bask" = ["the maz"]', "for Mara Quill and for Tom Bask"),
        ('[people]\n"Mara Quill" = ["Tom Bask"]\n"Tom Bask" = ["Basko"]', "for Mara Quill and for Tom Bask"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_sentence(tmp_path, text, said):
    with pytest.raises(AliasesError, match=re.escape(said)) as caught:
        load(write(tmp_path, text))
    (problem,) = caught.value.problems
    assert problem.startswith(str(tmp_path / "aliases.toml"))
    assert problem.endswith(".")
    assert "\n" not in problem


def test_all_that_is_wrong_comes_at_once(tmp_path):
    with pytest.raises(AliasesError) as caught:
        load(write(tmp_path, '[people]\n"Mara Quill" = 1\n"Tom Bask" = [""]'))
    assert len(caught.value.problems) == 2


def test_a_file_that_is_no_text_and_one_that_is_a_folder_are_named(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(AliasesError, match="is not UTF-8"):
        load(tmp_path / "a.toml")
    with pytest.raises(AliasesError, match="cannot be read"):
        load(tmp_path)


# ---- the setting


def test_the_file_of_the_working_directory_is_read_where_nothing_is_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert index.config.Config.from_environ({}).aliases == {}
    write(tmp_path, GOOD)
    assert index.config.Config.from_environ({}).aliases["Tom Bask"] == ("Basko",)
    other = write(tmp_path, "", "other.toml")
    assert index.config.Config.from_environ({"ALIASES": str(other)}).aliases == {}


@pytest.mark.parametrize("config", [index.config.Config, bot.config.Config])
def test_a_file_that_is_set_and_is_not_there_is_a_problem_among_the_others(tmp_path, config):
    environ = {"ALIASES": str(tmp_path / "none.toml"), "COLUMN": '"'}
    with pytest.raises(ConfigError) as caught:
        config.from_environ(environ)
    assert [problem.split()[0] for problem in caught.value.problems] == ["COLUMN", "ALIASES"]


def test_the_command_line_names_the_problem_and_ends_with_2(tmp_path, capsys):
    file = write(tmp_path, "people = 3")
    environ = {"ALIASES": str(file), "DATA_DIR": str(tmp_path / "data")}
    assert cli.main(["status"], environ) == 2
    assert "“people” is no table" in " ".join(capsys.readouterr().err.split())


# ---- where they count

FERRY = """
Mara Quill said that the ferry would sail. Queen Mab said that the hull was sound.

Tom Bask said that the islanders deserved a bridge. Vera Lind was in the room.

The crowd cheered for Dodo.
"""
ALIASES = {"Mara Quill": ("Queen Mab",), "Vera Lind": ("Vee",), "Dora Dahl": ("Dodo",), "Pia Marsh": ("Pip",)}


@pytest.fixture(scope="module")
def skerry(tmp_path_factory):
    return column(tmp_path_factory.mktemp("skerry"), {"ferry": FERRY}, aliases=ALIASES)


BOTH = {
    "Mara Quill said that the ferry would sail.",
    "Queen Mab said that the hull was sound.",
}


@pytest.mark.parametrize(
    "question",
    [
        "what did Queen Mab say?",
        "What did Mara Quill say?",
        "queen mab??",
        "quene mab??",
        "what did quen mab say",
        "quill?",
        "queen mab's statements",
        "what did the queen mab say",
    ],
)
def test_a_nickname_and_its_person_are_one_in_every_kind_of_question(skerry, question):
    answer = skerry.ask(question)
    assert (answer.verdict, answer.subject) == (Verdict.ANSWERED, "Mara Quill")
    assert {e.text for e in answer.excerpts} == BOTH


def test_a_nickname_in_a_short_question_is_no_topic(skerry):
    answer = skerry.ask("queen mab hull")
    assert answer.verdict is Verdict.ANSWERED
    assert answer.excerpts[0].text == "Queen Mab said that the hull was sound."


def test_without_the_file_they_are_two(tmp_path):
    plain = column(tmp_path, {"ferry": FERRY})
    assert {e.text for e in plain.ask("what did Quill say?").excerpts} == {
        "Mara Quill said that the ferry would sail."
    }


@pytest.mark.parametrize(
    ("question", "verdict", "subject"),
    [
        ("what did vee say?", Verdict.NEVER_QUOTED, "Vera Lind"),
        ("what did dora dahl say?", Verdict.NEVER_QUOTED, "Dora Dahl"),
        ("what did dodo say?", Verdict.NEVER_QUOTED, "Dora Dahl"),
        ("what did pip say?", Verdict.NEVER_MENTIONED, "Pia Marsh"),
    ],
)
def test_whoever_is_silent_is_silent_under_a_nickname_too(skerry, question, verdict, subject):
    answer = skerry.ask(question)
    assert (answer.verdict, answer.subject) == (verdict, subject)
    assert [e.speaker for e in answer.excerpts] == [None] * (verdict is Verdict.NEVER_QUOTED)


def test_the_example_of_the_readme_can_be_read(tmp_path):
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    example = re.search(r"> aliases\.toml <<'END'\n(.*?)^END", readme, re.M | re.S)[1]
    assert load(write(tmp_path, example))
