"""BOTH SIDES: the wire shape of everything a sandbox may say. The airlock holds the same fields with their limits."""

from typing import Literal, NotRequired, TypedDict


class Ready(TypedDict):
    """First frame: the interpreter is up and the parsers of the profile are imported. No input byte was read yet."""

    contract: int
    parser_version: str


class Progress(TypedDict):
    """A sign of life. `total` is 0 while unknown. The stall deadline restarts at every frame of any kind."""

    stage: str
    done: int
    total: int


class Coordinates(TypedDict):
    """unstructured's shape: four corners, counter-clockwise from top left, in points (1/72 inch), origin top left."""

    points: list[tuple[float, float]]
    system: Literal["PixelSpace"]
    layout_width: float
    layout_height: float


class Comment(TypedDict):
    """A reviewer's comment anchored to an element; `date` is ISO 8601, where the file tells one."""

    author: str
    text: str
    date: NotRequired[str]


class ElementMetadata(TypedDict):
    """Metadata of an element, in unstructured's field names; `comments` is ours. `languages` are ISO 639-3 codes."""

    page_number: NotRequired[int]
    coordinates: NotRequired[Coordinates]
    parent_id: NotRequired[str]
    category_depth: NotRequired[int]
    text_as_html: NotRequired[str]
    link_urls: NotRequired[list[str]]
    link_texts: NotRequired[list[str]]
    emphasized_text_contents: NotRequired[list[str]]
    emphasized_text_tags: NotRequired[list[str]]
    languages: NotRequired[list[str]]
    comments: NotRequired[list[Comment]]


class Element(TypedDict):
    """One structural piece of a document. `parent_id` names the heading (or outer list item) it stands under."""

    type: str
    element_id: str
    text: str
    metadata: ElementMetadata


class Elements(TypedDict):
    """A batch of elements, in reading order."""

    elements: list[Element]


class Chunk(TypedDict):
    """A retrieval unit: spans (start, end) in characters of the normalized text, and the elements they show.

    Several spans stand for one text, joined with a newline: a split table is its header rows, then some of its rows.
    Pages, boxes, heading path, token count and text are derived by the host from these, not claimed.
    """

    spans: list[tuple[int, int]]
    element_ids: list[str]


class Chunks(TypedDict):
    """A batch of chunks, in reading order."""

    chunks: list[Chunk]


class DocumentMetadata(TypedDict):
    """What the document says of itself, and the languages (ISO 639-3) it is in. Dates are ISO 8601; absent: unknown."""

    media_type: str
    title: NotRequired[str]
    author: NotRequired[str]
    created: NotRequired[str]
    modified: NotRequired[str]
    languages: NotRequired[list[str]]
    page_count: NotRequired[int]
    encoding: NotRequired[str]


class Finding(TypedDict):
    """Something a reviewer may want to know. `evidence` is a short excerpt or count."""

    kind: str
    severity: str
    place: str
    evidence: str


class Embedded(TypedDict):
    """Ends a file found inside the document. `untrusted_name` is what its container calls it, with paths and tricks.

    `withheld` is a `Withheld` when its bytes are not passed on, with `detail`; whatever of them was sent before does
    not count. `bytes` is how many were sent, or of a withheld file how many its container claims. Its hash is the
    host's to compute.
    """

    untrusted_name: str
    media_type_hint: str
    bytes: int
    withheld: str | None
    detail: str


class Usage(TypedDict):
    """What the sandbox says it used. A claim: never billed on."""

    cpu_seconds: float
    memory_peak_bytes: int


class Done(TypedDict):
    """Last frame. `refusal` is a `Refusal` when there is no document, with `detail`; counts guard against loss."""

    refusal: str | None
    detail: str
    elements: int
    chunks: int
    text_chars: int
    embedded: int
