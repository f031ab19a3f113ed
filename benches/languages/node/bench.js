// doorward beside fast-jwt, jose, jsonwebtoken and @node-rs/argon2, from Node. `run.py` starts it and says what it
// prints.

import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

import * as argon2 from '@node-rs/argon2'
import { createVerifier } from 'fast-jwt'
import { jwtVerify, SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

const require = createRequire(import.meta.url)
const { Doorward } = require('../../../bindings/node')
const { dependencies } = require('./package.json')

const PASSWORD = 'eight wise words'
const ARGON2ID = { algorithm: argon2.Algorithm.Argon2id, memoryCost: 19456, timeCost: 2, parallelism: 1 }

const [folder, rounds, calls, logins, crowds] = [process.argv[2], ...process.argv.slice(3).map(Number)]
const engine = await Doorward.open({ store: `sqlite:${folder}/app.db` })
await engine.register({ username: 'ada', email: 'ada@example.com', password: PASSWORD })
await compareVerify((await logIn()).access_token)
await compareHashes()
for (let crowd = 0; crowd < crowds; crowd++) await compareStalls()
await engine.close()

function logIn() {
  return engine.login({ username: 'ada', password: PASSWORD })
}

/** Verifies a token with the same claims by each contender. */
async function compareVerify(token) {
  const claims = engine.verify(token)
  const secret = randomBytes(32)
  const sign = (changes) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: '0123456789ab' })
      .sign(secret)
  const theirs = await sign({})
  const hostile = [
    await sign({ exp: Math.floor(Date.now() / 1000) - 60 }),
    await sign({ iss: 'other' }),
    await sign({ aud: 'other' }),
    tampered(theirs),
  ]
  const fast = {
    key: secret,
    algorithms: ['HS256'],
    allowedIss: 'doorward',
    allowedAud: 'doorward',
    requiredClaims: ['iss', 'aud', 'sub', 'exp'],
  }
  const uncached = createVerifier(fast)
  const cached = createVerifier({ ...fast, cache: true })
  const expected = { algorithms: ['HS256'], issuer: 'doorward', audience: 'doorward' }
  // From bytes, jsonwebtoken would make a key in each call.
  const key = createSecretKey(secret)
  const contenders = [
    ['doorward', token, (token) => engine.verify(token)],
    [versioned('fast-jwt'), theirs, (token) => uncached(token)],
    [`${versioned('fast-jwt')}, cached`, theirs, (token) => cached(token)],
    [versioned('jsonwebtoken'), theirs, (token) => jsonwebtoken.verify(token, key, expected)],
  ]
  const required = { ...expected, requiredClaims: ['iss', 'aud', 'sub', 'exp'] }
  const jose = async (token) => (await jwtVerify(token, key, required)).payload
  for (const [who, token, verify] of [...contenders, ['jose', theirs, jose]]) {
    assert.deepEqual(await verify(token), claims)
    for (const each of who === 'doorward' ? [tampered(token)] : hostile)
      await assert.rejects(async () => verify(each))
  }
  for (let round = -3; round < rounds; round++) {
    for (const [who, token, verify] of contenders) {
      const begin = performance.now()
      for (let call = 0; call < calls; call++) verify(token)
      report('verify', who, round, ((performance.now() - begin) / calls) * 1e3)
    }
    const begin = performance.now()
    for (let call = 0; call < calls; call++) await jose(theirs)
    report('verify', versioned('jose'), round, ((performance.now() - begin) / calls) * 1e3)
  }
}

/** Returns the token with another signature. */
function tampered(token) {
  const at = token.lastIndexOf('.') + 1
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

/** Hashes a password by each contender. */
async function compareHashes() {
  const contenders = [
    ['doorward', async () => (await engine.hashPassword({ password: PASSWORD })).hash],
    [versioned('@node-rs/argon2'), () => argon2.hash(PASSWORD, ARGON2ID)],
  ]
  for (let round = 0; round < rounds; round++) {
    for (const [who, hash] of contenders) {
      const begin = performance.now()
      const made = await hash()
      report('hash_password', who, round, performance.now() - begin)
      assert.ok(made.startsWith('$argon2id$v=19$m=19456,t=2,p=1$'))
    }
  }
}

/** Logs many users in at once by each contender, while the event loop ticks and a file is read. */
async function compareStalls() {
  const stored = await argon2.hash(PASSWORD, ARGON2ID)
  const contenders = [
    ['doorward', logIn],
    [versioned('@node-rs/argon2'), async () => assert.ok(await argon2.verify(stored, PASSWORD))],
  ]
  for (const [who, login] of contenders) {
    const gaps = longest(() => sleep(1), 0)
    // Reading without a pause would keep a processor from the contender that lets files be read.
    const reads = longest(() => readFile(import.meta.filename), 10)
    const begin = performance.now()
    await Promise.all(Array.from({ length: logins }, login))
    report('logins', who, 0, performance.now() - begin)
    report('stall', who, 0, await gaps.end())
    report('read_file', who, 0, await reads.end())
  }
}

/** Repeats something after a pause until the end, which returns the longest time that it took, in milliseconds. */
function longest(wait, pause) {
  let isOver = false
  const running = (async () => {
    let longest = 0
    while (!isOver) {
      if (pause > 0) await sleep(pause)
      const begin = performance.now()
      await wait()
      longest = Math.max(longest, performance.now() - begin)
    }
    return longest
  })()
  return {
    end: () => {
      isOver = true
      return running
    },
  }
}

function versioned(name) {
  return `${name} ${dependencies[name]}`
}

/** Prints a measurement, unless the round was to warm up. */
function report(what, who, round, value) {
  if (round >= 0) console.log(JSON.stringify({ what, who, round, value }))
}
