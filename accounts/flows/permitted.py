"""The one way in which a flow asks whether this may be done now, in this session: both rows locked, then the gate.

Without the locks, a session that ends while a change is under way (signed out elsewhere, disowned, reweighed) would
still make it. Every flow locks in this order: a consent, the customer, a session, then what hangs from it. Neither
lock hinders rows that merely point at the customer or the session, so a flow that holds less waits for nobody here.
"""

from datetime import datetime
from uuid import UUID

from accounts import facts
from accounts.models import Session, User
from ciam_portal.audit.actor import Actor
from ciam_portal.flow import require_action
from ciam_portal.policy.catalogue import Action


def locked(customer: UUID, session: UUID) -> tuple[User, Session]:
    """Customer and session as they stand now, and nobody changes either before this flow is through."""
    owner = User.objects.select_for_update(no_key=True).get(pk=customer)
    return owner, _locked(session)


def _locked(session: UUID) -> Session:
    return Session.objects.select_for_update(of=("self",), no_key=True).select_related("device").get(pk=session)


def permitted(action: Action, customer: User, session: Session, *, by: Actor, at: datetime) -> tuple[User, Session]:
    """The same, once the gate lets the customer do this in this session. Raises ProveMore, OnHold or Refused."""
    customer, session = locked(customer.pk, session.pk)
    asked = facts.for_action(customer, session, by=by, at=at)
    require_action(action, asked, about=customer.pk, by=by, at=at)
    return customer, session


def by_staff(
    action: Action, person: User, session: Session, *, about: UUID | None, by: Actor, at: datetime
) -> UUID | None:
    """The decision that lets ``person`` of the staff do this, in this session as it stands now, which stays locked.

    ``about``: whom it concerns; the caller locks them first. Raises ProveMore, OnHold or Refused.
    """
    asked = facts.for_action(person, _locked(session.pk), by=by, at=at)
    return require_action(action, asked, about=about, by=by, at=at)
