"""SANDBOX, untrusted: feeds (RSS 2.0, RSS 1.0, Atom of RFC 4287) and outlines (OPML 2.0)."""

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, FoundIssue, Link, ParsedDocument, Report
from parsers.mail.header_text import iso_date
from parsers.markup import links
from parsers.markup.html import read_html
from parsers.markup.inline import escape, link_target
from parsers.xml.tree import Element, attribute, child, local, plain

ITEMS_MAX = 20_000
_CONTENTS = ("encoded", "content", "description", "summary")  # the fullest first
_OUTLINE_DEPTH_MAX = 32


def read_feed(root: Element, report: Report) -> ParsedDocument:
    """A feed as a document: its title, and a section for each entry."""
    channel = child(root, "channel")
    head = root if channel is None else channel
    findings: list[FoundIssue] = []
    blocks: list[Block] = []
    title = plain(child(head, "title"))
    if title:
        blocks.append(Block(ElementType.TITLE, title, depth=1))
    blocks += _html_blocks(plain(child(head, "description")) or plain(child(head, "subtitle")), 1, report, findings)
    items = [each for each in (*head, *(root if channel is not None else ())) if local(each) in ("item", "entry")]
    for number, item in enumerate(items[:ITEMS_MAX]):
        report.progress("entries", number, len(items))
        blocks += _entry(item, report, findings)
    author = (
        plain(child(head, "managingEditor")) or plain(child(head, "author", "name")) or plain(child(head, "creator"))
    )
    return ParsedDocument(
        media_type="application/xml",
        blocks=blocks,
        title=title,
        author=author,
        modified=_date(
            plain(child(head, "lastBuildDate")) or plain(child(head, "updated")) or plain(child(head, "pubDate"))
        ),
        languages=[language] if (language := plain(child(head, "language")))[:35].replace("-", "").isalpha() else [],
        findings=findings,
    )


def _entry(item: Element, report: Report, findings: list[FoundIssue]) -> list[Block]:
    blocks = []
    title = " ".join(block.text for block in _html_blocks(plain(child(item, "title")), 2, report, []))
    if title:
        blocks.append(Block(ElementType.TITLE, title, depth=2))
    day = next((text for name in ("pubDate", "published", "updated", "date") if (text := plain(child(item, name)))), "")
    author = plain(child(item, "author", "name")) or plain(child(item, "creator")) or plain(child(item, "author"))
    about = ", ".join(filter(None, (author, day)))
    url = _address(item)
    if url:
        text = f"{about} {url}".strip()
        blocks.append(Block(ElementType.NARRATIVE_TEXT, text, links=[Link(title or url, url)]))
    elif about:
        blocks.append(Block(ElementType.NARRATIVE_TEXT, about))
    content = next((each for name in _CONTENTS for each in item if local(each) == name and _has_content(each)), None)
    if content is not None:
        blocks += _html_blocks(_markup(content), 2, report, findings)
    return blocks


def _has_content(element: Element) -> bool:
    return bool(len(element) or (element.text or "").strip())


def _markup(content: Element) -> str:
    """An entry's text: escaped HTML as a rule, XHTML elements in Atom."""
    if len(content):
        return "".join(etree.tostring(each, encoding="unicode") for each in content)
    return content.text or ""


def _html_blocks(html: str, level: int, report: Report, findings: list[FoundIssue]) -> list[Block]:
    if not html.strip():
        return []
    parsed = read_html(html, report)
    findings += parsed.findings
    for block in parsed.blocks:
        if block.kind is ElementType.TITLE:
            block.depth = min(6, (block.depth or 1) + level)
    return parsed.blocks


def _address(item: Element) -> str:
    """Where an entry leads: text in RSS, an attribute in Atom, where the relation "alternate" is the page itself."""
    for link in (each for each in item if local(each) == "link"):
        url = plain(link) or (attribute(link, "href") if attribute(link, "rel") in ("", "alternate") else "")
        if url:
            return links.resolve(url)
    return ""


def _date(text: str) -> str:
    return iso_date(text) or (text if text[:4].isdigit() and text[4:5] == "-" else "")


def read_outline(root: Element, report: Report) -> ParsedDocument:
    """An outline as a nested list. Depth is bounded by the tree's, 256."""
    title = plain(child(root, "head", "title"))
    blocks = [Block(ElementType.TITLE, title, depth=1)] if title else []
    body = child(root, "body")
    if body is not None:
        report.progress("outline", 0, 0)
        _outlines(body, 0, blocks)
    return ParsedDocument(
        media_type="application/xml",
        blocks=blocks,
        title=title,
        author=plain(child(root, "head", "ownerName")),
        created=_date(plain(child(root, "head", "dateCreated"))),
        modified=_date(plain(child(root, "head", "dateModified"))),
    )


def _outlines(parent: Element, depth: int, blocks: list[Block]) -> None:
    for outline in parent:
        if local(outline) != "outline":
            continue
        text = " ".join((attribute(outline, "text") or attribute(outline, "title")).split())
        url = links.resolve(attribute(outline, "htmlUrl") or attribute(outline, "xmlUrl") or attribute(outline, "url"))
        if text:
            markdown = f"[{escape(text)}]{link_target(url)}" if url else None
            found = [Link(text, url)] if url else []
            blocks.append(
                Block(ElementType.LIST_ITEM, text, markdown, depth=min(depth, _OUTLINE_DEPTH_MAX), links=found)
            )
        note = attribute(outline, "_note").strip()
        if note:
            blocks.append(Block(ElementType.NARRATIVE_TEXT, note))
        _outlines(outline, depth + 1, blocks)
