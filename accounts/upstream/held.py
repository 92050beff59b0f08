"""Linked sign-ins, as part of a copy of a customer's data."""

from allauth.socialaccount.models import SocialToken
from django.utils.translation import gettext_lazy as _

from accounts.upstream.bound import Link
from ciam_portal.core.held import leave_out, show

show(Link, _("Sign-ins elsewhere that are linked to your account"), library=("provider", "date_joined", "last_login"))
leave_out(SocialToken, _("Nothing is ever kept here: keys of other services are forgotten at once."))
