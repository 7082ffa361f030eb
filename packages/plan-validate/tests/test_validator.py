"""Verdicts on edges and views, held against reachability in networkx."""

import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import (
    BLOCKED,
    INVALID,
    NOT_VALIDATED,
    VALID,
    dataset,
    edge,
    finding,
    judge,
    judge_one,
    known,
    of,
    only_edge,
    view,
)

from plan_contracts import (
    CompiledProject,
    ContractViolation,
    DataContract,
    EdgeValidation,
    Evidence,
    EvidenceCatalog,
    Exactness,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    PlanErrors,
    PlanningFinding,
    PlanSignatures,
    PlanValidationArtifact,
    SourceLocation,
    Statistics,
    Suggestion,
    TypeMismatch,
    ViolationKind,
    decode_msgpack,
    encode_msgpack,
)
from plan_validate import GraphRefused, validate_plan


def test_edge_all_columns_there_is_valid() -> None:
    result = judge_one(
        edge("orders", "clean", id="int64", day=None), known("orders", id="int64", day="date32", x="bool")
    )
    assert result == EdgeValidation(producer="orders", consumer="clean", status=VALID)


def test_edge_missing_columns_are_listed_with_nearest() -> None:
    result = judge_one(edge("orders", "clean", custmer="int64", zzz="int64"), known("orders", customer="int64"))
    assert result.status is INVALID
    assert result.missing_columns == ("custmer", "zzz")
    assert result.suggestions == (Suggestion(subject="custmer", replacement="customer", found_in="orders"),)


def test_edge_missing_column_of_another_input_is_suggested() -> None:
    artifact = judge(
        [dataset("orders"), dataset("customers"), view("joined")],
        [edge("orders", "joined", region="string"), edge("customers", "joined", id="int64")],
        [known("orders", id="int64"), known("customers", id="int64", region="string")],
    )
    bad = next(found for found in of(artifact, "joined").edges if found.producer == "orders")
    assert bad.suggestions == (Suggestion(subject="region", replacement="region", found_in="customers"),)
    assert (artifact.valid_edges, artifact.invalid_edges, artifact.total_edges) == (1, 1, 2)


def test_edge_other_type_is_a_mismatch_with_both_types() -> None:
    result = judge_one(edge("orders", "clean", id="int64"), known("orders", id="string"))
    assert result.status is INVALID
    assert result.type_mismatches == (TypeMismatch(column="id", required="int64", available="string"),)


def test_edge_narrower_type_fits_only_where_widening_is_allowed() -> None:
    wanted, there = edge("orders", "clean", id="int64"), known("orders", id="int32")
    assert judge_one(wanted, there).status is VALID
    assert judge_one(wanted, there, widening=False).status is INVALID
    assert judge_one(edge("orders", "clean", id="int32"), known("orders", id="int64")).status is INVALID


def test_edge_other_spelling_of_a_type_is_valid() -> None:
    there = known("orders", price="decimal128(12, 2)", label="string_view")
    assert judge_one(edge("orders", "clean", price="decimal(12,2)", label="string"), there).status is VALID


def test_edge_missing_metadata_is_listed() -> None:
    result = judge_one(edge("orders", "clean", metadata=("owner", "unit")), known("orders", metadata={"unit": "EUR"}))
    assert result.status is INVALID
    assert result.missing_metadata == ("owner",)


def test_edge_without_requirement_is_not_validated() -> None:
    result = judge_one(LogicalEdge(producer="orders", consumer="clean"), known("orders", id="int64"))
    assert result.status is NOT_VALIDATED


def test_edge_dataset_without_evidence_is_not_validated() -> None:
    artifact = judge([dataset("orders"), view("clean")], [edge("orders", "clean", id="int64")], [])
    assert only_edge(artifact, "clean").status is NOT_VALIDATED
    assert of(artifact, "clean").status is NOT_VALIDATED
    assert artifact.not_validated_tasks == 1


CONTRACT = DataContract(
    columns={"id": "int64", "amount": "decimal(12,2)", "gone": "bool"},
    not_null=("id", "lost"),
    metadata={"owner": "finance", "unit": "EUR"},
    min_rows=5,
)


def test_contract_of_dataset_every_violation_stands_on_each_edge() -> None:
    there = known(
        "orders",
        contract=CONTRACT,
        rows=3,
        nullable=False,
        metadata={"unit": "USD"},
        id="int64",
        amount="float64",
    )
    artifact = judge(
        [dataset("orders"), view("a"), view("b")], [edge("orders", "a"), edge("orders", "b", id="int64")], [there]
    )
    for name in "ab":
        found = only_edge(artifact, name)
        assert found.status is INVALID
        assert [(one.kind, one.subject, one.declared, one.available) for one in found.contract_violations] == [
            (ViolationKind.TYPE_DIFFERS, "amount", "decimal(12,2)", "float64"),
            (ViolationKind.COLUMN_MISSING, "gone", "bool", "no such column"),
            (ViolationKind.COLUMN_MISSING, "lost", "not null", "no such column"),
            (ViolationKind.METADATA_MISSING, "owner", "finance", "no such key"),
            (ViolationKind.METADATA_DIFFERS, "unit", "EUR", "USD"),
            (ViolationKind.TOO_FEW_ROWS, "min_rows", "5", "3"),
        ]


def test_contract_that_holds_is_valid() -> None:
    contract = DataContract(columns={"id": "int64"}, not_null=("id",), min_rows=3, max_rows=3)
    there = known("orders", contract=contract, rows=3, nullable=False, id="int64")
    assert judge_one(edge("orders", "clean", id="int64"), there).status is VALID


def test_contract_too_many_rows_is_violated() -> None:
    there = known("orders", contract=DataContract(max_rows=2), rows=3, id="int64")
    result = judge_one(edge("orders", "clean", id="int64"), there)
    assert result.contract_violations == (
        ContractViolation(kind=ViolationKind.TOO_MANY_ROWS, subject="max_rows", declared="2", available="3"),
    )


def test_contract_narrower_type_is_violated_although_it_widens() -> None:
    there = known("orders", contract=DataContract(columns={"id": "int64"}), id="int32")
    assert judge_one(edge("orders", "clean", id="int64"), there).status is INVALID


@pytest.mark.parametrize(
    ("contract", "kind"),
    [
        (DataContract(not_null=("id",)), ViolationKind.NULLABLE),
        (DataContract(min_rows=1), ViolationKind.TOO_FEW_ROWS),
        (DataContract(max_rows=1), ViolationKind.TOO_MANY_ROWS),
    ],
)
def test_contract_that_needs_data_is_not_validated_and_says_why(contract: DataContract, kind: ViolationKind) -> None:
    there = known("orders", contract=contract, rows=50, exactness=Exactness.ESTIMATED, id="int64")
    result = judge_one(edge("orders", "clean", id="int64"), there)
    assert result.status is NOT_VALIDATED
    assert [violation.kind for violation in result.contract_violations] == [kind]


def test_contract_of_view_output_stands_on_its_task_and_blocks_consumers() -> None:
    artifact = judge(
        [dataset("orders"), view("clean"), view("mart")],
        [edge("orders", "clean", id="int64"), edge("clean", "mart", id="int64")],
        [known("orders", id="int64"), known("clean", contract=DataContract(columns={"id": "string"}), id="int64")],
    )
    clean, mart = of(artifact, "clean"), of(artifact, "mart")
    assert clean.status is INVALID
    assert [violation.subject for violation in clean.contract_violations] == ["id"]
    assert (mart.status, mart.blocked_by) == (BLOCKED, ("clean",))
    assert (mart.edges[0].status, mart.edges[0].contract_violations) == (VALID, ())


def test_view_below_broken_one_without_evidence_has_blocked_edge() -> None:
    artifact = judge(
        [dataset("orders"), view("a"), view("b"), view("c")],
        [edge("orders", "a", idd="int64"), edge("a", "b"), LogicalEdge(producer="b", consumer="c")],
        [known("orders", id="int64")],
    )
    assert [of(artifact, name).status for name in "abc"] == [INVALID, BLOCKED, BLOCKED]
    assert [only_edge(artifact, name).status for name in "bc"] == [BLOCKED, BLOCKED]
    assert (of(artifact, "b").blocked_by, of(artifact, "c").blocked_by) == (("a",), ("a",))


def test_view_blame_names_only_the_nearest() -> None:
    artifact = judge(
        [view("a"), view("b"), view("c"), view("d")],
        [edge("a", "b"), edge("b", "c"), edge("c", "d")],
        [],
        [finding("a"), finding("c")],
    )
    assert [of(artifact, name).blocked_by for name in "abcd"] == [(), ("a",), (), ("c",)]


def test_view_with_finding_is_invalid_and_keeps_it() -> None:
    artifact = judge([view("a")], [], [], [finding("a")])
    assert of(artifact, "a").findings == (finding("a"),)
    assert of(artifact, "a").location == SourceLocation(file="views/a.sql")
    assert (artifact.invalid_tasks, artifact.total_tasks, artifact.total_edges) == (1, 1, 0)


def test_view_without_inputs_is_valid() -> None:
    assert of(judge([view("constant")], [], []), "constant").status is VALID


def test_cycle_members_with_findings_do_not_loop() -> None:
    artifact = judge(
        [view("a"), view("b"), view("c"), view("d")],
        [edge("a", "b"), edge("b", "a"), edge("b", "c"), edge("c", "d"), edge("d", "c")],
        [],
        [finding("a"), finding("b")],
    )
    assert [of(artifact, name).status for name in "abcd"] == [INVALID, INVALID, BLOCKED, BLOCKED]
    assert of(artifact, "c").blocked_by == of(artifact, "d").blocked_by == ("b",)


def test_graph_that_contradicts_itself_reports_every_contradiction() -> None:
    nodes = [dataset("orders"), view("a"), view("a"), view("b")]
    edges = [edge("a", "b"), edge("a", "b"), edge("b", "orders"), edge("zz", "b")]
    with pytest.raises(PlanErrors) as caught:
        judge(nodes, edges, [], [finding("orders")])
    messages = [error.message for error in caught.value.errors]
    assert messages == [
        "The graph has 2 nodes named `a`",
        "The edge `a` -> `b` is given twice",
        "The edge `b` -> `orders` leads into a dataset; only views read",
        "The edge `zz` -> `b` names `zz`, which is no node",
        "A finding names `orders`, which is no view",
    ]
    assert all(isinstance(error, GraphRefused) for error in caught.value.errors)


def random_project(
    seed: int, count: int
) -> tuple[list[LogicalNode], list[LogicalEdge], list[Evidence], list[PlanningFinding]]:
    """Make a graph in which edges, evidence and findings are broken at random, cycles included."""
    chooser = random.Random(seed)
    names = [f"v{index}" for index in range(count)]
    edges = [edge("source", name, id="int64") for name in names if chooser.random() < 0.3]
    for index, consumer in enumerate(names):
        for place, producer in enumerate(names):
            if (place < index and chooser.random() < 0.3) or (place > index and chooser.random() < 0.02):
                type_name = chooser.choice(["int64", None, "string"])
                wanted = edge(producer, consumer, id=type_name)
                if chooser.random() < 0.15:
                    wanted = edge(producer, consumer, lost=type_name)
                edges.append(wanted if chooser.random() < 0.9 else LogicalEdge(producer=producer, consumer=consumer))
    evidence = [known(name, id=chooser.choice(["int64", "int32"])) for name in names if chooser.random() < 0.8]
    findings = [finding(name) for name in names if chooser.random() < 0.1]
    return [dataset("source"), *map(view, names)], edges, [known("source", id="int64"), *evidence], findings


def above_of(graph: "nx.DiGraph[str]", name: str) -> set[str]:
    return {other for other in graph if other != name and nx.has_path(graph, other, name)}


@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
def test_random_project_verdicts_agree_with_reachability(seed: int, count: int) -> None:
    nodes, edges, evidence, findings = random_project(seed, count)
    artifact = judge(nodes, edges, evidence, findings)
    results = {result.task: result for result in artifact.task_results}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(results)
    graph.add_edges_from((one.producer, one.consumer) for one in edges if one.producer != "source")
    described = {entry.name: {column.name: column.type for column in entry.columns} for entry in evidence}
    invalid: set[str] = {found.view for found in findings}
    for one in edges:
        there = described.get(one.producer)
        if one.requirement is None or there is None:
            continue
        for column in one.requirement.columns:
            if column.name not in there or column.type == "string":
                invalid.add(one.consumer)
    assert {name for name, result in results.items() if result.status is INVALID} == invalid
    for name, result in results.items():
        above = above_of(graph, name)
        assert (result.status is BLOCKED) == (name not in invalid and bool(above & invalid))
        sound = graph.subgraph(set(results) - invalid | {name})
        nearest = {
            producer
            for reached in {name, *above_of(sound, name)}
            for producer in graph.predecessors(reached)
            if producer in invalid
        }
        assert result.blocked_by == (tuple(sorted(nearest)) if name not in invalid else ())
        for one in result.edges:
            broken = one.producer in invalid or results.get(one.producer, result).status is BLOCKED
            unknown = one.producer not in described
            assert (one.status is BLOCKED) == (unknown and one.producer in results and broken)
    counted = (artifact.valid_tasks, artifact.invalid_tasks, artifact.blocked_tasks, artifact.not_validated_tasks)
    assert sum(counted) == artifact.total_tasks == count
    verdicts = [one.status for result in artifact.task_results for one in result.edges]
    assert (len(verdicts), verdicts.count(VALID), verdicts.count(INVALID)) == (
        artifact.total_edges,
        artifact.valid_edges,
        artifact.invalid_edges,
    )
    assert artifact.total_edges == len(edges)


@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.randoms(use_true_random=False))
def test_permuted_project_gives_same_bytes(seed: int, count: int, shuffler: random.Random) -> None:
    parts = random_project(seed, count)
    before = encode_msgpack(judge(*parts))
    for part in parts:
        shuffler.shuffle(part)
    after = encode_msgpack(judge(*parts))
    assert after == before
    assert encode_msgpack(decode_msgpack(after, PlanValidationArtifact)) == after


def test_chain_of_20000_below_a_broken_view_is_blocked_without_recursion() -> None:
    names = [f"v{index:05d}" for index in range(20_000)]
    edges = [edge(names[index], names[index + 1]) for index in range(len(names) - 1)]
    artifact = judge([view(name) for name in names], edges, [], [finding(names[0])])
    assert (artifact.invalid_tasks, artifact.blocked_tasks) == (1, 19_999)
    assert of(artifact, names[-1]).blocked_by == (names[0],)


def test_validate_plan_takes_the_compiled_project() -> None:
    compiled = CompiledProject(
        graph=LogicalGraph(nodes=(dataset("orders"), view("a")), edges=(edge("orders", "a", x="int64"),)),
        evidence=EvidenceCatalog(entries={"orders": known("orders", x="int64")}),
        statistics=Statistics(views={}),
        snapshots={},
        datasets={},
        sources={},
        findings=(finding("a"),),
    )
    signatures = PlanSignatures(plan_signature="1" * 64, reduced_plan_signature="2" * 64)
    artifact = validate_plan(compiled, run_id="r9", signatures=signatures)
    assert (artifact.run_id, artifact.plan_signature, artifact.reduced_plan_signature) == ("r9", "1" * 64, "2" * 64)
    assert artifact.invalid_tasks == 1
