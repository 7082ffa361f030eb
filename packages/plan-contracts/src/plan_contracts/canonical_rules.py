"""Which documents have canonical bytes as they stand: ordered keys, and floats that are floats, finite and not -0.0.

`1 == 1.0` and `-0.0 == 0.0`, but their bytes differ. Type checkers let an `int` pass for a `float`, so that it has to
be looked for.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import cast, get_args, get_origin

import msgspec

from plan_contracts.base import Contract
from plan_contracts.canonical_maps import CanonicalMap
from plan_contracts.field_checks import Check, FieldRule, every_item, every_value

_PACK = msgspec.msgpack.Encoder().encode
_FLOAT_TAG = 0xCB
_MANY = 32
"""From so many values on, packing them all at once is faster than looking at each."""
LARGE = 1000
"""From so many items on, `settle_maps` replaces a map."""


def _is_plain_float(value: object) -> bool:
    """Say whether a value that stands for a float has canonical bytes; other types than numbers are let pass."""
    if isinstance(value, float):
        return math.isfinite(value) and (value != 0.0 or math.copysign(1.0, value) > 0)
    return not isinstance(value, int) or isinstance(value, bool)


def _are_plain_floats(values: Sequence[object]) -> bool:
    """Say whether all values are floats with canonical bytes.

    Each packed float has nine bytes, its tag first; the next one is 0x80 for -0.0, and 0x7f or 0xff for NaN and
    infinities. Where one of these is found, each value is looked at.
    """
    count = len(values)
    if count < _MANY:
        return all(map(_is_plain_float, values))
    packed = _PACK(values)
    start = len(packed) - 9 * count
    if start <= 0 or packed[start::9].count(_FLOAT_TAG) != count:
        return all(map(_is_plain_float, values))
    exponents = packed[start + 1 :: 9]
    if b"\x80" in exponents or b"\x7f" in exponents or b"\xff" in exponents:
        return all(map(_is_plain_float, values))
    return True


def _unless_settled(check: Check) -> Check:
    return lambda found: found.__class__ is CanonicalMap or check(found)


class _FloatRule(FieldRule):
    """Floats are floats, finite, and not -0.0."""

    def leaf(self, annotation: object) -> tuple[str, Check] | None:
        if annotation is float:
            return "v.__class__ is float and 0.0 < v < 1e300", _is_plain_float
        return None

    def mapping(self, key: object, value: object) -> Check | None:
        check = self.of_value(value)
        if check is _is_plain_float:
            return _unless_settled(lambda found: _are_plain_floats(list(cast("Mapping[str, object]", found).values())))
        return None if check is None else _unless_settled(every_value(check))

    def sequence(self, item: object) -> Check | None:
        check = self.of_value(item)
        if check is _is_plain_float:
            return lambda found: _are_plain_floats(list(cast("Sequence[object]", found)))
        return None if check is None else every_item(check)


class _CanonicalRule(_FloatRule):
    """Floats are canonical, and the keys of every mapping are in order."""

    def mapping(self, key: object, value: object) -> Check | None:
        values = super().mapping(key, value)

        def check(found: object) -> bool:
            keys = list(cast("Mapping[str, object]", found))
            return _ORDERED.holds(keys) and (values is None or values(found))

        return _unless_settled(check)


class _OrderedKeys:
    """Remembers the last ordered keys, because the maps of one document often have the same."""

    def __init__(self) -> None:
        self.last: list[str] = []

    def holds(self, keys: list[str]) -> bool:
        last = self.last
        if len(keys) == len(last) and keys == last:
            return True
        if keys != sorted(keys):
            return False
        if len(keys) >= _MANY:
            self.last = keys
        return True


_ORDERED = _OrderedKeys()
_FLOATS = _FloatRule()
_CANONICAL = _CanonicalRule()


def is_canonical(document: Contract) -> bool:
    """Say whether encoding a document in its own order gives canonical bytes."""
    check = _CANONICAL.checks[type(document)]
    if check is None:
        return True
    holds = check(document)
    if _ORDERED.last:
        _ORDERED.last = []
    return holds


def has_plain_floats(document: Contract) -> bool:
    """Say whether every float of a document is a float, finite, and not -0.0."""
    check = _FLOATS.checks[type(document)]
    return check is None or check(document)


@cache
def _map_checks(contract: type[Contract]) -> tuple[tuple[str, Check], ...]:
    """Give the fields that are maps, with what makes each canonical."""
    found: list[tuple[str, Check]] = []
    for field in msgspec.structs.fields(contract):
        for annotation in (field.type, *get_args(field.type)):
            check = _CANONICAL.of_value(annotation) if get_origin(annotation) is dict else None
            if check is not None:
                found.append((field.name, check))
    return tuple(found)


def settle_maps(document: Contract) -> None:
    """Put the large maps of a document in order, and keep each that is canonical then in a form that stays so.

    For documents so large that looking at every key and number costs as much as encoding them: what is settled is not
    looked at again. Called by the document itself when it is made; equal documents stay equal.
    """
    for name, check in _map_checks(type(document)):
        found: object = getattr(document, name)
        if found.__class__ is not dict:
            continue
        given = cast("dict[str, object]", found)
        if len(given) >= LARGE:
            ordered = given if _ORDERED.holds(list(given)) else {key: given[key] for key in sorted(given)}
            if check(ordered):
                msgspec.structs.force_setattr(document, name, CanonicalMap(ordered))
    _ORDERED.last = []
