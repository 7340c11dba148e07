/** `dying-store.ts '{"from":…,"to":…,"part":…,"dieAt":7}'`: moves, and kills itself just before its seventh step. */
import type {
  Arrival,
  Departure,
  MovedPart,
  MovedRow,
  MovedRows,
  Moves,
  Store,
} from '../../src/index.ts'
import { migrateStore, registerStore } from '../../src/index.ts'
import { findAble } from '../../src/stores/registry.ts'

interface Job {
  readonly from: string
  readonly to: string
  readonly part: MovedPart
  readonly dieAt: number
}

const job = JSON.parse(process.argv[2] ?? '') as Job
let steps = 0

async function step(): Promise<void> {
  steps += 1
  if (steps !== job.dieAt) return
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => setInterval(() => undefined, 1000))
}

/** A step before the first page and one between two. */
async function* eachStep(rows: MovedRows): AsyncGenerator<readonly MovedRow[]> {
  let page = 0
  for await (const one of rows) {
    page += 1
    if (page === 1 || page === 3) await step()
    yield one
  }
}

const dyingDeparture = (departure: Departure): Departure => ({
  ...departure,
  rows: () => eachStep(departure.rows()),
  async retire(mark) {
    await step()
    await departure.retire(mark)
    await step()
  },
  [Symbol.asyncDispose]: () => departure[Symbol.asyncDispose](),
})

const dyingArrival = (arrival: Arrival): Arrival => ({
  ...arrival,
  async put(rows) {
    await arrival.put(rows)
    await step()
  },
  async seal() {
    await step()
    await arrival.seal()
  },
  [Symbol.asyncDispose]: () => arrival[Symbol.asyncDispose](),
})

/** The moves of another address, `dying:ADDRESS`. */
const movesOf = async (part: MovedPart, address: string): Promise<readonly [Moves, string]> => {
  const at = address.slice('dying:'.length)
  const { keeper, place } =
    part === 'state'
      ? await findAble('state', at, 'moves', 'cannot be moved')
      : await findAble('ledger', at, 'moves', 'cannot be moved')
  return [keeper.moves, place]
}

const dyingMoves = (part: MovedPart): Moves => ({
  async where(address) {
    const [moves, place] = await movesOf(part, address)
    return await moves.where(place)
  },
  async look(address) {
    const [moves, place] = await movesOf(part, address)
    return await moves.look(place)
  },
  async depart(address) {
    const [moves, place] = await movesOf(part, address)
    await step()
    return dyingDeparture(await moves.depart(place))
  },
  async receive(address, mark) {
    const [moves, place] = await movesOf(part, address)
    await step()
    const arrival = await moves.receive(place, mark)
    await step()
    return dyingArrival(arrival)
  },
  async finish(address, at) {
    const [moves, place] = await movesOf(part, address)
    await step()
    await moves.finish(place, at)
    await step()
  },
})

const never = (): never => {
  throw new Error('only moved')
}
const dying: Store = {
  state: { open: never, read: never, isThere: never, moves: dyingMoves('state') },
  ledger: { open: never, look: never, moves: dyingMoves('ledger') },
  holdsBoth: true,
}

registerStore('dying:', async () => dying)
await migrateStore({
  from: `dying:${job.from}`,
  to: `dying:${job.to}`,
  part: job.part,
  confirm: () => true,
})
