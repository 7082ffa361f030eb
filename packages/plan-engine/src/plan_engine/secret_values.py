"""Values of secret variables: read from the environment where they are used, and kept out of every message."""

import os
from collections.abc import Iterable

from plan_contracts import CompiledProject, PlanError, Variable
from plan_engine.errors import VariableMissing


def secret_value(name: str, variable: Variable) -> str:
    """Give the value of a secret variable.

    Raises
    ------
    VariableMissing
        When the environment of this process does not have it.
    """
    value = _value(variable)
    if value is None:
        message = f"The secret variable `{name}` has no value: the environment has no `{variable.secret}`"
        raise VariableMissing(message, subject=name, suggestion="Set it where the build starts, and where tasks run.")
    return value


def missing_secrets(compiled: CompiledProject) -> list[PlanError]:
    """Give an error for each secret that a view or check reads and that the environment does not have, by name."""
    errors: dict[str, PlanError] = {}
    checks = [check for found in compiled.checks.values() for check in found]
    for reader in (*compiled.sources.values(), *checks):
        for name, variable in reader.parameters.items():
            try:
                if variable.secret is not None:
                    secret_value(name, variable)
            except VariableMissing as error:
                errors[name] = error
    return [errors[name] for name in sorted(errors)]


def redacted(text: str, variables: Iterable[Variable]) -> str:
    """Give a text with the reference in place of each secret value."""
    for variable in variables:
        value = _value(variable)
        if value:
            text = text.replace(value, f"{variable.secret}")
    return text


def _value(variable: Variable) -> str | None:
    reference = variable.secret
    return os.environ.get(reference.removeprefix("${").removesuffix("}")) if reference is not None else None
