"""A committer over a temporary folder: small, but its outputs are real files that are replaced whole."""

import hashlib
from pathlib import Path
from typing import ClassVar

import msgspec

from plan_contracts.checks import CheckRecord
from plan_contracts.errors import PlanError
from plan_contracts.evidence import Column
from plan_contracts.execution import OutputRecord, OutputStatus, PublishedOutput, StagedOutput
from plan_contracts.names import check_name
from plan_contracts.references import DataFormat, DatasetRef


class StagedMismatch(PlanError, ValueError):
    """A staged file is not what the worker said it is."""

    code: ClassVar[str] = "staged_mismatch"
    stage: ClassVar[str] = "testing"
    exit_code: ClassVar[int] = 1


def staged_file(
    view: str, path: Path, content: bytes, *, rows: int = 0, columns: tuple[Column, ...] = ()
) -> StagedOutput:
    """Write a file as a worker would stage it, and describe it.

    Parameters
    ----------
    view
        The view whose result it is.
    path
        Where to write; missing folders are made.
    content
        Its bytes; nothing reads them as Parquet here.
    rows, columns
        What the worker says of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    ref = DatasetRef(uri=str(path), format=DataFormat.PARQUET, columns=columns, rows=rows, bytes=len(content))
    return StagedOutput(view=view, ref=ref, sha256=hashlib.sha256(content).hexdigest(), rows=rows, bytes=len(content))


class MemoryCommitter:
    """Keeps records in memory and files below a folder.

    Sizes and digests are verified; rows are taken from the worker, because counting them needs a Parquet reader.

    Parameters
    ----------
    root
        A folder of the test's own, such as pytest's `tmp_path`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._current: dict[str, PublishedOutput] = {}
        self._kept: dict[tuple[str, str], PublishedOutput] = {}
        self._passed: dict[str, str] = {}
        self.verified: list[str] = []
        """Views whose staged files were found to be right, in order."""
        self.published: list[str] = []
        """Views that were published, in order."""
        self.kept: list[str] = []
        """Views whose results were put into the cache, in order."""
        self.released: list[str] = []
        """Views whose results nobody reads any more, in order; of a scan once for each unit."""
        self.synced = 0
        """How often `sync` was called."""
        (root / "staging").mkdir(parents=True, exist_ok=True)
        (root / "outputs").mkdir(parents=True, exist_ok=True)
        (root / "cache").mkdir(parents=True, exist_ok=True)

    def stage_uri(self) -> str:
        """Give the folder in which workers stage their attempts."""
        return str(self._root / "staging")

    def reusable(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the current output if it was built from the same key and its bytes are still intact."""
        published = self._current.get(view)
        if published is None or published.record.build_key != build_key or not _is_intact(published):
            return None
        self._current[view] = _reused(published)
        return self._current[view]

    def verify(self, staged: StagedOutput) -> None:
        """Compare the staged file's size and digest with what the worker said.

        Raises
        ------
        StagedMismatch
            When they differ, or there is no file.
        """
        path = Path(staged.ref.uri)
        if not path.is_file():
            raise StagedMismatch(f"The staged file of `{staged.view}` is missing", subject=staged.view)
        content = path.read_bytes()
        if len(content) != staged.bytes or hashlib.sha256(content).hexdigest() != staged.sha256:
            raise StagedMismatch(f"The staged file of `{staged.view}` has other bytes", subject=staged.view)
        self.verified.append(staged.view)

    def publish(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Move the staged file to `outputs/<view>.parquet`, replacing an older one.

        Raises
        ------
        NameRefused
            When the view's name is outside the grammar.
        StagedMismatch
            When the file cannot be moved; the old output is still in place.
        """
        target = self._root / "outputs" / f"{check_name(staged.view, 'view')}.parquet"
        self._current[staged.view] = _placed(staged, target, target.name, build_key)
        self.published.append(staged.view)
        return self._current[staged.view]

    def cached(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the result that was kept under this key, if its bytes are still intact."""
        kept = self._kept.get((view, build_key))
        return _reused(kept) if kept is not None and _is_intact(kept) else None

    def keep(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Move the staged file to `cache/<build_key>/<view>.parquet`.

        Raises
        ------
        NameRefused
            When the view's name is outside the grammar.
        StagedMismatch
            When the file cannot be moved.
        """
        uri = f"{build_key}/{check_name(staged.view, 'view')}.parquet"
        target = self._root / "cache" / uri
        target.parent.mkdir(exist_ok=True)
        kept = _placed(staged, target, uri, build_key)
        self._kept[staged.view, build_key] = kept
        self.kept.append(staged.view)
        return kept

    def discard(self, staged: StagedOutput) -> None:
        """Remove a staged file; one outside the folder for such files is left alone."""
        path = Path(staged.ref.uri)
        if path.resolve().parent == (self._root / "staging").resolve():
            path.unlink(missing_ok=True)

    def release(self, output: PublishedOutput) -> None:
        """Remember that nobody reads the output any more; everything stays."""
        self.released.append(output.record.name)

    def has_passed(self, subject: str, build_key: str) -> bool:
        """Say whether checks of this key have passed before."""
        return self._passed.get(subject) == build_key

    def record_passed(self, subject: str, build_key: str) -> None:
        """Put on record that the checks of a dataset or view have passed."""
        self._passed[subject] = build_key

    def passed(self) -> tuple[CheckRecord, ...]:
        """Give what datasets and views have passed, sorted by subject."""
        return tuple(CheckRecord(subject=name, build_key=key) for name, key in sorted(self._passed.items()))

    def sync(self) -> None:
        """Count the call; a test's folder need not survive a loss of power."""
        self.synced += 1

    def next_run(self) -> None:
        """Begin another run: outputs that it neither builds nor reuses are `kept`."""
        for view, published in self._current.items():
            record = msgspec.structs.replace(published.record, status=OutputStatus.KEPT)
            self._current[view] = msgspec.structs.replace(published, record=record)

    def current(self) -> tuple[OutputRecord, ...]:
        """Give every current output, sorted by name."""
        return tuple(self._current[view].record for view in sorted(self._current))


def _placed(staged: StagedOutput, target: Path, uri: str, build_key: str) -> PublishedOutput:
    try:
        Path(staged.ref.uri).replace(target)
    except OSError as reason:
        message = f"The output of `{staged.view}` cannot be replaced: {reason.strerror}"
        raise StagedMismatch(message, subject=staged.view) from reason
    record = OutputRecord(
        name=staged.view,
        uri=uri,
        rows=staged.rows,
        bytes=staged.bytes,
        sha256=staged.sha256,
        build_key=build_key,
        status=OutputStatus.BUILT,
    )
    return PublishedOutput(record=record, ref=msgspec.structs.replace(staged.ref, uri=str(target)))


def _is_intact(published: PublishedOutput) -> bool:
    path = Path(published.ref.uri)
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == published.record.sha256


def _reused(published: PublishedOutput) -> PublishedOutput:
    record = msgspec.structs.replace(published.record, status=OutputStatus.REUSED)
    return msgspec.structs.replace(published, record=record)
