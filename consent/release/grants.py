"""What a partner asks to become of its grant (Grant Management for OAuth 2.0). The connection is the grant.

There is one with each app: a fresh one takes the place of the former, one that is merged into holds the sum, one that
is replaced holds what is asked and allowed now, and nothing else.
"""

from collections.abc import Collection
from dataclasses import replace

from ciam_portal.oauth.authorization import AuthorizationRequest, GrantAction
from ciam_portal.oauth.scopes import SCOPES
from consent.models import Consent
from consent.release.visits import Visit

INVALID = "invalid_grant_id"


def managed(visit: Visit, consent: Consent | None, allows: Collection[str]) -> Visit:
    """The visit, asking for what its grant is to be. Raises Answer: no such grant of this app and this customer."""
    asked = visit.asked
    if asked.grant_id and (consent is None or str(consent.pk) != asked.grant_id):
        raise asked.refused(INVALID, "there is no such grant of this customer's for this app")
    if asked.grant_action is not GrantAction.MERGE:
        return visit
    wanted = {*asked.scopes, *(allows if consent is None else set(allows) & set(consent.scopes))}
    return replace(visit, asked=replace(asked, scopes=tuple(name for name in SCOPES if name in wanted)))


def given_up(asked: AuthorizationRequest, allows: Collection[str]) -> tuple[str, ...]:
    """What the app is allowed now, and would not be any more."""
    if asked.grant_action is not GrantAction.REPLACE:
        return ()
    return tuple(name for name in SCOPES if name in allows and name not in asked.covers)


def takes_away(asked: AuthorizationRequest, allows: Collection[str]) -> bool:
    """Whether the customer must see the page although nothing new is asked."""
    return asked.grant_action is GrantAction.CREATE or bool(given_up(asked, allows))
