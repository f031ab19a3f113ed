// examples/node in a real browser. Pictures of the pages stay in target/screenshots.

import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { serve, type ServerType } from '@hono/node-server'
import type { Config, Doorward } from 'doorward'
import { openForTest, type Clock, totpCode } from 'doorward/testing'
import type { Hono } from 'hono'

import { Browser, hasChromium, type Page } from './browser.js'

const ROOT = join(__dirname, '../../../..')
const PASSWORD = 'eight wise words'

/** What examples/node/app.js exports. */
interface Example {
  CONFIGURATION: Config
  createApp(auth: Doorward): Promise<Hono>
}

test('Chromium', { skip: hasChromium || !process.env['CI'] }, () => assert.fail('Chromium is not installed'))

describe('the example', { skip: !hasChromium }, () => {
  let auth: Doorward
  let clock: Clock
  let server: ServerType
  let site: string
  let browser: Browser

  before(async () => {
    const file = pathToFileURL(join(ROOT, 'examples/node/app.js')).href
    const { CONFIGURATION, createApp } = (await import(file)) as Example
    ;({ auth, clock } = await openForTest(CONFIGURATION))
    const { fetch } = await createApp(auth)
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 })
    await new Promise((resolve) => server.once('listening', resolve))
    site = `http://localhost:${(server.address() as AddressInfo).port}`
    browser = new Browser()
  })
  after(async () => {
    await browser.close()
    ;(server as Server).closeAllConnections()
    server.close()
    await auth.close()
  })

  const picture = (page: Page, name: string) =>
    page.picture(join(ROOT, 'target/screenshots', `node-${name}.png`))
  const heading = async (page: Page, text: string) => {
    assert.equal(await page.text('h1'), text, await page.text('body'))
  }

  test('a person registers, logs in, adds a second factor, ends sessions and logs out', async () => {
    const page = await browser.open(site)
    await heading(page, 'Log in')
    await page.go(`${site}/register`)
    const ada = { username: 'ada', email: 'ada@example.com' }
    await page.press('Register', { ...ada, password: 'password' })
    assert.match(await page.text('[role=alert]'), /common/)
    await picture(page, 'register')
    await page.press('Register', { ...ada, password: PASSWORD })
    assert.equal(await page.text('[role=status]'), 'Welcome. Please log in.')
    await page.press('Log in', { username: 'ada', password: 'a wrong password' })
    assert.equal(await page.text('[role=alert]'), 'The credentials are not valid.')
    await page.press('Log in', { username: 'ada', password: PASSWORD })
    await heading(page, 'Your account')

    const other = await browser.open(`${site}/login`)
    await other.press('Log in', { username: 'ada', password: PASSWORD })
    await heading(other, 'Your account')
    await page.go(site)
    assert.equal(await page.evaluate("String(document.querySelectorAll('tbody tr').length)"), '2')
    await picture(page, 'account')
    await page.press('End')
    assert.equal(await page.evaluate("String(document.querySelectorAll('tbody tr').length)"), '1')
    await other.go(site)
    await heading(other, 'Log in')

    // After some minutes a second factor asks for a fresh login.
    clock.advance(600)
    await page.press('Add an app')
    assert.equal(await page.text('[role=status]'), 'Please log in once more for this.')
    await page.press('Log in', { username: 'ada', password: PASSWORD })
    await page.press('Add an app')
    const secret = await page.text('.key')
    await picture(page, 'totp')
    await page.press('Confirm', { code: totpCode(secret, clock.now) })
    await heading(page, 'Recovery codes')
    assert.equal(await page.evaluate("String(document.querySelectorAll('.codes li').length)"), '10')

    await page.go(`${site}/login`)
    await page.press('Log in', { username: 'ada', password: PASSWORD })
    await heading(page, 'Second step')
    await page.press('Log in', { code: '000000' })
    assert.equal(await page.text('[role=alert]'), 'The code is not valid.')
    clock.advance(30)
    await page.press('Log in', { code: totpCode(secret, clock.now) })
    assert.equal(await page.text('.good'), 'An authenticator app protects your account.')
    await page.press('Log out')
    assert.equal(await page.text('[role=status]'), 'You are logged out.')
    await page.go(site)
    await heading(page, 'Log in')
    assert.deepEqual([...page.complaints, ...other.complaints], [])
  })

  test('other sites and other users change nothing', async () => {
    await auth.register({ username: 'eve', email: 'eve@example.com', password: PASSWORD })
    const session = await auth.login({ username: 'eve', password: PASSWORD, backend: 'browser' })
    assert.equal(session.type, 'session')
    if (session.type !== 'session') return
    const cookie = `__Host-session=${session.access_token}`
    const given = { username: 'eve', password: PASSWORD }
    const post = async (
      path: string,
      headers: Record<string, string>,
      fields: Record<string, string> = given,
    ) => {
      const body = new URLSearchParams(fields)
      return fetch(site + path, { method: 'POST', redirect: 'manual', headers, body })
    }
    const origin = 'https://elsewhere.example'
    for (const path of ['/login', '/register', '/code', '/logout', '/totp', '/sessions/end']) {
      const answer = await post(path, { origin, cookie })
      assert.equal(answer.status, 403, path)
      assert.equal(answer.headers.get('set-cookie'), null)
    }
    const answer = await post('/login', { origin: site })
    assert.equal(answer.status, 303)
    assert.match(
      String(answer.headers.get('set-cookie')),
      /^__Host-session=.*; HttpOnly; Secure; SameSite=Lax$/,
    )
    await auth.register({ username: 'bob', email: 'bob@example.com', password: PASSWORD })
    const victim = await auth.login({ username: 'bob', password: PASSWORD, backend: 'browser' })
    assert.ok('session_id' in victim)
    await post('/sessions/end', { origin: site, cookie }, { session_id: victim.session_id })
    await auth.authenticate({ token: victim.access_token, backend: 'browser' })
    // Eve's fresh login opens nothing of an account that another credential of the request names.
    const { key } = await auth.createApiKey({
      user_id: victim.user.id,
      name: 'a program',
      backend: 'browser',
    })
    for (const [name, value] of [
      ['authorization', `Bearer ${victim.access_token}`],
      ['x-api-key', key],
    ] as const) {
      const refused = await post('/totp', { origin: site, cookie, [name]: value })
      assert.equal(refused.headers.get('location'), '/login?note=fresh')
    }
    assert.equal((await post('/logout', { origin: site, cookie })).status, 303)
    await assert.rejects(auth.authenticate({ token: session.access_token, backend: 'browser' }))
  })
})
