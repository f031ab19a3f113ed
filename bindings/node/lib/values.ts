// Values from the JSON of the engine: responses that hide their secrets, and errors.

import { inspect } from 'node:util'

import type { DoorwardError } from './errors.js'
import { responses, shapes } from './hidden.js'
import type { Hidden } from './shape.js'
import { errors, InternalError, wording } from './status.js'
import type { Code, Failure } from './types.js'

type Members = Record<string, unknown>

const HIDDEN = '[hidden]'

for (const type of Object.values(errors)) {
  Object.defineProperty(type.prototype, 'name', { value: type.name })
}

/** Returns the response of an operation. */
export function response<T>(operation: string, body: string): T {
  const value = JSON.parse(body) as T
  const shape = responses[operation]
  if (shape !== undefined) hide(value, shape)
  return value
}

/** Returns the next step of a login, which is the body of its failure. */
export function stepUp<T>(body: string): T {
  const step = JSON.parse(body) as Members
  hide(step, 'Failure')
  hide(step, 'StepUp')
  return step as T
}

/** Returns the error of a failure. */
export function failure(status: number, body: string): DoorwardError {
  return new (errors[status] ?? InternalError)(status, JSON.parse(body) as Failure)
}

/** Returns the failure with this code, as the engine words it, for what a program refuses itself. */
export function refused(code: Code, detail?: string): DoorwardError {
  const [status, http_status, message] = wording[code]
  return new (errors[status] ?? InternalError)(status, {
    error: { code, message, http_status, ...(detail !== undefined && { detail }) },
  })
}

/** Keeps secrets out of what `console.log` shows, and what is for the host alone out of JSON. */
function hide(value: unknown, name: string): void {
  if (Array.isArray(value)) return value.forEach((item) => hide(item, name))
  const shape = shapes[name]
  if (typeof value !== 'object' || value === null || shape === undefined) return
  const members = value as Members
  for (const [member, inner] of Object.entries(shape.within ?? {})) hide(members[member], inner)
  if (shape.type !== undefined) members['type'] = shape.type
  for (const member of shape.hostOnly ?? []) {
    if (member in members) Object.defineProperty(members, member, { enumerable: false })
  }
  if (shape.isSecret || shape.secrets) {
    const show = (_: number, options: object) => inspect(shown(members, shape), options)
    Object.defineProperty(members, inspect.custom, { value: shape.isSecret ? () => HIDDEN : show })
  }
}

function shown(members: Members, { secrets = [] }: Hidden): Members {
  const hidden = secrets.filter((name) => name in members).map((name) => [name, HIDDEN])
  return { ...members, ...(Object.fromEntries(hidden) as Members) }
}
