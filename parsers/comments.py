"""SANDBOX, untrusted: reviewers' comments as text, behind what they are about.

`[author: Jane Smith (JS), time: 2026-06-18T17:35:35.236]: This is a sample`, as docling writes them. A job may say that
comments are no text (`comments_in_text`): then they stay metadata of their elements alone.
"""

import re
from collections.abc import Iterable, Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, Comment
from parsers.hygiene import one_line

_NAME_CHARS_MAX = 200
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?")


def with_comments(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, and behind each the comments on it; a list is not torn, its comments follow its last item."""
    waiting: list[Block] = []
    for block in blocks:
        if block.kind is not ElementType.LIST_ITEM:
            yield from waiting
            waiting = []
        yield block
        if not block.furniture:
            waiting += [_as_block(comment, block) for comment in block.comments]
        if block.kind is not ElementType.LIST_ITEM:
            yield from waiting
            waiting = []
    yield from waiting


def keep_comments(comments: list[Comment], blocks: list[Block]) -> None:
    """Comments on a paragraph that shows nothing go with what stands before it, or stand for it."""
    if comments and blocks:
        blocks[-1].comments += comments
    elif comments:
        blocks.append(Block(ElementType.NARRATIVE_TEXT, "", comments=comments))


def moment(date: str) -> str:
    """A point in time to the millisecond where the file tells as much; "" for what is no ISO 8601."""
    found = _MOMENT.fullmatch(date.strip())
    if found is None:
        return ""
    seconds, fraction, zone = found.groups()
    return seconds + (f".{fraction[:3]:0<3}" if fraction else "") + (zone or "")


def _as_block(comment: Comment, anchor: Block) -> Block:
    text = " ".join(comment.text.split())
    return Block(ElementType.UNCATEGORIZED_TEXT, f"[{_head(comment)}]: {text}", page=anchor.page)


def _head(comment: Comment) -> str:
    author, initials = one_line(comment.author, _NAME_CHARS_MAX), one_line(comment.initials, _NAME_CHARS_MAX)
    name = f"{author} ({initials})" if author and initials else author or initials
    parts = [f"author: {name}"] if name else []
    if time := moment(comment.date):
        parts.append(f"time: {time}")
    return ", ".join(parts) or "comment"
