"""SANDBOX, untrusted: the password that Excel uses for itself, and keys made of it ([MS-OFFCRYPTO] 2.3).

A workbook that may be read by all and changed by none is stored encrypted, with a constant that every Office tries
before it asks ([MS-XLS] 2.2.10). No other password is tried.
"""

import hashlib
import struct
from collections.abc import Callable

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused, Report

PASSWORD = "VelvetSweatshop"  # noqa: S105 - a constant of the format
PASSWORD_BYTES = PASSWORD.encode("utf-16-le")
# Office writes 100,000; the specification allows ten million, which is ten seconds here.
SPINS_MAX = 1_000_000
_PROGRESS_EVERY = 50_000

Hash = Callable[[bytes], bytes]
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512", "MD5": "md5"}


def hash_of(name: str) -> Hash:
    """A hash by the name that a file gives it, with or without a dash. Raises `Refused` (encrypted) for others."""
    algorithm = _HASHES.get(name.upper().replace("-", ""))
    if algorithm is None:
        raise locked(f"the hash {name[:20]}")
    new = getattr(hashlib, algorithm)
    return lambda data: bytes(new(data, usedforsecurity=False).digest())


def spun(salt: bytes, spins: int, hashed: Hash, report: Report) -> bytes:
    """The password, salted and hashed again and again. Raises `Refused` (encrypted) when that is too often."""
    if spins > SPINS_MAX:
        raise locked(f"{spins} rounds of hashing")
    value, number = hashed(salt + PASSWORD_BYTES), struct.Struct("<L")
    for turn in range(spins):
        if turn % _PROGRESS_EVERY == 0:
            report.progress("key", turn, spins)
        value = hashed(number.pack(turn) + value)
    return value


def locked(what: str = "") -> Refused:
    """The refusal of a file that another password opens, or whose encryption is none that we know."""
    detail = "a password is needed to open the document"
    return Refused(Refusal.ENCRYPTED, f"{detail} ({what})" if what else detail)


def opened_finding() -> FoundIssue:
    """Scanners that do not try this password see nothing of such a file, which is why malware likes it."""
    evidence = "encrypted, with the password that Office itself tries: protected against changes, open to all"
    return FoundIssue(FindingKind.ENCRYPTED_PART, Severity.LOW, "document", evidence)
