/** A cancellation as a value: its states, and what each reading and each write makes of it. */
import type { Finding } from '../finding.ts'
import type { Transitions } from '../machine.ts'
import type { AddonInstance } from '../sft/api.ts'
import type { OrderRow } from './ledger.ts'

/** What became of the order's add-on. */
export type AddonFate = 'never sold' | 'taken off' | 'gone before'

/**
 * What became of the order's endpoint. `not held`: the order had none. `released`: never active, its eSIM is
 * for sale again. `its buyer's`: the order was a top-up. `kept for others`: other orders have add-ons on it.
 */
export type EndpointFate = 'not held' | 'released' | "its buyer's" | 'kept for others' | 'suspended'

/**
 * Where a cancellation stands. Ends: `cancelled`. `kept`: the add-on is in use, so that the order stays
 * delivered. `held`: what there is to undo is not known.
 */
export type CancelState =
  /** Others may be working on its endpoint. */
  | { readonly is: 'waiting' }
  /** Its activation was announced: whether the endpoint is active decides what is undone. */
  | { readonly is: 'activation open' }
  /** The order has an instance by name: is it there, and was it used? */
  | { readonly is: 'sold' }
  /** Its subscription was announced: is an instance there? `accepted`: the platform said yes. */
  | { readonly is: 'subscription open'; readonly accepted: boolean }
  | { readonly is: 'in use'; readonly instance: AddonInstance }
  /** Nothing was undone yet; from the next step on nothing but the end of the cancellation may follow. */
  | { readonly is: 'to undo'; readonly instance: AddonInstance | undefined }
  | { readonly is: 'add-on on'; readonly instance: AddonInstance }
  /** Whose the endpoint is decides whether it stays active. */
  | { readonly is: 'add-on off'; readonly addon: AddonFate }
  | { readonly is: 'nobody has it'; readonly addon: AddonFate }
  | { readonly is: 'to end'; readonly addon: AddonFate; readonly endpoint: EndpointFate }
  | { readonly is: 'cancelled'; readonly addon: AddonFate; readonly endpoint: EndpointFate }
  | { readonly is: 'kept'; readonly instance: AddonInstance }
  | { readonly is: 'held'; readonly why: string }

/**
 * `settle …`: read until it can come no more. `begin`: write down that it is being undone. `ask whose`: which
 * orders have add-ons there. `keep`, `end`: make the end durable.
 */
export type CancelStep =
  | 'take endpoint'
  | 'settle activation'
  | 'find instance'
  | 'settle subscription'
  | 'begin'
  | 'remove add-on'
  | 'ask whose'
  | 'suspend'
  | 'keep'
  | 'end'

export type CancelEvidence =
  | { readonly saw: 'turn'; readonly order: OrderRow }
  | { readonly saw: 'activation'; readonly finding: Finding<true> }
  /** `isUsed`: anything of the instance that is there was used. */
  | {
      readonly saw: 'instance'
      readonly finding: Finding<AddonInstance>
      readonly isUsed: boolean
    }
  /** The fate of an add-on that is not there. */
  | { readonly saw: 'beginning'; readonly addon: AddonFate }
  | { readonly saw: 'removal' }
  | { readonly saw: 'holder'; readonly holder: "its buyer's" | 'others' | 'nobody' }
  | { readonly saw: 'suspension' }
  | { readonly saw: 'end' }

/** The state of a claimed order that is to be cancelled. */
export function cancellationOf({ kind, intent, uniqueId, endpointId }: OrderRow): CancelState {
  const nothingSent = kind === 'topUp' && intent === undefined && uniqueId === undefined
  return endpointId === undefined || nothingSent
    ? { is: 'to end', addon: 'never sold', endpoint: 'not held' }
    : { is: 'waiting' }
}

export const CANCELLATION: Transitions<CancelState, CancelStep, CancelEvidence> = {
  waiting: { step: 'take endpoint', on: { turn: (_state, { order }) => afterTurn(order) } },
  'activation open': {
    step: 'settle activation',
    on: {
      activation: (_state, { finding }) => {
        if (finding.kind === 'there') return { is: 'to undo', instance: undefined }
        return finding.kind === 'not there'
          ? RELEASED
          : {
              is: 'held',
              why: `whether its endpoint is active could not be read: ${finding.reason}`,
            }
      },
    },
  },
  sold: {
    step: 'find instance',
    on: { instance: (_state, { finding, isUsed }) => afterLooking(finding, isUsed) },
  },
  'subscription open': {
    step: 'settle subscription',
    on: {
      instance: ({ accepted }, { finding, isUsed }) =>
        accepted && finding.kind === 'not there'
          ? { is: 'held', why: 'the platform said yes, but shows no add-on to take off yet' }
          : afterLooking(finding, isUsed),
    },
  },
  'in use': { step: 'keep', on: { end: ({ instance }) => ({ is: 'kept', instance }) } },
  'to undo': {
    step: 'begin',
    on: {
      beginning: ({ instance }, { addon }) =>
        instance === undefined ? { is: 'add-on off', addon } : { is: 'add-on on', instance },
    },
  },
  'add-on on': {
    step: 'remove add-on',
    on: { removal: () => ({ is: 'add-on off', addon: 'taken off' }) },
  },
  'add-on off': {
    step: 'ask whose',
    on: {
      holder: ({ addon }, { holder }) => {
        if (holder === 'nobody') return { is: 'nobody has it', addon }
        const endpoint = holder === 'others' ? 'kept for others' : holder
        return { is: 'to end', addon, endpoint }
      },
    },
  },
  'nobody has it': {
    step: 'suspend',
    on: { suspension: ({ addon }) => ({ is: 'to end', addon, endpoint: 'suspended' }) },
  },
  'to end': {
    step: 'end',
    on: { end: ({ addon, endpoint }) => ({ is: 'cancelled', addon, endpoint }) },
  },
  cancelled: {},
  kept: {},
  held: {},
}

const RELEASED: CancelState = { is: 'to end', addon: 'never sold', endpoint: 'released' }

function afterTurn({ status, intent, uniqueId }: OrderRow): CancelState {
  if (status === 'reserved') return intent === undefined ? RELEASED : { is: 'activation open' }
  if (uniqueId !== undefined) return { is: 'sold' }
  return intent?.write === 'subscribe'
    ? { is: 'subscription open', accepted: intent.accepted === true }
    : { is: 'to undo', instance: undefined }
}

function afterLooking(finding: Finding<AddonInstance>, isUsed: boolean): CancelState {
  if (finding.kind === 'not known') return { is: 'held', why: finding.reason }
  if (finding.kind === 'not there') return { is: 'to undo', instance: undefined }
  return { is: isUsed ? 'in use' : 'to undo', instance: finding.value }
}
