/** @jsxRuntime automatic @jsxImportSource preact */
/** What is sold, by destination: data against price, before and after. */
import { scaleLinear, scaleLog } from 'd3-scale'
import { count, grouped } from '../counts.ts'
import { groupBy } from '../group-by.ts'
import type { Landscape, LandscapeNode } from '../plan/landscape.ts'
import { VERB } from '../render/change-words.ts'
import { formatMB } from '../units.ts'
import { Table } from './document.tsx'

type Offer = NonNullable<NonNullable<LandscapeNode['offers']>['after']>

/** Charts that people look at; tables have the rest. */
const CHARTS = 24
const WIDTH = 300
const HEIGHT = 190
const LEFT = 44
const RIGHT = 12
const TOP = 10
const BOTTOM = 30

/** What is sold for one destination. */
interface Shelf {
  readonly name: string
  readonly nodes: readonly LandscapeNode[]
  readonly changed: number
}

export function Prices({ landscape }: { landscape: Landscape }) {
  const sold = landscape.nodes.filter(({ offers }) => offers !== undefined)
  if (sold.length === 0) return <p>The catalog sells nothing.</p>
  const shelves = shelvesOf(landscape, sold)
  const scales = scalesOf(sold)
  const drawn = shelves.slice(0, CHARTS)
  const currencies = new Set(
    sold
      .flatMap(({ offers }) => [offers?.before, offers?.after])
      .flatMap(offer => offer?.currencyId ?? []),
  )
  return (
    <>
      <p>
        {count(sold.length, 'plan')} of {count(shelves.length, 'destination')}; price against data,
        on the same scales everywhere
        {currencies.size > 0 && `, in currency ${[...currencies].join(', ')} of the account`}.
        {shelves.length > drawn.length &&
          ` Drawn are the ${CHARTS} destinations of which most changes; the tables have all.`}
      </p>
      <PriceLegend />
      <div class="charts">
        {drawn.map((shelf, at) => (
          <Chart key={shelf.name} id={`chart-${at}`} shelf={shelf} scales={scales} />
        ))}
      </div>
      {shelves.map(shelf => (
        <details key={shelf.name}>
          <summary>
            {shelf.name}: {count(shelf.nodes.length, 'plan')}
            {shelf.changed > 0 &&
              `, ${grouped(shelf.changed)} of them ${shelf.changed === 1 ? 'changes' : 'change'}`}
          </summary>
          <Table
            caption={`Plans of ${shelf.name}`}
            heads={['Plan', 'What becomes of it', 'It is', 'Price', 'A GB']}
            numbers={[3, 4]}
          >
            {shelf.nodes.map(node => (
              <tr key={node.address}>
                <th scope="row">{node.name}</th>
                <td>{VERB[node.action]}</td>
                <td>{(node.offers?.after ?? node.offers?.before)?.inWords}</td>
                <td class="n">
                  <Price before={node.offers?.before} after={node.offers?.after} />
                </td>
                <td class="n">{perGB(node.offers?.after ?? node.offers?.before)}</td>
              </tr>
            ))}
          </Table>
        </details>
      ))}
    </>
  )
}

function Price({ before, after }: { before: Offer | undefined; after: Offer | undefined }) {
  const [was, is] = [before?.charge, after?.charge]
  if (after === undefined) return <del>{was ?? 'not told'}</del>
  if (before === undefined) return <ins>{is ?? 'not told'}</ins>
  if (was === is) return <>{is ?? 'not told'}</>
  return (
    <>
      <del>{was ?? 'not told'}</del> → <ins>{is ?? 'not told'}</ins>
    </>
  )
}

function perGB(offer: Offer | undefined): string {
  const { charge, dataMB } = offer ?? {}
  return charge === undefined || dataMB === undefined || dataMB === 0
    ? '–'
    : ((Number(charge) * 1024) / dataMB).toFixed(2)
}

/** By what plans need; those of which most changes come first. */
function shelvesOf({ nodes }: Landscape, sold: readonly LandscapeNode[]): readonly Shelf[] {
  const names = new Map(nodes.map(({ address, name }) => [address, name]))
  const shelves = groupBy(sold, ({ needs: [need = ''] }) => need)
  return [...shelves]
    .map(([need, those]) => ({
      name: names.get(need) ?? (need === '' ? 'zones that are kept elsewhere' : need),
      nodes: those.toSorted(
        (one, other) => sizeOf(one) - sizeOf(other) || (one.name < other.name ? -1 : 1),
      ),
      changed: those.filter(({ action }) => action !== 'keep').length,
    }))
    .toSorted((one, other) => other.changed - one.changed || (one.name < other.name ? -1 : 1))
}

const sizeOf = ({ offers }: LandscapeNode): number =>
  (offers?.after ?? offers?.before)?.dataMB ?? Number.POSITIVE_INFINITY

interface Scales {
  readonly x: (dataMB: number | undefined) => number
  readonly y: (charge: number) => number
  readonly ticksX: readonly { readonly at: number; readonly text: string }[]
  readonly ticksY: readonly { readonly at: number; readonly text: string }[]
}

function scalesOf(sold: readonly LandscapeNode[]): Scales {
  const offers = sold
    .flatMap(({ offers }) => [offers?.before, offers?.after])
    .filter(one => one !== undefined)
  const sizes = offers.flatMap(({ dataMB }) =>
    dataMB === undefined || dataMB <= 0 ? [] : [dataMB],
  )
  const least = Math.min(...sizes, 1000) / 1.5
  const most = Math.max(...sizes, 1000) * 1.5
  const highest = Math.max(...offers.map(({ charge }) => Number(charge ?? 0)), 1)
  // What has no end stands apart, to the right of all.
  const hasEndless = offers.some(({ dataMB }) => dataMB === undefined)
  const end = WIDTH - RIGHT - (hasEndless ? 30 : 0)
  const x = scaleLog([least, most], [LEFT, end])
  const y = scaleLinear([0, highest], [HEIGHT - BOTTOM, TOP]).nice(4)
  const round = (n: number) => Math.round(n * 10) / 10
  const decades = [100, 1_024, 10_240, 102_400].filter(mb => mb >= least && mb <= most)
  return {
    x: dataMB => round(dataMB === undefined ? WIDTH - RIGHT - 12 : x(Math.max(dataMB, least))),
    y: charge => round(y(charge)),
    ticksX: [
      ...decades.map(mb => ({ at: round(x(mb)), text: formatMB(mb) })),
      ...(hasEndless ? [{ at: WIDTH - RIGHT - 12, text: 'no end' }] : []),
    ],
    ticksY: y.ticks(4).map(charge => ({ at: round(y(charge)), text: String(charge) })),
  }
}

function Chart({ id, shelf, scales }: { id: string; shelf: Shelf; scales: Scales }) {
  const { x, y, ticksX, ticksY } = scales
  return (
    <figure>
      <figcaption>{shelf.name}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-labelledby={id}
      >
        <title id={id}>{`Prices of ${shelf.name}: ${rangeOf(shelf)}`}</title>
        <path class="axis" d={`M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}`} />
        {ticksY.map(({ at, text }) => (
          <text key={text} class="dim" x={LEFT - 6} y={at + 4} text-anchor="end">
            {text}
          </text>
        ))}
        {ticksX.map(({ at, text }) => (
          <text key={text} class="dim" x={at} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
            {text}
          </text>
        ))}
        {shelf.nodes.map(node => (
          <Dot key={node.address} node={node} x={x} y={y} />
        ))}
      </svg>
    </figure>
  )
}

function rangeOf({ nodes }: Shelf): string {
  const charges = nodes
    .flatMap(({ offers }) => (offers?.after ?? offers?.before)?.charge ?? [])
    .map(Number)
    .toSorted((one, other) => one - other)
  const [least, most] = [charges[0], charges.at(-1)]
  return least === undefined
    ? `${count(nodes.length, 'plan')}, no price told`
    : `${count(nodes.length, 'plan')} from ${least} to ${most}`
}

type Look = 'new' | 'gone' | 'moved' | 'same'

function Dot({ node, x, y }: { node: LandscapeNode; x: Scales['x']; y: Scales['y'] }) {
  const { before, after } = node.offers ?? {}
  const at = (offer: Offer | undefined) =>
    offer?.charge === undefined ? undefined : ([x(offer.dataMB), y(Number(offer.charge))] as const)
  const [was, is] = [at(before), at(after)]
  const place = is ?? was
  if (place === undefined) return null
  const moved = was !== undefined && is !== undefined && was.join() !== is.join()
  const look: Look =
    is === undefined ? 'gone' : was === undefined ? 'new' : moved ? 'moved' : 'same'
  return (
    <g>
      <title>{`${node.name}: ${(after ?? before)?.inWords}`}</title>
      {moved && <path class="move" d={`M${was[0]} ${was[1]}L${is[0]} ${is[1]}`} />}
      <Mark look={look} x={place[0]} y={place[1]} />
    </g>
  )
}

/** Told apart by form as well as by colour. */
function Mark({ look, x, y }: { look: Look; x: number; y: number }) {
  if (look === 'same') return <circle class="dot" cx={x} cy={y} r="4" />
  const forms = {
    new: 'm0-6l5.5 10h-11z',
    moved: 'm0-6l6 6-6 6-6-6z',
    gone: 'm-5-5l10 10m0-10l-10 10',
  }
  return <path class={`dot ${look}`} d={`M${x} ${y}${forms[look]}`} />
}

function PriceLegend() {
  const meanings = {
    same: 'unchanged',
    new: 'new',
    moved: 'changed, from where the line begins',
    gone: 'no longer sold',
  }
  return (
    <ul class="legend">
      {(['same', 'new', 'moved', 'gone'] as const).map(look => (
        <li key={look}>
          <svg width="16" height="16" aria-hidden="true">
            <Mark look={look} x={8} y={8} />
          </svg>
          {meanings[look]}
        </li>
      ))}
    </ul>
  )
}
