"""The verdict on one edge."""

from collections.abc import Mapping

from plan_contracts import Column, EdgeValidation, Evidence, LogicalEdge, ValidationStatus
from plan_validate.rules.columns import missing_columns
from plan_validate.rules.contracts import HOLDS, ContractVerdict
from plan_validate.rules.metadata import missing_metadata
from plan_validate.rules.types import type_mismatches
from plan_validate.suggestions import suggest_columns

MAX_LISTED = 20
"""Columns of a producer that are listed where one is missing."""


def judge_edge(
    edge: LogicalEdge,
    producer: Evidence | None,
    *,
    broken_producer: bool,
    dataset_contract: ContractVerdict | None,
    columns: Mapping[str, Mapping[str, Column]],
    widening: bool,
) -> EdgeValidation:
    """Hold what the consumer requires against what is known of the producer.

    Parameters
    ----------
    edge
        The edge, with its requirement.
    producer
        Evidence of the producer; none when nothing is known.
    broken_producer
        Whether the producer is a view that is invalid or blocked.
    dataset_contract
        How the producer's declared contract fares when it is a dataset; a view's contract is judged on its own task.
    columns
        Columns by name of each input of the consumer that has evidence.
    widening
        Whether safe widening of types is allowed.
    """
    contract = dataset_contract or HOLDS
    if producer is None or edge.requirement is None:
        status = ValidationStatus.NOT_VALIDATED
        if producer is None and broken_producer:
            status = ValidationStatus.BLOCKED
        if contract.violations:
            status = ValidationStatus.INVALID
        return EdgeValidation(
            producer=edge.producer,
            consumer=edge.consumer,
            status=status,
            contract_violations=contract.all,
            pending_checks=contract.pending_names,
        )
    available = columns[edge.producer]
    missing = missing_columns(edge.requirement, available)
    mismatches = type_mismatches(edge.requirement, available, widening=widening)
    metadata = missing_metadata(edge.requirement, producer)
    status = ValidationStatus.VALID
    if missing or mismatches or metadata or contract.violations:
        status = ValidationStatus.INVALID
    elif contract.unproven:
        status = ValidationStatus.NOT_VALIDATED
    return EdgeValidation(
        producer=edge.producer,
        consumer=edge.consumer,
        status=status,
        missing_columns=missing,
        places={column: edge.places[column] for column in missing if column in edge.places},
        available_columns=tuple(available)[:MAX_LISTED] if missing else (),
        type_mismatches=mismatches,
        missing_metadata=metadata,
        contract_violations=contract.all,
        pending_checks=contract.pending_names,
        suggestions=suggest_columns(missing, edge.producer, available, columns) if missing else (),
    )
