"""SANDBOX, untrusted: reviewers' comments on slides, in the old form (ECMA-376-1, 19.4) and that of Microsoft 365."""

from lxml import etree

from parsers.blocks import Comment
from parsers.markup.inline import tidy
from parsers.office.drawings import paragraph_texts
from parsers.office.names import A
from parsers.office.package import Package
from parsers.office.slides.names import P

_COMMENTS_MAX = 2000


def read_authors(package: Package, main: str) -> dict[str, tuple[str, str]]:
    """Names and initials of authors by their ids."""
    names: dict[str, tuple[str, str]] = {}
    for relationship in package.relationships(main).values():
        if relationship.kind in ("commentAuthors", "authors") and not relationship.external:
            root = package.xml(relationship.target)
            for author in root if root is not None else ():
                if isinstance(author.tag, str):
                    names[author.get("id") or ""] = author.get("name") or "", author.get("initials") or ""
    return names


def read_comments(package: Package, part: str, authors: dict[str, tuple[str, str]]) -> list[Comment]:
    """Comments on a slide, replies after what they reply to."""
    comments: list[Comment] = []
    for relationship in package.relationships(part).values():
        if relationship.kind != "comments" or relationship.external:
            continue
        root = package.xml(relationship.target)
        for element in root.iter() if root is not None else ():
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in ("cm", "reply"):
                text = _text(element)
                if text and len(comments) < _COMMENTS_MAX:
                    author, initials = authors.get(element.get("authorId") or "", ("", ""))
                    date = element.get("dt") or element.get("created") or ""
                    comments.append(Comment(author, text, date, initials))
    return comments


def _text(comment: etree._Element) -> str:
    old = comment.findtext(P + "text")
    if old is not None:
        return tidy(old)
    bodies = (each for each in comment if isinstance(each.tag, str) and each.tag.endswith("}txBody"))
    return "\n".join(text for body in bodies if body.find(A + "p") is not None for text in paragraph_texts(body))
