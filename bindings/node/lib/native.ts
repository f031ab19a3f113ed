// The native half of the package: engines, and what they answer.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { platform } from './platform.js'

/** The outcome of a call: the number of its status, and JSON. */
export interface Answer {
  status: number
  body: string
}

/** The status of a call that was withdrawn before it began. */
export const WITHDRAWN = -1

export interface NativeEngine {
  readonly nextTicket: number
  run(operation: string, request: string | null): Promise<Answer>
  runAtOnce(operation: string, request: string): Answer
  verify(token: string): string | Answer
  withdraw(ticket: number): void
  close(): Promise<void>
}

export interface NativeClock {
  nowMs: number
}

export interface Native {
  NativeClock: new (nowMs: number) => NativeClock
  open(
    config: string | null,
    clock: NativeClock | null,
    log: ((level: number, record: string) => void) | null,
  ): Promise<NativeEngine | Answer>
  describe(): string
  version(): string
}

function load(): Native {
  const require = createRequire(__filename)
  // A checkout of the repository has it here.
  const built = join(__dirname, '..', 'doorward.node')
  if (existsSync(built)) return require(built) as Native
  const name = `@doorward/${platform()}`
  try {
    return require(name) as Native
  } catch (cause) {
    const hint = 'It is an optional dependency of doorward: install without --omit=optional.'
    throw new Error(`The package ${name} is missing or does not fit this system. ${hint}`, { cause })
  }
}

export const native = load()
