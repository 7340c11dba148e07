import t, { type Test } from 'tap'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'

/** One thing that a pipeline must be told, as somebody would say it. */
interface Row {
  readonly name: string
  readonly check: (t: Test, desk: Desk) => Promise<void>
}

/** Runs a table, a row a test, each at a desk of its own with a zone and a plan. */
export const rows = (title: string, table: readonly Row[]): void => {
  t.test(title, async t => {
    for (const { name, check } of table)
      await t.test(name, async t => check(t, await openDesk(t, () => smallCatalog([]))))
  })
}

export const CATALOG = 'catalog/catalog.yaml'
export const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text)
