"""Where plan.toml says what an executor or a rule refuses, for errors of packages that have never seen the file."""

from collections.abc import Generator
from contextlib import contextmanager

from plan_cli.open_project import OpenProject
from plan_contracts import PROJECT_FILE_NAME, PlanError, PlanErrors, SourceLocation, SubjectKind
from plan_contracts.toml_places import KeyPath, key_places

_SECOND_EXECUTOR = (("execution", "executor", "remote_kind"), ("execution", "executor"), ("execution", "mode"))


@contextmanager
def settings_located(project: OpenProject) -> Generator[None]:
    """Give errors about settings their place in plan.toml; what the command line alone says has none."""
    try:
        yield
    except PlanError as refused:
        for error in refused.errors if isinstance(refused, PlanErrors) else (refused,):
            error.location = error.location or _place(project, error)
        raise


def _place(project: OpenProject, error: PlanError) -> SourceLocation | None:
    wanted = _keys(error)
    path = project.folder / PROJECT_FILE_NAME
    if not wanted or not path.exists():
        return None
    places = key_places(path.read_text(encoding="utf-8-sig"))
    overrides = [("profiles", project.profile, *keys) for keys in wanted] if project.profile is not None else []
    found = next((places[keys] for keys in (*overrides, *wanted) if keys in places), None)
    return None if found is None else SourceLocation(file=PROJECT_FILE_NAME, line=found[0], column=found[1])


def _keys(error: PlanError) -> tuple[KeyPath, ...]:
    """Give where the subject of an error may stand, the likeliest place first."""
    subject = error.subject or ""
    if error.subject_kind is SubjectKind.SETTING and subject.startswith("execution."):
        return (tuple(subject.split(".", 3)),)  # a tag may hold dots
    if error.code == "limits_refused":
        return (("views", subject),)
    return _SECOND_EXECUTOR if subject == "remote_kind" else ()
