"""The audit, as staff read it."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from ciam_portal import explain
from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.audit import seal
from ciam_portal.audit.models import AuditEntry, DecisionEntry
from ciam_portal.explain.chart import chart
from ciam_portal.explain.registers import risk_name
from ciam_portal.roles import Role, roles_of


@admin.register(AuditEntry)
class AuditEntries(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = (
        "at",
        "name",
        "about",
        "actor_kind",
        "channel",
    )
    list_filter = (
        "name",
        "actor_kind",
        "channel",
    )
    search_fields = (
        "about__exact",
        "request_id__exact",
    )


@admin.register(DecisionEntry)
class DecisionEntries(ReadOnlyAdmin):
    """Looked at, never edited. Agents find one decision by its exact number, and read it in their own register."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.AGENT})
    all_of_it: ClassVar[frozenset[Role]] = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = (
        "at",
        "action",
        "answer",
        "reason",
        "about",
    )
    list_filter = (
        "question",
        "action",
        "answer",
        "reason",
    )
    search_fields = (
        "id__exact",
        "about__exact",
    )
    search_help_text = "The exact number of a decision; for auditors also of a customer."

    def sees_all(self, request: HttpRequest) -> bool:
        """Whether this person reads the operator's register, and may leaf through."""
        return bool(roles_of(request.user) & self.all_of_it)

    def get_list_filter(self, request: HttpRequest) -> Any:  # noqa: ANN401  (Django's signature)
        """Nothing to leaf through for agents."""
        return self.list_filter if self.sees_all(request) else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[DecisionEntry], search_term: str
    ) -> tuple[QuerySet[DecisionEntry], bool]:
        """By exact number: of a decision or a customer; for agents of a decision only, and nothing without one."""
        sees_all = self.sees_all(request)
        try:
            number = UUID(search_term.strip())
        except ValueError:
            return (queryset if sees_all and not search_term.strip() else queryset.none()), False
        found = queryset.filter(pk=number)
        return (found | queryset.filter(about=number) if sees_all else found), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002  (Django's signature)
        extra_context: object = None,  # noqa: ARG002  (as above)
    ) -> HttpResponse:
        """One decision, explained: with every number to auditors and administrators, without any to agents."""
        entry = self.get_object(request, object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        if entry is None:
            raise Http404
        sees_all = self.sees_all(request)
        words = {
            "title": f"Decision {entry.pk}",
            "entry": entry,
            "doing": explain.doing(entry.action),
            "sees_all": sees_all,
            "because": explain.for_operator(entry) if sees_all else explain.for_agent(entry),
        }
        if sees_all:
            words |= {"chart": chart(entry.contributions), "risk": risk_name(entry.risk), "seal": seal.check(entry)}
        return self.show(request, "admin/decision.html", **words)
