/** What `sft-catalog apply` does, for a demonstration that has no pipeline. */
import { applyPlan, type Catalog, makePlan, openSft, openState, settlePending } from 'sft-catalog'

/** The account to apply to. */
export interface Account {
  readonly baseUrl: string
  readonly username: string
  readonly password: string
  readonly callsPerSecond: number
}

export async function applyCatalog(
  catalog: Catalog,
  state: string,
  account: Account,
): Promise<void> {
  await using sft = openSft(account)
  await using store = await openState(state)
  await settlePending(sft, store, { catalog })
  const { plan } = await makePlan(catalog, store.state, sft)
  const report = await applyPlan(plan, { sft, store })
  const failed = report.results.filter(({ status }) => status !== 'done')
  if (failed.length > 0)
    throw new Error(`the catalog was not applied: ${JSON.stringify(failed[0])}`)
}
