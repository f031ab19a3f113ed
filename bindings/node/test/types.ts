// What the compiler must accept and refuse. It is compiled, and never runs.

import { DeniedError, Doorward, type Claims, type Code, type Config, type User } from 'doorward'

export async function types(auth: Doorward): Promise<User> {
  // @ts-expect-error: the password is missing.
  await auth.login({ username: 'ada' })
  // @ts-expect-error: there is no such member.
  await auth.login({ username: 'ada', password: 'x', two_factor: '1' })
  // @ts-expect-error: there is no such operation.
  await auth.signIn({})
  const config: Config = {
    store: 'sqlite:app.db',
    password: { min_length: 12 },
    requests: { exclude: ['/health'] },
  }
  // @ts-expect-error: a number is no text.
  config.store = 5
  await Doorward.open(config, { logger: console })
  const claims: Claims = auth.verify('token')
  const subject: string | undefined = claims.sub
  const own: unknown = claims['tenant']
  const result = await auth.login({
    username: String(subject),
    password: String(own),
    client: { ip: '192.0.2.1' },
  })
  // @ts-expect-error: it may be a step.
  void result.access_token
  if (result.type === 'step_up') throw new Error(result.challenge)
  const passed = await auth.authenticateRequest({ method: 'GET', path: '/' })
  // @ts-expect-error: the rules may have skipped the request.
  void passed.user.username
  if (!passed.skipped) void [passed.user.username, passed.credential]
  const answer = await auth.introspect({ token: 'token' })
  // @ts-expect-error: the token may not be active.
  void answer.user.username
  if (answer.active) void [answer.user.username, answer.sub]
  const code: Code = 'invalid_token'
  try {
    await auth.stats()
  } catch (error) {
    // Codes are suggested, and unknown ones admitted.
    if (error instanceof DeniedError && (error.code === code || error.code === 'a_newer_code')) throw error
  }
  return result.user
}
