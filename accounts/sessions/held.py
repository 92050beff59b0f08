"""What is kept of sessions and browsers, as their customer reads it in a copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Device, Session, SignInAttempt
from ciam_portal.core.held import show

show(Device, _("Browsers that you have used"))
show(Session, _("Sessions"), without={"risk": _("Said in words with each decision.")})
show(SignInAttempt, _("Sign-ins that were paused or stopped"))
