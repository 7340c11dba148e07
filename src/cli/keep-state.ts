import { backupState, canBackUpState } from '../stores/states.ts'
import { stateOf } from './account.ts'
import type { StateFlag } from './command.ts'
import type { Context } from './context.ts'

/** Keeps the state as it is before much of it is written anew, where its store can, and says where. */
export async function keepState(flags: StateFlag, context: Context): Promise<void> {
  const address = stateOf(flags, context)
  if (!(await canBackUpState(address))) return
  const { path } = await backupState(address)
  context.err(context.paintErr('dim', `the state as it was is kept in ${path}`))
}
