"""What is known of an object store from plan.toml and the environment; secrets are looked up here and go no further."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from plan_contracts import StorageOptions
from plan_engine.errors import DatasetAccessRefused, DatasetMissing

SCHEME = "s3"
"""The kind of URL that is read."""

DEFAULT_REGION = "us-east-1"
"""Region where none is given; services other than the first mostly ignore it."""


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """How one bucket is reached; its text shows no secret."""

    bucket: str
    endpoint: str | None
    region: str | None
    access_key_id: str | None = field(repr=False)
    secret_access_key: str | None = field(repr=False)
    session_token: str | None = field(repr=False)
    skip_signature: bool
    timeout_seconds: float
    retries: int

    @property
    def plain_http(self) -> bool:
        """Whether the endpoint is reached without encryption, because its URL says so."""
        return (self.endpoint or "").startswith("http://")

    def for_deltalake(self) -> dict[str, str]:
        """Give the settings as deltalake takes them; with secrets, so they go nowhere else."""
        settings = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region or DEFAULT_REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_ALLOW_HTTP": "true" if self.plain_http else None,
            "AWS_SKIP_SIGNATURE": "true" if self.skip_signature else None,
            "timeout": f"{self.timeout_seconds:g}s",
            "max_retries": str(self.retries),
        }
        return {key: value for key, value in settings.items() if value is not None}


def is_url(place: str) -> bool:
    """Say whether a place is a URL and not a path."""
    return "://" in place


def bucket_and_key(name: str, url: str) -> tuple[str, str]:
    """Take a URL apart.

    Raises
    ------
    DatasetMissing
        When it is no URL of a bucket, or holds credentials; they are not shown.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        message = f"The URL of the dataset `{name}` holds credentials"
        mend = "Leave them out, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or `storage_options`."
        raise DatasetMissing(message, subject=name, suggestion=mend)
    if parts.scheme != SCHEME or not parts.netloc:
        message = f"The dataset `{name}` lies at a URL of the kind `{parts.scheme}`, which is not read"
        mend = f"Name a path, or a URL such as `{SCHEME}://bucket/folder/*.parquet`."
        raise DatasetMissing(message, subject=name, suggestion=mend)
    return parts.netloc, url.removeprefix(f"{SCHEME}://{parts.netloc}").lstrip("/")


def storage_settings(
    name: str, bucket: str, options: StorageOptions | None, environment: Mapping[str, str] = os.environ
) -> StorageSettings:
    """Put together how a bucket is reached: what `storage_options` give, else what the environment says.

    Parameters
    ----------
    name
        The dataset.
    bucket
        The bucket.
    options
        What plan.toml says.
    environment
        Variables by name.

    Raises
    ------
    DatasetAccessRefused
        When a variable that `storage_options` name is not set.
    """
    given = options or StorageOptions()

    def secret(reference: str | None, *variables: str) -> str | None:
        if reference is None:
            return _first(environment, *variables)
        value = environment.get(reference[2:-1])
        if value is None:
            message = f"The dataset `{name}` needs the environment variable `{reference[2:-1]}`, which is not set"
            raise DatasetAccessRefused(message, subject=name, suggestion="Set it where the build starts and runs.")
        return value

    return StorageSettings(
        bucket=bucket,
        endpoint=given.endpoint or _first(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        region=given.region or _first(environment, "AWS_REGION", "AWS_DEFAULT_REGION"),
        access_key_id=secret(given.access_key_id, "AWS_ACCESS_KEY_ID"),
        secret_access_key=secret(given.secret_access_key, "AWS_SECRET_ACCESS_KEY"),
        session_token=secret(given.session_token, "AWS_SESSION_TOKEN"),
        skip_signature=given.skip_signature,
        timeout_seconds=given.timeout_seconds,
        retries=given.retries,
    )


def _first(environment: Mapping[str, str], *variables: str) -> str | None:
    return next((value for variable in variables if (value := environment.get(variable))), None)
