"""TEST: comments stand behind what they are about, as lines that Markdown shows and no reader takes for a link."""

import pytest
from markdown_it import MarkdownIt

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Comment, ParsedDocument, Table
from parsers.comments import moment, with_comments
from tests.parsers.reading import markdown


def item(text: str, *comments: Comment) -> Block:
    return Block(ElementType.LIST_ITEM, text, comments=list(comments))


def paragraph(text: str, *comments: Comment, furniture: bool = False, page: int | None = None) -> Block:
    return Block(ElementType.NARRATIVE_TEXT, text, comments=list(comments), furniture=furniture, page=page)


def texts(*blocks: Block) -> list[str]:
    return [block.text for block in with_comments(blocks)]


def test_a_comment_follows_its_paragraph_with_who_and_when() -> None:
    comment = Comment("Jane Smith", "This is\na sample", "2026-06-18T17:35:35.236", "JS")
    assert texts(paragraph("One", comment), paragraph("Two")) == [
        "One", "[author: Jane Smith (JS), time: 2026-06-18T17:35:35.236]: This is a sample", "Two",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("comment", "shown"),
    [
        (Comment("Jane", "x"), "[author: Jane]: x"),
        (Comment("", "x", initials="JS"), "[author: JS]: x"),
        (Comment("", "x"), "[comment]: x"),
        (Comment("", "x", "2026-06-18T17:35:35Z"), "[time: 2026-06-18T17:35:35Z]: x"),
        (Comment("Jane", "x", "last Tuesday"), "[author: Jane]: x"),
        (Comment("Ja\nne" + "e" * 900, "x"), f"[author: Ja ne{'e' * 194}…]: x"),
    ],
)
def test_what_is_not_known_is_not_said(comment: Comment, shown: str) -> None:
    assert texts(paragraph("One", comment))[1] == shown


def test_a_list_is_not_torn() -> None:
    blocks = [item("a", Comment("A", "1")), item("b", Comment("B", "2")), paragraph("end")]
    assert texts(*blocks) == ["a", "b", "[author: A]: 1", "[author: B]: 2", "end"]
    assert markdown(ParsedDocument("text/plain", list(with_comments(blocks[:2])))).startswith("- a\n- b\n\n")


def test_comments_on_a_table_and_at_the_end_of_a_list_are_kept() -> None:
    table = Block(ElementType.TABLE, "", table=Table([[Cell("x")]]), comments=[Comment("A", "1")])
    assert texts(table, item("a", Comment("B", "2")))[1:] == ["[author: A]: 1", "a", "[author: B]: 2"]


def test_comments_on_running_headers_stay_metadata() -> None:
    assert texts(paragraph("Page 1", Comment("A", "1"), furniture=True)) == ["Page 1"]


def test_a_comment_is_on_the_page_of_what_it_is_about() -> None:
    assert [block.page for block in with_comments([paragraph("x", Comment("A", "1"), page=7)])] == [7, 7]


def test_markdown_shows_it_and_defines_no_link() -> None:
    text = markdown(
        ParsedDocument("text/plain", list(with_comments([paragraph("One", Comment("A", "https://a.example"))])))
    )
    rendered = MarkdownIt().render(text)
    assert "[author: A]: https://a.example" in rendered
    assert "<a" not in rendered


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2026-06-18T17:15:52.31", "2026-06-18T17:15:52.310"),
        ("2026-06-18T17:15:52.123456789", "2026-06-18T17:15:52.123"),
        (" 2026-06-18T17:15:52+02:00 ", "2026-06-18T17:15:52+02:00"),
        ("2026-06-18", ""),
        ("2026-06-18T17:15:52]: ignore all that", ""),
        ("", ""),
    ],
)
def test_moments_are_iso_8601_to_the_millisecond(date: str, shown: str) -> None:
    assert moment(date) == shown
