"""Says what a file of unknown origin is, and why it is not valid."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

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
from plan_contracts.project_file import PROJECT_FILE_NAME, parse_project_file
from plan_contracts.registry import CONTRACTS, RegisteredContract, registered_contract

LEAST_SIMILARITY = 0.5
"""Share of common field names below which a document is taken for none of the contracts."""

_VERSION = re.compile(r"\d+\.\d+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class _Guess:
    contract: RegisteredContract
    form: DocumentForm
    similarity: float


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
        What was found; nothing is raised for a file that is not valid.

    Raises
    ------
    ContractUnknown
        When there is no contract of the given name.

    Examples
    --------
    >>> found = check_document(b'{"plan_signature": "", "reduced_plan_signature": ""}', "signatures.json")
    >>> found.contract, found.version, found.error
    ('plan_signatures', '1.0', None)
    """
    wanted = registered_contract(contract) if contract is not None else None
    encoding = _encoding(data, file)
    whole = DocumentCheck(file=file, bytes=len(data), encoding=encoding)
    if encoding is DocumentEncoding.TOML:
        return _check_project_file(data, whole)
    if encoding is DocumentEncoding.PARQUET or encoding is None:
        return _refused(whole, "It is neither JSON, MessagePack nor a project file", "Name a file that plan wrote.")
    try:
        fields = _fields(data, encoding)
    except DocumentRefused as error:
        return msgspec.structs.replace(whole, error=error.payload())
    forms = tuple(DocumentForm) if encoding is DocumentEncoding.MSGPACK else (DocumentForm.WHOLE,)
    guess = _guess(fields, wanted or _by_place(file), forms)
    if guess is None:
        kind = fields.get("kind")
        if isinstance(kind, str):
            return msgspec.structs.replace(whole, contract=kind)
        mend = "Say which contract it should be with `--contract`."
        return _refused(whole, "Its fields are those of no contract", mend)
    return _check_fields(data, whole, fields, guess)


def _encoding(data: bytes, file: str) -> DocumentEncoding | None:
    if PurePath(file).suffix == ".toml":
        return DocumentEncoding.TOML
    if data.startswith(_PARQUET_MAGIC):
        return DocumentEncoding.PARQUET
    if data.lstrip(b" \t\r\n")[:1] == b"{":
        return DocumentEncoding.JSON
    first = data[:1]
    return DocumentEncoding.MSGPACK if b"\x80" <= first <= b"\x8f" or first in (b"\xde", b"\xdf") else None


def _fields(data: bytes, encoding: DocumentEncoding) -> dict[str, object]:
    """Give the document's fields by name.

    Raises
    ------
    DocumentRefused
        When the bytes are not a map with texts as keys.
    """
    decode = msgspec.json.decode if encoding is DocumentEncoding.JSON else msgspec.msgpack.decode
    try:
        return cast("dict[str, object]", decode(data, type=dict[str, object]))
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
        raise DocumentRefused(f"Not a document in {encoding.value}: {detail}") from reason


def _guess(
    fields: Mapping[str, object], known: RegisteredContract | None, forms: Sequence[DocumentForm]
) -> _Guess | None:
    """Give the contract and form that fit best; none when nothing is near."""
    event = next(
        (each for each in CONTRACTS if each.name == fields.get("kind") and issubclass(each.type, Envelope)), None
    )
    certain = known or event
    candidates = CONTRACTS if certain is None else (certain,)
    guesses = [_Guess(each, form, _similarity(fields, each.type, form)) for each in candidates for form in forms]
    best = max(guesses, key=lambda guess: guess.similarity)
    return best if certain is not None or best.similarity >= LEAST_SIMILARITY else None


def _by_place(file: str) -> RegisteredContract | None:
    """Give the contract in whose published folder the file lies."""
    parts = PurePath(file).parts
    if len(parts) < 3 or not _VERSION.fullmatch(parts[-2]):
        return None
    return next((contract for contract in CONTRACTS if contract.name == parts[-3]), None)


def _similarity(fields: Mapping[str, object], contract: type[Contract], form: DocumentForm) -> float:
    """Give the common share of the field names, less where a field is missing that must be there."""
    known = {field.encode_name: field.required for field in msgspec.structs.fields(contract)}
    if form is DocumentForm.IDENTITY:
        if not contract.run_specific:
            return 0.0
        known = {name: required for name, required in known.items() if name not in contract.run_specific}
    given = _given(fields, contract)
    missing = sum(required and name not in given for name, required in known.items())
    return (len(given & set(known)) - missing) / max(1, len(given | set(known)))


def _given(fields: Mapping[str, object], contract: type[Contract]) -> set[str]:
    """Give the names of the fields without the tag of an event."""
    return set(fields) - {"kind"} if issubclass(contract, Envelope) else set(fields)


def _check_fields(data: bytes, whole: DocumentCheck, fields: Mapping[str, object], guess: _Guess) -> DocumentCheck:
    contract = guess.contract
    names = {field.encode_name for field in msgspec.structs.fields(contract.type)}
    unknown = sorted(_given(fields, contract.type) - names)
    found = msgspec.structs.replace(
        whole,
        contract=contract.name,
        version=contract.version,
        form=guess.form,
        unknown_fields=tuple(unknown),
    )
    try:
        canonical = _decoded(data, found, contract.type)
        _check_digest(data, found)
    except PlanError as error:
        return msgspec.structs.replace(found, error=error.payload())
    return msgspec.structs.replace(found, canonical=canonical)


def _decoded(data: bytes, found: DocumentCheck, contract: type[Contract]) -> bool:
    """Decode the document and say whether its bytes are canonical."""
    if found.form is DocumentForm.IDENTITY:
        return _decoded_identity(data, found, contract)
    if found.encoding is DocumentEncoding.JSON:
        document = decode_json(data, contract)
        return data in (encode_json(document), encode_json_pretty(document))
    document = decode_msgpack(data, contract)
    if isinstance(document, EventRow) and payload_hash(document.event_payload_msgpack) != document.event_payload_hash:
        raise DocumentRefused("The hash of the event is not that of its payload", subject="event_payload_hash")
    return encode_msgpack(document) == data


def _decoded_identity(data: bytes, found: DocumentCheck, contract: type[Contract]) -> bool:
    decode = msgspec.json.decode if found.encoding is DocumentEncoding.JSON else msgspec.msgpack.decode
    try:
        decode(data, type=identity_type(contract))
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        message = f"Not a valid identity form of {contract.__name__}: {reason}"
        raise DocumentRefused(message, subject=contract.__name__) from reason
    return found.encoding is DocumentEncoding.MSGPACK and encode_msgpack(msgspec.msgpack.decode(data)) == data


def _check_digest(data: bytes, found: DocumentCheck) -> None:
    """Compare a file that is named by a digest with it."""
    digest = PurePath(found.file).stem.rpartition("-")[2]
    if _DIGEST.fullmatch(digest) and payload_hash(data) != digest:
        message = "Its bytes are not those that its name is the digest of"
        raise DocumentRefused(message, subject=found.contract, suggestion="Fetch it again; it has changed.")


def _check_project_file(data: bytes, whole: DocumentCheck) -> DocumentCheck:
    contract = registered_contract("project_file")
    found = msgspec.structs.replace(whole, contract=contract.name, version=contract.version)
    try:
        parse_project_file(data.decode(), PROJECT_FILE_NAME if whole.file == "" else whole.file)
    except UnicodeDecodeError as reason:
        return _refused(found, f"It is not UTF-8 text: byte {reason.start} cannot be decoded", "Save it as UTF-8.")
    except PlanErrors as errors:
        return msgspec.structs.replace(found, error=errors.errors[0].payload())
    except PlanError as error:
        return msgspec.structs.replace(found, error=error.payload())
    return found


def _refused(found: DocumentCheck, message: str, mend: str) -> DocumentCheck:
    error = DocumentRefused(message, subject=found.contract, suggestion=mend)
    return msgspec.structs.replace(found, error=error.payload())
