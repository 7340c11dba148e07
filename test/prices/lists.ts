/** Price lists as sellers have them, made up: the shapes and sizes of three that are public. */
import { countriesOfTadig, countryName } from '../../src/countries.ts'
import type { Simulator } from '../../src/simulator/index.ts'

/** Countries in which a simulated account has networks, by their names. */
export function countriesWithNetworks(simulator: Simulator, most: number): readonly string[] {
  const codes = new Set<string>()
  for (const { tadig } of simulator.world.networks.values()) {
    const [code, other] = countriesOfTadig(tadig)
    if (code !== undefined && other === undefined) codes.add(code)
  }
  return [...codes].sort().map(countryName).slice(0, most)
}

const csv = (rows: readonly (readonly (string | number)[])[], separator = ','): string =>
  rows
    .map(row =>
      row.map(cell => (String(cell).includes(separator) ? `"${cell}"` : cell)).join(separator),
    )
    .join('\r\n')

/** What a row promises its buyer. */
export interface Promised {
  readonly country: string
  /** Of a day, where it is daily; undefined: without an end. */
  readonly megabytes: number | undefined
  readonly daily?: true
  readonly throttle?: string
  readonly sms?: number
  readonly lasts: { readonly days: number } | { readonly months: number }
}

/** A list as its seller has it, and what each of its SKUs promises. */
export interface PriceList {
  readonly csv: string
  readonly promised: ReadonlyMap<string, Promised>
}

const MB: Readonly<Record<string, number>> = { '500 MB': 500, '1 GB': 1024, '2 GB': 2048 }

/** So many packages in 126 countries: gigabytes and days, a price in one currency. */
export function manyCountries(countries: readonly string[], count: number): PriceList {
  const promised = new Map<string, Promised>()
  const sizes = [1, 3, 5, 10, 20]
  const rows: (string | number)[][] = []
  for (let n = 0; rows.length < count; n++) {
    const country = countries[n % 126] ?? ''
    const size = sizes[Math.floor(n / 126)] ?? 50
    const days = size === 1 ? 7 : 30
    rows.push([`P-${n}`, country, `${size}GB`, days, (size * 1.9 + 2.6).toFixed(2)])
    promised.set(`P-${n}`, { country, megabytes: size * 1024, lasts: { days } })
  }
  return {
    csv: csv([['Package', 'Country', 'Data', 'Days', 'Price_EUR'], ...rows]),
    promised,
  }
}

/** 18 packages, a third of them with SMS, two of those with minutes too. */
export function withMessages(countries: readonly string[]): PriceList {
  const promised = new Map<string, Promised>()
  const rows = Array.from({ length: 18 }, (_, n) => {
    const country = countries[n % 6] ?? ''
    const sms = n % 3 === 0 ? 50 * (n + 1) : undefined
    const isMonth = n % 2 === 0
    promised.set(`M-${n}`, {
      country,
      megabytes: n * 1024 + 1536,
      ...(sms !== undefined && { sms }),
      lasts: isMonth ? { months: 1 } : { days: 14 },
    })
    return [
      `M-${n}`,
      country,
      `${n + 1},5 GB`,
      sms ?? '',
      n === 3 || n === 9 ? 60 : '',
      isMonth ? '1 month' : '14 days',
      `${n + 5},90`,
    ]
  })
  const names = ['sku', 'destination', 'volume', 'sms', 'minutes', 'days', 'price']
  return { csv: csv([names, ...rows], ';'), promised }
}

/** So many packages: by the day and throttled afterwards, the last 50 unlimited, and the last one contradicts itself. */
export function dailyOrUnlimited(countries: readonly string[], count: number): PriceList {
  const promised = new Map<string, Promised>()
  const rows = Array.from({ length: count }, (_, n) => {
    const isUnlimited = n >= count - 50
    const country = countries[n % 120] ?? ''
    const days = [1, 3, 5, 7, 10, 15, 30][Math.floor(n / 120)] ?? 1
    const daily = ['500 MB', '1 GB', '2 GB'][n % 3] ?? ''
    const throttle = isUnlimited ? '128 kbps' : '512 kbps'
    promised.set(`D-${n}`, {
      country,
      megabytes: isUnlimited ? undefined : MB[daily],
      ...(!isUnlimited && { daily: true }),
      throttle,
      lasts: { days },
    })
    return [
      `D-${n}`,
      country,
      isUnlimited && n !== count - 1 ? '' : daily,
      isUnlimited ? 'yes' : 'no',
      throttle,
      days,
      (days * 1.5).toFixed(2),
      n % 2 === 0 ? 'USD' : 'EUR',
      'Activate within 90 days',
    ]
  })
  const names = [
    'SKU',
    'Destination',
    'Daily',
    'Unlimited',
    'Throttle',
    'Days',
    'Price',
    'Currency',
  ]
  return { csv: csv([[...names, 'Note'], ...rows]), promised }
}
