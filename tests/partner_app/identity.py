"""For the demonstration: a wallet in the browser, and an outside service that confirms who somebody is."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Blueprint, redirect, render_template, request
from jwcrypto import jwk
from werkzeug.wrappers import Response

from tests import wallet as home
from tests.wallet import Wallet

PEOPLE = {"ada": ("Ada", "Lovelace", "1990-12-10"), "grace": ("Grace", "Hopper", "1986-12-09")}
SERVICE = "https://identity-service.example"
pages = Blueprint("identity", __name__)


def prepare(folder: Path, partner_url: str) -> dict[str, str]:
    """The operator's folder, unless it is there; what the portal's environment says of it."""
    if not (folder / "trust-list.jwt").exists():
        issuer, service = home.new_key(), home.new_key()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "demo-issuer.json").write_text(issuer.export_private())
        (folder / "demo-service.json").write_text(service.export_private())
        home.folder(folder, issuer, home.now())
        home.service(folder, service, f"{partner_url}/identity-service", iss=SERVICE)
    return {"IDENTITY_DIR": str(folder), "IDENTITY_WALLET_URL": f"{partner_url}/wallet"}


def _key(name: str) -> Any:
    return jwk.JWK.from_json(Path(os.environ["IDENTITY_DIR"], name).read_text())


@pages.route("/wallet", methods=["GET", "POST"])
def wallet() -> str | tuple[str, int] | Response:
    """Who asks for what; a button shows it, another says no."""
    address = request.values.get("request_uri", "")
    if not address.startswith(f"{os.environ['PORTAL_URL']}/"):
        return "This wallet answers the portal of the demonstration only.", 400
    fetched = requests.get(address, timeout=10)
    if not fetched.ok:
        return "Nobody asks for anything there any longer.", 410
    asked = home.asked(fetched.text)
    if request.method == "GET":
        wanted = [claim["path"][0] for claim in asked["dcql_query"]["credentials"][0]["claims"]]
        return render_template("wallet.html", uri=address, who=urlsplit(address).netloc, wanted=wanted, people=PEOPLE)
    sent = {"error": "access_denied", "state": asked["state"]}
    if request.form.get("person") in PEOPLE:
        given, family, born = PEOPLE[request.form["person"]]
        holder = Wallet(
            _key("demo-issuer.json"), person={"given_name": given, "family_name": family, "birthdate": born}
        )
        sent = {"response": home.answer(holder, asked, home.now())}
    return _back(requests.post(asked["response_uri"], data=sent, timeout=10))


@pages.route("/identity-service", methods=["GET", "POST"])
def service() -> str | tuple[str, int] | Response:
    """The outside service: a person there looks at a document, or here at a button."""
    asked = {name: request.values.get(name, "") for name in ("reference", "nonce", "sub", "aud", "callback")}
    if not asked["callback"].startswith(f"{os.environ['PORTAL_URL']}/"):
        return "This service works for the portal of the demonstration only.", 400
    if request.method == "GET":
        return render_template("identity_service.html", asked=asked, people=PEOPLE)
    given, family, born = PEOPLE.get(request.form.get("person", ""), ("", "", ""))
    said = (
        home.stated(asked, SERVICE, home.now(), name=f"{given} {family}", birth_date=born)
        if given
        else home.stated(asked, SERVICE, home.now(), confirmed=False)
    )
    text = home.sign(said, _key("demo-service.json"), "identity-statement+jwt")
    return _back(requests.post(asked["callback"], data={"statement": text}, timeout=10))


def _back(answered: requests.Response) -> tuple[str, int] | Response:
    if not answered.ok:
        return f"The portal did not take it: {json.dumps(answered.json())}", answered.status_code
    return redirect(answered.json()["redirect_uri"])
