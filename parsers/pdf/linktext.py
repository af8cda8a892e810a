"""SANDBOX, untrusted: text with its hyperlinks as Markdown."""

import re

from parsers.blocks import Link
from parsers.markdown_escape import escape_block, escape_inline

_SHOWN_SCHEMES = ("http://", "https://", "mailto:")
_UNSAFE = re.compile(r"[\x00-\x20<>()\\\x7f]")
_URL_CHARS_MAX = 2_000


def with_links(text: str, links: list[Link]) -> str | None:
    """`text` as Markdown with its links in place; `None` when none of them can be shown, so that `text` stands alone.

    A link is left out when it leads nowhere on the web, when its text is its address, or when a line break changed it.
    """
    parts: list[str] = []
    position = 0
    for link in links:
        place = text.find(link.text, position) if link.text else -1
        if place < 0 or not _is_shown(link):
            continue
        before = text[position:place]
        parts.append(_escaped(before, at_start=not parts))
        parts.append(f"[{escape_inline(link.text)}]({_UNSAFE.sub(_percent, link.url)})")
        position = place + len(link.text)
    if not parts:
        return None
    return "".join(parts) + escape_inline(text[position:])


def _is_shown(link: Link) -> bool:
    bare = link.url.removeprefix("mailto:").rstrip("/")
    says_so = link.text.rstrip("/") in (bare, bare.split("://", 1)[-1])
    return link.url.startswith(_SHOWN_SCHEMES) and len(link.url) <= _URL_CHARS_MAX and not says_so


def _escaped(text: str, *, at_start: bool) -> str:
    if not at_start or not text.strip():
        return escape_inline(text)
    return escape_block(text) + text[len(text.rstrip()) :]


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"
