"""Canonical bytes: one function each for MessagePack, JSON, decoding and the hash of a payload."""

import hashlib
import re
from functools import cache
from typing import TypeVar

import msgspec

from plan_contracts.base import Contract
from plan_contracts.errors import DocumentRefused, NotCanonical

MAX_DOCUMENT_BYTES = 1 << 30
"""Longest document that is decoded."""

T = TypeVar("T", bound=Contract)

_MSGPACK = msgspec.msgpack.Encoder(order="deterministic")
_JSON = msgspec.json.Encoder(order="deterministic")

# A float64 in MessagePack is 0xcb and eight bytes, exponent first: NaN, the infinities and -0.0 are recognised by
# their first bytes. A match may also lie inside a string or an integer, so it only leads to a closer look.
_SUSPICIOUS_FLOAT = re.compile(rb"\xcb(?:[\x7f\xff][\xf0-\xff]|\x80\x00{7})")


def _refuse_or_normalise(value: object, path: str) -> object:
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            message = f"The number at `{path}` is {value}; a document holds finite numbers only"
            raise NotCanonical(message, subject=path)
        return value + 0.0  # turns -0.0 into 0.0, so that equal values have equal bytes
    if isinstance(value, dict):
        items = {str(key): item for key, item in value.items()}
        return {key: _refuse_or_normalise(item, f"{path}.{key}") for key, item in items.items()}
    if isinstance(value, list | tuple):
        return [_refuse_or_normalise(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def encode_msgpack(document: Contract | dict[str, object]) -> bytes:
    """Encode to canonical MessagePack: fields in their declared order, mapping keys sorted, finite floats only.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite.
    """
    encoded = _MSGPACK.encode(document)
    if _SUSPICIOUS_FLOAT.search(encoded) is None:
        return encoded
    builtins: object = msgspec.msgpack.decode(encoded)
    return _MSGPACK.encode(_refuse_or_normalise(builtins, "$"))


def encode_json(document: Contract) -> bytes:
    """Encode to canonical JSON: UTF-8 without white space, fields in their declared order, mapping keys sorted.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite.
    """
    canonical = encode_msgpack(document)
    if _SUSPICIOUS_FLOAT.search(_MSGPACK.encode(document)) is None:
        return _JSON.encode(document)
    builtins: object = msgspec.msgpack.decode(canonical)
    return _JSON.encode(builtins)


def encode_json_pretty(document: Contract) -> bytes:
    """Encode as `encode_json`, indented by two spaces and ended by a line break, for files that people read."""
    return msgspec.json.format(encode_json(document), indent=2) + b"\n"


@cache
def _msgpack_decoder(contract: type[T]) -> msgspec.msgpack.Decoder[T]:
    return msgspec.msgpack.Decoder(contract)


@cache
def _json_decoder(contract: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(contract)


def _check_size(data: bytes, contract: type[Contract]) -> None:
    if len(data) > MAX_DOCUMENT_BYTES:
        message = f"The {contract.__name__} has {len(data)} bytes, more than the {MAX_DOCUMENT_BYTES} that are read"
        raise DocumentRefused(message, subject=contract.__name__)


def _refused(contract: type[Contract], encoding: str, reason: Exception) -> DocumentRefused:
    detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
    return DocumentRefused(f"Not a valid {contract.__name__} in {encoding}: {detail}", subject=contract.__name__)


def decode_msgpack(data: bytes, contract: type[T]) -> T:
    """Decode MessagePack; unknown fields of stored contracts are ignored.

    Raises
    ------
    DocumentRefused
        When the bytes are not MessagePack, break a constraint of the contract, or are too large or too deep.
    """
    _check_size(data, contract)
    try:
        return _msgpack_decoder(contract).decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        raise _refused(contract, "MessagePack", reason) from reason


def decode_json(data: bytes, contract: type[T]) -> T:
    """Decode JSON; unknown fields of stored contracts are ignored.

    Raises
    ------
    DocumentRefused
        When the bytes are not JSON, break a constraint of the contract, or are too large or too deep.
    """
    _check_size(data, contract)
    try:
        return _json_decoder(contract).decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        raise _refused(contract, "JSON", reason) from reason


def payload_hash(data: bytes) -> str:
    """Give the sha256 of the bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
