/** Why a state cannot be used as it stands. */
export type StateDamage = 'missing' | 'empty' | 'damaged' | 'journal' | 'lineage' | 'older'

/**
 * A state that is there and cannot be read as it was left. It is never taken for an empty one: nothing
 * was changed, and the message says what to do.
 */
export class StateDamagedError extends Error {
  override readonly name = 'StateDamagedError'
  readonly location: string
  readonly damage: StateDamage
  constructor(location: string, damage: StateDamage, message: string, options?: ErrorOptions) {
    super(message, options)
    this.location = location
    this.damage = damage
  }
}

/** A state command that cannot be done; the message says why and what to do. */
export class StateEditError extends Error {
  override readonly name = 'StateEditError'
}
