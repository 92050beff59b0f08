"""Every table says until when its rows are kept, or why it does not grow; what is over is found by an index."""

import pytest
from django.apps import apps
from django.db import connection

from ciam_portal.core import clock, retention

# Tables that stay as large as what they are about.
OF_AN_ACCOUNT = {
    "accounts.User", "accounts.Profile", "accounts.Passkey", "accounts.PasskeyAttestation", "accounts.BackupCode",
    "accounts.User_groups", "otp_totp.TOTPDevice", "accounts.Totp", "account.EmailAddress", "recovery.Review",
    "recovery.Guesses", "socialaccount.SocialAccount",
    "consent.Consent",  # what was allowed, and taken back, must be shown for as long as there is an account
    "consent.ConsentRecord",
    "consent.ConsentEvent",  # the same, and after it under its number alone: a trigger keeps what was said
    "consent.Receipt",  # the same
    "consent.Business", "consent.BusinessRole",  # of a business: its account
    "consent.Dependant", "consent.Family", "consent.Membership",
    "accounts.IdentityTraining",  # one for each of the staff
    "consent.ParentalResponsibility",  # who answered for somebody once is told for as long as there is an account
}  # fmt: skip
WITH_A_CASE = {"recovery.Shown", "recovery.Inquiry", "consent.ExportPart", "recovery.SuccessionNote"}  # or a copy
WITH_A_SESSION = {"oauth.Participant", "consent.ActingSession"}
WITH_A_MOVE = {"accounts.BrokenLine"}
OF_A_PARTNER = {"signals.Stream", "signals.Subject"}  # one; and as many as policy lets it ask for
BY_THE_MONTH = {"audit.AuditEntry", "audit.DecisionEntry", "consent.Use"}
ONE_FOR_A_ROW = {"audit.Leaf", "audit.Subtree"}  # proofs go on to hold when the rows are dropped
TAKEN_OFF = {"audit.Waiting"}  # within seconds: ciam_portal.core.audit.tree.sealer
FADES = {"accounts.PopulationCount"}  # accounts.baseline.flows.fade_population
OF_THE_INSTALLATION = {
    "crypto.Key", "accounts.PassedDomain", "accounts.RiskState", "oauth.Partner", "oauth.Resource",
    "governance.PolicyVersion", "consent.Purpose", "consent.PurposeVersion",
    "governance.RiskModel", "auth.Group", "auth.Permission", "auth.Group_permissions", "contenttypes.ContentType",
}  # fmt: skip
# What libraries bring along and the portal never fills.
EMPTY = {
    "oauth.IDToken", "oauth2_provider.DeviceGrant", "account.EmailConfirmation", "accounts.User_user_permissions",
    "admin.LogEntry", "axes.AccessAttempt", "axes.AccessAttemptExpiration", "axes.AccessFailureLog", "axes.AccessLog",
    "django_otp_webauthn.WebAuthnAttestation", "django_otp_webauthn.WebAuthnCredential",
    "django_otp_webauthn.WebAuthnUserHandle", "socialaccount.SocialApp", "socialaccount.SocialToken",
}  # fmt: skip
# So small that no index is wanted: written one by one.
SMALL = {
    "accounts.Dispute", "accounts.Restriction", "accounts.RoleChange", "accounts.BreakGlass", "accounts.Alert",
    "recovery.Case", "governance.Replay", "oauth.SigningKey", "consent.Deletion",
}  # fmt: skip
SAID = (
    ONE_FOR_A_ROW
    | TAKEN_OFF
    | OF_AN_ACCOUNT
    | OF_A_PARTNER
    | WITH_A_MOVE
    | WITH_A_CASE
    | WITH_A_SESSION
    | BY_THE_MONTH
    | FADES
    | OF_THE_INSTALLATION
    | EMPTY
)


def test_every_table_ends_its_rows_or_does_not_grow() -> None:
    tables = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    ending = {each.model._meta.label for each in retention.declared()}
    assert tables - ending == SAID
    assert ending > SMALL


@pytest.mark.django_db
@pytest.mark.parametrize("each", [pytest.param(each, id=each.model._meta.label) for each in retention.declared()])
def test_what_is_over_is_found_by_an_index(each: retention.Kept) -> None:
    rows = each.rows(clock.now()).values_list("pk")[: retention.BATCH]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()
    is_scanned = f"Seq Scan on {each.model._meta.db_table}" in plan
    assert is_scanned == (each.model._meta.label in SMALL), plan
