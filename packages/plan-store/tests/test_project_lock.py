"""The project lock: one build at a time, also among machines, and no dead holder is waited for."""

# pyarrow's stubs leave the type parameters of files open.
# pyright: reportUnknownMemberType=false

import os
import secrets
import signal
import socket
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from recording import BEGINNING, open_store, run_id, start

from plan_contracts import RunStatus, decode_msgpack, encode_msgpack
from plan_contracts.store_records import ProjectLease
from plan_store import ProjectLocked
from plan_store.errors import ProjectLockLost
from plan_store.layout import Layout
from plan_store.local_objects import LocalObjects
from plan_store.project_lease import STALE_SECONDS, beating, newest_lease, take_lease
from plan_store.run_marker import boot_id

HOLDER = """
import sys
from pathlib import Path
from recording import open_store

with open_store(Path(sys.argv[1])).project_lock("shop"):
    print("held", flush=True)
    sys.stdin.read()
"""


def put_lease(root: Path, *, host: str, boot: str, pid: int, age: float) -> Path:
    """Put a lease as another process would have."""
    lease = ProjectLease(
        token=secrets.token_hex(8), project="shop", pid=pid, host=host, boot=boot, since_unix_ms=BEGINNING
    )
    path = root / "locks" / "shop" / "000000000007.msgpack"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_msgpack(lease))
    os.utime(path, (time.time(), time.time() - age))
    return path


@pytest.mark.timeout(60)
def test_lock_held_by_a_process_names_pid_host_and_since(tmp_path: Path) -> None:
    with start(HOLDER, tmp_path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(ProjectLocked, match=f"process {holder.pid} on {socket.gethostname()}, since .* UTC"),
            open_store(tmp_path).project_lock("shop"),
        ):
            pass
        with open_store(tmp_path).project_lock("farm"):
            pass
        holder.kill()
    with open_store(tmp_path).project_lock("shop"):
        pass


@pytest.mark.timeout(60)
def test_lock_waiting_is_told_who_holds_it_and_gets_it_when_the_holder_dies(tmp_path: Path) -> None:
    told: list[str] = []
    with start(HOLDER, tmp_path) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        def wait(message: str) -> None:
            told.append(message)
            holder.kill()

        with open_store(tmp_path).project_lock("shop", wait=wait):
            pass
    assert len(told) == 1
    assert f"process {holder.pid} on" in told[0]


def test_lock_of_a_holder_before_the_last_reboot_is_taken(tmp_path: Path) -> None:
    put_lease(tmp_path, host=socket.gethostname(), boot="another-boot", pid=os.getpid(), age=0)
    with open_store(tmp_path).project_lock("shop"):
        pass


def test_lock_of_another_machine_with_a_fresh_sign_of_life_is_respected(tmp_path: Path) -> None:
    put_lease(tmp_path, host="another-machine", boot="b", pid=1, age=STALE_SECONDS / 2)
    with pytest.raises(ProjectLocked, match="process 1 on another-machine"), open_store(tmp_path).project_lock("shop"):
        pass


def test_lock_of_another_machine_without_a_sign_of_life_is_taken(tmp_path: Path) -> None:
    path = put_lease(tmp_path, host="another-machine", boot="b", pid=1, age=2 * STALE_SECONDS)
    beat = path.with_suffix(".beat")
    beat.write_bytes(b"")
    with pytest.raises(ProjectLocked), open_store(tmp_path).project_lock("shop"):
        pass
    os.utime(beat, (time.time(), time.time() - 2 * STALE_SECONDS))

    with open_store(tmp_path).project_lock("shop"):
        assert not path.exists()


def test_lock_in_a_bucket_tells_processes_of_this_machine_apart_by_pid(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path / "shared")
    assert Layout(objects, tmp_path / "working").is_shared_elsewhere
    before = newest_lease(objects, "shop", alone_on_host=False)
    assert take_lease(objects, "shop", before, BEGINNING) == 1

    held = newest_lease(objects, "shop", alone_on_host=False)
    assert held.lease is not None
    assert held.lease.boot == boot_id()
    assert take_lease(objects, "shop", before, BEGINNING) is None


def take(objects: LocalObjects) -> int:
    """Take the lease as one who knows that its holder is dead."""
    number = take_lease(objects, "shop", newest_lease(objects, "shop", alone_on_host=True), BEGINNING)
    assert number is not None
    return number


@pytest.mark.parametrize(("takers", "killed"), [(1, True), (1, False), (2, False)])
def test_lock_that_others_took_is_lost_also_when_they_were_killed_before_they_cleared_up(
    takers: int, *, killed: bool, tmp_path: Path
) -> None:
    objects = LocalObjects(tmp_path)
    with beating(objects, "shop", take(objects)) as hold:
        hold.check()
        (own,) = objects.keys("locks/shop")
        data = objects.get(own)
        for _ in range(takers):
            take(objects)
        if killed:
            objects.put(own, data)
        with pytest.raises(ProjectLockLost, match="taken over the project `shop`"):
            hold.check()


def test_lock_is_free_again_after_the_block_also_after_an_error(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(ZeroDivisionError), store.project_lock("shop"):
        raise ZeroDivisionError
    for _ in range(3):
        with store.project_lock("shop"):
            pass
    assert len(list((tmp_path / "locks" / "shop").iterdir())) == 2


@pytest.mark.timeout(120)
def test_lock_of_eight_processes_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from recording import open_store

root = Path(sys.argv[1])
for _ in range(5):
    with open_store(root).project_lock("shop", wait=lambda message: None):
        inside = root / "inside"
        descriptor = os.open(inside, os.O_CREAT | os.O_EXCL)
        os.close(descriptor)
        inside.unlink()
"""
    processes = [start(program, tmp_path) for _ in range(8)]
    for process in processes:
        process.communicate(timeout=100)
        assert process.returncode == 0


SLEEPER = """
import sys
from pathlib import Path
from plan_store import ProjectLockLost
from recording import KEY, draft, open_store, staged

root = Path(sys.argv[1])
store = open_store(root / "store")
with store.project_lock("shop"), store.begin_run(draft(1)) as writer:
    committer = store.committer(draft(1), root / "out")
    committer.prepare()
    result = staged(committer, 3)
    print("staged", flush=True)
    sys.stdin.readline()
    for late in (lambda: committer.publish(result, KEY), lambda: writer.put_manifest(draft(1))):
        try:
            late()
            print("published", flush=True)
        except ProjectLockLost as refusal:
            print(refusal.code, flush=True)
"""

TAKER = """
import sys
from pathlib import Path
from plan_contracts.testing import FakeClock
from plan_store import PlanStore
from recording import BEGINNING, KEY, draft, staged

root = Path(sys.argv[1])
store = PlanStore.open(root / "store", clock=FakeClock(BEGINNING), folder=root / "elsewhere")
with store.project_lock("shop"):
    print(*store.recover_interrupted("shop"), flush=True)
    with store.begin_run(draft(2)) as writer:
        committer = store.committer(draft(2), root / "out")
        committer.prepare()
        committer.publish(staged(committer, 5), KEY)
        committer.sync()
        writer.put_manifest(draft(2, outputs=committer.current()))
"""


def let_it_count_as_dead(root: Path) -> None:
    """Make a lease look as one of another machine does that gave no sign of life for long."""
    for path in (root / "locks" / "shop").iterdir():
        if path.suffix == ".msgpack":
            lease = decode_msgpack(path.read_bytes(), ProjectLease)
            path.chmod(0o644)
            path.write_bytes(encode_msgpack(replace(lease, host="another-machine")))
        os.utime(path, (time.time(), time.time() - 2 * STALE_SECONDS))


@pytest.mark.timeout(120)
def test_lock_holder_that_slept_past_its_lease_publishes_nothing_more(tmp_path: Path) -> None:
    with start(SLEEPER, tmp_path) as sleeper:
        assert sleeper.stdin is not None
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "staged\n"
        sleeper.send_signal(signal.SIGSTOP)
        let_it_count_as_dead(tmp_path / "store")
        with start(TAKER, tmp_path) as taker:
            assert taker.communicate(timeout=60)[0] == f"{run_id(1)}\n"
            assert taker.returncode == 0
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.communicate("wake up\n", timeout=60)[0] == "project_lock_lost\nproject_lock_lost\n"

    store = open_store(tmp_path / "store")
    assert pq.read_metadata(tmp_path / "out" / "v.parquet").num_rows == 5
    assert {each.run_id: each.status for each in store.runs()} == {
        run_id(1): RunStatus.INTERRUPTED,
        run_id(2): RunStatus.SUCCEEDED,
    }
    assert store.verify() == ()
    with store.project_lock("shop"):  # the sleeper has left nothing that holds it
        pass
