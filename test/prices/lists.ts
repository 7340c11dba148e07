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

/** 526 packages in 126 countries: gigabytes and days, a price in one currency. */
export function manyCountries(countries: readonly string[]): string {
  const sizes = [1, 3, 5, 10, 20]
  const rows: (string | number)[][] = []
  for (let n = 0; rows.length < 526; n++) {
    const country = countries[n % 126] ?? ''
    const size = sizes[Math.floor(n / 126)] ?? 50
    rows.push([`P-${n}`, country, `${size}GB`, size === 1 ? 7 : 30, (size * 1.9 + 2.6).toFixed(2)])
  }
  return csv([['Package', 'Country', 'Data', 'Days', 'Price EUR'], ...rows])
}

/** 18 packages, a third of them with SMS, two of those with minutes too. */
export function withMessages(countries: readonly string[]): string {
  const rows = Array.from({ length: 18 }, (_, n) => [
    `M-${n}`,
    countries[n % 6] ?? '',
    `${n + 1},5 GB`,
    n % 3 === 0 ? 50 * (n + 1) : '',
    n === 3 || n === 9 ? 60 : '',
    n % 2 === 0 ? '1 month' : '14 days',
    `${n + 5},90`,
  ])
  return csv([['sku', 'destination', 'volume', 'sms', 'minutes', 'days', 'price'], ...rows], ';')
}

/** 835 packages: 785 by the day and throttled afterwards, 50 unlimited, one line of which contradicts itself. */
export function dailyOrUnlimited(countries: readonly string[]): string {
  const rows = Array.from({ length: 835 }, (_, n) => {
    const isUnlimited = n >= 785
    const country = countries[n % 120] ?? ''
    const days = [1, 3, 5, 7, 10, 15, 30][Math.floor(n / 120)] ?? 1
    return [
      `D-${n}`,
      country,
      isUnlimited && n !== 834 ? '' : (['500 MB', '1 GB', '2 GB'][n % 3] ?? ''),
      isUnlimited ? 'yes' : 'no',
      isUnlimited ? '128 kbps' : '512 kbps',
      days,
      (days * 1.5).toFixed(2),
      n % 2 === 0 ? 'USD' : 'EUR',
      'Activate within 90 days',
    ]
  })
  return csv([
    ['SKU', 'Destination', 'Daily', 'Unlimited', 'Throttle', 'Days', 'Price', 'Currency', 'Note'],
    ...rows,
  ])
}
