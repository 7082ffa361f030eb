"""Events: an open set, in which what is unknown is kept and what is broken is refused."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_contracts import (
    DocumentRefused,
    Envelope,
    EventRow,
    KnownEvent,
    Placement,
    PlanSignatures,
    TaskStarted,
    UnknownEvent,
    decode_event,
    encode_msgpack,
    event_row,
    payload_hash,
)
from plan_contracts.golden_cases import valid_cases
from plan_contracts.registry import CONTRACTS

EVENTS = [case.document for case in valid_cases() if isinstance(case.document, Envelope)]
STARTED = TaskStarted(task="a", attempt=1, executor=Placement.THREADPOOL)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind())
def test_event_of_every_kind_comes_back(event: Envelope) -> None:
    row = event_row(event, time_unix_ms=5, run_id="r")
    assert decode_event(row.event_payload_msgpack) == event
    assert decode_event(row.event_payload_msgpack, event_name=row.event_name) == event


def test_every_known_event_has_a_golden_and_a_contract_of_its_kind() -> None:
    kinds = {event.kind() for event in get_args(KnownEvent)}
    assert {event.kind() for event in EVENTS} == kinds
    registered = {contract.name: contract for contract in CONTRACTS}
    for event in get_args(KnownEvent):
        assert registered[event.kind()].type is event
        assert registered[event.kind()].version.split(".")[0] == str(event.major)


def test_event_names_end_with_the_major_version() -> None:
    names = {event.event_name() for event in get_args(KnownEvent)}
    assert {"plan_schedule_v1", "plan_validation_v1", "run_manifest_v2", "task_routing_v1", "task_started_v1"} <= names


def test_unknown_kind_is_kept_raw() -> None:
    payload = msgspec.msgpack.encode({"kind": "cluster_scaled", "workers": 9})
    assert decode_event(payload) == UnknownEvent(kind="cluster_scaled", raw=payload)


def test_known_kind_of_another_major_version_is_kept_raw() -> None:
    payload = encode_msgpack(STARTED)
    assert decode_event(payload, event_name="task_started_v7") == UnknownEvent(kind="task_started", raw=payload)


def test_known_kind_with_unknown_fields_is_read() -> None:
    payload = msgspec.msgpack.encode({**msgspec.to_builtins(STARTED), "added_later": [1]})
    assert decode_event(payload) == STARTED


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xc1", b"\x80", msgspec.msgpack.encode({"kind": 3}), msgspec.msgpack.encode({"kind": "task_started"})],
)
def test_broken_event_is_refused(payload: bytes) -> None:
    with pytest.raises(DocumentRefused):
        decode_event(payload)


def test_deeply_nested_event_is_refused() -> None:
    with pytest.raises(DocumentRefused, match="nested too deeply"):
        decode_event(b"\x82\xa1x" + b"\x91" * 100_000)


@settings(max_examples=300)
@given(st.binary(max_size=40))
def test_arbitrary_bytes_are_an_event_or_refused(payload: bytes) -> None:
    try:
        event = decode_event(payload)
    except DocumentRefused:
        return
    assert isinstance(event, UnknownEvent)


def test_event_row_holds_the_canonical_payload_and_its_hash() -> None:
    signatures = PlanSignatures(plan_signature="a" * 64, reduced_plan_signature="b" * 64)
    row = event_row(STARTED, time_unix_ms=1234, run_id="r1", profile_name="prod", signatures=signatures)
    payload = encode_msgpack(STARTED)
    assert row == EventRow(
        event_time_unix_ms=1234,
        profile_name="prod",
        run_id="r1",
        event_name="task_started_v1",
        plan_signature="a" * 64,
        reduced_plan_signature="b" * 64,
        event_payload_msgpack=payload,
        event_payload_hash=payload_hash(payload),
    )


def test_event_row_before_the_graph_is_known_has_empty_signatures() -> None:
    row = event_row(STARTED, time_unix_ms=0, run_id="r1")
    assert (row.plan_signature, row.reduced_plan_signature, row.profile_name) == ("", "", None)
