/**
 * The three answers that a read can give. Silence is none of them: what is missing, of another form, or
 * older than it should be, is *not known*. Only *there* and *not there* may lead to a write, to a success,
 * or to a final word.
 */

/** The thing stands there, and this is what was read of it. */
export interface There<Value> {
  readonly kind: 'there'
  readonly value: Value
}

/** It is known that there is no such thing; `evidence` says, for people, what was read that proves it. */
export interface NotThere {
  readonly kind: 'not there'
  readonly evidence: string
}

/** Nothing follows from what was read; `reason` says, for people, why not. */
export interface NotKnown {
  readonly kind: 'not known'
  readonly reason: string
}

/**
 * What a read tells of one thing.
 *
 * @example
 * const finding = await sft.read.sim(iccid)
 * switch (finding.kind) {
 *   case 'there': return sell(finding.value)
 *   case 'not there': return report(finding.evidence)
 *   case 'not known': return hold(finding.reason) // never a write, never a final word
 * }
 */
export type Finding<Value> = There<Value> | NotThere | NotKnown

/**
 * What a read tells of many things: those that are there, and whether they are all. Where `doubt` is
 * given, something that is not among `items` is *not known*; where it is absent, the list is whole and
 * something else is *not there*.
 */
export interface Listing<Item> {
  readonly items: readonly Item[]
  /** Why the list may say less than there is, for people. */
  readonly doubt?: string
  /** Set where the doubt is the reader's own: it had found enough, and did not read on. */
  readonly stopped?: true
  /** What was odd about a list that is whole all the same, for people. */
  readonly note?: string
}

export const there = <Value>(value: Value): There<Value> => ({ kind: 'there', value })
export const notThere = (evidence: string): NotThere => ({ kind: 'not there', evidence })
export const notKnown = (reason: string): NotKnown => ({ kind: 'not known', reason })

/** The same finding of something made from the value. */
export const mapFinding = <Value, Made>(
  finding: Finding<Value>,
  make: (value: Value) => Made,
): Finding<Made> => (finding.kind === 'there' ? there(make(finding.value)) : finding)

/**
 * Looks, and where nothing is there looks once more: one reading can leave out what is there, so that the
 * absence of something that is believed to be there takes two.
 */
export async function lookTwice<Value>(
  look: () => Promise<Finding<Value>>,
): Promise<Finding<Value>> {
  const first = await look()
  return first.kind === 'not there' ? await look() : first
}

/** Whether all of them are there; where not, what is not known comes before what is not there. */
export function allThere(findings: readonly Finding<unknown>[]): Finding<true> {
  const unclear = findings.find(finding => finding.kind === 'not known')
  const absent = findings.find(finding => finding.kind === 'not there')
  return unclear ?? absent ?? there(true)
}

/**
 * Looks for an effect in a thing that was read: there where `see` finds it. A thing that is not there has no
 * effect to show, and of one that is not known nothing follows.
 *
 * @param lacks for people, what it means that it does not show, such as `the SIM is not Active`.
 */
export function seenIn<Value, Effect>(
  finding: Finding<Value>,
  lacks: string,
  see: (value: Value) => Effect | undefined,
): Finding<Effect> {
  if (finding.kind !== 'there') return finding
  const effect = see(finding.value)
  return effect === undefined ? notThere(lacks) : there(effect)
}

/**
 * Looks for one thing in a list. Not among the items of a list that may be incomplete, it is *not known*.
 *
 * @param what for people, such as `rate zone "Europe"`.
 */
export function findIn<Item>(
  listing: Listing<Item>,
  what: string,
  is: (item: Item) => boolean,
): Finding<Item> {
  const found = listing.items.find(is)
  if (found !== undefined) return there(found)
  return listing.doubt === undefined
    ? notThere(`${what} is not in the whole list`)
    : notKnown(`${what} is not in a list that may say less than there is: ${listing.doubt}`)
}
