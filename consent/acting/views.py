"""The pages on which somebody acts for another: beginning, what they can do, what they may see, and stopping."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Deny
from consent.acting import facts, flows
from consent.acting.decorators import Acting, acting, over, theirs
from consent.delegation import facts as delegations
from consent.delegation import lines
from consent.delegation.policy import may_act
from consent.models import Delegation
from consent.use import fields


@resumable(lazy("Act for somebody else"))
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """For whom, and what it means; the button begins, once they have shown that it is them."""
    row, by = theirs(request, delegation_id)
    if request.method != "POST":
        can = may_act(delegations.of(row, at=clock.now()), limits=limits.current(), at=clock.now())
        if isinstance(can, Deny):
            return over(request, row, Refused(can.reason))
        return render(request, "consent/acting/begin.html", words(row, customer_of(request), clock.now()))
    try:
        flows.begin(row, customer_of(request), session_of(request), by=by, at=clock.now())
    except (ProveMore, OnHold):
        raise
    except Refused as refused:
        return over(request, row, refused)
    return redirect("consent:acting", row.pk)


@require_safe
@acting()
def home(request: HttpRequest, now: Acting) -> HttpResponse:
    """What they can do for the owner, and where."""
    return render(
        request,
        "consent/acting/home.html",
        words(now.row, customer_of(request), now.at) | {"apps": facts.apps(now.row)},
    )


@require_safe
@acting(Action.SEE_PROFILE)
def details(request: HttpRequest, now: Acting) -> HttpResponse:
    """What the owner lets them see; each look stands in the owner's ledger under their name."""
    released = flows.look(now.row, by=now.by, at=now.at)
    shown = fields.of(now.row.owner, released, facts.shown_scopes(now.row))
    return render(
        request,
        "consent/acting/details.html",
        words(now.row, customer_of(request), now.at) | {"shown": facts.details(shown)},
    )


@require_POST
def stop(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Back to themselves, whatever has become of it meanwhile."""
    row, by = theirs(request, delegation_id)
    flows.stop(row, session_of(request), by=by, at=clock.now())
    messages.success(request, _("You are back in your own account."))
    return redirect("consent:acts_for")


def words(row: Delegation, reader: User, at: datetime) -> dict[str, Any]:
    """What every page of acting shows."""
    return {
        "delegation": row,
        "owner": facts.name_of(row),
        "each": lines.listed(row, reader, {}, at),
        "sees": Action.SEE_PROFILE in row.actions and bool(facts.wanted(row).categories),
        "minutes": limits.current().delegation.acting_minutes,
    }
