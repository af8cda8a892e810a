"""HOST, trusted: writes the example uploads: what a support team would upload, and what somebody hostile would.

    python examples/make_uploads.py [FOLDER]        default: examples/uploads

Needs the standard library alone and writes the same files every time. Nothing here is ever parsed on this host: the
hostile files are harmless to keep and to copy, and dangerous only to a reader without a sandbox.
"""

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # so that it runs as a plain script, from any folder

from examples import good_uploads as good  # noqa: E402 - after the path it needs
from examples import hostile_uploads as hostile  # noqa: E402

UGLY_NAME = "-rf 🧤 \"final\" 'copy' \u202excod.exe; $(reboot).docx"

GOOD: dict[str, Callable[[], bytes]] = {
    "manuals/palmar-t2-service-manual.pdf": good.service_manual,
    "policies/warranty-and-returns.docx": good.warranty,
    "faq.html": good.faq,
    "release-notes.md": good.release_notes,
    "call-script.txt": good.call_script,
    "spare-parts.csv": good.spare_parts,
    "error-codes.json": good.error_codes,
}
HOSTILE: dict[str, Callable[[], bytes]] = {
    "quarterly-report.docx": hostile.bomb_docx,
    "floor-plan.pdf": hostile.hanging_pdf,
    "catalogue.pdf": hostile.memory_pdf,
    "brochure.pdf": hostile.font_bomb_pdf,
    "price-agreement.pdf": hostile.encrypted_pdf,
    "half-an-upload.docx": hostile.truncated_docx,
    "empty.txt": hostile.empty,
    UGLY_NAME: hostile.lying_pdf,
    "invoice.pdf": hostile.zip_as_pdf,
    "telemetry.json": hostile.nested_json,
    "minutes.docx": hostile.entities_docx,
}

# What the pipeline must make of each: `indexed`, or the reason of its quarantine.
EXPECTED: dict[str, str] = dict.fromkeys(GOOD, "indexed") | {
    "quarterly-report.docx": "bomb",
    "floor-plan.pdf": "stalled",
    "catalogue.pdf": "out_of_memory",
    "brochure.pdf": "out_of_memory",
    "price-agreement.pdf": "encrypted",
    "half-an-upload.docx": "corrupt",
    "empty.txt": "empty",
    UGLY_NAME: "indexed",  # what it says of itself is a lie, what it contains is a document; the finding tells
    "invoice.pdf": "indexed",  # an archive, whatever its name says; what is in it is read for itself
    "telemetry.json": "bomb",
    "minutes.docx": "corrupt",
}
# The files inside the files, by the keys they are shown under. One is named to climb out of a folder.
EXPECTED_INSIDE: dict[str, str] = {
    "invoice.pdf!/error-codes.json": "indexed",
    "invoice.pdf!/owned.txt": "indexed",
}


def main(arguments: list[str]) -> int:
    """Write every upload below the folder given. Returns the exit code."""
    folder = Path(arguments[0]) if arguments else HERE / "uploads"
    for name, make in (GOOD | HOSTILE).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
    print(f"{len(GOOD)} good and {len(HOSTILE)} hostile files in {folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
