"""Pruning: what is old goes, what is needed stays, also when it is killed or builds go on."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import os
import shutil
import time
from pathlib import Path

import pytest
from faulty_objects import Killed, faulty_store
from msgspec.structs import replace
from recording import (
    BEGINNING,
    KEY,
    committer,
    draft,
    finished,
    open_store,
    record,
    run_id,
    schedule,
    segments,
    staged,
)

from plan_contracts import RunStatus, TaskHistory, TaskHistoryEntry
from plan_contracts.testing import FakeClock, definition_of
from plan_store import PlanStore
from plan_store.pruning import GRACE_SECONDS

DAY = 86_400


def fill(root: Path, runs: int) -> PlanStore:
    """Give a store with runs, each with a history and a schedule of its own; all of it old enough to be collected."""
    store = open_store(root)
    for number in range(1, runs + 1):
        manifest = draft(number)
        with store.begin_run(manifest) as writer:
            writer.put_schedule(schedule(f"t{number}"))
            writer.emit(finished(f"t{number}"))
            entry = TaskHistoryEntry(task="t", definition=definition_of("t"), seconds=1.0)
            writer.put_history(TaskHistory(run_id=run_id(number), ended_at_unix_ms=1, machine="m", entries=(entry,)))
            writer.put_manifest(manifest)
    age(root)
    return store


def age(root: Path, seconds: float = 2 * GRACE_SECONDS) -> None:
    """Let everything be older than it is."""
    long_ago = BEGINNING / 1000 - seconds
    for path in root.rglob("*"):
        os.utime(path, (long_ago, long_ago))


def known_runs(store: PlanStore) -> set[str]:
    """Give the runs that any table of the store knows."""
    return {
        str(row["run_id"])
        for table in ("events", "runs", "tasks", "schedules")
        for row in store.sql(f"select distinct run_id from {table}").to_pylist()
    }


@pytest.mark.parametrize("compacted", [False, True])
def test_prune_keep_two_leaves_the_two_newest_runs_whole(compacted: bool, tmp_path: Path) -> None:
    store = fill(tmp_path, 6)
    if compacted:
        store.compact()

    done = store.prune(keep=2)

    assert done.runs == tuple(run_id(number) for number in range(1, 5))
    assert known_runs(store) == {run_id(5), run_id(6)}
    assert store.verify() == ()
    assert len(store.past_entries(10)[definition_of("t")]) == 2
    assert sorted(path.name[:24] for path in (tmp_path / "history").iterdir()) == [run_id(5)[:24], run_id(6)[:24]]
    assert store.info().orphan_artifacts == store.info().orphan_segments == 0
    assert store.prune(keep=2).runs == ()


def test_prune_dry_run_tells_the_same_and_removes_nothing(tmp_path: Path) -> None:
    store = fill(tmp_path, 4)
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())

    would = store.prune(keep=1, dry_run=True)

    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before
    assert store.prune(keep=1) == would


def test_prune_older_than_goes_by_the_end_of_a_run(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    later = PlanStore.open(tmp_path, clock=FakeClock(BEGINNING + 10 * DAY * 1000))
    recent = replace(draft(4), ended_at_unix_ms=BEGINNING + 9 * DAY * 1000)
    with later.begin_run(recent) as writer:
        writer.put_manifest(recent)

    assert later.prune(older_than_seconds=30 * DAY).runs == ()
    assert later.prune(older_than_seconds=5 * DAY).runs == (run_id(1), run_id(2), run_id(3))
    assert run_id(4) in known_runs(later)


def test_prune_keeps_the_newest_run_of_each_project_and_the_newest_that_succeeded(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number, project, status in (
        (1, "shop", RunStatus.SUCCEEDED),
        (2, "shop", RunStatus.SUCCEEDED),
        (3, "shop", RunStatus.FAILED),
        (4, "shop", RunStatus.FAILED),
        (5, "farm", RunStatus.FAILED),
    ):
        manifest = replace(draft(number, project=project), status=status)
        with store.begin_run(manifest) as writer:
            writer.put_manifest(manifest)

    assert store.prune(keep=0).runs == (run_id(1), run_id(3))


def test_prune_outputs_of_the_newest_run_stay_current(tmp_path: Path) -> None:
    made = committer(tmp_path, 1)
    made.publish(staged(made), KEY)
    made.sync()
    store = open_store(tmp_path / "store")
    for number in (1, 2, 3):
        manifest = draft(number, outputs=made.current())
        with store.begin_run(manifest) as writer:
            writer.put_manifest(manifest)

    store.prune(keep=1)

    again = committer(tmp_path, 4)
    assert again.reusable("v", KEY) is not None
    assert store.verify_outputs("shop", "", tmp_path / "out") == ()


def test_prune_artifacts_of_a_running_build_and_young_ones_stay(tmp_path: Path) -> None:
    store = fill(tmp_path, 2)
    with store.begin_run(draft(8)) as writer:
        running = writer.put_schedule(schedule("running"))
        writer.flush()
        age(tmp_path)
        young = writer.put_schedule(schedule("young"))
        os.utime(tmp_path / "artifacts" / young, (BEGINNING / 1000, BEGINNING / 1000))

        store.prune(keep=1)

        assert {running, young} <= {path.name for path in (tmp_path / "artifacts").iterdir()}
        writer.put_manifest(draft(8))
    assert store.verify() == ()


def test_prune_artifact_that_was_collected_under_a_build_is_there_again_at_its_end(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.begin_run(draft(1)) as writer:
        identity = writer.put_schedule(schedule("a"))
        (tmp_path / "artifacts" / identity).unlink()
        writer.put_manifest(replace(draft(1), artifact_ids=replace(draft(1).artifact_ids, plan_schedule=identity)))

    assert store.verify() == ()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("compacted", [False, True])
def test_prune_killed_at_each_operation_is_finished_by_the_next(compacted: bool, tmp_path: Path) -> None:
    root = tmp_path / "store"
    store = fill(root, 4)
    if compacted:
        store.compact()
    kept = {run_id(3), run_id(4)}
    at = 0
    while True:
        at += 1
        copy = tmp_path / f"copy{at}"
        shutil.copytree(root, copy)
        age(copy)
        pruning, objects = faulty_store(copy, at, Killed(), after=True)
        try:
            pruning.prune(keep=2)
        except Killed:
            assert kept <= known_runs(open_store(copy)), at
            assert open_store(copy).sql(f"select * from events where run_id = '{run_id(4)}'").num_rows == 3
            open_store(copy).prune(keep=2)
        assert known_runs(open_store(copy)) == kept, at
        assert open_store(copy).verify() == (), at
        assert open_store(copy).info().orphan_segments == 0, at
        shutil.rmtree(copy)
        if objects.operations < at:
            break
    assert at > 20


def test_info_counts_what_is_there(tmp_path: Path) -> None:
    store = fill(tmp_path, 3)
    with store.begin_run(draft(7)):
        found = store.info()
    assert (found.runs, found.running, found.oldest_run, found.newest_run) == (3, (run_id(7),), run_id(1), run_id(3))
    assert found.segments == len(segments(tmp_path))
    assert found.segment_bytes == sum(path.stat().st_size for path in segments(tmp_path))
    assert found.artifacts == len(list((tmp_path / "artifacts").iterdir()))
    empty = open_store(tmp_path / "nowhere", read_only=True).info()
    assert (empty.runs, empty.segments, empty.oldest_run) == (0, 0, None)


def test_cache_is_brought_to_its_size_the_least_lately_used_first(tmp_path: Path) -> None:
    made = committer(tmp_path, 1)
    for number, view in enumerate(("a", "b", "c")):
        made.keep(staged(made, 10, view), f"{number}" * 64)
    cache = tmp_path / "store" / "cache"
    size = sum(path.stat().st_size for path in cache.rglob("*.parquet"))
    store = PlanStore.open(tmp_path / "store", clock=FakeClock(int(time.time() * 1000)))
    assert store.collect_cache(0) == []  # a build may be reading them
    for age_seconds, key in ((9000, "1" * 64), (7000, "2" * 64), (5000, "0" * 64)):
        for path in (cache / key).iterdir():
            os.utime(path, (time.time(), time.time() - age_seconds))

    (gone,) = store.collect_cache(size - 1)
    assert gone.result.parent.name == "1" * 64
    assert len(store.prune(older_than_seconds=6000, dry_run=True).runs) == 0
    assert store.prune(older_than_seconds=6000).cached_results == 1
    assert made.cached("a", "0" * 64) is not None
    assert made.cached("b", "1" * 64) is made.cached("c", "2" * 64) is None


def test_drafts_of_killed_writers_are_collected_once_they_are_old(tmp_path: Path) -> None:
    record(open_store(tmp_path))
    tmp = tmp_path / "tmp"
    tmp.mkdir(exist_ok=True)
    for name, age_seconds in (("young", 60), ("old", 6000)):
        (tmp / name).write_bytes(b"half")
        os.utime(tmp / name, (time.time(), time.time() - age_seconds))
    store = PlanStore.open(tmp_path, clock=FakeClock(int(time.time() * 1000)))

    store.collect_cache(None, dry_run=True)
    assert sorted(path.name for path in tmp.iterdir()) == ["old", "young"]
    store.collect_cache(None)
    assert [path.name for path in tmp.iterdir()] == ["young"]


@pytest.mark.parametrize("what", ["segment", "compacted", "manifest", "artifact", "history"])
def test_quarantine_moves_what_is_damaged_and_everything_else_reads_on(what: str, tmp_path: Path) -> None:
    store = fill(tmp_path, 3)
    if what == "compacted":
        store.compact()
    folder = {"manifest": "runs", "artifact": "artifacts", "history": "history"}.get(what, "events")
    spoilt = min(path for path in (tmp_path / folder).rglob("*") if path.is_file() and path.name != "running.msgpack")
    data = spoilt.read_bytes()
    spoilt.chmod(0o644)
    spoilt.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])

    moved = store.quarantine(store.verify())

    expected = tmp_path / "quarantine" / spoilt.relative_to(tmp_path)
    assert str(expected) in moved
    assert expected.read_bytes() != data
    assert not spoilt.exists()
    assert store.sql("select count(*) as n from events").num_rows == 1
    assert len(store.runs()) >= 2
    record(store, 9)
    assert store.manifest("latest").run_id == run_id(9)
