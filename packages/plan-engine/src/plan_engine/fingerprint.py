"""The identity of a view's logic."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from plan_contracts import Variable, digest
from plan_engine.sql_text import words_of


@cache
def engine_version() -> str:
    """Give the version of the engine that plans and computes."""
    return f"datafusion {version('datafusion')}"


def view_definition(
    sql: str,
    unoptimized: str,
    required: Mapping[str, Mapping[str, str | None]],
    parameters: Mapping[str, Variable],
) -> str:
    """Give the identity of what a view computes.

    The plan says what the text means: which table a name stands for, what `*` comprises. The words of the text say what
    the plan's own text leaves out, such as the brackets in `a - (b - c)` and all but the first few rows of VALUES.
    White space, comments and the case of keywords enter through neither. The optimiser has not been at the plan, so the
    time of day does not enter either.

    Parameters
    ----------
    sql
        Text of the view.
    unoptimized
        Text of the view's logical plan before optimisation.
    required
        Per input the columns that it reads, with their types.
    parameters
        The variables that it reads. Of a secret one only the name enters, since a digest of its value would help those
        who guess it.

    Returns
    -------
    str
        Digest in hexadecimal.
    """
    inputs = [
        part
        for name in sorted(required)
        for part in (name, *(f"{column}: {kind}" for column, kind in sorted(required[name].items())))
    ]
    return digest("view", engine_version(), digest(*words_of(sql)), unoptimized, *inputs, *_values(parameters))


def _values(parameters: Mapping[str, Variable]) -> list[str]:
    return [
        f"${name} {variable.type} {variable.secret or repr(variable.value)}"
        for name, variable in sorted(parameters.items())
    ]
