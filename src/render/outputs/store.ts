/** States and ledgers as they are kept. */
import { z } from 'zod'
import { address, count, endpointId, flag, list, maybe, said, table, text } from './words.ts'

const reconciledEsim = z.object({ endpointId, iccid: text, reason: text })

/** The answers of the commands for it; several where a command has several. */
export const STORE_ANSWERS = {
  state: [
    z.object({ records: list(z.object({ address, id: text, name: text })) }),
    z.looseObject({ name: text }),
  ],
  ledger: [z.object({ lineage: text, serial: count, rows: table(count), problems: list(text) })],
  reconcile: [
    z.object({
      halted: list(
        z.object({ location: said('a path, or an address without secrets'), why: text }),
      ).meta({
        description: 'what was put back; empty: nothing was, and nothing was read',
      }),
      read: count.meta({ description: 'eSIMs of the account that were read' }),
      setAside: list(reconciledEsim).meta({
        description: 'free in the ledger and not for sale: sold since, or changed elsewhere',
      }),
      unknown: list(reconciledEsim).meta({
        description: 'in use, and neither in the ledger nor in the state',
      }),
      objects: list(z.object({ kind: text, id: text, name: text })).meta({
        description: 'zones and plans of the account that the state does not have',
      }),
      unfinished: count.meta({ description: 'orders that the ledger has as under way' }),
      pending: count.meta({ description: 'writes that the state had as announced' }),
      released: flag.meta({ description: 'whether it is sold and applied again' }),
    }),
  ],
  store: [
    z.object({
      moves: list(
        z.object({
          part: z.enum(['state', 'ledger']),
          from: said('a path, or an address without secrets'),
          to: said('a path, or an address without secrets'),
          lineage: said('made once; it goes along'),
          serial: count.meta({ description: 'grows with each change; it goes along' }),
          rows: table(count).meta({
            description: 'rows by table; empty where they were moved before',
          }),
          step: z.enum(['begin', 'again', 'end', 'nothing']).meta({
            description:
              'what was done: begun and ended, begun again after an interruption, only ended, or it was there already',
          }),
        }),
      ),
    }),
    z.object({
      encrypted: list(
        z.object({
          part: z.enum(['state', 'ledger']),
          location: said('a path, or an address without secrets'),
          keyId: maybe(said('the key with which all is encrypted now; absent: all is plain')),
          rewritten: count.meta({ description: 'rows that were written anew' }),
          backups: count.meta({ description: 'backups that were written anew' }),
          left: list(z.object({ path: text, reason: text })).meta({
            description:
              'files beside it that hold something plain, or of another key, and were left',
          }),
        }),
      ),
    }),
  ],
} as const
