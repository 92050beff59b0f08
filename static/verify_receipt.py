"""Verify consent receipts, offline: python3 verify_receipt.py KEYS.json RECEIPT.json [RECEIPT.json ...]"""

import base64, hashlib, json, pathlib, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def once(pairs):
    return dict(pairs) if len(dict(pairs)) == len(pairs) else sys.exit("changed: a name stands twice in the file")


def plain(part):
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return data if base64.urlsafe_b64encode(data).decode().rstrip("=") == part else sys.exit("forged: not base64url")


number, before, link = 0, {}, None
try:
    keys, *files = [json.loads(pathlib.Path(path).read_bytes(), object_pairs_hook=once) for path in sys.argv[1:]]
    entries = [each for file in files for each in (file if isinstance(file, list) else [file])]
    {*map(frozenset, entries)} == {frozenset({"receipt", "content"})} or sys.exit("truncated: no receipt")
    for text, said in sorted(((each["receipt"], each["content"]) for each in entries), key=lambda each: each[1]["seq"]):
        number, (head, body, mark) = said["seq"], map(plain, text.split("."))
        json.loads(head)["typ"] == "consent-receipt+jwt" or sys.exit("not_a_receipt: it was signed as something else")
        key = {each["kid"]: each for each in keys["keys"]}.get(json.loads(head)["kid"]) or sys.exit("unknown_key")
        x, y, r, s = (int.from_bytes(n, "big") for n in (plain(key["x"]), plain(key["y"]), mark[:32], mark[32:]))
        len(mark) < 64 and sys.exit("truncated: the signature is not whole")
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(utils.encode_dss_signature(r, s), text.rpartition(".")[0].encode(), ec.ECDSA(hashes.SHA256()))
        json.loads(body) == said or sys.exit(f"changed: what people read of receipt {number} is not what was signed")
        before.get("pii_principal_id", said["pii_principal_id"]) == said["pii_principal_id"] or sys.exit("anothers")
        number <= before.get("seq", number) + 1 or sys.exit(f"missing: receipt {before['seq'] + 1}")
        not before or (said["prev"] == link and number > before["seq"]) or sys.exit(f"swapped: receipt {number}")
        before, link = said, base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    print(f"Genuine: {len(entries)}, to number {before['seq']}, signed by {before['iss']}")
except InvalidSignature:
    sys.exit(f"forged: what receipt {number} says is not what was signed")
except (OSError, ValueError, LookupError, TypeError, AttributeError):
    sys.exit("truncated: a file is not there, not whole, or no receipt")
