"""Reading plan.toml: every independent fault in one go, each with its line and a mend."""

import re
import tomllib
from pathlib import Path
from typing import get_args, get_origin

import msgspec

from plan_contracts.arrow_types import canonical_type
from plan_contracts.base import HandWritten
from plan_contracts.errors import ProfileUnknown, ProjectFileMalformed, ProjectFileMissing, raise_all
from plan_contracts.evidence import DataContract
from plan_contracts.names import nearest
from plan_contracts.project import DatasetSection, ExecutionSection, ProjectFile
from plan_contracts.project_faults import as_table, find_faults, section_type
from plan_contracts.references import CsvOptions, JsonOptions
from plan_contracts.source_location import SourceLocation
from plan_contracts.variables import VarSection, toml_value

PROJECT_FILE_NAME = "plan.toml"

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TYPED_FIELDS = {
    (DataContract, "columns"),
    (CsvOptions, "types"),
    (JsonOptions, "types"),
    (DatasetSection, "partitions"),
}


def _canonical_types(table: dict[str, object], section: type[HandWritten]) -> dict[str, object]:
    """Give the section with every column type in its canonical text."""
    done: dict[str, object] = {}
    for field in msgspec.structs.fields(section):
        item = table.get(field.name)
        if item is None:
            continue
        inner = section_type(field.type)
        if (section, field.name) == (VarSection, "type"):
            done[field.name] = canonical_type(str(item))
            continue
        entries = as_table(item)
        if entries is not None and inner is not None:
            done[field.name] = _canonical_types(entries, inner)
        elif entries is not None and (section, field.name) in _TYPED_FIELDS:
            done[field.name] = {name: canonical_type(str(text)) for name, text in entries.items()}
        elif entries is not None and (entry_type := _entry_section(field.type)) is not None:
            done[field.name] = {
                name: _canonical_types(as_table(entry) or {}, entry_type) if as_table(entry) is not None else entry
                for name, entry in entries.items()
            }
        else:
            done[field.name] = item
    return done


def _with_plain_variables(document: dict[str, object]) -> dict[str, object]:
    """Give the document with the dates and times among its variables as contracts hold them."""
    done = dict(document)
    if (variables := as_table(document.get("vars"))) is not None:
        done["vars"] = {name: toml_value(value) for name, value in variables.items()}
    if (profiles := as_table(document.get("profiles"))) is not None:
        sections = {name: as_table(profile) for name, profile in profiles.items()}
        done["profiles"] = {
            name: _with_plain_variables(section) if section is not None else profiles[name]
            for name, section in sections.items()
        }
    return done


def _entry_section(annotation: object) -> type[HandWritten] | None:
    """Give the section of each entry, where a field holds several by name."""
    return section_type(get_args(annotation)[1]) if get_origin(annotation) is dict else None


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
            mend = "Name the folder that holds one: `plan-cli build FOLDER`."
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
    document = _with_plain_variables(document)
    raise_all(find_faults(document, text, file))
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
        `outputs`, `store`, single variables and what stands in `execution` are replaced where the profile gives them;
        the sections below `execution` are replaced whole.

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
        given = {
            name: value
            for name in ExecutionSection.__struct_fields__
            if (value := getattr(overrides.execution, name)) is not None
        }
        execution = msgspec.structs.replace(execution, **given)
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
