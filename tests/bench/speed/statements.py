"""How many SQL statements one request takes, counted in this process, in whichever project its settings name."""

import base64
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

_TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def counted(root: str, said: dict[str, Any], host: str) -> dict[str, int]:
    """For each operation, when it is asked again: the first of a day is kept whole, those like it are counted.

    BEGIN and COMMIT are none. One of the refresh tokens is used up.
    """
    client = Client(HTTP_HOST=host)
    asked: dict[str, tuple[str, str, dict[str, str]]] = {
        "client_credentials": ("service", f"{root}/token/", {"grant_type": "client_credentials"}),
        "introspection": ("shop", f"{root}/introspect/", {"token": said["token"]}),
        "API call (consent asked)": ("", "/api/profile", {}),
        "userinfo": ("", f"{root}/userinfo/", {}),
        "refresh": (
            "shop", f"{root}/token/", {"grant_type": "refresh_token", "refresh_token": said["refresh"].pop()}
        ),
    }  # fmt: skip
    found = {}
    for name, (who, path, form) in asked.items():
        pair = base64.b64encode(":".join(said[who]).encode()).decode() if who else ""
        proof = {"Authorization": f"Basic {pair}" if who else f"Bearer {said['token']}"}
        for _ in range(2):
            with CaptureQueriesContext(connection) as made:
                answer = client.post(path, form, headers=proof) if form else client.get(path, headers=proof)
            if answer.status_code != 200:
                raise RuntimeError(answer.content)
            if "refresh_token" in form:
                form.update(refresh_token=answer.json()["refresh_token"])
            found[name] = sum(not (each["sql"] or "").startswith(_TRANSACTION) for each in made)
    return found
