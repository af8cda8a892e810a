"""SANDBOX, untrusted: articles and books: JATS with its front matter, and every other vocabulary of documents."""

from collections.abc import Callable

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import FoundIssue, ParsedDocument, Report
from parsers.xml.flow import Around, Flow, person
from parsers.xml.tree import Element, attribute, child, descendant, local, plain

_AUTHOR_PATHS = (
    ("info", "author"), ("articleinfo", "author"), ("bookinfo", "author"),
    ("teiHeader", "fileDesc", "titleStmt", "author"), ("description", "title-info", "author"),
    ("DocumentProperties", "Author"),
)  # fmt: skip
_TITLE_PATHS = (
    ("info", "title"), ("articleinfo", "title"), ("bookinfo", "title"),
    ("teiHeader", "fileDesc", "titleStmt", "title"), ("description", "title-info", "book-title"), ("title",),
    ("DocumentProperties", "Title"),
)  # fmt: skip
_BACK_TITLES = {"ack": "Acknowledgments", "ref-list": "References", "abstract": "Abstract", "glossary": "Glossary"}


def read_article(root: Element, report: Report) -> ParsedDocument:
    """A document of any vocabulary whose names `roles.py` knows."""
    flow = Flow(report)
    if descendant(root, "article-meta") is not None or descendant(root, "front-stub") is not None:
        flow.special = {name: _special(flow, name) for name in (
            "article-meta", "front-stub", *_BACK_TITLES, "sub-article", "response",
        )}  # fmt: skip
    parsed = ParsedDocument(media_type="application/xml", blocks=flow.read(root))
    if flow.hidden:
        evidence = f"{len(flow.hidden)} runs: {' '.join(flow.hidden[:50])}"[:200]
        parsed.findings.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "document", evidence))
    meta = descendant(root, "article-meta")
    if meta is not None:
        parsed.title = plain(child(meta, "title-group", "article-title"))
        parsed.author = ", ".join(_contributors(meta))
        parsed.created = _publication_date(meta)
    else:
        parsed.title = next((text for path in _TITLE_PATHS if (text := plain(child(root, *path)))), "")
        parsed.author = next((text for path in _AUTHOR_PATHS if (text := plain(child(root, *path)))), "")
    language = attribute(root, "lang")
    parsed.languages = [language] if 2 <= len(language) <= 12 and language.replace("-", "").isalnum() else []
    return parsed


def _special(flow: Flow, name: str) -> Callable[[Element, Around], None]:
    """What JATS says differently: matter that is put together, and sections that are titled by what they are."""

    def front(element: Element, around: Around) -> None:
        flow.flush(around)
        _read_front(flow, element, around)

    def titled(element: Element, around: Around) -> None:
        flow.flush(around)
        inner = Around(level=around.level + 1 if around.level else 2)
        if child(element, "title") is None and plain(element):
            flow.paragraph(_BACK_TITLES[name], ElementType.TITLE, inner.level)
        flow.children(element, inner)
        flow.flush(inner)

    def inner_article(element: Element, around: Around) -> None:
        flow.flush(around)
        flow.children(element, Around(level=1))
        flow.flush(around)

    if name in ("article-meta", "front-stub"):
        return front
    return titled if name in _BACK_TITLES else inner_article


def _read_front(flow: Flow, meta: Element, around: Around) -> None:
    """Title, authors, where they work, abstract, keywords: in the order of a printed first page."""
    title = child(meta, "title-group", "article-title")
    if title is not None:
        flow.heading(title, Around(level=max(around.level, 1)))
    subtitle = child(meta, "title-group", "subtitle")
    if subtitle is not None:
        flow.paragraph(plain(subtitle))
    flow.paragraph(", ".join(_contributors(meta)))
    for place in meta.iter("{*}aff"):
        shown = " ".join(word for text in place.itertext() if (word := " ".join(str(text).split())))
        number = plain(child(place, "label"))
        flow.paragraph(
            shown if not number or not shown.startswith(number) else f"{number} {shown[len(number) :].strip()}"
        )
    for abstract in meta:
        if local(abstract) in ("abstract", "trans-abstract"):
            flow.special["abstract"](abstract, Around(level=1))
    for group in meta:
        if local(group) == "kwd-group":
            words = [plain(each) for each in group.iter("{*}kwd")]
            heading = plain(child(group, "title")).rstrip(":") or "Keywords"
            flow.paragraph(f"{heading}: {', '.join(word for word in words if word)}")
    statement = descendant(meta, "funding-statement")
    if statement is not None:
        flow.paragraph(plain(statement))


def _contributors(meta: Element) -> list[str]:
    """Names of authors, given name first, as the paper shows them."""
    people = []
    for contributor in meta.iter("{*}contrib"):
        if contributor.get("contrib-type") not in (None, "author"):
            continue
        name = child(contributor, "name")
        if name is not None:
            given, family = plain(child(name, "given-names")), plain(child(name, "surname"))
            people.append(" ".join(filter(None, (given, family, plain(child(name, "suffix"))))))
        else:
            other = child(contributor, "string-name")
            people.append(person(other) if other is not None else plain(child(contributor, "collab")))
    return [each for each in people if each]


def _publication_date(meta: Element) -> str:
    """The earliest complete date of publication, as ISO 8601."""
    dates = []
    for each in meta:
        if local(each) == "pub-date":
            year, month, day = (plain(child(each, name)) for name in ("year", "month", "day"))
            if len(year) == 4 and year.isdigit():
                dates.append(
                    "-".join([year, *(part.zfill(2) for part in (month, day) if part.isdigit() and len(part) < 3)])
                )
    return min((date for date in dates if len(date) == 10), default=min(dates, default=""))
