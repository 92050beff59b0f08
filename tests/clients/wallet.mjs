// A wallet written on libraries of others: it gets a credential, reads a signed request, and answers it encrypted.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { SDJwtInstance } from "@sd-jwt/core";
import { CompactEncrypt, importJWK, importX509, jwtVerify } from "jose";

const { request, issuer, claims } = JSON.parse(readFileSync(0, "utf8"));
const hasher = (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest();
const saltGenerator = () => randomBytes(16).toString("base64url");

const signer = (key) => (data) => sign("sha256", Buffer.from(data), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
const holder = generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuing = new SDJwtInstance({
  signer: signer(createPrivateKey({ key: issuer.key, format: "jwk" })), signAlg: "ES256", hasher, hashAlg: "sha-256", saltGenerator,
});
const now = Math.floor(Date.now() / 1000);
const credential = await issuing.issue(
  {
    iss: issuer.iss, vct: issuer.vct, iat: now, exp: now + 86400, cnf: { jwk: holder.publicKey.export({ format: "jwk" }) },
    ...(issuer.status ? { status: issuer.status } : {}), ...claims,
  },
  { _sd: Object.keys(claims) },
  { header: { typ: "dc+sd-jwt" } },
);

const header = JSON.parse(Buffer.from(request.split(".")[0], "base64url"));
const certificate = `-----BEGIN CERTIFICATE-----\n${header.x5c[0]}\n-----END CERTIFICATE-----`;
const asked = (await jwtVerify(request, await importX509(certificate, "ES256"), { typ: "oauth-authz-req+jwt" })).payload;
const thumbprint = createHash("sha256").update(Buffer.from(header.x5c[0], "base64")).digest("base64url");
if (asked.client_id !== `x509_hash:${thumbprint}`) throw new Error("the request is not from whom it says");

const [wanted] = asked.dcql_query.credentials;
const presenting = new SDJwtInstance({
  hasher, hashAlg: "sha-256", saltGenerator, kbSigner: signer(holder.privateKey), kbSignAlg: "ES256",
});
const frame = Object.fromEntries(wanted.claims.map(({ path: [name] }) => [name, true]));
const presented = await presenting.present(credential, frame, {
  kb: { payload: { iat: now, aud: asked.client_id, nonce: asked.nonce } },
});

const [key] = asked.client_metadata.jwks.keys;
const answer = { state: asked.state, vp_token: { [wanted.id]: [presented] } };
const response = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(answer)))
  .setProtectedHeader({ alg: key.alg, enc: asked.client_metadata.encrypted_response_enc_values_supported[0], kid: key.kid })
  .encrypt(await importJWK(key, key.alg));
console.log(JSON.stringify({ response, response_uri: asked.response_uri }));
