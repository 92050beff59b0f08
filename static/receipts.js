// Receipts are verified here, in the browser: the file is not sent, only the published keys are fetched. The same is said
// by consent/receipts/verifier.py and verify_receipt.py; a test walks all three through the same table.
const KIND = "consent-receipt+jwt";
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const SIGNATURE = 64; // bytes (RFC 7518 section 3.4)

class Wrong extends Error {
  constructor(code, number) {
    super(code);
    Object.assign(this, { code, number });
  }
}

const utf8 = (text) => new TextEncoder().encode(text);
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const orTruncated = (read) => {
  try {
    return read();
  } catch {
    throw new Wrong("truncated");
  }
};

// Base64url, in the one way that it can be written: the last bits that say nothing are zero.
const bytes = (part) => {
  const text = orTruncated(() => atob(part.replaceAll("-", "+").replaceAll("_", "/")));
  const found = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (encode(found) !== part) throw new Wrong("forged");
  return found;
};
const said = (part) => orTruncated(() => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(part))));

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
};
const isSame = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

const signed = async (text, keys) => {
  const parts = text.split(".");
  if (parts.length !== 3) throw new Wrong("truncated");
  const [header, , signature] = [said(parts[0]), bytes(parts[1]), bytes(parts[2])];
  if (signature.length < SIGNATURE) throw new Wrong("truncated");
  if (header.typ !== KIND) throw new Wrong("not_a_receipt");
  const found = keys.find((key) => key.kid === header.kid);
  if (!found) throw new Wrong("unknown_key");
  const { kty, crv, x, y } = found;
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ES256, false, ["verify"]);
  if (header.alg !== "ES256" || !(await crypto.subtle.verify(ES256, key, signature, utf8(`${parts[0]}.${parts[1]}`)))) {
    throw new Wrong("forged");
  }
  return { text, says: said(parts[1]) };
};

const read = async (file, keys) => {
  const found = orTruncated(() => JSON.parse(file));
  // A name that stands twice in the file would be read in two ways.
  if (file.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1") !== JSON.stringify(found)) throw new Wrong("changed");
  const entries = Array.isArray(found) ? found : [found], receipts = [];
  if (!entries.length) throw new Wrong("truncated");
  for (const entry of entries) {
    if (!isSame(Object.keys(entry ?? {}).sort(), ["content", "receipt"]) || typeof entry.receipt !== "string") {
      throw new Wrong("truncated");
    }
    const receipt = await signed(entry.receipt, keys);
    if (!isSame(entry.content, receipt.says)) throw new Wrong("changed", receipt.says.seq);
    receipts.push(receipt);
  }
  return receipts;
};

const linked = async (receipts) => {
  receipts.sort((one, other) => one.says.seq - other.says.seq);
  for (let at = 1; at < receipts.length; at += 1) {
    const before = receipts[at - 1], after = receipts[at], { seq } = after.says;
    if (after.says.pii_principal_id !== before.says.pii_principal_id) throw new Wrong("anothers", seq);
    if (seq > before.says.seq + 1) throw new Wrong("missing", before.says.seq + 1);
    const digest = encode(await crypto.subtle.digest("SHA-256", utf8(before.text)));
    if (seq === before.says.seq || after.says.prev !== digest) throw new Wrong("swapped", seq);
  }
  return receipts;
};

const show = (place) => {
  const { keys: address } = place.dataset;
  const verdict = place.querySelector("[data-verdict]"), input = place.querySelector("input[type=file]");
  const words = (code) => place.querySelector(`[data-words] [data-code="${code}"]`)?.textContent ?? code;
  const copy = (name) => place.querySelector(`template[data-name="${name}"]`).content.cloneNode(true);
  const fill = (into, values) => {
    for (const [name, value] of Object.entries(values)) into.querySelector(`[data-${name}]`).textContent = value;
    return into;
  };
  const when = (time) =>
    new Date(time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });

  const genuine = (receipts) => {
    const answer = copy("genuine"), list = answer.querySelector("[data-list]");
    for (const { says } of receipts) {
      const [event] = says.events, [purpose] = says.purposes;
      const names = says.party_identification.filter(({ party_id: id }) => purpose.recipient_third_parties.includes(id));
      const who = (names.length ? names : says.party_identification).map(({ party_name: name }) => name).join(", ");
      list.append(fill(copy("receipt"), {
        number: says.seq, state: words(event.event_state), purpose: purpose.purpose, text: purpose.description,
        who, at: when(event.event_time),
      }));
    }
    if (receipts.length > 1) answer.querySelector("[data-several]").hidden = false;
    return answer;
  };
  const wrong = ({ code, number }) => {
    const answer = fill(copy("wrong"), { sentence: words(code) });
    if (number) fill(answer, { which: number }).querySelector("[data-where]").hidden = false;
    return answer;
  };

  const verify = async (files) => {
    if (!files.length) return;
    let answer;
    try {
      const response = await fetch(address).catch(() => null);
      if (!response?.ok) throw new Wrong("no_keys");
      const { keys } = await response.json(), receipts = [];
      for (const file of files) receipts.push(...(await read(await file.text(), keys)));
      answer = genuine(await linked(receipts));
    } catch (error) {
      answer = wrong(error instanceof Wrong ? error : new Wrong("truncated"));
    }
    verdict.replaceChildren(answer);
  };

  input.addEventListener("click", () => { input.value = ""; }); // the same file, changed meanwhile, is read again
  input.addEventListener("change", () => verify([...input.files]));
  const drop = place.querySelector("[data-drop]");
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // beside it too: the browser would leave this page for the file
    drop.classList.toggle("drop--over", drop.contains(event.target));
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("drop--over");
    verify([...event.dataTransfer.files]);
  });
  place.hidden = false;
};

const place = document.querySelector("[data-verify]");
if (place && globalThis.crypto?.subtle) {
  for (const instead of document.querySelectorAll("[data-instead]")) instead.hidden = true;
  show(place);
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
