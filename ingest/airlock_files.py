"""HOST, trusted: the airlock's part for files inside a document: bytes counted and hashed, names made fit.

Used by `airlock.py` alone, on what it has checked in shape. Names lose their paths and whatever does not show; sizes
and hashes are counted here, and an embedded file that is not what its description says breaks the contract.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contract.verdicts import FindingKind, Reason, Severity
from ingest.names import shown_name
from ingest.outcome import AdmittedFinding, EmbeddedFile


class Lie(Exception):
    """A rule of the contract that the output breaks. Never leaves the airlock."""


class Flood(Exception):
    """More embedded files, or more bytes of them, than the job allows. Never leaves the airlock."""


@dataclass(slots=True)
class FilesInside:
    """The embedded files received so far. `pieces` are bytes of one whose description has not come yet."""

    files_max: int
    bytes_max: int
    files: list[EmbeddedFile] = field(default_factory=list)
    contents: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    bytes_received: int = 0
    called: Counter[str] = field(default_factory=Counter)
    tricks: dict[FindingKind, list[str]] = field(default_factory=dict)

    def add_piece(self, untrusted_piece: bytes) -> None:
        """Bytes of a file whose description is to come."""
        self.bytes_received += len(untrusted_piece)
        if self.bytes_received > self.bytes_max:
            raise Flood(f"more than {self.bytes_max} bytes of embedded files")
        self.pieces.append(untrusted_piece)

    def end_file(
        self, untrusted_name: str, size: int, media_type_hint: str, *, withheld: Reason | None, detail: str
    ) -> None:
        """The description of the bytes received before it."""
        if len(self.files) == self.files_max:
            raise Flood(f"more than {self.files_max} embedded files")
        pieces, self.pieces = tuple(self.pieces), []
        sha256 = ""
        if withheld is None:
            require(sum(map(len, pieces)) == size, "an embedded file of another length than it says")
            sha256 = _sha256_of(pieces)
            self.contents[sha256] = pieces
        name, tricks, legible = shown_name(untrusted_name)
        for trick in tricks:
            self.tricks.setdefault(trick, []).append(legible)
        self.files.append(
            EmbeddedFile(
                member=self._member(untrusted_name),
                name=name,
                size=size,
                sha256=sha256,
                media_type_hint=media_type_hint,
                withheld=withheld,
                detail=detail,
            )
        )

    def findings(self) -> list[AdmittedFinding]:
        """What a reviewer should know of the names: one finding for each kind of trick."""
        return [
            AdmittedFinding(kind.value, Severity.MEDIUM.value, "names of embedded files", f"{len(seen)}: {seen[0]}")
            for kind, seen in self.tricks.items()
        ]

    def _member(self, untrusted_name: str) -> str:
        """Identity by name, with an occurrence number: containers may hold several files of one name."""
        digest = hashlib.sha256(untrusted_name.encode("utf-8", "surrogatepass")).hexdigest()
        self.called[digest] += 1
        return hashlib.sha256(f"{digest} {self.called[digest]}".encode()).hexdigest()


def _sha256_of(pieces: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def require(condition: bool, broken_rule: str) -> None:
    """Raises `Lie` naming the rule, unless it was kept."""
    if not condition:
        raise Lie(broken_rule)
