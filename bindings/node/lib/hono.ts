/** The adapter for Hono: requests pass if the engine lets them. */

import type { IncomingMessage } from 'node:http'

import type { Context, ErrorHandler, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

import type { Doorward } from './engine.js'
import { DoorwardError } from './errors.js'
import { authenticator, authorizer, clientOf, refusal, type AdapterOptions, type Conditions } from './http.js'
import type { AuthenticateRequestResponse, Client } from './types.js'

/** The variables that the middleware sets: `new Hono<DoorwardEnv>()`. */
export interface DoorwardEnv {
  Variables: {
    /** What the engine says of the request: the user and the claims, unless the rules skipped it. */
    auth: AuthenticateRequestResponse
  }
}

/**
 * Lets a request pass if the engine does. Otherwise it throws an HTTPException that answers with the failure,
 * which is its `cause`: a site may answer with a page instead (`app.onError`).
 */
export function authenticate(auth: Doorward, options: AdapterOptions = {}): MiddlewareHandler<DoorwardEnv> {
  const decide = authenticator(auth, options)
  return async (c, next) => {
    // The path as it was sent, where that is known: Hono decodes it.
    const path = incomingOf(c)?.url ?? c.req.path
    const header = (name: string) => (name.startsWith(':') ? undefined : c.req.header(name))
    c.set('auth', await decide({ method: c.req.method, path, header, client: client(c) }).catch(refuse))
    await next()
  }
}

/** Lets the user of a request pass if the conditions hold, such as `{ roles: ['admin'] }`. */
export function authorize(auth: Doorward, conditions: Conditions): MiddlewareHandler<DoorwardEnv> {
  const decide = authorizer(auth, conditions)
  return async (c, next) => {
    await decide(c.var.auth).catch(refuse)
    await next()
  }
}

function refuse(cause: unknown): never {
  throw new HTTPException(refusal(cause).status as 401, { res: answer(cause), cause })
}

/** Answers with the failures of the engine that handlers throw: `app.onError(answerFailures)`. */
export const answerFailures: ErrorHandler = (error) => {
  if ('getResponse' in error) return error.getResponse()
  if (!(error instanceof DoorwardError)) console.error(error)
  return answer(error)
}

/** Returns what a login should know of the connection, on @hono/node-server. Behind a proxy, set its `ip`. */
export function client(c: Context): Client {
  return clientOf(incomingOf(c)?.socket.remoteAddress, c.req.header('user-agent'))
}

/** Returns the request of node:http that @hono/node-server got. */
function incomingOf(c: Context): IncomingMessage | undefined {
  return (c.env as { incoming?: IncomingMessage } | undefined)?.incoming
}

function answer(error: unknown): Response {
  const { status, headers, body } = refusal(error)
  return Response.json(body, { status, headers })
}
