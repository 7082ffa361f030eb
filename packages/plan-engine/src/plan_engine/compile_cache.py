"""What a project compiled to, kept under the identity of everything that it was compiled from."""

import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from plan_contracts import (
    CompiledEntry,
    CompiledProject,
    DocumentRefused,
    ProjectFile,
    Source,
    ViewSource,
    decode_msgpack,
    digest,
    encode_msgpack,
)
from plan_engine.dataset_files import DatasetFiles
from plan_engine.fingerprint import engine_version

KEPT = 16
"""Entries that are kept, the newest."""

SETTLED_SECONDS = 2.0
"""Age from which a file's times tell whether it has changed; coarse clocks give two changes the same time."""

MAX_HASHED_BYTES = 64 << 20
"""Bytes of younger files, all together, up to which their content is hashed to tell whether they have changed."""

_DIGEST_BYTES = 32


class CompileCache:
    """Entries below a folder. Any of them may vanish or be damaged, which costs time and nothing else.

    Parameters
    ----------
    folder
        Where the entries are; created when the first one is kept.
    read_only
        Whether nothing is kept.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._folder = folder
        self._read_only = read_only

    def get(self, key: str) -> CompiledProject | None:
        """Give the entry; none where there is no whole one."""
        try:
            stored = (self._folder / key).read_bytes()
            data = stored[_DIGEST_BYTES:]
            if hashlib.sha256(data).digest() != stored[:_DIGEST_BYTES]:
                return None
            entry = decode_msgpack(data, CompiledEntry)
            if not hold_content(entry.young):
                return None
        except (OSError, DocumentRefused):
            return None
        if entry.young and all(Path(path).stat().st_mtime_ns < _settled_since_ns() for path in entry.young):
            self.put(key, entry.compiled, {})  # from now on, their times tell
        return entry.compiled

    def put(self, key: str, compiled: CompiledProject, young: Mapping[str, str]) -> None:
        """Keep an entry, whole or not at all, and drop those that are too many.

        Parameters
        ----------
        key
            Identity of what was compiled.
        compiled
            The result.
        young
            Content of files whose times do not tell yet whether they have changed, by path; see `young_files`.
        """
        if self._read_only:
            return
        data = encode_msgpack(CompiledEntry(young=dict(young), compiled=compiled))
        draft = self._folder / f"{key}.{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(hashlib.sha256(data).digest() + data)
            draft.replace(self._folder / key)
            self._drop_old()
        except OSError:
            with suppress(OSError):
                draft.unlink()

    def _drop_old(self) -> None:
        ages = sorted((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(self._folder))
        for _, path in ages[:-KEPT]:
            Path(path).unlink(missing_ok=True)


def compile_key(
    folder: Path, project: ProjectFile, datasets: Mapping[str, DatasetFiles], sources: Mapping[str, Source]
) -> str:
    """Give the identity of everything that enters a compilation.

    Settings and views enter with their text; the files of datasets with size, times and inode, so that nothing is
    read; the engine with its version and, for those who work on it, the times of its modules.
    """
    files = [
        f"{file.uri} {file.version} {file.changed_ns}" for name in sorted(datasets) for file in datasets[name].files
    ]
    return digest(
        version("plan-engine"),
        engine_version(),
        version("pyarrow"),
        *(_stamp(path) for path in sorted(Path(__file__).parent.glob("*.py"))),
        str(folder),
        encode_msgpack(project).hex(),
        *(f"{name} {len(found.files)} {found.format.value}" for name, found in sorted(datasets.items())),
        *files,
        *(part for name in sorted(sources) for part in (name, sources[name].path, _text(sources[name]))),
    )


def _text(source: Source) -> str:
    return source.sql if isinstance(source, ViewSource) else source.sha256


def young_files(datasets: Mapping[str, DatasetFiles]) -> dict[str, str] | None:
    """Give the content of files that were written so lately that their times do not tell whether they change.

    Returns
    -------
    dict or None
        Digest by path, empty when all files are old enough; none when there is too much to read.
    """
    since = _settled_since_ns()
    young = [file for each in datasets.values() for file in each.files if file.written_ns >= since]
    if sum(file.bytes for file in young) > MAX_HASHED_BYTES:
        return None
    try:
        return {file.uri: _content_digest(file.uri) for file in young}
    except OSError:
        return None


def hold_content(young: Mapping[str, str]) -> bool:
    """Say whether files still hold what they held, given digests of their content by path."""
    try:
        return all(_content_digest(path) == digest for path, digest in young.items())
    except OSError:
        return False


def _settled_since_ns() -> int:
    return int((time.time() - SETTLED_SECONDS) * 1e9)


def _content_digest(path: str) -> str:
    with Path(path).open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{path} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
