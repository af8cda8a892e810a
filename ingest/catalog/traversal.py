"""HOST, trusted: lets one unprivileged user pass through private folders, and nobody else.

PostgreSQL refuses to run as root, so root hands the embedded server to a user of its own. That user must be able to
reach folders that often lie under a private one (`/root`). Opening such a folder to the world would publish every file
in it; an access-control entry for one user with nothing but the right to pass through does not.
"""

import errno
import os
import stat
import struct
from pathlib import Path

from ingest.errors import DatabaseError

_ATTRIBUTE = "system.posix_acl_access"  # acl(5); layout: linux/posix_acl_xattr.h
_VERSION = 2
_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_USER_OBJECT, _USER, _GROUP_OBJECT, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
_EXECUTE = 1


def allow_traversal(path: Path, uid: int) -> None:
    """Let `uid` pass through every folder above `path`. Raises `DatabaseError` where the file system cannot say so."""
    for folder in path.resolve().parents:
        status = folder.stat()
        if status.st_mode & stat.S_IXOTH or (status.st_uid == uid and status.st_mode & stat.S_IXUSR):
            continue
        try:
            entries = _with_traversal(_read(folder, status.st_mode), uid)
            os.setxattr(folder, _ATTRIBUTE, _HEADER.pack(_VERSION) + b"".join(_ENTRY.pack(*e) for e in entries))
        except OSError as error:
            raise DatabaseError(
                f"the embedded server's user cannot pass through {folder} ({error.strerror})",
                hint="put the state folder where every user may pass, or set GLOVEPORT_DATABASE_URL to a server",
            ) from None


def _read(folder: Path, mode: int) -> list[tuple[int, int, int]]:
    """The folder's access-control list; one that has none yet gets the three entries its mode stands for."""
    try:
        raw = os.getxattr(folder, _ATTRIBUTE)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return [
            (_USER_OBJECT, mode >> 6 & 7, _NOBODY),
            (_GROUP_OBJECT, mode >> 3 & 7, _NOBODY),
            (_OTHER, mode & 7, _NOBODY),
        ]
    return [_ENTRY.unpack_from(raw, offset) for offset in range(_HEADER.size, len(raw), _ENTRY.size)]


def _with_traversal(entries: list[tuple[int, int, int]], uid: int) -> list[tuple[int, int, int]]:
    """The same list with `uid` allowed to pass, in the order the kernel demands (by tag, then id)."""
    own = next((permission for tag, permission, owner in entries if (tag, owner) == (_USER, uid)), 0)
    kept = [entry for entry in entries if entry[0] != _MASK and (entry[0], entry[2]) != (_USER, uid)]
    kept.append((_USER, own | _EXECUTE, uid))
    old_mask = next((permission for tag, permission, _ in entries if tag == _MASK), None)
    if old_mask is None:
        old_mask = next(permission for tag, permission, _ in entries if tag == _GROUP_OBJECT)
    kept.append((_MASK, old_mask | _EXECUTE, _NOBODY))
    return sorted(kept, key=lambda entry: (entry[0], entry[2]))
