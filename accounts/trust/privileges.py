"""What staff can do with accounts that wait for evidence."""

from django.utils.translation import gettext_lazy as _

from accounts.trust import flows
from ciam_portal.core.privileges import DESK, Effect, StaffAction, declare

declare(
    StaffAction(_("pass a mail domain"), DESK, Effect.DECIDE_SIGN_UP,
                flows=(flows.pass_domain,), pages=("accounts_beginning_pass_domain",)),
    StaffAction(_("take back that a mail domain was passed"), DESK, Effect.DECIDE_SIGN_UP,
                flows=(flows.take_back,), pages=("accounts_passeddomain_take_back",)),
)  # fmt: skip
