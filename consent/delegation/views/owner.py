"""People and apps that act for me: who may do what, what they did, and one button for each and for all of them."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.views import allow_mail_of
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action, Preset
from ciam_portal.core.words import sentence
from consent.delegation import facts, flows, forms, lines, policy
from consent.delegation.policy import Reason
from consent.delegation.shapes import LIVE, Kind, State, Terms
from consent.delegation.views import pressed
from consent.models import Delegation, DelegationRequest

_MOST = 100
_GRANT = ("actions", "scopes", "apps", "amount_each", "amount_month", "currency", "times_day", "starts", "days", "seen")
_OWN_CHOICE, _LIST = "own", "consent:delegations"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    owner, at = customer_of(request), clock.now()
    found = list(facts.with_people(Delegation.objects.of(owner.pk))[:_MOST])
    acts = lines.last_acts(owner, owner) if found else {}
    asks = lines.last_asked(owner, at) if any(row.agent_id for row in found) else {}
    rows = [lines.listed(row, owner, acts, at) | {"asks": asks.get(str(row.pk), [])} for row in found]
    live = [each for each in rows if each["row"].state in LIVE and at < each["row"].ends_at]
    waiting = [each for each in rows if each["row"].state == State.OFFERED]
    asked = [
        lines.asked(each, owner) | {"who": spelled_out(each.asker.email)}
        for each in DelegationRequest.objects.open(at).filter(mailbox__in=facts.mailboxes(owner))
        .select_related("asker").order_by("-made_at")[:_MOST]
    ]  # fmt: skip
    words = {
        "live": live,
        "waiting": waiting,
        "former": [each for each in rows if each not in live and each not in waiting],
        "asked": asked,
        "never": lines.NEVER,
        "stops": [each for each in live if each["row"].kind != Kind.GUARDIAN] or waiting,
    }
    return render(request, "consent/delegation/index.html", words)


@require_safe
@sensitive(Action.CREATE_DELEGATION)
def invite(request: HttpRequest) -> HttpResponse:
    """With which preset it begins, and what each really allows here."""
    rules = limits.current()
    presets = []
    for preset, known in lines.PRESETS.items():
        terms = lines.terms_of(preset, rules)
        presets.append({"key": preset.value, "known": known, "does": lines.does(terms), "sees": lines.sees(terms)})
    words = {"presets": presets, "never": lines.NEVER, "nothing": not lines.doable(rules)}
    return render(request, "consent/delegation/invite.html", words)


@resumable(lazy("Invite somebody to act for you"), forms.Offer, "email", *_GRANT, "reason")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.CREATE_DELEGATION)
def offer(request: HttpRequest, preset: str) -> HttpResponse:
    """Whom, and what exactly."""
    form = forms.Offer(request.POST or None, initial=forms.first(_begins(preset)), of=customer_of(request).pk)
    if form.is_valid():
        owner, at = customer_of(request), clock.now()
        allow_mail_of(owner)
        try:
            wish = form.wish(at, "" if preset == _OWN_CHOICE else preset)
            address = form.cleaned_data["email"]
            flows.offer(owner, session_of(request), address, wish, by=Actor.from_request(request), at=at)
        except Refused as refused:
            _on_page(form, refused)
        else:
            messages.success(request, _("We have invited them by mail. Nothing happens until they say yes."))
            return redirect("consent:delegations")
    title = lines.PRESETS[Preset(preset)].title if preset in set(Preset) else _("Your own choice")
    words = {"form": form, "title": title, "days": limits.current().delegation.request_days, "never": lines.NEVER}
    return render(request, "consent/delegation/offer.html", words, status=409 if form.non_field_errors() else 200)


@resumable(lazy("Let somebody act for you who asked to"), forms.Grant, *_GRANT)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Somebody asks: what they want, and what of it they get. A no is one click."""
    owner, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    asked = DelegationRequest.objects.select_related("asker").filter(pk=request_id).first()
    if asked is None or asked.mailbox not in facts.mailboxes(owner):
        return render(request, "consent/delegation/not_for_you.html", status=404)
    if asked.state != "open" or asked.expires_at is None or at >= asked.expires_at:
        return render(request, "consent/delegation/answered.html", {"back": "consent:delegations"}, status=410)
    if request.POST.get("do") == "refuse":
        flows.decline(asked, owner, by=by, at=at)
        messages.success(request, _("You said no. We have told them."))
        return redirect("consent:delegations")
    form = forms.Grant(request.POST or None, initial=forms.of(asked), of=owner.pk)
    if form.is_valid():
        try:
            flows.grant(asked, owner, session_of(request), form.wish(at, asked.preset), by=by, at=at)
        except Refused as refused:
            _on_page(form, refused)
        else:
            messages.success(request, _("Done. You can stop it here at any time."))
            return redirect("consent:delegations")
    words = {
        "form": form,
        "asked": lines.asked(asked, owner),
        "name": asked.asker.name,
        "who": spelled_out(asked.asker.email),
        "reason": asked.reason,
        "never": lines.NEVER,
    }
    return render(request, "consent/delegation/answer.html", words, status=409 if form.non_field_errors() else 200)


@resumable(lazy("Change what somebody can do for you"), forms.Grant, *_GRANT, others=forms.OneByOne.named)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Less at once; more, or for longer, after showing that it is them."""
    owner, at, by = customer_of(request), clock.now(), Actor.from_request(request)
    row = _mine(request, delegation_id)
    if row.state not in LIVE or at >= row.ends_at:
        return render(request, "consent/delegation/answered.html", {"back": "consent:delegations"}, status=410)
    form = _form(row, request.POST or None)
    form.fields["days"].required = False
    form.fields["days"].choices = [("", _("As it is")), *form.fields["days"].choices]  # type: ignore[attr-defined]
    form.initial.update({"days": "", "seen": row.version})
    if request.POST.get("seen", row.version) != row.version:  # an old form would put back what was changed since
        messages.warning(request, _("This was changed meanwhile, in another tab perhaps. Here is how it stands now."))
        return redirect("consent:delegation", row.pk)
    if form.is_valid():
        terms, ends_at = form.terms(), form.ends_at(at) if form.cleaned_data["days"] else row.ends_at
        try:
            if terms.within(row.terms) and ends_at == row.ends_at:
                flows.narrow(row, terms, by=by, at=at)
            else:
                flows.change(row, session_of(request), terms, ends_at, by=by, at=at)
        except Refused as refused:
            _on_page(form, refused)
        else:
            messages.success(request, _("Saved. It takes effect at once."))
            return redirect("consent:delegations")
    words = {"form": form, "each": lines.listed(row, owner, {}, at)}
    return render(request, "consent/delegation/change.html", words, status=409 if form.non_field_errors() else 200)


def _form(row: Delegation, sent: QueryDict | None) -> forms.Grant:
    if row.agent is None:
        form = forms.Grant(sent, initial=forms.of(row), of=row.owner_id, kept=row.partners)
        del form.fields["starts"]
        return form
    most = [name for name in row.agent.actions_allowed if policy.may_be_delegated(name, limits.current())]
    return forms.OneByOne(sent, actions=most, scopes=row.scopes, now=row.terms, can_ask=not row.agent.is_public)


@require_POST
def pause(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Not for now."""
    row, by = _mine(request, delegation_id), Actor.from_request(request)
    done = _("Paused. They can do nothing for you until you let them go on.")
    is_so = row.state == State.PAUSED
    return pressed.answer(request, lambda: flows.pause(row, by=by, at=clock.now()), done, back=_LIST, is_so=is_so)


@resumable(lazy("Let somebody act for you again"))
@require_POST
def resume(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Again."""
    row, session, by = _mine(request, delegation_id), session_of(request), Actor.from_request(request)
    done, is_so = _("They can act for you again."), row.state == State.ACTIVE
    return pressed.answer(
        request, lambda: flows.resume(row, session, by=by, at=clock.now()), done, back=_LIST, is_so=is_so
    )


@require_POST
def end(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """Over, at once."""
    row, by = _mine(request, delegation_id), Actor.from_request(request)
    stopped, taken_back = _("Stopped. They can do nothing for you any more."), _("Your invitation is taken back.")
    done, is_so = taken_back if row.accepted_at is None else stopped, row.state == State.ENDED
    return pressed.answer(request, lambda: flows.end(row, by=by, at=clock.now()), done, back=_LIST, is_so=is_so)


@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    """Everything that acts for me, at once."""
    try:
        flows.end_all(customer_of(request), by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason is not Reason.NOT_OPEN:
            raise
    messages.success(request, _("Stopped. Nobody and nothing acts for you now."))
    return redirect("consent:delegations")


def _begins(preset: str) -> Terms:
    if preset == _OWN_CHOICE:
        return Terms()
    if preset not in set(Preset):
        raise Http404
    return lines.terms_of(Preset(preset), limits.current())


def _mine(request: HttpRequest, key: UUID) -> Delegation:
    return get_object_or_404(facts.with_people(Delegation.objects.of(customer_of(request).pk)), pk=key)


def _on_page(form: forms.Things, refused: Refused) -> None:
    """Why not, beside what was typed. Whatever leads elsewhere (proving more, waiting) does."""
    if not isinstance(refused.reason, Reason):
        raise refused
    form.add_error(None, sentence(refused.reason))
