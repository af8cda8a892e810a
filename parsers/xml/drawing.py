"""SANDBOX, untrusted: text of SVG drawings (SVG 2): labels in document order, the hidden ones apart."""

from dataclasses import dataclass, replace

from lxml import etree

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Report
from parsers.markup.html import read_html
from parsers.markup.visibility import parse_declarations
from parsers.xml.tree import Element, all_text, attribute, attributes, child, local, plain

_UNDRAWN = frozenset({"defs", "symbol", "style", "metadata", "clipPath", "mask", "pattern", "marker", "title", "desc"})
_REMOTE = ("http://", "https://", "//", "file:")
_LOADING = frozenset({"image", "use", "feImage", "script", "style"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What of an element's style is inherited and hides text."""

    invisible: bool = False
    tiny: bool = False
    unfilled: bool = False


class _Drawing:
    def __init__(self, report: Report) -> None:
        self.blocks: list[Block] = []
        self.findings: list[FoundIssue] = []
        self.hidden: list[str] = []
        self.scripts = 0
        self.remote: list[str] = []
        self._report = report
        self._visited = 0

    def walk(self, element: Element, look: _Look) -> None:
        """One element with what it contains; the tree's depth of 256 bounds the recursion."""
        self._visited += 1
        if self._visited % 1000 == 0:
            self._report.progress("elements", self._visited, 0)
        name = local(element)
        self._note(element, name)
        if name in _UNDRAWN or not name:
            return
        style = {key: value.strip().lower() for key, value in attributes(element)}
        style |= parse_declarations(attribute(element, "style"))
        if style.get("display") == "none" or _is_zero(style.get("opacity")):
            self._hide(plain(element))
            return
        look = _inherited(look, style)
        if name == "text":
            self._text(element, look)
        elif name == "foreignObject":
            html = "".join(etree.tostring(each, encoding="unicode") for each in element)
            parsed = read_html(html, self._report)
            self.blocks += parsed.blocks
            self.findings += parsed.findings
        else:
            for each in element:
                self.walk(each, look)

    def _text(self, element: Element, look: _Look) -> None:
        """A label. Its lines are `tspan` elements with a position of their own."""
        pieces = [element.text or ""]
        for each in element:
            starts_line = each.get("y") is not None or (each.get("dy") or "0").strip() not in ("0", "0em")
            pieces += ["\n" if starts_line else "", all_text(each), each.tail or ""]
        lines = [" ".join(line.split()) for line in "".join(pieces).replace("\r", "").split("\n")]
        text = " ".join(line for line in lines if line)
        if look.invisible or look.tiny or look.unfilled:
            self._hide(text)
        elif text:
            self.blocks.append(Block(ElementType.UNCATEGORIZED_TEXT, text))

    def _hide(self, text: str) -> None:
        if text:
            self.hidden.append(text[:200])

    def _note(self, element: Element, name: str) -> None:
        self.scripts += name in ("script", "handler") or any(
            key.lower().startswith("on") for key, _ in attributes(element)
        )
        address = attribute(element, "href").strip()
        self.scripts += address.lower().startswith("javascript:")
        if name in _LOADING and address.lower().startswith(_REMOTE):
            self.remote.append(address)


def read_drawing(root: Element, report: Report) -> ParsedDocument:
    """A drawing's title, description and labels."""
    drawing = _Drawing(report)
    title, description = plain(child(root, "title")), plain(child(root, "desc"))
    if title:
        drawing.blocks.append(Block(ElementType.TITLE, title, depth=1))
    if description:
        drawing.blocks.append(Block(ElementType.NARRATIVE_TEXT, description))
    drawing.walk(root, _Look())
    return ParsedDocument(
        "image/svg+xml", drawing.blocks, title=title, findings=[*drawing.findings, *_findings(drawing)]
    )


def _findings(drawing: _Drawing) -> list[FoundIssue]:
    found = []
    if drawing.hidden:
        evidence = f"{len(drawing.hidden)} labels: {drawing.hidden[0]}"
        found.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "drawing", evidence))
    if drawing.scripts:
        evidence = f"{drawing.scripts} scripts or event handlers"
        found.append(FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, "drawing", evidence))
    if drawing.remote:
        evidence = f"{len(drawing.remote)} resources; {drawing.remote[0]}"[:200]
        found.append(FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.INFO, "drawing", evidence))
    return found


def _inherited(look: _Look, style: dict[str, str]) -> _Look:
    if "visibility" in style:
        look = replace(look, invisible=style["visibility"] in ("hidden", "collapse"))
    if "font-size" in style:
        look = replace(look, tiny=_is_zero(style["font-size"]))
    if "fill" in style or "fill-opacity" in style:
        no_fill = style.get("fill") in ("none", "transparent") or _is_zero(style.get("fill-opacity"))
        look = replace(look, unfilled=no_fill and style.get("stroke", "none") == "none")
    return look


def _is_zero(value: str | None) -> bool:
    digits = (value or "1").rstrip("%pxtemr ")
    try:
        return float(digits) == 0.0
    except ValueError:
        return False
