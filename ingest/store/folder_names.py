"""HOST, trusted: the bijection between file names, which are bytes, and the segments of a key, which are text.

A name that is valid UTF-8 is its own segment. Any other name is shown with each stray byte as `%80`..`%FF` and each
literal percent sign as `%25`. So that no two names share a segment, a valid name that happens to look like such an
escaped form (or like one already moved aside) is moved aside by one more `%` -> `%25`; that is Hilbert's hotel.
Ordinary names with percent signs ("100%.txt", "a%20b") are untouched.
"""

import re

from ingest.errors import StoreError

_ESCAPED = re.compile(r"(?:[^%]|%25|%[89A-F][0-9A-F])*")
_STRAY_BYTE = re.compile(r"%[89A-F][0-9A-F]")
_ANY_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


def segment_of(name: bytes) -> str:
    """The key segment of a file name. Never fails; inverse of `name_of`."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return _escape(name)
    return text.replace("%", "%25") if _needs_moving(text) else text


def name_of(segment: str) -> bytes:
    """The file name of a key segment. Raises `UnicodeEncodeError` on a lone surrogate; inverse of `segment_of`."""
    if _is_escaped_form(segment):
        return _unescape(segment)
    if _needs_moving(segment):
        segment = segment.replace("%25", "%")
    return segment.encode("utf-8")


def names_of(key: str) -> list[bytes]:
    """The file names on the way to a key, the last one being the object's.

    Raises `StoreError` on what is no path inside a folder: empty, absolute, with empty, `.` or `..` segments, NUL, or
    a lone surrogate.
    """
    segments = key.split("/")
    if "\0" in key or any(segment in ("", ".", "..") for segment in segments):
        raise StoreError(f"a folder cannot hold the key {key!r}")
    try:
        return [name_of(segment) for segment in segments]
    except UnicodeEncodeError:
        raise StoreError(f"a folder cannot hold the key {key!r}: it is not text") from None


def _escape(name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape")
    return "".join(
        "%25" if char == "%" else f"%{ord(char) - 0xDC00:02X}" if "\udc80" <= char <= "\udcff" else char
        for char in text
    )


def _unescape(segment: str) -> bytes:
    return _ANY_ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), segment.encode("utf-8"))


def _is_escaped_form(segment: str) -> bool:
    """Whether this is what `_escape` gives for some name, not merely something like it ("%C3%A9" is the valid "é")."""
    if not _STRAY_BYTE.search(segment) or not _ESCAPED.fullmatch(segment):
        return False
    return _escape(_unescape(segment)) == segment


def _needs_moving(text: str) -> bool:
    while True:
        if _is_escaped_form(text):
            return True
        if "%" not in text or text.count("%") != text.count("%25"):
            return False
        text = text.replace("%25", "%")
