"""Tables of the foundations and of libraries that are about people: what of them is in a copy of their data."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.audit.models import Tally
from ciam_portal.core.held import leave_out, show
from ciam_portal.core.outbox.models import Notice

show(Notice, _("Messages that we sent about your account"))
leave_out(Tally, _("A number: how often something ordinary happened in a day. It names nobody."))

for _label in (
    "admin.LogEntry",
    "django_otp_webauthn.WebAuthnCredential",
    "django_otp_webauthn.WebAuthnAttestation",
    "django_otp_webauthn.WebAuthnUserHandle",
):
    leave_out(apps.get_model(_label), _("Nothing is ever kept here."))
