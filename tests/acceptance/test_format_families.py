"""TEST: real files of every format family, through real sandboxes in one run: the right type, the text, no odd finding.

The files are those of the shared corpus, where there is one: nobody here wrote them, and none is in the repository.
What they must contain is what their own projects' tests assert.
"""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.images import connect, resolve_profiles
from tests.acceptance.conftest import REPOSITORY

pytestmark = pytest.mark.timeout(280)

FAMILY_FILES_MIN = 3
OCR_FAMILY = "images"
CORPUS = Path(os.environ.get("GLOVEPORT_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
MANIFEST = CORPUS / "formats" / "manifest.jsonl"

OOXML = "application/vnd.openxmlformats-officedocument."
PPTX = OOXML + "presentationml.presentation"
PPT = "application/vnd.ms-powerpoint"
ODF = "application/vnd.oasis.opendocument."
XLSM = "application/vnd.ms-excel.sheet.macroenabled.12"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"


@dataclass(frozen=True)
class RealFile:
    """One file of the corpus by its id, under the family whose page in docs/formats/ tells of it.

    `findings` are all kinds it must have.
    """

    family: str
    identity: str
    media_type: str
    fragments: tuple[str, ...]
    findings: frozenset[str] = frozenset()


ACTIVE = frozenset({"active_content"})
EMBEDDED = frozenset({"embedded_file"})
LOCKED = frozenset({"encrypted_part"})

FILES = (
    RealFile("pdf", "815424223864", "application/pdf", ("Tika - Content Analysis Toolkit", "incubator")),
    RealFile("pdf", "bfeafb72b3e7", "application/pdf", ("until a further review indicates that the infrastructure",)),
    RealFile("pdf", "777967870f0c", "application/pdf", ("Heading in Helvetica", "This text uses an embedded CMap")),
    RealFile("pdf", "c17790b5d104", "application/pdf", ("this is the note", "igalsh")),
    RealFile("pdf", "020c82bef53b", "application/vnd.ms-xpsdocument", ("Rainbow", "Parts of this are in italics")),
    RealFile("word", "592794cc6ce8", OOXML + "wordprocessingml.document", ("2. List item b", "2.1. Market Stops")),
    RealFile("word", "1e2fc57cae2e", "application/vnd.ms-word.document.macroenabled.12", ("2004", "2008"), ACTIVE),
    RealFile("word", "8443c7b7a0f8", OOXML + "wordprocessingml.template", ("Getting the perfect",)),
    RealFile("word", "f092a32c0505", "application/msword", ("Summer activities", "1. Wear sunglasses", "Let’s eat")),
    RealFile("word", "b0cd8e56f122", "application/msword", ("Paragraph 2", "Last (4th) paragraph")),
    RealFile("notes", "270ec35df114", "application/onenote", ("Section1HeaderTitle", "Section1TextArea2")),
    RealFile("notes", "8b86157a873f", "application/onenote", ("Correlation between Outlook and OneNote",), EMBEDDED),
    RealFile("notes", "6d98eb70df12", "application/x-mspublisher", ("0123456789abcdef",)),
    RealFile("spreadsheets", "772cb0c417bb", OOXML + "spreadsheetml.sheet", ("6ff4173b-42a5-4784-9b19-f49caff4d93d",)),
    RealFile("spreadsheets", "04863fc988ab", OOXML + "spreadsheetml.sheet", ("Office 2007",), LOCKED),
    RealFile("spreadsheets", "2eae56c055ce", XLSM, ("SalesData", "Widget A")),
    RealFile("spreadsheets", "f4ac3c9ac776", XLSB, ("This is an example spreadsheet",)),
    RealFile("spreadsheets", "a74272bc2afa", "application/vnd.ms-excel", ("yyyy-mm-dd\t2006-11-24", "£nn.nn\t£10.52")),
    RealFile("spreadsheets", "556b277ffcb2", "application/xml", ("Col1", "tika_hyperlink")),
    RealFile("spreadsheets", "1d1a5995a834", ODF + "spreadsheet", ("Number of freshwater ducks per year",)),
    RealFile("spreadsheets", "314c656b1d11", "text/csv", ("DD37Cf93aecA6Dc", "Joanna")),
    RealFile("spreadsheets", "d98d9019dd67", "text/tab-separated-values", ("Stanley Cups", "Flyers")),
    RealFile("presentations", "a8bb2a500034", PPTX, ("Here is a text box", "(Kramer)")),
    RealFile("presentations", "ca810b4987db", PPT, ("This is the header text.", "subscript")),
    RealFile("presentations", "88438271b003", PPT, ("Master footer is here",)),
    RealFile("presentations", "46384f7f54c1", ODF + "presentation", ("Test Table Slide", "- Class2", "Maybe a list?")),
    RealFile("opendocument", "18190712bc38", ODF + "text", ("Heading level 2: A", "- bullet list 2.3")),
    RealFile("opendocument", "f0cabb247efb", ODF + "text", (", advocaat", "Publicatie Onbekwaamverklaring")),
    RealFile("opendocument", "105ce74ec359", ODF + "text", ("Test text",)),
    RealFile("iwork", "42755da3b933", "application/vnd.apple.keynote", ("text1 text2 text3",)),
    RealFile("iwork", "1638fdf75162", "application/vnd.apple.pages", ("this should be page 2", "FOOTER TEXT")),
    RealFile("iwork", "22f53c64f8b3", "application/vnd.apple.numbers", ("header1", "row3")),
    RealFile("rtf", "43f2da16b8cf", "application/rtf", ("This is a footnote.", "This is the header text.")),
    RealFile("rtf", "d302a80d4157", "application/rtf", ("bold then", "not italic")),
    RealFile("rtf", "7e882d0aebee", "application/rtf", ("こんにちは",)),
    RealFile("mail", "8b614492fe3a", "message/rfc822", ("Make sure to RSVP!", "Mallori Harrell")),
    RealFile("mail", "04b554bc8b30", "message/rfc822", ("Just attaching another PDF, here, to see what",), EMBEDDED),
    RealFile("mail", "59faeac9d424", "application/mbox", ("When a Mapper completes",)),
    RealFile("mail", "35b62ec56629", "application/vnd.ms-outlook", ("Important points:", "Violets are blue")),
    RealFile("web", "b26ed3ff32d5", "text/html", ("HTML Text Formatting Examples", "strong emphasis (strong)")),
    RealFile("web", "8019ce8bda43", "text/html", ("ability of Apache Tika", "an XHTML document")),
    RealFile("web", "ca3d5c3e6545", "text/html", ("Complex Example", "- This is a regular text description.")),
    RealFile("web", "19487de4d6f9", "application/epub+zip", ("Table data", "This is the text for chapter Two"), ACTIVE),
    RealFile("markup", "36ed75311ec1", "text/markdown", ("my setext heading level 1", "Fenced code block:")),
    RealFile("markup", "27c80e1d18c0", "text/x-rst", ("Example Docs",)),
    RealFile("markup", "25cf2568716a", "text/asciidoc", ("Renaming the bookmark does not rename the folder.",)),
    RealFile("markup", "283d49bebb34", "text/org", ("Example Docs",)),
    RealFile("markup", "0f04844cbaad", "text/x-tex", ("Math Examples", "frac{ sqrt{ pi}}{2}$$", "Sample table")),
    RealFile("data", "f7f0b3476c7c", "application/json", ("Garden Trowel",)),
    RealFile("data", "1176fc2d0237", "application/x-ndjson", ("Watering Can",)),
    RealFile("data", "708c2ae447c7", "application/yaml", ("calling-birds: four", "- louie")),
    RealFile("data", "82087eb797c2", "application/x-ipynb+json", ("# Test Notebook", 'print("markitdown")')),
    RealFile("data", "1dc06f6f7b18", "application/xml", ("Emissions due to farm management included those from fuel",)),
    RealFile("data", "ba45395675c2", "application/xml", ("Oscillator with Coulomb Interaction", "mathcal {N} {nl}")),
    RealFile("data", "db10a71f6fb4", "text/vtt", ("We are in New York City", "When we e-mailed—")),
    RealFile("text", "5af86c7a94b0", "text/plain", ("Doylestown, PA 18901", "I love fuzzy blankets")),
    RealFile("text", "1387ea9ab59e", "text/plain", ("Doylestown", "- Hamburgers are delicious")),
    RealFile("text", "34b7c35dc1a6", "text/plain", ("Doylestown", "- Hamburgers are delicious")),
    RealFile(OCR_FAMILY, "ccd6f1da2970", "application/pdf", ("Happy New Year 2003!",)),
    RealFile(OCR_FAMILY, "fb83893c8b7c", "image/png", ("RULES AND INSTRUCTIONS",)),
    RealFile(
        OCR_FAMILY, "1464e5333de2", "image/jpeg",
        ("LayoutParser: A Unified Toolkit for Deep Learning Based Document Image Analysis",),
    ),
    RealFile("archives", "f857caf36c42", "application/zip", ("test1.txt", "test2.txt"), EMBEDDED),
    RealFile("archives", "354e8ca199e9", "application/zip", ("AutoGen: Enabling Next-Gen LLM Applications",), EMBEDDED),
    RealFile("archives", "de7cdf522fa3", "application/gzip", ("another null pointer",), EMBEDDED),
)  # fmt: skip


@dataclass(frozen=True)
class Families:
    """What one run made of all files: rows and texts by id."""

    rows: dict[str, dict[str, Any]]
    texts: dict[str, str]
    with_ocr: bool


@pytest.fixture(scope="module")
def families(images: None, tmp_path_factory: pytest.TempPathFactory) -> Families:
    """One run over all files, in a process and a state folder of its own. Text of files inside a file is behind its."""
    if not MANIFEST.exists():
        pytest.skip(f"no corpus at {CORPUS}: GLOVEPORT_CORPUS names another place")
    with closing(connect()) as client:
        with_ocr = "ocr" in resolve_profiles(client)
    wanted = {file.identity for file in FILES if with_ocr or file.family != OCR_FAMILY}
    cases = [json.loads(line) for line in MANIFEST.read_text("utf-8").splitlines()]
    chosen = [{**case, "path": str(MANIFEST.parent / case["path"])} for case in cases if case["id"] in wanted]
    folder = tmp_path_factory.mktemp("families")
    manifest, results = folder / "manifest.jsonl", folder / "results"
    manifest.write_text("".join(json.dumps(case) + "\n" for case in chosen), "utf-8")
    # What the image ocr has anyway, for all: a machine that is busy with other tests is no stall and no timeout.
    limits = [argument for limit in ("stall_seconds=60", "wall_seconds=120") for argument in ("--set", limit)]
    subprocess.run(
        [sys.executable, str(REPOSITORY / "bench" / "corpus.py"), str(manifest), str(results), *limits],
        env={name: value for name, value in os.environ.items() if not name.startswith(("GLOVEPORT_", "PREFECT_"))},
        timeout=250, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in (results / "results.jsonl").read_text("utf-8").splitlines()]
    texts = {path.stem: path.read_text("utf-8") for path in results.glob("*.md")}
    return Families({row["id"]: row for row in rows}, texts, with_ocr)


def fold(text: str) -> str:
    """Letters and digits alone, compatible forms and cases made one: what markup, wrapping and quotes do not change."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def row_of(file: RealFile, families: Families) -> dict[str, Any]:
    """What the run says of a file. A file that the corpus or the run lost is a failure, not a skip."""
    if file.family == OCR_FAMILY and not families.with_ocr:
        pytest.skip("the image ocr is not built: `gloveport images build ocr` builds it")
    return families.rows[file.identity]


def test_every_page_of_a_family_has_its_real_files() -> None:
    pages = {page.stem for page in (REPOSITORY / "docs" / "formats").glob("*.md")} - {"README"}
    counts = Counter(file.family for file in FILES)
    assert set(counts) == pages
    assert min(counts.values()) >= FAMILY_FILES_MIN


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.family}-{file.identity}")
def test_a_real_file_is_indexed_as_what_it_is_with_its_text(file: RealFile, families: Families) -> None:
    row = row_of(file, families)
    assert (row["outcome"], row["reason"], row["media_type"]) == ("indexed", None, file.media_type)
    text = fold(families.texts[file.identity])
    assert [fragment for fragment in file.fragments if fold(fragment) not in text] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.family}-{file.identity}")
def test_a_real_file_has_the_findings_it_should_and_no_other(file: RealFile, families: Families) -> None:
    assert set(row_of(file, families)["findings"]) == file.findings
