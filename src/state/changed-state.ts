import type { State } from './state.ts'

type Records = Readonly<Record<string, unknown>>

/** A section as it was, and what came since; put together where somebody looks at it, and once. */
interface Section {
  readonly records: () => Records
  readonly and: (changes: Records) => Section
}

/** So many changes of a section are kept apart at most. */
const MOST_APART = 1000

/** Sections of states that nobody may have looked at. */
const sectionsOf = new WeakMap<State, ReadonlyMap<string, Section>>()

/**
 * A state with `head` in place of what it had there, and `changes` of records by section. Sections of 100,000 endpoints
 * are not copied for each of them: they are put together where somebody looks. Those without a change stay the same objects.
 */
export function changedState(
  last: State,
  changes: ReadonlyMap<string, Records>,
  head: object,
): State {
  const sections = new Map(sectionsOf.get(last))
  // As they are: none is put together by it.
  const now: State = Object.create(
    Object.getPrototypeOf(last),
    Object.getOwnPropertyDescriptors(last),
  )
  Object.assign(now, head)
  for (const [name, changed] of changes) {
    const there = sections.get(name) ?? sectionOf(Reflect.get(last, name) ?? {}, {})
    const section = there.and(changed)
    sections.set(name, section)
    Object.defineProperty(now, name, {
      get: section.records,
      enumerable: true,
      configurable: true,
    })
  }
  sectionsOf.set(now, sections)
  return now
}

function sectionOf(base: Records, changes: Records): Section {
  const isLong = Object.keys(changes).length > MOST_APART
  let whole: Records | undefined = isLong ? putTogether(base, changes) : undefined
  const records = (): Records => {
    whole ??= putTogether(base, changes)
    return whole
  }
  return {
    records,
    and: more =>
      whole === undefined
        ? sectionOf(base, putTogether(changes, more))
        : sectionOf(whole, putTogether({}, more)),
  }
}

const putTogether = (base: Records, changes: Records): Records =>
  Object.assign(Object.create(null), base, changes)
