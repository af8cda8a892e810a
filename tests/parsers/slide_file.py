"""TEST: presentations written part by part, and the shortest way to read them."""

from collections.abc import Mapping

from parsers.blocks import ParsedDocument
from parsers.office.slides.pptx import PARSER
from tests.parsers.markup_cases import silent
from tests.parsers.word_file import R, Relationships, package, relationships

P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
NAMESPACES = (
    f'xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{R}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
WIDTH, HEIGHT = 12_192_000, 6_858_000
THEME = (
    f'<a:theme xmlns:a="{A}"><a:themeElements><a:clrScheme '
    f'name="x"><a:dk1><a:sysClr val="windowText" lastClr="000000"/>'
    '</a:dk1><a:lt1><a:sysClr val="window" lastClr="FFFFFF"/></a:lt1><a:dk2><a:srgbClr val="112233"/></a:dk2>'
    '<a:lt2><a:srgbClr val="EEEEEE"/></a:lt2><a:accent1><a:srgbClr val="FF0000"/></a:accent1></a:clrScheme>'
    "</a:themeElements></a:theme>"
)
_BULLETS = "".join(f'<a:lvl{at}pPr><a:buChar char="•"/></a:lvl{at}pPr>' for at in range(1, 4))
MASTER_STYLES = (
    "<p:txStyles><p:titleStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr></p:titleStyle>"
    f"<p:bodyStyle>{_BULLETS}</p:bodyStyle><p:otherStyle/></p:txStyles>"
)


def run(text: str, properties: str = "") -> str:
    """One run; `properties` are the attributes and children of its `a:rPr`."""
    return f"<a:r><a:rPr{properties}</a:rPr><a:t>{text}</a:t></a:r>" if properties else f"<a:r><a:t>{text}</a:t></a:r>"


def paragraph(text: str, level: int = 0, properties: str = "") -> str:
    """One paragraph of one run."""
    return f'<a:p><a:pPr lvl="{level}">{properties}</a:pPr>{run(text)}</a:p>'


def frame(x: float, y: float, width: float = 0.2, height: float = 0.1) -> str:
    """Where a shape stands, in shares of the slide."""
    at = f'<a:off x="{int(x * WIDTH)}" y="{int(y * HEIGHT)}"/>'
    return f'<a:xfrm>{at}<a:ext cx="{int(width * WIDTH)}" cy="{int(height * HEIGHT)}"/></a:xfrm>'


def shape(body: str, place: str = "", holder: str = "", fill: str = "", name: str = "", attributes: str = "") -> str:
    """A shape; `holder` are a placeholder's attributes, such as 'type="title"'."""
    mark = f"<p:ph {holder}/>" if holder else ""
    body = body if body.startswith("<a:") or not body else paragraph(body)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="{name}" {attributes}/><p:cNvSpPr/><p:nvPr>{mark}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{place}{fill}</p:spPr><p:txBody><a:bodyPr/>{body}</p:txBody></p:sp>"
    )


def title(text: str) -> str:
    """The title of a slide."""
    return shape(text, holder='type="title"')


def slide(*shapes: str, background: str = "", attributes: str = "", root: str = "sld") -> str:
    """A slide, or a layout, master or notes page by the name of its root."""
    return (
        f"<p:{root} {NAMESPACES} {attributes}><p:cSld>{background}<p:spTree>{''.join(shapes)}</p:spTree></p:cSld>"
        f"</p:{root}>"
    )


def presentation_parts(
    slides: list[str],
    others: Mapping[str, str | bytes] | None = None,
    linked: Mapping[int, Relationships] | None = None,
    layout: str = "",
    master: str = "",
) -> dict[str, str | bytes]:
    """A presentation of these slides, a layout and a master; `linked` are relationships of slides by number."""
    master = master or slide(root="sldMaster").replace("</p:sldMaster>", MASTER_STYLES + "</p:sldMaster>")
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/ppt/presentation.xml" ContentType="{_MAIN}"/></Types>'
        ),
        "_rels/.rels": relationships([("r", "officeDocument", "ppt/presentation.xml", False)]),
        "ppt/presentation.xml": (
            f"<p:presentation {NAMESPACES}><p:sldIdLst>"
            + "".join(f'<p:sldId id="{at}" r:id="s{at}"/>' for at in range(1, len(slides) + 1))
            + f'</p:sldIdLst><p:sldSz cx="{WIDTH}" cy="{HEIGHT}"/></p:presentation>'
        ),
        "ppt/_rels/presentation.xml.rels": relationships(
            [(f"s{at}", "slide", f"slides/slide{at}.xml", False) for at in range(1, len(slides) + 1)]
        ),
        "ppt/slideLayouts/slideLayout1.xml": layout or slide(root="sldLayout"),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": relationships(
            [("m", "slideMaster", "../slideMasters/slideMaster1.xml", False)]
        ),
        "ppt/slideMasters/slideMaster1.xml": master,
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": relationships([("t", "theme", "../theme/theme1.xml", False)]),
        "ppt/theme/theme1.xml": THEME,
    }
    for at, content in enumerate(slides, 1):
        own: Relationships = [("l", "slideLayout", "../slideLayouts/slideLayout1.xml", False)]
        parts[f"ppt/slides/slide{at}.xml"] = content
        parts[f"ppt/slides/_rels/slide{at}.xml.rels"] = relationships([*own, *(linked or {}).get(at, [])])
    return parts | dict(others or {})


def read_parts(parts: Mapping[str, str | bytes]) -> ParsedDocument:
    """What the reader makes of a package."""
    return PARSER.parse(package(parts), silent())


def read_slides(*slides: str, **more: str) -> ParsedDocument:
    """What it makes of a presentation of these slides."""
    return read_parts(presentation_parts(list(slides), layout=more.get("layout", ""), master=more.get("master", "")))
