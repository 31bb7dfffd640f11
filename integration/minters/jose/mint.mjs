// mint.mjs FOLDER mints tokens with jose and reads others with it, as FOLDER/input.json
// asks. It prints one JSON object a line: a key {alg, kind: "Key", kid, jwk}, a token
// {alg, kind, token}, or what jose says of a token {alg, kind, said}.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as jose from 'jose'

const folder = process.argv[2]
const input = JSON.parse(readFileSync(join(folder, 'input.json')))
const print = (row) => console.log(JSON.stringify(row))
const read = (whose, name) => readFileSync(join(folder, whose, name), 'utf8')
const now = Math.floor(Date.now() / 1000)

const privateKey = (whose, alg) =>
  alg.startsWith('HS') ? jose.importJWK(JSON.parse(read(whose, alg + '.jwk')), alg) : jose.importPKCS8(read(whose, alg + '.pem'), alg)

async function exported(alg) {
  if (alg.startsWith('HS')) {
    return { ...(await jose.exportJWK(await privateKey('own', alg))), kid: alg, alg, use: 'sig' }
  }
  const jwk = await jose.exportJWK(createPublicKey(read('own', alg + '.pem')))
  return { ...jwk, kid: await jose.calculateJwkThumbprint(jwk), alg, use: 'sig' }
}

const payload = (from) => ({
  iss: input.issuer, aud: input.audience, user: input.user, groups: input.groups, iat: from, nbf: from, exp: from + 3600,
})

const signed = (alg, kid, key, from) => new jose.SignJWT(payload(from)).setProtectedHeader({ alg, kid }).sign(key)

function tampered(token) {
  const [header, body, signature] = token.split('.')
  const claims = JSON.parse(new TextDecoder().decode(jose.base64url.decode(body)))
  claims.groups.push('Other')
  return [header, jose.base64url.encode(JSON.stringify(claims)), signature].join('.')
}

async function mint(alg) {
  const jwk = await exported(alg)
  const own = await privateKey('own', alg)
  const good = await signed(alg, jwk.kid, own, now)
  print({ alg, kind: 'Key', kid: jwk.kid, jwk })
  for (const [kind, token] of Object.entries({
    Token: good,
    Expired: await signed(alg, jwk.kid, own, now - 5400),
    NotYetValid: await signed(alg, jwk.kid, own, now + 1800),
    Tampered: tampered(good),
    WrongKey: await signed(alg, jwk.kid, await privateKey('other', alg), now),
    Unsigned: new jose.UnsecuredJWT(payload(now)).encode(),
  })) {
    print({ alg, kind, token })
  }
}

const published = jose.createLocalJWKSet(input.read.published)

const find = (header, jws) => {
  if (!header.alg.startsWith('HS')) {
    return published(header, jws)
  }
  const jwk = input.read.shared.keys.find((k) => k.kid === header.kid)
  if (!jwk) {
    throw new jose.errors.JWKSNoMatchingKey()
  }
  return jose.importJWK(jwk, header.alg)
}

async function said({ alg, token }) {
  try {
    const { payload } = await jose.jwtVerify(token, find, { algorithms: [alg], issuer: input.read.issuer, audience: input.read.audience })
    return `${payload.user} of ${payload.groups}`
  } catch (e) {
    return [e.code ?? e.stack, e.claim].filter(Boolean).join(' ')
  }
}

for (const alg of input.algorithms) {
  await mint(alg)
}
for (const row of input.read.tokens) {
  print({ alg: row.alg, kind: row.kind, said: await said(row) })
}
