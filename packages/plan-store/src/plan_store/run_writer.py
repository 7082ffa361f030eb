"""The record of one run while it goes on: events in durable segments, artifacts under their ids."""

import contextlib
import hashlib
import threading
from types import TracebackType

from msgspec.structs import replace

from plan_contracts import (
    Clock,
    Contract,
    CostTable,
    Envelope,
    PlanDriftArtifact,
    PlanDriftEnvelope,
    PlanEvidenceArtifact,
    PlanScheduleArtifact,
    PlanScheduleEnvelope,
    PlanSignatures,
    PlanValidationArtifact,
    PlanValidationEnvelope,
    RunManifestEnvelope,
    RunManifestV2,
    TaskHistory,
    decode_msgpack,
    encode_msgpack,
    event_row,
    identity_bytes,
    payload_hash,
)
from plan_store.errors import StoreUnreachable, StoreUnwritable
from plan_store.layout import Layout, artifact_key, history_key, manifest_key, marker_key, segment_key
from plan_store.project_lease import ProjectHold
from plan_store.segments import EventColumns

FLUSH_ROWS = 8192
"""Rows after which a segment is written without waiting for the interval."""

FLUSH_SECONDS = 1.0
"""Longest time that an event waits for its segment: what a killed build loses at most."""


class RunWriter:
    """Writes one run; implements the port `EventSink`. Safe to use from several threads.

    Events are buffered and placed as a segment after `FLUSH_ROWS` events or `FLUSH_SECONDS`, whichever comes first, by
    a thread of its own; `flush` does it at once. With a `hold`, the manifest is recorded only while that holds.
    """

    def __init__(
        self, layout: Layout, clock: Clock, run_id: str, profile: str | None, hold: ProjectHold | None = None
    ) -> None:
        self._hold = hold
        self._layout = layout
        self._clock = clock
        self._run_id = run_id
        self._profile = profile
        self._signatures: PlanSignatures | None = None
        self._buffer = EventColumns()
        self._taken = EventColumns()
        self._segments = 0
        self._artifacts: dict[str, bytes] = {}
        self._failure: OSError | None = None
        self._wake = threading.Condition()
        self._writing = threading.Lock()
        self._closed = False
        self._flusher = threading.Thread(target=self._flush_regularly, name="plan-store-flush", daemon=True)
        self._flusher.start()

    def __enter__(self) -> "RunWriter":
        """Give the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush and close."""
        self.close()

    def set_signatures(self, signatures: PlanSignatures) -> None:
        """Set the signatures that later events carry."""
        self._signatures = signatures

    def emit(self, event: Envelope) -> None:
        """Record an event with the present time.

        Raises
        ------
        StoreUnwritable
            When an earlier segment could not be written.
        """
        row = event_row(
            event,
            time_unix_ms=self._clock.unix_ms(),
            run_id=self._run_id,
            profile_name=self._profile,
            signatures=self._signatures,
        )
        with self._wake:
            self._raise_failure()
            self._buffer.append(row)
            if len(self._buffer) >= FLUSH_ROWS:
                self._wake.notify()

    def flush(self) -> None:
        """Make every event so far durable.

        Raises
        ------
        StoreUnwritable
            When the disk refuses; the events stay buffered.
        """
        try:
            self._write_segment()
        except OSError as reason:
            raise self._unwritable(reason) from reason

    def close(self) -> None:
        """Flush, and stop the thread. No event may follow."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify()
        self._flusher.join()
        self.flush()

    def put_validation(self, artifact: PlanValidationArtifact) -> str:
        """Store a validation and record it; give its artifact id."""
        identity = self._put_artifact(artifact)
        self.emit(PlanValidationEnvelope(artifact_id=identity, artifact=artifact))
        self.flush()
        return identity

    def put_evidence(self, artifact: PlanEvidenceArtifact) -> str:
        """Store what is known of datasets and views; give its artifact id."""
        return self._put_artifact(artifact)

    def put_drift(self, artifact: PlanDriftArtifact) -> str:
        """Store what has changed since an earlier run and record it; give its artifact id."""
        identity = self._put_artifact(artifact)
        self.emit(PlanDriftEnvelope(artifact_id=identity, artifact=artifact))
        return identity

    def put_schedule(self, artifact: PlanScheduleArtifact) -> str:
        """Store a schedule and record it; give its artifact id."""
        identity = self._put_artifact(artifact)
        self.emit(PlanScheduleEnvelope(artifact_id=identity, artifact=artifact))
        return identity

    def put_cost_table(self, table: CostTable) -> str:
        """Store a cost table; give its artifact id, which is the schedule's `cost_table_id`."""
        return self._put_artifact(table)

    def put_history(self, history: TaskHistory) -> None:
        """Store what the run's tasks did cost."""
        data = _readable(history)
        self._put(history_key(history.run_id, payload_hash(data)), data)

    def put_manifest(self, manifest: RunManifestV2) -> str:
        """Store the manifest and record it; give its artifact id, which the stored manifest carries too.

        Raises
        ------
        ProjectLockLost
            When another process has taken the project over, which has then recorded this run as interrupted.
        """
        self._check_hold()
        identity = self._put_artifact(manifest)
        full = replace(manifest, artifact_ids=replace(manifest.artifact_ids, run_manifest=identity))
        self.emit(RunManifestEnvelope(artifact_id=identity, artifact=full))
        self.flush()
        self._check_hold()
        self.place_manifest(full)
        return identity

    def place_manifest(self, recorded: RunManifestV2) -> None:
        """Put a manifest that was recorded in its place; the run has ended then."""
        for identity, data in self._artifacts.items():  # one that was there before may have been collected since
            self._put(artifact_key(identity), data)
        self._put(manifest_key(recorded.run_id), _readable(recorded))
        with contextlib.suppress(OSError):  # beside a manifest it says nothing any more
            self._layout.objects.delete(marker_key(recorded.run_id))

    def _check_hold(self) -> None:
        if self._hold is None:
            return
        try:
            self._hold.check()
        except OSError as reason:
            raise self._unwritable(reason) from reason

    def _put_artifact(self, document: Contract) -> str:
        _readable(document)
        data = identity_bytes(document)
        identity = payload_hash(data)  # which is its `artifact_id`
        self._put(artifact_key(identity), data)
        self._artifacts[identity] = data
        return identity

    def _put(self, key: str, data: bytes) -> None:
        try:
            self._layout.objects.put_if_absent(key, data)
        except OSError as reason:
            raise self._unwritable(reason) from reason

    def _flush_regularly(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or len(self._buffer) >= FLUSH_ROWS, timeout=FLUSH_SECONDS)
                if self._closed:
                    return
            try:
                self._write_segment()
            except OSError as reason:
                self._failure = reason

    def _write_segment(self) -> None:
        """Place what is buffered. What could not be placed is placed first the next time, as the same segment.

        After an error it is not known whether the segment is there; put again under its own name it is there once.
        """
        with self._writing:
            while True:
                if not len(self._taken):
                    with self._wake:
                        self._taken, self._buffer = self._buffer, EventColumns()
                if not len(self._taken):
                    return
                data = self._taken.to_parquet()
                digest = hashlib.sha256(data).hexdigest()
                first = min(self._taken.event_time_unix_ms)
                self._layout.objects.put_if_absent(segment_key(first, self._run_id, self._segments, digest), data)
                self._segments, self._taken = self._segments + 1, EventColumns()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            reason, self._failure = self._failure, None
            raise self._unwritable(reason) from reason

    def _unwritable(self, reason: OSError) -> StoreUnwritable:
        message = f"The store {self._layout.root} cannot be written: {reason.strerror}"
        mend = reason.suggestion if isinstance(reason, StoreUnreachable) else "Free space, or set another `store`."
        return StoreUnwritable(message, subject=self._layout.root, suggestion=mend)


def _readable(document: Contract) -> bytes:
    """Give a document's bytes once they have been read back: what cannot be read would damage the store."""
    data = encode_msgpack(document)
    decode_msgpack(data, type(document))
    return data
