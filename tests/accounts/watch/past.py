"""Sign-ins that have happened, with the rows that each leaves behind."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import transaction

from accounts.models import Device, Session, User
from accounts.sign_in import events
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.facts import as_json
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.evidence import Evidence, Term
from ciam_portal.core.risk.visit import Visit
from tests import factories

USUAL = Visit(
    address="a1", prefix="p1", asn="64500", country="NO", agent="ua1", browser="b1", system="s1", kind="desktop",
    device="d1",
)  # fmt: skip
KNOWN = Term(
    new=False, share=1.0, exposure=1.0, own_exposure=5.0, own_changes=0.0, all_exposure=100.0, all_changes=5.0,
    weight=10.0, within=20.0, distinct=5.0,
)  # fmt: skip
NEW = replace(KNOWN, new=True, share=0.0)


def seen(**terms: Term) -> Evidence:
    """Evidence of somebody with a history of ten sign-ins, a day ago."""
    return Evidence(history=10.0, gap=86_400.0, **terms)


STRANGE = seen(device=NEW, asn=NEW, prefix=NEW, agent=NEW)


def decision(
    about: User,
    at: datetime,
    *,
    evidence: Evidence | None = None,
    score: float | None = None,
    parts: dict[str, float] | None = None,
    risk: Risk | None = Risk.LOW,
    trust: Trust = Trust.KNOWN,
    answer: str = "allow",
    findings: tuple[tuple[str, float], ...] = (),
) -> DecisionEntry:
    """A decision about a sign-in, as it is kept."""
    facts = gate.Facts(channel=Channel.WEB, account_active=True, session_live=None, device=trust, evidence=evidence)
    entry = DecisionEntry(
        at=at, about=about.pk, actor_kind="customer", actor=about.pk, channel="web", question="gate.decide",
        action="sign_in", risk=risk, score=score, policy_version="0", answer=answer,
        inputs=["sign_in", as_json(facts)], findings=[list(each) for each in findings],
        contributions=[[code, llr] for code, llr in (parts or {}).items()],
        detail={"challenge": True} if answer == "step_up" else {},
    )  # fmt: skip
    entry.save(force_insert=True)
    return entry


def entered(at: datetime, who: User | None = None, *, visit: Visit = USUAL, **facts: Any) -> Session:
    """A customer came in: decision, session and event."""
    who = who or factories.customer()
    decided = decision(who, at, **facts)
    device = Device.objects.create(
        customer=who, cookie_digest=codes.new_token(), browser="Firefox", system="Linux", first_seen_at=at,
        last_seen_at=at, known_at=at + timedelta(days=1), expires_at=at + timedelta(days=365),
    )  # fmt: skip
    session = Session.objects.create(
        customer=who, device=device, browser_key=codes.new_token()[:40], started_at=at, last_used_at=at,
        expires_at=at + timedelta(hours=12), auth_time=at, level=Level.AAL1, level_at=at, methods=["password"],
        risk=decided.risk, decision=decided.pk, visit=asdict(visit), network="192.0.2.0/24", country=visit.country,
        browser="Firefox", system="Linux",
    )  # fmt: skip
    event = events.SignedIn(
        session=session.pk, device=device.pk, new_device=False, acr=Code(Level.AAL1.acr), methods=(Method.PASSWORD,)
    )
    with transaction.atomic():
        record(event, about=who.pk, by=Actor(ActorKind.CUSTOMER, who.pk, Channel.WEB), at=at, decision=decided.pk)
    return session


def answered(session: Session, name: str, at: datetime) -> None:
    """The customer said whether it was them."""
    AuditEntry.objects.create(
        at=at, about=session.customer_id, actor_kind="customer", channel="web", name=name, decision=session.decision
    )


def audited(event: type[AuditEvent]) -> list[dict[str, Any]]:
    """What was recorded under this event's name, oldest first."""
    return list(AuditEntry.objects.filter(name=event.name).order_by("at", "pk").values_list("data", flat=True))


def no_counters() -> Any:
    """A client of counters that are away, to stand in for ``velocity.counters``."""
    return redis.Redis(port=9, socket_connect_timeout=0.1)
