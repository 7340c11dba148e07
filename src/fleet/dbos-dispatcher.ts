import { randomUUID } from 'node:crypto'
import { PlainError } from '../plain-error.ts'
import { parseAddress } from '../postgres/address.ts'
import { openPool } from '../postgres/database.ts'
import type { Dispatcher, OpenDispatcher } from './dispatcher.ts'

/** Work that was queued by one version is taken by every other: what an order needs stands in the ledger. */
const APPLICATION_VERSION = 'sft-catalog'
const QUEUE = 'orders'
/** How often a worker asks for work, in milliseconds. */
const POLL_MS = 500
/** At shutdown, work that does not end is left: the ledger knows how far it is. */
const LEAVE_AFTER_MS = 20_000
/** Connections for the work of a process, besides those to the ledger. */
const CONNECTIONS = 4
/** Rows at a time of what is forgotten. */
const PAGE = 500

/**
 * DBOS Transact over the ledger's own database, in a schema beside it. Throws a `PlainError` where the package is
 * not installed. One at a time in a process: DBOS is global.
 */
export const openDbosDispatcher: OpenDispatcher = async ({ address, atOnce, work, onError }) => {
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
    logger: { info: () => {}, debug: () => {}, warn: say, error: say },
  })
  const run = DBOS.registerWorkflow(
    async (about: string): Promise<string> =>
      await DBOS.runStep(() => work(about), { name: 'finish' }),
    { name: 'finish order' },
  )
  const close = async () => {
    await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: LEAVE_AFTER_MS })
    await pool.end()
  }
  try {
    await DBOS.launch()
    await DBOS.registerQueue(QUEUE, {
      workerConcurrency: atOnce,
      minPollingIntervalMs: POLL_MS,
      onConflict: 'always_update',
    })
  } catch (error) {
    await close()
    throw error
  }
  const ids = async (filter: Parameters<typeof DBOS.listWorkflows>[0]) =>
    (await DBOS.listWorkflows({ ...filter, limit: PAGE, loadInput: false, loadOutput: false })).map(
      workflow => workflow.workflowID,
    )
  const dispatcher: Dispatcher = {
    async give({ id, about }) {
      await DBOS.startWorkflow(run, { workflowID: id, queueName: QUEUE })(about)
    },
    async forget(before) {
      const old = [
        ...(await ids({ completedBefore: before.toISOString() })),
        ...(await ids({ status: 'PENDING', endTime: before.toISOString() })),
      ]
      if (old.length > 0) await DBOS.deleteWorkflows(old)
    },
    [Symbol.asyncDispose]: close,
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
