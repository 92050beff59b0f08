"""Coming of age: announced, written down, and the account handed over to whom it is about.

Nothing waits for the job: a guardian's word and delegation end at their own instants. It tells, and keeps the lineage.
"""

from datetime import datetime, timedelta

from accounts.account import dependants
from accounts.account import flows as account
from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.delegation.flows import life
from consent.delegation.shapes import Asked
from consent.family import events, facts, notices, policy
from consent.family.flows import asking, locking, news
from consent.family.flows.together import go
from consent.family.proofs import CLAIM
from consent.family.shapes import PENDING, Band, Over, Removing, Role, What
from consent.models import Delegation, Dependant, FamilyRequest, Membership, ParentalResponsibility, Removal


@flow
def announce(child: Dependant, *, by: Actor, at: datetime) -> None:
    """Some days before, guardians are told what changes. Raises Refused if not yet, or told."""
    child = locking.child(child.person_id)
    asked = facts.aging(child, at)
    require(policy.may_announce, asked, about=child.person_id, by=by, at=at)
    coming = policy.next_band(asked, at)
    child.tell(coming)
    _note(child, coming, soon=True, by=by, at=at)
    when = facts.comes_of(child, What.CONSENT if coming is Band.TEEN else What.MAJORITY, at)
    news.tell_guardians(f"{coming}_soon", child, until=when, at=at)


@flow
def grow(child: Dependant, *, by: Actor, at: datetime) -> None:
    """They have come of an age: it is written down; grown up, nobody answers for them. Raises Refused if not."""
    child = locking.child(child.person_id)
    require(policy.may_grow, facts.aging(child, at), about=child.person_id, by=by, at=at)
    now = facts.band(child, at)
    child.grow(now)
    _change_roles(child, now, at)
    _note(child, now, soon=False, by=by, at=at)
    news.tell_guardians(now.value, child, at=at)
    if now is Band.ADULT:
        _let_go(child, by=by, at=at)


@flow
def hand_over(
    found: ParentalResponsibility, me: User, session: Session, address: str, *, by: Actor, at: datetime
) -> None:
    """Send the young person, at an address of their own, the link to a sign-in. Raises ProveMore, Refused, TooMany."""
    me, session = permitted(Action.ACCEPT_DELEGATION, me, session, by=by, at=at)
    child = locking.child(found.child_id)
    found = ParentalResponsibility.objects.get(pk=found.pk)
    require(policy.may_hand_over, facts.handing(found, child, me, by=by, at=at), about=me.pk, by=by, at=at)
    asked = mails.take_new_address(me, address)
    record(events.HandedOver(child.person_id, as_child=False), about=me.pk, by=by, at=at)
    record(events.HandedOver(child.person_id, as_child=True), about=child.person_id, by=by, at=at)
    news.tell_guardians("handed_over", child, besides=me.pk, at=at)
    known = User.objects.filter(email=address).first()
    if known is not None and addresses.is_proven(known):  # whose owner alone is told so
        account.tell_owner(address, asked=asked, by=by, at=at)
        return
    link = proofs.new_link(child.person, CLAIM, address, at, bound_to=child.pk)
    tell(child.person, notices.Claim(child.person.local(link.until), link.url), to=[address], at=at, asked=asked)


@flow
def claim(secret: str, password: str, *, by: Actor, at: datetime) -> User:
    """The young person chooses a password, and signs in themselves from now on. Raises Refused."""
    link = proofs.use(secret, CLAIM, by=by, at=at)
    child, by = locking.child(link.customer.pk), by.known_as(link.customer.pk)
    dependants.take_over(link.customer, link.proof.address, password, by=by, at=at)
    child.claim(at)
    record(events.Claimed(child.person_id, as_child=True), about=child.person_id, by=by, at=at)
    for each in ParentalResponsibility.objects.live().of(child.person_id):
        record(events.Claimed(child.person_id, as_child=False), about=each.guardian_id, by=by, at=at)
    news.tell_guardians("claimed", child, at=at)
    return link.customer


@flow
def renew(row: Delegation, *, by: Actor, at: datetime) -> None:
    """A guardian goes on for a year at most: by itself, or by the young person's own word. Raises Refused."""
    child = locking.child(row.owner_id)
    row = life.held(row)
    require(policy.may_renew, facts.renewing(row, child, by, at), about=row.owner_id, by=by, at=at)
    longest = at + timedelta(days=limits.current().delegation.longest_days)
    until = min(longest, facts.comes_of(child, What.MAJORITY, at))
    life.alter(row, row.terms, until, tells=False, by=by, at=at)
    record(events.Confirmed(row.pk, until), about=row.owner_id, by=by, at=at)


def _let_go(child: Dependant, *, by: Actor, at: datetime) -> None:
    for each in FamilyRequest.objects.select_for_update().filter(child=child.person, state=Asked.OPEN):
        asking.end(each, Asked.EXPIRED, by=by, at=at)
    for removal in Removal.objects.select_for_update().filter(child=child.person, state__in=PENDING):
        removal.end(Removing.WITHDRAWN, at)
    for found in ParentalResponsibility.objects.live().of(child.person_id):
        go(found, Over.GROWN_UP, by=by, at=at)


def _change_roles(child: Dependant, now: Band, at: datetime) -> None:
    for each in Membership.objects.filter(person=child.person, until_at=None).exclude(role=Role.GUARDIAN):
        Membership.objects.filter(pk=each.pk).update(until_at=at)
        Membership.objects.create(family=each.family, person=child.person, role=Role(now.value), from_at=at)


def _note(child: Dependant, band: Band, *, soon: bool, by: Actor, at: datetime) -> None:
    guardians = [each.guardian_id for each in ParentalResponsibility.objects.live().of(child.person_id)]
    for who in (*guardians, child.person_id):
        event = events.ComesOfAge(child.person_id, Code(band.value), soon=soon, as_child=who == child.person_id)
        record(event, about=who, by=by, at=at)
