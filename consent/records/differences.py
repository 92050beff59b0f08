"""Where a record is not what was said last, or a connection is not what its records say: found without trusting any."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from consent.models import ConsentEvent, ConsentRecord

_SAID = ", ".join(ConsentRecord.SAID)
# The last event of each person, purpose and recipient, beside the record; of people who have an account still.
_RECORDS = f"""
WITH last AS (
    SELECT DISTINCT ON (subject, purpose, recipient_id) subject AS subject_id, {_SAID}
    FROM {ConsentEvent._meta.db_table} ORDER BY subject, purpose, recipient_id, number DESC
), kept AS (SELECT subject_id, {_SAID} FROM {ConsentRecord._meta.db_table})
SELECT subject_id, purpose, recipient_id FROM (
    (SELECT last.* FROM last JOIN accounts_user ON accounts_user.id = last.subject_id EXCEPT SELECT * FROM kept)
    UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM last)
) AS other GROUP BY subject_id, purpose, recipient_id ORDER BY subject_id, purpose
"""  # noqa: S608, SLF001  (names of our own)
_CONNECTIONS = """
SELECT consent.customer_id, consent.id, consent.partner_id FROM consent_consent AS consent WHERE ended_at IS NULL
AND ARRAY(SELECT unnest(consent.scopes) ORDER BY 1) IS DISTINCT FROM ARRAY(
    SELECT unnest(scopes) FROM consent_consentrecord AS record
    WHERE record.subject_id = consent.customer_id AND record.recipient_id = consent.partner_id
    AND record.connection = consent.id AND state IN ('given', 'paused') ORDER BY 1
) ORDER BY consent.id
"""
_NUMBERS = """
SELECT subject, count(*), max(number) FROM consent_consentevent GROUP BY subject HAVING count(*) <> max(number)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One that does not agree, by ids and codes."""

    kind: str
    subject: UUID
    about: Any
    recipient: Any

    def __str__(self) -> str:
        return f"person {self.subject}, {self.about}, app {self.recipient or 'none'}"


def all_of_them() -> Iterator[Difference]:
    """Each difference. Reads all."""
    for kind, statement in (("record", _RECORDS), ("connection", _CONNECTIONS), ("history", _NUMBERS)):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield from (Difference(kind, *row) for row in cursor.fetchall())
