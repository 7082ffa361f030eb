"""Temporary results, kept by what they were built from, so that a later task or run need not compute them again."""

import os
import shutil
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import (
    Column,
    DataFormat,
    DatasetRef,
    DocumentRefused,
    OutputRecord,
    OutputStatus,
    PublishedOutput,
    StagedOutput,
    check_name,
    decode_msgpack,
    encode_msgpack,
)
from plan_store import placing
from plan_store.errors import PublishFailed
from plan_store.verified_files import VerifiedFiles

RESULT_ENDING = ".parquet"
RECORD_ENDING = ".msgpack"


class ResultCache:
    """Results by build key and view; what is missing or damaged is not there.

    A result `KEY/VIEW.parquet` counts from the moment that its record `KEY/VIEW.msgpack` lies beside it. The time of
    the record's last change is that of the last use, so that the least used can be collected.

    Parameters
    ----------
    folder
        Where the results lie; made when the first is put there.
    tmp
        A folder on the same file system.
    verified
        Digests of files that are known.
    max_bytes
        Size that the results which were put here through this object may have together, as soon as nobody is to read
        them; unbounded when omitted.
    """

    def __init__(self, folder: Path, tmp: Path, verified: VerifiedFiles, max_bytes: int | None = None) -> None:
        self._folder = folder
        self._tmp = tmp
        self._verified = verified
        self._max_bytes = max_bytes
        self._bytes = 0
        self._put: dict[tuple[str, str], _Put] = {}
        self._unread: deque[tuple[str, str]] = deque()

    def find(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the result of the view under this key if its bytes are still those that were kept."""
        result, known = self._places(view, build_key)
        try:
            record = decode_msgpack(known.read_bytes(), OutputRecord)
            if result.stat().st_size != record.bytes or self._verified.sha256(result) != record.sha256:
                return None
            os.utime(known)
        except (OSError, DocumentRefused):
            return None
        return PublishedOutput(record=replace(record, status=OutputStatus.REUSED), ref=reference(result, record))

    def put(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Move the staged file to its place, over whatever is there.

        Raises
        ------
        PublishFailed
            When it cannot be moved there.
        """
        result, known = self._places(staged.view, build_key)
        record = OutputRecord(
            name=staged.view,
            uri=str(result.relative_to(self._folder)),
            rows=staged.rows,
            bytes=staged.bytes,
            sha256=staged.sha256,
            build_key=build_key,
            status=OutputStatus.BUILT,
        )
        try:
            result.parent.mkdir(parents=True, exist_ok=True)
            self._move(Path(staged.ref.uri), result)
            placing.replace(known, encode_msgpack(record), self._tmp)
        except OSError as reason:
            message = f"The temporary result {result} cannot be put in place: {reason.strerror}"
            raise PublishFailed(message, subject=staged.view) from reason
        if self._max_bytes is not None:
            self._count((staged.view, build_key), _Put(bytes=staged.bytes, at_ns=known.stat().st_mtime_ns))
        return PublishedOutput(record=record, ref=reference(result, record, staged.ref.columns))

    def release(self, view: str, build_key: str) -> None:
        """Take note that the run is not to read a result again, which may go then; one of earlier runs stays."""
        if (view, build_key) in self._put:
            self._unread.append((view, build_key))
            self._shrink()

    def _count(self, key: tuple[str, str], put: "_Put") -> None:
        before = self._put.get(key)
        self._bytes += put.bytes - (before.bytes if before is not None else 0)
        self._put[key] = put
        self._shrink()

    def _shrink(self) -> None:
        """Remove what the run is not to read again, the first released first, until the rest is small enough.

        One that another build has used since stays: it may be reading it.
        """
        while self._max_bytes is not None and self._bytes > self._max_bytes and self._unread:
            key = self._unread.popleft()
            put = self._put.pop(key, None)
            if put is None:
                continue
            self._bytes -= put.bytes
            result, known = self._places(*key)
            with suppress(OSError):  # it is gone already
                if known.stat().st_mtime_ns == put.at_ns:
                    remove_result(result, known)
                    self._verified.removed(result)

    def _places(self, view: str, build_key: str) -> tuple[Path, Path]:
        """Give the places of a result and of its record."""
        name = check_name(view, "view")
        folder = self._folder / build_key
        return folder / f"{name}{RESULT_ENDING}", folder / f"{name}{RECORD_ENDING}"

    def _move(self, source: Path, target: Path) -> None:
        """Rename the file; one on another file system, where the outputs are, is copied first."""
        if source.stat().st_dev == target.parent.stat().st_dev:
            source.replace(target)
            self._verified.moved(source, target)
            return
        self._tmp.mkdir(parents=True, exist_ok=True)
        beside = self._tmp / source.name
        shutil.copyfile(source, beside)
        beside.replace(target)
        source.unlink()


@dataclass(frozen=True, kw_only=True)
class _Put:
    """A result that was put into the cache."""

    bytes: int
    """Its size."""
    at_ns: int
    """Time of its record, which every use changes."""


def remove_result(result: Path, record: Path) -> None:
    """Remove a result: the record first, without which it does not count."""
    record.unlink(missing_ok=True)
    result.unlink(missing_ok=True)
    with suppress(OSError):  # the results of other views have the same key
        result.parent.rmdir()


def reference(path: Path, record: OutputRecord, columns: tuple[Column, ...] = ()) -> DatasetRef:
    """Refer to a result; without columns its readers take them from the file itself."""
    return DatasetRef(uri=str(path), format=DataFormat.PARQUET, columns=columns, rows=record.rows, bytes=record.bytes)
