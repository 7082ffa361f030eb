"""`plan-cli store`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from plan_cli.exit_codes import DONE, STORE_DAMAGED
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, StorePlace, age_seconds
from plan_cli.render.console import console, print_json
from plan_cli.render.store_text import compaction_lines, info_lines, pruning_lines
from plan_cli.reporting import reports_errors, show_errors
from plan_contracts import Contract, ErrorReport

Keep = Annotated[int | None, Parameter(validator=validators.Number(gte=0))]
OlderThan = Annotated[float | None, Parameter(converter=age_seconds)]


@reports_errors
def verify(
    project: ProjectPath = Path(),
    *,
    quarantine: bool = False,
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """Compare the store and the current outputs with what they were when they were written.

    Finds any changed bit of segments, artifacts, manifests, histories and outputs, and what is missing. The exit code
    is 4 when anything is damaged.

    Parameters
    ----------
    quarantine
        Move what is damaged in the store to `quarantine/` in it, so that everything else reads on.
    """
    opened = open_project(project, profile, store=store)
    with opened.open_store(read_only=not quarantine) as looked_at:
        found = looked_at.verify()
        damages = (*found, *looked_at.verify_outputs(opened.name, profile or "", opened.outputs_root))
        moved = looked_at.quarantine(found) if quarantine else ()
    if json:
        print_json(ErrorReport(errors=tuple(damage.payload() for damage in damages)))
        return STORE_DAMAGED if damages else DONE
    if damages:
        show_errors(damages)
    else:
        console().print("everything is as it was written", markup=False)
    for place in moved:
        console().print(f"moved to {place}", markup=False)
    return STORE_DAMAGED if damages else DONE


@reports_errors
def compact(
    project: ProjectPath = Path(), *, profile: Profile = None, store: StorePlace = None, json: AsJson = False
) -> int:
    """Put the many small segments of finished runs together into few; queries give the same before and after.

    Safe while builds run, and when it is killed: the next one goes on.
    """
    with open_project(project, profile, store=store).open_store() as opened:
        done = opened.compact()
    _show(done, compaction_lines(done), json=json)
    return STORE_DAMAGED if done.damaged else DONE


@reports_errors
def prune(
    project: ProjectPath = Path(),
    *,
    keep: Keep = None,
    older_than: OlderThan = None,
    dry_run: bool = False,
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """Forget old runs, documents that no run names, and temporary results that nobody used.

    The newest run of each project and profile stays with all that it needs, and the newest that succeeded. Without
    `--keep` and `--older-than` no run goes, and only what no run names is collected.

    Parameters
    ----------
    keep
        Runs of each project and profile that stay, the newest.
    older_than
        Only runs that ended longer ago go: `12h`, `30d` or `8w`.
    dry_run
        Remove nothing, and tell what would be removed.
    """
    opened = open_project(project, profile, store=store)
    with opened.open_store() as pruned:
        done = pruned.prune(
            keep=keep,
            older_than_seconds=older_than,
            cache_bytes=opened.cache_bytes,
            outputs=opened.outputs_root,
            dry_run=dry_run,
        )
    _show(done, pruning_lines(done, dry_run=dry_run), json=json)
    return DONE


@reports_errors
def info(
    project: ProjectPath = Path(), *, profile: Profile = None, store: StorePlace = None, json: AsJson = False
) -> int:
    """Count and measure what the store holds; change nothing."""
    with open_project(project, profile, store=store).open_store(read_only=True) as opened:
        found = opened.info()
    _show(found, info_lines(found), json=json)
    return DONE


def _show(document: Contract, lines: Iterator[str], *, json: bool) -> None:
    if json:
        print_json(document)
        return
    for line in lines:
        console().print(line, markup=False)
