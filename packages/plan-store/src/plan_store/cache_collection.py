"""Keeping the temporary results within bounds: the least lately used go first."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plan_store.result_cache import RECORD_ENDING, RESULT_ENDING, remove_result

GRACE_SECONDS = 600.0
"""A result that was used since then stays: a build may be reading it. So does a draft: it may be on its way."""


@dataclass(frozen=True, kw_only=True)
class CachedResult:
    """A temporary result as it lies in the cache."""

    result: Path
    """The result."""
    record: Path
    """What is known of it."""
    bytes: int
    """Size."""
    used: float
    """When it was put there or used last, in seconds since 1970."""


def cached_results(folder: Path) -> list[CachedResult]:
    """Give every temporary result, the least lately used first."""
    return sorted(_found(folder), key=lambda each: (each.used, each.result))


def results_to_collect(
    folder: Path, now: float, *, max_bytes: int | None = None, max_age_seconds: float | None = None
) -> list[CachedResult]:
    """Choose what goes: what was not used for too long, then the least lately used until the rest is small enough.

    Parameters
    ----------
    folder
        Where the results lie.
    now
        Seconds since 1970.
    max_bytes
        Size that they may have together; unbounded when omitted.
    max_age_seconds
        Time since the last use that a result may have; unbounded when omitted.
    """
    results = cached_results(folder)
    total = sum(each.bytes for each in results)
    chosen: list[CachedResult] = []
    for each in results:
        if now - each.used < GRACE_SECONDS:
            break
        too_old = max_age_seconds is not None and now - each.used > max_age_seconds
        if too_old or (max_bytes is not None and total > max_bytes):
            chosen.append(each)
            total -= each.bytes
    return chosen


def collect(results: list[CachedResult]) -> None:
    """Remove results."""
    for each in results:
        remove_result(each.result, each.record)


def collect_drafts(tmp: Path, now: float) -> None:
    """Remove files that were on their way to their place when their writer was killed."""
    if not tmp.is_dir():
        return
    for draft in tmp.iterdir():
        with suppress(OSError):  # it has arrived, or another process was first
            if now - draft.stat().st_mtime > GRACE_SECONDS:
                draft.unlink()


def _found(folder: Path) -> Iterator[CachedResult]:
    for result in folder.glob(f"*/*{RESULT_ENDING}"):
        record = result.with_name(result.name.removesuffix(RESULT_ENDING) + RECORD_ENDING)
        try:
            size = result.stat().st_size
            used = (record if record.exists() else result).stat().st_mtime
        except FileNotFoundError:
            continue  # collected by another process
        yield CachedResult(result=result, record=record, bytes=size, used=used)
