import type { SettleRequest } from '../../provision/index.ts'
import { renderOrder } from '../../render/selling.ts'
import { type Command, type Given, UsageError } from '../command.ts'
import { answer, LOOKING_FLAGS, lookIntoShop, withShop } from '../selling.ts'
import { checkQrTarget, showQr } from '../show-qr.ts'
import { EXIT, type World } from '../world.ts'

/** Where one order stands, its QR code once more, and the end of a doubt by hand. */
export const order: Command = {
  name: 'order',
  summary: 'show where an order stands, every step with time and outcome; settle one by hand',
  usage: 'ID [--qr FILE] | settle ID --instance UNIQUE_ID | settle ID --not-sold [flags]',
  arguments: [1, 2],
  flags: [
    ['--qr FILE', 'of a sale: write the QR code to FILE.png or FILE.svg, or - for this terminal'],
    ['--instance UNIQUE_ID', "settle: this add-on instance is the order's"],
    ['--not-sold', 'settle: there is no add-on of this order'],
    ['--by NAME', 'settle: who found that out (default: user and host)'],
    ...LOOKING_FLAGS,
  ],
  rules: [
    { when: '--qr', not: ['settle'], why: 'nothing is shown of an order that is settled' },
    { when: '--instance', needs: ['settle'], not: ['--not-sold'], why: 'it settles an order' },
    { when: '--not-sold', needs: ['settle'], why: 'it settles an order' },
    { when: '--by', needs: ['settle'], why: 'it says who settles an order' },
  ],
  run: async (given, world) => {
    const [first = '', second] = given.positionals
    if (second === undefined) return await show(first, given, world)
    if (first !== 'settle') throw new UsageError(`unexpected argument "${second}"`)
    return await settle(second, given, world)
  },
}

async function show(orderId: string, given: Given, world: World): Promise<number> {
  const qr = checkQrTarget(given)
  return await lookIntoShop(given, world, async shop => {
    const view = await shop.order(orderId)
    const sale = qr === undefined ? undefined : await shop.sale(orderId)
    const isSecret = qr === '-' && given.is('json') && sale !== undefined
    const secret = isSecret ? { activationCode: sale.activationCode } : {}
    answer(given, world, { ...view, ...secret }, renderOrder(view, world.paint))
    if (sale !== undefined && qr !== undefined) await showQr(sale, qr, given, world)
    return EXIT.ok
  })
}

async function settle(orderId: string, given: Given, world: World): Promise<number> {
  const instance = given.text('instance')
  if (instance === undefined && !given.is('not-sold'))
    throw new UsageError('give --instance UNIQUE_ID or --not-sold')
  const by = given.text('by')
  const verdict: SettleRequest = {
    ...(instance === undefined ? { notSold: true } : { instance }),
    ...(by !== undefined && { by }),
  }
  return await withShop(given, world, async (shop, signal) => {
    const view = await shop.settle(orderId, { ...verdict, signal })
    answer(given, world, view, renderOrder(view, world.paint))
    return EXIT.ok
  })
}
