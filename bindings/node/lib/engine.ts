// The engine: opening, calling, closing.

import type { CallOptions } from './call.js'
import { DoorwardError } from './errors.js'
import { native, WITHDRAWN, type Answer, type NativeClock, type NativeEngine } from './native.js'
import { Operations } from './operations.js'
import type { Claims, Config, RequestsConfig, StepUp, VerifyRequest } from './types.js'
import { failure, refused, response, stepUp } from './values.js'

/** The number of the status STEP_UP. */
const STEP_UP = 2

const LEVELS: Record<number, 'error' | 'warn' | 'info'> = { 1: 'error', 2: 'warn', 3: 'info' }

/** A record of the log: `event`, `operation`, `code` and so on. It contains no secret. */
export type LogRecord = Record<string, unknown>

/** What gets the records of the log, such as `console` or a logger of pino. */
export interface Logger {
  /** What an operator should look into: a contained bug of the engine. */
  error(record: LogRecord): void
  /** What an operator should know. */
  warn(record: LogRecord): void
  /** A refusal. */
  info(record: LogRecord): void
}

/** A clock that stands until it is moved, for tests. */
export class Clock {
  /** @internal */
  readonly native: NativeClock

  /** The clock begins at the present, in whole seconds. */
  constructor(now: Date = new Date()) {
    this.native = new native.NativeClock(Math.floor(now.getTime() / 1000) * 1000)
  }

  /** The time. */
  get now(): Date {
    return new Date(this.native.nowMs)
  }

  /** Moves the clock. */
  advance(seconds: number): void {
    this.native.nowMs += Math.round(seconds * 1000)
  }
}

/** What an engine may have beside its configuration. */
export interface OpenOptions {
  /** Gets a record for each call that fails, a moment later. What it throws is dropped. */
  logger?: Logger
  /** Another clock than the machine's. */
  clock?: Clock
}

/** An open engine. Close it after its last use. */
export class Doorward extends Operations implements AsyncDisposable {
  readonly #native: NativeEngine
  readonly #requests: RequestsConfig
  #closing: Promise<void> | undefined

  private constructor(engine: NativeEngine, requests: RequestsConfig) {
    super()
    this.#native = engine
    this.#requests = requests
    // An engine that is posted to a worker thread would arrive without its methods. A function is not posted
    // at all.
    Object.defineProperty(this, 'cannotBePosted', { value: () => undefined, enumerable: true })
  }

  /** Opens an engine with a configuration, or with its JSON, as a file has it. */
  static async open(config: Config | string, options?: OpenOptions): Promise<Doorward> {
    const { logger, clock } = options ?? {}
    const text = typeof config === 'string' ? config : json(config)
    const opened = await native.open(unicode(text), clock?.native ?? null, logger ? recorder(logger) : null)
    if ('status' in opened) throw failure(opened.status, opened.body)
    const { requests = {} } = JSON.parse(text) as Config
    return new Doorward(opened, requests)
  }

  /**
   * The rules for requests as the configuration has them, for adapters: they say which header and which
   * cookie has the token. What the configuration leaves out is absent here, and its default applies.
   */
  get requests(): RequestsConfig {
    return this.#requests
  }

  /**
   * Verifies an access token by its signature and claims, without the store: the token of a session that was
   * revoked passes until it expires.
   *
   * - DeniedError: invalid_token.
   */
  override verify(request: string | VerifyRequest): Claims {
    if (typeof request !== 'string') return this.compute('verify', request)
    const answer = this.#native.verify(request)
    if (typeof answer !== 'string') throw failure(answer.status, answer.body)
    return JSON.parse(answer) as Claims
  }

  /** Runs an operation by its name. The methods are more convenient. */
  call(operation: string, request: object = {}, options?: CallOptions): Promise<unknown> {
    return this.start(operation, request, options)
  }

  /** Runs an operation by its name, JSON in, JSON out, and returns the status also of a failure. */
  async callText(operation: string, request: string, options?: CallOptions): Promise<Answer> {
    const signal = options?.signal
    signal?.throwIfAborted()
    const ticket = this.#native.nextTicket
    const running = this.#native.run(String(operation), unicode(request))
    // The engine must not become garbage while it is asked.
    if (signal === undefined) return await running
    const withdraw = () => this.#native.withdraw(ticket)
    signal.addEventListener('abort', withdraw, { once: true })
    try {
      const answer = await running
      if (answer.status === WITHDRAWN) throw signal.reason
      return answer
    } finally {
      signal.removeEventListener('abort', withdraw)
    }
  }

  /** Closes the engine after the calls that have begun. Later calls fail as `engine_closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#native.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  protected async start<T>(operation: string, request: object, options?: CallOptions): Promise<T> {
    return read(operation, await this.callText(operation, json(request), options))
  }

  protected compute<T>(operation: string, request: object): T {
    return read(operation, this.#native.runAtOnce(operation, json(request)))
  }
}

/** Describes the engine: operations with the schemas of their requests and responses, statuses, codes. */
export function describe(): Record<string, unknown> {
  return JSON.parse(native.describe()) as Record<string, unknown>
}

/** The version of the engine. */
export const version: string = native.version()

/**
 * Writes JSON. What JSON has no word for is refused: a number that is not finite would become null, which is
 * absent and drops a condition. A value that is missing altogether is null, which the engine refuses.
 */
function json(value: object): string {
  try {
    return JSON.stringify(value, finite) ?? 'null'
  } catch (error) {
    throw error instanceof DoorwardError ? error : refused('invalid_json', 'the request cannot be written')
  }
}

function finite(name: string, member: unknown): unknown {
  if (typeof member !== 'number' || Number.isFinite(member)) return member
  throw refused('invalid_json', `${name} is ${member}`)
}

function read<T>(operation: string, { status, body }: Answer): T {
  switch (status) {
    case 0:
      return response(operation, body)
    case STEP_UP:
      return stepUp<StepUp>(body) as T
    default:
      throw failure(status, body)
  }
}

/**
 * Half a surrogate pair would become another text on the way to the engine, so the engine refuses it, and
 * what is no text.
 */
function unicode(text: string): string | null {
  return typeof text === 'string' && text.isWellFormed() ? text : null
}

/** Passes records on. A logger that throws must not end the process. */
function recorder(logger: Logger): (level: number, record: string) => void {
  return (level, record) => {
    try {
      logger[LEVELS[level] ?? 'error'](JSON.parse(record) as LogRecord)
    } catch {
      // A log must not change a verdict.
    }
  }
}
