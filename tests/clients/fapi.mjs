// A partner that holds to the FAPI 2.0 Security Profile: PAR, DPoP, private_key_jwt, by a library made by others.
// Says on each line of standard output what it has; reads where the customer came back to from standard input.
import { createInterface } from 'node:readline/promises'
import { importJWK } from 'jose'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, PRIVATE_JWK, REDIRECT_URI, SIGNED } = process.env
const say = (words) => console.log(JSON.stringify(words))

const jwk = JSON.parse(PRIVATE_JWK)
const key = { key: await importJWK(jwk, 'ES256'), kid: jwk.kid }
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, {}, client.PrivateKeyJwt(key), {
  execute: [client.allowInsecureRequests],
})
client.enableNonRepudiationChecks(config)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
let parameters = {
  redirect_uri: REDIRECT_URI,
  scope: 'openid email offline_access',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
}
if (SIGNED) {
  const url = await client.buildAuthorizationUrlWithJAR(config, parameters, key)
  parameters = url.searchParams
}
const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
say({ url: url.href })

const lines = createInterface({ input: process.stdin })
const back = await new Promise((resolve) => lines.once('line', resolve))
lines.close()
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, new URL(back), checks, undefined, { DPoP })
const { sub } = tokens.claims()
const person = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })
const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
const profile = await client.fetchProtectedResource(
  config, fresh.access_token, new URL('/api/profile', ISSUER), 'GET', null, undefined, { DPoP },
)
const bearer = await fetch(config.serverMetadata().userinfo_endpoint, {
  headers: { authorization: `Bearer ${fresh.access_token}` },
})
const state = await client.tokenIntrospection(config, fresh.access_token)
await client.tokenRevocation(config, fresh.refresh_token)
const gone = await client.tokenIntrospection(config, fresh.access_token)
say({
  email: person.email,
  type: tokens.token_type,
  profile: profile.status,
  bearer: bearer.status,
  bound: Boolean(state.cnf?.jkt),
  active: [state.active, gone.active],
})
