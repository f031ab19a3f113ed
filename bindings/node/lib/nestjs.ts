/** The adapter for NestJS, over Express or Fastify: requests pass if the engine lets them. */

import type { IncomingMessage } from 'node:http'

import {
  Catch,
  createParamDecorator,
  SetMetadata,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type HttpServer,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'

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
import type { AuthenticateRequestResponse } from './types.js'

/** A request of Express or of Fastify. */
type NestRequest = IncomingMessage & {
  raw?: IncomingMessage
  originalUrl: string
  ip: string
  auth?: AuthenticateRequestResponse
}

const PUBLIC = 'doorward:public'

/** A controller or handler that needs no authentication. */
export const Public = () => SetMetadata(PUBLIC, true)

const CONDITIONS = 'doorward:conditions'

/** A controller or handler whose users must fulfil conditions, such as `{ roles: ['admin'] }`. */
export const Authorize = (conditions: Conditions) => SetMetadata(CONDITIONS, conditions)

/** The user of the request, or undefined if it needed none. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return requestOf(context).auth?.user
})

/** The claims of the token of the request, or undefined if it needed none. */
export const CurrentClaims = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return requestOf(context).auth?.claims
})

/** What a login should know of the connection. */
export const CurrentClient = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { ip, headers } = requestOf(context)
  return clientOf(ip, headers['user-agent'])
})

/** Lets a request pass if the engine does. What is not HTTP does not pass. */
export class DoorwardGuard implements CanActivate {
  readonly #decide: ReturnType<typeof authenticator>
  readonly #reflector = new Reflector()

  constructor(
    private readonly auth: Doorward,
    options: AdapterOptions = {},
  ) {
    this.#decide = authenticator(auth, options)
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return false
    const request = requestOf(context)
    const places = [context.getHandler(), context.getClass()]
    const excluded = this.#reflector.getAllAndOverride<boolean>(PUBLIC, places) === true
    const { method = '', originalUrl: path, ip, headers } = request
    const client = clientOf(ip, headers['user-agent'])
    request.auth = await this.#decide({
      method,
      path,
      header: headerOf(request.raw ?? request),
      excluded,
      client,
    })
    // Those of a controller hold beside those of its handler.
    for (const conditions of this.#reflector.getAll<(Conditions | undefined)[]>(CONDITIONS, places)) {
      if (conditions) await authorizer(this.auth, conditions)(request.auth)
    }
    return true
  }
}

/** Answers with the failures of the engine: `app.useGlobalFilters(new DoorwardFilter(app.getHttpAdapter()))` */
@Catch(DoorwardError)
export class DoorwardFilter implements ExceptionFilter<DoorwardError> {
  constructor(private readonly adapter: Pick<HttpServer, 'reply' | 'setHeader'>) {}

  catch(error: DoorwardError, host: ArgumentsHost): void {
    const { status, headers, body } = refusal(error)
    const response: unknown = host.switchToHttp().getResponse()
    for (const [name, value] of Object.entries(headers)) this.adapter.setHeader(response, name, value)
    this.adapter.reply(response, body, status)
  }
}

function requestOf(context: ExecutionContext): NestRequest {
  return context.switchToHttp().getRequest<NestRequest>()
}
