/** @jsxRuntime automatic @jsxImportSource preact */
/** Drift as a page: the facts of `drift --json`, in the words of `drift`. */
import { count, grouped } from '../counts.ts'
import { capitalised, membersOf, showJson } from '../render/change-words.ts'
import type { DriftJson } from '../render/drift-json.ts'
import {
  DIRECTION,
  DIRECTION_TONE,
  DRIFT_SIGN,
  driftCounts,
  driftCountText,
} from '../render/drift-words.ts'
import type { PlanJson } from '../render/plan-json.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import {
  type PageFrame,
  pageText,
  RowsLeftOut,
  type Section,
  shownRows,
  Table,
  Tallies,
} from './document.tsx'
import { Issues } from './issues.tsx'
import { areBelow, InCell, type List, ListsBelow } from './lists.tsx'

type Entry = DriftJson['entries'][number]
type Field = Entry['fields'][number]
type Labels = Readonly<Record<string, string>>

/** What a page of drift is made of. */
export interface DriftFacts extends PageFrame {
  readonly drift: DriftJson
  /** Of the catalog, of the account's lists, and of what is not known. */
  readonly issues: PlanJson['issues']
  /** Names for people of what stands in lists as a word. */
  readonly labels: Labels
  /** Things of the catalog that are not known. */
  readonly notKnown: number
}

/** A whole page about drift. */
export function driftPage({ drift, issues, labels, notKnown, ...frame }: DriftFacts): string {
  const counts = driftCounts(drift.entries, notKnown)
  const moved = counts.length === 0 ? 'nothing moved' : counts.map(driftCountText).join(', ')
  return pageText({
    ...frame,
    title: `${drift.drift ? 'Drift' : 'No drift'}: ${moved}`,
    account: drift.account,
    lead: (
      <>
        {counts.length > 0 && <Tallies of={counts} />}
        <p>
          {drift.drift
            ? 'The account is not as it was left. "sft-catalog drift --accept ADDRESS" takes a change over; what is not taken over, the next apply undoes where it can.'
            : 'The account is as it was left.'}
        </p>
        <Issues issues={issues} errors="What is not known" />
      </>
    ),
    sections: [
      { id: 'moved', title: 'What moved', body: <Moved drift={drift} labels={labels} /> },
      { id: 'compared', title: 'What was compared', body: <Compared drift={drift} /> },
      ...(drift.statuses === undefined ? [] : [statusSection(drift.statuses)]),
    ],
  })
}

function Moved({ drift, labels }: { drift: DriftJson; labels: Labels }) {
  if (drift.entries.length === 0) return <p>Nothing moved.</p>
  return (
    <>
      {kinds().map(({ kind, title, plural }) => {
        const entries = drift.entries.filter(entry => entry.kind === kind)
        if (entries.length === 0) return null
        const shown = shownRows(entries)
        return (
          <div key={kind}>
            <h3>{capitalised(plural)}</h3>
            <Table
              caption={count(entries.length, title, plural)}
              heads={[
                'What',
                'Field',
                'Last applied',
                'On the account',
                'In the catalog',
                'Who moved',
              ]}
            >
              {shown.map(entry => (
                <EntryRows key={entry.address} entry={entry} labels={labels} />
              ))}
            </Table>
            <RowsLeftOut of={entries} has="drift --json" />
          </div>
        )
      })}
    </>
  )
}

const BECAME: Readonly<Record<Exclude<Entry['status'], 'changed'>, string>> = {
  gone: 'not on the account any more',
  relinked: 'its SIM has another endpoint',
}

function EntryRows({ entry, labels }: { entry: Entry; labels: Labels }) {
  const { status } = entry
  const fields = entry.fields.map(field => ({ field, lists: listsOf(field, labels) }))
  const [first, ...rest] = fields
  const below = fields.filter(({ lists }) => areBelow(lists)).length
  return (
    <>
      <tr>
        <th scope="row" rowSpan={Math.max(1, fields.length + below)}>
          {DRIFT_SIGN[status]} {entry.name}
          <small>
            <span class="key">{entry.address}</span> ({entry.id})
          </small>
          {entry.position !== undefined && (
            <small class="key">{`${entry.position.file}:${entry.position.line}`}</small>
          )}
          {entry.notes?.map(note => (
            <small key={note}>{note}</small>
          ))}
        </th>
        {first === undefined ? (
          <td colSpan={5}>
            <strong class="remove">{status === 'changed' ? 'changed' : BECAME[status]}</strong>
          </td>
        ) : (
          <FieldCells {...first} kind={entry.kind} />
        )}
      </tr>
      {first !== undefined && <ListsBelow lists={first.lists} columns={5} />}
      {rest.map(({ field, lists }) => (
        <>
          <tr key={field.field}>
            <FieldCells field={field} lists={lists} kind={entry.kind} />
          </tr>
          <ListsBelow lists={lists} columns={5} />
        </>
      ))}
    </>
  )
}

const SIDES = { account: 'On the account', wanted: 'In the catalog' } as const

const hasMoved = (side: keyof typeof SIDES, { direction }: Field): boolean =>
  direction !== (side === 'account' ? 'here' : 'there')

/** What joined and left a list, on each side that moved. */
function listsOf(field: Field, labels: Labels): readonly List[] {
  const { applied } = field
  return (['account', 'wanted'] as const).flatMap(side => {
    const value = field[side]
    return hasMoved(side, field) && Array.isArray(applied) && Array.isArray(value)
      ? [{ title: SIDES[side], members: membersOf(applied, value, labels) }]
      : []
  })
}

function FieldCells({
  field,
  lists,
  kind,
}: {
  field: Field
  lists: readonly List[]
  kind: string
}) {
  const { direction, applied } = field
  const show = kindOf(kind).fields[field.field]?.show ?? showJson
  const side = (name: keyof typeof SIDES) => (
    <td>
      <Side
        value={field[name]}
        moved={hasMoved(name, field)}
        list={lists.find(({ title }) => title === SIDES[name])}
        show={show}
      />
    </td>
  )
  return (
    <>
      <td>
        <code>{field.field}</code>
      </td>
      <td>
        {applied === undefined ? (
          <span class="dim">not set</span>
        ) : Array.isArray(applied) ? (
          <span class="dim">{grouped(applied.length)} in the list</span>
        ) : (
          show(applied)
        )}
      </td>
      {side('account')}
      {side('wanted')}
      <td class={`words ${DIRECTION_TONE[direction]}`}>
        {DIRECTION[direction]}
        {field.notes.map(note => (
          <small key={note}>{note}</small>
        ))}
      </td>
    </>
  )
}

/** What one side has, against what was applied last. */
function Side({
  value,
  moved,
  list,
  show,
}: {
  value: Field['applied']
  moved: boolean
  list: List | undefined
  show: (value: NonNullable<Field['applied']>) => string
}) {
  if (!moved) return <span class="dim">as applied</span>
  if (list !== undefined) return <InCell list={list} />
  return value === undefined || value === null ? <del>unset</del> : <ins>{show(value)}</ins>
}

/** What was looked at, of each kind, and what of the account is nobody's. */
function Compared({ drift }: { drift: DriftJson }) {
  const rows = kinds().filter(
    ({ identity, kind }) =>
      identity !== 'iccid' || drift.statuses !== undefined || (drift.unmanaged[kind] ?? 0) > 0,
  )
  return (
    <>
      <Table
        caption="Of the state, and of the account"
        heads={['Kind', 'Compared', 'Moved', 'Gone', 'On the account and not in the state']}
        numbers={[1, 2, 3, 4]}
      >
        {rows.map(({ kind, plural }) => {
          const own = drift.entries.filter(entry => entry.kind === kind)
          const gone = own.filter(({ status }) => status === 'gone').length
          return (
            <tr key={kind}>
              <th scope="row">{capitalised(plural)}</th>
              <td class="n">{grouped(drift.compared[kind] ?? 0)}</td>
              <td class="n">{grouped(own.length - gone)}</td>
              <td class="n">{grouped(gone)}</td>
              <td class="n">{grouped(drift.unmanaged[kind] ?? 0)}</td>
            </tr>
          )
        })}
      </Table>
      {Object.values(drift.unmanaged).some(many => many > 0) && (
        <p class="dim">"sft-catalog adopt" takes over what the state does not have.</p>
      )}
      {drift.notReported.length > 0 && (
        <p class="dim">
          Not reported by the account, so not compared:{' '}
          {drift.notReported
            .map(
              ({ kind, field, count: many }) =>
                `${field} of ${count(many, kindOf(kind).title, kindOf(kind).plural)}`,
            )
            .join('; ')}
          .
        </p>
      )}
      {drift.statuses === undefined && (
        <p class="dim">The SIM stock was not read; "drift --endpoints" reads it.</p>
      )}
    </>
  )
}

const statusSection = (statuses: NonNullable<DriftJson['statuses']>): Section => ({
  id: 'sims',
  title: 'SIMs',
  body: (
    <Table
      caption="Endpoints by the status of their SIM"
      heads={['Status', 'Endpoints']}
      numbers={[1]}
    >
      {Object.entries(statuses).map(([status, many]) => (
        <tr key={status}>
          <th scope="row">{status}</th>
          <td class="n">{grouped(many)}</td>
        </tr>
      ))}
    </Table>
  ),
})
