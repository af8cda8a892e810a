"""SANDBOX, untrusted: AES decryption (FIPS 197), many blocks at once, on nothing but `bytes.translate` and integers.

The key comes from a password that everybody knows, so nothing here is secret and time may tell of it; that is why
200 lines less of a library's C code, 6 MB less of its image, are worth more than its speed (docs/adr/0013). State is
kept by place: 16 strings, each with one byte of every block, so that a table lookup is one call for all blocks. About
6 MB a second.
"""

from collections.abc import Sequence
from functools import cache

BLOCK = 16
_BLOCKS_AT_ONCE = 4096


def decrypted(data: bytes, key: bytes) -> bytes:
    """Each block for itself (ECB), without what does not fill a block. Keys have 16, 24 or 32 bytes (`ValueError`)."""
    keys = _round_keys(key)
    step = BLOCK * _BLOCKS_AT_ONCE
    whole = len(data) // BLOCK * BLOCK
    return b"".join([_decrypted(data[at : min(at + step, whole)], keys) for at in range(0, whole, step)])


def decrypted_chain(data: bytes, key: bytes, vector: bytes) -> bytes:
    """Blocks that were each mixed with the one before (CBC; SP 800-38A, 6.2), the first with a vector."""
    plain = decrypted(data, key)
    return mixed(plain, (vector + data)[: len(plain)])


def mixed(one: bytes, other: bytes) -> bytes:
    """Exclusive or of two strings, as long as the first."""
    number = int.from_bytes(one, "little") ^ int.from_bytes(other[: len(one)], "little")
    return number.to_bytes(len(one), "little")


def _decrypted(data: bytes, keys: list[bytes]) -> bytes:
    """The inverse cipher (5.3). Unshifting rows is taking from another place; the substitution and the multiplication
    of columns are one table, for which the round's key is multiplied instead ("equivalent inverse cipher", 5.3.5).
    """
    count = len(data) // BLOCK
    state = [data[at::BLOCK].translate(_adding(key)) for at, key in enumerate(keys[-1])]
    for round_key in keys[-2:0:-1]:
        state = _round(state, _multiplied(round_key), count)
    last = _inverse_substitution()
    state = [_unshifted(state, at).translate(last).translate(_adding(key)) for at, key in enumerate(keys[0])]
    out = bytearray(len(data))
    for at, column in enumerate(state):
        out[at::BLOCK] = column
    return bytes(out)


def _round(state: list[bytes], key: bytes, count: int) -> list[bytes]:
    tables = _tables()
    result = []
    numbers = [
        [int.from_bytes(_unshifted(state, at).translate(table), "little") for table in tables] for at in range(BLOCK)
    ]
    ones = int.from_bytes(b"\x01" * count, "little")
    for at in range(BLOCK):
        column, row = at & ~3, at & 3
        number = key[at] * ones
        for step in range(4):
            number ^= numbers[column + (row + step) % 4][step]
        result.append(number.to_bytes(count, "little"))
    return result


def _unshifted(state: Sequence[bytes], at: int) -> bytes:
    """What stood here before rows were shifted: row r was moved r columns to the left."""
    return state[(at - 4 * (at & 3)) % BLOCK]


def _multiplied(key: bytes) -> bytes:
    """A round's key through the inverse multiplication of columns."""
    return bytes(
        _product(key[at], 14)
        ^ _product(key[at & ~3 | (at + 1) & 3], 11)
        ^ _product(key[at & ~3 | (at + 2) & 3], 13)
        ^ _product(key[at & ~3 | (at + 3) & 3], 9)
        for at in range(BLOCK)
    )


def _product(one: int, other: int) -> int:
    """In the field of 256 elements (4.2)."""
    result = 0
    while other:
        result ^= one if other & 1 else 0
        one = one << 1 ^ (0x11B if one & 0x80 else 0)
        other >>= 1
    return result


@cache
def _substitution() -> bytes:
    """The S-box (5.1.1): inverses in the field, which are powers of the generator 3 backwards, then an affine map."""
    powers = [1]
    while len(powers) < 255:
        powers.append(_product(powers[-1], 3))
    table = bytearray(256)
    for at, power in enumerate(powers):
        inverse = powers[-at % 255]
        table[power] = inverse ^ _turned(inverse, 1) ^ _turned(inverse, 2) ^ _turned(inverse, 3) ^ _turned(inverse, 4)
    return bytes(value ^ 0x63 for value in table)


def _turned(value: int, by: int) -> int:
    return (value << by | value >> 8 - by) & 0xFF


@cache
def _inverse_substitution() -> bytes:
    table = _substitution()
    return bytes(table.index(value) for value in range(256))


@cache
def _tables() -> tuple[bytes, ...]:
    """The inverse substitution, times 14, 11, 13 and 9: for the row itself and those below it."""
    inverse = _inverse_substitution()
    return tuple(bytes(_product(value, factor) for value in inverse) for factor in (14, 11, 13, 9))


@cache
def _adding(key: int) -> bytes:
    return bytes(value ^ key for value in range(256))


def _round_keys(key: bytes) -> list[bytes]:
    """Key expansion (5.2): the cipher's key, and one for each of 10, 12 or 14 rounds."""
    if len(key) not in (16, 24, 32):
        raise ValueError("no length of an AES key")
    table, words = _substitution(), [key[at : at + 4] for at in range(0, len(key), 4)]
    width, constant = len(words), 1
    while len(words) < 4 * (width + 7):
        word = words[-1]
        if len(words) % width == 0:
            word = (word[1:] + word[:1]).translate(table)
            word = bytes((word[0] ^ constant,)) + word[1:]
            constant = _product(constant, 2)
        elif width > 6 and len(words) % width == 4:
            word = word.translate(table)
        words.append(mixed(word, words[-width]))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]
