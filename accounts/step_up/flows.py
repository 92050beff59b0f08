"""The one way in which a flow asks whether this may be done now, in this session: both rows locked, then the gate.

Without the locks, a session that ends while a change is under way (signed out elsewhere, disowned, reassessed) would
still make it. Every flow locks in this order: a consent, the customer, a session, then what hangs from it. Neither
lock hinders rows that merely point at the customer or the session, so a flow that holds less waits for nobody here.
"""

import math
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.account.policy import Reason
from accounts.budgets import velocity
from accounts.models import Session, User
from accounts.step_up import facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import ProveMore, Refused, TooMany
from ciam_portal.core.flow import require_action
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.postgres import prepared

# Django has no FOR SHARE. Rows are locked in the order of these names.
_SHARED = """
SELECT FROM accounts_user AS customer JOIN accounts_session AS session ON session.customer_id = customer.id
WHERE customer.id = %s AND session.id = %s FOR SHARE OF customer, session
"""

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser


def locked(customer: UUID, session: UUID) -> tuple[User, Session]:
    """Customer and session as they stand now, and nobody changes either before this flow is through."""
    owner = User.objects.locked(customer)
    return owner, _locked(session)


def shared(customer: UUID, session: UUID) -> None:
    """Neither changes before this flow is through, which only reads them: others may do so too. One statement."""
    prepared.connection.prepared(_SHARED, [customer, session]).close()


def _locked(session: UUID) -> Session:
    return Session.objects.select_for_update(of=("self",), no_key=True).select_related("device").get(pk=session)


def permitted(action: Action, customer: User, session: Session, *, by: Actor, at: datetime) -> tuple[User, Session]:
    """The same, once the gate lets the customer do this in this session. Raises ProveMore, OnHold or Refused."""
    customer, session = locked(customer.pk, session.pk)
    asked = facts.for_action(customer, session, by=by, at=at)
    require_action(action, asked, about=customer.pk, by=by, at=at)
    return customer, session


def by_stranger(action: Action, email: str, browser: "Browser", *, about: UUID | None, by: Actor, at: datetime) -> None:
    """Ask about somebody who is not signed in and names an account; the same whether or not there is one.

    They have nothing to prove with, so where more is asked for, time helps: raises TooMany with the time after which
    the answer is another, as it stands now, or Refused.
    """
    own = browser.known or bool(browser.own)

    def asked(when: datetime) -> gate.Facts:
        return facts.for_stranger(email, browser.seen, absurd=browser.absurd, own=own, by=by, at=when)

    try:
        require_action(action, asked(at), about=about, by=by, at=at)
    except ProveMore:
        for later in velocity.turns(at):
            if isinstance(gate.decide(action, asked(later), limits=limits.current(), at=later), Allow):
                seconds = math.ceil((later - at).total_seconds())
                raise TooMany(Reason.LATER, retry_after=max(1, seconds)) from None
        raise Refused(Reason.NOT_FROM_HERE) from None


def by_staff(
    action: Action, person: User, session: Session, *, about: UUID | None, by: Actor, at: datetime
) -> UUID | None:
    """The decision that lets ``person`` of the staff do this, in this session as it stands now, which stays locked.

    ``about``: whom it concerns; the caller locks them first. Raises ProveMore, OnHold or Refused.
    """
    asked = facts.for_action(person, _locked(session.pk), by=by, at=at)
    return require_action(action, asked, about=about, by=by, at=at)
