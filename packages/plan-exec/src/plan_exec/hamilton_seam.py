"""The one module that knows Hamilton: a driver with one tagged node per task, whose graph executor is ours.

Hamilton's own task-based executor starts tasks first in, first out, looks at every task after each completion and
spins while it waits. Its driver takes another graph executor, which is what happens here: the driver validates the
graph, calls the hooks of a graph's execution, and leaves the tasks to `run`.
"""

# Hamilton is typed in part: its functions and mappings lack parameters.
# pyright: reportUnknownMemberType=false

import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Any, TypeGuard, cast

from hamilton import driver, graph, node
from hamilton.execution import executors, grouping
from hamilton.io.materialization import ExtractorFactory
from hamilton.lifecycle import base as lifecycle_base

from plan_contracts import RoutingDecision, TaskOutcome, TaskStatus
from plan_exec.tags import TagValue

_LOGGERS = ("hamilton.driver", "hamilton.execution.executors")

LifecycleAdapter = lifecycle_base.LifecycleAdapter
"""A lifecycle adapter of Hamilton's, such as a tracker or a progress bar."""


def is_adapter(found: object) -> TypeGuard[LifecycleAdapter]:
    """Say whether something is a lifecycle adapter, made and ready."""
    return isinstance(found, LifecycleAdapter)


class PlanExecutionManager(executors.ExecutionManager):
    """Knows where each task runs; a task without a route is an error, never a default.

    Parameters
    ----------
    routes
        A decision for each task.
    """

    def __init__(self, routes: Mapping[str, RoutingDecision]) -> None:
        super().__init__([])
        self._routes = routes

    def route(self, task: str) -> RoutingDecision:
        """Give where a task runs, and why."""
        return self._routes[task]

    def get_executor_for_task(self, task: grouping.TaskImplementation) -> executors.TaskExecutor:
        """Refuse: tasks go to the dispatcher as requests, never to Hamilton's executors as objects."""
        raise NotImplementedError(f"the task {task.task_id} is run by the plan's dispatcher")


class PlanGraphExecutor(driver.GraphExecutor):
    """Runs the tasks of a graph through a function of ours.

    Parameters
    ----------
    run
        Runs every task and gives their outcomes by name.
    manager
        Where tasks run.
    """

    def __init__(self, run: Callable[[str], Mapping[str, TaskOutcome]], manager: PlanExecutionManager) -> None:
        self._run = run
        self.execution_manager = manager

    def validate(self, nodes_to_execute: list[node.Node]) -> None:
        """Accept nothing but tasks that have a route."""
        for each in nodes_to_execute:
            self.execution_manager.route(each.name)

    def execute(
        self,
        fg: graph.FunctionGraph,
        final_vars: list[Any],
        overrides: dict[str, Any],
        inputs: dict[str, Any],
        run_id: str,
    ) -> dict[str, Any]:
        """Run the graph; `Any` is what Hamilton's signature says."""
        del fg, overrides, inputs
        outcomes = self._run(run_id)
        return {name: outcomes[name] for name in final_vars}


class _TaskNodes(ExtractorFactory):
    """Adds the nodes to a graph that has none; Hamilton's factories are its public door for made-up nodes."""

    def __init__(self, nodes: Sequence[node.Node]) -> None:
        super().__init__("", [])
        self._nodes = list(nodes)

    def generate_nodes(self, fn_graph: graph.FunctionGraph) -> list[node.Node]:
        """Give every node."""
        del fn_graph
        return self._nodes


class HamiltonRun:
    """A driver for one execution.

    Parameters
    ----------
    dependencies
        Producers of each task, by task; in schedule order.
    tags
        Tags of each task.
    routes
        Where each task runs.
    adapters
        The user's lifecycle adapters.
    """

    def __init__(
        self,
        dependencies: Mapping[str, Sequence[str]],
        tags: Mapping[str, Mapping[str, TagValue]],
        routes: Mapping[str, RoutingDecision],
        adapters: Sequence[LifecycleAdapter],
    ) -> None:
        nodes = [_task_node(name, producers, tags[name]) for name, producers in dependencies.items()]
        self._manager = PlanExecutionManager(routes)
        self._names = list(dependencies)
        self._run_id = ""
        self._contexts: dict[str, Context] = {}
        _quieten()
        builder = driver.Builder().with_materializers(_TaskNodes(nodes)).with_adapters(*adapters)
        self.driver = builder.build()
        self._adapters = cast(
            lifecycle_base.LifecycleAdapterSet, self.driver.adapter
        )  # the driver wraps whatever it was given
        self._nodes = {each.name: each for each in nodes}

    def execute(self, run: Callable[[], Mapping[str, TaskOutcome]]) -> Mapping[str, TaskOutcome]:
        """Execute every task through `run`, with the hooks of a graph's execution around it; give the outcomes."""

        def run_graph(run_id: str) -> Mapping[str, TaskOutcome]:
            self._run_id = run_id
            self._hook("post_task_group", task_ids=self._names)
            return run()

        self.driver.graph_executor = PlanGraphExecutor(run_graph, self._manager)
        wanted: list[Any] = list(self._names)  # Hamilton's parameter takes functions and variables too
        return cast(dict[str, TaskOutcome], self.driver.execute(wanted))

    def before(self, task: str) -> None:
        """Call the hooks before a task.

        Each task has a context of its own, since adapters keep what is open in context variables, as if tasks did not
        overlap in one thread.
        """
        self._contexts[task] = copy_context()
        self._contexts[task].run(self._before, task)

    def after(self, outcome: TaskOutcome) -> None:
        """Call the hooks after a task."""
        self._contexts.pop(outcome.task).run(self._after, outcome)

    def _before(self, task: str) -> None:
        each = self._nodes[task]
        scope = _scope(each)
        self._hook("pre_task_submission", inputs={}, overrides={}, **scope)
        self._hook("pre_task_execute", inputs={}, overrides={}, **scope)
        self._hook("pre_node_execute", node_=each, kwargs={}, task_id=task)

    def _after(self, outcome: TaskOutcome) -> None:
        each = self._nodes[outcome.task]
        success = outcome.status is TaskStatus.SUCCEEDED
        error = None if outcome.error is None else RuntimeError(outcome.error.message)
        result = outcome if success else None
        results = {outcome.task: outcome} if success else None
        scope = _scope(each)
        self._hook(
            "post_node_execute",
            node_=each,
            kwargs={},
            success=success,
            error=error,
            result=result,
            task_id=outcome.task,
        )
        self._hook("post_task_execute", success=success, error=error, results=results, **scope)
        self._hook("post_task_return", success=success, error=error, result=results, **scope)

    def _hook(self, name: str, **arguments: Any) -> None:
        """Call one hook; the arguments are as different as Hamilton's hooks."""
        if self._adapters.does_hook(name, is_async=False):
            self._adapters.call_all_lifecycle_hooks_sync(name, run_id=self._run_id, **arguments)


def _scope(each: node.Node) -> dict[str, Any]:
    return {
        "task_id": each.name,
        "nodes": [each],
        "spawning_task_id": None,
        "purpose": grouping.NodeGroupPurpose.EXECUTE_SINGLE,
    }


def _task_node(name: str, producers: Sequence[str], tags: Mapping[str, TagValue]) -> node.Node:
    def run_elsewhere(**inputs: TaskOutcome) -> TaskOutcome:
        raise NotImplementedError(f"the task {name} is run by the plan's dispatcher, not by calling its node")

    # The pair of type and kind of dependency spares Hamilton a quadratic rebuild of the mapping.
    inputs: dict[str, Any] = dict.fromkeys(producers, (TaskOutcome, node.DependencyType.REQUIRED))
    return node.Node(
        name=name,
        typ=TaskOutcome,
        doc_string=f"Task {name} of the plan.",
        callabl=run_elsewhere,
        input_types=inputs,
        tags=dict(tags),
        originating_functions=(run_elsewhere,),
    )


def _quieten() -> None:
    """Keep Hamilton from logging tracebacks and its request for help; errors are reported by us."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
