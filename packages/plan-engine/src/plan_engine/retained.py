"""Results kept in memory for consumers in the same process, up to a budget."""

import itertools
import threading
from dataclasses import dataclass

import pyarrow as pa

from plan_contracts import DataFormat, DatasetRef
from plan_engine.arrow_schema import columns_of


@dataclass(frozen=True, kw_only=True)
class Retained:
    """One result."""

    schema: pa.Schema
    batches: list[pa.RecordBatch]
    bytes: int


class RetainedResults:
    """Results by URI. Safe to use from several threads.

    Parameters
    ----------
    worker
        Name of the process; it stands in the URIs.
    budget_bytes
        What all results together may hold.
    """

    def __init__(self, worker: str, budget_bytes: int) -> None:
        self._worker = worker
        self._budget = budget_bytes
        self._used = 0
        self._results: dict[str, Retained] = {}
        self._keys = itertools.count()
        self._lock = threading.Lock()

    def free_bytes(self) -> int:
        """Give what is left of the budget at this moment."""
        return max(0, self._budget - self._used)

    def put(self, schema: pa.Schema, batches: list[pa.RecordBatch], rows: int) -> DatasetRef | None:
        """Keep a result.

        Returns
        -------
        DatasetRef or None
            How to refer to it; none when it does not fit, and nothing was kept.
        """
        size = sum(batch.nbytes for batch in batches)
        with self._lock:
            if self._used + size > self._budget:
                return None
            uri = f"mem://{self._worker}/{next(self._keys)}"
            self._used += size
            self._results[uri] = Retained(schema=schema, batches=batches, bytes=size)
        return DatasetRef(uri=uri, format=DataFormat.MEMORY, columns=columns_of(schema), rows=rows, bytes=size)

    def get(self, uri: str) -> Retained | None:
        """Give a result; none when it was released or never was here."""
        return self._results.get(uri)

    def release(self, uri: str) -> None:
        """Forget a result; unknown ones are ignored."""
        with self._lock:
            result = self._results.pop(uri, None)
            if result is not None:
                self._used -= result.bytes

    def clear(self) -> None:
        """Forget every result."""
        with self._lock:
            self._results.clear()
            self._used = 0
