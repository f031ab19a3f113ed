// What the adapters share: from a request to the question of the engine, and from a failure to an answer.

import type { IncomingMessage } from 'node:http'

import type { Doorward } from './engine.js'
import { DoorwardError } from './errors.js'
import { DeniedError, InvalidRequestError } from './status.js'
import type {
  AuthenticateRequestResponse,
  AuthorizeRequest,
  Client,
  Failure,
  RequestsConfig,
} from './types.js'
import { refused } from './values.js'

export { refused }

/** What an adapter may have of its own. */
export interface AdapterOptions {
  /** Rules that replace those under `requests` of the configuration completely. */
  rules?: RequestsConfig
  /** The backend that must have issued the token. */
  backend?: string
}

/** A request, as far as the engine asks. */
export interface Incoming {
  method: string
  /** The path as the router sees it. */
  path: string
  /** Returns a header's values as one list (RFC 9110 section 5.3). Two tokens are no token. */
  header(name: string): string | undefined
  /** Whether the route opted out of authentication. */
  excluded?: boolean
  /** What is known of the connection. */
  client: Client
}

/** What a user must fulfil beside being authenticated: the conditions of `authorize`. */
export type Conditions = Omit<AuthorizeRequest, 'token' | 'backend'>

/** The tokens of the requests that passed. */
const tokens = new WeakMap<AuthenticateRequestResponse, Pick<AuthorizeRequest, 'token' | 'backend'>>()

/** Returns the function that asks the engine whether a request may pass. It throws if the rules are wrong. */
export function authenticator(
  auth: Doorward,
  { rules, backend }: AdapterOptions,
): (incoming: Incoming) => Promise<AuthenticateRequestResponse> {
  if (rules !== undefined) check(auth, rules)
  const { header: field, cookie } = rules ?? auth.requests
  return async ({ method, path, header, excluded = false, client }) => {
    const value = cookie == null ? undefined : cookieOf(header('cookie'), cookie)
    const authorization = header(field ?? 'authorization')
    const apiKey = header('x-api-key')
    const answer = await auth.authenticateRequest({
      method,
      path,
      connection: connectionOf(header('upgrade')),
      authorization: authorization ?? null,
      api_key: apiKey ?? null,
      cookies: cookie == null || value === undefined ? null : { [cookie]: value },
      host: header('host') ?? header(':authority') ?? null,
      origin: header('origin') ?? null,
      excluded,
      client,
      rules: rules ?? null,
      backend: backend ?? null,
    })
    // The engine has read the header: it is `Bearer`, a space, and the token.
    const credential = answer.credential === 'api_key' ? apiKey : value
    const token = authorization?.slice('Bearer '.length).trim() ?? credential
    if (!answer.skipped && token !== undefined) tokens.set(answer, { token, backend: backend ?? null })
    return answer
  }
}

/**
 * Returns the function that lets the user of a request pass if the conditions hold, and otherwise throws:
 * ForbiddenError, or DeniedError if the request has no user or the user must prove again who it is.
 */
export function authorizer(
  auth: Doorward,
  conditions: Conditions,
): (passed: AuthenticateRequestResponse | null | undefined) => Promise<void> {
  // A variable that is undefined by mistake must not drop a condition.
  const given = Object.values(conditions)
  if (given.length === 0 || given.some((condition) => condition == null)) throw refused('invalid_request')
  return async (passed) => {
    const token = passed && tokens.get(passed)
    if (!token) throw refused('not_authenticated')
    const { authorized, reason } = await auth.authorize({ ...conditions, ...token })
    if (authorized) return
    if (reason !== 'reauthentication_required') throw refused('permission_denied')
    const message = 'Prove again who you are.'
    throw new DeniedError(1, { error: { code: reason, message, http_status: 401 } })
  }
}

/** Has the engine read the rules, by a request that passes anyway. */
function check(auth: Doorward, rules: RequestsConfig): void {
  try {
    auth['compute']('authenticate_request', { method: 'GET', path: '/', excluded: true, rules })
  } catch (error) {
    if (error instanceof InvalidRequestError) throw error
  }
}

/** Reads a header of a request of node:http. Its `headers` would drop a second token; HTTP/2 has them alone. */
export function headerOf(request: IncomingMessage): (name: string) => string | undefined {
  const distinct = request.headersDistinct as IncomingMessage['headersDistinct'] | undefined
  return (name) => {
    const values = (distinct ?? request.headers)[name.toLowerCase()]
    return Array.isArray(values) ? values.join(', ') : values
  }
}

/** Returns what a login should know of the connection. */
export function clientOf(ip: string | undefined, userAgent: string | undefined): Client {
  // The engine takes no IPv4 address in the form of IPv6, and no zone.
  const address = ip?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return { ip: address ?? null, user_agent: userAgent || null }
}

/** An answer to a request that fails. */
export interface Refusal {
  status: number
  headers: Record<string, string>
  body: Failure
}

/**
 * Returns the answer to a failure: the engine's body without its detail, its status, and the headers that
 * belong to it (RFC 6750, RFC 9110). Another error becomes 503 if it is that of an AbortSignal, else 500, and
 * its text is not shown.
 */
export function refusal(error: unknown): Refusal {
  const failure = error instanceof DoorwardError ? error : foreign(error)
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (failure.httpStatus === 401) {
    const isToken = failure.code === 'invalid_token'
    headers['www-authenticate'] = isToken ? 'Bearer error="invalid_token"' : 'Bearer'
  }
  if (failure.retryAfter !== undefined) headers['retry-after'] = String(failure.retryAfter)
  return { status: failure.httpStatus, headers, body: failure.toJSON() }
}

function foreign(error: unknown): DoorwardError {
  const name = error instanceof Error ? error.name : ''
  const isLate = name === 'AbortError' || name === 'TimeoutError'
  return isLate ? refused('store_unavailable') : refused('internal', name)
}

/** Names the kind of a connection, as `connections` of the rules does. */
function connectionOf(upgrade: string | undefined): string {
  const protocols = (upgrade ?? '').split(',').map((protocol) => protocol.trim().toLowerCase())
  return protocols.includes('websocket') ? 'websocket' : 'http'
}

/** Returns the first cookie of this name (RFC 6265 section 5.4). */
function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
