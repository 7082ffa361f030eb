"""A project as a command sees it: plan.toml with a profile and variables applied, and where its folders are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import ProjectFile, VarValue, apply_profile, assign, byte_size, load_project_file
from plan_store import PlanStore, SystemClock, is_url


@dataclass(frozen=True, kw_only=True)
class OpenProject:
    """A project that was read and is ready to be planned."""

    folder: Path
    """Absolute folder of plan.toml."""
    file: ProjectFile
    """plan.toml, with the overrides of the profile and of the command line applied."""
    profile: str | None
    """The profile, if one was named."""
    store: str | None = None
    """Where the store is, if the command line says so."""
    given_vars: Mapping[str, VarValue] = field(default_factory=dict[str, VarValue])
    """The variables that the command line gave."""

    @property
    def name(self) -> str:
        """The project's name."""
        return self.file.project.name

    @property
    def outputs_root(self) -> Path | str:
        """Folder or URL of the outputs."""
        return self._place(self.file.project.outputs)

    @property
    def store_root(self) -> Path | str:
        """Folder or URL of events, artifacts and manifests."""
        return self._place(self.store or self.file.project.store)

    @property
    def working_folder(self) -> Path:
        """Where this machine keeps caches and staged results: the store itself, where it is a folder."""
        root = self.store_root
        return root if isinstance(root, Path) else self.folder / ".plan"

    @property
    def compile_cache(self) -> Path:
        """Folder of what was compiled before."""
        return self.working_folder / "cache" / "compiled"

    @property
    def cache_bytes(self) -> int:
        """Size that temporary results may have together."""
        return byte_size(self.file.project.cache)

    def open_store(self, *, read_only: bool = False) -> PlanStore:
        """Open the project's store.

        Raises
        ------
        StoreUnwritable
            When it is to be written, and cannot be.
        """
        return PlanStore.open(self.store_root, clock=SystemClock(), read_only=read_only, folder=self.working_folder)

    def _place(self, named: str) -> Path | str:
        return named if is_url(named) else self.folder / named


def open_project(
    path: Path,
    profile: str | None = None,
    assignments: Mapping[str, str] | None = None,
    *,
    store: str | None = None,
) -> OpenProject:
    """Read plan.toml.

    Parameters
    ----------
    path
        The project's folder, or plan.toml itself.
    profile
        The profile whose overrides apply.
    assignments
        Values of variables as they were typed, by name.
    store
        Folder, relative to the project's, or URL of the store; overrides plan.toml and the profile.

    Raises
    ------
    PlanError
        When there is no plan.toml, or it, the profile or a variable's value is wrong.
    """
    folder = path.parent if path.name == "plan.toml" else path
    folder = folder.resolve()
    file = apply_profile(load_project_file(folder), profile)
    if assignments:
        file = replace(file, vars=assign(file.vars, assignments))
    given = {name: file.vars[name] for name in assignments or ()}
    return OpenProject(folder=folder, file=file, profile=profile, store=store, given_vars=given)
