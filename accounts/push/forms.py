"""What is asked on the page about notices in a browser."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, ValidationError

from accounts.push import policy
from accounts.push.shapes import Endpoint
from ciam_portal.core import fetch

_LONGEST = 4096


class _Keys(BaseModel):
    model_config = ConfigDict(strict=True)

    p256dh: str
    auth: str


class _Subscription(BaseModel):
    """As ``PushSubscription.toJSON()`` says it."""

    model_config = ConfigDict(strict=True)

    endpoint: str
    keys: _Keys


class SwitchOn(forms.Form):
    """What the browser said of where it is told. A script fills it in."""

    subscription = forms.CharField(max_length=_LONGEST, widget=forms.HiddenInput)

    def clean_subscription(self) -> Endpoint:
        """Where that is: an address that we ask, and keys that something can be encrypted for."""
        try:
            said = _Subscription.model_validate_json(self.cleaned_data["subscription"])
        except ValidationError:
            said = None
        if said is not None and fetch.acceptable(said.endpoint) and _may_be_asked(said.endpoint):
            found = Endpoint(said.endpoint, said.keys.p256dh, said.keys.auth)
            if found.is_whole:
                return found
        raise forms.ValidationError(_("Your browser did not say where it takes notices. Please try again."))


def _may_be_asked(url: str) -> bool:
    return policy.is_usual(url) or not settings.PRODUCTION


class Nights(forms.Form):
    """When."""

    at_night = forms.BooleanField(label=_("Show notices at night too"), required=False)
