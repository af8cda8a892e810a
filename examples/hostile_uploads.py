"""HOST, trusted: the other half of the example uploads: files that attack whoever reads them. Harmless until parsed.

Each function's docstring says what makes its file hostile.
"""

import random
import struct
import zlib

from examples import pdf_syntax
from examples.good_uploads import docx_members, error_codes, field_bulletin, warranty, zipped

MEBIBYTE = 1 << 20
WORDPROCESSING = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def bomb_docx() -> bytes:
    """A decompression bomb: two megabytes on disk, and a document part that inflates to two gigabytes."""
    head = f'<w:document xmlns:w="{WORDPROCESSING}"><w:body><w:p><w:r><w:t>'.encode()
    tail = b"</w:t></w:r></w:p></w:body></w:document>"
    mebibytes = 2048
    packed = _repeated(head, b"A" * MEBIBYTE, mebibytes, tail)
    size = len(head) + mebibytes * MEBIBYTE + len(tail)
    members = {name: (content, len(content)) for name, content in docx_members(b"").items()}
    return _zip_of_packed(members | {"word/document.xml": (packed, size)})


def hanging_pdf() -> bytes:
    """Hangs a reader: eleven levels of drawings, each used ten times by the next, that draw nothing 10^11 times."""
    return _nested_forms(levels=11, leaf=b"0 0 m")


def memory_pdf() -> bytes:
    """Eats memory: 8 kB, in which eight levels of drawings, each used ten times by the next, show a line of text."""
    line = "the same line of text, over and over again, until there is no memory left to keep it in " * 2
    return _nested_forms(levels=8, leaf=b"BT /F1 4 Tf 10 400 Td " + pdf_syntax.literal(line) + b" Tj ET")


def encrypted_pdf() -> bytes:
    """Cannot be read: encrypted with a user password, so the empty password that readers try does not open it."""
    lock = pdf_syntax.Lock("open sesame", "owner", b"gloveport-example"[:16])
    page = pdf_syntax.Page("Confidential", 1, 1)
    page.heading("Price agreement")
    page.paragraph("Nobody without the password reads this.")
    return pdf_syntax.assemble(pdf_syntax.document([page.content()], "", lock.protect), lock.trailer())


def truncated_docx() -> bytes:
    """Cut off in the middle, as an interrupted upload leaves it: a zip whose directory, at its end, is missing."""
    whole = warranty()
    return whole[: len(whole) // 2]


def empty() -> bytes:
    """Nothing at all: zero bytes, which must not count as a document without text."""
    return b""


def lying_pdf() -> bytes:
    """Lies twice: a PDF called .docx, under a name that begins like an option, quotes, and turns its own end around."""
    return field_bulletin()


def zip_as_pdf() -> bytes:
    """Claims to be a PDF by name and is a zip archive, one of whose members would climb out of an extraction folder."""
    return zipped({"../../../../tmp/owned.txt": b"owned", "report/error-codes.json": error_codes()})


def nested_json() -> bytes:
    """Overflows the stack of a recursive reader: a million brackets, each inside the one before."""
    return b"[" * 1_000_000 + b"]" * 1_000_000


def entities_docx() -> bytes:
    """Expands in the XML reader: "billion laughs", each entity ten times the one before, and one outside file."""
    entities = '<!ENTITY a0 "ha"><!ENTITY outside SYSTEM "file:///etc/passwd">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 11)
    )
    text = "<w:body><w:p><w:r><w:t>&a10;&outside;</w:t></w:r></w:p></w:body>"
    document = f'<!DOCTYPE w:document [{entities}]><w:document xmlns:w="{WORDPROCESSING}">{text}</w:document>'
    return zipped(docx_members(document.encode()))


def font_bomb_pdf() -> bytes:
    """Eats memory where ratios are watched: a font of 640 MiB, packed just too badly to look like a bomb."""
    noise = random.Random(1).randbytes(4800)  # noqa: S311 - to compress badly, not to be secret
    font = _repeated(b"", noise + bytes(MEBIBYTE - len(noise)), 640, b"", zlib_wrapped=True)
    objects = pdf_syntax.document([b"BT /F9 12 Tf 72 700 Td (text in a font nobody should load) Tj ET"], "font")
    number = len(objects)
    objects[1] = objects[1].replace(b"/Font << ", b"/Font << /F9 %d 0 R " % (number + 1))
    objects.append(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Big /FirstChar 32 /LastChar 32 /Widths [500] "
        b"/FontDescriptor %d 0 R >>" % (number + 2)
    )
    objects.append(
        b"<< /Type /FontDescriptor /FontName /Big /Flags 4 /FontBBox [0 0 1 1] /ItalicAngle 0 /Ascent 1 /Descent 0 "
        b"/CapHeight 1 /StemV 1 /FontFile2 %d 0 R >>" % (number + 3)
    )
    objects.append(pdf_syntax.stream(font, "/Filter /FlateDecode"))
    return pdf_syntax.assemble(objects)


def _nested_forms(levels: int, leaf: bytes) -> bytes:
    objects = pdf_syntax.document([b"/X Do"], "nested")
    first = len(objects) + 1
    objects[1] = objects[1].replace(b"/Resources << ", b"/Resources << /XObject << /X %d 0 R >> " % first)
    for level in range(levels):
        last = level == levels - 1
        resources = f"/Font << /F1 3 0 R >> {'' if last else f'/XObject << /X {first + level + 1} 0 R >>'}"
        entries = f"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << {resources} >>"
        objects.append(pdf_syntax.stream(leaf if last else b"/X Do " * 10, entries))
    return pdf_syntax.assemble(objects)


def _repeated(head: bytes, block: bytes, times: int, tail: bytes, *, zlib_wrapped: bool = False) -> bytes:
    """DEFLATE of head, many times the same block, and tail: each block is compressed once and its bytes repeated.

    A full flush forgets what came before and ends on a whole byte, which makes the pieces exchangeable.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(tail) + packer.flush(zlib.Z_FINISH)
    packed = start + middle * times + end
    return b"\x78\xda" + packed + bytes(4) if zlib_wrapped else packed  # RFC 1950; the checksum is again left out


def _zip_of_packed(members: dict[str, tuple[bytes, int]]) -> bytes:
    """A zip archive of content that is stored as it is or already deflated: name -> (bytes, size once inflated).

    The checksums are left at zero: whoever gets as far as comparing them has inflated the whole thing already.
    """
    body, directory = bytearray(), bytearray()
    for name, (packed, size) in members.items():
        method = 0 if len(packed) == size else 8
        checksum = zlib.crc32(packed) if method == 0 else 0
        common = struct.pack("<5H3L2H", 20, 0, method, 0, 33, checksum, len(packed), size, len(name), 0)
        place = struct.pack("<3H2L", 0, 0, 0, 0, len(body))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + place + name.encode("ascii")
        body += b"PK\x03\x04" + common + name.encode("ascii") + packed
    end = struct.pack("<4H2LH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory) + b"PK\x05\x06" + end
