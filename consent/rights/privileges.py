"""What staff can do with requests about data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import Effect, StaffAction, declare
from consent.rights import flows
from consent.rights.policy import OFFICERS

declare(
    StaffAction(_("answer a request about data"), OFFICERS, Effect.ANSWER_REQUEST,
                flows=(flows.answer,), pages=("consent_request_answer",)),
    StaffAction(_("take more time for a request about data"), OFFICERS, Effect.ANSWER_REQUEST,
                flows=(flows.extend,), pages=("consent_request_extend",)),
)  # fmt: skip
