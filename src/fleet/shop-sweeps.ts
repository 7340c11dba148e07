import type { Provisioner } from '../provision/api.ts'

/** Refreshes the usage that is older than so many seconds, behind everybody else's calls; in words. */
export async function sweepUsage(
  provisioner: Pick<Provisioner, 'refreshUsage'>,
  olderThan: number,
  signal: AbortSignal,
): Promise<string> {
  const { refreshed, fresh, failed } = await provisioner.refreshUsage({ olderThan, signal })
  const [first] = failed
  const failures =
    first === undefined
      ? ''
      : `, ${failed.length} failed (endpoint ${first.endpointId}: ${first.message})`
  return `usage of ${refreshed} endpoints refreshed, ${fresh} young enough${failures}`
}

/** Counts what can be sold; in words. No call is made. */
export async function checkStock(provisioner: Pick<Provisioner, 'stock'>): Promise<string> {
  const { sellable, reserved, sold, setAside, soldPerDay, daysLeft } = await provisioner.stock()
  const lasts = daysLeft === undefined ? '' : `, enough for ${Math.floor(daysLeft)} days`
  return `${sellable} eSIMs for sale${lasts} (${soldPerDay.toFixed(1)} sold a day), ${reserved} reserved, ${sold} sold, ${setAside} set aside`
}
