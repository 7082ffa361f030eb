"""The project lock: one build at a time, also among machines, and no dead holder is waited for."""

import os
import secrets
import socket
import time
from pathlib import Path

import pytest
from recording import BEGINNING, open_store, start

from plan_contracts import encode_msgpack
from plan_contracts.store_records import ProjectLease
from plan_store import ProjectLocked
from plan_store.layout import Layout
from plan_store.local_objects import LocalObjects
from plan_store.project_lease import STALE_SECONDS, newest_lease, take_lease
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
