"""A worker that is killed and a user who presses Ctrl-C: the build ends soon, says so, and spoils nothing."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from on_clusters import wait_until_gone
from plan_contracts import RunManifestV2, RunStatus, decode_msgpack

ROWS = 200_000
ENDLESS = "select count(*) as n from numbers as a, numbers as b where (a.n * b.n) % 7 = 3\n"
QUICK = "select count(*) as n from numbers\n"
WAITS = """
import time
from pathlib import Path

import pyarrow as pa

from plan_engine import view


@view(output={{"n": "int64"}})
def slow(numbers: pa.Table) -> pa.Table:
    while not Path({go!r}).exists():
        time.sleep(0.01)
    return pa.table({{"n": pa.array([numbers.num_rows], pa.int64())}})
"""

WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
    "dask": ["--executor", "dask", "--max-tasks", "2"],
    "ray": ["--executor", "ray", "--max-tasks", "2"],
}

ENDS = [
    *((way, signal.SIGINT, 1) for way in WAYS),
    ("serial", signal.SIGINT, 2),
    ("threads", signal.SIGTERM, 2),
    ("processes", signal.SIGHUP, 1),
    ("processes", signal.SIGTERM, 2),
    ("dask", signal.SIGHUP, 2),
    ("ray", signal.SIGTERM, 2),
]
"""How a build runs, the signal that it is sent, and how often."""

MOMENTS = ["", "validation:", "running 2 at once", "[ 2/12]", "[12/12]"]
"""What was printed last before an interrupt: nothing yet, what is valid, the plan, a task in the middle, the last."""

ENDS_SECONDS = 15.0
"""The promise is five seconds; so long a busy machine may take."""

PATIENT = (
    "import runpy; from plan_exec import dispatcher; dispatcher.GRACE_SECONDS = 600.0; "
    "runpy.run_module('plan_cli', run_name='__main__')"
)
"""The command line, with ten minutes for running tasks to end after the first interrupt."""


@pytest.fixture(scope="module")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a project once."""
    folder = tmp_path_factory.mktemp("built") / "numbers"
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
    return folder


@pytest.fixture
def project(built_project: Path, tmp_path: Path) -> Path:
    """Give a project that was built once, and now has a view that takes hours."""
    folder = tmp_path / "numbers"
    shutil.copytree(built_project, folder)
    (folder / "views" / "slow.sql").write_text(ENDLESS)
    (folder / "views" / "quick.sql").write_text("select min(n) as top from numbers\n")
    return folder


def _outputs(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / "out").iterdir() if path.is_file()}


class Build:
    """A build that has come to where it prints something; by default it has ended one task, and is at the endless one.

    Parameters
    ----------
    project
        What is built.
    options
        How.
    until
        What it has printed last.
    patient
        Whether running tasks get ten minutes to end after the first interrupt instead of seconds.
    """

    def __init__(self, project: Path, *options: str, until: str = "succeeded  quick", patient: bool = False) -> None:
        self.mark = f"BUILD_OF_A_TEST={project}"
        command = ["-c", PATIENT] if patient else ["-m", "plan_cli"]
        self.process = subprocess.Popen(
            [sys.executable, "-u", *command, "build", str(project), *options],
            env={**os.environ, **dict([self.mark.split("=", 1)])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.shown = ""
        assert self.process.stdout is not None
        while until not in self.shown:
            line = self.process.stdout.readline()
            assert line, self.shown
            self.shown += line

    def interrupt(self, sent: signal.Signals) -> None:
        """Send a signal as a terminal or a supervisor does: to all of the build's processes, or to the first alone."""
        if sent is signal.SIGTERM:
            self.process.send_signal(sent)
        else:
            os.killpg(self.process.pid, sent)

    def end(self, seconds: float) -> tuple[int, str]:
        """Give the exit code and all that was printed; a build that does not end in time fails the test."""
        began = time.monotonic()
        rest, _ = self.process.communicate(timeout=seconds)
        print(f"ended after {time.monotonic() - began:.2f} s")
        return self.process.returncode, self.shown + rest

    def left(self) -> set[int]:
        """Wait for the end of every process of the build; give those that are left."""
        return wait_until_gone(self.mark)

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
    assert build.left() == set()
    after = _outputs(project)
    assert {name for name in before if before[name] != after[name]} == {"quick.parquet"}
    (project / "views" / "slow.sql").write_text(QUICK)
    again = plan_cli("build", project)
    assert again.code == 0, again.text
    assert _outputs(project)["slow.parquet"] == before["slow.parquet"]


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("way", "sent", "times"), ENDS)
def test_build_interrupt_ends_within_seconds_and_is_recorded(
    way: str, sent: signal.Signals, times: int, project: Path
) -> None:
    before = _outputs(project)
    build = Build(project, *WAYS[way], patient=times > 1)

    build.interrupt(sent)
    for _ in range(times - 1):
        time.sleep(0.5)  # two of a kind that come together are one
        build.interrupt(sent)
    code, shown = build.end(ENDS_SECONDS)

    assert code == 130, shown
    assert "Traceback" not in shown
    assert build.left() == set()
    assert manifests_of_runs(project)[-1] is RunStatus.INTERRUPTED
    after = _outputs(project)
    assert {name for name in before if before[name] != after[name]} <= {"quick.parquet"}
    (project / "views" / "slow.sql").write_text(QUICK)
    again = plan_cli("build", project)
    assert again.code == 0, again.text
    assert staged_runs(project) <= {newest_run(project)}


@pytest.mark.timeout(300)
def test_build_interrupt_lets_a_running_task_end(project: Path) -> None:
    (project / "views" / "slow.sql").unlink()
    (project / "views" / "below.sql").unlink()
    (project / "views" / "slow.py").write_text(WAITS.format(go=str(project / "go")))
    build = Build(project, *WAYS["processes"], patient=True)

    build.interrupt(signal.SIGINT)
    (project / "go").touch()
    code, shown = build.end(ENDS_SECONDS)

    assert code == 130, shown
    assert "succeeded  slow" in shown


@pytest.mark.timeout(300)
def test_build_hail_of_interrupts_is_recorded_all_the_same(project: Path) -> None:
    build = Build(project, *WAYS["processes"])

    for _ in range(20):
        build.interrupt(signal.SIGINT)
        time.sleep(0.01)
    code, shown = build.end(ENDS_SECONDS)

    assert code == 130, shown
    assert "Traceback" not in shown
    assert manifests_of_runs(project)[-1] is RunStatus.INTERRUPTED


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("until", MOMENTS)
def test_build_interrupt_at_any_moment_leaves_nothing_half_done(
    until: str, sent: signal.Signals, tmp_path: Path, built_project: Path
) -> None:
    folder = tmp_path / "numbers"
    shutil.copytree(built_project, folder, ignore=shutil.ignore_patterns(".plan", "out", "*.sql"))
    for number in range(12):
        (folder / "views" / f"v{number:02}.sql").write_text(f"select n + {number} as m from numbers\n")
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text().replace("[views.quick]\ncost = 1e6\n", ""))
    build = Build(folder, *WAYS["processes"], until=until)
    if not until:
        time.sleep(0.3)  # the interpreter itself answers earlier ones

    build.interrupt(sent)
    code, shown = build.end(ENDS_SECONDS)

    assert "Traceback" not in shown
    assert build.left() == set()
    statuses = manifests_of_runs(folder)
    assert (code, statuses) in [
        (130, []),  # before there was a run
        (130, [RunStatus.INTERRUPTED]),
        (130, [RunStatus.SUCCEEDED]),  # in the last lines
        (0, [RunStatus.SUCCEEDED]),
    ], shown
    assert statuses or not until
    again = plan_cli("build", folder)
    assert again.code == 0, again.text
    assert set(_outputs(folder)) == {f"v{number:02}.parquet" for number in range(12)}
    assert staged_runs(folder) <= {newest_run(folder)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_build_interrupt_while_it_joins_a_silent_cluster_ends_and_is_recorded(executor: str, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        options = [*WAYS[executor], f"--{executor}-address", address]
        build = Build(project, *options, until=f"running 2 at once on {executor}")
        silent.settimeout(ENDS_SECONDS)
        with silent.accept()[0]:
            build.interrupt(signal.SIGINT)
            code, shown = build.end(ENDS_SECONDS)

    assert code == 130, shown
    assert "Traceback" not in shown
    assert manifests_of_runs(project)[-1] is RunStatus.INTERRUPTED


def manifests_of_runs(project: Path) -> list[RunStatus]:
    """Give the status of each run that has a manifest, the oldest first; no command is run that would complete them."""
    return [
        decode_msgpack(path.read_bytes(), RunManifestV2).status
        for path in sorted((project / ".plan" / "runs").glob("*/manifest.msgpack"))
    ]


def newest_run(project: Path) -> str:
    """Give the id of the last run."""
    return max(path.name for path in (project / ".plan" / "runs").iterdir())


def staged_runs(project: Path) -> set[str]:
    """Give the runs that have something staged."""
    return {path.name for path in (project / ".plan" / "scratch").glob("*")}
