"""Event segments: columns of rows to Parquet bytes."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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

_REPEATED = ["profile_name", "run_id", "event_name", "plan_signature", "reduced_plan_signature"]

PARQUET_OPTIONS: dict[str, Any] = {  # keyword arguments, each of its own type
    "compression": "zstd",
    "use_dictionary": _REPEATED,
    "write_statistics": ["event_time_unix_ms", *_REPEATED],
    "store_schema": False,
}
"""How segments are written. Payloads and hashes repeat too rarely for dictionaries, which would take most time, and
nobody prunes by them; the schema that Arrow would add is the one that the Parquet types give by themselves."""

SMALL_BYTES = 64 << 10
"""Payloads of fewer bytes are compressed with snappy: setting up zstd would take longer than all else."""


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

    def to_parquet(self) -> bytes:
        """Give the rows as one Parquet file."""
        arrays = [
            _integers(self.event_time_unix_ms),
            _optional_strings(self.profile_name),
            _strings(self.run_id),
            _strings(self.event_name),
            _strings(self.plan_signature),
            _strings(self.reduced_plan_signature),
            _binaries(self.event_payload_msgpack),
            _strings(self.event_payload_hash),
        ]
        is_small = sum(map(len, self.event_payload_msgpack)) < SMALL_BYTES
        options: dict[str, Any] = {**PARQUET_OPTIONS, "compression": "snappy"} if is_small else PARQUET_OPTIONS
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_arrays(arrays, schema=EVENTS_SCHEMA), sink, **options)
        return sink.getvalue().to_pybytes()


# The columns are built from buffers: `pyarrow.array` imports pandas, where it is installed, which takes longer than a
# small build.


def _integers(values: Sequence[int]) -> "pa.Array[Any]":
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(array("q", values))])


def _strings(values: Sequence[str]) -> "pa.Array[Any]":
    text = "".join(values)
    data = text.encode()
    if len(data) == len(text):  # all are ASCII, so the length of a text is that of its bytes
        return _variable(pa.string(), data, map(len, values))
    return _variable(pa.string(), data, (len(value.encode()) for value in values))


def _optional_strings(values: Sequence[str | None]) -> "pa.Array[Any]":
    if values.count(None) == len(values):
        return pa.nulls(len(values), pa.string())
    bits = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        bits[index >> 3] |= (value is not None) << (index & 7)
    whole = _strings([value or "" for value in values])
    return pa.Array.from_buffers(pa.string(), len(values), [pa.py_buffer(bits), *whole.buffers()[1:]])


def _binaries(values: Sequence[bytes]) -> "pa.Array[Any]":
    return _variable(pa.binary(), b"".join(values), map(len, values))


def _variable(kind: pa.DataType, data: bytes, lengths: Iterable[int]) -> "pa.Array[Any]":
    offsets = array("i", accumulate(lengths, initial=0))
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
