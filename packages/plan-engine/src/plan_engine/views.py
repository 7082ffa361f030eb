"""Views: the SQL files of a project, each named by its file, and the public functions of its Python files."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from plan_contracts import (
    NameRefused,
    PlanError,
    ProjectFile,
    Source,
    SourceLocation,
    ViewSection,
    ViewSource,
    case_collisions,
    name_fault,
    nearest,
    variables_of,
)
from plan_engine.errors import ViewFolderMissing, ViewNamesCollide, ViewSettingsUnused, ViewUnreadable
from plan_engine.path_patterns import ANY_DEPTH, walk
from plan_engine.python_views import read_module
from plan_engine.toml_locations import TomlLocations

_HIDDEN = (".",)
"""How names begin of what editors and notebooks leave beside the views."""


def find_views(folder: Path, project: ProjectFile) -> tuple[dict[str, Source], list[PlanError]]:
    """Read every view of a project.

    Parameters
    ----------
    folder
        Folder of plan.toml.
    project
        Names the folder of the views, and the datasets with which views share one space of names.

    Returns
    -------
    dict, list
        The views that could be read, by name, and everything that is wrong with names and files.
    """
    locations = TomlLocations(folder)
    root = folder / project.project.views
    if not root.is_dir():
        message = f"The folder `{project.project.views}` of the views does not exist"
        location = locations.of("project", "views")
        mend = f"Create {root}, or set `[project] views`."
        return {}, [ViewFolderMissing(message, subject=project.project.views, location=location, suggestion=mend)]
    try:
        places = walk(str(root), (ANY_DEPTH, "*"), _HIDDEN)
    except OSError as reason:
        message = f"The folder {reason.filename}, where views may be, cannot be listed: {reason.strerror}"
        return {}, [
            ViewFolderMissing(message, subject=project.project.views, location=locations.of("project", "views"))
        ]
    found = _Found(project)
    within = len(str(root)) - len(root.relative_to(folder).as_posix())
    for place in sorted(places, key=lambda place: place.split("/")):
        name, _, ending = place.rpartition("/")[2].rpartition(".")
        if ending == "sql":
            found.add_query(name, Path(place), place[within:])
        elif ending == "py" and not name.startswith("_"):
            found.add_module(Path(place), place[within:])
    errors = [*found.errors, *_collisions(found.seen, project.datasets)]
    errors += _unused_settings(project.views, [name for name, _ in found.seen], locations)
    return found.views, errors


class _Found:
    """What the files of views hold."""

    def __init__(self, project: ProjectFile) -> None:
        self._variables = variables_of(project.vars)
        self.views: dict[str, Source] = {}
        self.errors: list[PlanError] = []
        self.seen: list[tuple[str, str]] = []

    def add_query(self, name: str, path: Path, relative: str) -> None:
        self.seen.append((name, relative))
        fault = name_fault(name)
        if fault is not None:
            message = f"The name of the view `{name}` {fault}"
            location = SourceLocation(file=relative)
            self.errors.append(NameRefused(message, subject=name, location=location, suggestion="Rename the file."))
            return
        try:
            self.views[name] = ViewSource(name=name, path=relative, sql=_read(name, path, relative))
        except ViewUnreadable as error:
            self.errors.append(error)

    def add_module(self, path: Path, relative: str) -> None:
        try:
            sources, errors = read_module(path.read_bytes(), relative, self._variables)
        except OSError as reason:
            self.errors.append(_unreadable(path, relative, reason))
            return
        self.errors += errors
        for source in sources:
            self.seen.append((source.name, relative))
            self.views[source.name] = source


def _read(name: str, path: Path, relative: str) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        message = f"The view's file is not UTF-8 text: byte {reason.start} cannot be decoded"
        raise ViewUnreadable(message, subject=name, location=SourceLocation(file=relative)) from reason
    except OSError as reason:
        raise _unreadable(path, relative, reason) from reason
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(path: Path, relative: str, reason: OSError) -> ViewUnreadable:
    message = f"The view's file cannot be read: {reason.strerror}"
    return ViewUnreadable(message, subject=path.stem, location=SourceLocation(file=relative))


def _collisions(seen: list[tuple[str, str]], datasets: Collection[str]) -> list[PlanError]:
    errors: list[PlanError] = []
    by_name: dict[str, list[str]] = {}
    for name, relative in seen:
        by_name.setdefault(name, []).append(relative)
    for name, places in by_name.items():
        location = SourceLocation(file=places[0])
        if len(places) > 1:
            message = f"Two views are called `{name}`: {' and '.join(places)}"
            errors.append(_collision(message, name, places, location))
        if name in datasets:
            message = f"The view `{name}` has the name of a dataset"
            errors.append(_collision(message, name, (name,), location))
    for group in case_collisions([*by_name, *(name for name in datasets if name not in by_name)]):
        names = " and ".join(f"`{name}`" for name in group)
        message = f"{names} differ only in case, which SQL and file systems do not tell apart"
        place = next((SourceLocation(file=by_name[name][0]) for name in group if name in by_name), None)
        errors.append(_collision(message, group[0], group, place))
    return errors


def _collision(message: str, name: str, related: Sequence[str], location: SourceLocation | None) -> ViewNamesCollide:
    mend = "Rename one of them."
    return ViewNamesCollide(message, subject=name, related=related, location=location, suggestion=mend)


def _unused_settings(
    sections: Mapping[str, ViewSection], names: Collection[str], locations: TomlLocations
) -> list[PlanError]:
    errors: list[PlanError] = []
    for name in sorted(set(sections) - set(names)):
        near = nearest(name, names)
        mend = f"Did you mean `{near}`?" if near is not None else "Remove the section, or add the view."
        message = f"plan.toml has settings for the view `{name}`, and there is no such view"
        location = locations.of("views", name)
        errors.append(ViewSettingsUnused(message, subject=name, location=location, suggestion=mend))
    return errors
