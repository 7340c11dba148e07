/** @jsxRuntime automatic @jsxImportSource preact */
/** The stock of endpoints as a page: the facts of `endpoints report --json`. */
import { count, grouped } from '../counts.ts'
import { ageText, paceText } from '../render/endpoint-text.ts'
import { STOCK_HEADS, STOCK_KINDS } from '../render/ledger-text.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { type PageFrame, pageText, Table, Tallies } from './document.tsx'

type Answer = Extract<JsonAnswer<'endpoints'>, { readonly report: { readonly ages: unknown } }>
type Report = Answer['report']
type Counted = Pick<Report, 'sellable' | 'reserved' | 'sold' | 'inService' | 'setAside'>

/** What a page of the stock is made of. */
export interface EndpointFacts extends PageFrame {
  readonly answer: Answer
}

const TONES = {
  sellable: 'add',
  reserved: 'change',
  sold: 'dim',
  inService: 'change',
  setAside: 'warn',
} as const

/** A whole page about the endpoints that were chosen. */
export function endpointsPage({ answer, ...frame }: EndpointFacts): string {
  const { report, account } = answer
  return pageText({
    ...frame,
    title: `Endpoints: ${grouped(report.sellable)} of ${grouped(report.endpoints)} for sale`,
    account,
    lead: (
      <>
        <Tallies
          of={STOCK_KINDS.map(kind => ({
            tone: TONES[kind],
            many: report[kind],
            words: STOCK_HEADS[kind],
          }))}
        />
        <p>{paceText(report)}.</p>
        {report.oldestSince !== undefined && (
          <p>
            The oldest of those for sale is in the state since{' '}
            <time dateTime={report.oldestSince}>{report.oldestSince}</time>.
          </p>
        )}
      </>
    ),
    sections: [
      {
        id: 'batches',
        title: 'By batch',
        body: (
          <StockTable
            caption="Endpoints by batch"
            head="Batch"
            rows={report.batches.map(one => ({ ...one, name: one.batch }))}
          />
        ),
      },
      {
        id: 'tags',
        title: 'By tag',
        body:
          report.tags.length === 0 ? (
            <p>No endpoint has a tag.</p>
          ) : (
            <>
              <p>An endpoint with two tags stands in both rows.</p>
              <StockTable
                caption="Endpoints by tag"
                head="Tag"
                rows={report.tags.map(one => ({ ...one, name: one.tag }))}
              />
            </>
          ),
      },
      {
        id: 'account',
        title: 'On the account',
        body:
          report.lifecycles === undefined ? (
            <p>The account was not asked.</p>
          ) : (
            <ShareTable
              caption="Endpoints by the state of their SIM"
              heads={['State', 'Endpoints', 'Share']}
              rows={Object.entries(report.lifecycles)}
            />
          ),
      },
      {
        id: 'ages',
        title: 'How old the stock is',
        body:
          report.ages.length === 0 ? (
            <p>Nothing is for sale.</p>
          ) : (
            <ShareTable
              caption="Endpoints for sale by their time in the state"
              heads={['In the state', 'Endpoints', 'Share']}
              rows={report.ages.map(age => [ageText(age), age.count])}
            />
          ),
      },
    ],
  })
}

type StockRow = Counted & Pick<Report, 'soldPerDay' | 'daysLeft'> & { readonly name: string }

function StockTable({
  caption,
  head,
  rows,
}: {
  caption: string
  head: string
  rows: readonly StockRow[]
}) {
  const widest = Math.max(...rows.map(totalOf), 1)
  return (
    <>
      <ul class="legend">
        {STOCK_KINDS.map(kind => (
          <li key={kind}>
            <svg width="16" height="12" aria-hidden="true">
              <rect class={`share ${kind}`} width="16" height="12" />
            </svg>
            {STOCK_HEADS[kind]}
          </li>
        ))}
      </ul>
      <Table
        caption={caption}
        heads={[
          head,
          ...STOCK_KINDS.map(kind => capital(STOCK_HEADS[kind])),
          'Sold a day',
          'Days left',
          'Drawn',
        ]}
        numbers={[1, 2, 3, 4, 5, 6, 7]}
      >
        {rows.map(row => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            {STOCK_KINDS.map(kind => (
              <td key={kind} class="n">
                {grouped(row[kind])}
              </td>
            ))}
            <td class="n">{row.soldPerDay.toFixed(1)}</td>
            <td class="n">
              {row.daysLeft === undefined ? '–' : grouped(Math.floor(row.daysLeft))}
            </td>
            <td>
              <Bar
                title={`${row.name}: ${STOCK_KINDS.map(kind => `${grouped(row[kind])} ${STOCK_HEADS[kind]}`).join(', ')}`}
                parts={STOCK_KINDS.map(kind => ({ look: kind, share: row[kind] / widest }))}
              />
            </td>
          </tr>
        ))}
      </Table>
    </>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const totalOf = (row: Counted): number => STOCK_KINDS.reduce((sum, kind) => sum + row[kind], 0)

/** Counts, each with its share of all as a bar. */
function ShareTable({
  caption,
  heads,
  rows,
}: {
  caption: string
  heads: readonly string[]
  rows: readonly (readonly [name: string, many: number])[]
}) {
  const all = Math.max(
    rows.reduce((sum, [, many]) => sum + many, 0),
    1,
  )
  return (
    <Table caption={caption} heads={heads} numbers={[1]}>
      {rows.map(([name, many]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="n">{grouped(many)}</td>
          <td>
            <Bar
              title={count(many, 'endpoint')}
              parts={[{ look: 'sellable', share: many / all }]}
            />
          </td>
        </tr>
      ))}
    </Table>
  )
}

const BAR = 200
const BAR_HEIGHT = 12

/** Numbers that stand beside it, drawn. */
function Bar({
  title,
  parts,
}: {
  title: string
  parts: readonly { readonly look: keyof Counted; readonly share: number }[]
}) {
  let x = 0
  return (
    <svg
      viewBox={`0 0 ${BAR} ${BAR_HEIGHT}`}
      width={BAR}
      height={BAR_HEIGHT}
      role="img"
      aria-label={title}
    >
      <title>{title}</title>
      <rect class="rest" width={BAR} height={BAR_HEIGHT} />
      {parts.map(({ look, share }) => {
        const [from, width] = [x, share * BAR]
        x += width
        return width === 0 ? null : (
          <rect
            key={look}
            class={`share ${look}`}
            x={from.toFixed(1)}
            width={width.toFixed(1)}
            height={BAR_HEIGHT}
          />
        )
      })}
    </svg>
  )
}
