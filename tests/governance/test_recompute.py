"""A stored decision, asked again: it holds, and whatever was touched is found out. The command says so aloud."""

import copy
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Channel
from ciam_portal.core.audit.facts import CannotRebuild, as_json
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.parameters import DEFAULT, FORMER
from ciam_portal.core.risk.signals import Signals
from ciam_portal.governance import recompute
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import StaffFacts, VersionFacts, may_approve
from tests.conftest import NOON
from tests.governance.rows import AT_HOME, BY, EVIDENCE, IN_SESSION, assess, forged, sealed

pytestmark = pytest.mark.django_db

WORRIED = replace(AT_HOME, evidence=EVIDENCE, device=Trust.NONE, signals=Signals(recovered_seconds=60.0))


@pytest.fixture
def entry() -> DecisionEntry:
    """A sign-in that was assessed, with parts and a finding, and challenged."""
    made = assess(facts=WORRIED)
    assert made.answer == "step_up"
    assert made.contributions
    assert made.findings
    return made


def decision(key: object) -> str:
    out = StringIO()
    call_command("decision", str(key), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("action", "facts"),
    [
        ("sign_in", AT_HOME),
        ("sign_in", WORRIED),
        ("sign_in", replace(WORRIED, evidence=None)),
        ("sign_in", replace(WORRIED, account_active=False)),
        ("change_email", IN_SESSION),
        (
            "change_email",
            replace(IN_SESSION, standing=Risk.HIGH, device=Trust.NEW, device_known_at=NOON.replace(hour=23)),
        ),
        ("add_factor", replace(IN_SESSION, standing=Risk.SEVERE)),
        ("partner.payment", replace(IN_SESSION, channel=Channel.API, amount=99_999, currency="EUR")),
        ("nobody.knows", IN_SESSION),
    ],
)
def test_what_was_decided_is_decided_again(action: str, facts: Any) -> None:
    assert recompute.recompute(assess(action, facts)) == ()


def test_what_an_older_model_decided_is_decided_again_as_it_did() -> None:
    pressed = replace(IN_SESSION, challenged_at=NOON, signals=Signals(sources_on_account=5))
    entry = assess("change_email", pressed)
    assert (entry.answer, entry.risk, entry.model_version) == ("allow", Risk.HIGH, DEFAULT.version)
    assert entry.model_version not in FORMER
    for version in (version for version, equations in FORMER.items() if equations == 1):
        then = forged(
            entry,
            model_version=version,
            answer="hold",
            reason="on_hold",
            detail={"until": None},
            policy_version=entry.policy_version,
        )
        assert recompute.recompute(sealed(then)) == ()
        assert {item.what for item in recompute.recompute(forged(then, model_version=DEFAULT.version))} >= {"answer"}


def test_what_strangers_asked_a_known_browser_for_then_is_asked_again_as_it_was() -> None:
    entry = assess("sign_in", replace(AT_HOME, signals=Signals(failures_from_address=50)))
    assert (entry.answer, entry.risk) == ("allow", Risk.HIGH)
    (version,) = (version for version, equations in FORMER.items() if equations == 2)
    detail = {"to": Level.AAL1.acr, "within": None, "challenge": True}
    asked = {"answer": "step_up", "reason": "unusual", "detail": detail}
    then = forged(entry, model_version=version, policy_version=entry.policy_version, **asked)
    assert recompute.recompute(sealed(then)) == ()
    assert {item.what for item in recompute.recompute(forged(then, model_version=DEFAULT.version))} >= {"answer"}


def test_what_waited_for_nobody_knew_how_long_is_asked_again_as_it_was() -> None:
    forgotten = Signals(contact_changed_seconds=3600.0, device_known=False)
    entry = assess("change_email", replace(IN_SESSION, device=Trust.NONE, signals=forgotten))
    assert (entry.answer, entry.detail) == ("hold", {"until": (NOON + timedelta(hours=23, seconds=1)).isoformat()})
    (version,) = (version for version, equations in FORMER.items() if equations == 4)
    then = forged(entry, model_version=version, detail={"until": None}, policy_version=entry.policy_version)
    assert recompute.recompute(sealed(then)) == ()
    assert {item.what for item in recompute.recompute(forged(then, model_version=DEFAULT.version))} >= {"detail"}


def test_what_a_delegate_was_refused_for_the_door_alone_is_asked_again_as_it_was() -> None:
    entry = assess("change_email", replace(IN_SESSION, channel=Channel.DELEGATED))
    assert (entry.answer, entry.reason) == ("deny", "never_delegated")
    assert recompute.recompute(entry) == ()
    (version,) = (version for version, equations in FORMER.items() if equations == 5)
    then = forged(entry, model_version=version, reason="wrong_door", policy_version=entry.policy_version)
    assert recompute.recompute(sealed(then)) == ()
    assert {item.what for item in recompute.recompute(forged(then, model_version=DEFAULT.version))} >= {"reason"}


def test_other_questions_are_asked_again_too() -> None:
    decided = decisions.decide(may_approve, VersionFacts(), StaffFacts(), about=None, by=BY, at=NOON)
    entry = DecisionEntry.objects.get(pk=str(decided.id))
    assert recompute.recompute(entry) == ()
    assert {item.what for item in recompute.recompute(forged(entry, reason="same_person"))} == {"reason", "seal"}
    assert [item.what for item in recompute.recompute(sealed(forged(entry, reason="same_person")))] == ["reason"]


@pytest.mark.parametrize(
    ("columns", "keeps_seal", "said", "code"),
    [
        ({"answer": "allow"}, True, "the row is not as it was written", 1),
        ({"score": 0.5, "model_version": "another"}, False, "the risk model has changed since", 3),
        ({"score": 0.5}, False, "today's software answers otherwise", 1),
    ],
)
def test_it_says_whether_the_row_the_model_or_the_software_is_another(
    entry: DecisionEntry, columns: dict[str, Any], keeps_seal: bool, said: str, code: int
) -> None:
    row = forged(entry, **columns)
    if not keeps_seal:  # as a former release would have written it
        row.pk = uuid4()
        row.save(force_insert=True)
    with pytest.raises(CommandError, match=said) as failed:
        decision(row.pk)
    assert failed.value.returncode == code


def changed_inputs(entry: DecisionEntry, **facts: Any) -> list[Any]:
    inputs: list[Any] = copy.deepcopy(entry.inputs)
    inputs[1].update(facts)
    return inputs


@pytest.mark.parametrize(
    "columns",
    [
        {"about": uuid4()},
        {"at": NOON.replace(minute=1)},
        {"channel": "help_desk"},
        {"model_version": "x"},
        {"actor": uuid4()},
        {"request_id": "x"},
        {"answer": "allow", "reason": "", "detail": {}, "inputs": as_json(["sign_in", AT_HOME])},
    ],
)
def test_a_row_rewritten_consistently_is_found_out_too(columns: dict[str, Any]) -> None:
    row = forged(assess(facts=WORRIED), **(decided_at_home(columns) if "inputs" in columns else columns))
    assert "seal" in {item.what for item in recompute.recompute(row)}
    with pytest.raises(CommandError, match="seal: stored"):
        decision(row.pk)


def decided_at_home(columns: dict[str, Any]) -> dict[str, Any]:
    """Every column as the portal would have written it, had nothing been unusual: only the seal can tell."""
    home = assess(facts=AT_HOME)
    names = ("risk", "score", "contributions", "findings")
    found = columns | {name: getattr(home, name) for name in names}
    assert {item.what for item in recompute.recompute(forged(home, **found))} == {"seal"}
    return found


TOUCHED: list[tuple[str, Any, set[str]]] = [
    ("answer", "allow", {"answer"}),
    ("reason", "too_risky", {"reason"}),
    ("detail", {"to": "aal1", "within": 1, "challenge": True}, {"detail"}),
    ("risk", 0, {"risk"}),
    ("risk", None, {"risk"}),
    ("action", "see_profile", {"action"}),
    ("findings", [], {"findings"}),
    ("score", 0.5, {"score", "sum of contributions"}),
    ("contributions", [], {"contributions", "sum of contributions"}),
    ("contributions", 3, {"contributions", "sum of contributions"}),
    ("contributions", [["asn", "x"]], {"contributions", "sum of contributions"}),
]


@pytest.mark.parametrize(("column", "value", "found"), TOUCHED)
def test_whatever_is_touched_is_found_out(entry: DecisionEntry, column: str, value: Any, found: set[str]) -> None:
    row = forged(entry, **{column: value})
    assert {item.what for item in recompute.recompute(row)} == found | {"seal"}
    assert {item.what for item in recompute.recompute(sealed(row))} == found
    with pytest.raises(CommandError, match="DIFFERS") as failed:
        decision(row.pk)
    assert failed.value.returncode == 1
    assert all(what in str(failed.value) for what in found)


def test_a_part_off_by_more_than_a_billionth_is_found_out(entry: DecisionEntry) -> None:
    parts = [[code, llr] for code, llr in entry.contributions]
    parts[0][1] += 1e-13
    assert recompute.recompute(sealed(forged(entry, contributions=parts))) == ()
    parts[0][1] += 1e-6
    assert {item.what for item in recompute.recompute(forged(entry, contributions=parts))} == {
        "contributions",
        "sum of contributions",
        "seal",
    }


def test_other_facts_give_another_answer(entry: DecisionEntry) -> None:
    row = forged(entry, inputs=changed_inputs(entry, account_active=False))
    assert {"answer", "reason"} <= {item.what for item in recompute.recompute(row)}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"policy_version": "nowhere"}, "not kept here"),
        ({"question": "os.system"}, "no question"),
        ({"question": "ciam_portal.core.gate.decide"}, "no question"),
        ({"question": "sign_in.\u2603"}, "no question"),
        ({"question": ""}, "no question"),
        ({"inputs": []}, "takes 2 facts"),
        ({"inputs": 7}, "holds no facts"),
        ({"inputs": ["sign_in", {"no_such_fact": 1}]}, "no_such_fact"),
        ({"inputs": ["sign_in", {"device": 77}]}, "device"),
        ({"inputs": ["sign_in", {"challenged_at": "2026-01-01T00:00:00", "account_active": True, "channel": "web",
                                 "session_live": None, "assurance": {"level": 1, "at": "2026-01-01T00:00:00"}}]},
         "cannot be asked"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_asked_again_says_why(entry: DecisionEntry, columns: dict[str, Any], words: str) -> None:
    row = forged(entry, **columns)
    with pytest.raises(CannotRebuild, match=words):
        recompute.recompute(row)
    with pytest.raises(CommandError, match="CANNOT BE RECOMPUTED") as failed:
        decision(row.pk)
    assert failed.value.returncode == 1


def test_a_policy_that_this_code_cannot_use_any_more_says_why(entry: DecisionEntry) -> None:
    content = "[password]\nmin_length = 1"  # a key that is not there is completed; what is refused today stays so
    PolicyVersion.objects.create(version="0ld", content=content, origin="file", state="found", found_at=NOON)
    with pytest.raises(CannotRebuild, match="min_length"):
        recompute.recompute(forged(entry, policy_version="0ld"))


def test_a_forged_level_of_risk_is_printed_as_what_it_is(entry: DecisionEntry) -> None:
    row, out = forged(entry, risk=9), StringIO()
    with pytest.raises(CommandError, match="risk: stored 9, recomputed 1"):
        call_command("decision", str(row.pk), stdout=out)
    assert "9 (no such level)" in out.getvalue()


def test_the_command_prints_the_whole_decision(entry: DecisionEntry) -> None:
    said = decision(entry.pk)
    for word in (
        str(entry.pk), f"customer {BY.id}", "web", "sign_in", "gate.decide", "step_up", "challenge=True",
        "unusual", "moderate", entry.policy_version, entry.model_version, f"{entry.score:+.6f}",
        f"{entry.contributions[0][1]:+12.6f}  {entry.contributions[0][0]}", "recent_recovery", "Recomputed: the same",
    ):  # fmt: skip
        assert word in said


@pytest.mark.parametrize("key", ["", "x", "../../etc/passwd", "1" * 5000, "{0}", "%s"])
def test_what_is_no_id_is_said_so(key: str) -> None:
    with pytest.raises(CommandError, match="no UUID") as failed:
        decision(key)
    assert failed.value.returncode == 2


def test_an_unknown_id_is_said_so() -> None:
    with pytest.raises(CommandError, match="There is no decision") as failed:
        decision(uuid4())
    assert failed.value.returncode == 2


def test_a_row_changed_behind_the_triggers_back_is_found_out(entry: DecisionEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_decisionentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_decisionentry SET answer = 'allow', reason = '', detail = '{}'")
        cursor.execute("ALTER TABLE audit_decisionentry ENABLE TRIGGER USER")
    with pytest.raises(CommandError, match=r"answer: stored 'allow', recomputed 'step_up'"):
        decision(entry.pk)
