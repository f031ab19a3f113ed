// An OpenID provider on loopback: panva's oidc-provider. It writes its issuer, then obeys commands, one JSON text a
// line each way: {"keys": ["a", "b"]} publishes these keys and signs with the first, {"count": true} says how often
// keys were fetched.

import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const ALGORITHM = "ES256";
const keys = {};
let fetches = 0;
let handle;

const server = createServer((request, response) => {
  if (request.url === "/jwks") fetches += 1;
  handle(request, response);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const people = {
  ada: { email: "ada@example.com", email_verified: true, preferred_username: "ada" },
  eve: { email: "ada@example.com", email_verified: false },
};

const client = (client_id) => ({
  client_id,
  client_secret: "the secret of a client on loopback",
  redirect_uris: ["http://127.0.0.1:1/callback"],
  id_token_signed_response_alg: ALGORITHM,
});

// A client that authenticates itself by a key: its public half is the command line's only argument.
const byKey = process.argv[2] && {
  client_id: "by-key",
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  jwks: { keys: [JSON.parse(process.argv[2])] },
};

async function publish(names) {
  for (const name of names) {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    keys[name] ??= { ...(await exportJWK(privateKey)), kid: name, alg: ALGORITHM, use: "sig" };
  }
  const provider = new Provider(issuer, {
    clients: [
      client("app"),
      client("another-app"),
      ...(byKey ? [{ ...client("by-key"), client_secret: undefined, ...byKey }] : []),
    ],
    jwks: { keys: names.map((name) => keys[name]) },
    cookies: { keys: ["of this run alone"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    // The claims of the scopes in the ID token, as most providers do it.
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: [ALGORITHM] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    pkce: { required: () => false },
    features: {
      // Access tokens that are JWTs (RFC 9068), for the client itself: as like an ID token as can be.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:app",
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "openid email profile",
          audience: "app",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
  });
  handle = provider.callback();
}

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
// It warns of what is for tests alone, and so it is.
console.warn = console.info = () => {};
await publish(["first"]);
say({ issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.keys) await publish(command.keys);
  say({ fetches });
}
server.closeAllConnections();
server.close();
