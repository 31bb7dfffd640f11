// An OpenID provider with a login form that lets anybody in, for tests.
//
// Commands on standard input: "add" puts new keys before those there are, "drop"
// leaves the newest alone. Each is answered by a line with the command.

import { createInterface } from "node:readline";
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider } from "oidc-provider";

console.info = console.warn = console.error; // standard output has answers alone

const issuer = process.argv[2];
const groups = { mary: ["AWS-SA", "Customer"], james: ["AWS-Sales"], eve: [] }; // of others it does not say

function pair() {
  const jwk = (type, options, alg) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid: randomUUID(), alg, use: "sig",
  });
  return [jwk("rsa", { modulusLength: 2048 }, "RS256"), jwk("ec", { namedCurve: "P-256" }, "ES256")];
}

const client = (id, alg) => ({
  client_id: id, client_secret: "testing-only", redirect_uris: ["https://app.example/callback"],
  grant_types: ["authorization_code"], response_types: ["code"], id_token_signed_response_alg: alg,
});

function provide(keys) {
  const provider = new Provider(issuer, {
    clients: [client("app", "RS256"), client("app-es", "ES256"), client("other", "RS256")],
    jwks: { keys },
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false, // groups in the ID token itself
    cookies: { keys: ["testing-only"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups[id] }) }),
    features: { devInteractions: { enabled: true } },
  });
  provider.proxy = true; // the test ends TLS
  return provider.callback();
}

let keys = pair();
let current = provide(keys);
const server = createServer((request, response) => current(request, response));
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
createInterface({ input: process.stdin })
  .on("line", (command) => {
    keys = command === "add" ? [...pair(), ...keys] : keys.slice(0, 2);
    current = provide(keys);
    console.log(command);
  })
  .on("close", () => process.exit(0));
