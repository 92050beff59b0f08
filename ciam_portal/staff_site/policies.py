"""Policy versions: what each would change, what it would have answered, and the two people who make it decide."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Session, User
from accounts.staff.admin.verbs import Verbs
from accounts.step_up import facts
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Deny
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.core.roles import Role, standing_roles_of
from ciam_portal.core.words import sentence
from ciam_portal.governance import difference, flows, policy, tasks
from ciam_portal.governance.flows import Person
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import StaffFacts, VersionState
from ciam_portal.governance.replay import ANSWERS
from ciam_portal.oauth import scopes

DAYS = flows.REPLAYED.days
_MINUTE = "%Y-%m-%d %H:%M %Z"
_METHODS = ("GET", "HEAD", "POST")
QUESTIONS = {
    "replay": policy.may_replay,
    "propose": policy.may_propose,
    "approve": policy.may_approve,
    "reject": policy.may_reject,
}


_DOES = {
    "replay": lazy("Replay the past"),
    "propose": lazy("Propose this version"),
    "approve": lazy("Approve: this version decides from now on"),
    "reject": lazy("Reject this version"),
}


class Do(forms.Form):
    """What is done with a version."""

    do = forms.ChoiceField(label=lazy("What"), choices=list(_DOES.items()))


@admin.register(PolicyVersion)
class PolicyVersions(Verbs):
    """The list is looked at; the page of one version has the buttons for what may be done with it."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("version", "state", "found_on", "proposed", "approved")
    search_fields = ("version__exact",)
    ordering = ("-found_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        """With the addresses of both people, as staff know each other by them."""
        rows: QuerySet[PolicyVersion] = super().get_queryset(request)
        return rows.annotate(proposer=_address("proposed_by"), approver=_address("approved_by"))

    @admin.display(description=lazy("found"), ordering="found_at")
    def found_on(self, row: Any) -> str:
        """When."""
        return f"{row.found_at:{_MINUTE}}"

    @admin.display(description=lazy("proposed"), ordering="proposed_at")
    def proposed(self, row: Any) -> str:
        """By whom and when."""
        return _by(row.proposer, row.proposed_at)

    @admin.display(description=lazy("approved"), ordering="approved_at")
    def approved(self, row: Any) -> str:
        """By whom and when."""
        return _by(row.approver, row.approved_at)

    def get_urls(self) -> list[Any]:
        """The page of a version takes what is done with it, so that proving more leads back and goes on."""
        decide = self.verb(self.change_view, lazy("Decide about a policy version"), Do, "do", methods=_METHODS)
        change = path("<path:object_id>/change/", decide, name="governance_policyversion_change")
        return [change, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One version. What is done with it is sent to the same address, so that proving more leads back here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request), pk=_key(object_id))
        if request.method == "POST":
            return _act(request, row)
        return self.show(request, "staff/policy_version.html", **_words(request, row), title=row.version)


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _address(column: str) -> Subquery:
    return Subquery(User.objects.filter(pk=OuterRef(column)).values("email")[:1])


def _by(address: str | None, at: datetime | None) -> str:
    if at is None:
        return "-"
    return f"{address or _('the installation')}, {at:{_MINUTE}}"


# Doing


def _act(request: HttpRequest, row: PolicyVersion) -> HttpResponse:
    by, at = Actor.from_request(request, Channel.HELP_DESK), clock.now()
    match request.POST.get("do"):
        case "propose":
            flows.propose(row.pk, _again(request, by, at), scopes.check, by=by, at=at)
            messages.success(request, _("The replay is attached, and the version is proposed."))
        case "replay":
            tasks.nudge(flows.begin_replay(row.pk, _again(request, by, at), scopes.check, by=by, at=at).pk)
            messages.success(request, _("The replay has begun. You can leave this page meanwhile."))
        case "approve":
            flows.approve(row.pk, _again(request, by, at), scopes.check, by=by, at=at)
            messages.success(request, _("This version decides now; every process follows within half a minute."))
        case "reject":
            flows.reject(row.pk, _again(request, by, at), scopes.check, by=by, at=at)
            messages.success(request, _("The version is rejected. It can be proposed again."))
        case _:
            return HttpResponseBadRequest(_("Nothing like that can be done with a version."))
    return HttpResponseRedirect(request.path)


def _again(request: HttpRequest, by: Actor, at: datetime) -> flows.Gather:
    """The same person and session from their rows, locked: a role or session that ended meanwhile has ended."""
    user, session = cast("User", request.user), getattr(request, "portal_session", None)

    def gather() -> Person:
        person = User.objects.locked(user.pk)
        rows = Session.objects.select_for_update(of=("self",), no_key=True).select_related("device")
        return _asking(person, rows.filter(pk=session.pk).first() if session else None, by, at)

    return gather


def _asking(user: User | AnonymousUser, session: Session | None, by: Actor, at: datetime) -> Person:
    asked = facts.for_action(user, session, by=by, at=at) if isinstance(user, User) else gate.Facts(by.channel)
    return Person(standing_roles_of(user), asked)


# Saying


def _words(request: HttpRequest, row: Any) -> dict[str, Any]:
    staff = StaffFacts(request.user.pk, Role.ADMINISTRATOR in standing_roles_of(request.user))
    run = flows.replay_of(row, clock.now())
    is_complete = run is not None and run.finished_at is not None
    report = run.report if run and is_complete and row.state != VersionState.PROPOSED else row.replay
    return {
        "row": row,
        "proposed": _by(row.proposer, row.proposed_at),
        "approved": _by(row.approver, row.approved_at),
        "may": _may(row, staff, is_complete=is_complete),
        "is_administrator": staff.is_administrator,
        "is_open": row.state in {VersionState.FOUND, VersionState.PROPOSED},
        "run": run,
        "report": report,
        "tables": _tables(report) if report else [],
        "answers": ANSWERS,
        "days": DAYS,
    } | _changes(row)


def _may(row: PolicyVersion, staff: StaffFacts, *, is_complete: bool) -> dict[str, str]:
    """For each verb why not, in a sentence; empty if this person may."""
    version, at, rules = flows.facts_of(row, scopes.check), clock.now(), limits.current()
    found = {}
    for verb, question in QUESTIONS.items():
        asked = replace(version, has_replay=is_complete) if verb == "propose" else version
        answer = question(asked, staff, limits=rules, at=at)
        found[verb] = sentence(answer.reason) if isinstance(answer, Deny) else ""
    return found


def _changes(row: PolicyVersion) -> dict[str, Any]:
    """What this version changes, or why that cannot be said."""
    try:
        found = row.limits()
        scopes.check(found)
        return {"changes": difference.between(limits.current(), found)}
    except UnsafePolicy as error:
        return {"cannot_say": str(error)}


def _tables(report: dict[str, Any]) -> list[tuple[str, list[tuple[str, list[dict[str, int]]]]]]:
    """The report's tallies as tables: a title, then a name and the numbers of each answer."""
    parts = (
        (_("All decisions"), {_("all"): report["answers"]}),
        (_("By action"), report["actions"]),
        (_("By reason or finding"), report["causes"]),
    )
    return [
        (title, [(name, [tally[answer] for answer in ANSWERS]) for name, tally in sorted(tallies.items())])
        for title, tallies in parts
        if tallies
    ]
