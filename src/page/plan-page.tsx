/** @jsxRuntime automatic @jsxImportSource preact */
/** A plan as a page: the facts of `plan --json`, and what the plan moves in. */
import { count } from '../counts.ts'
import type { Landscape, LandscapeNode } from '../plan/landscape.ts'
import { capitalised, costText } from '../render/change-words.ts'
import { arrows, graphPicture } from '../render/graph.ts'
import type { PlanJson } from '../render/plan-json.ts'
import { kindOf } from '../resources/kinds.ts'
import { Changes, Counts } from './changes.tsx'
import { ZoneCoverage } from './coverage.tsx'
import { type PageFrame, pageText, Scroll, type Section, Table } from './document.tsx'
import { GraphDrawing } from './graph.tsx'
import { Issues } from './issues.tsx'
import { Prices } from './prices.tsx'

/** What a page of a plan is made of. */
export interface PlanFacts extends PageFrame {
  readonly plan: PlanJson
  /** Absent: an older release saved the plan. */
  readonly landscape?: Landscape
  /** ISO time at which the plan was saved. */
  readonly savedAt?: string
}

/** A whole page about a plan. */
export function planPage({ plan, landscape, savedAt, ...frame }: PlanFacts): string {
  const [labels, pictures] =
    landscape === undefined ? [{}, noPictures()] : [landscape.labels, picturesOf(landscape)]
  const briefs = new Map(
    landscape?.nodes.flatMap(({ address, offers }) =>
      offers?.before === undefined ? [] : [[address, offers.before.inWords]],
    ),
  )
  return pageText({
    ...frame,
    title: `Plan: ${headline(plan)}`,
    account: plan.account,
    ...(savedAt !== undefined && { about: [['Saved', savedAt]] }),
    lead: <Lead plan={plan} />,
    sections: [
      {
        id: 'people',
        title: 'Travellers and money',
        body: <People plan={plan} landscape={landscape} />,
      },
      {
        id: 'changes',
        title: 'What changes',
        body: <Changes changes={plan.changes} labels={labels} briefs={briefs} />,
      },
      ...pictures,
    ],
  })
}

const noPictures = (): readonly Section[] => [
  {
    id: 'pictures',
    title: 'Pictures',
    body: <p>This plan was saved without what its pictures are made of: make it anew for them.</p>,
  },
]

const picturesOf = (landscape: Landscape): readonly Section[] => [
  { id: 'coverage', title: 'Where it is valid', body: <ZoneCoverage landscape={landscape} /> },
  { id: 'prices', title: 'What is sold', body: <Prices landscape={landscape} /> },
  { id: 'graph', title: 'What needs what', body: <Dependencies landscape={landscape} /> },
]

function headline({ summary, changes, issues }: PlanJson): string {
  const many = count(changes.length, 'change')
  if (issues.some(({ severity }) => severity === 'error')) return `refused, ${many}`
  if (summary.outcome === 'blocked') return `${many}, something is blocked`
  return changes.length === 0 ? 'nothing to do' : many
}

function Lead({ plan }: { plan: PlanJson }) {
  const { calls, seconds, callsPerSecond, activations } = plan.cost
  const rate = callsPerSecond === null ? '' : ` at ${callsPerSecond} calls/s`
  const cost = { calls, seconds, callsPerSecond: callsPerSecond ?? Number.POSITIVE_INFINITY }
  return (
    <>
      <Counts summary={plan.summary} />
      <p>{costText(cost, rate, activations)}</p>
      <Issues issues={plan.issues} errors="It cannot be applied as it stands" />
    </>
  )
}

function People({ plan, landscape }: { plan: PlanJson; landscape: Landscape | undefined }) {
  const touched = plan.changes.filter(
    ({ impact, entry }) => impact !== undefined && entry === undefined,
  )
  const sales = plan.changes.some(({ impact }) => impact?.soldEndpoints !== undefined)
  const { activations } = plan.cost
  return (
    <>
      <p>
        {activations === 0
          ? 'No SIM is activated, so nothing is charged for that.'
          : `${count(activations, 'SIM')} ${activations === 1 ? 'is' : 'are'} activated, which may be charged.`}
        {!sales && touched.length > 0 && ' What was sold is not known: no ledger was read.'}
      </p>
      {touched.length === 0 ? (
        <p>Nothing changes of what is sold now.</p>
      ) : (
        <Table
          caption="What travellers hold"
          heads={['What changes', 'SKUs', 'What becomes of it']}
        >
          {touched.map(({ address, id, name, kind, action, impact }) => (
            <tr key={`${address} ${id}`}>
              <th scope="row">
                {name}
                <small>
                  {capitalised(kindOf(kind).title)}, {action}
                </small>
              </th>
              <td class="words">{impact?.skus.join(', ')}</td>
              <td>{impact?.inWords?.join('; ') ?? <span class="dim">not known</span>}</td>
            </tr>
          ))}
        </Table>
      )}
      {landscape !== undefined && <PriceChanges nodes={landscape.nodes} />}
    </>
  )
}

function PriceChanges({ nodes }: { nodes: readonly LandscapeNode[] }) {
  const moved = nodes.flatMap(({ name, address, offers }) => {
    const [before, after] = [offers?.before?.charge, offers?.after?.charge]
    return before === undefined || after === undefined || before === after
      ? []
      : [{ name, address, before, after }]
  })
  if (moved.length === 0) return null
  return (
    <Table
      caption="Prices that change"
      heads={['Plan', 'Before', 'After', 'By']}
      numbers={[1, 2, 3]}
    >
      {moved.map(({ name, address, before, after }) => (
        <tr key={address}>
          <th scope="row">{name}</th>
          <td class="n">
            <del>{before}</del>
          </td>
          <td class="n">
            <ins>{after}</ins>
          </td>
          <td class="n">{shareText(Number(before), Number(after))}</td>
        </tr>
      ))}
    </Table>
  )
}

const shareText = (before: number, after: number): string =>
  before === 0
    ? '–'
    : `${after > before ? '+' : '−'}${Math.abs(((after - before) / before) * 100).toFixed(1)} %`

function Dependencies({ landscape }: { landscape: Landscape }) {
  const picture = graphPicture(landscape)
  if (picture.boxes.length === 0) return <p>There is nothing to draw.</p>
  const titles = new Map(picture.boxes.map(({ id, title }) => [id, title]))
  return (
    <>
      <p>
        An arrow leads from what is needed to what needs it: the order in which things are made.
        {picture.folded.map(text => ` ${capitalised(text)}.`)}
      </p>
      <Scroll label="Dependency graph">
        <GraphDrawing picture={picture} />
      </Scroll>
      <details>
        <summary>The same as a list</summary>
        <ul>
          {picture.boxes.map(({ id, title, text }) => (
            <li key={id}>
              {title}, {text}
              {neededBy(picture, id).length > 0 && (
                <>
                  {' '}
                  – needs{' '}
                  {neededBy(picture, id)
                    .map(need => titles.get(need))
                    .join(', ')}
                </>
              )}
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}

const neededBy = (picture: ReturnType<typeof graphPicture>, id: string): readonly string[] =>
  arrows(picture).flatMap(([from, to]) => (to === id ? [from] : []))
