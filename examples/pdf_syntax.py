"""HOST, trusted: PDF written by hand, so that examples need no library and the host stays free of PDF code that reads.

Syntax, the base-14 fonts and the standard security handler are those of ISO 32000-1 (7.3, 7.6.3, 9.6.2.2).
"""

import hashlib
import textwrap
from collections.abc import Callable, Sequence

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595, 842, 56
_FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Helvetica-Oblique", "F4": "Courier"}
# ISO 32000-1, algorithm 2, step a.
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def literal(text: str) -> bytes:
    """A PDF string in WinAnsiEncoding."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"(" + escaped.encode("cp1252") + b")"


def stream(content: bytes, entries: str = "") -> bytes:
    """A stream object's body."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries.encode("ascii"), content)


def assemble(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A file of these objects, numbered from 1, the first of them the catalogue; with its cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n"
    return bytes(out) + end.encode("latin-1")


def document(pages: Sequence[bytes], title: str, protect: "Callable[[int, bytes], bytes] | None" = None) -> list[bytes]:
    """The objects of a document with these content streams as pages; `protect` encrypts a stream by object number."""
    fonts = " ".join(f"/{name} {3 + index} 0 R" for index, name in enumerate(_FONTS))
    first_page = 4 + len(_FONTS)
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] "
        f"/Resources << /Font << {fonts} >> >> >>".encode("ascii"),
    ]
    objects += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode("ascii")
        for name in _FONTS.values()
    ]
    objects.append(b"<< /Producer (make_uploads) /Title " + literal(title) + b" >>" if not protect else b"<< >>")
    for index, content in enumerate(pages):
        number = first_page + 2 * index
        objects.append(f"<< /Type /Page /Parent 2 0 R /Contents {number + 1} 0 R >>".encode("ascii"))
        objects.append(stream(protect(number + 1, content) if protect else content))
    return objects


def info_reference() -> str:
    """The trailer entry that names the document information which `document` wrote."""
    return f"/Info {3 + len(_FONTS)} 0 R"


class Page:
    """A content stream, filled from the top. Lengths are in points; the origin of PDF is at the bottom left."""

    def __init__(self, running_title: str, number: int, count: int) -> None:
        self._parts: list[bytes] = []
        self._y: float = PAGE_HEIGHT - 2 * MARGIN
        self._text(MARGIN, PAGE_HEIGHT - 40, running_title, "F3", 8.5)
        self._text(PAGE_WIDTH - MARGIN - 52, 36, f"Page {number} of {count}", "F1", 8.5)
        self._line(MARGIN, PAGE_HEIGHT - 48, PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 48, 0.4)

    def title(self, text: str, subtitle: str) -> None:
        """The document's title on a band of colour."""
        self._parts.append(b"0.10 0.29 0.42 rg 0 %d %d 96 re f" % (self._y - 36, PAGE_WIDTH))
        self._text(MARGIN, self._y + 14, text, "F2", 26, "1 1 1")
        self._text(MARGIN, self._y - 14, subtitle, "F1", 12, "0.85 0.92 0.96")
        self._y -= 76

    def heading(self, text: str, level: int = 1) -> None:
        """A heading of level 1 or 2."""
        size = {1: 16, 2: 12.5}[level]
        self._y -= 12
        self._text(MARGIN, self._y, text, "F2", size, "0.10 0.29 0.42")
        self._y -= size + 4

    def paragraph(self, text: str, indent: float = 0, mark: str = "") -> None:
        """Flowing text, broken by the mean width of Helvetica's letters, with an optional list mark before it."""
        if mark:
            self._text(MARGIN + indent - 16, self._y, mark, "F1", 10.5)
        for line in textwrap.wrap(text, int((PAGE_WIDTH - 2 * MARGIN - indent) / 5.2)):
            self._text(MARGIN + indent, self._y, line, "F1", 10.5)
            self._y -= 14.5
        self._y -= 3 if mark else 7

    def steps(self, texts: Sequence[str]) -> None:
        """A numbered list."""
        for number, text in enumerate(texts, 1):
            self.paragraph(text, indent=22, mark=f"{number}.")
        self._y -= 4

    def bullets(self, texts: Sequence[str]) -> None:
        """An unordered list."""
        for text in texts:
            self.paragraph(text, indent=22, mark="•")
        self._y -= 4

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """A ruled table; the first row is its shaded header, texts fit their columns."""
        top, height = self._y + 12, 20
        right = MARGIN + sum(widths)
        self._parts.append(b"0.88 0.92 0.95 rg %d %d %d %d re f" % (MARGIN, top - height, sum(widths), height))
        for index, row in enumerate(rows):
            x = float(MARGIN)
            for text, width in zip(row, widths, strict=True):
                self._text(x + 6, top - index * height - 14, text, "F2" if index == 0 else "F1", 9.5)
                x += width
        bottom = top - height * len(rows)
        for index in range(len(rows) + 1):
            self._line(MARGIN, top - index * height, right, top - index * height, 0.6)
        for index in range(len(widths) + 1):
            x = MARGIN + sum(widths[:index])
            self._line(x, top, x, bottom, 0.6)
        self._y = bottom - 24

    def content(self) -> bytes:
        """The content stream so far."""
        return b"\n".join(self._parts)

    def _text(self, x: float, y: float, text: str, font: str, size: float, colour: str = "0 0 0") -> None:
        placing = f"{colour} rg BT /{font} {size:g} Tf 1 0 0 1 {x:g} {y:g} Tm ".encode("ascii")
        self._parts.append(placing + literal(text) + b" Tj ET")

    def _line(self, x0: float, y0: float, x1: float, y1: float, width: float) -> None:
        self._parts.append(f"0.3 0.3 0.3 RG {width:g} w {x0:g} {y0:g} m {x1:g} {y1:g} l S".encode("ascii"))


def rc4(key: bytes, data: bytes) -> bytes:
    """The stream cipher of PDF 1.4. Here to lock an example, not to keep a secret."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)


class Lock:
    """The standard security handler, revision 3, RC4 with 128 bits: ISO 32000-1, 7.6.3."""

    def __init__(self, user_password: str, owner_password: str, file_id: bytes) -> None:
        self._file_id = file_id
        self._owner = self._owner_entry(_padded(owner_password), _padded(user_password))
        # -3904: bits 3 to 6 and 9 to 12 clear, that is nothing is permitted without the owner's password.
        self._permissions = -3904
        seed = _padded(user_password) + self._owner + self._permissions.to_bytes(4, "little", signed=True) + file_id
        self._key = _md5(seed, rounds=51)

    def protect(self, object_number: int, content: bytes) -> bytes:
        """Algorithm 1: a stream's content under the key of its object."""
        return rc4(_md5(self._key + object_number.to_bytes(3, "little") + b"\0\0"), content)

    def trailer(self) -> str:
        """The trailer entries: the encryption dictionary and the file identifier its key was made with."""
        return (
            f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P {self._permissions} "
            f"/O <{self._owner.hex()}> /U <{self._user_entry().hex()}> >> "
            f"/ID [<{self._file_id.hex()}> <{self._file_id.hex()}>]"
        )

    @staticmethod
    def _owner_entry(owner: bytes, user: bytes) -> bytes:
        """Algorithm 3."""
        return _twenty_times(_md5(owner, rounds=51), user)

    def _user_entry(self) -> bytes:
        """Algorithm 5; the second half is arbitrary."""
        return _twenty_times(self._key, _md5(_PADDING + self._file_id)) + bytes(16)


def _padded(password: str) -> bytes:
    return (password.encode("latin-1") + _PADDING)[:32]


def _md5(data: bytes, rounds: int = 1) -> bytes:
    for _ in range(rounds):
        data = hashlib.md5(data, usedforsecurity=False).digest()
    return data


def _twenty_times(key: bytes, data: bytes) -> bytes:
    for number in range(20):
        data = rc4(bytes(byte ^ number for byte in key), data)
    return data
