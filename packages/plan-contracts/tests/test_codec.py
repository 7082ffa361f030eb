"""Canonical bytes: equal documents have equal bytes, in both encodings, and nothing is lost on the way."""

import hashlib
import json
import math
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plan_contracts import (
    CostSource,
    CostTable,
    DocumentRefused,
    NotCanonical,
    RunManifestV2,
    TaskCost,
    TaskGraph,
    TaskMetrics,
    decode_json,
    decode_msgpack,
    encode_json,
    encode_json_pretty,
    encode_msgpack,
    identity_bytes,
    payload_hash,
)
from plan_contracts.golden_cases import ValidCase, valid_cases
from plan_contracts.registry import CONTRACTS, RegisteredContract
from plan_contracts.testing.strategies import contracts

EVERY_CONTRACT = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
FEW = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def table(seconds: float) -> CostTable:
    return CostTable(costs={"a": TaskCost(seconds=seconds, source=CostSource.DECLARED)})


@EVERY_CONTRACT
@FEW
@given(data=st.data())
def test_document_of_any_contract_decodes_to_itself(contract: RegisteredContract, data: st.DataObject) -> None:
    document = data.draw(contracts(contract.type))
    packed, text = encode_msgpack(document), encode_json(document)
    assert decode_msgpack(packed, contract.type) == document
    assert decode_json(text, contract.type) == document
    again = decode_msgpack(packed, contract.type)
    assert encode_msgpack(again) == packed == msgspec.msgpack.Encoder(order="deterministic").encode(again)
    assert encode_json(decode_json(text, contract.type)) == text
    assert encode_msgpack(decode_json(text, contract.type)) == packed


@EVERY_CONTRACT
def test_document_of_any_contract_is_none_of_the_collectors_business(contract: RegisteredContract) -> None:
    assert contract.type.__struct_config__.gc is False


@given(st.dictionaries(st.text("abcdefgh", min_size=1), st.floats(0, 1e9), max_size=6), st.randoms())
def test_equal_mappings_in_any_insertion_order_have_equal_bytes(costs: dict[str, float], random: Random) -> None:
    items = [(name, TaskCost(seconds=cost, source=CostSource.HISTORY)) for name, cost in costs.items()]
    shuffled = list(items)
    random.shuffle(shuffled)
    one, other = CostTable(costs=dict(items)), CostTable(costs=dict(shuffled))
    assert encode_msgpack(one) == encode_msgpack(other)
    assert encode_json(one) == encode_json(other)


@pytest.mark.parametrize("equal", [-0.0, 0])
def test_zero_in_any_form_has_the_bytes_of_zero(equal: float) -> None:
    for encode in (encode_msgpack, encode_json, identity_bytes):
        assert encode(table(equal)) == encode(table(0.0))


def test_whole_number_in_a_float_field_has_the_bytes_of_the_float() -> None:
    for encode in (encode_msgpack, encode_json, identity_bytes):
        assert encode(table(3)) == encode(table(3.0))


def test_whole_number_in_an_optional_nested_float_field_has_the_bytes_of_the_float() -> None:
    whole = CostTable(costs={"a": TaskCost(seconds=1.0, source=CostSource.HISTORY, expected_relative_error=1)})
    fraction = CostTable(costs={"a": TaskCost(seconds=1.0, source=CostSource.HISTORY, expected_relative_error=1.0)})
    assert encode_msgpack(whole) == encode_msgpack(fraction)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_number_without_a_canonical_form_is_refused_by_every_encoder(number: float) -> None:
    for encode in (encode_msgpack, encode_json, encode_json_pretty, identity_bytes):
        with pytest.raises(NotCanonical, match=r"`\$\.costs\.a\.seconds` is -?(nan|inf)"):
            encode(table(number))


def test_whole_number_of_more_than_64_bits_has_no_canonical_bytes() -> None:
    for document in (TaskMetrics(wall_seconds=1.0, rows_in=2**64), TaskMetrics(wall_seconds=1, rows_in=2**64)):
        with pytest.raises(NotCanonical, match="TaskMetrics holds a whole number beyond 64 bits"):
            encode_msgpack(document)


@pytest.mark.parametrize("rows", [2**63, 2**64, 10**30])
def test_document_with_a_whole_number_that_does_not_fit_is_refused_in_json(rows: int) -> None:
    with pytest.raises(DocumentRefused, match=r"rows_in"):
        decode_json(b'{"wall_seconds": 1, "rows_in": %d}' % rows, TaskMetrics)


def test_text_that_looks_like_an_infinity_to_the_scanner_is_kept() -> None:
    name = "x"
    bytes_of_infinity = b"\xcb\x7f\xf0\x00".decode("latin-1")
    document = msgspec.structs.replace(table(1.0), costs={name: table(1.0).costs["a"]})
    assert decode_msgpack(encode_msgpack(document), CostTable) == document
    assert encode_msgpack({"raw": b"\xcb\x7f\xf0\0\0\0\0\0\0", "text": bytes_of_infinity}) == (
        msgspec.msgpack.encode({"raw": b"\xcb\x7f\xf0\0\0\0\0\0\0", "text": bytes_of_infinity})
    )


def test_fields_stand_in_declared_order_in_both_encodings(unpack: Callable[[bytes], Any]) -> None:
    for document in (table(1.0), table(-0.0), table(1)):
        expected = ["seconds", "source", "expected_relative_error"]
        assert list(json.loads(encode_json(document))["costs"]["a"]) == expected
        assert list(unpack(encode_msgpack(document))["costs"]["a"]) == expected


@pytest.mark.parametrize("case", valid_cases(), ids=lambda case: f"{case.contract}-{case.name}")
def test_independent_reader_finds_the_same_in_msgpack_and_json(case: ValidCase, unpack: Callable[[bytes], Any]) -> None:
    document = case.document
    packed = unpack(encode_msgpack(document))
    assert packed == msgspec.msgpack.decode(encode_msgpack(document))
    if case.contract not in ("event_row", "ledger_entry"):  # JSON spells bytes as base64
        assert packed == json.loads(encode_json(document))


def test_pretty_json_ends_with_a_line_break_and_decodes() -> None:
    text = encode_json_pretty(table(1.0))
    assert text.endswith(b"}\n")
    assert decode_json(text, CostTable) == table(1.0)


def test_unknown_field_of_a_stored_document_is_ignored() -> None:
    assert decode_json(b'{"costs":{},"added_by_a_newer_minor":1}', CostTable) == CostTable(costs={})


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000])
def test_deeply_nested_json_is_refused(deep: bytes) -> None:
    with pytest.raises(DocumentRefused):
        decode_json(b'{"ignored":' + deep, CostTable)


def test_deeply_nested_msgpack_is_refused() -> None:
    with pytest.raises(DocumentRefused, match="nested too deeply"):
        decode_msgpack(b"\x82\xa7ignored" + b"\x91" * 200_000, CostTable)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_arbitrary_bytes_are_refused_or_decode(data: bytes) -> None:
    for contract in (TaskGraph, CostTable, RunManifestV2):
        for decode in (decode_msgpack, decode_json):
            try:
                decode(data, contract)
            except DocumentRefused:
                continue


def test_lying_length_is_refused_without_allocation() -> None:
    with pytest.raises(DocumentRefused):
        decode_msgpack(b"\x81\xa5costs\xdf\xff\xff\xff\xff", CostTable)


def test_payload_hash_is_the_sha256_in_hexadecimal() -> None:
    assert payload_hash(b"abc") == hashlib.sha256(b"abc").hexdigest()
