"""SANDBOX, untrusted: bytes to text, whatever the encoding, and the answer "this is no text".

In order of certainty: a byte order mark; NUL bytes at every other place (UTF-16, UTF-32); valid UTF-8; ISO-2022-JP by
its escapes; UTF-8 with a few damaged bytes; then the legacy encodings of `legacy.py`, judged by how they would read.
"""

import codecs
import re
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.text.legacy import best_legacy_encoding

HEAD_BYTES = 1 << 16
_SAMPLE_BYTES = 1 << 13

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1b") + b"\x7f"
_CONTROL_SHARE_MAX = 0.1  # text files have been seen with stray NULs and record separators
_CONTROLS_FREE = 2  # one stray byte is a large share of a short text
_LEGACY_CONTROL_SHARE_MAX = 0.01  # without valid UTF-8 to vouch for it
_DAMAGE_SHARE_MAX = 0.2  # damaged bytes per valid UTF-8 sequence
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ue000-\uf8ff]")


class Decoded(NamedTuple):
    """Text, and the name of the encoding it was in."""

    text: str
    encoding: str


def decode(document: bytes) -> Decoded:
    """All of a document as text. Bytes without a meaning become U+FFFD. Raises `Refused` (unsupported) for no text."""
    encoding = _encoding_of(document, whole=True)
    if encoding is None:
        raise Refused(Refusal.UNSUPPORTED, "application/octet-stream")
    return Decoded(document.decode(encoding, "replace").removeprefix("\ufeff"), encoding)


def decode_head(document: bytes) -> str | None:
    """The text of the first `HEAD_BYTES`, or None when this is no text."""
    head = document[:HEAD_BYTES]
    encoding = _encoding_of(head, whole=len(head) == len(document))
    if encoding is None:
        return None
    return codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")


def _encoding_of(document: bytes, *, whole: bool) -> str | None:
    for mark, encoding in _MARKS:
        if document.startswith(mark):
            return encoding
    sample = document[:_SAMPLE_BYTES]
    wide = _wide_encoding(sample)
    if wide:
        return wide
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > _CONTROLS_FREE + _CONTROL_SHARE_MAX * len(sample):
        return None
    if _is_utf8(document, whole):
        return "iso2022_jp" if _ISO_2022_JP.search(document) and _decodes(document, "iso2022_jp", whole) else "utf-8"
    if _is_damaged_utf8(document):
        return "utf-8"
    if controls > _CONTROLS_FREE + _LEGACY_CONTROL_SHARE_MAX * len(sample):
        return None
    return best_legacy_encoding(document[:HEAD_BYTES])


def _is_utf8(document: bytes, whole: bool) -> bool:
    return document.isascii() or _decodes(document, "utf-8", whole)


def _decodes(document: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(document, whole)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(document: bytes) -> bool:
    """Whether most of what is not ASCII is valid UTF-8: by chance, a legacy encoding hardly ever forms it."""
    text = document[:HEAD_BYTES].decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    valid = sum(1 for char in text if char > "\x7f") - damaged
    return damaged <= _DAMAGE_SHARE_MAX * valid


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark. Both put the high bytes of most characters, NUL or nearly, at fixed places."""
    sample = sample[: len(sample) // 4 * 4] or sample[: len(sample) // 2 * 2]
    if len(sample) < 2 or 0 not in sample:
        return None
    candidates = _utf32_candidates(sample) if len(sample) % 4 == 0 else []
    half = len(sample) // 2
    low_end, high_end = sample[0::2].count(0), sample[1::2].count(0)
    if high_end > 19 * low_end:
        candidates.append("utf-16-le")
    elif low_end > 19 * high_end:
        candidates.append("utf-16-be")
    # Text with a stray NUL also has all its NULs in odd or all in even places, but is plain ASCII otherwise.
    mostly_nul = max(low_end, high_end) > half // 4
    looks_ascii = sample.isascii() and len(sample.translate(None, _CONTROLS)) + low_end + high_end >= 0.95 * len(sample)
    for name in candidates:
        if (mostly_nul or not looks_ascii) and _reads_as_text(sample, name):
            return name
    return None


def _utf32_candidates(sample: bytes) -> list[str]:
    """By the highest byte, always NUL, and the one below, NUL for all but rare characters."""
    quarter = len(sample) // 4
    zeros = [sample[offset::4].count(0) for offset in range(4)]
    highest_two = {"utf-32-le": (zeros[3], zeros[2]), "utf-32-be": (zeros[0], zeros[1])}
    return [name for name, (top, below) in highest_two.items() if top == quarter and below > 0.7 * quarter]


def _reads_as_text(sample: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return len(_NOT_TEXT.findall(text)) <= 0.02 * len(text)
