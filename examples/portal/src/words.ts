/** Figures and names as people read them. */
const NAMES = new Intl.DisplayNames('en', { type: 'region' })

export const countryName = (code: string): string => NAMES.of(code) ?? code

export const money = (price: string, currency: string): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).format(Number(price))

const TIME = new Intl.DateTimeFormat('en', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
})

export const time = (iso: string): string => `${TIME.format(new Date(iso))} UTC`

export function volume(bytes: number): string {
  const megabytes = bytes / 2 ** 20
  if (megabytes < 1024) return `${Math.round(megabytes * 10) / 10} MB`
  return `${Math.round((megabytes / 1024) * 100) / 100} GB`
}
