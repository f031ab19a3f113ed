// A site behind doorward: registering, logging in with a second factor, sessions, logging out. It works
// without scripts.
//
//   npm install && node app.js sqlite:app.db

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { serve } from '@hono/node-server'
import { DeniedError, Doorward, DoorwardError, ForbiddenError } from 'doorward'
import { authenticate, client } from 'doorward/hono'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

import { accountPage, codeForm, codesPage, loginForm, page, registerForm, totpPage } from './pages.js'

const DAY = 24 * 60 * 60
const COOKIE = '__Host-session'
/** Browsers send a Secure cookie to localhost, too. No script reads it, and no other site sends it. */
const COOKIE_OPTIONS = { httpOnly: true, maxAge: DAY, path: '/', sameSite: 'Lax', secure: true }
const BACKEND = 'browser'

/** What the site adds to a configuration. */
export const CONFIGURATION = {
  // A session lives for a day and needs no refreshing; each request asks the store whether it is alive.
  backends: { [BACKEND]: { access_token_seconds: DAY, refresh: false } },
  requests: { cookie: COOKIE, exclude: ['/style.css', '/login', '/register', '/code'] },
}

/** Returns the site of an engine. */
export async function createApp(auth) {
  const app = new Hono()
  const style = await readFile(new URL('style.css', import.meta.url), 'utf8')

  app.use(async (c, next) => {
    await next()
    c.header(
      'content-security-policy',
      "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'",
    )
    c.header('referrer-policy', 'same-origin')
    c.header('x-content-type-options', 'nosniff')
    if (c.req.path !== '/style.css') c.header('cache-control', 'no-store')
  })

  // Pages of other sites may not log a browser in either, so forms without a login are checked, too.
  app.post('*', async (c, next) => {
    const { method, path } = c.req
    const [host, origin] = [c.req.header('host'), c.req.header('origin')]
    await auth.authenticateRequest({ method, path, host, origin, only_origin: true })
    await next()
  })
  app.use(authenticate(auth, { backend: BACKEND }))

  /**
   * Requires a fresh login, so that a person who finds an open session cannot take over the account. A request may have
   * another credential beside the cookie, so the fresh login must be that of its user.
   */
  const fresh = async (c, next) => {
    const [token, user_id] = [getCookie(c, COOKIE) ?? '', c.var.auth.user.id]
    const asked = { token, backend: BACKEND, user_id, max_age_seconds: 300, by_second_factor: true }
    if (!(await auth.authorize(asked)).authorized) return c.redirect('/login?note=fresh', 303)
    return next()
  }

  /** Shows a form again, with what is wrong. */
  const again = (c, error, title, form) => {
    if (!(error instanceof DoorwardError)) throw error
    const reasons = error.reasons ? ` (${error.reasons.join(', ').replaceAll('_', ' ')})` : ''
    return c.html(page(title, undefined, form, { error: error.message + reasons }), error.httpStatus)
  }

  app.get('/style.css', (c) => c.body(style, 200, { 'content-type': 'text/css' }))

  app.get('/', async (c) => {
    const { user } = c.var.auth
    const [factor, { sessions }] = await Promise.all([
      auth.totpStatus({ user_id: user.id }),
      auth.listSessions({ user_id: user.id }),
    ])
    return c.html(page('Your account', user, accountPage(c.var.auth, factor, sessions)))
  })

  app.get('/register', (c) => c.html(page('Register', undefined, registerForm())))
  app.post('/register', async (c) => {
    const { username, email, password } = await c.req.parseBody()
    try {
      await auth.register({ username, email, password, client: client(c) })
    } catch (error) {
      return again(c, error, 'Register', registerForm({ username, email }))
    }
    return c.redirect('/login?note=registered', 303)
  })

  const notes = {
    registered: 'Welcome. Please log in.',
    fresh: 'Please log in once more for this.',
    ended: 'You are logged out.',
  }
  app.get('/login', (c) => {
    const note = Object.hasOwn(notes, c.req.query('note')) ? notes[c.req.query('note')] : undefined
    return c.html(page('Log in', undefined, loginForm(), { note }))
  })
  app.post('/login', async (c) => {
    const { username, password } = await c.req.parseBody()
    try {
      return enter(c, await auth.login({ username, password, backend: BACKEND, client: client(c) }))
    } catch (error) {
      return again(c, error, 'Log in', loginForm({ username }))
    }
  })
  app.post('/code', async (c) => {
    const { challenge, code } = await c.req.parseBody()
    try {
      return enter(c, await auth.completeLogin({ challenge, two_fa_code: code }))
    } catch (error) {
      // The challenge allows more attempts, unless it is over.
      if (error.code === 'invalid_challenge') return again(c, error, 'Log in', loginForm())
      return again(c, error, 'Second step', codeForm(challenge))
    }
  })

  /** Ends a login: by the cookie of the session, or by the form of the next step. */
  function enter(c, result) {
    if (result.type === 'step_up') return c.html(page('Second step', undefined, codeForm(result.challenge)))
    setCookie(c, COOKIE, result.access_token, COOKIE_OPTIONS)
    return c.redirect('/', 303)
  }

  app.post('/logout', async (c) => {
    await auth.revokeSession({ session_id: c.var.auth.session_id })
    deleteCookie(c, COOKIE, COOKIE_OPTIONS)
    return c.redirect('/login?note=ended', 303)
  })
  app.post('/sessions/end', async (c) => {
    const { session_id } = await c.req.parseBody()
    // The engine ends any session: whose it is, is for the site to ask.
    const { sessions } = await auth.listSessions({ user_id: c.var.auth.user.id })
    if (sessions.some(({ id }) => id === session_id)) await auth.revokeSession({ session_id })
    return c.redirect('/', 303)
  })

  app.post('/totp', fresh, async (c) => {
    const { user } = c.var.auth
    return c.html(page('Add an app', user, totpPage(await auth.setupTotp({ user_id: user.id }))))
  })
  app.post('/totp/confirm', fresh, async (c) => {
    const { code } = await c.req.parseBody()
    const done = await auth.confirmTotp({ user_id: c.var.auth.user.id, code, client: client(c) })
    // Every session has ended, because none has used the new factor.
    deleteCookie(c, COOKIE, COOKIE_OPTIONS)
    return c.html(page('Recovery codes', undefined, codesPage(done.recovery_codes)))
  })

  app.notFound((c) => c.html(page('Not found', undefined, ''), 404))
  app.onError((thrown, c) => {
    const error = thrown.cause ?? thrown
    if (error instanceof DeniedError && c.req.method === 'GET') return c.redirect('/login')
    if (!(error instanceof DoorwardError)) console.error(thrown)
    const message = error instanceof DoorwardError ? error.message : 'Something went wrong.'
    const status = error instanceof DoorwardError ? error.httpStatus : 500
    const title = error instanceof ForbiddenError ? 'Not allowed' : 'This did not work'
    return c.html(page(title, undefined, '', { error: message }), status)
  })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const auth = await Doorward.open(
    { store: process.argv[2] ?? 'sqlite:app.db', ...CONFIGURATION },
    { logger: console },
  )
  const server = serve({ fetch: (await createApp(auth)).fetch, hostname: '127.0.0.1', port: 8000 })
  console.log('http://localhost:8000')
  process.once('SIGINT', () => server.close(() => auth.close()))
}
