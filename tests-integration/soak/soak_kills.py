"""Kill builds and compactions at random moments, again and again, and look whether anything was lost.

Each worker has a project of its own, kills a build, looks, kills a compaction, looks, and so on; every tenth build is
left to its end, which must succeed. The moments are spread over the time in which a command has something to lose: a
build from when it holds the project, a compaction from the middle, when its imports are done; to the end, of which what
was seen so far gives the length.

Run with `nox -s soak -- soak_kills`. PLAN_SOAK_BUILDS (300) and PLAN_SOAK_COMPACTIONS (200) set how many,
PLAN_SOAK_WORKERS (one for each core) how many projects, PLAN_SOAK_SEED (1) the moments.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from crash_project import TIME_LIMIT_SECONDS, CrashProject

BUILDS = int(os.environ.get("PLAN_SOAK_BUILDS", "300"))
COMPACTIONS = int(os.environ.get("PLAN_SOAK_COMPACTIONS", "200"))
WORKERS = int(os.environ.get("PLAN_SOAK_WORKERS", str(os.cpu_count() or 1)))
SEED = int(os.environ.get("PLAN_SOAK_SEED", "1"))
WHOLE_BUILD_EVERY = 10
LOOK_SECONDS = 0.002
FIRST_GUESS_SECONDS = 2.0


@dataclass(kw_only=True)
class Tally:
    """What a worker did."""

    builds: int = 0
    killed_builds: int = 0
    whole_builds: int = 0
    compactions: int = 0
    killed_compactions: int = 0
    events: int = 0
    runs: int = 0
    """Those of which the store has events."""


class Moments:
    """Draws moments over the length of what is killed; the length follows what is seen, since machines get busy."""

    def __init__(self, chance: random.Random, *, earliest: float) -> None:
        self._chance = chance
        self._earliest = earliest
        self._seconds = FIRST_GUESS_SECONDS

    def kill(self, process: "subprocess.Popen[str]", begun: Callable[[], bool] = lambda: True) -> bool:
        """Kill a process and all that it started at a moment after it has begun; say whether it was still running."""
        with process:
            while process.poll() is None and not begun():
                time.sleep(LOOK_SECONDS)
            began = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=self._chance.uniform(self._earliest, 1.1) * self._seconds)
                self._seconds += 0.5 * (time.monotonic() - began - self._seconds)
                return False
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            self._seconds *= 1.05
            return True


def share(total: int, worker: int) -> int:
    """Give what a worker does of a total."""
    return total // WORKERS + (worker < total % WORKERS)


def soak(worker: int) -> Tally:
    """Kill a worker's share of builds and compactions, the latter spread evenly between the former."""
    chance = random.Random(SEED * 1000 + worker)
    builds, compactions = share(BUILDS, worker), share(COMPACTIONS, worker)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        project = CrashProject(Path(folder) / "shop")
        in_build, in_compaction = Moments(chance, earliest=0.0), Moments(chance, earliest=0.5)
        for number in range(1, builds + 1):
            project.change()
            before = project.holds()
            tally.killed_builds += in_build.kill(project.build(), lambda before=before: project.holds() != before)
            tally.builds += 1
            project.check()
            while tally.compactions < compactions * number // builds:
                tally.killed_compactions += in_compaction.kill(project.compact())
                tally.compactions += 1
                project.check()
            if number % WHOLE_BUILD_EVERY == 0 or number == builds:
                project.change()
                project.build_whole()
                tally.whole_builds += 1
                sys.stdout.write(f"  worker {worker}: {number} of {builds} builds, {project.events} events\n")
                sys.stdout.flush()
        project.compact().communicate(timeout=TIME_LIMIT_SECONDS)
        project.check()
        tally.events, tally.runs = project.events, project.runs
    return tally


def main() -> None:
    """Kill, check, and print the figures; a violation ends it with a traceback."""
    began = time.monotonic()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        tallies = list(pool.map(soak, range(WORKERS)))

    def total(name: str) -> int:
        return sum(getattr(tally, name) for tally in tallies)

    sys.stdout.write(
        f"{total('builds')} builds ({total('killed_builds')} killed) and {total('whole_builds')} whole ones between, "
        f"{total('compactions')} compactions ({total('killed_compactions')} killed), "
        f"{total('events')} events of {total('runs')} runs: "
        f"0 lost, 0 doubled, every output whole; {time.monotonic() - began:.0f} s\n"
    )


if __name__ == "__main__":
    main()
