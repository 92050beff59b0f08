"""Each index of a table that grows is one that something asks for: none is the beginning of another, none for LIKE."""

import pytest
from django.apps import apps
from django.db import connection

from ciam_portal.core import retention
from tests.house.test_retention import BY_THE_MONTH, OF_AN_ACCOUNT

pytestmark = pytest.mark.django_db
GROWING = {each.model._meta.db_table for each in retention.declared()} | {
    model._meta.db_table
    for model in apps.get_models(include_auto_created=True)
    if model._meta.label in OF_AN_ACCOUNT | BY_THE_MONTH
}
# Libraries' tables with few rows for each account.
SMALL = {"accounts_passkey", "accounts_user_groups", "decisions_approval"}

_DOUBLED = """
SELECT shorter.indexrelid::regclass::text, longer.indexrelid::regclass::text
FROM pg_index AS shorter JOIN pg_index AS longer USING (indrelid)
WHERE shorter.indexrelid <> longer.indexrelid AND indrelid::regclass::text = ANY (%s)
  AND NOT shorter.indisunique AND longer.indpred IS NULL AND shorter.indexprs IS NULL AND longer.indexprs IS NULL
  AND shorter.indpred IS NULL
  AND (longer.indkey::text || ' ') LIKE (shorter.indkey::text || ' %%')
"""
_PATTERNS = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_opclass ON pg_opclass.oid = ANY (indclass)
WHERE indrelid::regclass::text = ANY (%s) AND opcname LIKE '%%pattern_ops'
"""


@pytest.mark.parametrize("statement", [_DOUBLED, _PATTERNS], ids=["beginning of another", "for LIKE"])
def test_no_index_is_one_too_many(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [sorted(GROWING - SMALL)])
        assert cursor.fetchall() == []


def test_tokens_have_no_index_for_columns_that_are_never_filled() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename IN ('oauth_accesstoken', 'oauth_refreshtoken')")
        columns = " ".join(row[0].partition("(")[2] for row in cursor.fetchall())
    assert "access_token_id" not in columns
    assert "id_token_id" not in columns
    assert "source_refresh_token_id" not in columns
