/** @jsxRuntime automatic @jsxImportSource preact */
/** What needs what, drawn from left to right in the order in which it is made. */
import { Graph, layout } from '@dagrejs/dagre'
import { renderToStaticMarkup } from 'preact-render-to-string'
import { arrows, type GraphBox, type GraphPicture } from '../render/graph.ts'
import { STYLE } from './style.ts'

const HEIGHT = 46
/** Letters of a box, and how wide one is. */
const LETTERS = 34
const LETTER = 6.9
const EDGE = 12

const cut = (text: string): string =>
  text.length <= LETTERS ? text : `${text.slice(0, LETTERS - 1)}…`

interface Placed {
  readonly width: number
  readonly height: number
  readonly boxes: readonly {
    readonly box: GraphBox
    readonly x: number
    readonly y: number
    readonly width: number
  }[]
  readonly lines: readonly string[]
}

/** What is used of a graph of dagre, whose own types do not resolve in ES modules. */
interface LaidOut {
  setNode(id: string, size: { readonly width: number; readonly height: number }): void
  setEdge(from: string, to: string, label: object): void
  node(id: string): Point
  edges(): readonly object[]
  edge(edge: object): { readonly points: readonly Point[] }
  graph(): { readonly width?: number; readonly height?: number }
}
interface Point {
  readonly x: number
  readonly y: number
}

function place(picture: GraphPicture): Placed {
  const graph: LaidOut = new Graph().setGraph({
    rankdir: 'LR',
    nodesep: 10,
    ranksep: 70,
    marginx: EDGE,
    marginy: EDGE,
  })
  // Addresses are texts of others: as numbers they can be no member of an object.
  const numbers = new Map(picture.boxes.map(({ id }, at) => [id, `box ${at}`]))
  const numberOf = (id: string) => numbers.get(id) ?? ''
  for (const box of picture.boxes)
    graph.setNode(numberOf(box.id), { width: widthOf(box), height: HEIGHT })
  for (const [from, to] of arrows(picture)) graph.setEdge(numberOf(from), numberOf(to), {})
  layout(graph)
  const { width = 0, height = 0 } = graph.graph()
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: picture.boxes.map(box => {
      const { x, y } = graph.node(numberOf(box.id))
      return { box, x: Math.round(x), y: Math.round(y), width: widthOf(box) }
    }),
    lines: graph.edges().map(edge => pathOf(graph.edge(edge).points)),
  }
}

const pathOf = (points: readonly Point[]): string =>
  points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${Math.round(x)} ${Math.round(y)}`).join('')

const widthOf = ({ title, text }: GraphBox): number =>
  Math.round(Math.max(cut(title).length, cut(text).length, 8) * LETTER + 2 * EDGE)

/** A picture as an element of a page. */
export function GraphDrawing({
  picture,
  alone = false,
}: {
  picture: GraphPicture
  alone?: boolean
}) {
  const { width, height, boxes, lines } = place(picture)
  return (
    <svg
      xmlns={alone ? 'http://www.w3.org/2000/svg' : undefined}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-labelledby="graph-title graph-text"
    >
      <title id="graph-title">What needs what</title>
      <desc id="graph-text">{describe(picture)}</desc>
      {alone && <style>{STYLE}</style>}
      <defs>
        <marker
          id="tip"
          viewBox="0 0 8 8"
          refX="8"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto"
        >
          <path class="tip" d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      {alone && <rect class="paper" width={width} height={height} />}
      {lines.map(line => (
        <path key={line} class="edge" d={line} marker-end="url(#tip)" />
      ))}
      {boxes.map(({ box, x, y, width: wide }) => (
        <g key={box.id} transform={`translate(${x - wide / 2} ${y - HEIGHT / 2})`}>
          <title>{`${box.title}, ${box.text}`}</title>
          <rect class={`node ${box.tone}`} width={wide} height={HEIGHT} rx="6" />
          <text x={EDGE} y="19">
            {cut(box.title)}
          </text>
          <text class="dim" x={EDGE} y="36">
            {cut(box.text)}
          </text>
        </g>
      ))}
    </svg>
  )
}

const describe = (picture: GraphPicture): string =>
  `${picture.boxes.length} boxes and ${arrows(picture).length} arrows, from what is needed to what needs it.${picture.folded.map(text => ` Here ${text}.`).join('')}`

/** A picture as a file of its own. */
export const graphSvg = (picture: GraphPicture): string =>
  renderToStaticMarkup(<GraphDrawing picture={picture} alone />)
