"""An account shows its first mailbox, and may have to wait for evidence; staff let one, or a whole domain, go on."""

from datetime import datetime

from accounts.account.flows import PROVEN
from accounts.models import Beginning, PassedDomain, Session, User
from accounts.registration import flows as registration
from accounts.trust import events, facts, notices, policy
from accounts.trust.policy import Limited, WhyPass
from ciam_portal.core import domains
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import decide
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.decision import Allow


@PROVEN.join
def begin(customer: User, *, by: Actor, at: datetime) -> None:
    """Its mailbox was shown: at a domain that is nobody's provider it counts, and may have to wait. Part of a flow."""
    named = domains.domain_of(customer.email)
    domain = domains.owner(named)
    if customer.imported_at is not None or domains.is_everybodys(named) or domains.is_everybodys(domain):
        return
    host = domains.mail(named).host
    decided = decide(policy.may_begin, facts.start(domain, host, at), about=customer.pk, by=by, at=at)
    waits = not isinstance(decided.answer, Allow)
    row = {"domain": domain, "host": host, "proven_at": at, "decision": decided.id, "waits": waits}
    _begun, is_new = Beginning.objects.get_or_create(customer=customer, defaults=row)
    if waits and is_new:
        record(events.AccountWaits(), about=customer.pk, by=by.known_as(customer.pk), at=at, decision=decided.id)


def let(what: Limited, customer: User, times: list[datetime], *, by: Actor, at: datetime) -> None:
    """One more of these, beside those of the last day. Part of a flow that has locked them. Raises OnHold."""
    if doing := facts.doing(what, customer, times, at):
        require(policy.may_do, doing, about=customer.pk, by=by, at=at)


@flow
def ask(customer: User, *, by: Actor, at: datetime) -> None:
    """Its owner would have a person look at why it waits. Raises Refused."""
    customer = User.objects.locked(customer.pk)
    asking = facts.asking(customer, facts.evidence_of(customer, at), at)
    require(policy.may_ask, asking, about=customer.pk, by=by, at=at)
    row = Beginning.objects.get(customer=customer)
    if row.decision is not None:
        registration.look_at(customer, None, row.decision, by=by, at=at)


@registration.PASSED.join
def lift(customer: User, *, by: Actor, at: datetime) -> None:
    """A person has looked, and found a person. Part of a flow."""
    row = Beginning.objects.select_for_update().filter(customer=customer, waits=True).first()
    if row is not None:
        _passed(row, by=by, at=at)


def _passed(row: Beginning, *, by: Actor, at: datetime) -> None:
    row.passed(at)
    record(events.AccountPassed(), about=row.customer_id, by=by, at=at, decision=row.decision)
    tell(row.customer, notices.AccountPassed(), to=[row.customer.email], at=at)


@flow
def pass_domain(
    row: Beginning, reason: WhyPass, staff: User, session: Session, *, by: Actor, at: datetime
) -> PassedDomain:
    """Whoever begins at this account's mail domain waits no longer, now or later. Raises Refused, ProveMore."""
    staff = User.objects.locked(staff.pk)  # roles as they are now
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    decision = require(
        policy.may_pass, facts.passing(row.domain, row.customer_id, staff, session), about=row.customer_id, by=by, at=at
    )
    made = PassedDomain.objects.create(domain=row.domain, reason=reason.value, passed_by=staff.pk, passed_at=at)
    waiting = Beginning.objects.select_for_update(of=("self",)).select_related("customer")
    rows = list(waiting.filter(domain=row.domain, waits=True).order_by("pk"))
    for each in rows:
        _passed(each, by=by, at=at)
    event = events.DomainPassed(domain=made.pk, reason=Code(reason.value), accounts=len(rows))
    record(event, about=row.customer_id, by=by, at=at, decision=decision)
    return made


@flow
def take_back(passed: PassedDomain, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """It was passed wrongly: whoever waits for nothing because of that waits again. Raises Refused, ProveMore."""
    staff = User.objects.locked(staff.pk)  # roles as they are now
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    asked = facts.passing(passed.domain, None, staff, session)
    decision = require(policy.may_take_back, asked, about=None, by=by, at=at)
    rows = list(facts.let_by(passed).select_for_update().order_by("pk"))
    for each in rows:
        each.waits_again()
        record(events.AccountWaits(), about=each.customer_id, by=by, at=at, decision=decision)
    record(events.DomainTakenBack(domain=passed.pk, accounts=len(rows)), about=None, by=by, at=at, decision=decision)
    passed.delete()
