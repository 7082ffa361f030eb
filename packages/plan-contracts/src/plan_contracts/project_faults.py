"""Finds every independent fault of a plan.toml: keys, values, names and column types, each with its line and a mend."""

import re
import types
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from plan_contracts.arrow_types import canonical_type
from plan_contracts.base import HandWritten
from plan_contracts.errors import NameRefused, PlanError, ProjectFileInvalid, TypeNotCanonical, VariableRefused
from plan_contracts.evidence import DataContract
from plan_contracts.names import case_collisions, name_fault, nearest
from plan_contracts.project import ProjectFile
from plan_contracts.scalars import ColumnType, Name
from plan_contracts.source_location import SourceLocation
from plan_contracts.storage_options import SecretReference
from plan_contracts.toml_places import KeyPath, key_places
from plan_contracts.variables import VarSection, VarValue, variable_name_fault, variable_of

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ELEMENT = re.compile(r" - at `\$(.*)`$")
_TYPE_NAMES: dict[type, str] = {
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
    kind = type(value)
    return _TYPE_NAMES.get(kind, f"a {kind.__name__}")


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


def as_table(value: object) -> dict[str, object] | None:
    """Give the value if it is a TOML table, whose keys are texts."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def section_type(annotation: object) -> type[HandWritten] | None:
    """Give the section that a field holds, also when it is optional."""
    if isinstance(annotation, type) and issubclass(annotation, HandWritten):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            found = section_type(member)
            if found is not None:
                return found
    return None


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
        table = as_table(value)
        if table is None:
            self.invalid(path, f"`{_dotted(path)}` is {_shown(value)} and must be a table")
            return
        fields = {field.encode_name: field for field in msgspec.structs.fields(section)}
        for key, item in table.items():
            if key not in fields:
                self.unknown_key(key, list(fields), path)
            else:
                self.field(item, fields[key].type, (*path, key))
        for name, field in fields.items():
            if field.required and name not in table:
                what = f"`{_dotted((*path, name))}` is missing"
                where = f"[{_dotted(path)}]" if path else f"[{name}]"
                mend = f"Write `{name} = ...` under `{where}`." if path else f"Write a section `{where}`."
                self.invalid(path, what, mend)
        if section is DataContract:
            self.row_bounds(table, path)

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
        if _is_too_long(value):
            self.invalid(path, f"`{_dotted(path)}` holds a whole number beyond 64 bits")
            return
        if annotation == VarValue:
            self.variable(value, path)
            return
        section = section_type(annotation)
        if section is not None:
            self.section(value, section, path)
            return
        arguments = get_args(annotation)
        table = as_table(value)
        if get_origin(annotation) is dict and table is not None:
            key_type, item_type = arguments
            for key, item in table.items():
                if key_type == Name:
                    self.name(key, (*path, key))
                elif (keys := _enum_type(key_type)) is not None and key not in list(keys):
                    self.unknown_key(key, [member.value for member in keys], path)
                    continue
                if item_type == ColumnType and isinstance(item, str):
                    self.column_type(item, (*path, key))
                else:
                    self.field(item, item_type, (*path, key))
            return
        if annotation == Name and isinstance(value, str):
            self.name(value, path)
            return
        if SecretReference in get_args(annotation):
            self.secret(value, annotation, path)
            return
        self.leaf(value, annotation, path)

    def secret(self, value: object, annotation: object, path: KeyPath) -> None:
        """Check a reference to a secret; what stands there may be the secret itself, and is not shown."""
        try:
            msgspec.convert(value, annotation)
        except msgspec.ValidationError:
            mend = "Put the value into the environment, and write its variable's name: `${NAME}`."
            self.invalid(path, f"`{_dotted(path)}` names no environment variable", mend)

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

    def variable(self, value: object, path: KeyPath) -> None:
        fault = variable_name_fault(str(path[-1]))
        if fault is not None:
            self.invalid(path, f"`{path[-1]}` {fault}")
            return
        before = len(self.errors)
        if as_table(value) is not None:
            self.section(value, VarSection, path)
        elif not isinstance(value, str | int | float):
            mend = "Write a text, a number, true, false, a date, a time, or a table with `value`, `type` or `secret`."
            self.invalid(path, f"`{_dotted(path)}` is {_shown(value)}, which no variable can be", mend)
        if len(self.errors) > before:
            return
        try:
            variable_of(msgspec.convert(value, VarValue), str(path[-1]))
        except (VariableRefused, TypeNotCanonical) as refused:
            self.invalid(path, f"`{_dotted(path)}`: {refused.message}", refused.suggestion)

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
            elif isinstance(value, str) and " matching regex " in text:
                message = f"`{_dotted(path)}` is {_shown(value)}, which is no size in bytes"
                self.invalid(path, message, "Write a number with its unit, such as `512MiB` or `8GB`.")
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
                if len(set(group)) == 1:
                    message = f"`{group[0]}` names both a dataset and a view"
                else:
                    shown = " and ".join(f"`{name}`" for name in group)
                    message = f"The {what} {shown} differ only in case, which SQL and file systems ignore"
                self.errors.append(
                    NameRefused(
                        message,
                        subject=group[-1],
                        location=self.location(path),
                        suggestion="Rename one of them.",
                    )
                )


def _is_too_long(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_is_too_long, value))  # pyright: ignore[reportUnknownArgumentType]  # TOML, of any type
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _keys(value: object) -> list[str]:
    return list(as_table(value) or {})


def _home_of(key: str) -> str | None:
    """Give the top-level section that knows the key."""
    for field in msgspec.structs.fields(ProjectFile):
        section = section_type(field.type)
        if section is not None and key in section.__struct_fields__:
            return field.name
    return None


def find_faults(document: Mapping[str, object], text: str, file: str) -> list[PlanError]:
    """Compare a parsed plan.toml with the contract.

    Parameters
    ----------
    document
        What `tomllib` makes of the text.
    text
        The text, for the places of the faults.
    file
        How messages name the file.

    Returns
    -------
    list of PlanError
        `ProjectFileInvalid` and `NameRefused`, by line and column; empty when the document fits.
    """
    reader = _Reader(file, text.replace("\r\n", "\n"))
    reader.section(document, ProjectFile, ())
    reader.collisions(document)
    places = [error.location or SourceLocation(file=file) for error in reader.errors]
    order = sorted(range(len(places)), key=lambda index: (places[index].line or 0, places[index].column or 0))
    return [reader.errors[index] for index in order]
