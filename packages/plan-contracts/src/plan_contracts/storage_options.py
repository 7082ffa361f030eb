"""How an object store is reached. Secrets are named, never held."""

from typing import Annotated

from msgspec import Meta

from plan_contracts.base import HandWritten

SecretReference = Annotated[str, Meta(pattern=r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$")]
"""`${NAME}`: the value of an environment variable, looked up where the store is opened and kept nowhere."""


class StorageOptions(HandWritten, frozen=True, kw_only=True):
    """`storage_options`: what the environment does not say about an object store.

    Keys that may hold a secret take the name of an environment variable and no value, so that this document can be
    stored, logged and sent to workers; they look the variable up in their own environment.
    """

    endpoint: str | None = None
    """URL of the service; none takes `AWS_ENDPOINT_URL`, else that of the region."""
    region: str | None = None
    """Region of the bucket; none takes `AWS_REGION` or `AWS_DEFAULT_REGION`."""
    access_key_id: SecretReference | None = None
    """`${NAME}` of the variable that holds it; none takes `AWS_ACCESS_KEY_ID`."""
    secret_access_key: SecretReference | None = None
    """`${NAME}` of the variable that holds it; none takes `AWS_SECRET_ACCESS_KEY`."""
    session_token: SecretReference | None = None
    """`${NAME}` of the variable that holds it; none takes `AWS_SESSION_TOKEN`."""
    skip_signature: bool = False
    """Whether requests bear no signature, as public buckets allow; no key is then looked for."""
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 30.0
    """The longest that one request may take."""
    retries: Annotated[int, Meta(ge=0, le=20)] = 3
    """How often a request is repeated that the service did not answer, or answered with a fault of its own."""
