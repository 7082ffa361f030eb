"""What is known of one view, put together from the compiled project."""

from plan_cli.errors import ViewUnknown
from plan_cli.planning import Validated
from plan_contracts import Admission, LoweringChoice, ViewDescription, nearest
from plan_engine import trace_lineage
from plan_scheduler import lower


def describe_view(validated: Validated, admission: Admission, view: str, *, lineage: bool) -> ViewDescription:
    """Describe a view.

    Parameters
    ----------
    validated
        The project it belongs to.
    admission
        Which views would run; what becomes of the results of others is not decided.
    view
        Its name.
    lineage
        Whether its columns are traced to their sources, for which it and the views above it are planned once more.

    Raises
    ------
    ViewUnknown
        When the project has no such view.
    """
    compiled = validated.compiled
    source = compiled.sources.get(view)
    if source is None:
        near = nearest(view, compiled.sources)
        mend = f"Did you mean `{near}`?" if near is not None else "List the views with `plan-cli plan`."
        raise ViewUnknown(f"The project has no view `{view}`", subject=view, suggestion=mend)
    evidence = compiled.evidence.entries.get(view)
    return ViewDescription(
        node=next(node for node in compiled.graph.nodes if node.name == view),
        source=source,
        inputs=tuple(edge for edge in compiled.graph.edges if edge.consumer == view),
        readers=tuple(sorted(edge.consumer for edge in compiled.graph.edges if edge.producer == view)),
        columns=evidence.columns if evidence is not None else None,
        statistics=compiled.statistics.views.get(view),
        lowering=_lowering(validated, admission, view),
        findings=tuple(finding for finding in compiled.findings if finding.view == view),
        lineage=trace_lineage(compiled, view) if lineage else None,
    )


def _lowering(validated: Validated, admission: Admission, view: str) -> LoweringChoice | None:
    if view not in admission.admitted:
        return None
    tasks = lower(validated.compiled.graph, admitted=admission.admitted)
    return next((choice for choice in tasks.lowering if choice.view == view), None)
