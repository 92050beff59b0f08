"""What a customer ticks of several things that an agent asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

_MOST = 5


class Ticked(forms.Form):
    """By their places; of one thing there is nothing to tick."""

    detail = forms.TypedMultipleChoiceField(
        label=_("What you approve"),
        required=False,
        widget=forms.MultipleHiddenInput,
        coerce=int,
        choices=[(str(place), str(place)) for place in range(1, _MOST + 1)],
    )
