"""What staff can do with disputes."""

from django.utils.translation import gettext_lazy as _

from accounts.activity.flows import dispute
from ciam_portal.core.privileges import DESK, Effect, StaffAction, declare

declare(
    StaffAction(_("close a dispute"), DESK, Effect.CLOSE_DISPUTE,
                flows=(dispute.close,), pages=("accounts_dispute_close",)),
)  # fmt: skip
