"""Variables as the values that queries and functions are given."""

# pyarrow's stubs leave the type parameter of scalars open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

import pyarrow as pa
from datafusion import DataFrame, SessionContext, udf

from plan_contracts import NOW, Variable
from plan_engine.arrow_schema import arrow_type
from plan_engine.errors import VariableMissing
from plan_engine.secret_values import secret_value

Value: TypeAlias = "pa.Scalar[pa.DataType]"
"""A value with its type."""

_UTC = datetime.UTC


def value_of(name: str, variable: Variable) -> Value:
    """Give the value of a variable; that of a secret one is read from the environment of this process.

    Raises
    ------
    VariableMissing
        When it has no value.
    """
    value = variable.value if variable.secret is None else secret_value(name, variable)
    if value is None:
        raise VariableMissing(f"The variable `{name}` has no value", subject=name)
    return _scalar(value, variable.type)


def placeholder_of(variable: Variable) -> Value:
    """Give a null of the variable's type, for planning without a value."""
    return pa.scalar(None, arrow_type(variable.type))


def values_of(variables: Mapping[str, Variable]) -> dict[str, Value]:
    """Give the values of variables.

    Raises
    ------
    VariableMissing
        When one of them has none.
    """
    return {name: value_of(name, variable) for name, variable in variables.items()}


def with_known_types(context: SessionContext, frame: DataFrame) -> DataFrame:
    """Give a frame whose variables are bound the types that it has when it is run.

    DataFusion takes the columns of a union from its first side before values are bound, and a variable that stands
    there alone for null.
    """
    if any(pa.types.is_null(field.type) for field in frame.schema()):
        return context.create_dataframe_from_logical_plan(frame.optimized_logical_plan())
    return frame


def pin_clock(context: SessionContext, now: Value) -> None:
    """Make every function that tells the time tell this one; a moment without a zone is one of UTC.

    A function of no arguments that is declared to be immutable is computed once, while a query is planned.
    """
    at = _moment(now)
    nanoseconds = pa.scalar(at.replace(tzinfo=None), pa.timestamp("ns"))
    for name, value in (
        ("now", nanoseconds),
        ("current_timestamp", nanoseconds),
        ("current_date", pa.scalar(at.date(), pa.date32())),
        ("today", pa.scalar(at.date(), pa.date32())),
        ("current_time", pa.scalar(at.time(), pa.time64("ns"))),
    ):
        context.register_udf(udf(_constant(value), [], value.type, "immutable", name))


def clock_of(variables: Mapping[str, Variable]) -> "Value | None":
    """Give the moment at which the variable `now` pins the clock; none when it does not."""
    now = variables.get(NOW)
    return value_of(NOW, now) if now is not None and (now.value, now.secret) != (None, None) else None


def _constant(value: Value):
    return lambda: pa.array([value.as_py()], value.type)


def _moment(now: Value) -> datetime.datetime:
    at = now.as_py()
    if not isinstance(at, datetime.datetime):
        at = datetime.datetime.combine(at, datetime.time())
    return at.astimezone(_UTC) if at.tzinfo is not None else at.replace(tzinfo=_UTC)


def _scalar(value: str | float | bool, kind: str) -> Value:
    arrow = arrow_type(kind)
    if not isinstance(value, str) or pa.types.is_string(arrow):
        return pa.scalar(value, arrow)
    if pa.types.is_decimal(arrow):
        return pa.scalar(Decimal(value), arrow)
    if pa.types.is_date32(arrow):
        return pa.scalar(datetime.date.fromisoformat(value), arrow)
    if pa.types.is_time64(arrow):
        return pa.scalar(datetime.time.fromisoformat(value), arrow)
    return pa.scalar(datetime.datetime.fromisoformat(value), arrow)
