"""TEST: what a browser would not show stays out of the text and is reported; what it would show stays in."""

import pytest

from parsers.markup import visibility
from tests.parsers.markup_cases import HIDDEN, VISIBLE, from_html, kinds_found, text_of

HIDING_STYLES = [
    "display:none",
    "DISPLAY : NONE !important",
    "visibility:hidden",
    "visibility: collapse",
    "opacity:0",
    "opacity:0.0",
    "font-size:0",
    "font-size:0px",
    "font-size:1px",
    "font: 0/0 a",
    "color:transparent",
    "color: rgba(0,0,0,0)",
    "color:#fff",
    "color:white",
    "color:#fefefe",
    "background:#123456;color:rgb(18, 52, 86)",
    "text-indent:-9999px",
    "position:absolute;left:-9999px",
    "position:fixed;top:-100em",
    "clip:rect(0,0,0,0);position:absolute",
    "clip-path: inset(50%)",
    "height:0;overflow:hidden",
    "width:1px;height:1px;overflow:hidden",
    "content-visibility:hidden",
]

SHOWING_STYLES = [
    "display:block",
    "visibility:visible",
    "opacity:0.6",
    "opacity:0;transition:opacity 1s",
    "font-size:12px",
    "color:white;background:#000",
    "color:white;background:url(x.png)",
    "color:black",
    "text-indent:2em",
    "position:absolute;left:10px",
    "height:100%;overflow:hidden",
    "max-height:0;overflow:visible",
]


@pytest.mark.parametrize("style", HIDING_STYLES)
def test_hidden_by_style_attribute(style: str) -> None:
    page = from_html(f'<p>{VISIBLE}</p><div style="{style}"><p>{HIDDEN}</p></div>')
    assert text_of(page) == VISIBLE
    assert kinds_found(page) == {"hidden_text"}


@pytest.mark.parametrize("style", SHOWING_STYLES)
def test_shown_in_spite_of_its_style(style: str) -> None:
    page = from_html(f'<div style="{style}"><p>{VISIBLE}</p></div>')
    assert text_of(page) == VISIBLE
    assert kinds_found(page) == set()


@pytest.mark.parametrize("selector", [".x", "p.x", "#one", "em", ".y, .x", ".x.z", "*.x"])
def test_hidden_by_style_sheet(selector: str) -> None:
    sheet = f"<style>/* c */ @import 'a'; {selector} {{ display: none }}</style>"
    page = from_html(f'{sheet}<p>{VISIBLE}</p><p id="one" class="z x"><em>{HIDDEN}</em></p>')
    assert text_of(page) == VISIBLE
    assert kinds_found(page) == {"hidden_text"}


@pytest.mark.parametrize(
    "css",
    [
        "@media print { .x { display:none } }",
        ".menu .x { display:none }",
        ".x:hover { display:none }",
        ".x { display:none } .x { display:block }",
        "p { display:none } .x { display:block }",
        "/* .x { display:none }",
        ".x { color: white } body .page { background: black }",
    ],
)
def test_rules_that_do_not_hide_here(css: str) -> None:
    page = from_html(f'<style>{css}</style><p class="x">{VISIBLE}</p>')
    assert text_of(page) == VISIBLE


def test_white_text_is_believed_when_the_colours_come_from_elsewhere() -> None:
    page = from_html(f'<link rel="stylesheet" href="site.css"><p style="color:#fff">{VISIBLE}</p>')
    assert text_of(page) == VISIBLE


@pytest.mark.parametrize(
    "markup",
    [
        "<div hidden>{}</div>",
        "<template>{}</template>",
        "<dialog>{}</dialog>",
        "<noscript>{}</noscript>",
        "<!-- {} -->",
        "<iframe>{}</iframe>",
        "<object>{}</object>",
        "<audio>{}</audio>",
        "<input type=hidden value='{}'>",
        "<p data-note='{}'></p>",
        "<img title='{}'>",
        "<datalist><option>{}</datalist>",
        '<font color="#ffffff">{}</font>',
        '<table bgcolor="#00ff00"><tr><td><font color="#00ff00">{}</font></table>',
    ],
)
def test_markup_that_shows_nothing(markup: str) -> None:
    page = from_html(f"<p>{VISIBLE}</p>" + markup.format(HIDDEN))
    assert text_of(page) == VISIBLE


def test_hidden_until_found_is_meant_to_be_found() -> None:
    assert text_of(from_html(f'<p hidden="until-found">{VISIBLE}')) == VISIBLE


def test_what_is_inside_can_be_made_visible_again() -> None:
    page = from_html(
        f'<ul style="font-size:0"><li style="font-size:14px">{VISIBLE}</ul>'
        f'<div style="visibility:hidden">{HIDDEN}<b style="visibility:visible">seen</b></div>'
    )
    assert text_of(page) == f"{VISIBLE}\nseen"


def test_an_empty_hidden_element_is_no_finding() -> None:
    assert kinds_found(from_html(f'<p>{VISIBLE}<div style="display:none"> <br> </div>')) == set()


def test_the_evidence_names_the_way_and_an_excerpt() -> None:
    (finding,) = from_html(f'<p>{VISIBLE}</p><p style="display:none">{HIDDEN}').findings
    assert "display:none" in finding.evidence
    assert HIDDEN in finding.evidence


def test_a_rule_that_is_never_closed_ends_the_sheet() -> None:
    sheet = visibility.StyleSheet()
    sheet.read("@media x { .a { display:none")
    sheet.read(".b { display:none")
    assert sheet.style_of("p", {"class": "a"}) == {}
    assert sheet.style_of("p", {"class": "b"}) == {"display": "none"}


@pytest.mark.parametrize(("value", "rgb"), [("#abc", (170, 187, 204)), ("#aabbccdd", (170, 187, 204)), ("#xyz", None)])
def test_colours(value: str, rgb: tuple[int, int, int] | None) -> None:
    assert visibility.inherited(visibility.Look(), {"color": value}).colour == rgb
