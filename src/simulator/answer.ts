import type { Json, JsonObject } from '../model.ts'
import { CODES } from './rejection.ts'
import type { SimulatorSettings } from './settings.ts'
import type { World } from './world.ts'

/** What an operation is given. */
export interface Call {
  readonly world: World
  readonly settings: SimulatorSettings
  /** Time of the world, in ms. */
  readonly now: number
  readonly query: URLSearchParams
  readonly body: Json | undefined
}

/** What an operation answers; wire.ts decides where in the envelope each part stands. */
export interface Answer {
  readonly code: string
  readonly description: string
  /** An ID that was created, and the field that carries it. */
  readonly created?: { readonly field: string; readonly id: string }
  /** A list of `responseParam`, with the number of its pages where it is paged. */
  readonly list?: {
    readonly field: string
    readonly items: readonly Json[]
    readonly pages?: number
  }
  readonly responseParam?: JsonObject
  readonly info?: JsonObject
}

/** A success, with what it carries. */
export const ok = (parts: Partial<Answer> = {}): Answer => ({
  code: CODES.done,
  description: 'Success',
  ...parts,
})
