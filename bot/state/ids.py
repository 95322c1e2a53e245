"""Names for questions and their answers that people can read to each other."""

from __future__ import annotations

import re
import secrets

# No 0 and o, no 1, i and l, and no vowel that could make a word.
LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
LENGTH = 8  # 28⁸ is 380 thousand million


def new_id() -> str:
    """Return an id that nobody else has."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def read_id(typed: str) -> str:
    """Return the id in what somebody typed: in any case, spaced or hyphenated; "" where there is none."""
    bare = re.sub(r"[\s-]+|^#", "", typed.strip().strip("`\"'“”.")).lower()
    return bare if re.fullmatch(f"[{LETTERS}]{{{LENGTH}}}", bare) else ""
