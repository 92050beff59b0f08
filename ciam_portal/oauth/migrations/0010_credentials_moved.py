"""What partners prove themselves with moves to rows of its own, and from now on ends: nothing does today.

What they had goes on for as long as a new one would. All of them act for customers, so they are of production.
"""

from datetime import timedelta

from django.db import migrations

from ciam_portal.core import clock

_SECRET_FOR, _KEYS_FOR = timedelta(days=90), timedelta(days=365)


def move(apps, schema):
    rows, at = apps.get_model("oauth", "Credential").objects, clock.now()
    for partner in apps.get_model("oauth", "Partner").objects.exclude(client_type="public"):
        held = {"partner": partner, "slot": 1, "made_at": partner.created}
        if partner.jwks:
            rows.create(**held, kind="keys", jwks=partner.jwks, expires_at=at + _KEYS_FOR)
        elif partner.jwks_uri:
            rows.create(**held, kind="published", jwks_uri=partner.jwks_uri, expires_at=at + _KEYS_FOR)
        elif partner.client_secret:
            rows.create(**held, kind="secret", digest=partner.client_secret, expires_at=at + _SECRET_FOR)
    schema.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the table could not be changed in the same transaction


class Migration(migrations.Migration):
    dependencies = [("oauth", "0009_credentials")]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="partner",
            name="partner_secret_is_hashed",
        ),
        migrations.RemoveConstraint(
            model_name="partner",
            name="partner_has_keys_by_profile",
        ),
        migrations.RemoveField(
            model_name="partner",
            name="client_secret",
        ),
        migrations.RemoveField(
            model_name="partner",
            name="hash_client_secret",
        ),
        migrations.RemoveField(
            model_name="partner",
            name="jwks",
        ),
        migrations.RemoveField(
            model_name="partner",
            name="jwks_uri",
        ),
    ]
