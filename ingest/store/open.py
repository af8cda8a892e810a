"""HOST, trusted: from an address a person wrote to a store. boto3, 0.6 CPU-seconds, is imported only for S3."""

from pathlib import Path
from typing import Literal
from urllib.parse import unquote_to_bytes, urlsplit

from ingest.errors import ConfigurationError
from ingest.store.base import ObjectStore

AddressingStyle = Literal["path", "virtual", "auto"]

_HINT = "write s3://bucket/prefix, file:///absolute/folder, or the path of a folder"


def open_store(
    uri: str,
    *,
    endpoint_url: str | None = None,
    addressing_style: AddressingStyle | None = None,
    region: str | None = None,
    concurrency: int = 8,
) -> ObjectStore:
    """The store at `s3://bucket/prefix`, `file:///folder` or a plain path; a folder must exist.

    The keyword arguments concern S3 only: `endpoint_url` (default: as boto3 finds it, AWS_ENDPOINT_URL_S3 first),
    how a bucket is named in requests, the region, and how many threads will use the store at once. Credentials come
    from boto3's own chain and nowhere else. Raises `ConfigurationError` for an address of another kind, `StoreError`
    for a folder that is not there.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _open_folder(Path(uri).expanduser(), uri)
    if scheme == "file":
        return _open_folder(_path_of_file_uri(uri), uri)
    if scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        return _open_s3(bucket, prefix, endpoint_url, addressing_style, region, concurrency)
    raise ConfigurationError(f"{scheme}:// is not a kind of store gloveport knows", hint=_HINT)


def _path_of_file_uri(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise ConfigurationError("a file:// address names a folder of this host and nothing else", hint=_HINT)
    path = Path(unquote_to_bytes(parts.path).decode("utf-8", "surrogateescape"))
    if not path.is_absolute():
        raise ConfigurationError("a file:// address is absolute", hint=_HINT)
    return path


def _open_folder(path: Path, uri: str) -> ObjectStore:
    from ingest.store.folder import FolderStore

    if not uri or "\0" in uri:
        raise ConfigurationError("the address of the store is empty or holds a NUL", hint=_HINT)
    return FolderStore(path)


def _open_s3(
    bucket: str,
    prefix: str,
    endpoint_url: str | None,
    addressing_style: AddressingStyle | None,
    region: str | None,
    concurrency: int,
) -> ObjectStore:
    if not bucket:
        raise ConfigurationError("an s3:// address needs a bucket", hint=_HINT)
    if "@" in bucket or (endpoint_url and "@" in urlsplit(endpoint_url).netloc):
        # Said without echoing the address: it may hold a secret.
        raise ConfigurationError("credentials do not belong into an address", hint="see boto3's credential chain")

    from ingest.store.s3 import S3Store
    from ingest.store.s3_client import connect

    client = connect(
        endpoint_url=endpoint_url, addressing_style=addressing_style, region=region, concurrency=concurrency
    )
    return S3Store(client, bucket, prefix)
