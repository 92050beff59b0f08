"""What happened on the account, the customer's answers about it, and asking the help desk to look at a decision."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.activity import forms, lines, policy
from accounts.activity.flows import browsers, disown, dispute
from accounts.activity.proofs import DISOWN
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.lock.views import locked
from accounts.models import Device, Session, User
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock, reference
from ciam_portal.core.audit import why
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The timeline, a page at a time."""
    customer, asked = customer_of(request), request.GET.get("before", "")
    before = lines.Mark.read(asked) if asked else None
    if asked and before is None:
        raise Http404
    context = {
        "page": lines.page(customer, before),
        "first": before is None,
        "zone": customer.zone,
        "here": session_of(request),
    }
    return render(request, "accounts/activity/activity.html", context)


@resumable(lazy("Say whether that sign-in was you"), forms.Answer, "said")
@require_POST
def answer(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """It was me, or it was not. Whoever disowns the session they are in is signed out by it; others need a proof."""
    customer, at = customer_of(request), clock.now()
    session = get_object_or_404(Session.objects.filter(customer=customer), pk=session_id)
    form = forms.Answer(request.POST)
    if not form.is_valid():
        return redirect("accounts:activity")
    by, here = Actor.from_request(request), session_of(request)
    if form.cleaned_data["said"] == Session.Said.MINE:
        session = disown.confirm_mine(customer, session, here, by=by, at=at)
        if session.said == Session.Said.MINE:
            messages.success(request, _("Thank you. We remember that this was you."))
        else:
            messages.warning(request, _("You said before that this was not you. That stays as it is."))
        return redirect("accounts:activity")
    disown.disown(customer, session, here, by=by, at=at)
    return _disowned(request, session)


@login_not_required
@link_page(DISOWN)
def answer_link(request: HttpRequest, link: Opened[Session]) -> HttpResponse:
    """Was this you? Says what each answer does; a button answers. Nobody is signed in by it."""
    session, form = link.about, forms.LinkAnswer(request.POST or None)
    if not form.is_valid():
        context = {"session": session, "when": link.customer.local(session.started_at)}
        return render(request, "accounts/activity/answer.html", context)
    # Not as whoever may be signed in here: the link speaks for its own customer.
    by, at = Actor.stranger(request), clock.now()
    if form.cleaned_data["said"] == "lock":
        session = disown.lock_by_link(link.secret, by=by, at=at)
        return locked(request, User.objects.get(pk=session.customer_id))
    said = disown.answer_link(link.secret, Session.Said(form.cleaned_data["said"]), by=by, at=at).said
    if said == Session.Said.NOT_MINE:
        return _disowned(request, session)
    return render(request, "accounts/activity/answer_thanks.html")


def _disowned(request: HttpRequest, session: Session) -> HttpResponse:
    here: Session | None = request.portal_session  # type: ignore[attr-defined]
    own = here is not None and here.pk == session.pk
    if own:  # its browser session is gone already
        logout(request)
        request.portal_session = None  # type: ignore[attr-defined]
    context = {"session": session, "own": own, "codes": disown.had_codes(session)}
    return render(request, "accounts/activity/disowned.html", context)


@require_POST
def contest(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """Ask the help desk to look at a decision that stopped the customer."""
    customer = customer_of(request)
    decision = why.own(decision_id, customer.pk)
    if decision is None:
        raise Http404
    try:
        dispute.contest(customer, decision, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason is not policy.Reason.ALREADY_ASKED:
            raise
    return render(request, "accounts/activity/contested.html", {"reference": reference.of(decision.pk)})


def _own_browser(request: HttpRequest, device_id: UUID) -> Device:
    """One that is remembered; anybody else's does not exist."""
    return get_object_or_404(Device.objects.live(clock.now()).filter(customer=customer_of(request)), pk=device_id)


@require_http_methods(["GET", "HEAD", "POST"])
def rename_browser(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """What the customer calls one of their browsers."""
    device = _own_browser(request, device_id)
    form = forms.BrowserName(request.POST or None, initial={"name": device.name})
    if form.is_valid():
        browsers.rename(device, form.cleaned_data["name"], by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The browser has its new name."))
        return redirect("accounts:sessions")
    return render(request, "accounts/sessions/browser_rename.html", {"form": form})


@resumable(lazy("Forget a browser"))
@require_POST
def forget_browser(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """A stranger from now on."""
    device, by = _own_browser(request, device_id), Actor.from_request(request)
    browsers.forget(customer_of(request), device, session_of(request), by=by, at=clock.now())
    messages.success(request, _("That browser is forgotten. The next sign-in from it is asked for more."))
    return redirect("accounts:sessions")
