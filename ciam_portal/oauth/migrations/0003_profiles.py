"""Each partner is of a kind, and may prove itself with keys of its own."""

import re
from typing import Any

from django.db import migrations, models

_ON_DEVICES = re.compile(r"(^|\s)(http://(127\.0\.0\.1|\[::1\])[:/]|[a-z][a-z0-9+.-]*:/(?!/))")


def give_profiles(apps: Any, _schema: Any) -> None:
    """What they were registered as says of which kind they are."""
    for partner in apps.get_model("oauth", "Partner").objects.all():
        if partner.authorization_grant_type == "client-credentials":
            partner.profile = "service"
        elif partner.client_type == "public":
            partner.profile = "native" if _ON_DEVICES.search(partner.redirect_uris) else "browser"
        else:
            partner.profile = "standard"
        partner.save(update_fields=["profile"])


class Migration(migrations.Migration):
    dependencies = [("oauth", "0002_lean_indexes")]

    operations = [
        migrations.AddField(
            "partner",
            "profile",
            models.CharField(
                choices=[
                    ("standard", "STANDARD"),
                    ("fapi2", "FAPI2"),
                    ("native", "NATIVE"),
                    ("browser", "BROWSER"),
                    ("service", "SERVICE"),
                ],
                db_comment="not sensitive: its kind",
                default="standard",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "partner",
            "jwks",
            models.JSONField(
                blank=True,
                db_comment="not sensitive: the public keys that it proves itself with, if we keep them",
                null=True,
            ),
        ),
        migrations.AddField(
            "partner",
            "jwks_uri",
            models.URLField(
                blank=True,
                db_comment="not sensitive: where it publishes them, if it does",
                default="",
                max_length=1024,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(give_profiles, migrations.RunPython.noop),
    ]
