/** The plans that entries take fields from, as the account has them (contract 4.5). */
import { isDeepStrictEqual } from 'node:util'
import type { Observation } from '../account/observation.ts'
import { type Finding, notKnown, notThere, there } from '../finding.ts'
import type { Issue } from '../issues.ts'
import { isJsonObject } from '../json.ts'
import type { Resource } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'
import type { AnyRecord } from '../state/state.ts'
import type { AddonPlanEntry } from './addon-plan-entry.ts'
import {
  type Copied,
  copiedFor,
  copyText,
  isLikeSource,
  type LikeSource,
  type LikeTemplate,
  lackingIn,
  type SaidFields,
  takeCopy,
} from './addon-plan-like.ts'

/** What an entry takes from its template. */
interface ResolvedLike {
  readonly copied?: Copied
  readonly source?: LikeSource
  readonly notes?: readonly string[]
  readonly blocked?: NonNullable<Resource['blocked']>
}

const sourceOf = (record: AnyRecord | undefined): LikeSource | undefined => {
  const source: unknown = record && Reflect.get(record, 'likeSource')
  return isLikeSource(source) ? source : undefined
}

/** Plans that must be read besides: a template by its ID, or the whole list for one that only has a name yet. */
export function templatesOf(
  entries: readonly AddonPlanEntry[],
  recordOf: (key: string) => AnyRecord | undefined,
): { readonly ids: readonly string[]; readonly whole: boolean } {
  const wanted = entries.flatMap(({ key, like }) =>
    like === undefined ? [] : [like.planId ?? kept(like, sourceOf(recordOf(key)))?.planId],
  )
  const ids = wanted.filter(id => id !== undefined)
  return { ids, whole: ids.length < wanted.length }
}

/** The source of the copy that the state has, where the entry still means it. */
const kept = (like: LikeTemplate, source: LikeSource | undefined): LikeSource | undefined => {
  if (source === undefined || source.copy !== like.copy) return undefined
  const same = like.planId === undefined ? source.name === like.name : source.planId === like.planId
  return same ? source : undefined
}

/** What an entry says itself. */
const saidBy = (entry: AddonPlanEntry): SaidFields => ({
  data: entry.dataMB !== undefined,
  sms: entry.smsCount !== undefined,
  throttle: entry.throttleKbps !== undefined,
  validity: entry.validityDays !== undefined,
  activation: entry.activation !== undefined,
  renewal: entry.renewal !== undefined,
  charge: entry.charge !== undefined,
  priority: entry.priority !== undefined,
})

/** The templates of an account. */
export function openTemplates({ addonPlans, gone }: Observation): {
  resolve(
    entry: AddonPlanEntry,
    like: LikeTemplate,
    record: AnyRecord | undefined,
    report: (issue: Issue) => void,
  ): ResolvedLike
} {
  const byId = new Map(addonPlans.items.map(plan => [plan.planId, plan]))

  function find(like: LikeTemplate, source: LikeSource | undefined): Finding<ReportedPlan> {
    const id = like.planId ?? source?.planId
    if (id === undefined) return findNamed(like.name ?? '')
    const plan = byId.get(id)
    if (plan !== undefined) return there(plan)
    const evidence = gone['addonPlan']?.get(id)
    if (evidence !== undefined) return notThere(`plan ${id} is gone: ${evidence}`)
    return notKnown(
      `whether the account has plan ${id} is not known: ${addonPlans.doubt ?? 'the list lacks it'}`,
    )
  }

  function findNamed(name: string): Finding<ReportedPlan> {
    const [plan, ...others] = addonPlans.items.filter(one => one.name === name)
    if (others.length > 0)
      return notThere(`${others.length + 1} plans are named "${name}": rename all but one`)
    if (plan !== undefined) return there(plan)
    return addonPlans.doubt === undefined
      ? notThere(`the account has no plan "${name}"`)
      : notKnown(`whether the account has a plan "${name}" is not known: ${addonPlans.doubt}`)
  }

  return {
    resolve(entry, like, record, report) {
      const source = kept(like, sourceOf(record))
      const template = find(like, source)
      const said = saidBy(entry)
      const before = record?.spec['like']
      return source !== undefined && isJsonObject(before)
        ? keep({ entry, like, said, source, before, template, report })
        : copyAnew(like, said, template)
    },
  }
}

/** A copy of the template as it is now. */
function copyAnew(
  { copy, except }: LikeTemplate,
  said: SaidFields,
  template: Finding<ReportedPlan>,
): ResolvedLike {
  if (template.kind === 'not known')
    return { blocked: { reason: `like: ${template.reason}`, notKnown: true } }
  if (template.kind === 'not there')
    return {
      blocked: {
        reason: `like: ${template.evidence}; make such a plan in the portal, or name another one`,
      },
    }
  const plan = template.value
  const taken = takeCopy(plan, said, except)
  if ('problem' in taken) return { blocked: { reason: `like: ${taken.problem}` } }
  return {
    copied: taken.copied,
    source: { planId: plan.planId, name: plan.name, copy },
    notes: [`like "${plan.name}" (${plan.planId}): ${copyText(taken.copied)}`],
  }
}

interface Keeping {
  readonly entry: AddonPlanEntry
  readonly like: LikeTemplate
  readonly said: SaidFields
  readonly source: LikeSource
  readonly before: Copied
  readonly template: Finding<ReportedPlan>
  readonly report: (issue: Issue) => void
}

/** The copy that the state has, and what became of its template since. */
function keep(keeping: Keeping): ResolvedLike {
  const { like, said, source, before, template } = keeping
  const fresh = freshOf(keeping)
  // What the entry has come to say itself is no more the template's; what it says no more is taken from it.
  const kept = copiedFor(before, said, like.except, template)
  const lacks = lackingIn(kept, said)
  if (lacks.length > 0 && fresh === undefined) {
    const why = template.kind === 'not known' ? template.reason : 'its template does not tell'
    return {
      source,
      blocked: {
        reason: `like: the entry does not say ${lacks.join(', ')} any more, and ${why}`,
        ...(template.kind === 'not known' && { notKnown: true as const }),
      },
    }
  }
  const copied = lacks.length > 0 ? { ...fresh, ...kept } : kept
  tell(keeping, fresh, copied)
  return {
    ...(Object.keys(copied).length > 0 && { copied }),
    source,
    notes: [`like "${source.name}" (${source.planId}), as it was copied: ${copyText(copied)}`],
  }
}

/** What would be copied now; undefined where the template does not tell. */
function freshOf({ said, like, template }: Keeping): Copied | undefined {
  if (template.kind !== 'there') return undefined
  const taken = takeCopy(template.value, said, like.except)
  return 'copied' in taken ? taken.copied : undefined
}

/** Says what became of a template: the plan itself stays as it was copied. */
function tell(
  { entry, like, source, template, report }: Keeping,
  fresh: Copied | undefined,
  copied: Copied,
): void {
  const position = entry.positions['like'] ?? entry.position
  const of = `the template of addonPlan/${entry.key}, "${source.name}" (${source.planId}),`
  if (template.kind === 'not there')
    report({
      position,
      code: 'LIKE_GONE',
      severity: 'warning',
      message: `${of} is not there any more: ${template.evidence}`,
      hint: 'the plan stays as it is; for new ones name another template',
    })
  const changed = [...new Set([...Object.keys(fresh ?? {}), ...Object.keys(copied)])].filter(
    path => fresh !== undefined && !isDeepStrictEqual(fresh[path], copied[path]),
  )
  if (changed.length > 0)
    report({
      position,
      code: 'LIKE_CHANGED',
      severity: 'warning',
      message: `${of} has other values than were copied: ${changed.join(', ')}`,
      hint: `the plan stays as it was copied; copy: ${like.copy + 1} in its like takes the template as it is now, which makes a new revision`,
    })
}
