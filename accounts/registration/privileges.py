"""What staff can do with held sign-ups."""

from django.utils.translation import gettext_lazy as _

from accounts.registration import flows
from ciam_portal.core.privileges import DESK, Effect, StaffAction, declare

declare(
    StaffAction(_("decide about a held sign-up"), DESK, Effect.DECIDE_SIGN_UP,
                flows=(flows.review,), pages=("accounts_heldsignup_review",)),
    StaffAction(_("decide about a flood of sign-ups"), DESK, Effect.DECIDE_SIGN_UP,
                flows=(flows.review_alike,), pages=("accounts_heldsignup_review_alike",)),
)  # fmt: skip
