"""One request of a partner, in the session of the customer it concerns; and what is asked of them before any page.

What a yes would be refused for is proven, waited for or heard before there is a page to say it on, not after.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from django.http import HttpRequest

from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from accounts.trust import facts as trust
from accounts.trust.policy import Limited, may_do
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import keep, refusal
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.flow import go_on
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, StepUp
from ciam_portal.oauth.authorization import AuthorizationRequest
from ciam_portal.oauth.models import Partner
from consent.models import Consent
from consent.permission import facts, policy
from consent.release import marks


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a partner, in the session of the customer it concerns."""

    request: HttpRequest
    partner: Partner
    asked: AuthorizationRequest
    customer: User
    session: Session
    at: datetime

    @property
    def by(self) -> Actor:
        """The customer."""
        return Actor.from_request(self.request)


def prove(visit: Visit, error: str, more: ProveMore) -> NoReturn:
    """Send the customer to prove it; the partner that wants no page learns that one is needed."""
    if "none" in visit.asked.prompt:
        raise visit.asked.refused(error, "the customer has to prove more, or again")
    marks.remember(visit.request, visit.asked, visit.at)
    raise more


def check_before_asking(
    visit: Visit, shown: tuple[str, ...], consent: Consent | None, unanswered: tuple[str, ...] = ()
) -> None:
    """What a yes to these would be refused for is proven, waited for or heard before the page, not after it.

    Raises ProveMore, OnHold or Refused.
    """
    allowed = consent.scopes if consent else []
    for action in facts.agreeing(visit.partner, {*shown, *unanswered}, allowed, is_new=consent is None):
        check_gate(visit, action)
    if consent is None:
        _check_new(visit)
    _check_letting_out(visit, set(shown) - set(allowed))
    check_issue(visit)


def _check_new(visit: Visit) -> None:
    today = facts.connected_today(visit.customer, visit.partner.pk, visit.at)
    doing = trust.doing(Limited.APPS, visit.customer, today, visit.at)
    if doing and (no := refusal(may_do, doing, about=visit.customer.pk, by=visit.by, at=visit.at)):
        go_on(no)


def check_gate(visit: Visit, action: str, asked: gate.Facts | None = None) -> None:
    """Prove, wait or hear no before the page, not after it. Raises ProveMore, OnHold or Refused.

    That the page may be shown is not recorded; the flow asks again, under lock, and is.
    """
    asked = asked or accounts_facts.for_token(visit.customer, visit.session, by=visit.by, at=visit.at)
    asked, assessed = accounts_facts.assessed(action, asked, visit.customer, visit.at)
    if not isinstance(assessed.decision, Allow):
        go_on(keep(action, asked, assessed, about=visit.customer.pk, by=visit.by, at=visit.at))


def check_issue(visit: Visit) -> None:
    """What the exchange of the code would be refused for is proven before there is one, or said here."""
    by = replace(visit.by, channel=Channel.API)
    try:
        check_gate(
            visit, Action.ISSUE_TOKEN, accounts_facts.for_token(visit.customer, visit.session, by=by, at=visit.at)
        )
    except ProveMore as more:
        prove(visit, "interaction_required", more)
    except Refused as refused:
        if "none" in visit.asked.prompt:
            raise visit.asked.refused("access_denied", str(refused.reason)) from refused
        raise


def _check_letting_out(visit: Visit, added: set[str]) -> None:
    letting = facts.for_letting_out(visit.customer, visit.session, added)
    answer = policy.may_let_out(letting, limits=limits.current(), at=visit.at)
    if isinstance(answer, StepUp):
        raise ProveMore(answer.to, answer.within, answer.reason)
