"""A project as a command sees it: plan.toml with a profile and variables applied, and where its folders are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import ProjectFile, VarValue, apply_profile, assign, load_project_file


@dataclass(frozen=True, kw_only=True)
class OpenProject:
    """A project that was read and is ready to be planned."""

    folder: Path
    """Absolute folder of plan.toml."""
    file: ProjectFile
    """plan.toml, with the overrides of the profile and of the command line applied."""
    profile: str | None
    """The profile, if one was named."""
    given_vars: Mapping[str, VarValue] = field(default_factory=dict[str, VarValue])
    """The variables that the command line gave."""

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


def open_project(path: Path, profile: str | None = None, assignments: Mapping[str, str] | None = None) -> OpenProject:
    """Read plan.toml.

    Parameters
    ----------
    path
        The project's folder, or plan.toml itself.
    profile
        The profile whose overrides apply.
    assignments
        Values of variables as they were typed, by name.

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
    return OpenProject(folder=folder, file=file, profile=profile, given_vars=given)
