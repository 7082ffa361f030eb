"""Which files a dataset consists of: a path, a glob or a folder, always in the same order."""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plan_contracts import DataFormat, DatasetSection, PlanError
from plan_engine.errors import DatasetFormatUnknown, DatasetMissing, DatasetUnreadable
from plan_engine.toml_locations import TomlLocations

_ENDINGS = {
    ".parquet": DataFormat.PARQUET,
    ".pq": DataFormat.PARQUET,
    ".csv": DataFormat.CSV,
}
_READABLE = (DataFormat.PARQUET, DataFormat.CSV)


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """The files of one dataset."""

    root: Path
    """The file or folder that plan.toml names; for a glob the folder above its first wildcard."""
    paths: tuple[Path, ...]
    """Absolute, sorted; at least one."""
    format: DataFormat
    """How they are stored."""


def find_datasets(
    folder: Path, sections: Mapping[str, DatasetSection]
) -> tuple[dict[str, DatasetFiles], list[PlanError]]:
    """Find the files of every dataset.

    Returns
    -------
    dict, list
        The datasets whose files were found, by name, and the errors of the others.
    """
    locations = TomlLocations(folder)
    found: dict[str, DatasetFiles] = {}
    errors: list[PlanError] = []
    for name in sorted(sections):
        try:
            found[name] = find_files(folder, name, sections[name], locations)
        except PlanError as error:
            errors.append(error)
    return found, errors


def find_files(folder: Path, name: str, section: DatasetSection, locations: TomlLocations) -> DatasetFiles:
    """Find the files of a dataset.

    Files and folders whose names begin with `.` or `_` are left out of folders, as other readers do. Globs leave out
    those that begin with `.`, as shells do.

    Raises
    ------
    DatasetMissing
        When nothing matches.
    DatasetFormatUnknown
        When the ending does not tell the format, or the format cannot be read.
    DatasetUnreadable
        When a folder cannot be listed, or a link leads nowhere.
    """
    location = locations.of("datasets", name, "path")
    if "://" in section.path:  # the URL is not shown, since it may hold credentials
        message = f"The dataset `{name}` lies at a URL, and only local files are read"
        raise DatasetMissing(
            message, subject=name, location=location, suggestion="Copy the files, and name their path."
        )
    target = folder / section.path
    if glob.has_magic(section.path):
        above, pattern = _split_at_wildcard(section.path)
        root = folder / above
        paths = tuple(sorted(path for path in root.glob(pattern) if path.is_file() and not _hidden(path, root, ".")))
    elif target.is_dir():
        paths, root = _in_folder(target, section.format), target
    else:
        paths, root = ((target,) if target.is_file() else ()), target
    if not paths:
        broken = target.is_symlink()
        why = "is a broken link" if broken else "matches nothing"
        message = f"The dataset `{name}` has no files: `{section.path}` {why}"
        mend = f"Paths are relative to plan.toml; looked for {target}."
        raise DatasetMissing(message, subject=name, location=location, suggestion=mend)
    return DatasetFiles(root=root, paths=paths, format=_format(name, section, paths, locations))


def _split_at_wildcard(path: str) -> tuple[Path, str]:
    """Give the folder above the first wildcard, and the pattern below it."""
    parts = Path(path).parts
    wild = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:wild]), Path(*parts[wild:]).as_posix()


def _in_folder(folder: Path, declared: DataFormat | None) -> tuple[Path, ...]:
    """Take the files with a known ending, or all of them where the format is declared and no ending tells it."""
    endings = tuple(ending for ending, kind in _ENDINGS.items() if declared is None or kind is declared)
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder, ".", "_"))
    ending = [path for path in found if path.suffix.lower() in endings]
    return tuple(ending or (found if declared is not None else ()))


def _hidden(path: Path, root: Path, *prefixes: str) -> bool:
    return any(part.startswith(prefixes) for part in path.relative_to(root).parts)


def _format(name: str, section: DatasetSection, paths: tuple[Path, ...], locations: TomlLocations) -> DataFormat:
    known = ", ".join(kind.value for kind in _READABLE)
    if section.format is not None:
        if section.format in _READABLE:
            return section.format
        message = f"The dataset `{name}` has the format `{section.format.value}`, which is not read yet"
        location = locations.of("datasets", name, "format")
        raise DatasetFormatUnknown(message, subject=name, location=location, suggestion=f"Formats: {known}.")
    kinds = {_ENDINGS.get(path.suffix.lower()) for path in paths}
    kind = kinds.pop()
    if kinds or kind is None:
        endings = ", ".join(sorted({path.suffix or path.name for path in paths}))
        message = f"The format of the dataset `{name}` does not follow from the endings of its files ({endings})"
        location = locations.of("datasets", name, "path")
        mend = f"Set `format` to one of: {known}."
        raise DatasetFormatUnknown(message, subject=name, location=location, suggestion=mend)
    return kind


def check_readable(name: str, path: Path) -> None:
    """Check that a file can be opened.

    Raises
    ------
    DatasetUnreadable
        When it cannot.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as reason:
        message = f"The file `{path}` of the dataset `{name}` cannot be read: {reason.strerror}"
        raise DatasetUnreadable(message, subject=name) from reason
