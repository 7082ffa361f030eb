"""How every command ends when something is wrong: one clear message, never a traceback, and the right exit code."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from plan_cli.exit_codes import INTERRUPTED
from plan_cli.interrupts import interrupts
from plan_cli.render.console import error_console, print_json
from plan_cli.render.places import ProjectPlaces
from plan_contracts import PROJECT_FILE_NAME, ErrorReport, PlanError, PlanErrors

P = ParamSpec("P")

_HERE = Path()


def reports_errors(command: Callable[P, int]) -> Callable[P, int]:
    """Turn a `PlanError` of the command into a message and an exit code.

    With the command's keyword `json`, the message goes to standard output as an `ErrorReport`.
    """

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            with interrupts.raised():
                return command(*args, **kwargs)
        except PlanError as error:
            errors = error.errors if isinstance(error, PlanErrors) else (error,)
            if kwargs.get("json"):
                print_json(ErrorReport(errors=tuple(each.payload() for each in errors)))
            else:
                show_errors(errors, _folder(args, kwargs.get("project")))
            return max(each.exit_code for each in errors)
        except KeyboardInterrupt:
            error_console().print("interrupted")
            return INTERRUPTED

    return reporting


def _folder(args: tuple[object, ...], keyword: object) -> Path:
    """Give the folder of the project that a command is about, which is its first argument."""
    given = next((value for value in (*args, keyword) if isinstance(value, Path)), Path())
    return (given.parent if given.name == PROJECT_FILE_NAME else given).resolve()


def show_errors(errors: tuple[PlanError, ...], folder: Path = _HERE) -> None:
    """Print errors to standard error, each with its place and what to do about it.

    Parameters
    ----------
    errors
        What is wrong.
    folder
        The project's folder: places in its files are shown relative to the working directory.
    """
    console, places = error_console(), ProjectPlaces(folder)
    for error in errors:
        place = f"{places.shown(error.location)}: " if error.location is not None else ""
        console.print(f"[bold red]error[/] [{error.code}]".replace("[" + error.code, r"\[" + error.code), end=" ")
        console.print(f"{place}{error.message}", markup=False)
        if error.suggestion:
            console.print(f"  -> {error.suggestion}", markup=False)
