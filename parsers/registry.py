"""SANDBOX, untrusted: which module reads which media type, and which modules a profile loads before its file comes.

Modules are named here and imported on demand, so that a sandbox for text never pays for a PDF library.
"""

from collections.abc import Iterable
from importlib import import_module

from parsers.blocks import Parser

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

MODULE_OF_MEDIA_TYPE = {
    "application/pdf": "parsers.pdf",
    DOCX: "parsers.office.docx",
    "text/html": "parsers.markup.html",
    "text/markdown": "parsers.markup.markdown",
    "text/plain": "parsers.text.plain",
    "text/csv": "parsers.text.delimited",
    "text/tab-separated-values": "parsers.text.delimited",
    "application/json": "parsers.text.json_text",
    "application/x-ndjson": "parsers.text.json_text",
    "application/zip": "parsers.archive.zip_members",
    "application/x-tar": "parsers.archive.tar_members",
    "application/gzip": "parsers.archive.compressed",
    "application/x-bzip2": "parsers.archive.compressed",
    "application/x-xz": "parsers.archive.compressed",
    "application/x-ole-storage": "parsers.archive.ole_object",
}

PRELOAD_GROUPS = {
    "archive": (
        "parsers.archive.zip_members",
        "parsers.archive.tar_members",
        "parsers.archive.compressed",
        "parsers.archive.ole_object",
    ),
    "pdf": ("parsers.pdf",),
    "docx": ("parsers.office.docx",),
    "markup": ("parsers.markup.html", "parsers.markup.markdown"),
    "text": ("parsers.text.plain", "parsers.text.delimited", "parsers.text.json_text"),
}


class UnknownGroup(ValueError):
    """A `--preload` group that this image does not have."""


def preload(groups: Iterable[str]) -> None:
    """Import the parsers of these groups. Raises `UnknownGroup`, or `ImportError` when the image lacks a library."""
    for group in groups:
        if group not in PRELOAD_GROUPS:
            raise UnknownGroup(group)
        for module in PRELOAD_GROUPS[group]:
            import_module(module)


def parser_for(media_type: str) -> Parser | None:
    """The parser of a media type, imported now if it was not preloaded; None when we have none."""
    module = MODULE_OF_MEDIA_TYPE.get(media_type)
    if module is None:
        return None
    parser: Parser = import_module(module).PARSER
    return parser
