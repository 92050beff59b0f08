"""What staff can do with purposes."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import OFFICERS, Effect, StaffAction, declare
from consent.purposes import flows

_WRITE = ("consent_purpose_new", "consent_purpose_draft")
_DECIDE = ("consent_purposeversion_decide",)

declare(
    StaffAction(_("draft and propose what data is used for"), OFFICERS, Effect.PROPOSE_PURPOSE, standing=True,
                flows=(flows.draft, flows.propose, flows.reject), pages=(*_WRITE, *_DECIDE)),
    StaffAction(_("approve what data is used for, and make it hold"), OFFICERS, Effect.CHANGE_PURPOSE,
                Effect.PROPOSE_PURPOSE, standing=True, flows=(flows.approve, flows.activate), pages=_DECIDE),
    StaffAction(_("retire what data is used for"), OFFICERS, Effect.RETIRE_PURPOSE, standing=True,
                flows=(flows.retire,), pages=_DECIDE),
)  # fmt: skip
