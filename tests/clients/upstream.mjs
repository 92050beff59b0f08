// A service with which customers sign in, by a library made by others. Says on standard output where it is.
// Everybody who comes is signed in as "ada" at once, and has agreed.
import { once } from 'node:events'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const { REDIRECT_URI, CLIENT_ID, CLIENT_SECRET } = process.env
const server = createServer()
await once(server.listen(0, '127.0.0.1'), 'listening')
const issuer = `http://localhost:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }),
  }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  pkce: { required: () => true },
})
const answer = provider.callback()
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response)
  const { prompt, params, grantId } = await provider.interactionDetails(request, response)
  const found = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: 'ada', clientId: params.client_id })
  found.addOIDCScope('openid email')
  const result = prompt.name === 'login' ? { login: { accountId: 'ada' } } : { consent: { grantId: await found.save() } }
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
})
console.log(issuer)
