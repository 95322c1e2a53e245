"""Questions to begin with: about those whom the newest article quotes, and about what it quotes them on."""

from __future__ import annotations

import re
from collections import Counter

from index.passage import Article, Passage, Utterance
from index.retriever import Ranked, Retriever
from index.segment import STOPWORDS, fold
from index.statements import Statement, topics

WORDS = 12  # telling words of a speaker's statements, of which the first that is a noun is taken


def prompts(retriever: Retriever, article: Article, people: list[str], most: int = 4) -> list[str]:
    """
    Return up to *most* questions that *article* answers, of those *people* whom it quotes most.

    Args:
        people: Names as the article's statements have them.
    """
    quoted = Counter(u.speaker for p in article.passages for u in p.utterances if u.speaker in people)
    names = [name for name, _ in quoted.most_common() if name and _short(name)[0].isupper()]
    alone = Counter(map(_short, names))
    names = [name for name in names if alone[_short(name)] == 1][:most]
    full = [f"What did {_short(n)} say about {t}?" for n in names for t in _topics(retriever, article, n)[:1]]
    plain = [f"What did {_short(n)} say?" for n in names]
    # Half with a topic, half without: who is quoted on nothing in particular is asked about in general.
    return list(dict.fromkeys([*full[: (most + 1) // 2], *plain[::-1], *full[(most + 1) // 2 :]]))[:most]


def _topics(retriever: Retriever, article: Article, name: str) -> list[str]:
    """Return what the statements of *name* are about, the most telling first, as one asks about it."""
    said = [(p, u) for p in article.passages for u in p.utterances if u.speaker == name]
    text = "\n".join(p.text[u.start : u.end] for p, u in said)
    found = [_statement(retriever, article, p, u) for p, u in said]
    words = topics(found, retriever.words(text), [name], WORDS)
    return [phrase for word in words if (phrase := _asked_about(word, text))]


def _asked_about(word: str, text: str) -> str | None:
    """Return “the word” where it stands in *text* as a noun, the word alone where as a name, else None."""
    if word[0].isupper():
        return word if re.search(rf"[a-z,] {re.escape(word)}\b", text) else None
    noun = re.search(rf"\b(?:the|a|an) {re.escape(word)}\b(?=[.,;:!?”\"]| (\w+))", text, re.IGNORECASE)
    return f"the {word}" if noun and (noun[1] is None or fold(noun[1]) in STOPWORDS) else None


def _statement(retriever: Retriever, article: Article, passage: Passage, u: Utterance) -> Statement:
    ranked = Ranked(
        passage_id=0,
        article_id=article.id,
        passage=passage,
        score=0.0,
        cosine=0.0,
        words=retriever.words(""),
        sentences=(),
    )
    return Statement(ranked=ranked, start=u.start, end=u.end, fit=0.0, utterance=u)


def _short(name: str) -> str:
    return name.split()[-1]
