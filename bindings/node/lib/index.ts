/**
 * An authentication engine: users, passwords, sessions and tokens.
 *
 * @packageDocumentation
 */

export type { CallOptions } from './call.js'
export { describe, Doorward, version } from './engine.js'
export type { Clock, Logger, LogRecord, OpenOptions } from './engine.js'
export { DoorwardError } from './errors.js'
export type { Answer } from './native.js'
export * from './status.js'
export type * from './types.js'
