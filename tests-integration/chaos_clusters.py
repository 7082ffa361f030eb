"""Kills a random worker of a Dask and of a Ray cluster every second: every build must end with the right rows.

Run with `nox -s chaos`, or `nox -s chaos -- 20` for fewer builds of each. It prints one line per build, and a last one
with how many workers were killed.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import distributed
import pyarrow.parquet as pq

from chaos_processes import BUILDS, SECONDS_PER_BUILD, write_project
from plan_exec.testing.clusters import dask_processes, ray_processes

OPTIONS = ("--full", "--max-tasks", "2", "--max-attempts", "50", "--retry-base", "0.05")


class Killer(threading.Thread):
    """Kills one worker of a cluster every second."""

    def __init__(self, workers: Callable[[], list[int]], dice: random.Random) -> None:
        super().__init__(daemon=True)
        self._workers = workers
        self._dice = dice
        self._ended = threading.Event()
        self.killed = 0

    def run(self) -> None:
        """Kill until told to stop."""
        while not self._ended.wait(self._dice.uniform(0.5, 1.5)):
            workers = self._workers()
            if workers:
                try:
                    os.kill(self._dice.choice(workers), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed += 1

    def stop(self) -> None:
        """Kill no more."""
        self._ended.set()
        self.join()


def build_once(project: Path, where: list[str], expected: dict[str, int]) -> None:
    """Build under fire, and compare every output."""
    command = [sys.executable, "-m", "plan_cli", "build", str(project), *OPTIONS, *where]
    built = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_PER_BUILD, check=False)
    if built.returncode != 0:
        raise SystemExit(f"A build ended with {built.returncode}:\n{built.stdout}{built.stderr}")
    found = {view: pq.read_table(project / "out" / f"{view}.parquet").column("n").to_pylist()[0] for view in expected}
    if found != expected:
        raise SystemExit(f"Wrong rows: {found} instead of {expected}\n{built.stdout}")


def many_builds(name: str, workers: Callable[[], list[int]], where: list[str], folder: Path, builds: int) -> None:
    """Build as often as told while workers of the cluster are killed."""
    expected = write_project(folder / name)
    killer = Killer(workers, random.Random(2026))
    killer.start()
    for number in range(1, builds + 1):
        began = time.monotonic()
        build_once(folder / name, where, expected)
        print(f"{name} [{number}/{builds}] right rows after {time.monotonic() - began:.1f} s", flush=True)
    killer.stop()
    print(f"{name}: {builds} builds, every one with the right rows; {killer.killed} workers were killed", flush=True)


def ready_on_dask(client: distributed.Client) -> list[int]:
    """Give the workers that have joined; Dask gives one up for good that dies while it starts."""
    return list(client.run(os.getpid, on_error="ignore").values())


def main() -> None:
    """Build on each cluster as often as the first argument says."""
    builds = int(sys.argv[1]) if len(sys.argv) > 1 else BUILDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with dask_processes(folder) as cluster, distributed.Client(cluster.address, set_as_default=False) as client:
            where = ["--executor", "dask", "--dask-address", cluster.address]
            many_builds("dask", lambda: ready_on_dask(client), where, folder, builds)
        with ray_processes(folder) as cluster:
            where = ["--executor", "ray", "--ray-address", cluster.address, "--ray-token-file", str(cluster.token_file)]
            many_builds("ray", cluster.worker_pids, where, folder, builds)


if __name__ == "__main__":
    main()
