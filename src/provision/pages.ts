import {
  type EsimPlace,
  type EsimQuestion,
  type EsimRow,
  type Ledger,
  type OrderPlace,
  type OrderRow,
  PAGE,
} from './ledger.ts'

/** Orders, oldest first, a page at a time: no more of them are in memory. */
export async function* orderPages(
  ledger: Ledger,
  filter: { readonly unfinished?: boolean } = {},
  /** ISO time from which on. */
  since?: string,
): AsyncGenerator<readonly OrderRow[]> {
  // No order has an empty ID: this place is before all of that time.
  let after: OrderPlace | undefined =
    since === undefined ? since : { createdAt: since, orderId: '' }
  for (;;) {
    const page = await ledger.ordersAfter(after, PAGE, filter)
    after = page.at(-1)
    if (after === undefined) return
    yield page
  }
}

/** eSIMs, those first whose usage was read longest ago, a page at a time. */
export async function* esimPages(
  ledger: Ledger,
  question: Omit<EsimQuestion, 'after' | 'limit'>,
): AsyncGenerator<readonly EsimRow[]> {
  for (let after: EsimPlace | undefined; ; ) {
    const page = await ledger.esimsIn({ ...question, limit: PAGE, ...(after && { after }) })
    after = page.at(-1)?.place
    if (after === undefined) return
    yield page.map(({ row }) => row)
  }
}

/** What `ask` answers for each part of a long list of keys. */
export async function* inParts<Key, Answer>(
  keys: readonly Key[],
  ask: (part: readonly Key[]) => Promise<readonly Answer[]>,
): AsyncGenerator<Answer> {
  for (let start = 0; start < keys.length; start += PAGE)
    yield* await ask(keys.slice(start, start + PAGE))
}

/** Of these endpoints those that are sold, kept for an order or set aside. */
export async function takenAmong(
  ledger: Ledger,
  endpointIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>()
  for await (const { endpointId, status } of inParts(endpointIds, ledger.esimsAmong))
    if (status !== 'released') taken.add(endpointId)
  return taken
}
