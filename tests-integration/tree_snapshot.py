"""Copy the tree as git would commit it, uncommitted changes included, into a repository of its own.

Usage: python tests-integration/tree_snapshot.py TARGET_FOLDER
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def snapshot(target: Path) -> None:
    """Fill the folder, which must not exist yet or be empty, and commit everything in it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    identity = ["-c", "user.name=snapshot", "-c", "user.email=snapshot@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "snapshot"]):
        subprocess.run(["git", *arguments], cwd=target, check=True)


if __name__ == "__main__":
    snapshot(Path(sys.argv[1]))
