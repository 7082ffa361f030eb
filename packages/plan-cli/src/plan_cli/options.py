"""Options that several commands share, and what they come to together with plan.toml."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token, validators
from msgspec.structs import replace

from plan_contracts import (
    AdmissionPolicy,
    CostChoice,
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    ProjectFile,
    VariableRefused,
)
from plan_exec import choose_executor

ProjectPath = Annotated[Path, Parameter(help="Folder of plan.toml.")]
Profile = Annotated[str | None, Parameter(help="Profile of plan.toml whose overrides apply.")]
StorePlace = Annotated[
    str | None, Parameter(name="--store", help="Folder or URL of the store; overrides plan.toml and the profile.")
]
AsJson = Annotated[bool, Parameter(help="Print the published document instead of text.", negative="")]
Costs = Annotated[
    str, Parameter(help="`auto` (history, then statistics), `statistics`, or the path of a cost table in JSON.")
]
Vars = Annotated[
    list[str] | None,
    Parameter(
        name="--var",
        help="`NAME=VALUE` in place of a variable's value in plan.toml, typed as there. May be given several times.",
        negative="",
    ),
]
Policy = Annotated[
    AdmissionPolicy | None, Parameter(help="What happens to a plan that is not valid as a whole; overrides plan.toml.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """How the plan is run; each option overrides its key of `[execution]` in plan.toml.

    Parameters
    ----------
    mode
        `plan_parallel` (default), or `deterministic_serial` for one task after the other in schedule order.
    executor
        Kind of executor; by default the planner chooses kind and slots for this machine.
    max_tasks
        Tasks that run at once.
    """

    mode: ExecutionMode | None = None
    executor: ExecutorKind | None = None
    max_tasks: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None

    def resolved_mode(self, file: ProjectFile) -> ExecutionMode:
        """Give the mode that the option, else plan.toml, else the default names."""
        return self.mode or file.execution.mode or ExecutionMode.PLAN_PARALLEL

    def resolved_config(self, file: ProjectFile) -> ExecutorConfig | None:
        """Give the executors, or none where neither an option nor plan.toml names any."""
        config = file.execution.executor
        if config is None and self.executor is None and self.max_tasks is not None:
            config = choose_executor(self.resolved_mode(file), None).config
        if self.executor is not None:
            config = replace(config or ExecutorConfig(), kind=self.executor)
        if self.max_tasks is not None:
            config = replace(config or ExecutorConfig(), max_tasks=self.max_tasks)
        return config


def assignments(given: list[str] | None) -> dict[str, str]:
    """Read the values of `--var`; of two for one variable the last counts.

    Raises
    ------
    VariableRefused
        When one of them is not `NAME=VALUE`.
    """
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not equals:
            message = f"`--var {each}` gives no value"
            raise VariableRefused(message, subject=each, suggestion=f"Write `--var {each}=VALUE`.")
        found[name.strip()] = value
    return found


def cost_choice(costs: str) -> CostChoice:
    """Read the value of `--costs`."""
    if costs == "auto":
        return CostChoice(source="auto")
    if costs == "statistics":
        return CostChoice(source="statistics")
    return CostChoice(source="file", path=costs)


_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|d|w)")


def age_seconds(_: object, tokens: Sequence[Token]) -> float:
    """Read an age such as `12h`, `30d` or `8w`, in seconds.

    Raises
    ------
    ValueError
        When it is none.
    """
    text = tokens[0].value
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no age, such as `12h`, `30d` or `8w`")
    return float(found.group(1)) * _SECONDS[found.group(2)]
