"""HOST, trusted: an SQS queue as a watcher uses it: few calls, bounded in time, errors in our words."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from ingest import __version__
from ingest.errors import ConfigurationError
from ingest.store.s3_client import ATTEMPTS_MAX, CONNECT_SECONDS, DEFAULT_REGION, READ_SECONDS, error_code
from ingest.watch.feed import FeedError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_MAX: Final = 10  # of one receive, delete or change of visibility, by SQS's rules
_REGION = re.compile(r"(?:^|\.)sqs[.-]([a-z0-9-]+)\.|^([a-z0-9-]+)\.queue\.")
_HINTS = {
    "AWS.SimpleQueueService.NonExistentQueue": "create the queue, or correct its URL",
    "QueueDoesNotExist": "create the queue, or correct its URL",
    "AccessDenied": "it takes sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes",
    "ExpiredToken": "log in again: the session's credentials have expired",
    "InvalidClientTokenId": "the queue's service does not know this access key; check the credentials",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One received message. `received` counts how often it was handed out, this time included."""

    message_id: str
    receipt: str
    body: str
    received: int


class Queue:
    """One queue. Credentials come from boto3's own chain; the endpoint and the region follow from the queue's URL.

    Raises `ConfigurationError` for an address that is no queue's. Safe to share between threads.
    """

    def __init__(self, url: str, region: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc or len(parts.path) < 2:
            hint = "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, without credentials"
            raise ConfigurationError("--queue is not the URL of a queue", hint=hint)
        self.url = url
        named = _REGION.search(parts.netloc)
        region = region or (named and (named[1] or named[2])) or None
        session = boto3.session.Session(region_name=region)

        def connect(attempts_max: int) -> "SQSClient":
            return session.client(
                "sqs",
                region_name=session.region_name or DEFAULT_REGION,
                endpoint_url=f"{parts.scheme}://{parts.netloc}",
                config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,  # well beyond our polls
                    retries={"mode": "standard", "total_max_attempts": attempts_max},
                    user_agent_extra=f"gloveport/{__version__}",
                ),
            )

        self._client = connect(ATTEMPTS_MAX)
        # Whoever receives does so again anyway, and whoever stops must not be held up by a queue that is away.
        self._impatient = connect(1)

    def tries_before_dead_letters(self) -> int | None:
        """How often the queue hands a message out before it moves it to its dead-letter queue; None without one."""
        with _translated(self.url):
            answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["RedrivePolicy"])
        policy = answer.get("Attributes", {}).get("RedrivePolicy")
        if not policy:
            return None
        try:
            return int(json.loads(policy)["maxReceiveCount"])
        except (ValueError, KeyError, TypeError):
            raise FeedError(f"{self.url}: its redrive policy is not readable") from None

    def receive(self, wait_seconds: int, visibility_seconds: int) -> list[Message]:
        """Up to ten messages, invisible to others for `visibility_seconds`; none after `wait_seconds` without any."""
        with _translated(self.url):
            answer = self._impatient.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=BATCH_MAX,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=visibility_seconds,
                # The older name of this parameter, which every compatible knows.
                AttributeNames=["ApproximateReceiveCount"],
            )
        return [
            Message(
                message_id=item.get("MessageId", ""),
                receipt=item["ReceiptHandle"],
                body=item.get("Body", ""),
                received=int(item.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
            )
            for item in answer.get("Messages", [])
        ]

    def show_in(self, receipts: Sequence[str], seconds: int, *, try_once: bool = False) -> None:
        """Let received messages be handed out again after so many seconds from now."""
        client = self._impatient if try_once else self._client
        for batch in _batches(receipts):
            entries = [{"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": seconds} for n, receipt in batch]
            with _translated(self.url):
                client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]

    def delete(self, receipts: Sequence[str]) -> None:
        """Take received messages off the queue. One that cannot be taken off comes again, which costs a look."""
        for batch in _batches(receipts):
            entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in batch]
            with _translated(self.url):
                self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()
        self._impatient.close()


def _batches(receipts: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    numbered = list(enumerate(receipts))
    for start in range(0, len(numbered), BATCH_MAX):
        yield numbered[start : start + BATCH_MAX]


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except aws.ClientError as error:
        code = error_code(error)
        detail = f"{url}: {code} {error.response.get('Error', {}).get('Message', '')}".rstrip()
        raise FeedError(detail, hint=_HINTS.get(code, "")) from error
    except (aws.BotoCoreError, ValueError) as error:
        raise FeedError(f"{url}: {error}", hint="check the URL, the network and the credentials") from error
