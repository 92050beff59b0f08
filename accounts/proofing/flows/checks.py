"""A check: begun, stopped, failed, or passed, from which evidence comes. All providers end here, and nowhere else."""

from datetime import datetime

from accounts.lock.flows.everywhere import announce
from accounts.models import IdentityCheck, IdentityEvidence, IdentityTwin, Session, User
from accounts.proofing import events, facts, notices, policy
from accounts.proofing.providers import PROVIDERS, Begun
from accounts.proofing.shapes import Shown, State, Why
from accounts.step_up.flows import permitted
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action

PAGE = "accounts:identity"
_MOST_TWINS = 5


@flow
def start(customer: User, session: Session, code: str, *, by: Actor, at: datetime) -> tuple[IdentityCheck, Begun]:
    """Begin to show who one is; where the customer goes on. Raises ProveMore, OnHold, Refused."""
    customer, session = permitted(Action.PROVE_IDENTITY, customer, session, by=by, at=at)
    require(policy.may_start, facts.starting(customer, code, at), about=customer.pk, by=by, at=at)
    for late in IdentityCheck.objects.overdue(at).filter(customer=customer, provider=code):
        late.end(State.EXPIRED, at)
    provider = PROVIDERS[code]
    check = IdentityCheck(
        customer=customer, provider=code, session=session.pk, state=State.STARTED, started_at=at,
        expires_at=at + provider.lives(limits.current()),
    )  # fmt: skip
    begun = provider.begin(check)
    check.sealed = vault.seal(begun.kept.encode(), check.context) if begun.kept else ""
    check.save(force_insert=True)
    record(events.CheckStarted(attempt=check.pk, provider=Code(code)), about=customer.pk, by=by, at=at)
    return check, begun


@flow
def stop(check: IdentityCheck, *, by: Actor, at: datetime) -> None:
    """The customer does not go on. Raises Refused if it is over."""
    check = locked(check)
    require(policy.may_stop, facts.check(check, at), about=check.customer_id, by=by, at=at)
    check.end(State.WITHDRAWN, at)
    record(events.CheckStopped(attempt=check.pk, expired=False), about=check.customer_id, by=by, at=at)


@flow
def expire(check: IdentityCheck, *, by: Actor, at: datetime) -> None:
    """Nobody went on with it in time. Raises Refused if somebody did."""
    check = locked(check)
    if not IdentityCheck.objects.overdue(at).filter(pk=check.pk).exists():
        raise Refused(policy.Reason.OVER)
    check.end(State.EXPIRED, at)
    record(events.CheckStopped(attempt=check.pk, expired=True), about=check.customer_id, by=by, at=at)


@flow
def fail(check: IdentityCheck, why: Why, *, by: Actor, at: datetime) -> None:
    """A provider has not confirmed it: that counts. Raises Refused if it is over."""
    check = locked(check)
    require(policy.may_stop, facts.check(check, at), about=check.customer_id, by=by, at=at)
    failed(check, why, by=by, at=at)


def passed(check: IdentityCheck, shown: Shown, *, by: Actor, at: datetime) -> IdentityEvidence:
    """Part of a flow that holds the lock: evidence comes of it, or staff look first. Raises Refused."""
    require(policy.may_pass, facts.check(check, at, shown), about=check.customer_id, by=by, at=at)
    customer, others = check.customer, facts.alike(check.customer, shown, at)
    evidence = IdentityEvidence(
        customer=customer, provider=check.provider, document=shown.document, issuer=shown.issuer,
        strength=shown.strength, pathway=shown.pathway, person=facts.person_of(shown), number=facts.document_of(shown),
        waits=bool(others), given_at=at, expires_at=policy.expires_at(shown.expires_at, limits.current(), at),
    )  # fmt: skip
    evidence.sealed = facts.sealed(shown, evidence.context)
    evidence.save(force_insert=True)
    check.document = evidence.number
    check.end(State.PASSED, at, by=by.id if check.noted_by else None)
    event = events.IdentityProven(
        attempt=check.pk, evidence=evidence.pk, provider=Code(check.provider), strength=Code(evidence.strength),
        pathway=Code(evidence.pathway), counts=not others, expires_at=evidence.expires_at,
    )  # fmt: skip
    record(event, about=customer.pk, by=by, at=at)
    for other in others[:_MOST_TWINS]:
        twin = IdentityTwin.objects.create(customer=customer, other_id=other, evidence=evidence.pk, opened_at=at)
        record(events.TwinSeen(twin=twin.pk), about=customer.pk, by=by, at=at)
    if others:
        news(customer, "looked_at", at=at)
    else:
        counted(evidence, at=at)
    return evidence


def counted(evidence: IdentityEvidence, *, at: datetime) -> None:
    """Part of a flow: from now on it counts, in place of what was shown the same way before; all are told."""
    former = IdentityEvidence.objects.filter(customer=evidence.customer_id, provider=evidence.provider)
    former.exclude(pk=evidence.pk).exclude(waits=True).delete()
    changed(evidence.customer, "proven", until=evidence.expires_at, at=at)


def failed(check: IdentityCheck, why: Why, *, by: Actor, at: datetime) -> None:
    """Part of a flow that holds the lock. The customer learns that, and never which detail it was."""
    check.end(State.FAILED, at, why=why, by=by.id if check.noted_by else None)
    record(events.CheckFailed(attempt=check.pk, reason=Code(why.value)), about=check.customer_id, by=by, at=at)
    news(check.customer, "failed", at=at)


def locked(check: IdentityCheck) -> IdentityCheck:
    """It as it stands, under the lock on its customer. Raises Refused if it is gone."""
    customer = User.objects.locked(check.customer_id)
    found = IdentityCheck.objects.select_for_update(of=("self",)).filter(pk=check.pk).first()
    if found is None:
        raise Refused(policy.Reason.OVER)
    found.customer = customer
    return found


def news(customer: User, step: str, *, at: datetime, until: datetime | None = None) -> None:
    """Tell the customer."""
    said = customer.local(until) if until else ""
    notice = notices.IdentityNews(step=step, until=said, link=links.absolute(PAGE))
    tell(customer, notice, to=[customer.email], at=at)


def changed(customer: User, what: str, *, at: datetime, until: datetime | None = None) -> None:
    """Tell the customer at every address and number."""
    notice = notices.IdentityChanged(
        what=what,
        until=customer.local(until) if until else "",
        link=links.absolute(PAGE),
        password_link=links.absolute("account_reset_password"),
    )
    announce(customer, notice, at=at)
