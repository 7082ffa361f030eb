"""Test kit for packages and repositories that meet `plan` at its contracts and ports.

`plan_contracts.testing.strategies` needs hypothesis, which the extra `testing` brings; everything else needs nothing.
"""

from plan_contracts.testing.builders import definition_of, evidence_catalog, graph, task_graph
from plan_contracts.testing.committer import MemoryCommitter, StagedMismatch, staged_file
from plan_contracts.testing.error_codes import raised_error_codes
from plan_contracts.testing.error_examples import ExampleMismatch, assert_error_example, published_examples
from plan_contracts.testing.fakes import FakeClock, FakeHistory, RecordingSink
from plan_contracts.testing.goldens import GoldenMismatch, assert_goldens

__all__ = [
    # builders
    "definition_of",
    "evidence_catalog",
    "graph",
    "staged_file",
    "task_graph",
    # fakes of ports
    "FakeClock",
    "FakeHistory",
    "MemoryCommitter",
    "RecordingSink",
    "StagedMismatch",
    # goldens
    "GoldenMismatch",
    "assert_goldens",
    # errors
    "ExampleMismatch",
    "assert_error_example",
    "published_examples",
    "raised_error_codes",
]
