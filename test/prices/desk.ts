/** A seller with a price list, at a desk. */
import type { Test } from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from '../cli/desk.ts'
import { WIRE } from '../products/shop.ts'

const withWire = (known: boolean): string =>
  known ? `${ACCOUNT}  wire: ${JSON.stringify(WIRE)}\n` : ACCOUNT

/** A desk whose account knows all products; `known`: its catalog too. Stock for `sims` sales, where there is more than one. */
export const shop = (t: Test, known: boolean, sims = 1) =>
  openDesk(
    t,
    iccids => ({
      'catalog/account.yaml': withWire(known),
      ...(sims > 1 && { 'catalog/stock.yaml': `version: 1\n${batch('stock', iccids)}` }),
    }),
    { wire: { planTerms: WIRE }, sims },
  )

/** What an import answers. */
export const imported = async (desk: Desk, line: string) => {
  const { code, stdout, stderr } = await desk.run(`import ${line} --json`)
  if (stdout === '') throw new Error(stderr)
  return { code, ...JSON.parse(stdout) }
}
