"""Maps of a large schedule are looked at once, when it is made, and have the bytes of the slow way ever after."""

import copy
import math
import pickle
from collections.abc import Callable
from random import Random

import msgspec
import pytest

from plan_contracts import (
    NotCanonical,
    PlanScheduleArtifact,
    artifact_id,
    decode_json,
    decode_msgpack,
    encode_json,
    encode_msgpack,
)
from plan_contracts.canonical_maps import CanonicalMap
from plan_contracts.canonical_rules import LARGE
from plan_contracts.golden_cases.schedules import DIAMOND

NAMES = [f"t{number:05}" for number in range(LARGE)]
SLOW_WAY = msgspec.msgpack.Encoder(order="deterministic").encode


def schedule(costs: dict[str, float], names: list[str] = NAMES) -> PlanScheduleArtifact:
    views = {name: (name,) for name in names}
    return msgspec.structs.replace(DIAMOND, task_costs=costs, views_by_task=views, task_centrality=dict(costs))


def shuffled(seed: int) -> list[str]:
    return Random(seed).sample(NAMES, LARGE)


def costs_of(names: list[str]) -> dict[str, float]:
    return {name: int(name[1:]) / 8 for name in names}


@pytest.mark.parametrize("seed", range(3))
def test_schedule_of_maps_in_any_order_has_the_same_bytes_and_settled_maps(seed: int) -> None:
    names = shuffled(seed)
    made = schedule(costs_of(names), names)
    assert made == schedule(costs_of(NAMES))
    assert type(made.task_costs) is type(made.views_by_task) is type(made.task_centrality) is CanonicalMap
    assert encode_msgpack(made) == SLOW_WAY(schedule(costs_of(NAMES)))
    assert encode_json(made) == encode_json(schedule(costs_of(NAMES)))
    assert artifact_id(made) == artifact_id(schedule(costs_of(NAMES)))


def test_schedule_that_was_decoded_is_settled_and_gives_its_bytes_back() -> None:
    made = schedule(costs_of(NAMES))
    packed, text = encode_msgpack(made), encode_json(made)
    for read in (decode_msgpack(packed, PlanScheduleArtifact), decode_json(text, PlanScheduleArtifact)):
        assert type(read.task_costs) is CanonicalMap
        assert (encode_msgpack(read), encode_json(read)) == (packed, text)


@pytest.mark.parametrize("odd", [0, -0.0, 2**40])
@pytest.mark.parametrize("place", [0, LARGE // 2, LARGE - 1])
def test_schedule_with_a_number_in_another_form_has_the_bytes_of_the_right_form(odd: float, place: int) -> None:
    costs = costs_of(NAMES)
    made = schedule({**costs, NAMES[place]: odd})
    assert type(made.task_costs) is dict
    assert encode_msgpack(made) == encode_msgpack(schedule({**costs, NAMES[place]: odd + 0.0}))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_schedule_with_a_number_without_a_form_is_refused_when_encoded(odd: float) -> None:
    with pytest.raises(NotCanonical):
        encode_msgpack(schedule({**costs_of(NAMES), NAMES[7]: odd}))


def test_schedule_keeps_its_maps_when_those_it_was_made_of_change() -> None:
    costs = costs_of(NAMES)
    made = schedule(costs)
    before = encode_msgpack(made)
    costs[NAMES[0]] = math.nan
    assert encode_msgpack(made) == before


CHANGES: dict[str, Callable[[CanonicalMap[int]], object]] = {
    "set": lambda found: found.__setitem__("a", 2),
    "delete": lambda found: found.__delitem__("a"),
    "join": lambda found: found.__ior__({"b": 2}),
    "clear": lambda found: found.clear(),
    "pop": lambda found: found.pop("a"),
    "popitem": lambda found: found.popitem(),
    "setdefault": lambda found: found.setdefault("b", 2),
    "update": lambda found: found.update(b=2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_settled_map_refuses_every_change(change: str) -> None:
    found = CanonicalMap({"a": 1})
    with pytest.raises(TypeError, match="cannot be changed; change a copy"):
        CHANGES[change](found)
    assert found == {"a": 1}


def test_settled_map_can_be_copied_and_restored() -> None:
    found = CanonicalMap({"a": 1})
    assert copy.deepcopy(found) == pickle.loads(pickle.dumps(found)) == copy.copy(found) == {"a": 1}
