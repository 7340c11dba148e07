/** @jsxRuntime automatic @jsxImportSource preact */
/** What changes, entry by entry and field by field: the words of `plan` as text. */
import { count } from '../counts.ts'
import { ACTIONS, type Action } from '../plan/plan.ts'
import {
  capitalised,
  type FieldWords,
  fieldWords,
  SIGN,
  TONE,
  VERB,
} from '../render/change-words.ts'
import type { PlanJson } from '../render/plan-json.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import { RowsLeftOut, shownRows, Table, Tallies, type Tally } from './document.tsx'
import { areBelow, InCell, type List, ListsBelow } from './lists.tsx'

type ChangeJson = PlanJson['changes'][number]
type Labels = Readonly<Record<string, string>>

/** What must be looked at comes first. */
const ORDER: readonly Action[] = [
  'blocked',
  'retire',
  'replace',
  'update',
  'create',
  'adopt',
  'orphan',
  'forget',
]

/** What changes of all kinds share. */
interface Beside {
  readonly labels: Labels
  /** What things are that the plan only names, by address. */
  readonly briefs: ReadonlyMap<string, string>
}

export function Changes({ changes, ...beside }: Beside & { changes: readonly ChangeJson[] }) {
  if (changes.length === 0) return <p>Nothing changes.</p>
  return (
    <>
      {kinds().map(kind => {
        const own = changes.filter(change => change.kind === kind.kind)
        if (own.length === 0) return null
        return (
          <div key={kind.kind}>
            <h3>{capitalised(kind.plural)}</h3>
            {ORDER.map(action => {
              const those = own.filter(change => change.action === action)
              return those.length === 0 ? null : (
                <ActionTable key={action} action={action} changes={those} {...beside} />
              )
            })}
          </div>
        )
      })}
    </>
  )
}

function ActionTable({
  action,
  changes,
  ...beside
}: Beside & { action: Action; changes: readonly ChangeJson[] }) {
  const [first] = changes
  if (first === undefined) return null
  const { plural, title } = kindOf(first.kind)
  const rows = alike(changes)
  const shown = shownRows(rows)
  const byField = rows.some(({ one }) => one.fields.length > 0)
  const caption = `${SIGN[action]} ${count(changes.length, title, plural)} ${VERB[action]}`
  return (
    <>
      <Table
        caption={caption}
        heads={byField ? ['What', 'Field', 'Before', 'After', 'Why'] : ['What', 'It is']}
      >
        {shown.map(row =>
          byField ? <FieldRows row={row} {...beside} /> : <PlainRow row={row} {...beside} />,
        )}
      </Table>
      <RowsLeftOut of={rows} has="plan --json" />
    </>
  )
}

/** Changes of which one tells all: members of an entry to which the same happens. */
interface Row {
  readonly one: ChangeJson
  readonly all: readonly ChangeJson[]
}

function alike(changes: readonly ChangeJson[]): readonly Row[] {
  const rows = new Map<string, ChangeJson[]>()
  for (const change of changes) {
    const { entry, address, fields, reason, key, name, id } = change
    const plain = (text: string) =>
      [id, name, key].reduce<string>((left, one) => (one ? left.replaceAll(one, '…') : left), text)
    const sort =
      entry === undefined
        ? `${address} ${id}`
        : JSON.stringify([
            entry,
            fields.map(({ field, origin, mutability }) => [field, origin, mutability]),
            plain(reason ?? ''),
            change.notes?.map(plain),
          ])
    const same = rows.get(sort)
    if (same === undefined) rows.set(sort, [change])
    else same.push(change)
  }
  return [...rows.values()].flatMap(all => (all[0] === undefined ? [] : [{ one: all[0], all }]))
}

function FieldRows({ row, labels, briefs }: Beside & { row: Row }) {
  const { one } = row
  const fields = one.fields.map(side => {
    const words = fieldWords(side, one.kind, labels)
    const blocked = side.mutability === 'blocked'
    return { words, blocked, lists: listsOf(words, blocked) }
  })
  const [first, ...rest] = fields
  if (first === undefined) return <PlainRow row={row} columns={4} briefs={briefs} />
  const many = row.all.length > 1
  const below = fields.filter(({ lists }) => areBelow(lists)).length
  return (
    <>
      <tr>
        <What row={row} rows={fields.length + below} />
        <FieldCells {...first} many={many} />
      </tr>
      <ListsBelow lists={first.lists} columns={4} />
      {rest.map(field => (
        <>
          <tr key={field.words.field}>
            <FieldCells {...field} many={many} />
          </tr>
          <ListsBelow lists={field.lists} columns={4} />
        </>
      ))}
    </>
  )
}

/** What joins and leaves, where the field is a list; of what is blocked only what would leave. */
function listsOf({ field, members }: FieldWords, blocked: boolean): readonly List[] {
  if (members === undefined) return []
  return [{ title: field, members: blocked ? members.filter(({ joins }) => !joins) : members }]
}

function FieldCells({
  words,
  blocked,
  lists: [list],
  many,
}: {
  words: FieldWords
  blocked: boolean
  lists: readonly List[]
  /** Of several: what stands there is that of the first. */
  many: boolean
}) {
  const { field, why, isNew, stays, before, after, sides } = words
  const more = many ? ' …' : ''
  return (
    <>
      <td>
        <code>{field}</code>
      </td>
      {list === undefined ? (
        <>
          <td>
            {before === undefined ? <span class="dim">not set</span> : <del>{before + more}</del>}
          </td>
          <td>{stays ? before : <ins>{(after ?? 'unset') + more}</ins>}</td>
        </>
      ) : (
        <td colSpan={2}>
          <InCell list={list} />
        </td>
      )}
      <td class="words">
        {blocked && <strong class="error">blocked: </strong>}
        {why}
        {isNew && ', needs a new one'}
        {sides !== undefined && <small>{sides}</small>}
      </td>
    </>
  )
}

function PlainRow({
  row,
  columns = 1,
  briefs,
}: Pick<Beside, 'briefs'> & { row: Row; columns?: number }) {
  const { one } = row
  const brief = one.spec && kindOf(one.kind).brief?.(one.spec)
  return (
    <tr>
      <What row={row} rows={1} />
      <td class="words" colSpan={columns}>
        {one.reason === undefined ? (
          (brief ?? briefs.get(one.address))
        ) : (
          <strong class="error">{one.reason}</strong>
        )}
      </td>
    </tr>
  )
}

function What({ row: { one, all }, rows }: { row: Row; rows: number }) {
  const many = all.length > 1
  const last = all.at(-1)
  const { title, plural } = kindOf(one.kind)
  const sent = one.spec !== undefined && 'sft' in one.spec
  return (
    <th scope="row" rowSpan={rows}>
      {many ? count(all.length, title, plural) : one.name}
      <small>
        <span class="key">{one.entry ?? one.address}</span>
        {one.id !== undefined && !many && ` (${one.id})`}
        {many && ` ${one.key} … ${last?.key}`}
      </small>
      {one.revision !== undefined && <small>revision {one.revision}</small>}
      {one.adopts && <small>found on the account: taken over</small>}
      {one.action === 'blocked' && one.fields.length > 0 && (
        <small class="error">{one.reason}</small>
      )}
      {sent && <small>sft: sent as it stands, unchecked</small>}
      {one.notes?.map(note => (
        <small key={note}>{note}</small>
      ))}
      {!many && one.impact !== undefined && (
        <small>
          {[
            ...(one.impact.skus.length > 0 ? [`SKU ${one.impact.skus.join(', ')}`] : []),
            ...(one.impact.inWords ?? []),
          ].join('; ')}
        </small>
      )}
    </th>
  )
}

/** So many of each sort, as `plan` counts them at its end. */
export function Counts({ summary }: { summary: PlanJson['summary'] }) {
  const shown = ACTIONS.filter(action => action === 'keep' || summary[action] > 0).map(
    (action): Tally => ({ tone: TONE[action], many: summary[action], words: VERB[action] }),
  )
  const inPart: Tally = { tone: 'error', many: summary.blockedInPart, words: 'blocked in part' }
  return <Tallies of={inPart.many > 0 ? [...shown, inPart] : shown} />
}
