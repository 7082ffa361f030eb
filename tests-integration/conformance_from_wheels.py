"""Install plan-exec from wheels into a foreign project, and hold its four executors to the conformance suite there.

Usage: python tests-integration/conformance_from_wheels.py WORK_FOLDER
"""

import shutil
import sys
from pathlib import Path

from uv import find_uv_bin

from isolated import ROOT, build_wheels, foreign_project, run
from tree_snapshot import snapshot

EXTRAS = "[dask,ray,testing]"
SUITE = ROOT / "packages" / "plan-exec" / "tests" / "test_conformance.py"


def main() -> None:
    """Build the wheels, install them with the extras, and run the suite, which is part of the wheel."""
    work = Path(sys.argv[1])
    shutil.rmtree(work, ignore_errors=True)
    (work / "repository").mkdir(parents=True)
    snapshot(work / "repository")
    uv = find_uv_bin()
    wheels = build_wheels("plan-exec", work, uv)
    project = foreign_project(work / "foreign")
    run(uv, "venv", "-q", project / ".venv", cwd=project)
    python = project / ".venv" / "bin" / "python"
    wanted = [f"{wheel}{EXTRAS if wheel.name.startswith('plan_exec') else ''}" for wheel in wheels]
    run(uv, "pip", "install", "-q", f"--python={python}", *wanted, cwd=project)
    shutil.copy(SUITE, project / SUITE.name)
    run(python, "-m", "pytest", "-q", "-W", "error", SUITE.name, cwd=project)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
