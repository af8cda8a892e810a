"""TEST: which addresses open which store, and what opening costs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import ConfigurationError, StoreError
from ingest.store import open_store


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def test_a_folder_by_path_and_by_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "odd name%20ü"
    folder.mkdir()
    (folder / "x").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    stores = [open_store(address) for address in (str(folder), "odd name%20ü", folder.as_uri(), folder.as_uri() + "/")]
    assert {store.uri for store in stores} == {folder.as_uri() + "/"}
    assert [stored.key for store in stores for stored in store.list()] == ["x"] * 4
    assert open_store(stores[0].uri).uri == stores[0].uri


def test_the_home_folder_and_links_to_the_root_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert open_store("~/link").uri == (tmp_path / "real").as_uri() + "/"


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/", "s3://bucket/"),
        ("s3://bucket/prefix", "s3://bucket/prefix/"),
        ("s3://bucket/pre fix/b%20c/", "s3://bucket/pre fix/b%20c/"),
    ],
)
def test_a_bucket(address: str, uri: str) -> None:
    assert open_store(address).uri == uri


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nul\0",
        "gs://bucket",
        "https://host/x",
        "ftp://x",
        "s3://",
        "s3:///key",
        "file://elsewhere/x",
        "file:///x?y",
    ],
)
def test_addresses_of_another_kind(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(address)
    assert caught.value.hint


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        open_store(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [("s3://key:planted-secret@bucket/x", None), ("s3://bucket", "http://key:planted-secret@host")],
)
def test_credentials_in_an_address_are_refused_without_repeating_them(address: str, endpoint: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(address, endpoint_url=endpoint)
    assert "planted-secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("environment", "endpoint", "expected"),
    [
        ({}, None, "https://s3.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://any:1"}, None, "http://any:1"),
        ({"AWS_ENDPOINT_URL": "http://any:1", "AWS_ENDPOINT_URL_S3": "http://s3:2"}, None, "http://s3:2"),
        ({"AWS_ENDPOINT_URL_S3": "http://s3:2"}, "http://given:3", "http://given:3"),
    ],
)
def test_where_the_endpoint_comes_from(
    environment: dict[str, str], endpoint: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.store.s3_client import connect

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert connect(endpoint_url=endpoint).meta.endpoint_url == expected


def test_how_the_client_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.store.s3_client import connect

    config: Any = connect(addressing_style="virtual", concurrency=64).meta.config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (3.0, 20.0, 64)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}
    assert config.request_checksum_calculation == config.response_checksum_validation == "when_required"
    assert config.s3["addressing_style"] == "virtual"
    assert config.region_name == "us-east-1"
    assert connect(region="eu-central-2").meta.region_name == "eu-central-2"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert connect().meta.region_name == "ap-south-1"


def test_a_folder_does_not_import_the_s3_client(tmp_path: Path) -> None:
    script = (
        "import sys; from ingest.store import open_store; list(open_store(sys.argv[1]).list());"
        "print(sorted({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_folder_that_is_not_there_is_said_to_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for missing in (tmp_path / "none", tmp_path / "file" / "below"):
        with pytest.raises(StoreError) as caught:
            open_store(str(missing))
        assert str(caught.value) == f"no such folder: {missing}"
