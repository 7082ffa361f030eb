"""Compiling a project; light to import, and light to run when nothing has changed."""

from collections.abc import Mapping
from pathlib import Path

from plan_contracts import CompiledProject, ProjectFile
from plan_engine.compile_cache import CompileCache, compile_key, hold_content, young_files
from plan_engine.dataset_files import DatasetFiles, find_datasets
from plan_engine.views import find_views


def compile_project(folder: Path, project: ProjectFile, *, cache: CompileCache | None = None) -> CompiledProject:
    """Find out everything about a project that its files tell, without running a query.

    Parameters
    ----------
    folder
        Folder of plan.toml.
    project
        plan.toml, with a profile applied.
    cache
        Where results are kept; a project in which nothing has changed is not planned again.

    Returns
    -------
    CompiledProject
        Graph, evidence, statistics, snapshots and sources. What does not fit together is in `findings`, or on the edges
        as a required column that the producer lacks.

    Raises
    ------
    PlanError
        When a dataset or view cannot be read, a view is not exactly one query, or names collide. All independent errors
        are raised together.
    """
    datasets, dataset_errors = find_datasets(folder, project.datasets)
    sources, view_errors = find_views(folder, project)
    errors = [*dataset_errors, *view_errors]
    key = compile_key(folder, project, datasets, sources) if cache is not None and not errors else None
    if cache is not None and key is not None and (known := cache.get(key)) is not None:
        return known
    from plan_engine.compiler import compile_files

    young = young_files(datasets) if key is not None else None
    compiled = compile_files(folder, project, datasets, sources, errors)
    if cache is not None and key is not None and young is not None and _unchanged(folder, project, datasets, young):
        cache.put(key, compiled, young)
    return compiled


def _unchanged(
    folder: Path, project: ProjectFile, datasets: Mapping[str, DatasetFiles], young: Mapping[str, str]
) -> bool:
    """Say whether the datasets still consist of the files that were looked into."""
    again, errors = find_datasets(folder, project.datasets)
    return not errors and again == datasets and hold_content(young)
