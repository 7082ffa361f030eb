"""A project as a command sees it: plan.toml with a profile applied, and where its folders are."""

from dataclasses import dataclass
from pathlib import Path

from plan_contracts import ProjectFile, apply_profile, load_project_file


@dataclass(frozen=True, kw_only=True)
class OpenProject:
    """A project that was read and is ready to be planned."""

    folder: Path
    """Absolute folder of plan.toml."""
    file: ProjectFile
    """plan.toml, with the profile's overrides applied."""
    profile: str | None
    """The profile, if one was named."""

    @property
    def name(self) -> str:
        """The project's name."""
        return self.file.project.name

    @property
    def outputs_root(self) -> Path:
        """Folder of the outputs."""
        return self.folder / self.file.project.outputs

    @property
    def store_root(self) -> Path:
        """Folder of events, artifacts and manifests."""
        return self.folder / self.file.project.store

    @property
    def compile_cache(self) -> Path:
        """Folder of what was compiled before."""
        return self.store_root / "cache" / "compiled"


def open_project(path: Path, profile: str | None = None) -> OpenProject:
    """Read plan.toml.

    Parameters
    ----------
    path
        The project's folder, or plan.toml itself.
    profile
        The profile whose overrides apply.

    Raises
    ------
    PlanError
        When there is no plan.toml, or it or the profile is wrong.
    """
    folder = path.parent if path.name == "plan.toml" else path
    folder = folder.resolve()
    file = apply_profile(load_project_file(folder), profile)
    return OpenProject(folder=folder, file=file, profile=profile)
