"""Every published contract: its name, its type and its version."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from plan_contracts.base import Contract
from plan_contracts.costs import CostTable
from plan_contracts.documents import DocumentReport
from plan_contracts.drift import PlanDriftArtifact, PlanEvidenceArtifact
from plan_contracts.errors import ContractUnknown
from plan_contracts.errors_payload import ErrorPayload, ErrorReport
from plan_contracts.events import (
    EventRow,
    ExecutionStarted,
    PlanDriftEnvelope,
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    ResultSpilled,
    RunFailed,
    RunFinished,
    RunManifestEnvelope,
    RunStarted,
    ScanUnitFinished,
    TaskFinished,
    TaskRetried,
    TaskRouting,
    TaskScheduling,
    TaskStarted,
)
from plan_contracts.evidence import DataContract, Evidence, EvidenceCatalog
from plan_contracts.execution import (
    BuildRequest,
    ExecutionReport,
    OutputRecord,
    RoutingDecision,
    SchedulingDecision,
    TaskRequest,
    TaskResult,
)
from plan_contracts.executors import (
    ExecutorCapabilities,
    ExecutorChoice,
    ExecutorConfig,
)
from plan_contracts.graph import CompiledEntry, CompiledProject, LogicalGraph, Requirement, TaskGraph
from plan_contracts.history import TaskHistory
from plan_contracts.lineage import ViewLineage
from plan_contracts.manifest import RunList, RunManifestV2
from plan_contracts.names import nearest
from plan_contracts.project import ProjectFile
from plan_contracts.publication import (
    ArrowTable,
    ContractDescription,
    ContractList,
    ErrorCatalogue,
    FolderReport,
    PublishedFiles,
    PublishedIndex,
)
from plan_contracts.references import DatasetRef, DatasetSnapshot
from plan_contracts.scans import DatasetScan
from plan_contracts.schedule import PlanScheduleArtifact, PlanSignatures
from plan_contracts.statistics import Statistics
from plan_contracts.store_records import FileStamps, LedgerEntry, ProjectLease, RunMarker, SegmentLedger
from plan_contracts.store_reports import StoreCompaction, StoreInfo, StorePruning
from plan_contracts.validation import Admission, PlanValidationArtifact
from plan_contracts.view_description import ViewDescription


def version_number(version: str) -> tuple[int, int]:
    """Give major and minor of a version, as numbers that sort.

    Examples
    --------
    >>> version_number("1.10") > version_number("1.9")
    True
    """
    major, minor = version.split(".")
    return int(major), int(minor)


@dataclass(frozen=True)
class RegisteredContract:
    """A contract under its published name."""

    name: str
    """Folder under `contracts/`; for an event its `kind`."""
    type: type[Contract]
    """The type that documents decode to."""
    version: str
    """`major.minor`."""

    @property
    def folder(self) -> str:
        """Folder of this version below `contracts/`, with forward slashes."""
        return f"{self.name}/{self.version}"

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor."""
        return version_number(self.version)


CONTRACTS: tuple[RegisteredContract, ...] = (
    RegisteredContract("admission", Admission, "1.0"),
    RegisteredContract("arrow_table", ArrowTable, "1.0"),
    RegisteredContract("build_request", BuildRequest, "1.0"),
    RegisteredContract("compiled_entry", CompiledEntry, "1.0"),
    RegisteredContract("compiled_project", CompiledProject, "1.0"),
    RegisteredContract("contract_description", ContractDescription, "1.0"),
    RegisteredContract("contract_list", ContractList, "1.0"),
    RegisteredContract("cost_table", CostTable, "1.0"),
    RegisteredContract("data_contract", DataContract, "1.0"),
    RegisteredContract("dataset_ref", DatasetRef, "1.0"),
    RegisteredContract("dataset_scan", DatasetScan, "1.0"),
    RegisteredContract("dataset_snapshot", DatasetSnapshot, "1.0"),
    RegisteredContract("document_report", DocumentReport, "1.0"),
    RegisteredContract("error_catalogue", ErrorCatalogue, "1.0"),
    RegisteredContract("error_payload", ErrorPayload, "1.0"),
    RegisteredContract("error_report", ErrorReport, "1.0"),
    RegisteredContract("event_row", EventRow, "2.0"),
    RegisteredContract("evidence", Evidence, "1.0"),
    RegisteredContract("evidence_catalog", EvidenceCatalog, "1.0"),
    RegisteredContract("execution_report", ExecutionReport, "1.0"),
    RegisteredContract("execution_started", ExecutionStarted, "1.0"),
    RegisteredContract("executor_capabilities", ExecutorCapabilities, "1.0"),
    RegisteredContract("executor_choice", ExecutorChoice, "1.0"),
    RegisteredContract("executor_config", ExecutorConfig, "1.0"),
    RegisteredContract("file_stamps", FileStamps, "1.0"),
    RegisteredContract("folder_report", FolderReport, "1.0"),
    RegisteredContract("ledger_entry", LedgerEntry, "1.0"),
    RegisteredContract("logical_graph", LogicalGraph, "1.0"),
    RegisteredContract("output_record", OutputRecord, "1.0"),
    RegisteredContract("plan_drift", PlanDriftEnvelope, "1.0"),
    RegisteredContract("plan_drift_artifact", PlanDriftArtifact, "1.0"),
    RegisteredContract("plan_evidence_artifact", PlanEvidenceArtifact, "1.0"),
    RegisteredContract("plan_schedule", PlanScheduleEnvelope, "1.0"),
    RegisteredContract("plan_schedule_artifact", PlanScheduleArtifact, "1.0"),
    RegisteredContract("plan_signatures", PlanSignatures, "1.0"),
    RegisteredContract("plan_validation", PlanValidationEnvelope, "1.0"),
    RegisteredContract("plan_validation_artifact", PlanValidationArtifact, "1.0"),
    RegisteredContract("project_file", ProjectFile, "1.0"),
    RegisteredContract("project_lease", ProjectLease, "1.0"),
    RegisteredContract("published_files", PublishedFiles, "1.0"),
    RegisteredContract("published_index", PublishedIndex, "1.0"),
    RegisteredContract("requirement", Requirement, "1.0"),
    RegisteredContract("result_spilled", ResultSpilled, "1.0"),
    RegisteredContract("routing_decision", RoutingDecision, "1.0"),
    RegisteredContract("run_failed", RunFailed, "1.0"),
    RegisteredContract("run_finished", RunFinished, "1.0"),
    RegisteredContract("run_list", RunList, "1.0"),
    RegisteredContract("run_manifest", RunManifestEnvelope, "2.0"),
    RegisteredContract("run_manifest_artifact", RunManifestV2, "2.0"),
    RegisteredContract("run_marker", RunMarker, "1.0"),
    RegisteredContract("run_started", RunStarted, "1.0"),
    RegisteredContract("scan_unit_finished", ScanUnitFinished, "1.0"),
    RegisteredContract("scheduling_decision", SchedulingDecision, "1.0"),
    RegisteredContract("segment_ledger", SegmentLedger, "1.0"),
    RegisteredContract("statistics", Statistics, "1.0"),
    RegisteredContract("store_compaction", StoreCompaction, "1.0"),
    RegisteredContract("store_info", StoreInfo, "1.0"),
    RegisteredContract("store_pruning", StorePruning, "1.0"),
    RegisteredContract("task_finished", TaskFinished, "1.0"),
    RegisteredContract("task_graph", TaskGraph, "1.0"),
    RegisteredContract("task_history", TaskHistory, "1.0"),
    RegisteredContract("task_request", TaskRequest, "1.0"),
    RegisteredContract("task_result", TaskResult, "1.0"),
    RegisteredContract("task_retried", TaskRetried, "1.0"),
    RegisteredContract("task_routing", TaskRouting, "1.0"),
    RegisteredContract("task_scheduling", TaskScheduling, "1.0"),
    RegisteredContract("task_started", TaskStarted, "1.0"),
    RegisteredContract("view_description", ViewDescription, "1.0"),
    RegisteredContract("view_lineage", ViewLineage, "1.0"),
)
"""Sorted by name."""

OLDER_MAJORS: tuple[RegisteredContract, ...] = ()
"""The last version of each released major that has a successor; its type stays, so that its documents are read."""


@cache
def _by_name() -> dict[str, RegisteredContract]:
    return {contract.name: contract for contract in CONTRACTS}


def registered_contract(name: str, contracts: Iterable[RegisteredContract] | None = None) -> RegisteredContract:
    """Give the contract of that name.

    Parameters
    ----------
    name
        For example `plan_schedule`.
    contracts
        Where to look; all of `CONTRACTS` when omitted.

    Raises
    ------
    ContractUnknown
        When there is none.
    """
    known = _by_name() if contracts is None else {contract.name: contract for contract in contracts}
    found = known.get(name)
    if found is None:
        near = nearest(name, known)
        mend = f"Did you mean `{near}`?" if near else f"Known: {', '.join(sorted(known))}."
        raise ContractUnknown(f"There is no contract `{name}`", subject=name, suggestion=mend)
    return found
