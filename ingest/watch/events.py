"""HOST, trusted: what a message of an event queue says: pure functions of its body, no network, no state.

An event is a hint: "look at this key". What is true of an object is asked of its store afterwards, so a forged, late,
doubled or reordered event can cost a look and nothing else.

    shape                       recognized by             key is written      field names after
    S3 event notification       "Records"                 URL-encoded         S3 user guide, "Event message structure"
    the same from MinIO, Ceph   "Records", "s3:" before   URL-encoded         MinIO bucket notification guide
                                the event's name
    the test message            "Event": "s3:TestEvent"   (none)              S3 user guide, "Granting permissions"
    Amazon EventBridge          "detail-type"             as it is            S3 user guide, "EventBridge event message"
    any of them through SNS     "Type": "Notification"    as inside           SNS developer guide, "message format"
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote_plus

ENVELOPES_MAX: Final = 2  # EventBridge can publish to a topic, and a topic wraps once
TEST_EVENT: Final = "s3:TestEvent"
FIELDS_MAX: Final = 20
FIELD_CHARACTERS_MAX: Final = 40


class Change(StrEnum):
    """What an event claims to have happened."""

    CREATED = "created"
    REMOVED = "removed"


# Event names by the part before the last colon. Others (accesses, tags, ACLs, tiers) change no content and are ignored.
_CHANGES: Final = {
    "ObjectCreated": Change.CREATED,
    "ObjectRestore": Change.CREATED,
    "ObjectRemoved": Change.REMOVED,
    "LifecycleExpiration": Change.REMOVED,
    "Object Created": Change.CREATED,
    "Object Restore Completed": Change.CREATED,
    "Object Deleted": Change.REMOVED,
}


class NotAnEvent(ValueError):
    """A body in none of the shapes. The message names the rule, never the body."""


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One change of one object. Everything but bucket and key may be empty: not every sender gives it."""

    change: Change
    bucket: str
    key: str
    version_id: str = ""
    etag: str = ""
    sequencer: str = ""


def parse(body: str) -> tuple[ObjectEvent, ...]:
    """The changes that a message tells of; none for a test message or events that change no content.

    Raises `NotAnEvent`.
    """
    for _ in range(ENVELOPES_MAX + 1):
        message = _object(body)
        if message.get("Type") != "Notification" or "Message" not in message:
            return _events(message)
        body = _text(message, "Message")
    raise NotAnEvent("too many envelopes")


def fields(body: str) -> list[str]:
    """The names of a message's outermost fields, by which a person may recognize its sender; no value of any."""
    try:
        return [name[:FIELD_CHARACTERS_MAX] for name in sorted(_object(body))[:FIELDS_MAX]]
    except NotAnEvent:
        return []


def _events(message: Mapping[str, Any]) -> tuple[ObjectEvent, ...]:
    if message.get("Event") == TEST_EVENT:
        return ()
    if isinstance(records := message.get("Records"), list):
        return tuple(event for record in records if (event := _from_record(_mapping(record, "record"))) is not None)
    if message.get("source") == "aws.s3" and "detail-type" in message:
        event = _from_bridge(message)
        return () if event is None else (event,)
    raise NotAnEvent("none of the known shapes")


def is_later(one: ObjectEvent, other: ObjectEvent) -> bool:
    """Whether the first of two events of one key came after the second, as far as their sequencers say.

    Sequencers are hexadecimal numbers of varying length; S3 says to pad the shorter one with zeros on its left, and
    that they order the events of one key only. Without two of them the order is unknown, and the answer is False.
    """
    try:
        return int(one.sequencer, 16) > int(other.sequencer, 16)
    except ValueError:
        return False


def latest(events: Iterable[ObjectEvent]) -> dict[tuple[str, str], ObjectEvent]:
    """One event for each (bucket, key): the one with the highest sequencer, else the one that was told last."""
    found: dict[tuple[str, str], ObjectEvent] = {}
    for event in events:
        place = (event.bucket, event.key)
        if place not in found or not is_later(found[place], event):
            found[place] = event
    return found


def _from_record(record: Mapping[str, Any]) -> ObjectEvent | None:
    # AWS writes "ObjectCreated:Put", MinIO "s3:ObjectCreated:Put".
    name = _text(record, "eventName").removeprefix("s3:")
    change = _CHANGES.get(name.partition(":")[0])
    if change is None or name == "ObjectRestore:Post":
        return None
    told = _mapping(record.get("s3"), "s3")
    item = _mapping(told.get("object"), "object")
    try:
        key = unquote_plus(_text(item, "key"), errors="strict")
    except UnicodeDecodeError:
        raise NotAnEvent("the key is not URL-encoded UTF-8") from None
    return _event(change, told, item, key, etag="eTag", version_id="versionId")


def _from_bridge(message: Mapping[str, Any]) -> ObjectEvent | None:
    change = _CHANGES.get(_text(message, "detail-type"))
    if change is None:
        return None
    detail = _mapping(message.get("detail"), "detail")
    item = _mapping(detail.get("object"), "object")
    return _event(change, detail, item, _text(item, "key"), etag="etag", version_id="version-id")


def _event(
    change: Change, told: Mapping[str, Any], item: Mapping[str, Any], key: str, *, etag: str, version_id: str
) -> ObjectEvent:
    bucket = _text(_mapping(told.get("bucket"), "bucket"), "name")
    if not bucket or not key:
        raise NotAnEvent("bucket or key is empty")
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        raise NotAnEvent("the key is not text") from None
    return ObjectEvent(
        change, bucket, key, _optional(item, version_id), _optional(item, etag), _optional(item, "sequencer")
    )


def _object(body: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(body), "message")
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, NotAnEvent) else NotAnEvent("not JSON") from None


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotAnEvent(f"{name} is not an object")
    return value


def _text(within: Mapping[str, Any], name: str) -> str:
    value = within.get(name)
    if not isinstance(value, str):
        raise NotAnEvent(f"{name} is not a string")
    return value


def _optional(within: Mapping[str, Any], name: str) -> str:
    value = within.get(name)
    return value if isinstance(value, str) else ""
