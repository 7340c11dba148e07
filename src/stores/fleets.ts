import type { Fleet } from '../fleet/fleet.ts'
import { findStore, keeps } from './registry.ts'

/** Whether workers can carry out applies of a state. */
export const hasFleet = (address: string): Promise<boolean> => keeps('fleet', address)

/** Opens what the workers of a state share. Throws a `PlainError` where its store has no such thing. */
export async function openFleet(address: string): Promise<Fleet> {
  const { keeper, place } = await findStore('fleet', address)
  return await keeper.open(place)
}

/** The same for looking only: undefined where there are no workers, or nothing was ever written. */
export async function lookAtFleet(address: string): Promise<Fleet | undefined> {
  if (!(await hasFleet(address))) return undefined
  const { keeper, place } = await findStore('fleet', address)
  return await keeper.look(place)
}
