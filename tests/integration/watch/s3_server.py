"""TEST: a real S3 and SQS protocol server; serves until its standard input closes. Prints its port.

Unlike that of the store conformance suite it answers several requests at once: a long poll must not hold up others.
"""

import logging
import sys

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    logging.disable(logging.INFO)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
