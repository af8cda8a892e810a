"""SANDBOX, untrusted: EPUB 2 and 3: a zip of XHTML pages in the order of its spine, each read by the HTML reader."""

import posixpath
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.archive_guard import Package, open_package
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.markup.encoding import decode
from parsers.markup.html import read_html
from parsers.xml.tree import Element, attribute, child, local, parse, plain

MEDIA_TYPE = "application/epub+zip"
SPINE_MAX = 5000
_STYLES_CHARS_MAX = 1 << 16  # of one page's style sheets together
_FINDINGS_PER_KIND_MAX = 20
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
# EPUB 3.3, 4.4, and Adobe's own: what only garbles fonts, so that they are not simply copied out.
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#rc"})
# Links within the book lead nowhere once its pages are one text.
_INNER_LINK = re.compile(r"""(<a\b[^<>]*?)\shref\s*=\s*(?:"(?!\w+:)[^"<>]*"|'(?!\w+:)[^'<>]*')""", re.IGNORECASE)


@dataclass(slots=True)
class Book:
    """The package: its files, and what the package document says of them."""

    package: Package
    folder: str
    names: dict[str, str]  # lower-case name -> name
    manifest: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # id -> (path, media type, properties)
    spine: list[str] = field(default_factory=list)
    toc_id: str = ""

    def data(self, path: str) -> bytes | None:
        """A file of the package, None when it is not there or damaged."""
        name = self.names.get(path.lower())
        if name is None:
            return None
        try:
            return self.package.read(name)
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            return None


class EpubParser:
    """Reads `application/epub+zip`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one book. Raises `Refused`: encrypted (DRM), bomb, corrupt."""
        report.progress("package", 0, 1)
        package = open_package(document)
        names: dict[str, str] = {}
        for name in package.namelist():
            names.setdefault(name.lower(), name)
        book = Book(package, "", names)
        findings: list[FoundIssue] = []
        opf = _package_document(book, report, findings)
        encrypted = _encrypted_paths(book, report, findings)
        _read_manifest(book, opf)
        pages = [path for each in book.spine if (path := book.manifest[each][0])]
        if any(path.lower() in encrypted for path in pages):
            raise Refused(Refusal.ENCRYPTED, "a book under rights management")
        blocks = _read_pages(book, pages, report, findings)
        parsed = ParsedDocument(media_type=MEDIA_TYPE, blocks=blocks, findings=_bounded(findings))
        _read_metadata(opf, parsed)
        return parsed


def _package_document(book: Book, report: Report, findings: list[FoundIssue]) -> Element:
    """The root of the OPF file that the container names; any OPF file when it names none that is there."""
    container = book.data("META-INF/container.xml")
    paths: list[str] = []
    if container:
        root = parse(container, report, findings)
        paths = [attribute(each, "full-path") for each in root.iter("{*}rootfile")]
    paths += sorted(name for name in book.names.values() if name.lower().endswith(".opf"))
    for path in paths:
        data = book.data(path)
        if data:
            book.folder = posixpath.dirname(path)
            return parse(data, report, findings)
    raise Refused(Refusal.CORRUPT, "EPUB: no package document")


def _encrypted_paths(book: Book, report: Report, findings: list[FoundIssue]) -> set[str]:
    """Files that need a key, in lower case."""
    data = book.data("META-INF/encryption.xml")
    if not data:
        return set()
    paths = set()
    for each in parse(data, report, findings).iter("{*}EncryptedData"):
        method = child(each, "EncryptionMethod")
        reference = child(each, "CipherData", "CipherReference")
        if method is None or reference is None or attribute(method, "Algorithm").lower() in _FONT_OBFUSCATION:
            continue
        paths.add(unquote(attribute(reference, "URI")).lower())
    return paths


def _read_manifest(book: Book, opf: Element) -> None:
    for item in opf.iter("{*}item"):
        path = _joined(book.folder, attribute(item, "href"))
        kind = attribute(item, "media-type").lower()
        book.manifest.setdefault(attribute(item, "id"), (path, kind, attribute(item, "properties")))
    spine = child(opf, "spine")
    if spine is not None:
        book.toc_id = attribute(spine, "toc")
        wanted = [attribute(each, "idref") for each in spine if local(each) == "itemref"]
        book.spine = list(dict.fromkeys(each for each in wanted if each in book.manifest))[:SPINE_MAX]
    if not book.spine:
        book.spine = [each for each, (_, kind, _) in book.manifest.items() if kind in _PAGES][:SPINE_MAX]


def _joined(folder: str, href: str) -> str:
    """A path inside the package; "" for addresses outside and for steps above its root."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
    return "" if path.startswith(("../", "/")) else path


def _read_pages(book: Book, pages: list[str], report: Report, findings: list[FoundIssue]) -> list[Block]:
    titles = _titles(book, report, findings)
    blocks: list[Block] = []
    read = 0
    for number, path in enumerate(pages):
        report.progress("pages", number, len(pages))
        data = book.data(path)
        if data is None:
            findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, path, "a page is missing or damaged"))
            continue
        read += 1
        page = _read_page(book, path, data, report, findings)
        title = titles.get(path.lower(), "")
        if (
            title
            and page
            and not any(block.kind is ElementType.TITLE for block in page)
            and page[0].text.strip() != title
        ):
            page.insert(0, Block(ElementType.TITLE, title, depth=1))
        blocks += page
    if not read:
        raise Refused(Refusal.CORRUPT, "EPUB: no page that can be read")
    return blocks


def _read_page(book: Book, path: str, data: bytes, report: Report, findings: list[FoundIssue]) -> list[Block]:
    """A page with its style sheets, which say what is not shown."""
    text = decode(data)[0]
    styles = _styles(book, path, text)
    if styles:
        head = text.lower().find("</head>")
        text = f"{text[:head]}<style>{styles}</style>{text[head:]}" if head >= 0 else text
    parsed = read_html(_INNER_LINK.sub(r"\1", text), report)
    findings += [FoundIssue(each.kind, each.severity, path, each.evidence) for each in parsed.findings]
    return parsed.blocks


def _styles(book: Book, path: str, text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # the HTML reader's own library

    head = text[: text.lower().find("</head>") + 7]
    if "stylesheet" not in head.lower():
        return ""
    sheets: list[str] = []
    size = 0
    for link in LexborHTMLParser(head).css("link[rel~=stylesheet]"):
        data = book.data(_joined(posixpath.dirname(path), link.attributes.get("href") or ""))
        size += len(data or b"")
        if data and size <= _STYLES_CHARS_MAX:
            sheets.append(data.decode("utf-8", "replace").replace("<", " "))
    return "\n".join(sheets)


def _titles(book: Book, report: Report, findings: list[FoundIssue]) -> dict[str, str]:
    """What the table of contents calls each page: the first entry that leads there."""
    titles: dict[str, str] = {}
    navigation = next((path for path, _, properties in book.manifest.values() if "nav" in properties.split()), "")
    ncx = book.manifest.get(book.toc_id, ("", "", ""))[0] or next(
        (path for path, kind, _ in book.manifest.values() if kind == "application/x-dtbncx+xml"), ""
    )
    for path in (navigation, ncx):
        data = book.data(path) if path else None
        if not data:
            continue
        try:
            root = parse(data, report, findings)
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            continue
        for target, title in _entries(root):
            where = _joined(posixpath.dirname(path), target).lower()
            if where and title:
                titles.setdefault(where, title)
    return titles


def _entries(root: Element) -> list[tuple[str, str]]:
    """(address, title) of a table of contents: of EPUB 3 (XHTML), or EPUB 2 (NCX)."""
    found = []
    for point in root.iter("{*}navPoint", "{*}a"):
        if local(point) == "a":
            found.append((attribute(point, "href"), plain(point)))
        elif local(point) == "navPoint":
            content = child(point, "content")
            found.append((attribute(content, "src") if content is not None else "", plain(child(point, "navLabel"))))
    return found


def _read_metadata(opf: Element, parsed: ParsedDocument) -> None:
    metadata = child(opf, "metadata")
    if metadata is None:
        return
    inner = [
        *metadata,
        *(each for group in metadata if local(group) in ("dc-metadata", "x-metadata") for each in group),
    ]

    def values(name: str) -> list[str]:
        return [text for each in inner if local(each).lower() == name and (text := plain(each))]

    parsed.title = next(iter(values("title")), "")
    parsed.author = ", ".join(values("creator")[:20])
    parsed.created = next(iter(values("date")), "")
    modified = [plain(each) for each in inner if attribute(each, "property") == "dcterms:modified"]
    parsed.modified = next(iter(modified), "")
    parsed.languages = [each for each in values("language") if len(each) <= 35][:10]


def _bounded(findings: list[FoundIssue]) -> list[FoundIssue]:
    """The first findings of each kind: a book of a thousand pages may say the same a thousand times."""
    counts: dict[FindingKind, int] = {}
    kept = []
    for each in findings:
        counts[each.kind] = counts.get(each.kind, 0) + 1
        if counts[each.kind] <= _FINDINGS_PER_KIND_MAX:
            kept.append(each)
    return kept


PARSER = EpubParser()
