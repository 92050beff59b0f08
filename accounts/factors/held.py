"""What is kept of sign-in methods, as their customer reads it in a copy of their data. No secret is part of it."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from accounts.models import AppBucket, BackupCode, Passkey, PasskeyAttestation, Totp
from ciam_portal.core.held import leave_out, show

_ABOUT_A_KEY = ("name", "confirmed", "created_at", "last_used_at")

show(Totp, _("Authenticator app"), library=_ABOUT_A_KEY)
show(AppBucket, _("Wrong codes of your authenticator app"))
show(BackupCode, _("Backup codes"))
show(Passkey, _("Passkeys"), library=(*_ABOUT_A_KEY, "transports", "sign_count", "backup_eligible", "backup_state"))
leave_out(apps.get_model("otp_totp.TOTPDevice"), _("The same rows as those of your authenticator app."))
leave_out(PasskeyAttestation, _("What your device said of its maker when a passkey was added, in a form for machines."))
