"""HOST, trusted: reading one version of one S3 object, in bounded ranges, across dropped connections.

Every request carries If-Match, and every answer's ETag, offset and size are compared as well, because some
S3-compatibles ignore the condition in silence: bytes of two versions never end up in one stream.
"""

import io
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from botocore import exceptions as aws

from ingest.errors import ObjectChanged, StoreError
from ingest.store.s3_client import ATTEMPTS_MAX, error_code, translated

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_BROKEN_OFF = (aws.IncompleteReadError, aws.HTTPClientError)
_FIRST_PAUSE_SECONDS = 0.1


class Version(NamedTuple):
    """What pins an object's content: ETag without its quotes, and size in bytes. Written `etag:size`."""

    etag: str
    size: int

    def __str__(self) -> str:
        return f"{self.etag}:{self.size}"

    @property
    def if_match(self) -> str:
        """The value of an If-Match header."""
        return f'"{self.etag}"'


def version_from(etag: str, size: int) -> Version:
    """The version in a store's answer."""
    return Version(etag.strip('"'), size)


def parse_version(text: str) -> Version | None:
    """The inverse of `str(version)`; None for the empty text. Raises `StoreError` on anything else."""
    if not text:
        return None
    etag, separator, size = text.rpartition(":")
    if not separator or not size.isdecimal():
        raise StoreError(f"{text!r} is no version of an S3 object")
    return Version(etag, int(size))


class S3Reader(io.RawIOBase):
    """A forward-only reader. The first request is made by the constructor, so a missing object fails there."""

    def __init__(self, client: "S3Client", bucket: str, key: str, version: str, part_bytes: int) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._what = f"s3://{bucket}/{key}"
        self._version = parse_version(version)
        self._part_bytes = part_bytes
        self._offset = 0
        self._left = 0  # bytes of the current range not yet read
        self._body: StreamingBody | None = None
        self._failures = 0
        with translated(self._what):
            self._request()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill some of the buffer; 0 at the end. Raises `StoreUnavailable` when resuming did not help either."""
        view = memoryview(buffer).cast("B")
        while len(view) and self._version and self._offset < self._version.size:
            with translated(self._what):
                if self._body is None:
                    self._request()
                elif count := self._read_some(self._body, view):
                    return count
        return 0

    def close(self) -> None:
        """Give the connection back, or close it when the range was not read to its end."""
        self._drop_body()
        super().close()

    def _read_some(self, body: "StreamingBody", view: memoryview) -> int:
        """Bytes read; 0 when the connection broke off and may be tried again."""
        piece = view[: self._left]
        try:
            count: int = body.readinto(piece)  # type: ignore[arg-type] # the stub wants a file, the code a buffer
            if count == 0:
                raise aws.IncompleteReadError(actual_bytes=0, expected_bytes=self._left)
        except _BROKEN_OFF:
            self._drop_body()
            self._failures += 1
            if self._failures >= ATTEMPTS_MAX:
                raise
            time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (self._failures - 1))
            return 0
        self._offset += count
        self._left -= count
        if self._left == 0:
            self._drop_body()
            self._failures = 0
        return count

    def _request(self) -> None:
        answer = self._get()
        found = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
        start, size = (int(found[1]), int(found[2])) if found else (0, answer["ContentLength"])
        seen = version_from(answer["ETag"], size)
        self._body = answer["Body"]
        self._left = answer["ContentLength"]
        if self._version is None:
            self._version = seen
        if seen != self._version:
            self._drop_body()
            raise ObjectChanged(self._what)
        if start != self._offset or self._left > size - start:
            self._drop_body()
            raise StoreError(f"{self._what}: the store does not answer with the range it was asked for")

    def _get(self) -> "GetObjectOutputTypeDef":
        match = {"IfMatch": self._version.if_match} if self._version else {}
        if self._version and self._version.size == 0:
            return self._client.get_object(Bucket=self._bucket, Key=self._key, IfMatch=self._version.if_match)
        span = f"bytes={self._offset}-{self._offset + self._part_bytes - 1}"
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._key, Range=span, **match)  # type: ignore[arg-type]
        except aws.ClientError as error:
            if error_code(error) not in ("InvalidRange", "416"):
                raise
            if self._version:
                raise ObjectChanged(self._what) from error
            return self._client.get_object(Bucket=self._bucket, Key=self._key)  # empty objects have no ranges

    def _drop_body(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
