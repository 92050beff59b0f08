"""How long a large audit takes to seal and to verify: ``python -m tests.bench.audit_tree [--rows 1000000]``.

A database of its own gets so many audit rows, as the portal writes them, each with its keyed seal, over ``MONTHS``
months. They are sealed into the tree, then ``verify_audit`` reads all of them; one row is edited and found.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

from tests.stack import Stack

MONTHS = 6
LIMIT_SECONDS = 60.0
"""For 10^6 rows (issue 15)."""


@contextmanager
def timed(what: str, rows: int) -> Iterator[list[float]]:
    """Say how long it took; it stands in the list afterwards."""
    begun, own, server, took = time.perf_counter(), time.process_time(), server_seconds(), [0.0]
    yield took
    took[0], own, server = time.perf_counter() - begun, time.process_time() - own, server_seconds() - server
    print(
        f"{what}: {took[0]:.1f} s (worked {own:.1f} s here, {server:.1f} s in the server) for {rows:,} rows", flush=True
    )


def server_seconds() -> float:
    """How long the server's process for this connection has worked: others may use the machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(rows: int) -> None:
    """Rows as the portal writes them, by COPY."""
    from django.db import connection

    from ciam_portal.core.audit import seal
    from ciam_portal.core.audit.models import AuditEntry
    from ciam_portal.core.crypto import codes

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=30 * MONTHS)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for number in range(MONTHS + 2):
            month = (begin.replace(day=1) + timedelta(days=31 * number)).replace(day=1)
            cursor.execute("SELECT audit_make_month('audit_auditentry', %s)", [month])
        fields = AuditEntry._meta.local_concrete_fields
        step, names = (today - begin) / rows, ", ".join(str(field.column) for field in fields)
        with cursor.cursor.copy(f"COPY audit_auditentry ({names}) FROM STDIN") as copy:
            for number in range(rows):
                entry = AuditEntry(
                    id=codes.new_id(), at=begin + number * step, about=uuid4(), actor_kind="customer", actor=uuid4(),
                    session=uuid4(), channel="web", request_id=uuid4().hex, name="sign_in.completed",
                    data={"session": str(uuid4()), "methods": ["password", "totp"], "new_device": number % 7 == 0},
                )  # fmt: skip
                entry.seal = seal.made(entry)
                copy.write_row([field.get_db_prep_save(getattr(entry, field.attname), connection) for field in fields])


def measure(rows: int) -> float:
    """Fill, seal, verify, edit and verify again; the seconds of a verification."""
    from django.core.management import CommandError, call_command
    from django.db import connection

    with timed("written", rows):
        fill(rows)
    with timed("sealed", rows):
        call_command("audit", "seal", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    said = StringIO()
    with timed("verified", rows) as took:
        call_command("verify_audit", stdout=said)
    print(said.getvalue())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE audit_auditentry SET channel = 'api' WHERE id IN (SELECT id FROM audit_auditentry LIMIT 1)"
        )
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER USER")
    found = StringIO()
    try:
        call_command("verify_audit", stdout=said, stderr=found)
    except CommandError as error:
        print(f"{found.getvalue()}{error}")
    return took[0]


def main() -> None:
    """Read the command line, start a database, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with Stack.temporary(services_only=True) as stack:
        os.environ.update(
            stack.env | {"DJANGO_SETTINGS_MODULE": "ciam_portal.settings", "CIAM_AS_OWNER": "1", "LOG_LEVEL": "WARNING"}
        )
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        took = measure(chosen.rows)
    print(
        "within" if took * 1_000_000 / chosen.rows < LIMIT_SECONDS else "NOT WITHIN", f"{LIMIT_SECONDS:.0f} s for 10^6"
    )


if __name__ == "__main__":
    main()
