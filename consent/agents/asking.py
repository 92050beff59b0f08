"""What a page says of an agent and of what it may be let do."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.words import Text

_KNOWN = {
    f"{PARTNER}payment": lazy("Pay for you"),
    f"{PARTNER}large_payment": lazy("Pay large amounts for you"),
    f"{PARTNER}change_payee": lazy("Change who is paid"),
    f"{PARTNER}appointment": lazy("Make, move and cancel appointments"),
}


def does(action: str) -> Text:
    """An action of partners, as something that somebody does for a customer. One that is the operator's by its name."""
    name = action.removeprefix(PARTNER).replace("_", " ")
    return _KNOWN.get(action) or _("In an app: %(name)s") % {"name": name}
