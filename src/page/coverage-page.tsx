/** @jsxRuntime automatic @jsxImportSource preact */
/** Coverage as a page: the facts of `coverage --json`, on a map and as tables. */
import { count, grouped } from '../counts.ts'
import {
  type CoverageJson,
  coverageSummary,
  isRemarkable,
  nothingToSee,
} from '../render/coverage.ts'
import type { PlanJson } from '../render/plan-json.ts'
import { type PageFrame, pageText, Table, Tallies, type Tally } from './document.tsx'
import { Issues } from './issues.tsx'
import { countryList, ListedRow } from './lists.tsx'
import { fewNames, MapLegend, NotOnMap, namesByCountry, type Painted, WorldMap } from './world.tsx'

type Zone = CoverageJson['zones'][number]

/** What a page of coverage is made of. */
export interface CoverageFacts extends PageFrame {
  readonly coverage: CoverageJson
  /** Of the account's lists and of the catalog. */
  readonly issues: PlanJson['issues']
}

/** A whole page about what zones have of the account's networks. */
export function coveragePage({ coverage, issues, ...frame }: CoverageFacts): string {
  const { zones, unsold, homeless } = coverage
  const remarkable = zones.filter(isRemarkable)
  const others = zones.filter(zone => !isRemarkable(zone))
  return pageText({
    ...frame,
    title: coverageSummary(coverage),
    account: coverage.account,
    lead: (
      <>
        <Tallies of={talliesOf(coverage)} />
        <Issues issues={issues} errors="What is not known" />
      </>
    ),
    sections: [
      { id: 'map', title: 'Where it is valid', body: <CoverageMap coverage={coverage} /> },
      {
        id: 'zones',
        title: 'Zones',
        body: (
          <>
            {remarkable.length === 0 ? (
              <p>{nothingToSee(coverage)}</p>
            ) : (
              <ZoneTable caption="Zones that need a look" zones={remarkable} />
            )}
            {others.length > 0 && (
              <details>
                <summary>{count(others.length, 'zone')} with what they should have</summary>
                <ZoneTable caption="Zones with what they should have" zones={others} />
              </details>
            )}
          </>
        ),
      },
      {
        id: 'unsold',
        title: 'Covered and in no zone',
        body:
          unsold.length === 0 ? (
            <p>Every country that the account {coverage.whole ? 'covers' : 'told'} is in a zone.</p>
          ) : (
            <ul class="many">
              {unsold.toSorted(byName).map(({ country, name, networks }) => (
                <li key={country}>
                  {name} <span class="key">{country}</span>, {count(networks, 'network')}
                </li>
              ))}
            </ul>
          ),
      },
      ...(homeless.length === 0
        ? []
        : [
            {
              id: 'homeless',
              title: 'Networks of no known country',
              body: (
                <ul>
                  {homeless.map(network => (
                    <li key={network}>{network}</li>
                  ))}
                </ul>
              ),
            },
          ]),
    ],
  })
}

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : Number(one.name > other.name)

function talliesOf({ zones, unsold }: CoverageJson): readonly Tally[] {
  const sorts: readonly Tally[] = [
    {
      tone: 'remove',
      many: zones.filter(({ lost }) => lost.length > 0).length,
      words: 'lost networks',
    },
    {
      tone: 'add',
      many: zones.filter(({ available }) => available.length > 0).length,
      words: 'may gain some',
    },
    {
      tone: 'error',
      many: zones.filter(({ nearEmpty }) => nearEmpty).length,
      words: 'close to empty',
    },
    {
      tone: 'change',
      many: unsold.length,
      words: `${unsold.length === 1 ? 'country' : 'countries'} in no zone`,
    },
  ]
  const all: Tally = {
    tone: 'dim',
    many: zones.length,
    words: zones.length === 1 ? 'zone' : 'zones',
  }
  return [all, ...sorts.filter(({ many }) => many > 0)]
}

function CoverageMap({ coverage }: { coverage: CoverageJson }) {
  const painted = paintedOf(coverage)
  const many = (look: Painted['look']) =>
    [...painted.values()].filter(one => one.look === look).length
  const sentence = `${count(many('kept'), 'country', 'countries')} in a zone; ${many('won')} to be gained, ${many('lost')} lost, ${many('open')} covered and in no zone.`
  return (
    <>
      <p>
        <strong>{sentence}</strong>
      </p>
      <WorldMap
        title="Countries that the account covers, and those that its zones have"
        description={`${sentence} The tables below name them.`}
        painted={painted}
      />
      <MapLegend
        meanings={{
          kept: 'in a zone',
          won: 'chosen by the catalog: the next apply adds it',
          lost: 'lost: no network is left there',
          open: 'covered, and in no zone',
        }}
      />
      <NotOnMap codes={painted.keys()} />
    </>
  )
}

/** A country is what most zones do not have to say of it: one that a zone has is in a zone, whatever others lost. */
function paintedOf({ zones, unsold }: CoverageJson): ReadonlyMap<string, Painted> {
  const painted = new Map<string, Painted>(
    unsold.map(({ country, networks }) => [
      country,
      { look: 'open', text: `${count(networks, 'network')}, in no zone` },
    ]),
  )
  const paint = (
    look: Painted['look'],
    before: string,
    codesOf: (zone: Zone) => readonly string[],
  ) => {
    const byCountry = namesByCountry(zones.map(zone => [zone.name, codesOf(zone)]))
    for (const [code, names] of byCountry)
      painted.set(code, { look, text: `${before}${fewNames(names)}` })
  }
  paint('lost', 'lost, ', ({ lostCountries }) => lostCountries)
  paint('won', 'to be gained, ', ({ gainedCountries }) => gainedCountries)
  paint('kept', '', ({ countries }) => countries)
  return painted
}

function ZoneTable({ caption, zones }: { caption: string; zones: readonly Zone[] }) {
  return (
    <Table
      caption={caption}
      heads={['Zone', 'Networks', 'Lost', 'Available', 'Countries lost', 'Countries']}
      numbers={[1]}
    >
      {zones.map(zone => {
        const lists = [
          { title: 'Lost', names: zone.lost },
          { title: 'Available', names: zone.available },
          countryList('Countries lost', zone.lostCountries),
          countryList('Countries', zone.countries),
        ]
        return (
          <ListedRow
            key={zone.address}
            name={zone.name}
            address={zone.address}
            lists={lists}
            cells={[
              <td class="n" key="networks">
                {zone.networks === undefined ? (
                  <span class="dim">not created yet</span>
                ) : (
                  grouped(zone.networks)
                )}
                {zone.nearEmpty && <small class="error">close to empty</small>}
              </td>,
            ]}
          />
        )
      })}
    </Table>
  )
}
