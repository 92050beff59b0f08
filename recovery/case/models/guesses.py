"""Wrong guesses at the codes of recoveries."""

from datetime import datetime

from django.db import models

from accounts.models import User
from ciam_portal.core.crypto import codes


class Guesses(models.Model):
    """Wrong guesses at one customer's codes of one way, in a day since the last right one: too many shut the way."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    way = models.CharField(max_length=16, db_comment="not sensitive")
    wrong = models.PositiveIntegerField(default=0, db_comment="not sensitive")
    first_at = models.DateTimeField(db_comment="not sensitive: the first of those that are counted")
    last_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "way"], name="guesses_once_per_way"),)

    def __str__(self) -> str:
        return f"{self.way} {self.wrong}"

    def set(self, wrong: int, at: datetime) -> None:
        """So many by now."""
        self.wrong, self.last_at, self.first_at = wrong, at, self.first_at if wrong > 1 else at
        self.save(update_fields=["wrong", "first_at", "last_at"])
