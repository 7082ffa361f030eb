"""Handing results on: where a consumer finds its inputs, and the key of what it is about to build."""

from collections.abc import Mapping

from msgspec.structs import replace

from plan_contracts import DatasetRef, TaskInput, TaskLimits, TaskRequest, build_key
from plan_exec.task_state import TaskState


def completed_inputs(state: TaskState, states: Mapping[str, TaskState], owners: Mapping[str, str]) -> TaskRequest:
    """Fill in where the files of a ready task's inputs lie, and what identifies their content.

    Parameters
    ----------
    state
        The task; all its producers are done.
    states
        Every task by name.
    owners
        The task that gives each view.
    """
    inputs = tuple(_completed(each, states, owners) for each in state.request.inputs)
    return replace(state.request, inputs=inputs)


def _completed(each: TaskInput, states: Mapping[str, TaskState], owners: Mapping[str, str]) -> TaskInput:
    if each.producer is None:
        return each
    producer = states[owners[each.name]]
    staged = producer.staged.get(each.name)
    if staged is not None:
        ref, content_id = staged.ref, staged.sha256
    else:
        ref, content_id = producer.published[each.name].ref, producer.published[each.name].record.sha256
    return replace(each, ref=ref, content_id=content_id)


def key_of(request: TaskRequest) -> str:
    """Give the build key of a request whose inputs are complete."""
    return build_key(request.definition, {each.name: each.content_id or "" for each in request.inputs})


def ready_to_send(
    state: TaskState, limits: TaskLimits, *, in_memory: Mapping[str, DatasetRef], keep: bool
) -> TaskRequest:
    """Add what holds for one attempt alone.

    Parameters
    ----------
    state
        The task or unit; its request refers to files.
    limits
        What the attempt may use.
    in_memory
        Inputs that it reads in memory instead, by name.
    keep
        Whether its result should also stay in memory.
    """
    inputs = state.request.inputs
    if in_memory:
        inputs = tuple(replace(each, ref=in_memory.get(each.name, each.ref)) for each in inputs)
    return replace(state.request, inputs=inputs, attempt=state.attempts, limits=limits, hand_on_in_memory=keep)
