"""TEST: an HTTP proxy in front of the S3 server that breaks answers off, stalls, refuses, or drops request headers."""

import http.client
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server", "expect"}


@dataclass(frozen=True, slots=True)
class BreakOff:
    """Announces the whole body, sends only the first `after_bytes`, then closes the connection."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Sends the first `after_bytes` of the body, then nothing, and keeps the connection open."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers with an error of S3's in place of what the server would say."""

    status: int
    code: str


Fault = BreakOff | Stall | Refuse


class FaultProxy:
    """Give `faults` and the method they concern; each matching request uses up one. `requests` is what was asked."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.faults: deque[Fault] = deque()
        self.method = "GET"
        self.dropped_headers: set[str] = set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.released = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def headers_sent(self, method: str, name: str) -> list[str]:
        """The values of one header over all requests of a method that had it."""
        return [headers[name] for verb, _, headers in self.requests if verb == method and name in headers]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size: ClassVar[int] = 64  # type: ignore[misc]

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle of an answer is what half of the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        proxy = self.server.proxy
        headers = {name.lower(): value for name, value in self.headers.items()}
        proxy.requests.append((self.command, self.path, headers))
        content = self.rfile.read(int(headers.get("content-length", 0)))
        fault = proxy.faults.popleft() if proxy.faults and self.command == proxy.method else None
        if isinstance(fault, Refuse):
            self._refuse(fault)
            return
        status, answer_headers, body = self._ask_upstream(headers, content)
        self.send_response(status)
        for name, value in answer_headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        length = len(body)
        if self.command == "HEAD":
            length = int({n.lower(): v for n, v in answer_headers}.get("content-length", 0))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self._send_body(body, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the base class looks for these

    def _ask_upstream(self, headers: dict[str, str], content: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        proxy = self.server.proxy
        kept = {n: v for n, v in headers.items() if n not in proxy.dropped_headers and n not in _HOP_BY_HOP}
        upstream = http.client.HTTPConnection(proxy.upstream)
        try:
            upstream.request(self.command, self.path, content, kept)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _send_body(self, body: bytes, fault: Fault | None) -> None:
        if fault is None:
            self.wfile.write(body)
            return
        assert isinstance(fault, BreakOff | Stall)
        self.wfile.write(body[: fault.after_bytes])
        self.wfile.flush()
        self.close_connection = True
        if isinstance(fault, Stall):
            self.server.proxy.released.wait()

    def _refuse(self, fault: Refuse) -> None:
        body = f"<Error><Code>{fault.code}</Code><Message>as the test asked</Message></Error>".encode()
        self.send_response(fault.status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""
