"""A held capture is approved from Airflow by the person who triggers the run, and by nobody else."""

import os
from types import SimpleNamespace
from typing import Any

import pytest

from include.errors import UsageError

CAPTURE = "scb_population/TAB638-2024/20260101T000000Z-000000000000"


@pytest.fixture(autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))


def context(user: str | None = "anna", **params: Any) -> dict[str, Any]:
    return {"params": params, "dag_run": SimpleNamespace(triggering_user_name=user, run_id="manual__1")}


def test_both_parameters_are_empty_unless_a_person_fills_them_in() -> None:
    from include.orchestration.runs import source_params

    params = source_params()
    for name in ("approve", "reason"):
        assert params[name].resolve() is None
        assert params[name].schema["title"]
        assert params[name].schema["description_md"]


def test_a_usual_run_approves_nothing() -> None:
    from include.orchestration.runs import approval_of

    assert approval_of(context()) is None
    assert approval_of(context(approve=None, reason=None)) is None
    assert approval_of(context(user=None, approve=" ")) is None


def test_the_one_who_triggers_the_run_is_the_one_who_approves() -> None:
    from include.orchestration.runs import Approval, approval_of

    assert approval_of(context(approve=f" {CAPTURE} ", reason="SCB")) == Approval(CAPTURE, "anna", "SCB")


def test_nobody_can_approve_nothing() -> None:
    from include.orchestration.runs import approval_of

    with pytest.raises(UsageError, match="does not say who triggered"):
        approval_of(context(user=None, approve=CAPTURE, reason="SCB"))
    with pytest.raises(UsageError, match="does not say which capture"):
        approval_of(context(reason="SCB"))


def test_the_word_is_given_and_the_capture_alone_goes_on(monkeypatch: pytest.MonkeyPatch, registry: Any) -> None:
    from include import verbs
    from include.orchestration.runs import Approval
    from include.orchestration.source_dag import approved

    given: list[tuple[str, ...]] = []

    def decide(*words: str) -> Any:
        given.append(words)
        return SimpleNamespace(capture=words[0], by=words[2], reason=words[3])

    monkeypatch.setattr(verbs, "decide", decide)
    source = registry.sources["scb_population"]
    assert approved(source, Approval(CAPTURE, "anna", "SCB"), "manual__1") == [CAPTURE]
    assert given == [(CAPTURE, "approve", "anna", "SCB", "manual__1")]
    with pytest.raises(UsageError, match="is no capture of bra_handled_offences"):
        approved(registry.sources["bra_handled_offences"], Approval(CAPTURE, "anna", "SCB"), "manual__1")
