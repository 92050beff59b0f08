"""Customers who are to be brought in or given away, as an administrator decides about them."""

from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Move
from accounts.moving.flows import two_people
from accounts.moving.shapes import State
from accounts.staff.admin import people
from accounts.staff.admin.verbs import Verbs
from accounts.staff.forms import Decide
from ciam_portal.core import clock
from ciam_portal.core.privileges import WATCHERS

_SHOWN = 100  # broken lines; the command names all of them


@admin.register(Move)
class Moves(Verbs):
    """What was proposed, what the dry run counted, and how far it is."""

    roles = WATCHERS
    list_display = ("proposed_at", "direction", "state", "customers", "broken", "expires_at")
    list_filter = ("state", "direction")

    def get_urls(self) -> list[URLPattern]:
        """One more page: deciding."""
        decide = self.verb(self.decide, lazy("Decide about moving customers"), Decide, "do")
        return [path("<uuid:move_id>/decide/", decide, name="accounts_move_decide"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """The digest, the counts, the broken lines, and the two buttons while it waits."""
        move = self.found(request, object_id)
        return self.show(
            request,
            "admin/move.html",
            title=str(move),
            move=move,
            counts=sorted(move.counts.items()),
            broken=move.broken_lines.order_by("line")[:_SHOWN],
            waits=move.state == State.PROPOSED and clock.now() < move.expires_at,
            stops=move.state in {State.PROPOSED, State.APPROVED},
            names=people.names((move.approved_by, move.rejected_by)),
        )

    def decide(self, request: HttpRequest, move_id: UUID) -> HttpResponse:
        """An administrator approves, or stops it."""
        me, session, by = self.acting(request)
        move, form = get_object_or_404(Move, pk=move_id), Decide(request.POST)
        if not form.is_valid():
            raise Http404
        approves = form.cleaned_data["do"] == "approve"
        verb = two_people.approve if approves else two_people.reject
        return self.do(
            request,
            lambda: verb(move, me, session, by=by, at=clock.now()),
            _("Approved. The command can be run now.") if approves else _("Rejected."),
            "accounts_move_change",
            move.pk,
        )
