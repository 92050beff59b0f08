"""What is usual: for one customer, and for all of them. Kept incrementally; values are pseudonyms, never clear text."""

from django.db import models

from accounts.models.user import User


class Profile(models.Model):
    """What one customer's sign-ins look like: fading counts, bounded in size (see ``ciam_portal.risk.profile``)."""

    customer = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    data = models.JSONField(db_comment="personal: behavior; counts of pseudonymous values")
    updated_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return str(self.pk)


class PopulationCount(models.Model):
    """How often all customers together show one value of one feature."""

    pk = models.CompositePrimaryKey("feature", "value")
    feature = models.CharField(max_length=32, db_comment="not sensitive")
    value = models.CharField(max_length=64, db_comment="pseudonymous: digest or short code")
    weight = models.FloatField(db_comment="not sensitive: fading count")

    def __str__(self) -> str:
        return f"{self.feature} {self.value}"
