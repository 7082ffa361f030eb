"""Canonical bytes: one function each for MessagePack, JSON, decoding and the hash of a payload."""

import hashlib
import math
import re
import threading
from functools import cache
from typing import TypeVar, cast

import msgspec

from plan_contracts.base import Contract
from plan_contracts.canonical_rules import has_plain_floats, is_canonical
from plan_contracts.errors import DocumentRefused, NotCanonical
from plan_contracts.name_rules import refuse_other_names
from plan_contracts.scalars import NAME_PATTERN

MAX_DOCUMENT_BYTES = 1 << 28
"""Longest document that is decoded: 256 MiB, where the schedule of a million tasks has 160 MB.

A hostile document takes at most 64 times its size in memory, so that this bounds what decoding allocates.
"""

T = TypeVar("T", bound=Contract)

_NAME_RULE = f"matching regex {NAME_PATTERN!r}"

_encode_plainly = msgspec.msgpack.Encoder().encode
_PLAIN_JSON = msgspec.json.Encoder()
_MSGPACK = msgspec.msgpack.Encoder(order="deterministic")
_JSON = msgspec.json.Encoder(order="deterministic")

# A float64 in MessagePack is 0xcb and eight bytes, exponent first: NaN, the infinities and -0.0 are recognised by
# their first bytes. A match may also lie inside a string or an integer, so it only leads to a closer look.
_SUSPICIOUS_FLOAT = re.compile(rb"\xcb(?:[\x7f\xff][\xf0-\xff]|\x80\x00{7})")


def _refuse_or_normalise(value: object, path: str) -> object:
    """Give the value with 0.0 for -0.0, so that equal values have equal bytes; contracts stay contracts."""
    if isinstance(value, float):
        if not math.isfinite(value):
            message = f"The number at `{path}` is {value}; a document holds finite numbers only"
            raise NotCanonical(message, subject=path)
        return value + 0.0
    if isinstance(value, Contract):
        return canonical_form(value)
    if isinstance(value, dict):
        items = {str(key): item for key, item in cast("dict[object, object]", value).items()}
        return {key: _refuse_or_normalise(item, f"{path}.{key}") for key, item in items.items()}
    if isinstance(value, list | tuple):
        members = cast("list[object]", value)
        return [_refuse_or_normalise(item, f"{path}[{index}]") for index, item in enumerate(members)]
    return value


def canonical_form(document: T) -> T:
    """Give the equal document whose floats have the one form that its bytes have: no int among them, no -0.0.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite.
    DocumentRefused
        When a document with such numbers is not valid.
    """
    if has_plain_floats(document):
        return document
    builtins = _refuse_or_normalise(msgspec.msgpack.decode(_MSGPACK.encode(document)), "$")
    return decode_msgpack(_MSGPACK.encode(builtins), type(document))  # decoding makes floats of whole numbers


def _too_long(document: Contract) -> NotCanonical:
    kind = type(document).__name__
    return NotCanonical(f"The {kind} holds a whole number beyond 64 bits", subject=kind)


def encode_msgpack(document: Contract | dict[str, object]) -> bytes:
    """Encode to canonical MessagePack: fields in their declared order, mapping keys sorted, finite floats only.

    Parameters
    ----------
    document
        A contract, or a mapping of plain values and contracts, whose keys are sorted.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite, or an integer has more than 64 bits.
    DocumentRefused
        When a document that holds whole numbers or -0.0 in place of floats is not valid.
    """
    if isinstance(document, dict):
        return encode_map(document)
    try:
        if is_canonical(document):
            return _encode_plainly(document)
        return _MSGPACK.encode(canonical_form(document))
    except OverflowError as reason:
        raise _too_long(document) from reason


def encode_map(values: dict[str, object], *, ordered: bool = False) -> bytes:
    """Encode a mapping of plain values and contracts to canonical MessagePack.

    Parameters
    ----------
    values
        The mapping.
    ordered
        Whether it is known that all keys are in order and all floats canonical, so that nothing has to be looked for.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite.
    """
    if ordered:
        return _encode_plainly(values)
    encoded = _MSGPACK.encode(values)
    if _SUSPICIOUS_FLOAT.search(encoded) is None:
        return encoded
    return _MSGPACK.encode(_refuse_or_normalise(values, "$"))


def encode_json(document: Contract) -> bytes:
    """Encode to canonical JSON: UTF-8 without white space, fields in their declared order, mapping keys sorted.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite, or an integer has more than 64 bits.
    DocumentRefused
        When a document that holds whole numbers or -0.0 in place of floats is not valid.
    """
    try:
        return _PLAIN_JSON.encode(document) if is_canonical(document) else _JSON.encode(canonical_form(document))
    except OverflowError as reason:
        raise _too_long(document) from reason


def encode_json_pretty(document: Contract) -> bytes:
    """Encode as `encode_json`, indented by two spaces and ended by a line break, for files that people read."""
    return msgspec.json.format(encode_json(document), indent=2) + b"\n"


# msgspec notes what it learns of a type before it has learnt everything, so that types may be recursive. A decoder that
# another thread makes at that moment takes the half for the whole, and decoding with it crashes the process.
_making_decoders = threading.RLock()


@cache
def _msgpack_decoder(contract: type[T]) -> msgspec.msgpack.Decoder[T]:
    with _making_decoders:
        return msgspec.msgpack.Decoder(contract)


@cache
def _json_decoder(contract: type[T]) -> msgspec.json.Decoder[T]:
    with _making_decoders:
        return msgspec.json.Decoder(contract)


def _check_size(data: bytes, contract: type[Contract]) -> None:
    if len(data) > MAX_DOCUMENT_BYTES:
        message = f"The {contract.__name__} has {len(data)} bytes, more than the {MAX_DOCUMENT_BYTES} that are read"
        raise DocumentRefused(message, subject=contract.__name__)


def _refused(contract: type[Contract], encoding: str, reason: Exception) -> DocumentRefused:
    detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
    detail = detail.replace(_NAME_RULE, "that is a name of letters, digits, `_` and `-`")
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
        document: T = _msgpack_decoder(contract).decode(data)
        refuse_other_names(document)
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        raise _refused(contract, "MessagePack", reason) from reason
    return document


def decode_json(data: bytes, contract: type[T]) -> T:
    """Decode JSON; unknown fields of stored contracts are ignored.

    Raises
    ------
    DocumentRefused
        When the bytes are not JSON, break a constraint of the contract, or are too large or too deep.
    """
    _check_size(data, contract)
    try:
        document: T = _json_decoder(contract).decode(data)
        refuse_other_names(document)
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        raise _refused(contract, "JSON", reason) from reason
    return document


def payload_hash(data: bytes) -> str:
    """Give the sha256 of the bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
