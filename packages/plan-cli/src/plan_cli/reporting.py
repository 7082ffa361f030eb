"""How every command ends when something is wrong: one clear message, never a traceback, and the right exit code."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from plan_cli.exit_codes import INTERRUPTED
from plan_cli.render.console import error_console, print_json
from plan_contracts import ErrorReport, PlanError, PlanErrors

P = ParamSpec("P")


def reports_errors(command: Callable[P, int]) -> Callable[P, int]:
    """Turn a `PlanError` of the command into a message and an exit code.

    With the command's keyword `json`, the message goes to standard output as an `ErrorReport`.
    """

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except PlanError as error:
            errors = error.errors if isinstance(error, PlanErrors) else (error,)
            if kwargs.get("json"):
                print_json(ErrorReport(errors=tuple(each.payload() for each in errors)))
            else:
                show_errors(errors)
            return max(each.exit_code for each in errors)
        except KeyboardInterrupt:
            error_console().print("interrupted")
            return INTERRUPTED

    return reporting


def show_errors(errors: tuple[PlanError, ...]) -> None:
    """Print errors to standard error, each with its place and what to do about it."""
    console = error_console()
    for error in errors:
        place = f"{error.location}: " if error.location is not None else ""
        console.print(f"[bold red]error[/] [{error.code}]".replace("[" + error.code, r"\[" + error.code), end=" ")
        console.print(f"{place}{error.message}", markup=False)
        if error.suggestion:
            console.print(f"  -> {error.suggestion}", markup=False)
