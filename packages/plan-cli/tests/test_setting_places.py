"""Where plan.toml says what is refused: exactly there, in the profile first, and nowhere for what it does not say."""

from pathlib import Path

import pytest

from plan_cli.execution_policy import preview_execution
from plan_cli.open_project import OpenProject, open_project
from plan_cli.setting_places import settings_located
from plan_contracts import LogicalGraph, LogicalNode, NodeKind, PlanError, PlanErrors
from plan_exec import RoutingRefused

GRAPH = LogicalGraph(nodes=(LogicalNode(name="v", kind=NodeKind.SQL_VIEW),), edges=())


def _project(folder: Path, text: str, profile: str | None = None) -> OpenProject:
    (folder / "plan.toml").write_text(f'[project]\nname = "p"\n{text}')
    return open_project(folder, profile)


def _places(project: OpenProject) -> list[str | None]:
    with pytest.raises(PlanError) as refused:
        preview_execution(project, GRAPH)
    errors = refused.value.errors if isinstance(refused.value, PlanErrors) else (refused.value,)
    return [None if error.location is None else str(error.location) for error in errors]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[execution.routing]\nviews = { w = "threadpool" }\n', ["plan.toml:4:11"]),
        ('[execution.routing.tags]\n"a.b" = "threadpool"\nc = "threadpool"\n', ["plan.toml:4:1", "plan.toml:5:1"]),
        ('[execution]\nmode = "plan_parallel_remote"\n', ["plan.toml:4:1"]),
        ('[execution]\nmode = "plan_parallel_remote"\n[execution.executor]\nmax_tasks = 2\n', ["plan.toml:5:2"]),
        ("[views.v]\nslots = 9\n[execution.executor]\nmax_tasks = 2\n", ["plan.toml:3:2"]),
        ('[views.v]\nmemory = "2GiB"\n[execution]\nmemory = "1GiB"\n', ["plan.toml:3:2"]),
    ],
)
def test_refusal_of_a_setting_names_its_place(text: str, places: list[str], tmp_path: Path) -> None:
    assert _places(_project(tmp_path, text)) == places


def test_refusal_of_a_setting_of_the_profile_names_the_place_there(tmp_path: Path) -> None:
    rules = '{}execution.routing]\nviews = {{ w = "threadpool" }}\n'
    text = rules.format("[") + rules.format("[profiles.q.")

    assert _places(_project(tmp_path, text, "q")) == ["plan.toml:6:11"]
    assert _places(_project(tmp_path, text)) == ["plan.toml:4:11"]


def test_refusal_of_what_the_command_line_alone_says_has_no_place(tmp_path: Path) -> None:
    with pytest.raises(RoutingRefused) as refused, settings_located(_project(tmp_path, "")):
        raise RoutingRefused("No such view", subject="execution.routing.views.w")
    assert refused.value.location is None
