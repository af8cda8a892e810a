"""SANDBOX, untrusted: lines into running text: spaces, hyphenation and stray characters."""

import re
import unicodedata

_TAIL_CHARS = 80
_SOFT_HYPHEN = "\u00ad"
_BREAK = re.compile(r"(?<=[^\W\d_])(?:-|\u2010|\u00ad)$")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+-$")
_STRAY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\ufeff\ufff9-\ufffb]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PRESENTATION_FORMS = re.compile("[\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]+")
_CJK_END = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")
_CJK_START = re.compile("^[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def clean(text: str) -> str:
    """NFC, without control characters, soft hyphens or lone surrogates; ligatures and Arabic forms as letters."""
    text = _LONE_SURROGATE.sub("\ufffd", text)
    text = _PRESENTATION_FORMS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    return unicodedata.normalize("NFC", _STRAY.sub("", text))


def joined_lines(lines: list[str]) -> str:
    """Lines of a paragraph as one text, words that were hyphenated at a line's end whole again."""
    text = ""
    for line in lines:
        if not line:
            continue
        tail = text[-_TAIL_CHARS:]  # a long paragraph must not be searched from its start at every line
        if _BREAK.search(tail) and line[0].islower():
            text = text.rstrip("-\u2010\u00ad") + ("-" if _keeps_hyphen(tail) else "") + line
        elif not text or _joins_without_space(tail, line):
            text += line
        else:
            text += " " + line
    return clean(text)


def _joins_without_space(text: str, line: str) -> bool:
    """After a hyphen that is part of a word ("COVID-" + "19"), and between characters of scripts without spaces."""
    if text.endswith("-") and not text.endswith(" -") and line[0].isalnum():
        return True
    return are_unspaced(text, line)


def are_unspaced(before: str, behind: str) -> bool:
    """Whether two texts meet in signs of scripts that are written without spaces."""
    return bool(_CJK_END.search(before) and _CJK_START.search(behind))


def _keeps_hyphen(text: str) -> bool:
    """A word with a hyphen inside it already, such as "state-of-" + "the-art", keeps the one at the line's end."""
    return not text.endswith(_SOFT_HYPHEN) and _COMPOUND.search(text) is not None
