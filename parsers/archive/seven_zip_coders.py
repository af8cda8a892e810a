"""SANDBOX, untrusted: the content of a block of a 7z archive, unpacked piece by piece, never more of it than it claims.

The decoders are those of Python's own libraries: liblzma (LZMA, LZMA2, branch filters, delta), bzip2, zlib. Coders are
undone one behind the other, each from the pieces of the one before, each under its own bound.
"""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Any

from contract.verdicts import Refusal
from parsers.archive.compressed import XZ_MEMORY_BYTES
from parsers.archive.members import bounded
from parsers.archive.seven_zip_header import Block, Coder
from parsers.blocks import Refused
from parsers.inflate import PIECE_BYTES

Pieces = Iterator[bytes]
_LZMA2_CHUNK_BYTES = 1 << 16  # of one that is not packed
_DICTIONARY_MIN = 4096  # liblzma's least
_LZMA2_DICTIONARY_CODE_MAX = 40

# Methods.txt of the LZMA SDK; the filters have an old id and a new one.
_COPY, _DELTA, _LZMA2, _LZMA = b"\x00", b"\x03", b"\x21", b"\x03\x01\x01"
_DEFLATE, _BZIP2 = b"\x04\x01\x08", b"\x04\x02\x02"
_BRANCH_FILTERS = {
    b"\x04": lzma.FILTER_X86, b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x05": lzma.FILTER_POWERPC, b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x06": lzma.FILTER_IA64, b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x07": lzma.FILTER_ARM, b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB, b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC, b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}  # fmt: skip
_NAMES = {
    b"\x03\x03\x01\x1b": "BCJ2", b"\x0a": "ARM64", b"\x0b": "RISC-V", b"\x03\x04\x01": "PPMd",
    b"\x04\x01\x09": "Deflate64", b"\x04\xf7\x11\x01": "Zstandard", b"\x04\xf7\x11\x02": "Brotli",
    b"\x04\xf7\x11\x04": "LZ4",
}  # fmt: skip


def unpacked(document: bytes, block: Block) -> Pieces:
    """The content of a block, in pieces of at most `PIECE_BYTES`, exactly as long as it says.

    Raises `Refused`, at once or between pieces: encrypted; unsupported (a method, a dictionary of more than 128 MiB);
    bomb (any coder gives more than an honest one would of so many packed bytes); corrupt.
    """
    if block.is_encrypted:
        raise Refused(Refusal.ENCRYPTED, "7z: needs a password")
    if block.unsupported:
        raise Refused(Refusal.UNSUPPORTED, f"7z: {block.unsupported}")
    if block.start + block.packed_bytes > len(document):
        raise Refused(Refusal.CORRUPT, "7z: a block that breaks off")
    pieces = _packed(memoryview(document)[block.start : block.start + block.packed_bytes])
    for coder in block.coders:
        # A coder that gives much to one that makes little of it would be work for nothing: each is bounded.
        pieces = bounded(_exactly(_undone(coder, pieces), coder.unpacked_bytes), block.packed_bytes)
    return pieces


def _packed(document: memoryview) -> Pieces:
    for at in range(0, len(document), PIECE_BYTES):
        yield bytes(document[at : at + PIECE_BYTES])


def _exactly(pieces: Pieces, size: int) -> Pieces:
    """As many bytes as were told. LZMA and filters do not say where they end: what is beyond is not content."""
    left = size
    for piece in pieces if left else ():
        yield piece[:left]
        left -= min(left, len(piece))
        if not left:
            return
    if left:
        raise Refused(Refusal.CORRUPT, f"7z: a block that breaks off {left} bytes before its end")


def _undone(coder: Coder, packed: Pieces) -> Pieces:
    """What a coder's input unpacks to. Raises `Refused` (unsupported, corrupt)."""
    if coder.method == _COPY:
        return packed
    if coder.method in _BRANCH_FILTERS:
        return _filtered(packed, {"id": _BRANCH_FILTERS[coder.method]})
    if coder.method == _DELTA:
        return _filtered(packed, {"id": lzma.FILTER_DELTA, "dist": _property(coder, 1)[0] + 1})
    if coder.method in (_LZMA, _LZMA2):
        return _decompressed(packed, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_lzma_filter(coder)]))
    if coder.method == _BZIP2:
        return _decompressed(packed, bz2.BZ2Decompressor())
    if coder.method == _DEFLATE:
        return _inflated(packed)
    name = _NAMES.get(coder.method, coder.method.hex())
    raise Refused(Refusal.UNSUPPORTED, f"7z: compression method {name}")


def _property(coder: Coder, size: int) -> bytes:
    if len(coder.properties) < size:
        raise Refused(Refusal.CORRUPT, "7z: a coder without its properties")
    return coder.properties


def _lzma_filter(coder: Coder) -> dict[str, Any]:
    """A description, for liblzma, of an LZMA or LZMA2 stream, with no larger a dictionary than the content can fill."""
    if coder.method == _LZMA2:
        code = _property(coder, 1)[0]
        if code > _LZMA2_DICTIONARY_CODE_MAX:
            raise Refused(Refusal.CORRUPT, "7z: LZMA2 with a dictionary that no size is for")
        size = (2 | code & 1) << (code // 2 + 11)
        return {"id": lzma.FILTER_LZMA2, "dict_size": _dictionary(size, coder)}
    properties = _property(coder, 5)
    packed, literal_context = divmod(properties[0], 9)
    position, literal_position = divmod(packed, 5)
    if position > 4 or literal_context + literal_position > 4:
        raise Refused(Refusal.UNSUPPORTED, f"7z: LZMA with lc={literal_context} lp={literal_position} pb={position}")
    size = _dictionary(int.from_bytes(properties[1:5], "little"), coder)
    chain = {"id": lzma.FILTER_LZMA1, "dict_size": size}
    return {**chain, "lc": literal_context, "lp": literal_position, "pb": position}


def _dictionary(size: int, coder: Coder) -> int:
    needed = max(min(size, coder.unpacked_bytes), _DICTIONARY_MIN)
    if needed > XZ_MEMORY_BYTES:
        raise Refused(Refusal.UNSUPPORTED, f"7z: a dictionary of {needed} bytes")
    return needed


def _decompressed(packed: Pieces, decompressor: Any) -> Pieces:
    """Through liblzma or bzip2, up to the end of the stream, where it has one."""
    while not decompressor.eof:
        data = next(packed, b"") if decompressor.needs_input else b""
        if decompressor.needs_input and not data:
            return
        try:
            piece = decompressor.decompress(data, PIECE_BYTES)
        except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
            raise Refused(Refusal.CORRUPT, "7z: a damaged block") from error
        if piece:
            yield piece


def _inflated(packed: Pieces) -> Pieces:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for data in packed:
        try:
            piece = inflater.decompress(data, PIECE_BYTES)
            while piece:
                yield piece
                piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
        except zlib.error as error:
            raise Refused(Refusal.CORRUPT, "7z: a damaged block") from error
        if inflater.eof:
            return


def _filtered(pieces: Pieces, undo: dict[str, int]) -> Pieces:
    """Through a filter of liblzma, which only works in front of a compressed stream: so here is one that is not packed.

    (A filter in one chain with LZMA keeps the last bytes for itself, because LZMA in 7z has no end of its own; LZMA2
    has one. Chunks that are not packed: LZMA2 in xz-file-format.txt's words, control bytes 1, 2 and 0.)
    """
    chain = [undo, {"id": lzma.FILTER_LZMA2, "dict_size": _DICTIONARY_MIN}]
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        control = b"\x01"
        for piece in pieces:
            for at in range(0, len(piece), _LZMA2_CHUNK_BYTES):
                chunk = piece[at : at + _LZMA2_CHUNK_BYTES]
                yield decompressor.decompress(control + (len(chunk) - 1).to_bytes(2, "big") + chunk)
                control = b"\x02"
        yield decompressor.decompress(b"\x00")
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise Refused(Refusal.CORRUPT, "7z: a damaged block") from error
