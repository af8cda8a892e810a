"""SANDBOX, untrusted: a corpus of PDFs as if somebody had printed and scanned it: one grey JPEG a page, no text layer.

    python bench/scans.py MANIFEST.jsonl FOLDER [--dpi 200] [--skew 0.7] [--turn 0] [--quality 70] [--every 1]

Run it where the PDF parser runs. FOLDER receives the PDFs under the paths of the manifest's rows, the rows, and what
else lies beside the manifest as JSON lines (`facts.jsonl`), so `bench/facts.py`, `bench/layout.py` and
`bench/corpus.py` take FOLDER/manifest.jsonl in its place. `--skew` turns what is on the sheet, `--turn` (90, 180, 270)
the sheet itself.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import pymupdf


def scan_of(document: bytes, dpi: int, skew: float, turn: int, quality: int) -> bytes:
    """A PDF whose pages are pictures of the pages of another. Angles in degrees clockwise."""
    scan = pymupdf.open()
    with pymupdf.open("pdf", document) as printed:
        for page in printed:
            matrix = pymupdf.Matrix(dpi / 72, dpi / 72).prerotate(skew + turn)
            pixels = page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY, alpha=False)
            sheet = scan.new_page(width=pixels.width * 72 / dpi, height=pixels.height * 72 / dpi)
            sheet.insert_image(sheet.rect, stream=pixels.tobytes("jpeg", jpg_quality=quality))
    return bytes(scan.tobytes())


def main() -> int:
    """Scan every PDF of a manifest, or every so many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--skew", type=float, default=0.7)
    parser.add_argument("--turn", type=int, default=0)
    parser.add_argument("--quality", type=int, default=70)
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    source = arguments.manifest.parent
    rows = [json.loads(line) for line in arguments.manifest.read_text("utf-8").splitlines() if line.strip()]
    rows = rows[:: arguments.every]
    for row in rows:
        row.setdefault("upload_name", Path(row["path"]).name)
        target = arguments.folder / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        document = (source / row["path"]).read_bytes()
        target.write_bytes(scan_of(document, arguments.dpi, arguments.skew, arguments.turn, arguments.quality))
        if "gt" in row:
            (arguments.folder / row["gt"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / row["gt"], arguments.folder / row["gt"])
    for beside in source.glob("*.jsonl"):
        shutil.copyfile(beside, arguments.folder / beside.name)
    manifest = "".join(json.dumps(row) + "\n" for row in rows)
    (arguments.folder / "manifest.jsonl").write_text(manifest, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
