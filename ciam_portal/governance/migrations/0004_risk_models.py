"""The numbers of each version of the risk model are kept; those of the versions before this migration were the same."""

from typing import Any

from django.db import migrations, models

from ciam_portal.core import clock

# Version and equations. Nothing else ever differed between them.
FORMER = {"1d05973e9c4bb613": 1, "0cfd3ac44773daed": 2, "5587a24c036e693d": 3}
PARAMETERS = {
    "half_life": 45.0,
    "horizon": 183.0,
    "kept": 16,
    "attackers": {"naive": 0.32, "vpn": 0.32, "targeted": 0.18, "hosted": 0.08, "relayed": 0.1},
    "stranger": 0.05,
    "trust": 50.0,
    "stolen": 0.003,
    "slip": 0.05,
    "smoothing": 0.5,
    "limit": 12.0,
    "changes": {
        "address": {
            "rate": 0.2,
            "patience": 1.0,
            "still": 1.0,
            "daily": 0.2,
            "cap": 90.0,
            "young": 1.0,
            "kept": 1.0,
            "lost": 1.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "agent": {
            "rate": 0.05,
            "patience": 1.5,
            "still": 0.2,
            "daily": 1.0,
            "cap": 90.0,
            "young": 0.0,
            "kept": 1.0,
            "lost": 2.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "asn": {
            "rate": 0.04,
            "patience": 0.7,
            "still": 1.0,
            "daily": 0.0,
            "cap": 60.0,
            "young": 4.0,
            "kept": 1.0,
            "lost": 1.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "browser": {
            "rate": 0.01,
            "patience": 0.3,
            "still": 1.0,
            "daily": 0.0,
            "cap": 60.0,
            "young": 1.0,
            "kept": 0.02,
            "lost": 8.0,
            "moved": 1.5,
            "switched": 600.0,
        },
        "country": {
            "rate": 0.008,
            "patience": 1.0,
            "still": 1.0,
            "daily": 0.0,
            "cap": 60.0,
            "young": 0.0,
            "kept": 1.0,
            "lost": 1.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "device": {
            "rate": 0.1,
            "patience": 0.4,
            "still": 1.0,
            "daily": 0.02,
            "cap": 120.0,
            "young": 1.0,
            "kept": 1.0,
            "lost": 1.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "kind": {
            "rate": 0.001,
            "patience": 0.3,
            "still": 1.0,
            "daily": 0.0,
            "cap": 60.0,
            "young": 2.0,
            "kept": 0.02,
            "lost": 8.0,
            "moved": 2.0,
            "switched": 600.0,
        },
        "prefix": {
            "rate": 0.2,
            "patience": 1.0,
            "still": 1.0,
            "daily": 0.2,
            "cap": 90.0,
            "young": 1.0,
            "kept": 1.0,
            "lost": 1.0,
            "moved": 1.0,
            "switched": 1.0,
        },
        "system": {
            "rate": 0.013,
            "patience": 0.6,
            "still": 1.0,
            "daily": 0.0,
            "cap": 60.0,
            "young": 4.0,
            "kept": 0.02,
            "lost": 8.0,
            "moved": 2.0,
            "switched": 1.0,
        },
    },
}
RULES = {
    "failures_on_account": [[3, 1.0], [6, 2.0], [10, 4.0]],
    "failures_from_address": [[10, 2.0], [40, 4.0]],
    "accounts_from_address": [[5, 2.0], [20, 4.0]],
    "sources_on_account": [[3, 2.0], [5, 4.0]],
    "burst_least": 2,
    "burst_floor": 0.02,
    "burst_points": 3.0,
    "burst_most": 8.0,
    "travel": [[14400.0, 2.0], [3600.0, 4.0]],
    "dormant": [[15552000.0, 1.0], [31536000.0, 2.0]],
    "young": [[3600.0, 1.0]],
    "recovered": [[259200.0, 1.0], [86400.0, 2.0]],
    "contact": [[259200.0, 1.0], [86400.0, 1.5]],
    "breached": 2.0,
    "blocklisted": 3.0,
    "elsewhere": 4.0,
    "absurd": 2.0,
    "device_fresh": 86400.0,
    "after_change": [[259200.0, 2.0], [86400.0, 4.0]],
    "moderate": 2.0,
    "high": 4.0,
    "severe": 10.0,
}
TRIGGER = """
CREATE TRIGGER risk_model_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance_riskmodel
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""


def keep(apps: Any, schema_editor: Any) -> None:
    """The versions that decided before."""
    model, at = apps.get_model("governance", "RiskModel"), clock.now()
    model.objects.bulk_create(
        model(version=version, numbers={"parameters": {**PARAMETERS, "equations": number}, "rules": RULES}, found_at=at)
        for version, number in FORMER.items()
    )


class Migration(migrations.Migration):
    dependencies = (("governance", "0003_replays"), ("audit", "0005_seals"))
    operations = (
        migrations.CreateModel(
            name="RiskModel",
            fields=[
                (
                    "version",
                    models.CharField(
                        db_comment="not sensitive: as decisions name it",
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("numbers", models.JSONField(db_comment="not sensitive: parameters and points")),
                ("found_at", models.DateTimeField(db_comment="not sensitive: when it first ran here")),
            ],
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER risk_model_append_only ON governance_riskmodel"),
    )
