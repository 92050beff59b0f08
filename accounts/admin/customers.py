"""Customers and their sessions, as staff read them."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse

from accounts.flows import staff
from accounts.models import Session, User
from ciam_portal import clock
from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.audit.actor import Actor, Channel
from ciam_portal.roles import Role


class CustomerRecords(ReadOnlyAdmin):
    """Records about one customer: each look at one is asked about, and recorded about the customer."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one record."""
        self._open(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of its past changes in this site; there are none, but it names the record."""
        self._open(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def _open(self, request: HttpRequest, object_id: str) -> None:
        found = self.get_object(request, unquote(object_id))
        if found is None or not self.has_view_permission(request, found):
            return  # the page itself says so
        session: Session = request.portal_session  # type: ignore[attr-defined]
        person, by = cast("User", request.user), Actor.from_request(request, Channel.HELP_DESK)
        staff.open_record(found, person, session, by=by, at=clock.now())


@admin.register(User)
class Users(CustomerRecords):
    """Looked at, never edited."""

    roles = frozenset({Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR})
    hidden = frozenset({"password", "is_superuser"})
    list_display = (
        "id",
        "is_active",
        "is_staff",
        "created_at",
    )
    list_filter = (
        "is_active",
        "is_staff",
    )
    search_fields = (
        "email__exact",
        "id__exact",
    )


@admin.register(Session)
class Sessions(CustomerRecords):
    """Looked at, never edited."""

    roles = frozenset({Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR})
    hidden = frozenset({"browser_key"})
    list_display = (
        "customer",
        "started_at",
        "last_used_at",
        "ended_at",
        "end_reason",
    )
    search_fields = ("customer__id__exact",)
