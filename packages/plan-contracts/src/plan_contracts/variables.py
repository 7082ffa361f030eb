"""Variables: values that a project gives its views by name, typed, and never pasted into their text."""

import datetime
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import cast

from plan_contracts.arrow_types import canonical_type, parse_type
from plan_contracts.base import Contract, HandWritten
from plan_contracts.canonical_types import CanonicalType
from plan_contracts.errors import VariableRefused, VariableUnknown
from plan_contracts.names import nearest
from plan_contracts.scalars import ColumnType, Integer
from plan_contracts.storage_options import SecretReference

PlainValue = str | Integer | float | bool
"""What TOML and JSON can hold alike; dates, times and decimals are texts."""

NOW = "now"
"""The variable that pins the clock: where it has a value, `now()`, `current_date` and the like give it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTEGER = re.compile(r"(u?)int(8|16|32|64)")
_FLOATS = frozenset({"float16", "float32", "float64"})


class VarSection(HandWritten, frozen=True, kw_only=True):
    """`[vars] NAME = { ... }`: a variable of which more is said than its value."""

    value: PlainValue | None = None
    """Its value; none for a variable that `--var` must give."""
    type: ColumnType | None = None
    """Its type; none takes that of the value."""
    secret: SecretReference | None = None
    """`${NAME}` of the environment variable that holds its value, which is never stored, logged or printed."""


VarValue = PlainValue | VarSection
"""A variable as plan.toml gives it."""


class Variable(Contract, frozen=True, kw_only=True):
    """A variable with its type."""

    type: ColumnType
    """In the canonical grammar."""
    value: PlainValue | None = None
    """Its value; dates, times and decimals as texts. None where there is no value, or it is secret."""
    secret: SecretReference | None = None
    """`${NAME}` of the environment variable that holds its value."""


def variable_name_fault(name: str) -> str | None:
    """Say what is wrong with a variable's name, as the end of a sentence; none when SQL can read it as `$name`."""
    if _NAME.fullmatch(name) and len(name) <= 200:
        return None
    return "is no variable's name: letters of ASCII, digits and `_`, at most 200, the first of them no digit"


def variable_of(given: VarValue, name: str = "") -> Variable:
    """Give a variable with its type.

    Parameters
    ----------
    given
        As plan.toml has it.
    name
        Its name; `now` must be a moment.

    Raises
    ------
    VariableRefused
        When the value is none of its type, or the section contradicts itself.
    """
    variable = _typed(given)
    if name == NOW and parse_type(variable.type).name not in ("date32", "timestamp"):
        mend = "Write a date or a timestamp, or call the variable something else."
        raise VariableRefused(f"it pins the clock, and {variable.type} is no moment", suggestion=mend)
    return variable


def _typed(given: VarValue) -> Variable:
    if not isinstance(given, VarSection):
        return Variable(type=_type_of(given), value=given)
    if given.secret is not None and given.value is not None:
        raise VariableRefused("it is secret and has a value", suggestion="Keep one of `value` and `secret`.")
    if given.secret is not None:
        if given.type is not None and canonical_type(given.type) != "string":
            mend = "Leave the type away, and cast it in the query."
            raise VariableRefused("it is secret, and a secret is a string", suggestion=mend)
        return Variable(type="string", secret=given.secret)
    if given.value is None:
        if given.type is None:
            raise VariableRefused("it has neither a value nor a type", suggestion='Write `type = "..."`.')
        return Variable(type=_known_type(given.type))
    kind = _known_type(given.type) if given.type is not None else _type_of(given.value)
    return Variable(type=kind, value=_fitting(given.value, kind))


def variables_of(given: Mapping[str, VarValue]) -> dict[str, Variable]:
    """Give every variable with its type.

    Raises
    ------
    VariableRefused
        As `variable_of`.
    """
    return {name: variable_of(value, name) for name, value in given.items()}


def toml_value(value: object) -> object:
    """Give a value of TOML as a contract holds it: a date or time becomes a section with its type."""
    if isinstance(value, datetime.datetime):
        zone = ", UTC" if value.tzinfo is not None else ""
        at = value.astimezone(datetime.UTC) if value.tzinfo is not None else value
        return {"value": at.isoformat(), "type": f"timestamp(us{zone})"}
    if isinstance(value, datetime.date):
        return {"value": value.isoformat(), "type": "date32"}
    if isinstance(value, datetime.time):
        return {"value": value.isoformat(), "type": "time64(us)"}
    return value


def assign(variables: Mapping[str, VarValue], assignments: Mapping[str, str]) -> dict[str, VarValue]:
    """Give the variables with some of their values replaced by what a command line says.

    Parameters
    ----------
    variables
        Those of plan.toml.
    assignments
        Text by name. A variable of type string takes the text as it stands, with or without TOML's quotes; every other
        one takes a value in TOML's spelling, of the type that it has in plan.toml.

    Raises
    ------
    VariableUnknown
        When plan.toml does not have the variable; `now` may always be given.
    VariableRefused
        When the text is no value of the variable's type, or the variable is secret.
    """
    assigned = dict(variables)
    for name, text in assignments.items():
        if name not in variables and name != NOW:
            near = nearest(name, variables)
            known = ", ".join(f"`{each}`" for each in sorted(variables))
            mend = f"Did you mean `{near}`?" if near else f"Known: {known}." if known else "Declare it under `[vars]`."
            raise VariableUnknown(f"plan.toml has no variable `{name}`", subject=name, suggestion=mend)
        declared = variable_of(variables[name]) if name in variables else None
        assigned[name] = _assigned(name, text, declared)
    return assigned


def _assigned(name: str, text: str, declared: Variable | None) -> VarSection:
    if declared is not None and declared.secret is not None:
        message = f"The variable `{name}` is secret and cannot be given on the command line"
        mend = f"Set the environment variable `{declared.secret}`."
        raise VariableRefused(message, subject=name, suggestion=mend)
    given = _parsed(text)
    kind = declared.type if declared is not None else None
    if kind == "string" and not (isinstance(given, VarSection) and given.type == "string"):
        return VarSection(value=text, type="string")
    if given is None:
        message = f"`{text}` is no value of the variable `{name}`"
        mend = f"Write a value of type {kind}." if kind else "Write it as in TOML: `2024-01-31T00:00:00Z`."
        raise VariableRefused(message, subject=name, suggestion=mend)
    try:
        found = variable_of(VarSection(value=given.value, type=kind or given.type), name)
    except VariableRefused as reason:
        message = f"`{text}` is no value of the variable `{name}`: {reason.message}"
        raise VariableRefused(message, subject=name, suggestion=reason.suggestion) from reason
    return VarSection(value=found.value, type=found.type)


def _parsed(text: str) -> VarSection | None:
    """Read a value in TOML's spelling; none when it is none."""
    try:
        document = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    if document.keys() != {"value"}:
        return None
    value = toml_value(document["value"])
    if isinstance(value, dict):
        section = cast("dict[str, object]", value)
        dated = section.keys() == {"value", "type"}
        return VarSection(value=str(section["value"]), type=str(section["type"])) if dated else None
    if isinstance(value, str | int | float):
        return VarSection(value=value, type=_type_of(value))
    return None


def _type_of(value: PlainValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        _fitting(value, "int64")
        return "int64"
    return "float64" if isinstance(value, float) else "string"


def _known_type(text: str) -> str:
    kind = canonical_type(text)
    parsed = parse_type(kind)
    plain = parsed.name in {"bool", "string", "date32", "decimal", "timestamp", "time64", *_FLOATS}
    if not plain and _INTEGER.fullmatch(parsed.name) is None:
        mend = "A variable is a bool, an integer, a float, a decimal, a string, a date32, a timestamp or a time64."
        raise VariableRefused(f"a variable cannot be of type {kind}", suggestion=mend)
    return kind


def _fitting(value: PlainValue, kind: str) -> PlainValue:
    """Give the value in its type's one spelling."""
    found = _converted(value, parse_type(kind))
    if found is None:
        raise VariableRefused(f"{value!r} is no value of type {kind}", suggestion=f"Write a value of type {kind}.")
    return found


def _converted(value: PlainValue, kind: CanonicalType) -> PlainValue | None:
    integer = _INTEGER.fullmatch(kind.name)
    if kind.name == "bool":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if integer is not None:
        return value if isinstance(value, int) and _in_range(value, integer) else None
    if kind.name in _FLOATS:
        return float(value) if isinstance(value, int | float) else None
    if kind.name == "decimal":
        return _decimal(value, int(kind.arguments[0]), int(kind.arguments[1]))
    if not isinstance(value, str):
        return None
    return value if kind.name == "string" else _moment(value, kind)


def _in_range(value: int, integer: re.Match[str]) -> bool:
    bits = int(integer.group(2))
    return 0 <= value < 1 << bits if integer.group(1) else -(1 << bits - 1) <= value < 1 << bits - 1


def _decimal(value: PlainValue, precision: int, scale: int) -> str | None:
    try:
        number = Decimal(str(value))
        exact = (
            number.is_finite() and round(number, scale) == number and abs(number) < Decimal(10) ** (precision - scale)
        )
    except InvalidOperation:
        return None
    return format(number, f".{scale}f") if exact else None


def _moment(value: str, kind: CanonicalType) -> str | None:
    try:
        if kind.name == "date32":
            return datetime.date.fromisoformat(value).isoformat()
        if kind.name == "time64":
            return datetime.time.fromisoformat(value).isoformat()
        at = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    zoned = len(kind.arguments) > 1
    if zoned != (at.tzinfo is not None):
        return None
    return at.astimezone(datetime.UTC).isoformat() if zoned else at.isoformat()
