"""What went out and what was stopped, as staff read it: spent, stopped, and why."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.budgets import facts
from accounts.budgets.mails import MailFor
from accounts.budgets.models import Outgoing
from accounts.budgets.policy import Over
from ciam_portal.core import clock
from ciam_portal.core.lists.newest import Narrow, Newest
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.roles import Role
from ciam_portal.core.words import Text

OVER = {
    Over.COUNTRY: _("No text messages go to this country"),
    Over.SOURCE: _("Too many asked for from one place"),
    Over.DOMAIN: _("Too many to one mail domain"),
    Over.STRANGERS: _("Too many to one person, asked for by strangers"),
    Over.BESIDE_RESETS: _("The same; what is left of the day is for a reset"),
    Over.DESK: _("Too many to one person, asked for by the help desk"),
    Over.NUMBER: _("Too many to one number"),
    Over.RANGE: _("Too many to numbers of one range"),
    Over.TOTAL: _("Too many text messages in a day"),
    Over.MONEY: _("Too much money for text messages in a day"),
}
PURPOSES = {
    "": _("Tells of a change"),
    MailFor.SIGN_UP: _("Sign-up"),
    MailFor.CONFIRM: _("Address to confirm"),
    MailFor.RESET: _("New password"),
    MailFor.RECOVER: _("Getting back in"),
    MailFor.STEP_UP: _("Code in a session"),
    MailFor.READ_BACK: _("Code for the help desk"),
    MailFor.NEW_ADDRESS: _("New address, or invitation"),
}


class NarrowOutgoing(Narrow):
    """How it went, and which limit stopped it."""

    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", "—"), *Medium.choices])
    over = forms.ChoiceField(label=_("Stopped by"), required=False, choices=[("", "—"), *OVER.items()])


@admin.register(Outgoing)
class Messages(Newest):
    """Looked at, never edited. To whom it went, nobody reads here."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    hidden = frozenset({"recipient", "place", "source"})
    change_list_template = "admin/accounts/outgoing.html"
    list_display = ("at", "channel", "what_for", "stranger", "country", "cents", "why")
    asks = NarrowOutgoing
    within = {"channel": "channel", "over": "over"}  # noqa: RUF012  (Newest's)

    @admin.display(description=_("for what"))
    def what_for(self, row: Outgoing) -> Text:
        """In words."""
        return PURPOSES.get(row.purpose, row.purpose)

    @admin.display(description=_("stopped by"))
    def why(self, row: Outgoing) -> Text:
        """In words; nothing if it went."""
        return OVER[Over(row.over)] if row.over else ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and above it what the last day came to."""
        at = clock.now()
        kinds = [
            each | {"what_for": PURPOSES.get(each["purpose"], each["purpose"]), "why": OVER.get(each["over"], "")}
            for each in facts.by_kind(at)
        ]
        more = {"kinds": kinds, "spent": facts.spent(at), "rules": limits.current().outbound}
        return super().changelist_view(request, (extra_context or {}) | more)
