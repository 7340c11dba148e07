/**
 * A throw-away kind, to show that everything is generic over kinds: vouchers, which are good for a rate
 * zone, on a little server of their own. What the wire of a real kind is stands in `src/sft`; its calls
 * have the timeouts of an operation that the platform has.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { KindList } from '../../src/account/kind-list.ts'
import { listingOf } from '../../src/account/observation.ts'
import { createKeyMaker } from '../../src/adopt/make-key.ts'
import { pickRevisions } from '../../src/adopt/pick-revisions.ts'
import { defined, entryOf } from '../../src/catalog/entry.ts'
import { name, platformId, shared, text } from '../../src/catalog/language.ts'
import { findIn, type Listing, mapFinding } from '../../src/finding.ts'
import type { Entry, Resource } from '../../src/model.ts'
import { noForm, setField } from '../../src/resources/accept.ts'
import { findNamed, type Kind, keptOf, type ObservedObject } from '../../src/resources/kind.ts'
import { refTo } from '../../src/resources/references.ts'
import { idsOf, recordsOf } from '../../src/state/records.ts'
import type { AnyRecord } from '../../src/state/state.ts'

/** A voucher as the server has it. */
export interface Voucher {
  readonly id: string
  name: string
  zone: string
  cents: number
  retired?: boolean
}

interface VoucherEntry extends Entry {
  readonly name: string
  readonly rateZone: { readonly key: string } | { readonly id: string }
  readonly cents: number
}

interface VoucherRecord extends AnyRecord {
  readonly voucherId: string
  readonly rateZone?: string
}

/** A server of vouchers: lists, makes, changes. */
export async function startVoucherServer() {
  const vouchers = new Map<string, Voucher>()
  let next = 7001
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const id = request.url?.split('/')[2] ?? ''
    if (request.method === 'POST') {
      const made = { ...JSON.parse(body), id: String(next++) }
      vouchers.set(made.id, made)
      response.end(JSON.stringify(made))
    } else if (request.method === 'PATCH') {
      Object.assign(vouchers.get(id) ?? {}, JSON.parse(body))
      response.end('{}')
    } else response.end(JSON.stringify([...vouchers.values()]))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    vouchers,
    url: `http://127.0.0.1:${port}/vouchers`,
    close: () => server.close(),
  }
}

const NAMES = { kind: 'voucher', title: 'voucher', plural: 'vouchers' }

const schema = z
  .strictObject({
    ...shared,
    name: name('Name on the server.'),
    rateZone: z
      .union([
        text('Key of a rate zone of this catalog.'),
        z.strictObject({ id: platformId('ID of a rate zone that is kept elsewhere.') }),
      ])
      .meta({ description: 'Key of a rate zone of this catalog, or { id: "1201" }.' }),
    cents: z.int().min(1).meta({ description: 'What it is worth.' }),
  })
  .meta({ description: 'A voucher.' })

const observed = (voucher: Voucher): ObservedObject => ({
  id: voucher.id,
  naturalKey: voucher.name,
  spec: { name: voucher.name, rateZone: voucher.zone, cents: voucher.cents },
})

/** The kind of vouchers of a server. */
export function voucherKind(url: string): Kind<VoucherRecord, VoucherEntry> {
  const send = async <Answer>(method: string, path = '', body?: object): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await answer.json()) as Answer
  }
  const readAll = async (): Promise<Listing<Voucher>> => {
    const all = await send<readonly Voucher[]>('GET')
    return { items: all.filter(voucher => voucher.retired !== true) }
  }
  const list: KindList<Voucher> = {
    section: 'vouchers',
    operation: 'ListVouchers',
    read: readAll,
    idOf: ({ id }) => id,
    nameOf: ({ name }) => name,
  }
  const rule = {
    mutability: 'in-place',
    reason: 'PATCH vouchers',
    trust: 'SEEN',
    section: '0',
    reported: true,
  } as const
  return {
    ...NAMES,
    exampleKey: 'summer',
    catalog: {
      section: 'vouchers',
      title: 'voucher',
      plural: 'vouchers',
      schema,
      fieldOrder: ['key', 'name', 'rateZone', 'cents'],
      owned: { into: 'voucher', paths: ['name'], items: [] },
      unique: [],
      settings: [],
      check: () => {},
      build: draft => {
        const { rateZone, cents, name, ...entry } = schema.parse(draft.raw)
        return {
          ...entryOf(draft, defined(entry)),
          name,
          cents,
          rateZone: typeof rateZone === 'string' ? { key: rateZone } : rateZone,
        }
      },
    },
    section: 'vouchers',
    sectionSince: 3,
    idField: 'voucherId',
    recordShape: {},
    references: [
      { field: 'rateZone', to: 'rateZone', keyField: 'rateZone', missing: 'add the zone' },
    ],
    mapping: {
      place: 9,
      row: (key, { voucherId, name, rateZone }) => ({
        voucherId,
        voucherName: name,
        key,
        ...(rateZone !== undefined && { rateZone }),
      }),
    },
    fields: {
      name: { ...rule, mutability: 'replace' },
      rateZone: { ...rule, mutability: 'replace' },
      cents: { ...rule, show: value => `${String(value)} cents` },
    },
    identity: 'name',
    brief: ({ cents }) => `${String(cents)} cents`,
    localFields: ['rateZone', 'preventRetire'],
    resources: ({ entries }) =>
      entries.map((entry): Resource => {
        const zone = entry.rateZone
        return {
          kind: NAMES.kind,
          address: `voucher/${entry.key}`,
          key: entry.key,
          naturalKey: entry.name,
          spec: {
            name: entry.name,
            rateZone: 'key' in zone ? refTo(`rateZone/${zone.key}`) : zone.id,
            cents: entry.cents,
          },
          local: { ...('key' in zone && { rateZone: zone.key }) },
          needs: 'key' in zone ? [`rateZone/${zone.key}`] : [],
          position: entry.position,
        }
      }),
    list,
    observed: observation =>
      listingOf(observation, list.section).items.map(item => observed(item as Voucher)),
    doubt: observation => listingOf(observation, list.section).doubt,
    impact: ({ record }) => ({ skus: [`VOUCHER-${record.name}`] }),
    record: (resource, spec, id, previous) => ({
      voucherId: id,
      name: String(spec['name']),
      ...(typeof resource.local['rateZone'] === 'string' && {
        rateZone: resource.local['rateZone'],
      }),
      spec,
      ...keptOf(resource, previous),
    }),
    createOperation: 'CreatePlan',
    create: async (_sft, _resource, { name, rateZone, cents }) =>
      (await send<Voucher>('POST', '', { name, zone: rateZone, cents })).id,
    find: async (_read, wanted) =>
      mapFinding(findNamed(await readAll(), NAMES, wanted), voucher => observed(voucher)),
    read: async (_read, id) =>
      mapFinding(
        findIn(await readAll(), `voucher ${id}`, voucher => voucher.id === id),
        voucher => observed(voucher).spec,
      ),
    editOperation: 'ModifyPlan',
    editCalls: () => 1,
    edit: async (_sft, { id, spec: { cents } }) => {
      await send('PATCH', `/${id}`, { cents })
      return { refused: {} }
    },
    retirement: {
      operation: 'ModifyPlan',
      calls: 1,
      retire: async (_sft, id) => {
        await send('PATCH', `/${id}`, { retired: true })
      },
      isRetired: async (_read, id) => {
        const { items } = await readAll()
        return items.some(voucher => voucher.id === id)
          ? { kind: 'not there', evidence: `voucher ${id} is still there` }
          : { kind: 'there', value: true }
      },
    },
    accept: ({ field, account }) =>
      field === 'cents' ? setField('cents', Number(account)) : noForm(field),
    adoption: {
      file: 'vouchers.yaml',
      head: [],
      propose: ({ state, observation }, { entries, keys }) => {
        const managed = new Set(
          Object.values(recordsOf(state, { section: 'vouchers' })).flatMap(record =>
            idsOf({ idField: 'voucherId' }, record),
          ),
        )
        const open = listingOf(observation, list.section)
          .items.map(item => item as Voucher)
          .filter(({ id }) => !managed.has(id))
        const { picked, left } = pickRevisions(NAMES, open)
        const makeKey = createKeyMaker(entries.map(({ key }) => key))
        const drafts = picked.map(({ object, base }) => {
          const key = makeKey(base, `voucher-${object.id}`)
          const rateZone = keys.get('rateZone')?.get(object.zone) ?? { id: object.zone }
          return { key, id: object.id, fields: { key, name: base, rateZone, cents: object.cents } }
        })
        return {
          entries: drafts,
          chosen: new Map(drafts.map(({ key, id }) => [`voucher/${key}` as const, { id }])),
          left,
        }
      },
    },
  }
}
