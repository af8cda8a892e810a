"""SANDBOX, untrusted: characters that may not leave the sandbox, or that a reader does not see.

Everything that becomes text goes through `clean`: NFC, newlines as LF, no control characters, no soft hyphens, no lone
surrogates, no byte order marks, no Unicode tag characters (the carrier of "ASCII smuggling") outside of emoji flags.
"""

import re
import unicodedata

# Looked for first: most text has nothing to clean, and one search is much cheaper than the replacements.
_DIRTY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]")
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_DROPPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ufeff\ufffe\uffff\ud800-\udfff]")
# UTS 51, ED-14a: a black flag, tags of [0-9a-z], and a cancel tag are one emoji, such as the flag of Scotland.
_FLAG_OR_TAG = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)|[\U000e0000-\U000e007f]"
)

BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAG_RUN = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007e]+")
_VISIBLE = re.compile(
    "[^\\s\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Text as it may be shown and stored. Linear time; what is clean already comes back as it is."""
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if _DIRTY.search(text) is None:
        return text
    text = _NEWLINE.sub("\n", text)
    text = _FLAG_OR_TAG.sub(lambda match: match[1] or "", text)
    # Dropping a character between two others may bring a base and its accent together.
    return unicodedata.normalize("NFC", _DROPPED.sub("", text))


def count_tag_characters(text: str) -> int:
    """How many Unicode tag characters stand outside of emoji flags: text that only machines read."""
    return 0 if text.isascii() else sum(map(len, _TAG_RUN.findall(text)))


def has_visible(text: str) -> bool:
    """Whether there is anything to see: not only white space, joiners, marks of direction and variation selectors."""
    return _VISIBLE.search(text) is not None


def one_line(text: str, chars_max: int) -> str:
    """Clean text on one line, cut with an ellipsis."""
    line = _SPACES.sub(" ", clean(text[: 8 * chars_max])).strip()
    return line if len(line) <= chars_max else line[: chars_max - 1] + "…"
