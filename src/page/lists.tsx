/** @jsxRuntime automatic @jsxImportSource preact */
/** Lists in the cells of tables: the first few stand there, the rest is counted and can be opened. */
import type { ComponentChildren } from 'preact'
import { countryName } from '../countries.ts'
import { grouped } from '../counts.ts'
import type { FieldWords } from '../render/change-words.ts'

/** Members of a list that stand open. */
const OPEN = 12
/** Members of a list that paper holds: of a longer one it says what the closed list says on a screen. */
const PRINTED = 60

const classOf = (many: number): string | undefined => (many > PRINTED ? 'long' : undefined)

/** Things named in a cell. */
export function Names({ names }: { names: readonly ComponentChildren[] }) {
  if (names.length <= OPEN) return <>{inARow(names)}</>
  const shown = names.slice(0, OPEN - 2)
  return (
    <details class={classOf(names.length)}>
      <summary>
        {inARow(shown)} and {grouped(names.length - shown.length)} more
      </summary>
      {inARow(names.slice(OPEN - 2))}
    </details>
  )
}

const inARow = (names: readonly ComponentChildren[]): ComponentChildren =>
  names.flatMap((name, at) => (at === 0 ? [name] : [', ', name]))

/** Countries by their names. */
export const Countries = ({ codes }: { codes: readonly string[] }) =>
  codes.length === 0 ? <span class="dim">none</span> : <Names names={codes.map(countryName)} />

/** What joins and leaves a list. */
export function Members({ members }: { members: NonNullable<FieldWords['members']> }) {
  const items = members.map(({ joins, name }) => (
    <li key={name}>{joins ? <ins>+ {name}</ins> : <del>− {name}</del>}</li>
  ))
  if (items.length <= OPEN) return <ul>{items}</ul>
  const joining = members.filter(({ joins }) => joins).length
  const parts = [
    ...(joining > 0 ? [`${grouped(joining)} to join`] : []),
    ...(joining < members.length ? [`${grouped(members.length - joining)} to leave`] : []),
  ]
  return (
    <details class={classOf(items.length)}>
      <summary>{parts.join(', ')}</summary>
      <ul>{items}</ul>
    </details>
  )
}
