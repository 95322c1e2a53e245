"""Questions to begin with: about those whom the newest article quotes, and about what it quotes them on."""

from __future__ import annotations

from collections import Counter

from index.passage import Article, Passage, Utterance
from index.retriever import Ranked, Retriever
from index.statements import Statement, topics


def prompts(retriever: Retriever, article: Article, people: list[str], most: int = 4) -> list[str]:
    """
    Return up to *most* questions that *article* answers, of those *people* whom it quotes most.

    Args:
        people: Names as the article's statements have them.
    """
    quoted = Counter(u.speaker for p in article.passages for u in p.utterances if u.speaker in people)
    names = [name for name, _ in quoted.most_common(most) if name]
    full = [f"What did {_short(n)} say about {t}?" for n in names for t in _topics(retriever, article, n)[:1]]
    plain = [f"What did {_short(n)} say?" for n in names]
    # Half with a topic, half without: who is quoted on nothing in particular is asked about in general.
    return list(dict.fromkeys([*full[: (most + 1) // 2], *plain[::-1], *full[(most + 1) // 2 :]]))[:most]


def _topics(retriever: Retriever, article: Article, name: str) -> list[str]:
    said = [(p, u) for p in article.passages for u in p.utterances if u.speaker == name]
    words = retriever.words(" ".join(p.text[u.start : u.end] for p, u in said))
    found = [_statement(retriever, article, p, u) for p, u in said]
    return topics(found, words, [name])


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
