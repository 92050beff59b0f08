"""Receipts made by hand, and files in which something is wrong: what every verifier must say of them."""

import base64
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ciam_portal.oauth import jwts
from consent.receipts import shapes, verifier

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADA, EVE = UUID(int=1), UUID(int=2)
SHOP = shapes.Party("shop", shapes.THIRD_PARTY, "Tèa House")
OURS = shapes.Party("https://id.example", shapes.CONTROLLER, "Portal", "https://id.example", "help@example.com")
PARTIES = shapes.Parties(ours=OURS, others=(SHOP,), jurisdiction="NO", locations=("EU", "NO"))
NOTICE = shapes.Notice(
    uri="https://id.example/receipts/texts/1/",
    sha256="5f" * 32,
    language="de",
    title="Über Neues schreiben",
    text='Um Ihnen zu schreiben: "kurz" & gut.',
    key="product_news",
    version=3,
)


@dataclass
class Signer:
    """A key, and the receipts that it signs, one after the other."""

    kind: str = verifier.KIND
    key: Any = field(init=False)

    def __post_init__(self) -> None:
        _kid, _public, private = jwts.new_key("ES256")
        self.key = jwts.from_json(private)

    @property
    def keys(self) -> list[dict[str, Any]]:
        """As they are published."""
        return [self.key.export_public(as_dict=True) | {"kid": self.key.thumbprint(), "use": "sig", "alg": "ES256"}]

    def known(self, kid: str) -> list[Any]:
        """The same, for the verifier."""
        return [self.key] if kid == self.key.thumbprint() else []

    def sign(self, said: dict[str, Any]) -> str:
        """One receipt."""
        return jwts.sign(said, self.key, self.kind)

    def chain(self, person: UUID, *states: str) -> list[str]:
        """One for each state."""
        made: list[str] = []
        for number, state in enumerate(states, 1):
            before = jwts.hash_of(made[-1]) if made else None
            made.append(self.sign(payload(person, number, before, state)))
        return made


def payload(person: UUID, number: int = 1, before: str | None = None, state: str = "given") -> dict[str, Any]:
    at = NOON + timedelta(days=number)
    choice = shapes.Choice(
        record=UUID(int=100 + number),
        state=state,
        by="self",
        at=at,
        until=at + timedelta(days=395),
        basis="consent",
        access="contact",
        channel="web",
        categories=("email", "name"),
        optional=("name",),
        scopes=(),
        retention_days=365,
        withdrawal="https://id.example/privacy/",
    )
    place = shapes.Place(person, number, before)
    return shapes.payload(UUID(int=1000 * person.int + number), place, choice, NOTICE, PARTIES)


def leaves(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Where each value of a document stands."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield path
    else:
        for name, each in inside:
            yield from leaves(each, *path, name)


def flipped(document: Any, path: tuple[Any, ...]) -> Any:
    """The same with one bit of this value flipped."""
    changed = copy.deepcopy(document)
    *above, last = path
    inside = changed
    for name in above:
        inside = inside[name]
    value = inside[last]
    match value:
        case bool():
            inside[last] = not value
        case None:
            inside[last] = ""
        case int():
            inside[last] = value ^ 1
        case _:
            inside[last] = value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
    return changed


def encoded(data: bytes | Any) -> str:
    """As a part of a receipt."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def with_payload(text: str, said: Any) -> str:
    head, _body, mark = text.split(".")
    return f"{head}.{encoded(said)}.{mark}"


def with_header(text: str, **header: str) -> str:
    head, body, mark = text.split(".")
    before = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return f"{encoded(before | header)}.{body}.{mark}"


def spelled_otherwise(text: str) -> str:
    """The last letter of a signature holds bits that say nothing: another letter, and the same signature."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) ^ 1]


def entry(text: str, said: Any = None) -> str:
    return json.dumps({"receipt": text, "content": verifier.says(text) if said is None else said}, ensure_ascii=False)


def bad_files(signer: Signer) -> dict[str, tuple[str, list[str]]]:
    """What is wrong, by its code and a few words, and the files in which it is."""
    first, second, third = signer.chain(ADA, "given", "refused", "withdrawn")
    (hers,) = signer.chain(EVE, "given")
    said, file = verifier.says(first), verifier.file_of
    other = signer.sign(payload(ADA, 2, jwts.hash_of(first), "given"))
    elsewhere = Signer().sign(said)
    token = jwts.sign(said, signer.key, "JWT")
    return {
        "nothing in it": ("truncated", [""]),
        "half of it": ("truncated", [file(first)[:900]]),
        "no receipts": ("truncated", ["[]"]),
        "something else": ("truncated", ['{"receipt": 1, "content": {}}']),
        "something beside it": (
            "truncated",
            [file(first).replace('"receipt"', '"note": "also all else", "receipt"', 1)],
        ),
        "a part of the receipt": ("truncated", [entry(first.rpartition(".")[0], said)]),
        "a part of the signature": ("truncated", [entry(first[:-2], said)]),
        "signed as something else": ("not_a_receipt", [entry(token)]),
        "another's key": ("unknown_key", [entry(elsewhere)]),
        "another's key, with the name of ours": (
            "forged",
            [entry(with_header(elsewhere, kid=signer.key.thumbprint()))],
        ),
        "no signature wanted": ("forged", [entry(with_header(first, alg="none"))]),
        "another state, signed over": ("forged", [entry(with_payload(first, said | {"seq": 2}))]),
        "the same signature, spelled otherwise": ("forged", [entry(spelled_otherwise(first), said)]),
        "another one to read": ("changed", [entry(first, verifier.says(second))]),
        "a name twice": ("changed", [file(first).replace('"seq": 1', '"seq": 1, "seq": 1', 1)]),
        "the middle is not there": ("missing", [file(first), file(third)]),
        "somebody else's": ("anothers", [file(first), file(hers)]),
        "one of another history": ("swapped", [file(first), file(other), file(third)]),
        "the same twice": ("swapped", [file(first), file(first)]),
    }
