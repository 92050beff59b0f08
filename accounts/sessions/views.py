"""Where a customer is signed in, and ending it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Device
from accounts.sessions import agents, flows
from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.words import APP
from ciam_portal.oauth import tokens

_MOST = 100


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every live session: browser, place, first and last use, how strongly proven."""
    customer, current, at = customer_of(request), session_of(request), clock.now()
    found = flows.live(customer, at).select_related("device")[:_MOST]
    rows = [
        {
            "session": row,
            "here": row.pk == current.pk,
            "name": row.device.name if row.device and row.browser == APP else "",
            "strong": row.level >= Level.AAL2,
            "kind": agents.kind(row.system),
            "since": customer.local(row.started_at),
        }
        for row in sorted(found, key=lambda row: row.pk != current.pk)
    ]
    known = Device.objects.live(at).filter(customer=customer).order_by("-last_seen_at")[:_MOST]
    browsers = [
        {
            "device": each,
            "here": each.pk == current.device_id,
            "kind": agents.kind(each.system),
            "seen": customer.local(each.last_seen_at),
            "fresh": customer.local(each.known_at) if at < each.known_at else "",
        }
        for each in sorted(known, key=lambda each: each.pk != current.device_id)
    ]
    apps = [
        {
            "app": each.application,
            "family": each.token_family,
            "since": customer.local(each.session.started_at),
            "used": each.created,
            "kind": agents.kind(each.session.system),
        }
        for each in tokens.apps_of(customer.pk, at)[:_MOST]
    ]
    return render(request, "accounts/sessions/sessions.html", {"rows": rows, "browsers": browsers, "apps": apps})


@require_POST
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of them; this one too."""
    at = clock.now()
    session = get_object_or_404(flows.live(customer_of(request), at), pk=session_id)
    by = Actor.from_request(request)
    if session.pk == session_of(request).pk:
        flows.sign_out(request, by=by, at=at)
        return redirect("account_login")
    flows.end(session, by=by, at=at)
    messages.success(request, _("That session is over."))
    return redirect("accounts:sessions")


@require_POST
def end_app(request: HttpRequest, family: UUID) -> HttpResponse:
    """Sign an app on a device out."""
    customer, at = customer_of(request), clock.now()
    get_object_or_404(tokens.apps_of(customer.pk, at), token_family=family)
    flows.end_app(customer, family, by=Actor.from_request(request), at=at)
    messages.success(request, _("That app is signed out."))
    return redirect("accounts:sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    keep, by = session_of(request), Actor.from_request(request)
    flows.end_all(customer_of(request), by=by, at=clock.now(), keep=keep)
    messages.success(request, _("You are signed out everywhere else, and connected apps have to ask again."))
    return redirect("accounts:sessions")
