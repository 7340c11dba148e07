import fc from 'fast-check'
import t from 'tap'
import { graphSvg } from '../../src/page/index.ts'
import type { Landscape } from '../../src/plan/landscape.ts'
import { graphDot, graphMermaid, graphPicture } from '../../src/render/graph.ts'
import { EVIL, openChangedDesk } from './desk.ts'
import { activeParts, readPage } from './read-page.ts'

type Node = Landscape['nodes'][number]

const node = (address: string, more: Partial<Node> = {}): Node => ({
  address,
  kind: address.slice(0, address.indexOf('/')),
  name: address.slice(address.indexOf('/') + 1),
  action: 'keep',
  needs: [],
  ...more,
})

const landscape = (nodes: readonly Node[]): Landscape => ({ nodes, labels: {} })

t.test(
  'graph draws the catalog without an account, and a saved plan with what changes',
  async t => {
    const desk = await openChangedDesk(t)
    await desk.run('plan --out plan.json --prune')
    const nowhere = { env: { SFT_BASE_URL: 'http://127.0.0.1:1' } }
    const of = async (line: string) => {
      const { code, stdout, stderr } = await desk.run(line, nowhere)
      t.equal(code, 0, `${line}: ${stderr}`)
      return stdout
    }
    const alone = await of('graph')
    t.match(alone, /^flowchart LR\n/)
    t.match(alone, /n1\["Alps<br\/>rateZone#47;alps"\]/)
    t.match(alone, /n1 --> n4/)
    t.match(await of('graph plan.json'), /\["± alps-5 .*<br\/>addonPlan#47;alps-5"\]/)
    t.match(await of('graph plan.json'), /3 to create/, 'a batch is one box')
    t.match(await of('graph --format dot'), /^digraph catalog \{\n/)
    const svg = await of('graph plan.json --format svg')
    t.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    t.strictSame(activeParts(readPage(svg)), [])
    t.ok(svg.includes('&lt;/script>&lt;img src=x onerror') || svg.includes('&lt;/script&gt;'))
    const { nodes } = JSON.parse(await of('graph plan.json --json'))
    t.match(
      nodes.find(({ address }: Node) => address === 'rateZone/alps'),
      { covers: { before: { countries: ['AT', 'CH'] }, after: { countries: ['AT', 'CH', 'IT'] } } },
    )
    t.equal((await desk.run('graph --format pdf')).code, 64)
    t.equal((await desk.run('graph plan.json --catalog x')).code, 64)
  },
)

t.test('a name stays a name, whatever it holds', async t => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      ...Object.values(EVIL),
      '"]',
      '%%',
      'end',
      '\\',
      '\\"',
      'a\nb --> c',
      '#quot;',
      '`',
    ),
  )
  fc.assert(
    fc.property(hostile, name => {
      const picture = graphPicture(
        landscape([node('rateZone/a', { name }), node('addonPlan/b', { needs: ['rateZone/a'] })]),
      )
      const mermaid = graphMermaid(picture).split('\n')
      t.equal(mermaid.length, 4)
      t.match(
        mermaid[1],
        /^ {2}n1\["[^"\n<>&`[\]{}()|;]*(#\d+;[^"\n<>&`[\]{}()|;]*)*<br\/>rateZone#47;a"\]$/,
      )
      t.equal(mermaid[3], '  n1 --> n2')
      const dot = graphDot(picture).split('\n')
      t.equal(dot.length, 7)
      t.match(dot[3], /^ {2}"(?:[^"\\]|\\.)*" \[label="(?:[^"\\]|\\.)*"\]$/)
      t.strictSame(activeParts(readPage(graphSvg(picture))), [])
    }),
    { numRuns: 200 },
  )
})

t.test('a graph that no eye can follow is folded', async t => {
  const zones = Array.from({ length: 200 }, (_, at) => node(`rateZone/z${at}`))
  const plans = (action: (at: number) => Node['action']) =>
    Array.from({ length: 1000 }, (_, at) =>
      node(`addonPlan/p${at}`, { action: action(at), needs: [`rateZone/z${at % 200}`] }),
    )
  const few = graphPicture(landscape([...zones, ...plans(at => (at < 3 ? 'update' : 'keep'))]))
  t.strictSame(
    few.boxes.map(({ id }) => id),
    ['rateZone/z0', 'rateZone/z1', 'rateZone/z2', 'addonPlan/p0', 'addonPlan/p1', 'addonPlan/p2'],
  )
  t.match(few.folded, [/^1194 things|^1,194 things/])
  for (const many of [plans(() => 'create'), plans(() => 'keep')]) {
    const { boxes, folded } = graphPicture(landscape([...zones, ...many]))
    t.ok(boxes.length <= 60, `${boxes.length} boxes`)
    t.ok(boxes.some(({ title }) => title === '5 add-on plans'))
    t.match(folded.at(-1), /left out, of which the least changes/)
  }
  t.equal(graphPicture(landscape([...zones, ...plans(() => 'create')]), true).boxes.length, 1200)
})
