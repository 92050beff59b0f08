"""Coming in, and opening an account, with somebody else's service. An address never says whose account it is."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.account import events as account_events
from accounts.account import flows as account
from accounts.account.proofs import void_confirmations
from accounts.customer import addresses
from accounts.models import User
from accounts.upstream import bound, events, policy
from accounts.upstream.shapes import Identity
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.policy.assurance import Method

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser


def method_of(identity: Identity, at: datetime) -> Method:
    """How this sign-in counts."""
    upstream, then = settings.UPSTREAMS[identity.upstream], identity.authenticated_at
    worth = policy.Worth(upstream.second_step, upstream.phishing_resistant, upstream.fresh_minutes * 60)
    return policy.method_of(identity.said, None if then is None else max(0, int(at.timestamp()) - then), worth)


@flow
def enter(identity: Identity, *, by: Actor, at: datetime) -> tuple[User, Method] | None:
    """Whose sign-in this is, and how it counts; None if it is nobody's. The stages ask everything else.

    Raises Refused if it no longer lets anybody in: access to its account was restored since it was linked.
    """
    link, method = bound.found(identity, lock=True), method_of(identity, at)
    known = link is not None and (bound.is_sure(link) or bound.is_of_attempt(link))
    event = events.UpstreamUsed(Code(identity.upstream), method)
    record(event, about=link.user_id if link and known else None, by=by, at=at)
    if link is None or not known:
        return None
    if bound.is_paused(link):
        raise Refused(policy.Reason.PAUSED)
    if addresses.is_proven(link.user):
        bound.settle(link)
    return link.user, method


@flow
def sign_up(identity: Identity, email: str, browser: "Browser", *, by: Actor, at: datetime) -> User | None:
    """A new account without a password, which this sign-in opens once its address is proven; None as ``open_account``.

    The gate decides as about every sign-up. A challenge is passed by reading the mail, without which nothing opens.
    Raises TooMany; OnHold or Refused.
    """
    passed = replace(browser, form=replace(browser.form, challenged_at=at))
    return _open(identity, email, passed, vouched=False, by=by, at=at)


@flow
def sign_up_vouched(identity: Identity, email: str, browser: "Browser", *, by: Actor, at: datetime) -> User | None:
    """The same where the service's word about its address is enough: no mail, so a challenge is none that is passed.

    Raises ProveMore too, for which there is the way by mail.
    """
    return _open(identity, email, browser, vouched=True, by=by, at=at)


def _open(identity: Identity, email: str, browser: "Browser", *, vouched: bool, by: Actor, at: datetime) -> User | None:
    customer = account.open_account(email, None, browser, by=by, at=at)
    event = events.OpenedWithUpstream(Code(identity.upstream), vouched)
    record(event, about=customer.pk if customer else None, by=by, at=at)
    if customer is None:
        return None
    account.set_first_password(customer, make_password(None), at)  # opens nothing, and is this attempt's alone
    try:
        link = bound.tie(identity, customer, at=at, attempt=customer.password)
    except bound.Taken:
        raise Refused(policy.Reason.TAKEN) from None
    if vouched:
        addresses.confirm(customer)
        void_confirmations(customer, at)
        bound.settle(link)
        record(account_events.EmailConfirmed(), about=customer.pk, by=by.known_as(customer.pk), at=at)
    return customer
