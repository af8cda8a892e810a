"""TEST: Office files encrypted with a password: packages ("agile", "standard") and workbook streams (XOR, RC4).

AES is written out here once more, forwards, block by block and as FIPS 197 has it: a mistake in the reader's own cannot
cancel out.
"""

import base64
import hashlib
import struct
from collections.abc import Callable

from tests.parsers.ole_file import compound_file

DEFAULT = "VelvetSweatshop"
SALT = bytes(range(16))
SECRET = bytes(range(100, 132))


def _times(value: int) -> int:
    return (value << 1) ^ (0x11B if value & 0x80 else 0)


def _sbox() -> list[int]:
    """By walking through the field with 3 and with its inverse at once."""
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= _times(p) & 0xFF
        for shift in (1, 2, 4):
            q ^= (q << shift) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        turned = [((q << by) | (q >> (8 - by))) & 0xFF for by in range(5)]
        box[p] = turned[0] ^ turned[1] ^ turned[2] ^ turned[3] ^ turned[4] ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _sbox()


def _expanded(key: bytes) -> list[list[int]]:
    words = [list(key[at : at + 4]) for at in range(0, len(key), 4)]
    width, constant = len(words), 1
    for number in range(width, 4 * (width + 7)):
        word = list(words[-1])
        if number % width == 0:
            word = [SBOX[each] for each in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _times(constant) & 0xFF if constant < 0x80 else _times(constant)
        elif width == 8 and number % width == 4:
            word = [SBOX[each] for each in word]
        words.append([one ^ other for one, other in zip(word, words[number - width], strict=True)])
    return [[each for word in words[at : at + 4] for each in word] for at in range(0, len(words), 4)]


def aes_block(block: bytes, key: bytes) -> bytes:
    """One block, encrypted."""
    keys = _expanded(key)
    state = [one ^ other for one, other in zip(block, keys[0], strict=True)]
    for number, round_key in enumerate(keys[1:], 1):
        state = [SBOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if number < len(keys) - 1:
            mixed: list[int] = []
            for column in range(0, 16, 4):
                a = state[column : column + 4]
                doubled = [_times(each) for each in a]
                mixed += [
                    doubled[row] ^ doubled[(row + 1) % 4] ^ a[(row + 1) % 4] ^ a[(row + 2) % 4] ^ a[(row + 3) % 4]
                    for row in range(4)
                ]
            state = mixed
        state = [one ^ other for one, other in zip(state, round_key, strict=True)]
    return bytes(state)


def aes(data: bytes, key: bytes, vector: bytes | None = None) -> bytes:
    """Whole blocks of it, filled up with zeros: in CBC with a vector, in ECB without."""
    data += bytes(-len(data) % 16)
    out, before = b"", vector
    for at in range(0, len(data), 16):
        block = data[at : at + 16]
        if before is not None:
            block = bytes(one ^ other for one, other in zip(block, before, strict=True))
        block = aes_block(block, key)
        before = block if before is not None else None
        out += block
    return out


def _spun(password: str, spins: int, name: str) -> bytes:
    value = hashlib.new(name, SALT + password.encode("utf-16-le")).digest()
    for turn in range(spins):
        value = hashlib.new(name, struct.pack("<L", turn) + value).digest()
    return value


def agile_streams(
    package: bytes, password: str = DEFAULT, *, spins: int = 3, bits: int = 256, name: str = "SHA512",
    changed: Callable[[str], str] = str,
) -> dict[str, bytes]:  # fmt: skip
    """`changed` has a last look at the XML that tells how it is encrypted."""
    algorithm = name.lower()

    def hashed(data: bytes) -> bytes:
        return hashlib.new(algorithm, data).digest()

    def locked(data: bytes, purpose: str) -> str:
        key = hashed(value + bytes.fromhex(purpose))[: bits // 8].ljust(bits // 8, b"\x36")
        return base64.b64encode(aes(data, key, SALT)).decode()

    value, secret = _spun(password, spins, algorithm), SECRET[: bits // 8]
    given = (
        f'saltSize="16" blockSize="16" keyBits="{bits}" hashSize="{len(hashed(b""))}" cipherAlgorithm="AES" '
        f'cipherChaining="ChainingModeCBC" hashAlgorithm="{name}" saltValue="{base64.b64encode(SALT).decode()}"'
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
        f'<keyData {given}/><dataIntegrity encryptedHmacKey="" encryptedHmacValue=""/><keyEncryptors>'
        '<keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
        f'<p:encryptedKey spinCount="{spins}" {given} '
        f'encryptedVerifierHashInput="{locked(b"v" * 16, "fea7d2763b4b9e79")}" '
        f'encryptedVerifierHashValue="{locked(hashed(b"v" * 16), "d7aa0f6d3061344e")}" '
        f'encryptedKeyValue="{locked(secret, "146e0be7abacd0d6")}"/></keyEncryptor></keyEncryptors></encryption>'
    )
    body = b""
    for number, at in enumerate(range(0, len(package), 4096)):
        vector = hashed(SALT + struct.pack("<L", number))[:16]
        body += aes(package[at : at + 4096], secret, vector)
    info = struct.pack("<HHL", 4, 4, 0x40) + changed(xml).encode()
    return {"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(package)) + body}


def standard_streams(package: bytes, password: str = DEFAULT, *, bits: int = 128) -> dict[str, bytes]:
    """As Office 2007 writes it: 50,000 rounds of SHA-1, AES in ECB."""
    final = hashlib.sha1(_spun(password, 50_000, "sha1") + bytes(4)).digest()
    padded = final.ljust(64, b"\x00")
    key = b"".join(hashlib.sha1(bytes(each ^ fill for each in padded)).digest() for fill in (0x36, 0x5C))[: bits // 8]
    csp = "Microsoft Enhanced RSA and AES Cryptographic Provider\x00".encode("utf-16-le")
    header = struct.pack("<8L", 0x24, 0, {128: 0x660E, 192: 0x660F, 256: 0x6610}[bits], 0x8004, bits, 0x18, 0, 0) + csp
    test = b"w" * 16
    verifier = struct.pack("<L", 16) + SALT + aes(test, key) + struct.pack("<L", 20)
    verifier += aes(hashlib.sha1(test).digest(), key)
    info = struct.pack("<HHLL", 3, 2, 0x24, len(header)) + header + verifier
    return {"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(package)) + aes(package, key)}


def locked_file(streams: dict[str, bytes]) -> bytes:
    """The compound file of such streams."""
    return compound_file({"\x06DataSpaces/Version": b"x", **streams})


def rc4(key: bytes, data: bytes) -> bytes:
    """RC4 of a string."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = []
    for each in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(each ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _keys(password: str, way: str, bits: int) -> Callable[[int], bytes]:
    raw = password.encode("utf-16-le")
    if way == "plain":
        base = hashlib.md5((hashlib.md5(raw).digest()[:5] + SALT) * 16).digest()[:5]
        return lambda block: hashlib.md5(base + struct.pack("<L", block)).digest()
    base = hashlib.sha1(SALT + raw).digest()
    size = 16 if bits == 40 else bits // 8
    return lambda block: hashlib.sha1(base + struct.pack("<L", block)).digest()[: bits // 8].ljust(size, b"\x00")


def file_pass(way: str, password: str = DEFAULT, bits: int = 128) -> bytes:
    """The data of a `FilePass` record: `way` is "xor", "plain" (RC4) or "crypto" (RC4 by CryptoAPI)."""
    if way == "xor":
        return struct.pack("<HHH", 0, XOR_KEY, xor_verifier(password))
    key, test = _keys(password, way, bits)(0), b"t" * 16
    digest = (hashlib.md5 if way == "plain" else hashlib.sha1)(test).digest()
    coded = rc4(key, test + digest)
    if way == "plain":
        return struct.pack("<HHH", 1, 1, 1) + SALT + coded
    header = struct.pack("<8L", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + "CSP\x00".encode("utf-16-le")
    head = struct.pack("<HHHLL", 1, 4, 2, 4, len(header)) + header
    return head + struct.pack("<L", 16) + SALT + coded[:16] + struct.pack("<L", 20) + coded[16:]


XOR_KEY = 0x9A3C
CLEAR = {0x0809, 0x002F, 0x00E1}


def xor_verifier(password: str) -> int:
    """MS-OFFCRYPTO 2.3.7.1."""
    value = 0
    for letter in reversed([len(password), *password.encode()]):
        value = ((value >> 14) & 1 | (value << 1) & 0x7FFF) ^ letter
    return value ^ 0xCE4B


def locked_stream(stream: bytes, way: str, password: str = DEFAULT, bits: int = 128) -> bytes:
    """A workbook's stream, encrypted behind the `FilePass` record that it must have."""
    out, at, passed = bytearray(stream), 0, False
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        start, end = at + 4, at + 4 + size
        if passed and kind not in CLEAR:
            for place in range(start + (4 if kind == 0x0085 else 0), end):
                out[place] = _coded(stream[place], place, end, start, way, password, bits)
        passed = passed or kind == 0x002F
        at = end
    return bytes(out)


def _coded(value: int, place: int, end: int, start: int, way: str, password: str, bits: int) -> int:
    if way == "xor":
        index = (end + place - start) % 16
        letter = (password.encode() + b"\xbb")[index] ^ (XOR_KEY >> 8 if index % 2 else XOR_KEY & 0xFF)
        return ((value << 5 | value >> 3) & 0xFF) ^ (letter >> 1 | (letter & 1) << 7)
    block, within = divmod(place, 1024)
    return value ^ rc4(_keys(password, way, bits)(block), bytes(within + 1))[within]
