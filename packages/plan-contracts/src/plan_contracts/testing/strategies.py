"""Hypothesis strategies for every contract; needs the extra `testing`."""

import enum
import types
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from plan_contracts.base import Contract
from plan_contracts.names import name_fault
from plan_contracts.scalars import ColumnType, Name, RunId, Sha256, Signature, Version

T = TypeVar("T", bound=Contract)

_DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
_LEAF_TYPES = st.sampled_from(
    ["bool", "int64", "uint8", "float64", "string", "binary", "date32", "timestamp(us, UTC)", "decimal(12, 2)", "null"]
)


def names() -> SearchStrategy[str]:
    """Give names within the grammar, unicode letters among them."""
    letters = st.characters(categories=("Lu", "Ll", "Lo", "Nd"), include_characters="_-")
    return st.text(letters, min_size=1, max_size=12).filter(lambda name: name_fault(name) is None)


def column_types() -> SearchStrategy[str]:
    """Give canonical column types, nested ones among them."""
    return st.recursive(
        _LEAF_TYPES,
        lambda inner: st.one_of(
            inner.map(lambda item: f"list<{item}>"),
            st.tuples(inner.filter(lambda key: key != "null"), inner).map(lambda pair: f"map<{pair[0]}, {pair[1]}>"),
            st.tuples(inner, inner).map(lambda pair: f'struct<a: {pair[0]}, "b c": {pair[1]}>'),
            inner.map(lambda item: f"dictionary<{item}>"),
        ),
        max_leaves=4,
    )


def contracts(contract: type[T]) -> SearchStrategy[T]:
    """Give valid documents of a contract, each field within its constraints.

    Documents are valid by type; relations between fields, such as counts that agree with lists, are not drawn.

    Parameters
    ----------
    contract
        Any contract, registered or of your own.
    """
    fields = {field.name: _of(field.type) for field in msgspec.structs.fields(contract)}
    return st.builds(contract, **fields)


def _of(annotation: object) -> SearchStrategy[object]:
    known: dict[object, SearchStrategy[str]] = {
        Name: names(),
        ColumnType: column_types(),
        Sha256: _DIGESTS,
        Signature: st.one_of(st.just(""), _DIGESTS),
        RunId: st.from_regex(r"[0-9A-Za-z_.\-]{1,24}", fullmatch=True),
        Version: st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
    }
    if annotation in known:
        return known[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _constrained(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return st.one_of([_of(argument) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return st.lists(_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*(_of(argument) for argument in arguments))
    return _plain(annotation)


def _plain(annotation: object) -> SearchStrategy[object]:
    if isinstance(annotation, type):
        if issubclass(annotation, Contract):
            return st.deferred(lambda: contracts(annotation))
        if issubclass(annotation, enum.StrEnum):
            return st.sampled_from(sorted(annotation.__members__.values()))
    simple: dict[object, SearchStrategy[object]] = {
        str: st.text(max_size=12),
        bytes: st.binary(max_size=12),
        bool: st.booleans(),
        int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        type(None): st.none(),
    }
    if annotation not in simple:
        raise TypeError(f"There is no strategy for {annotation!r}")
    return simple[annotation]


def _constrained(base: object, constraints: tuple[object, ...]) -> SearchStrategy[object]:
    metas = [constraint for constraint in constraints if isinstance(constraint, msgspec.Meta)]
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if base is int:
        top = 2**53 if high is None else int(high)
        return st.integers(min_value=-top if low is None else int(low), max_value=top)
    if base is float:
        return st.floats(
            min_value=None if low is None else float(low),
            max_value=None if high is None else float(high),
            allow_nan=False,
            allow_infinity=False,
        )
    if base is str:
        pattern = next((meta.pattern for meta in metas if meta.pattern is not None), None)
        if pattern is not None:
            return st.from_regex(pattern, fullmatch=True)
        shortest = next((meta.min_length for meta in metas if meta.min_length is not None), 0)
        longest = next((meta.max_length for meta in metas if meta.max_length is not None), 12)
        return st.text(min_size=shortest, max_size=min(longest, shortest + 12))
    return _of(base)
