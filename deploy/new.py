"""Make keys and configuration for a new installation: ``python deploy/new.py https://id.example.com /etc/ciam``.

Writes into the folder, and never over what is there: ``environment`` (what every process gets), ``owner`` (what only
``migrate`` gets), ``roles.sql`` (the two database roles) and ``cache.conf`` (for Redis or Valkey).
Needs ``requirements/run.txt``.
"""

import argparse
import base64
import secrets
from pathlib import Path
from urllib.parse import urlsplit

ENVIRONMENT = """\
# What each line means stands in the README, Deploying. systemd and sh read this file: put what has a space or another
# sign of the shell between single quotes, such as HELP_DESK_HOURS='Monday to Friday, 9 to 17'.
PUBLIC_URL={url}
TRUSTED_PROXY_COUNT=1
DATABASE_URL=postgres://ciam_portal:{portal}@{database}:5432/ciam
CACHE_URL=redis://:{shared}@{cache}:6379/0
BROKER_URL=redis://:{shared}@{cache}:6379/1
EMAIL_URL=smtp+tls://user:password@mail.{host}:587
MAIL_FROM=no-reply@{host}
SMS_URL=
SMS_AUTHORIZATION=
HELP_DESK_EMAIL=help@{host}
HELP_DESK_PHONE=
HELP_DESK_HOURS=
SECRET_KEY={secret}
DIGEST_KEYS={keys[4]}
DATA_KEYS={keys[0]}
DEVICE_KEYS={keys[1]}
AUDIT_KEYS={keys[2]}
CHECKPOINT_KEYS={keys[5]}
SUBJECT_KEY={keys[3]}
STATIC_ROOT=/var/lib/ciam/static
"""
OWNER = """\
DATABASE_OWNER_URL=postgres://ciam_owner:{owner}@{database}:5432/ciam
"""
ROLES = """\
CREATE ROLE ciam_owner LOGIN PASSWORD '{owner}';
CREATE ROLE ciam_portal LOGIN PASSWORD '{portal}';
CREATE DATABASE ciam OWNER ciam_owner;
"""
CACHE = """\
requirepass {shared}
appendonly yes
maxmemory-policy noeviction
"""


def key() -> str:
    """Thirty-two random bytes as base64url text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def main() -> None:
    """Read the command line and write the files, readable by their owner and group only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="what customers see, https://id.example.com")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", default="localhost", help="the host of PostgreSQL")
    parser.add_argument("--cache", default="localhost", help="the host of Redis or Valkey")
    chosen = parser.parse_args()
    words = {
        "url": chosen.url.rstrip("/"), "host": urlsplit(chosen.url).hostname,
        "database": chosen.database, "cache": chosen.cache,
        "secret": secrets.token_urlsafe(64), "keys": [key() for _ in range(6)],
        **{name: secrets.token_urlsafe(24) for name in ("portal", "owner", "shared")},
    }  # fmt: skip
    texts = {"environment": ENVIRONMENT, "owner": OWNER, "roles.sql": ROLES, "cache.conf": CACHE}
    files = {name: text.format(**words) for name, text in texts.items()}
    for name, text in files.items():
        path = chosen.folder / name
        path.touch(mode=0o640, exist_ok=False)
        path.write_text(text)


if __name__ == "__main__":
    main()
