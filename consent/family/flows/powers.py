"""What guardians may do for a child: the same for each of them. Less at once, more together."""

from dataclasses import replace
from datetime import datetime

from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit import decide
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, go_on, require
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Hold
from consent.delegation.flows import life
from consent.family import events, facts, policy
from consent.family.flows import asking, locking, news
from consent.family.shapes import Asks
from consent.models import Dependant, ParentalResponsibility


@flow
def limit(child: Dependant, me: User, action: str, *, by: Actor, at: datetime) -> None:
    """One thing that no guardian can do for the child from now on. Nothing is asked for. Raises Refused."""
    child = locking.child(child.person_id)
    require(policy.may_limit, facts.guarding(child, me, by=by, at=at), about=me.pk, by=by, at=at)
    _set(child, action, wider=False, by=by, at=at)
    news.tell_guardians("less", child, besides=me.pk, at=at)


@flow
def widen(child: Dependant, me: User, session: Session, action: str, *, by: Actor, at: datetime) -> bool:
    """One thing more; with another guardian, once they agree. Whether it holds now. Raises ProveMore, Refused."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child = locking.child(child.person_id)
    waits = asking.waits(child.person_id, Asks.POWER, action)
    asked = facts.guarding(child, me, waits=waits, key=action, by=by, at=at)
    decided = decide.decide(policy.may_widen, asked, about=me.pk, by=by, at=at)
    if isinstance(decided.answer, Hold):
        asking.ask_other(child, me, Asks.POWER, key=action, by=by, at=at)
        return False
    go_on(decided)
    wider(child, action, by=by, at=at)
    return True


def wider(child: Dependant, action: str, *, by: Actor, at: datetime) -> None:
    """Guardians can do this as well. Part of a flow, which asked."""
    _set(child, action, wider=True, by=by, at=at)


def _set(child: Dependant, action: str, *, wider: bool, by: Actor, at: datetime) -> None:
    for row in locking.rows(child):
        rest = tuple(each for each in row.actions if each != action)
        terms = replace(row.terms, actions=(*rest, action) if wider else rest)
        life.alter(row, terms, row.ends_at, tells=False, by=by, at=at)
    about = [each.guardian_id for each in ParentalResponsibility.objects.live().of(child.person_id)]
    for who in (*about, child.person_id):
        event = events.PowersChanged(child.person_id, Code(action), wider=wider, as_child=who == child.person_id)
        record(event, about=who, by=by, at=at)
