// Passkeys. A form with data-passkey="create" or "get" asks data-begin for options, lets the browser's dialog work, and
// then sends what came out as an ordinary form, so that the server answers with pages as everywhere else.
(() => {
  const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const each = (list) => (list || []).map((item) => ({ ...item, id: decode(item.id) }));

  // The three conversions that older browsers lack, and that password managers put their own objects in the way of.
  const orOurs = (theirs, ours) => {
    try {
      return theirs() ?? ours();
    } catch {
      return ours();
    }
  };
  const toCreate = (json) => orOurs(() => PublicKeyCredential.parseCreationOptionsFromJSON?.(json), () => ({
    ...json, challenge: decode(json.challenge), user: { ...json.user, id: decode(json.user.id) },
    excludeCredentials: each(json.excludeCredentials),
  }));
  const toGet = (json) => orOurs(() => PublicKeyCredential.parseRequestOptionsFromJSON?.(json), () => ({
    ...json, challenge: decode(json.challenge), allowCredentials: each(json.allowCredentials),
  }));
  const toJSON = (made) => orOurs(() => made.toJSON?.(), () => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = encode(made.response[name]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    const id = encode(made.rawId);
    return { id, rawId: id, type: made.type, response, clientExtensionResults: made.getClientExtensionResults() };
  });

  // The words are beside the place where they are shown, in the language of the page: data-not-allowed-error and so on.
  const words = ({ dataset }, { name, wait }) =>
    (dataset[name[0].toLowerCase() + name.slice(1)] || dataset.failed).replace("{seconds}", wait);
  const fault = (name, wait) => Object.assign(new Error(name), { name, wait });

  let waiting = null; // the one request that may be open at a time: the autofill one gives way to a button

  const begin = async (form) => {
    const token = form.elements.csrfmiddlewaretoken.value;
    let answer;
    try {
      answer = await fetch(form.dataset.begin, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
    } catch {
      throw fault("Offline");
    }
    // Signed out, or asked to prove more first: the page itself leads there.
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403 || answer.status === 409) {
      location.reload();
      return null;
    }
    if (answer.status === 429) throw fault("Slow", answer.headers.get("Retry-After") || 60);
    if (!answer.ok) throw fault("Unknown");
    return answer.json();
  };

  const run = async (form, mediation) => {
    waiting?.abort();
    const mine = new AbortController();
    waiting = mine;
    const begun = await begin(form);
    if (!begun || mine.signal.aborted) return;
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: toCreate(begun.options), signal: mine.signal })
      : await navigator.credentials.get({ publicKey: toGet(begun.options), signal: mine.signal, mediation });
    form.elements.ceremony.value = begun.ceremony;
    form.elements.credential.value = JSON.stringify(toJSON(made));
    form.submit();
  };

  const wire = (form) => {
    const button = form.querySelector("[data-passkey-button]");
    const trouble = form.querySelector("[data-passkey-error]");
    form.querySelector("[data-passkey-fallback]")?.setAttribute("hidden", "");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return; // a passkey is made only once all else is there
      trouble.hidden = true;
      button.disabled = true;
      try {
        await run(form);
      } catch (error) {
        trouble.textContent = words(trouble, error);
        trouble.hidden = false;
        button.disabled = false;
      }
    });
    if ("autofill" in form.dataset) autofill(form);
  };

  // Passkeys in the suggestions of the e-mail field. Asked for when the field is first used, not by every visit.
  const autofill = async (form) => {
    const field = document.querySelector("input[autocomplete~=username]");
    if (!field || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    field.setAttribute("autocomplete", "username webauthn");
    const start = () => run(form, "conditional").catch(() => { /* the button says what is wrong, if asked */ });
    if (document.activeElement === field) start();
    else field.addEventListener("focus", start, { once: true });
  };

  if (window.PublicKeyCredential && navigator.credentials) {
    document.querySelectorAll("form[data-passkey]").forEach(wire);
  }
})();
