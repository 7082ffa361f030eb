"""Which column types can stand in for which others without a value being lost."""

import re

from plan_contracts.canonical_types import CanonicalType

_INTEGER = re.compile(r"(u?)int(8|16|32|64)")
_DIGITS = {"int8": 3, "int16": 5, "int32": 10, "int64": 19, "uint8": 3, "uint16": 5, "uint32": 10, "uint64": 20}
_MANTISSA_BITS = {"float16": 11, "float32": 24, "float64": 53}
_TIME_OF_DAY = (("time32", "s"), ("time32", "ms"), ("time64", "us"), ("time64", "ns"))
_COARSE_UNITS = ("s", "ms", "us")


def _integer_widens(available: str, required: CanonicalType) -> bool:
    found = _INTEGER.fullmatch(available)
    if found is None:
        return False
    unsigned, bits = bool(found.group(1)), int(found.group(2))
    other = _INTEGER.fullmatch(required.name)
    if other is not None:
        other_unsigned, other_bits = bool(other.group(1)), int(other.group(2))
        return other_bits > bits and (unsigned or not other_unsigned)
    if required.name in _MANTISSA_BITS:
        # A signed integer's magnitude needs one bit less than its width, apart from the power of two at its end.
        return bits - (not unsigned) <= _MANTISSA_BITS[required.name]
    if required.name == "decimal":
        precision, scale = (int(argument) for argument in required.arguments)
        return scale >= 0 and precision - scale >= _DIGITS[available]
    return False


def _decimal_widens(available: CanonicalType, required: CanonicalType) -> bool:
    precision, scale = (int(argument) for argument in available.arguments)
    wide_precision, wide_scale = (int(argument) for argument in required.arguments)
    return wide_scale >= scale and wide_precision - wide_scale >= precision - scale


def _time_widens(available: CanonicalType, required: CanonicalType) -> bool:
    pair = (available.name, required.name)
    if pair[0] in ("time32", "time64"):
        ranks = [_TIME_OF_DAY.index((each.name, str(each.arguments[0]))) for each in (available, required)]
        return ranks[0] <= ranks[1]
    if pair in (("timestamp", "timestamp"), ("duration", "duration")):
        unit, wide_unit = str(available.arguments[0]), str(required.arguments[0])
        same_zone = available.arguments[1:] == required.arguments[1:]
        coarse = unit in _COARSE_UNITS and wide_unit in _COARSE_UNITS
        return same_zone and coarse and _COARSE_UNITS.index(unit) <= _COARSE_UNITS.index(wide_unit)
    return pair == ("interval", "interval") and required.arguments == ("month_day_nano",)


def _children_widen(available: CanonicalType, required: CanonicalType) -> bool:
    return (
        available.field_names == required.field_names
        and len(available.children) == len(required.children)
        and all(widens(inner, outer) for inner, outer in zip(available.children, required.children, strict=True))
    )


def widens(available: CanonicalType, required: CanonicalType) -> bool:
    """Say whether every value of the one type is a value of the other; see `arrow_types.widens_safely`."""
    if available == required or available.name == "null":
        return True
    if available.name == "dictionary" and required.name != "dictionary":
        return widens(available.children[0], required)
    if required.name == "dictionary" and available.name != "dictionary":
        return widens(available, required.children[0])
    if available.name == required.name == "decimal":
        return _decimal_widens(available, required)
    if available.name in _DIGITS:
        return _integer_widens(available.name, required)
    if available.name in _MANTISSA_BITS:
        return required.name in _MANTISSA_BITS and _MANTISSA_BITS[available.name] <= _MANTISSA_BITS[required.name]
    if available.name == "fixed_binary":
        return required.name == "binary"
    if available.name == "date32":
        to_timestamp = required.name == "timestamp" and required.arguments in {("s",), ("ms",), ("us",)}
        return required.name == "date64" or to_timestamp
    times = {"time32", "time64"}
    if (available.name in times and required.name in times) or available.name == required.name in {
        "timestamp",
        "duration",
        "interval",
    }:
        return _time_widens(available, required)
    return available.name == required.name and bool(available.children) and _children_widen(available, required)
