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
            return decode_msgpack(data, CompiledProject)
        except (OSError, DocumentRefused):
            return None

    def put(self, key: str, compiled: CompiledProject) -> None:
        """Keep an entry, whole or not at all, and drop those that are too many."""
        if self._read_only:
            return
        data = encode_msgpack(compiled)
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


def settled(datasets: Mapping[str, DatasetFiles]) -> bool:
    """Say whether the files' times tell them from what they may still become."""
    newest = max((file.written_ns for each in datasets.values() for file in each.files), default=0)
    return newest / 1e9 + SETTLED_SECONDS < time.time()


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{path} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
