"""TEST: HTML flows into blocks as a browser lays it out: lines, words, headings, lists, code, links, metadata."""

import pytest

from contract.verdicts import ElementType
from parsers.blocks import Refused
from tests.parsers.markup_cases import from_html, items, kinds_found, of_kind, shown, text_of


def test_white_space_collapses_within_a_line_and_breaks_at_blocks() -> None:
    page = from_html("<p>  one\n\t two </p><div>three<div> four </div>five</div>")
    assert shown(page) == ["one two", "three", "four", "five"]


def test_no_space_is_invented_or_lost_between_inline_elements() -> None:
    page = from_html("<p>什么<b>需</b>要 <i>a</i><i> b</i> c<span> </span>d</p>")
    assert text_of(page) == "什么需要 a b c d"


def test_text_outside_of_any_block_is_kept() -> None:
    assert shown(from_html("before<h2>Head</h2>after")) == ["before", "Head", "after"]


def test_headings_keep_their_level_even_inside_a_paragraph() -> None:
    page = from_html("<p>one<h3>Deep</h3>two</p><h1>Top</h1>")
    assert [(block.text, block.depth) for block in of_kind(page, ElementType.TITLE)] == [("Deep", 3), ("Top", 1)]


def test_emphasis_code_and_strikethrough_become_markdown() -> None:
    page = from_html("<p>a <strong>b <em>c</em></strong> <code>x*y</code> <del>d</del></p>")
    assert shown(page) == ["a **b *c*** `x*y` ~~d~~"]
    assert page.blocks[0].text == "a b c x*y d"
    assert ("c", "i") in page.blocks[0].emphasis


def test_white_space_stands_outside_of_emphasis() -> None:
    assert shown(from_html("<p>a<b> b </b>c</p>")) == ["a **b** c"]


def test_a_paragraph_without_markup_leaves_escaping_to_the_normalizer() -> None:
    assert from_html("<p>2 * 3 * 4</p>").blocks[0].markdown is None


def test_signs_beside_our_markup_are_escaped() -> None:
    assert shown(from_html("<p><b>q</b> *a* &lt;b> [x](y)</p>")) == [r"**q** \*a\* \<b> [x\](y)"]


def test_relative_links_are_kept_as_written() -> None:
    page = from_html('<p>by <a href="/wiki/Bill_Gates" title="Bill Gates">Bill Gates</a></p>')
    assert shown(page) == ['by [Bill Gates](/wiki/Bill_Gates "Bill Gates")']
    assert [(link.text, link.url) for link in page.blocks[0].links] == [("Bill Gates", "/wiki/Bill_Gates")]


def test_a_title_that_is_a_tooltip_is_not_shown() -> None:
    page = from_html('<p><a href="/login" title="You are encouraged to log in">Log in</a></p>')
    assert shown(page) == ["[Log in](/login)"]


@pytest.mark.parametrize("href", ["javascript:alert(1)", " java\nscript:x", "#top", "data:text/html,x", "vbscript:x"])
def test_links_that_lead_nowhere_are_text(href: str) -> None:
    page = from_html(f'<p><a href="{href}">here</a></p>')
    assert (shown(page), page.blocks[0].links) == (["here"], [])


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("https://www.google.com/url?q=https%3A%2F%2Fa.example%2Fb&sa=U", "https://a.example/b"),
        ("https://www.bing.com/ck/a?!&amp;&amp;u=a1aHR0cHM6Ly9hLmV4YW1wbGUvYg&amp;ntb=1", "https://a.example/b"),
        ("https://eu.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example", "https://a.example"),
        ("https://notgoogle.com/url?q=https://b.example", "https://notgoogle.com/url?q=https://b.example"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_redirectors_are_looked_through(href: str, target: str) -> None:
    assert [link.url for link in from_html(f'<a href="{href}">x</a>').blocks[0].links] == [target]


def test_a_redirector_to_a_script_is_no_link() -> None:
    page = from_html('<a href="https://www.bing.com/ck/a?u=a1amF2YXNjcmlwdDp2b2lkKDAp">x</a>')
    assert page.blocks[0].links == []


def test_nested_lists_keep_depth_and_numbers() -> None:
    page = from_html('<ol start="3"><li>c<ul><li>x<li>y</ul><li value="9">i</ol><ol type="a" reversed><li>q</ol>')
    assert items(page) == [(0, "3.", "c"), (1, "", "x"), (1, "", "y"), (0, "9.", "i"), (0, "a.", "q")]


@pytest.mark.parametrize(("kind", "markers"), [("i", ["iv.", "v."]), ("I", ["IV.", "V."]), ("A", ["D.", "E."])])
def test_list_types(kind: str, markers: list[str]) -> None:
    page = from_html(f'<ol type="{kind}" start="4"><li>x<li>y</ol>')
    assert [marker for _, marker, _ in items(page)] == markers


def test_only_the_first_paragraph_of_an_item_carries_its_marker() -> None:
    page = from_html("<ol><li><p>one</p><p>more</p></li><li>two</li></ol>")
    assert [(block.kind, block.text) for block in page.blocks] == [
        (ElementType.LIST_ITEM, "one"),
        (ElementType.NARRATIVE_TEXT, "more"),
        (ElementType.LIST_ITEM, "two"),
    ]


def test_description_lists() -> None:
    page = from_html("<dl><dt>Coffee<dd>Black hot drink<dt>Milk<dd>White cold drink</dl>")
    assert shown(page) == ["**Coffee**", "Black hot drink", "**Milk**", "White cold drink"]
    assert len(items(page)) == 2


def test_code_blocks_keep_their_lines_and_language() -> None:
    page = from_html('<pre><code class="hljs language-python">def f():\n    return  1\n</code></pre>')
    assert page.blocks[0].kind is ElementType.CODE_SNIPPET
    assert (page.blocks[0].text, page.blocks[0].language) == ("def f():\n    return  1", "python")


def test_css_white_space_keeps_lines() -> None:
    assert text_of(from_html('<p style="white-space: pre-line">one\n   two</p>')) == "one\ntwo"


def test_line_breaks_stay_and_two_of_them_end_a_paragraph() -> None:
    assert shown(from_html("<p>a<br>b</p>one<br><br>two")) == ["a\nb", "one", "two"]


def test_an_element_made_a_block_by_its_style_stands_alone() -> None:
    assert shown(from_html('a<span style="display:block">b</span>c')) == ["a", "b", "c"]


def test_images_show_their_alternative_text_and_no_address() -> None:
    page = from_html(
        '<p><img src="data:image/png;base64,AAAA" alt="A duck"></p><p>see <img src="x.png" alt="icon"> here</p>'
    )
    assert [(block.kind, block.text) for block in page.blocks] == [
        (ElementType.IMAGE, "A duck"),
        (ElementType.NARRATIVE_TEXT, "see icon here"),
    ]


def test_captions_summaries_and_quotes() -> None:
    page = from_html(
        "<figure><img alt='f'><figcaption>Fig. 1</figcaption></figure>"
        "<details><summary>More</summary>Inside</details><blockquote>Said <q>so</q></blockquote>"
    )
    assert shown(page) == ["f", "Fig. 1", "**More**", "Inside", "Said “so”"]
    assert page.blocks[1].kind is ElementType.FIGURE_CAPTION


def test_ruby_and_exponents() -> None:
    page = from_html(
        "<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby> 10<sup>6</sup> H<sub>2</sub>O 1<sup>st</sup></p>"
    )
    assert text_of(page) == "東京 (とうきょう) 10^6 H2O 1st"


def test_formulas_keep_their_tex_source() -> None:
    page = from_html(
        '<p>let <math><semantics><mi>x</mi><annotation encoding="application/x-tex">{\\displaystyle x^{2}}</annotation>'
        "</semantics></math> be</p>"
    )
    assert shown(page) == ["let $x^{2}$ be"]


def test_forms_show_labels_and_values_but_no_actions() -> None:
    page = from_html(
        '<label>Name <input value="Ada"></label><input type="hidden" value="secret"><button>Save</button>'
        '<label><input type="checkbox" checked> agreed</label><select><option>One<option>Two</select>'
    )
    text = " ".join(text_of(page).split())
    assert text == "Name Ada ☒ agreed One Two"


def test_check_boxes_that_open_menus_are_not_shown() -> None:
    assert text_of(from_html('<input type="checkbox" role="button"><label>Menu</label>')).strip() == "Menu"


def test_a_button_that_unfolds_a_section_is_its_heading() -> None:
    assert text_of(from_html("<h2><button>Shipping</button></h2>")) == "Shipping"


def test_metadata() -> None:
    page = from_html(
        '<html lang="de-AT"><title> A &amp; B </title><meta name="author" content="Ada">'
        '<meta property="article:published_time" content="2024-02-01T10:00:00Z">'
        '<meta name="last-modified" content="yesterday"><p>x'
    )
    assert (page.title, page.author, page.created, page.modified) == ("A & B", "Ada", "2024-02-01T10:00:00Z", "")
    assert page.languages == ["de-AT"]


def test_the_title_of_a_picture_is_not_the_title_of_the_page() -> None:
    page = from_html("<body><svg><title>Logo</title><text>Drawn</text></svg><p>x")
    assert (page.title, text_of(page)) == ("", "Drawn \nx".replace(" \n", "\n"))


def test_scripts_are_found_and_not_shown() -> None:
    page = from_html("<p onclick='go()'>This is a test<script>document.write('cool')</script></p>")
    assert text_of(page) == "This is a test"
    assert kinds_found(page) == {"active_content"}


def test_data_blocks_are_no_scripts() -> None:
    assert kinds_found(from_html('<script type="application/ld+json">{}</script><p>x')) == set()


def test_what_would_be_loaded_is_found() -> None:
    assert kinds_found(from_html('<img src="http://a.example/pixel.png"><p>x')) == {"external_reference"}
    assert kinds_found(from_html('<img src="local.png"><a href="http://a.example">x</a>')) == set()


def test_a_page_for_readers_without_scripts_is_read_only_when_there_is_no_other() -> None:
    assert text_of(from_html("<p>Shown<noscript>Enable scripts</noscript>")) == "Shown"
    assert text_of(from_html("<div id=app></div><noscript><p>All of it</p></noscript>")) == "All of it"


def test_xhtml_is_read_as_xml_means_it() -> None:
    page = from_html(
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x"/></head>'
        "<body><p>an <b/> XHTML document <![CDATA[a < b]]></p></body></html>"
    )
    assert shown(page) == ["an XHTML document a < b"]


@pytest.mark.parametrize("nothing", [b"", b" \n\t", b"\x00\x00"])
def test_nothing_is_refused_as_empty(nothing: bytes) -> None:
    with pytest.raises(Refused, match="empty"):
        from_html(nothing)
