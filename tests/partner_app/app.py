"""Signs people in through the portal, shows what it learned, calls the API, refreshes, logs out."""

import json
import os
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, request, session, url_for
from requests import RequestException
from werkzeug.http import parse_dict_header
from werkzeug.wrappers import Response

from tests.partner_app import identity, upstream

SCOPE = "openid profile email phone offline_access"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
LEVELS = ("aal1", "aal2", "phr")
TEAPOT = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "49.90"},
    "creditorName": "Ada's Teapots",
    "creditorAccount": {"iban": "DE02100100109307118603"},
    "remittanceInformationUnstructured": "One teapot",
}
PAYMENT = {"action": "payment", "amount": 4990, "currency": "EUR"} | {
    "resource": {"type": "iban", "id": "DE02100100109307118603"}
}


def create_app() -> Flask:  # noqa: C901, PLR0915  (Flask's form: views inside the factory)
    """The app, configured by environment: PORTAL_URL, PARTNER_URL, PARTNER_CLIENT_ID, PARTNER_CLIENT_SECRET."""
    portal, here = os.environ["PORTAL_URL"], os.environ["PARTNER_URL"]
    app = Flask(__name__)
    app.secret_key = os.environ["PARTNER_CLIENT_SECRET"]
    app.config["SESSION_COOKIE_NAME"] = "teahouse"
    app.register_blueprint(identity.pages)
    app.register_blueprint(upstream.pages)
    oauth = OAuth(app)
    client = oauth.register(
        "portal",
        client_id=os.environ["PARTNER_CLIENT_ID"],
        client_secret=os.environ["PARTNER_CLIENT_SECRET"],
        server_metadata_url=f"{portal}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )
    kept: dict[str, dict[str, Any]] = {}  # tokens stay on this server; the cookie holds only whose they are

    def mine() -> dict[str, Any] | None:
        return kept.get(session.get("sub", ""))

    def page(**words: Any) -> str:
        return render_template("home.html", portal=portal, mine=mine(), **words)

    def words_of(answer: Any) -> dict[str, str | None]:
        return parse_dict_header(answer.headers.get("WWW-Authenticate", "").partition(" ")[2])

    def call(path: str, held: dict[str, Any]) -> Any:
        """Ask the API; if the access token is over by then, with the next one."""
        answer = client.get(f"{portal}{path}", token=bearer(held))
        if words_of(answer).get("error") == "invalid_token" and "refresh_token" in held["token"]:
            renew(held)
            answer = client.get(f"{portal}{path}", token=bearer(held))
        return answer

    def bearer(held: dict[str, Any]) -> dict[str, str]:
        """Without the refresh token: Authlib would use it by itself, and not tell us which one comes after it."""
        return {"access_token": held["token"]["access_token"], "token_type": "Bearer"}

    def renew(held: dict[str, Any]) -> None:
        metadata = client.load_server_metadata()
        with client._get_oauth_client(**metadata) as http:
            # For what was granted: Authlib would ask again for all that it asked for at first.
            token, granted = held["token"]["refresh_token"], held["token"]["scope"]
            fresh = http.refresh_token(metadata["token_endpoint"], refresh_token=token, scope=granted)
        held["token"] = {**held["token"], **fresh}

    @app.errorhandler(AuthlibBaseError)
    def refused(error: Exception) -> tuple[str, int]:
        return page(error=f"The portal said no: {error} Please sign in with the portal again."), 403

    @app.errorhandler(RequestException)
    def unreachable(_error: Exception) -> tuple[str, int]:
        return page(error="The portal does not answer. Please try again in a moment."), 502

    @app.get("/")
    def home() -> str:
        return page()

    @app.get("/sign-in")
    def sign_in() -> Response:
        wishes = {name: request.args[name] for name in ("prompt", "acr_values", "max_age") if name in request.args}
        scope = {"scope": request.args["scope"]} if "scope" in request.args else {}
        found: Response = client.authorize_redirect(f"{here}/callback", **wishes, **scope)
        return found

    @app.get("/callback")
    def callback() -> Response:
        token = client.authorize_access_token()
        session["sub"] = token["userinfo"]["sub"]  # (the library's name for what stands in the ID token)
        fields = client.userinfo(token=token) if "openid" in token["scope"].split() else {}
        kept[session["sub"]] = {"token": token, "claims": dict(token["userinfo"]) | dict(fields)}
        return redirect(url_for(session.pop("then", "home")))

    @app.post("/api")
    def call_api() -> str | tuple[str, int]:
        held = mine()
        if held is None:
            return page(error="Nobody is signed in here."), 401
        answer = call("/api/profile", held)
        if not answer.ok:
            reason = answer.headers.get("WWW-Authenticate", "")
            return page(error=f"The portal answered {answer.status_code}. {reason}"), answer.status_code
        return page(profile=answer.json()["subject"])

    @app.route("/sign-ins", methods=["GET", "POST"])
    def sign_ins() -> str | tuple[str, int] | Response:
        """What needs more than a sign-in (RFC 9470): call, do what the challenge says, call again; each of it once."""
        held = mine()
        if held is None:
            return page(error="Nobody is signed in here."), 401
        tried = {} if request.method == "POST" else session.get("tried", {})
        wanted = tried.get("insufficient_user_authentication", {}).get("acr_values", "aal1")
        if LEVELS.index(held["claims"]["acr"]) < LEVELS.index(wanted):
            # The portal has asked and could not get more; it would be no use to send the customer there again.
            return page(error=f"Your account would have to show {wanted}; it can show {held['claims']['acr']}."), 403
        answer = call("/api/activity", held)
        if answer.ok:
            return page(sign_ins=answer.json()["sign_ins"])
        words = words_of(answer)
        error = words.get("error") or ""
        if error in tried or error not in {"insufficient_scope", "insufficient_user_authentication"}:
            return page(error=f"The portal answered {answer.status_code}. {error}"), answer.status_code
        wishes = {name: words[name] for name in ("acr_values", "max_age") if name in words}
        session["tried"], session["then"] = {**tried, error: wishes}, "sign_ins"
        found: Response = client.authorize_redirect(f"{here}/callback", scope=f"{SCOPE} activity", **wishes)
        return found

    @app.route("/others", methods=["GET", "POST"])
    def others() -> str | tuple[str, int] | Response:
        """For whom its reader may act here; and, for one of them, what the API says then, and who acts (RFC 8693)."""
        held = mine()
        if held is None:
            return page(error="Nobody is signed in here."), 401
        answer = call("/api/delegations", held)
        if words_of(answer).get("error") == "insufficient_scope" and request.method == "POST":
            session["then"] = "others"
            found: Response = client.authorize_redirect(f"{here}/callback", scope=f"{SCOPE} delegations")
            return found
        if not answer.ok:
            return page(error=f"The portal answered {answer.status_code}."), answer.status_code
        people = answer.json()["delegations"]
        chosen = next((each for each in people if each["sub"] == request.form.get("sub")), None)
        if chosen is None:
            return page(others=people, notice=None if people else "You may act for nobody here.")
        swap = {name: chosen[name] for name in ("subject_token", "subject_token_type")}
        swap |= {"actor_token": held["token"]["access_token"], "actor_token_type": ACCESS_TOKEN}
        swap |= {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}
        secret = (client.client_id, client.client_secret)
        token = requests.post(
            client.load_server_metadata()["token_endpoint"], data=swap, auth=secret, timeout=10
        ).json()
        if "access_token" not in token:
            return page(error=f"The portal said no: {token['error_description']}"), 403
        profile = client.get(f"{portal}/api/profile", token={**token, "token_type": "Bearer"})
        return page(profile=profile.json()["subject"], others=people)

    @app.post("/pay")
    def pay() -> Response:
        """Ask the customer, at the portal, to approve one payment (RFC 9396): pushed, so that nobody changes it."""
        metadata, back = client.load_server_metadata(), f"{here}/callback"
        asked = client.create_authorization_url(back, scope="openid", authorization_details=json.dumps([TEAPOT]))
        client.save_authorize_data(redirect_uri=back, **asked)
        pushed = requests.post(
            metadata["pushed_authorization_request_endpoint"],
            data=dict(parse_qsl(urlsplit(asked["url"]).query)),
            auth=(client.client_id, client.client_secret),
            timeout=10,
        )
        pushed.raise_for_status()
        session["then"] = "paid"
        query = urlencode({"client_id": client.client_id, "request_uri": pushed.json()["request_uri"]})
        return redirect(f"{metadata['authorization_endpoint']}?{query}")

    @app.route("/paid", methods=["GET", "POST"])
    def paid() -> str | tuple[str, int]:
        """Exactly what was approved: ask for the decision, and redeem its approval. A second time is refused."""
        held = mine()
        if held is None:
            return page(error="Nobody is signed in here."), 401
        token = {"token": held["token"]["access_token"]}
        answer = decided("decisions", PAYMENT | token)
        if answer["outcome"] != "allow":
            return page(error=f"Not paid: {answer['reasons'][0]['words']}"), 403
        redeemed = decided("approvals/redeem", PAYMENT | {"approval": answer["approval"]})
        if not redeemed["redeemed"]:
            return page(error=f"Not paid: {redeemed['error_description']}"), 403
        return page(notice="Paid: 49.90 EUR to Ada's Teapots.", paid=True)

    def decided(what: str, question: dict[str, Any]) -> dict[str, Any]:
        secret = (client.client_id, client.client_secret)
        found: dict[str, Any] = requests.post(f"{portal}/api/{what}", json=question, auth=secret, timeout=10).json()
        return found

    @app.post("/refresh")
    def refresh() -> str | tuple[str, int]:
        held = mine()
        if held is None or "refresh_token" not in held["token"]:
            return page(error="There is no refresh token."), 400
        renew(held)
        return page(notice="The tokens are new.")

    @app.post("/sign-out")
    def sign_out() -> Response:
        held = kept.pop(session.pop("sub", ""), None)
        hint = {"id_token_hint": held["token"]["id_token"]} if held else {}
        query = urlencode({"post_logout_redirect_uri": f"{here}/", "client_id": client.client_id, **hint})
        return redirect(f"{client.load_server_metadata()['end_session_endpoint']}?{query}")

    return app
