"""Clusters of separate processes on this machine, as an operator would start them: for tests and benchmarks."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0
"""Longest time that a scheduler or head may take to listen."""

_LOOPBACK = "127.0.0.1"


@dataclass(kw_only=True)
class ProcessCluster:
    """A scheduler or head, and what else belongs to the cluster."""

    address: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])
    token_file: Path | None = None
    client_address: str | None = None
    """Where a Ray head speaks to machines that are no node of its cluster."""

    @property
    def head(self) -> subprocess.Popen[bytes]:
        """The scheduler or head, without which there is no cluster."""
        return self.processes[0]

    def head_pids(self) -> list[int]:
        """Give the processes without which there is no cluster: the scheduler, or Ray's control store."""
        return self.pids_of("/gcs_server ") or [self.head.pid]

    def pids_of(self, words: str) -> list[int]:
        """Give the processes of the cluster in whose command line these words are; all where there are no words."""
        first = {each.pid for each in self.processes} if not words else set[int]()
        below = _below({each.pid for each in self.processes})
        return [*first, *(pid for pid, (_, line) in below.items() if words in line)]

    def worker_pids(self) -> list[int]:
        """Give the processes that run tasks at the moment, or are ready to."""
        below = _below({each.pid for each in self.processes})
        return [*_forked(below), *(pid for pid, (_, words) in below.items() if _is_ray_worker(words))]


def process_workers(driver: int) -> list[int]:
    """Give the worker processes that a driver with the executor `multiprocessing` has at the moment."""
    return _forked(_below({driver}))


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Files in PEM with which both sides of a connection show who they are."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@contextmanager
def dask_processes(
    folder: Path,
    *,
    workers: int = 2,
    imports: Sequence[str] = (),
    certificates: Certificates | None = None,
    environment: Mapping[str, str] | None = None,
) -> Generator[ProcessCluster]:
    """Run a Dask scheduler and workers of one thread each, which are replaced when they die.

    Parameters
    ----------
    folder
        Where they write their logs.
    workers
        Worker processes.
    imports
        Modules that are imported before workers are forked.
    certificates
        What scheduler and workers show each other, and ask of others; none lets everybody in.
    environment
        Variables beside those of this process.
    """
    (port,) = _free_ports(1)
    cluster = ProcessCluster(address=f"{'tls' if certificates else 'tcp'}://{_LOOPBACK}:{port}")
    variables = {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        "DASK_DISTRIBUTED__NANNY__PRELOAD_ARGV": str(list(imports)),
        **(environment or {}),
    }
    common = [f"--host={cluster.address.partition('://')[0]}://{_LOOPBACK}", "--no-dashboard"]
    if certificates is not None:
        common += [f"--tls-ca-file={certificates.ca_file}", f"--tls-cert={certificates.cert_file}"]
        common += [f"--tls-key={certificates.key_file}"]
    commands = [
        [sys.executable, "-m", "distributed.cli.dask_scheduler", f"--port={port}", *common],
        [
            *(sys.executable, "-m", "distributed.cli.dask_worker", cluster.address, "--nthreads=1"),
            *(
                f"--nworkers={workers}",
                f"--local-directory={folder}",
                "--memory-limit=0",
                "--death-timeout=120",
                "--preload-nanny=plan_exec.executors.dask_preload",
                *common,
            ),
        ],
    ]
    with _running(cluster, commands, folder, variables, (port,)):
        yield cluster


@contextmanager
def ray_processes(
    folder: Path, *, cores: int = 2, environment: Mapping[str, str] | None = None
) -> Generator[ProcessCluster]:
    """Run a Ray head that asks for a token.

    Parameters
    ----------
    folder
        Where its log and the token are written.
    cores
        Tasks that it runs at once.
    environment
        Variables beside those of this process.
    """
    port, client_port, node_port, agent_port = _free_ports(4)
    token_file = folder / "token"
    token_file.write_text(secrets.token_hex(32), encoding="utf-8")
    cluster = ProcessCluster(
        address=f"{_LOOPBACK}:{port}", token_file=token_file, client_address=f"ray://{_LOOPBACK}:{client_port}"
    )
    variables = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # the build is on this machine, too
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # its client server has no working folder to send
        "GRPC_ENABLE_FORK_SUPPORT": "0",  # with it, what its client server forks crashes now and then
        **(environment or {}),
    }
    ray = "import sys; from ray.scripts.scripts import main; sys.exit(main())"
    options = [f"--port={port}", f"--ray-client-server-port={client_port}", f"--node-manager-port={node_port}"]
    options += [f"--dashboard-agent-listen-port={agent_port}"]  # by default the same for every head of a machine
    options += [f"--num-cpus={cores}", "--include-dashboard=false", "--object-store-memory=100000000"]
    command = [sys.executable, "-c", ray, "start", "--head", "--block", "--disable-usage-stats", *options]
    with _running(cluster, [command], folder, variables, (port, node_port, client_port)):
        yield cluster


@contextmanager
def _running(
    cluster: ProcessCluster,
    commands: Sequence[Sequence[str]],
    folder: Path,
    variables: Mapping[str, str],
    ports: Sequence[int],
) -> Generator[None]:
    """Start processes, the first of which listens at the ports, and end them and what they have started."""
    path = os.pathsep.join(filter(None, sys.path))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", **variables}
    try:
        for index, command in enumerate(commands):
            with (folder / f"cluster-{index}.log").open("wb") as log:
                cluster.processes.append(
                    subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder, start_new_session=True)
                )
            for port in ports if index == 0 else ():
                _wait_for(port, cluster.head, folder / "cluster-0.log")
        yield
    finally:
        for process in cluster.processes:
            _end(process)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((_LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the cluster did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its descendants, of which Ray has some in sessions of their own."""
    for pid in [process.pid, *_below({process.pid})]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def _below(roots: set[int]) -> dict[int, tuple[int, str]]:
    """Give the parent and the command line of each live descendant, by its pid."""
    command = ["ps", "-axwwo", "pid=,ppid=,stat=,command="]  # wide, whatever the terminal
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()]
    live = {int(row[0]): (int(row[1]), row[3] if len(row) > 3 else "") for row in rows if not row[2].startswith("Z")}
    found: set[int] = set()
    while more := {pid for pid, (parent, _) in live.items() if parent in roots | found} - found:
        found |= more
    return {pid: live[pid] for pid in sorted(found)}


def _forked(processes: Mapping[int, tuple[int, str]]) -> list[int]:
    """Give those whose parent is a server of forks, which has their command line."""
    servers = {pid for pid, (_, words) in processes.items() if ".forkserver import main" in words}
    return [pid for pid, (parent, _) in processes.items() if parent in servers]


def _is_ray_worker(command: str) -> bool:
    return command.startswith("ray::") and not command.endswith("Agent")


def _free_ports(count: int) -> tuple[int, ...]:
    """Give ports of this machine that are free, each another one."""
    with ExitStack() as probes:
        bound = [probes.enter_context(socket.create_server((_LOOPBACK, 0))) for _ in range(count)]
        return tuple(probe.getsockname()[1] for probe in bound)
