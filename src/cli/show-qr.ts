import { writeFileDurably } from '../durable/files.ts'
import type { Sale } from '../provision/index.ts'
import { type Given, UsageError } from './command.ts'
import type { World } from './world.ts'

/** Where `--qr` wants the QR code; undefined: nowhere. */
export function checkQrTarget(given: Given): string | undefined {
  const qr = given.text('qr')
  if (qr !== undefined && qr !== '-' && !/\.(png|svg)$/.test(qr))
    throw new UsageError('--qr takes a file ending in .png or .svg, or -')
  return qr
}

/** Draws the QR code of a sale in the terminal, or into a file. */
export async function showQr(sale: Sale, to: string, given: Given, world: World): Promise<void> {
  if (to === '-') {
    if (!given.is('json'))
      for (const line of (await sale.qr.text()).trimEnd().split('\n')) world.out(line)
    return
  }
  // A QR code is a secret: the file is its owner's only.
  await writeFileDurably(to, to.endsWith('.svg') ? await sale.qr.svg() : await sale.qr.png())
  world.err(`QR code written to ${to}, readable by its owner only`)
}
