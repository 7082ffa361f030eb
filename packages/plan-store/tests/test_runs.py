"""Runs: their manifests, artifacts and locks, and what becomes of those whose driver died."""

import shutil
import signal
import tempfile
from pathlib import Path

import msgspec
import pytest
from recording import KEY, committer, draft, finished, open_store, parquet, record, run_id, schedule, staged, start

from plan_contracts import (
    DocumentRefused,
    OutputRecord,
    OutputStatus,
    RunStatus,
    TaskHistory,
    TaskHistoryEntry,
    artifact_id,
    payload_hash,
)
from plan_contracts.testing import definition_of
from plan_store import ArtifactMissing, ProjectLocked, RunUnknown, StoreDamaged, StoreUnwritable


def test_manifest_is_stored_with_its_own_id_and_its_artifact_has_that_id(tmp_path: Path) -> None:
    store = open_store(tmp_path)

    stored = record(store)

    identity = stored.artifact_ids.run_manifest
    assert identity is not None
    assert identity == artifact_id(draft())
    assert payload_hash(store.artifact(identity)) == identity


def test_runs_are_listed_newest_first_and_found_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in (3, 1, 2):
        record(store, number)

    assert [manifest.run_id for manifest in store.runs()] == [run_id(3), run_id(2), run_id(1)]
    assert store.manifest("latest").run_id == run_id(3)
    assert store.manifest(run_id(2)[:-3]).run_id == run_id(2)


def test_manifest_that_is_not_there_says_what_is(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(RunUnknown, match="no runs yet"):
        store.manifest("latest")
    record(store, 1)
    record(store, 2)

    with pytest.raises(RunUnknown, match="2 runs") as several:
        store.manifest("2026")
    with pytest.raises(RunUnknown, match="No run") as none:
        store.manifest(run_id(1).replace("0304", "0305"))

    assert run_id(2) in str(several.value)
    assert "Did you mean" in str(none.value)


def test_artifact_is_put_once_and_found_by_its_id(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.begin_run(draft(1)) as writer:
        first = writer.put_schedule(schedule("a", "b"))
        again = writer.put_schedule(schedule("a", "b"))
        other = writer.put_schedule(schedule("a", "c"))

    assert first == again != other
    assert sorted(path.name for path in (tmp_path / "artifacts").iterdir()) == sorted([first, other])


@pytest.mark.timeout(60)
def test_artifact_of_two_processes_is_put_once(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from recording import draft, open_store, schedule

number = int(sys.argv[2])
with open_store(Path(sys.argv[1])).begin_run(draft(number)) as writer:
    for index in range(100):
        writer.put_schedule(schedule(f"t{index}"))
"""
    writers = [start(program, tmp_path, number) for number in ("1", "2")]
    for each in writers:
        each.communicate(timeout=50)
        assert each.returncode == 0

    found = list((tmp_path / "artifacts").iterdir())
    assert len(found) == 100
    assert all(payload_hash(path.read_bytes()) == path.name for path in found)


def test_artifact_with_a_flipped_byte_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    identity = record(store).artifact_ids.run_manifest
    assert identity is not None
    path = tmp_path / "artifacts" / identity
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(StoreDamaged, match=identity) as caught:
        store.artifact(identity)

    assert caught.value.exit_code == 4
    with pytest.raises(ArtifactMissing):
        store.artifact("0" * 64)


def test_damaged_manifest_spoils_only_what_is_asked_of_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in (1, 2, 3):
        record(store, number)
    spoilt = tmp_path / "runs" / run_id(3) / "manifest.msgpack"
    spoilt.write_bytes(b"\xc1")

    for ask in (lambda: store.manifest("latest"), store.runs, lambda: store.sql("select * from runs")):
        with pytest.raises(StoreDamaged, match=run_id(3)):
            ask()

    assert store.manifest(run_id(2)).run_id == run_id(2)
    assert store.sql("select run_id from runs", skip_damaged=True).num_rows == 2
    assert store.sql("select count(*) as n from tasks").to_pylist() == [{"n": 6}]
    assert store.recover_interrupted() == ()
    store.committer(draft(4), tmp_path / "out").prepare()
    record(store, 4)
    assert store.manifest("latest").run_id == run_id(4)


def test_damaged_marker_and_history_do_not_stop_a_build(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    writer = store.begin_run(draft(1))
    writer.put_history(_history(1, 2.0))
    writer.close()
    (tmp_path / "runs" / run_id(1) / "running.msgpack").write_bytes(b"\xc1")
    next((tmp_path / "history").iterdir()).write_bytes(b"\xc1")

    assert store.recover_interrupted("shop") == ()
    assert store.past_entries(5) == {}
    record(store, 2)


def test_manifest_that_could_not_be_read_back_is_not_placed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    wrong = msgspec.structs.replace(draft(), started_at_unix_ms=-1)

    with pytest.raises(DocumentRefused):
        store.begin_run(wrong)
    with store.begin_run(draft()) as writer, pytest.raises(DocumentRefused):
        writer.put_manifest(wrong)

    assert list(tmp_path.rglob("manifest.msgpack")) == []
    assert store.sql("select * from events").num_rows == 0


def test_lock_is_held_by_one_at_a_time_and_names_the_holder(tmp_path: Path) -> None:
    store, other = open_store(tmp_path), open_store(tmp_path)
    with store.project_lock("shop"):
        with pytest.raises(ProjectLocked, match=r"process \d+ on .*, since 2"), other.project_lock("shop"):
            pass
        with other.project_lock("another"):
            pass
    with other.project_lock("shop"):
        pass


@pytest.mark.timeout(60)
def test_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from recording import open_store

with open_store(Path(sys.argv[1])).project_lock("shop"):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = start(program, tmp_path)
    assert holder.stdout is not None
    holder.stdout.readline()
    store = open_store(tmp_path)
    with pytest.raises(ProjectLocked, match=str(holder.pid)), store.project_lock("shop"):
        pass

    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=20)

    with store.project_lock("shop"):
        pass


KILLED = """
import sys, time
from pathlib import Path
from recording import KEY, committer, draft, finished, open_store, schedule, staged

folder = Path(sys.argv[1])
made = committer(folder, 2)
writer = open_store(folder / "store").begin_run(draft(2))
writer.put_schedule(schedule("v", "w"))
record = made.publish(staged(made, 9, "v"), KEY).record
writer.emit(finished("v", outputs=[record]))
writer.flush()
staged(made, 5, "w")
print("working", flush=True)
time.sleep(60)
"""


@pytest.mark.timeout(60)
def test_recover_killed_run_gets_the_manifest_that_its_events_tell(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    kept = OutputRecord(
        name="kept", uri="kept.parquet", rows=1, bytes=1, sha256="d" * 64, build_key=KEY, status=OutputStatus.BUILT
    )
    manifest = draft(1, outputs=[kept])
    with store.begin_run(manifest) as writer:
        writer.put_manifest(manifest)
    killed = start(KILLED, tmp_path)
    assert killed.stdout is not None
    killed.stdout.readline()
    assert store.recover_interrupted() == ()

    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    recovered = store.recover_interrupted()

    assert recovered == (run_id(2),)
    stored = store.manifest(run_id(2))
    assert stored.status is RunStatus.INTERRUPTED
    assert {record.name: (record.status.value, record.rows) for record in stored.outputs} == {
        "kept": ("kept", 1),
        "v": ("built", 9),
    }
    assert stored.task_counts == {"succeeded": 1}
    assert stored.artifact_ids.plan_schedule is not None
    assert not (tmp_path / "store" / "scratch" / run_id(2)).exists()
    assert store.recover_interrupted() == ()
    again = committer(tmp_path, 3)
    assert again.reusable("v", KEY) is not None


KILLED_ELSEWHERE = """
import sys, time
from pathlib import Path
from recording import draft, open_store, staged

store = open_store(Path(sys.argv[1]) / "store")
writer = store.begin_run(draft(2))
made = store.committer(draft(2), sys.argv[2])
made.prepare()
staged(made, 5, "w")
print(made.stage_uri(), flush=True)
time.sleep(60)
"""


@pytest.mark.timeout(60)
def test_recover_killed_run_leaves_nothing_staged_on_another_file_system(tmp_path: Path) -> None:
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    outputs = Path(tempfile.mkdtemp(dir=shared)) / "out"
    try:
        killed = start(KILLED_ELSEWHERE, tmp_path, str(outputs))
        assert killed.stdout is not None
        stage = Path(killed.stdout.readline().strip())
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=20)
        assert stage.is_relative_to(outputs.parent)
        assert len(list(stage.iterdir())) == 1

        open_store(tmp_path / "store").recover_interrupted()

        assert [path.name for path in outputs.parent.iterdir()] == ["out"]
    finally:
        shutil.rmtree(outputs.parent)


def test_recover_run_of_this_process_under_its_lock_is_taken_for_dead(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.begin_run(draft(1)).close()

    with store.project_lock("shop"):
        assert store.recover_interrupted("shop") == (run_id(1),)


def _history(number: int, seconds: float, machine: str = "m") -> TaskHistory:
    entry = TaskHistoryEntry(task="a", definition=definition_of("a"), seconds=seconds)
    return TaskHistory(run_id=run_id(number), ended_at_unix_ms=1, machine=machine, entries=(entry,))


def test_recover_collects_the_scratch_of_ended_runs_and_of_no_other(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    for number in (1, 2):
        (tmp_path / "scratch" / run_id(number) / "stage").mkdir(parents=True)

    assert store.recover_interrupted("shop") == ()
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == [run_id(2)]


def test_past_entries_are_those_of_the_last_runs_on_the_machine(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number, machine in ((1, "m"), (2, "m"), (3, "other"), (4, "m")):
        with store.begin_run(draft(number)) as writer:
            writer.put_history(_history(number, float(number), machine))

    def seconds(runs: int, machine: str | None) -> list[float]:
        return [entry.seconds for entry in store.past_entries(runs, machine)[definition_of("a")]]

    assert seconds(10, "m") == [4.0, 2.0, 1.0]
    assert seconds(2, "m") == [4.0, 2.0]
    assert seconds(2, None) == [4.0, 3.0]
    assert store.past_entries(10, "nowhere") == {}


def test_open_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(StoreUnwritable, match="store") as caught:
        open_store(tmp_path / "store")

    assert caught.value.exit_code == 2


def test_begin_run_folder_in_the_way_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    (tmp_path / "runs").write_text("a file")

    with pytest.raises(StoreUnwritable, match="cannot be written"):
        store.begin_run(draft())


def test_writer_store_that_vanishes_is_told_and_events_stay_buffered(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    writer = store.begin_run(draft())
    (tmp_path / "events").write_text("a file in the way")
    writer.emit(finished("a"))

    with pytest.raises(StoreUnwritable, match="cannot be written"):
        writer.flush()
    (tmp_path / "events").unlink()
    writer.close()
    writer.close()

    assert store.sql("select task from tasks").to_pylist() == [{"task": "a"}]


def test_read_only_store_creates_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "nowhere", read_only=True)

    assert store.runs() == ()
    assert store.past_entries(5) == {}
    assert store.recover_interrupted() == ()
    assert not (tmp_path / "nowhere").exists()


def test_staged_files_of_two_runs_lie_apart(tmp_path: Path) -> None:
    first, second = committer(tmp_path, 1), committer(tmp_path, 2)

    staged(first)
    second.sync()

    assert Path(first.stage_uri()).exists()
    assert parquet(Path(first.stage_uri()) / "x.parquet", 1).rows == 1
