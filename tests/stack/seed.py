"""A database in which every migration has run: made once for all tests of a run, which copy it and `migrate` the copy.

What follows the migrations (``post_migrate``) each copy makes itself, for it is signed and sealed with keys of its own.
``SEED_DATABASE`` names it in the environment: one of the services that the run has started.
"""

import contextlib
import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.stack.state import CHECKOUT

SEED = "SEED_DATABASE"
_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL")
_LOCK = 1
_MIGRATE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "ciam_portal.settings"
django.setup()
from django.core.management import call_command
from django.db.models import signals
signals.post_migrate.receivers.clear()
call_command("migrate", interactive=False, verbosity=0)
"""


def begin() -> None:
    """Make it beside what the caller does next. Whoever asks for it finds out if that failed."""
    command = [sys.executable, "-c", f"from {__name__} import seed; seed()"]
    subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seed() -> str:
    """Its name, once it is whole: whoever comes first makes it, and the others wait."""
    name, half = os.environ[SEED], f"{os.environ[SEED]}_half"
    with contextlib.closing(psycopg.connect(place(os.environ["DATABASE_OWNER_URL"]), autocommit=True)) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # until this connection ends, however it does
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(half)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half)))
            addresses = {each: named(os.environ[each], half) for each in _ADDRESSES}
            subprocess.run([sys.executable, "-c", _MIGRATE], env=os.environ | addresses, cwd=CHECKOUT, check=True)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(half), sql.Identifier(name)))
    return name


def named(address: str, database: str) -> str:
    """The address of another database of the same services."""
    return f"{address.rpartition('/')[0]}/{database}"


def place(address: str) -> str:
    """An address as PostgreSQL's own programs read it."""
    parts = urlsplit(address)  # postgres://role@/folder/of/the/socket/database
    host, _, database = parts.path.rpartition("/")
    return make_conninfo(host=host, user=parts.username, dbname=database)
