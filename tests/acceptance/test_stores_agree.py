"""TEST: the same uploads from a folder and from an S3 bucket make the same knowledge base, byte for byte."""

import os
from pathlib import Path

import pytest

from ingest.catalog.runs import open_source
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.run import open_database
from ingest.store import open_store
from tests.acceptance.conftest import Installation
from tests.conformance.conftest import aws_environment, s3_endpoint

__all__ = ["aws_environment", "s3_endpoint"]

pytestmark = pytest.mark.timeout(280)


@pytest.mark.usefixtures("aws_environment")
def test_a_bucket_and_a_folder_agree(fresh: Installation, uploads: Path, s3_endpoint: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="uploads")
    bucket = open_store("s3://uploads", endpoint_url=s3_endpoint)
    for path in sorted(p for p in uploads.rglob("*") if p.is_file()):
        bucket.put(str(path.relative_to(uploads)), path.read_bytes())
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    from_folder = fresh("run", str(uploads), "--json")
    from_bucket = fresh("run", "s3://uploads", "--endpoint-url", s3_endpoint, "--json", **aws)

    def ends(files: dict[str, dict[str, object]]) -> dict[str, object]:
        return {key: (row["outcome"], row["reason"]) for key, row in files.items()}

    assert ends(from_folder.files) == ends(from_bucket.files)
    with open_database(fresh.settings()) as db:
        knowledge = PostgresKnowledge(db)
        folder_chunks = list(knowledge.export(open_source(db, open_store(str(uploads)).uri).id))
        bucket_chunks = list(knowledge.export(open_source(db, bucket.uri).id))
    assert len(folder_chunks) > 20
    assert folder_chunks == bucket_chunks
    kept = [stored.key for stored in bucket.list(".gloveport/")]
    assert any(key.endswith("/document.md") for key in kept)
    assert sum("/quarantine/" in key for key in kept) == from_bucket.summary["quarantined"]
