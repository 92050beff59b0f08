"""Held sign-ups, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import HeldSignUp
from ciam_portal.core.held import show

show(HeldSignUp, _("Your sign-up, while a person looked at it"))
