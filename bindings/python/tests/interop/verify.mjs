// Verifies tokens with jose: reads {jwks, algorithm, issuer, audience, typ, tokens}, writes the claims of each
// token, or null where jose refuses it.

import { text } from "node:stream/consumers";
import { createLocalJWKSet, errors, importJWK, jwtVerify } from "jose";

const { jwks, algorithm, tokens, ...expected } = JSON.parse(await text(process.stdin));
// A secret is not picked from a set.
const keys = algorithm === "HS256" ? await importJWK(jwks.keys[0], algorithm) : createLocalJWKSet(jwks);

async function claims(token) {
  try {
    return (await jwtVerify(token, keys, { algorithms: [algorithm], ...expected })).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

console.log(JSON.stringify(await Promise.all(tokens.map(claims))));
