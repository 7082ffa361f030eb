"""Identities: what enters them, what does not, and that they are the same in every process."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import (
    ArtifactIds,
    LogicalGraph,
    RunStatus,
    artifact_id,
    build_key,
    digest,
    identity_bytes,
    identity_form,
    payload_hash,
    plan_signature,
)
from plan_contracts.golden_cases import events, schedules, validation
from plan_contracts.testing import graph


def test_identity_form_drops_declared_fields_only() -> None:
    form = identity_form(schedules.DIAMOND)
    fields = set(schedules.DIAMOND.__struct_fields__)
    assert fields - set(form) == {"run_id"}


def test_identity_form_of_a_manifest_drops_fields_of_nested_contracts(unpack: Callable[[bytes], Any]) -> None:
    form = unpack(identity_bytes(events.MANIFEST))
    assert set(form) == {
        "project",
        "profile",
        "plan_signature",
        "reduced_plan_signature",
        "dataset_snapshots",
        "outputs",
        "checks",
        "versions",
        "artifact_ids",
    }
    assert form["outputs"] == [{"name": "daily_revenue", "uri": "daily_revenue.parquet"}]
    assert set(form["artifact_ids"]) == {"plan_schedule", "plan_validation", "plan_evidence"}
    assert form["dataset_snapshots"][0]["content_id"] == "5b" * 32


def test_artifact_id_of_two_runs_of_one_plan_is_equal() -> None:
    for artifact in (schedules.DIAMOND, validation.MIXED):
        other = msgspec.structs.replace(artifact, run_id="another")
        assert artifact_id(other) == artifact_id(artifact)
    later = msgspec.structs.replace(
        events.MANIFEST,
        run_id="another",
        status=RunStatus.FAILED,
        ended_at_unix_ms=events.MANIFEST.ended_at_unix_ms + 1,
        artifact_ids=msgspec.structs.replace(events.MANIFEST.artifact_ids, run_manifest="0" * 64),
    )
    assert artifact_id(later) == artifact_id(events.MANIFEST)


@pytest.mark.parametrize(
    ("field", "value"),
    [("ordered_tasks", ("extract", "cheap", "dear", "report")), ("task_count", 5), ("plan_signature", "")],
)
def test_artifact_id_changes_with_every_field_that_belongs_to_the_plan(field: str, value: object) -> None:
    other = msgspec.structs.replace(schedules.DIAMOND, **{field: value})
    assert artifact_id(other) != artifact_id(schedules.DIAMOND)


def test_artifact_id_is_the_hash_of_the_identity_bytes() -> None:
    assert artifact_id(schedules.DIAMOND) == payload_hash(identity_bytes(schedules.DIAMOND))


def test_identity_form_of_a_document_without_run_specific_fields_keeps_all() -> None:
    assert set(identity_form(schedules.COSTS)) == {"costs"}
    assert set(identity_form(ArtifactIds(run_manifest="0" * 64))) == {
        "plan_schedule",
        "plan_validation",
        "plan_evidence",
    }


_IDS = """
from plan_contracts import artifact_id, plan_signature
from plan_contracts.golden_cases import valid_cases
from plan_contracts.testing import graph
print([artifact_id(case.document) for case in valid_cases()], plan_signature(graph("a -> b -> c; a -> c")))
"""


def test_identities_are_equal_under_every_hash_seed() -> None:
    answers = set[str]()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", _IDS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert len(answers.pop()) > 1000


def test_plan_signature_ignores_the_order_of_nodes_and_edges() -> None:
    built = graph("a -> b -> d; a -> c -> d")
    turned = LogicalGraph(nodes=built.nodes[::-1], edges=built.edges[::-1])
    assert plan_signature(turned) == plan_signature(built)


def test_plan_signature_ignores_costs_and_tags() -> None:
    built = graph("a -> b")
    dearer = LogicalGraph(
        nodes=tuple(msgspec.structs.replace(node, declared_cost=9.0, tags=("x",)) for node in built.nodes),
        edges=built.edges,
    )
    assert plan_signature(dearer) == plan_signature(built)


def test_plan_signature_changes_with_definition_requirement_and_edge() -> None:
    built = graph("a -> b")
    signatures = {
        plan_signature(built),
        plan_signature(graph("a -> b; a -> c")),
        plan_signature(graph("a -> b", requires={("a", "b"): {"x": "int64"}})),
        plan_signature(built, edges=()),
        plan_signature(
            LogicalGraph(
                nodes=tuple(msgspec.structs.replace(node, definition="0" * 64) for node in built.nodes),
                edges=built.edges,
            )
        ),
    }
    assert len(signatures) == 5


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_digest_of_different_parts_differs(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def test_build_key_depends_on_definition_names_and_content_but_not_on_order() -> None:
    key = build_key("d", {"a": "1", "b": "2"})
    assert build_key("d", {"b": "2", "a": "1"}) == key
    assert (
        len({key, build_key("e", {"a": "1", "b": "2"}), build_key("d", {"a": "2", "b": "1"}), build_key("d", {})}) == 4
    )
