import { backupState, canBackUpState } from '../stores/states.ts'
import { stateOf } from './account.ts'
import type { Given } from './command.ts'
import type { World } from './world.ts'

/** Keeps the state as it is before much of it is written anew, where its store can, and says where. */
export async function keepState(given: Given, world: World): Promise<void> {
  const address = stateOf(given, world)
  if (!(await canBackUpState(address))) return
  const { path } = await backupState(address)
  world.err(world.paintErr('dim', `the state as it was is kept in ${path}`))
}
