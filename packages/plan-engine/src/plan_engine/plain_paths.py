"""Names of files that DataFusion takes as they are: it reads `*`, `?` and `[` in any path as a pattern."""

import glob
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def plain_path(path: str) -> Generator[str]:
    """Give a file's path, or that of a link to it for the duration of the block."""
    if not glob.has_magic(path):
        yield path
        return
    with linked_folder([path], near=None) as folder:
        yield str(next(folder.iterdir()))


@contextmanager
def linked_folder(paths: Sequence[str], near: Path | None, below: Sequence[str] = ()) -> Generator[Path]:
    """Gather files in a folder of their own, so that exactly they are read, and in their order.

    Parameters
    ----------
    paths
        The files; the links bear their endings.
    near
        Where to make the folder, if its path is plain; else it is made among the system's temporary files.
    below
        For each file the folder, within that folder, in which its link lies; none puts them side by side.
    """
    beside = near if near is not None and not glob.has_magic(str(near)) else None
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="links.", dir=beside) as made:
        width = len(str(len(paths)))
        for index, path in enumerate(paths):
            folder = Path(made, below[index]) if below else Path(made)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{index:0{width}}{Path(path).suffix}").symlink_to(path)
        yield Path(made)
