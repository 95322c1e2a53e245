"""Whether an article calls somebody he or she: by titles, and by the pronouns that follow a name. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from index.speech.names import Name, Roster, names
from index.speech.tokens import blanked, quotations

TITLES = {
    **dict.fromkeys(
        """mrs ms miss lady dame madam queen princess duchess baroness sister spokeswoman congresswoman
        chairwoman councilwoman assemblywoman businesswoman actress saleswoman policewoman mother daughter
        wife aunt widow         grandmother girlfriend countess empress""".split(),
        "she",
    ),
    **dict.fromkeys(
        """mr sir lord king prince duke baron brother spokesman congressman chairman councilman assemblyman
        businessman actor salesman policeman father son husband uncle widower grandfather boyfriend monsignor
        count emperor pope bishop archbishop cardinal sheikh imam ayatollah""".split(),
        "he",
    ),
}
_PRONOUN = re.compile(r"\b(?:(she|her|hers|herself)|(?:he|his|him|himself))\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z“\"])|\n")
_TITLE_BEFORE = re.compile(r"([\w-]+)\.?\s+$")
BY_TITLE = 3  # votes: a title is meant for the name, a pronoun only stands near it
SURE = 2  # times as many votes as for the other


def genders(texts: Iterable[str], roster: Roster) -> dict[str, str]:
    """Return "he" or "she" by the full name of those of whom *texts* tell it plainly."""
    votes: Counter[tuple[str, str]] = Counter()
    for text in texts:
        plain = blanked(text, quotations(text))
        start = 0
        for end in [*(m.end() for m in _SENTENCE_END.finditer(plain)), len(plain)]:
            _vote(plain[start:end], roster, votes)
            start = end
    people = {who for who, _ in votes}
    return {who: called for who in people if (called := _decided(votes[who, "he"], votes[who, "she"]))}


def _vote(sentence: str, roster: Roster, votes: Counter[tuple[str, str]]) -> None:
    found = names(sentence, roster.surnames)
    for name in found:
        if called := titled(sentence, name):
            votes[roster.resolve(name.full), called] += BY_TITLE
    pronoun = _PRONOUN.search(sentence)
    before = {roster.resolve(n.full) for n in found if pronoun and n.start < pronoun.start()}
    if pronoun and len(before) == 1:
        votes[before.pop(), "she" if pronoun[1] else "he"] += 1


def titled(text: str, name: Name) -> str:
    """Return the pronoun that goes with the title before *name*, "" where none tells."""
    before = _TITLE_BEFORE.search(text[: name.start])
    return TITLES.get(before[1].casefold(), "") if before else ""


def _decided(he: int, she: int) -> str:
    if he > SURE * she:
        return "he"
    return "she" if she > SURE * he else ""


def of_surname(surname: str, called: str, roster: Roster, known: Mapping[str, str]) -> str | None:
    """Return the one person of *surname* whom the article calls *called* ("Mrs. Roe"), None where not one."""
    family = roster.family(surname)
    fitting = [full for full in family if known.get(full) == called]
    return fitting[0] if len(fitting) == 1 else None
