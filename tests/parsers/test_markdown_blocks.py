"""TEST: Markdown keeps its author's inline markup, numbers and code; metadata and HTML are understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.verdicts import ElementType
from parsers.blocks import Refused, Report
from parsers.markup.front_matter import split_front_matter
from parsers.markup.markdown import MarkdownParser
from tests.parsers.markup_cases import HIDDEN, VISIBLE, from_markdown, grid, items, kinds_found, of_kind, shown, text_of


def test_inline_markup_stays_as_written_and_text_is_plain() -> None:
    document = from_markdown('some __bold__ *it* `x` [a](u "t") 2\\*3 ~~no~~\n')
    assert shown(document) == ['some __bold__ *it* `x` [a](u "t") 2\\*3 ~~no~~']
    assert document.blocks[0].text == "some bold it x a 2*3 no"
    assert document.blocks[0].emphasis == [("bold", "b"), ("it", "i"), ("x", "code"), ("no", "s")]
    assert [(link.text, link.url) for link in document.blocks[0].links] == [("a", "u")]


def test_headings_of_both_kinds() -> None:
    document = from_markdown("# A\n\nB\n=\n\nC\n---\n\n###### D #\n")
    assert [(block.text, block.depth) for block in document.blocks] == [("A", 1), ("B", 1), ("C", 2), ("D", 6)]


def test_lists_keep_numbers_signs_and_depth() -> None:
    document = from_markdown("7) seven\n8) eight\n   - x\n     1. y\n\n* a\n\n  more of a\n")
    assert items(document) == [(0, "7)", "seven"), (0, "8)", "eight"), (1, "", "x"), (2, "1.", "y"), (0, "", "a")]
    assert document.blocks[-1].kind is ElementType.NARRATIVE_TEXT


def test_task_lists_keep_their_boxes() -> None:
    assert [text for _, _, text in items(from_markdown("- [ ] open\n- [x] done\n"))] == ["[ ] open", "[x] done"]


def test_code_with_and_without_language() -> None:
    document = from_markdown("```python title=x\na  = 1\n```\n\n    indented\n\n~~~\n~~~\n")
    code = of_kind(document, ElementType.CODE_SNIPPET)
    assert [(block.text, block.language) for block in code] == [("a  = 1", "python"), ("indented", "")]


def test_tables() -> None:
    (block,) = from_markdown("|a|b|\n|--|:-:|\n|`x`|**y** [l](u)|\n").blocks
    assert block.table is not None
    assert (grid(block), block.table.header_rows) == ([["a", "b"], ["x", "y l"]], 1)
    assert [link.url for link in block.links] == ["u"]


def test_reference_links_are_written_out() -> None:
    assert shown(from_markdown("see [the form][f].\n\n[f]: http://a.example/f\n")) == [
        "see [the form](http://a.example/f)."
    ]


def test_hard_breaks_stay_and_soft_ones_do_not() -> None:
    assert text_of(from_markdown("a  \nb\nc\n")) == "a\nb c"


def test_an_image_alone_is_an_image_and_remote_ones_are_found() -> None:
    document = from_markdown("![a duck](http://a.example/leak?q=1)\n")
    assert [(block.kind, block.text) for block in document.blocks] == [(ElementType.IMAGE, "a duck")]
    assert kinds_found(document) == {"external_reference"}


def test_image_addresses_stay_out_of_the_text() -> None:
    assert shown(from_markdown("see ![icon](http://a.example/i.png) here\n")) == ["see icon here"]


def test_html_blocks_are_read_as_html() -> None:
    document = from_markdown("# A\n\n<table><tr><th>x<th>y<tr><td>1<td>2</table>\n\n<!-- secret -->\n\n**b**\n")
    assert [block.kind for block in document.blocks] == [
        ElementType.TITLE,
        ElementType.TABLE,
        ElementType.NARRATIVE_TEXT,
    ]
    assert "secret" not in text_of(document)


def test_inline_html_becomes_markdown() -> None:
    assert shown(from_markdown("press <kbd>Ctrl</kbd> and <b>hold</b><br>now\n")) == ["press `Ctrl` and **hold**\nnow"]


def test_names_in_angle_brackets_that_are_no_elements_are_text() -> None:
    assert text_of(from_markdown("run tool <file> --to <dir>\n")) == "run tool <file> --to <dir>"


@pytest.mark.parametrize(
    "source",
    [
        "<div hidden>\n\n{}\n\n</div>\n",
        "<div style='display:none'>\n\n# {}\n\n- {}\n\n</div>\n",
        "text <span style='display:none'>{}</span>\n",
        "<style>.x{{display:none}}</style>\n\n<div class=x>\n\n{}\n\n</div>\n",
        "<!--\n{}\n-->\n",
        "<!-- open\n\n{}\n\n-->\n",
        "a <b hidden>\n\n{}\n",
    ],
)
def test_hidden_html_hides_the_markdown_inside_it(source: str) -> None:
    document = from_markdown(f"{VISIBLE}\n\n" + source.replace("{}", HIDDEN).replace("{{", "{").replace("}}", "}"))
    assert VISIBLE in text_of(document)
    assert HIDDEN not in text_of(document)


def test_hidden_text_in_embedded_html_is_found() -> None:
    document = from_markdown(f"{VISIBLE}\n\n<p hidden>{HIDDEN}</p>\n")
    assert "hidden_text" in kinds_found(document)


@pytest.mark.parametrize("fence", ["---", "+++"])
def test_front_matter_is_metadata(fence: str) -> None:
    sign = ":" if fence == "---" else " ="
    document = from_markdown(
        f"{fence}\ntitle{sign} \"A: B\"\nauthors{sign} [Ada, 'Bob']\ndate{sign} 2024-01-02 10:00:00\nlang{sign} "
        f"de\n{fence}\n\nText\n"
    )
    assert (document.title, document.author, document.created) == ("A: B", "Ada, Bob", "2024-01-02T10:00:00")
    assert document.languages == ["de"]
    assert text_of(document) == "Text"


@pytest.mark.parametrize(
    "source", ["---\n\nA rule\n", "---\ntitle: x\n", "---\nno colon\n---\n", "--- a\ntitle: b\n---\n"]
)
def test_what_is_no_front_matter_is_text(source: str) -> None:
    assert split_front_matter(source) == ({}, source)


def test_front_matter_alone_is_a_document_without_text() -> None:
    document = from_markdown("---\ntitle: x\n...\n")
    assert (document.title, document.blocks) == ("x", [])


def test_windows_lines_and_encodings() -> None:
    assert shown(from_markdown("# Größe\r\n\r\n- ä\r\n".encode("utf-16"))) == ["Größe", "ä"]


def test_nesting_beyond_the_bound_is_reported() -> None:
    assert "truncated" in kinds_found(from_markdown("x\n\n" + ">" * 5000 + "deep"))
    assert "truncated" not in kinds_found(from_markdown("> > - > x\n"))


@pytest.mark.parametrize(
    "source",
    [
        "[" * 20_000,
        "*a _b " * 5000,
        "`" * 20_000,
        "[a](" * 5000,
        "- " * 5000,
        "<b>" * 5000,
        "|a" * 5000 + "\n|-" * 5000,
    ],
)
def test_patterns_that_invite_quadratic_work(source: str) -> None:
    document = from_markdown(f"{VISIBLE}\n\n{source}\n")
    assert document.blocks[0].text == VISIBLE


def test_a_long_file_shows_life_while_the_tree_is_built() -> None:
    calls: list[str] = []
    MarkdownParser().parse(b"- *a* `b` c\n" * 5000, Report(lambda stage, done, total: calls.append(stage)))
    assert calls.count("tree") >= 5
    assert calls.count("blocks") >= 5


@given(st.text(alphabet="ab*_`[]()<>#-+.1|~!\\ \n>&=:", max_size=120))
def test_any_text_is_read_or_refused(source: str) -> None:
    if source.strip(" \n"):
        assert all(block.text.strip() for block in from_markdown(source).blocks)
    else:
        with pytest.raises(Refused, match="empty"):
            from_markdown(source)


@given(st.lists(st.text(alphabet="abcdefg", min_size=1, max_size=8), min_size=1, max_size=20))
def test_paragraphs_come_out_in_order(words: list[str]) -> None:
    assert shown(from_markdown("\n\n".join(words))) == words
