"""SANDBOX, untrusted: encrypted OOXML packages that open with Office's own password, read as the documents they are.

[MS-OFFCRYPTO] 2.3.4: a compound file with a stream that says how (`EncryptionInfo`: "standard", binary, AES in ECB;
or "agile", XML, AES in CBC by segments) and one with the package. What another password opens stays `encrypted`.
"""

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile
from parsers.protection.aes import BLOCK, decrypted, decrypted_chain, mixed
from parsers.protection.passwords import Hash, hash_of, locked, opened_finding, spun

ENCRYPTED = "application/encrypted"
_INFO, _PACKAGE = "EncryptionInfo", "EncryptedPackage"
_INFO_BYTES_MAX = 1 << 16
_AGILE = (4, 4)
_STANDARD_MAJORS = (2, 3, 4)
_STANDARD_SPINS = 50_000  # 2.3.4.7
_AES_KEY_BITS = (128, 192, 256)
_SEGMENT = 4096  # 2.3.4.15
_SEGMENTS_AT_ONCE = 256
# 2.3.4.13: what is hashed behind the password for each of three values.
_FOR_INPUT = bytes.fromhex("fea7d2763b4b9e79")
_FOR_VALUE = bytes.fromhex("d7aa0f6d3061344e")
_FOR_KEY = bytes.fromhex("146e0be7abacd0d6")
_FILL = b"\x36"


class _Agile(NamedTuple):
    """What `keyData` and `encryptedKey` say alike (2.3.4.10)."""

    salt: bytes
    key_bytes: int
    hashed: Hash


class EncryptedPackageParser:
    """Opens an OOXML package and has it read by the parser of what is in it."""

    media_types = (ENCRYPTED,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: encrypted (any other password), corrupt; and as the document inside."""
        # Here, because both know this module by name.
        from parsers.detect import detect
        from parsers.registry import parser_for

        package = decrypted_package(document, report)
        del document
        if not package.startswith(b"PK"):  # nothing else is encrypted so, least of all another of these
            raise Refused(Refusal.CORRUPT, "an encrypted package that is none")
        detected = detect(package, "", len(package))
        parser = parser_for(detected.media_type)
        if parser is None:
            raise Refused(Refusal.UNSUPPORTED, detected.media_type)
        parsed = parser.parse(package, report)
        parsed.findings = [opened_finding(), *detected.findings, *parsed.findings]
        return parsed


def decrypted_package(document: bytes, report: Report) -> bytes:
    """The package in a compound file. Raises `Refused`: encrypted, corrupt, bomb."""
    compound = CompoundFile(document)
    info = compound.stream(_INFO, _INFO_BYTES_MAX)
    stream = compound.stream(_PACKAGE)
    if info is None or stream is None or len(info) < 8:
        raise locked()
    major, minor = struct.unpack_from("<HH", info)
    if (major, minor) == _AGILE:
        pieces = _agile(info[8:], stream, report)
    elif minor == 2 and major in _STANDARD_MAJORS:
        pieces = _standard(info, stream, report)
    else:
        raise locked(f"encryption {major}.{minor}")
    size = int.from_bytes(stream[:8], "little")
    package = b"".join(pieces)
    if len(package) < size:
        raise Refused(Refusal.CORRUPT, f"an encrypted package of {len(package)} bytes that says {size}")
    return package[:size]


def _standard(info: bytes, stream: bytes, report: Report) -> Iterator[bytes]:
    """2.3.4.5 to 2.3.4.9."""
    try:
        header_bytes = struct.unpack_from("<L", info, 8)[0]
        algorithm, key_bits = struct.unpack_from("<8xL4xL", info, 12)
        salt_bytes, salt, test, hash_bytes, test_hash = struct.unpack_from("<L16s16sL32s", info, 12 + header_bytes)
    except struct.error:
        raise Refused(Refusal.CORRUPT, "encryption information that breaks off") from None
    if not 0x660E <= algorithm <= 0x6610 or key_bits not in _AES_KEY_BITS or salt_bytes != 16 or hash_bytes != 20:
        raise locked(f"algorithm {algorithm:#x}")
    hashed = hash_of("SHA1")
    final = hashed(spun(salt, _STANDARD_SPINS, hashed, report) + bytes(4))
    # 2.3.4.7: longer than one hash, so two of them, each over the first mixed with a constant.
    key = b"".join(hashed(mixed(final.ljust(64, b"\x00"), each * 64)) for each in (b"\x36", b"\x5c"))[: key_bits // 8]
    if hashed(decrypted(test, key)) != decrypted(test_hash, key)[:20]:
        raise locked()
    for at in range(8, len(stream), _SEGMENT * _SEGMENTS_AT_ONCE):
        report.progress("decrypt", at, len(stream))
        yield decrypted(stream[at : at + _SEGMENT * _SEGMENTS_AT_ONCE], key)


def _agile(description: bytes, stream: bytes, report: Report) -> Iterator[bytes]:
    """2.3.4.10 to 2.3.4.15."""
    from parsers.xml import tree

    root = tree.parse(description, report, [])
    data, encryptor = tree.child(root, "keyData"), tree.descendant(root, "encryptedKey")
    if data is None or encryptor is None:
        raise locked()
    given = dict(tree.attributes(encryptor))
    keyed, content = _agile_values(given), _agile_values(dict(tree.attributes(data)))
    value = spun(keyed.salt, _number(given, "spinCount"), keyed.hashed, report)

    def opened(name: str, purpose: bytes) -> bytes:
        key = _fitted(keyed.hashed(value + purpose), keyed.key_bytes)
        return decrypted_chain(_bytes(given, name), key, _fitted(keyed.salt, BLOCK))

    test = keyed.hashed(opened("encryptedVerifierHashInput", _FOR_INPUT)[: len(keyed.salt)])
    if test != opened("encryptedVerifierHashValue", _FOR_VALUE)[: len(test)]:
        raise locked()
    key = opened("encryptedKeyValue", _FOR_KEY)[: content.key_bytes]
    if len(key) < content.key_bytes:
        raise Refused(Refusal.CORRUPT, "encryption information with half a key")
    yield from _segments(stream, key, content, report)


def _segments(stream: bytes, key: bytes, content: _Agile, report: Report) -> Iterator[bytes]:
    """Each segment is a chain of its own, whose vector is a hash of its number: many of them are done at once."""
    for at in range(8, len(stream), _SEGMENT * _SEGMENTS_AT_ONCE):
        report.progress("decrypt", at, len(stream))
        coded = stream[at : at + _SEGMENT * _SEGMENTS_AT_ONCE]
        coded = coded[: len(coded) // BLOCK * BLOCK]
        first = (at - 8) // _SEGMENT
        before = [
            _fitted(content.hashed(content.salt + struct.pack("<L", first + number)), BLOCK)
            + coded[start : start + _SEGMENT - BLOCK]
            for number, start in enumerate(range(0, len(coded), _SEGMENT))
        ]
        yield mixed(decrypted(coded, key), b"".join(before))


def _agile_values(attributes: dict[str, str]) -> _Agile:
    if attributes.get("cipherAlgorithm") != "AES" or attributes.get("cipherChaining") != "ChainingModeCBC":
        raise locked(f"{attributes.get('cipherAlgorithm', '')[:20]} {attributes.get('cipherChaining', '')[:20]}")
    key_bits = _number(attributes, "keyBits")
    if key_bits not in _AES_KEY_BITS or _number(attributes, "blockSize") != BLOCK:
        raise locked(f"a key of {key_bits} bits")
    return _Agile(_bytes(attributes, "saltValue"), key_bits // 8, hash_of(attributes.get("hashAlgorithm", "")))


def _number(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 12):
        raise Refused(Refusal.CORRUPT, f"encryption information without {name}")
    return int(value)


def _bytes(attributes: dict[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(attributes.get(name, ""), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Refusal.CORRUPT, f"encryption information without {name}") from None


def _fitted(value: bytes, size: int) -> bytes:
    """As long as it should be: cut, or filled up (2.3.4.11)."""
    return value[:size].ljust(size, _FILL)


PARSER = EncryptedPackageParser()
