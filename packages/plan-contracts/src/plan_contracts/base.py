"""The root of every contract, and how a contract says which of its fields belong to one run only."""

from typing import ClassVar

import msgspec


class Contract(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A document or value that crosses a package boundary.

    Contracts are immutable and keyword-only. A stored contract ignores fields it does not know, so that an old reader
    can read what a newer writer left.

    What cannot change cannot be part of a cycle, so the collector of cycles does not look at them: a build keeps a
    hundred thousand, and would look at all of them again and again.
    """

    run_specific: ClassVar[frozenset[str]] = frozenset()
    """Names of the fields that differ between two runs of the same plan; the identity form leaves them out."""


class HandWritten(Contract, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract that people type. Unknown fields are refused, because there they are misspellings."""
