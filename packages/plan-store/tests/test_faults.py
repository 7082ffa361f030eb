"""What a store meets in the world: faults at each operation, bad disks, wrong clocks, foreign files, newer writers."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faulty_objects import Killed, faulty_store
from msgspec.structs import replace
from recording import (
    BEGINNING,
    KEY,
    SIGNATURES,
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

from plan_contracts import (
    Envelope,
    RunStatus,
    TaskHistory,
    TaskHistoryEntry,
    decode_event,
    decode_msgpack,
    encode_msgpack,
    event_row,
)
from plan_contracts.store_records import RunMarker
from plan_contracts.testing import FakeClock, definition_of
from plan_store import PlanStore, ProjectLocked, StoreDamaged, StoreUnwritable, new_run_id


def append(store: PlanStore, durable: list[str]) -> None:
    """Record a run, and note each task whose event was said to be durable."""
    with store.begin_run(draft(2)) as writer:
        writer.set_signatures(SIGNATURES)
        writer.put_schedule(schedule("a", "b"))
        for task in ("a", "b"):
            writer.emit(finished(task))
            writer.flush()
            durable.append(task)
        entry = TaskHistoryEntry(task="a", definition=definition_of("a"), seconds=1.0)
        writer.put_history(TaskHistory(run_id=run_id(2), ended_at_unix_ms=1, machine="m", entries=(entry,)))
        writer.put_manifest(draft(2))
        durable.append("manifest")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "after"),
    [
        pytest.param(Killed(), False, id="killed before"),
        pytest.param(Killed(), True, id="killed after"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), False, id="ENOSPC"),
        pytest.param(OSError(errno.EIO, "Input/output error"), True, id="EIO"),
        pytest.param(OSError(errno.EACCES, "Permission denied"), False, id="EACCES"),
        pytest.param(OSError(errno.EROFS, "Read-only file system"), False, id="EROFS"),
    ],
)
def test_append_fault_at_each_operation_loses_nothing_that_was_durable(
    fault: BaseException, after: bool, tmp_path: Path
) -> None:
    at = 0
    while True:
        at += 1
        root = tmp_path / f"store{at}"
        record(open_store(root), 1)
        durable: list[str] = []
        store, objects = faulty_store(root, at, fault, after=after)
        try:
            append(store, durable)
        except (Killed, StoreUnwritable):
            whole = open_store(root)
            if not isinstance(fault, Killed):
                assert durable[-1:] != ["manifest"], at
            whole.recover_interrupted("shop")
        whole = open_store(root)
        tasks = whole.sql(f"select task from tasks where run_id = '{run_id(2)}'").column("task").to_pylist()
        assert len(tasks) == len(set(tasks)), at
        assert {task for task in durable if task != "manifest"} <= set(tasks), at
        assert whole.verify() == (), at
        runs = {manifest.run_id: manifest.status for manifest in whole.runs()}
        assert runs[run_id(1)] is RunStatus.SUCCEEDED
        if objects.operations >= at and durable[-1:] != ["manifest"] and run_id(2) in runs:
            assert runs[run_id(2)] in (RunStatus.INTERRUPTED, RunStatus.SUCCEEDED), at
        record(whole, 3)
        assert whole.manifest("latest").run_id == run_id(3)
        shutil.rmtree(root)
        if objects.operations < at:
            break
    assert at > 10


def test_segment_truncated_at_every_64th_byte_is_named_and_the_rest_reads_on(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    record(store, 2)
    spoilt = next(path for path in segments(tmp_path) if run_id(1) in path.name)
    whole = spoilt.read_bytes()
    spoilt.chmod(0o644)
    for length in range(0, len(whole), 64):
        spoilt.write_bytes(whole[:length])
        with pytest.raises(StoreDamaged, match=spoilt.name):
            store.sql("select * from events")
        assert store.sql(f"select * from events where run_id = '{run_id(2)}'", skip_damaged=True).num_rows == 5, length
        assert str(spoilt) in {damage.subject for damage in store.verify()}, length


@pytest.mark.timeout(300)
def test_verify_finds_each_of_a_thousand_flipped_bits(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in (1, 2):
        record(store, number)
    store.compact()
    record(store, 3)
    files = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.parts[len(tmp_path.parts)] in ("events", "artifacts", "runs", "ledger", "history")
    ]
    chance = random.Random(11)
    for number in range(1000):  # a bit at a time
        path = chance.choice(files)
        whole = path.read_bytes()
        place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        path.chmod(0o644)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        assert str(path) in {damage.subject for damage in store.verify()}, (number, path, place, bit)
        path.write_bytes(whole)
    assert store.verify() == ()


def test_foreign_parquet_file_in_the_folder_is_named_by_verify_and_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    foreign = segments(tmp_path)[0].with_name("somebody-elses.parquet")
    pq.write_table(pa.table({"n": [1, 2]}), foreign)

    assert str(foreign) in {damage.subject for damage in store.verify()}
    store.compact()
    store.prune(keep=1)
    assert foreign.exists()
    store.quarantine(store.verify())
    assert not foreign.exists()
    assert store.verify() == ()
    assert store.sql("select * from events").num_rows == 5


def test_clock_that_goes_backwards_does_not_change_which_run_is_the_latest(tmp_path: Path) -> None:
    ids: list[str] = []
    for now in (BEGINNING, BEGINNING - 3_600_000, BEGINNING - 3_600_000, BEGINNING + 5):
        store = PlanStore.open(tmp_path, clock=FakeClock(now))
        ids.append(store.new_run_id())
        manifest = replace(draft(1), run_id=ids[-1], started_at_unix_ms=now, ended_at_unix_ms=now)
        with store.begin_run(manifest) as writer:
            writer.emit(finished("a"))
            writer.put_manifest(manifest)
        assert store.manifest("latest").run_id == ids[-1]
    assert ids == sorted(ids)
    assert store.sql("select count(*) as n from events").to_pylist() == [{"n": 8}]
    store.compact()
    assert store.verify() == ()
    assert new_run_id(FakeClock(BEGINNING), after="of-another-form")[:8] == "20260102"


def test_two_machines_whose_clocks_are_apart_share_a_store(tmp_path: Path) -> None:
    ahead = PlanStore.open(tmp_path, clock=FakeClock(BEGINNING + 86_400_000))
    behind = PlanStore.open(tmp_path, clock=FakeClock(BEGINNING - 86_400_000))
    ids: list[str] = []
    for store in (ahead, behind, ahead, behind):
        with store.project_lock("shop"):
            ids.append(store.new_run_id())
            manifest = replace(draft(1), run_id=ids[-1])
            with store.begin_run(manifest) as writer:
                writer.emit(finished("a"))
                writer.put_manifest(manifest)
    assert [manifest.run_id for manifest in behind.runs()] == ids[::-1]
    assert behind.prune(keep=2).runs == tuple(ids[:2])
    assert ahead.verify() == ()


def test_documents_of_a_newer_minor_version_are_read(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in (0, 1):
        record(store, number)
    with store.begin_run(draft(2)) as writer:
        entry = TaskHistoryEntry(task="a", definition=definition_of("a"), seconds=1.0)
        writer.put_history(TaskHistory(run_id=run_id(2), ended_at_unix_ms=1, machine="m", entries=(entry,)))
    store.compact()
    for path in (*(tmp_path / "runs").rglob("*.msgpack"), *(tmp_path / "history").iterdir()):
        path.chmod(0o644)
        path.write_bytes(newer(path.read_bytes()))
    (ledger,) = (tmp_path / "ledger").iterdir()
    outer = msgspec.msgpack.decode(ledger.read_bytes())
    outer["ledger"] = newer(outer["ledger"])
    outer["sha256"] = hashlib.sha256(outer["ledger"]).hexdigest()
    ledger.chmod(0o644)
    ledger.write_bytes(newer(msgspec.msgpack.encode(outer)))

    assert store.manifest("latest").run_id == run_id(1)
    assert list(store.past_entries(5)) == [definition_of("a")]
    assert store.sql("select count(*) as n from tasks").to_pylist() == [{"n": 4}]
    marker = decode_msgpack((tmp_path / "runs" / run_id(2) / "running.msgpack").read_bytes(), RunMarker)
    assert decode_msgpack(newer(encode_msgpack(marker)), RunMarker) == marker


def test_records_of_a_newer_minor_version_are_read(tmp_path: Path) -> None:
    root = tmp_path / "store"
    made = committer(tmp_path)
    result = staged(made, 3)
    made.verify(result)
    made.keep(result, KEY)
    made.sync()
    for path in (*(root / "cache").rglob("*.msgpack"), root / "verified.msgpack"):
        path.write_bytes(
            msgspec.msgpack.encode({**msgspec.msgpack.decode(path.read_bytes()), "field_of_the_future": 1})
        )
    assert committer(tmp_path, 2).cached("v", KEY) is not None

    store = open_store(root)
    with store.project_lock("shop"):
        (lease,) = (root / "locks" / "shop").glob("*.msgpack")
        lease.chmod(0o644)
        lease.write_bytes(newer(lease.read_bytes()))
        with pytest.raises(ProjectLocked, match="process"), open_store(root).project_lock("shop"):
            pass

    with store.begin_run(draft(1)) as writer:
        row = event_row(finished("a"), time_unix_ms=BEGINNING, run_id=run_id(1))
        payload = msgspec.msgpack.encode(
            {**msgspec.msgpack.decode(row.event_payload_msgpack), "field_of_the_future": 1}
        )
        event = decode_event(payload, event_name=row.event_name)
        assert event == finished("a")
        writer.emit(FutureEvent(text="of another version"))
        writer.put_manifest(draft(1))
    assert store.sql("select count(*) as n from events where event_name = 'future_event_v3'").to_pylist() == [{"n": 1}]
    assert store.ask("slowest-tasks").num_rows == 0
    assert store.verify() == ()


class FutureEvent(Envelope, frozen=True, kw_only=True, tag="future_event"):
    """An event that this version does not know."""

    major: ClassVar[int] = 3
    text: str


def newer(data: bytes) -> bytes:
    """Give a document as a later minor version writes it: with a field more, also in the documents within."""

    def grown(value: object) -> object:
        if isinstance(value, dict):
            inner = {key: grown(each) for key, each in value.items()}
            return {**inner, "field_of_the_future": ["new"]} if "run_id" in inner or "token" in inner else inner
        return [grown(each) for each in value] if isinstance(value, list) else value

    return msgspec.msgpack.encode(grown(msgspec.msgpack.decode(data)))


READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null && exec "$2" -c "$3" "$1"
"""

READER = """
import sys
from pathlib import Path
from recording import open_store

store = open_store(Path(sys.argv[1]), read_only=True)
assert store.sql("select count(*) as n from events").to_pylist() == [{"n": 5}]
assert store.ask("slowest-tasks").num_rows == 2
assert len(store.runs()) == 1 and store.verify() == () and store.info().runs == 1
print("answered")
"""


def test_store_on_a_read_only_file_system_answers_queries(tmp_path: Path) -> None:
    record(open_store(tmp_path), 1)
    command = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(tmp_path), sys.executable, READER]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    allowed = shutil.which("unshare") and not subprocess.run(["unshare", "-m", "true"], check=False).returncode
    if not allowed:
        pytest.skip("mounting a file system read-only needs rights that this user has not")

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "answered\n", done.stderr
