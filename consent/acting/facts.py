"""What the pages of acting ask about and show."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import User
from ciam_portal.oauth.models import Partner
from consent.acting.policy import Mode
from consent.delegation import facts as delegations
from consent.delegation.policy import SCOPES
from consent.models import ActingSession, Delegation
from consent.purposes.facts import Wanted
from consent.purposes.shipped import ACTING, CATEGORIES_OF_SCOPES


def theirs(delegate: User, delegation: UUID) -> Delegation | None:
    """By which this person may act, or could; with both people. One statement."""
    return delegations.with_people(Delegation.objects.filter(pk=delegation, delegate=delegate)).first()


def mode_of(row: ActingSession | None) -> Mode:
    """Whether it was begun and goes on."""
    return Mode() if row is None else Mode(begun=True, last_used_at=row.last_used_at, ended_at=row.ended_at)


def name_of(row: Delegation) -> str:
    """What whoever acts reads of the owner: the name they gave themselves, or else the address they know them by."""
    return row.owner.name or row.owner.shown_email


def shown_scopes(row: Delegation) -> tuple[str, ...]:
    """What of the owner's details this delegate may see, as scopes say it."""
    return tuple(sorted(set(row.scopes) & SCOPES))


def wanted(row: Delegation) -> Wanted:
    """The same, as a use for the purpose of acting. Who it is, the delegate knows."""
    scopes = shown_scopes(row)
    going = {category for scope in scopes for category in CATEGORIES_OF_SCOPES[scope]} - {"pseudonym"}
    return Wanted(ACTING, tuple(sorted(going)), scopes)


def details(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Claims as people read them: a language by its name."""
    return dict(claims) | ({"locale": dict(settings.LANGUAGES).get(claims["locale"])} if "locale" in claims else {})


def apps(row: Delegation) -> list[Partner]:
    """The apps that the owner named for it. Which others they have connected, a delegate is not told."""
    return list(Partner.objects.filter(pk__in=row.partners, is_enabled=True).order_by("name"))
