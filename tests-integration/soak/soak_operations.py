"""Let each file operation of an append, a compaction and a build meet a fault: a kill, a full disk, a failing disk.

The faults are injected by strace into the unmodified program, at the first, second, … operation of a thread, until the
program ends without meeting one. Run with `nox -s soak -- soak_operations`. PLAN_SOAK_STEP (1) tries each such number
only; PLAN_SOAK_OF names what is tried (`append,compact,build`).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from crash_project import TIME_LIMIT_SECONDS, CrashProject, Violation

from plan_store import PlanStore, SystemClock

FAULTS = {"SIGKILL": "signal=SIGKILL", "ENOSPC": "error=ENOSPC", "EIO": "error=EIO"}
OPERATIONS = "link,linkat,rename,renameat,renameat2,unlink,unlinkat,mkdir,fsync,ftruncate,pwrite64"
STEP = int(os.environ.get("PLAN_SOAK_STEP", "1"))
OF = os.environ.get("PLAN_SOAK_OF", "append,compact,build").split(",")
LONGEST = 2000
STARTED = "event_name = 'run_started_v1'"

APPEND = """
import sys
from plan_contracts import RunStarted
from plan_store import PlanStore, SystemClock, new_run_id
from appended_run import manifest

clock = SystemClock()
with PlanStore.open(sys.argv[1], clock=clock) as store:
    run_id = new_run_id(clock)
    with store.project_lock("shop"), store.begin_run(manifest(run_id)) as writer:
        for number in range(1, 4):
            writer.emit(RunStarted(project="shop", pid=number, host="here"))
            writer.flush()
            print(run_id, number, flush=True)
        writer.put_manifest(manifest(run_id))
"""


def under(fault: str, at: int, log: Path) -> tuple[str, ...]:
    """Give the program that injects a fault at an operation."""
    inject = f"inject={OPERATIONS}:{FAULTS[fault]}:when={at}"
    return ("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={OPERATIONS}", "-e", inject)


def met(log: Path, fault: str) -> bool:
    """Say whether the fault was injected."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return ("killed by SIGKILL" if fault == "SIGKILL" else "INJECTED") in text


def enumerate_faults(
    what: str, fault: str, run: Callable[[tuple[str, ...]], None], check: Callable[[], None], log: Path
) -> str:
    """Run with a fault at each operation until none is met, and check after each run; say what was tried."""
    tried = 0
    for at in range(1, LONGEST, STEP):
        log.unlink(missing_ok=True)
        run(under(fault, at, log))
        check()
        if not met(log, fault):
            break
        tried += 1
    return f"{what}: {fault} at each of {tried} operations: 0 lost, 0 doubled, all whole"


class Appends:
    """A store to which runs are appended, and what was acknowledged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.acknowledged: set[tuple[str, int]] = set()

    def append(self, tracing: tuple[str, ...]) -> None:
        """Append a run under a fault; remember each event that was said to be durable."""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [*tracing, sys.executable, "-c", APPEND, str(self.root)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False
        )
        for line in done.stdout.splitlines():
            run_id, number = line.split()
            self.acknowledged.add((run_id, int(number)))

    def check(self) -> None:
        """Recover, and compare with what was acknowledged."""
        with PlanStore.open(self.root, clock=SystemClock()) as store:
            store.recover_interrupted("shop")
            query = f"select run_id, payload_get(event_payload_msgpack, 'pid') as n from events where {STARTED}"
            rows = [(row["run_id"], int(row["n"])) for row in store.sql(query).to_pylist()]
            damages = store.verify()
        if len(rows) != len(set(rows)):
            raise Violation("an event is there twice")
        if not self.acknowledged <= set(rows):
            raise Violation(f"lost: {self.acknowledged - set(rows)}")
        if damages:
            raise Violation(f"damaged: {damages}")


def finish(process: "subprocess.Popen[str]") -> None:
    """Wait for the end of a command, however it ends."""
    with process:
        process.communicate(timeout=TIME_LIMIT_SECONDS)


def enumerate_one(job: tuple[str, str]) -> str:
    """Enumerate one fault in one thing, in a folder of its own."""
    what, fault = job
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "strace.log"
        if what == "append":
            appends = Appends(folder / "store")
            return enumerate_faults(what, fault, appends.append, appends.check, log)
        project, run = CrashProject(folder / "shop"), {"compact": compacted, "build": built}[what]
        said = enumerate_faults(what, fault, lambda tracing: run(project, tracing), project.check, log)
        project.build_whole()
        return said


def main() -> None:
    """Enumerate, several at a time; a violation ends it with a traceback."""
    if shutil.which("strace") is None:
        sys.stdout.write("strace is not installed: the enumeration of file operations is left out\n")
        return
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for said in pool.map(enumerate_one, product(OF, FAULTS)):
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"nothing lost, nothing doubled, every output whole; {time.monotonic() - began:.0f} s\n")


def compacted(project: CrashProject, tracing: tuple[str, ...]) -> None:
    """Compact what a build has left, under a fault; what the fault before has left is compacted whole."""
    finish(project.compact())
    project.change()
    project.build_whole()
    finish(project.compact(under=tracing))


def built(project: CrashProject, tracing: tuple[str, ...]) -> None:
    """Build under a fault."""
    project.change()
    finish(project.build(under=tracing))


if __name__ == "__main__":
    main()
