/** The subscription of an order's add-on as a value: its states, and what each outcome makes of it. */
import type { Finding } from '../finding.ts'
import type { Transitions } from '../machine.ts'
import type { AddonInstance } from '../sft/api.ts'
import { SftUnknownOutcomeError } from '../sft/errors.ts'

/**
 * Where a subscription stands. Ends: `sold`: the instance is the order's. `failed`: known not to be there.
 * `held`: whether it is there is not known, and nothing is sent again.
 */
export type SubscriptionState =
  /** An earlier process, or an earlier attempt, announced it and may have sent it. */
  | { readonly is: 'announced before' }
  /** The platform said yes then, without naming the instance. */
  | { readonly is: 'accepted before' }
  | { readonly is: 'absent' }
  /** `refusals`: how often the platform said no in this attempt. */
  | { readonly is: 'to send'; readonly refusals: number }
  | { readonly is: 'refused'; readonly refusals: number }
  | { readonly is: 'sold'; readonly instance: AddonInstance; readonly how: 'done' | 'found' }
  | { readonly is: 'failed'; readonly error: unknown }
  | { readonly is: 'held'; readonly error: unknown }

/**
 * `settle`: read it until it can come no more. `conclude`: write down that it is not there. `send`: announce it,
 * send it, and settle what is unclear. `pause`: wait before it is sent again.
 */
export type SubscriptionStep = 'settle' | 'conclude' | 'send' | 'pause'

export type SubscriptionEvidence =
  | { readonly saw: 'effect'; readonly finding: Finding<AddonInstance> }
  | { readonly saw: 'conclusion' }
  | { readonly saw: 'instance'; readonly instance: AddonInstance; readonly how: 'done' | 'found' }
  /** It was looked for, and is not there. */
  | { readonly saw: 'refusal'; readonly error: unknown }
  | { readonly saw: 'absence'; readonly error: unknown }
  | { readonly saw: 'doubt'; readonly error: unknown }
  | { readonly saw: 'time' }

export const startOfSubscription = (
  announced: 'no' | 'just now' | 'before' | 'before, accepted',
): SubscriptionState => {
  if (announced === 'before') return { is: 'announced before' }
  return announced === 'before, accepted'
    ? { is: 'accepted before' }
    : { is: 'to send', refusals: 0 }
}

/** Why an add-on that the platform said yes to is not sold yet. */
export const UNNAMED = 'the platform said yes, but shows no new add-on yet'

const settled = (finding: Finding<AddonInstance>, absent: SubscriptionState): SubscriptionState => {
  if (finding.kind === 'there') return { is: 'sold', instance: finding.value, how: 'found' }
  return finding.kind === 'not there'
    ? absent
    : { is: 'held', error: new SftUnknownOutcomeError(finding.reason) }
}

/** `mostRefusals`: how often the platform may say no in one attempt. */
export const subscriptionSteps = (
  mostRefusals: number,
): Transitions<SubscriptionState, SubscriptionStep, SubscriptionEvidence> => ({
  'announced before': {
    step: 'settle',
    on: { effect: (_state, { finding }) => settled(finding, { is: 'absent' }) },
  },
  'accepted before': {
    step: 'settle',
    on: {
      effect: (_state, { finding }) =>
        settled(finding, {
          is: 'held',
          error: new SftUnknownOutcomeError(UNNAMED),
        }),
    },
  },
  absent: { step: 'conclude', on: { conclusion: () => ({ is: 'to send', refusals: 0 }) } },
  'to send': {
    step: 'send',
    on: {
      instance: (_state, { instance, how }) => ({ is: 'sold', instance, how }),
      refusal: ({ refusals }, { error }) =>
        refusals + 1 >= mostRefusals
          ? { is: 'failed', error }
          : { is: 'refused', refusals: refusals + 1 },
      absence: (_state, { error }) => ({ is: 'failed', error }),
      doubt: (_state, { error }) => ({ is: 'held', error }),
    },
  },
  refused: {
    step: 'pause',
    on: { time: ({ refusals }) => ({ is: 'to send', refusals }) },
  },
  sold: {},
  failed: {},
  held: {},
})
