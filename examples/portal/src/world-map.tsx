/** A world map as SVG, drawn on the server: countries that are sold are links. The list beside it says the same. */
import { geoEqualEarth, geoPath } from 'd3-geo'
import type { FeatureCollection } from 'geojson'
import countries from 'i18n-iso-countries'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import world from 'world-atlas/countries-110m.json' with { type: 'json' }
import { countryName } from './words.ts'

const WIDTH = 960
const HEIGHT = 440

interface Shape {
  /** ISO 3166-1 alpha-2; absent for what has none. */
  readonly code?: string
  readonly path: string
}

let drawn: readonly Shape[] | undefined

/** Paths of all countries; drawn once, since the world does not change while a shop runs. */
function shapes(): readonly Shape[] {
  drawn ??= drawShapes()
  return drawn
}

function drawShapes(): readonly Shape[] {
  const topology = world as object as Topology<{ countries: GeometryCollection }>
  const land: FeatureCollection = feature(topology, topology.objects.countries)
  const shown = { ...land, features: land.features.filter(({ id }) => id !== ANTARCTICA) }
  const path = geoPath(geoEqualEarth().fitSize([WIDTH, HEIGHT], shown)).digits(1)
  return shown.features.flatMap(({ id, ...country }) => {
    const code = id === undefined ? undefined : countries.numericToAlpha2(id)
    const line = path(country)
    if (line === null) return []
    return code === undefined ? { path: line } : { code, path: line }
  })
}

const ANTARCTICA = '010'

export function WorldMap({ sold }: { readonly sold: ReadonlySet<string> }) {
  return (
    <svg class="map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <title>Countries on the map</title>
      {shapes().map(({ code, path }) =>
        code !== undefined && sold.has(code) ? (
          <a href={`/countries/${code}`} aria-label={countryName(code)}>
            <path class="sold" d={path}>
              <title>{countryName(code)}</title>
            </path>
          </a>
        ) : (
          <path d={path} />
        ),
      )}
    </svg>
  )
}
