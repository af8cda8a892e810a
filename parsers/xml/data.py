"""SANDBOX, untrusted: XML that is data: shown as it is, indented, as JSON is; HTML that it carries is read as HTML."""

import re
from collections.abc import Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, FoundIssue, ParsedDocument, Report
from parsers.markup.html import read_html
from parsers.xml.roles import DOCUMENT_NAMES
from parsers.xml.tree import Element, attributes, local, namespace

_CARRIES_HTML = re.compile(r"<(?:p|div|table|span|ul|ol|h[1-6]|br|font|a|b|strong|em)\b[^<>]*>", re.IGNORECASE)
_HTML_CHARS_MIN = 30
_INDENTED_DEPTH_MAX = 16
_SAMPLED_ELEMENTS = 5000


def is_document(root: Element) -> bool:
    """Whether a tree is text with structure: elements in the middle of text, and paragraphs or sections by name."""
    named = mixed = 0
    for number, element in enumerate(root.iter()):
        if number == _SAMPLED_ELEMENTS:
            break
        named += local(element).lower() in DOCUMENT_NAMES
        parent = element.getparent()
        mixed += bool((element.tail or "").strip()) or (
            parent is not None and parent[0] is element and bool((parent.text or "").strip())
        )
    return named > 0 and (mixed > 0 or named >= 3)


def read_data(root: Element, report: Report) -> ParsedDocument:
    """Code blocks of XML, with what HTML it carries in between, under the name of the element that does."""
    blocks: list[Block] = []
    findings: list[FoundIssue] = []
    lines: list[str] = []

    def end_code() -> None:
        if any(line.strip() for line in lines):
            blocks.append(Block(ElementType.CODE_SNIPPET, "\n".join(lines), language="xml"))
        lines.clear()

    for number, (line, html, name) in enumerate(_lines(root)):
        if number % 2000 == 0:
            report.progress("elements", number, 0)
        if not html:
            lines.append(line)
            continue
        end_code()
        parsed = read_html(html, report)
        findings += parsed.findings
        if parsed.blocks:
            blocks.append(Block(ElementType.TITLE, name, depth=2))
        for block in parsed.blocks:
            if block.kind is ElementType.TITLE:
                block.depth = min(6, (block.depth or 1) + 2)
        blocks += parsed.blocks
    end_code()
    return ParsedDocument("application/xml", blocks, findings=findings)


def _lines(root: Element) -> Iterator[tuple[str, str, str]]:
    """(line, "", "") for each line of code, ("", html, element name) for an element whose text is HTML.

    One loop over start and end of elements: its stack is the tree's.
    """
    stack: list[tuple[Element, Iterator[Element]]] = []
    element: Element | None = root
    while element is not None or stack:
        indent = "  " * min(len(stack), _INDENTED_DEPTH_MAX)
        if element is None:
            parent, rest = stack[-1]
            element = next(rest, None)
            if element is None:
                stack.pop()
                outer = "  " * min(len(stack), _INDENTED_DEPTH_MAX)
                yield f"{outer}</{_name(parent)}>{_tail(parent)}", "", ""
            continue
        text = element.text or ""
        if not len(element):
            if len(text) >= _HTML_CHARS_MIN and _CARRIES_HTML.search(text):
                yield "", text, local(element)
            else:
                yield indent + _leaf(element, text) + _tail(element), "", ""
        else:
            yield f"{indent}<{_start(element)}>{_escaped(' '.join(text.split()))}", "", ""
            stack.append((element, (each for each in element if isinstance(each.tag, str))))
        element = None


def _leaf(element: Element, text: str) -> str:
    shown = _escaped(text.strip())
    return f"<{_start(element)}>{shown}</{_name(element)}>" if shown else f"<{_start(element)}/>"


def _tail(element: Element) -> str:
    return _escaped(" ".join((element.tail or "").split()))


def _name(element: Element) -> str:
    prefix = element.prefix
    return f"{prefix}:{local(element)}" if prefix else local(element)


def _start(element: Element) -> str:
    shown = [f'{_attribute_name(key, element)}="{_escaped(value)}"' for key, value in attributes(element)]
    if element.getparent() is None and namespace(element):
        declared = f"xmlns:{element.prefix}" if element.prefix else "xmlns"
        shown.insert(0, f'{declared}="{_escaped(namespace(element))}"')
    return " ".join([_name(element), *shown])


def _attribute_name(name: str, element: Element) -> str:
    if not name.startswith("{"):
        return name
    uri, _, plain_name = name[1:].partition("}")
    prefix = "xml" if uri == "http://www.w3.org/XML/1998/namespace" else _prefix_of(uri, element)
    return f"{prefix}:{plain_name}" if prefix else plain_name


def _prefix_of(uri: str, element: Element) -> str:
    return next((prefix for prefix, known in element.nsmap.items() if known == uri and prefix), "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
