// For tests of programs that embed doorward: the real engine, in memory, and time that the test moves.

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
  const auth = await Doorward.open({ store: 'sqlite::memory:', ...config, password }, { ...options, clock })
  return { auth, clock }
}
