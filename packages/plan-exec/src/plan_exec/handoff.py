"""Handing results on: where a consumer finds its inputs, and the key of what it is about to build."""

from collections.abc import Mapping

from msgspec.structs import replace

from plan_contracts import TaskInput, TaskLimits, TaskRequest, build_key
from plan_exec.task_state import TaskState


def completed_inputs(state: TaskState, states: Mapping[str, TaskState], owners: Mapping[str, str]) -> TaskRequest:
    """Fill in where the inputs of a ready task lie, and what identifies their content.

    Parameters
    ----------
    state
        The task; all its producers are done.
    states
        Every task by name.
    owners
        The task that gives each view.
    """
    inputs = tuple(_completed(state, each, states, owners) for each in state.request.inputs)
    return replace(state.request, inputs=inputs)


def _completed(
    state: TaskState, each: TaskInput, states: Mapping[str, TaskState], owners: Mapping[str, str]
) -> TaskInput:
    """Refer to a result in memory only where it was made by the executor that is to read it; else to its file."""
    if each.producer is None:
        return each
    producer = states[owners[each.name]]
    staged = producer.staged.get(each.name)
    if staged is not None:
        ref, content_id = staged.ref, staged.sha256
    else:
        ref, content_id = producer.published[each.name].ref, producer.published[each.name].record.sha256
    if producer.route.executor is state.route.executor:
        ref = producer.in_memory.get(each.name, ref)
    return replace(each, ref=ref, content_id=content_id)


def is_read_in_memory(state: TaskState, states: Mapping[str, TaskState]) -> bool:
    """Say whether a consumer runs on the same executor, and could read the result in memory."""
    consumers = (states[name] for name in state.consumers)
    return any(each.route.executor is state.route.executor and not each.final for each in consumers)


def key_of(request: TaskRequest) -> str:
    """Give the build key of a request whose inputs are complete."""
    return build_key(request.definition, {each.name: each.content_id or "" for each in request.inputs})


def ready_to_send(state: TaskState, limits: TaskLimits, *, in_memory: bool) -> TaskRequest:
    """Add the attempt and its limits, and whether the result should also stay in memory."""
    return replace(state.request, attempt=state.attempts, limits=limits, hand_on_in_memory=in_memory)
