/** What needs what, as people can look at it: folded where there is much, and as Mermaid and DOT. */
import { count } from '../counts.ts'
import { groupBy } from '../group-by.ts'
import type { Landscape, LandscapeNode } from '../plan/landscape.ts'
import type { Action } from '../plan/plan.ts'
import { kindOf } from '../resources/kinds.ts'
import { SIGN, TONE, VERB } from './change-words.ts'
import { oneLine } from './gate.ts'
import type { Tone } from './paint.ts'

/** A box of a picture: one thing, or several that are drawn as one. */
export interface GraphBox {
  readonly id: string
  /** `+ Europe`. */
  readonly title: string
  /** `rateZone/europe`, or what of it changes. */
  readonly text: string
  readonly tone: Tone
  readonly needs: readonly string[]
}

export interface GraphPicture {
  readonly boxes: readonly GraphBox[]
  /** What was folded or left out, in words; none where everything is drawn. */
  readonly folded: readonly string[]
}

/** Boxes that people can follow by eye. */
const READABLE = 60

/**
 * A landscape as boxes. Where there are too many: what changes with its neighbours; what hangs on one box alone
 * becomes one box a kind; and of what is still too much the part that changes most.
 */
export function graphPicture({ nodes }: Landscape, whole = false): GraphPicture {
  if (whole || nodes.length <= READABLE) return { boxes: nodes.map(boxOf), folded: [] }
  // Of a catalog by itself nothing changes.
  const near = nodes.some(changes) ? neighbourhood(nodes) : nodes
  const left = nodes.length - near.length
  const folded =
    left > 0 ? [`${count(left, 'thing')} unchanged and beside nothing that changes: left out`] : []
  if (near.length <= READABLE) return { boxes: near.map(boxOf), folded }
  return foldLeaves(near, folded)
}

const changes = ({ action, members }: LandscapeNode): boolean =>
  action !== 'keep' || Object.keys(members ?? {}).some(one => one !== 'keep')

/** What changes, what it needs and what needs it. */
function neighbourhood(nodes: readonly LandscapeNode[]): readonly LandscapeNode[] {
  const changed = new Set(nodes.filter(changes).map(({ address }) => address))
  const needed = new Set(nodes.filter(changes).flatMap(({ needs }) => needs))
  const isNear = ({ address, needs }: LandscapeNode) =>
    changed.has(address) || needed.has(address) || needs.some(need => changed.has(need))
  const near = nodes.filter(isNear)
  // With what hangs beside them for no reason of its own they would be as many as before.
  return near.length > READABLE
    ? near.filter(({ address }) => changed.has(address) || needed.has(address))
    : near
}

function foldLeaves(nodes: readonly LandscapeNode[], folded: readonly string[]): GraphPicture {
  const needed = new Set(nodes.flatMap(({ needs }) => needs))
  const leaves = groupBy(
    nodes.filter(({ address, needs }) => needs.length <= 1 && !needed.has(address)),
    ({ kind, needs }) => `${kind} of ${needs[0] ?? ''}`,
  )
  const single = nodes.filter(({ address, needs }) => needed.has(address) || needs.length > 1)
  const groups = [...leaves].map(([id, those]) => groupBox(id, those))
  const weight = new Map([...leaves].map(([id, those]) => [id, those.filter(changes).length]))
  const shown = groups.toSorted(
    (one, other) => (weight.get(other.id) ?? 0) - (weight.get(one.id) ?? 0),
  )
  const kept = shown.slice(0, READABLE / 2)
  const roots = new Set(kept.flatMap(({ needs }) => needs))
  const others = single.filter(({ address }) => !roots.has(address))
  const room = Math.max(0, READABLE - kept.length - roots.size)
  const boxes = [
    ...single.filter(({ address }) => roots.has(address)).map(boxOf),
    ...others.slice(0, room).map(boxOf),
    ...kept,
  ]
  const left = [...shown.slice(READABLE / 2), ...others.slice(room)].length
  return {
    boxes,
    folded: [
      ...folded,
      'what hangs on one thing alone is drawn as one box',
      ...(left > 0
        ? [`${count(left, 'further box', 'further boxes')} left out, of which the least changes`]
        : []),
    ],
  }
}

function boxOf({ address, name, action, needs, members }: LandscapeNode): GraphBox {
  const parts = members && memberText(members)
  return {
    id: address,
    title: `${SIGN[action]} ${oneLine(name)}`.trim(),
    text: parts === undefined ? oneLine(address) : `${oneLine(address)}: ${parts}`,
    tone: TONE[action],
    needs,
  }
}

function groupBox(id: string, those: readonly LandscapeNode[]): GraphBox {
  const counts: Partial<Record<Action, number>> = {}
  for (const { action } of those) counts[action] = (counts[action] ?? 0) + 1
  const { title, plural } = kindOf(those[0]?.kind ?? '')
  const [most] = those.toSorted(
    (one, other) => (counts[other.action] ?? 0) - (counts[one.action] ?? 0),
  )
  return {
    id,
    title: count(those.length, title, plural),
    text: memberText(counts),
    tone: TONE[most?.action ?? 'keep'],
    needs: most?.needs ?? [],
  }
}

const memberText = (members: Partial<Readonly<Record<Action, number>>>): string =>
  (Object.keys(members) as Action[]).map(action => `${members[action]} ${VERB[action]}`).join(', ')

/** Signs that Mermaid or the HTML in its labels could read. */
const MERMAID_SIGNS = /[^\p{L}\p{N} .,+~±?=_-]/gu

/** Text within quotes of Mermaid: every sign that means something stands as its number. */
const mermaidText = (text: string): string =>
  oneLine(text).replace(MERMAID_SIGNS, sign => `#${sign.codePointAt(0)};`)

/** As a flow chart of Mermaid, which GitHub and GitLab draw in Markdown. */
export function graphMermaid(picture: GraphPicture): string {
  const ids = numbered(picture)
  const toned = groupBy(picture.boxes, ({ tone }) => tone)
  return [
    'flowchart LR',
    ...picture.folded.map(text => `  %% ${mermaidText(text)}`),
    ...picture.boxes.map(
      ({ id, title, text }) => `  ${ids.get(id)}["${mermaidText(title)}<br/>${mermaidText(text)}"]`,
    ),
    ...arrows(picture).map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`),
    ...[...toned].flatMap(([tone, boxes]) => {
      const look = MERMAID_LOOKS[tone]
      return look === undefined
        ? []
        : [
            `  classDef ${tone} ${look}`,
            `  class ${boxes.map(({ id }) => ids.get(id)).join(',')} ${tone}`,
          ]
    }),
  ].join('\n')
}

const MERMAID_LOOKS: Readonly<Partial<Record<Tone, string>>> = {
  add: 'stroke:#1a7f37,stroke-width:2px',
  change: 'stroke:#9a6700,stroke-width:2px',
  remove: 'stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 3',
  error: 'stroke:#cf222e,stroke-width:2px,stroke-dasharray:2 3',
  warn: 'stroke:#9a6700,stroke-width:2px',
}

/** Text within quotes of DOT: a backslash begins an escape of its labels. */
const dotText = (text: string): string =>
  `"${oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** As DOT, for Graphviz. */
export function graphDot(picture: GraphPicture): string {
  const lines = picture.boxes.map(({ id, title, text, tone }) => {
    const label = `${dotText(title).slice(0, -1)}\\n${dotText(text).slice(1)}`
    const look = DOT_LOOKS[tone]
    return `  ${dotText(id)} [label=${label}${look === undefined ? '' : `, ${look}`}]`
  })
  return [
    'digraph catalog {',
    ...picture.folded.map(text => `  // ${oneLine(text)}`),
    '  rankdir=LR',
    '  node [shape=box, style=rounded, fontname="sans-serif"]',
    ...lines,
    ...arrows(picture).map(([from, to]) => `  ${dotText(from)} -> ${dotText(to)}`),
    '}',
  ].join('\n')
}

const DOT_LOOKS: Readonly<Partial<Record<Tone, string>>> = {
  add: 'color="#1a7f37", penwidth=2',
  change: 'color="#9a6700", penwidth=2',
  remove: 'color="#cf222e", penwidth=2, style="rounded,dashed"',
  error: 'color="#cf222e", penwidth=2, style="rounded,dotted"',
  warn: 'color="#9a6700", penwidth=2',
}

const numbered = ({ boxes }: GraphPicture): ReadonlyMap<string, string> =>
  new Map(boxes.map(({ id }, at) => [id, `n${at + 1}`]))

/** From what is needed to what needs it: the order in which they are made. */
export function arrows({ boxes }: GraphPicture): readonly (readonly [string, string])[] {
  const drawn = new Set(boxes.map(({ id }) => id))
  return boxes.flatMap(({ id, needs }) =>
    needs.filter(need => drawn.has(need)).map(need => [need, id] as const),
  )
}
