"""Exceptions of a user's code as failures of the task, with the user's own calls and nobody else's."""

import linecache
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

from plan_contracts import PlanError, PythonSource, SourceLocation, TracebackFrame
from plan_engine.errors import PythonViewFailed
from plan_engine.secret_values import redacted


@contextmanager
def view_failure(view: PythonSource, folder: Path) -> Generator[None]:
    """Turn what the user's code raises within the block into a failure of its view.

    Parameters
    ----------
    view
        The view.
    folder
        Folder of plan.toml; files below it are the user's, apart from installed packages.

    Raises
    ------
    PythonViewFailed
        In place of any exception but those that end the process and those of this product.
    """
    try:
        yield
    except PlanError:
        raise
    except (Exception, SystemExit) as reason:
        raise _failure(view, folder, reason) from reason


def _failure(view: PythonSource, folder: Path, reason: BaseException) -> PythonViewFailed:
    frames = tuple(_user_frames(reason.__traceback__, folder.resolve()))
    said = redacted(str(reason), view.parameters.values())
    kind = type(reason).__name__
    place = SourceLocation(file=view.path, line=view.line)
    if frames:
        place = SourceLocation(file=frames[-1].file, line=frames[-1].line)
    elif isinstance(reason, SyntaxError) and reason.lineno:
        place = SourceLocation(file=view.path, line=reason.lineno)
    message = (
        f"The Python view `{view.name}` raised {kind}: {said}"
        if said
        else f"The Python view `{view.name}` raised {kind}"
    )
    return PythonViewFailed(message, subject=view.name, location=place, traceback=frames)


def _user_frames(traceback: TracebackType | None, folder: Path) -> Iterator[TracebackFrame]:
    prefixes = [Path(prefix).resolve() for prefix in {sys.prefix, sys.base_prefix}]
    installed = [prefix for prefix in prefixes if folder in prefix.parents]  # the project may lie in one of them, too
    for frame, line in walk_tb(traceback):
        path = Path(frame.f_code.co_filename)
        if not path.is_absolute() or not path.resolve().is_relative_to(folder):
            continue
        path = path.resolve()
        if "site-packages" in path.parts or any(path.is_relative_to(prefix) for prefix in installed):
            continue
        yield TracebackFrame(
            file=path.relative_to(folder).as_posix(),
            line=line,
            function=frame.f_code.co_name,
            text=linecache.getline(str(path), line).strip(),
        )
