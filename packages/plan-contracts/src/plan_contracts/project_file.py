"""Reading plan.toml: every independent fault in one go, each with its line and a mend."""

import re
import tomllib
import types
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import msgspec

from plan_contracts.arrow_types import canonical_type
from plan_contracts.base import HandWritten
from plan_contracts.errors import (
    NameRefused,
    PlanError,
    ProfileUnknown,
    ProjectFileInvalid,
    ProjectFileMalformed,
    ProjectFileMissing,
    TypeNotCanonical,
    raise_all,
)
from plan_contracts.evidence import DataContract
from plan_contracts.names import case_collisions, name_fault, nearest
from plan_contracts.project import ExecutionSection, ProjectFile
from plan_contracts.references import CsvOptions
from plan_contracts.scalars import ColumnType, Name
from plan_contracts.source_location import SourceLocation
from plan_contracts.toml_places import Path as KeyPath
from plan_contracts.toml_places import key_places

PROJECT_FILE_NAME = "plan.toml"

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ELEMENT = re.compile(r" - at `\$(.*)`$")
_TYPE_NAMES = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "an array",
    dict: "a table",
}


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else f'"{part}"'
            text += f".{key}" if text else key
    return text


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    if isinstance(value, int | float):
        return str(value)
    return _TYPE_NAMES.get(type(value), f"a {type(value).__name__}")


def _section_type(annotation: object) -> type[HandWritten] | None:
    """Give the section that a field holds, also when it is optional."""
    if isinstance(annotation, type) and issubclass(annotation, HandWritten):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            found = _section_type(member)
            if found is not None:
                return found
    return None


def _enum_type(annotation: object) -> type[StrEnum] | None:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return annotation
    for member in get_args(annotation):
        found = _enum_type(member)
        if found is not None:
            return found
    return None


def _without_none(annotation: object) -> str:
    """Name what may stand in plan.toml, where there is no null."""
    members = [member for member in get_args(annotation) if member is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_without_none(member) for member in members))
    if get_origin(annotation) is Annotated:
        return _without_none(members[0])
    origin = get_origin(annotation) or annotation
    if origin is tuple:
        return "an array"
    return _TYPE_NAMES.get(origin, "another value") if isinstance(origin, type) else "another value"


class _Reader:
    """Compares the parsed text with the contract and collects what does not fit."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.places = key_places(text)
        self.errors: list[PlanError] = []

    def location(self, path: KeyPath) -> SourceLocation:
        for length in range(len(path), 0, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return SourceLocation(file=self.file, line=place[0], column=place[1])
        return SourceLocation(file=self.file)

    def invalid(self, path: KeyPath, message: str, suggestion: str | None = None) -> None:
        location = self.location(path)
        self.errors.append(ProjectFileInvalid(message, subject=_dotted(path), location=location, suggestion=suggestion))

    def section(self, value: object, section: type[HandWritten], path: KeyPath) -> None:
        if not isinstance(value, dict):
            self.invalid(path, f"`{_dotted(path)}` is {_shown(value)} and must be a table")
            return
        fields = {field.encode_name: field for field in msgspec.structs.fields(section)}
        for key, item in value.items():
            if key not in fields:
                self.unknown_key(key, list(fields), path)
            else:
                self.field(item, fields[key].type, (*path, key))
        for name, field in fields.items():
            if field.required and name not in value:
                what = f"`{_dotted((*path, name))}` is missing"
                where = f"[{_dotted(path)}]" if path else f"[{name}]"
                mend = f"Write `{name} = ...` under `{where}`." if path else f"Write a section `{where}`."
                self.invalid(path, what, mend)
        if section is DataContract:
            self.row_bounds(value, path)

    def unknown_key(self, key: str, known: list[str], path: KeyPath) -> None:
        where = f"`[{_dotted(path)}]`" if path else "the top level"
        near = nearest(key, known)
        if near is not None:
            mend = f"Did you mean `{near}`?"
        elif not path and (home := _home_of(key)) is not None:
            mend = f"It belongs under `[{home}]`."
        else:
            mend = f"Known there: {', '.join(f'`{name}`' for name in known)}."
        self.invalid((*path, key), f"`{key}` is not known in {where}", mend)

    def field(self, value: object, annotation: object, path: KeyPath) -> None:
        section = _section_type(annotation)
        if section is not None:
            self.section(value, section, path)
            return
        arguments = get_args(annotation)
        if get_origin(annotation) is dict and isinstance(value, dict):
            key_type, item_type = arguments
            for key, item in value.items():
                if key_type == Name:
                    self.name(key, (*path, key))
                if item_type == ColumnType and isinstance(item, str):
                    self.column_type(item, (*path, key))
                else:
                    self.field(item, item_type, (*path, key))
            return
        if annotation == Name and isinstance(value, str):
            self.name(value, path)
            return
        self.leaf(value, annotation, path)

    def name(self, name: str, path: KeyPath) -> None:
        fault = name_fault(name)
        if fault is not None:
            what = {"datasets": "dataset", "views": "view", "profiles": "profile"}.get(str(path[0]), "project")
            message = f"The name of the {what} `{name}` {fault}"
            self.errors.append(NameRefused(message, subject=name, location=self.location(path)))

    def column_type(self, text: str, path: KeyPath) -> None:
        try:
            canonical_type(text)
        except TypeNotCanonical as fault:
            self.invalid(path, f"`{_dotted(path)}`: {fault.message}", fault.suggestion)

    def leaf(self, value: object, annotation: object, path: KeyPath) -> None:
        enum = _enum_type(annotation)
        try:
            msgspec.convert(value, annotation)
        except msgspec.ValidationError as reason:
            if enum is not None:
                allowed = [member.value for member in enum]
                near = nearest(value, allowed) if isinstance(value, str) else None
                listed = ", ".join(f"`{name}`" for name in allowed)
                mend = f"Did you mean `{near}`?" if near else None
                self.invalid(path, f"`{_dotted(path)}` is {_shown(value)}, which is none of {listed}", mend)
                return
            text = _ELEMENT.sub("", str(reason))
            element = _ELEMENT.search(str(reason))
            index = re.match(r"\[(\d+)\]", element.group(1)) if element else None
            if index is not None and isinstance(value, list):
                self.invalid((*path, int(index.group(1))), f"`{_dotted(path)}`: {text[0].lower()}{text[1:]}")
            elif text.startswith("Expected `") and " of length " not in text and not re.search(r"[<>]=", text):
                message = f"`{_dotted(path)}` is {_shown(value)} and must be {_without_none(annotation)}"
                self.invalid(path, message)
            else:
                self.invalid(path, f"`{_dotted(path)}` is {_shown(value)}: {text[0].lower()}{text[1:]}")

    def row_bounds(self, value: Mapping[str, object], path: KeyPath) -> None:
        fewest, most = value.get("min_rows"), value.get("max_rows")
        if isinstance(fewest, int) and isinstance(most, int) and fewest > most:
            self.invalid((*path, "min_rows"), f"`{_dotted(path)}` asks for at least {fewest} and at most {most} rows")

    def collisions(self, document: Mapping[str, object]) -> None:
        datasets, views, profiles = (_keys(document.get(part)) for part in ("datasets", "views", "profiles"))
        groups = [("datasets and views", [*datasets, *views]), ("profiles", profiles)]
        for what, names in groups:
            for group in case_collisions(names):
                path = next(
                    (part, name)
                    for part in ("profiles", "views", "datasets")
                    for name in reversed(group)
                    if name in _keys(document.get(part)) and (part == "profiles") == (what == "profiles")
                )
                shown = " and ".join(f"`{name}`" for name in group)
                same = len(set(group)) == 1
                detail = (
                    "name both a dataset and a view"
                    if same
                    else "differ only in case, which SQL and file systems ignore"
                )
                self.errors.append(
                    NameRefused(
                        f"The {what} {shown} {detail}",
                        subject=group[-1],
                        location=self.location(path),
                        suggestion="Rename one of them.",
                    )
                )


def _keys(value: object) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def _home_of(key: str) -> str | None:
    """Give the top-level section that knows the key."""
    for field in msgspec.structs.fields(ProjectFile):
        section = _section_type(field.type)
        if section is not None and key in section.__struct_fields__:
            return field.name
    return None


def _canonical_types(value: object, section: type[HandWritten]) -> object:
    """Give the section with every column type in its canonical text."""
    if not isinstance(value, dict):
        return value
    done: dict[str, object] = {}
    typed = {DataContract: "columns", CsvOptions: "types"}.get(section)
    for field in msgspec.structs.fields(section):
        item = value.get(field.name)
        if item is None:
            continue
        inner = _section_type(field.type)
        if field.name == typed and isinstance(item, dict):
            item = {str(name): canonical_type(str(text)) for name, text in item.items()}
        elif inner is not None:
            item = _canonical_types(item, inner)
        elif get_origin(field.type) is dict and isinstance(item, dict):
            inner = _section_type(get_args(field.type)[1])
            if inner is not None:
                item = {str(name): _canonical_types(entry, inner) for name, entry in item.items()}
        done[field.name] = item
    return done


def _shown_path(path: Path) -> str:
    """Give the path relative to the working folder where it lies within it."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def _read_text(path: Path, file: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = path.read_bytes().count(b"\n", 0, reason.start) + 1
        location = SourceLocation(file=file, line=line)
        message = f"{PROJECT_FILE_NAME} is not UTF-8: byte 0x{reason.object[reason.start]:02x}"
        raise ProjectFileMalformed(message, subject=file, location=location, suggestion="Save it as UTF-8.") from reason
    except OSError as reason:
        if isinstance(reason, FileNotFoundError | NotADirectoryError | IsADirectoryError):
            message = f"There is no {PROJECT_FILE_NAME} in {file.removesuffix(PROJECT_FILE_NAME) or 'this folder'}"
            mend = "Name the folder that holds one, or write one with `plan-cli init`."
        else:
            message = f"{file} cannot be read: {reason.strerror}"
            mend = "Make it readable."
        raise ProjectFileMissing(message, subject=file, suggestion=mend) from reason


def parse_project_file(text: str, file: str = PROJECT_FILE_NAME) -> ProjectFile:
    """Read the text of a plan.toml.

    Parameters
    ----------
    text
        The text.
    file
        How messages name the file.

    Returns
    -------
    ProjectFile
        With all column types in canonical form, and no profile applied.

    Raises
    ------
    ProjectFileMalformed
        When it is not TOML, with line and column.
    ProjectFileInvalid
        When a key is not known or a value does not fit, with the line of the key.
    NameRefused
        When a name is outside the grammar, or two names collide.
    PlanErrors
        When several of these hold; all of them, by line.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise _malformed(str(reason), text, file) from reason
    except RecursionError as reason:
        message = f"{PROJECT_FILE_NAME} is nested too deeply"
        raise ProjectFileMalformed(message, subject=file, location=SourceLocation(file=file)) from reason
    reader = _Reader(file, text.replace("\r\n", "\n"))
    reader.section(document, ProjectFile, ())
    reader.collisions(document)
    places = [error.location or SourceLocation(file=file) for error in reader.errors]
    order = sorted(range(len(places)), key=lambda index: (places[index].line or 0, places[index].column or 0))
    raise_all([reader.errors[index] for index in order])
    return msgspec.convert(_canonical_types(document, ProjectFile), ProjectFile)


def _malformed(reason: str, text: str, file: str) -> ProjectFileMalformed:
    found = _TOML_PLACE.search(reason)
    line, column = text.count("\n") + 1, None
    if found is not None and found.group(1) is not None:
        line, column = int(found.group(1)), int(found.group(2))
    what = _TOML_PLACE.sub("", reason)
    return ProjectFileMalformed(
        f"{PROJECT_FILE_NAME} is not valid TOML: {what[:1].lower()}{what[1:]}",
        subject=file,
        location=SourceLocation(file=file, line=line, column=column),
        suggestion="Texts stand in quotes, keys once per section, sections in square brackets.",
    )


def load_project_file(folder: Path) -> ProjectFile:
    """Read `plan.toml` in the folder.

    Parameters
    ----------
    folder
        The project's folder.

    Returns
    -------
    ProjectFile
        With all column types in canonical form, and no profile applied.

    Raises
    ------
    ProjectFileMissing
        When the folder holds no readable plan.toml.
    ProjectFileMalformed, ProjectFileInvalid, NameRefused, PlanErrors
        As `parse_project_file`.
    """
    path = folder / PROJECT_FILE_NAME
    file = _shown_path(path)
    return parse_project_file(_read_text(path, file), file)


def apply_profile(project: ProjectFile, profile: str | None) -> ProjectFile:
    """Give the project with the overrides of a profile applied.

    Parameters
    ----------
    project
        As loaded.
    profile
        A profile's name; none gives the project as it is.

    Returns
    -------
    ProjectFile
        `outputs`, `store`, single variables, `execution.mode` and `execution.executor` are replaced where the profile
        gives them; an executor is replaced whole.

    Raises
    ------
    ProfileUnknown
        When the project defines no such profile.
    """
    if profile is None:
        return project
    overrides = project.profiles.get(profile)
    if overrides is None:
        near = nearest(profile, project.profiles)
        known = ", ".join(f"`{name}`" for name in sorted(project.profiles))
        mend = f"Did you mean `{near}`?" if near else f"Known: {known}." if known else "It defines no profile at all."
        message = f"{PROJECT_FILE_NAME} defines no profile `{profile}`"
        raise ProfileUnknown(message, subject=profile, suggestion=mend)
    section = project.project
    execution = project.execution
    if overrides.execution is not None:
        execution = ExecutionSection(
            mode=overrides.execution.mode or execution.mode,
            executor=overrides.execution.executor or execution.executor,
        )
    return msgspec.structs.replace(
        project,
        project=msgspec.structs.replace(
            section,
            outputs=section.outputs if overrides.outputs is None else overrides.outputs,
            store=section.store if overrides.store is None else overrides.store,
        ),
        vars={**project.vars, **overrides.vars},
        execution=execution,
    )
