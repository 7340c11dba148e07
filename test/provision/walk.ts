import { stateAfter, type Transitions } from '../../src/machine.ts'

/** One transition that was walked: from a state, by what was seen, to a state. */
export interface Walked {
  readonly from: string
  readonly step: string
  readonly saw: string
  readonly to: string
}

/** What a step may show: for each kind of evidence every form that decides anything. */
export type Samples<Evidence extends { readonly saw: string }> = {
  readonly [Saw in Evidence['saw']]: readonly Extract<Evidence, { readonly saw: Saw }>[]
}

const stepText = (step: unknown): string =>
  typeof step === 'string' ? step : Object.values(Object(step)).join(' ')

/** Walks a table from its starts by every evidence that its states take, and tells what it met. */
export function walk<
  State extends { readonly is: string },
  Step,
  Evidence extends { readonly saw: string },
>(
  table: Transitions<State, Step, Evidence>,
  starts: readonly State[],
  samples: Samples<Evidence>,
): { readonly walked: readonly Walked[]; readonly met: ReadonlySet<string> } {
  const seen = new Map<string, State>()
  const walked = new Map<string, Walked>()
  const open = [...starts]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const mark = JSON.stringify(state)
    if (seen.has(mark)) continue
    seen.set(mark, state)
    const row = table[state.is as State['is']]
    for (const saw of Object.keys(row.on ?? {}) as Evidence['saw'][])
      for (const evidence of samples[saw]) {
        const next = stateAfter(table, state, evidence)
        const one = { from: state.is, step: stepText(row.step), saw, to: next.is }
        walked.set(JSON.stringify(one), one)
        open.push(next)
      }
  }
  return { walked: [...walked.values()], met: new Set([...seen.values()].map(({ is }) => is)) }
}

/** The transitions as the docs print them: a row a state and a step, in the table's order. */
export function printWalked(states: readonly string[], walked: readonly Walked[]): string {
  const lines = ['| state | step | by what it shows | becomes |', '|---|---|---|---|']
  for (const state of states) {
    const own = walked.filter(({ from }) => from === state)
    if (own.length === 0) lines.push(`| **${state}** | | | |`)
    for (const saw of [...new Set(own.map(one => one.saw))]) {
      const to = [...new Set(own.filter(one => one.saw === saw).map(one => one.to))].sort()
      const step = own.find(one => one.saw === saw)?.step ?? ''
      lines.push(`| ${state} | ${step} | ${saw} | ${to.join(' · ')} |`)
    }
  }
  return lines.join('\n')
}
