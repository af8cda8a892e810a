"""SANDBOX, untrusted: the metadata block at the top of a Markdown file, read without a YAML or TOML library.

Only flat `key: value` lines matter here, and a YAML parser is a way to run code or build a billion nodes.
"""

import re

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
_LINE = re.compile(r"^([A-Za-z][\w .-]{0,60}?)\s*[:=]\s*(.*)$")
_FRONT_CHARS_MAX = 64 << 10


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """(keys in lower case to plain values, the rest). A block that never ends, or holds no key, is text."""
    first, newline, rest = text.partition("\n")
    ends = _FENCES.get(first.strip())
    if not newline or ends is None:
        return {}, text
    values: dict[str, str] = {}
    position = 0
    while position < min(len(rest), _FRONT_CHARS_MAX):
        end = rest.find("\n", position)
        line = rest[position : end if end >= 0 else len(rest)]
        if line.rstrip() in ends:
            return (values, rest[end + 1 :] if end >= 0 else "") if values else ({}, text)
        found = _LINE.match(line)
        if found:
            values.setdefault(found[1].lower(), _plain(found[2]))
        elif position == 0 and not line.strip():
            return {}, text  # a rule, and then a paragraph
        if end < 0:
            break
        position = end + 1
    return {}, text


def _plain(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(part.strip().strip("\"'") for part in value[1:-1].split(","))
    return value.split(" #", 1)[0].strip()
