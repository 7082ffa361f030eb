"""What a file of unknown origin is: which contract, in which encoding and form, and why it is not valid."""

from enum import StrEnum

from plan_contracts.base import Contract
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.scalars import ByteCount, Count, Version


class DocumentEncoding(StrEnum):
    """How a document is written."""

    JSON = "json"
    MSGPACK = "msgpack"
    TOML = "toml"
    PARQUET = "parquet"


class DocumentForm(StrEnum):
    """Which form of a contract a file holds."""

    WHOLE = "whole"
    IDENTITY = "identity"
    SCHEMA = "schema"


class DocumentCheck(Contract, frozen=True, kw_only=True):
    """What one file is, and whether it is valid."""

    file: str
    """The file, as it was given."""
    bytes: ByteCount
    """Its size."""
    encoding: DocumentEncoding | None = None
    """How it is written; none when that cannot be told."""
    contract: str | None = None
    """The contract whose document it is, or the kind of an event that this version does not know."""
    version: Version | None = None
    """Version of the contract that it was held against; none for an event of an unknown kind."""
    form: DocumentForm = DocumentForm.WHOLE
    """`identity` without run-specific fields, as artifacts are stored; `schema` for the JSON Schema itself."""
    documents: Count = 1
    """Documents in it: the rows of an event segment, else 1."""
    unknown_fields: tuple[str, ...] = ()
    """Fields at the top that the contract does not know, as a newer minor version may have, sorted."""
    canonical: bool = False
    """Whether the bytes are exactly those that the document is written as."""
    errors: tuple[ErrorPayload, ...] = ()
    """Why it is not valid; empty when it is."""


class DocumentReport(Contract, frozen=True, kw_only=True):
    """What several files are."""

    checks: tuple[DocumentCheck, ...]
    """One per file, in the order in which they were given."""
