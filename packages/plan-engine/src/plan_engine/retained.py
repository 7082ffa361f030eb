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
        self.peak_bytes = 0
        """Most that was ever set aside at once."""
        self._results: dict[str, Retained] = {}
        self._keys = itertools.count()
        self._lock = threading.Lock()

    def collecting(self) -> "Collecting":
        """Begin to keep a result, whose rows count against the budget from the first one on."""
        return Collecting(self)

    def reserve(self, size: int) -> bool:
        """Set bytes of the budget aside; say whether there are as many."""
        with self._lock:
            fits = self._used + size <= self._budget
            self._used += size if fits else 0
            self.peak_bytes = max(self.peak_bytes, self._used)
            return fits

    def give_back(self, size: int) -> None:
        """Free bytes that were set aside."""
        with self._lock:
            self._used -= size

    def put(self, schema: pa.Schema, batches: list[pa.RecordBatch], size: int, rows: int) -> DatasetRef:
        """Keep a result whose bytes are set aside already; give how to refer to it."""
        uri = f"mem://{self._worker}/{next(self._keys)}"
        with self._lock:
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
            self._used -= sum(result.bytes for result in self._results.values())
            self._results.clear()


class Collecting:
    """The rows of one result on their way into memory; when they do not fit, none of them is kept.

    Parameters
    ----------
    results
        Where they go, and whose budget they share with all other results, also unfinished ones.
    """

    def __init__(self, results: RetainedResults) -> None:
        self._results = results
        self._batches: list[pa.RecordBatch] | None = []
        self._bytes = 0
        self.seen_bytes = 0
        """What all rows so far take in memory, kept or not."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch, or give up."""
        size = batch.nbytes
        self.seen_bytes += size
        if self._batches is None:
            return
        if self._results.reserve(size):
            self._bytes += size
            self._batches.append(batch)
        else:
            self.drop()

    def drop(self) -> None:
        """Forget the rows."""
        self._results.give_back(self._bytes)
        self._batches, self._bytes = None, 0

    def keep(self, schema: pa.Schema, rows: int) -> DatasetRef | None:
        """Keep the rows as a result, and give how to refer to it; none when they did not fit or there are none."""
        batches, size = self._batches, self._bytes
        self._batches, self._bytes = None, 0
        return self._results.put(schema, batches, size, rows) if batches else None
