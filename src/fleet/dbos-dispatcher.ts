import { randomUUID } from 'node:crypto'
import { PlainError } from '../plain-error.ts'
import { parseAddress } from '../postgres/address.ts'
import { aloneIn } from '../postgres/alone.ts'
import { openPool } from '../postgres/connections.ts'
import type { Dispatcher, OpenDispatcher, Task, WorkKind } from './dispatcher.ts'

/** Work that was queued by one version is taken by every other: what it needs stands in the ledger and the state. */
const APPLICATION_VERSION = 'sft-catalog'
/** How often a worker asks for work, in milliseconds. */
const POLL_MS = 500
/** Connections for the work of a process, besides those to the ledger. */
const CONNECTIONS = 4
/** Rows at a time of what is forgotten. */
const PAGE = 500
/** More is not counted. */
const DEEPEST = 10_000
/** What was begun and did not end is forgotten so much later (ms): an apply may take days. */
const UNENDED_MS = 30 * 24 * 3_600_000

/**
 * DBOS Transact over the ledger's own database, in a schema beside it. Throws a `PlainError` where the package is
 * not installed. One at a time in a process: DBOS is global.
 */
export const openDbosDispatcher: OpenDispatcher = async ({ address, tasks, onError }) => {
  const { DBOS } = await loadDbos()
  const { connectionString, schema } = parseAddress(address)
  const pool = await openPool(address, 'sft-catalog worker', CONNECTIONS)
  const say = (entry: unknown) => onError(String(entry))
  DBOS.setConfig({
    name: 'sft-catalog',
    systemDatabaseUrl: connectionString,
    systemDatabaseSchemaName: `${schema}_dbos`,
    systemDatabasePool: pool,
    applicationVersion: APPLICATION_VERSION,
    executorID: randomUUID(),
    listenQueues: tasks.map(({ kind }) => kind),
    logger: { info: () => {}, debug: () => {}, warn: say, error: say },
  })
  const register = ({ kind, work }: Task) =>
    DBOS.registerWorkflow(
      async (about: string): Promise<string> =>
        await DBOS.runStep(() => work(about), { name: 'work' }),
      { name: kind },
    )
  const workflows = new Map<WorkKind, ReturnType<typeof register>>()
  for (const task of tasks) workflows.set(task.kind, register(task))
  // What does not end in time is left: the ledger and the state know how far it is.
  const leave = async (atMostMs: number) => {
    await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: atMostMs })
    await pool.end()
  }
  try {
    await DBOS.launch()
    for (const { kind, atOnce } of tasks)
      await DBOS.registerQueue(kind, {
        workerConcurrency: atOnce,
        minPollingIntervalMs: POLL_MS,
        onConflict: 'always_update',
      })
  } catch (error) {
    await leave(0)
    throw error
  }
  const ids = async (filter: Parameters<typeof DBOS.listWorkflows>[0]) =>
    (await DBOS.listWorkflows({ ...filter, limit: PAGE, loadInput: false, loadOutput: false })).map(
      workflow => workflow.workflowID,
    )
  const dispatcher: Dispatcher = {
    async give({ id, kind, about }) {
      const workflow = workflows.get(kind)
      if (workflow === undefined) throw new TypeError(`this worker does no ${kind}`)
      await DBOS.startWorkflow(workflow, { workflowID: id, queueName: kind })(about)
    },
    async forget(before) {
      const unended = new Date(before.getTime() - UNENDED_MS)
      const old = [
        ...(await ids({ completedBefore: before.toISOString() })),
        ...(await ids({ status: 'PENDING', endTime: unended.toISOString() })),
      ]
      if (old.length > 0) await DBOS.deleteWorkflows(old)
    },
    async depth() {
      const open = await DBOS.listQueuedWorkflows({ limit: DEEPEST, loadInput: false })
      return tasks.flatMap(({ kind }) =>
        (['queued', 'running'] as const).map(state => ({
          kind,
          state,
          count: open.filter(
            ({ queueName, status }) =>
              queueName === kind && (status === 'PENDING') === (state === 'running'),
          ).length,
        })),
      )
    },
    alone: (name, work) => aloneIn(address, name, work),
    leave,
  }
  return dispatcher
}

async function loadDbos() {
  try {
    return await import('@dbos-inc/dbos-sdk')
  } catch (error) {
    throw new PlainError(
      'a worker needs the package @dbos-inc/dbos-sdk; install it beside sft-catalog: npm install @dbos-inc/dbos-sdk',
      { cause: error },
    )
  }
}
