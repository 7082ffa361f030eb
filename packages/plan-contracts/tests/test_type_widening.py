"""Safe widening: an order on types, held against what pyarrow's safe casts lose."""

# pyarrow-stubs leave parts of these functions without types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false, reportArgumentType=false

import itertools

import pyarrow as pa
import pytest
from hypothesis import given

from plan_contracts import TypeNotCanonical, widens_safely
from plan_contracts.testing.strategies import column_types

LEAVES = [
    "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "string", "binary", "fixed_binary(4)", "date32", "date64", "time32(s)", "time32(ms)", "time64(us)",
    "time64(ns)", "timestamp(s)", "timestamp(ms)", "timestamp(us)", "timestamp(ns)", "timestamp(us, UTC)",
    "timestamp(us, Europe/Berlin)", "duration(s)", "duration(us)", "duration(ns)", "interval(year_month)",
    "interval(month_day_nano)", "decimal(5, 2)", "decimal(12, 2)", "decimal(12, 4)", "decimal(38, 0)",
    "decimal(40, 18)", "dictionary<string>", "dictionary<int8>", "list<int8>", "list<int64>", "struct<a: int8>",
    "struct<a: int64>", "struct<b: int8>", "map<string, int8>", "map<string, int64>",
]  # fmt: skip


@pytest.mark.parametrize(
    ("available", "required"),
    [
        ("int8", "int16"),
        ("uint8", "int16"),
        ("uint32", "int64"),
        ("int32", "float64"),
        ("int16", "float32"),
        ("int64", "decimal(19, 0)"),
        ("uint64", "decimal(22, 2)"),
        ("float32", "float64"),
        ("decimal(12, 2)", "decimal(14, 4)"),
        ("date32", "timestamp(us)"),
        ("date32", "date64"),
        ("timestamp(ms, UTC)", "timestamp(us, UTC)"),
        ("time32(s)", "time64(ns)"),
        ("null", "list<int8>"),
        ("large_string", "Utf8View"),
        ("dictionary<int8>", "int64"),
        ("string", "dictionary<string>"),
        ("fixed_binary(16)", "binary"),
        ("list<int8>", "list<int32>"),
        ("struct<a: int8, b: string>", "struct<a: int16, b: string>"),
        ("map<string, int8>", "map<string, int16>"),
        ("interval(day_time)", "interval(month_day_nano)"),
    ],
)
def test_type_that_holds_every_value_is_safe_one_way_only(available: str, required: str) -> None:
    assert widens_safely(available, required)
    same = {("large_string", "Utf8View"), ("string", "dictionary<string>")}
    assert widens_safely(required, available) == ((available, required) in same)


@pytest.mark.parametrize(
    ("available", "required"),
    [
        ("int64", "float64"),
        ("int32", "float32"),
        ("uint64", "int64"),
        ("int8", "uint64"),
        ("int64", "decimal(18, 0)"),
        ("decimal(12, 2)", "decimal(12, 4)"),
        ("decimal(12, 2)", "float64"),
        ("string", "binary"),
        ("string", "int64"),
        ("bool", "int8"),
        ("date32", "timestamp(ns)"),
        ("date32", "timestamp(us, UTC)"),
        ("timestamp(us)", "timestamp(ns)"),
        ("timestamp(us)", "timestamp(us, UTC)"),
        ("timestamp(us, UTC)", "timestamp(us, Europe/Berlin)"),
        ("date64", "date32"),
        ("struct<a: int8>", "struct<b: int8>"),
        ("struct<a: int8>", "struct<a: int8, b: int8>"),
        ("list<int64>", "list<int8>"),
        ("int8", "list<int8>"),
    ],
)
def test_type_that_loses_a_value_or_its_meaning_is_not_safe(available: str, required: str) -> None:
    assert not widens_safely(available, required)


def test_widening_is_a_preorder_over_all_kinds_of_types() -> None:
    safe = {(one, other) for one, other in itertools.product(LEAVES, LEAVES) if widens_safely(one, other)}
    assert all((each, each) in safe for each in LEAVES)
    for (one, middle), (start, other) in itertools.product(safe, safe):
        if middle == start:
            assert (one, other) in safe, f"{one} -> {middle} -> {other}"


@given(column_types())
def test_every_type_widens_to_itself_and_from_null(text: str) -> None:
    assert widens_safely(text, text)
    assert widens_safely("null", text)


NUMBERS: dict[str, tuple[pa.DataType, list[int]]] = {
    f"{sign}int{bits}": (
        getattr(pa, f"{sign}int{bits}")(),
        [0, 2**bits - 1, 2**bits - 2] if sign else [0, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1],
    )
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
TARGETS: dict[str, pa.DataType] = {
    **{name: arrow_type for name, (arrow_type, _) in NUMBERS.items()},
    "float32": pa.float32(),
    "float64": pa.float64(),
    "decimal(10, 0)": pa.decimal128(10, 0),
    "decimal(19, 0)": pa.decimal128(19, 0),
    "decimal(20, 0)": pa.decimal128(20, 0),
    "decimal(38, 10)": pa.decimal128(38, 10),
}


@pytest.mark.parametrize(("available", "required"), list(itertools.product(NUMBERS, TARGETS)))
def test_integer_that_widens_safely_keeps_its_extremes_in_pyarrow(available: str, required: str) -> None:
    source, extremes = NUMBERS[available]
    if not widens_safely(available, required):
        return
    cast = pa.array(extremes, source).cast(TARGETS[required])
    assert [int(value) for value in cast.to_pylist()] == extremes


@pytest.mark.parametrize(("available", "required"), list(itertools.product(NUMBERS, NUMBERS)))
def test_integer_that_does_not_widen_safely_overflows_in_pyarrow(available: str, required: str) -> None:
    source, extremes = NUMBERS[available]
    if widens_safely(available, required):
        return
    with pytest.raises(pa.ArrowInvalid):
        pa.array(extremes, source).cast(TARGETS[required])


def test_text_that_is_no_type_is_refused_on_either_side() -> None:
    for available, required in (("int65", "int64"), ("int64", "int65")):
        with pytest.raises(TypeNotCanonical, match="int65"):
            widens_safely(available, required)
