"""Events to rows and back: an unknown kind is no error, because events are an open set."""

from typing import get_args

import msgspec

from plan_contracts.codec import MAX_DOCUMENT_BYTES, encode_msgpack, payload_hash
from plan_contracts.errors import DocumentRefused
from plan_contracts.events import Envelope, EventRow, KnownEvent, UnknownEvent
from plan_contracts.name_rules import refuse_other_names
from plan_contracts.schedule import PlanSignatures


class _Kind(msgspec.Struct):
    kind: str


_DECODER = msgspec.msgpack.Decoder(KnownEvent)
_KIND_DECODER = msgspec.msgpack.Decoder(_Kind)
_EVENT_NAMES: dict[str, str] = {event.kind(): event.event_name() for event in get_args(KnownEvent)}


def decode_event(payload: bytes, *, event_name: str | None = None) -> KnownEvent | UnknownEvent:
    """Decode the payload of an event row.

    Parameters
    ----------
    payload
        `event_payload_msgpack` of the row.
    event_name
        `event_name` of the row. When it names another major version of a known kind, the event is unknown, too.

    Raises
    ------
    DocumentRefused
        When the bytes are not MessagePack, or not a valid document of their kind.
    """
    if len(payload) > MAX_DOCUMENT_BYTES:
        message = f"The event has {len(payload)} bytes, more than the {MAX_DOCUMENT_BYTES} that are read"
        raise DocumentRefused(message, subject=event_name)
    if event_name is not None and event_name not in _EVENT_NAMES.values():
        return UnknownEvent(kind=_kind(payload, event_name), raw=payload)
    try:
        event = _DECODER.decode(payload)
        refuse_other_names(event)
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        kind = _kind(payload, event_name)
        if kind not in _EVENT_NAMES:
            return UnknownEvent(kind=kind, raw=payload)
        detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
        raise DocumentRefused(f"Not a valid event of kind `{kind}`: {detail}", subject=event_name or kind) from reason
    return event


def _kind(payload: bytes, event_name: str | None) -> str:
    try:
        return _KIND_DECODER.decode(payload).kind
    except (msgspec.DecodeError, RecursionError, ValueError) as reason:
        detail = "it is nested too deeply" if isinstance(reason, RecursionError) else str(reason)
        raise DocumentRefused(f"Not an event in MessagePack: {detail}", subject=event_name) from reason


def event_row(
    event: Envelope,
    *,
    time_unix_ms: int,
    run_id: str,
    profile_name: str | None = None,
    signatures: PlanSignatures | None = None,
) -> EventRow:
    """Give the row that records an event.

    Parameters
    ----------
    event
        The full envelope.
    time_unix_ms
        When it happened.
    run_id, profile_name
        The run.
    signatures
        Of the logical graph; none as long as it is not known, which is stored as empty text.

    Raises
    ------
    NotCanonical
        When the event holds NaN or an infinity.
    """
    payload = encode_msgpack(event)
    return EventRow(
        event_time_unix_ms=time_unix_ms,
        profile_name=profile_name,
        run_id=run_id,
        event_name=event.event_name(),
        plan_signature="" if signatures is None else signatures.plan_signature,
        reduced_plan_signature="" if signatures is None else signatures.reduced_plan_signature,
        event_payload_msgpack=payload,
        event_payload_hash=payload_hash(payload),
    )
