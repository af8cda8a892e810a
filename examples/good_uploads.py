"""HOST, trusted: the honest half of the example uploads: support knowledge about a product that does not exist."""

import csv
import io
import json
import zipfile
from xml.sax.saxutils import escape

from examples import pdf_syntax

# One moment for every zip member, so that the same script writes the same bytes.
_MOMENT = (2025, 3, 14, 9, 26, 52)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def service_manual() -> bytes:
    """A PDF of three pages: headings, paragraphs, lists and ruled tables."""
    pages = [pdf_syntax.Page("Palmar T2 sensor glove · Service manual", number, 3) for number in (1, 2, 3)]
    _fill_introduction(pages[0])
    _fill_reset(pages[1])
    _fill_reference(pages[2])
    objects = pdf_syntax.document([page.content() for page in pages], "Palmar T2 sensor glove: service manual")
    return pdf_syntax.assemble(objects, pdf_syntax.info_reference())


def _fill_introduction(page: pdf_syntax.Page) -> None:
    page.title("Palmar T2 sensor glove", "Service manual · revision 7 · for technicians and support agents")
    page.heading("1 Getting started")
    page.paragraph(
        "The Palmar T2 measures the bend of five fingers, the pressure of the palm and the attitude of the hand, and "
        "sends all three to the dock sixty times a second. This manual covers what support is asked most often: "
        "resetting, calibrating, cleaning and replacing parts."
    )
    page.heading("1.1 In the box", 2)
    page.bullets(
        [
            "One glove with its wrist module, left or right, sizes S to XL",
            "One charging dock with a USB-C cable",
            "Two washable liners and a spare set of contact pads",
        ]
    )
    page.heading("1.2 Charging", 2)
    page.paragraph(
        "Put the wrist module on the dock until it clicks. A full charge takes ninety minutes and lasts for eleven "
        "hours of measuring. Below 8 percent the glove stops sending pressure values and keeps only the finger bend."
    )


def _fill_reset(page: pdf_syntax.Page) -> None:
    page.heading("2 Resetting the glove")
    page.paragraph(
        "Most faults go away with a sensor reset. It clears the drift that builds up in the bend sensors and keeps all "
        "settings, pairings and calibration profiles of the wearer."
    )
    page.heading("2.1 How to reset the glove sensor", 2)
    page.steps(
        [
            "Lay the glove flat on a table, palm down, with nobody wearing it.",
            "Hold the wrist button for six seconds, until the light turns amber.",
            "Let go. The sensors are read at rest; do not touch the glove while the light is amber.",
            "When the light turns green the reset is done. Put the glove on and make a fist once.",
        ]
    )
    page.heading("2.2 Factory reset", 2)
    page.paragraph(
        "Hold the wrist button for twenty seconds, until the light turns red. A factory reset also deletes pairings "
        "and calibration profiles and cannot be undone, so offer it only after two sensor resets in a row did not help."
    )
    page.heading("2.3 What the light means", 2)
    page.table(
        [
            ("Light", "Meaning", "What to do"),
            ("Green, steady", "Ready", "Nothing"),
            ("Amber, steady", "Sensors are being read at rest", "Wait ten seconds"),
            ("Amber, blinking", "Battery below 8 percent", "Charge for 20 minutes"),
            ("Red, blinking twice", "A bend sensor does not answer", "Reset, then replace the liner"),
            ("Blue, breathing", "Looking for the dock", "Bring within five metres"),
        ],
        (130, 190, 163),
    )


def _fill_reference(page: pdf_syntax.Page) -> None:
    page.heading("3 Calibration")
    page.paragraph(
        "Each wearer needs a profile of their own. Choose Profiles and then New in the dock's display, and follow the "
        "hand that is shown: open, fist, thumb to each finger, wrist up, wrist down. It takes forty seconds."
    )
    page.heading("4 Cleaning")
    page.paragraph(
        "Take the wrist module off. The liner may be washed at 30 degrees; the glove itself only wiped with a damp "
        "cloth. Alcohol damages the contact pads. Dry for two hours before the module goes back on."
    )
    page.heading("5 Specifications")
    page.table(
        [
            ("Property", "Value", "Tolerance"),
            ("Finger bend", "0 to 110 degrees", "1.5 degrees"),
            ("Palm pressure", "0 to 240 kPa", "4 kPa"),
            ("Radio", "2.4 GHz, 10 m", ""),
            ("Operating temperature", "-5 to 45 °C", ""),
        ],
        (190, 180, 113),
    )


def field_bulletin() -> bytes:
    """A PDF of one page."""
    page = pdf_syntax.Page("Palmar Instruments · Field bulletin 12", 1, 1)
    page.title("Field bulletin 12", "Gloves that slip off the dock")
    page.heading("What happens")
    page.paragraph("Docks made before May have a soft latch. A glove that is not heard to click does not charge.")
    page.heading("What to do")
    page.steps(["Ask for the dock's serial number.", "If it begins with D1, send latch kit T2-311.", "Close the call."])
    return pdf_syntax.assemble(pdf_syntax.document([page.content()], "Field bulletin 12"), pdf_syntax.info_reference())


def warranty() -> bytes:
    """A DOCX with styled headings, a bulleted list, a table with a header row, and a footnote."""
    body = [
        _p("Warranty and returns", "Title"),
        _p("What is covered", "Heading1"),
        _p("The Palmar T2 is covered for 24 months from delivery, its battery for 12.", note=True),
        _p("Covered are:"),
        _p("bend sensors that drift again within a day of a reset", "ListBullet"),
        _p("wrist modules that no longer charge", "ListBullet"),
        _p("seams that open under normal use", "ListBullet"),
        _p("How to return a glove", "Heading1"),
        _p(
            "Ask for a return number first; parcels without one are sent back. Remove the liner, it cannot be returned."
        ),
        _p("Who pays for what", "Heading2"),
        _table([("Case", "Shipping", "Repair"), ("Within warranty", "We pay", "Free"), ("After", "You pay", "89 EUR")]),
    ]
    return zipped(docx_members(f"<w:document {_W}><w:body>{''.join(body)}</w:body></w:document>".encode()))


def docx_members(document: bytes) -> dict[str, bytes]:
    """A DOCX around a main part, by name: with styles, one bulleted list and one footnote for it to refer to."""
    parts = ("styles", "numbering", "footnotes")
    relationships = "".join(
        f'<Relationship Id="r{index}" Type="{_R}/{part}" Target="{part}.xml"/>' for index, part in enumerate(parts)
    )
    overrides = "".join(
        f'<Override PartName="/word/{part.partition(".")[0]}.xml" ContentType="{_WORD}.{part}+xml"/>'
        for part in ("document.main", *parts)
    )
    types = (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
    main = f'<Relationship Id="r0" Type="{_R}/officeDocument" Target="word/document.xml"/>'
    return {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{main}</Relationships>'.encode(),
        "word/document.xml": document,
        "word/styles.xml": _styles().encode(),
        "word/numbering.xml": _NUMBERING.encode(),
        "word/footnotes.xml": _FOOTNOTES.encode(),
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{relationships}</Relationships>'.encode()
        ),
    }


_NUMBERING = (
    f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)
_FOOTNOTES = (
    f'<w:footnotes {_W}><w:footnote w:id="1"><w:p><w:r><w:t>A battery that holds less than 70 percent of its first '
    "charge counts as faulty.</w:t></w:r></w:p></w:footnote></w:footnotes>"
)


def _styles() -> str:
    named = [("Normal", "Normal"), ("Title", "Title"), ("Heading1", "heading 1"), ("Heading2", "heading 2")]
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{identity}"><w:name w:val="{name}"/></w:style>'
        for identity, name in named
    )
    bullets = (
        '<w:style w:type="paragraph" w:styleId="ListBullet"><w:name w:val="List Bullet"/>'
        '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    grid = '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/></w:style>'
    return f"<w:styles {_W}>{styles}{bullets}{grid}</w:styles>"


def _p(text: str, style: str = "Normal", *, note: bool = False) -> str:
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>' if note else ""
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>{reference}</w:p>'
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    head = "<w:trPr><w:tblHeader/></w:trPr>"
    lines = [
        f"<w:tr>{'' if index else head}{''.join(f'<w:tc>{_p(cell)}</w:tc>' for cell in row)}</w:tr>"
        for index, row in enumerate(rows)
    ]
    properties = '<w:tblPr><w:tblStyle w:val="TableGrid"/></w:tblPr>'
    grid = f"<w:tblGrid>{'<w:gridCol/>' * len(rows[0])}</w:tblGrid>"
    return f"<w:tbl>{properties}{grid}{''.join(lines)}</w:tbl>"


def faq() -> bytes:
    """An HTML page with what a page has around its content: a menu, a footer, a script."""
    return """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Palmar T2: questions and answers</title>
<script>console.log("not content")</script></head>
<body><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<main><h1>Questions and answers</h1>
<h2>Why does my glove not pair with the dock?</h2>
<p>A dock pairs with <b>at most four</b> gloves. Remove one under <em>Dock → Gloves</em>, then hold the wrist button for
three seconds until the light turns blue.</p>
<h2>The values jump although my hand is still</h2>
<p>That is drift. <a href="service-manual#reset">Reset the glove sensor</a>; your profile is kept.</p>
<h2>Which tablets are supported?</h2>
<table><thead><tr><th>System</th><th>From version</th></tr></thead>
<tbody><tr><td>Android</td><td>12</td></tr><tr><td>iPadOS</td><td>16.4</td></tr></tbody></table>
</main><footer>© Palmar Instruments</footer></body></html>
""".encode()


def release_notes() -> bytes:
    """Markdown with headings, nested lists and a fenced block."""
    return b"""# Firmware release notes

## 4.2.0

- Sensor reset takes **ten seconds** instead of thirty
- The dock shows the battery of every glove
  - below 8 percent in amber
  - while charging in green
- Fixed: pressure was reported in psi on US docks

## 4.1.3

1. Pairing survives a dead battery
2. `palmarctl` can read the drift of each finger:

```console
$ palmarctl drift --finger index
index  0.4 degrees
```

> Update over the dock. Never take a glove off the dock while its light is white.
"""


def call_script() -> bytes:
    """Plain text in UTF-16 with a byte order mark, as an old text editor saves it."""
    return """Call script: glove does not respond

1. Greet the caller and ask for the serial number. It is inside the cuff and begins with T2.
2. Ask what colour the light is. No light: charge for 20 minutes, call back.
3. Guide the caller through a sensor reset (six seconds, amber, palm down – nobody wearing it).
4. Still no answer? Open a return. Grüße und danke, ありがとう.
""".encode("utf-16")


def spare_parts() -> bytes:
    """CSV with quotes, separators and a line break inside its cells."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [
            ("part", "name", "fits", "price_eur"),
            ("T2-101", "Liner, washable", "S, M", "19.00"),
            ("T2-102", "Liner, washable", "L, XL", "19.00"),
            ("T2-140", 'Contact pads "long life", set of 12', "all", "11.50"),
            ("T2-200", "Wrist module\n(return the old one)", "all", "149.00"),
            ("T2-310", "Charging dock, USB-C", "all", "79.00"),
        ]
    )
    return buffer.getvalue().encode()


def error_codes() -> bytes:
    """JSON as a program exports it."""
    codes = [
        {"code": "E11", "title": "Bend sensor silent", "fix": "Reset the glove sensor, then replace the liner."},
        {
            "code": "E24",
            "title": "Palm pressure out of range",
            "fix": "Dry the glove for two hours and calibrate again.",
        },
        {"code": "E31", "title": "Dock firmware too old", "fix": "Update the dock to 4.2.0 or later."},
    ]
    return json.dumps({"product": "Palmar T2", "firmware": "4.2.0", "errors": codes}, indent=2).encode()
