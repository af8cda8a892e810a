"""SANDBOX, untrusted: XML text to a tree without any trust: nothing loaded, entities expanded by us, under a bound.

libxml2 keeps its own bounds here (`huge_tree=False`: depth 256, text of 10 MB) and expands no entity. What a document
declares as plain text is put in afterwards; what it declares to be somewhere else is a finding, and stays out.
"""

import re
from collections.abc import Iterable
from html.entities import html5
from typing import Any

from lxml import etree

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused, Report
from parsers.markup.encoding import decode

ENTITY_CHARS_MAX = 10_000  # of one entity, expanded
EXPANDED_CHARS_MAX = 1 << 20  # of all references together
ENTITIES_MAX = 2000
_LEVELS_MAX = 8
ATTRIBUTES_MAX = 5000  # of one element
_TAG_BYTES_FREE = 1 << 15
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,400}\?>")
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z_][\w.:-]{0,100}));")
_PREDEFINED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_EXTERNAL = re.compile(r"<!ENTITY\s+(?:%\s*)?[\w.:-]+\s+(?:SYSTEM|PUBLIC)\b[^>]{0,300}", re.IGNORECASE)
_EVIDENCE_CHARS = 200

Element = etree._Element


def parse(document: bytes, report: Report, findings: list[FoundIssue]) -> Element:
    """The root. Raises `Refused`: corrupt when there is none, bomb when entities would explode."""
    report.progress("tree", 0, 1)
    text = _DECLARATION.sub("", decode(document)[0].lstrip("\ufeff \t\r\n"), count=1)
    _note_external(text, findings)
    data = text.encode("utf-8", "replace")
    _check_attributes(data)
    try:
        root = etree.fromstring(data, _parser(recover=False))
    except etree.XMLSyntaxError as error:
        if "entity" in error.msg and ("amplification" in error.msg or "loop" in error.msg):
            raise Refused(Refusal.BOMB, f"XML: {error.msg}"[:_EVIDENCE_CHARS]) from error
        root = _recovered(data, error, findings)
    _expand_entities(root)
    return root


def _check_attributes(data: bytes) -> None:
    """libxml2 compares each attribute of an element with all others: 50,000 of them took 15 s."""
    if len(data) < _TAG_BYTES_FREE:
        return
    for piece in data.split(b"<"):
        if len(piece) > _TAG_BYTES_FREE and piece.partition(b">")[0].count(b"=") > ATTRIBUTES_MAX:
            raise Refused(Refusal.BOMB, f"XML: an element with over {ATTRIBUTES_MAX} attributes")


def _recovered(data: bytes, error: etree.XMLSyntaxError, findings: list[FoundIssue]) -> Element:
    """What can be read up to and around the fault."""
    try:
        root = etree.fromstring(data, _parser(recover=True))
    except etree.XMLSyntaxError:
        root = None
    if root is None or not (len(root) or (root.text or "").strip()):
        raise Refused(Refusal.CORRUPT, f"XML: {error.msg}"[:_EVIDENCE_CHARS]) from error
    evidence = f"not well-formed: {error.msg}"[:_EVIDENCE_CHARS]
    findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "document", evidence))
    return root


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        huge_tree=False, recover=recover, remove_comments=True, remove_pis=True, strip_cdata=True,
    )  # fmt: skip


def _note_external(text: str, findings: list[FoundIssue]) -> None:
    """Entities that a trusting parser would fetch. A DTD's own address is common and harmless while nobody loads it."""
    start = text.find("<!DOCTYPE", 0, 1 << 16)
    if start < 0:
        return
    for count, found in enumerate(_EXTERNAL.finditer(text, start, start + (1 << 18))):
        if count == 10:
            return
        evidence = " ".join(found[0].split())[:_EVIDENCE_CHARS]
        findings.append(FoundIssue(FindingKind.EXTERNAL_ENTITY, Severity.HIGH, "document", evidence))


def _expand_entities(root: Element) -> None:
    """Put the text of each reference in its place. Raises `Refused` (bomb) when that would be too much."""
    references = list(root.iter(etree.Entity))
    if not references:
        return
    declared = _declared_entities(root)
    expanded: dict[str, str] = {}
    budget = EXPANDED_CHARS_MAX
    for reference in references:
        name = (reference.text or "").strip("&;")
        if name not in expanded:
            expanded[name] = _text_of_entity(name, declared, 0)
        budget -= len(expanded[name])
        if budget < 0:
            raise Refused(Refusal.BOMB, f"XML: entities expand to over {EXPANDED_CHARS_MAX} characters")
        _replace(reference, expanded[name] + (reference.tail or ""))


def _replace(reference: Element, text: str) -> None:
    parent = reference.getparent()
    if parent is None:
        return
    before = reference.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    reference.tail = None
    parent.remove(reference)


def _declared_entities(root: Element) -> dict[str, str]:
    """Entities with a text of their own, by name."""
    dtd = root.getroottree().docinfo.internalDTD
    declared: dict[str, str] = {}
    # lxml-stubs do not know `DTD.iterentities`.
    entities: Iterable[Any] = dtd.iterentities() if dtd is not None else ()  # type: ignore[attr-defined]
    for entity in entities:
        if len(declared) < ENTITIES_MAX and entity.name and entity.content is not None:
            declared.setdefault(entity.name, entity.content)
    return declared


def _text_of_entity(name: str, declared: dict[str, str], level: int) -> str:
    """An entity's text, its own references expanded; markup in it is left out with its tags."""
    if name in _PREDEFINED:
        return _PREDEFINED[name]
    if name not in declared:
        return html5.get(name + ";", "")
    if level > _LEVELS_MAX:
        raise Refused(Refusal.BOMB, "XML: entities nested too deep")
    pieces: list[str] = []
    size = position = 0
    content = declared[name]
    for found in _REFERENCE.finditer(content):
        inner = _character(found) if found[3] is None else _text_of_entity(found[3], declared, level + 1)
        pieces += (content[position : found.start()], inner)
        position = found.end()
        size += len(inner)
        if size > ENTITY_CHARS_MAX:
            raise Refused(Refusal.BOMB, f"XML: an entity of over {ENTITY_CHARS_MAX} characters")
    return re.sub(r"<[^<>]{0,1000}>", " ", "".join([*pieces, content[position:]]))[:ENTITY_CHARS_MAX]


def _character(found: re.Match[str]) -> str:
    code = int(found[1]) if found[1] else int(found[2], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def local(element: Element) -> str:
    """An element's name without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """An element's namespace, or ""."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name, whatever its namespace."""
    value = element.get(name)
    if value is not None:
        return value
    return next((text for key, text in attributes(element) if key.rpartition("}")[2] == name), "")


def attributes(element: Element) -> list[tuple[str, str]]:
    """All attributes, names with their namespaces. (lxml-stubs allow for bytes, which a parsed tree never holds.)"""
    return [(str(name), str(value)) for name, value in element.attrib.items()]


def all_text(element: Element) -> str:
    """All text of an element, as it stands."""
    return "".join(str(text) for text in element.itertext())


def plain(element: Element | None) -> str:
    """All text of an element on one line."""
    return "" if element is None else " ".join(all_text(element).split())


def child(element: Element, *path: str) -> Element | None:
    """The first descendant along local names."""
    for name in path:
        found = next((each for each in element if local(each) == name), None)
        if found is None:
            return None
        element = found
    return element


def descendant(element: Element, name: str) -> Element | None:
    """The first descendant with a local name."""
    return next((each for each in element.iter("{*}" + name)), None)
