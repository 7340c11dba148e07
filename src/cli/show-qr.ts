import { writeFileDurably } from '../durable/files.ts'
import type { Sale } from '../provision/index.ts'
import type { JsonFlag } from './command.ts'
import type { Context } from './context.ts'
import { UsageError } from './flags.ts'

interface Qr {
  readonly qr: string | undefined
}

/** Where `--qr` wants the QR code; undefined: nowhere. */
export function checkQrTarget(flags: Qr): string | undefined {
  const qr = flags.qr
  if (qr !== undefined && qr !== '-' && !/\.(png|svg)$/.test(qr))
    throw new UsageError('--qr takes a file ending in .png or .svg, or -')
  return qr
}

/** Draws the QR code of a sale in the terminal, or into a file. */
export async function showQr(
  sale: Sale,
  to: string,
  flags: JsonFlag,
  context: Context,
): Promise<void> {
  if (to === '-') {
    if (flags.json) return
    // Half of the margin above it is enough for phones: the lines around it are margin too.
    const drawn = (await sale.qr.text()).trimEnd().replace(/^[^\n]*\n/, '')
    for (const line of drawn.split('\n')) context.out(line)
    return
  }
  // A QR code is a secret: the file is its owner's only.
  await writeFileDurably(to, to.endsWith('.svg') ? await sale.qr.svg() : await sale.qr.png())
  context.err(`QR code written to ${to}, readable by its owner only`)
}
