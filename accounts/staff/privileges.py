"""What staff can do with roles and records."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.flows import break_glass, people, role_changes
from ciam_portal.core.privileges import ADMIN, EVERY, LOOKERS, WATCHERS, Effect, StaffAction, declare

declare(
    StaffAction(_("find a customer"), LOOKERS, Effect.SEE_SUMMARY,
                flows=(people.find,), pages=("accounts_user_changelist",)),
    StaffAction(_("open a record"), LOOKERS, Effect.SEE_RECORD,
                flows=(people.open_record,), pages=("accounts_user_open",)),
    StaffAction(_("see a hidden value of a record"), LOOKERS, Effect.SEE_RECORD,
                flows=(people.unmask,), pages=("accounts_user_unmask",)),
    StaffAction(_("look through what is kept"), EVERY, Effect.SEE_TRAIL, flows=(people.look,)),
    StaffAction(_("export the audit or decisions"), WATCHERS, Effect.EXPORT_TRAIL, standing=True,
                flows=(people.export,), pages=("audit_auditentry_export", "audit_decisionentry_export")),
    StaffAction(_("break the glass"), LOOKERS, Effect.TAKE_ROLE, standing=True,
                flows=(break_glass.take,), pages=("accounts_breakglass_take",)),
    StaffAction(_("review break-glass"), ADMIN, Effect.REVIEW_BREAK_GLASS, Effect.TAKE_ROLE, standing=True,
                flows=(break_glass.review,), pages=("accounts_breakglass_review",)),
    StaffAction(_("propose a role"), ADMIN, Effect.PROPOSE_ROLE, standing=True,
                flows=(role_changes.propose,), pages=("accounts_rolechange_propose",)),
    StaffAction(_("approve a role"), ADMIN, Effect.CHANGE_ROLE, Effect.PROPOSE_ROLE, standing=True,
                flows=(role_changes.approve,), pages=("accounts_rolechange_decide",)),
    StaffAction(_("reject a role"), ADMIN, Effect.REJECT_ROLE, standing=True,
                flows=(role_changes.reject,), pages=("accounts_rolechange_decide",)),
    StaffAction(_("take a role away"), ADMIN, Effect.REMOVE_ROLE, standing=True,
                flows=(role_changes.revoke,), pages=("accounts_rolechange_propose",)),
)  # fmt: skip
