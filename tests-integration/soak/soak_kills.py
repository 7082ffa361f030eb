"""Kill builds and compactions at random moments, again and again, and look whether anything was lost.

Each worker has a project of its own, kills a build, looks, kills a compaction, looks, and so on; every tenth build is
left to its end, which must succeed.

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


@dataclass(kw_only=True)
class Tally:
    """What a worker did."""

    builds: int = 0
    killed_builds: int = 0
    whole_builds: int = 0
    compactions: int = 0
    killed_compactions: int = 0
    events: int = 0


def kill_after(process: "subprocess.Popen[str]", seconds: float) -> bool:
    """Kill a process and all that it started after a time; say whether it was still running."""
    with process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=seconds)
            return False
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True


def duration(process: "subprocess.Popen[str]") -> float:
    """Give how long a command takes to its end."""
    began = time.monotonic()
    with process:
        process.communicate(timeout=TIME_LIMIT_SECONDS)
    return time.monotonic() - began


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
        project.change()
        longest_build, longest_compaction = duration(project.build()), duration(project.compact())
        for number in range(1, builds + 1):
            project.change()
            tally.killed_builds += kill_after(project.build(), chance.uniform(0.3, 1.0) * longest_build)
            tally.builds += 1
            project.check()
            while tally.compactions < compactions * number // builds:
                tally.killed_compactions += kill_after(project.compact(), chance.uniform(0.3, 1.0) * longest_compaction)
                tally.compactions += 1
                project.check()
            if number % WHOLE_BUILD_EVERY == 0 or number == builds:
                project.change()
                project.build_whole()
                tally.whole_builds += 1
                sys.stdout.write(f"  worker {worker}: {number} of {builds} builds, {project.events} events\n")
                sys.stdout.flush()
        duration(project.compact())
        project.check()
        tally.events = project.events
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
        f"{total('compactions')} compactions ({total('killed_compactions')} killed), {total('events')} events: "
        f"0 lost, 0 doubled, every output whole; {time.monotonic() - began:.0f} s\n"
    )


if __name__ == "__main__":
    main()
