"""From the verdicts and a policy to who may run."""

from collections.abc import Mapping

from plan_contracts import (
    Admission,
    AdmissionPolicy,
    HeldTask,
    PlanValidationArtifact,
    TaskValidation,
    ValidationStatus,
)
from plan_validate.blocking import find_blame

_NO_OVERRIDES: Mapping[str, AdmissionPolicy] = {}


def admit(
    artifact: PlanValidationArtifact,
    policy: AdmissionPolicy,
    overrides: Mapping[str, AdmissionPolicy] = _NO_OVERRIDES,
) -> Admission:
    """Decide who may run.

    Parameters
    ----------
    artifact
        The verdict on each view.
    policy
        `strict`: one view that is not sound stops all. `partial`: invalid views and all below them are held. `warn`:
        only views that cannot run at all, because they do not plan, are held, and all below them.
    overrides
        Other policies of single datasets and views. A view's is for whatever makes it invalid; a dataset's is for what
        is wrong with the dataset, and goes before that of a view which reads it.

    Returns
    -------
    Admission
        Every view is either admitted or held. Views that are `not_validated` count as sound. `refused` when nothing
        may run although there is something to run.
    """
    results = {result.task: result for result in artifact.task_results}
    consumers: dict[str, list[str]] = {task: [] for task in results}
    for task in sorted(results):
        for edge in results[task].edges:
            if edge.producer in consumers:
                consumers[edge.producer].append(task)
    stopping = {task: _stop(result, policy, overrides) for task, result in sorted(results.items())}
    strictly = [task for task, stop in stopping.items() if stop is AdmissionPolicy.STRICT]
    held = {task: fault_of(results[task]) for task, stop in stopping.items() if stop is not None}
    for task, blamed in find_blame(sorted(held), consumers).items():
        held[task] = f"it reads, directly or through others, {_listed(blamed)}, held themselves"
    if strictly:
        for task in results.keys() - held.keys():
            held[task] = f"the policy `strict` stops every view because of {_listed(strictly)}"
    admitted = tuple(sorted(results.keys() - held.keys()))
    return Admission(
        policy=policy,
        overrides=dict(sorted(overrides.items())),
        admitted=admitted,
        held=tuple(HeldTask(task=task, reason=held[task]) for task in sorted(held)),
        refused=bool(held) and not admitted,
    )


def fault_of(result: TaskValidation) -> str:
    """Say in one sentence, without its first word, what is wrong with an invalid view; the first of several faults."""
    if result.findings:
        return result.findings[0].message
    for edge in result.edges:
        if edge.missing_columns:
            return f"`{edge.producer}` has no column {_listed(edge.missing_columns)}"
        if edge.type_mismatches:
            wrong = edge.type_mismatches[0]
            needed = f"is {wrong.available}, needed as {wrong.required}"
            return f"column `{wrong.column}` of `{edge.producer}` {needed}"
        if edge.missing_metadata:
            return f"`{edge.producer}` has no metadata {_listed(edge.missing_metadata)}"
        if edge.status is ValidationStatus.INVALID:
            broken = edge.contract_violations[0]
            what = f"`{broken.subject}` should be {broken.declared} and is {broken.available}"
            return f"`{edge.producer}` breaks its contract: {what}"
    if result.contract_violations:
        broken = result.contract_violations[0]
        return f"its output breaks its contract: `{broken.subject}` should be {broken.declared}, is {broken.available}"
    return "it is not valid"


def _stop(
    result: TaskValidation, policy: AdmissionPolicy, overrides: Mapping[str, AdmissionPolicy]
) -> AdmissionPolicy | None:
    """Give the strictest policy under which one of a view's faults holds it; none when it may run."""
    if result.status is not ValidationStatus.INVALID:
        return None
    own = overrides.get(result.task, policy)
    cannot_run = bool(result.findings) or any(edge.missing_columns for edge in result.edges)
    policies = {own} if cannot_run or result.contract_violations else set[AdmissionPolicy]()
    for edge in result.edges:
        if edge.status is ValidationStatus.INVALID:
            about_dataset = not (edge.missing_columns or edge.type_mismatches)
            policies.add(overrides.get(edge.producer, own) if about_dataset else own)
    if AdmissionPolicy.STRICT in policies:
        return AdmissionPolicy.STRICT
    return AdmissionPolicy.PARTIAL if AdmissionPolicy.PARTIAL in policies or cannot_run else None


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
