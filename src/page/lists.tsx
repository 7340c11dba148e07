/** @jsxRuntime automatic @jsxImportSource preact */
/**
 * Lists of tables. A few names stand in their cell; of more the cell has the number, and the names stand below in a row
 * as wide as the table, since in a narrow column they would fill a screen, or a sheet of paper.
 */
import type { ComponentChildren } from 'preact'
import { countryName } from '../countries.ts'
import { grouped } from '../counts.ts'
import type { FieldWords } from '../render/change-words.ts'

/** Names that a cell holds. */
const IN_CELL = 3
/** Names that stand open below; the rest can be opened. */
const OPEN = 12
/** Names that paper holds: of more it says what the closed list says on a screen. */
const PRINTED = 60

type ListMembers = NonNullable<FieldWords['members']>

/** A list of a row. */
export type List = {
  /** Of which column it is. */
  readonly title: string
} & ({ readonly names: readonly string[] } | { readonly members: ListMembers })

/** The countries of a list by their names. */
export const countryList = (title: string, codes: readonly string[]): List => ({
  title,
  names: codes.map(countryName),
})

const sizeOf = (list: List): number => ('names' in list ? list.names.length : list.members.length)

/** What of a list stands in its cell. */
export function InCell({ list }: { list: List }) {
  const size = sizeOf(list)
  if (size === 0) return <span class="dim">none</span>
  if ('members' in list && size <= IN_CELL) return <Members members={list.members} />
  return <>{textInCell(list)}</>
}

const textInCell = (list: List): string => {
  if ('members' in list) return membersText(list.members)
  return list.names.length <= IN_CELL ? list.names.join(', ') : grouped(list.names.length)
}

const isBelow = (list: List): boolean => sizeOf(list) > IN_CELL

/** Whether one of the lists stands below its row. */
export const areBelow = (lists: readonly List[]): boolean => lists.some(isBelow)

/** The lists that are too long for their cells. */
export const ListsBelow = ({ lists, columns }: { lists: readonly List[]; columns: number }) =>
  areBelow(lists) ? (
    <tr class="lists">
      <td colSpan={columns}>
        {lists.filter(isBelow).map(list => (
          <div key={list.title}>
            {'names' in list ? <Names {...list} /> : <FoldedMembers {...list} />}
          </div>
        ))}
      </td>
    </tr>
  ) : null

function Names({ title, names }: { title: string; names: readonly string[] }) {
  const shown = names.length <= OPEN ? names : names.slice(0, OPEN - 2)
  const text: ComponentChildren = (
    <>
      <b>{title}:</b> {shown.join(', ')}
    </>
  )
  return (
    <Folded
      many={names.length}
      closed={
        <>
          {text} and {grouped(names.length - shown.length)} more
        </>
      }
      open={text}
    >
      {names.slice(shown.length).join(', ')}
    </Folded>
  )
}

const FoldedMembers = ({ title, members }: { title: string; members: ListMembers }) => (
  <Folded
    many={members.length}
    closed={
      <>
        <b>{title}:</b> {membersText(members)}
      </>
    }
    open={<b>{title}:</b>}
    whole
  >
    <Members members={members} />
  </Folded>
)

/** A list that is open where it is short; `whole`: what can be opened is all of it, and not only the rest. */
function Folded({
  many,
  closed,
  open,
  whole = false,
  children,
}: {
  many: number
  closed: ComponentChildren
  open: ComponentChildren
  whole?: boolean
  children: ComponentChildren
}) {
  if (many <= OPEN)
    return (
      <>
        {open} {whole && children}
      </>
    )
  return (
    <details class={many > PRINTED ? 'long' : undefined}>
      <summary>{closed}</summary>
      {children}
    </details>
  )
}

/** What joins and leaves a list. */
const Members = ({ members }: { members: ListMembers }) => (
  <ul class="many">
    {members.map(({ joins, name }) => (
      <li key={name}>{joins ? <ins>+ {name}</ins> : <del>− {name}</del>}</li>
    ))}
  </ul>
)

function membersText(members: ListMembers): string {
  const joining = members.filter(({ joins }) => joins).length
  return [
    ...(joining > 0 ? [`${grouped(joining)} to join`] : []),
    ...(joining < members.length ? [`${grouped(members.length - joining)} to leave`] : []),
  ].join(', ')
}

/** A row about one thing, with cells of its own before its lists, and below it the lists that are long. */
export const ListedRow = ({
  name,
  address,
  lists,
  cells,
}: {
  name: string
  address: string
  lists: readonly List[]
  cells: readonly ComponentChildren[]
}) => (
  <>
    <tr>
      <th scope="row">
        {name}
        <small class="key">{address}</small>
      </th>
      {cells}
      {lists.map(list => (
        <td key={list.title}>
          <InCell list={list} />
        </td>
      ))}
    </tr>
    <ListsBelow lists={lists} columns={1 + cells.length + lists.length} />
  </>
)
