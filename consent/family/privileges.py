"""What staff can do with families."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import APPROVER, DESK, Effect, StaffAction, declare
from consent.family.flows import protection, removal

declare(
    StaffAction(_("pause what guardians can do for a child"), DESK, Effect.PROTECT_CHILD,
                flows=(protection.protect,), pages=("consent_dependant_protect",)),
    StaffAction(_("let guardians act for a child again"), APPROVER, Effect.LIFT_PROTECTION, Effect.PROTECT_CHILD,
                standing=True, flows=(protection.lift,), pages=("consent_dependant_lift",)),
    StaffAction(_("propose whether a guardian is removed"), DESK, Effect.PROPOSE_REMOVAL,
                flows=(removal.propose,), pages=("consent_removal_propose",)),
    StaffAction(_("decide whether a guardian is removed"), APPROVER, Effect.REMOVE_GUARDIAN, Effect.PROPOSE_REMOVAL,
                standing=True, flows=(removal.decide,), pages=("consent_removal_decide",)),
)  # fmt: skip
