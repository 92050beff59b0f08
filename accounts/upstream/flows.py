"""Coming in with somebody else's service, opening an account with it, linking and unlinking it.

An address never says whose account it is: only who is signed in links, and only what they have just come back with.
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.account import flows as account
from accounts.factors import policy as factors
from accounts.lock.flows import reversible
from accounts.lock.flows.everywhere import announce
from accounts.models import Change, Session, User
from accounts.sessions import flows as sessions
from accounts.sign_in import flows as sign_in
from accounts.step_up.flows import permitted
from accounts.upstream import bound, events, notices, policy
from accounts.upstream.shapes import Identity
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import UPSTREAMS, Method
from ciam_portal.core.policy.catalogue import Action

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
    owner = link.user if link is not None and bound.is_sure(link) else None
    event = events.UpstreamUsed(Code(identity.upstream), method)
    record(event, about=owner.pk if owner else None, by=by, at=at)
    if link is None or owner is None:
        return None
    if bound.is_paused(link):
        raise Refused(policy.Reason.PAUSED)
    bound.used(link)
    return owner, method


@account.PROVEN.join
def settle(customer: User, *, by: Actor, at: datetime) -> None:  # noqa: ARG001  (PROVEN's)
    """Of the sign-ins that sign-ups with this address left, the one of that sign-up counts whose mail was answered."""
    bound.settle(customer, customer.password)


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
        bound.tie(identity, customer, at=at, attempt=customer.password)
    except bound.Taken:
        raise Refused(policy.Reason.TAKEN) from None
    if vouched:
        account.proven(customer, by=by, at=at)
    return customer


@flow
def link(customer: User, session: Session, identity: Identity, begun: int, *, by: Actor, at: datetime) -> None:
    """Who came back there is this customer from now on. ``begun``: when they were sent (seconds since 1970).

    Raises ProveMore, OnHold or Refused.
    """
    customer, session = permitted(Action.LINK_SIGN_IN, customer, session, by=by, at=at)
    asked = _link_facts(customer, identity, begun)
    require(policy.may_link, asked, about=customer.pk, by=by, at=at)
    for each in bound.of_service(customer, identity.upstream):  # those that there are let nobody in any more
        bound.take_away(customer, str(each.pk))
    try:
        made = bound.tie(identity, customer, at=at)
    except bound.Taken:
        raise Refused(policy.Reason.TAKEN) from None
    undo = reversible.note(customer, Change.Kind.SIGN_IN_LINKED, session, key=made.pk, at=at)
    record(events.UpstreamLinked(Code(identity.upstream), key=made.pk), about=customer.pk, by=by, at=at)
    announce(customer, notices.SignInLinked(**_words(identity.upstream), **undo), at=at)


def _link_facts(customer: User, identity: Identity, begun: int) -> policy.LinkFacts:
    known = bound.found(identity)
    others = [each for each in bound.of_service(customer, identity.upstream) if each != known]
    return policy.LinkFacts(
        is_staff=customer.is_staff,
        elsewhere=known is not None and bound.is_sure(known) and known.user_id != customer.pk,
        has_one=any(not bound.is_paused(each) for each in others),
        fresh=_is_fresh(identity, begun),
    )


def _is_fresh(identity: Identity, begun: int) -> bool | None:
    """Whether somebody signed in there since they were sent; None if it does not say."""
    said = identity.authenticated_at
    return None if said is None else said >= begun - limits.current().oauth.clock_skew_seconds


def _words(key: str) -> dict[str, str]:
    upstream = settings.UPSTREAMS.get(key)
    return {"service": upstream.name if upstream else key, "security_link": links.absolute("accounts:security")}


@flow
def show_again(customer: User, session: Session, identity: Identity, begun: int, *, by: Actor, at: datetime) -> Session:
    """A live session has been shown once more by a sign-in there, just now, that is linked. Raises Refused."""
    link, fresh = bound.found(identity), _is_fresh(identity, begun)
    mine = link is not None and bound.is_sure(link) and not bound.is_paused(link) and link.user_id == customer.pk
    require(policy.may_show_again, policy.AgainFacts(mine, bool(fresh)), about=customer.pk, by=by, at=at)
    return sign_in.step_up(session, method_of(identity, at), by=by, at=at)


@flow
def unlink(customer: User, session: Session, key: str, *, by: Actor, at: datetime) -> None:
    """Its word no longer lets the customer in. Raises ProveMore, OnHold or Refused: never the last way in."""
    customer, session = permitted(Action.REMOVE_FACTOR, customer, session, by=by, at=at)
    gone = next(iter(bound.of_service(customer, key)), None)
    require(policy.may_unlink, bound.unlinking(customer, gone), about=customer.pk, by=by, at=at)
    if gone is None:
        return
    row, number = bound.row_of(gone), gone.pk
    undo = reversible.note(customer, Change.Kind.SIGN_IN_UNLINKED, session, previous=row, key=number, at=at)
    bound.take_away(customer, str(number))
    ended = _end_others(customer, session, by=by, at=at)
    if not bound.listed(customer):
        _forget_in(session)
    event = events.UpstreamUnlinked(Code(key), key=number, sessions_ended=ended)
    record(event, about=customer.pk, by=by, at=at)
    announce(customer, notices.SignInUnlinked(**_words(key), **undo), at=at)


def _end_others(customer: User, session: Session, *, by: Actor, at: datetime) -> int:
    live = Session.objects.filter(customer=customer, ended_at__isnull=True, methods__overlap=list(UPSTREAMS))
    resting = list(live.exclude(pk=session.pk))
    for other in resting:
        sessions.end(other, by=by, at=at, reason=sessions.CREDENTIALS_CHANGED)
    return len(resting)


def _forget_in(session: Session) -> None:
    """This session stays, and shows no more than what is left."""
    proven = [Method(name) for name in session.methods]
    stored, level = factors.left_of(proven, UPSTREAMS)
    session.methods, session.level = list(stored), level
    session.save(update_fields=["methods", "level"])
