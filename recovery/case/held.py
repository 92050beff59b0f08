"""Recoveries, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from recovery.models import Case, Guesses, Inquiry, Shown

show(Case, _("Recoveries of your account"), without={"risk": _("Said in words with each decision.")})
show(Shown, _("What was shown in a recovery"))
show(Inquiry, _("What our help desk asked for in a recovery"))
show(Guesses, _("Wrong codes typed to get back in"))
