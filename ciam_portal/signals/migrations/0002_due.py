"""Signals of what will have happened at an instant that is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signals", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="signal", name="signal_waits"),
        migrations.RemoveIndex(model_name="signal", name="signal_created"),
        migrations.RenameField(model_name="signal", old_name="created_at", new_name="due_at"),
        migrations.AlterField(
            model_name="signal",
            name="due_at",
            field=models.DateTimeField(db_comment="not sensitive: when it happened, or will have"),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["stream", "due_at", "id"], name="signal_waits"),
        ),
        migrations.AddIndex(model_name="signal", index=models.Index(fields=["due_at"], name="signal_due")),
    ]
