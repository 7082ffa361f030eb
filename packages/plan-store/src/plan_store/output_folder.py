"""Outputs as files of a folder, each replaced in one step."""

import os
from pathlib import Path

from plan_contracts import DatasetRef, OutputRecord, StagedOutput, check_name
from plan_store.layout import STAGED_ELSEWHERE, STAGING_ENDING
from plan_store.objects import leads_out
from plan_store.placing import sync_files, sync_folder
from plan_store.result_cache import reference
from plan_store.verified_files import VerifiedFiles


class OutputFolder:
    """Implements the port `OutputPlace`.

    Parameters
    ----------
    folder
        Holds `VIEW.parquet` for each view.
    verified
        Digests of files that are known.
    """

    def __init__(self, folder: Path, verified: VerifiedFiles) -> None:
        self._folder = folder
        self._verified = verified
        self._unsynced: list[Path] = []

    def shown(self, uri: str) -> str:
        """Give the path of an output."""
        return str(self._folder / uri)

    def prepare(self, stage: Path) -> Path:
        """Make the folders; stage beside the outputs where the given folder is on another file system.

        The given folder then says where, so that it is found when the run dies.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        stage.mkdir(parents=True, exist_ok=True)
        if stage.stat().st_dev != self._folder.stat().st_dev:
            elsewhere = (self._beside / stage.parent.name).absolute()
            (stage / STAGED_ELSEWHERE).write_text(str(elsewhere), encoding="utf-8")
            elsewhere.mkdir(parents=True, exist_ok=True)
            return elsewhere
        return stage

    def uri(self, view: str, build_key: str, sha256: str) -> str:  # a file is named by its view alone
        """Give the file's name."""
        return f"{check_name(view, 'view')}.parquet"

    def publish(self, staged: StagedOutput, record: OutputRecord) -> DatasetRef:
        """Rename the staged file over the old one."""
        source, target = Path(staged.ref.uri), self._folder / record.uri
        source.replace(target)
        self._verified.moved(source, target)
        self._unsynced.append(target)
        return reference(target, record, staged.ref.columns)

    def is_intact(self, record: OutputRecord) -> bool:
        """Compare size and digest; what lies outside of the folder is no output."""
        if leads_out(record.uri):
            return False
        path = self._folder / record.uri
        try:
            return path.stat().st_size == record.bytes and self._verified.sha256(path) == record.sha256
        except OSError:
            return False

    def readable(self, record: OutputRecord) -> DatasetRef | None:
        """Refer to the file itself."""
        return reference(self._folder / record.uri, record)

    def sync(self) -> None:
        """Sync the published files and their folder, and remove the folder for staging when it is empty."""
        if self._unsynced:
            sync_files(self._unsynced)
            sync_folder(self._folder)
            self._unsynced.clear()
        if self._beside.is_dir() and not any(self._beside.iterdir()):
            self._beside.rmdir()

    @property
    def _beside(self) -> Path:
        return self._folder.with_name(self._folder.name + STAGING_ENDING)
