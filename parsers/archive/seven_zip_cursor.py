"""SANDBOX, untrusted: reads the numbers, bits and checksums of a 7z header, and never beyond its end."""

from contract.verdicts import Refusal
from parsers.archive_guard import MEMBERS_MAX
from parsers.blocks import Refused


class Cursor:
    """Reads a header from front to back. Whatever leads beyond its end is `Refused` (corrupt)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next so many bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Refused(Refusal.CORRUPT, "7z: a header that breaks off")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def number(self) -> int:
        """1 to 9 bytes: the ones that lead the first byte say how many follow; its other bits are the highest."""
        first = self.byte()
        more = next((count for count in range(8) if not first & (0x80 >> count)), 8)
        low = int.from_bytes(self.take(more), "little")
        return low | (first & (0x7F >> more)) << (8 * more) if more < 8 else low

    def count(self, what: str) -> int:
        """How many of something follow. Raises `Refused` (bomb) when they are more than there may be files."""
        number = self.number()
        if number > MEMBERS_MAX:
            raise Refused(Refusal.BOMB, f"7z: {number} {what}")
        return number

    def bits(self, count: int) -> list[bool]:
        """So many bits, the highest first, filled up to a whole byte."""
        packed = self.take((count + 7) // 8)
        return [bool(packed[index >> 3] & (0x80 >> (index & 7))) for index in range(count)]

    def optional_bits(self, count: int) -> list[bool]:
        """Bits behind a byte that says, when it is not zero, that all are set and none is written."""
        return [True] * count if self.byte() else self.bits(count)

    def checksums(self, count: int) -> list[int | None]:
        """CRC-32 of each of so many, where it is known."""
        known = self.optional_bits(count)
        return [int.from_bytes(self.take(4), "little") if each else None for each in known]

    def expect(self, kind: int) -> None:
        """A byte that can only be this one."""
        if self.byte() != kind:
            raise Refused(Refusal.CORRUPT, "7z: a header out of order")
