"""The audit and the decisions, as staff read them: narrowed, explained, and taken away as a file."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.staff.admin.proven import Proven
from accounts.staff.flows import people as staff
from accounts.staff.policy import OVERSEERS
from ciam_portal.core import clock, explain, reference
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.explain.chart import chart
from ciam_portal.core.explain.registers import risk_name
from ciam_portal.core.lists import sheet
from ciam_portal.core.lists.keyset import Mark
from ciam_portal.core.lists.newest import Narrow, Newest, asked
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.roles import Role, roles_of, standing_roles_of

_CHUNK, _MOST_FOUND = 1000, 10
_NUMBER = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


class NarrowTrail(Narrow):
    """By whom, and about whom."""

    subject = forms.UUIDField(label=_("About (number of a customer)"), required=False)
    actor = forms.UUIDField(label=_("By (number of who acted)"), required=False)
    request = forms.CharField(label=_("Request (number or reference)"), required=False, max_length=64)


class Trail(Proven, Newest):
    """What the two tables share. Asked about one customer, they are part of that customer's record."""

    about = "about"
    change_list_template = "admin/trail.html"
    exported: ClassVar[tuple[str, ...]] = ()

    def get_urls(self) -> list[URLPattern]:
        """One page more: taking rows away."""
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.export))
        return [path("export/", view, name=self.page_name("export")), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and the way to take it away."""
        return super().changelist_view(request, (extra_context or {}) | {"may_export": self._exports(request)})

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:
        """About one customer, or by one: their record first."""
        return self.through_record(request, one) if (one := self._one(form)) else None

    @staticmethod
    def _one(form: Narrow) -> UUID | None:
        """The one customer whom this list would be about. What staff did is no customer's own."""
        if not form.is_valid():
            return None
        subject, actor = (form.cleaned_data.get(name) for name in ("subject", "actor"))
        is_customer = actor is not None and User.objects.filter(pk=actor, is_staff=False).exists()
        return subject or (actor if is_customer else None)

    def rows(self, request: HttpRequest, form: Narrow) -> QuerySet[Any]:
        """Of one request only, if one is named: its number says when it was, and its reference finds its number."""
        rows, asked_for = super().rows(request, form), form.cleaned_data.get("request", "")
        return rows.filter(_of_requests(asked_for)) if asked_for else rows

    @staticmethod
    def _exports(request: HttpRequest) -> bool:
        """Who may take rows away: by a role that was given, never by one for an hour."""
        return bool(standing_roles_of(request.user) & OVERSEERS)

    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The rows that the list would show, as a file; a GET (after proving more, say) leads back to the list."""
        person, session, by = self.acting(request)
        if not self._exports(request):
            raise PermissionDenied
        form, kind = self.asks(request.GET), request.POST.get("form", "")
        back = f"{reverse('admin:' + self.page_name('changelist'))}?{asked(request)}"
        if request.method != "POST" or not form.is_valid():
            return HttpResponseRedirect(back)
        if kind not in _FORMS:
            raise Http404
        if (one := self._one(form)) and (stopped := self.through_record(request, one)) is not None:
            return stopped
        narrowed = tuple(name for name, value in form.cleaned_data.items() if value)
        taken = staff.Taken(self.opts.label_lower, kind, narrowed, one)
        most = staff.export(taken, person, session, by=by, at=clock.now())
        rows = (self._exported(row) for row in self._all(request, form, most))
        lines = sheet.lines(self.exported, rows) if kind == "csv" else _json_lines(rows)
        response = StreamingHttpResponse(lines, content_type=_FORMS[kind])
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}.{kind}"'
        return response

    def _all(self, request: HttpRequest, form: Narrow, most: int) -> Iterator[Any]:
        """Chunk by chunk, so that no page's memory and no statement's time grows with it."""
        before: Mark | None = None
        while most > 0:
            found = self.page(request, form, before, min(_CHUNK, most))
            yield from found.rows
            most, before = most - len(found.rows), found.older
            if before is None:
                return

    def _exported(self, row: Any) -> dict[str, Any]:
        return {name: getattr(row, name) for name in self.exported}


def _of_requests(asked_for: str) -> Q:
    ending = reference.end_of(asked_for)
    known = AuditEntry.objects.alias(ending=reference.end("request_id")).filter(ending=ending) if ending else ()
    found, numbers = Q(pk=None), {row.request_id for row in known} or {asked_for}
    for number in numbers:
        moment = codes.moment_of(UUID(number)) if _NUMBER.fullmatch(number) else None
        if moment is not None:
            about = (moment - staff.REQUEST, moment + staff.REQUEST)
            found |= Q(at__range=about, request_id=UUID(number).hex)
    return found


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, default=sheet.plain) + "\n"


def event_names() -> list[str]:
    """Every event that this release records, from the code: nothing is counted in the table."""

    def below(kind: type[AuditEvent]) -> Iterator[type[AuditEvent]]:
        for each in kind.__subclasses__():
            yield from chain((each,), below(each))

    return sorted({each.name for each in below(AuditEvent) if each.name})


def _choices(names: Any) -> list[tuple[str, str]]:
    return [("", "—"), *((str(name), str(name)) for name in names)]


class NarrowAudit(NarrowTrail):
    """And what happened."""

    event = forms.ChoiceField(label=_("Event"), required=False, choices=lambda: _choices(event_names()))
    source = forms.RegexField(r"[0-9a-f]{20}", label=_("Source (pseudonym of an address)"), required=False, strip=True)
    kind = forms.ChoiceField(
        label=_("Sort of actor"), required=False, choices=_choices(each.value for each in ActorKind)
    )
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=_choices(each.value for each in Channel))


@admin.register(AuditEntry)
class AuditEntries(Trail):
    """Looked at, never edited."""

    roles = OVERSEERS
    hidden = frozenset({"seal"})
    list_display = ("at", "name", "about", "actor_kind", "actor", "channel", "source")
    asks = NarrowAudit
    narrow: ClassVar[dict[str, str]] = {"subject": "about", "actor": "actor", "source": "source", "event": "name"}
    within: ClassVar[dict[str, str]] = {"kind": "actor_kind", "channel": "channel"}
    exported = (
        "id", "at", "name", "about", "actor_kind", "actor", "on_behalf_of", "session", "channel", "request_id",
        "source", "decision", "data",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All columns, whether the row is as it was written, and for how many it stands."""
        return [*super().get_fields(request, obj), "stands", "tree", "stands_for"]

    @admin.display(description=_("seal"))
    def stands(self, entry: AuditEntry) -> str:
        """What its seal says."""
        return seal.check(entry)


class NarrowDecisions(NarrowTrail):
    """And what was asked and answered."""

    action = forms.ChoiceField(
        label=_("Asked for"), required=False, choices=lambda: _choices(sorted(limits.current().actions))
    )
    answer = forms.ChoiceField(
        label=_("Answer"), required=False, choices=_choices(("allow", "step_up", "hold", "deny"))
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=64)


class FindDecision(Form):
    """One number."""

    number = forms.CharField(label=_("The reference of a decision, or its whole number"), max_length=64)


def _decisions(wanted: str) -> QuerySet[DecisionEntry]:
    """In a large installation several decisions may share a reference."""
    if _NUMBER.fullmatch(wanted):
        return DecisionEntry.objects.filter(pk=wanted)
    rows = DecisionEntry.objects.alias(ending=reference.end()).order_by("-at")
    ending = reference.end_of(wanted)
    return rows.filter(ending=ending)[:_MOST_FOUND] if ending else rows.none()


@admin.register(DecisionEntry)
class DecisionEntries(Trail):
    """Looked at, never edited. Agents find one decision by its exact number, and read it in their own register."""

    roles = OVERSEERS | {Role.AGENT}
    list_display = ("at", "action", "answer", "reason", "about", "actor_kind")
    asks = NarrowDecisions
    narrow: ClassVar[dict[str, str]] = {"subject": "about", "reason": "reason", "action": "action", "answer": "answer"}
    within: ClassVar[dict[str, str]] = {"actor": "actor"}
    exported = (
        "id", "at", "about", "actor_kind", "actor", "on_behalf_of", "session", "channel", "request_id", "question",
        "action", "answer", "reason", "detail", "risk", "score", "model_version", "policy_version", "contributions",
        "findings", "inputs",
    )  # fmt: skip

    @staticmethod
    def sees_all(request: HttpRequest) -> bool:
        """Whether this person reads the operator's register, and may leaf through."""
        return bool(roles_of(request.user) & OVERSEERS)

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:
        """A number leads straight to its decision; without one there is nothing to leaf through for agents."""
        find, context = FindDecision(request.GET if "number" in request.GET else None), {}
        if find.is_valid():
            found = list(_decisions(find.cleaned_data["number"]))
            if len(found) == 1:
                return HttpResponseRedirect(reverse("admin:audit_decisionentry_change", args=[found[0].pk]))
            context["found"] = found
            if not found:
                find.add_error("number", _("There is no decision with exactly this number."))
        if find.is_bound or not self.sees_all(request):
            return self.show(request, "admin/decision_find.html", title=_("Find a decision"), form=find, **context)
        return super().before_list(request, form)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """One decision, explained: with every number to auditors and administrators, without any to agents."""
        entry, stopped = self.opened(request, object_id)
        if entry is None:
            return stopped
        sees_all = self.sees_all(request)
        context = {
            "title": f"Decision {entry.reference}",
            "entry": entry,
            "doing": explain.doing(entry.action),
            "sees_all": sees_all,
            "because": explain.for_operator(entry) if sees_all else explain.for_agent(entry),
        }
        if sees_all:
            context |= {
                "chart": chart(entry.contributions),
                "risk": risk_name(entry.risk),
                "seal": seal.check(entry),
                "tree": self.tree(entry),
            }
        return self.show(request, "admin/decision.html", **context)
