"""A business's own page, and what its owners do there. For others than its members it does not exist."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account.views import allow_mail_of
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence
from consent.business import facts, flows, forms, lines
from consent.business.models import BusinessMember, BusinessRole
from consent.business.policy import Reason
from consent.business.shapes import Stands
from consent.delegation import lines as delegations
from consent.delegation.policy import Reason as NotDelegated

_MOST = 200


@require_safe
def home(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Who belongs to it, what they may do, and what was done lately. Members who are no owners see their own part."""
    me, at, mine = customer_of(request), clock.now(), _mine(request, business_id)
    business, account = mine.business, mine.business.account
    rows = list(facts.members(business.pk)[:_MOST])
    titles = lines.named(rows, business)
    acts = delegations.last_acts(account, me) if mine.is_owner else {}
    listed = [lines.listed(row, titles, me, acts, at) for row in rows]
    words: dict[str, Any] = {
        "business": business,
        "name": account.name,
        "mine": mine,
        "me": next((each for each in listed if each["row"].pk == mine.pk), None),
        "members": [each for each in listed if each["row"].stands == Stands.MEMBER],
        "owners": [each for each in listed if each["row"].is_owner],
        "invited": [each for each in listed if each["row"].stands == Stands.INVITED],
        "leaves": me.local(account.erase_at) if account.erase_at else "",
        "removals": facts.removals(business, mine, me),
    }
    if mine.is_owner:
        words |= {
            "roles": lines.roles(business, limits.current()),
            "lately": lines.lately(business, me),
            "acting": any(each["live"] for each in listed),
        }
    return render(request, "consent/business/home.html", words)


@resumable(lazy("Invite somebody to a business"), forms.Invite, "email", "role")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Whom, and in which role; each says what it allows."""
    business = _owned(request, business_id).business
    roles = lines.roles(business, limits.current())
    form = forms.Invite(request.POST or None, roles=[(each["key"], each["title"]) for each in roles])
    if form.is_valid():
        me, at, by = customer_of(request), clock.now(), Actor.from_request(request)
        allow_mail_of(me)
        said = form.cleaned_data
        done = _on_page(
            form, lambda: flows.invite(business, me, session_of(request), said["email"], said["role"], by=by, at=at)
        )
        if done:
            messages.success(request, _("We have invited them by mail. Nothing happens until they say yes."))
            return redirect("consent:business", business.pk)
    words = {
        "business": business,
        "name": business.account.name,
        "form": form,
        "roles": roles,
        "days": limits.current().delegation.request_days,
    }
    return render(request, "consent/business/invite.html", words, status=_status(form))


@resumable(lazy("Change what a member may do for a business"), forms.RoleOf, "role")
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, business_id: UUID, member_id: UUID) -> HttpResponse:
    """One member: what they may do, and what an owner can do about it."""
    me, at, mine = customer_of(request), clock.now(), _owned(request, business_id)
    row = get_object_or_404(facts.members(business_id).members(), pk=member_id)
    roles = lines.roles(mine.business, limits.current())
    form = forms.RoleOf(
        request.POST or None, roles=[(each["key"], each["title"]) for each in roles], initial={"role": row.role}
    )
    if form.is_valid():
        by, role = Actor.from_request(request), form.cleaned_data["role"]
        if _on_page(form, lambda: flows.assign(row, me, session_of(request), role, by=by, at=at)):
            messages.success(request, _("Saved. It takes effect at once, and they are told."))
            return redirect("consent:business_member", business_id, member_id)
    titles = lines.named([row], mine.business)
    words = {
        "business": mine.business,
        "name": mine.business.account.name,
        "each": lines.listed(row, titles, me, delegations.last_acts(mine.business.account, me), at),
        "is_me": row.pk == mine.pk,
        "form": form,
        "roles": roles,
        "others": facts.others(mine.business, me),
        "asked": row.removals.open().exists(),
        "days": limits.current().business.objection_days,
    }
    return render(request, "consent/business/member.html", words, status=_status(form))


Verb = Callable[..., object]
# What one press does to a member; whether the owner shows first that it is them, and what they read afterwards.
_VERBS: dict[str, tuple[Verb, bool, Any]] = {
    "pause": (flows.pause, False, lazy("Paused. They can do nothing for the business until you let them go on.")),
    "resume": (flows.let_go_on, True, lazy("They can act for the business again.")),
    "owner": (flows.make_owner, True, lazy("They are an owner from now on. All owners are told.")),
    "remove": (flows.remove, False, lazy("Removed. They can do nothing for the business any more.")),
    "take_back": (flows.take_back, False, lazy("The invitation is taken back.")),
    "ask_out": (flows.ask, True, lazy("All owners are told, and they are too.")),
}


@resumable(lazy("Look after a member of a business"))
@require_POST
def do(request: HttpRequest, business_id: UUID, member_id: UUID, verb: str) -> HttpResponse:
    """One press on a member."""
    if verb not in _VERBS:
        raise Http404
    mine, (flow, shows, words) = _owned(request, business_id), _VERBS[verb]
    row = get_object_or_404(facts.members(mine.business_id), pk=member_id)
    who = (customer_of(request), session_of(request)) if shows else (customer_of(request),)
    flow(row, *who, by=Actor.from_request(request), at=clock.now())
    messages.success(request, words)
    return redirect("consent:business", business_id)


@resumable(lazy("Decide about the removal of an owner"))
@require_POST
def removal(request: HttpRequest, business_id: UUID, removal_id: UUID, verb: str) -> HttpResponse:
    """Another owner agrees; or who asked for it no longer does."""
    mine, by, at = _owned(request, business_id), Actor.from_request(request), clock.now()
    found = facts.removal(mine.business_id, removal_id)
    if found is None or verb not in {"agree", "call_off"}:
        raise Http404
    if verb == "agree":
        flows.agree(found, customer_of(request), session_of(request), by=by, at=at)
        messages.success(request, _("Done. They are no owner any more, and everybody is told."))
    else:
        flows.call_off(found, by=by, at=at)
        messages.success(request, _("It is off. All owners are told."))
    return redirect("consent:business", business_id)


@resumable(
    lazy("Change a role of a business"),
    forms.Role,
    "name",
    "actions",
    "amount_each",
    "amount_month",
    "currency",
    "times_day",
)
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, business_id: UUID, role_id: UUID | None = None) -> HttpResponse:
    """A role of its own: made, or changed for everybody who has it."""
    mine = _owned(request, business_id)
    row = get_object_or_404(BusinessRole, business=mine.business, pk=role_id) if role_id else None
    form = forms.Role(request.POST or None, initial=forms.of_role(row))
    if form.is_valid():
        me, by, at = customer_of(request), Actor.from_request(request), clock.now()
        wanted = flows.Wanted(form.cleaned_data["name"], form.terms(), role_id)
        done = _on_page(form, lambda: flows.save(mine.business, wanted, me, session_of(request), by=by, at=at))
        if done:
            messages.success(request, _("Saved. It takes effect at once, and everybody who has it is told."))
            return redirect("consent:business", business_id)
    words = {
        "business": mine.business,
        "name": mine.business.account.name,
        "form": form,
        "row": row,
        "never": delegations.NEVER,
    }
    return render(request, "consent/business/role.html", words, status=_status(form))


@require_POST
def drop_role(request: HttpRequest, business_id: UUID, role_id: UUID) -> HttpResponse:
    """One that nobody has."""
    mine = _owned(request, business_id)
    row = get_object_or_404(BusinessRole, business=mine.business, pk=role_id)
    flows.drop(row, customer_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("The role is removed."))
    return redirect("consent:business", business_id)


@resumable(lazy("Give a business another name"), forms.Name, "name")
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Another name."""
    business = _owned(request, business_id).business
    form = forms.Name(request.POST or None, initial={"name": business.account.name})
    if form.is_valid():
        me, by, at, name = customer_of(request), Actor.from_request(request), clock.now(), form.cleaned_data["name"]
        if _on_page(form, lambda: flows.rename(business, me, session_of(request), name, by=by, at=at)):
            messages.success(request, _("The business has its new name. All owners are told."))
            return redirect("consent:business", business.pk)
    words = {"business": business, "name": business.account.name, "form": form}
    return render(request, "consent/business/rename.html", words, status=_status(form))


@require_POST
def stop(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Everything that is done for the business, at once."""
    mine = _owned(request, business_id)
    flows.rest_all(mine.business, customer_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Stopped. Nobody can do anything for the business until you let them go on."))
    return redirect("consent:business", business_id)


@resumable(lazy("Close a business"))
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """What closing means; only its only owner can."""
    me, mine = customer_of(request), _owned(request, business_id)
    form = forms.Nothing(request.POST if request.method == "POST" else None)
    business, is_closed = mine.business, mine.business.account.erase_at is not None
    if form.is_valid():
        by, at = Actor.from_request(request), clock.now()

        def verb() -> None:
            if is_closed:
                flows.keep(business, me, by=by, at=at)
            else:
                flows.close(business, me, session_of(request), by=by, at=at)

        if _on_page(form, verb):
            said = _("It is kept. Invite its members again.") if is_closed else _("Closed. All owners are told.")
            messages.success(request, said)
            return redirect("consent:business", business_id)
    words = {
        "business": business,
        "name": business.account.name,
        "form": form,
        "others": facts.others(business, me),
        "days": limits.current().erasure.cooling_off_days,
    }
    return render(request, "consent/business/close.html", words, status=_status(form))


def _mine(request: HttpRequest, business_id: UUID) -> BusinessMember:
    row = facts.membership(business_id, customer_of(request).pk)
    if row is None:
        raise Http404
    return row


def _owned(request: HttpRequest, business_id: UUID) -> BusinessMember:
    """The same of an owner's. What members may do with it, the flows ask again."""
    row = _mine(request, business_id)
    if not row.is_owner:
        raise Http404
    return row


def _on_page(form: Any, verb: Callable[[], object]) -> bool:  # noqa: ANN401  (any form)
    """Whether it was done; why not stands beside what was typed. Whatever leads elsewhere does."""
    try:
        verb()
    except (ProveMore, OnHold):
        raise
    except Refused as refused:
        if not isinstance(refused.reason, Reason | NotDelegated):
            raise
        form.add_error(None, sentence(refused.reason))
        return False
    return True


def _status(form: Any) -> int:  # noqa: ANN401  (any form)
    return 409 if form.is_bound and form.non_field_errors() else 200
