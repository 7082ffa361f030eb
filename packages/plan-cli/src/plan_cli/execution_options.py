"""The options that say how a plan is run, and what they come to together with plan.toml."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from cyclopts import Parameter, validators
from msgspec.structs import replace

from plan_cli.cluster_options import ClusterOptions
from plan_cli.errors import OptionRefused
from plan_cli.option_values import asked_for, byte_size_option
from plan_contracts import ExecutionMode, ExecutorConfig, ExecutorKind, RetryPolicy, RoutingRules, TaskKind
from plan_contracts.project import ExecutionSection
from plan_exec import choose_executor

T = TypeVar("T")

_AtLeastOne = Parameter(validator=validators.Number(gte=1))
_NotNegative = Parameter(validator=validators.Number(gte=0))
_RANKS = {"view": "views", "tag": "tags", "kind": "kinds"}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """How the plan is run; each option overrides its key of `[execution]` in plan.toml.

    Parameters
    ----------
    mode
        `plan_parallel` (default), `plan_parallel_remote` for two executors at once, or `deterministic_serial` for one
        task after the other in schedule order.
    executor
        Kind of executor; by default the planner chooses kind and slots for this machine.
    max_tasks
        Tasks that run at once.
    remote_executor
        The second executor of `plan_parallel_remote`.
    remote_max_tasks
        Tasks that run at once on the second executor.
    cost_threshold
        Seconds from which on a task goes to the second executor.
    tasks_per_worker
        Tasks after which a worker process is replaced.
    worker_memory
        Memory, such as 2GiB, above which a worker process is replaced after a task.
    route
        Executor for a view, a tag or a kind of task, such as `view:daily=multiprocessing` or `tag:heavy=dask`.
    timeout
        Longest duration of one attempt of any task, in seconds.
    memory
        Memory, such as 8GiB, for the queries of all running tasks together.
    target_partitions
        Partitions of each query.
    retain
        Memory, such as 2GiB, for results that are handed on within the process; `0B` hands everything on by file.
    max_attempts
        Attempts of one task in all.
    retry_base
        Pause after the first attempt, in seconds; doubled after each further one.
    retry_cap
        Longest pause, in seconds.
    retry_jitter
        Share of the pause, from 0 to 1, that chance may take away.
    retry_timeouts
        Try a task that took too long again.
    adapter
        Lifecycle adapter of Hamilton's as `module:attribute`; may be given several times.
    """

    mode: ExecutionMode | None = None
    executor: ExecutorKind | None = None
    max_tasks: Annotated[int | None, _AtLeastOne] = None
    remote_executor: ExecutorKind | None = None
    remote_max_tasks: Annotated[int | None, _AtLeastOne] = None
    cost_threshold: Annotated[float | None, _NotNegative] = None
    tasks_per_worker: Annotated[int | None, _AtLeastOne] = None
    worker_memory: str | None = None
    route: tuple[str, ...] = ()
    timeout: Annotated[float | None, _NotNegative] = None
    memory: str | None = None
    target_partitions: Annotated[int | None, _AtLeastOne] = None
    retain: str | None = None
    max_attempts: Annotated[int | None, _AtLeastOne] = None
    retry_base: Annotated[float | None, _NotNegative] = None
    retry_cap: Annotated[float | None, _NotNegative] = None
    retry_jitter: Annotated[float | None, Parameter(validator=validators.Number(gte=0, lte=1))] = None
    retry_timeouts: Annotated[bool | None, Parameter(negative="--no-retry-timeouts")] = None
    adapter: tuple[str, ...] = ()
    clusters: ClusterOptions = ClusterOptions()

    def over(self, given: ExecutionSection) -> ExecutionSection:
        """Give `[execution]` with what the options say in its place.

        Raises
        ------
        OptionRefused
            When a value does not have the form that its option wants.
        """
        return ExecutionSection(
            mode=self.mode or given.mode,
            executor=self._executor(given.executor),
            routing=self._routing(given.routing),
            retries=self._retries(given.retries),
            timeout=_or(self.timeout, given.timeout),
            memory=_or(byte_size_option("--memory", self.memory), given.memory),
            target_partitions=_or(self.target_partitions, given.target_partitions),
            retain=_or(byte_size_option("--retain", self.retain), given.retain),
            adapters=(*(given.adapters or ()), *self.adapter),
        )

    def _executor(self, given: ExecutorConfig | None) -> ExecutorConfig | None:
        """Give the executors, or none where neither an option nor plan.toml names any."""
        asked = asked_for(
            kind=self.executor,
            max_tasks=self.max_tasks,
            remote_kind=self.remote_executor,
            remote_max_tasks=self.remote_max_tasks,
            cost_threshold=self.cost_threshold,
            tasks_per_worker=self.tasks_per_worker,
            worker_memory=byte_size_option("--worker-memory", self.worker_memory),
            **self.clusters.settings(given or ExecutorConfig()),
        )
        if not asked:
            return given
        if given is None and self.executor is None:
            given = choose_executor(ExecutionMode.PLAN_PARALLEL, None).config
        return replace(given or ExecutorConfig(), **asked)

    def _routing(self, given: RoutingRules | None) -> RoutingRules | None:
        """Give the rules of plan.toml, with those of the options beside or in the place of them."""
        if not self.route:
            return given
        rules: dict[str, dict[str, str]] = {rank: {} for rank in _RANKS.values()}
        for text in self.route:
            rank, name, executor = _rule(text)
            rules[rank][name] = executor
        asked, before = msgspec.convert(rules, RoutingRules), given or RoutingRules()
        return RoutingRules(
            views=before.views | asked.views, tags=before.tags | asked.tags, kinds=before.kinds | asked.kinds
        )

    def _retries(self, given: RetryPolicy | None) -> RetryPolicy | None:
        asked = asked_for(
            max_attempts=self.max_attempts,
            base_seconds=self.retry_base,
            cap_seconds=self.retry_cap,
            jitter=self.retry_jitter,
            timeouts=self.retry_timeouts,
        )
        return replace(given or RetryPolicy(), **asked) if asked else given


def _or(option: T | None, given: T | None) -> T | None:
    return option if option is not None else given


def _rule(text: str) -> tuple[str, str, str]:
    """Take `view:daily=multiprocessing` apart: whose names it is about, the name, and the executor."""
    what, _, executor = text.partition("=")
    rank, _, name = what.partition(":")
    executors, kinds = [kind.value for kind in ExecutorKind], [kind.value for kind in TaskKind]
    if rank not in _RANKS or not name:
        mend = "Write `view:NAME=EXECUTOR`, `tag:TAG=EXECUTOR` or `kind:KIND=EXECUTOR`."
    elif executor not in executors:
        mend = f"Executors are {', '.join(executors)}."
    elif rank == "kind" and name not in kinds:
        mend = f"Kinds of tasks are {', '.join(kinds)}."
    else:
        return _RANKS[rank], name, executor
    raise OptionRefused(f"`--route {text}` is no rule", subject="--route", suggestion=mend)
