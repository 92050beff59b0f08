"""What staff can do with proofs of identity: it takes two of them to confirm anything."""

from django.utils.translation import gettext_lazy as _

from accounts.proofing.flows import desk, evidence
from ciam_portal.core.privileges import ADMIN, DESK, Effect, StaffAction, declare

declare(
    StaffAction(_("note who a customer is"), DESK, Effect.NOTE_IDENTITY,
                flows=(desk.note,), pages=("accounts_identitycheck_note",)),
    StaffAction(_("decide who a customer is"), DESK, Effect.CONFIRM_IDENTITY, Effect.NOTE_IDENTITY,
                flows=(desk.decide,), pages=("accounts_identitycheck_decide",)),
    StaffAction(_("decide about accounts that look like one person's"), DESK, Effect.NOTE_IDENTITY,
                flows=(evidence.find,), pages=("accounts_identitytwin_find",)),
    StaffAction(_("say who is trained to check identities"), ADMIN, Effect.TRAIN_STAFF, standing=True,
                flows=(desk.train, desk.untrain),
                pages=("accounts_identitytraining_train", "accounts_identitytraining_untrain")),
)  # fmt: skip
