"""SANDBOX, untrusted: bytes of a mail to text: by the charset it names when that can be believed, else by how it
reads.
"""

import codecs

from parsers.blocks import Refused
from parsers.markup.encoding import codec_of
from parsers.text.encoding import decode
from parsers.text.legacy import best_legacy_encoding

_GUESS_BYTES = 1 << 16
# Charsets of mail that no browser knows; each decodes bytes to text and nothing else.
_MAIL_ONLY = frozenset({
    "utf-7", "hz", "iso2022_kr", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_ext", "cp437", "cp850", "cp852",
    "cp855", "cp862", "cp865", "mac-greek", "mac-turkish", "mac-latin2", "utf-32", "utf-16", "gb18030", "big5",
    "johab", "koi8-t", "kz1048", "cp775", "cp737", "cp1125", "cp857", "cp858", "cp864", "shift_jisx0213",
    "euc_jisx0213", "big5hkscs",
})  # fmt: skip
_ALIASES = {
    "ks_c_5601": "cp949", "cp-850": "cp850", "utf8mb4": "utf-8", "utf-8859-1": "utf-8", "unicode": "utf-16",
    "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "x-gbk": "gb18030", "cp936": "gb18030",
    "windows-936": "gb18030", "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "x-unknown": "",
    "unknown-8bit": "", "default": "", "us-ascii": "",
}  # fmt: skip


def codec_named(label: str) -> str:
    """The Python codec of a charset label; "" when it names none, or says no more than "unknown" or "ASCII"."""
    label = label.strip().strip("\"'").lower().partition("*")[0]
    if label in _ALIASES:
        return _ALIASES[label]
    name = codec_of(label) or codec_of(label.removeprefix("x-")) or codec_of(label.replace("_", "-"))
    if name:
        return name
    try:
        known = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return known if known in _MAIL_ONLY else ""


def decode_as(data: bytes, label: str) -> str:
    """Text of bytes under a charset label, which senders get wrong: what does not fit it is read as what it looks
    like.
    """
    if data.isascii() and b"\x1b" not in data:
        label = label if codec_named(label) in ("utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be") else "us-ascii"
    name = codec_named(label)
    if name:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, ValueError):
            pass
    if name and name != "utf-8" and not _is_utf8(data):
        return data.decode(name, "replace")
    return decode_unlabelled(data)


def decode_unlabelled(data: bytes) -> str:
    """Text of bytes that nobody names the charset of."""
    if _is_utf8(data):
        return data.decode("utf-8")
    try:
        return decode(data).text
    except Refused:
        return data.decode(best_legacy_encoding(data[:_GUESS_BYTES]) or "cp1252", "replace")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in data
