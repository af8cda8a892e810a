"""HOST, trusted: an S3 bucket, or what speaks its protocol, as an object store.

Some S3-compatibles ignore `If-None-Match` and `x-amz-copy-source-if-match` in silence. The first is probed once per
store with a scratch key, the second is checked after each copy.
"""

import hashlib
import io
import logging
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from botocore import exceptions as aws

from ingest.errors import ObjectChanged, ObjectMissing, StoreError
from ingest.store.base import ObjectStore, StoredObject
from ingest.store.s3_client import ATTEMPTS_MAX, NOT_OFFERED, error_code, translated
from ingest.store.s3_reader import S3Reader, Version, parse_version, version_from

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef, ObjectTypeDef

log = logging.getLogger(__name__)

MEBIBYTE = 1 << 20
OWN_PREFIX = ".gloveport/"
PARTS_MAX = 10_000  # of one multipart upload, by S3's rules

_READ_BUFFER_BYTES = 256 << 10
_AMAZON = re.compile(r"\.amazonaws\.com(\.cn)?$")
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass(frozen=True, slots=True)
class TransferSizes:
    """In bytes. Written parts are all of one size because some compatibles insist; 16 MiB allow objects of 156 GiB."""

    read_part: int = 8 * MEBIBYTE
    write_part: int = 16 * MEBIBYTE
    copy_object_max: int = 5 << 30  # CopyObject's own ceiling
    copy_part: int = 512 * MEBIBYTE


class S3Store:
    """Objects are the keys below `prefix`. The version of an object is its ETag and size.

    Zero-byte keys that end in a slash are what consoles make for "folders": they are not listed. Archived objects are
    listed as unreadable. Deleting in a versioned bucket leaves the bucket's own history.
    """

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "", sizes: TransferSizes | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        self._sizes = sizes or TransferSizes()
        self._conditions_honoured: bool | None = None
        self._probing = threading.Lock()
        # Only Amazon is asked: to the compatibles this header is news, and some refuse headers they do not know.
        host = urlsplit(client.meta.endpoint_url).hostname or ""
        self._list_options = {"OptionalObjectAttributes": ["RestoreStatus"]} if _AMAZON.search(host) else {}
        self.uri = f"s3://{bucket}/{self._prefix}"

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """As `ObjectStore.list`, a page of at most 1,000 keys in memory."""
        hidden = None if prefix.startswith(OWN_PREFIX) else self._prefix + OWN_PREFIX
        start_after = ""
        while True:
            for item in self._contents(self._prefix + prefix, start_after):
                if hidden and item["Key"].startswith(hidden):
                    # Skip the pages of what we wrote ourselves, three keys for each document ever indexed.
                    if start_after:
                        continue
                    start_after = hidden + "~"
                    break
                if item["Size"] == 0 and item["Key"].endswith("/"):
                    continue
                yield self._stored(item)
            else:
                return

    @contextmanager
    def open(self, key: str, version: str = "") -> Iterator[BinaryIO]:
        """As `ObjectStore.open`. A dropped connection is resumed at the same byte of the same version."""
        reader = S3Reader(self._client, self._bucket, self._full(key), version, self._sizes.read_part)
        with reader, io.BufferedReader(reader, _READ_BUFFER_BYTES) as buffered:
            yield buffered

    def put(self, key: str, content: bytes | BinaryIO, *, only_if_absent: bool = False) -> bool:
        """As `ObjectStore.put`. A stream longer than a part is uploaded in parts, which are aborted on any failure.

        Where the store ignores conditional writes, `only_if_absent` looks first, which two writers at once can beat.
        """
        name = self._full(key)
        with translated(f"s3://{self._bucket}/{name}"):
            if only_if_absent and not self._honours_conditions():
                if self._head(name):
                    return False
                only_if_absent = False
            if isinstance(content, bytes):
                return self._put_small(name, content, only_if_absent)
            first = _read_exactly(content, self._sizes.write_part)
            if len(first) < self._sizes.write_part:
                return self._put_small(name, first, only_if_absent)
            return self._put_in_parts(name, first, content, only_if_absent)

    def copy_from(self, source: ObjectStore, stored: StoredObject, key: str) -> None:
        """As `ObjectStore.copy_from`. Server-side when both stores have one endpoint, where the server lets us."""
        if isinstance(source, S3Store) and source._client.meta.endpoint_url == self._client.meta.endpoint_url:
            try:
                self._copy_on_server(source, stored, key)
                return
            except _CopyNotOffered as refusal:
                log.info("copying through this host, the store does not copy: %s", refusal)
        with source.open(stored.key, stored.version) as content:
            self.put(key, content)

    def delete(self, key: str) -> bool:
        """As `ObjectStore.delete`."""
        name = self._full(key)
        with translated(f"s3://{self._bucket}/{name}"):
            if not self._head(name):
                return False
            self._client.delete_object(Bucket=self._bucket, Key=name)
            return True

    # ---- listing

    def _contents(self, prefix: str, start_after: str) -> Iterator["ObjectTypeDef"]:
        """The raw listing. botocore asks for and undoes URL-encoding of keys, so that XML can carry any key."""
        token = ""
        while True:
            place = {"ContinuationToken": token} if token else {"StartAfter": start_after} if start_after else {}
            with translated(f"s3://{self._bucket}/{prefix}"):
                page = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=prefix,
                    **self._list_options,  # type: ignore[arg-type]
                    **place,  # type: ignore[arg-type]
                )
            yield from page.get("Contents", ())
            token = page.get("NextContinuationToken", "")
            if not page.get("IsTruncated"):
                return
            if not token:
                raise StoreError(f"{self.uri}: the listing breaks off without saying where to go on")

    def _stored(self, item: "ObjectTypeDef") -> StoredObject:
        version = version_from(item["ETag"], item["Size"])
        restored = item.get("RestoreStatus", {}).get("RestoreExpiryDate") is not None
        irregular = "unreadable" if item.get("StorageClass") in _ARCHIVED and not restored else ""
        key = item["Key"].removeprefix(self._prefix)
        if not key or "\0" in key:
            # The bare prefix is no key of ours, and no database holds a NUL: accounted for, never opened.
            digest = hashlib.sha256(item["Key"].encode("utf-8", "surrogatepass")).hexdigest()
            key, irregular = f"{key.replace(chr(0), '%00')}~{digest[:16]}", "unreadable"
        return StoredObject(key, str(version), version.size, item["LastModified"].timestamp(), irregular)

    def _full(self, key: str) -> str:
        if not key:
            raise StoreError("an object's key is never empty")
        return self._prefix + key

    def _head(self, name: str) -> Version | None:
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=name)
        except aws.ClientError as error:
            if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return version_from(answer["ETag"], answer["ContentLength"])

    # ---- writing

    def _put_small(self, name: str, body: bytes, only_if_absent: bool) -> bool:
        condition = {"IfNoneMatch": "*"} if only_if_absent else {}
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                self._client.put_object(Bucket=self._bucket, Key=name, Body=body, **condition)  # type: ignore[arg-type]
            except aws.ClientError as error:
                if only_if_absent and error_code(error) in ("PreconditionFailed", "412"):
                    return False
                # Two conditional writes met; S3 asks the one that gets this to try again.
                if error_code(error) != "ConditionalRequestConflict" or attempt == ATTEMPTS_MAX:
                    raise
            else:
                return True
        raise AssertionError("unreachable")

    def _put_in_parts(self, name: str, first: bytes, rest: BinaryIO, only_if_absent: bool) -> bool:
        if only_if_absent and self._head(name):
            return False
        with self._multipart(name) as upload_id:
            parts: list[CompletedPartTypeDef] = []
            part = first
            while part:
                if len(parts) == PARTS_MAX:
                    raise StoreError(f"s3://{self._bucket}/{name} would be larger than {PARTS_MAX} parts")
                number = len(parts) + 1
                answer = self._client.upload_part(
                    Bucket=self._bucket, Key=name, UploadId=upload_id, PartNumber=number, Body=part
                )
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                part = _read_exactly(rest, self._sizes.write_part)
            return self._complete(name, upload_id, parts, only_if_absent)

    def _complete(
        self, name: str, upload_id: str, parts: "Sequence[CompletedPartTypeDef]", only_if_absent: bool = False
    ) -> bool:
        condition = {"IfNoneMatch": "*"} if only_if_absent else {}
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=name,
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
                **condition,  # type: ignore[arg-type]
            )
        except aws.ClientError as error:
            lost = error_code(error) in ("PreconditionFailed", "412", "ConditionalRequestConflict")
            if not (only_if_absent and lost and self._head(name)):
                raise
            self._abort(name, upload_id)
            return False
        return True

    @contextmanager
    def _multipart(self, name: str) -> Iterator[str]:
        """An upload that is aborted when its body fails: unfinished uploads are invisible and are billed for ever."""
        upload_id = self._client.create_multipart_upload(Bucket=self._bucket, Key=name)["UploadId"]
        try:
            yield upload_id
        except BaseException:
            self._abort(name, upload_id)
            raise

    def _abort(self, name: str, upload_id: str) -> None:
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload_id)
        except (aws.ClientError, aws.BotoCoreError) as error:
            log.warning("an unfinished upload of s3://%s/%s may remain: %s", self._bucket, name, error)

    # ---- conditional writes

    def _honours_conditions(self) -> bool:
        with self._probing:
            if self._conditions_honoured is None:
                self._conditions_honoured = self._probe_conditions()
                if not self._conditions_honoured:
                    log.warning("%s ignores conditional writes; looking before writing instead", self.uri)
            return self._conditions_honoured

    def _probe_conditions(self) -> bool:
        """Whether a second conditional write to a scratch key is refused, as it must be."""
        name = f"{self._prefix}{OWN_PREFIX}probe/{secrets.token_hex(16)}"
        self._client.put_object(Bucket=self._bucket, Key=name, Body=b"first")
        try:
            self._client.put_object(Bucket=self._bucket, Key=name, Body=b"second", IfNoneMatch="*")
        except aws.ClientError as error:
            if error_code(error) in ("PreconditionFailed", "412"):
                return True
            if error_code(error) in NOT_OFFERED:
                return False
            raise
        else:
            return False
        finally:
            with suppress(aws.ClientError, aws.BotoCoreError):
                self._client.delete_object(Bucket=self._bucket, Key=name)

    # ---- copying

    def _copy_on_server(self, source: "S3Store", stored: StoredObject, key: str) -> None:
        wanted = parse_version(stored.version) or source._present(stored.key)
        name = self._full(key)
        origin: CopySourceTypeDef = {"Bucket": source._bucket, "Key": source._full(stored.key)}
        with translated(f"s3://{origin['Bucket']}/{origin['Key']}"):
            try:
                if wanted.size > self._sizes.copy_object_max:
                    self._copy_in_parts(origin, wanted, name)
                    etag = ""
                else:
                    result = self._client.copy_object(
                        Bucket=self._bucket, Key=name, CopySource=origin, CopySourceIfMatch=wanted.if_match
                    )
                    etag = result["CopyObjectResult"]["ETag"].strip('"')
            except aws.ClientError as error:
                if error_code(error) in NOT_OFFERED:
                    raise _CopyNotOffered(error_code(error)) from error
                raise
            # A store may ignore the condition, and re-encryption changes ETags: if the copy does not show the very
            # ETag we want, the source must still, or we have copied something else.
            if etag != wanted.etag and source._head(origin["Key"]) != wanted:
                self._client.delete_object(Bucket=self._bucket, Key=name)
                raise ObjectChanged(f"s3://{origin['Bucket']}/{origin['Key']}")

    def _copy_in_parts(self, origin: "CopySourceTypeDef", wanted: Version, name: str) -> None:
        with self._multipart(name) as upload_id:
            parts: list[CompletedPartTypeDef] = []
            for start in range(0, wanted.size, self._sizes.copy_part):
                answer = self._client.upload_part_copy(
                    Bucket=self._bucket,
                    Key=name,
                    UploadId=upload_id,
                    PartNumber=len(parts) + 1,
                    CopySource=origin,
                    CopySourceIfMatch=wanted.if_match,
                    CopySourceRange=f"bytes={start}-{min(start + self._sizes.copy_part, wanted.size) - 1}",
                )
                parts.append({"PartNumber": len(parts) + 1, "ETag": answer["CopyPartResult"]["ETag"]})
            self._complete(name, upload_id, parts)

    def _present(self, key: str) -> Version:
        with translated(f"s3://{self._bucket}/{self._full(key)}"):
            version = self._head(self._full(key))
        if version is None:
            raise ObjectMissing(f"s3://{self._bucket}/{self._full(key)}")
        return version


class _CopyNotOffered(Exception):
    """The store will not copy for us; its code is the argument. Never leaves this module."""


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes, fewer only at the end of the stream, however little each read gives."""
    pieces = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
