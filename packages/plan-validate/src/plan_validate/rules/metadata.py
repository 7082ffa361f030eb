"""Required metadata keys must exist."""

from plan_contracts import Evidence, Requirement


def missing_metadata(requirement: Requirement, producer: Evidence) -> tuple[str, ...]:
    """Give the required keys that the producer's schema metadata lacks, sorted, each once."""
    return tuple(sorted(set(requirement.metadata) - producer.metadata.keys()))
