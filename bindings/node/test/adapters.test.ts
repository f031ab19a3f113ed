// The adapters in their frameworks, over HTTP: each serves the same site.

import 'reflect-metadata'

import assert from 'node:assert/strict'
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { serve } from '@hono/node-server'
import { Controller, Get, Module, Post } from '@nestjs/common'
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { Claims, Client, Config, Doorward, LoginResponse, User } from 'doorward'
import * as forExpress from 'doorward/express'
import * as forFastify from 'doorward/fastify'
import * as forHono from 'doorward/hono'
import type { AdapterOptions, Conditions } from 'doorward/http'
import * as forNest from 'doorward/nestjs'
import { openForTest, type Clock } from 'doorward/testing'
import express, { type Express } from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'

const PASSWORD = 'eight wise words'

/** What a handler tells of its request. */
function told(user: User | undefined, claims: Claims | undefined, { ip, user_agent }: Client): string {
  return user ? `${user.username} ${claims?.sub === user.id} ${ip} ${user_agent}` : 'nobody'
}

interface Site {
  url: string
  close(): unknown
}

type Serve = (auth: Doorward, options?: AdapterOptions) => Promise<Site>

const EDITOR = { roles: ['editor'] }
const FRESH = { max_age_seconds: 60 }

// The oldest versions that the adapters are for. Their types are those of the newest.
const express4 = require('express4') as typeof express
const fastify4 = require('fastify4') as typeof fastify

const serveExpress =
  (express: () => Express): Serve =>
  async (auth, options) => {
    const app = express()
    // What is mounted sees another path than the router of the application.
    app.use('/', forExpress.authenticate(auth, options))
    app.all(['/health', '/orders'], (request, response) => {
      response.send(told(request.auth?.user, request.auth?.claims, forExpress.client(request)))
    })
    app.get('/refused', (_request, _response, next) => {
      auth.getUser({ username: 'nobody' }).catch(next)
    })
    app.get(['/edit', '/health/edit'], forExpress.authorize(auth, EDITOR), (_, response) => {
      response.send('for editors')
    })
    app.get('/fresh', forExpress.authorize(auth, FRESH), (_, response) => {
      response.send('done')
    })
    app.use(forExpress.answerFailures)
    return listening(createServer(app))
  }

const serveFastify =
  (make: typeof fastify): Serve =>
  async (auth, options) => {
    const app = make()
    await app.register(forFastify.authenticate, { auth, ...options })
    for (const url of ['/health', '/orders']) {
      app.all(url, (request) => told(request.auth?.user, request.auth?.claims, forFastify.client(request)))
    }
    app.get('/open', { config: { isPublic: true } }, () => 'nobody')
    app.get('/refused', () => auth.getUser({ username: 'nobody' }))
    for (const url of ['/edit', '/health/edit']) {
      app.get(url, { preHandler: forFastify.authorize(auth, EDITOR) }, () => 'for editors')
    }
    app.get('/fresh', { preHandler: forFastify.authorize(auth, FRESH) }, () => 'done')
    return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() }
  }

const serveHono: Serve = async (auth, options) => {
  const app = new Hono<forHono.DoorwardEnv>()
  app.use(forHono.authenticate(auth, options))
  app.on(['GET', 'POST'], ['/health', '/orders'], (c) => {
    return c.text(told(c.var.auth.user, c.var.auth.claims, forHono.client(c)))
  })
  app.get('/refused', async (c) => c.json(await auth.getUser({ username: 'nobody' })))
  for (const path of ['/edit', '/health/edit']) {
    app.get(path, forHono.authorize(auth, EDITOR), (c) => c.text('for editors'))
  }
  app.get('/fresh', forHono.authorize(auth, FRESH), (c) => c.text('done'))
  app.onError(forHono.answerFailures)
  return listening(serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server)
}

const serveNest =
  (adapter: () => AbstractHttpAdapter): Serve =>
  async (auth, options) => {
    @Controller()
    class Orders {
      @Get('health')
      @Post('health')
      health() {
        return 'nobody'
      }

      @Get('orders')
      read(
        @forNest.CurrentUser() user: User,
        @forNest.CurrentClaims() claims: Claims,
        @forNest.CurrentClient() client: Client,
      ) {
        return told(user, claims, client)
      }

      @Post('orders')
      write(
        @forNest.CurrentUser() user: User,
        @forNest.CurrentClaims() claims: Claims,
        @forNest.CurrentClient() client: Client,
      ) {
        return told(user, claims, client)
      }

      @Get('open')
      @forNest.Public()
      open() {
        return 'nobody'
      }

      @Get('health/edit')
      @forNest.Authorize(EDITOR)
      skipped() {
        return 'for editors'
      }

      @Get('fresh')
      @forNest.Authorize(FRESH)
      fresh() {
        return 'done'
      }

      @Get('refused')
      async refused() {
        await auth.getUser({ username: 'nobody' })
      }
    }

    @Controller()
    @forNest.Authorize(EDITOR)
    class Editing {
      @Get('edit')
      @forNest.Authorize({ require_verified_email: false })
      edit() {
        return 'for editors'
      }
    }

    @Module({ controllers: [Orders, Editing] })
    class Application {}

    const app = await NestFactory.create(Application, adapter(), { logger: false })
    app.useGlobalGuards(new forNest.DoorwardGuard(auth, options))
    app.useGlobalFilters(new forNest.DoorwardFilter(app.getHttpAdapter()))
    await app.listen(0, '127.0.0.1')
    return { url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), close: () => app.close() }
  }

const frameworks: Record<string, Serve> = {
  Express: serveExpress(express),
  'Express 4': serveExpress(express4),
  Fastify: serveFastify(fastify),
  'Fastify 4': serveFastify(fastify4),
  'NestJS on Express': serveNest(() => new ExpressAdapter()),
  'NestJS on Fastify': serveNest(() => new FastifyAdapter()),
  Hono: serveHono,
}

for (const [name, serve] of Object.entries(frameworks)) {
  const isNest = name.startsWith('NestJS')
  describe(name, () => {
    let auth: Doorward
    let clock: Clock
    let site: Site
    let bearer: string[]
    let token: string
    before(async () => {
      const exclude = ['/health', '/health/edit']
      ;({ auth, clock, token } = await open({ requests: { exclude, cookie: 'token' } }))
      bearer = ['Authorization', `Bearer ${token}`]
      site = await serve(auth)
    })
    after(async () => {
      await site.close()
      await auth.close()
    })

    test('only requests that the engine lets pass reach the handler', async () => {
      const cookie = ['Cookie', `other=1; token=${token}`]
      const known = 'ada true 127.0.0.1 a test'
      const cases: [string, string, string[], number, string][] = [
        ['GET', '/health', [], 200, 'nobody'],
        ['GET', '/orders', bearer, 200, known],
        ['GET', '/orders', cookie, 200, known],
        ['GET', '/orders', [], 401, 'not_authenticated'],
        ['GET', '/orders', ['Authorization', 'Bearer nonsense'], 401, 'invalid_token'],
        ['GET', '/orders', ['Authorization', 'Basic YTpi'], 401, 'invalid_authorization_header'],
        ['GET', '/orders', ['Authorization', 'Bearer \xff'], 401, 'invalid_token'],
        // Two fields are a list, and no token.
        ['GET', '/orders', [...bearer, ...bearer], 401, 'invalid_authorization_header'],
        ['GET', '/orders', [...bearer, 'Authorization', 'Bearer x'], 401, 'invalid_authorization_header'],
        ['POST', '/orders', [...cookie, 'Origin', 'https://elsewhere.example'], 403, 'permission_denied'],
        ['POST', '/orders', [...cookie, 'Origin', '\xff'], 403, 'permission_denied'],
        ['POST', '/orders', [...cookie, 'Origin', site.url], isNest ? 201 : 200, known],
        // A path that two readers could read differently is never skipped.
        ['GET', '/orders/..%2fhealth', [], 401, 'not_authenticated'],
        ['GET', '/%68ealth', [], 401, 'not_authenticated'],
        ['GET', '//health', [], 401, 'not_authenticated'],
        ['GET', '/refused', bearer, 404, 'user_not_found'],
      ]
      for (const [method, path, headers, status, body] of cases) {
        // NestJS asks no guard about a path without a handler.
        if (isNest && path.includes('ealth') && path !== '/health') continue
        const answer = await ask(method, site.url + path, headers)
        const all = `${method} ${path} ${headers.join()}: ${answer.status} ${answer.body}`
        assert.equal(answer.status, status, all)
        assert.ok(answer.body.includes(body), all)
        assert.ok(!answer.body.includes('detail'), all)
        assert.equal(answer.headers['www-authenticate']?.startsWith('Bearer') ?? false, status === 401, all)
        if (status >= 400) assert.equal(answer.headers['cache-control'], 'no-store', all)
      }
    })

    test('an adapter has rules of its own', async () => {
      const own = await serve(auth, { rules: { header: 'X-Token', connections: ['http'] } })
      try {
        assert.equal((await ask('GET', `${own.url}/orders`, ['X-Token', `Bearer ${token}`])).status, 200)
        assert.equal((await ask('GET', `${own.url}/orders`, bearer)).status, 401)
        const upgrade = ['X-Token', `Bearer ${token}`, 'Upgrade', 'h2c, WebSocket']
        assert.equal((await ask('GET', `${own.url}/orders`, upgrade)).status, 401)
      } finally {
        await own.close()
      }
      await assert.rejects(serve(auth, { rules: { exclude: ['/**'] } }), { code: 'invalid_request' })
    })

    test('a route has conditions beside a user', async () => {
      const cookie = ['Cookie', `token=${token}`]
      const foreign = [...cookie, 'Origin', 'https://elsewhere.example']
      const { user } = await auth.authenticate({ token })
      for (const [roles, path, headers, status, code] of [
        [[], '/edit', bearer, 403, 'permission_denied'],
        [['reader'], '/edit', cookie, 403, 'permission_denied'],
        [['editor'], '/edit', ['Authorization', `bearer   ${token} `], 200, 'for editors'],
        [['editor'], '/edit', cookie, 200, 'for editors'],
        [['editor'], '/edit', foreign, 403, 'permission_denied'],
        [['editor'], '/edit', [], 401, 'not_authenticated'],
        // A path that the rules skip has no user, whatever the request carries.
        [['editor'], '/health/edit', bearer, 401, 'not_authenticated'],
        [[], '/fresh', bearer, 200, 'done'],
      ] as [string[], string, string[], number, string][]) {
        await auth.updateUser({ id: user.id, roles })
        const answer = await ask('GET', site.url + path, headers)
        const all = `${roles.join()} ${path} ${headers.join()}: ${answer.status} ${answer.body}`
        assert.equal(answer.status, status, all)
        assert.ok(answer.body.includes(code), all)
      }
      clock.advance(61)
      const stale = await ask('GET', `${site.url}/fresh`, bearer)
      assert.equal(stale.status, 401)
      assert.ok(stale.body.includes('reauthentication_required'), stale.body)
    })

    test('a route opts out', { skip: !isNest && !name.startsWith('Fastify') }, async () => {
      assert.equal((await ask('GET', `${site.url}/open`, [])).body, 'nobody')
    })

    test('an engine that is closed gives no verdict', async () => {
      const closed = await open({})
      const own = await serve(closed.auth)
      await closed.auth.close()
      const answer = await ask('GET', `${own.url}/orders`, ['Authorization', `Bearer ${closed.token}`])
      await own.close()
      assert.equal(answer.status, 500)
      assert.ok(answer.body.includes('engine_closed'), answer.body)
    })
  })
}

test('a condition that is missing by mistake lets no request pass', async () => {
  const { auth } = await open({})
  const beside = { require_verified_email: true, roles: undefined }
  for (const conditions of [{}, { roles: undefined }, { roles: null }, beside] as Conditions[]) {
    assert.throws(() => forExpress.authorize(auth, conditions), { code: 'invalid_request' })
  }
  await auth.close()
})

test('Fastify without a connection', async () => {
  const { auth, token } = await open({})
  const app = fastify()
  await app.register(forFastify.authenticate, { auth })
  app.get('/me', (request) => request.auth?.user)
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await app.inject({ url: '/me', headers })).json<User>().username, 'ada')
  assert.equal((await app.inject('/me')).statusCode, 401)
  await app.close()
  await auth.close()
})

async function open(config: Config): Promise<{ auth: Doorward; clock: Clock; token: string }> {
  const { auth, clock } = await openForTest(config)
  await auth.register({ username: 'ada', email: 'ada@example.com', password: PASSWORD })
  const session = (await auth.login({ username: 'ada', password: PASSWORD })) as LoginResponse
  return { auth, clock, token: session.access_token }
}

async function listening(server: Server): Promise<Site> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  }
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

interface Answered {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends a request with these headers, in pairs. */
function ask(method: string, url: string, headers: string[]): Promise<Answered> {
  const { hostname, port, host } = new URL(url)
  // The path as it is given: URL would change it.
  const path = url.slice(url.indexOf('/', 'http://'.length))
  const fields = [
    'Host',
    host,
    'User-Agent',
    'a test',
    'Connection',
    'close',
    'Content-Length',
    '0',
    ...headers,
  ]
  return new Promise((resolve, reject) => {
    const asked = request({ method, hostname, port, path, headers: fields as never }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (body += part))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}
