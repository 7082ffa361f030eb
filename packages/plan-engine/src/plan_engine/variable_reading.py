"""Which of a project's variables each view reads, and which of those it cannot have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plan_contracts import NOW, PlanError, SourceLocation, Variable, ViewSource, nearest
from plan_engine.errors import VariableMissing
from plan_engine.plan_text import CLOCK_FUNCTIONS
from plan_engine.sql_text import parameters_of, place_of


@dataclass(frozen=True, kw_only=True)
class VariablesRead:
    """The variables of one view or check."""

    variables: dict[str, Variable] = field(default_factory=dict[str, Variable])
    """By name; the clock's among them where the view asks for the time."""
    volatile: bool = False
    """Whether the view may give other rows in each run although nothing that is known of it has changed."""


def missing_variables(view: ViewSource, variables: Mapping[str, Variable]) -> list[PlanError]:
    """Give an error for each variable that a view reads and that has no value, in the order of its text."""
    return [
        missing_variable(view.name, name, variables, place_of(view, offset))
        for name, offset in parameters_of(view.sql).items()
        if not has_value(variables.get(name))
    ]


def has_value(variable: Variable | None) -> bool:
    """Say whether a variable has a value, or gets one from the environment."""
    return variable is not None and (variable.value, variable.secret) != (None, None)


def missing_variable(
    view: str, name: str, variables: Mapping[str, Variable], location: SourceLocation
) -> VariableMissing:
    """Give the error of a variable that a view reads and that has no value."""
    if name in variables:
        message = f"The view `{view}` reads the variable `{name}`, which has no value"
        mend = f"Give it with `--var {name}=...`, or write its value under `[vars]`."
    else:
        message = f"The view `{view}` reads the variable `{name}`, which plan.toml does not have"
        near = nearest(name, variables)
        mend = f"Did you mean `{near}`?" if near else f"Write `{name} = ...` under `[vars]`."
    return VariableMissing(message, subject=name, related=[view], location=location, suggestion=mend)


def variables_read(sql: str, volatile_calls: frozenset[str], variables: Mapping[str, Variable]) -> VariablesRead:
    """Give the variables of a view or check that has all that it reads.

    Parameters
    ----------
    sql
        Its text.
    volatile_calls
        Functions that it calls whose value differs from run to run.
    variables
        Those of the project.
    """
    read = {name: variables[name] for name in parameters_of(sql)}
    calls = volatile_calls
    if calls & CLOCK_FUNCTIONS and has_value(variables.get(NOW)):
        read[NOW] = variables[NOW]
        calls -= CLOCK_FUNCTIONS
    secret = any(variable.secret is not None for variable in read.values())
    return VariablesRead(variables=dict(sorted(read.items())), volatile=bool(calls) or secret)
