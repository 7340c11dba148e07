import type { JsonObject } from '../model.ts'
import type { Sft } from '../sft/api.ts'
import { type AssumptionId, WIRE_ASSUMPTIONS, type WireAssumption } from '../sft/assumptions.ts'
import { type Evidence, type EvidenceOptions, gatherEvidence } from './evidence.ts'
import { DATE_JUDGES } from './judge-dates.ts'
import { ENDPOINT_JUDGES } from './judge-endpoints.ts'
import { LIST_JUDGES } from './judge-lists.ts'
import { PLAN_JUDGES } from './judge-plans.ts'
import type { Judge, Setting } from './judgement.ts'

/** What is known of one assumption on this account. */
export interface Verdict {
  readonly id: AssumptionId
  /** Section or unknown (U…) of the contract. */
  readonly contract: string
  readonly assumed: string
  /** `untested`: the account has nothing that tells. `unseen`: no read can tell. */
  readonly verdict: 'confirmed' | 'contradicted' | 'untested' | 'unseen'
  /** What was seen, or why nothing was. */
  readonly message: string
  /** What happens where an account differs. */
  readonly otherwise: string
  readonly set?: Setting
}

/** What a look at an account came to. */
export interface Examination {
  /** Every assumption, in the order of docs/wire.md. */
  readonly verdicts: readonly Verdict[]
  /** Reads that the tool cannot do without and that failed. */
  readonly failures: readonly string[]
  /** Everything that SFT_WIRE should hold, by what was seen. */
  readonly wire: JsonObject
}

type UnseenId = Extract<(typeof WIRE_ASSUMPTIONS)[number], { readonly unseen: string }>['id']

const JUDGES: Readonly<Record<Exclude<AssumptionId, UnseenId>, Judge>> = {
  ...LIST_JUDGES,
  ...PLAN_JUDGES,
  ...ENDPOINT_JUDGES,
  ...DATE_JUDGES,
}

/**
 * Holds what is assumed of the wire against a live account, by reading only (contract 10). Throws where the
 * login is refused or the host cannot be reached.
 *
 * @example
 * const { verdicts } = await examineAccount(sft, { timeZone: 'UTC', destGroupIsGiven: false, now: Date.now })
 * verdicts.filter(({ verdict }) => verdict === 'contradicted')
 */
export async function examineAccount(sft: Sft, options: EvidenceOptions): Promise<Examination> {
  const evidence = await gatherEvidence(sft, options)
  const verdicts = WIRE_ASSUMPTIONS.map(assumption => verdictOf(assumption, evidence))
  const wire: Record<string, JsonObject[string]> = {}
  for (const { set } of verdicts)
    if (set !== undefined && 'wire' in set) Object.assign(wire, mergedInto(wire, set.wire))
  return { verdicts, failures: failuresOf(evidence), wire }
}

function verdictOf(
  assumption: WireAssumption & { readonly id: AssumptionId },
  evidence: Evidence,
): Verdict {
  const { id, contract, assumed, otherwise } = assumption
  const about = { id, contract, assumed, otherwise }
  return isJudged(id)
    ? { ...about, ...JUDGES[id](evidence) }
    : { ...about, verdict: 'unseen', message: assumption.unseen ?? '' }
}

const isJudged = (id: AssumptionId): id is keyof typeof JUDGES => Object.hasOwn(JUDGES, id)

/** Two assumptions may need the same key: their lists are joined. */
function mergedInto(wire: JsonObject, more: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(more).map(([key, value]) => {
      const known = wire[key]
      return Array.isArray(known) && Array.isArray(value)
        ? [key, [...new Set([...known, ...value])]]
        : [key, value]
    }),
  )
}

function failuresOf(evidence: Evidence): readonly string[] {
  const { networks, zones, plans, sims, smallerPage } = evidence
  return [networks, zones, plans, smallerPage?.seen ?? sims].flatMap(seen =>
    seen.kind === 'failed' ? [seen.error.message] : [],
  )
}
