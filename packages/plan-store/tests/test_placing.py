"""Files are synced several at a time, and one that cannot be is never passed over."""

from pathlib import Path

import pytest

from plan_store.placing import SYNCED_TOGETHER, sync_files


@pytest.mark.parametrize("count", [0, 1, SYNCED_TOGETHER, 5 * SYNCED_TOGETHER])
def test_sync_files_of_any_number_leaves_them_as_they_are(tmp_path: Path, count: int) -> None:
    paths = [tmp_path / str(index) for index in range(count)]
    for path in paths:
        path.write_text(path.name)

    sync_files(paths)

    assert [path.read_text() for path in paths] == [path.name for path in paths]


@pytest.mark.parametrize("missing", [0, SYNCED_TOGETHER + 1, 3 * SYNCED_TOGETHER - 1])
def test_sync_files_one_that_is_gone_is_an_error(tmp_path: Path, missing: int) -> None:
    paths = [tmp_path / str(index) for index in range(3 * SYNCED_TOGETHER)]
    for path in paths:
        path.write_text("")
    paths[missing].unlink()

    with pytest.raises(FileNotFoundError) as caught:
        sync_files(paths)

    assert caught.value.filename == str(paths[missing])
