"""What partners hear, as part of a copy of the data of whoever it is about."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out, show
from ciam_portal.signals.models import Former, Signal, Stream, Subject

show(Former, _("Former email addresses, in a one-way form, of which apps still have to hear"))
leave_out(
    Signal, _("Messages to connected apps that are on their way, encrypted. What they tell stands under what happened.")
)
leave_out(Subject, _("Whom an app wants to hear of, by the name that only this app knows you by."))
leave_out(Stream, _("It is about an app, not about you."))
