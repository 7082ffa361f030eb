"""Writing a large result with DataFusion's own writer: columns are encoded side by side, and no row comes to Python."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re
import secrets
from pathlib import Path

import pyarrow as pa
from datafusion import DataFrame, SessionContext

from plan_engine.arrow_schema import plain_schema
from plan_engine.staged_file import ROW_GROUP_ROWS, SMALL, Encoding, StagedFile, look_at
from plan_engine.table_catalog import quoted

LARGE_INPUT_BYTES = 32 << 20
"""Bytes of all inputs from which a result is written like this. It is not kept in memory then: reading a few columns of
a large file again takes less time than holding all of them."""

_PLAIN_PATH = re.compile(r"[\w/.+@-]+")
_RESULT = "result of the task"


def suits(schema: pa.Schema, folder: Path) -> bool:
    """Say whether nothing is lost on the way.

    The file holds no Arrow schema, so that no layout of this engine's enters it: types must follow from Parquet's own.
    Paths must be such that DataFusion does not take them for patterns or URLs.
    """
    plain = not schema.metadata and all(not field.metadata and _follows(field.type) for field in schema)
    return plain and _PLAIN_PATH.fullmatch(str(folder)) is not None


def _follows(kind: pa.DataType) -> bool:
    if pa.types.is_timestamp(kind):
        return kind.unit != "s" and kind.tz in (None, "UTC")
    if pa.types.is_decimal(kind):
        return pa.types.is_decimal128(kind)
    return any(
        check(kind)
        for check in (
            pa.types.is_integer,
            pa.types.is_float32,
            pa.types.is_float64,
            pa.types.is_boolean,
            pa.types.is_string,
            pa.types.is_string_view,
            pa.types.is_date32,
        )
    )


def write_rows(
    session: SessionContext, frame: DataFrame, folder: Path, name: str, *, encoding: Encoding = SMALL
) -> StagedFile:
    """Write a result to a Parquet file under a name that nobody else uses.

    Parameters
    ----------
    session
        The session of the query.
    frame
        The query.
    folder
        Where to write.
    name
        Beginning of the file's name.
    encoding
        How the columns are stored.
    """
    path = folder / f"{name}.{secrets.token_hex(8)}.parquet"
    session.register_view(quoted(_RESULT), frame)
    statement = (
        f"copy (select * from {quoted(_RESULT)}) to '{path}' stored as parquet options ("
        f"compression '{encoding.parallel_codec}', dictionary_enabled '{str(encoding.dictionary).lower()}', "
        f"statistics_enabled '{encoding.parallel_statistics}', max_row_group_size '{ROW_GROUP_ROWS}', "
        "skip_arrow_metadata 'true')"
    )
    try:
        (counted,) = session.sql(statement).to_pylist()
        stored, size, digest = look_at(path)
        if stored != counted["count"]:
            raise OSError(f"the query gave {counted['count']} rows, and the file's footer says {stored}")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return StagedFile(
        path=path, schema=plain_schema(frame.schema()), rows=stored, bytes=size, sha256=digest, collected=None
    )
