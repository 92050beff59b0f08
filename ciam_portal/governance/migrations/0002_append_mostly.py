"""What a version says never changes, and no version is removed: decisions made under it can always be asked again."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION governance_version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: % keeps every version as it was found', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER policy_version_text_is_kept BEFORE UPDATE OF id, version, content, found_at ON governance_policyversion
    FOR EACH ROW WHEN (
        (OLD.id, OLD.version, OLD.content, OLD.found_at) IS DISTINCT FROM (NEW.id, NEW.version, NEW.content, NEW.found_at)
    ) EXECUTE FUNCTION governance_version_is_kept();
CREATE TRIGGER policy_version_is_kept BEFORE DELETE OR TRUNCATE ON governance_policyversion
    FOR EACH STATEMENT EXECUTE FUNCTION governance_version_is_kept();
"""
BACKWARD = """
DROP TRIGGER policy_version_text_is_kept ON governance_policyversion;
DROP TRIGGER policy_version_is_kept ON governance_policyversion;
DROP FUNCTION governance_version_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = (("governance", "0001_versions"), ("audit", "0003_gate"))
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
