"""A consent keeps under which name its partner knows the customer, so that a service finds whom it names."""

from django.db import migrations, models

from ciam_portal.oauth.subjects import subject

_AT_ONCE = 5000


def fill(apps, schema):
    consents = apps.get_model("consent", "Consent").objects
    partners = apps.get_model("oauth", "Partner").objects.in_bulk()
    missing = consents.filter(sub="").order_by("pk").values_list("pk", "partner", "customer")
    while rows := list(missing[:_AT_ONCE]):
        subs = [subject(partners[partner], customer) for _pk, partner, customer in rows]
        with schema.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consent_consent SET sub = new.sub FROM unnest(%s::uuid[], %s::text[]) AS new (id, sub)"
                " WHERE consent_consent.id = new.id",
                [[pk for pk, *_rest in rows], subs],
            )


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0015_delegations"),
        ("oauth", "0019_data_purposes"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="sub",
            field=models.CharField(
                db_comment="pseudonymous: under which its partner knows the customer", default="", max_length=64
            ),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["sub"], name="consent_sub"),
        ),
    ]
