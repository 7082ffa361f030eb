"""The quick look that lets most documents be encoded as they stand, against the slow way as its oracle."""

import json
import math
from collections.abc import Callable
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import Contract, NotCanonical, encode_msgpack
from plan_contracts.canonical_rules import has_plain_floats, is_canonical
from plan_contracts.golden_cases.case import Plain


class Inner(Contract, frozen=True, kw_only=True):
    """Holds floats in each place where one may stand."""

    one: float = 1.0
    perhaps: float | None = None
    either: float | int | str = 1.0
    text: float | str = "x"
    many: tuple[float, ...] = ()
    pair: tuple[str, float] = ("x", 1.0)
    named: dict[str, float] = msgspec.field(default_factory=dict[str, float])


class Outer(Contract, frozen=True, kw_only=True):
    """Holds documents in each place where one may stand."""

    inner: Inner = Inner()
    perhaps: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = msgspec.field(default_factory=dict[str, Inner])
    deep: tuple[dict[str, tuple[Inner, ...]], ...] = ()
    others: dict[str, str] = msgspec.field(default_factory=dict[str, str])


PLACES: dict[str, Callable[[float], Contract]] = {
    "one": lambda value: Inner(one=value),
    "perhaps": lambda value: Inner(perhaps=value),
    "text": lambda value: Inner(text=value),
    "many": lambda value: Inner(many=(1.0, value)),
    "pair": lambda value: Inner(pair=("x", value)),
    "named": lambda value: Inner(named={"x": value}),
    "inner": lambda value: Outer(inner=Inner(one=value)),
    "inner_perhaps": lambda value: Outer(perhaps=Inner(one=value)),
    "inner_many": lambda value: Outer(many=(Inner(), Inner(one=value))),
    "inner_named": lambda value: Outer(named={"x": Inner(one=value)}),
    "deep": lambda value: Outer(deep=({"x": (Inner(named={"y": value}),)},)),
}


def normal(value: Plain) -> Plain:
    """Give the value with 0.0 for -0.0."""
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return value + 0.0 if isinstance(value, float) else value


def reference(document: Contract) -> bytes:
    """Encode through plain values: sorted keys, floats where the contract says so, no -0.0."""
    plain: Plain = json.loads(msgspec.json.encode(document))
    typed = msgspec.convert(normal(plain), type(document), strict=True)
    return msgspec.msgpack.Encoder(order="deterministic").encode(typed)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("odd", [0, 3, -0.0, 2**53])
def test_number_in_another_form_is_noticed_in_every_place(place: str, odd: float) -> None:
    document = PLACES[place](odd)
    assert not is_canonical(document)
    assert not has_plain_floats(document)
    assert encode_msgpack(document) == encode_msgpack(PLACES[place](float(odd) + 0.0)) == reference(document)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_number_without_a_form_is_refused_in_every_place(place: str, odd: float) -> None:
    with pytest.raises(NotCanonical):
        encode_msgpack(PLACES[place](odd))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fine", [0.0, 1.5, -1.5, 1e308, -1e308, 5e-324])
def test_ordinary_number_needs_no_second_look(place: str, fine: float) -> None:
    document = PLACES[place](fine)
    assert is_canonical(document)
    assert encode_msgpack(document) == reference(document)


def test_whole_number_is_kept_where_the_contract_allows_it() -> None:
    assert is_canonical(Inner(either=3))
    assert encode_msgpack(Inner(either=3)) != encode_msgpack(Inner(either=3.0))
    assert not is_canonical(Inner(either=-0.0))


@pytest.mark.parametrize("size", [31, 32, 100, 70_000])
@pytest.mark.parametrize("odd", [0, 7, -1, 2**40, 2**63 - 1, -(2**63), -0.0, math.nan, math.inf, -math.inf])
def test_one_odd_number_among_many_is_noticed(size: int, odd: float) -> None:
    for position in {0, size // 2, size - 1}:
        values = [1.5 + number for number in range(size)]
        values[position] = odd
        named = {f"{number:06}": value for number, value in enumerate(values)}
        assert not has_plain_floats(Inner(many=tuple(values)))
        assert not is_canonical(Inner(named=named))


@pytest.mark.parametrize("size", [1, 31, 32, 70_000])
def test_many_ordinary_numbers_need_no_second_look(size: int) -> None:
    values = tuple([0.0, 1e308, -1e308, 5e-324, -5e-324][number % 5] for number in range(size))
    assert is_canonical(Inner(many=values))


def test_keys_in_another_order_are_noticed_at_every_depth() -> None:
    assert is_canonical(Outer(others={"a": "1", "b": "2"}))
    assert not is_canonical(Outer(others={"b": "2", "a": "1"}))
    assert not is_canonical(Outer(deep=({"x": (Inner(named={"b": 1.0, "a": 1.0}),)},)))
    assert has_plain_floats(Outer(others={"b": "2", "a": "1"}))


def test_keys_are_remembered_within_one_document_only() -> None:
    many = {f"{number:04}": 1.0 for number in range(100)}
    assert is_canonical(Outer(named={"x": Inner(named=many), "y": Inner(named=dict(many))}))
    backwards = dict(reversed(many.items()))
    assert not is_canonical(Outer(named={"x": Inner(named=many), "y": Inner(named=backwards)}))


@given(st.dictionaries(st.text(max_size=3), st.floats(allow_nan=False, allow_infinity=False)), st.randoms())
def test_mapping_in_any_order_has_the_bytes_of_the_slow_way(values: dict[str, float], random: Random) -> None:
    items = list(values.items())
    random.shuffle(items)
    document = Inner(named=dict(items))
    assert encode_msgpack(document) == reference(document)
    assert is_canonical(document) == (sorted(document.named) == list(document.named) and has_plain_floats(document))
