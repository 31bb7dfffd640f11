// verify.mjs FILE verifies the tokens of FILE, {jwks, tokens}, with jose, and prints
// the user of each, or the error.
import { readFileSync } from 'node:fs'
import * as jose from 'jose'

const { jwks, tokens } = JSON.parse(readFileSync(process.argv[2]))
const keys = jose.createLocalJWKSet(jwks)
const said = await Promise.all(
  tokens.map(async (token) => {
    try {
      return (await jose.jwtVerify(token, keys)).payload.user
    } catch (e) {
      return e.code ?? String(e)
    }
  }),
)
console.log(JSON.stringify(said))
