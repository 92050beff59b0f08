"""The wish to leave, as part of a copy of the data of whoever has it."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Deletion

show(Deletion, _("Your wish to delete your account"))
