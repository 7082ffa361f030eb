"""Event segments: columns of rows to Parquet bytes."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import EventRow

EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_time_unix_ms", pa.int64(), nullable=False),
        pa.field("profile_name", pa.string()),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("event_name", pa.string(), nullable=False),
        pa.field("plan_signature", pa.string(), nullable=False),
        pa.field("reduced_plan_signature", pa.string(), nullable=False),
        pa.field("event_payload_msgpack", pa.binary(), nullable=False),
        pa.field("event_payload_hash", pa.string(), nullable=False),
    ]
)
"""The columns of `datafusion_hamilton_events_v2`."""


@dataclass(kw_only=True)
class EventColumns:
    """Rows on their way to a segment, column by column."""

    event_time_unix_ms: list[int] = field(default_factory=list[int])
    profile_name: list[str | None] = field(default_factory=list[str | None])
    run_id: list[str] = field(default_factory=list[str])
    event_name: list[str] = field(default_factory=list[str])
    plan_signature: list[str] = field(default_factory=list[str])
    reduced_plan_signature: list[str] = field(default_factory=list[str])
    event_payload_msgpack: list[bytes] = field(default_factory=list[bytes])
    event_payload_hash: list[str] = field(default_factory=list[str])

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.event_time_unix_ms)

    def append(self, row: EventRow) -> None:
        """Add a row."""
        self.event_time_unix_ms.append(row.event_time_unix_ms)
        self.profile_name.append(row.profile_name)
        self.run_id.append(row.run_id)
        self.event_name.append(row.event_name)
        self.plan_signature.append(row.plan_signature)
        self.reduced_plan_signature.append(row.reduced_plan_signature)
        self.event_payload_msgpack.append(row.event_payload_msgpack)
        self.event_payload_hash.append(row.event_payload_hash)

    def extend(self, later: "EventColumns") -> None:
        """Add the rows of another one behind these."""
        for column in fields(self):
            getattr(self, column.name).extend(getattr(later, column.name))

    def to_parquet(self) -> bytes:
        """Give the rows as one Parquet file."""
        times, *texts = EVENTS_SCHEMA
        arrays = [
            _integers(getattr(self, times.name)),
            *(_texts(getattr(self, text.name), text.type) for text in texts),
        ]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_arrays(arrays, schema=EVENTS_SCHEMA), sink, compression="zstd")
        return sink.getvalue().to_pybytes()


# The columns are built from buffers: `pyarrow.array` imports pandas, where it is installed, which takes longer than a
# small build.


def _integers(values: Sequence[int]) -> "pa.Array[Any]":
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(array("q", values))])


def _texts(values: Sequence[str | bytes | None], kind: pa.DataType) -> "pa.Array[Any]":
    parts = [value.encode() if isinstance(value, str) else value or b"" for value in values]
    validity = None
    if None in values:
        bits = bytearray((len(values) + 7) // 8)
        for index, value in enumerate(values):
            bits[index >> 3] |= (value is not None) << (index & 7)
        validity = pa.py_buffer(bits)
    offsets = pa.py_buffer(array("i", accumulate(map(len, parts), initial=0)))
    return pa.Array.from_buffers(kind, len(values), [validity, offsets, pa.py_buffer(b"".join(parts))])
