"""TEST: a real S3 and SQS protocol server; serves until its standard input closes. Prints its port.

Unlike that of the store conformance suite it answers several requests at once: a long poll must not hold up others.
"""

import logging
import sys
import time
from typing import Any
from weakref import WeakKeyDictionary

from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue

COUNTED_SECONDS = 0.5
MANY = 200  # messages; fewer are counted each time


def count_now_and_then(name: str) -> None:
    """Keep a queue's count for half a second while it is long.

    moto counts the whole queue three times for each message that it takes or gives, so that a storm of two thousand
    objects costs it the square of their number: half an hour instead of minutes.
    """
    count = getattr(Queue, name).fget
    kept: WeakKeyDictionary[Any, tuple[float, int]] = WeakKeyDictionary()

    def counted(queue: Any) -> int:
        until, number = kept.get(queue, (0.0, 0))
        if number < MANY or time.monotonic() >= until:
            number = int(count(queue))
            kept[queue] = time.monotonic() + COUNTED_SECONDS, number
        return number

    setattr(Queue, name, property(counted))


if __name__ == "__main__":
    logging.disable(logging.INFO)
    for suffix in ("", "_delayed", "_not_visible"):
        count_now_and_then(f"approximate_number_of_messages{suffix}")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
