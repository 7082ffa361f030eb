"""What is hashed into what: artifact ids, plan signatures, definitions and build keys."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import cast, get_args

import msgspec

from plan_contracts.base import Contract
from plan_contracts.canonical_rules import is_canonical
from plan_contracts.codec import canonical_form, encode_map, encode_msgpack, payload_hash
from plan_contracts.graph import LogicalEdge, LogicalGraph


def contracts_within(annotation: object) -> set[type[Contract]]:
    """Give the contracts that values of a type may hold directly."""
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        return {annotation}
    return {found for argument in get_args(annotation) for found in contracts_within(argument)}


@cache
def reduced_fields(contract: type[Contract]) -> frozenset[str]:
    """Name the fields whose values hold run-specific fields further down."""
    reduced: set[str] = set()
    for field in msgspec.structs.fields(contract):
        if any(inner.run_specific or reduced_fields(inner) for inner in contracts_within(field.type)):
            reduced.add(field.name)
    return frozenset(reduced)


def _identity_value(value: object) -> object:
    if isinstance(value, Contract):
        return _without_run_specific(value)
    if isinstance(value, dict):
        return {str(key): _identity_value(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_identity_value(item) for item in cast("list[object]", value)]
    return value


def _without_run_specific(document: Contract) -> dict[str, object]:
    contract = type(document)
    reduced = reduced_fields(contract)
    return {
        name: _identity_value(getattr(document, name)) if name in reduced else getattr(document, name)
        for name in sorted(contract.__struct_fields__)
        if name not in contract.run_specific
    }


def identity_form(document: Contract) -> dict[str, object]:
    """Give the document without the fields that its contracts declare as run-specific.

    Raises
    ------
    NotCanonical
        When a float is NaN or infinite.

    Examples
    --------
    >>> from plan_contracts import ArtifactIds
    >>> identity_form(ArtifactIds(run_manifest="0" * 64))
    {'plan_evidence': None, 'plan_schedule': None, 'plan_validation': None}
    """
    return _without_run_specific(canonical_form(document))


def identity_bytes(document: Contract) -> bytes:
    """Give the canonical MessagePack of the identity form, a map with sorted keys: what `artifacts/<id>` holds."""
    if is_canonical(document):
        return encode_map(_without_run_specific(document), ordered=True)
    return encode_map(identity_form(document))


def artifact_id(document: Contract) -> str:
    """Give the sha256 of `identity_bytes`, in hexadecimal."""
    return payload_hash(identity_bytes(document))


def digest(*parts: str) -> str:
    """Give the sha256 over the parts, each preceded by its length, so that no two lists of parts collide."""
    hasher = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        hasher.update(len(encoded).to_bytes(8, "big"))
        hasher.update(encoded)
    return hasher.hexdigest()


def plan_signature(graph: LogicalGraph, edges: Iterable[LogicalEdge] | None = None) -> str:
    """Give the signature of a logical graph, whatever the order of its nodes and edges.

    Parameters
    ----------
    graph
        Names, kinds and definitions are taken from its nodes.
    edges
        The edges that count, with their requirements; all of the graph's when omitted. The signature over the
        transitive reduction's edges is the reduced plan signature.

    Returns
    -------
    str
        Digest over names, kinds, definitions and edges; costs, data and admission do not enter.
    """
    kept = graph.edges if edges is None else tuple(edges)
    nodes = sorted((node.name, node.kind.value, node.definition or "") for node in graph.nodes)
    lines = [
        (edge.producer, edge.consumer, edge.requirement)
        for edge in sorted(kept, key=lambda edge: (edge.producer, edge.consumer))
    ]
    return payload_hash(encode_msgpack({"nodes": nodes, "edges": lines}))


def build_key(definition: str, inputs: Mapping[str, str]) -> str:
    """Give the key of a view's result: equal keys mean that it need not be computed again.

    Parameters
    ----------
    definition
        The task's definition.
    inputs
        Content id by input name.
    """
    return digest(definition, *(part for name in sorted(inputs) for part in (name, inputs[name])))
