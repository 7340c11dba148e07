import { count, grouped } from '../counts.ts'
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
      : `, ${grouped(failed.length)} failed (endpoint ${first.endpointId}: ${first.message})`
  return `usage of ${count(refreshed, 'endpoint')} refreshed, ${grouped(fresh)} young enough${failures}`
}

/** Counts what can be sold; in words. No call is made. */
export async function checkStock(provisioner: Pick<Provisioner, 'stock'>): Promise<string> {
  const { sellable, reserved, sold, setAside, soldPerDay, daysLeft } = await provisioner.stock()
  const lasts = daysLeft === undefined ? '' : `, enough for ${count(Math.floor(daysLeft), 'day')}`
  return `${count(sellable, 'eSIM')} for sale${lasts} (${soldPerDay.toFixed(1)} sold a day), ${grouped(reserved)} reserved, ${grouped(sold)} sold, ${grouped(setAside)} set aside`
}
