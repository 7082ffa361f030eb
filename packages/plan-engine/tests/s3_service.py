"""An S3 service for tests: a `moto` server process on the loopback interface."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

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
            request = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")
            with urllib.request.urlopen(request, timeout=READY_SECONDS):
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


def upload(endpoint: str, folder: Path, prefix: str) -> None:
    """Put every file of a folder into the bucket."""
    store = S3Store(
        BUCKET,
        endpoint=endpoint,
        access_key_id="test",
        secret_access_key="test",
        region="us-east-1",
        client_options={"allow_http": True},
    )
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(store, f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
