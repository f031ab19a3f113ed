/** The adapter for Express: requests pass if the engine lets them. */

import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'

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

declare global {
  namespace Express {
    interface Request {
      /** What the engine says of the request: the user and the claims, unless the rules skipped it. */
      auth?: AuthenticateRequestResponse
    }
  }
}

/** Lets a request pass if the engine does, and otherwise answers with the failure. */
export function authenticate(auth: Doorward, options: AdapterOptions = {}): RequestHandler {
  const decide = authenticator(auth, options)
  return (request, response, next) => {
    const { method, originalUrl: path } = request
    decide({ method, path, header: headerOf(request), client: client(request) }).then(
      (answer) => {
        request.auth = answer
        next()
      },
      (error: unknown) => send(response, error),
    )
  }
}

/** Lets the user of a request pass if the conditions hold, such as `{ roles: ['admin'] }`. */
export function authorize(auth: Doorward, conditions: Conditions): RequestHandler {
  const decide = authorizer(auth, conditions)
  return ({ auth: passed }, response, next) => {
    decide(passed).then(
      () => next(),
      (error: unknown) => send(response, error),
    )
  }
}

/** Answers with the failures of the engine that handlers throw. Put it behind the routes. */
export const answerFailures: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent || !(error instanceof DoorwardError)) next(error)
  else send(response, error)
}

/** Returns what a login should know of the connection. Behind a proxy, set `trust proxy`. */
export function client(request: Request): Client {
  return clientOf(request.ip, request.get('user-agent'))
}

function send(response: Response, error: unknown): void {
  const { status, headers, body } = refusal(error)
  response.status(status).set(headers).json(body)
}
