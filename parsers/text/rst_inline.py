"""SANDBOX, untrusted: reStructuredText inside a line: emphasis, roles, links, and the names they are defined under."""

import re

from parsers.markup.inline import BOLD, ITALIC, STRIKE
from parsers.text.light import LineReader, Style

_SUBSTITUTIONS_MAX = 1000
DIRECTIVE = re.compile(r"^\.\.[ ]+(?:\|([^|\n]{1,100})\|[ ]+)?([A-Za-z][\w:+.-]{0,60}?)::(?:[ ]+(.*))?$")
TARGET = re.compile(r"^\.\.[ ]+_(?:`([^`\n]{1,300})`|([^:\n]{1,300})):(?:[ ]+(.*))?$")
INLINE = re.compile(
    r"``(?P<literal>[^`](?:[^\n]{0,2000}?[^`])?)``"
    r"|:(?P<role>[\w:+.-]{1,60}):`(?P<content>[^`]{1,2000})`"
    r"|`(?P<link>[^`]{1,2000})`__?|`(?P<interpreted>[^`]{1,2000})`"
    r"|(?<![\w*])\*\*(?P<bold>[^\s*](?:[^\n]{0,2000}?[^\s\\])?)\*\*(?!\w)"
    r"|(?<![\w*])\*(?P<italic>[^\s*](?:[^*\n]{0,2000}?[^\s*\\])?)\*(?!\w)"
    r"|\|(?P<substitution>[^\s|](?:[^|\n]{0,100}[^\s|])?)\|_{0,2}"
    r"|\[(?P<note>#?[\w.-]{0,40}|\*)\]_(?!\w)|(?P<reference>\b[A-Za-z0-9](?:[\w.-]{0,100}[A-Za-z0-9])?)__?(?![\w`*])"
    r"|_`(?P<target>[^`\n]{1,200})`|(?P<address>(?:https?|ftp|mailto):[^\s<>`]{1,2000}[^\s<>`.,;:!?)\]'\"])"
    r"|\\(?P<escaped>[^\w\s]|[ ])"
)
_ROLE_MARKS = {
    "strong": BOLD, "emphasis": ITALIC, "guilabel": BOLD, "menuselection": BOLD, "title": ITALIC, "t": ITALIC,
    "dfn": ITALIC, "del": STRIKE, "term": 0, "sup": 0, "sub": 0, "superscript": 0, "subscript": 0, "abbr": 0,
    "doc": 0, "ref": 0, "numref": 0, "download": 0, "rfc": 0, "pep": 0,
}  # fmt: skip
_WITH_TARGET = re.compile(r"^(.*?)\s*<([^<>]+)>$", re.DOTALL)


class Names:
    """Link targets and substitutions, which may be defined behind their use."""

    def __init__(self, lines: list[str]) -> None:
        self._targets: dict[str, str] = {}
        self._substitutions: dict[str, str] = {}
        for line in lines:
            line = line.strip()
            if not line.startswith(".. "):
                continue
            target, directive = TARGET.match(line), DIRECTIVE.match(line)
            if target is not None and target[3]:
                self._targets.setdefault(_key(target[1] or target[2]), target[3].strip())
            elif directive is not None and directive[1] and len(self._substitutions) < _SUBSTITUTIONS_MAX:
                value = directive[3] or "" if directive[2] == "replace" else ""
                self._substitutions.setdefault(directive[1], value[:1000])

    def show(self, reader: LineReader, found: re.Match[str], style: Style) -> None:
        """What one piece of inline markup shows."""
        get = found.groupdict()
        if get["literal"] is not None:
            reader.code(get["literal"], style)
        elif get["role"] is not None:
            self._role(reader, get["role"].rpartition(":")[2], get["content"], style)
        elif get["link"] is not None or get["reference"] is not None:
            self._reference(reader, get["link"] or get["reference"], style, found[0])
        elif get["bold"] is not None:
            reader.add(get["bold"], style.with_marks(BOLD))
        elif get["italic"] is not None or get["interpreted"] is not None:
            reader.add(get["italic"] or get["interpreted"], style.with_marks(ITALIC))
        elif get["substitution"] is not None:
            reader.plain(self._substitutions.get(get["substitution"], found[0]), style)
        elif get["note"] is not None:
            marker = get["note"].lstrip("#") or "*"
            reader.builder.add_raw(f"[{marker}]", f"[^{marker}]" if marker.isalnum() else f"\\[{marker}]")
        elif get["address"] is not None:
            reader.link("", get["address"], style)
        elif get["escaped"] is not None:
            reader.plain(get["escaped"].strip(), style)
        else:
            reader.plain(get["target"] or "", style)

    def _role(self, reader: LineReader, role: str, content: str, style: Style) -> None:
        if role == "math":
            reader.formula(content)
            return
        named = _WITH_TARGET.match(content)
        shown = (named[1] if named else content).lstrip("~!")
        if role in _ROLE_MARKS:
            reader.add(shown, style.with_marks(_ROLE_MARKS[role]))
        else:
            reader.code(shown, style)

    def _reference(self, reader: LineReader, content: str, style: Style, written: str) -> None:
        named = _WITH_TARGET.match(content)
        if named is not None:
            url = named[2]
            if url.endswith("_"):
                url = self._targets.get(_key(url[:-1]), "")
            reader.link(" ".join(named[1].split()) or url, url, style)
            return
        url = self._targets.get(_key(content), "")
        if not url and not written.startswith("`"):
            reader.plain(written if written.endswith("__") else content, style)
        else:
            reader.link(" ".join(content.split()), url, style)


def _key(name: str) -> str:
    return " ".join(name.split()).lower()
