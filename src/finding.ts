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
}

export const there = <Value>(value: Value): There<Value> => ({ kind: 'there', value })
export const notThere = (evidence: string): NotThere => ({ kind: 'not there', evidence })
export const notKnown = (reason: string): NotKnown => ({ kind: 'not known', reason })

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
