"""Which files a dataset consists of: a path, a glob or a folder, always in the same order."""

import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plan_contracts import DataFormat, DatasetSection, PlanError
from plan_engine.compression import compression_of, plain_name
from plan_engine.data_source import object_store
from plan_engine.errors import DatasetFormatUnknown, DatasetMissing, DatasetUnreadable
from plan_engine.path_patterns import ANY_DEPTH, fits, hidden, split_at_wildcard, walk
from plan_engine.source_files import SourceFile, local_file
from plan_engine.storage_settings import is_url
from plan_engine.toml_locations import TomlLocations

_ENDINGS = {
    ".parquet": DataFormat.PARQUET,
    ".pq": DataFormat.PARQUET,
    ".csv": DataFormat.CSV,
    ".json": DataFormat.JSON,
    ".jsonl": DataFormat.JSON,
    ".ndjson": DataFormat.JSON,
    ".arrow": DataFormat.ARROW,
    ".arrows": DataFormat.ARROW,
    ".feather": DataFormat.ARROW,
    ".ipc": DataFormat.ARROW,
}
_READABLE = (DataFormat.PARQUET, DataFormat.CSV, DataFormat.JSON, DataFormat.ARROW, DataFormat.DELTA)
_TEXT = (DataFormat.CSV, DataFormat.JSON)
_DELTA_LOG = "_delta_log"
_PLAIN_PLACE = re.compile(r"[^/.][^/]*(?:/[^/.][^/]*)*")
"""Parts between single slashes of which none is `.` or `..`."""


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """The files of one dataset."""

    root: str
    """The path or URL of the file or folder that plan.toml names; for a glob the folder above its first wildcard."""
    files: tuple[SourceFile, ...]
    """Sorted by place; at least one. Of a Delta table those of its log, which says what the data files are."""
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
    target = section.path if is_url(section.path) else str(folder / section.path)
    try:
        root, files = _remote_files(name, section) if is_url(section.path) else _local_files(folder, section)
    except PlanError as error:
        error.location = error.location or location
        raise
    except OSError as reason:
        place = str(reason.filename or target)
        why = "is a broken link" if _is_broken_link(Path(place)) else f"cannot be read: {reason.strerror}"
        message = f"`{place}`, which belongs to the dataset `{name}`, {why}"
        mend = "Make it readable, or take it out of the path."
        raise DatasetUnreadable(message, subject=name, location=location, suggestion=mend) from reason
    if not files:
        message = f"The dataset `{name}` has no files: `{section.path}` matches nothing"
        mend = f"Paths are relative to plan.toml; looked for {target}."
        raise DatasetMissing(message, subject=name, location=location, suggestion=mend)
    kind = _format(name, section, files, locations)
    if kind is not DataFormat.DELTA:
        _check_compression(name, kind, files, locations)
    return DatasetFiles(root=root, files=files, format=kind)


def _is_broken_link(path: Path) -> bool:
    try:
        return path.is_symlink() and not path.exists()
    except OSError:  # what it leads to may be out of reach as well
        return False


def _remote_files(name: str, section: DatasetSection) -> tuple[str, tuple[SourceFile, ...]]:
    """Give the folder or object that is looked at, and the objects that the dataset consists of."""
    store, key = object_store(name, section.path, section.storage_options)
    log = store.list(f"{key.rstrip('/')}/{_DELTA_LOG}".lstrip("/")) if _may_be_delta(section) else []
    if log:
        return section.path.rstrip("/"), tuple(log)
    bucket = section.path[: len(section.path) - len(key)].rstrip("/")
    if glob.has_magic(key):
        above, pattern = split_at_wildcard(key)
        folder = "" if above == "." else above
        below = [file for file in store.list(folder) if _fits(file, f"{bucket}/{folder}".rstrip("/"), pattern)]
        return f"{bucket}/{folder}".rstrip("/"), tuple(below)
    whole = store.head(section.path) if key and not key.endswith("/") else None
    if whole is not None:
        return section.path, (whole,)
    root = section.path.rstrip("/")
    shown = {file.uri: file for file in store.list(key.rstrip("/")) if not _is_hidden(file, root)}
    return root, tuple(shown[uri] for uri in _with_fitting_ending(list(shown), section.format))


def _may_be_delta(section: DatasetSection) -> bool:
    return section.format in (None, DataFormat.DELTA) and not glob.has_magic(section.path)


def _parts_below(file: SourceFile, root: str) -> list[str]:
    return file.uri.removeprefix(root).lstrip("/").split("/")


def _fits(file: SourceFile, root: str, pattern: Sequence[str]) -> bool:
    parts = _parts_below(file, root)
    return fits(parts, pattern) and not hidden(parts, (".",))


def _is_hidden(file: SourceFile, root: str) -> bool:
    """Say whether readers leave an object out: by its name, or since it stands for a folder."""
    return hidden(_parts_below(file, root), (".", "_")) or (file.bytes == 0 and file.uri.endswith("/"))


def _local_files(folder: Path, section: DatasetSection) -> tuple[str, tuple[SourceFile, ...]]:
    root, paths = _local_paths(folder, section)
    return root, tuple(local_file(path) for path in paths)


def _local_paths(folder: Path, section: DatasetSection) -> tuple[str, list[str]]:
    """Give the folder or file that is looked at, and what it consists of."""
    target = str(folder / section.path)
    if _may_be_delta(section) and Path(target, _DELTA_LOG).is_dir():
        return target, walk(f"{target}/{_DELTA_LOG}", ("*",), (".", "_last"))
    if Path(target).is_dir():
        return target, _with_fitting_ending(walk(target, (ANY_DEPTH,), (".", "_")), section.format)
    if os.path.lexists(target):
        return target, [target]
    if glob.has_magic(section.path):
        above, pattern = split_at_wildcard(section.path)
        root = str(folder / above)
        return root, walk(root, pattern, (".",)) if Path(root).is_dir() else []
    return target, []


def _with_fitting_ending(paths: Sequence[str], declared: DataFormat | None) -> list[str]:
    """Take the files with a known ending, or all of them where the format is declared and no ending tells it."""
    endings = tuple(ending for ending, kind in _ENDINGS.items() if declared is None or kind is declared)
    fitting = [path for path in paths if plain_name(path.lower()).endswith(endings)]
    return fitting or (list(paths) if declared is not None else [])


def _format(name: str, section: DatasetSection, files: Sequence[SourceFile], locations: TomlLocations) -> DataFormat:
    known = ", ".join(kind.value for kind in _READABLE)
    of_log = f"/{_DELTA_LOG}/" in files[0].uri
    if section.format is DataFormat.DELTA and not of_log:
        message = f"The dataset `{name}` is no Delta table: `{section.path}` holds no `{_DELTA_LOG}`"
        location = locations.of("datasets", name, "format")
        raise DatasetFormatUnknown(message, subject=name, location=location, suggestion="Name the table's folder.")
    if of_log and section.format is None:
        return DataFormat.DELTA
    if section.format is not None:
        if section.format in _READABLE:
            return section.format
        message = f"The dataset `{name}` has the format `{section.format.value}`, which is not read yet"
        location = locations.of("datasets", name, "format")
        raise DatasetFormatUnknown(message, subject=name, location=location, suggestion=f"Formats: {known}.")
    kinds = {_ENDINGS.get(PurePosixPath(plain_name(file.name)).suffix.lower()) for file in files}
    kind = kinds.pop()
    if kinds or kind is None:
        shown = ", ".join(sorted({_shown_ending(file) for file in files}))
        message = f"The format of the dataset `{name}` does not follow from the endings of its files ({shown})"
        location = locations.of("datasets", name, "path")
        mend = f"Set `format` to one of: {known}."
        raise DatasetFormatUnknown(message, subject=name, location=location, suggestion=mend)
    return kind


def _shown_ending(file: SourceFile) -> str:
    return "".join(PurePosixPath(file.name).suffixes[-2 if compression_of(file.name) else -1 :]) or file.name


def _check_compression(name: str, kind: DataFormat, files: Sequence[SourceFile], locations: TomlLocations) -> None:
    """Refuse compressed files of formats that are compressed within."""
    compressed = next((file for file in files if compression_of(file.name)), None)
    if compressed is None or kind in _TEXT:
        return
    message = (
        f"The file `{compressed.uri}` of the dataset `{name}` is compressed as a whole, which {kind.value} never is"
    )
    mend = "Decompress it: only CSV and JSON lines are read compressed."
    location = locations.of("datasets", name, "path")
    raise DatasetFormatUnknown(message, subject=name, location=location, suggestion=mend)


def relative_place(uri: str, folder: Path) -> str:
    """Give the place of a file relative to plan.toml, with forward slashes; a URL as it is."""
    below = uri.removeprefix(f"{folder}/")
    if len(below) < len(uri) and _PLAIN_PLACE.fullmatch(below):
        return below
    return uri if "://" in uri else Path(os.path.relpath(uri, folder)).as_posix()
