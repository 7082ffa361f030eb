"""Kills or freezes the head of a cluster at a random moment of a build, which must end in bounded time and on record.

Each build has a cluster of its own. When it has ended, its exit code, its manifest, its outputs and the build after it
are looked at.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from chaos_project import Rows, write_project, wrong_rows

from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes
from plan_store import PlanStore
from plan_store.clock import SystemClock

SLOTS = 2
NUMBERS = 3_600
RUNTIME = "plan_engine.runtime"
SECONDS_TO_END = 100.0
"""Longest time from the loss of a head to the end of the build, which may yet have to compile and to join."""

SECONDS_WITHOUT_CLUSTER = 120.0
SUCCEEDED, TASKS_FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes of a build: the head may go away after its last task, during one, or before the first."""

HELD_UP = "it holds up this process, which is ended"
"""Said of Ray where it waits for a raylet with the interpreter's lock held; the next command completes the record."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A way to lose the head of a cluster."""

    name: str
    cluster: Callable[[Path], AbstractContextManager[ProcessCluster]]
    options: Callable[[ProcessCluster], tuple[str, ...]]
    hit: Callable[[ProcessCluster], list[int]]
    """Gives the processes that get the signal."""
    signal: signal.Signals
    interrupt: bool = False
    """Whether the user interrupts a second later."""


def _dask(folder: Path) -> AbstractContextManager[ProcessCluster]:
    return dask_processes(folder, workers=SLOTS, imports=[RUNTIME])


def _ray(folder: Path) -> AbstractContextManager[ProcessCluster]:
    return ray_processes(folder, cores=SLOTS)


def _on_dask(cluster: ProcessCluster) -> tuple[str, ...]:
    return "--executor", "dask", "--dask-address", cluster.address


def _on_ray(cluster: ProcessCluster) -> tuple[str, ...]:
    return "--executor", "ray", "--ray-address", cluster.address, "--ray-token-file", str(cluster.token_file)


def _by_ray_client(cluster: ProcessCluster) -> tuple[str, ...]:
    return *_on_ray(cluster)[:3], str(cluster.client_address), *_on_ray(cluster)[4:]


def _whole(cluster: ProcessCluster) -> list[int]:
    return cluster.pids_of("")


def _store(cluster: ProcessCluster) -> list[int]:
    return cluster.pids_of("/gcs_server ")


def _raylet(cluster: ProcessCluster) -> list[int]:
    return cluster.pids_of("/raylet/raylet ")


def _worker(cluster: ProcessCluster) -> list[int]:
    return cluster.worker_pids()[:1]


_KILL, _FREEZE = signal.SIGKILL, signal.SIGSTOP
LOSSES = {
    "dask": (
        Loss(name="scheduler killed", cluster=_dask, options=_on_dask, hit=ProcessCluster.head_pids, signal=_KILL),
        Loss(name="scheduler frozen", cluster=_dask, options=_on_dask, hit=ProcessCluster.head_pids, signal=_FREEZE),
        Loss(name="worker frozen", cluster=_dask, options=_on_dask, hit=_worker, signal=_FREEZE, interrupt=True),
    ),
    "ray": (
        Loss(name="all of the head killed", cluster=_ray, options=_on_ray, hit=_whole, signal=_KILL),
        Loss(name="control store killed", cluster=_ray, options=_on_ray, hit=_store, signal=_KILL),
        Loss(name="control store frozen", cluster=_ray, options=_on_ray, hit=_store, signal=_FREEZE),
        Loss(name="raylet killed", cluster=_ray, options=_on_ray, hit=_raylet, signal=_KILL),
        Loss(name="all of the head frozen", cluster=_ray, options=_on_ray, hit=_whole, signal=_FREEZE),
        Loss(name="raylet frozen", cluster=_ray, options=_on_ray, hit=_raylet, signal=_FREEZE, interrupt=True),
        Loss(name="client's head killed", cluster=_ray, options=_by_ray_client, hit=_whole, signal=_KILL),
        Loss(name="client's store killed", cluster=_ray, options=_by_ray_client, hit=_store, signal=_KILL),
        Loss(name="client's head frozen", cluster=_ray, options=_by_ray_client, hit=_whole, signal=_FREEZE),
    ),
}


class LosingProject:
    """A project with outputs, built again and again on clusters that do not last.

    Parameters
    ----------
    folder
        Where it is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected: dict[str, Rows] = write_project(folder, NUMBERS)
        self._command = (sys.executable, "-m", "plan_cli", "build", str(folder), "--max-tasks", str(SLOTS))
        self.build_here()

    def build_here(self) -> str:
        """Build without a cluster; give what went wrong if anything did."""
        done = subprocess.run(
            self._command, capture_output=True, text=True, timeout=SECONDS_WITHOUT_CLUSTER, check=False
        )
        return "" if done.returncode == SUCCEEDED else f"the next build ended with {done.returncode}: {done.stdout}"

    def begin(self, options: tuple[str, ...], log: Path) -> subprocess.Popen[str]:
        """Start a build on a cluster."""
        with log.open("w") as shown:
            return subprocess.Popen(
                [*self._command, "--full", *options], stdout=shown, stderr=subprocess.STDOUT, text=True
            )

    def last_status(self) -> str:
        """Give the status of the last run on record."""
        with PlanStore.open(self.folder / ".plan", clock=SystemClock(), read_only=True) as store:
            rows = store.sql("select status from runs order by started_at desc limit 1").to_pylist()
        return str(rows[0]["status"])


def lose_heads(kind: str, times: int, dice: random.Random) -> tuple[int, int]:
    """Lose a head so often in each way that there is for a kind of cluster; give the builds and how many went wrong."""
    wrong = builds = 0
    with tempfile.TemporaryDirectory() as folder:
        project = LosingProject(Path(folder) / "project")
        life = _life(project, LOSSES[kind][0])
        for number in range(times):
            for loss in LOSSES[kind]:
                moment = (number + dice.random()) / times * life  # spread over the whole life of a build
                told, trouble = _lose_once(project, loss, moment)
                builds, wrong = builds + 1, wrong + bool(trouble)
                verdict = f"WRONG: {trouble}" if trouble else "well"
                print(f"{kind}: {loss.name} after {moment:.1f} of {life:.0f} s: {told}, {verdict}", flush=True)
    return builds, wrong


def _life(project: LosingProject, loss: Loss) -> float:
    """Measure how long a build takes that loses nothing, in seconds."""
    with tempfile.TemporaryDirectory() as folder, loss.cluster(Path(folder)) as cluster:
        began = time.monotonic()
        code = project.begin(loss.options(cluster), Path(folder) / "build.log").wait()
        if code != SUCCEEDED:
            raise RuntimeError(f"a build that lost nothing ended with {code}")
        return time.monotonic() - began


def _lose_once(project: LosingProject, loss: Loss, moment: float) -> tuple[str, str]:
    """Lose the head of one build; give how the build ended, and what was wrong with that if anything was."""
    with tempfile.TemporaryDirectory() as scratch, loss.cluster(Path(scratch)) as cluster:
        log = Path(scratch) / "build.log"
        belongs = cluster.pids_of("")
        build = project.begin(loss.options(cluster), log)
        with suppress(subprocess.TimeoutExpired):
            build.wait(moment)
        hit = loss.hit(cluster)
        _send(hit, loss.signal)
        lost = time.monotonic()
        if loss.interrupt:
            time.sleep(1)
            build.send_signal(signal.SIGINT)
        try:
            code = build.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return f"still running after {SECONDS_TO_END:.0f} s", _hung(build, log)
        finally:
            _send([*belongs, *hit], signal.SIGKILL)  # the frozen do not end with those that have started them
        told = f"ended with {code} after {time.monotonic() - lost:.1f} s"
        return told, _judge(project, loss, code, log.read_text(encoding="utf-8"))


def _judge(project: LosingProject, loss: Loss, code: int, shown: str) -> str:
    """Say what is wrong with a build that has ended, and with the one after it."""
    killed = code == -signal.SIGKILL and HELD_UP in shown
    if code not in {SUCCEEDED, TASKS_FAILED, REFUSED} and not (loss.interrupt and code == INTERRUPTED) and not killed:
        return f"it ended with {code}:\n{shown}"
    if "Traceback" in shown:
        return f"it shows a traceback:\n{shown}"
    if killed:
        return str(wrong_rows(project.folder, project.expected) or "") or project.build_here()
    status = project.last_status()
    if status not in {"succeeded", "failed", "interrupted"} or (status == "succeeded") != (code == SUCCEEDED):
        return f"it ended with {code}, and is on record as {status}:\n{shown}"
    return str(wrong_rows(project.folder, project.expected) or "") or project.build_here()


def _hung(build: subprocess.Popen[str], log: Path) -> str:
    """Say where a build hangs, and end it."""
    with suppress(OSError):  # py-spy is not installed with the project
        subprocess.run(["py-spy", "dump", "--pid", str(build.pid)], check=False)
    build.kill()
    build.wait()
    return log.read_text(encoding="utf-8")


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
