"""Every error of this package says what its published example says."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from obstore.store import S3Store
from recording import KEY, committer, draft, open_store, record, run_id, segments, staged

from plan_contracts import PlanError
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example
from plan_store.bucket_objects import BucketObjects


def _locked(folder: Path) -> None:
    with open_store(folder).project_lock("shop"), open_store(folder).project_lock("shop"):
        pass


def _taken_over(folder: Path) -> None:
    store = open_store(folder)
    with store.project_lock("shop"), store.begin_run(draft()) as writer:
        (folder / "locks" / "shop" / "000000000002.msgpack").write_bytes(b"of another machine")
        writer.put_manifest(draft())


def _outputs_are_a_file(folder: Path) -> None:
    (folder / "out").write_text("a file")
    committer(folder)


def _staged_file_is_gone(folder: Path) -> None:
    made = committer(folder)
    result = staged(made)
    Path(result.ref.uri).unlink()
    made.publish(result, KEY)


def _other_rows(folder: Path) -> None:
    made = committer(folder)
    made.verify(replace(staged(made), rows=4))


def _damaged(folder: Path) -> None:
    store = open_store(folder)
    record(store)
    manifest = folder / "runs" / run_id(1) / "manifest.msgpack"
    manifest.chmod(0o644)
    manifest.write_bytes(b"\xc1")
    store.manifest("latest")


def _store_is_a_file(folder: Path) -> None:
    (folder / "store").write_text("a file")
    open_store(folder / "store")


def _service_is_gone(folder: Path) -> None:
    nobody = S3Store(
        "lake", endpoint="http://127.0.0.1:1", client_options={"allow_http": True}, retry_config={"max_retries": 0}
    )
    BucketObjects(nobody, "s3://lake").put("runs/one", folder.name.encode())


SCENARIOS: dict[str, Callable[[Path], object]] = {
    "artifact_missing": lambda folder: open_store(folder).artifact("0" * 64),
    "outputs_unwritable": _outputs_are_a_file,
    "project_lock_lost": _taken_over,
    "project_locked": _locked,
    "publish_failed": _staged_file_is_gone,
    "query_refused": lambda folder: open_store(folder).sql("select n from evnts"),
    "run_unknown": lambda folder: open_store(folder).manifest("latest"),
    "staged_file_differs": _other_rows,
    "store_damaged": _damaged,
    "store_unreachable": _service_is_gone,
    "store_unwritable": _store_is_a_file,
}


@pytest.mark.parametrize("code", SCENARIOS)
def test_error_says_what_is_published(code: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        SCENARIOS[code](tmp_path)
    assert caught.value.code == code
    here = {str(tmp_path): "/shop", f"process {os.getpid()} on {socket.gethostname()}": "process 4242 on host"}
    times = dict.fromkeys(
        re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", caught.value.message), "2026-01-02 03:04:05 UTC"
    )
    digests = dict.fromkeys(re.findall(r"\b(?!0{64})[0-9a-f]{64}\b", caught.value.message), "0123456789abcdef" * 4)
    answers = dict.fromkeys(re.findall(r"Generic S3 error: .*", caught.value.message), "the connection is refused")
    assert_error_example(caught.value, shown_as={**here, **times, **digests, **answers})


def test_every_code_of_this_package_has_a_scenario() -> None:
    assert sorted(SCENARIOS) == [error.code for error in ERROR_CODES if error.package == "plan_store"]


def test_damaged_segments_are_all_related(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    record(store, 2)
    for path in segments(tmp_path):
        path.chmod(0o644)
        path.write_bytes(b"PAR1")
    with pytest.raises(PlanError) as caught:
        store.sql("select * from events")
    assert caught.value.related == tuple(map(str, segments(tmp_path)))
