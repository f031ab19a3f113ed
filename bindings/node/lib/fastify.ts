/** The adapter for Fastify: requests pass if the engine lets them. */

import type { FastifyPluginAsync, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'

import type { Doorward } from './engine.js'
import { DoorwardError } from './errors.js'
import {
  authenticator,
  authorizer,
  clientOf,
  headerOf,
  refusal,
  type AdapterOptions,
  type Conditions,
} from './http.js'
import type { AuthenticateRequestResponse, Client } from './types.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the engine says of the request: the user and the claims, unless the rules skipped it. */
    auth: AuthenticateRequestResponse | null
  }
  interface FastifyContextConfig {
    /** Whether the route needs no authentication. */
    isPublic?: boolean
  }
}

/** What the plugin is registered with. */
export interface PluginOptions extends AdapterOptions {
  auth: Doorward
}

/** Lets a request pass if the engine does, and answers with its failures, also those that handlers throw. */
export const authenticate: FastifyPluginAsync<PluginOptions> = async (app, { auth, ...options }) => {
  const decide = authenticator(auth, options)
  app.decorateRequest('auth', null)
  app.addHook('onRequest', async (request) => {
    const { method, url: path } = request
    const excluded = request.routeOptions.config.isPublic === true
    request.auth = await decide({
      method,
      path,
      header: headerOf(request.raw),
      excluded,
      client: client(request),
    })
  })
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof DoorwardError)) throw error
    const { status, headers, body } = refusal(error)
    return reply.code(status).headers(headers).send(body)
  })
}

// The hook is for all routes of the application, and not for those of the plugin alone.
Object.assign(authenticate, { [Symbol.for('skip-override')]: true })

/** Lets the user of a request pass if the conditions hold: `{ preHandler: authorize(auth, { roles: ['admin'] }) }`. */
export function authorize(auth: Doorward, conditions: Conditions): preHandlerAsyncHookHandler {
  const decide = authorizer(auth, conditions)
  return (request) => decide(request.auth)
}

/** Returns what a login should know of the connection. Behind a proxy, set `trustProxy`. */
export function client(request: FastifyRequest): Client {
  return clientOf(request.ip, request.headers['user-agent'])
}
