"""Proofs of identity, as part of a copy of a customer's data."""

import json

from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityCheck, IdentityEvidence, IdentityTraining, IdentityTwin
from ciam_portal.core.crypto import vault
from ciam_portal.core.held import leave_out, show


def _person(row: IdentityEvidence) -> dict[str, str]:
    said: dict[str, str] = json.loads(vault.unseal(row.sealed, row.context))
    return said


show(IdentityCheck, _("When you showed us who you are"), way="customer")
show(IdentityEvidence, _("What you have shown of who you are"), way="customer", said={"person": _person})
leave_out(IdentityTwin, _("What you showed looked like another account's. The records say who that is."))
show(IdentityTraining, _("Your training to check identities, as staff"), way="person")
