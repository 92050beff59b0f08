"""What a page of acting says of itself: it is opened only to whoever acts for its owner, here and now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.words import sentence
from consent.acting import facts, flows
from consent.acting.policy import Reason
from consent.delegation import facts as delegations
from consent.delegation.policy import Reason as NotDelegated
from consent.delegation.policy import may_act
from consent.models import Delegation


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody acts for an owner: by which delegation; ``by`` is them, for the owner."""

    row: Delegation
    by: Actor
    at: datetime


View = Callable[[HttpRequest, Acting], HttpResponse]


def acting(action: Action | None = None) -> Callable[[View], Callable[[HttpRequest, UUID], HttpResponse]]:
    """Open it to them, if they may do ``action`` (None: act at all). Others' delegations do not exist."""

    def decorate(view: View) -> Callable[[HttpRequest, UUID], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
            at, (row, by) = clock.now(), theirs(request, delegation_id)
            try:
                flows.permitted(row, session_of(request), action, by=by, at=at)
            except (ProveMore, OnHold):
                raise
            except Refused as refused:
                return over(request, row, refused)
            return view(request, Acting(row, by, at))

        guarded.acts = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def theirs(request: HttpRequest, delegation_id: UUID) -> tuple[Delegation, Actor]:
    """A delegation to whoever is signed in, and they themselves as they act by it. Raises Http404."""
    row = facts.theirs(customer_of(request), delegation_id)
    if row is None:
        raise Http404
    return row, Actor.from_request(request).for_owner(row.owner_id)


def over(request: HttpRequest, row: Delegation, refused: Refused) -> HttpResponse:
    """They do not act now: why, and what they can do about it."""
    if refused.reason is Reason.NOT_BEGUN and request.method in {"GET", "HEAD"}:
        return redirect("consent:acting_begin", row.pk)
    if not isinstance(refused.reason, Reason | NotDelegated):
        raise refused
    can = may_act(delegations.of(row, at=clock.now()), limits=limits.current(), at=clock.now())
    context = {
        "delegation": row,
        "owner": facts.name_of(row),
        "explanation": sentence(refused.reason),
        "can_begin": isinstance(can, Allow),
        "needs_step": refused.reason is NotDelegated.NO_SECOND_STEP,
    }
    return render(request, "consent/acting/over.html", context, status=403)
