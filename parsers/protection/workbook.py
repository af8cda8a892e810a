"""SANDBOX, untrusted: old Excel workbooks that open with Excel's own password: the stream in clear, to be read as any.

[MS-XLS] 2.2.10 and 2.4.117: behind `FilePass` the data of records are encrypted, their headers are not, and a few
kinds of records never are. Ways of old: exclusive or ([MS-OFFCRYPTO] 2.3.7), RC4 (2.3.6), RC4 by CryptoAPI (2.3.5).
"""

import struct
from collections.abc import Callable, Iterator

from contract.verdicts import Refusal
from parsers.blocks import Refused, Report
from parsers.protection.aes import mixed
from parsers.protection.passwords import PASSWORD, PASSWORD_BYTES, hash_of, locked

_HEADER = struct.Struct("<HH")
_FILE_PASS, _BOUND_SHEET = 0x002F, 0x0085
# BOF, FilePass, InterfaceHdr, UsrExcl, FileLock, RRDHead, RRDInfo; of BoundSheet8 the place of the sheet.
_IN_CLEAR = frozenset((0x0809, _FILE_PASS, 0x00E1, 0x0194, 0x0195, 0x0138, 0x0196))
_PLACE_BYTES = 4
_LOOKED_FOR_MAX = 100  # records; FilePass stands behind BOF, or behind WriteProtect after it
_NO_RECORD = 0xFFFF  # what FilePass becomes when there is nothing to pass any more
_BLOCK = 1024
_PROGRESS_EVERY = 64
_XOR_PAD = 0xBB  # the first of PadArray, which fills up a password of 15 letters
_RC4_ID = 0x6801
_KEY_BITS = (40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128)  # 2.3.5.1

Keys = Callable[[int], bytes]


def readable(stream: bytes, report: Report) -> bytes | None:
    """The stream in clear; None when it is so already. Raises `Refused`: encrypted (another password), corrupt."""
    found = _file_pass(stream)
    if found is None:
        return None
    at, data = found
    if stream[:2] != b"\x09\x08":
        raise locked("older than Excel 5")
    if stream[4:6] == b"\x00\x05":  # Excel 5 and 95 have one way, and need not say which
        data = bytes(2) + data
    kind = int.from_bytes(data[:2], "little")
    if kind == 0:
        clear = _without_xor(stream, data, at)
    elif kind == 1:
        clear = _without_rc4(stream, _rc4_keys(data), report)
    else:
        raise locked(f"encryption {kind}")
    _restore(clear, stream, at)
    struct.pack_into("<H", clear, at, _NO_RECORD)
    return bytes(clear)


def _records(stream: bytes, at: int = 0) -> Iterator[tuple[int, int, int]]:
    """(kind, where its data begin, where they end) of each record."""
    while at + 4 <= len(stream):
        kind, size = _HEADER.unpack_from(stream, at)
        end = min(at + 4 + size, len(stream))
        yield kind, at + 4, end
        at = end


def _file_pass(stream: bytes) -> tuple[int, bytes] | None:
    for count, (kind, start, end) in enumerate(_records(stream)):
        if kind == _FILE_PASS:
            return start - 4, stream[start:end]
        if count == _LOOKED_FOR_MAX:
            break
    return None


def _restore(clear: bytearray, stream: bytes, after: int) -> None:
    """Put back what was in clear and is scrambled now."""
    clear[:after] = stream[:after]
    for kind, start, end in _records(stream, after):
        clear[start - 4 : start] = stream[start - 4 : start]
        if kind in _IN_CLEAR:
            clear[start:end] = stream[start:end]
        elif kind == _BOUND_SHEET:
            kept = min(start + _PLACE_BYTES, end)
            clear[start:kept] = stream[start:kept]


def _without_xor(stream: bytes, file_pass: bytes, after: int) -> bytearray:
    """2.3.7.1 to 2.3.7.3, "method 1". The key follows from the password, and so need not be computed to be known."""
    if len(file_pass) < 6:
        raise Refused(Refusal.CORRUPT, "a FilePass record that breaks off")
    key, test = struct.unpack_from("<HH", file_pass, 2)
    if test != _xor_verifier():
        raise locked()
    letters = PASSWORD.encode("ascii") + bytes((_XOR_PAD,))
    halves = (key & 0xFF, key >> 8)
    pattern = bytes(_turned_right(letter ^ halves[at % 2]) for at, letter in enumerate(letters)) * 2
    turned = bytes((value << 3 | value >> 5) & 0xFF for value in range(256))
    clear = bytearray(stream)
    for _, start, end in _records(stream, after):
        size = end - start
        if size:
            # The pattern begins where the record ends (MS-XLS 2.2.10), counted around 16.
            first = end % 16
            fitting = pattern[first : first + 16] * (size // 16 + 1)
            clear[start:end] = mixed(stream[start:end], fitting).translate(turned)
    return clear


def _xor_verifier() -> int:
    """2.3.7.1."""
    verifier = 0
    for letter in reversed(bytes((len(PASSWORD),)) + PASSWORD.encode("ascii")):
        verifier = ((verifier << 1) & 0x7FFF | verifier >> 14 & 1) ^ letter
    return verifier ^ 0xCE4B


def _turned_right(value: int) -> int:
    return value >> 1 | (value & 1) << 7


def _rc4_keys(file_pass: bytes) -> Keys:
    """Keys by number of a block of 1024 bytes. Raises `Refused` when the password is another."""
    try:
        major, minor = struct.unpack_from("<HH", file_pass, 2)
        if (major, minor) == (1, 1):
            salt, test, test_hash = struct.unpack_from("<16s16s16s", file_pass, 6)
            keys, hashed = _plain_keys(salt), hash_of("MD5")
        elif minor == 2 and major in (2, 3, 4):
            header_bytes = struct.unpack_from("<L", file_pass, 10)[0]
            algorithm, key_bits = struct.unpack_from("<8xL4xL", file_pass, 14)
            salt, test, test_hash = struct.unpack_from("<4x16s16s4x20s", file_pass, 14 + header_bytes)
            if algorithm != _RC4_ID or (key_bits or 40) not in _KEY_BITS:
                raise locked(f"algorithm {algorithm:#x}")
            keys, hashed = _crypto_keys(salt, key_bits or 40), hash_of("SHA1")
        else:
            raise locked(f"encryption {major}.{minor}")
    except struct.error:
        raise Refused(Refusal.CORRUPT, "a FilePass record that breaks off") from None
    opened = mixed(test + test_hash, _key_stream(keys(0), len(test) + len(test_hash)))
    if hashed(opened[:16]) != opened[16:]:
        raise locked()
    return keys


def _plain_keys(salt: bytes) -> Keys:
    """2.3.6.2."""
    hashed = hash_of("MD5")
    base = hashed((hashed(PASSWORD_BYTES)[:5] + salt) * 16)[:5]
    return lambda block: hashed(base + struct.pack("<L", block))


def _crypto_keys(salt: bytes, bits: int) -> Keys:
    """2.3.5.2. A key of 40 bits is filled up to 128."""
    hashed = hash_of("SHA1")
    base = hashed(salt + PASSWORD_BYTES)
    filled = 16 if bits == 40 else bits // 8
    return lambda block: hashed(base + struct.pack("<L", block))[: bits // 8].ljust(filled, b"\x00")


def _without_rc4(stream: bytes, keys: Keys, report: Report) -> bytearray:
    clear = bytearray()
    for block, at in enumerate(range(0, len(stream), _BLOCK)):
        if block % _PROGRESS_EVERY == 0:
            report.progress("decrypt", at, len(stream))
        coded = stream[at : at + _BLOCK]
        clear += mixed(coded, _key_stream(keys(block), len(coded)))
    return clear


def _key_stream(key: bytes, size: int) -> bytes:
    """RC4, as it was published in 1994."""
    state, other = list(range(256)), 0
    for at in range(256):
        value = state[at]
        other = (other + value + key[at % len(key)]) & 0xFF
        state[at], state[other] = state[other], value
    out = bytearray(size)
    at = other = 0
    for place in range(size):
        at = (at + 1) & 0xFF
        value = state[at]
        other = (other + value) & 0xFF
        swapped = state[other]
        state[at], state[other] = swapped, value
        out[place] = state[(value + swapped) & 0xFF]
    return bytes(out)
