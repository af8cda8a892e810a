"""TEST: three hundred small files, every tenth of them hostile or empty, and what must become of each."""

import json
from pathlib import Path

FILES = 300
INPUT_BYTES = 4096  # the driver's limit: one file is larger
KINDS = ("txt", "html", "md", "csv", "json")
CHANGED = "and this is the version that counts"

# What the scripted sandbox does at a content that begins with one of these.
CRASHES, LIES, CORRUPT, STALLS = b"hostile: crash ", b"hostile: lie ", b"hostile: corrupt ", b"hostile: stall "
# A file that holds others: this, then a JSON list of their names and contents.
HOLDS = b"holds "
# The first sandbox of each process that is given this fails through no fault of the file.
FLAKY = b"flaky: "


def name_of(number: int) -> str:
    """The key of a file; its first word says what happens to it while it is worked on."""
    fate = {13: "vanishing", 23: "changing"}.get(number % 60, "file")
    return f"{number:03}-{fate}.{KINDS[number % len(KINDS)]}"


def content_of(number: int) -> bytes:
    """Bytes of a file. Every tenth is hostile or empty, some twice the same: a verdict is remembered."""
    if number % 10 == 9:
        same = number // 10 % 6
        return (b"", b" \n ", CRASHES + b"%d" % number, CRASHES + b"again", LIES + b"%d" % number, CORRUPT)[same]
    if number == 144:
        return b"x" * (INPUT_BYTES + 1)
    if number % 25 == 11:
        inside = [["note.txt", f"Note {number}: mind the seam."], ["bad.doc", f"{CORRUPT.decode()}{number % 50}"]]
        if number % 50 == 11:
            inside.append(["more.zip", HOLDS.decode() + json.dumps([["deep.txt", f"Deep in {number}."]])])
        return HOLDS + json.dumps(inside).encode()
    if number % 50 == 7:
        number -= 5  # the same content under another name
    prefix = FLAKY.decode() if number % 100 == 35 else ""
    body = f"{prefix}Ticket {number}: the glove's sensor {number * 7919} drifts."
    kind = KINDS[number % len(KINDS)]
    texts = {
        "txt": f"{body}\n\nReset it.\n\nCall {number} if it drifts again.\n",
        "html": f"<h1>Ticket {number}</h1>\n\n<p>{body}</p>",
        "md": f"# Ticket {number}\n\n{body}\n",
        "csv": f"ticket,sensor\n{number},{number * 7919}\n",
        "json": json.dumps({"ticket": number, "text": body}),
    }
    return texts[kind].encode()


def upload(folder: Path, files: int = FILES) -> None:
    """Put the first `files` of them into a folder."""
    folder.mkdir(exist_ok=True)
    for number in range(files):
        (folder / name_of(number)).write_bytes(content_of(number))
    if files > 244:
        # A name that points out of the folder instead of a file.
        (folder / name_of(244)).unlink()
        (folder / name_of(244)).symlink_to("/etc/hostname")
