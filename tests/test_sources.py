"""Files and folders to articles: what is read, how it is named, and what is said of what cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from index.passage import Article
from index.sources import SIZE_LIMIT, Failure, SourceError, read


def articles(source: Path) -> list[Article]:
    found = list(read(str(source)))
    assert not [f for f in found if isinstance(f, Failure)]
    return [a for a in found if isinstance(a, Article)]


def failures(source: Path) -> list[Failure]:
    return [f for f in read(str(source)) if isinstance(f, Failure)]


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def texts(article: Article) -> list[str]:
    return [p.text for p in article.passages]


def read_one(path: Path, text: str | bytes) -> Article:
    return articles(written(path, text))[0]


# Plain text and what a file's name says


def test_a_text_file_has_its_title_and_date_from_its_name_and_no_author(tmp_path):
    article = read_one(tmp_path / "2025-09-10-a-night_of-drones.txt", "First.\n\nSecond.\n")
    assert (article.title, article.date, article.author, article.url) == (
        "A night of drones",
        date(2025, 9, 10),
        None,
        None,
    )
    assert article.name == "2025-09-10-a-night_of-drones"
    assert [(p.number, p.text) for p in article.passages] == [(1, "First."), (2, "Second.")]


@pytest.mark.parametrize(
    ("stem", "title", "day"),
    [
        ("2025-09-the-long-road", "The long road", None),
        ("2025-09-31-no-such-day", "No such day", None),
        ("2025-09-10", "2025-09-10", date(2025, 9, 10)),
        ("1984", "1984", None),
        ("2024-in-review", "2024 in review", None),
        ("éclair", "Éclair", None),
        ("notes-2024-12-08", "Notes", date(2024, 12, 8)),
    ],
)
def test_a_partial_date_in_the_name_is_no_date(tmp_path, stem, title, day):
    article = read_one(tmp_path / f"{stem}.txt", "Words.")
    assert (article.title, article.date) == (title, day)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028"])
def test_every_kind_of_line_ending_parts_lines_and_paragraphs(tmp_path, ending):
    text = ending.join(["One line", "and its second.", "  \t", "Two.", ""])
    assert texts(read_one(tmp_path / "a.txt", text)) == ["One line and its second.", "Two."]


def test_typography_is_left_alone(tmp_path):
    words = "“Curly”, ‘single’ — dash… NBSP\u00a0here, e\u0301 apart, ﬁ joined, soft\u00adhyphen, (1) https://x.example.org/a?b=1"
    for name in ("a.txt", "a.md", "a.html"):
        assert texts(read_one(tmp_path / name, f"{words}\n"))[0] == words


# Front matter


FRONT = """---
title: "Nineteen: a count"
authors: [Ines Calder, {name: Ruth Okafor}]
date: 2025-09-14 07:30:00 +0200
canonical_url: https://margin-notes.example.org/nineteen
draft: yes
---
# Another title

The text.
"""


@pytest.mark.parametrize("name", ["a.md", "a.markdown"])
def test_front_matter_gives_title_authors_date_and_url(tmp_path, name):
    article = read_one(tmp_path / name, FRONT)
    assert (article.title, article.author) == ("Nineteen: a count", "Ines Calder, Ruth Okafor")
    assert (article.date, article.url) == (date(2025, 9, 14), "https://margin-notes.example.org/nineteen")
    assert texts(article) == ["The text."]


def test_front_matter_in_a_text_file_with_windows_line_endings_and_a_mark(tmp_path):
    text = "\ufeff---\r\nTitle: Off\r\n---\r\n\r\nThe text.\r\n"
    article = read_one(tmp_path / "a.txt", text)
    assert (article.title, texts(article)) == ("Off", ["The text."])


@pytest.mark.parametrize(
    ("written_as", "day"),
    [
        ("2025-09-10", date(2025, 9, 10)),
        ("2025-09-10T23:30:00-05:00", date(2025, 9, 10)),
        ("2025/9/1", date(2025, 9, 1)),
        ("10 September 2025", date(2025, 9, 10)),
        ("September 10th, 2025", date(2025, 9, 10)),
        ("Sep. 10, 2025", date(2025, 9, 10)),
        ("10.9.2025", date(2025, 9, 10)),
        ("Wed, 10 Sep 2025 08:00:00 GMT", date(2025, 9, 10)),
        ("9/10/2025", None),  # two readings
        ("September 2025", None),  # partial
        ("2025-13-40", None),
        ("last week", None),
    ],
)
def test_dates_in_many_forms_are_read_and_doubtful_ones_are_not(tmp_path, written_as, day):
    article = read_one(tmp_path / "a.md", f"---\ndate: {written_as}\n---\nText.")
    assert article.date == day


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://a.example.org/",
        "/posts/1",
        "https://",
        "https://user:secret@a.example.org/",
        "'https://a.example.org/a b'",
        "'https://a.example.org/<b>'",
        "'http://[half'",
    ],
)
def test_only_whole_web_addresses_become_the_url(tmp_path, address):
    assert read_one(tmp_path / "a.md", f"---\nurl: {address}\n---\nText.").url is None


def test_prose_between_two_rules_is_no_front_matter(tmp_path):
    assert texts(read_one(tmp_path / "a.txt", "---\nA motto.\n---\nText.")) == ["--- A motto. --- Text."]
    assert texts(read_one(tmp_path / "b.txt", "---\n\nText.")) == ["Text."]


def test_broken_front_matter_names_its_line(tmp_path):
    [failure] = failures(written(tmp_path / "a.md", "---\ntitle: A\nauthor: B: C\n---\nText."))
    assert failure.reason.startswith("Line 3 of its front matter is no valid YAML")


def test_yaml_that_grows_or_nests_without_end_is_refused(tmp_path):
    written(tmp_path / "alias.md", "---\na: &a [x, x]\nb: [*a, *a]\n---\nText.")
    written(tmp_path / "deep.md", f"---\na: {'[' * 9000}\n---\nText.")
    written(tmp_path / "tag.md", "---\ntitle: !!python/object/apply:os.getcwd []\n---\nText.")
    found = {f.source if isinstance(f, Failure) else f.title for f in read(str(tmp_path))}
    assert found == {"alias.md", "deep.md", "Tag"}


def test_control_characters_of_front_matter_reach_no_title(tmp_path):
    article = read_one(tmp_path / "a.md", '---\ntitle: "A\\0\\e[31m\\uD800 \\n B"\n---\nText.')
    assert article.title == "A[31m B"


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "windows-1252"])
def test_a_short_text_is_read_in_the_encodings_of_the_real_world(tmp_path, encoding):
    words = "The café’s owner said “no” — naïve…"
    assert texts(read_one(tmp_path / "a.txt", words.encode(encoding))) == [words]


def test_other_code_pages_are_told_from_windows_1252(tmp_path):
    polish = "Żółw i gęś, powiedział minister spraw zagranicznych Radosław Sikorski w Sejmie."
    russian = "Привет, как дела? Это статья о жизни в городе и о людях."
    assert texts(read_one(tmp_path / "pl.txt", polish.encode("cp1250"))) == [polish]
    assert texts(read_one(tmp_path / "ru.txt", russian.encode("cp1251"))) == [russian]


def test_a_page_is_read_in_the_encoding_that_it_declares(tmp_path):
    page = '<html><head><meta charset="iso-8859-2"></head><body><p>Zażółć gęślą jaźń.</p></body></html>'
    assert texts(read_one(tmp_path / "a.html", page.encode("iso-8859-2"))) == ["Zażółć gęślą jaźń."]


# What cannot be read


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"PK\x03\x04\x00\x00binary", "It is a binary file"),
        (b"\x01\x02\x03\x04 words", "It is a binary file"),
        (b"\xff\xfea", "It starts as UTF-16"),
        (b"", "There is no paragraph"),
        (b" \n\xc2\xa0\n * * * \n", "There is no paragraph"),
        (b"x" * (SIZE_LIMIT + 1), "It is larger than 10 MB"),
    ],
)
def test_a_file_without_an_article_is_a_failure_that_says_why(tmp_path, data, start):
    written(tmp_path / "bad.txt", data)
    written(tmp_path / "good.txt", "Text.")
    bad, good = read(str(tmp_path))
    assert isinstance(bad, Failure)
    assert bad.source == "bad.txt"
    assert bad.reason.startswith(start)
    assert isinstance(good, Article)


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Give up, while the block lasts, what lets root read everything."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_that_may_not_be_read_is_a_failure():
    with TemporaryDirectory() as folder:  # pytest's own is closed to other users
        Path(folder).chmod(0o755)
        written(Path(folder) / "locked.txt", "Text.").chmod(0)
        with as_ordinary_user():
            found = failures(Path(folder))
    assert found[0].reason.startswith("It may not be read")


def test_a_pipe_is_a_failure_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert [f.reason for f in failures(tmp_path)] == ["It is no regular file; replace it by one."]


@pytest.mark.parametrize("source", ["nowhere", "", "https://a.example.org/feed", "a\0b"])
def test_a_source_that_is_no_file_or_folder_is_refused_at_once(source):
    with pytest.raises(SourceError, match="name "):
        read(source)


def test_a_file_of_another_kind_is_refused_when_it_is_named_and_passed_over_in_a_folder(tmp_path):
    path = written(tmp_path / "a.pdf", "Text.")
    with pytest.raises(SourceError, match="no text, Markdown or HTML file"):
        read(str(path))
    assert list(read(str(tmp_path))) == []


# Folders, names and identity


def test_a_folder_is_read_to_the_bottom_in_order_without_hidden_files(tmp_path):
    for name in ("b.txt", "a.MD", ".hidden.txt", "sub/c.html", "sub/deep/d.txt", ".git/e.txt", "f.csv"):
        written(tmp_path / name, "Text.")
    assert [a.name for a in articles(tmp_path)] == ["a", "b", "c", "d"]


def test_names_are_unique_within_a_source(tmp_path):
    for name in ("x.md", "x.txt", "sub/x.md", "sub/x.txt"):
        written(tmp_path / name, "Text.")
    assert [a.name for a in articles(tmp_path)] == ["x", "x.txt", "sub/x", "sub/x.txt"]


def test_an_article_keeps_its_id_however_its_source_is_written(tmp_path, monkeypatch):
    path = written(tmp_path / "column" / "sub" / "a.txt", "Text.")
    monkeypatch.chdir(tmp_path)
    by_folder, by_file, by_relative = articles(tmp_path)[0], articles(path)[0], articles(Path("column"))[0]
    assert by_folder.id == by_file.id == by_relative.id
    assert (by_relative.source, by_file.source) == ("column", str(path))
    assert len(by_folder.id) == 32
    written(path, "Other text.")
    assert articles(path)[0].id == by_file.id


def test_a_failure_carries_the_id_that_its_article_had(tmp_path):
    before = read_one(tmp_path / "a.txt", "Text.")
    assert failures(written(tmp_path / "a.txt", "\0"))[0].id == before.id


def test_links_never_lead_out_of_the_source_or_round_in_circles(tmp_path):
    secret = written(tmp_path / "secret" / "s.txt", "Secret.")
    column = tmp_path / "column"
    written(column / "a.txt", "Text.")
    (column / "loop").symlink_to(column)
    (column / "folder").symlink_to(tmp_path / "secret")
    (column / "out.txt").symlink_to(secret)
    (column / "gone.txt").symlink_to(tmp_path / "nothing.txt")
    found = list(read(str(column)))
    assert [a.name for a in found if isinstance(a, Article)] == ["a"]
    assert [(f.source, f.reason[:29]) for f in found if isinstance(f, Failure)] == [
        ("gone.txt", "It is a link that leads out o"),
        ("out.txt", "It is a link that leads out o"),
    ]


def test_a_link_to_a_hidden_place_inside_the_source_is_followed_once(tmp_path):
    written(tmp_path / "..data" / "a.txt", "Mounted.")
    (tmp_path / "a.txt").symlink_to(Path("..data") / "a.txt")
    written(tmp_path / "b.txt", "Own.")
    (tmp_path / "again.txt").symlink_to("b.txt")
    assert [(a.name, texts(a)) for a in articles(tmp_path)] == [("a", ["Mounted."]), ("b", ["Own."])]


def test_a_name_on_disk_that_is_no_unicode_still_gives_valid_records(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("Text.")
    assert [a.name for a in articles(tmp_path)] == ["caf\ufffd"]


def test_the_samples_are_read_whole():
    found = {a.name: a for a in articles(Path(__file__).parent.parent / "samples")}
    assert {name: len(a.passages) for name, a in found.items()} == {
        "2022-07-17-no-blank-sky": 7,
        "2024-04-02-the-bridge-was-the-city": 12,
        "2024-12-08-the-cathedral-in-a-hurry": 8,
        "2025-09-14-nineteen-times": 8,
    }
    sky = found["2022-07-17-no-blank-sky"]
    assert (sky.title, sky.author, sky.date) == ("No blank sky left", "Ines Calder", date(2022, 7, 17))
    assert sky.url == "https://margin-notes.example.org/2022/07/no-blank-sky"
    assert "Ariane\u00a05, unfolded" in sky.passages[0].text
    bridge = found["2024-04-02-the-bridge-was-the-city"]
    assert [p.outlet for p in bridge.passages if p.outlet] == ["Harbour Gazette", "Harbour Gazette"]
