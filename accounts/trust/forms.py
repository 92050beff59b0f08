"""Why staff pass a mail domain: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.trust.policy import WhyPass
from ciam_portal.core.words import choices


class Pass(forms.Form):
    """What is known of it."""

    reason = forms.ChoiceField(label=_("What is known of it"), choices=[("", "—"), *choices(WhyPass)])
