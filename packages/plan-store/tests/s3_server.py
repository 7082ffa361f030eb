"""A real S3-compatible server on loopback, and a gate before it that can fail and vanish."""

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BUCKET = "plan-bucket"
KEY_ID, SECRET = "planted-key-id", "planted-secret-key"


@contextlib.contextmanager
def s3_server() -> Generator[int]:
    """Run the server in a process of its own, with an empty bucket; give its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, str(Path(__file__).with_name("s3_process.py")), str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    if request(port, "PUT", f"/{BUCKET}") == 200:
                        break
                time.sleep(0.1)
            yield port
        finally:
            process.kill()


def request(port: int, method: str, path: str) -> int:
    """Send a request without a body; give the status of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body=b"")
        return connection.getresponse().status
    finally:
        connection.close()


@contextlib.contextmanager
def credentials(port: int) -> Generator[None]:
    """Set the variables by which a store finds the server, as a user does."""
    values = {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.setenv(name, value)
        yield


@dataclass
class Gate:
    """Passes requests on to a server, except those that are to fail."""

    port: int
    server: int
    fail_every: int = 0
    """Every such request is answered with an error, half of them after the server has done what was asked."""
    away: bool = False
    """Whether nobody answers."""
    passed: int = 0
    failed: int = 0
    count: Iterator[int] = field(default_factory=lambda: iter(range(1, 1 << 40)))


@contextlib.contextmanager
def gate(server: int) -> Generator[Gate]:
    """Open a gate before a server."""
    state = Gate(port=0, server=server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            number = next(state.count)
            if state.away:
                state.failed += 1
                self.close_connection = True
                return
            fails = state.fail_every and number % state.fail_every == 0
            if fails and number % (2 * state.fail_every) == 0:
                self._answer(503, [], b"slow down")
                return
            connection = http.client.HTTPConnection("127.0.0.1", state.server, timeout=60)
            connection.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
            response = connection.getresponse()
            data, headers = response.read(), response.getheaders()
            connection.close()
            if fails:
                self._answer(500, [], b"the answer is lost")
                return
            state.passed += 1
            self._answer(response.status, headers, data)

        def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
            if status in (500, 503) and not headers:
                state.failed += 1
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = {name.lower(): value for name, value in headers}.get("content-length", str(len(data)))
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server_socket:
        state.port = server_socket.server_address[1]
        thread = threading.Thread(target=server_socket.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server_socket.shutdown()
            thread.join()
