"""What is kept of a customer, as they read it in a copy of their data."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from accounts.models import Proof, User
from ciam_portal.core.held import leave_out, show
from ciam_portal.core.words import masked

show(User, _("Your account"), way="pk")
show(apps.get_model("account.EmailAddress"), _("Your email address"), library=("email", "verified", "primary"))
show(
    Proof,
    _("Links and codes that we sent"),
    said={"address": lambda row: masked(row.address)},  # it may be a contact's
)
show(User.groups.through, _("Roles that you have as staff"), library=("group",))
leave_out(User.user_permissions.through, _("Nothing is ever kept here: what staff may do goes by roles."))
leave_out(apps.get_model("account.EmailConfirmation"), _("Nothing is ever kept here: we use links of our own."))
