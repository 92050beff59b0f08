"""Recovery contacts, as part of a copy of the data of whoever named them. Their addresses are other people's."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from ciam_portal.core.words import masked
from recovery.models import Contact, Review

show(Contact, _("People whom you named to help you back in"), said={"address": lambda row: masked(row.address)})
show(Review, _("When we reminded you of where recovery goes"))
