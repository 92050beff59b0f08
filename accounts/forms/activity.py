"""Answers about one's own activity, and the help desk's about a dispute: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Dispute, Session


class Answer(forms.Form):
    """Was this you?"""

    said = forms.ChoiceField(
        label=_("Your answer"),
        choices=[(Session.Said.MINE.value, _("It was me")), (Session.Said.NOT_MINE.value, _("It was not me"))],
    )


class CloseDispute(forms.Form):
    """What the help desk found."""

    outcome = forms.ChoiceField(label=_("What was found"), choices=[("", "—"), *Dispute.Outcome.choices])
