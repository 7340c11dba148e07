/** @jsxRuntime automatic @jsxImportSource preact */
/** Where zones are valid, as a map of the world: Natural Earth through its package, drawn once. */
import { geoCentroid, geoDistance, geoNaturalEarth1, geoPath } from 'd3-geo'
import type { Feature } from 'geojson'
import { feature } from 'topojson-client'
import fine from 'world-atlas/countries-50m.json' with { type: 'json' }
import coarse from 'world-atlas/countries-110m.json' with { type: 'json' }
import { countryName, countryOfNumber } from '../countries.ts'
import { groupBy } from '../group-by.ts'

const WIDTH = 960
const HEIGHT = 470
const ANTARCTICA = 'AQ'

/** What a map says of a country. */
export interface Painted {
  readonly look: 'kept' | 'won' | 'lost' | 'open'
  /** In words: `won, Alps`. */
  readonly text: string
}

interface Shape {
  /** Alpha-2; undefined where nobody has given the land a number. */
  readonly code: string | undefined
  readonly path?: string
  /** Too small to be seen as it is. */
  readonly spot?: readonly [x: number, y: number]
}

let drawn: readonly Shape[] | undefined

/** Countries as paths, and those that the coarse map leaves out as spots. */
function shapes(): readonly Shape[] {
  if (drawn !== undefined) return drawn
  const large = countriesOf(coarse).filter(({ code }) => code !== ANTARCTICA)
  const projection = geoNaturalEarth1().fitSize([WIDTH, HEIGHT], {
    type: 'FeatureCollection',
    features: large.map(({ shape }) => shape),
  })
  const path = geoPath(projection).digits(1)
  const known = new Set(large.map(({ code }) => code))
  const paths = large.map(({ code, shape }) => ({ code, path: path(shape) ?? '' }))
  const spots = countriesOf(fine).flatMap(({ code, shape }): Shape[] => {
    const place = code === undefined || known.has(code) ? null : projection(geoCentroid(shape))
    return place === null || code === ANTARCTICA
      ? []
      : [{ code, spot: [Math.round(place[0]), Math.round(place[1])] }]
  })
  drawn = [...paths, ...spots]
  return drawn
}

/** What Natural Earth draws as a part of another country and ISO has as one of its own, by its middle. */
const APART: readonly (readonly [code: string, whole: string, middle: [number, number]])[] = [
  ['GF', 'FR', [-53.2, 3.9]],
  ['GP', 'FR', [-61.5, 16.2]],
  ['MQ', 'FR', [-61, 14.65]],
  ['RE', 'FR', [55.5, -21.1]],
  ['YT', 'FR', [45.15, -12.8]],
]
/** So near to it, in radians: about 100 km. */
const NEAR = 0.016

interface Land {
  readonly code: string | undefined
  readonly shape: Feature
}

const countriesOf = (atlas: typeof coarse): readonly Land[] =>
  wholesOf(atlas).flatMap(land => {
    const { code, shape } = land
    if (!APART.some(([, whole]) => whole === code) || shape.geometry.type !== 'MultiPolygon')
      return [land]
    const pieces = groupBy(shape.geometry.coordinates, coordinates => {
      const middle = geoCentroid({ type: 'Polygon', coordinates })
      return APART.find(([, whole, at]) => whole === code && geoDistance(at, middle) < NEAR)?.[0]
    })
    return [...pieces].map(([part, coordinates]) => ({
      code: part ?? code,
      shape: {
        ...shape,
        geometry: { type: 'MultiPolygon' as const, coordinates: [...coordinates] },
      },
    }))
  })

function wholesOf(atlas: typeof coarse): readonly Land[] {
  return feature(atlas, atlas.objects.countries).features.map(shape => ({
    shape,
    // ISO has given Kosovo no number.
    code:
      shape.properties.name === 'Kosovo'
        ? 'XK'
        : shape.id === undefined
          ? undefined
          : countryOfNumber(String(shape.id)),
  }))
}

/** A map; whoever cannot see it reads the table that stands under it. */
export function WorldMap({
  title,
  description,
  painted,
}: {
  title: string
  description: string
  painted: ReadonlyMap<string, Painted>
}) {
  const paint = ({ code }: Shape) => (code === undefined ? undefined : painted.get(code))
  const [plain, coloured] = [
    shapes().filter(one => !paint(one)),
    shapes().filter(one => paint(one)),
  ]
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-labelledby="map-title map-text"
    >
      <title id="map-title">{title}</title>
      <desc id="map-text">{description}</desc>
      <defs>
        <Hatch id="won" slope="M0 6L6 0" />
        <Hatch id="lost" slope="M0 0L6 6M6 0L0 6" />
      </defs>
      <rect class="sea" width={WIDTH} height={HEIGHT} rx="8" />
      <path class="land" d={plain.map(({ path }) => path ?? '').join('')} />
      {coloured.map(shape => (
        <Country key={shape.code} shape={shape} paint={paint(shape)} />
      ))}
    </svg>
  )
}

/** Drawn with lines; the others are one colour, dark or pale with an edge. */
type Hatched = 'won' | 'lost'
const isHatched = (look: Painted['look']): look is Hatched => look === 'won' || look === 'lost'

/** Countries are told apart without colour too. */
function Hatch({ id, slope }: { id: Hatched; slope: string }) {
  return (
    <pattern id={`hatch-${id}`} width="6" height="6" patternUnits="userSpaceOnUse">
      <rect class={id} width="6" height="6" />
      <path class="ink" d={slope} />
    </pattern>
  )
}

function Country({ shape, paint }: { shape: Shape; paint: Painted | undefined }) {
  if (paint === undefined || shape.code === undefined) return null
  const title = <title>{`${countryName(shape.code)}: ${paint.text}`}</title>
  return shape.spot === undefined ? (
    <path {...filled(paint.look)} d={shape.path}>
      {title}
    </path>
  ) : (
    <circle class={`${paint.look} spot`} cx={shape.spot[0]} cy={shape.spot[1]} r="3.5">
      {title}
    </circle>
  )
}

const LOOKS = ['kept', 'won', 'lost', 'open'] as const

const filled = (look: Painted['look']) =>
  isHatched(look)
    ? { class: 'border', fill: `url(#hatch-${look})` }
    : { class: look === 'kept' ? 'kept border' : look }

/** What the colours of a map mean, of those that it has. */
export function MapLegend({
  meanings,
}: {
  meanings: Readonly<Partial<Record<Painted['look'], string>>>
}) {
  return (
    <ul class="legend">
      {LOOKS.filter(look => meanings[look] !== undefined).map(look => (
        <li key={look}>
          <svg width="18" height="12" aria-hidden="true">
            <rect {...filled(look)} width="18" height="12" />
          </svg>
          {meanings[look]}
        </li>
      ))}
    </ul>
  )
}

/** Names the countries that the map has no place for: they stand in the tables alone. */
export function NotOnMap({ codes }: { codes: Iterable<string> }) {
  const placed = new Set(shapes().map(({ code }) => code))
  const apart = [...codes].filter(code => !placed.has(code))
  if (apart.length === 0) return null
  return (
    <p class="dim">
      Not on the map, which has no place of their own for them: {apart.map(countryName).join(', ')}.
    </p>
  )
}

/** Names of what has a country, by country. */
export function namesByCountry(
  things: readonly (readonly [name: string, countries: readonly string[]])[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [name, countries] of things)
    for (const code of countries) {
      const names = found.get(code)
      if (names === undefined) found.set(code, [name])
      else names.push(name)
    }
  return found
}

/** Names that the title of a country has. */
const NAMED = 5

/** The first few names, and how many more there are. */
export const fewNames = (names: readonly string[]): string =>
  `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`
