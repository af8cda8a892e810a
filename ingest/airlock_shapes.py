"""HOST, trusted: the shapes that a sandbox's frames must have: each field with its limits, and none besides.

Used by `airlock.py` alone, which checks order, sums and cross-references. The models repeat the fields of
`contract/result.py`; a test keeps the two equal.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contract.verdicts import ElementType, FindingKind, Refusal, Severity, Withheld

PARENT_DEPTH_MAX: Final = 64

# PostgreSQL refuses NUL; the other controls have no place in text and would reach an operator's terminal.
_CLEAN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
# Exactly what `normalize.py` writes for a table: no other tag, no other attribute, no bare "<".
_TABLE_HTML: Final = (
    r"^(?:</?(?:table|thead|tbody|tr|td|th)>|<t[dh](?: (?:col|row)span=\"[0-9]{1,4}\"){1,2}>|<br/?>"
    r"|[^<>&\x00-\x08\x0b-\x1f\x7f-\x9f]|&(?:amp|lt|gt|quot|#x27);)*$"
)

Line = Annotated[str, StringConstraints(max_length=65_536, pattern=_CLEAN)]
Date = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9TZ:.+-]*$")]
Text = Annotated[str, StringConstraints(max_length=8 << 20, pattern=_CLEAN)]
TableHtml = Annotated[str, StringConstraints(max_length=8 << 20, pattern=_TABLE_HTML)]
Languages = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]], Field(max_length=5)]
ElementId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Count = Annotated[int, Field(ge=0, le=1 << 40)]
# Cleaned after it was admitted, not refused: containers made by honest programs have names with odd characters, too.
UntrustedName = Annotated[str, StringConstraints(max_length=4096)]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e7, le=1e7)]


class _Admitted(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Ready(_Admitted):
    """Checked shape of `contract.result.Ready`."""

    contract: int
    parser_version: Line


class Progress(_Admitted):
    """Checked shape of `contract.result.Progress`."""

    stage: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)]
    done: Count
    total: Count


class Coordinates(_Admitted):
    """Checked shape of `contract.result.Coordinates`."""

    points: Annotated[list[tuple[Finite, Finite]], Field(min_length=4, max_length=4)]
    system: Literal["PixelSpace"]
    layout_width: Finite
    layout_height: Finite


class Comment(_Admitted):
    """Checked shape of `contract.result.Comment`."""

    author: Line
    text: Text
    date: Date | None = None


class ElementMetadata(_Admitted):
    """Checked shape of `contract.result.ElementMetadata`."""

    page_number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    coordinates: Coordinates | None = None
    parent_id: ElementId | None = None
    category_depth: Annotated[int, Field(ge=0, le=PARENT_DEPTH_MAX)] | None = None
    text_as_html: TableHtml | None = None
    link_urls: list[Line] | None = None
    link_texts: list[Text] | None = None
    emphasized_text_contents: list[Text] | None = None
    emphasized_text_tags: list[Line] | None = None
    languages: Languages | None = None
    comments: list[Comment] | None = None


class Element(_Admitted):
    """Checked shape of `contract.result.Element`."""

    type: ElementType
    element_id: ElementId
    text: Text
    metadata: ElementMetadata


class Elements(_Admitted):
    """Checked shape of `contract.result.Elements`."""

    elements: list[Element]


class Chunk(_Admitted):
    """Checked shape of `contract.result.Chunk`."""

    spans: Annotated[list[tuple[Count, Count]], Field(min_length=1, max_length=4096)]
    element_ids: Annotated[list[ElementId], Field(min_length=1, max_length=4096)]


class Chunks(_Admitted):
    """Checked shape of `contract.result.Chunks`."""

    chunks: list[Chunk]


class DocumentMetadata(_Admitted):
    """Checked shape of `contract.result.DocumentMetadata`."""

    media_type: Annotated[str, StringConstraints(max_length=127, pattern=r"^[a-z0-9.+-]+/[a-zA-Z0-9.+_-]+$")]
    title: Line | None = None
    author: Line | None = None
    created: Date | None = None
    modified: Date | None = None
    languages: Languages | None = None
    page_count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    encoding: Line | None = None


class Finding(_Admitted):
    """Checked shape of `contract.result.Finding`."""

    kind: FindingKind
    severity: Severity
    place: Line
    evidence: Line


class Embedded(_Admitted):
    """Checked shape of `contract.result.Embedded`."""

    untrusted_name: UntrustedName
    media_type_hint: Annotated[str, StringConstraints(max_length=127, pattern=r"^(?:[a-z0-9.+-]+/[a-zA-Z0-9.+_-]+)?$")]
    bytes: Count
    withheld: Withheld | None
    detail: Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]


class Usage(_Admitted):
    """Checked shape of `contract.result.Usage`. A claim; the host bills on the control group's counters."""

    cpu_seconds: Annotated[float, Field(allow_inf_nan=False, ge=0)]
    memory_peak_bytes: Count


class Done(_Admitted):
    """Checked shape of `contract.result.Done`."""

    refusal: Refusal | None
    detail: Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
    elements: Count
    chunks: Count
    text_chars: Count
    embedded: Count


MODELS: Final[tuple[type[_Admitted], ...]] = (
    Ready, Progress, Coordinates, Comment, ElementMetadata, Element, Elements, Chunk, Chunks, DocumentMetadata, Finding,
    Embedded, Usage, Done,
)  # fmt: skip
FIELD_NAMES: Final = frozenset(name for model in MODELS for name in model.model_fields)
