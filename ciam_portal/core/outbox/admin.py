"""The outbox, as staff read it: what went out, never what it said or to whom."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.lists.newest import Narrow, Newest
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.roles import Role


class NarrowNotices(Narrow):
    """Where they stand."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", "—"), *Notice.State.choices])
    kind = forms.CharField(label=_("Kind"), required=False, max_length=64)


@admin.register(Notice)
class Notices(Newest):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    hidden = frozenset({"sealed", "customer"})
    list_display = ("created_at", "kind", "channel", "state", "attempts")
    time = "created_at"
    asks = NarrowNotices
    within = {"state": "state", "kind": "kind"}  # noqa: RUF012  (Newest's)
