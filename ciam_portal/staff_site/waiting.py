"""What waits for a member of staff: only what they may do something about, counted no further than it is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import ngettext_lazy

from accounts.activity.policy import MAY_CLOSE
from accounts.models import (
    Alert,
    BreakGlass,
    Dispute,
    HeldSignUp,
    IdentityCheck,
    IdentityTwin,
    Move,
    Restriction,
    RoleChange,
    User,
)
from accounts.proofing.policy import CHECKERS
from accounts.registration.policy import REVIEWERS as SIGN_UP_REVIEWERS
from accounts.restrictions.policy import RESTRICTERS, REVIEWERS
from accounts.staff.policy import RoleState
from accounts.watch.flows.alerts import LOOKERS as WATCHERS
from ciam_portal.console.models import ChangeRequest
from ciam_portal.console.policy import State
from ciam_portal.core.privileges import OFFICERS
from ciam_portal.core.roles import Role, roles_of, standing_roles_of
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import VersionState
from consent.family.shapes import Removing
from consent.models import BusinessRemoval, PurposeVersion, Removal, Request
from consent.purposes.policy import State as Stands
from recovery.models import Case, Inquiry, Succession

MOST = 99  # of one kind; there may be more
SOME = 10  # that stand here one by one
_PROPOSALS = ngettext_lazy("%(n)s proposal waits for a second person", "%(n)s proposals wait for a second person", "n")
_DOCUMENTS = ngettext_lazy("%(n)s document for you to check", "%(n)s documents for you to check", "n")
_ROLES = ngettext_lazy("%(n)s proposed role to decide about", "%(n)s proposed roles to decide about", "n")
_POLICIES = ngettext_lazy("%(n)s proposed policy to decide about", "%(n)s proposed policies to decide about", "n")
_MOVES = ngettext_lazy("%(n)s move of customers to decide about", "%(n)s moves of customers to decide about", "n")
_APPS = ngettext_lazy("%(n)s change of an app to decide about", "%(n)s changes of apps to decide about", "n")
_PURPOSES = ngettext_lazy("%(n)s purpose of data to decide about", "%(n)s purposes of data to decide about", "n")
_REMOVALS = ngettext_lazy("%(n)s removal of a guardian to decide", "%(n)s removals of guardians to decide", "n")
_DISPUTES = ngettext_lazy("%(n)s dispute to answer", "%(n)s disputes to answer", "n")
_SIGN_UPS = ngettext_lazy("%(n)s held sign-up to look at", "%(n)s held sign-ups to look at", "n")
_IDENTITIES = ngettext_lazy("%(n)s identity to decide about", "%(n)s identities to decide about", "n")
_TWINS = ngettext_lazy("%(n)s account that looks like another", "%(n)s accounts that look like another", "n")
_ALERTS = ngettext_lazy("%(n)s alert to look at", "%(n)s alerts to look at", "n")
_REQUESTS = ngettext_lazy("%(n)s request about data to answer", "%(n)s requests about data to answer", "n")
_OWNERS = ngettext_lazy("%(n)s owner of a business to decide about", "%(n)s owners of businesses to decide about", "n")
_SUCCESSORS = ngettext_lazy(
    "%(n)s successor who says that a customer has died or is unable",
    "%(n)s successors who say that a customer has died or is unable",
    "n",
)
_MINE = ngettext_lazy("%(n)s recovery that you work on", "%(n)s recoveries that you work on", "n")


@dataclass(frozen=True, slots=True)
class Waits:
    """One line: what, and where to go on."""

    text: str
    url: str


def lines(person: User, at: datetime) -> list[Waits]:
    """One line for each kind of thing that waits, and one statement."""
    found = []
    for rows, text, url in _kinds(person, at):
        count = rows.order_by()[: MOST + 1].count()
        if count:
            said = str(text % {"n": min(count, MOST)})
            found.append(Waits(said.replace(str(MOST), f"{MOST}+", 1) if count > MOST else said, url))
    return found


def glass(person: User) -> QuerySet[BreakGlass]:
    """Uses of break-glass that this member of staff may review."""
    if Role.ADMINISTRATOR not in standing_roles_of(person):
        return BreakGlass.objects.none()
    return BreakGlass.objects.open_reviews().exclude(person=person).order_by("asked_at")[:SOME]


def restrictions(person: User) -> QuerySet[Restriction]:
    """Restrictions that this member of staff may review; a restriction is reviewed on its customer's record."""
    if not REVIEWERS & standing_roles_of(person):
        return Restriction.objects.none()
    theirs = Q(made_by=person.pk) | Q(customer=person)
    return Restriction.objects.unreviewed().exclude(theirs).order_by("review_due_at")[:SOME]


def _kinds(person: User, at: datetime) -> Iterator[tuple[QuerySet[Any], Any, str]]:
    """The rows, the words for so many, and the page."""
    me, roles, standing = person.pk, roles_of(person), standing_roles_of(person)
    if Role.APPROVER in standing:
        yield Case.objects.to_approve(me), _PROPOSALS, _page("recovery_case", "?state=proposed")
    yield from _others(me, standing)
    if Role.AGENT in roles:
        yield Inquiry.objects.to_check(me), _DOCUMENTS, _page("recovery_case", "?whose=check")
    if Role.ADMINISTRATOR in standing:
        changes = RoleChange.objects.filter(state=RoleState.PROPOSED, expires_at__gt=at).exclude(person=me)
        by_others = changes.filter(~Q(proposed_by=me) | Q(proposed_by__isnull=True))
        yield by_others, _ROLES, _page("accounts_rolechange")
        versions = PolicyVersion.objects.filter(state=VersionState.PROPOSED).exclude(proposed_by=me)
        yield versions, _POLICIES, _page("governance_policyversion")
        yield Move.objects.filter(state="proposed", expires_at__gt=at), _MOVES, _page("accounts_move")
        asked = ChangeRequest.objects.filter(state=State.OPEN).exclude(asked_by=me).exclude(partner__owner=me)
        yield asked, _APPS, _page("console_changerequest", "?state__exact=open")
    if OFFICERS & standing:
        purposes = PurposeVersion.objects.filter(state=Stands.PROPOSED).exclude(Q(drafted_by=me) | Q(proposed_by=me))
        yield purposes, _PURPOSES, _page("consent_purposeversion", "?state__exact=proposed")
    yield from _removals(me, roles, standing, at)
    if MAY_CLOSE & roles:
        disputes = Dispute.objects.filter(state=Dispute.State.OPEN).exclude(customer=me)
        yield disputes, _DISPUTES, _page("accounts_dispute", "?state__exact=open")
        yield Case.objects.live().filter(claimed_by=me), _MINE, _page("recovery_case", "?whose=mine")
    if SIGN_UP_REVIEWERS & roles:
        held = HeldSignUp.objects.open().first_of_each().exclude(customer=me)
        held = held.filter(~Q(closed_by=me) | Q(closed_by__isnull=True))
        yield held, _SIGN_UPS, _page("accounts_heldsignup", "?state__exact=open")
    if CHECKERS & roles:
        yield from _identities(me, at)
    if OFFICERS & roles:
        requests = Request.objects.open().exclude(customer=me)
        yield requests, _REQUESTS, _page("consent_request", "?state__exact=open")
    if WATCHERS & roles:
        yield Alert.objects.filter(acknowledged_at__isnull=True), _ALERTS, _page("accounts_alert")


def _identities(me: UUID, at: datetime) -> Iterator[tuple[QuerySet[Any], Any, str]]:
    noted = IdentityCheck.objects.live(at).filter(state="noted").exclude(noted_by=me).exclude(customer=me)
    yield noted, _IDENTITIES, _page("accounts_identitycheck", "?state__exact=noted")
    twins = IdentityTwin.objects.filter(settled_at=None).exclude(customer=me).exclude(proposed_by=me)
    yield twins.exclude(other=me), _TWINS, _page("accounts_identitytwin")


def _removals(
    me: UUID, roles: frozenset[Role], standing: frozenset[Role], at: datetime
) -> Iterator[tuple[QuerySet[Any], Any, str]]:
    if RESTRICTERS & roles:
        removals = Removal.objects.filter(state=Removing.WAITING, ready_at__lte=at)
        yield removals, _REMOVALS, _page("consent_removal", "?state__exact=waiting")
    if Role.APPROVER in standing:
        proposed = Removal.objects.filter(state=Removing.PROPOSED).exclude(proposed_by=me)
        yield proposed, _REMOVALS, _page("consent_removal", "?state__exact=proposed")


def _others(me: UUID, standing: frozenset[Role]) -> Iterator[tuple[QuerySet[Any], Any, str]]:
    """What two of the help desk decide about those who act for others."""
    if Role.APPROVER in standing:
        settled = BusinessRemoval.objects.for_desk().exclude(proposed_by=None).exclude(proposed_by=me)
        yield settled, _OWNERS, _page("consent_businessremoval", "?state__exact=objected")
        proposed = Succession.objects.filter(state="proposed").exclude(proposed_by=me)
        yield proposed, _SUCCESSORS, _page("recovery_succession", "?state__exact=proposed")
    if Role.AGENT in standing:
        yield Succession.objects.filter(state="open"), _SUCCESSORS, _page("recovery_succession", "?state__exact=open")
        objected = BusinessRemoval.objects.for_desk().filter(proposed_by=None)
        yield objected, _OWNERS, _page("consent_businessremoval", "?state__exact=objected")


def _page(name: str, query: str = "") -> str:
    return reverse(f"admin:{name}_changelist") + query
