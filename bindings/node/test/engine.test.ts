import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'

import {
  ConfigError,
  DeniedError,
  describe,
  Doorward,
  DoorwardError,
  ForbiddenError,
  InvalidRequestError,
  MisuseError,
  ThrottledError,
  UnavailableError,
  version,
  type Config,
  type LoginResponse,
  type LogRecord,
  type StepUp,
} from 'doorward'
import { refused } from 'doorward/http'
import { Clock, openForTest, totpCode } from 'doorward/testing'

const PASSWORD = 'eight wise words'
const ADA = { username: 'ada', email: 'ada@example.com', password: PASSWORD }

/** Opens an engine with an account, and logs it in. */
async function openWithAda(config: Config = {}) {
  const { auth, clock } = await openForTest(config)
  const { user } = await auth.register(ADA)
  const session = await auth.login({ username: 'ada', password: PASSWORD })
  assert.equal(session.type, 'session')
  return { auth, clock, user, session: session as LoginResponse }
}

/** So costly that a hundred hashes take a second and more, of which closing the engine saves the most. */
const HASHES_THAT_LAST = { memory_kib: 19_456, iterations: 2 }

function many<T>(times: number, call: () => T): T[] {
  return Array.from({ length: times }, call)
}

async function rejection(promise: Promise<unknown>): Promise<DoorwardError> {
  const error = await promise.then(
    () => assert.fail('no failure'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof DoorwardError, String(error))
  return error
}

test('a login ends in a session, or in the next step', async () => {
  const { auth, clock, user, session } = await openWithAda()
  const claims = auth.verify(session.access_token)
  assert.equal(claims.sub, user.id)
  assert.deepEqual(auth.verify({ token: session.access_token }), claims)
  const { secret } = await auth.setupTotp({ user_id: user.id })
  await auth.confirmTotp({ user_id: user.id, code: totpCode(secret, clock.now) })
  clock.advance(30)
  const step = await auth.login({ username: 'ada', password: PASSWORD })
  assert.equal(step.type, 'step_up')
  if (step.type !== 'step_up') return
  assert.equal(step.status, 'second_factor_required')
  // A client gets what every language answers with.
  const message = 'A second factor is required.'
  const { error } = JSON.parse(JSON.stringify(step)) as StepUp
  assert.deepEqual(error, { code: step.status, message, http_status: 401 })
  const done = await auth.completeLogin({
    challenge: step.challenge,
    two_fa_code: totpCode(secret, clock.now),
  })
  assert.equal(done.type, 'session')
  await auth.close()
})

test('a failure has a class, a code, and what belongs to the code', async () => {
  const { auth } = await openWithAda()
  const denied = await rejection(auth.login({ username: 'ada', password: 'a wrong password' }))
  assert.ok(denied instanceof DeniedError)
  assert.equal(denied.code, 'invalid_credentials')
  assert.equal(denied.httpStatus, 401)
  assert.equal(denied.detail, 'wrong_password')
  const weak = await rejection(auth.register({ ...ADA, password: 'short' }))
  assert.ok(weak instanceof InvalidRequestError)
  assert.deepEqual(weak.reasons, ['too_short', 'common'])
  const unknown = await rejection(auth.login({ ...ADA, pasword: 'x' } as never))
  assert.equal(unknown.field, '/email')
  let last: DoorwardError = denied
  for (let time = 0; time < 11; time += 1) {
    last = await rejection(auth.login({ username: 'ada', password: 'a wrong password' }))
  }
  assert.ok(last instanceof ThrottledError)
  assert.equal(last.retryAfter, 60)
  assert.throws(() => auth.verify('nonsense'), { name: 'DeniedError', code: 'invalid_token' })
  const wrong = await rejection(Doorward.open({ acess_token_seconds: 1 } as Config))
  assert.ok(wrong instanceof ConfigError)
  assert.equal(wrong.field, '/acess_token_seconds')
  await auth.close()
})

test('the detail of a failure is for logs, and neither in its text nor in JSON', async () => {
  const { auth } = await openWithAda()
  const error = await rejection(auth.login({ username: 'ada', password: 'a wrong password' }))
  for (const shown of [error.message, String(error), JSON.stringify(error), JSON.stringify({ ...error })]) {
    assert.ok(!shown.includes('wrong_password'), shown)
  }
  assert.deepEqual(error.toJSON().error.message, 'The credentials are not valid.')
  assert.ok(inspect(error).includes('wrong_password'))
  await auth.close()
})

test('a console does not show secrets, and JSON has them', async () => {
  const { auth, clock, user, session } = await openWithAda()
  const { secret, ...setup } = await auth.setupTotp({ user_id: user.id })
  const confirmed = await auth.confirmTotp({ user_id: user.id, code: totpCode(secret, clock.now) })
  const step = await auth.login({ username: 'ada', password: PASSWORD })
  const exported = await auth.exportUser({ id: user.id })
  assert.ok('challenge' in step)
  const secrets = [
    session.access_token,
    session.refresh_token,
    step.challenge,
    ...(confirmed.recovery_codes ?? []),
  ]
  assert.ok(secrets.length > 5)
  const values = { session, step, confirmed, exported, list: [session] }
  const shown = inspect(values, { depth: 9 })
  for (const secret of secrets) {
    assert.ok(secret && !shown.includes(secret), `${secret} is shown`)
    assert.ok(JSON.stringify(values).includes(secret))
  }
  assert.ok(shown.includes('[hidden]') && shown.includes('ada'))
  assert.ok(setup.otpauth_uri.startsWith('otpauth:'))
  await auth.close()
})

test('what is for the host alone is not in JSON', async () => {
  const { auth } = await openWithAda()
  const answer = await auth.introspect({ token: 'nonsense' })
  assert.equal(answer.active, false)
  assert.ok(answer.reason)
  assert.equal(JSON.stringify(answer), '{"active":false}')
  await auth.close()
})

test('a clock moves time, and a logger gets the refusals', async () => {
  const records: [string, LogRecord][] = []
  const add = (level: string) => (record: LogRecord) => {
    records.push([level, record])
    throw new Error('a logger that fails changes nothing')
  }
  const clock = new Clock(new Date('2026-01-01T00:00:00.900Z'))
  const logger = { error: add('error'), warn: add('warn'), info: add('info') }
  const { auth } = await openForTest({}, { clock, logger })
  const { token } = await auth.issueToken({ claims: { sub: 'x' } })
  assert.equal(clock.now.toISOString(), '2026-01-01T00:00:00.000Z')
  auth.verify(token)
  clock.advance(900 + 31)
  assert.throws(() => auth.verify(token), DeniedError)
  await auth.close()
  while (records.length === 0) await new Promise(setImmediate)
  const [[level, record] = ['', {} as LogRecord]] = records
  assert.equal(level, 'info')
  assert.equal(record['operation'], 'verify')
  assert.equal(record['code'], 'invalid_token')
})

test('a crowd of logins holds up neither files nor the loop', async () => {
  const { auth } = await openForTest({ password: HASHES_THAT_LAST })
  let hashed = 0
  const hash = () => auth.hashPassword({ password: PASSWORD }).then(() => (hashed += 1))
  const crowd = Promise.allSettled(many(100, hash))
  await readFile(__filename)
  // In libuv's four threads the file would come after all but three of them.
  assert.ok(hashed < 97, `${hashed} hashes came first`)
  await auth.close()
  await crowd
})

test('a signal drops what has not begun', async () => {
  const { auth } = await openForTest({ password: { ...HASHES_THAT_LAST, max_concurrent: 1 } })
  const controller = new AbortController()
  const { signal } = controller
  const crowd = Promise.allSettled(many(100, () => auth.hashPassword({ password: PASSWORD })))
  const dropped = auth.hashPassword({ password: PASSWORD }, { signal })
  controller.abort(new Error('the client went away'))
  await assert.rejects(dropped, { message: 'the client went away' })
  await assert.rejects(auth.stats({}, { signal }), { message: 'the client went away' })
  await auth.close()
  const outcomes = await crowd
  assert.ok(outcomes.some(({ status }) => status === 'fulfilled'))
})

test('a call that a signal gives up has done nothing or everything', async () => {
  const { auth } = await openForTest()
  for (let time = 0; time < 20; time += 1) {
    const controller = new AbortController()
    const request = { ...ADA, username: `user${time}`, email: `user${time}@example.com` }
    const outcome = auth.register(request, { signal: controller.signal }).then(
      () => true,
      (error: unknown) => {
        assert.equal(error, controller.signal.reason)
        return false
      },
    )
    if (time % 2) await new Promise(setImmediate)
    controller.abort()
    const { users } = await auth.listUsers({ limit: 100 })
    const isThere = users.some(({ username }) => username === request.username)
    if (isThere) assert.ok(await outcome)
    await outcome
  }
  await auth.close()
})

test('closing lets calls in progress end, and refuses the others', async () => {
  const { auth, session } = await openWithAda({
    password: { ...HASHES_THAT_LAST, max_concurrent: 1 },
  })
  const outcomes = Promise.allSettled(many(100, () => auth.hashPassword({ password: PASSWORD })))
  const closing = auth.close()
  assert.equal(auth[Symbol.asyncDispose](), closing)
  await closing
  const refused = (await outcomes).filter((outcome) => outcome.status === 'rejected')
  assert.ok(refused.length > 0)
  for (const { reason } of refused)
    assert.ok(reason instanceof MisuseError && reason.code === 'engine_closed')
  assert.equal((await rejection(auth.stats())).code, 'engine_closed')
  assert.throws(() => auth.verify(session.access_token), { code: 'engine_closed' })
})

test('too many callers for a hash are refused', async () => {
  const { auth } = await openForTest({
    password: { max_concurrent: 1, max_queued: 0, memory_kib: 8192, iterations: 1 },
  })
  const calls = Array.from({ length: 10 }, () => auth.hashPassword({ password: PASSWORD }))
  const outcomes = await Promise.allSettled(calls)
  const codes = outcomes.map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as UnavailableError).code : 'OK',
  )
  assert.deepEqual([...new Set(codes)].sort(), ['OK', 'hash_queue_full'])
  await auth.close()
})

test('a text that is not Unicode does not become another text', async () => {
  const { auth } = await openForTest()
  for (const password of ['\ud800 eight wise words', '\udfff eight wise words']) {
    const error = await rejection(auth.register({ ...ADA, password }))
    assert.equal(error.httpStatus, 400)
  }
  // The replacement character is another text than both.
  await auth.register({ ...ADA, password: '\ufffd eight wise words' })
  await rejection(auth.login({ username: 'ada', password: '\ud800 eight wise words' }))
  assert.throws(() => auth.verify('\ud800'), DeniedError)
  const { status, body } = await auth.callText('get_user', '{"username": "\ud800"}')
  assert.equal(status, 10)
  assert.match(body, /"invalid_utf8"/)
  assert.equal((await rejection(Doorward.open('{"issuer": "\ud800"}'))).code, 'invalid_utf8')
  await auth.close()
})

test('a number that is not finite is refused, and drops no condition', async () => {
  const { auth, session } = await openWithAda()
  for (const seconds of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const asked = { token: session.access_token, max_age_seconds: seconds }
    const error = await rejection(auth.authorize(asked))
    assert.ok(error instanceof InvalidRequestError && error.code === 'invalid_json')
    assert.equal(error.detail, `max_age_seconds is ${seconds}`)
    assert.equal((await rejection(Doorward.open({ access_token_seconds: seconds }))).code, 'invalid_json')
  }
  await auth.close()
})

test('what is no request is refused by a failure of the engine, by every method', async () => {
  const { auth } = await openForTest()
  const cycle: Record<string, unknown> = {}
  cycle['cycle'] = cycle
  const odd = [undefined, null, 5, 'text', () => 1, Symbol('x'), 10n, cycle, { token: 10n }]
  const operations = Object.getPrototypeOf(Doorward.prototype) as Record<
    string,
    (request: unknown) => unknown
  >
  const names = Object.getOwnPropertyNames(operations).filter((name) => name !== 'constructor')
  assert.ok(names.length > 50)
  for (const name of names) {
    for (const request of odd) {
      const call = async () => (auth as unknown as typeof operations)[name]?.(request)
      const error = await call().then(
        () => undefined,
        (error: unknown) => error,
      )
      // Without a request, some operations have none.
      if (request === undefined && error === undefined) continue
      assert.ok(error instanceof DoorwardError, `${name}(${typeof request}): ${String(error)}`)
    }
  }
  for (const odd of [undefined, null, 5, {}]) {
    assert.equal((await rejection(auth.call(odd as never))).code, 'unknown_operation')
    const { status, body } = await auth.callText('stats', odd as never)
    assert.ok(status === 10 && body.includes('invalid_utf8'), body)
    if (odd === undefined || odd === null) assert.ok(await auth.stats({}, odd as never))
  }
  for (const config of [null, undefined, 5]) {
    assert.ok((await rejection(Doorward.open(config as never))) instanceof DoorwardError)
  }
  await auth.close()
})

test('a program refuses in the words of the engine', async () => {
  const { auth } = await openForTest()
  const told = await rejection(auth.getUser({ username: 'nobody' }))
  const own = refused('user_not_found')
  assert.equal(own.message, told.message)
  const forbidden = refused('permission_denied')
  assert.ok(forbidden instanceof ForbiddenError && forbidden.httpStatus === 403)
  await auth.close()
})

test('an operation by its name, and JSON as it is', async () => {
  const { auth } = await openWithAda()
  const answer = await auth.call('get_user', { username: 'ada' })
  assert.equal((answer as { user: { username: string } }).user.username, 'ada')
  assert.equal((await rejection(auth.call('nothing'))).code, 'unknown_operation')
  const { status, body } = await auth.callText('get_user', '{"username": "nobody"}')
  assert.equal(status, 5)
  assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'user_not_found')
  assert.equal(describe()['version'], version)
  await auth.close()
})

test('a worker opens an engine of its own, and may end at any time', async () => {
  const { auth } = await openForTest()
  const script = `
    const { parentPort } = require('node:worker_threads')
    const { Doorward } = require(${JSON.stringify(require.resolve('doorward'))})
    Doorward.open({ store: 'sqlite::memory:' }).then(async (auth) => {
      parentPort.postMessage((await auth.hashPassword({ password: '${PASSWORD}' })).hash)
      for (;;) await Promise.all([1, 2, 3].map(() => auth.hashPassword({ password: '${PASSWORD}' })))
    })`
  const worker = new Worker(script, { eval: true })
  const hash = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.match(String(hash), /^\$argon2id\$/)
  assert.throws(() => worker.postMessage(auth), { name: 'DataCloneError' })
  await worker.terminate()
  await auth.hashPassword({ password: PASSWORD })
  await auth.close()
})

test('an engine that is not closed keeps no process alive, in either kind of module', () => {
  const use = `
    const auth = await Doorward.open({ store: 'sqlite::memory:' }, { logger: console })
    const refused = await auth.getUser({ username: 'nobody' }).catch((error) => error)
    if (!(refused instanceof NotFoundError)) throw refused`
  const imported = `
    import { createRequire } from 'node:module'
    import { Doorward, NotFoundError } from 'doorward'
    const same = createRequire(import.meta.url)('doorward').NotFoundError
    if (same !== NotFoundError) throw new Error('two classes')
    ${use}`
  const required = `const { Doorward, NotFoundError } = require('doorward');(async () => {${use}})()`
  for (const [kind, script] of [
    ['module', imported],
    ['commonjs', required],
  ] as const) {
    const ended = spawnSync(process.execPath, [`--input-type=${kind}`, '--eval', script], {
      cwd: __dirname,
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /code: 'user_not_found'/)
  }
})
