"""Recovery addresses and contacts of before get the one form of their address."""

import logging
from importlib import import_module

from django.db import migrations, models

from ciam_portal.core import mailbox

log = logging.getLogger("ciam_portal.addresses")
accounts = import_module("accounts.migrations.0017_one_address")


def canonicalise(apps, schema_editor):
    places = apps.get_model("recovery", "RecoveryAddress").objects.filter(kind="mail")
    people = apps.get_model("recovery", "Contact").objects.all()
    _each("recovery address", places, places.filter(removed_at__isnull=True))
    _each("recovery contact", people, people.filter(removed_at__isnull=True, declined_at__isnull=True))


def _each(kind, rows, kept):
    for row in rows.exclude(address__regex=accounts.PLAIN).order_by("pk"):
        try:
            form = accounts.went_to(row.address)
        except mailbox.NoMailbox as refused:
            log.warning("%s %s: mail cannot go to it (%s); it stays as it is", kind, row.pk, refused.reason)
            continue
        if kept.filter(customer=row.customer_id, address=form).exclude(pk=row.pk).exists():
            log.warning("%s %s: another one of the same customer has that mailbox; it stays as it is", kind, row.pk)
            continue
        row.address = form
        row.save(update_fields=["address"])


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0005_references"),
        ("accounts", "0017_one_address"),
    ]

    operations = [
        migrations.RunPython(canonicalise, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="contact",
            name="address",
            field=models.EmailField(
                db_comment="personal: contact of somebody else; in its canonical form", max_length=254
            ),
        ),
        migrations.AlterField(
            model_name="recoveryaddress",
            name="address",
            field=models.CharField(db_comment="personal: contact; in its canonical form, or E.164", max_length=254),
        ),
    ]
