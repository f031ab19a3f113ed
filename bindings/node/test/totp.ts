import { createHmac } from 'node:crypto'

/** Returns what an authenticator app shows (RFC 6238). */
export function totp(secret: string, now: Date): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/=+$/, '')].map((letter) =>
    letters.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const key = bits.join('').match(/.{8}/g) ?? []
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now.getTime() / 30_000)))
  const tag = createHmac('sha1', Buffer.from(key.map((byte) => Number.parseInt(byte, 2))))
    .update(step)
    .digest()
  const offset = (tag.at(-1) as number) & 15
  return String((tag.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}
