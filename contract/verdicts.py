"""BOTH SIDES: the closed vocabularies that cross the wall or explain what happened to a file.

Every list here is mirrored by a table in docs/reference/, and a test compares the two.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a file is in quarantine.

    The first group is observed by the host, the second claimed by a sandbox, the third decided by the host before or
    after a sandbox ran.
    """

    TIMEOUT = "timeout"
    STALLED = "stalled"
    CPU_LIMIT = "cpu_limit"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    PIDS_LIMIT = "pids_limit"
    DISK_LIMIT = "disk_limit"
    OUTPUT_LIMIT = "output_limit"
    PROTOCOL_VIOLATION = "protocol_violation"

    BOMB = "bomb"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    EMPTY = "empty"

    TOO_LARGE = "too_large"
    POLICY = "policy"


class Refusal(StrEnum):
    """What a sandbox may answer instead of a document. Each is also a `Reason`."""

    BOMB = "bomb"
    DISK_LIMIT = "disk_limit"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    EMPTY = "empty"


class Withheld(StrEnum):
    """Why a sandbox passes on no bytes of a file inside the document. Each is also a `Reason`, of that file alone."""

    BOMB = "bomb"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"


class FindingKind(StrEnum):
    """What a parser saw in a file that a reviewer may want to know."""

    HIDDEN_TEXT = "hidden_text"
    ACTIVE_CONTENT = "active_content"
    EXTERNAL_REFERENCE = "external_reference"
    EMBEDDED_FILE = "embedded_file"
    TYPE_MISMATCH = "type_mismatch"
    POLYGLOT = "polyglot"
    ENCRYPTED_PART = "encrypted_part"
    BIDI_CONTROL = "bidi_control"
    INVISIBLE_CHARACTERS = "invisible_characters"
    UNMAPPED_TEXT = "unmapped_text"
    TRUNCATED = "truncated"
    PATH_TRAVERSAL = "path_traversal"
    EXTERNAL_ENTITY = "external_entity"
    INSTRUCTION_LIKE_TEXT = "instruction_like_text"
    NOT_EXAMINED = "not_examined"
    NEEDS_OCR = "needs_ocr"


class Severity(StrEnum):
    """How much a finding should worry a reviewer."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ElementType(StrEnum):
    """Element types, named as in unstructured's element JSON so that its users' tools read ours."""

    TITLE = "Title"
    NARRATIVE_TEXT = "NarrativeText"
    LIST_ITEM = "ListItem"
    TABLE = "Table"
    CODE_SNIPPET = "CodeSnippet"
    FORMULA = "Formula"
    FIGURE_CAPTION = "FigureCaption"
    IMAGE = "Image"
    HEADER = "Header"
    FOOTER = "Footer"
    FOOTNOTE = "Footnote"
    PAGE_BREAK = "PageBreak"
    UNCATEGORIZED_TEXT = "UncategorizedText"
