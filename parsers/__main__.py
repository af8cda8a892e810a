"""SANDBOX, untrusted: one process, one document: `python -I -B -m parsers --idle 900 --preload pdf,text`.

Warm up, say READY, wait for a job (for so many seconds at most), answer it in the frames of `contract/frames.py`, wait
for the host to hang up, exit. Exit codes: 0 as the contract says, 2 bad arguments, 3 the host broke the contract, 4 out
of memory (a claim: the host looks at the control group).
"""

import gc
import os
import resource
import sys
import traceback
from itertools import zip_longest

from contract.job import Job
from contract.verdicts import FindingKind, Refusal, Severity
from parsers import registry
from parsers.blocks import FoundIssue, ParsedDocument, Parser, Refused, Report
from parsers.chunk import chunk
from parsers.comments import with_comments
from parsers.detect import detect
from parsers.hygiene import has_visible
from parsers.normalize import as_findings, normalize
from parsers.outlet import WireOutlet, listing
from parsers.wire import FrameWriter, HostBroke, HostGone, JobReader, encode_result

EXIT_USAGE = 2
EXIT_HOST = 3
EXIT_MEMORY = 4


def main(arguments: list[str]) -> int:
    """Serve one job on stdin and stdout. Returns the exit code."""
    options = _options(arguments)
    if options is None:
        print("usage: python -m parsers [--idle SECONDS] [--preload GROUP,GROUP…]", file=sys.stderr)
        return EXIT_USAGE
    idle_seconds, groups = options
    reader, writer = _take_standard_streams()
    try:
        registry.preload(groups)
    except registry.UnknownGroup as error:
        print(f"unknown group: {error}", file=sys.stderr)
        return EXIT_USAGE
    gc.freeze()  # what is loaded now stays: collections need not walk it again
    try:
        writer.ready()
        job = reader.job(idle_seconds)
        _serve(job, reader, writer, groups)
        reader.wait_for_end()
    except HostGone:
        return 0
    except HostBroke as error:
        print(f"host: {error}", file=sys.stderr)
        return EXIT_HOST
    except MemoryError:
        return EXIT_MEMORY
    return 0


def _options(arguments: list[str]) -> tuple[int | None, list[str]] | None:
    """Seconds to wait for a job, or None for ever; and the groups to warm up. None when the arguments mean nothing."""
    idle_seconds, groups = None, []
    for name, value in zip_longest(arguments[::2], arguments[1::2], fillvalue=""):
        match name:
            case "--idle" if value.isdecimal() and value.isascii():
                idle_seconds = int(value[:6])
            case "--preload" if value:
                groups = [group for group in value.split(",") if group]
            case _:
                return None
    return idle_seconds, groups


def _take_standard_streams() -> tuple[JobReader, FrameWriter]:
    """Move the wire away from descriptors 0 and 1, so that a library that prints or prompts cannot touch it."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return JobReader(wire_in), FrameWriter(wire_out)


def _serve(job: Job, reader: JobReader, writer: FrameWriter, groups: list[str]) -> None:
    """Read the document, answer with it or with a refusal. Lets `MemoryError` and faults of the wire through."""
    document = [reader.document(job["input_bytes"], writer.progress)]
    try:
        _answer(job, document, writer, groups)
    except Refused as refused:
        writer.refuse(refused.refusal, refused.detail)
    except (MemoryError, HostBroke):
        raise
    except BaseException as error:  # noqa: BLE001 - native libraries panic with BaseException; SystemExit is no answer
        traceback.print_exc(file=sys.stderr)
        writer.refuse(Refusal.CORRUPT, type(error).__name__)


def _answer(job: Job, document: list[bytes], writer: FrameWriter, groups: list[str]) -> None:
    """Detect, parse, normalize, chunk and send. `document` is emptied: the parser holds the only reference."""
    detected = detect(document[0], job["media_type_hint"], job["output_bytes_max"])
    writer.findings(as_findings(detected.findings))
    parser = registry.parser_for(detected.media_type, groups)
    if parser is None:
        raise Refused(Refusal.UNSUPPORTED, detected.media_type)
    outlet = WireOutlet(writer, job["options"])
    parsed = _parse(parser, document, detected.media_type, Report(writer.progress, outlet), outlet)
    if job["options"]["comments_in_text"]:
        parsed.blocks = list(with_comments(parsed.blocks))
    normal = normalize(parsed, job["output_bytes_max"], writer.progress)
    writer.findings(as_findings([*normal.findings, *outlet.findings()]))
    if not normal.text:
        raise Refused(Refusal.EMPTY, "no text")
    chunks = chunk(normal, job["options"]["chunk_tokens_max"], writer.progress)
    frames = encode_result(normal.metadata, normal.elements, normal.text, chunks, job["output_bytes_max"])
    for frame in frames:
        writer.write(frame)
    used = resource.getrusage(resource.RUSAGE_SELF)
    writer.usage(round(used.ru_utime + used.ru_stime, 6), used.ru_maxrss << 10)
    writer.done(elements=len(normal.elements), chunks=len(chunks), text_chars=len(normal.text))


def _parse(
    parser: Parser, document: list[bytes], media_type: str, report: Report, outlet: WireOutlet
) -> ParsedDocument:
    """What the parser makes of it. A container of files without a word of its own says which files they are.

    Without that it would be empty, and what is empty is held back together with the files in it.
    """
    try:
        parsed = parser.parse(document.pop(), report)
    except Refused as refused:
        if refused.refusal is not Refusal.EMPTY or not outlet.told:
            raise
        unread = FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "document", refused.detail)
        parsed = ParsedDocument(media_type, [], findings=[unread])
    if outlet.told and not any(has_visible(block.text) for block in parsed.blocks if not block.furniture):
        parsed.blocks.append(listing(outlet.passed, outlet.told))
    return parsed


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(exit_code)  # no teardown: native libraries crash there, and it costs time
