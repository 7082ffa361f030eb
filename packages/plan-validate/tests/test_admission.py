"""Admission, held against reachability in networkx."""

import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import (
    AdmissionPolicy,
    Column,
    DataContract,
    Evidence,
    EvidenceCatalog,
    EvidenceSource,
    Exactness,
    FindingKind,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanningFinding,
    PlanValidationArtifact,
    RequiredColumn,
    Requirement,
    ValidationStatus,
)
from plan_validate import admit, validate_graph

FAULTS = ("sound", "finding", "column", "type", "unknown")


def project(faults: dict[str, str], edges: list[tuple[str, str]]) -> PlanValidationArtifact:
    """Make views that read the dataset `source`, each with one kind of fault, and each other."""
    views = [LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition="0" * 64) for name in faults]
    wanted = {"column": RequiredColumn(name="lost"), "type": RequiredColumn(name="id", type="string")}
    reads = [
        LogicalEdge(
            producer="source",
            consumer=name,
            requirement=None
            if fault == "unknown"
            else Requirement(columns=(wanted[fault],) if fault in wanted else ()),
        )
        for name, fault in faults.items()
    ]
    links = [LogicalEdge(producer=a, consumer=b, requirement=Requirement()) for a, b in edges]
    column = (Column(name="id", type="int64"),)
    return validate_graph(
        LogicalGraph(nodes=(LogicalNode(name="source", kind=NodeKind.DATASET), *views), edges=(*reads, *links)),
        EvidenceCatalog(
            entries={
                name: Evidence(name=name, source=EvidenceSource.PLAN, columns=column) for name in ("source", *faults)
            }
        ),
        [
            PlanningFinding(view=name, kind=FindingKind.TYPE_ERROR, message="It adds a date to a bool", subject="x")
            for name, fault in faults.items()
            if fault == "finding"
        ],
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.sampled_from(AdmissionPolicy))
def test_admit_random_project_agrees_with_reachability(seed: int, count: int, policy: AdmissionPolicy) -> None:
    chooser = random.Random(seed)
    names = [f"v{index}" for index in range(count)]
    faults = {name: chooser.choices(FAULTS, [6, 1, 1, 1, 1])[0] for name in names}
    edges = [(a, b) for index, a in enumerate(names) for b in names[index + 1 :] if chooser.random() < 0.25]
    stopping = {"finding", "column"} if policy is AdmissionPolicy.WARN else {"finding", "column", "type"}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    held = {name for name in names if any(faults[up] in stopping for up in names if nx.has_path(graph, up, name))}
    if policy is AdmissionPolicy.STRICT and held:
        held = set(names)
    admission = admit(project(faults, edges), policy)
    assert admission.policy is policy
    assert admission.admitted == tuple(sorted(set(names) - held))
    assert [one.task for one in admission.held] == sorted(held)
    assert admission.refused == (bool(names) and held == set(names))
    assert all(one.reason for one in admission.held)


@pytest.mark.parametrize("policy", AdmissionPolicy)
def test_admit_sound_project_admits_all(policy: AdmissionPolicy) -> None:
    admission = admit(project({"a": "sound", "b": "unknown"}, [("a", "b")]), policy)
    assert admission.admitted == ("a", "b")
    assert admission.held == ()
    assert not admission.refused


def test_admit_partial_says_why_each_view_is_held() -> None:
    faults = {"a": "column", "b": "sound", "c": "type", "d": "finding", "e": "sound"}
    admission = admit(project(faults, [("a", "b"), ("c", "b")]), AdmissionPolicy.PARTIAL)
    assert {held.task: held.reason for held in admission.held} == {
        "a": "`source` has no column `lost`",
        "b": "it reads, directly or through others, `a`, `c`, held themselves",
        "c": "column `id` of `source` is int64, needed as string",
        "d": "It adds a date to a bool",
    }
    assert admission.admitted == ("e",)


def test_admit_strict_names_the_culprit_for_sound_views() -> None:
    admission = admit(project({"a": "column", "b": "sound"}, []), AdmissionPolicy.STRICT)
    assert admission.refused
    assert admission.held[1].reason == "the policy `strict` stops every view because of `a`"


def test_admit_broken_contract_of_a_view_says_so() -> None:
    evidence = Evidence(
        name="a",
        source=EvidenceSource.PLAN,
        columns=(Column(name="id", type="int64"),),
        contract=DataContract(columns={"id": "string"}),
    )
    artifact = validate_graph(
        LogicalGraph(nodes=(LogicalNode(name="a", kind=NodeKind.SQL_VIEW),), edges=()),
        EvidenceCatalog(entries={"a": evidence}),
    )
    assert artifact.task_results[0].status is ValidationStatus.INVALID
    admission = admit(artifact, AdmissionPolicy.PARTIAL)
    assert admission.held[0].reason == "its output breaks its contract: `id` should be string, is int64"
    assert admit(artifact, AdmissionPolicy.WARN).admitted == ("a",)


def _of_broken_datasets(*names: str) -> PlanValidationArtifact:
    """Make a view over each dataset whose contract asks for more rows than there are, and a sound one."""
    evidence = {
        name: Evidence(
            name=name,
            source=EvidenceSource.FILES,
            columns=(Column(name="id", type="int64"),),
            rows=1,
            exactness=Exactness.EXACT,
            contract=DataContract(min_rows=2),
        )
        for name in names
    }
    datasets = [LogicalNode(name=name, kind=NodeKind.DATASET) for name in names]
    views = [LogicalNode(name=f"of_{name}", kind=NodeKind.SQL_VIEW, definition="0" * 64) for name in names]
    sound = LogicalNode(name="sound", kind=NodeKind.SQL_VIEW, definition="0" * 64)
    edges = tuple(LogicalEdge(producer=name, consumer=f"of_{name}", requirement=Requirement()) for name in names)
    return validate_graph(
        LogicalGraph(nodes=(*datasets, *views, sound), edges=edges), EvidenceCatalog(entries=evidence)
    )


def test_override_of_a_dataset_lets_its_readers_run_although_the_rest_is_strict() -> None:
    artifact = _of_broken_datasets("orders")
    assert admit(artifact, AdmissionPolicy.STRICT).refused
    admission = admit(artifact, AdmissionPolicy.STRICT, {"orders": AdmissionPolicy.WARN})
    assert (admission.admitted, admission.held) == (("of_orders", "sound"), ())
    assert admission.overrides == {"orders": AdmissionPolicy.WARN}


def test_override_of_a_dataset_to_partial_holds_its_readers_alone() -> None:
    artifact = _of_broken_datasets("orders")
    admission = admit(artifact, AdmissionPolicy.STRICT, {"orders": AdmissionPolicy.PARTIAL})
    assert (admission.admitted, [held.task for held in admission.held]) == (("sound",), ["of_orders"])


def test_override_of_a_dataset_says_nothing_of_another() -> None:
    artifact = _of_broken_datasets("orders", "items")
    assert admit(artifact, AdmissionPolicy.STRICT, {"orders": AdmissionPolicy.WARN}).refused
    strict = admit(artifact, AdmissionPolicy.WARN, {"items": AdmissionPolicy.STRICT})
    assert strict.refused
    assert "of_items" in next(held.reason for held in strict.held if held.task == "sound")


def test_override_of_a_view_decides_for_its_faults() -> None:
    artifact = project({"bad": "type", "fine": "sound"}, [])
    assert admit(artifact, AdmissionPolicy.STRICT, {"bad": AdmissionPolicy.PARTIAL}).admitted == ("fine",)
    assert admit(artifact, AdmissionPolicy.STRICT, {"bad": AdmissionPolicy.WARN}).admitted == ("bad", "fine")
    assert admit(artifact, AdmissionPolicy.PARTIAL, {"bad": AdmissionPolicy.STRICT}).refused


def test_override_does_not_let_a_view_run_that_cannot() -> None:
    artifact = project({"bad": "column", "fine": "sound"}, [])
    admission = admit(artifact, AdmissionPolicy.STRICT, {"bad": AdmissionPolicy.WARN})
    assert (admission.admitted, admission.refused) == (("fine",), False)
