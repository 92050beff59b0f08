"""What staff can do with successions: two of them let a wait begin, and either says no."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import AGENT, APPROVER, DESK, Effect, StaffAction, declare
from recovery.succession.flows import case

declare(
    StaffAction(_("note what was seen for a successor"), AGENT, Effect.NOTE_EVIDENCE,
                flows=(case.note,), pages=("recovery_succession_note",)),
    StaffAction(_("propose that a successor may act"), AGENT, Effect.CLOSE_DISPUTE,
                flows=(case.propose,), pages=("recovery_succession_propose",)),
    StaffAction(_("approve that a successor may act"), APPROVER, Effect.CLOSE_DISPUTE, standing=True,
                flows=(case.approve,), pages=("recovery_succession_approve",)),
    StaffAction(_("say no to a successor"), DESK, Effect.REJECT_RECOVERY,
                flows=(case.reject,), pages=("recovery_succession_reject",)),
)  # fmt: skip
