"""Publishing outputs: staged outside the outputs folder, verified, then put in place in one step."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from plan_contracts import (
    CheckRecord,
    OutputRecord,
    OutputStatus,
    PublishedOutput,
    StagedOutput,
)
from plan_store.errors import OutputsUnwritable, PublishFailed, StagedFileDiffers
from plan_store.output_place import OutputPlace
from plan_store.placing import sync_files
from plan_store.project_lease import ProjectHold
from plan_store.result_cache import ResultCache
from plan_store.verified_files import VerifiedFiles


class OutputCommitter:
    """Publishes the outputs of one run; implements the port `Committer`. Used by the driver's thread only.

    Parameters
    ----------
    place
        Where outputs are published.
    stage
        Folder for staged results of this run.
    previous
        The outputs that were current before this run.
    cache
        Temporary results of this run and of earlier ones.
    verified
        Digests of files that are known.
    passed
        The checks that were passed before this run.
    hold
        Nothing is published once another process has taken the project over; none where nobody else can.
    """

    def __init__(
        self,
        place: OutputPlace,
        stage: Path,
        previous: Iterable[OutputRecord],
        cache: ResultCache,
        verified: VerifiedFiles,
        passed: Iterable[CheckRecord] = (),
        hold: ProjectHold | None = None,
    ) -> None:
        self._hold = hold
        self._place = place
        self._given_stage = self._stage = stage
        self._staging: set[Path] = set()
        self._cache = cache
        self._verified = verified
        self._previous = {record.name: record for record in previous}
        self._now: dict[str, OutputRecord] = {}
        self._passed = {record.subject: record for record in passed}
        self._expected: frozenset[str] | None = None
        self._kept: list[Path] = []

    def prepare(self) -> None:
        """Get ready to stage and publish.

        Raises
        ------
        OutputsUnwritable
            When the outputs cannot be written.
        """
        try:
            self._stage = self._place.prepare(self._given_stage)
        except OSError as reason:
            shown = self._place.shown("").rstrip("/")
            message = f"The outputs folder {shown} cannot be written: {reason.strerror}"
            mend = "Set `[project] outputs` in plan.toml to a folder or URL that can be written."
            raise OutputsUnwritable(message, subject=shown, suggestion=mend) from reason

    def expect_views(self, views: Iterable[str]) -> None:
        """Say which views have outputs; those of others are not current any more."""
        self._expected = frozenset(views)

    def expect_checks(self, subjects: Iterable[str]) -> None:
        """Say which datasets and views the project checks; what is known of others is forgotten."""
        checked = set(subjects)
        self._passed = {subject: record for subject, record in self._passed.items() if subject in checked}

    def stage_uri(self) -> str:
        """Give the folder in which workers stage their attempts."""
        return str(self._stage)

    def reusable(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the current output of the view if it was built from the same key and its bytes are still the same."""
        record = self._previous.get(view)
        if record is None or record.build_key != build_key or not self._place.is_intact(record):
            return None
        ref = self._place.readable(record)
        if ref is None:
            return None
        reused = replace(record, status=OutputStatus.REUSED)
        self._now[view] = reused
        return PublishedOutput(record=reused, ref=ref)

    def verify(self, staged: StagedOutput) -> None:
        """Compare the staged file with what the worker said of it: size, footer, rows, and its digest.

        Raises
        ------
        StagedFileDiffers
            When one of them differs.
        """
        path = Path(staged.ref.uri)
        if not self._is_staging(path.parent):
            message = f"The result of `{staged.view}` lies at {path}, outside the staging folder {self._stage}"
            raise StagedFileDiffers(message, subject=staged.view)
        try:
            stamp, content = self._verified.read(path, follow=False)
            with pa.BufferReader(content) if content is not None else pa.OSFile(str(path), "rb") as file:
                rows = pq.read_metadata(file).num_rows
        except (OSError, pa.ArrowException) as reason:
            message = f"The staged result of `{staged.view}` cannot be read: {reason}"
            raise StagedFileDiffers(message, subject=staged.view) from reason
        found = (stamp.bytes, rows, stamp.sha256)
        said = (staged.bytes, staged.rows, staged.sha256)
        if found != said:
            message = (
                f"The staged result of `{staged.view}` is not what its worker reported: {_described(*said)}; "
                f"the file has {_described(*found)}"
            )
            mend = "Look who else writes to that folder, and build again."
            raise StagedFileDiffers(message, subject=staged.view, suggestion=mend)

    def publish(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Put the staged file in the place of the view's output.

        Raises
        ------
        PublishFailed
            When the output cannot be replaced; the old one is still in place.
        ProjectLockLost
            When another process has taken the project over; what it published is still in place.
        """
        record = OutputRecord(
            name=staged.view,
            uri=self._place.uri(staged.view, build_key, staged.sha256),
            rows=staged.rows,
            bytes=staged.bytes,
            sha256=staged.sha256,
            build_key=build_key,
            status=OutputStatus.BUILT,
        )
        try:
            if self._hold is not None:
                self._hold.check()
            ref = self._place.publish(staged, record)
        except OSError as reason:
            shown = self._place.shown(record.uri)
            message = f"The output {shown} cannot be replaced: {reason.strerror}; the old one is still in place"
            raise PublishFailed(message, subject=staged.view) from reason
        self._now[staged.view] = record
        return PublishedOutput(record=record, ref=ref)

    def cached(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the temporary result that was kept for the view under this key, if its bytes are still the same."""
        return self._cache.find(view, build_key)

    def keep(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Put the staged file into the cache; it is no output of the project.

        Raises
        ------
        PublishFailed
            When it cannot be put there.
        """
        kept = self._cache.put(staged, build_key)
        self._kept.append(Path(kept.ref.uri))
        return kept

    def discard(self, staged: StagedOutput) -> None:
        """Remove a staged file that will never be published; one that is gone, or lies elsewhere, is left alone."""
        path = Path(staged.ref.uri)
        with suppress(OSError):  # the stage as a whole is cleared in the end
            if path.resolve().is_relative_to(self._stage.resolve()):
                path.unlink()

    def release(self, output: PublishedOutput) -> None:
        """Let a temporary result of this run go where the cache has no room for it, as no task is to read it again."""
        self._cache.release(output.record.name, output.record.build_key)

    def has_passed(self, subject: str, build_key: str) -> bool:
        """Say whether checks of this key have passed, in this run or before."""
        record = self._passed.get(subject)
        return record is not None and record.build_key == build_key

    def record_passed(self, subject: str, build_key: str) -> None:
        """Put on record that the checks of a dataset or view have passed."""
        self._passed[subject] = CheckRecord(subject=subject, build_key=build_key)

    def passed(self) -> tuple[CheckRecord, ...]:
        """Give what datasets and views have passed, sorted by subject."""
        return tuple(record for _, record in sorted(self._passed.items()))

    def sync(self) -> None:
        """Make everything that was published survive a loss of power, and clear the stage."""
        for folder in {self._stage, self._given_stage}:
            shutil.rmtree(folder, ignore_errors=True)
        self._place.sync()
        if self._kept:
            sync_files([path for path in self._kept if path.exists()])
            self._kept.clear()
        self._verified.save()

    def current(self) -> tuple[OutputRecord, ...]:
        """Give every current output, sorted by name."""
        kept = {
            name: replace(record, status=OutputStatus.KEPT)
            for name, record in self._previous.items()
            if name not in self._now and self._is_expected(name) and self._place.is_intact(record)
        }
        now = {name: record for name, record in self._now.items() if self._is_expected(name)}
        return tuple(record for _, record in sorted({**kept, **now}.items()))

    def _is_staging(self, folder: Path) -> bool:
        """Say whether a folder lies in that for staging; each is resolved once, which takes a call per part of it."""
        if folder not in self._staging and folder.resolve().is_relative_to(self._stage.resolve()):
            self._staging.add(folder)
        return folder in self._staging

    def _is_expected(self, view: str) -> bool:
        return self._expected is None or view in self._expected


def _described(size: int, rows: int, digest: str) -> str:
    return f"{size} bytes, {rows} rows, sha256 {digest}"
