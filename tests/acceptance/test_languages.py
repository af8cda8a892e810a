"""TEST: languages through real sandboxes: what is stored names them, byte for byte the same in every installation."""

import html
import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.acceptance.conftest import Installation

pytestmark = pytest.mark.timeout(280)

SENTENCES = {
    "eng": "All human beings are born free and equal in dignity and rights, and are endowed with reason.",
    "deu": "Alle Menschen sind frei und gleich an Würde und Rechten geboren und mit Vernunft begabt.",
    "rus": "Все люди рождаются свободными и равными в своём достоинстве и правах и наделены разумом.",
    "heb": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם, כולם חוננו בתבונה ובמצפון.",
    "ara": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق وقد وهبوا عقلا وضميرا.",
    "tha": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "zho": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "jpn": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
}


def _uploads(folder: Path) -> Path:
    """A text for each language, a page in two, and texts of which there is no saying."""
    folder.mkdir()
    for language, sentence in SENTENCES.items():
        (folder / f"{language}.txt").write_text(sentence, "utf-8")
    parts = "".join(f"<p>{html.escape(SENTENCES[language])}</p>" for language in ("eng", "deu", "eng"))
    table = "<table><tr><th>Amount</th><th>of</th><th>everything</th></tr><tr><td>1</td><td>2</td><td>3</td></table>"
    (folder / "two.html").write_text(f"<html lang='fr'><body>{parts}{table}<pre>x = y</pre></body></html>", "utf-8")
    (folder / "short.txt").write_text("OK", "utf-8")
    return folder


def _stored(installation: Installation) -> dict[str, dict[str, bytes]]:
    """All that was stored of documents: by the content's sha256, by file name."""
    stored: dict[str, dict[str, bytes]] = {}
    for path in installation.state.rglob(".gloveport/documents/*/*/*/*"):
        stored.setdefault(path.parts[-3], {})[path.name] = path.read_bytes()
    return stored


def _languages(stored: dict[str, bytes]) -> tuple[list[str], list[list[str]]]:
    """Those of the document, and those of its elements."""
    elements = [json.loads(line) for line in stored["elements.jsonl"].splitlines()]
    metadata = json.loads(stored["chunks.jsonl"].splitlines()[0])["metadata"]
    return metadata.get("languages") or [], [each["metadata"].get("languages") or [] for each in elements]


def test_each_upload_is_stored_with_its_languages_and_twice_the_same(
    gloveport: Installation, fresh: Installation, tmp_path: Path
) -> None:
    uploads = _uploads(tmp_path / "uploads")
    for installation in (gloveport, fresh):
        rows = installation("run", str(uploads), "--json").files.values()
        assert {row["outcome"] for row in rows} == {"indexed"}
    stored = _stored(gloveport)
    assert stored == _stored(fresh)
    found = {path.stem: _languages(stored[sha256(path.read_bytes()).hexdigest()]) for path in uploads.iterdir()}
    assert found == {
        **{language: ([language], [[language]]) for language in SENTENCES},
        "short": ([], [[]]),
        "two": (["eng", "deu"], [["eng"], ["deu"], ["eng"], [], []]),
    }
