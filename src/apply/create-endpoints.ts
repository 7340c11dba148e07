import { endpointIn, readSims } from '../account/read-sims.ts'
import { allThere, type Finding } from '../finding.ts'
import type { CreateChange } from '../plan/plan.ts'
import { kindOf } from '../resources/kinds.ts'
import type { BulkRow } from '../sft/api.ts'
import {
  SftError,
  SftNoAccessError,
  SftRejectedError,
  SftUnknownOutcomeError,
} from '../sft/errors.ts'
import { settle } from '../sft/write-and-settle.ts'
import { withId } from '../state/records.ts'
import { putEntry, type StateEntry } from '../state/state.ts'
import { type BulkUse, type Lesson, learn } from './bulk-use.ts'
import { createObject, draftRecord, takeOver } from './create-object.ts'
import { deferred, failed, unfinished } from './endings.ts'
import { withoutThose } from './refused-bulk.ts'
import type { Result, Tell } from './report.ts'
import { type ApplyRun, concluded } from './run.ts'
import { type NotSent, type Sent, sendBulk, specOf } from './send-bulk.ts'

const STOPPED = 'the run was told to stop before it was sent'

/** Creates endpoints that share their settings: by bulk calls where the account takes them. */
export async function createEndpoints(
  run: ApplyRun,
  changes: readonly CreateChange[],
  use: BulkUse,
  tell: Tell,
): Promise<void> {
  const open = [...changes]
  const trials: Promise<void>[] = []
  const bulk = await use.decide(() => {
    const change = open.shift()
    return change && tryBulkWith(run, change, tell, trials)
  })
  await Promise.all([
    ...trials,
    bulk ? createInBulk(run, open, tell) : createSingly(run, open, tell),
  ])
}

async function createSingly(
  run: ApplyRun,
  changes: readonly CreateChange[],
  tell: Tell,
): Promise<void> {
  await Promise.all(changes.map(async change => tell(await createObject(run, change))))
}

/**
 * The account's first bulk call: one endpoint, read back before larger ones are sent (contract 4.7).
 * Settling it may take minutes and goes on in `trials`.
 */
async function tryBulkWith(
  run: ApplyRun,
  change: CreateChange,
  tell: Tell,
  trials: Promise<void>[],
): Promise<Lesson> {
  const goOn = (work: Promise<void>) => {
    trials.push(work)
    // Whoever awaits `trials` meets the error; until then it is not an unhandled one.
    work.catch(() => undefined)
  }
  const sent = await sendBulk(run, [change])
  if (sent === 'stopped') {
    tell(deferred(change, STOPPED))
    return 'unclear'
  }
  if ('error' in sent) {
    if (sent.error instanceof SftRejectedError) return tryWithout(run, change, sent.error, tell)
    // Not the account, where it can be read with the same token: only this call is not for it.
    if (sent.error instanceof SftNoAccessError && (await isFree(run, change))) {
      await learn(run, 'unknown')
      tell(await createObject(run, change))
      return 'learnt'
    }
    goOn(afterBulkError(run, [change], sent, tell))
    return 'unclear'
  }
  const row = sent.rows[0]
  if (row?.endpointId === undefined) {
    // Success without a word about the one endpoint: whether it is there tells what the call is worth.
    const silent = row?.code === undefined
    goOn(
      finishRows(run, [change], sent, tell, async found => {
        if (silent && run.store.state.learnt.bulk === undefined)
          await learn(run, found ? 'works' : 'wrong')
      }),
    )
    return row === undefined || row.unknown ? 'unclear' : 'row refused'
  }
  const isThere = await readsBack(run, change, row.endpointId)
  if (isThere) {
    await learn(run, 'works')
    await finishRows(run, [change], sent, tell)
    return 'learnt'
  }
  if (isThere === false) await learn(run, 'wrong')
  goOn(finishRows(run, [change], { ...sent, rows: [unanswered(change)] }, tell))
  return isThere === false ? 'learnt' : 'unclear'
}

/** A trial that was refused: where a single call does it, the account does not know bulk calls. */
async function tryWithout(
  run: ApplyRun,
  change: CreateChange,
  refusal: SftRejectedError,
  tell: Tell,
): Promise<Lesson> {
  if (refusal.code === '404') await learn(run, 'unknown')
  const lesson = refusal.code === '404' ? 'learnt' : 'unclear'
  const [open] = await withoutThose(run, [change], tell)
  if (open === undefined) return lesson
  const single = await createObject(run, open)
  tell(single)
  if (refusal.code === '404') return 'learnt'
  if (single.status !== 'done' || single.how !== 'answered') return 'unclear'
  await learn(run, 'unknown')
  return 'learnt'
}

/** Whether a SIM is read back without an endpoint, after a trial that was refused. */
async function isFree(run: ApplyRun, change: CreateChange): Promise<boolean> {
  try {
    const sim = await run.sft.read.sim(change.key)
    return sim.kind === 'there' && sim.value.endpointId === undefined
  } catch (error) {
    if (error instanceof SftError) return false
    throw error
  }
}

/** Whether the endpoint of a trial is there; an account that cannot be read right now says nothing. */
async function readsBack(
  run: ApplyRun,
  change: CreateChange,
  endpointId: string,
): Promise<boolean | undefined> {
  try {
    const found = await run.sft.read.sim(change.key)
    return found.kind === 'not known'
      ? undefined
      : found.kind === 'there' && found.value.endpointId === endpointId
  } catch (error) {
    if (error instanceof SftError) return undefined
    throw error
  }
}

const unanswered = (change: CreateChange): BulkRow => ({ iccid: change.key, unknown: true })

/** A bulk without rows: settled where its outcome is unknown, else failed, but for what is there all the same. */
async function afterBulkError(
  run: ApplyRun,
  changes: readonly CreateChange[],
  { error, intentId, sentAt }: NotSent,
  tell: Tell,
): Promise<void> {
  if (error instanceof SftUnknownOutcomeError)
    await finishRows(run, changes, { rows: changes.map(unanswered), intentId, sentAt }, tell)
  else {
    const isRefused = error instanceof SftRejectedError
    const open = isRefused ? await withoutThose(run, changes, tell) : changes
    for (const change of open) tell(failed(change, error.message))
  }
}

/** One bulk call for up to `bulkSize` endpoints, or several where there are more. */
async function createInBulk(
  run: ApplyRun,
  changes: readonly CreateChange[],
  tell: Tell,
): Promise<void> {
  for (let at = 0; at < changes.length; at += run.sft.bulkSize) {
    const members = changes.slice(at, at + run.sft.bulkSize)
    const sent = await sendBulk(run, members)
    if (sent === 'stopped') for (const change of members) tell(deferred(change, STOPPED))
    else if (!('error' in sent)) await finishRows(run, members, sent, tell)
    else if (sent.error instanceof SftRejectedError && run.sft.bulkMode === 'auto')
      await withoutBulk(run, members, sent.error, tell)
    else await afterBulkError(run, members, sent, tell)
  }
}

/** Single calls that may fail, one after another, before a bulk that was refused whole counts as failed. */
const SINGLES_THAT_FAIL = 5

/**
 * A bulk that was refused whole, though bulks work here: perhaps for one of its endpoints, so that single
 * calls find out which; perhaps for what they share, so that a few calls are enough to see it.
 */
async function withoutBulk(
  run: ApplyRun,
  members: readonly CreateChange[],
  refusal: SftRejectedError,
  tell: Tell,
): Promise<void> {
  if (refusal.code === '404') await learn(run, 'unknown')
  const open = [...(await withoutThose(run, members, tell))]
  for (let tries = 0; tries < SINGLES_THAT_FAIL; tries++) {
    const change = open.shift()
    if (change === undefined) return
    const single = await createObject(run, change)
    tell(single)
    if (single.status === 'failed') continue
    return createSingly(run, open, tell)
  }
  for (const change of open) tell(failed(change, refusal.message))
}

/** Records the rows that succeeded, reads back the unknown ones, and tells how each endpoint ended. */
async function finishRows(
  run: ApplyRun,
  changes: readonly CreateChange[],
  sent: Sent,
  tell: Tell,
  onSettled?: (found: boolean) => Promise<void>,
): Promise<void> {
  const rows = new Map(sent.rows.map(row => [row.iccid, row]))
  const created: { readonly change: CreateChange; readonly id: string }[] = []
  const refused: { readonly change: CreateChange; readonly row: BulkRow }[] = []
  const unknown: CreateChange[] = []
  const answers = [...rows.values()].map(row => row.endpointId)
  /** One ID for two, or another's, does not tell which endpoint was made. */
  const isNew = ({ kind }: CreateChange, id: string): boolean =>
    answers.indexOf(id) === answers.lastIndexOf(id) && run.ids.claim(kind, id)
  for (const change of changes) {
    const row = rows.get(change.key)
    if (row?.endpointId !== undefined && isNew(change, row.endpointId))
      created.push({ change, id: row.endpointId })
    else if (row !== undefined && row.endpointId === undefined && !row.unknown)
      refused.push({ change, row })
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
  if (unknown.length > 0) await settleEndpoints(run, unknown, sent, tell, onSettled)
}

async function settleEndpoints(
  run: ApplyRun,
  changes: readonly CreateChange[],
  sent: Sent,
  tell: Tell,
  onSettled: (found: boolean) => Promise<void> = async () => {},
): Promise<void> {
  const missing = new Map(changes.map(change => [change.key, change]))
  run.emit({
    type: 'settling',
    operation: 'CreateBulkEndPoint',
    addresses: changes.map(change => change.address),
    message: 'not answered for, read back',
  })
  const find = async (): Promise<Finding<true>> => {
    const listing = await readSims(run.sft.read, [...missing.keys()], {
      pageSize: run.pageSize,
      confirm: true,
    })
    const found = [...listing.sims.values()].flatMap(sim => {
      const change = missing.get(sim.iccid)
      return change === undefined || sim.endpointId === undefined
        ? []
        : [{ change, id: sim.endpointId }]
    })
    for (const { change, id } of found) run.ids.claim(change.kind, id)
    await run.store.append(...found.map(({ change, id }) => recordEntry(run, change, id)))
    for (const { change, id } of found) {
      missing.delete(change.key)
      tell(done(change, id, 'found'))
    }
    return allThere([...missing.keys()].map(iccid => endpointIn(listing, iccid)))
  }
  const leave = (error: SftUnknownOutcomeError, reason: string) => {
    for (const change of missing.values())
      tell(unfinished(run, change, { is: 'unsettled', error, reason }))
  }
  try {
    const settled = await settle(
      find,
      sent.sentAt + run.sft.settleSeconds('CreateBulkEndPoint') * 1000,
      run.clock,
      run.stop,
    )
    if (settled.kind === 'not known')
      return leave(new SftUnknownOutcomeError('not answered for'), settled.reason)
    const outcome = settled.kind === 'there' ? 'done' : 'absent'
    await run.store.append(concluded(sent.intentId, outcome))
    await onSettled(missing.size < changes.length)
  } catch (error) {
    if (!run.stop.aborted && !(error instanceof SftError)) throw error
    const cause =
      error instanceof SftUnknownOutcomeError
        ? error
        : new SftUnknownOutcomeError('stopped before reading could tell')
    return leave(cause, error instanceof SftError ? error.message : cause.message)
  }
  await createSingly(run, [...missing.values()], tell)
}

const recordEntry = (run: ApplyRun, change: CreateChange, id: string): StateEntry =>
  putEntry(
    change.kind,
    change.key,
    withId(
      kindOf(change.kind),
      draftRecord(run, kindOf(change.kind), change, specOf(run, change)),
      id,
    ),
  )

const done = (change: CreateChange, id: string, how: 'answered' | 'found'): Result => ({
  address: change.address,
  kind: change.kind,
  status: 'done',
  action: 'create',
  id,
  how,
})
