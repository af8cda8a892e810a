"""SANDBOX, untrusted: which module reads which media type, and which modules a profile loads before its file comes.

Modules are named here and imported on demand, so that a sandbox for text never pays for a PDF library. A module's
parser is its `PARSER`, or what is named behind a colon.
"""

from collections.abc import Collection, Iterable
from importlib import import_module

from parsers.blocks import Parser

OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = OOXML + "wordprocessingml.document"
XLSX = OOXML + "spreadsheetml.sheet"
PPTX = OOXML + "presentationml.presentation"
XLS = "application/vnd.ms-excel"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

MODULE_OF_MEDIA_TYPE = {
    "application/pdf": "parsers.pdf",
    "application/vnd.ms-xpsdocument": "parsers.pdf.xps",
    DOCX: "parsers.office.docx",
    "application/msword": "parsers.legacy.word",
    "application/vnd.ms-powerpoint": "parsers.legacy.powerpoint",
    "application/encrypted": "parsers.protection.package",
    "application/x-mspublisher": "parsers.legacy.publisher",
    OOXML + "wordprocessingml.template": "parsers.office.docx",
    "application/vnd.ms-word.document.macroenabled.12": "parsers.office.docx",
    "application/vnd.ms-word.template.macroenabled.12": "parsers.office.docx",
    XLSX: "parsers.office.sheets.xlsx",
    OOXML + "spreadsheetml.template": "parsers.office.sheets.xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": "parsers.office.sheets.xlsx",
    "application/vnd.ms-excel.template.macroenabled.12": "parsers.office.sheets.xlsx",
    "application/vnd.ms-excel.addin.macroenabled.12": "parsers.office.sheets.xlsx",
    XLSB: "parsers.office.sheets.xlsb",
    XLS: "parsers.office.sheets.xls",
    PPTX: "parsers.office.slides.pptx",
    OOXML + "presentationml.template": "parsers.office.slides.pptx",
    OOXML + "presentationml.slideshow": "parsers.office.slides.pptx",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": "parsers.office.slides.pptx",
    "application/vnd.ms-powerpoint.template.macroenabled.12": "parsers.office.slides.pptx",
    "application/vnd.ms-powerpoint.slideshow.macroenabled.12": "parsers.office.slides.pptx",
    "application/vnd.ms-powerpoint.addin.macroenabled.12": "parsers.office.slides.pptx",
    **{
        OPEN_DOCUMENT + kind: "parsers.office.odf.document"
        for kind in (
            "text",
            "text-template",
            "text-master",
            "text-web",
            "text-flat-xml",
            "spreadsheet",
            "spreadsheet-template",
            "spreadsheet-flat-xml",
            "presentation",
            "presentation-template",
            "presentation-flat-xml",
            "graphics",
            "graphics-template",
            "graphics-flat-xml",
        )
    },
    "text/html": "parsers.markup.html",
    "application/xhtml+xml": "parsers.markup.html:XHTML",
    "text/markdown": "parsers.markup.markdown",
    "text/plain": "parsers.text.plain",
    "text/csv": "parsers.text.delimited",
    "text/tab-separated-values": "parsers.text.delimited",
    "application/json": "parsers.text.json_text",
    "application/x-ndjson": "parsers.text.json_text:LINES",
    "message/rfc822": "parsers.mail.eml",
    "multipart/related": "parsers.mail.mhtml",
    "application/mbox": "parsers.mail.mbox",
    "application/vnd.ms-outlook": "parsers.mail.msg",
    "application/vnd.ms-tnef": "parsers.mail.tnef",
    **{f"application/vnd.apple.{kind}": "parsers.iwork.reader" for kind in ("keynote", "pages", "numbers")},
    "application/onenote": "parsers.onenote.reader",
    "application/rtf": "parsers.rtf.reader",
    "application/epub+zip": "parsers.markup.epub",
    "application/yaml": "parsers.text.verbatim:YAML",
    "application/toml": "parsers.text.verbatim:TOML",
    "text/x-source-code": "parsers.text.verbatim:SOURCE_CODE",
    "application/x-ipynb+json": "parsers.text.notebook",
    "text/vtt": "parsers.text.subtitles:VTT",
    "application/x-subrip": "parsers.text.subtitles:SUBRIP",
    "text/x-rst": "parsers.text.rst",
    "text/asciidoc": "parsers.text.asciidoc",
    "text/org": "parsers.text.org",
    "text/x-tex": "parsers.text.latex",
    "application/xml": "parsers.xml.reader",
    "image/svg+xml": "parsers.xml.reader",
    "image/emf": "parsers.metafile.reader",
    "image/wmf": "parsers.metafile.reader",
    "application/zip": "parsers.archive.zip_members",
    "application/x-tar": "parsers.archive.tar_members",
    "application/gzip": "parsers.archive.compressed",
    "application/x-bzip2": "parsers.archive.compressed",
    "application/x-xz": "parsers.archive.compressed",
    "application/x-7z-compressed": "parsers.archive.seven_zip",
    "application/x-ole-storage": "parsers.archive.ole_object",
    **{f"image/{kind}": "parsers.ocr.image" for kind in ("png", "jpeg", "gif", "tiff", "bmp", "webp")},
}

# What a sandbox with the group `unstructured` reads with, in place of the above: a second opinion, not the same again.
_SECOND = "parsers.unstructured_fallback.reader:"
SECOND_READER_OF_MEDIA_TYPE = {
    DOCX: _SECOND + "WORD",
    "application/vnd.ms-word.document.macroenabled.12": _SECOND + "WORD",
    PPTX: _SECOND + "SLIDES",
    OOXML + "presentationml.slideshow": _SECOND + "SLIDES",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": _SECOND + "SLIDES",
    XLSX: _SECOND + "SHEETS",
    OOXML + "spreadsheetml.template": _SECOND + "SHEETS",
    "application/vnd.ms-excel.sheet.macroenabled.12": _SECOND + "SHEETS",
    "application/vnd.ms-excel.template.macroenabled.12": _SECOND + "SHEETS",
    XLS: _SECOND + "OLD_SHEETS",
    "application/x-ole-storage": _SECOND + "OLD_SHEETS",  # finds a workbook's stream under other spellings
    "message/rfc822": _SECOND + "MAIL",
    "application/vnd.ms-outlook": _SECOND + "OUTLOOK",
    "text/html": _SECOND + "HTML",
    "application/xhtml+xml": _SECOND + "HTML",
    "text/markdown": _SECOND + "MARKDOWN",
    "text/csv": _SECOND + "CSV",
    "text/tab-separated-values": _SECOND + "TSV",
    "application/xml": _SECOND + "XML",
    "text/plain": _SECOND + "TEXT",
}

PRELOAD_GROUPS = {
    "archive": (
        "parsers.archive.zip_members",
        "parsers.archive.tar_members",
        "parsers.archive.compressed",
        "parsers.archive.seven_zip",
        "parsers.archive.ole_object",
    ),
    "pdf": ("parsers.pdf",),
    "images": ("parsers.ocr.image", "PIL.Image"),
    "docx": ("parsers.office.docx",),
    "legacy": ("parsers.legacy.word", "parsers.legacy.powerpoint"),
    "sheets": ("parsers.office.sheets.xlsx", "parsers.office.sheets.xls"),
    "slides": ("parsers.office.slides.pptx",),
    "odf": ("parsers.office.odf.document",),
    "markup": ("parsers.markup.html", "parsers.markup.markdown"),
    "text": ("parsers.text.plain", "parsers.text.delimited", "parsers.text.json_text"),
    "mail": ("parsers.mail.eml", "parsers.mail.mhtml", "parsers.mail.mbox", "parsers.mail.msg", "parsers.mail.tnef"),
    "rtf": ("parsers.rtf.reader",),
    "xml": ("parsers.xml.reader",),
    "epub": ("parsers.markup.epub",),
    "unstructured": ("parsers.unstructured_fallback.reader",),
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


def parser_for(media_type: str, groups: Collection[str] = ()) -> Parser | None:
    """The parser of a media type in a sandbox with these groups, imported now if need be; None when it has none."""
    readers = SECOND_READER_OF_MEDIA_TYPE if "unstructured" in groups else MODULE_OF_MEDIA_TYPE
    target = readers.get(media_type)
    if target is None:
        return None
    module, _, name = target.partition(":")
    parser: Parser = getattr(import_module(module), name or "PARSER")
    return parser
