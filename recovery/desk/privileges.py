"""What staff can do with recoveries.

Each asks its customer, or what was theirs before the call; what the second person approves is a wait and a link.
"""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import AGENT, APPROVER, DESK, Effect, StaffAction, declare
from recovery.desk.flows import claims, desk, evidence, release

declare(
    StaffAction(_("open a recovery for a caller"), AGENT, Effect.NOTE_EVIDENCE,
                flows=(desk.begin,), pages=("recovery_case_begin",)),
    StaffAction(_("ask a caller, and note what comes of it"), AGENT, Effect.NOTE_EVIDENCE,
                flows=(evidence.ask_read_back, evidence.read_back, evidence.ask_call_back, evidence.called_back,
                       evidence.ask_document, evidence.check_document, evidence.ask_in_session),
                pages=("recovery_case_ask", "recovery_case_note")),
    StaffAction(_("say who works on a recovery"), DESK, Effect.SEE_SUMMARY,
                flows=(claims.take, claims.let_go), pages=("recovery_case_take", "recovery_case_let_go")),
    StaffAction(_("propose a recovery"), AGENT, Effect.PROPOSE_RECOVERY,
                flows=(desk.propose,), pages=("recovery_case_propose",)),
    StaffAction(_("approve a recovery"), APPROVER, Effect.RESTORE_ACCESS, Effect.PROPOSE_RECOVERY, standing=True,
                flows=(desk.approve,), pages=("recovery_case_approve",)),
    StaffAction(_("reject a recovery"), DESK, Effect.REJECT_RECOVERY,
                flows=(desk.reject,), pages=("recovery_case_reject",)),
    StaffAction(_("send the customer's link again"), AGENT, Effect.SEND_LINK, Effect.RESTORE_ACCESS,
                flows=(release.send_again,), pages=("recovery_case_send_again",)),
)  # fmt: skip
