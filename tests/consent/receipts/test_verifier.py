"""A receipt is believed if it is whole, ours, unchanged and in its place; and every verifier says the same of it."""

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.receipts import verifier
from consent.receipts.verifier import Unbelievable, Wrong
from tests.consent.receipts.made import (
    ADA,
    NOTICE,
    Signer,
    bad_files,
    entry,
    flipped,
    leaves,
    payload,
    spelled_otherwise,
    with_header,
    with_payload,
)

SCRIPT = Path(__file__).parents[3] / "static" / "verify_receipt.py"
SIGNER = Signer()
BAD = bad_files(SIGNER)


def ours(*files: str) -> str:
    """What our own verifier says; nothing if it believes them."""
    try:
        verifier.linked([each for file in files for each in verifier.read(file, SIGNER.known)])
    except Unbelievable as error:
        return error.wrong.value
    return ""


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., list[str]]:
    """The published keys and these receipts, in files."""

    def save(*files: str) -> list[str]:
        named = {"keys.json": json.dumps({"keys": SIGNER.keys})}
        named |= {f"receipt-{number}.json": text for number, text in enumerate(files)}
        for name, text in named.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return [str(tmp_path / name) for name in named]

    return save


def script(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What the stand-alone program says when it ends."""
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *words])
    try:
        runpy.run_path(str(SCRIPT))
    except SystemExit as end:
        return str(end.code)
    return ""


@pytest.mark.parametrize("wrong", BAD)
def test_what_is_wrong_is_said_by_name(
    wrong: str, saved: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, files = BAD[wrong]
    assert ours(*files) == code
    assert script(monkeypatch, *saved(*files)).partition(":")[0] == code


def test_whole_chains_are_believed_in_one_file_or_in_many_in_any_order(
    saved: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    texts = SIGNER.chain(ADA, "given", "refused", "given", "withdrawn")
    apart = [verifier.file_of(text) for text in reversed(texts)]
    assert ours(verifier.file_of(*texts)) == ours(*apart) == ours(*apart[1:3]) == ""
    assert script(monkeypatch, *saved(*apart)) == ""
    assert "Genuine: 4" in capsys.readouterr().out


HEADER = ({"alg": "ES257"}, {"typ": "consent-receipt+jws"}, {"kid": "x"})


def test_one_byte_of_any_field_is_noticed() -> None:
    (text,) = SIGNER.chain(ADA, "given")
    said = verifier.says(text)
    paths = list(leaves(said))
    assert {path[0] for path in paths} == set(said)
    for path in paths:
        assert ours(entry(text, flipped(said, path))) == "changed", path
        assert ours(entry(with_payload(text, flipped(said, path)))) == "forged", path
    assert [ours(entry(with_header(text, **each))) for each in HEADER] == ["forged", "not_a_receipt", "unknown_key"]
    signature = text.rindex(".") + 1
    for place in range(signature, len(text)):
        other = "A" if text[place] != "A" else "B"
        assert ours(entry(text[:place] + other + text[place + 1 :], said)) == "forged", place
    assert ours(entry(spelled_otherwise(text), said)) == "forged"


def test_it_has_the_fields_of_the_standard() -> None:
    said = payload(ADA)
    assert {"schema_version", "record_id", "pii_principal_id", "privacy_notice", "language", "purposes"} < said.keys()
    assert {"event_time", "event_type", "event_state", "validity_duration", "entity_id"} < said["events"][0].keys()
    (purpose,) = said["purposes"]
    assert {
        "purpose", "lawful_basis", "pii_information", "pii_controllers", "storage_locations", "retention_period",
        "jurisdiction", "recipient_third_parties", "withdrawal_method", "collection_method", "privacy_rights",
    } < purpose.keys()  # fmt: skip
    assert purpose["pii_information"][1] == {"pii_type": "name", "pii_optional": True}
    controller, app = said["party_identification"]
    assert {"party_id", "party_name", "party_type", "party_address", "party_contact"} == controller.keys()
    assert purpose["recipient_third_parties"] == [app["party_id"]]
    assert NOTICE.title in verifier.file_of(SIGNER.sign(said))  # readable, in any language


@pytest.mark.parametrize("wrong", Wrong)
def test_each_wrong_has_a_sentence(wrong: Wrong) -> None:
    assert wrong.words.endswith(".")


def test_the_program_stands_alone(saved: Callable[..., list[str]]) -> None:
    assert len(SCRIPT.read_text().splitlines()) <= 40
    file = verifier.file_of(*SIGNER.chain(ADA, "given", "withdrawn"))

    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT, *words], check=False, capture_output=True, text=True, env={}, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    code, words = run(*saved(file))
    assert (code, words) == (0, "Genuine: 2, to number 2, signed by https://id.example\n")
    code, words = run(*saved(file.replace("given", "giveN")))
    assert code == 1
    assert words.startswith("changed: ")
    assert run("nowhere.json")[0] == 1
