"""``python -m tests.bench.speed.untouched.seed``: rows to measure with, and as JSON what is asked with them."""

import json
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils.timezone import now  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402

from tests.bench.speed.statements import counted  # noqa: E402

SECRET, FAMILIES = "s" * 43, 5


def main() -> None:
    """Make them."""
    call_command("migrate", "--no-input", verbosity=0)
    person: Any = get_user_model()()
    person.username, person.email = "ada", "ada@example.com"
    person.save()
    shop = Application.objects.create(
        name="shop", user=person, client_type="confidential", client_secret=SECRET, redirect_uris="https://shop.example/",
        authorization_grant_type="authorization-code", algorithm="RS256",
    )  # fmt: skip
    service = Application.objects.create(
        name="service", client_type="confidential", client_secret=SECRET, authorization_grant_type="client-credentials"
    )
    later, refreshes = now() + timedelta(hours=1), []
    for number in range(FAMILIES):
        customer: Any = get_user_model()()
        customer.username = f"customer{number}"
        customer.save()
        held = AccessToken.objects.create(
            user=customer,
            application=shop,
            token=f"access-{number}",
            expires=later,
            scope="openid profile read introspection",
        )
        refreshes.append(f"refresh-{number}")
        RefreshToken.objects.create(user=customer, application=shop, token=refreshes[-1], access_token=held)
    token = AccessToken.objects.create(
        user=person, application=shop, token="access", expires=later, scope="openid profile read introspection"
    )
    said: dict[str, Any] = {
        "shop": [shop.client_id, SECRET],
        "service": [service.client_id, SECRET],
        "token": token.token,
    }
    said["refresh"] = refreshes
    print(json.dumps(said | {"statements": counted("/o", said, "localhost")}))


if __name__ == "__main__":
    main()
