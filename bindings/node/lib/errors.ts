// The failures of operations. status.ts has a class for each status.

import { inspect } from 'node:util'

import type { Code, ErrorBody, Failure, PasswordWeakness } from './types.js'

/** An operation failed. Its subclasses are the classes of failures; treat any other failure as a refusal. */
export abstract class DoorwardError<Codes extends string = Code> extends Error {
  /** Why it failed, exactly enough for a program. A newer engine may have codes that are not listed. */
  readonly code: Codes | (string & {})
  /** The number of the status. */
  readonly status: number
  /** The status that a web host answers with. */
  readonly httpStatus: number
  /** A JSON pointer to the member of the request or of the configuration that is at fault. */
  declare readonly field?: string
  /** Why a password is too weak; the end user may see it. */
  declare readonly reasons?: PasswordWeakness[]
  /** How many seconds to wait before the next attempt. */
  declare readonly retryAfter?: number
  /** The exact reason, for the host's logs only: no secret. JSON and copies of the error do not have it. */
  declare readonly detail?: string

  /** The message may be shown to the end user; it reveals no more than the code. */
  constructor(status: number, { error }: Failure) {
    super(error.message)
    this.status = status
    this.code = error.code
    this.httpStatus = error.http_status
    const optional = { field: error.field, reasons: error.reasons, retryAfter: error.retry_after_seconds }
    for (const [name, value] of Object.entries(optional)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
    Object.defineProperty(this, 'detail', { value: error.detail })
  }

  /** Returns the body for a client: what every language answers with, without the detail. */
  toJSON(): Failure {
    const { code, message, httpStatus: http_status, field, reasons, retryAfter } = this
    const optional = { field, reasons, retry_after_seconds: retryAfter }
    return { error: { code, message, http_status, ...optional } as ErrorBody }
  }

  /** Shows the detail, too, because a console is a log. */
  [inspect.custom](_: number, options: object): string {
    const text = inspect(this, { ...options, customInspect: false })
    return this.detail === undefined ? text : `${text} (${this.detail})`
  }
}

/** @internal */
export type ErrorClass = new (...body: ConstructorParameters<typeof DoorwardError>) => DoorwardError
