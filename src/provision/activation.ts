/** The activation of an order's endpoint as a value: its states, and what each answer and reading makes of it. */
import type { StateOf, Transitions } from '../machine.ts'

/** The two calls that activate an endpoint (contract 4.9). */
export type ActivationCall = 'EndPointLifeCycleChange' | 'ActivateEndPoint'

/** What is known of the sendings so far. */
interface Sent {
  /** How often the lifecycle call was sent in this run. */
  readonly sends: number
  /** Whether a call of this order may have made, or may still make, the endpoint active. */
  readonly mayBeOurs: boolean
}

/**
 * Where an activation stands. Ends: `ours`: active by this order. `left`: known not to be active by it, and
 * another order may try the eSIM. `taken`: not active by it, and never for sale here. `not known`: it may
 * have happened, or may not.
 */
export type ActivationState =
  | ({ readonly is: 'to send' } & Sent)
  /** The outcome of a call is not known: the SIM is read before anything else. */
  | ({ readonly is: 'unclear' } & Sent)
  /** The lifecycle call was refused: what the SIM says decides whether the other call is tried. */
  | ({ readonly is: 'refused'; readonly why: string } & Sent)
  /** ASSUMED (contract 4.9, U20): from Pre-Active a refused lifecycle call is followed by the other one. */
  | ({ readonly is: 'to send the other'; readonly why: string } & Sent)
  /** Refused for good, or unclear too often, and nothing of ours can be running: one last look. */
  | { readonly is: 'to look at last'; readonly why: string }
  /** The same, but calls of ours may be running still: it is read until they cannot be. */
  | { readonly is: 'settling'; readonly why: string }
  /** The platform says that it is active already. Words alone make nothing sold: the SIM must say so too. */
  | ({ readonly is: 'said to be active' } & Sent)
  /** It is active, and nothing of ours did that as far as is known: whose is it? */
  | { readonly is: 'active by somebody' }
  | {
      readonly is: 'ours'
      readonly how: 'done' | 'found'
      readonly detail?: string
    }
  | { readonly is: 'left'; readonly why: string }
  | { readonly is: 'taken'; readonly why: string }
  | { readonly is: 'not known'; readonly why: string }

/**
 * `send`: one of the two calls. `look`: read the SIM. `settle`: read it until no call of ours can be running.
 * `read add-ons`: by the read that is known to be good.
 */
export type ActivationStep =
  | { readonly do: 'send'; readonly call: ActivationCall }
  | { readonly do: 'look' | 'settle' | 'read add-ons' }

/** What the SIM says of the activation of its endpoint. */
export type SimSight = 'active' | 'waits' | 'gone' | 'not known'

export type ActivationEvidence =
  | { readonly saw: 'done' }
  | { readonly saw: 'already' }
  | { readonly saw: 'unclear' }
  | { readonly saw: 'refusal'; readonly why: string }
  | { readonly saw: 'sim'; readonly sim: SimSight }
  | {
      readonly saw: 'settled'
      readonly sim: 'active' | 'not active' | 'not known'
      readonly why: string
    }
  | { readonly saw: 'add-ons'; readonly ids: readonly string[]; readonly doubt?: string }

/** Times that an unclear activation is sent; a second success changes nothing (contract 1.11). */
const SENDS = 3

const GONE = 'no SIM is attached to it, or another one'

/** Where an activation may begin. */
export type ActivationStart = StateOf<ActivationState, 'to send' | 'said to be active'>

/**
 * `sentBefore`: an earlier process, or an earlier attempt, may have sent it. `seenActive`: a list has the SIM as
 * Active, so that it is read before anything is sent.
 */
export const startOfActivation = (sentBefore: boolean, seenActive = false): ActivationStart => ({
  is: seenActive ? 'said to be active' : 'to send',
  sends: 0,
  mayBeOurs: sentBefore,
})

type SentState = StateOf<ActivationState, 'to send' | 'to send the other'>

/** What the answers of both calls have in common. */
const ANSWERS = {
  done: (): ActivationState => ({ is: 'ours', how: 'done' }),
  already: ({ sends, mayBeOurs }: SentState): ActivationState => ({
    is: 'said to be active',
    sends,
    mayBeOurs,
  }),
  unclear: ({ sends }: SentState): ActivationState => ({ is: 'unclear', sends, mayBeOurs: true }),
} as const

export const ACTIVATION: Transitions<ActivationState, ActivationStep, ActivationEvidence> = {
  'to send': {
    step: { do: 'send', call: 'EndPointLifeCycleChange' },
    on: {
      done: ANSWERS.done,
      already: state => ANSWERS.already(counted(state)),
      unclear: state => ANSWERS.unclear(counted(state)),
      refusal: (state, { why }) => ({ ...counted(state), is: 'refused', why }),
    },
  },
  'to send the other': {
    step: { do: 'send', call: 'ActivateEndPoint' },
    on: {
      ...ANSWERS,
      refusal: (state, { why }) => atLast(state, `${state.why}; ${why}`),
    },
  },
  unclear: {
    step: { do: 'look' },
    on: {
      sim: (state, { sim }) => (sim === 'active' ? { is: 'ours', how: 'found' } : onceMore(state)),
    },
  },
  refused: {
    step: { do: 'look' },
    on: {
      sim: (state, { sim }) => {
        if (sim === 'active') return activeOf(state)
        if (sim !== 'gone') return { ...state, is: 'to send the other' }
        return state.mayBeOurs ? { is: 'settling', why: GONE } : { is: 'taken', why: GONE }
      },
    },
  },
  'said to be active': {
    step: { do: 'look' },
    on: { sim: (state, { sim }) => afterSaidActive(state, sim) },
  },
  'to look at last': {
    step: { do: 'look' },
    on: {
      sim: ({ why }, { sim }) => {
        if (sim === 'active') return { is: 'active by somebody' }
        return sim === 'gone' ? { is: 'taken', why: GONE } : { is: 'left', why }
      },
    },
  },
  settling: {
    step: { do: 'settle' },
    on: {
      settled: (state, { sim, why }) => {
        if (sim === 'active') return { is: 'ours', how: 'found' }
        return sim === 'not known' ? { is: 'not known', why } : { is: 'left', why: state.why }
      },
    },
  },
  'active by somebody': {
    step: { do: 'read add-ons' },
    on: { 'add-ons': (_state, { ids, doubt }) => judgeAddons(ids, doubt) },
  },
  ours: {},
  left: {},
  taken: {},
  'not known': {},
}

const counted = (state: StateOf<ActivationState, 'to send'>) => ({
  ...state,
  sends: state.sends + 1,
})

function afterSaidActive(state: Sent, sim: SimSight): ActivationState {
  switch (sim) {
    case 'active':
      return activeOf(state)
    case 'gone':
      return { is: 'taken', why: GONE }
    case 'not known':
      return { is: 'not known', why: 'the SIM cannot be read' }
    case 'waits':
      return state.mayBeOurs
        ? onceMore(state)
        : { is: 'left', why: 'it is said to be active already, and its SIM is not' }
  }
}

/** A second success changes nothing, but somewhere it ends. */
const onceMore = ({ sends, mayBeOurs }: Sent): ActivationState =>
  sends >= SENDS
    ? { is: 'settling', why: `activation was unclear ${SENDS} times` }
    : { is: 'to send', sends, mayBeOurs }

/** It is ours where a call of ours may have done that. */
const activeOf = ({ mayBeOurs }: Sent): ActivationState =>
  mayBeOurs ? { is: 'ours', how: 'found' } : { is: 'active by somebody' }

const atLast = ({ mayBeOurs }: Sent, why: string): ActivationState => ({
  is: mayBeOurs ? 'settling' : 'to look at last',
  why,
})

/** One that was refused, or told that it is so already, is ours all the same where nobody has anything on it. */
function judgeAddons(ids: readonly string[], doubt: string | undefined): ActivationState {
  if (ids.length === 0 && doubt === undefined)
    return {
      is: 'ours',
      how: 'found',
      detail: 'refused, and active all the same: nobody else has an add-on on it',
    }
  const why = ids.length > 0 ? `it has add-ons: ${ids.join()}` : doubt
  return { is: 'taken', why: `it was active already, and not by an order of this ledger: ${why}` }
}
