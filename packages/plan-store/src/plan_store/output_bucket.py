"""Outputs as objects of a bucket: never replaced, but put under a new name, which the next manifest lists."""

from pathlib import Path

from plan_contracts import DataFormat, DatasetRef, OutputRecord, StagedOutput, check_name
from plan_store.bucket_objects import BucketObjects
from plan_store.result_cache import ResultCache


class OutputBucket:
    """Implements the port `OutputPlace`.

    An output is `VIEW/BUILD_KEY/SHA256.parquet`. Readers of a run read a local copy, which is kept in the cache.

    Parameters
    ----------
    objects
        The objects below the URL of the outputs.
    cache
        Holds the local copies.
    """

    def __init__(self, objects: BucketObjects, cache: ResultCache) -> None:
        self._objects = objects
        self._cache = cache
        self._sizes: dict[str, int] = {}
        self._stage = Path()

    def shown(self, uri: str) -> str:
        """Give the URL of an output."""
        return self._objects.shown(uri)

    def prepare(self, stage: Path) -> Path:
        """List what is there, which also shows whether the service answers."""
        self._sizes = {found.key: found.bytes for found in self._objects.listing("")}
        stage.mkdir(parents=True, exist_ok=True)
        self._stage = stage
        return stage

    def uri(self, view: str, build_key: str, sha256: str) -> str:
        """Give the key; the digest in it tells attempts apart that gave other bytes for the same inputs."""
        return f"{check_name(view, 'view')}/{build_key}/{sha256}.parquet"

    def publish(self, staged: StagedOutput, record: OutputRecord) -> DatasetRef:
        """Upload the staged file, and keep it as the local copy."""
        self._objects.put_file(record.uri, Path(staged.ref.uri))
        self._sizes[record.uri] = record.bytes
        return self._cache.put(staged, record.build_key).ref

    def is_intact(self, record: OutputRecord) -> bool:
        """Compare the size; the key holds the digest, and nobody puts other bytes under it."""
        return self._sizes.get(record.uri) == record.bytes

    def readable(self, record: OutputRecord) -> DatasetRef | None:
        """Give the local copy, fetched where there is none; none when what comes is not what was published."""
        kept = self._cache.find(record.name, record.build_key)
        if kept is not None and kept.record.sha256 == record.sha256:
            return kept.ref
        fetched = self._stage / f"fetched-{record.sha256}.parquet"
        try:
            if self._objects.get_file(record.uri, fetched) != record.sha256:
                return None
        except OSError:
            return None  # it is built again
        ref = DatasetRef(uri=str(fetched), format=DataFormat.PARQUET, columns=(), rows=record.rows, bytes=record.bytes)
        staged = StagedOutput(view=record.name, ref=ref, sha256=record.sha256, rows=record.rows, bytes=record.bytes)
        return self._cache.put(staged, record.build_key).ref

    def sync(self) -> None:
        """Do nothing: what the service has acknowledged is durable."""
