import type { Spec } from '../model.ts'
import { readSims } from '../observe.ts'
import type { CreateChange } from '../plan/plan.ts'
import { endpointSettings } from '../resources/endpoint.ts'
import { intentDraft, type Kind } from '../resources/kind.ts'
import { KINDS } from '../resources/kinds.ts'
import type { BulkRow } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle } from '../sft/once.ts'
import type { Learnt, StateEntry } from '../state/state.ts'
import {
  createObject,
  deferred,
  draftRecord,
  failed,
  takeOver,
  unfinished,
} from './change-object.ts'
import type { Result } from './report.ts'
import { announce, concluded, newIntent, type Run, resolveReferences, StoppedError } from './run.ts'

/** Ends of the endpoints of one operation, told one by one as they become known. */
type Tell = (result: Result) => void

/** Decides, across all operations of a run, whether bulk calls may be sent. */
export interface BulkUse {
  /** Runs a task that may send bulk calls, once the account's first bulk call has been tried. */
  readonly tryBulk: (
    task: (bulk: boolean) => Promise<void>,
    trial: () => Promise<void>,
  ) => Promise<void>
}

/** Bulk calls by mode and by what was learnt; in `auto` a first one is tried with one endpoint. */
export function openBulkUse(run: Run): BulkUse {
  let trial: Promise<void> | undefined
  const learnt = (): Learnt['bulk'] => run.store.state.learnt.bulk
  return {
    tryBulk: async (task, tryOne) => {
      if (run.sft.bulkMode !== 'auto') return task(run.sft.bulkMode === 'on')
      while (learnt() === undefined && !run.stop.aborted) {
        if (trial === undefined) {
          trial = tryOne().finally(() => {
            trial = undefined
          })
          await trial
          break
        }
        await trial
      }
      return task(learnt() === 'works')
    },
  }
}

const LEARNT_MESSAGE = {
  works: 'CreateBulkEndPoint works on this account (tried with one endpoint, read back)',
  unknown: 'this account does not know CreateBulkEndPoint: endpoints are created by single calls',
  wrong:
    'CreateBulkEndPoint answered success, but its endpoint did not read back: endpoints are created by single calls',
} as const

async function learn(run: Run, bulk: NonNullable<Learnt['bulk']>): Promise<void> {
  if (run.store.state.learnt.bulk === bulk) return
  await run.store.append({ type: 'learn', learnt: { ...run.store.state.learnt, bulk } })
  run.emit({ type: 'learnt', message: LEARNT_MESSAGE[bulk] })
}

/** Creates endpoints that share their settings: by bulk calls where the account takes them. */
export async function createEndpoints(
  run: Run,
  changes: readonly CreateChange[],
  use: BulkUse,
  tell: Tell,
): Promise<void> {
  let open = changes
  await use.tryBulk(
    async bulk => {
      if (bulk && open.length > 0) await createInBulk(run, open, tell)
      else await createSingly(run, open, tell)
    },
    async () => {
      const [first, ...rest] = open
      if (first === undefined) return
      open = rest
      await tryBulkWith(run, first, tell)
    },
  )
}

async function createSingly(run: Run, changes: readonly CreateChange[], tell: Tell): Promise<void> {
  await Promise.all(changes.map(async change => tell(await createObject(run, change))))
}

/** The account's first bulk call: one endpoint, read back before larger ones are sent (contract 4.7). */
async function tryBulkWith(run: Run, change: CreateChange, tell: Tell): Promise<void> {
  const sent = await sendBulk(run, [change])
  if (sent === 'stopped')
    return tell(deferred(change, 'the run was told to stop before it was sent'))
  if ('error' in sent) {
    if (!(sent.error instanceof SftRejectedError))
      return tell(await afterBulkError(run, change, sent))
    const single = await createObject(run, change)
    if (sent.error.code === '404' || (single.status === 'done' && single.how === 'answered'))
      await learn(run, 'unknown')
    return tell(single)
  }
  const row = sent.rows[0]
  if (row?.endpointId === undefined) return finishRows(run, [change], sent, tell)
  const sim = await run.sft.read.sim(change.key)
  if (sim?.endpointId === row.endpointId) {
    await learn(run, 'works')
    return finishRows(run, [change], sent, tell)
  }
  await learn(run, 'wrong')
  const rows = [{ iccid: change.key, unknown: true }]
  return finishRows(run, [change], { ...sent, rows }, tell)
}

async function afterBulkError(run: Run, change: CreateChange, sent: NotSent): Promise<Result> {
  if (!(sent.error instanceof SftUnknownOutcomeError)) return failed(change, sent.error.message)
  let result: Result | undefined
  const rows = [{ iccid: change.key, unknown: true }]
  await finishRows(run, [change], { rows, intentId: sent.intentId, sentAt: sent.sentAt }, ended => {
    result = ended
  })
  return result ?? failed(change, sent.error.message)
}

/** One bulk call for up to `bulkSize` endpoints, or several where there are more. */
async function createInBulk(run: Run, changes: readonly CreateChange[], tell: Tell): Promise<void> {
  for (let at = 0; at < changes.length; at += run.sft.bulkSize) {
    const members = changes.slice(at, at + run.sft.bulkSize)
    const sent = await sendBulk(run, members)
    if (sent === 'stopped') {
      for (const change of members)
        tell(deferred(change, 'the run was told to stop before it was sent'))
    } else if (!('error' in sent)) {
      await finishRows(run, members, sent, tell)
    } else if (sent.error instanceof SftUnknownOutcomeError) {
      const rows = members.map(change => ({ iccid: change.key, unknown: true }))
      await finishRows(run, members, { rows, intentId: sent.intentId, sentAt: sent.sentAt }, tell)
    } else if (sent.error instanceof SftRejectedError && run.sft.bulkMode === 'auto') {
      await withoutBulk(run, members, sent.error, tell)
    } else {
      for (const change of members) tell(failed(change, sent.error.message))
    }
  }
}

/** A bulk that was refused whole: where a single call does it, the account does not take bulk calls. */
async function withoutBulk(
  run: Run,
  members: readonly CreateChange[],
  refusal: SftRejectedError,
  tell: Tell,
): Promise<void> {
  const [first, ...rest] = members
  if (first === undefined) return
  const single = await createObject(run, first)
  tell(single)
  if (refusal.code !== '404' && (single.status !== 'done' || single.how !== 'answered')) {
    for (const change of rest) tell(failed(change, refusal.message))
    return
  }
  await learn(run, 'unknown')
  await createSingly(run, rest, tell)
}

interface Sent {
  readonly rows: readonly BulkRow[]
  readonly intentId: string
  readonly sentAt: number
}

interface NotSent {
  readonly error: SftError
  readonly intentId: string
  readonly sentAt: number
}

async function sendBulk(
  run: Run,
  changes: readonly CreateChange[],
): Promise<Sent | NotSent | 'stopped'> {
  try {
    return await announceAndSendBulk(run, changes)
  } catch (error) {
    if (error instanceof StoppedError) return 'stopped'
    throw error
  }
}

function announceAndSendBulk(run: Run, changes: readonly CreateChange[]): Promise<Sent | NotSent> {
  const kind: Kind = KINDS.endpoint
  return run.slot('endpoint')(async () => {
    const specs = changes.map(change => specOf(run, change))
    const drafts = changes.map((change, at) =>
      intentDraft(
        change.kind,
        change.key,
        change.key,
        draftRecord(run, kind, change, specs[at] ?? change.spec),
      ),
    )
    const intent = newIntent(run, 'CreateBulkEndPoint', 'create', drafts)
    await announce(run, intent)
    const announced = run.clock.now()
    try {
      const rows = await run.send(() =>
        run.sft.write.createEndpoints({
          ...endpointSettings(specs[0] ?? {}),
          endpoints: changes.map((change, at) => ({
            name: String(specs[at]?.['name']),
            iccid: change.key,
          })),
        }),
      )
      return { rows, intentId: intent.id, sentAt: announced }
    } catch (error) {
      if (!(error instanceof SftError)) throw error
      if (error instanceof SftUnknownOutcomeError)
        return { error, intentId: intent.id, sentAt: error.sentAt }
      await run.store.append(concluded(intent.id, 'failed'))
      return { error, intentId: intent.id, sentAt: announced }
    }
  })
}

/** Records the rows that succeeded, reads back the unknown ones, and tells how each endpoint ended. */
async function finishRows(
  run: Run,
  changes: readonly CreateChange[],
  sent: Sent,
  tell: Tell,
): Promise<void> {
  const rows = new Map(sent.rows.map(row => [row.iccid, row]))
  const created: { readonly change: CreateChange; readonly id: string }[] = []
  const refused: { readonly change: CreateChange; readonly row: BulkRow }[] = []
  const unknown: CreateChange[] = []
  for (const change of changes) {
    const row = rows.get(change.key)
    if (row?.endpointId !== undefined) created.push({ change, id: row.endpointId })
    else if (row !== undefined && !row.unknown) refused.push({ change, row })
    else unknown.push(change)
  }
  // The intent ends with the last of its endpoints; until then it stands for the unknown ones.
  await run.store.append(
    ...(unknown.length === 0 ? [concluded(sent.intentId, 'done')] : []),
    ...created.map(({ change, id }) => recordEntry(run, change, id)),
  )
  for (const { change, id } of created) tell(done(change, id, 'answered'))
  await Promise.all(
    refused.map(async ({ change, row }) => {
      const taken = await takeOver(run, change, specOf(run, change))
      tell(
        taken ??
          failed(
            change,
            `CreateBulkEndPoint refused it with ${row.code ?? 'no code'}: ${row.description ?? 'no description'}`,
          ),
      )
    }),
  )
  if (unknown.length > 0) await settleEndpoints(run, unknown, sent, tell)
}

async function settleEndpoints(
  run: Run,
  changes: readonly CreateChange[],
  sent: Sent,
  tell: Tell,
): Promise<void> {
  const missing = new Map(changes.map(change => [change.key, change]))
  run.emit({
    type: 'settling',
    operation: 'CreateBulkEndPoint',
    addresses: changes.map(change => change.address),
    message: 'not answered for, read back',
  })
  const find = async (): Promise<true | undefined> => {
    const sims = await readSims(run.sft.read, [...missing.keys()], run.pageSize)
    const found = [...sims.values()].flatMap(sim => {
      const change = missing.get(sim.iccid)
      return change === undefined || sim.endpointId === undefined
        ? []
        : [{ change, id: sim.endpointId }]
    })
    await run.store.append(...found.map(({ change, id }) => recordEntry(run, change, id)))
    for (const { change, id } of found) {
      missing.delete(change.key)
      tell(done(change, id, 'found'))
    }
    return missing.size === 0 ? true : undefined
  }
  try {
    const settled = await settle(
      find,
      sent.sentAt + run.sft.settleSeconds('CreateBulkEndPoint') * 1000,
      run.clock,
      run.stop,
    )
    await run.store.append(concluded(sent.intentId, settled ? 'done' : 'absent'))
  } catch (error) {
    if (!run.stop.aborted && !(error instanceof SftError)) throw error
    const cause =
      error instanceof SftUnknownOutcomeError
        ? error
        : new SftUnknownOutcomeError('stopped before reading could tell')
    for (const change of missing.values())
      tell(unfinished(change, { status: 'unsettled', error: cause }))
    return
  }
  await createSingly(run, [...missing.values()], tell)
}

const specOf = (run: Run, change: CreateChange): Spec =>
  resolveReferences(change.spec, run.store.state)

function recordEntry(run: Run, change: CreateChange, id: string): StateEntry {
  return {
    type: 'put',
    kind: 'endpoint',
    key: change.key,
    record: KINDS.endpoint.record(change.resource, specOf(run, change), id),
  } as StateEntry
}

const done = (change: CreateChange, id: string, how: 'answered' | 'found'): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'done',
  action: 'create',
  id,
  how,
})
