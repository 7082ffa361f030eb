"""A worker that is killed and a user who presses Ctrl-C: the build ends soon, says so, and spoils nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli

ROWS = 200_000
ENDLESS = "select count(*) as n from numbers as a, numbers as b where (a.n * b.n) % 7 = 3\n"
QUICK = "select count(*) as n from numbers\n"

WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}

ENDS = [
    *((way, signal.SIGINT, times) for way in WAYS for times in (1, 2)),
    ("threads", signal.SIGTERM, 1),
    ("processes", signal.SIGTERM, 2),
]
"""How a build runs, the signal that it is sent, and how often."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project that was built once, and now has a view that takes hours."""
    folder = tmp_path / "numbers"
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(ROWS), pa.int64())}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "numbers"\n\n[defaults]\nmaterialize = "table"\n\n'
        '[datasets.numbers]\npath = "data/numbers.parquet"\n\n'
        "[views.quick]\ncost = 1e6\n"
    )
    (folder / "views" / "quick.sql").write_text("select max(n) as top from numbers\n")
    (folder / "views" / "slow.sql").write_text(QUICK)
    (folder / "views" / "below.sql").write_text("select n + 1 as m from slow\n")
    assert plan_cli("build", folder).code == 0
    (folder / "views" / "slow.sql").write_text(ENDLESS)
    (folder / "views" / "quick.sql").write_text("select min(n) as top from numbers\n")
    return folder


def _outputs(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / "out").iterdir() if path.is_file()}


class Build:
    """A build that has finished its first task and now works on the endless one."""

    def __init__(self, project: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "plan_cli", "build", str(project), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.shown = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown += line
            if "succeeded  quick" in line:
                return
        raise AssertionError(self.shown)

    def interrupt(self, sent: signal.Signals) -> None:
        """Send a signal as a terminal or a supervisor does: to all of the build's processes, or to the first alone."""
        if sent is signal.SIGINT:
            os.killpg(self.process.pid, sent)
        else:
            self.process.send_signal(sent)

    def end(self, seconds: float) -> tuple[int, str]:
        """Give the exit code and all that was printed."""
        rest, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, self.shown + rest

    def members(self) -> list[int]:
        """Give the live processes of the build's session."""
        return [pid for pid, group, _ in _processes() if group == self.process.pid]

    def busiest_worker(self) -> int:
        """Wait until a worker has computed for a while, and give it."""
        while True:
            busy = [
                (ticks, pid)
                for pid, group, ticks in _processes()
                if group == self.process.pid and pid != self.process.pid
            ]
            ticks, pid = max(busy)
            if ticks > 3 * os.sysconf("SC_CLK_TCK"):
                return pid
            time.sleep(0.05)


def _processes() -> Iterator[tuple[int, int, int]]:
    """Give pid, session and used processor ticks of every live process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                yield int(folder.name), int(fields[3]), int(fields[11]) + int(fields[12])


@pytest.mark.timeout(60)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers through /proc")
def test_build_killed_worker_fails_the_task_and_keeps_every_output_whole(project: Path) -> None:
    (project / "plan.toml").write_text((project / "plan.toml").read_text() + "\n[views.slow]\nmax_attempts = 1\n")
    before = _outputs(project)
    build = Build(project, *WAYS["processes"])

    os.kill(build.busiest_worker(), signal.SIGKILL)
    code, shown = build.end(15)

    assert code == 1, shown
    assert "Traceback" not in shown
    assert "slow" in shown
    assert "signal 9" in shown or "SIGKILL" in shown
    assert build.members() == []
    after = _outputs(project)
    assert {name for name in before if before[name] != after[name]} == {"quick.parquet"}
    (project / "views" / "slow.sql").write_text(QUICK)
    again = plan_cli("build", project)
    assert again.code == 0, again.text
    assert _outputs(project)["slow.parquet"] == before["slow.parquet"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("way", "sent", "times"), ENDS)
def test_build_interrupt_ends_within_seconds_and_is_recorded(
    way: str, sent: signal.Signals, times: int, project: Path
) -> None:
    before = _outputs(project)
    build = Build(project, *WAYS[way])

    began = time.monotonic()
    build.interrupt(sent)
    for _ in range(times - 1):
        time.sleep(0.5)  # two of a kind that come together are one
        build.interrupt(sent)
    code, shown = build.end(15)

    assert code == 130, shown
    assert time.monotonic() - began < 10
    assert "Traceback" not in shown
    assert build.members() == []
    after = _outputs(project)
    assert {name for name in before if before[name] != after[name]} <= {"quick.parquet"}
    runs = plan_cli("events", project, "--sql", "select status from runs order by started_at desc limit 1", "--json")
    assert "interrupted" in runs.out
    (project / "views" / "slow.sql").write_text(QUICK)
    again = plan_cli("build", project)
    assert again.code == 0, again.text
