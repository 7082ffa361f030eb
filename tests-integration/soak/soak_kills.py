"""Kill builds and compactions at random moments, again and again, and look whether anything was lost.

Run with `nox -s soak -- soak_kills`. PLAN_SOAK_BUILDS (300) and PLAN_SOAK_COMPACTIONS (200) set how many.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crash_project import TIME_LIMIT_SECONDS, CrashProject

BUILDS = int(os.environ.get("PLAN_SOAK_BUILDS", "300"))
COMPACTIONS = int(os.environ.get("PLAN_SOAK_COMPACTIONS", "200"))
SEED = int(os.environ.get("PLAN_SOAK_SEED", "1"))
WHOLE_BUILD_EVERY = 10


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


def kill_builds(project: CrashProject, chance: random.Random) -> int:
    """Kill builds; give how many were running when they were."""
    project.change()
    longest = duration(project.build())
    killed = 0
    for number in range(BUILDS):
        project.change()
        killed += kill_after(project.build(), chance.uniform(0.3, 1.0) * longest)
        project.check()
        if number % WHOLE_BUILD_EVERY == WHOLE_BUILD_EVERY - 1:
            project.change()
            project.build_whole()
            sys.stdout.write(f"  {number + 1} builds, {killed} killed, {project.events} events\n")
            sys.stdout.flush()
    return killed


def kill_compactions(project: CrashProject, chance: random.Random) -> int:
    """Kill compactions; give how many were running when they were."""
    longest = duration(project.compact())
    killed = 0
    for number in range(COMPACTIONS):
        if number % 4 == 0:
            project.change()
            project.build_whole()
        killed += kill_after(project.compact(), chance.uniform(0.3, 1.0) * longest)
        project.check()
        if number % 20 == 19:
            sys.stdout.write(f"  {number + 1} compactions, {killed} killed, {project.events} events\n")
            sys.stdout.flush()
    return killed


def main() -> None:
    """Kill, check, and print the figures; a violation ends it with a traceback."""
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        project = CrashProject(Path(folder) / "shop")
        compactions = kill_compactions(project, chance)
        builds = kill_builds(project, chance)
        project.build_whole()
        with project.compact() as process:
            process.communicate(timeout=TIME_LIMIT_SECONDS)
        project.check()
        shown = f"{BUILDS} builds ({builds} killed), {COMPACTIONS} compactions ({compactions} killed)"
        sys.stdout.write(f"{shown}: {project.events} events, 0 lost, 0 doubled, every output whole\n")


if __name__ == "__main__":
    main()
