"""TEST: answers of S3 that no emulator gives: restored archives, a listing that breaks off, an odd copy."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from ingest.errors import ObjectChanged, StoreError, StoreUnavailable
from ingest.store.base import StoredObject
from ingest.store.s3 import S3Store
from ingest.store.s3_client import connect

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOMENT = datetime(2025, 3, 14, tzinfo=UTC)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> "S3Client":
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return connect()


@pytest.fixture
def amazon(client: "S3Client") -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def item(key: str, **more: Any) -> dict[str, Any]:
    return {"Key": key, "ETag": '"e"', "Size": 1, "LastModified": MOMENT, **more}


def test_restored_archives_can_be_read(client: "S3Client", amazon: Stubber) -> None:
    restored = {"IsRestoreInProgress": False, "RestoreExpiryDate": MOMENT}
    contents = [
        item("cold", StorageClass="DEEP_ARCHIVE"),
        item("thawing", StorageClass="GLACIER", RestoreStatus={"IsRestoreInProgress": True}),
        item("warm", StorageClass="GLACIER", RestoreStatus=restored),
    ]
    expected = {
        "Bucket": "bucket",
        "Prefix": "p/",
        "OptionalObjectAttributes": ["RestoreStatus"],
    }
    amazon.add_response("list_objects_v2", {"Contents": [{**c, "Key": f"p/{c['Key']}"} for c in contents]}, expected)
    found = {stored.key: stored.irregular for stored in S3Store(client, "bucket", "p").list()}
    assert found == {"cold": "unreadable", "thawing": "unreadable", "warm": ""}


def test_other_stores_are_not_asked_for_what_only_amazon_has(client: "S3Client") -> None:
    other = connect(endpoint_url="http://amazonaws.com.example:9000")
    with Stubber(other) as stub:
        stub.add_response("list_objects_v2", {}, {"Bucket": "bucket", "Prefix": ""})
        assert list(S3Store(other, "bucket").list()) == []


def test_a_listing_that_breaks_off_is_not_taken_for_a_whole_one(client: "S3Client", amazon: Stubber) -> None:
    amazon.add_response("list_objects_v2", {"Contents": [item("x")], "IsTruncated": True})
    listing = S3Store(client, "bucket").list()
    assert next(listing).key == "x"
    with pytest.raises(StoreError):
        next(listing)


STORED = StoredObject("x", "e:1", 1, MOMENT.timestamp())


def test_a_copy_that_was_encrypted_anew_is_accepted_when_the_source_still_stands(
    client: "S3Client", amazon: Stubber
) -> None:
    store = S3Store(client, "bucket")
    amazon.add_response("copy_object", {"CopyObjectResult": {"ETag": '"another"'}})
    amazon.add_response("head_object", {"ETag": '"e"', "ContentLength": 1})
    store.copy_from(store, STORED, "y")


def test_a_copy_of_something_else_is_removed(client: "S3Client", amazon: Stubber) -> None:
    store = S3Store(client, "bucket")
    amazon.add_response("copy_object", {"CopyObjectResult": {"ETag": '"another"'}})
    amazon.add_response("head_object", {"ETag": '"another"', "ContentLength": 1})
    amazon.add_response("delete_object", {}, {"Bucket": "bucket", "Key": "y"})
    with pytest.raises(ObjectChanged):
        store.copy_from(store, STORED, "y")


@pytest.mark.parametrize(
    ("status", "code", "later"),
    [
        (503, "SlowDown", True),
        (500, "InternalError", True),
        (502, "", True),
        (429, "TooManyRequests", True),
        (403, "AccessDenied", False),
        (403, "InvalidAccessKeyId", False),
        (403, "RequestTimeTooSkewed", False),
        (400, "ExpiredToken", False),
        (301, "PermanentRedirect", False),
        (404, "NoSuchBucket", False),
    ],
)
def test_which_refusals_are_worth_coming_back(
    client: "S3Client", amazon: Stubber, status: int, code: str, later: bool
) -> None:
    amazon.add_client_error("list_objects_v2", code, "as the test asked", status)
    with pytest.raises(StoreError) as caught:
        list(S3Store(client, "bucket").list())
    assert isinstance(caught.value, StoreUnavailable) is later
    assert caught.value.hint
