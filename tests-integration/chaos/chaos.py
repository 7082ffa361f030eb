"""Kills a random worker every second through 200 builds on processes, Dask and Ray: all must end with the right rows.

Run with `nox -s chaos`; `nox -s chaos -- --processes 10 --dask 10 --ray 0` builds less often. Each build has a bounded
time, and what it had to try again must be on record with its reason. The last line sums up. `--heads 5` loses the
head of a cluster five times in each way, too.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from chaos_project import write_project, wrong_rows
from heads import LOSSES, lose_heads
from killer import QUERY_ENGINE, Killer, SeenBefore, has_loaded

from plan_contracts import TaskRetried, decode_msgpack
from plan_exec.testing.clusters import dask_processes, process_workers, ray_processes
from plan_store import PlanStore
from plan_store.clock import SystemClock

SLOTS = 4
SECONDS_PER_BUILD = 180
RUNTIME = "plan_engine.runtime"
EARLY_TURN = 4
"""Of so many kills on Ray one may hit a worker that still starts, which costs 1.4 seconds of a core. If all might,
builds would end with the right rows, but after 30 to 150 s on two cores."""
OPTIONS = ("--full", "--max-tasks", str(SLOTS), "--max-attempts", "20", "--retry-base", "0.05", "--retry-cap", "1")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where tasks run."""

    name: str
    options: tuple[str, ...]
    workers: Callable[[int], list[int]]
    """Gives the worker processes; it is told the process of the build."""
    numbers: int = 2_400
    """How many the views pair; with so many a view takes a tenth of a second."""


@dataclass(kw_only=True)
class Tally:
    """What came of the builds."""

    builds: int = 0
    killed: int = 0
    killed_early: int = 0
    """Of these, the ones that had not loaded the query engine yet."""
    retried: int = 0
    wrong: int = 0


def own_processes(folder: Path) -> Iterator[Place]:
    """Give worker processes of each build's own, and tasks so long that the workers live for some seconds."""
    del folder
    options = ("--executor", "multiprocessing")
    yield Place(name="processes", options=options, workers=process_workers, numbers=7_200)


def on_dask(folder: Path) -> Iterator[Place]:
    """Give a Dask cluster that outlives the builds."""
    with dask_processes(folder, workers=SLOTS, imports=[RUNTIME]) as cluster:
        options = ("--executor", "dask", "--dask-address", cluster.address)
        started = SeenBefore(cluster.worker_pids)  # Dask starts none in the place of one that dies while it starts
        yield Place(name="dask", options=options, workers=lambda _: started())


def on_ray(folder: Path) -> Iterator[Place]:
    """Give a Ray cluster that outlives the builds."""
    with ray_processes(folder, cores=SLOTS) as cluster:
        token = str(cluster.token_file)
        options = ("--executor", "ray", "--ray-address", cluster.address, "--ray-token-file", token)
        ready = SeenBefore(lambda: [pid for pid in cluster.worker_pids() if has_loaded(pid, QUERY_ENGINE)])
        turns = cycle([cluster.worker_pids, *[ready] * (EARLY_TURN - 1)])
        yield Place(name="ray", options=options, workers=lambda _: next(turns)())


PLACES = {"processes": contextmanager(own_processes), "dask": contextmanager(on_dask), "ray": contextmanager(on_ray)}


def build_under_fire(project: Path, place: Place, dice: random.Random, tally: Tally) -> str:
    """Build once while workers are killed, and count these; give what went wrong if anything did."""
    command = [sys.executable, "-m", "plan_cli", "build", str(project), *OPTIONS, *place.options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as build:
        killer = Killer(lambda: place.workers(build.pid), dice)
        killer.start()
        try:
            shown, _ = build.communicate(timeout=SECONDS_PER_BUILD)
        except subprocess.TimeoutExpired:
            build.kill()
            return f"it had not ended after {SECONDS_PER_BUILD} s"
        finally:
            killer.stop()
            tally.killed += killer.killed
            tally.killed_early += killer.killed_early
        return "" if build.returncode == 0 else f"it ended with {build.returncode}:\n{shown}"


def retries_on_record(project: Path) -> Counter[str]:
    """Count the retries that the store of a project has on record, by the code of their reason."""
    store = PlanStore.open(project / ".plan", clock=SystemClock(), read_only=True)
    rows = store.sql("select event_payload_msgpack as payload from events where event_name = 'task_retried_v1'")
    events = [decode_msgpack(payload, TaskRetried) for payload in rows.column("payload").to_pylist()]
    return Counter(event.error.code for event in events)


def many_builds(place: Place, folder: Path, builds: int, dice: random.Random) -> Tally:
    """Build as often as told; print a line for each build."""
    project = folder / place.name
    expected = write_project(project, place.numbers)
    tally = Tally()
    for number in range(1, builds + 1):
        began, before = time.monotonic(), tally.killed
        trouble = build_under_fire(project, place, dice, tally) or str(wrong_rows(project, expected) or "")
        tally.builds += 1
        tally.wrong += bool(trouble)
        verdict = f"WRONG: {trouble}" if trouble else "right rows"
        seconds, killed = time.monotonic() - began, tally.killed - before
        print(f"{place.name} [{number}/{builds}] {seconds:.1f} s, {killed} killed, {verdict}", flush=True)
    reasons = retries_on_record(project)
    tally.retried = reasons.total()
    print(
        f"{place.name}: {tally.killed} workers killed, {tally.killed_early} of them while they started, "
        f"tasks tried again for {dict(reasons)}",
        flush=True,
    )
    return tally


def main() -> None:
    """Build on each place as often as the arguments say."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # below nohup it is ignored, which builds would inherit
    parser = argparse.ArgumentParser(description="Kill a random worker every second through many builds.")
    for name, builds in (("processes", 70), ("dask", 65), ("ray", 65)):
        parser.add_argument(f"--{name}", type=int, default=builds, help="how often to build there")
    parser.add_argument("--heads", type=int, default=0, help="how often to lose the head of a cluster in each way")
    parser.add_argument("--seed", type=int, default=2026)
    asked = vars(parser.parse_args())
    dice = random.Random(asked["seed"])
    began, tallies = time.monotonic(), dict[str, Tally]()
    for name in (name for name in PLACES if asked[name]):
        with tempfile.TemporaryDirectory() as folder, PLACES[name](Path(folder)) as place:
            tallies[name] = many_builds(place, Path(folder), asked[name], dice)
    total = Tally(**{field: sum(getattr(tally, field) for tally in tallies.values()) for field in vars(Tally())})
    print(
        f"{total.builds} builds in {(time.monotonic() - began) / 60:.1f} min: {total.killed} workers killed, "
        f"{total.retried} tasks tried again, wrong: {total.wrong}"
    )
    missed = [name for name, tally in tallies.items() if not tally.retried]
    if missed:
        print(f"no task was hit on {', '.join(missed)}: build more often")
    lost = [lose_heads(kind, asked["heads"], dice) for kind in LOSSES if asked["heads"]]
    wrong = total.wrong + sum(wrong for _, wrong in lost)
    print(f"{sum(builds for builds, _ in lost)} builds lost a head; wrong in all: {wrong}")
    sys.exit(1 if wrong or missed else 0)


if __name__ == "__main__":
    main()
