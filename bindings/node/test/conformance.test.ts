// Runs the scenarios of tests/conformance; README.md there describes the format.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, describe, test } from 'node:test'

import { describe as describeEngine, Doorward, DoorwardError } from 'doorward'
import { Clock, totpCode } from 'doorward/testing'

type Json = null | boolean | number | string | Json[] | Members
type Members = { [name: string]: Json }
type Step = Members & { call?: string; code?: string; status?: string; capture?: Record<string, string> }
type Scenario = { name: string; config?: Members; now?: number; variables?: Members; steps: Step[] }

const FOLDER = join(__dirname, '../../../../tests/conformance')
const STATUSES = rows('statuses')
const CODES = rows('codes')

/** The operations that ran as methods. */
const methods = new Set<string>()
after(() => {
  const names = (describeEngine()['operations'] as Members[]).map(({ name }) => name as string)
  assert.deepEqual([...methods].sort(), names.map(lowerCamel).sort())
})

describe('scenarios', { concurrency: 4 }, () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
    const scenarios = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Scenario[]
    for (const scenario of scenarios) {
      test(`${basename(file, '.json')}: ${scenario.name}`, () => run(scenario))
    }
  }
})

async function run(scenario: Scenario): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'doorward-'))
  const store = `sqlite:${folder}/store.db`
  const running = new Run(scenario, { folder, store, ...scenario.variables })
  try {
    await running.all()
  } finally {
    await running.auth?.close()
    rmSync(folder, { recursive: true })
  }
}

/** A scenario. */
class Run {
  auth: Doorward | undefined
  readonly #clock: Clock

  constructor(
    readonly scenario: Scenario,
    readonly variables: Members,
  ) {
    this.#clock = new Clock(new Date((scenario.now ?? 1_767_225_600) * 1000))
  }

  async all(): Promise<void> {
    for (const [index, step] of this.scenario.steps.entries()) {
      for (let time = 0; time < Number(step['times'] ?? 1); time += 1) {
        this.#clock.advance(Number(step['advance'] ?? 0))
        for (const [name, secret] of Object.entries((step['totp'] ?? {}) as Members)) {
          this.variables[name] = totpCode(String(this.#filled(secret)), this.#clock.now)
        }
        const [status, body] = await this.#step(step)
        const why = this.#difference(step, status, body)
        const told = () => `step ${index + 1}: ${text(step)}\nanswered ${status} ${text(body)}\n${why}`
        assert.ok(why === undefined, why && told())
        for (const [name, pointer] of Object.entries(step.capture ?? {}))
          this.variables[name] = at(body, pointer)
      }
    }
  }

  /** Runs a step, and returns the status and the body. */
  async #step(step: Step): Promise<[string, Json]> {
    try {
      if (step['open'] !== undefined) {
        await this.#open(step['open'])
        return ['OK', {}]
      }
      if (!this.auth) await this.#open({})
      const request = this.#filled(step['request'] ?? {})
      const auth = this.auth as Doorward
      const method = lowerCamel(step.call as string)
      if (typeof request === 'object' && request !== null && method in auth) {
        methods.add(method)
        const response = (await auth[method as 'login'](request as never)) as unknown as Members
        const { type, ...body } = withHidden(response)
        if (type === 'session') return ['OK', body]
        if (type !== 'step_up') return ['OK', response]
        const row = CODES.get(`${body['status'] as string} STEP_UP`) as Members
        return ['STEP_UP', { error: { ...row, http_status: 401 }, ...body }]
      }
      const answer = await auth.callText(step.call as string, text(request))
      const status = [...STATUSES.values()].find((row) => row['value'] === answer.status)
      return [String(status?.['name']), JSON.parse(answer.body) as Json]
    } catch (error) {
      assert.ok(error instanceof DoorwardError, `not a failure of the engine: ${String(error)}`)
      const status = [...STATUSES.values()].find((row) => row['value'] === error.status)
      assert.equal(error.constructor.name, `${upperCamel(String(status?.['name']).toLowerCase())}Error`)
      const { error: body } = JSON.parse(JSON.stringify(error)) as Members
      assert.ok(!('detail' in (body as Members)))
      const detail: Members = error.detail === undefined ? {} : { detail: error.detail }
      return [String(status?.['name']), { error: { ...(body as Members), ...detail } }]
    }
  }

  async #open(patch: Json): Promise<void> {
    await this.auth?.close()
    this.auth = undefined
    const usual = { store: 'sqlite::memory:', password: { memory_kib: 8, iterations: 1 } }
    const whole = typeof patch === 'string' ? patch : merged(merged(usual, this.scenario.config ?? {}), patch)
    const config = this.#filled(whole)
    this.auth = await Doorward.open(text(config), { clock: this.#clock })
  }

  #difference(step: Step, status: string, body: Json): string | undefined {
    const expected = step.status ?? 'OK'
    if (status !== expected) return `expected status ${expected}`
    const row = CODES.get(`${step.code} ${expected}`)
    const failure = {
      ...row,
      code: step.code ?? null,
      http_status: STATUSES.get(expected)?.['http_status'] ?? null,
    }
    const pattern = expected === 'OK' ? { $absent: true } : failure
    return difference({ error: pattern }, body) ?? difference(this.#filled(step['body'] ?? {}), body)
  }

  /** Replaces variables. */
  #filled(value: Json): Json {
    if (typeof value === 'string') {
      const whole = /^\$\{(\w+)\}$/.exec(value)?.[1]
      if (whole !== undefined && whole in this.variables) return this.variables[whole] as Json
      return value.replace(/\$\{(\w+)\}/g, (all, name: string) => {
        return name in this.variables ? text(this.variables[name] as Json) : all
      })
    }
    if (Array.isArray(value)) return value.map((item) => this.#filled(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#filled(member)]))
  }
}

/** Says what keeps a value from matching a pattern. */
function difference(pattern: Json, value: Json | undefined): string | undefined {
  const verdict = (matches: boolean) =>
    matches ? undefined : `expected ${text(pattern)}, got ${text(value ?? null)}`
  if (typeof pattern !== 'object' || pattern === null) return verdict(pattern === value)
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) return verdict(false)
    return first(pattern.map((part, index) => difference(part, value[index])))
  }
  const [[matcher, inner] = ['', null]] = Object.entries(pattern)
  if (matcher.startsWith('$')) {
    switch (matcher) {
      case '$absent':
        return verdict(value === undefined)
      case '$not':
        return verdict(value !== undefined && difference(inner, value) !== undefined)
      case '$type':
        return verdict(kindOf(value) === inner)
      case '$regex':
        return verdict(typeof value === 'string' && new RegExp(String(inner), 'u').test(value))
      case '$only': {
        const names = Object.keys(inner as Members)
        return verdict(names.length >= Object.keys(value ?? {}).length) ?? difference(inner, value)
      }
    }
  }
  if (kindOf(value) !== 'object') return verdict(false)
  const members = value as Members
  return first(
    Object.entries(pattern).map(([name, part]) => {
      const why = difference(part, Object.hasOwn(members, name) ? members[name] : undefined)
      return why && `${name}: ${why}`
    }),
  )
}

function first(whys: (string | undefined)[]): string | undefined {
  return whys.find((why) => why !== undefined)
}

function kindOf(value: Json | undefined): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Applies a JSON Merge Patch (RFC 7396). */
function merged(target: Json | undefined, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const members: Members = kindOf(target) === 'object' ? { ...(target as Members) } : {}
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete members[name]
    else members[name] = merged(members[name], change)
  }
  return members
}

/** Follows a JSON pointer (RFC 6901). */
function at(value: Json, pointer: string): Json {
  const parts = pointer.split('/').slice(1)
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  return names.reduce((inner, name) => (inner as Members)[name] as Json, value)
}

/** Copies a response with the members that are for the host alone. */
function withHidden(value: Members): Members {
  return Object.fromEntries(Object.getOwnPropertyNames(value).map((name) => [name, value[name] as Json]))
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function lowerCamel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function upperCamel(name: string): string {
  return lowerCamel(`_${name}`)
}

/** Reads statuses by name, and codes by name and status. */
function rows(list: 'statuses' | 'codes'): Map<string, Members> {
  const all = describeEngine()[list] as Members[]
  if (list === 'statuses') return new Map(all.map((row) => [row['name'] as string, row]))
  return new Map(all.map(({ code, status, message }) => [`${code} ${status}`, { code, message } as Members]))
}
