/** @jsxRuntime automatic @jsxImportSource preact */
/** Where the zones of a plan are valid, before and after: the map, and the tables that say the same. */
import { countryName } from '../countries.ts'
import { count } from '../counts.ts'
import type { Landscape, LandscapeNode } from '../plan/landscape.ts'
import { TONE, VERB } from '../render/change-words.ts'
import { Table } from './document.tsx'
import { countryList, InCell, ListedRow, ListsBelow } from './lists.tsx'
import { fewNames, MapLegend, NotOnMap, namesByCountry, type Painted, WorldMap } from './world.tsx'

/** A country with the zones that are valid there. */
interface Country {
  readonly code: string
  readonly name: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly look: Painted['look']
}

export function ZoneCoverage({ landscape }: { landscape: Landscape }) {
  const zones = landscape.nodes.filter(({ covers }) => covers !== undefined)
  if (zones.length === 0) return <p>The plan has no zone.</p>
  const countries = countriesOf(zones)
  const won = countries.filter(({ look }) => look === 'won')
  const lost = countries.filter(({ look }) => look === 'lost')
  const sentence = `${count(countries.length - lost.length, 'country', 'countries')} covered after applying; ${won.length} won, ${lost.length} lost.`
  return (
    <>
      <p>
        <strong>{sentence}</strong>
      </p>
      <WorldMap
        title="Countries that the zones of this plan cover"
        description={`${sentence} The tables below name them.`}
        painted={paintedOf(countries)}
      />
      <MapLegend
        meanings={{
          kept: 'covered before and after',
          won: 'won: covered after',
          lost: 'lost: covered before',
        }}
      />
      <NotOnMap codes={countries.map(({ code }) => code)} />
      {won.length + lost.length > 0 && (
        <Table caption="Countries won and lost" heads={['Country', 'What becomes of it', 'Zones']}>
          {[...lost, ...won].map(({ code, name, look, before, after }) => {
            const list = { title: 'Zones', names: look === 'won' ? after : before }
            return (
              <>
                <tr key={code}>
                  <th scope="row">{name}</th>
                  <td>{look === 'won' ? <ins>won</ins> : <del>lost</del>}</td>
                  <td>
                    <InCell list={list} />
                  </td>
                </tr>
                <ListsBelow lists={[list]} columns={3} />
              </>
            )
          })}
        </Table>
      )}
      <Zones zones={zones} />
    </>
  )
}

function Zones({ zones }: { zones: readonly LandscapeNode[] }) {
  const [moved, still] = [zones.filter(moves), zones.filter(zone => !moves(zone))]
  return (
    <>
      {moved.length > 0 && <ZoneTable caption="Zones that change" zones={moved} />}
      {still.length > 0 && (
        <details>
          <summary>{count(still.length, 'zone')} as before</summary>
          <ZoneTable caption="Zones as before" zones={still} />
        </details>
      )}
    </>
  )
}

const moves = ({ action, covers }: LandscapeNode): boolean =>
  action !== 'keep' ||
  covers?.before?.countries.join() !== covers?.after?.countries.join() ||
  covers?.before?.networks !== covers?.after?.networks

function ZoneTable({ caption, zones }: { caption: string; zones: readonly LandscapeNode[] }) {
  return (
    <Table
      caption={caption}
      heads={[
        'Zone',
        'What becomes of it',
        'Networks',
        'Countries won',
        'Countries lost',
        'Countries kept',
      ]}
      numbers={[2]}
    >
      {zones.map(({ address, name, action, covers }) => {
        const [before, after] = [covers?.before, covers?.after]
        const had = new Set(before?.countries)
        const has = new Set(after?.countries)
        const lists = [
          countryList(
            'Countries won',
            [...has].filter(code => !had.has(code)),
          ),
          countryList(
            'Countries lost',
            [...had].filter(code => !has.has(code)),
          ),
          countryList(
            'Countries kept',
            [...has].filter(code => had.has(code)),
          ),
        ]
        return (
          <ListedRow
            key={address}
            name={name}
            address={address}
            lists={lists}
            cells={[
              <td class={TONE[action]} key="action">
                {VERB[action]}
              </td>,
              <td class="n" key="networks">
                {before?.networks === after?.networks
                  ? after?.networks
                  : `${before?.networks ?? 0} → ${after?.networks ?? 0}`}
              </td>,
            ]}
          />
        )
      })}
    </Table>
  )
}

function countriesOf(zones: readonly LandscapeNode[]): readonly Country[] {
  const before = zonesByCountry(zones, 'before')
  const after = zonesByCountry(zones, 'after')
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((code): Country => {
      const [was, is] = [before.get(code) ?? [], after.get(code) ?? []]
      const look = is.length === 0 ? 'lost' : was.length === 0 ? 'won' : 'kept'
      return { code, name: countryName(code), before: was, after: is, look }
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

const zonesByCountry = (
  zones: readonly LandscapeNode[],
  side: 'before' | 'after',
): ReadonlyMap<string, readonly string[]> =>
  namesByCountry(zones.map(({ name, covers }) => [name, covers?.[side]?.countries ?? []]))

const paintedOf = (countries: readonly Country[]): ReadonlyMap<string, Painted> =>
  new Map(
    countries.map(({ code, look, before, after }) => {
      const what = look === 'kept' ? '' : `${look}, `
      return [code, { look, text: `${what}${fewNames(look === 'lost' ? before : after)}` }]
    }),
  )
