"""The tables of the store, and what is counted in them with each change."""

from __future__ import annotations

import re

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

state = Table(
    "state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    Column("model", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("last_sync", Text),
)

failure = Table(
    "failure",
    metadata,
    Column("source", Text, primary_key=True),
    Column("reason", Text, nullable=False),
)

# What lets a copy of the vectors catch up: every chunk bears the generation that added it, and the labels
# that a generation removed stand in `removed`.
generation = Table(
    "generation",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("token", Text, nullable=False),
)

removed = Table(
    "removed",
    metadata,
    Column(
        "generation", ForeignKey(generation.c.number, ondelete="CASCADE"), primary_key=True, nullable=False
    ),
    Column("label", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

article = Table(
    "article",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("author", Text),
    Column("date", Date, index=True),
    Column("url", Text),
    Column("source", Text, nullable=False),
    Column("truncated", Boolean, nullable=False, server_default="0"),
)

# AUTOINCREMENT: an id is never given twice, so that one left over somewhere can only miss.
passage = Table(
    "passage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article", ForeignKey(article.c.key, ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("voice", Text, nullable=False),
    Column("outlet", Text),
    Column("section", Text),
    UniqueConstraint("article", "number"),
    sqlite_autoincrement=True,
)

utterance = Table(
    "utterance",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("passage", ForeignKey(passage.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("speaker", Text),
    Column("cue", Text, nullable=False),
    Column("manner", Text, nullable=False),
    Column("via", JSON, nullable=False),
    # Whatever is asked of all that somebody said is answered out of this index.
    Index("ix_utterance_speaker", "speaker", "passage", "manner"),
)

# What made vectors: an encoder by its name. Triggers keep *chunks*.
maker = Table(
    "maker",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("chunks", Integer, nullable=False, server_default="0"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("label", Integer, primary_key=True),
    Column("passage", ForeignKey(passage.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("generation", Integer, nullable=False, index=True),
    Column("vector", LargeBinary, nullable=False),  # little-endian float32
    Column("maker", Integer),  # a key of `maker`, whose rows stay; null: a version made it that did not say
    sqlite_autoincrement=True,
)

name = Table(
    "name",
    metadata,
    Column("article", ForeignKey(article.c.key, ondelete="CASCADE"), primary_key=True, nullable=False),
    Column("word", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# How many passages and utterances there are. Triggers keep it.
total = Table(
    "total",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)
# How often each speaker speaks ("" for nobody who is named), and each word of `name` stands, in all articles.
# Triggers keep both.
spoken = Table(
    "spoken",
    metadata,
    Column("speaker", Text, primary_key=True),
    Column("utterances", Integer, nullable=False),
    sqlite_with_rowid=False,
)
named = Table(
    "named",
    metadata,
    Column("word", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# To count millions with each change would take seconds.
COUNTING = """
create trigger chunk_added after insert on chunk when new.maker is not null begin
    update maker set chunks = chunks + 1 where key = new.maker;
end;
create trigger chunk_removed after delete on chunk when old.maker is not null begin
    update maker set chunks = chunks - 1 where key = old.maker;
end;
create trigger passage_added after insert on passage begin
    update total set number = number + 1 where kind = 'passages';
end;
create trigger passage_removed after delete on passage begin
    update total set number = number - 1 where kind = 'passages';
end;
create trigger utterance_added after insert on utterance begin
    update total set number = number + 1 where kind = 'utterances';
    insert into spoken values (coalesce(new.speaker, ''), 1)
        on conflict (speaker) do update set utterances = utterances + 1;
end;
create trigger utterance_removed after delete on utterance begin
    update total set number = number - 1 where kind = 'utterances';
    update spoken set utterances = utterances - 1 where speaker = coalesce(old.speaker, '');
    delete from spoken where speaker = coalesce(old.speaker, '') and utterances = 0;
end;
create trigger name_added after insert on name begin
    insert into named values (new.word, new.count)
        on conflict (word) do update set count = count + new.count;
end;
create trigger name_removed after delete on name begin
    update named set count = count - old.count where word = old.word;
    delete from named where word = old.word and count = 0;
end;
"""
# What the triggers keep, counted anew.
COUNTED = {
    total: "select 'passages', count(*) from passage union all select 'utterances', count(*) from utterance",
    maker: "select maker.name, count(*) from chunk join maker on maker.key = chunk.maker group by 1",
    spoken: "select coalesce(speaker, ''), count(*) from utterance group by 1",
    named: "select word, sum(count) from name group by 1",
}
KEPT = {
    total: "select kind, number from total",
    maker: "select name, chunks from maker where chunks > 0",
    spoken: "select speaker, utterances from spoken",
    named: "select word, count from named",
}

role = Table(
    "role",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article", ForeignKey(article.c.key, ondelete="CASCADE"), nullable=False, index=True),
    Column("speaker", Text, nullable=False),
    Column("office", Text, nullable=False, index=True),
    Column("of", JSON, nullable=False),
)


def count(connection: Connection) -> None:
    """Count what is there, and keep count from now on."""
    for trigger in re.findall(r"(?ms)^create.*?^end;", COUNTING):
        connection.exec_driver_sql(trigger)
    for table in (total, spoken, named):
        connection.exec_driver_sql(f"insert into {table.name} {COUNTED[table]}")


def count_agrees(connection: Connection) -> bool:
    """Say whether what is counted with each change is what there is."""
    kept, anew = (
        [sorted(connection.exec_driver_sql(queries[table]).all()) for table in COUNTED]
        for queries in (KEPT, COUNTED)
    )
    return kept == anew
