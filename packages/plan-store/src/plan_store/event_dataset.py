"""The segments as one table for DataFusion: pruned by run before a file is opened, and read many at a time."""

# pyarrow's stubs leave the type parameters of arrays and schemas open; `Any` is what they say of fragments and options.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from plan_store.arrow_files import arrow_files
from plan_store.objects import Objects
from plan_store.segment_index import Segment
from plan_store.segments import EVENTS_SCHEMA


def event_dataset(objects: Objects, segments: Sequence[Segment]) -> ds.Dataset:
    """Give the events of segments. A query for one run opens those segments only that may hold events of it."""
    files, parquet = arrow_files(objects), ds.ParquetFileFormat()
    fragments = [
        parquet.make_fragment(files.path(segment.key), files.system, partition_expression=_holds(segment))
        for segment in segments
    ]
    return _GroupedFiles(fragments, EVENTS_SCHEMA, parquet, files.system)


def _holds(segment: Segment) -> ds.Expression | None:
    """Give what is known of the events of a segment without opening it."""
    if segment.runs is None:
        return None
    run_id = ds.field("run_id")
    return run_id == segment.runs[0] if len(segment.runs) == 1 else run_id.isin(segment.runs)


class _GroupedFiles(ds.FileSystemDataset):
    """Files that DataFusion scans in as many parts as there are cores.

    It scans each fragment of a dataset by itself, and a thousand small ones one after the other, each with the
    interpreter's lock; Arrow reads the files of a part ahead, on threads of its own.
    """

    def get_fragments(self, filter: ds.Expression | None = None) -> Iterator[Any]:  # noqa: A002 (named by its base)
        """Give the parts, of the files that may hold what the filter asks for; each is scanned as a fragment is."""
        found = list(super().get_fragments(filter))
        parts = min(len(found), pa.cpu_count())
        for part in range(parts):
            yield _Part(ds.FileSystemDataset(found[part::parts], self.schema, self.format, self.filesystem))


class _Part:
    """A part of a dataset, with the one method that DataFusion calls of a fragment."""

    def __init__(self, files: ds.Dataset) -> None:
        self._files = files

    def scanner(self, schema: pa.Schema, **options: Any) -> ds.Scanner:
        """Scan the files."""
        return self._files.scanner(**options)
