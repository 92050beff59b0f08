"""What staff can do with the policy."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import ADMIN, Effect, StaffAction, declare
from ciam_portal.governance import flows

_VERSION = "governance_policyversion_change"


declare(
    StaffAction(_("propose a policy"), ADMIN, Effect.PROPOSE_POLICY, standing=True,
                flows=(flows.begin_replay, flows.propose), pages=(_VERSION,)),
    StaffAction(_("approve a policy"), ADMIN, Effect.CHANGE_POLICY, Effect.PROPOSE_POLICY, standing=True,
                flows=(flows.approve,), pages=(_VERSION,)),
    StaffAction(_("reject a policy"), ADMIN, Effect.REJECT_POLICY, standing=True,
                flows=(flows.reject,), pages=(_VERSION,)),
)  # fmt: skip
