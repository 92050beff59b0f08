"""What staff can do with apps."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.console import flows
from ciam_portal.core.privileges import ADMIN, EVERY, Effect, StaffAction, declare

_DECIDE = ("console_changerequest_decide",)

declare(
    StaffAction(_("ask to change an app that one owns"), EVERY, Effect.PROPOSE_REDIRECT_URI),
    StaffAction(_("approve a change of an app"), ADMIN, Effect.CHANGE_REDIRECT_URI, Effect.PROPOSE_REDIRECT_URI,
                standing=True, flows=(flows.approve,), pages=_DECIDE),
    StaffAction(_("reject a change of an app"), ADMIN, Effect.REJECT_REDIRECT_URI, standing=True,
                flows=(flows.reject,), pages=_DECIDE),
    StaffAction(_("switch an app off or on"), ADMIN, Effect.SWITCH_PARTNER, standing=True,
                flows=(flows.switch, flows.retire), pages=("oauth_partner_switch",)),
)  # fmt: skip
