"""The use ledger, as auditors read it."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.staff.admin.looking import Looking
from ciam_portal.core.lists.newest import Narrow, Newest
from ciam_portal.core.roles import Role
from consent.ledger.shapes import Way
from consent.models import Use


class NarrowUses(Narrow):
    """Of whose data, by whom, for what, and what became of it."""

    customer = forms.UUIDField(label=_("Customer (number)"), required=False)
    partner = forms.UUIDField(label=_("Partner (number)"), required=False)
    purpose = forms.SlugField(label=_("Purpose"), required=False, max_length=64)
    way = forms.ChoiceField(
        label=_("Way"), required=False, choices=[("", "—"), *((each.value, each.value) for each in Way)]
    )
    result = forms.ChoiceField(label=_("Result"), required=False, choices=[("", "—"), *Use.Result.choices])


@admin.register(Use)
class Uses(Looking, Newest):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    about = "customer"
    list_display = ("at", "purpose", "partner", "way", "result", "reason", "times")
    asks = NarrowUses
    narrow = {"customer": "customer", "partner": "partner"}  # noqa: RUF012  (Newest's)
    within = {"purpose": "purpose", "way": "way", "result": "result"}  # noqa: RUF012  (as above)

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:
        """Those about one customer are part of their record."""
        wanted = form.cleaned_data.get("customer") if form.is_valid() else None
        return self.through_record(request, wanted) if wanted else None
