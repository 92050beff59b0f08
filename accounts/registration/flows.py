"""A challenged sign-up goes on by mail: the link first, then the form. A held one, once a person has looked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.account import events as account_events
from accounts.account import flows as account
from accounts.baseline import history
from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.models import HeldSignUp, Session, User
from accounts.registration import events, facts, notices, policy
from accounts.registration.proofs import APPEAL, FINISH
from ciam_portal.core import mailbox, network
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import refusal
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance
from ciam_portal.core.roles import roles_of
from ciam_portal.core.themes import Joined

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser


PASSED = Joined[Callable[..., None]]()
"""What ends once a person has found that of an account whose address is proven: ``f(customer, *, by, at)``."""
AT_ONCE = 100  # of a flood, decided about by one press
GENUINE = frozenset({HeldSignUp.Found.GENUINE, HeldSignUp.Found.SHARED})


@flow
def by_mail(email: str, browser: "Browser", *, by: Actor, at: datetime) -> None:
    """Mail the link behind which the password is chosen; the owner of a known address is told as ever.

    Reading the mail passes the challenge, so the gate is asked as if it were passed. Raises TooMany, OnHold, Refused.
    """
    passed = replace(browser, form=replace(browser.form, challenged_at=at))
    customer = account.open_account(email, None, passed, by=by, at=at)
    if customer is None:
        account.tell_owner(email, asked=_asked(browser), by=by, at=at)
    else:
        _send(customer, asked=_asked(browser), by=by, at=at)


def _asked(browser: "Browser") -> Asked:
    return mails.by(mails.MailFor.SIGN_UP, browser.bucket)


def _send(customer: User, *, asked: Asked | None, by: Actor, at: datetime) -> None:
    link = proofs.new_link(customer, FINISH, customer.email, at)
    record(account_events.ProofSent(purpose=Code(FINISH.name)), about=customer.pk, by=by, at=at)
    notice = notices.FinishSigningUp(link=link.url, hours=limits.current().proof.link_hours)
    tell(customer, notice, to=[customer.email], at=at, asked=asked)


@flow
def finish(secret: str, password: str, *, by: Actor, at: datetime) -> User:
    """Whoever reads the mail has chosen the password: the account is ready. Raises Refused for a link that is dead."""
    customer = proofs.use(secret, FINISH, by=by, at=at).customer
    account.set_first_password(customer, make_password(password), at)
    proofs.void(customer, FINISH, at=at)
    account.proven(customer, by=by, at=at)
    return customer


@flow
def hold(email: str, browser: "Browser", decision: UUID | None, *, by: Actor, at: datetime) -> None:
    """A person looks at it first. Its account waits without a password, and nothing can prove its address until then.

    The gate has decided. The owner of a known address is told as ever. Of a flood from one network only so many wait;
    the rest is answered like those. Raises TooMany.
    """
    email = mailbox.canonical(email)
    mails.take_to(mails.MailFor.SIGN_UP, email, browser.bucket)
    full = refusal(policy.may_hold, facts.holding(browser), about=None, by=by, at=at)
    if full is not None:
        record(events.SignUpDropped(), about=None, by=by, at=at, decision=full.id)
        return
    customer = account.prepare(email, None, browser, by=by, at=at)
    if customer is None:
        account.tell_owner(email, asked=_asked(browser), by=by, at=at)
    elif (
        decision is not None and not HeldSignUp.objects.filter(customer=customer, state=HeldSignUp.State.OPEN).exists()
    ):
        held = look_at(customer, browser, decision, by=by, at=at)
        notice = notices.SignUpHeld(number=held.reference, hours=limits.current().sign_up.review_hours)
        tell(customer, notice, to=[customer.email], at=at, asked=_asked(browser))


def look_at(customer: User, browser: "Browser | None", decision: UUID, *, by: Actor, at: datetime) -> HeldSignUp:
    """A person looks at what this decision held. ``browser`` None: at a customer's wish, alone. Part of a flow."""
    held = HeldSignUp.objects.create(
        customer=customer,
        decision=decision,
        source=history.hidden("address", network.source(browser.seen.address)) if browser else "",
        network=facts.network_of(browser) if browser else "",
        devices=[str(device.pk) for device in (browser and browser.devices) or ()],
        opened_at=at,
        due_at=at + timedelta(hours=limits.current().sign_up.review_hours),
    )
    record(events.SignUpHeld(held=held.pk), about=customer.pk, by=by, at=at, decision=decision)
    return held


@flow
def review(
    held: HeldSignUp, found: HeldSignUp.Found, staff: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """Staff say what they found: whoever is a person gets the link, whoever is not a no and, once, a way to appeal.

    Raises Refused, ProveMore.
    """
    held = HeldSignUp.objects.select_for_update(of=("self",)).select_related("customer").get(pk=held.pk)
    staff = User.objects.locked(staff.pk)  # roles as they are now
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    asked = policy.ReviewFacts(
        is_open=held.is_open,
        applicant=held.customer_id,
        decided_first=held.closed_by,
        staff=staff.pk,
        roles=tuple(sorted(roles_of(staff))),
        assurance=session.assurance if session.ended_at is None else Assurance(),
    )
    require(policy.may_review, asked, about=held.customer_id, by=by, at=at)
    settle = _pass if found in GENUINE else _reject
    settle(held, found, staff, by=by, at=at)


@flow
def review_alike(
    held: HeldSignUp, found: HeldSignUp.Found, staff: User, session: Session, *, by: Actor, at: datetime
) -> int:
    """The same of all that wait from its network and that nobody has looked at; how many. Raises Refused, ProveMore."""
    rows = list(HeldSignUp.objects.alike(held.network).exclude(customer=staff.pk).order_by("pk")[:AT_ONCE])
    for each in rows:
        review(each, found, staff, session, by=by, at=at)
    if not rows:
        raise Refused(policy.Reason.DECIDED)
    return len(rows)


def _pass(held: HeldSignUp, found: HeldSignUp.Found, staff: User, *, by: Actor, at: datetime) -> None:
    held.close(HeldSignUp.State.PASSED, found, staff.pk, at)
    event = events.SignUpPassed(held=held.pk, found=Code(found))
    record(event, about=held.customer_id, by=by, at=at, decision=held.decision)
    if not addresses.is_proven(held.customer):
        _send(held.customer, asked=None, by=by, at=at)
        return
    for lift in PASSED:
        lift(held.customer, by=by, at=at)


def _reject(held: HeldSignUp, found: HeldSignUp.Found, staff: User, *, by: Actor, at: datetime) -> None:
    held.close(HeldSignUp.State.REJECTED, found, staff.pk, at)
    event = events.SignUpRejected(held=held.pk, found=Code(found))
    record(event, about=held.customer_id, by=by, at=at, decision=held.decision)
    opened = addresses.is_proven(held.customer)
    notice = notices.SignUpRejected(number=held.reference, opened=opened)
    if held.appealed_at is None:
        days = limits.current().sign_up.appeal_hours // 24
        link = proofs.new_link(held.customer, APPEAL, held.customer.email, at, bound_to=held.pk)
        notice = notices.SignUpRejected(number=held.reference, opened=opened, appeal_link=link.url, days=days)
    tell(held.customer, notice, to=[held.customer.email], at=at)


@flow
def appeal(secret: str, said: str, *, by: Actor, at: datetime) -> None:
    """The applicant does not agree: somebody else of the staff looks again. Raises Refused for a link that is dead."""
    held = proofs.use(secret, APPEAL, by=by, at=at).about
    held.appealed(said, at + timedelta(hours=limits.current().sign_up.review_hours), at)
    event = events.SignUpAppealed(held=held.pk)
    record(event, about=held.customer_id, by=by.known_as(held.customer_id), at=at, decision=held.decision)
