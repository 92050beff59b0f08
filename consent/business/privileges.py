"""What staff can do with businesses: of an owner whose removal is objected to, two of them say what becomes."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.privileges import AGENT, APPROVER, Effect, StaffAction, declare
from consent.business.flows import removing

declare(
    StaffAction(_("propose what becomes of an owner of a business"), AGENT, Effect.CLOSE_DISPUTE, standing=True,
                flows=(removing.propose,), pages=("consent_businessremoval_propose",)),
    StaffAction(_("decide about an owner of a business"), APPROVER, Effect.CLOSE_DISPUTE, standing=True,
                flows=(removing.settle,), pages=("consent_businessremoval_settle",)),
)  # fmt: skip
