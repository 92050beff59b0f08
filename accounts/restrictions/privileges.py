"""What staff can do with restrictions."""

from django.utils.translation import gettext_lazy as _

from accounts.restrictions import flows
from ciam_portal.core.privileges import DESK, Effect, StaffAction, declare
from ciam_portal.core.roles import Role

declare(
    StaffAction(_("restrict a customer"), DESK, Effect.RESTRICT,
                flows=(flows.restrict,), pages=("accounts_user_restrict",)),
    StaffAction(_("end a restriction"), DESK, Effect.LIFT_RESTRICTION,
                flows=(flows.end,), pages=("accounts_user_end_restriction",)),
    StaffAction(_("review a restriction"), frozenset({Role.APPROVER, Role.ADMINISTRATOR}), Effect.REVIEW_RESTRICTION,
                Effect.RESTRICT, standing=True,
                flows=(flows.review,), pages=("accounts_user_review_restriction",)),
)  # fmt: skip
