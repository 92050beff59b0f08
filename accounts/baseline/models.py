"""What is usual: for one customer, and for all of them. Kept incrementally; values are pseudonyms, never clear text."""

from collections.abc import Collection, Mapping

from django.db import connection, models

from accounts.customer.models.user import User
from ciam_portal.core import erasing

_ADD = """
INSERT INTO accounts_populationcount (feature, value, weight)
SELECT * FROM unnest(%s::text[], %s::text[], %s::float8[]) AS added (feature, value, weight)
ON CONFLICT (feature, value) DO UPDATE SET weight = accounts_populationcount.weight + EXCLUDED.weight
"""
_WEIGHTS = """
SELECT feature, value, weight FROM accounts_populationcount
JOIN unnest(%s::text[], %s::text[]) AS wanted (feature, value) USING (feature, value)
"""
# A table of many millions takes longer than a page may: this is a nightly job's statement.
_FADE = """
SET LOCAL statement_timeout = '100s';
UPDATE accounts_populationcount SET weight = weight * %s;
DELETE FROM accounts_populationcount WHERE weight < %s AND feature <> ALL (%s::text[]);
SET LOCAL statement_timeout TO DEFAULT
"""
_DISTINCT = """
UPDATE accounts_populationcount AS kept SET weight = found.number
FROM (
    SELECT names.feature, count(counted.value) AS number
    FROM unnest(%s::text[]) AS names (feature)
    LEFT JOIN accounts_populationcount AS counted ON counted.feature = names.feature GROUP BY 1
) AS found
WHERE kept.feature = %s AND kept.value = found.feature
"""


class Profile(models.Model):
    """What one customer's sign-ins look like: fading counts, bounded in size (``core.risk.profile``)."""

    customer = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    data = models.JSONField(db_comment="personal: behavior; counts of pseudonymous values")
    updated_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return str(self.pk)


class PopulationCounts(models.Manager["PopulationCount"]):
    """The population's table by its keys (what is counted, and of which value), many rows with one statement."""

    def weights(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], float]:
        """The weights of these rows, as far as they exist."""
        with connection.cursor() as cursor:
            cursor.execute(_WEIGHTS, [[key[0] for key in keys], [key[1] for key in keys]])
            return {(feature, value): weight for feature, value, weight in cursor.fetchall()}

    def add(self, deltas: Mapping[tuple[str, str], float]) -> None:
        """Add to the weights; rows that are missing begin at zero. In key order, so that writers never deadlock."""
        rows = sorted(deltas.items())
        features, values = [key[0] for key, _ in rows], [key[1] for key, _ in rows]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [features, values, [weight for _, weight in rows]])

    def fade(self, factor: float, *, least: float, kept: tuple[str, ...]) -> None:
        """Every weight by this factor; rows below ``least`` are forgotten, but for those of the features ``kept``."""
        with connection.cursor() as cursor:
            cursor.execute(_FADE, [factor, least, list(kept)])

    def recount(self, distinct: str, features: tuple[str, ...]) -> None:
        """How many values of each feature are left, kept in the rows named ``distinct``."""
        with connection.cursor() as cursor:
            cursor.execute(_DISTINCT, [list(features), distinct])


@erasing.stays("A fading sum over everybody: it says of no value whose it was, nor how often one person showed it.")
class PopulationCount(models.Model):
    """How often all customers together show one value of one feature."""

    pk = models.CompositePrimaryKey("feature", "value")
    feature = models.CharField(max_length=32, db_comment="not sensitive")
    value = models.CharField(max_length=64, db_comment="pseudonymous: digest or short code")
    weight = models.FloatField(db_comment="not sensitive: fading count")

    objects = PopulationCounts()

    def __str__(self) -> str:
        return f"{self.feature} {self.value}"
