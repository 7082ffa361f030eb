"""A relay before an HTTP service that is away for a while, again and again, each time in another way."""

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Outage(Enum):
    """What a client sees of a service that is away."""

    REFUSES = "the connection is reset before anything is asked"
    HANGS_UP = "the connection ends in the middle of the answer, or before it, when the service has done what was asked"
    UNAVAILABLE = "it answers 503"
    SILENT = "it takes the request, and hangs up at the end of the outage"


@dataclass
class Relay:
    """Passes requests on to a service, but for the time of its outages.

    An outage begins with the request after so many that were answered since the last one.
    """

    service: int
    """Port of the service."""
    port: int = 0
    outages: list[Outage] = field(default_factory=list[Outage])
    """Those to come."""
    after_requests: int = 0
    """Requests that are answered before each."""
    about: str = ""
    """Part of the paths of the requests that count and that an outage meets; the others are always passed on."""
    seconds: float = 2.0
    """How long each lasts."""
    most_requests: int | None = None
    """Requests after which each is over before that; none for any number."""
    passed: int = 0
    failed: dict[Outage, int] = field(default_factory=dict[Outage, int])
    """Requests that met each."""
    _since: int = 0
    _now: Outage | None = None
    _until: float = 0.0
    _met: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def present(self, path: str) -> Outage | None:
        """Give the outage that a request for a path meets which comes now."""
        if self.about not in path:
            return None
        with self._lock:
            if self._now is not None and (time.monotonic() > self._until or self._met == self.most_requests):
                self._now, self._since = None, 0
            if self._now is None and self.outages and self._since >= self.after_requests:
                self._now, self._until, self._met = self.outages.pop(0), time.monotonic() + self.seconds, 0
            if self._now is None:
                self._since += 1
                self.passed += 1
            else:
                self._met += 1
                self.failed[self._now] = self.failed.get(self._now, 0) + 1
            return self._now


@contextlib.contextmanager
def failing_relay(service: int) -> Generator[Relay]:
    """Open a relay before a service on this machine."""
    relay = Relay(service=service)
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            outage = relay.present(self.path)
            if outage is Outage.REFUSES:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            if outage is Outage.SILENT:
                over.wait(relay.seconds)
                self.close_connection = True
                return
            if outage is Outage.UNAVAILABLE:
                self._answer(503, {}, b"slow down", 9)
                return
            connection = http.client.HTTPConnection("127.0.0.1", relay.service, timeout=60)
            connection.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
            response = connection.getresponse()
            data, headers = response.read(), dict(response.getheaders())
            connection.close()
            length = int(headers["Content-Length"]) if self.command == "HEAD" and "Content-Length" in headers else None
            if outage is Outage.HANGS_UP:
                self.close_connection = True
                if data:
                    self._answer(response.status, headers, data[: len(data) // 2], len(data))
                return
            self._answer(response.status, headers, data, len(data) if length is None else length)

        def _answer(self, status: int, headers: dict[str, str], data: bytes, length: int) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # clients hang up as well
                super().handle()

    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        relay.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            over.set()
            server.shutdown()
            thread.join()
