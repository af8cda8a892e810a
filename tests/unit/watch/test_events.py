"""TEST: event messages in every documented shape, and what no sender should ever have sent."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.watch.events import Change, NotAnEvent, ObjectEvent, is_later, latest, parse

PAYLOADS = Path(__file__).parent / "payloads"


def told(name: str) -> list[tuple[str, str, str]]:
    return [(event.change.value, event.bucket, event.key) for event in parse((PAYLOADS / f"{name}.json").read_text())]


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("s3_created", "created", "in/Jürgen's report (1).pdf"),
        ("s3_multipart_completed", "created", "in/big.pdf"),
        ("s3_delete_marker", "removed", "in/old.pdf"),
        ("s3_lifecycle_expiration", "removed", "in/expired.pdf"),
        ("minio_created", "created", "in/photos/my scan.pdf"),
        ("minio_removed", "removed", "in/gone.pdf"),
        ("eventbridge_created", "created", "in/100% + plus.pdf"),
        ("eventbridge_deleted", "removed", "in/old.pdf"),
        ("sns_created", "created", "in/Jürgen's report (1).pdf"),
        ("sns_eventbridge", "created", "in/100% + plus.pdf"),
    ],
)
def test_each_shape_names_one_object(name: str, change: str, key: str) -> None:
    assert told(name) == [(change, "uploads", key)]


@pytest.mark.parametrize(
    "name", ["s3_test_event", "sns_test_event", "s3_tagging", "minio_accessed", "eventbridge_tier_changed"]
)
def test_what_changes_no_content_is_passed_by(name: str) -> None:
    assert told(name) == []


def test_every_payload_is_used_by_a_test() -> None:
    ours = Path(__file__).read_text()
    assert [path.stem for path in PAYLOADS.iterdir() if f'"{path.stem}"' not in ours] == []


def test_one_message_may_tell_of_several_objects() -> None:
    assert told("s3_two_records") == [("created", "uploads", "in/a.pdf"), ("removed", "uploads", "in/b.pdf")]


def test_version_tag_and_sequencer_are_kept_where_they_are_told() -> None:
    (versioned,) = parse((PAYLOADS / "s3_multipart_completed.json").read_text())
    (bridged,) = parse((PAYLOADS / "eventbridge_created.json").read_text())
    (bare,) = parse(record("k", "ObjectRemoved:Delete"))
    assert (versioned.version_id, versioned.etag, versioned.sequencer) == (
        "096fKKXTRTtl3on89fVO.nfljtsv6qko", "d41d8cd98f00b204e9800998ecf8427e", "0055AED6DCD90281E5",
    )  # fmt: skip
    assert (bridged.version_id, bridged.sequencer) == ("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", "617f08299329d189")
    assert bare == ObjectEvent(Change.REMOVED, "b", "k")


def record(key: object, name: object = "ObjectCreated:Put", bucket: object = "b") -> str:
    return json.dumps({"Records": [{"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})


@pytest.mark.parametrize(
    "body",
    [
        "", "nonsense", "null", "[]", '"Records"', "{}", '{"Records": {}}', '{"Records": [1]}', "[" * 100_000,
        record(None), record(7), record(""), record("%FF.pdf"), record("k", bucket=""), record("k", name=None),
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": null}]}',
        '{"source": "aws.s3", "detail-type": "Object Created"}',
        record("\ud800"),
        '{"source": "aws.ec2", "detail-type": "Object Created", "detail": {}}',
        '{"Type": "Notification", "Message": 7}', '{"Type": "SubscriptionConfirmation", "Message": "You have chosen"}',
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_not_quoted(body: str) -> None:
    with pytest.raises(NotAnEvent) as refusal:
        parse(body)
    assert len(str(refusal.value)) < 60


def test_envelopes_in_envelopes_come_to_an_end() -> None:
    body = "{}"
    for _ in range(4):
        body = json.dumps({"Type": "Notification", "Message": body})
    with pytest.raises(NotAnEvent, match="envelopes"):
        parse(body)


@given(st.text(), st.binary())
def test_no_body_makes_it_fail_otherwise(text: str, data: bytes) -> None:
    for body in (text, data.decode("latin-1"), json.dumps({"Records": [text]}), record(text)):
        try:
            parse(body)
        except NotAnEvent:
            continue


def event(sequencer: str, key: str = "k", change: Change = Change.CREATED) -> ObjectEvent:
    return ObjectEvent(change, "b", key, sequencer=sequencer)


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [
        ("0055AED6DCD90281E5", "0055AED6DCD90281E4", True),
        ("0055aed6dcd90281e5", "0055AED6DCD90281E5", False),
        ("00FF", "100", False),  # padded on the left, not compared as text
        ("100", "00FF", True),
        ("", "100", False),
        ("100", "", False),
        ("not hexadecimal", "1", False),
    ],
)
def test_sequencers_are_hexadecimal_numbers(one: str, other: str, later: bool) -> None:
    assert is_later(event(one), event(other)) is later


def test_of_several_events_of_a_key_the_latest_counts_whatever_their_order() -> None:
    put, deleted = event("0A"), event("0B", change=Change.REMOVED)
    other = event("01", key="other")
    assert (
        latest([put, deleted, other])
        == latest([other, deleted, put, put])
        == {("b", "k"): deleted, ("b", "other"): other}
    )


def test_without_sequencers_what_was_told_last_counts() -> None:
    assert latest([event(""), event("", change=Change.REMOVED)])["b", "k"].change is Change.REMOVED
