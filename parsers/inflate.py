"""SANDBOX, untrusted: a deflated stream, piece by piece: a piece of what it unpacks to is all that is in memory."""

import zlib
from collections.abc import Iterator

from contract.verdicts import Refusal
from parsers.blocks import Refused

PIECE_BYTES = 1 << 18


def inflated(packed: bytes | memoryview, what: str, wbits: int = zlib.MAX_WBITS) -> Iterator[bytes]:
    """What a stream unpacks to, of which the caller bounds the size. What follows its end is passed by.

    `wbits` as in `zlib.decompressobj`. Raises `Refused` (corrupt), in words about `what`: damaged, or it breaks off.
    """
    inflater = zlib.decompressobj(wbits)
    try:
        for at in range(0, len(packed), PIECE_BYTES):
            piece = inflater.decompress(packed[at : at + PIECE_BYTES], PIECE_BYTES)
            while piece:
                yield piece
                piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
            if inflater.eof:
                return
    except zlib.error as error:
        raise Refused(Refusal.CORRUPT, f"{what} is damaged") from error
    raise Refused(Refusal.CORRUPT, f"{what} breaks off")
