"""What JSON lines say about their columns."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeArgument=false

from collections.abc import Sequence

import pyarrow as pa
from datafusion import SessionContext

from plan_contracts import JsonOptions
from plan_engine.arrow_schema import arrow_type, canonical_text
from plan_engine.compression import compression_of
from plan_engine.csv_facts import INFERENCE_ROWS
from plan_engine.data_source import DataSource
from plan_engine.datafusion_messages import ENCODING_MEND, JsonFault, clean, read_json_fault
from plan_engine.errors import DatasetSchemasDiffer, DatasetUnreadable
from plan_engine.file_facts import FileFacts, lines_and_digest, look_into
from plan_engine.source_files import SourceFile, told_apart
from plan_engine.text_diagnosis import NOT_UTF8, broken_json_line


def json_facts(name: str, files: Sequence[SourceFile], source: DataSource, json: JsonOptions) -> list[FileFacts]:
    """Infer the columns of files of JSON lines, from their first rows and from all files together.

    Whole numbers and fractions make float64; a field that some lines or files lack is null there; objects are structs
    with the fields of all of them; a field that is null throughout is a string. Declared types win.

    Parameters
    ----------
    name
        The dataset.
    files
        Its files.
    source
        Where they lie.
    json
        Declared types, also of columns that no line holds.

    Raises
    ------
    DatasetUnreadable
        When a file is no JSON lines, with the line that is not; when no file holds a field.
    DatasetSchemasDiffer
        When a field is, for example, a text here and an object there.
    """
    counted = look_into(files, lambda file: lines_and_digest(name, source, file))
    kinds: dict[str, pa.DataType] = {column: arrow_type(text) for column, text in json.types.items()}
    seen: dict[str, tuple[pa.DataType, SourceFile]] = {}
    for file, schema in zip(files, look_into(files, lambda file: _inferred(name, file, source)), strict=True):
        for field in schema:
            before, place = seen.get(field.name, (pa.null(), file))
            merged = merged_type(before, field.type)
            if merged is None and field.name not in kinds:
                raise _differs(name, field.name, (place, before), (file, field.type))
            seen[field.name] = (merged if merged is not None else before, place)
    columns = [*seen, *(column for column in kinds if column not in seen)]
    if not columns:
        message = f"The files of the dataset `{name}` hold no field, so that it has no columns"
        mend = 'Declare them under `json`, such as `json = { types = { id = "int64" } }`, or remove the dataset.'
        raise DatasetUnreadable(message, subject=name, suggestion=mend)
    schema = pa.schema([pa.field(column, kinds.get(column) or _settled(seen[column][0])) for column in columns])
    return [FileFacts(schema=schema, rows=lines, digest=digest) for lines, digest in counted]


def _inferred(name: str, file: SourceFile, source: DataSource) -> pa.Schema:
    context = SessionContext()
    try:
        source.attach(context)
        with source.place(file) as place:
            context.register_json(
                "inferred",
                place,
                schema_infer_max_records=INFERENCE_ROWS,
                file_extension="",
                file_compression_type=compression_of(file.uri).value,
            )
            return context.table("inferred").schema()
    except Exception as reason:
        broken = broken_json_line(source, file, read_json_fault(str(reason)) or JsonFault())
        what = broken.text if broken is not None else clean(str(reason))
        line = f" in line {broken.line}" if broken is not None else ""
        message = f"The file `{file.uri}` of the dataset `{name}` is no JSON lines{line}: {what}"
        mend = ENCODING_MEND if what == NOT_UTF8 else "Write one object on each line."
        raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason


def merged_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Give the type of a field that JSON holds in two ways; none when no type holds both.

    Examples
    --------
    >>> merged_type(pa.int64(), pa.float64())
    DataType(double)
    """
    if pa.types.is_null(one) or one.equals(other):
        return other
    if pa.types.is_null(other):
        return one
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if pa.types.is_list(one) and pa.types.is_list(other):
        inner = merged_type(one.value_type, other.value_type)
        return pa.list_(inner) if inner is not None else None
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return _merged_struct(one, other)
    return None


def _merged_struct(one: pa.StructType, other: pa.StructType) -> pa.DataType | None:
    fields: dict[str, pa.DataType] = {field.name: field.type for field in one}
    for field in other:
        merged = merged_type(fields.get(field.name, pa.null()), field.type)
        if merged is None:
            return None
        fields[field.name] = merged
    return pa.struct(list(fields.items()))


def _settled(kind: pa.DataType) -> pa.DataType:
    """Take a string for what was never seen but as null."""
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_settled(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _settled(field.type)) for field in kind])
    return kind


def _differs(
    name: str, column: str, one: tuple[SourceFile, pa.DataType], other: tuple[SourceFile, pa.DataType]
) -> DatasetSchemasDiffer:
    places = told_apart(one[0], other[0])
    kinds = [canonical_text(kind) for _, kind in (one, other)]
    shown = [f"{kind} in `{place}`" for kind, place in zip(kinds, places, strict=True)]
    message = f"The files of the dataset `{name}` differ: the field `{column}` is {shown[0]} and {shown[1]}"
    mend = "Rewrite one, or make two datasets of them."
    return DatasetSchemasDiffer(message, subject=name, related=places, suggestion=mend)
