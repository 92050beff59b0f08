"""What staff can do with customers who are brought from elsewhere, or given away."""

from django.utils.translation import gettext_lazy as _

from accounts.moving.flows import two_people
from ciam_portal.core.privileges import ADMIN, Effect, StaffAction, declare

declare(
    StaffAction(_("approve moving customers"), ADMIN, Effect.MOVE_CUSTOMERS, standing=True,
                flows=(two_people.approve,), pages=("accounts_move_decide",)),
    StaffAction(_("reject moving customers"), ADMIN, Effect.REJECT_MOVE, standing=True,
                flows=(two_people.reject,), pages=("accounts_move_decide",)),
)  # fmt: skip
