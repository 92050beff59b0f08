"""A role taken in an emergency: at once, for a limited time, told to everybody it concerns, and reviewed."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as lazy

from accounts.customer import addresses
from accounts.models import BreakGlass, Session, User
from accounts.staff import events, notices, policy
from accounts.staff.flows import people
from accounts.staff.policy import GlassFacts, ReviewFacts, WhyGlass
from accounts.step_up.flows import by_staff
from ciam_portal.core import reference
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import Role


@flow
def take(role: Role, reason: WhyGlass, staff: User, session: Session, *, by: Actor, at: datetime) -> BreakGlass:
    """This person holds the role from now on, until it ends by itself. Raises ProveMore, OnHold, Refused."""
    people.alone()
    staff = User.objects.locked(staff.pk)
    decision = by_staff(Action.STAFF_BREAK_GLASS, staff, session, about=staff.pk, by=by, at=at)
    standing = set(staff.groups.values_list("name", flat=True)) if staff.is_staff else set()
    waiting = BreakGlass.objects.open_reviews()
    glass = GlassFacts(
        standing=tuple(each for each in Role if each.value in standing),
        holds=role.value in standing,
        own_review_open=waiting.filter(person=staff).exists(),
        oldest_review=waiting.order_by("asked_at").values_list("asked_at", flat=True).first(),
    )
    require(policy.may_break_glass, glass, about=staff.pk, by=by, at=at)
    until = at + timedelta(minutes=limits.current().staff.break_glass_minutes)
    use = BreakGlass.objects.create(person=staff, role=role.value, reason=reason.value, asked_at=at, expires_at=until)
    event = events.GlassBroken(use=use.pk, role=role, reason=Code(reason.value), expires_at=until)
    record(event, about=staff.pk, by=by, at=at, decision=decision)
    for each in (staff, *people.administrators().exclude(pk=staff.pk)):
        notice = notices.GlassBroken(role.value, lazy(reason.words), each.local(until), reference.of(use.pk))
        tell(each, notice, to=addresses.proven(each), at=at)
    return use


@flow
def review(use: BreakGlass, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """A second administrator has looked at what was done with it; the role ends. Raises ProveMore, OnHold, Refused."""
    use = BreakGlass.objects.select_for_update().get(pk=use.pk)
    decision = by_staff(Action.STAFF_BREAK_GLASS, staff, session, about=use.person_id, by=by, at=at)
    found = ReviewFacts(person=use.person_id, is_open=use.reviewed_at is None)
    require(policy.may_review, found, people.staff_facts(staff), about=use.person_id, by=by, at=at)
    use.review(staff.pk, at)
    event = events.GlassReviewed(use=use.pk, role=Role(use.role))
    record(event, about=use.person_id, by=by, at=at, decision=decision)
