"""The state folder: where the stack keeps its data, its secrets and the environment that it gives the product."""

import base64
import contextlib
import fcntl
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

_APPS = ("accounts", "recovery", "consent", "ciam_portal")
CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT_FILE = "stack.env"
AS_ROOT = os.name == "posix" and os.geteuid() == 0


class StackError(Exception):
    """The stack cannot start or stay up; the message says why and what to do."""


class State:
    """One state folder and the names of everything in it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.file = self.root / ENVIRONMENT_FILE
        self.digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        self.mail, self.sms, self.logs, self.keys = (self.root / name for name in ("mail", "sms", "logs", "keys"))

    def create(self) -> None:
        """Make the folders. As root, the database's own user must be able to pass through the outermost one."""
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.root.chmod(0o711 if AS_ROOT else 0o700)
        for folder in (self.mail, self.sms, self.logs, self.keys, self.root / "locks"):
            folder.mkdir(mode=0o700, exist_ok=True)
        for name in ("services", "owner", "starting"):
            self.lock_path(name).touch(mode=0o600)

    def lock_path(self, name: str) -> Path:
        """``services``: everybody who uses the database and Valkey; ``owner``: who runs the rest; ``starting``."""
        return self.root / "locks" / name

    def load(self) -> dict[str, str]:
        """Read the environment last written, or nothing."""
        if not self.file.exists():
            return {}
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def save(self, values: dict[str, str]) -> None:
        """Replace the file in one step; it holds secrets, so only its owner may read it."""
        text = "# The portal's environment on this machine, with its secrets. Written by `make run`.\n"
        text += "".join(f"{key}={value}\n" for key, value in values.items())
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".env-")  # mkstemp makes it 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(self.file)

    def environment(self, port: int, partner_port: int) -> dict[str, str]:
        """Everything the product reads except the addresses of the services. Secrets are made once and kept."""
        known = self.load()
        portal, partner = f"http://localhost:{port}", f"http://localhost:{partner_port}"
        return {
            "CIAM_ENVIRONMENT": "development",
            "CIAM_STATE_DIR": str(self.root),
            "PUBLIC_URL": portal,
            "TRUSTED_PROXY_COUNT": "0",
            "EMAIL_URL": f"file://{quote(str(self.mail))}",
            "SMS_URL": f"file://{quote(str(self.sms))}",
            "NETWORK_DATA": str(self.root / "network-data"),
            "BREACHED_PASSWORDS": str(self.root / "breached-passwords"),
            "SECRET_KEY": known.get("SECRET_KEY") or secrets.token_urlsafe(64),
            "SECRET_KEY_FALLBACKS": known.get("SECRET_KEY_FALLBACKS", ""),
            "DIGEST_KEYS": known.get("DIGEST_KEYS") or _digest_keys(known),
            "DATA_KEYS": known.get("DATA_KEYS") or new_key(),
            "DEVICE_KEYS": known.get("DEVICE_KEYS") or new_key(),
            "AUDIT_KEYS": known.get("AUDIT_KEYS") or new_key(),
            "CHECKPOINT_KEYS": known.get("CHECKPOINT_KEYS") or new_key(),
            "SUBJECT_KEY": known.get("SUBJECT_KEY") or new_key(),
            "OIDC_SIGNING_KEYS": known.get("OIDC_SIGNING_KEYS", ""),
            "VAPID_KEYS": known.get("VAPID_KEYS") or new_key(),
            "DEMO_CLIENT_ID": known.get("DEMO_CLIENT_ID") or secrets.token_urlsafe(24),
            "DEMO_CLIENT_SECRET": known.get("DEMO_CLIENT_SECRET") or secrets.token_urlsafe(32),
            "DEMO_PARTNER_URL": partner,
            "DEMO_AGENT_ID": known.get("DEMO_AGENT_ID") or secrets.token_urlsafe(24),
            "DEMO_AGENT_KEY": known.get("DEMO_AGENT_KEY") or new_key(),
            "DEMO_SHOP_URL": f"http://localhost:{partner_port + 1}/mcp",
            "DEMO_AGENT_URL": f"http://localhost:{partner_port + 2}",
        }

    def prepared(self, environment: dict[str, str]) -> str:
        """What the demo command said when this database was last prepared, if by the same software; else nothing."""
        kept = self.root / "prepared"
        said = kept.read_text(encoding="utf-8") if kept.exists() else ""
        by, _, accounts = said.partition("\n")
        return accounts if by == _prepares(environment) else ""

    def keep_prepared(self, environment: dict[str, str], accounts: str) -> None:
        """This software has prepared it: until it changes, nothing need be migrated, installed or made again."""
        (self.root / "prepared").write_text(f"{_prepares(environment)}\n{accounts}", encoding="utf-8")

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Only one process at a time looks whether the services run, and starts them."""
        with self.lock_path("starting").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Hold:
    """A lock that is held until ``free`` or until this process ends."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def share(self) -> None:
        """Hold it beside others; waits while somebody has it alone."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def alone(self, patience: float = 0.0) -> bool:
        """Hold it alone; False when others have it for longer than ``patience`` seconds."""
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    return False
                time.sleep(0.1)
            else:
                return True

    def free(self) -> None:
        """Give it back."""
        self._file.close()


def _prepares(environment: dict[str, str]) -> str:
    """A digest of all that decides what a database looks like after the start: migrations, policy, demonstration."""
    policy = CHECKOUT / "ciam_portal" / "core" / "policy"
    chosen = os.environ.get("CIAM_POLICY")
    files = [
        *(path for app in _APPS for path in (CHECKOUT / app).rglob("migrations/*.py")),
        *policy.iterdir(), *(CHECKOUT / "tests" / "stack").glob("*.py"), CHECKOUT / "requirements" / "run.txt",
        *([Path(chosen)] if chosen else []),
    ]  # fmt: skip
    digest = hashlib.sha256(repr(sorted(environment.items())).encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def new_key() -> str:
    """Thirty-two random bytes as base64url text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _digest_keys(known: dict[str, str]) -> str:
    """A new key; on a state from before there were such, what it digested was digested with its secret key."""
    return f"{new_key()},text:{known['SECRET_KEY']}" if known else new_key()


def new_signing_key(path: Path) -> Path:
    """Write an EC P-256 private key, unless the file is there."""
    if not path.exists():
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.touch(mode=0o600)
        path.write_bytes(pem)
    return path


def production_environment(folder: Path) -> dict[str, str]:
    """A throw-away environment as strict as production's, for checks that read settings and connect to nothing."""
    return {
        "CIAM_ENVIRONMENT": "production",
        "CIAM_STATE_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "PUBLIC_URL": "https://id.example.com",
        "TRUSTED_PROXY_COUNT": "1",
        "DATABASE_URL": f"postgres://ciam:{secrets.token_urlsafe(24)}@database.example.com:5432/ciam",
        "CACHE_URL": f"rediss://:{secrets.token_urlsafe(24)}@cache.example.com:6379/0",
        "BROKER_URL": f"rediss://:{secrets.token_urlsafe(24)}@broker.example.com:6379/1",
        "EMAIL_URL": f"smtp+tls://portal:{secrets.token_urlsafe(24)}@mail.example.com:587",
        "SMS_URL": "https://sms.example.com/messages",
        "SMS_AUTHORIZATION": f"Bearer {secrets.token_urlsafe(24)}",
        "HELP_DESK_EMAIL": "help@example.com",
        "HELP_DESK_PHONE": "+47 22 85 50 50",
        "HELP_DESK_HOURS": "Monday to Friday, 9 to 17",
        "PASSWORD_RANGE_URL": "https://ranges.example.com/range",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SECRET_KEY_FALLBACKS": "",
        "DIGEST_KEYS": new_key(),
        "DATA_KEYS": new_key(),
        "DEVICE_KEYS": new_key(),
        "AUDIT_KEYS": new_key(),
        "CHECKPOINT_KEYS": new_key(),
        "SUBJECT_KEY": new_key(),
    }


def port_of(url: str) -> int:
    """The port in an address that has one."""
    return urlsplit(url).port or 0
