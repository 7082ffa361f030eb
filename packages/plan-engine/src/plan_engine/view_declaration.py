"""The decorator with which a Python view says what the text of its function cannot."""

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")


@overload
def view(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def view(
    *,
    requires: Mapping[str, Sequence[str] | Mapping[str, str]] | None = None,
    output: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    volatile: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def view(
    function: Callable[P, R] | None = None,
    /,
    *,
    requires: Mapping[str, Sequence[str] | Mapping[str, str]] | None = None,
    output: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    volatile: bool = False,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare what a Python view needs and gives.

    The declaration is read from the text of the module, which is not imported for it, so every value must be written
    out. The function itself is left as it is.

    Parameters
    ----------
    requires
        Columns by parameter, with or without their types. The function is given exactly these, in this order, and they
        are validated before anything runs. A parameter that is not named here is given all columns, unvalidated.
    output
        Columns and types that the function gives, in order. What it returns is held to that. SQL can read no view
        that does not declare it.
    inputs
        Dataset or view by parameter, where the parameter cannot have its name.
    tags
        Tags for selection and routing.
    volatile
        Whether the view gives other rows each time, and is built in each run.

    Examples
    --------
    >>> @view(requires={"orders": ["amount"]}, output={"total": "float64"})
    ... def total(orders): ...
    >>> total.__name__
    'total'
    """
    del requires, output, inputs, tags, volatile
    if function is not None:
        return function
    return lambda declared: declared
