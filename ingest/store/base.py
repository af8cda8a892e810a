"""HOST, trusted: the one small interface of object storage, for S3 and for a folder.

Keys are text as the store shows it. A folder's names that are not UTF-8 are percent-encoded by its backend, reversibly.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as listed. `version` changes whenever the content may have (an ETag; inode, size and times).

    `irregular` names what stands in the object's place when it is no plain content ("symlink", "fifo", "socket",
    "device", "unreadable"); such an object is accounted for, never opened.
    """

    key: str
    version: str
    size: int
    modified: float  # seconds since the epoch
    irregular: str = ""


class ObjectStore(Protocol):
    """Five methods, one file per backend, one conformance suite for all.

    Every method raises `StoreUnavailable` for a fault worth a retry later, `ObjectMissing`/`ObjectChanged` as named,
    and `StoreError` for a refusal (credentials, permissions). Retries of single requests happen below this interface.
    """

    uri: str  # canonical, without credentials: "s3://bucket/prefix/" or "file:///absolute/path/"

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every object under `prefix` in key order, in constant memory. Keys are relative to the store's own prefix.

        What gloveport itself wrote under `.gloveport/` is not listed, unless `prefix` points into it.
        """
        ...

    def open(self, key: str, version: str = "") -> AbstractContextManager[BinaryIO]:
        """A forward-only reader. With a version, raises `ObjectChanged` at open or any read if content is another."""
        ...

    def put(self, key: str, content: bytes | BinaryIO, *, only_if_absent: bool = False) -> bool:
        """Write atomically; readers see all or nothing. False: `only_if_absent` was asked and the key exists."""
        ...

    def copy_from(self, source: "ObjectStore", stored: StoredObject, key: str) -> None:
        """Copy exactly this version of another store's object here: server-side where possible, else streamed."""
        ...

    def delete(self, key: str) -> bool:
        """Remove. False: it was not there."""
        ...
