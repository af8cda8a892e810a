"""TEST: S3 as an object store: the common suite, then broken networks and lesser servers."""

import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ingest.errors import ConfigurationError, ObjectChanged, ObjectMissing, StoreError, StoreUnavailable
from ingest.store.base import ObjectStore, StoredObject
from ingest.store.folder import FolderStore
from ingest.store.s3 import S3Store, TransferSizes
from ingest.store.s3_client import ATTEMPTS_MAX, connect
from tests.conformance.store_faults import BreakOff, FaultProxy, Refuse, Stall
from tests.conformance.store_suite import StoreConformance, Trickle, big_content, content_of, drain, keys, stat

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

SMALL_PARTS = TransferSizes(read_part=1 << 20, write_part=5 << 20, copy_object_max=6 << 20, copy_part=5 << 20)


@pytest.fixture
def store(s3_client: "S3Client", make_bucket: Callable[..., str]) -> S3Store:
    return S3Store(s3_client, make_bucket())


@pytest.fixture
def make_store(s3_client: "S3Client", make_bucket: Callable[..., str]) -> Callable[[], ObjectStore]:
    return lambda: S3Store(s3_client, make_bucket())


class TestS3(StoreConformance):
    """The common suite on a bucket."""


class TestS3Versioned(StoreConformance):
    """The common suite on a bucket that keeps every version."""

    @pytest.fixture
    def store(self, s3_client: "S3Client", make_bucket: Callable[..., str]) -> S3Store:
        return S3Store(s3_client, make_bucket(versioned=True))


class TestS3Prefix(StoreConformance):
    """The common suite below an odd prefix, in small parts, with neighbours that must not show."""

    @pytest.fixture
    def store(self, s3_client: "S3Client", make_bucket: Callable[..., str]) -> S3Store:
        bucket = make_bucket()
        for key in ("tenant +%20🧤", "tenant +%20🧤/", "tenant +%20🧤0", "tenant +%20🧤.gloveport/x", ".gloveport/x"):
            s3_client.put_object(Bucket=bucket, Key=key, Body=b"" if key.endswith("/") else b"neighbour")
        return S3Store(s3_client, bucket, "tenant +%20🧤", SMALL_PARTS)


class TestListing:
    def test_more_than_a_page(self, store: S3Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: store.put(f"{number:04}", b"x"), range(1050)))
        assert keys(store) == [f"{number:04}" for number in range(1050)]

    def test_our_own_pages_are_skipped_not_read(
        self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: store.put(f".gloveport/documents/{number:04}", b"x"), range(2100)))
        store.put("!first", b"x")
        store.put("last", b"x")
        assert keys(proxied) == ["!first", "last"]
        assert len(fault_proxy.requests) == 2

    def test_folder_markers_of_consoles_are_no_documents(
        self, s3_client: "S3Client", make_bucket: Callable[..., str]
    ) -> None:
        bucket = make_bucket()
        for key, body in (("p/", b""), ("p/folder/", b""), ("p/folder/x", b""), ("p/odd/", b"content"), ("p//x", b"x")):
            s3_client.put_object(Bucket=bucket, Key=key, Body=body)
        store = S3Store(s3_client, bucket, "p")
        assert keys(store) == ["/x", "folder/x", "odd/"]
        assert content_of(store, "odd/") == b"content"
        assert content_of(store, "/x") == b"x"

    def test_archived_objects_are_accounted_for(self, s3_client: "S3Client", make_bucket: Callable[..., str]) -> None:
        bucket = make_bucket()
        s3_client.put_object(Bucket=bucket, Key="cold", Body=b"x", StorageClass="GLACIER")
        s3_client.put_object(Bucket=bucket, Key="cool", Body=b"x", StorageClass="STANDARD_IA")
        store = S3Store(s3_client, bucket)
        assert [(s.key, s.irregular) for s in store.list()] == [("cold", "unreadable"), ("cool", "")]
        with pytest.raises(StoreError) as caught, store.open("cold"):
            pass
        assert "restore" in caught.value.hint

    @pytest.mark.parametrize("key", ["uploads/", "uploads/nul\0.pdf"])
    def test_a_key_that_cannot_be_ours_is_accounted_for_and_hides_no_other(
        self, s3_client: "S3Client", make_bucket: Callable[..., str], key: str
    ) -> None:
        bucket = make_bucket()
        for name in (key, "uploads/z.txt"):
            s3_client.put_object(Bucket=bucket, Key=name, Body=b"content")
        odd, plain = S3Store(s3_client, bucket, "uploads").list()
        assert (plain.key, plain.irregular) == ("z.txt", "")
        assert odd.irregular == "unreadable"
        assert odd.key
        assert "\0" not in odd.key

    def test_missing_bucket(self, s3_client: "S3Client") -> None:
        store = S3Store(s3_client, "there-is-no-such-bucket")
        for attempt in (lambda: keys(store), lambda: store.put("x", b"x"), lambda: content_of(store, "x")):
            with pytest.raises(StoreError) as caught:
                attempt()
            assert not isinstance(caught.value, ObjectMissing | StoreUnavailable)
            assert "bucket" in caught.value.hint


@pytest.fixture
def proxied(fault_proxy: FaultProxy, aws_environment: None, store: S3Store, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """The same bucket as `store`, seen through the proxy, with a short patience, 1 MiB ranges and no pauses."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    client = connect(endpoint_url=fault_proxy.url, read_seconds=0.5, concurrency=32)
    return S3Store(client, store.uri.split("/")[2], sizes=SMALL_PARTS)


class TestBrokenReads:
    CONTENT = big_content(3)

    @pytest.fixture
    def listed(self, store: S3Store) -> StoredObject:
        store.put("x", self.CONTENT)
        return stat(store, "x")

    @pytest.mark.parametrize("fault", [BreakOff(300_000), BreakOff(0), Stall(300_000), Stall(0)], ids=repr)
    def test_resumes_at_the_right_byte(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject, fault: BreakOff | Stall
    ) -> None:
        fault_proxy.faults.extend([fault, fault])
        assert content_of(proxied, "x", listed.version) == self.CONTENT
        assert not fault_proxy.faults
        ranges = fault_proxy.headers_sent("GET", "range")
        assert len(ranges) == 5
        starts = [int(span.removeprefix("bytes=").split("-")[0]) for span in ranges]
        assert 0.9 * fault.after_bytes <= starts[1] <= fault.after_bytes
        assert starts == sorted(starts)

    def test_every_range_is_pinned_to_the_version(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject
    ) -> None:
        content_of(proxied, "x")
        content_of(proxied, "x", listed.version)
        etag = listed.version.split(":")[0]
        assert fault_proxy.headers_sent("GET", "if-match") == [f'"{etag}"'] * 5
        assert len(fault_proxy.requests) == 6

    @pytest.mark.parametrize("server_ignores", [set(), {"if-match"}], ids=["if_match", "if_match_ignored"])
    def test_replaced_while_the_connection_was_down(
        self,
        proxied: S3Store,
        fault_proxy: FaultProxy,
        store: S3Store,
        listed: StoredObject,
        server_ignores: set[str],
    ) -> None:
        fault_proxy.dropped_headers = server_ignores
        fault_proxy.faults.append(BreakOff(300_000))
        seen = bytearray()
        with proxied.open("x", listed.version) as reader:
            seen += reader.read(1000)
            store.put("x", b"n" * len(self.CONTENT))
            with pytest.raises(ObjectChanged):
                drain(reader, seen)
        assert self.CONTENT.startswith(seen)

    def test_a_connection_that_always_breaks(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject
    ) -> None:
        fault_proxy.faults.extend([BreakOff(1000)] * 50)
        with pytest.raises(StoreUnavailable):
            content_of(proxied, "x", listed.version)
        assert len(fault_proxy.requests) == ATTEMPTS_MAX

    def test_short_refusals_are_waited_out(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject
    ) -> None:
        fault_proxy.faults.extend([Refuse(503, "SlowDown"), Refuse(500, "InternalError")])
        assert content_of(proxied, "x", listed.version) == self.CONTENT

    def test_a_store_that_stays_busy(self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject) -> None:
        fault_proxy.faults.extend([Refuse(503, "SlowDown")] * 50)
        with pytest.raises(StoreUnavailable):
            content_of(proxied, "x", listed.version)
        assert len(fault_proxy.requests) == ATTEMPTS_MAX

    def test_a_server_that_ignores_ranges(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject
    ) -> None:
        fault_proxy.dropped_headers = {"range"}
        assert content_of(proxied, "x", listed.version) == self.CONTENT
        fault_proxy.faults.append(BreakOff(1000))
        with pytest.raises(StoreError, match="range"):
            content_of(proxied, "x", listed.version)

    def test_permissions_are_not_retried(self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject) -> None:
        fault_proxy.faults.append(Refuse(403, "AccessDenied"))
        with pytest.raises(StoreError) as caught, proxied.open("x"):
            pass
        assert not isinstance(caught.value, StoreUnavailable)
        assert "s3:GetObject" in caught.value.hint
        assert len(fault_proxy.requests) == 1

    def test_an_answer_that_is_not_s3(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        fault_proxy.faults.extend([Refuse(200, "&notXML")] * 9)
        with pytest.raises(StoreError):
            keys(proxied)

    def test_a_server_that_knows_nothing_of_s3_is_not_an_empty_store(
        self, proxied: S3Store, fault_proxy: FaultProxy, listed: StoredObject
    ) -> None:
        fault_proxy.faults.append(Refuse(404, ""))
        with pytest.raises(StoreError) as caught, proxied.open("x", listed.version):
            pass
        assert not isinstance(caught.value, ObjectMissing)

    def test_a_version_of_another_kind(self, store: S3Store, listed: StoredObject) -> None:
        with pytest.raises(StoreError), store.open("x", "1f-3-17-42"):
            pass


class TestWriting:
    def test_nothing_unfinished_stays(self, s3_client: "S3Client", make_bucket: Callable[..., str]) -> None:
        bucket = make_bucket()
        store = S3Store(s3_client, bucket, sizes=SMALL_PARTS)
        with pytest.raises(RuntimeError, match="the source broke"):
            store.put("x", Trickle(b"n" * (20 << 20), 1 << 20, 12 << 20))
        assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket)
        store.put("x", b"x")
        assert store.put("x", io.BytesIO(b"n" * (12 << 20)), only_if_absent=True) is False
        assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket)

    def test_a_part_that_the_store_refuses(self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        fault_proxy.method = "PUT"
        fault_proxy.faults.extend([Refuse(503, "SlowDown")] * ATTEMPTS_MAX)
        with pytest.raises(StoreUnavailable):
            proxied.put("x", io.BytesIO(b"n" * (12 << 20)))
        assert [verb for verb, _, _ in fault_proxy.requests][-1] == "DELETE"
        assert keys(store) == []

    def test_a_slower_upload_does_not_win(self, s3_client: "S3Client", make_bucket: Callable[..., str]) -> None:
        """The key is absent when the slow upload begins; only its last request can tell that it no longer is."""
        bucket = make_bucket()
        store = S3Store(s3_client, bucket, sizes=SMALL_PARTS)

        class Overtaken(Trickle):
            overtaken = False

            def read(self, size: int | None = -1) -> bytes:
                if not self.overtaken and self.tell() > SMALL_PARTS.write_part:
                    self.overtaken = store.put("x", b"fast", only_if_absent=True)
                return super().read(size)

        slow = Overtaken(b"s" * (12 << 20), 1 << 20)
        assert store.put("x", slow, only_if_absent=True) is False
        assert slow.overtaken
        assert content_of(store, "x") == b"fast"
        assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket)

    def test_conditional_conflict_is_tried_again(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        proxied.put("warm", b"x", only_if_absent=True)
        fault_proxy.method = "PUT"
        fault_proxy.faults.append(Refuse(409, "ConditionalRequestConflict"))
        assert proxied.put("x", b"x", only_if_absent=True) is True
        assert proxied.put("x", b"y", only_if_absent=True) is False


class TestLesserServers:
    """S3-compatibles that ignore conditions in silence."""

    def test_conditional_writes_are_probed_once(
        self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            assert proxied.put(f"{number}", b"x", only_if_absent=True)
        probes = [path for verb, path, _ in fault_proxy.requests if ".gloveport/probe/" in path and verb == "PUT"]
        assert len(probes) == 2
        assert keys(store, ".gloveport/") == []
        assert caplog.records == []

    def test_plain_writes_are_not_probed(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        proxied.put("x", b"x")
        assert len(fault_proxy.requests) == 1

    @pytest.mark.parametrize("size", [1, 12 << 20], ids=["small", "in_parts"])
    def test_a_server_without_conditional_writes(
        self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy, caplog: pytest.LogCaptureFixture, size: int
    ) -> None:
        fault_proxy.dropped_headers = {"if-none-match"}
        with caplog.at_level(logging.WARNING):
            assert proxied.put("x", io.BytesIO(b"1" * size), only_if_absent=True) is True
            assert proxied.put("x", io.BytesIO(b"2" * size), only_if_absent=True) is False
        assert content_of(store, "x") == b"1" * size
        assert [record.message for record in caplog.records if "conditional" in record.message]
        assert keys(store, ".gloveport/") == []

    def test_a_server_that_refuses_conditions(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        proxied.put("x", b"1")
        fault_proxy.method = "PUT"
        fault_proxy.faults.extend([BreakOff(1 << 30), Refuse(501, "NotImplemented")])
        assert proxied.put("x", b"2", only_if_absent=True) is False

    def test_a_probe_that_cannot_be_made_is_no_answer(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        fault_proxy.method = "PUT"
        fault_proxy.faults.extend([Refuse(503, "SlowDown")] * ATTEMPTS_MAX)
        with pytest.raises(StoreUnavailable):
            proxied.put("x", b"1", only_if_absent=True)
        assert proxied.put("x", b"2", only_if_absent=True) is True

    def test_a_copy_that_the_server_refuses_goes_through_us(
        self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy
    ) -> None:
        store.put("x", b"content")
        fault_proxy.method = "PUT"
        fault_proxy.faults.append(Refuse(501, "NotImplemented"))
        proxied.copy_from(proxied, stat(store, "x"), "y")
        assert content_of(store, "y") == b"content"


class TestCopying:
    def test_on_the_server_no_byte_passes_here(self, store: S3Store, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        content = big_content(12)
        store.put("x", io.BytesIO(content))
        listed = stat(store, "x")
        proxied.copy_from(proxied, listed, "in-parts")
        assert not [path for verb, path, _ in fault_proxy.requests if verb == "GET"]
        spans = fault_proxy.headers_sent("PUT", "x-amz-copy-source-range")
        assert spans == ["bytes=0-5242879", "bytes=5242880-10485759", "bytes=10485760-12582911"]
        assert len(fault_proxy.headers_sent("PUT", "x-amz-copy-source-if-match")) == 3
        assert content_of(store, "in-parts") == content

    def test_changed_source_of_a_copy_in_parts(self, store: S3Store, proxied: S3Store) -> None:
        store.put("x", b"o" * (12 << 20))
        listed = stat(store, "x")
        store.put("x", b"n" * (12 << 20))
        with pytest.raises(ObjectChanged):
            proxied.copy_from(proxied, listed, "y")
        assert keys(store) == ["x"]

    def test_between_kinds(self, store: S3Store, tmp_path: "Path") -> None:
        folder = FolderStore(tmp_path)
        content = big_content()
        store.put("x", io.BytesIO(content))
        folder.copy_from(store, stat(store, "x"), "x")
        assert content_of(folder, "x") == content
        store.copy_from(folder, stat(folder, "x"), "back")
        assert content_of(store, "back") == content

    def test_between_kinds_a_changed_source_is_refused(self, store: S3Store, tmp_path: "Path") -> None:
        folder = FolderStore(tmp_path)
        for source, target in ((folder, store), (store, folder)):
            source.put("x", b"one")
            listed = stat(source, "x")
            source.put("x", b"two")
            with pytest.raises(ObjectChanged):
                target.copy_from(source, listed, "copy")
            assert "copy" not in keys(target)


class TestConnecting:
    def test_nobody_listens(self, aws_environment: None) -> None:
        store = S3Store(connect(endpoint_url="http://127.0.0.1:9"), "bucket")
        with pytest.raises(StoreUnavailable) as caught:
            keys(store)
        assert caught.value.hint

    def test_no_credentials(
        self, s3_endpoint: str, aws_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: "Path"
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        store = S3Store(connect(endpoint_url=s3_endpoint), "bucket")
        with pytest.raises(StoreError) as caught:
            keys(store)
        assert "AWS_ACCESS_KEY_ID" in caught.value.hint

    def test_a_bucket_name_that_cannot_be(self, s3_client: "S3Client") -> None:
        with pytest.raises(StoreError):
            keys(S3Store(s3_client, "Not A Bucket!"))

    @pytest.mark.parametrize("endpoint", ["no-scheme", "http://", "::"])
    def test_an_endpoint_that_cannot_be(self, aws_environment: None, endpoint: str) -> None:
        with pytest.raises(ConfigurationError):
            connect(endpoint_url=endpoint)

    def test_an_unknown_profile(self, aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(ConfigurationError):
            connect()

    def test_what_is_said_and_how(self, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        proxied.put("x", b"x")
        ((_, path, headers),) = fault_proxy.requests
        assert "gloveport/" in headers["user-agent"]
        assert not [name for name in headers if "checksum" in name or name == "x-amz-trailer"]
        assert path.count("/") == 2  # path style: /bucket/key

    def test_the_secret_is_in_no_message(self, s3_endpoint: str, proxied: S3Store, fault_proxy: FaultProxy) -> None:
        fault_proxy.faults.append(Refuse(403, "SignatureDoesNotMatch"))
        with pytest.raises(StoreError) as caught:
            content_of(proxied, "x")
        assert "planted-secret" not in f"{caught.value} {caught.value.hint}"
