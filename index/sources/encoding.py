"""The bytes of a file to its text, letter for letter, in the encodings of the real world. Pure."""

from __future__ import annotations

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the start of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(
    rb"(?:charset|encoding)\s*=\s*[\"']?\s*((?:windows|iso|cp|koi8|shift|euc|gb|big5|mac)[\w-]*)", re.I
)
DECLARED_WITHIN = 4096

# What a text in Windows-1252 is made of, beyond ASCII. Other code pages read as it show other signs.
WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜàáâãäåæçèéêëìíîïñòóôõöøùúûüŒœßŠšŽžÿ‘’“”‚„‹›«»–—…•·¿¡°§©®™€£½¼\xa0\xad"
)
WESTERN_SHARE = 0.25  # of all characters; a text in another script has more of them than ASCII
# Where Windows-1252 is ruled out. Its near kin are not offered: the detector takes Polish for Turkish.
OTHERS = (
    "cp1250 iso8859_2 cp1251 koi8_r cp1253 cp1255 cp1256 cp932 euc_jp gb18030 big5 cp949 mac_roman".split()
)

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
CONTROL_SHARE = 0.01


class UnreadableError(Exception):
    """A file that gives no article: one sentence that says why and what to do."""


def decode(data: bytes) -> str:
    """
    Return the text of *data*: by its mark, as UTF-8, as it declares itself, as Windows-1252, or by its looks.

    Raises:
        UnreadableError: If it is no text.
    """
    text = _marked(data) or _unmarked(data)
    if len(CONTROL.findall(text)) > CONTROL_SHARE * len(text):
        raise UnreadableError("It is a binary file; save it as plain text, Markdown or HTML.")
    return text


def _marked(data: bytes) -> str | None:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as e:
                raise UnreadableError(
                    f"It starts as {encoding.upper()} and goes on otherwise; save it as UTF-8."
                ) from e
    return None


def _unmarked(data: bytes) -> str:
    if b"\0" in data:
        raise UnreadableError("It is a binary file, or UTF-16 without its mark; save it as UTF-8 text.")
    declared = DECLARED.search(data[:DECLARED_WITHIN])
    names = ["utf-8", *([_standard_name(declared[1].decode("ascii"))] if declared else [])]
    for name in names:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(data)


def _standard_name(declared: str) -> str:
    """Read Latin-1 as Windows-1252, as every browser does (WHATWG Encoding Standard)."""
    return "windows-1252" if declared.lower() in ("iso-8859-1", "iso8859-1") else declared


def _guessed(data: bytes) -> str:
    western = data.decode("windows-1252", errors="replace")
    signs = [c for c in western if c > "\x7f"]
    # Guessing goes by frequency and is often wrong on a page or less of English with a few accents.
    if WESTERN.issuperset(signs) and len(signs) < WESTERN_SHARE * len(western):
        return western
    from charset_normalizer import from_bytes  # of use only where the simple ways did not do

    best = from_bytes(data, cp_isolation=OTHERS).best()
    if best is None:
        raise UnreadableError("Its encoding is unknown, or it is a binary file; save it as UTF-8 text.")
    return str(best)
