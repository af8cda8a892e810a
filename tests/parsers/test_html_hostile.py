"""TEST: HTML made to break its reader: depth, width, quadratic patterns, fragments of every kind.

The bound is the suite's own time limit: in a reader that recurses or looks twice, each takes minutes, or crashes it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.blocks import Refused, Report
from parsers.markup.depth import DEPTH_MAX, replace_between, without_depth
from parsers.markup.html import HtmlParser
from tests.parsers.markup_cases import VISIBLE, from_html, text_of


@pytest.mark.parametrize(
    "tag", ["div", "b", "span", "ul", "ol><li", "blockquote", "table><tr><td", "font", "section", "a"]
)
def test_depth_costs_neither_text_nor_the_stack(tag: str) -> None:
    page = from_html(f"<p>{VISIBLE}</p>" + f"<{tag}>" * 100_000 + "innermost")
    assert text_of(page).startswith(VISIBLE)
    assert "innermost" in text_of(page)


def test_text_at_every_depth_survives_flattening() -> None:
    words = [f"w{number}" for number in range(3 * DEPTH_MAX)]
    page = from_html("".join(f"<div>{word} " for word in words) + "</div>" * len(words))
    assert text_of(page).split() == words


def test_shallow_pages_are_not_touched() -> None:
    page = "<div><br><p>x</div>" * 2000
    assert without_depth(page) is page


def test_start_tags_in_a_script_are_not_nesting() -> None:
    page = "<script>" + "'<div>'+" * 2000 + "''</script><div>x</div>"
    assert without_depth(page) == page


@pytest.mark.parametrize(
    "source",
    [
        "<" * 500_000,
        "<a" * 300_000,
        "&amp" * 300_000,
        "<?xml version='1.0'?>" + "<![CDATA[" * 100_000,
        "<style>" + "/*" * 200_000,
        "<style>" + "@media x{" * 50_000,
        "<style>" + "".join(f".a.b{n}{{color:red}}" for n in range(5000)) + "</style>" + "<p class='a b1'>x" * 5000,
        "<p>" + "<br>" * 200_000,
        "<p>" + " <b> </b>" * 50_000,
        "<p><b>x</b>" + "[" * 100_000 + "*" * 100_000,
        "<meta " * 50_000 + "<!--" * 50_000,
        "<p>" + "<b>x<i>y</i></b>" * 20_000,
        "<table>" + "<tr><td rowspan=65534 colspan=1000>x" * 2000,
        "<ol>" + "<li value=99999999999999999999>x" * 1000,
        "<a href='" + "(" * 100_000 + "'>x</a>",
    ],
    ids=lambda source: source[:24],
)
def test_patterns_that_invite_quadratic_work(source: str) -> None:
    page = from_html(f"<p>{VISIBLE}</p>{source}")
    assert page.media_type == "text/html"


def test_a_long_page_shows_life() -> None:
    calls: list[tuple[str, int, int]] = []
    HtmlParser().parse(b"<p>x" * 20_000, Report(lambda *call: calls.append(call)))
    assert sum(stage == "elements" for stage, _, _ in calls) >= 10


_PIECES = st.sampled_from([
    "<p>", "</p>", "<table>", "<tr>", "<td>", "</table>", "<ul>", "<li>", "</ul>", "<ol", "type=i>", "<b>",
    "</b>", "<a", "href=x>", "</a>", "<h2>", "</h2>", "<pre>", "</pre>", "<br>", "<svg>", "<title>", "<select>",
    "<option>", "<script>", "</script>", "<style>", "</style>", "<!--", "-->", "<math>", "<dl>", "<dt>", "<dd>",
    "<caption>", "<noscript>", "<sup>", "<ruby>", "<rt>", "<details>", "<summary>", "<button>", "<div",
    "style=color:red>", "text", "&", "&lt;", "<template>", "</template>", "<img", "alt=i>",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=60))
def test_any_sequence_of_tags_is_read(pieces: list[str]) -> None:
    for block in from_html("x" + " ".join(pieces)).blocks:
        assert block.text.strip()
        assert block.markdown is None or block.markdown.strip()


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    if document.strip(b" \t\r\n\x00"):
        assert from_html(document).encoding
    else:
        with pytest.raises(Refused, match="empty"):
            from_html(document)


@given(st.text(alphabet="ab<![]CDAT>", max_size=60))
def test_replacing_between_signs_keeps_everything_else(text: str) -> None:
    assert replace_between(text, "<", ">", lambda inner: f"<{inner}>") == text
