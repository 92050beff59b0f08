"""How what is kept of a customer reads."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.words import Text

FIELDS: dict[str, Text] = {
    "name": _("name"),
    "phone": _("phone number"),
    "locale": _("language"),
    "timezone": _("time zone"),
}
