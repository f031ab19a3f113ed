// Verifies passkeys with @simplewebauthn/server: reads {origin, rpId, ceremonies}, each ceremony being {challenge,
// response, present}, and writes whether it is verified. The first registration verifies the logins.

import { text } from "node:stream/consumers";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";

const { origin, rpId, ceremonies } = JSON.parse(await text(process.stdin));
let credential;

async function verify({ challenge, response, present }) {
  const expected = { response, expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: rpId };
  if (!response.response.attestationObject) {
    return (await verifyAuthenticationResponse({ ...expected, credential, requireUserVerification: true })).verified;
  }
  const done = await verifyRegistrationResponse({ ...expected, requireUserPresence: present, requireUserVerification: false });
  credential ??= done.registrationInfo?.credential;
  return done.verified;
}

const verdicts = [];
// Every refusal is an Error.
for (const ceremony of ceremonies) verdicts.push(await verify(ceremony).catch(() => false));
console.log(JSON.stringify(verdicts));
