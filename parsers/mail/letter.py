"""SANDBOX, untrusted: a message as it is shown, whatever file it came in: subject, labelled fields, body, letters
inside.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, FoundIssue

FINDINGS_OF_ATTACHMENTS_MAX = 100
_HEADING_MAX = 6
_VALUE_CHARS_MAX = 4000
_NAMES_SHOWN_MAX = 50


class Content(Protocol):
    """Where the bytes of an attached file are, to be had when it is passed on."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Raises `Refused` when they cannot be had."""
        ...

    def may_be_smaller_than(self, size: int) -> bool:
        """Whether they may be fewer; true when only their end would tell."""
        ...


@dataclass(slots=True)
class Attachment:
    """A file that travels with a message. `inline`: the body shows it, as pictures of a signature are.

    `identifier` is what the body would refer to it by; `attached`: its sender calls it an attachment; without a
    `content` it is a name and no more.
    """

    name: str
    media_type: str
    inline: bool = False
    content: Content | None = None
    identifier: str = ""
    attached: bool = False


@dataclass(slots=True)
class Letter:
    """One message. `fields` are (label, text) in the order shown; `letters` are the messages attached to it."""

    subject: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    letters: "list[Letter]" = field(default_factory=list)
    findings: list[FoundIssue] = field(default_factory=list)
    author: str = ""
    sent: str = ""  # ISO 8601
    encrypted: list[str] = field(default_factory=list)  # what of it only a key would open
    enclosed: list[Attachment] = field(default_factory=list)  # files in the text itself, of which findings tell
    referred: set[str] = field(default_factory=set)  # identifiers of the parts that the body shows

    def is_readable(self) -> bool:
        """Whether there is a body, here or in a message inside."""
        return bool(self.blocks) or any(letter.is_readable() for letter in self.letters)


def blocks_of(letter: Letter, level: int = 1) -> list[Block]:
    """A letter as a section: its subject is the heading, everything in it stands below."""
    blocks: list[Block] = []
    stack = [(letter, level)]
    while stack:
        current, depth = stack.pop()
        blocks += _own_blocks(current, depth)
        stack += [(inner, depth + 1) for inner in reversed(current.letters)]
    return blocks


def _own_blocks(letter: Letter, level: int) -> list[Block]:
    blocks = []
    if letter.subject:
        blocks.append(Block(ElementType.TITLE, letter.subject, depth=min(level, _HEADING_MAX)))
    fields = [*letter.fields, *_attachment_field(letter.attachments)]
    lines = [f"{label}: {text[:_VALUE_CHARS_MAX]}" for label, text in fields if text]
    if lines:
        blocks.append(Block(ElementType.NARRATIVE_TEXT, "\n".join(lines)))
    for block in letter.blocks:
        if block.kind is ElementType.TITLE:
            block.depth = min((block.depth or 1) + level, _HEADING_MAX)
    return blocks + letter.blocks


def _attachment_field(attachments: list[Attachment]) -> list[tuple[str, str]]:
    names = [attachment.name for attachment in attachments if attachment.name and not attachment.inline]
    more = f" and {len(names) - _NAMES_SHOWN_MAX} more" if len(names) > _NAMES_SHOWN_MAX else ""
    return [("Attachments", ", ".join(names[:_NAMES_SHOWN_MAX]) + more)] if names else []


def findings_of(letter: Letter) -> list[FoundIssue]:
    """The findings of a letter and of those inside it, attachments among them."""
    findings: list[FoundIssue] = []
    attachments: list[Attachment] = []
    stack = [letter]
    while stack:
        current = stack.pop()
        findings += current.findings
        attachments += current.attachments
        for what in current.encrypted:
            findings.append(FoundIssue(FindingKind.ENCRYPTED_PART, Severity.LOW, "message", what))
        stack += reversed(current.letters)
    return [*findings, *attachment_findings(attachments)]


def attachment_findings(attachments: Iterable[Attachment]) -> list[FoundIssue]:
    """One finding for each attachment, up to a number."""
    found = [
        FoundIssue(
            FindingKind.EMBEDDED_FILE, Severity.INFO if each.inline else Severity.LOW, "attachment",
            f"{each.name or 'without a name'} ({each.media_type})",
        )
        for each in attachments
    ]  # fmt: skip
    more = len(found) - FINDINGS_OF_ATTACHMENTS_MAX
    if more > 0:
        del found[FINDINGS_OF_ATTACHMENTS_MAX:]
        found.append(FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "message", f"{more} more attachments"))
    return found
