"""DataFusion's own client of a bucket, within the limits that a dataset sets."""

# DataFusion's own stores bear no types.
# pyright: reportUnknownVariableType=false

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from datafusion import SessionContext
from datafusion.object_store import AmazonS3

from plan_engine.storage_settings import DEFAULT_REGION, SCHEME, StorageSettings

CONNECT_SECONDS = 5.0
"""The longest that a client waits for a connection."""

_ENVIRONMENT = Lock()


def attach_bucket(context: SessionContext, settings: StorageSettings) -> None:
    """Let a session read from a bucket.

    The client repeats a request ten times within three minutes, whatever `retries` says: nobody can tell it otherwise.

    Parameters
    ----------
    context
        The session.
    settings
        How the bucket is reached.
    """
    context.register_object_store(f"{SCHEME}://", _client(settings), host=settings.bucket)


@lru_cache(maxsize=64)
def _client(settings: StorageSettings) -> object:
    """Give the client; one for each settings and process, since the environment is touched to make it."""
    limit = settings.timeout_seconds
    only_there = {"AWS_TIMEOUT": _duration(limit), "AWS_CONNECT_TIMEOUT": _duration(min(limit, CONNECT_SECONDS))}
    if settings.skip_signature:
        only_there["AWS_SKIP_SIGNATURE"] = "true"
    with _environment(only_there):
        return AmazonS3(
            bucket_name=settings.bucket,
            region=settings.region or DEFAULT_REGION,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
            session_token=settings.session_token,
            endpoint=settings.endpoint,
            allow_http=settings.plain_http,
        )


@contextmanager
def _environment(values: Mapping[str, str]) -> Generator[None]:
    """Set variables while a client is made: it takes some of its settings from nowhere else, and then alone."""
    with _ENVIRONMENT:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
