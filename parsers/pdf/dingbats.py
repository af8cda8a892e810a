"""SANDBOX, untrusted: characters of symbol fonts, for which PDFs often give the letter on the same key."""

import re
from functools import lru_cache

from parsers.office.symbols import in_font

_SUBSET = re.compile(r"^[A-Z]{6}\+")  # ISO 32000-1, 9.6.4
_PRIVATE = re.compile("[\uf020-\uf0ff]")
# Codes 0x21 to 0x7E of ZapfDingbats are Unicode's block of dingbats in order, but for those it had already.
_ZAPF = {code: 0x2701 + code - 0x21 for code in range(0x21, 0x7F)} | {
    0x25: 0x260E, 0x2A: 0x261B, 0x2B: 0x261E, 0x48: 0x2605, 0x6C: 0x25CF, 0x6E: 0x25A0, 0x73: 0x25B2, 0x74: 0x25BC,
    0x75: 0x25C6, 0x77: 0x25D7,
}  # fmt: skip


def as_shown(font: str, text: str) -> str:
    """The text with the signs that its font shows; unchanged when the font is none of the known ones."""
    family = _family(font)
    if family == "zapf":
        return text.translate(_ZAPF)
    if family == "symbol":  # MuPDF knows its letters, but not the codes that some producers give it
        return _PRIVATE.sub(lambda match: in_font(family, match.group()) or match.group(), text)
    return in_font(family, text) if family else text


@lru_cache(maxsize=512)
def _family(font: str) -> str:
    name = re.sub(r"[\s_-]", "", _SUBSET.sub("", font)).casefold()
    if name.startswith(("zapfdingbats", "zadb", "itczapfdingbats")):
        return "zapf"
    if name.startswith("wingdings"):
        return {"2": "wingdings 2", "3": ""}.get(name[9:10], "wingdings")
    if name.startswith("webdings"):
        return "webdings"
    return "symbol" if name.startswith("symbol") else ""
