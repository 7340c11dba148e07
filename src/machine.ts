/**
 * Things that move in steps: a write, an activation, an order. Their states are a union, what leads from one
 * to another is a table of pure functions, and the effects are the performer's, so that the same steps run
 * over files and on a fleet.
 */

/** The member of a union of states that has a name. */
export type StateOf<State extends { readonly is: string }, Is extends State['is']> = Extract<
  State,
  { readonly is: Is }
>

/**
 * A state by state: the step that it calls for, none at an end, and what it becomes by what that step showed.
 * What a step of a state cannot show is left out.
 */
export type Transitions<
  State extends { readonly is: string },
  Step,
  Evidence extends { readonly saw: string },
> = {
  readonly [Is in State['is']]: {
    readonly step?: Step
    readonly on?: {
      readonly [Saw in Evidence['saw']]?: (
        state: StateOf<State, Is>,
        evidence: Extract<Evidence, { readonly saw: Saw }>,
      ) => State
    }
  }
}

/**
 * The state after a step, by what the step showed. Throws a `TypeError` for what no step of this state shows:
 * a mistake of the performer.
 */
export function stateAfter<
  State extends { readonly is: string },
  Step,
  Evidence extends { readonly saw: string },
>(table: Transitions<State, Step, Evidence>, state: State, evidence: Evidence): State {
  const on: Partial<Record<string, Transition<State, Evidence>>> | undefined =
    table[state.is as State['is']].on
  const transition = on?.[evidence.saw]
  if (transition === undefined) throw new TypeError(`"${evidence.saw}" cannot follow "${state.is}"`)
  return transition(state, evidence)
}

/** The table has it typed by its state and evidence, by which it was found just now. */
type Transition<State, Evidence> = {
  bivariant(state: State, evidence: Evidence): State
}['bivariant']

/**
 * Takes a thing from a state to an end, and returns that. What `perform` throws ends the run where it stands.
 *
 * @example
 * const end = await runSteps(ACTIVATION, startOfActivation(false), perform)
 */
export async function runSteps<
  State extends { readonly is: string },
  Step,
  Evidence extends { readonly saw: string },
>(
  table: Transitions<State, Step, Evidence>,
  start: State,
  perform: (step: Step, state: State) => Promise<Evidence>,
): Promise<State> {
  let state = start
  for (;;) {
    const { step } = table[state.is as State['is']]
    if (step === undefined) return state
    state = stateAfter(table, state, await perform(step, state))
  }
}
