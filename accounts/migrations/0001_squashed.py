"""Customers, staff roles, devices, sessions, factors, proofs, changes, restrictions, disputes, and what is usual."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import ciam_portal.core.clock
import ciam_portal.core.crypto.codes

ROLES = ("agent", "approver", "auditor", "administrator")


def add_roles(apps, schema_editor):
    """The groups that staff roles are."""
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    initial = True

    replaces = [("accounts", "0001_initial"), ("accounts", "0002_roles")]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        db_comment="personal: contact; the login, in its canonical form", max_length=254, unique=True
                    ),
                ),
                (
                    "unsettled",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken", "Another account has this mailbox"),
                            ("refused", "No address that mail can go to"),
                        ],
                        db_comment="not sensitive: why the address is not in its canonical form; empty: it is",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(blank=True, db_comment="personal: name", max_length=120)),
                (
                    "phone",
                    models.CharField(blank=True, db_comment="personal: contact; E.164, not proven", max_length=20),
                ),
                ("locale", models.CharField(db_comment="personal: preference", default="en", max_length=10)),
                ("timezone", models.CharField(db_comment="personal: preference", default="UTC", max_length=64)),
                ("is_active", models.BooleanField(db_comment="not sensitive: false closes every way in", default=True)),
                (
                    "is_staff",
                    models.BooleanField(db_comment="not sensitive: may sign in to the staff site", default=False),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="not sensitive", default=ciam_portal.core.clock.now, editable=False
                    ),
                ),
                ("password_changed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "contact_changed_at",
                    models.DateTimeField(db_comment="not sensitive: address or phone last changed", null=True),
                ),
                (
                    "email_changed_at",
                    models.DateTimeField(db_comment="not sensitive: address to sign in with last changed", null=True),
                ),
                (
                    "recovered_at",
                    models.DateTimeField(
                        db_comment="not sensitive: access last restored without signing in", null=True
                    ),
                ),
                (
                    "is_recovering",
                    models.BooleanField(db_comment="not sensitive: somebody is recovering the account", default=False),
                ),
                (
                    "locked_at",
                    models.DateTimeField(db_comment="not sensitive: nothing works until it is unlocked", null=True),
                ),
                (
                    "way_back",
                    models.CharField(
                        blank=True,
                        choices=[("mailbox", "Mailbox"), ("factor", "Factor"), ("recovery", "Recovery")],
                        db_comment="not sensitive: what leads back while locked",
                        max_length=8,
                    ),
                ),
                (
                    "suspended_until",
                    models.DateTimeField(db_comment="not sensitive: until then nobody comes in", null=True),
                ),
                (
                    "step_up_until",
                    models.DateTimeField(db_comment="not sensitive: until then more proof is asked for", null=True),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="PopulationCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "feature", "value", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("feature", models.CharField(db_comment="not sensitive", max_length=32)),
                ("value", models.CharField(db_comment="pseudonymous: digest or short code", max_length=64)),
                ("weight", models.FloatField(db_comment="not sensitive: fading count")),
            ],
        ),
        migrations.CreateModel(
            name="RiskState",
            fields=[
                (
                    "key",
                    models.CharField(
                        db_comment="not sensitive: which job", max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("data", models.JSONField(db_comment="not sensitive: watermarks, counts and rates", default=dict)),
                ("updated_at", models.DateTimeField(db_comment="not sensitive", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("data", models.JSONField(db_comment="personal: behavior; counts of pseudonymous values")),
                ("updated_at", models.DateTimeField(db_comment="not sensitive")),
            ],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField(db_comment="not sensitive: what was found", max_length=64)),
                ("at", models.DateTimeField(db_comment="not sensitive")),
                ("numbers", models.JSONField(db_comment="not sensitive: counts and rates", default=dict)),
                ("acknowledged_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "acknowledged_by",
                    models.UUIDField(db_comment="pseudonymous: who of the staff looked at it", null=True),
                ),
            ],
            options={
                "ordering": ("-at",),
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["kind", "-at"], name="alert_kind")],
            },
        ),
        migrations.CreateModel(
            name="BackupCode",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("digest", models.CharField(db_comment="sensitive: digest of the code", max_length=64)),
                ("created_at", models.DateTimeField(db_comment="not sensitive")),
                ("used_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="backup_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BreakGlass",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agent", "agent"),
                            ("approver", "approver"),
                            ("auditor", "auditor"),
                            ("administrator", "administrator"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("nobody_there", "Nobody with this role can be reached"),
                            ("attack", "An attack is under way"),
                            ("outage", "Something does not work"),
                        ],
                        db_comment="not sensitive: a code",
                        max_length=24,
                    ),
                ),
                ("asked_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive: the role ends by itself")),
                ("reviewed_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("reviewed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="break_glass",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "break-glass use",
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("password", "Password changed"),
                            ("email", "E-mail address changed"),
                            ("phone", "Phone number changed"),
                            ("factor_added", "Second step added"),
                            ("factor_removed", "Second step removed"),
                            ("backup_codes", "New backup codes made"),
                            ("recovery_address", "Recovery address added or removed"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive")),
                ("session", models.UUIDField(db_comment="pseudonymous: the session that made it", null=True)),
                ("method", models.CharField(blank=True, db_comment="not sensitive: the kind of factor", max_length=16)),
                ("key", models.CharField(blank=True, db_comment="pseudonymous: the row of the factor", max_length=40)),
                ("previous", models.TextField(blank=True, db_comment="sensitive: sealed; what stood there before")),
                ("undone_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "cookie_digest",
                    models.CharField(
                        db_comment="sensitive: digest of this customer's token in the device cookie", max_length=64
                    ),
                ),
                (
                    "former_digests",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        db_comment="sensitive: digests of former tokens, oldest first",
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "renewed_at",
                    models.DateTimeField(
                        db_comment="not sensitive: when its token last took another's place", null=True
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(db_comment="not sensitive: when that token first came back", null=True),
                ),
                ("browser", models.CharField(db_comment="personal: device; browser family", max_length=40)),
                ("system", models.CharField(db_comment="personal: device; operating system family", max_length=40)),
                ("first_seen_at", models.DateTimeField(db_comment="not sensitive")),
                ("last_seen_at", models.DateTimeField(db_comment="not sensitive")),
                (
                    "known_at",
                    models.DateTimeField(db_comment="not sensitive: from then on it counts as known, not as new"),
                ),
                ("expires_at", models.DateTimeField(db_comment="not sensitive")),
                ("revoked_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("decision", models.UUIDField(db_comment="pseudonymous: the decision it is about", null=True)),
                (
                    "session",
                    models.UUIDField(db_comment="pseudonymous: the session that was not the customer's", null=True),
                ),
                (
                    "change",
                    models.UUIDField(db_comment="pseudonymous: the change that was not the customer's", null=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contested", "Contested decision"),
                            ("not_me", "Sign-in or change that was not the customer's"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")],
                        db_comment="not sensitive",
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField(db_comment="not sensitive")),
                ("closed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("closed_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("explained", "Explained: the decision was right"),
                            ("mistaken", "The decision was too careful"),
                            ("attack", "It was somebody else"),
                            ("recognized", "It was the customer after all"),
                            ("no_answer", "The customer could not be reached"),
                        ],
                        db_comment="not sensitive: what was found",
                        max_length=16,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disputes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True,
                        help_text="The date and time when this device was initially created in the system.",
                        null=True,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, help_text="The most recent date and time this device was used.", null=True
                    ),
                ),
                (
                    "credential_type",
                    models.CharField(
                        choices=[("public-key", "Public Key")],
                        default="public-key",
                        editable=False,
                        max_length=32,
                        verbose_name="credential type",
                    ),
                ),
                ("credential_id", models.BinaryField(max_length=1023, verbose_name="credential id data")),
                ("public_key", models.BinaryField(max_length=1023, verbose_name="COSE public key data")),
                ("transports", models.JSONField(default=list, editable=False, verbose_name="transports")),
                ("sign_count", models.PositiveIntegerField(default=0, editable=False, verbose_name="sign count")),
                ("backup_eligible", models.BooleanField(default=False, editable=False, verbose_name="backup eligible")),
                ("backup_state", models.BooleanField(default=False, editable=False, verbose_name="backup state")),
                ("aaguid", models.CharField(editable=False, max_length=36, verbose_name="AAGUID")),
                (
                    "credential_id_sha256",
                    models.CharField(editable=False, max_length=64, unique=True, verbose_name="hashed credential id"),
                ),
                (
                    "discoverable",
                    models.BooleanField(default=None, editable=False, null=True, verbose_name="discoverable"),
                ),
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user_verified_at_creation",
                    models.BooleanField(db_comment="not sensitive: PIN or biometrics checked", default=False),
                ),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "WebAuthn credential",
                "verbose_name_plural": "WebAuthn credentials",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PasskeyAttestation",
            fields=[
                (
                    "fmt",
                    models.CharField(
                        choices=[
                            ("packed", "packed"),
                            ("tpm", "tpm"),
                            ("android-key", "android-key"),
                            ("android-safetynet", "android-safetynet"),
                            ("fido-u2f", "fido-u2f"),
                            ("none", "none"),
                        ],
                        editable=False,
                        max_length=255,
                        verbose_name="format",
                    ),
                ),
                ("data", models.BinaryField(verbose_name="data")),
                ("client_data_json", models.BinaryField(verbose_name="client data JSON")),
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "credential",
                    models.OneToOneField(
                        db_comment="pseudonymous",
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attestation",
                        to="accounts.passkey",
                    ),
                ),
            ],
            options={
                "verbose_name": "WebAuthn attestation",
                "verbose_name_plural": "WebAuthn attestations",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="not sensitive",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("confirm_email", "Confirm Email"),
                            ("change_email", "Change Email"),
                            ("reset_password", "Reset Password"),
                            ("step_up", "Step Up"),
                            ("sign_in", "Sign In"),
                            ("disown", "Disown"),
                            ("recover", "Recover"),
                            ("recovery_address", "Recovery Address"),
                            ("recognize", "Recognize"),
                            ("contact_invite", "Contact Invite"),
                            ("contact_ask", "Contact Ask"),
                            ("stop_recovery", "Stop Recovery"),
                            ("read_back", "Read Back"),
                            ("finish_recovery", "Finish Recovery"),
                            ("undo", "Undo"),
                        ],
                        db_comment="not sensitive",
                        max_length=20,
                    ),
                ),
                ("digest", models.CharField(db_comment="sensitive: digest of the link or code", max_length=64)),
                (
                    "address",
                    models.EmailField(blank=True, db_comment="personal: contact; where it was sent", max_length=254),
                ),
                (
                    "bound_to",
                    models.CharField(
                        blank=True, db_comment="pseudonymous: the session or state it belongs to", max_length=64
                    ),
                ),
                (
                    "password",
                    models.CharField(
                        blank=True,
                        db_comment="sensitive: hash of the password that the link brings to a new account",
                        max_length=128,
                    ),
                ),
                ("created_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive")),
                ("used_at", models.DateTimeField(db_comment="not sensitive: spent or replaced", null=True)),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(db_comment="not sensitive: wrong guesses so far", default=0),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proofs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("suspend", "suspend"), ("step_up", "step_up")],
                        db_comment="not sensitive",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("suspected_fraud", "Suspected fraud"),
                            ("reported_stolen_device", "A device was reported stolen"),
                            ("customer_asked", "The customer asked for it"),
                            ("legal_duty", "A legal duty"),
                        ],
                        db_comment="not sensitive: a code",
                        max_length=24,
                    ),
                ),
                (
                    "decision",
                    models.UUIDField(
                        db_comment="pseudonymous: the decision; the number that the customer is told", null=True
                    ),
                ),
                ("starts_at", models.DateTimeField(db_comment="not sensitive")),
                ("until", models.DateTimeField(db_comment="not sensitive: its end, if it was reviewed")),
                ("made_by", models.UUIDField(db_comment="pseudonymous: member of staff")),
                ("review_due_at", models.DateTimeField(db_comment="not sensitive: its end, unless it was reviewed")),
                ("reviewed_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("reviewed_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "ended_at",
                    models.DateTimeField(db_comment="not sensitive: ended early, or another followed", null=True),
                ),
                (
                    "lifted_by",
                    models.UUIDField(db_comment="pseudonymous: member of staff who ended it early", null=True),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restrictions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RoleChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agent", "agent"),
                            ("approver", "approver"),
                            ("auditor", "auditor"),
                            ("administrator", "administrator"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[("grant", "grant"), ("revoke", "revoke")], db_comment="not sensitive", max_length=8
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("joined", "Joined the team"),
                            ("moved", "Has other duties now"),
                            ("cover", "Covers for somebody"),
                            ("left", "Left the team"),
                            ("compromised", "The account may be in other hands"),
                            ("installation", "Asked for by the operator's command"),
                        ],
                        db_comment="not sensitive: a code",
                        max_length=24,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("done", "done"),
                            ("rejected", "rejected"),
                            ("expired", "expired"),
                        ],
                        db_comment="not sensitive",
                        max_length=16,
                    ),
                ),
                (
                    "proposed_by",
                    models.UUIDField(
                        db_comment="pseudonymous: member of staff; empty: the operator's command", null=True
                    ),
                ),
                ("proposed_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive: until then it may be approved")),
                ("approved_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("approved_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("rejected_by", models.UUIDField(db_comment="pseudonymous: member of staff", null=True)),
                ("rejected_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="pseudonymous",
                        default=ciam_portal.core.crypto.codes.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "browser_key",
                    models.CharField(
                        db_comment="sensitive: digest of the browser session's key", max_length=40, unique=True
                    ),
                ),
                ("started_at", models.DateTimeField(db_comment="not sensitive")),
                ("last_used_at", models.DateTimeField(db_comment="not sensitive")),
                ("expires_at", models.DateTimeField(db_comment="not sensitive: absolute end")),
                ("ended_at", models.DateTimeField(db_comment="not sensitive", null=True)),
                ("end_reason", models.CharField(blank=True, db_comment="not sensitive", max_length=32)),
                (
                    "auth_time",
                    models.DateTimeField(db_comment="not sensitive: latest proof of any kind in this session"),
                ),
                ("level", models.PositiveSmallIntegerField(db_comment="not sensitive: assurance level reached")),
                ("level_at", models.DateTimeField(db_comment="not sensitive: latest proof of that level")),
                (
                    "methods",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        db_comment="not sensitive: ways of proving used",
                        size=None,
                    ),
                ),
                (
                    "challenged_at",
                    models.DateTimeField(db_comment="not sensitive: latest proof of more than a password", null=True),
                ),
                (
                    "recognized_at",
                    models.DateTimeField(
                        db_comment="not sensitive: latest proof of another channel than the mailbox", null=True
                    ),
                ),
                (
                    "risk",
                    models.PositiveSmallIntegerField(
                        db_comment="not sensitive: as last weighed; empty: not known", null=True
                    ),
                ),
                ("decision", models.UUIDField(db_comment="not sensitive: the decision that let it begin", null=True)),
                (
                    "said",
                    models.CharField(
                        blank=True,
                        choices=[("mine", "Mine"), ("not_mine", "Not Mine")],
                        db_comment="not sensitive: whether it was the customer",
                        max_length=8,
                    ),
                ),
                (
                    "network",
                    models.CharField(db_comment="personal: location; network prefix at the start", max_length=50),
                ),
                (
                    "country",
                    models.CharField(blank=True, db_comment="personal: location; country at the start", max_length=2),
                ),
                (
                    "asn",
                    models.PositiveBigIntegerField(db_comment="personal: location; AS number at the start", null=True),
                ),
                (
                    "visit",
                    models.JSONField(
                        db_comment="personal: behavior; pseudonyms of what the sign-in showed", default=dict
                    ),
                ),
                (
                    "network_now",
                    models.CharField(blank=True, db_comment="personal: location; prefix last seen", max_length=50),
                ),
                (
                    "browser_now",
                    models.CharField(blank=True, db_comment="personal: device; family last seen", max_length=40),
                ),
                ("browser", models.CharField(db_comment="personal: device; browser family", max_length=40)),
                ("system", models.CharField(db_comment="personal: device; operating system family", max_length=40)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sessions",
                        to="accounts.device",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                (
                    "decision",
                    models.UUIDField(
                        db_comment="not sensitive: the decision that paused or stopped it",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(db_comment="not sensitive")),
                ("browser", models.CharField(db_comment="personal: device; browser family", max_length=40)),
                ("system", models.CharField(db_comment="personal: device; operating system family", max_length=40)),
                ("network", models.CharField(db_comment="personal: location; network prefix", max_length=50)),
                ("country", models.CharField(blank=True, db_comment="personal: location; country", max_length=2)),
                (
                    "customer",
                    models.ForeignKey(
                        db_comment="pseudonymous",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Right(
                    django.db.models.functions.comparison.Cast("id", models.CharField()), 10
                ),
                name="user_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(condition=models.Q(("phone", ""), _negated=True), fields=["phone"], name="user_phone"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="user_email_is_lower",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("email__regex", "^[^@ ]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$"),
                    models.Q(("unsettled", ""), _negated=True),
                    _connector="OR",
                ),
                name="user_email_is_canonical",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("locked_at__isnull", True), ("way_back", "")),
                    models.Q(("locked_at__isnull", False), models.Q(("way_back", ""), _negated=True)),
                    _connector="OR",
                ),
                name="user_locked_has_a_way_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="backupcode",
            constraint=models.UniqueConstraint(fields=("customer", "digest"), name="backup_code_once"),
        ),
        migrations.AddIndex(
            model_name="breakglass",
            index=models.Index(fields=["person", "expires_at"], name="break_glass_person"),
        ),
        migrations.AddConstraint(
            model_name="breakglass",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reviewed_at__isnull", True)), fields=("person",), name="break_glass_one_unreviewed"
            ),
        ),
        migrations.AddConstraint(
            model_name="breakglass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                    models.Q(
                        ("reviewed_at__isnull", False),
                        ("reviewed_by__isnull", False),
                        models.Q(("reviewed_by", models.F("person")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="break_glass_reviewed_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="breakglass",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gte", models.F("asked_at"))), name="break_glass_ends_later"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["customer", "-at"], name="change_customer"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["at"], name="change_at"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at__isnull", True), ("undone_at__gte", models.F("at")), _connector="OR"),
                name="change_undone_after_it_was_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at__isnull", True), ("previous", ""), _connector="OR"),
                name="change_undone_keeps_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(fields=("cookie_digest",), name="device_token_of_one_customer"),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["customer", "-opened_at"], name="dispute_customer"),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["state", "-opened_at"], name="dispute_state"),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                django.db.models.functions.text.Right(
                    django.db.models.functions.comparison.Cast("id", models.CharField()), 10
                ),
                name="dispute_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(fields=("decision",), name="dispute_once_per_decision"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(fields=("session",), name="dispute_once_per_session"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(fields=("change",), name="dispute_once_per_change"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision__isnull", False), ("session__isnull", False), ("change__isnull", False), _connector="OR"
                ),
                name="dispute_is_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", True), ("closed_by__isnull", True), ("outcome", ""), ("state", "open")
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        ("state", "closed"),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="dispute_closed_with_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_by__isnull", True),
                    models.Q(("closed_by", models.F("customer")), _negated=True),
                    _connector="OR",
                ),
                name="dispute_never_closed_by_its_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="passkey",
            index=models.Index(fields=["credential_id_sha256"], name="passkey_sha256_idx"),
        ),
        migrations.AddIndex(
            model_name="proof",
            index=models.Index(fields=["digest"], name="proof_digest"),
        ),
        migrations.AddIndex(
            model_name="proof",
            index=models.Index(fields=["customer", "purpose"], name="proof_customer"),
        ),
        migrations.AddIndex(
            model_name="proof",
            index=models.Index(fields=["expires_at"], name="proof_expires"),
        ),
        migrations.AddIndex(
            model_name="restriction",
            index=models.Index(fields=["customer", "-starts_at"], name="restriction_customer"),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("customer", "kind"), name="restriction_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reviewed_at__isnull", True)),
                fields=("customer", "kind"),
                name="restriction_one_unreviewed",
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_due_at__gt", models.F("starts_at")), ("until__gt", models.F("starts_at"))),
                name="restriction_ends_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_by", models.F("customer")), _negated=True), name="restriction_not_of_oneself"
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                    models.Q(
                        ("reviewed_at__isnull", False),
                        ("reviewed_by__isnull", False),
                        models.Q(("reviewed_by", models.F("made_by")), _negated=True),
                        models.Q(("reviewed_by", models.F("customer")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="restriction_reviewed_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("lifted_by__isnull", True),
                        models.Q(
                            ("ended_at__isnull", False), models.Q(("lifted_by", models.F("customer")), _negated=True)
                        ),
                        _connector="OR",
                    ),
                    models.Q(("ended_at__isnull", True), ("ended_at__gte", models.F("starts_at")), _connector="OR"),
                ),
                name="restriction_ended_after_it_began",
            ),
        ),
        migrations.AddIndex(
            model_name="rolechange",
            index=models.Index(fields=["state", "-proposed_at"], name="role_change_state"),
        ),
        migrations.AddConstraint(
            model_name="rolechange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "proposed")), fields=("person", "role"), name="role_change_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="rolechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(
                        models.Q(
                            ("proposed_by__isnull", True),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        models.Q(("approved_by", models.F("person")), _negated=True),
                        models.Q(
                            ("proposed_by__isnull", True),
                            models.Q(("proposed_by", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="role_change_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verb", "grant"), _negated=True),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False), ("state", "done")),
                    models.Q(
                        models.Q(("state", "done"), _negated=True),
                        ("approved_at__isnull", True),
                        ("approved_by__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="role_change_granted_when_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gte", models.F("proposed_at"))), name="role_change_expires_later"
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["customer", "-last_used_at"], name="session_customer"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["started_at", "id"], name="session_started"),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="session_ends_after_start",
            ),
        ),
        migrations.RunPython(add_roles, migrations.RunPython.noop),
    ]
