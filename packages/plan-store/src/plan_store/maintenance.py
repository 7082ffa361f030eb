"""What looks after a store: verifying, compacting, pruning, and telling what is there."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from plan_contracts import Clock, StoreCompaction, StoreInfo, StorePruning
from plan_store.errors import StoreDamaged, StoreUnwritable
from plan_store.layout import Layout
from plan_store.object_place import is_url, open_objects

if TYPE_CHECKING:
    from plan_store.cache_collection import CachedResult
    from plan_store.objects import StoredObject


class StoreMaintenance:
    """The part of `PlanStore` that keeps it whole and small, while builds run, and as often as one likes."""

    def __init__(self, layout: Layout, clock: Clock) -> None:
        self._layout = layout
        self._clock = clock

    def verify(self) -> tuple[StoreDamaged, ...]:
        """Compare everything with what it was when it was written; give every damage, sorted by kind and path."""
        from plan_store.verification import verify_store

        return tuple(verify_store(self._layout))

    def verify_outputs(self, project: str, profile: str, outputs: Path | str) -> tuple[StoreDamaged, ...]:
        """Compare the current outputs of a project with what was published; give every damage, sorted by name."""
        from plan_store.verification import verify_outputs

        return tuple(verify_outputs(self._layout, project, profile, outputs))

    def quarantine(self, damages: Iterable[StoreDamaged]) -> tuple[str, ...]:
        """Move what `verify` found out of the way, so that everything else reads on; give the new places.

        Raises
        ------
        StoreUnwritable
            When the store cannot be written.
        """
        from plan_store.quarantine import quarantine_damaged

        with self._writing():
            return quarantine_damaged(self._layout, damages)

    def compact(self) -> StoreCompaction:
        """Put the small segments of finished runs together; the store reads the same at every moment.

        Raises
        ------
        StoreUnwritable
            When the store cannot be written.
        """
        from plan_store.compaction import compact_store

        with self._writing():
            return compact_store(self._layout)

    def prune(
        self,
        *,
        keep: int | None = None,
        older_than_seconds: float | None = None,
        cache_bytes: int | None = None,
        outputs: Path | str | None = None,
        dry_run: bool = False,
    ) -> StorePruning:
        """Forget old runs, documents that no run names, and temporary results; see `plan_store.pruning`.

        Parameters
        ----------
        keep
            Runs of each project and profile that stay, the newest; without this and the next limit all stay.
        older_than_seconds
            Only runs that ended longer ago go, and temporary results that were not used for so long.
        cache_bytes
            Size to which the temporary results are brought.
        outputs
            URL of outputs in a bucket, where those go that no kept run lists; files in a folder are never removed.
        dry_run
            Remove nothing, and tell what would be removed.

        Raises
        ------
        StoreDamaged
            When a manifest or the ledger is damaged: it is not known then what is needed.
        StoreUnwritable
            When the store cannot be written.
        """
        from plan_store.pruning import Retention, prune_runs, unlisted_outputs

        now = self._clock.unix_ms()
        before = None if older_than_seconds is None else now - int(older_than_seconds * 1000)
        retention = Retention(keep=keep, not_before_unix_ms=before)
        with self._writing():
            runs = prune_runs(self._layout, retention, now / 1000, dry_run=dry_run)
            results = self.collect_cache(cache_bytes, older_than_seconds, dry_run=dry_run)
            old: list[StoredObject] = []
            if outputs is not None and is_url(outputs):
                place, age = open_objects(outputs), older_than_seconds or 0.0
                old = unlisted_outputs(self._layout, place, set(runs.runs), now / 1000, age)
                for each in () if dry_run else old:
                    place.delete(each.key)
        freed = runs.bytes + sum(each.bytes for each in (*results, *old))
        return replace(runs, cached_results=len(results), outputs=len(old), bytes=freed)

    def collect_cache(
        self, max_bytes: int | None, max_age_seconds: float | None = None, *, dry_run: bool = False
    ) -> "list[CachedResult]":
        """Bring the temporary results to a size and an age, the least lately used first; give what goes.

        What killed processes have left on its way to the cache goes with them.
        """
        from plan_store.cache_collection import collect, collect_drafts, results_to_collect

        now = self._clock.unix_ms() / 1000
        chosen = results_to_collect(self._layout.cache, now, max_bytes=max_bytes, max_age_seconds=max_age_seconds)
        if not dry_run:
            collect(chosen)
            collect_drafts(self._layout.tmp, now)
        return chosen

    def info(self) -> StoreInfo:
        """Count and measure what the store holds.

        Raises
        ------
        StoreDamaged
            When a manifest or the ledger is damaged.
        """
        from plan_store.store_info import describe_store

        return describe_store(self._layout, self._clock.unix_ms() / 1000)

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except StoreDamaged:
            raise
        except OSError as reason:
            message = f"The store {self._layout.root} cannot be written: {reason.strerror}"
            raise StoreUnwritable(message, subject=self._layout.root) from reason
