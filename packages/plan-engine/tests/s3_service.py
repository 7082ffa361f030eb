"""An S3 service for tests: a `moto` server process on the loopback interface."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

from obstore import put
from obstore.store import S3Store

BUCKET = "lake"
READY_SECONDS = 60.0


@contextmanager
def s3_service(*, trusting: bool = True) -> Generator[str]:
    """Give the endpoint of a service with an empty bucket; one that does not trust refuses every key it is shown."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    endpoint = f"http://127.0.0.1:{port}"
    environment = dict(os.environ) if trusting else {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "2"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(endpoint, server)
            _ask("PUT", f"{endpoint}/{BUCKET}", {})
            yield endpoint
        finally:
            server.kill()


def _wait(endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(endpoint, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.1)


@contextmanager
def falling_silent(endpoint: str) -> Generator[str]:
    """Give the endpoint of a service that lists and describes what another one holds, and never sends an object."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taking = Thread(target=_take_calls, args=(listening, endpoint))
        taking.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)  # wakes the one who waits for a call
        taking.join()


def _take_calls(listening: socket.socket, endpoint: str) -> None:
    with ExitStack() as lines, suppress(OSError):  # ends when the test closes what it listens on
        while True:
            caller = lines.enter_context(listening.accept()[0])
            with suppress(OSError):  # callers hang up
                _answer(caller, endpoint)


def _answer(caller: socket.socket, endpoint: str) -> None:
    """Answer one request from the other service and hang up; or give it no answer, and keep the line."""
    head = caller.recv(65536).decode("latin-1")  # callers send what they ask in one piece
    if head.startswith("GET ") and "list-type" not in head.split("\r\n", 1)[0]:
        return
    host, port = endpoint.removeprefix("http://").split(":")
    with caller, socket.create_connection((host, int(port))) as service:
        service.sendall(head.replace("\r\n", "\r\nConnection: close\r\n", 1).encode("latin-1"))
        while answer := service.recv(65536):
            caller.sendall(answer)


def upload(endpoint: str, folder: Path, prefix: str, *, public: bool = False) -> None:
    """Put every file of a folder into the bucket; public ones are given to those who bear no key."""
    store = S3Store(
        BUCKET,
        endpoint=endpoint,
        access_key_id="test",
        secret_access_key="test",
        region="us-east-1",
        client_options={"allow_http": True, "default_headers": {"x-amz-acl": "public-read"} if public else {}},
    )
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(store, f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def _ask(method: str, url: str, headers: dict[str, str]) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=READY_SECONDS):
        pass
