"""Says what a file of unknown origin is, and why it is not valid."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import msgspec

from plan_contracts.base import Contract
from plan_contracts.codec import (
    decode_json,
    decode_msgpack,
    encode_json,
    encode_json_pretty,
    encode_msgpack,
    payload_hash,
)
from plan_contracts.documents import DocumentCheck, DocumentEncoding, DocumentForm
from plan_contracts.errors import DocumentRefused, PlanError, PlanErrors
from plan_contracts.events import Envelope, EventRow
from plan_contracts.identity_types import identity_type
from plan_contracts.project_file import parse_project_file
from plan_contracts.registry import CONTRACTS, RegisteredContract, registered_contract

LEAST_SIMILARITY = 0.5
"""Share of common field names below which a document is taken for none of the contracts."""

_VERSION = re.compile(r"\d+\.\d+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCHEMA_ID = re.compile(r"urn:plan:contracts:(?P<name>[a-z0-9_]+):(?P<version>\d+\.\d+)")
_PARQUET_MAGIC = b"PAR1"
_DIGEST_BYTES = 32

_Fields = Mapping[str, msgspec.Raw]


@dataclass(frozen=True)
class _Reading:
    """A document, taken for one form of one contract."""

    check: DocumentCheck
    similarity: float

    @property
    def merit(self) -> tuple[bool, bool, float]:
        """Order of readings: what is valid and canonical first, then what fits by its fields."""
        return (not self.check.errors, self.check.canonical, self.similarity)


def check_document(data: bytes, file: str, contract: str | None = None) -> DocumentCheck:
    """Say what a file is, and whether it is valid.

    Parameters
    ----------
    data
        Its bytes.
    file
        Its path, which may help: `plan.toml`, a folder of published contracts, or an artifact named by its id.
    contract
        Name of the contract to hold it against; found by its fields when omitted. An event is known by its `kind`.

    Returns
    -------
    DocumentCheck
        What was found; nothing is raised for a file that is not valid. Parquet is recognised and not read.

    Raises
    ------
    ContractUnknown
        When there is no contract of the given name.

    Examples
    --------
    >>> found = check_document(b'{"plan_signature": "", "reduced_plan_signature": ""}', "signatures.json")
    >>> found.contract, found.version, found.errors
    ('plan_signatures', '1.0', ())
    """
    wanted = registered_contract(contract) if contract is not None else None
    if _has_digest_in_front(data):
        inner = check_document(data[_DIGEST_BYTES:], "", contract)  # the name is a key, and no digest of the bytes
        return msgspec.structs.replace(inner, file=file, bytes=len(data))
    encoding = _encoding(data, file)
    found = DocumentCheck(file=file, bytes=len(data), encoding=encoding)
    if encoding is DocumentEncoding.TOML:
        return _check_project_file(data, found)
    if encoding is None or encoding is DocumentEncoding.PARQUET:
        return _refused(found, "It is neither JSON, MessagePack nor a project file", "Name a file that plan wrote.")
    try:
        fields = _fields(data, encoding)
    except DocumentRefused as error:
        return msgspec.structs.replace(found, errors=(error.payload(),))
    schema = _schema(fields, found)
    if schema is not None:
        return schema
    known = wanted or _by_place(file) or _event(_kind(fields, encoding))
    readings = [_reading(data, fields, found, each, form) for each, form in _candidates(fields, encoding, known)]
    if readings:
        return max(readings, key=lambda reading: reading.merit).check
    kind = _kind(fields, encoding)
    if kind is not None:
        return msgspec.structs.replace(found, contract=kind)
    return _refused(found, "Its fields are those of no contract", "Say which contract it should be with `--contract`.")


def _has_digest_in_front(data: bytes) -> bool:
    """Say whether a document stands behind its own sha256, as in the cache of compiled projects."""
    return hashlib.sha256(memoryview(data)[_DIGEST_BYTES:]).digest() == data[:_DIGEST_BYTES]


def _encoding(data: bytes, file: str) -> DocumentEncoding | None:
    if PurePath(file).suffix == ".toml":
        return DocumentEncoding.TOML
    if data.startswith(_PARQUET_MAGIC):
        return DocumentEncoding.PARQUET
    if data.lstrip(b" \t\r\n")[:1] == b"{":
        return DocumentEncoding.JSON
    first = data[:1]
    return DocumentEncoding.MSGPACK if b"\x80" <= first <= b"\x8f" or first in (b"\xde", b"\xdf") else None


def _fields(data: bytes, encoding: DocumentEncoding) -> dict[str, msgspec.Raw]:
    """Give the document's fields by name, their values as they stand there.

    Raises
    ------
    DocumentRefused
        When the bytes are not a map with texts as keys.
    """
    decode = msgspec.json.decode if encoding is DocumentEncoding.JSON else msgspec.msgpack.decode
    try:
        return decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
        raise DocumentRefused(f"Not a document in {encoding.value}: {detail}") from reason


def _text(value: msgspec.Raw | None, encoding: DocumentEncoding) -> str | None:
    if value is None:
        return None
    decode = msgspec.json.decode if encoding is DocumentEncoding.JSON else msgspec.msgpack.decode
    try:
        return decode(value, type=str)
    except (msgspec.DecodeError, ValueError):
        return None


def _kind(fields: _Fields, encoding: DocumentEncoding) -> str | None:
    return _text(fields.get("kind"), encoding)


def _event(kind: str | None) -> RegisteredContract | None:
    return next((each for each in CONTRACTS if each.name == kind and issubclass(each.type, Envelope)), None)


def _by_place(file: str) -> RegisteredContract | None:
    """Give the contract in whose published folder the file lies; an error beside a refused document is an error."""
    parts = PurePath(file).parts
    if len(parts) < 3 or not _VERSION.fullmatch(parts[-2]):
        return None
    name = "error_payload" if file.endswith(".error.json") else parts[-3]
    return next((contract for contract in CONTRACTS if contract.name == name), None)


def _schema(fields: _Fields, found: DocumentCheck) -> DocumentCheck | None:
    """Give the check of a published JSON Schema; none where the document is none."""
    identity = _text(fields.get("$id"), DocumentEncoding.JSON) if found.encoding is DocumentEncoding.JSON else None
    named = _SCHEMA_ID.fullmatch(identity or "")
    if named is None:
        return None
    return msgspec.structs.replace(
        found, contract=named["name"], version=named["version"], form=DocumentForm.SCHEMA, canonical=True
    )


def _candidates(
    fields: _Fields, encoding: DocumentEncoding, known: RegisteredContract | None
) -> Iterator[tuple[RegisteredContract, DocumentForm]]:
    """Give the contracts, and the forms of them, that the document may be."""
    for contract in CONTRACTS if known is None else (known,):
        if known is None and issubclass(contract.type, Envelope):
            continue  # an event has its kind
        stored_whole = encoding is DocumentEncoding.JSON or issubclass(contract.type, Envelope | EventRow)
        for form in (DocumentForm.WHOLE,) if stored_whole else (DocumentForm.WHOLE, DocumentForm.IDENTITY):
            if known is not None or _similarity(fields, _form_of(contract.type, form)) >= LEAST_SIMILARITY:
                yield contract, form


def _form_of(contract: type[Contract], form: DocumentForm) -> type[Contract]:
    return identity_type(contract) if form is DocumentForm.IDENTITY else contract


def _similarity(fields: _Fields, contract: type[Contract]) -> float:
    """Give the common share of the field names, less where a field is missing that must be there."""
    known = {field.encode_name: field.required for field in msgspec.structs.fields(contract)}
    given = _given(fields, contract)
    missing = sum(required and name not in given for name, required in known.items())
    return (len(given & set(known)) - missing) / max(1, len(given | set(known)))


def _given(fields: _Fields, contract: type[Contract]) -> set[str]:
    """Give the names of the fields without the tag of an event."""
    return set(fields) - {"kind"} if issubclass(contract, Envelope) else set(fields)


def _reading(
    data: bytes, fields: _Fields, found: DocumentCheck, contract: RegisteredContract, form: DocumentForm
) -> _Reading:
    names = {field.encode_name for field in msgspec.structs.fields(contract.type)}
    taken = msgspec.structs.replace(
        found,
        contract=contract.name,
        version=contract.version,
        form=form,
        unknown_fields=tuple(sorted(_given(fields, contract.type) - names)),
    )
    of_form = _form_of(contract.type, form)
    try:
        canonical = _decoded(data, taken, of_form)
        _check_digest(data, taken)
        taken = msgspec.structs.replace(taken, canonical=canonical)
    except PlanError as error:
        taken = msgspec.structs.replace(taken, errors=(error.payload(),))
    return _Reading(check=taken, similarity=_similarity(fields, of_form))


def _decoded(data: bytes, taken: DocumentCheck, contract: type[Contract]) -> bool:
    """Decode the document and say whether its bytes are canonical."""
    if taken.encoding is DocumentEncoding.JSON:
        document = decode_json(data, contract)
        return data in (encode_json(document), encode_json_pretty(document))
    document = decode_msgpack(data, contract)
    if isinstance(document, EventRow) and payload_hash(document.event_payload_msgpack) != document.event_payload_hash:
        raise DocumentRefused("The hash of the event is not that of its payload", subject="event_row")
    return encode_msgpack(document) == data


def _check_digest(data: bytes, taken: DocumentCheck) -> None:
    """Compare a file that is named by a digest with it."""
    digest = PurePath(taken.file).stem.rpartition("-")[2]
    if _DIGEST.fullmatch(digest) and payload_hash(data) != digest:
        message = "Its bytes are not those that its name is the digest of"
        raise DocumentRefused(message, subject=taken.contract, suggestion="Fetch it again; it has changed.")


def _check_project_file(data: bytes, found: DocumentCheck) -> DocumentCheck:
    contract = registered_contract("project_file")
    taken = msgspec.structs.replace(found, contract=contract.name, version=contract.version)
    try:
        parse_project_file(data.decode(), found.file)
    except UnicodeDecodeError as reason:
        return _refused(taken, f"It is not UTF-8 text: byte {reason.start} cannot be decoded", "Save it as UTF-8.")
    except PlanErrors as several:
        return msgspec.structs.replace(taken, errors=tuple(error.payload() for error in several.errors))
    except PlanError as error:
        return msgspec.structs.replace(taken, errors=(error.payload(),))
    return taken


def _refused(found: DocumentCheck, message: str, mend: str) -> DocumentCheck:
    error = DocumentRefused(message, subject=found.contract, suggestion=mend)
    return msgspec.structs.replace(found, errors=(error.payload(),))
