"""SANDBOX, untrusted: what slides inherit: placeholders' places and text styles from layout and master, the theme's
colours, the background, and the text that stands on layouts and masters themselves.
"""

from dataclasses import dataclass, field, replace

from lxml import etree

from parsers.office.names import A
from parsers.office.package import Package
from parsers.office.slides.colours import WHITE, Colour, Palette, paints
from parsers.office.slides.geometry import Frame, transform_of
from parsers.office.slides.names import OFF, P
from parsers.office.slides.reading_order import Rectangle

_PLACEHOLDERS_MAX = 200
_PAINTED_MAX = 500
_STYLE_CHILDREN_MAX = 32  # nine levels, a default, extensions
_TITLES = frozenset(("title", "ctrTitle"))
# A layout's placeholder of one of these types goes by the master's body: ECMA-376-1, 19.7.10.
_NO_BODY = frozenset(("title", "ctrTitle", "dt", "ftr", "sldNum", "hdr"))


def placeholder(shape: etree._Element) -> etree._Element | None:
    """A shape's `p:ph`, None when it is no placeholder."""
    for properties in shape:
        if isinstance(properties.tag, str) and properties.tag.startswith(P + "nv"):
            return properties.find(f"{P}nvPr/{P}ph")
    return None


@dataclass(slots=True)
class Sheet:
    """A layout or master: its part, its root, its placeholders in order."""

    part: str
    root: etree._Element
    placeholders: list[tuple[str, str, etree._Element]] = field(default_factory=list)  # type, idx, shape
    painted: list[Rectangle | None] = field(default_factory=list)  # boxes of what it draws itself

    @classmethod
    def read(cls, package: Package, part: str) -> "Sheet | None":
        """None when there is no such part."""
        root = package.xml(part) if part else None
        if root is None:
            return None
        sheet = cls(part, root)
        for shape in root.iter(P + "sp", P + "pic", P + "graphicFrame"):
            mark = placeholder(shape)
            if mark is None:
                if len(sheet.painted) < _PAINTED_MAX and (shape.tag == P + "pic" or paints(shape.find(P + "spPr"))):
                    parent = shape.getparent()
                    grouped = parent is None or parent.tag != P + "spTree"  # where it stands is then not looked up
                    sheet.painted.append(None if grouped else Frame().rectangle(transform_of(shape)))
            elif len(sheet.placeholders) < _PLACEHOLDERS_MAX:
                sheet.placeholders.append((mark.get("type", "obj"), mark.get("idx", "0"), shape))
        return sheet

    def by_index(self, kind: str, index: str) -> etree._Element | None:
        """The placeholder that a slide's one of this type and index goes by."""
        if kind in _TITLES:
            return self.by_kind("title") if self.by_kind("title") is not None else self.by_kind("ctrTitle")
        for own_kind, own_index, shape in self.placeholders:
            if own_index == index and own_kind not in _TITLES:
                return shape
        return self.by_kind(kind) if kind in _NO_BODY else None

    def by_kind(self, kind: str) -> etree._Element | None:
        """The first placeholder of a type."""
        return next((shape for own_kind, _, shape in self.placeholders if own_kind == kind), None)


@dataclass(slots=True)
class Design:
    """A layout with its master. Both may be missing."""

    layout: Sheet | None
    master: Sheet | None
    palette: Palette

    def recoloured(self, slide: etree._Element) -> "Design":
        """The design of one slide, which, or whose layout, may call the theme's colours by other names."""
        for root in (slide, self.layout.root if self.layout else None):
            override = None if root is None else root.find(f"{P}clrMapOvr/{A}overrideClrMapping")
            if override is not None:
                return replace(self, palette=self.palette.renaming(override))
        return self

    def inherited(self, mark: etree._Element | None) -> list[etree._Element]:
        """The shapes that a placeholder goes by, the nearest first."""
        if mark is None:
            return []
        kind, index = mark.get("type", "obj"), mark.get("idx", "0")
        found = [self.layout.by_index(kind, index)] if self.layout else []
        if self.master:
            above = placeholder(found[0]) if found and found[0] is not None else None
            kind = above.get("type", kind) if above is not None else kind
            found.append(self.master.by_kind("title" if kind in _TITLES else kind if kind in _NO_BODY else "body"))
        return [shape for shape in found if shape is not None]

    def text_style(self, mark: etree._Element | None) -> etree._Element | None:
        """The master's style for a kind of text: titles, bodies, all else."""
        styles = None if self.master is None else self.master.root.find(P + "txStyles")
        if styles is None:
            return None
        if mark is None:
            return styles.find(P + "otherStyle")
        kind = mark.get("type", "obj")
        name = "titleStyle" if kind in _TITLES else "otherStyle" if kind in _NO_BODY else "bodyStyle"
        return styles.find(P + name)

    def background(self, slide: etree._Element) -> Colour | None:
        """What is behind everything on a slide: white when nobody says anything, None for pictures and gradients."""
        for root in (slide, self.layout.root if self.layout else None, self.master.root if self.master else None):
            mark = None if root is None else root.find(f"{P}cSld/{P}bg")
            if mark is None:
                continue
            properties, reference = mark.find(P + "bgPr"), mark.find(P + "bgRef")
            if properties is not None:
                return self.palette.fill(properties)[1]
            if reference is not None and reference.get("idx") == "1001" and len(reference):
                return self.palette.colour(reference[0])
            return None
        return self.palette.scheme.get(self.palette.renamed.get("bg1", "lt1"), WHITE)

    def shown_sheets(self, slide: etree._Element) -> list[Sheet]:
        """Those whose own shapes a slide shows behind its own: `showMasterSp` of the slide and of its layout."""
        if self.layout is None or slide.get("showMasterSp") in OFF:
            return []
        if self.master is None or self.layout.root.get("showMasterSp") in OFF:
            return [self.layout]
        return [self.master, self.layout]


class Designs:
    """Layouts and masters of a presentation, each read once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._designs: dict[str, Design] = {}
        self._sheets: dict[str, Sheet | None] = {}

    def of_slide(self, part: str) -> Design:
        """What a slide is based on."""
        layout = self._target(part, "slideLayout")
        if layout not in self._designs:
            self._designs[layout] = self._read(layout)
        return self._designs[layout]

    def _read(self, layout: str) -> Design:
        master = self._sheet(self._target(layout, "slideMaster")) if layout else None
        theme = self._target(master.part, "theme") if master else ""
        colour_map = master.root.find(P + "clrMap") if master else None
        palette = Palette.read(self._package.xml(theme) if theme else None, colour_map)
        return Design(self._sheet(layout), master, palette)

    def _sheet(self, part: str) -> Sheet | None:
        if part not in self._sheets:
            self._sheets[part] = Sheet.read(self._package, part)
        return self._sheets[part]

    def _target(self, part: str, kind: str) -> str:
        for relationship in self._package.relationships(part).values():
            if relationship.kind == kind and not relationship.external:
                return relationship.target
        return ""


def list_styles(shapes: list[etree._Element]) -> list[etree._Element]:
    """The list styles of shapes' text bodies, those that say anything."""
    styles = (shape.find(f"{P}txBody/{A}lstStyle") for shape in shapes)
    return [style for style in styles if style is not None and 0 < len(style) <= _STYLE_CHILDREN_MAX]
