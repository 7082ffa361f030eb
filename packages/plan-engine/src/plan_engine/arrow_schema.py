"""Between Arrow schemas and the columns of contracts."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa

from plan_contracts import CanonicalType, Column, TypeNotCanonical, parse_type

_PLAIN: dict[str, pa.DataType] = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date32": pa.date32(),
    "date64": pa.date64(),
}

_LISTS = (pa.ListType, pa.LargeListType, pa.FixedSizeListType, pa.ListViewType, pa.LargeListViewType)

_UNITS: dict[str, Literal["s", "ms", "us", "ns"]] = {"s": "s", "ms": "ms", "us": "us", "ns": "ns"}

_DECIMAL128_DIGITS = 38


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """Give the columns of a schema with canonical types, in order.

    Raises
    ------
    TypeNotCanonical
        When a column has a type without a canonical form, such as a union; it is named.
    """
    return tuple(
        Column(
            name=field.name,
            type=_type_of(field),
            nullable=field.nullable,
            metadata=_metadata(field.metadata),
        )
        for field in schema
    )


def _type_of(field: "pa.Field[pa.DataType]") -> str:
    try:
        return canonical_text(field.type)
    except TypeNotCanonical as reason:
        message = f"The column `{field.name}` has the type `{field.type}`, which cannot be read"
        raise TypeNotCanonical(message, subject=str(field.type), suggestion="Rewrite it as a struct.") from reason


@lru_cache(maxsize=4096)
def canonical_text(kind: pa.DataType) -> str:
    """Give the canonical text of a type.

    Examples
    --------
    >>> canonical_text(pa.struct([("dc:title", pa.large_list(pa.string()))]))
    'struct<"dc:title": list<string>>'
    """
    return str(_canonical(kind))


def _canonical(kind: pa.DataType) -> CanonicalType:
    """Take nested types apart rather than read their text, where names of fields may hold any character."""
    if pa.types.is_struct(kind):
        fields = list(kind)
        children = tuple(_canonical(field.type) for field in fields)
        return CanonicalType("struct", children=children, field_names=tuple(field.name for field in fields))
    if pa.types.is_map(kind):
        return CanonicalType("map", children=(_canonical(kind.key_type), _canonical(kind.item_type)))
    if pa.types.is_dictionary(kind):
        return CanonicalType("dictionary", children=(_canonical(kind.value_type),))
    if isinstance(kind, _LISTS):
        return CanonicalType("list", children=(_canonical(kind.value_type),))
    if pa.types.is_run_end_encoded(kind):
        return _canonical(kind.value_type)
    return parse_type(str(kind))


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Give a schema with the plain layout of each column's canonical type."""
    return pa.schema([pa.field(column.name, arrow_type(column.type), column.nullable) for column in columns])


def arrow_type(text: str) -> pa.DataType:
    """Give the plain Arrow layout of a canonical type.

    Raises
    ------
    TypeNotCanonical
        When the text is no type, or one that Arrow cannot hold.
    """
    return _arrow_type(parse_type(text))


def _arrow_type(parsed: CanonicalType) -> pa.DataType:
    plain = _PLAIN.get(parsed.name)
    if plain is not None:
        return plain
    first = parsed.arguments[0] if parsed.arguments else None
    second = parsed.arguments[1] if len(parsed.arguments) > 1 else None
    children = [_arrow_type(child) for child in parsed.children]
    match parsed.name:
        case "decimal" if isinstance(first, int) and isinstance(second, int):
            return pa.decimal128(first, second) if first <= _DECIMAL128_DIGITS else pa.decimal256(first, second)
        case "timestamp":
            unit = _UNITS[str(first)]
            return pa.timestamp(unit, tz=str(second)) if second is not None else pa.timestamp(unit)
        case "time32":
            return pa.time32("s" if first == "s" else "ms")
        case "time64":
            return pa.time64("us" if first == "us" else "ns")
        case "duration":
            return pa.duration(_UNITS[str(first)])
        case "interval":
            return pa.month_day_nano_interval()
        case "fixed_binary" if isinstance(first, int):
            return pa.binary(first)
        case "list":
            return pa.list_(children[0])
        case "map":
            return pa.map_(children[0], children[1])
        case "dictionary":
            # The stubs bound the values' type to the flat ones; Arrow takes any.
            return pa.dictionary(pa.int32(), children[0])  # pyright: ignore[reportArgumentType]  # pyrefly: ignore
        case "struct":
            return pa.struct([pa.field(n, t) for n, t in zip(parsed.field_names, children, strict=True)])
        case _:
            raise AssertionError(f"the canonical type {parsed} has no Arrow layout")


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give the batch the types and the nullability of the schema.

    Operators may say "not null" where their plan says less; the plan's schema is what consumers were planned against.
    """
    columns = [
        column if column.type.equals(field.type) else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    """Give a batch without rows."""
    return pa.RecordBatch.from_arrays([_no_values(kind) for kind in schema.types], schema=schema)


@lru_cache(maxsize=1024)
def _no_values(kind: pa.DataType) -> "pa.Array[Any]":  # of whichever type
    return pa.array([], kind)


def with_columns(schema: pa.Schema, columns: Mapping[str, pa.DataType]) -> pa.Schema:
    """Give the schema with further columns at its end."""
    return pa.schema([*schema, *(pa.field(name, kind) for name, kind in columns.items())])


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Give the schema with plain strings and binaries in place of views, which not every reader knows."""
    plain = pa.schema([field.with_type(_plain_type(field.type)) for field in schema])
    return plain.with_metadata(schema.metadata)


def _plain_type(arrow: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(arrow):
        return pa.string()
    if pa.types.is_binary_view(arrow):
        return pa.binary()
    if pa.types.is_list(arrow):
        return pa.list_(arrow.value_field.with_type(_plain_type(arrow.value_type)))
    if pa.types.is_struct(arrow):
        return pa.struct([arrow.field(i).with_type(_plain_type(arrow.field(i).type)) for i in range(arrow.num_fields)])
    return arrow


def _metadata(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    """Give field metadata as text, without the field ids that Parquet readers add."""
    if metadata is None:
        return {}
    decoded = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in metadata.items()}
    return {key: value for key, value in sorted(decoded.items()) if not key.startswith("PARQUET:")}
