"""A child is added by an adult who answers for it, acts for it, and says yes or no for it."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from accounts.account.dependants import open_dependant
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from accounts.trust import flows as trust
from accounts.trust.policy import Limited
from ciam_portal.core.audit import decide
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import delegable, flow, go_on, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action, Preset
from ciam_portal.core.policy.decision import Hold
from consent.delegation import facts as delegations
from consent.delegation import lines
from consent.delegation.flows import life
from consent.delegation.policy import has_amount, may_act
from consent.delegation.shapes import Kind, Terms
from consent.family import events, facts, policy
from consent.family.facts import Wish
from consent.family.flows import asking, locking
from consent.family.shapes import Asks, Method, Role, What
from consent.models import ConsentEvent, Delegation, Dependant, Family, Membership, ParentalResponsibility
from consent.records import flows as choices
from consent.records.policy import GivenBy, Says

_SEES = ("openid", "profile")  # a child has no address or number here


@flow
def add(guardian: User, session: Session, wish: Wish, *, by: Actor, at: datetime) -> ParentalResponsibility:
    """An account for a child, to which nobody can sign in. Raises ProveMore, OnHold or Refused."""
    guardian, session = permitted(Action.ACCEPT_DELEGATION, guardian, session, by=by, at=at)
    decision = require(policy.may_add, facts.adding(guardian, wish, by=by, at=at), about=guardian.pk, by=by, at=at)
    trust.let(Limited.ACTING, guardian, [], by=by, at=at)
    person = open_dependant(wish.name, guardian.locale, wish.timezone, by=by, at=at)
    child = Dependant.objects.create(person=person, born_on=wish.born_on, country=wish.country, made_at=at)
    child.grow(facts.band(child, at))
    return take_on(child, guardian, Method.DECLARED, decision, by=by, at=at)


def take_on(
    child: Dependant, guardian: User, method: Method, decision: UUID | None, *, by: Actor, at: datetime
) -> ParentalResponsibility:
    """From now on they answer for the child, and act for it by an ordinary delegation. Part of a flow, which asked."""
    _belong(child, guardian, at)
    before = [each.terms for each in locking.rows(child)]
    row = _delegation(child, guardian, at)
    if before:  # as the other guardian has it
        row.take(before[0])
    found = ParentalResponsibility.objects.create(
        guardian=guardian, child=child.person, method=method, proof=decision, delegation=row, from_at=at
    )
    told = partial(
        events.ChildAdded,
        responsibility=found.pk,
        method=Code(method.value),
        consent_at=facts.comes_of(child, What.CONSENT, at),
        adult_at=facts.comes_of(child, What.MAJORITY, at),
    )
    record(told(other=child.person_id, as_child=False), about=guardian.pk, by=by, at=at, decision=decision)
    record(told(other=guardian.pk, as_child=True), about=child.person_id, by=by, at=at, decision=decision)
    life.begin(row, by=by, at=at, decision=decision)
    return found


@flow
@delegable
def answer(row: Delegation, said: choices.Saying, *, by: Actor, at: datetime) -> ConsentEvent | None:
    """A guardian, who acts for the child, says yes or no for it, marked as theirs. None: the other one is asked first.

    Raises Refused.
    """
    child = locking.child(row.owner_id)
    row = life.held(row)
    require(may_act, delegations.of(row, at=at), about=row.owner_id, by=by, at=at)
    asked = facts.consenting(row, at, says_yes=said.says is Says.YES)
    decided = decide.decide(policy.may_consent, asked, about=row.owner_id, by=by, at=at)
    if isinstance(decided.answer, Hold) and row.delegate is not None:
        version, ticked = said.read, sorted(said.ticked)
        asking.ask_other(child, row.delegate, Asks.CONSENT, key=said.key, version=version, ticked=ticked, by=by, at=at)
        return None
    go_on(decided)
    return say(child, said, by=by, at=at)


def say(child: Dependant, said: choices.Saying, *, by: Actor, at: datetime) -> ConsentEvent:
    """The same, once it was asked whether they may. ``by`` acts for the child. Part of a flow."""
    consent_at = facts.comes_of(child, What.CONSENT, at)
    voice = choices.Voice(GivenBy.GUARDIAN, policy.consent_until(consent_at, at, limits=limits.current()))
    written = choices.say(child.person, said, voice=voice, by=by, at=at)
    told = events.ChildAnsweredFor(child.person_id, Code(said.key), Code(said.says.value))
    record(told, about=by.id, by=by, at=at)
    return written


def _delegation(child: Dependant, guardian: User, at: datetime) -> Delegation:
    """What a guardian begins with: ordinary affairs, without payments."""
    rules = limits.current()
    ordinary = lines.terms_of(Preset.DAILY_BUSINESS, rules).actions
    ends_at = min(at + timedelta(days=rules.delegation.longest_days), facts.comes_of(child, What.MAJORITY, at))
    row = Delegation(
        owner=child.person, delegate=guardian, kind=Kind.GUARDIAN, made_at=at, starts_at=at, ends_at=ends_at
    )
    row.take(Terms(tuple(each for each in ordinary if not has_amount(each, rules)), _SEES))
    return row


def _belong(child: Dependant, guardian: User, at: datetime) -> None:
    """The child belongs to the guardian's own family, which there is from their first child on."""
    family, is_new = Family.objects.get_or_create(guardian=guardian, defaults={"made_at": at})
    if is_new:
        Membership.objects.create(family=family, person=guardian, role=Role.GUARDIAN, from_at=at)
    role = Role(facts.band(child, at).value)
    Membership.objects.create(family=family, person=child.person, role=role, from_at=at)
