"""Files of an import, as somebody's former system would write them."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from tests.factories import PASSWORD

SALT = b"salt of the shop"


def hashed(password: str = PASSWORD) -> dict[str, Any]:
    """A password as the shop kept it: cheap, so that tests are."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 100, 32)
    salt = base64.b64encode(SALT).decode()
    return {
        "scheme": "pbkdf2", "digest": "sha256", "iterations": 100, "salt": salt, "key": base64.b64encode(key).decode()
    }  # fmt: skip


def digest(password: str = PASSWORD) -> dict[str, Any]:
    """The same as a bare digest."""
    return {"scheme": "sha1", "key": hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()}


FIRST = {
    "customers": 1,
    "sources": {"shop": {"vector": {"password": "a known one", "hash": hashed("a known one")}}, "none": {}},
}


def person(number: int = 1, **more: Any) -> dict[str, Any]:
    """A line about somebody."""
    return {"source": "shop", "email": f"p{number}@example.com", "email_proven": True, "hash": hashed()} | more


def written(folder: Path, *lines: object, first: object = FIRST) -> Path:
    """The file; a line that is a text already is written as it is."""
    path = folder / "customers.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in (first, *lines)]
    path.write_text("\n".join(texts) + "\n")
    return path
