"""A person's word before a release: Airflow's approval, which a run on bundled data alone may waive."""

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator

WAIVED = "waived"


class ReleaseApproval(ApprovalOperator):
    """Wait for a person to approve or reject; with the run's parameter ``approval=waived``, pass at once.

    Whether the waiver is allowed is decided by the release itself, which refuses it if any capture is live.
    The task's result is ``{"decision": "approved" | "waived", "by": …, "reason": …}``.
    """

    def execute(self, context: Any) -> Any:
        """Pass with a waiver, or park the task until a person answers."""
        if context["params"]["approval"] == WAIVED:
            self.log.info("Approval is waived by the run's parameter; the release checks that it may be.")
            return {"decision": WAIVED, "by": "run parameter", "reason": "bundled data"}
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Return the person's word; the release itself records a rejection, so nothing is skipped here."""
        answer = HITLOperator.execute_complete(self, context, event)
        if answer["chosen_options"][0] != self.APPROVE:
            return {"decision": "rejected", "by": _name(answer["responded_by_user"]), "reason": ""}
        return {"decision": "approved", "by": _name(answer["responded_by_user"]), "reason": ""}


def _name(user: Any) -> str:
    if user is None:
        return "unknown"
    return str(user.get("name") or user.get("id")) if isinstance(user, dict) else str(getattr(user, "name", user))
