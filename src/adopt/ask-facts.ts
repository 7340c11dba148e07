import type { KindName } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import {
  type AccountFacts,
  type AccountQuestion,
  type Answers,
  type Ask,
  hasAccountSection,
  type ProposalInput,
} from './proposal.ts'

/** Nothing was told. */
export const NO_ANSWERS: Answers = { facts: new Map(), account: {} }

/** Asks for what the account does not report and the catalog cannot do without. */
export async function askFacts(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<Answers> {
  const facts = new Map<KindName, unknown>()
  const chosen = kinds().filter(({ kind }) => input.kinds.has(kind))
  for (const { kind, adoption } of chosen)
    if (adoption?.ask !== undefined) facts.set(kind, await adoption.ask(input, ask, say))
  const questions = hasAccountSection(input.catalog)
    ? []
    : chosen.flatMap(({ adoption }) => adoption?.questions?.(input) ?? [])
  return { facts, account: await askAccount(questions, ask) }
}

async function askAccount(
  questions: readonly AccountQuestion[],
  ask: Ask,
): Promise<Partial<AccountFacts>> {
  const told: Record<string, string | readonly string[]> = {}
  for (const { field, question, isList } of questions) {
    const text = (await ask(`${question} (empty: leave out): `)).trim()
    if (text !== '') told[field] = isList === true ? text.split(',').map(id => id.trim()) : text
  }
  return told
}
