"""The store: what ran, when, why in that order, with which inputs, and what it cost."""

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from plan_contracts import (
    Clock,
    DocumentRefused,
    PlanEvidenceArtifact,
    RunManifestV2,
    TaskHistoryEntry,
    decode_msgpack,
    encode_msgpack,
    payload_hash,
)
from plan_contracts.store_records import RunMarker
from plan_store.documents import MEND
from plan_store.errors import ArtifactMissing, StoreDamaged, StoreUnwritable
from plan_store.layout import Layout, artifact_key, marker_key
from plan_store.maintenance import StoreMaintenance
from plan_store.manifests import find_manifest, last_success, latest_manifest, manifests, newest_run
from plan_store.object_place import is_url, open_objects
from plan_store.past_costs import past_entries
from plan_store.project_lease import ProjectHold
from plan_store.project_lock import hold_lock
from plan_store.run_id import new_run_id
from plan_store.run_marker import this_process
from plan_store.verified_files import VerifiedFiles

if TYPE_CHECKING:
    import pyarrow as pa
    from datafusion import SessionContext

    from plan_store.outputs import OutputCommitter
    from plan_store.run_writer import RunWriter


class PlanStore(StoreMaintenance):
    """Events, artifacts, manifests and outputs of every run, in one folder.

    Reading creates nothing: a store that does not exist yet has no runs.
    """

    @classmethod
    def open(
        cls, root: str | Path, *, clock: Clock, read_only: bool = False, folder: Path | None = None
    ) -> "PlanStore":
        """Open a store.

        Parameters
        ----------
        root
            Its folder, or its URL such as `s3://bucket/folder`; credentials are taken from the environment only.
        clock
            Gives the times of events.
        read_only
            Do not create the folder: for a store that is only asked, also on a file system that cannot be written.
        folder
            Where this machine keeps staged results and caches; the store's own folder when omitted, and for a URL
            `.plan` in the working folder.

        Raises
        ------
        StoreUnwritable
            When the folder is to be written, and cannot be created.
        """
        objects = open_objects(root)
        working = folder or (Path(".plan") if is_url(root) else Path(root))
        if not read_only:
            try:
                working.mkdir(parents=True, exist_ok=True)
            except OSError as reason:
                message = f"The store {working} cannot be created: {reason.strerror}"
                mend = "Set `[project] store` in plan.toml to a folder that can be written."
                raise StoreUnwritable(message, subject=str(working), suggestion=mend) from reason
        return cls(Layout(objects, working), clock)

    def __init__(self, layout: Layout, clock: Clock) -> None:
        super().__init__(layout, clock)
        self._holds: dict[str, ProjectHold] = {}

    def __enter__(self) -> "PlanStore":
        """Give the store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; nothing is held open."""

    @contextmanager
    def project_lock(self, project: str, *, wait: Callable[[str], None] | None = None) -> Generator[None]:
        """Hold the project's lock for the duration of a block; one build of a project runs at a time.

        Runs that are begun and committers that are made in the block publish nothing more once another process has
        taken the project over, which it may when this one, on another machine, gave no sign of life for a minute.

        Parameters
        ----------
        project
            The project.
        wait
            Wait for another holder to end, and be told once who that is. Without it, a held lock is an error.

        Raises
        ------
        ProjectLocked
            When another process holds it, on this machine or on another that shares the store.
        """
        with hold_lock(self._layout, project, self._clock, wait=wait) as hold:
            self._holds[project] = hold
            try:
                yield
            finally:
                del self._holds[project]

    def new_run_id(self) -> str:
        """Give an id for a run that begins now; it sorts behind those of all runs so far, whatever the clock says."""
        return new_run_id(self._clock, after=newest_run(self._layout))

    def begin_run(self, draft: RunManifestV2) -> "RunWriter":
        """Begin the record of a run.

        Parameters
        ----------
        draft
            The manifest as far as it is known; completed from events, it stands in for the real one if this process
            dies.

        Raises
        ------
        StoreUnwritable
            When the store cannot be written.
        """
        from plan_store.run_writer import RunWriter

        try:
            marker = encode_msgpack(this_process(draft))
            decode_msgpack(marker, RunMarker)  # what cannot be read back would damage the store
            self._layout.objects.put_if_absent(marker_key(draft.run_id), marker)
        except OSError as reason:
            message = f"The store {self._layout.root} cannot be written: {reason.strerror}"
            raise StoreUnwritable(message, subject=self._layout.root) from reason
        hold = self._holds.get(draft.project)
        return RunWriter(self._layout, self._clock, draft.run_id, draft.profile or None, hold)

    def committer(
        self, draft: RunManifestV2, outputs: Path | str, *, cache_bytes: int | None = None
    ) -> "OutputCommitter":
        """Give what publishes the outputs of a run.

        Parameters
        ----------
        draft
            Names the run, its project and its profile; what the last run under them left is what is current.
        outputs
            Folder or URL of the outputs.
        cache_bytes
            Size that the temporary results of the run may have together, but for those that are still to be read in
            it; unbounded when omitted.

        Raises
        ------
        OutputsUnwritable
            When the URL is of no known kind, or the extra for it is not installed.
        """
        from plan_store.output_opening import open_outputs
        from plan_store.outputs import OutputCommitter
        from plan_store.result_cache import ResultCache

        before = latest_manifest(self._layout, draft.project, draft.profile)
        previous, passed = (before.outputs, before.checks) if before is not None else ((), ())
        verified = VerifiedFiles(self._layout.verified, self._layout.tmp)
        cache = ResultCache(self._layout.cache, self._layout.tmp, verified, cache_bytes)
        stage = self._layout.scratch_of(draft.run_id) / "stage"
        place = open_outputs(outputs, cache, verified)
        hold = self._holds.get(draft.project)
        return OutputCommitter(place, stage, previous, cache, verified, passed, hold)

    def recover_interrupted(self, locked_project: str | None = None) -> tuple[str, ...]:
        """Give a manifest to every run whose driver died, and collect its scratch.

        A run that had recorded its manifest already keeps that one; any other is marked as interrupted.

        Parameters
        ----------
        locked_project
            A project whose lock the caller holds.

        Returns
        -------
        tuple of str
            The runs, the oldest first.
        """
        from plan_store.recovery import collect_scratch, dead_runs, interrupted_manifest, recorded_manifest
        from plan_store.run_writer import RunWriter

        recovered: list[str] = []
        for marker in dead_runs(self._layout, locked_project):
            run_id = marker.draft.run_id
            recorded = recorded_manifest(self._layout, run_id)
            with RunWriter(self._layout, self._clock, run_id, marker.draft.profile or None) as writer:
                if recorded is not None:
                    writer.place_manifest(recorded)
                else:
                    writer.put_manifest(interrupted_manifest(self._layout, marker))
            recovered.append(run_id)
        collect_scratch(self._layout)
        return tuple(recovered)

    def past_entries(self, runs: int, machine: str | None = None) -> Mapping[str, tuple[TaskHistoryEntry, ...]]:
        """Give what tasks did cost in the last runs, by definition, the newest first."""
        return past_entries(self._layout, runs, machine)

    def runs(self) -> tuple[RunManifestV2, ...]:
        """Give the manifest of every run, the newest first.

        Raises
        ------
        StoreDamaged
            When one is damaged; the message names it.
        """
        return tuple(manifests(self._layout))

    def manifest(self, run: str) -> RunManifestV2:
        """Give one manifest: the `latest`, or that of the run whose id begins like that.

        Raises
        ------
        RunUnknown
            When no run, or more than one, is meant.
        """
        return find_manifest(self._layout, run)

    def last_evidence(self, project: str, profile: str) -> tuple[str, str] | None:
        """Give the last run of a project that succeeded, and the artifact id of its evidence; none before the first."""
        manifest = last_success(self._layout, project, profile)
        if manifest is None or manifest.artifact_ids.plan_evidence is None:
            return None
        return manifest.run_id, manifest.artifact_ids.plan_evidence

    def evidence(self, artifact_id: str) -> PlanEvidenceArtifact | None:
        """Give what was known for an earlier plan; what is damaged or was collected is no evidence, and gives none."""
        try:
            return decode_msgpack(self.artifact(artifact_id), PlanEvidenceArtifact)
        except (ArtifactMissing, StoreDamaged, DocumentRefused):
            return None

    def artifact(self, artifact_id: str) -> bytes:
        """Give the identity form of an artifact, verified against its id.

        Raises
        ------
        ArtifactMissing
            When there is none.
        StoreDamaged
            When its bytes are not what was stored.
        """
        key = artifact_key(artifact_id)
        try:
            data = self._layout.objects.get(key)
        except FileNotFoundError as reason:
            raise ArtifactMissing(f"The store has no artifact {artifact_id}", subject=artifact_id) from reason
        if payload_hash(data) != artifact_id:
            shown = self._layout.objects.shown(key)
            message = f"The artifact {shown} is damaged: its bytes do not match its id"
            raise StoreDamaged(message, subject=shown, suggestion=MEND)
        return data

    def sql(self, query: str, *, skip_damaged: bool = False) -> "pa.Table":
        """Answer one SELECT over `events`, `runs`, `tasks`, `checks` and the other tables of `plan_store.queries`.

        Raises
        ------
        QueryRefused
            When it is not one SELECT, or does not fit the tables.
        StoreDamaged
            When a damaged segment is in the way, and `skip_damaged` is not set.
        """
        from plan_store.queries import run_query

        return run_query(self._layout, query, skip_damaged=skip_damaged)

    def ask(self, name: str, *, run: str = "latest", before: str | None = None) -> "pa.Table":
        """Answer one of `SAVED_QUERIES`.

        Parameters
        ----------
        name
            Which.
        run
            `latest`, or the beginning of the id of the run that it asks about.
        before
            The beginning of the id of the run that `regressions` compares with; by default each task is compared with
            the last time that it ran before.

        Raises
        ------
        QueryRefused
            When there is no such query.
        RunUnknown
            When no run, or more than one, is meant.
        StoreDamaged
            When a segment or manifest that it reads is damaged.
        """
        from plan_store.queries import run_query
        from plan_store.saved_queries import runs_asked, saved_query

        past = None if before is None else self.manifest(before).run_id
        now = self.manifest(run).run_id
        return run_query(self._layout, saved_query(name, now, past), runs=runs_asked(name, now, past))

    def register(self, context: "SessionContext", tables: Collection[str] | None = None) -> None:
        """Make the store's tables and payload functions usable in a session of the caller's.

        Parameters
        ----------
        context
            The session.
        tables
            Names of the tables; all when omitted.
        """
        from plan_store.payload_functions import register_payload_functions
        from plan_store.queries import TABLES, register_table

        register_payload_functions(context)
        for name in TABLES if tables is None else tables:
            register_table(context, self._layout, name)
