import { barX, plot, ruleX, text } from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { isMet, type Row } from './figure.ts'

/** How far each figure is from its target, as an SVG: at the line it is met, left of it there is room. */
export function plotOf(rows: readonly Row[], title: string): string {
  const bars = rows.map(row => ({
    what: row.what,
    share: shareOf(row),
    met: isMet(row) ? 'met' : 'missed',
  }))
  const { document } = parseHTML('<html><body></body></html>')
  const drawn = plot({
    document,
    ariaLabel: title,
    marginTop: 50,
    width: 900,
    height: 90 + 24 * rows.length,
    marginLeft: 420,
    marginRight: 60,
    style: { background: 'white', color: 'black', fontFamily: 'sans-serif' },
    x: { type: 'log', label: 'share of the target (1: met)', grid: true, tickFormat: '~g' },
    y: { label: null, domain: bars.map(({ what }) => what) },
    color: { domain: ['met', 'missed'], range: ['#2a7f62', '#b3423a'], legend: false },
    marks: [
      barX(bars, { x1: 0.1, x2: 'share', y: 'what', fill: 'met' }),
      text(bars, {
        x: 'share',
        y: 'what',
        text: ({ share }: { share: number }) => share.toFixed(2),
        dx: 4,
        textAnchor: 'start',
      }),
      ruleX([1]),
      text([title], { frameAnchor: 'top-right', dy: -34, fontSize: 12, fontWeight: 'bold' }),
    ],
  })
  const svg = drawn.querySelector('svg') ?? drawn
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${svg.outerHTML}\n`
}

/** Of what may be at most: the measure in it; of what must be at least: it in the measure. */
export function shareOf({ measure, target: { most, least } = { times: false } }: Row): number {
  // Of none at all: one is as far away as twice of one that is allowed.
  if (most === 0) return 1 + measure
  const share = most !== undefined ? measure / most : (least ?? measure) / measure
  return Math.max(0.11, share)
}
