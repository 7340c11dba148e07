import type { ListOptions, ReportedPlan, ReportedRateZone, SftReader } from '../sft/api.ts'

/**
 * A read shared by all who asked before it was sent, and by nobody who asked after: settling many writes
 * at once costs one list read a round, and none of them sees an answer older than its question. What is
 * asked is handed to the read together.
 */
function shareReads<Asked, Value>(
  read: (asked: readonly Asked[]) => Promise<Value>,
): (asked: Asked) => Promise<Value> {
  let waiting: { readonly asked: Asked[]; readonly value: Promise<Value> } | undefined
  let running: Promise<unknown> = Promise.resolve()
  return asked => {
    if (waiting !== undefined) {
      waiting.asked.push(asked)
      return waiting.value
    }
    const questions = [asked]
    const value = running.then(() => {
      waiting = undefined
      return read(questions)
    })
    waiting = { asked: questions, value }
    running = value.catch(error => error)
    return value
  }
}

/** A reader whose list reads are shared; a list is read until it is enough for everybody. */
export function freshReader(read: SftReader): SftReader {
  const rateZones = shareReads((asked: readonly Options<ReportedRateZone>[]) =>
    read.rateZones(enoughForAll(asked)),
  )
  const addonPlans = shareReads((asked: readonly Options<ReportedPlan>[]) =>
    read.addonPlans(enoughForAll(asked)),
  )
  return {
    ...read,
    rateZones: options => rateZones(options),
    addonPlans: options => addonPlans(options),
  }
}

type Options<Item> = ListOptions<Item> | undefined

function enoughForAll<Item>(asked: readonly Options<Item>[]): ListOptions<Item> {
  const enough = asked.map(options => options?.enough ?? (() => false))
  return { enough: items => enough.every(isEnough => isEnough(items)) }
}
