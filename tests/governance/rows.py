"""Decisions made by hand, kept as the portal keeps them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.gate import Facts, Trust
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.evidence import Evidence, Term
from ciam_portal.core.risk.signals import Signals
from ciam_portal.governance.replay import Label
from tests.conftest import NOON

BY = Actor(ActorKind.CUSTOMER, UUID(int=7), Channel.WEB)
TERM = Term(
    new=True, share=0.0, exposure=1.0, own_exposure=20.0, own_changes=1.0, all_exposure=900.0, all_changes=40.0,
    weight=120.0, within=3000.0, distinct=25.0,
)  # fmt: skip
KNOWN = replace(TERM, new=False, share=0.8)
# A customer with twenty sign-ins behind them, at home, but for the browser.
EVIDENCE = Evidence(history=20.0, gap=86_400.0, country=KNOWN, asn=KNOWN, browser=TERM)
AT_HOME = Facts(
    channel=Channel.WEB,
    account_active=True,
    session_live=None,
    assurance=Assurance(Level.AAL1, NOON),
    highest=Level.AAL1,
    device=Trust.KNOWN,
    evidence=replace(EVIDENCE, browser=KNOWN),
    signals=Signals(account_age_seconds=1e7, device_known=True),
)
IN_SESSION = replace(AT_HOME, session_live=True, standing=Risk.LOW, evidence=None)


def assess(action: str = "sign_in", facts: Facts = AT_HOME, at: datetime = NOON) -> DecisionEntry:
    """Ask the gate and keep the answer; the row."""
    decided = decisions.assess(action, facts, about=BY.id, by=BY, at=at)
    assert decided.id is not None
    return DecisionEntry.objects.get(pk=decided.id)


def label(entry: DecisionEntry, said: Label) -> None:
    """What the customer said of it."""
    AuditEntry.objects.create(
        name=said, at=entry.at + timedelta(hours=1), about=BY.id, actor_kind="customer", channel="web",
        decision=entry.pk, data={},
    )  # fmt: skip


def forged(entry: DecisionEntry, **columns: Any) -> DecisionEntry:
    """A copy of a row with other columns, as nobody could write it who goes through the portal; its seal is the old."""
    copy = DecisionEntry.objects.get(pk=entry.pk)
    copy.pk = None
    for name, value in ({"id": uuid4()} | columns).items():
        setattr(copy, name, value)
    DecisionEntry.objects.bulk_create([copy])
    return copy


def sealed(entry: DecisionEntry) -> DecisionEntry:
    """The same row, as if the portal itself had written it so."""
    entry.seal = seal.made(entry)
    return entry
