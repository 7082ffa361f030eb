"""From the files of datasets and the texts of views to everything that is known before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from msgspec import structs

from plan_contracts import (
    CompiledProject,
    DataCheck,
    Evidence,
    EvidenceCatalog,
    EvidenceSource,
    Exactness,
    FindingKind,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanError,
    PlanningFinding,
    ProjectFile,
    RequiredColumn,
    Requirement,
    Statistics,
    Variable,
    ViewSection,
    ViewSource,
    ViewStatistics,
    raise_all,
    variables_of,
)
from plan_engine.arrow_schema import columns_of
from plan_engine.contract_checks import contract_checks
from plan_engine.dataset_files import DatasetFiles
from plan_engine.datasets import ResolvedDataset, resolve_datasets
from plan_engine.fingerprint import view_definition
from plan_engine.plan_view import plan_view
from plan_engine.planned_view import PlannedView
from plan_engine.planning_findings import table_finding
from plan_engine.planning_session import PlanningSession
from plan_engine.references import find_references, planning_order, refusal
from plan_engine.sql_text import find_identifier
from plan_engine.variable_reading import missing_variables, variables_read
from plan_engine.view_statistics import check_statistics, view_statistics


def compile_files(
    folder: Path,
    project: ProjectFile,
    files: Mapping[str, DatasetFiles],
    sources: Mapping[str, ViewSource],
    errors: Sequence[PlanError] = (),
) -> CompiledProject:
    """Read the datasets and plan the views of a project.

    Parameters
    ----------
    folder
        Folder of plan.toml.
    project
        plan.toml, with a profile applied.
    files
        The files of each dataset.
    sources
        The text of each view.
    errors
        What is known to be wrong already; raised together with what else is found.

    Raises
    ------
    PlanError
        When a dataset cannot be read, or a view is not exactly one query. All independent errors are raised together.
    """
    datasets, dataset_errors = resolve_datasets(folder, project.datasets, files)
    references, statement_errors = find_references(sources)
    variables = variables_of(project.vars)
    unset = [error for name in sorted(sources) for error in missing_variables(sources[name], variables)]
    raise_all([*errors, *dataset_errors, *statement_errors, *unset])
    compiler = _Compiler(project, datasets, sources, references, variables)
    compiler.plan_views()
    return compiler.result()


class _Compiler:
    """Plans the views in the order of their references and keeps what comes out."""

    def __init__(
        self,
        project: ProjectFile,
        datasets: Mapping[str, ResolvedDataset],
        sources: Mapping[str, ViewSource],
        references: Mapping[str, tuple[str, ...]],
        variables: Mapping[str, Variable],
    ) -> None:
        self._project = project
        self._datasets = datasets
        self._sources = dict(sources)
        self._known = {name.casefold(): name for name in (*datasets, *sources)}
        self._references = {view: self._resolved(asked) for view, asked in references.items()}
        self._unknown = {view: self._unresolved(asked) for view, asked in references.items()}
        self._variables = variables
        self._session = PlanningSession(variables)
        self._planned: dict[str, PlannedView] = {}
        self._evidence: dict[str, Evidence] = {name: dataset.evidence for name, dataset in datasets.items()}
        self._statistics: dict[str, ViewStatistics] = {}
        self._errors: list[PlanError] = []
        for name, dataset in datasets.items():
            self._session.add_table(name, dataset.schema)

    def _resolved(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({self._known[name.casefold()] for name in asked if name.casefold() in self._known}))

    def _unresolved(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in asked if name.casefold() not in self._known)

    def plan_views(self) -> None:
        """Plan every view that is not part of a cycle.

        Raises
        ------
        PlanError
            When a view turns out to be no query only now that its tables are known.
        """
        order, cycles = planning_order(self._references)
        for name, members in cycles.items():
            self._planned[name] = self._in_cycle(name, members)
        for name in order:
            self._keep(self._plan(name))
        raise_all(self._errors)

    def _plan(self, name: str) -> PlannedView:
        view, references, unknown = self._sources[name], self._references[name], self._unknown[name]
        if unknown:
            findings = tuple(table_finding(view, each, self._known.values()) for each in unknown)
            return PlannedView(name=name, references=references, findings=findings)
        if any(each not in self._evidence for each in references):
            return PlannedView(name=name, references=references)
        planned = plan_view(self._session, view, references)
        if planned.unoptimized is not None:
            read = variables_read(view, planned.volatile_calls, self._variables)
            self._sources[name] = structs.replace(view, parameters=read.variables)
            definition = view_definition(view.sql, planned.unoptimized, planned.required or {}, read.variables)
            planned = replace(planned, definition=definition, volatile=read.volatile)
        if planned.forbidden is not None:
            error = refusal(view, planned.forbidden)
            self._errors += [error] if error is not None else []
        return planned

    def _in_cycle(self, name: str, members: tuple[str, ...]) -> PlannedView:
        shown = " -> ".join((*members, members[0]))
        finding = PlanningFinding(
            view=name,
            kind=FindingKind.CYCLE,
            message=f"it waits for itself: {shown}",
            subject=shown,
            location=find_identifier(self._sources[name], members[members.index(name) - 1]),
        )
        return PlannedView(name=name, references=self._references[name], findings=(finding,))

    def _keep(self, planned: PlannedView) -> None:
        self._planned[planned.name] = planned
        if planned.schema is None:
            return
        self._session.add_table(planned.name, planned.schema)
        statistics = view_statistics(planned, self._evidence)
        self._statistics[planned.name] = statistics
        self._evidence[planned.name] = self._evidence_of(planned, planned.schema, statistics)

    def _evidence_of(self, planned: PlannedView, schema: pa.Schema, statistics: ViewStatistics) -> Evidence:
        rows = statistics.rows_out
        return Evidence(
            name=planned.name,
            source=EvidenceSource.PLAN,
            columns=columns_of(schema),
            rows=rows,
            bytes=statistics.bytes_out,
            exactness=Exactness.ESTIMATED if rows is not None else Exactness.UNKNOWN,
            contract=self._settings(planned.name).contract,
        )

    def _settings(self, view: str) -> ViewSection:
        return self._project.views.get(view, ViewSection())

    def result(self) -> CompiledProject:
        """Put together what was found, in the order that the contracts ask for."""
        views = [self._planned[name] for name in sorted(self._planned)]
        nodes = [LogicalNode(name=name, kind=NodeKind.DATASET) for name in self._datasets]
        nodes += [self._node(planned) for planned in views]
        edges = [_edge(producer, planned) for planned in views for producer in planned.references]
        checks = self._checks()
        return CompiledProject(
            graph=LogicalGraph(
                nodes=tuple(sorted(nodes, key=lambda node: node.name)),
                edges=tuple(sorted(edges, key=lambda edge: (edge.producer, edge.consumer))),
            ),
            evidence=EvidenceCatalog(entries=dict(sorted(self._evidence.items()))),
            statistics=Statistics(
                views=dict(sorted(self._statistics.items())),
                checks={name: check_statistics(self._evidence[name]) for name in checks},
            ),
            snapshots={name: dataset.snapshot for name, dataset in sorted(self._datasets.items())},
            datasets={name: dataset.ref for name, dataset in sorted(self._datasets.items())},
            sources=dict(sorted(self._sources.items())),
            findings=tuple(finding for planned in views for finding in planned.findings),
            checks=checks,
        )

    def _checks(self) -> dict[str, tuple[DataCheck, ...]]:
        found = {name: contract_checks(self._session, evidence) for name, evidence in sorted(self._evidence.items())}
        return {name: checks for name, checks in found.items() if checks}

    def _node(self, planned: PlannedView) -> LogicalNode:
        settings = self._settings(planned.name)
        return LogicalNode(
            name=planned.name,
            kind=NodeKind.SQL_VIEW,
            path=self._sources[planned.name].path,
            definition=planned.definition,
            volatile=planned.volatile,
            reproducible=settings.reproducible,
            materialize=settings.materialize or self._project.defaults.materialize,
            tags=tuple(sorted(set(settings.tags))),
            declared_cost=settings.cost,
        )


def _edge(producer: str, planned: PlannedView) -> LogicalEdge:
    if planned.required is None:
        return LogicalEdge(producer=producer, consumer=planned.name)
    needed = planned.required.get(producer, {})
    columns = tuple(RequiredColumn(name=name, type=kind) for name, kind in sorted(needed.items()))
    places = {column: place for column, place in planned.places.get(producer, {}).items() if column in needed}
    requirement = Requirement(columns=columns)
    return LogicalEdge(producer=producer, consumer=planned.name, requirement=requirement, places=places)
