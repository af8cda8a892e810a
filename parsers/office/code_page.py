"""SANDBOX, untrusted: Windows code pages by number, as old Office files name their encodings."""

import codecs

_NAMED = {1200: "utf-16-le", 10000: "mac_roman", 32768: "mac_roman", 32769: "cp1252", 65001: "utf-8"}


def codec_of(number: int) -> str:
    """A codec's name; Western for a page that nobody knows."""
    name = _NAMED.get(number) or f"cp{number}"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name
