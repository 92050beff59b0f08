"""Each scope: the words a customer reads, and the fields it opens; and those of partners themselves. The only list."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.policy.catalogue import USE_SCOPE
from ciam_portal.core.policy.limits import Limits, UnsafePolicy
from ciam_portal.core.words import Text
from ciam_portal.oauth import verified


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission. ``claims`` are the fields it releases; ``required`` ones cannot be unticked once asked for."""

    name: str
    title: Text
    words: Text
    claims: tuple[str, ...] = ()
    required: bool = False


OFFLINE, DELEGATIONS = "offline_access", "delegations"
IDENTITY, IDENTITY_EVIDENCE = "identity", "identity_evidence"
_SAME = _("It learns that you are the same person when you come back. By itself this says nothing about who you are.")
SCOPES = {
    scope.name: scope
    for scope in (
        Scope("openid", _("Sign you in"), _SAME, ("sub",), required=True),
        Scope("profile", _("Your name"), _("Your name, language and time zone."), ("name", "locale", "zoneinfo")),
        Scope("email", _("Your email address"), _("Your email address."), ("email", "email_verified")),
        Scope("phone", _("Your phone number"), _("Your phone number."), ("phone_number", "phone_number_verified")),
        Scope(
            IDENTITY,
            _("Your confirmed name and date of birth"),
            _("The name and date of birth that you have shown, how well that was checked, and when."),
            (verified.CLAIM,),
        ),
        Scope(
            IDENTITY_EVIDENCE,
            _("How your identity was confirmed"),
            _("Which kind of document you showed, who issued it, and in what way. Never its number or a picture."),
            (verified.EVIDENCE,),
        ),
        Scope(
            "activity",
            _("Where and when you signed in"),
            _("When you signed in here, from which country, and with what kind of browser."),
        ),
        Scope(
            DELEGATIONS,
            _("For whom you may act"),
            _("Which of its other customers have let you act for them, so that you can do that in it."),
        ),
        Scope(
            OFFLINE,
            _("Stay connected while you are away"),
            _("It may use what you allow here when you are not using it, until you disconnect it."),
        ),
    )
}

SIGNALS_READ, SIGNALS_MANAGE = "ssf.read", "ssf.manage"
GRANT_QUERY, GRANT_REVOKE = "grant_management_query", "grant_management_revoke"
DATA_USE = "data.use"
HEARING = frozenset({SIGNALS_READ, SIGNALS_MANAGE})
OWN = HEARING | {GRANT_QUERY, GRANT_REVOKE, DATA_USE}
"""What a partner asks for itself (client credentials): it opens nothing of a customer's, and none is asked."""


def described(names: Iterable[str]) -> list[Scope]:
    """The scopes of these names, in the order of the list above; unknown names are left out."""
    wanted = set(names)
    return [scope for scope in SCOPES.values() if scope.name in wanted]


def claims_of(names: Iterable[str]) -> frozenset[str]:
    """The fields that these scopes open."""
    return frozenset(claim for scope in described(names) for claim in scope.claims)


def opening() -> frozenset[str]:
    """The scopes that open a field at all."""
    return frozenset(scope.name for scope in SCOPES.values() if scope.claims and not scope.required)


def check(limits: Limits) -> None:
    """Every row of the catalogue for the use of a scope must name one that exists. Raises UnsafePolicy."""
    unknown = [
        name for name in sorted(limits.actions) if name.startswith(USE_SCOPE) and name[len(USE_SCOPE) :] not in SCOPES
    ]
    if unknown:
        raise UnsafePolicy(f"Policy: [actions] speaks of a scope that is not known: {', '.join(unknown)}.")
