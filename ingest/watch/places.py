"""HOST, trusted: whether the directories that are watched still are those that stand under their names.

The kernel watches a directory, not its name. A file system that is mounted over one hides it without a word, and one
that is unmounted takes its watches with it, of which watchfiles says nothing: from then on nobody hears of anything.
"""

from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Final

DIRECTORIES_AT_ONCE: Final = 50  # looked at in one turn, besides the root: all of ten thousand within half a minute


class Places:
    """Which directory stood under each of these paths when it was made."""

    def __init__(self, root: Path, found: Iterable[Path]) -> None:
        self._root = root
        self._seen = {path: _identity(path) for path in sorted({root, *found})}
        self._turns = cycle(self._seen)

    def moved(self) -> bool:
        """Whether something else stands there now: looks at the root, and at some of the others in turn."""
        if _identity(self._root) != self._seen[self._root]:
            return True
        return any(self._is_another(path) for path in islice(self._turns, min(DIRECTORIES_AT_ONCE, len(self._seen))))

    def differ_from(self, earlier: "Places") -> bool:
        """Whether another directory stood under one of these paths earlier."""
        return any(earlier._seen.get(path, now) != now for path, now in self._seen.items())

    def _is_another(self, path: Path) -> bool:
        """One that is gone altogether is none: of that the kernel tells."""
        now = _identity(path)
        return now is not None and now != self._seen[path]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
