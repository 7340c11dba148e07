/** What of a spec stands for the ID of another resource, and the one reading of it. */
import { isJsonObject } from '../json.ts'
import type { Address, Json, Resource, Spec } from '../model.ts'
import { revisionName } from './revision.ts'

/** A value that stands for the ID of what an address names. */
export const refTo = (address: Address): Json => ({ ref: address })

/** The address that a value stands for, where it stands for the ID of another resource. */
export function refOf(value: Json | undefined): Address | undefined {
  const ref = isJsonObject(value) ? value['ref'] : undefined
  return isAddress(ref) ? ref : undefined
}

const isAddress = (value: unknown): value is Address =>
  typeof value === 'string' && value.includes('/')

/** A spec with IDs for references, as far as they are known. */
export interface ResolvedSpec {
  /** What has no ID yet stands as it did. */
  readonly spec: Spec
  /** What has no ID yet: as long as there is any, nothing may be sent or recorded of the spec. */
  readonly open: readonly Address[]
}

/** Replaces references by IDs; `idOf` knows an ID or answers undefined. */
export function resolveSpec(
  spec: Spec,
  idOf: (address: Address) => string | undefined,
): ResolvedSpec {
  const open: Address[] = []
  const resolved: Record<string, Json> = {}
  for (const [field, value] of Object.entries(spec)) {
    const ref = refOf(value)
    const id = ref === undefined ? undefined : idOf(ref)
    if (ref !== undefined && id === undefined) open.push(ref)
    resolved[field] = id ?? value
  }
  return { spec: resolved, open }
}

/** The same of a resource, under the platform-side name of its revision. */
export function platformSpec(
  { spec, naturalKey }: Resource,
  identity: 'name' | 'iccid',
  revision: number | undefined,
  idOf: (address: Address) => string | undefined,
): ResolvedSpec {
  const resolved = resolveSpec(spec, idOf)
  if (identity === 'iccid') return resolved
  return { ...resolved, spec: { ...resolved.spec, name: revisionName(naturalKey, revision) } }
}
