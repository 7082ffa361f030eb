"""From the files of datasets and the texts of views to everything that is known before anything runs."""

from collections.abc import Mapping, Sequence
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
    Materialize,
    NodeKind,
    PlanError,
    PlanningFinding,
    ProjectFile,
    PythonSource,
    RequiredColumn,
    Requirement,
    Source,
    SourceLocation,
    Statistics,
    Variable,
    ViewSection,
    ViewSource,
    ViewStatistics,
    raise_all,
    variables_of,
)
from plan_engine.column_values import with_values
from plan_engine.contract_checks import contract_checks
from plan_engine.dataset_files import DatasetFiles
from plan_engine.dataset_scans import dataset_scans, scan_statistics
from plan_engine.datasets import ResolvedDataset, resolve_datasets
from plan_engine.fingerprint import view_definition
from plan_engine.lineage import with_origins
from plan_engine.plan_view import plan_view
from plan_engine.planned_view import PlannedView
from plan_engine.planning_findings import table_finding
from plan_engine.planning_session import PlanningSession
from plan_engine.python_planning import fitting_types, plan_python_view, unchecked_contract, undeclared_output
from plan_engine.references import References, find_references, planning_order, refusal
from plan_engine.sql_text import find_identifier
from plan_engine.variable_reading import missing_variables, variables_read
from plan_engine.view_statistics import check_statistics, view_statistics


def compile_files(
    folder: Path,
    project: ProjectFile,
    files: Mapping[str, DatasetFiles],
    sources: Mapping[str, Source],
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
        What each view is written in.
    errors
        What is known to be wrong already; raised together with what else is found.

    Raises
    ------
    PlanError
        When a dataset cannot be read, or a view is not exactly one query. All independent errors are raised together.
    """
    datasets, dataset_errors = resolve_datasets(folder, project.datasets, files)
    variables = variables_of(project.vars)
    session = PlanningSession(variables)
    for name, dataset in datasets.items():
        session.add_table(name, dataset.schema)
    references = find_references(session, sources)
    refused = [error for _, error in sorted(references.refused.items())]
    queries = [source for _, source in sorted(sources.items()) if isinstance(source, ViewSource)]
    unset = [error for query in queries for error in missing_variables(query, variables)]
    raise_all([*errors, *dataset_errors, *refused, *unset])
    compiler = _Compiler(project, datasets, sources, references, session, variables)
    compiler.plan_views()
    return with_origins(compiler.result())


class _Compiler:
    """Plans the views in the order of their references and keeps what comes out."""

    def __init__(
        self,
        project: ProjectFile,
        datasets: Mapping[str, ResolvedDataset],
        sources: Mapping[str, Source],
        references: References,
        session: PlanningSession,
        variables: Mapping[str, Variable],
    ) -> None:
        self._project = project
        self._datasets = datasets
        self._sources = dict(sources)
        self._known = {name.casefold(): name for name in (*datasets, *sources)}
        self._references = {view: self._resolved(asked) for view, asked in references.tables.items()}
        self._read = {name for names in self._references.values() for name in names}
        self._unknown = {view: self._unresolved(asked) for view, asked in references.tables.items()}
        self._plans = references.plans
        self._variables = variables
        self._session = session
        self._planned: dict[str, PlannedView] = {}
        self._evidence: dict[str, Evidence] = {name: with_values(dataset) for name, dataset in datasets.items()}
        self._statistics: dict[str, ViewStatistics] = {}
        self._errors: list[PlanError] = []

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
        if isinstance(view, PythonSource):
            return self._plan_function(view, references)
        undeclared = {each: source for each in references if (source := self._undeclared(each)) is not None}
        if any(each not in self._evidence and each not in undeclared for each in references):
            return PlannedView(name=name, references=references)
        return (
            self._plan_query(view, references) if not undeclared else self._plan_blindly(view, references, undeclared)
        )

    def _plan_function(self, view: PythonSource, references: tuple[str, ...]) -> PlannedView:
        inputs = tuple(structs.replace(each, name=self._known[each.name.casefold()]) for each in view.inputs)
        view = structs.replace(view, inputs=inputs)
        self._sources[view.name] = view
        planned = plan_python_view(view, references)
        if view.output is None and self._settings(view.name).contract is not None:
            return structs.replace(planned, findings=(unchecked_contract(view),))
        return planned

    def _undeclared(self, name: str) -> PythonSource | None:
        """Give the Python view of that name if it does not say what it gives."""
        source = self._sources.get(name)
        return source if isinstance(source, PythonSource) and source.output is None else None

    def _plan_blindly(
        self, view: ViewSource, references: tuple[str, ...], undeclared: Mapping[str, PythonSource]
    ) -> PlannedView:
        """Find out what a query needs of Python views that do not say what they give."""
        for name in undeclared:
            self._session.add_table(name, pa.schema([]))
        found = plan_view(self._session, view, references)
        required = {name: (found.required or {}).get(name, {}) for name in undeclared}
        types = fitting_types(self._session, view, required)
        findings = [
            undeclared_output(view, source, types[name], find_identifier(view, name))
            for name, source in undeclared.items()
        ]
        return PlannedView(name=view.name, references=references, findings=(*findings, *found.findings))

    def _plan_query(self, view: ViewSource, references: tuple[str, ...]) -> PlannedView:
        planned = plan_view(self._session, view, references, self._plans.get(view.name))
        if planned.unoptimized is not None:
            read = variables_read(view.sql, planned.volatile_calls, self._variables)
            self._sources[view.name] = structs.replace(view, parameters=read.variables)
            definition = view_definition(view.sql, planned.unoptimized, planned.required or {}, read.variables)
            planned = structs.replace(planned, definition=definition, volatile=read.volatile)
        if planned.forbidden is not None:
            error = refusal(view, planned.forbidden)
            self._errors += [error] if error is not None else []
        return planned

    def _in_cycle(self, name: str, members: tuple[str, ...]) -> PlannedView:
        shown = " -> ".join((*members, members[0]))
        source, read = self._sources[name], members[members.index(name) - 1]
        named = find_identifier(source, read) if isinstance(source, ViewSource) else SourceLocation(file=source.path)
        finding = PlanningFinding(
            view=name,
            kind=FindingKind.CYCLE,
            message=f"it waits for itself: {shown}",
            subject=shown,
            location=named,
        )
        return PlannedView(name=name, references=self._references[name], findings=(finding,))

    def _keep(self, planned: PlannedView) -> None:
        self._planned[planned.name] = planned
        if planned.schema is None and planned.definition is None:
            return
        statistics = view_statistics(planned, self._evidence)
        self._statistics[planned.name] = statistics
        if planned.schema is not None:
            self._session.add_table(planned.name, planned.schema)
            self._evidence[planned.name] = self._evidence_of(planned, statistics)

    def _evidence_of(self, planned: PlannedView, statistics: ViewStatistics) -> Evidence:
        rows = statistics.rows_out
        is_python = isinstance(self._sources[planned.name], PythonSource)
        return Evidence(
            name=planned.name,
            source=EvidenceSource.DECLARED if is_python else EvidenceSource.PLAN,
            columns=self._session.columns(planned.name),
            rows=rows,
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
        scans = dataset_scans(self._datasets, self._project.datasets, views)
        return CompiledProject(
            graph=LogicalGraph(
                nodes=tuple(sorted(nodes, key=lambda node: node.name)),
                edges=tuple(sorted(edges, key=lambda edge: (edge.producer, edge.consumer))),
            ),
            evidence=EvidenceCatalog(entries=dict(sorted(self._evidence.items()))),
            statistics=Statistics(
                views=dict(sorted(self._statistics.items())),
                checks={name: check_statistics(self._evidence[name]) for name in checks},
                scans={name: scan_statistics(scan) for name, scan in scans.items()},
            ),
            snapshots={name: dataset.snapshot for name, dataset in sorted(self._datasets.items())},
            datasets={name: dataset.ref for name, dataset in sorted(self._datasets.items())},
            sources=dict(sorted(self._sources.items())),
            findings=tuple(finding for planned in views for finding in planned.findings),
            checks=checks,
            scans=scans,
        )

    def _checks(self) -> dict[str, tuple[DataCheck, ...]]:
        found = {
            name: contract_checks(self._session, evidence, self._variables)
            for name, evidence in sorted(self._evidence.items())
        }
        return {name: checks for name, checks in found.items() if checks}

    def _node(self, planned: PlannedView) -> LogicalNode:
        settings, source = self._settings(planned.name), self._sources[planned.name]
        declared = source.tags if isinstance(source, PythonSource) else ()
        return LogicalNode(
            name=planned.name,
            kind=NodeKind.PYTHON_VIEW if isinstance(source, PythonSource) else NodeKind.SQL_VIEW,
            path=source.path,
            definition=planned.definition,
            volatile=planned.volatile,
            reproducible=settings.reproducible,
            materialize=settings.materialize or self._default(planned.name),
            tags=tuple(sorted({*settings.tags, *declared})),
            declared_cost=settings.cost,
        )

    def _default(self, view: str) -> Materialize:
        """Give the default where another view reads this one; the others are `auto`, and so tables."""
        return self._project.defaults.materialize if view in self._read else Materialize.AUTO


def _edge(producer: str, planned: PlannedView) -> LogicalEdge:
    needed = (planned.required or {}).get(producer)
    if needed is None:
        return LogicalEdge(producer=producer, consumer=planned.name)
    columns = tuple(RequiredColumn(name=name, type=kind) for name, kind in sorted(needed.items()))
    places = {column: place for column, place in planned.places.get(producer, {}).items() if column in needed}
    requirement = Requirement(columns=columns)
    return LogicalEdge(producer=producer, consumer=planned.name, requirement=requirement, places=places)
