"""Plain Hamilton modules through the dispatcher, beside Hamilton's own driver as the oracle."""

# Hamilton is typed in part.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

import gc
import weakref
from typing import Any

import functions
import parallel_functions
import pytest
from hamilton import driver
from hamilton.ad_hoc_utils import create_temporary_module
from hamilton.lifecycle import NodeExecutionHook, NodeExecutionMethod

from plan_contracts import ExecutionMode, TaskFinished, TaskStatus
from plan_contracts.testing import RecordingSink
from plan_exec import NodeNotSupported, execute_module

MODES = (ExecutionMode.PLAN_PARALLEL, ExecutionMode.DETERMINISTIC_SERIAL)


class Watcher(NodeExecutionHook):
    """Remembers what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []

    def run_before_node_execution(
        self, *, node_name: str, node_kwargs: dict[str, Any], node_tags: dict[str, Any], **rest: Any
    ) -> None:
        """Remember inputs and tags."""
        self.seen.append(("before", node_name, (dict(node_kwargs), node_tags.get("owner"))))

    def run_after_node_execution(self, *, node_name: str, result: Any, success: bool, **rest: Any) -> None:
        """Remember the result."""
        self.seen.append(("after", node_name, result if success else "failed"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("config", [{"greeting": "long"}, {"greeting": "short"}])
def test_module_gives_what_hamiltons_own_driver_gives(mode: ExecutionMode, config: dict[str, Any]) -> None:
    wanted, inputs = ["greeting", "doubled", "start"], {"start": 7}
    own = driver.Builder().with_modules(functions).with_config(config).build()
    expected = own.execute(list(wanted), inputs=inputs)

    assert execute_module(functions, wanted, inputs=inputs, config=config, mode=mode) == expected


@pytest.mark.timeout(60)
def test_module_optional_input_is_taken_where_it_is_given() -> None:
    assert execute_module(functions, ["total"], inputs={"start": 3}) == {"total": 15}
    assert execute_module(functions, ["total"], inputs={"start": 3, "offset": 100}) == {"total": 115}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", MODES)
def test_module_overridden_function_and_what_it_alone_needs_are_not_computed(mode: ExecutionMode) -> None:
    wanted, inputs, overrides = ["total", "below_failing", "doubled"], {"start": 3}, {"doubled": 100, "failing": 1.5}
    own = driver.Builder().with_modules(functions).build()
    watcher = Watcher()

    computed = execute_module(functions, wanted, inputs=inputs, overrides=overrides, adapters=[watcher], mode=mode)

    assert computed == own.execute(list(wanted), inputs=inputs, overrides=overrides)
    assert computed["doubled"] == 100
    assert {name for _, name, _ in watcher.seen} == {"squared", "total", "below_failing"}


@pytest.mark.timeout(60)
def test_module_functions_that_do_not_wait_for_each_other_run_at_once() -> None:
    (apart,) = execute_module(functions, ["apart"], inputs={"start": 1}, max_tasks=2).values()

    assert isinstance(apart, float)
    assert apart < 0.3


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", MODES)
def test_module_raises_what_its_function_raised(mode: ExecutionMode) -> None:
    sink = RecordingSink()

    with pytest.raises(ZeroDivisionError):
        execute_module(functions, ["below_failing"], inputs={"start": 1}, mode=mode, sink=sink)

    ended = {event.task: event.status for event in sink.of_type(TaskFinished)}
    assert ended == {
        "doubled": TaskStatus.SUCCEEDED,
        "failing": TaskStatus.FAILED,
        "below_failing": TaskStatus.SKIPPED,
    }


@pytest.mark.timeout(60)
def test_module_adapters_see_inputs_results_and_tags() -> None:
    watcher = Watcher()

    execute_module(
        functions, ["total"], inputs={"start": 3}, adapters=[watcher], mode=ExecutionMode.DETERMINISTIC_SERIAL
    )

    assert watcher.seen == [
        ("before", "doubled", ({"start": 3}, None)),
        ("after", "doubled", 6),
        ("before", "squared", ({"start": 3}, None)),
        ("after", "squared", 9),
        ("before", "total", ({"doubled": 6, "squared": 9}, "finance")),
        ("after", "total", 15),
    ]


class Halved(NodeExecutionMethod):
    """Computes in another way."""

    def run_to_execute_node(self, *, node_callable: Any, node_kwargs: dict[str, Any], **rest: Any) -> Any:
        """Halve what the function gives."""
        return node_callable(**node_kwargs) // 2


@pytest.mark.timeout(60)
def test_module_adapter_that_executes_nodes_does_so() -> None:
    assert execute_module(functions, ["doubled"], inputs={"start": 8}, adapters=[Halved()]) == {"doubled": 8}


@pytest.mark.timeout(60)
def test_module_missing_input_is_named_as_hamilton_names_it() -> None:
    with pytest.raises(ValueError, match="start"):
        execute_module(functions, ["total"])


@pytest.mark.timeout(60)
def test_module_with_parallelizable_functions_is_refused_by_name() -> None:
    with pytest.raises(NodeNotSupported, match=r"`(unit|whole)`"):
        execute_module(parallel_functions, ["whole"], inputs={"start": 3})


class Heavy:
    """A value that can be watched."""


@pytest.mark.timeout(60)
def test_module_value_is_forgotten_after_its_last_taker() -> None:
    made: list[weakref.ref[Heavy]] = []
    alive: list[bool] = []

    def heavy(start: int) -> Heavy:
        value = Heavy()
        made.append(weakref.ref(value))
        return value

    def light(heavy: Heavy) -> int:
        return 1

    def last(light: int) -> int:
        gc.collect()
        alive.append(made[0]() is not None)
        return light

    module = create_temporary_module(heavy, light, last)
    execute_module(module, ["last"], inputs={"start": 1}, mode=ExecutionMode.DETERMINISTIC_SERIAL)

    assert alive == [False]
