"""What counts as drift, how much each difference matters, and what does not count."""

import pytest
from judging import known
from msgspec.structs import replace

from plan_contracts import (
    Column,
    DataFormat,
    DatasetSnapshot,
    DriftKind,
    DriftSeverity,
    Evidence,
    EvidenceSource,
    PlanDriftArtifact,
    PlanEvidenceArtifact,
    SnapshotFile,
)
from plan_validate import find_drift

INFO, WARNING, ERROR = DriftSeverity.INFO, DriftSeverity.WARNING, DriftSeverity.ERROR


def snapshot(name: str, *files: str, content: str = "0") -> DatasetSnapshot:
    return DatasetSnapshot(
        name=name,
        content_id=content * 64,
        format=DataFormat.PARQUET,
        files=tuple(SnapshotFile(path=path, bytes=1, digest="0" * 64) for path in files),
        bytes=len(files),
    )


def plan(
    *evidence: Evidence, files: tuple[str, ...] = ("a",), content: str = "0", **definitions: str
) -> PlanEvidenceArtifact:
    """Know some datasets and views; those with a definition are views."""
    entries = {
        entry.name: replace(entry, source=EvidenceSource.PLAN) if entry.name in definitions else entry
        for entry in evidence
    }
    return PlanEvidenceArtifact(
        plan_signature="1" * 64,
        entries=entries,
        definitions={name: text * 64 for name, text in definitions.items()},
        snapshots={name: snapshot(name, *files, content=content) for name in entries if name not in definitions},
    )


def _with_columns(types: dict[str, str]) -> Evidence:
    columns = tuple(Column(name=name, type=kind) for name, kind in types.items())
    return replace(known("orders"), columns=columns)


def drift(before: PlanEvidenceArtifact, now: PlanEvidenceArtifact) -> PlanDriftArtifact:
    return find_drift(now, before, run_id="now", compared_run_id="before")


def told(found: PlanDriftArtifact) -> list[tuple[str, str | None, DriftKind, DriftSeverity]]:
    return [(each.name, each.subject, each.kind, each.severity) for each in found.findings]


def test_first_run_has_no_drift() -> None:
    found = find_drift(plan(known("orders", id="int64")), None, run_id="now")
    assert (found.compared_run_id, found.findings, found.added) == (None, (), ())


def test_equal_plans_have_no_drift() -> None:
    same = plan(known("orders", id="int64", rows=3), known("clean", id="int64"), clean="a")
    found = drift(same, same)
    assert (found.findings, found.added, found.removed, found.redefined, found.changed_content) == ((), (), (), (), ())


@pytest.mark.parametrize(
    ("before", "now", "kind", "severity"),
    [
        ({"id": "int64"}, {"id": "int64", "day": "date32"}, DriftKind.COLUMN_ADDED, INFO),
        ({"id": "int64", "day": "date32"}, {"id": "int64"}, DriftKind.COLUMN_REMOVED, ERROR),
        ({"day": "int32"}, {"day": "int64"}, DriftKind.TYPE_CHANGED, WARNING),
        ({"day": "int64"}, {"day": "int32"}, DriftKind.TYPE_CHANGED, ERROR),
        ({"day": "date32"}, {"day": "string"}, DriftKind.TYPE_CHANGED, ERROR),
    ],
)
def test_column_that_changed_is_one_finding(
    before: dict[str, str], now: dict[str, str], kind: DriftKind, severity: DriftSeverity
) -> None:
    found = drift(plan(_with_columns(before)), plan(_with_columns(now)))
    assert told(found) == [("orders", "day", kind, severity)]


@pytest.mark.parametrize(("was", "is_now", "severity"), [(False, True, WARNING), (True, False, INFO)])
def test_nullability_that_changed_is_told(was: bool, is_now: bool, severity: DriftSeverity) -> None:
    found = drift(plan(known("orders", nullable=was, id="int64")), plan(known("orders", nullable=is_now, id="int64")))
    assert told(found) == [("orders", "id", DriftKind.NULLABILITY_CHANGED, severity)]


def test_metadata_that_changed_is_told_by_key() -> None:
    before = known("orders", metadata={"owner": "crm", "unit": "EUR"}, id="int64")
    now = known("orders", metadata={"owner": "sales", "zone": "UTC"}, id="int64")
    found = drift(plan(before), plan(now))
    assert [(each.subject, each.before, each.after) for each in found.findings] == [
        ("owner", "crm", "sales"),
        ("unit", "EUR", None),
        ("zone", None, "UTC"),
    ]


@pytest.mark.parametrize(
    ("was", "is_now", "severity"),
    [(100, 150, None), (100, 200, WARNING), (100, 50, WARNING), (100, 51, None), (100, 0, ERROR), (0, 5, WARNING)],
)
def test_rows_of_files_that_are_far_off_are_told(was: int, is_now: int, severity: DriftSeverity | None) -> None:
    found = drift(plan(known("orders", rows=was, id="int64")), plan(known("orders", rows=is_now, id="int64")))
    assert told(found) == ([] if severity is None else [("orders", None, DriftKind.ROW_COUNT_CHANGED, severity)])


def test_estimated_rows_of_a_view_tell_nothing() -> None:
    found = drift(
        plan(known("clean", rows=5, id="int64"), clean="a"), plan(known("clean", rows=5000, id="int64"), clean="a")
    )
    assert found.findings == ()


def test_files_that_changed_are_counted() -> None:
    same = known("orders", id="int64")
    found = drift(plan(same, files=("a", "b")), plan(same, files=("b", "c", "d"), content="1"))
    (finding,) = found.findings
    assert (finding.kind, finding.before, finding.after) == (
        DriftKind.FILES_CHANGED,
        "2 files",
        "3 files, 2 of them new, 1 gone",
    )
    assert found.changed_content == ("orders",)


def test_columns_of_a_view_that_its_author_changed_only_inform() -> None:
    orders = known("orders", id="int64")
    before = plan(orders, known("clean", id="int64", day="date32"), clean="a")
    now = plan(orders, known("clean", id="int64"), clean="b")
    found = drift(before, now)
    assert told(found) == [("clean", "day", DriftKind.COLUMN_REMOVED, INFO)]
    assert found.redefined == ("clean",)


def test_columns_of_a_view_that_its_input_changed_matter() -> None:
    before = plan(known("orders", id="int64", day="date32"), known("clean", day="date32"), clean="a")
    now = plan(known("orders", id="int64", day="string"), known("clean", day="string"), clean="b")
    assert told(drift(before, now)) == [
        ("clean", "day", DriftKind.TYPE_CHANGED, ERROR),
        ("orders", "day", DriftKind.TYPE_CHANGED, ERROR),
    ]


def test_datasets_and_views_that_came_or_went_are_named() -> None:
    found = drift(
        plan(known("orders", id="int64"), known("old", id="int64"), old="a"), plan(known("items", id="int64"))
    )
    assert (found.added, found.removed, found.findings) == (("items",), ("old", "orders"), ())
