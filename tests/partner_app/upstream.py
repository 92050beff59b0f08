"""For the demonstration: a service elsewhere, with whose account customers can sign in (OpenID Connect)."""

import hashlib
import os
import secrets
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from jwcrypto import jwk
from werkzeug.wrappers import Response

from tests import wallet as home

PEOPLE = {"ada": "ada@example.com", "mary": "mary@example.org", "nobody": ""}
pages = Blueprint("upstream", __name__, url_prefix="/elsewhere")
_granted: dict[str, dict[str, Any]] = {}


def prepare(folder: Path, partner_url: str) -> dict[str, str]:
    """The operator's file, unless it is there; what the portal's environment says of it."""
    file, issuer = folder / "upstreams.toml", f"{partner_url}/elsewhere"
    if not file.exists() or issuer not in file.read_text():
        (folder / "demo-upstream.json").write_text(home.new_key().export_private())
        said = {"name": "Elsewhere", "client_id": "portal", "secret": secrets.token_hex(), "issuer": issuer}
        file.write_text("\n".join(["[upstreams.elsewhere]", *(f'{name} = "{each}"' for name, each in said.items())]))
    return {"UPSTREAMS": str(file)}


def _ours() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(Path(os.environ["UPSTREAMS"]).read_text())["upstreams"]["elsewhere"]
    return found


def _key() -> Any:
    return jwk.JWK.from_json(Path(os.environ["UPSTREAMS"]).with_name("demo-upstream.json").read_text())


@pages.get("/.well-known/openid-configuration")
def metadata() -> dict[str, Any]:
    """What it says of itself."""
    here = _ours()["issuer"]
    places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
    said = {name: f"{here}/{path}" for name, path in places.items()}
    return said | {"issuer": here, "authorization_response_iss_parameter_supported": True}


@pages.get("/jwks")
def keys() -> dict[str, Any]:
    """With what it signs."""
    key = _key()
    return {"keys": [key.export_public(as_dict=True) | {"alg": "ES256", "use": "sig", "kid": key.thumbprint()}]}


@pages.route("/authorize", methods=["GET", "POST"])
def authorize() -> str | tuple[str, int] | Response:
    """Who is it? A button says so, another says no."""
    back = request.args["redirect_uri"]
    if not back.startswith(f"{os.environ['PORTAL_URL']}/"):
        return "This service knows the portal of the demonstration only.", 400
    if request.method == "GET":
        return render_template("elsewhere.html", people=PEOPLE)
    answer = {"state": request.args["state"], "iss": _ours()["issuer"]}
    if (person := request.form.get("person")) not in PEOPLE:
        return redirect(f"{back}?{urlencode(answer | {'error': 'access_denied'})}")
    code, browser = secrets.token_urlsafe(), request.cookies.get("elsewhere", secrets.token_hex())
    _granted[code] = {"sub": person if PEOPLE[person] else browser, "email": PEOPLE[person]} | request.args.to_dict()
    found = redirect(f"{back}?{urlencode(answer | {'code': code})}")
    found.set_cookie("elsewhere", browser, path="/elsewhere")  # somebody without a name is another one in each browser
    return found


@pages.post("/token")
def token() -> dict[str, str] | tuple[dict[str, str], int]:
    """The ID token, for the code and the verifier behind it."""
    ours, proof, asked = _ours(), request.authorization, _granted.pop(request.form["code"], {})
    digest = home.encoded(hashlib.sha256(request.form["code_verifier"].encode()).digest())
    if proof is None or proof.password != ours["secret"] or digest != asked.get("code_challenge"):
        return {"error": "invalid_grant"}, 400
    now, key = int(home.now().timestamp()), _key()
    said = {"iss": ours["issuer"], "aud": ours["client_id"], "sub": asked["sub"], "nonce": asked["nonce"]}
    said |= {"iat": now, "exp": now + 300, "auth_time": now}
    said |= {"email": asked["email"], "email_verified": True} if asked["email"] else {}
    return {
        "id_token": home.sign(said, key, "JWT", kid=key.thumbprint()),
        "access_token": "none",
        "token_type": "Bearer",
    }
