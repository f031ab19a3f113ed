// For tests of programs that embed doorward: the real engine, in memory, and time that the test moves.

import { createHmac } from 'node:crypto'

import { Clock, Doorward, type OpenOptions } from './engine.js'
import type { Config } from './types.js'

export { Clock }

/**
 * Opens an engine and its clock. A configuration without a store keeps everything in memory; one without a
 * cost of hashes gets the least, which is for tests only.
 */
export async function openForTest(
  config: Config = {},
  options: OpenOptions = {},
): Promise<{ auth: Doorward; clock: Clock }> {
  const clock = options.clock ?? new Clock()
  const password = { memory_kib: 8, iterations: 1, ...config.password }
  const auth = await Doorward.open(
    { ...config, store: config.store ?? 'sqlite::memory:', password },
    { ...options, clock },
  )
  return { auth, clock }
}

/** Returns the code that an authenticator app shows for the secret of `setupTotp` (RFC 6238). */
export function totpCode(secret: string, now: Date): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
  const key = bits.join('').match(/.{8}/g) ?? []
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now.getTime() / 30_000)))
  const tag = createHmac('sha1', Buffer.from(key.map((byte) => Number.parseInt(byte, 2))))
    .update(step)
    .digest()
  const offset = (tag.at(-1) as number) & 15
  return String((tag.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}
