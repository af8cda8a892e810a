"""TEST: what a reviewer must know of a Word package is found, and ordinary documents raise nothing."""

import pytest

from parsers.blocks import FoundIssue
from tests.parsers.markup_cases import kinds_found, text_of
from tests.parsers.word_file import package, paragraph, part, read, read_body, relationships, run, word_parts


def findings(kind: str, issues: list[FoundIssue]) -> list[FoundIssue]:
    return [issue for issue in issues if issue.kind == kind]


def test_an_ordinary_document_raises_nothing() -> None:
    document = read_body(
        f'<w:p><w:hyperlink r:id="L">{run("site")}</w:hyperlink></w:p>',
        {"word/styles.xml": part("styles", ""), "word/media/image1.png": b"\x89PNG"},
        [("L", "hyperlink", "https://a.example", True), ("I", "image", "media/image1.png", False)],
    )
    assert document.findings == []


def test_macros_are_found_and_name_their_part() -> None:
    (finding,) = read_body(paragraph("x"), {"word/vbaProject.bin": b"\xd0\xcf"}).findings
    assert (finding.kind, finding.severity, finding.place) == ("active_content", "high", "word/vbaProject.bin")


def test_controls_are_found() -> None:
    document = read_body(paragraph("x"), {"word/activeX/activeX1.xml": "<x/>"})
    assert kinds_found(document) == {"active_content"}


@pytest.mark.parametrize(
    "instruction",
    [
        'DDEAUTO c:\\\\cmd.exe "/k calc"',
        " ddeauto x",
        "INCLUDETEXT http://a.example",
        'INCLUDEPICTURE "http://a.example/x.png"',
        "LINK Excel.Sheet x",
    ],
)
def test_fields_that_run_or_fetch_something_are_found(instruction: str) -> None:
    words = "".join(
        f"<w:r><w:instrText>{instruction[at : at + 3]}</w:instrText></w:r>" for at in range(0, len(instruction), 3)
    )
    body = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{words}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    for document in (
        read_body(body),
        read_body(f"<w:p><w:fldSimple w:instr='{instruction}'>{run('x')}</w:fldSimple></w:p>"),
    ):
        (finding,) = findings("active_content", document.findings)
        assert bool(findings("external_reference", document.findings)) == ("http" in instruction)
        assert finding.evidence == " ".join(instruction.split())
        assert finding.severity == ("high" if "dde" in instruction.lower() else "medium")


def test_fields_in_text_boxes_and_cells_are_found_once() -> None:
    field = "<w:p><w:fldSimple w:instr='DDE a b'/></w:p>"
    box = (
        f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{field}</w:txbxContent></v:textbox></v:shape>"
        "</w:pict></w:r></w:p>"
    )
    cells = f"<w:tbl><w:tr><w:tc>{field}</w:tc><w:tc>{paragraph('x')}</w:tc></w:tr></w:tbl>"
    for body in (box, cells):
        assert [finding.evidence for finding in read_body(body).findings] == ["DDE a b"]


@pytest.mark.parametrize(
    ("kind", "severity"), [("image", "medium"), ("attachedTemplate", "high"), ("oleObject", "high"), ("frame", "high")]
)
def test_what_is_fetched_from_elsewhere_is_found(kind: str, severity: str) -> None:
    (finding,) = read_body(paragraph("x"), linked=[("E", kind, "http://a.example/evil", True)]).findings
    assert (finding.kind, finding.severity, finding.place) == ("external_reference", severity, "word/document.xml")
    assert "http://a.example/evil" in finding.evidence


def test_many_references_of_a_kind_are_one_finding() -> None:
    linked = [(f"E{at}", "image", f"http://a.example/{at}", True) for at in range(500)]
    (finding,) = read_body(paragraph("x"), linked=linked).findings
    assert "500" in finding.evidence


def test_references_of_other_parts_are_found() -> None:
    others = {
        "word/settings.xml": part("settings", ""),
        "word/_rels/settings.xml.rels": relationships([("T", "attachedTemplate", "http://a.example/t.dotm", True)]),
    }
    (finding,) = read_body(paragraph("x"), others).findings
    assert finding.place == "word/settings.xml"


def test_embedded_files_are_named_and_bounded() -> None:
    names = {f"word/embeddings/oleObject{at}.bin": b"x" for at in range(60)}
    found = findings("embedded_file", read_body(paragraph("x"), names).findings)
    assert found[0].place == "word/embeddings/oleObject0.bin"
    assert len(found) == 21
    assert "40 more" in found[-1].evidence


def test_a_document_type_is_found_and_its_entities_are_not_followed() -> None:
    parts = word_parts("")
    body = part("document", f"<w:body>{paragraph('before &x; after')}</w:body>").split("?>", 1)[1]
    parts["word/document.xml"] = (
        f'<?xml version="1.0"?><!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>{body}'
    )
    document = read(package(parts))
    assert kinds_found(document) == {"external_entity"}
    assert "root:" not in text_of(document)
    assert "before" in text_of(document)


def test_entities_that_multiply_do_not() -> None:
    lines = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 12))
    parts = word_parts("")
    body = part("document", f"<w:body>{paragraph('text')}{paragraph('&e11;')}</w:body>").split("?>", 1)[1]
    parts["word/document.xml"] = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{lines}]>{body}'
    document = read(package(parts))
    assert text_of(document) == "text"
    assert "external_entity" in kinds_found(document)
