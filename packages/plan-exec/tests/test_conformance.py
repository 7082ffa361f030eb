"""Every executor of this package passes the suite that third parties' executors are to pass."""

from collections.abc import Iterator

import pytest

from plan_contracts import DaskSettings, ExecutorKind, Placement, RaySettings
from plan_exec import Executor
from plan_exec.executors.dask import DaskExecutor
from plan_exec.executors.processes import ProcessExecutor
from plan_exec.executors.ray import RayExecutor
from plan_exec.executors.ray_cluster import join_ray
from plan_exec.executors.threads import ThreadExecutor
from plan_exec.runtime_import import import_runtime
from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes
from plan_exec.testing.conformance import ExecutorConformance


@pytest.fixture(scope="module")
def dask_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with dask_processes(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with ray_processes(tmp_path_factory.mktemp("ray")) as cluster:
        joined = join_ray(RaySettings(address=cluster.address, token_file=str(cluster.token_file)), cluster.address)
        yield cluster
        joined.close()


class TestInline(ExecutorConformance):
    kind = ExecutorKind.THREADPOOL
    most_slots = 1

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        return ThreadExecutor(import_runtime(runtime), slots, scratch_uri, placement=Placement.INLINE)


class TestThreads(ExecutorConformance):
    kind = ExecutorKind.THREADPOOL

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        return ThreadExecutor(import_runtime(runtime), slots, scratch_uri)


class TestProcesses(ExecutorConformance):
    kind = ExecutorKind.MULTIPROCESSING

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        return ProcessExecutor(runtime, slots, scratch_uri)


class TestDask(ExecutorConformance):
    kind = ExecutorKind.DASK

    @pytest.fixture(autouse=True)
    def joined(self, dask_cluster: ProcessCluster) -> None:
        self.settings = DaskSettings(address=dask_cluster.address)

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        return DaskExecutor(runtime, slots, scratch_uri, self.settings)


class TestRay(ExecutorConformance):
    kind = ExecutorKind.RAY

    graphs = 2

    @pytest.fixture(autouse=True)
    def joined(self, ray_cluster: ProcessCluster) -> None:
        """Stay in one cluster throughout, since joining takes seconds."""

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        return RayExecutor(runtime, slots, scratch_uri, RaySettings())
