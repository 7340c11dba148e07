import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import isoCountries from 'i18n-iso-countries/index.js'
import { all } from 'mcc-mnc-list'
import t from 'tap'
import { countriesOfTadig, parseCountry, readNetworkCountry } from '../src/countries.ts'
import { nearestOf } from '../src/nearest.ts'
import {
  formatAmount,
  formatBytes,
  formatMB,
  hasLuhnDigit,
  normaliseAmount,
  parseAmount,
  parseDataVolume,
  parseIccid,
  parseShare,
  parseValidity,
} from '../src/units.ts'

t.test('data volumes are whole numbers of MB, with 1024 MB in a GB', async t => {
  const table: [string, number | undefined][] = [
    ['500 MB', 500],
    ['10 GB', 10_240],
    ['10GB', 10_240],
    ['1.5 GB', 1536],
    ['0.25 TB', 262_144],
    ['2 TB', 2_097_152],
    ['0.1 GB', undefined],
    ['0.5 MB', undefined],
    ['0 GB', undefined],
    ['10 gb', undefined],
    ['10 GiB', undefined],
    ['10', undefined],
    ['-1 GB', undefined],
    ['1,5 GB', undefined],
    ['999999999 TB', 1_048_575_998_951_424],
  ]
  for (const [text, megabytes] of table) t.equal(parseDataVolume(text), megabytes, text)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), megabytes => {
      return parseDataVolume(formatMB(megabytes)) === megabytes || megabytes >= 1_000_000_000
    }),
  )
  t.same([500, 1024, 1536, 1100, 2_097_152].map(formatMB), [
    '500 MB',
    '1 GB',
    '1.5 GB',
    '1100 MB',
    '2 TB',
  ])
  t.same(
    [0, 1023, 1536, 1.536e9, 5 * 2 ** 40].map(formatBytes),
    ['0 bytes', '1020 bytes', '1.5 KB', '1.43 GB', '5 TB'].with(1, '1023 bytes'),
  )
})

t.test('validity is in days, amounts and shares have one form each', async t => {
  t.same(['1 day', '30 days', '7days', '0 days', '4 weeks', '30'].map(parseValidity), [
    1,
    30,
    7,
    undefined,
    undefined,
    undefined,
  ])
  t.same(
    ['4.50', '10.00', '0', '0.0', '100', '1.2345', '1,5', '-1', '.5', '01', '1e3'].map(parseAmount),
    ['4.5', '10', '0', '0', '100', '1.2345', undefined, undefined, undefined, undefined, undefined],
  )
  t.same(['5.00', '05', '0.10', 'free', '1,5', '-1'].map(normaliseAmount), [
    '5',
    '5',
    '0.1',
    'free',
    '1,5',
    '-1',
  ])
  const written = [formatAmount('4.5'), formatAmount('5.0'), formatAmount('1.2345')]
  t.same(written, ['4.50', '5', '1.2345'], 'cents where there are any')
  const asBefore = [formatAmount('4.5', 1), formatAmount('5', 2), formatAmount('4.5', 0)]
  t.same(asBefore, ['4.5', '5.00', '4.50'], 'with as many places as before, where they say it')
  t.same(['30%', '0 %', '100%', '2.5%', '101%', '0.3', '-1%'].map(parseShare), [
    0.3,
    0,
    1,
    0.025,
    undefined,
    undefined,
    undefined,
  ])
})

t.test('an ICCID is compared without spaces and filler, and its check digit is known', async t => {
  const good = { iccid: '8932042000010000012', checkDigit: true }
  t.same(parseIccid('8932042000010000012'), good)
  t.same(parseIccid(' 8932 0420 0001 0000 012F '), good)
  t.same(parseIccid('8932042000010000013'), {
    ...good,
    iccid: '8932042000010000013',
    checkDigit: false,
  })
  t.same(parseIccid('893204200001000001'), { problem: 'length' })
  t.same(parseIccid('8.93204E+18'), { problem: 'spreadsheet' })
  t.same(parseIccid('8,93204E+18'), { problem: 'spreadsheet' })
  t.same(parseIccid('iccid'), { problem: 'characters' })
  t.same(parseIccid(''), { problem: 'characters' })
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{18}$/), fc.integer({ min: 0, max: 17 }), (body, at) => {
      const fitting = [...'0123456789'].filter(digit => hasLuhnDigit(body + digit))
      const wrong = body.slice(0, at) + ((Number(body[at]) + 1) % 10) + body.slice(at + 1)
      return fitting.length === 1 && !hasLuhnDigit(wrong + fitting[0])
    }),
  )
})

t.test(
  'a country is known by ISO code and English name, and guessed when it is misspelt',
  async t => {
    const table: [string, string][] = [
      ['BE', 'BE'],
      ['be', 'BE'],
      ['BEL', 'BE'],
      ['Belgium', 'BE'],
      ['UK', 'GB'],
      ['türkiye', 'TR'],
      ['Turkey', 'TR'],
      ['Ivory Coast', 'CI'],
      ["Cote d'Ivoire", 'CI'],
      ['South Korea', 'KR'],
      ['Korea, Republic of', 'KR'],
      ['Bosnia & Herzegovina', 'BA'],
      ['Congo, Democratic Republic', 'CD'],
      ['Kosovo', 'XK'],
      ['St. Lucia', 'LC'],
    ]
    for (const [text, code] of table) t.same(parseCountry(text), { code }, text)
    t.same(parseCountry('Belgum'), { candidates: ['BE (Belgium)'] })
    t.same(parseCountry('GER'), { candidates: ['DE (Germany)'] })
    t.match(parseCountry('Congo'), { candidates: [/^CD/, /^CG/] })
    t.same(parseCountry('XX'), { candidates: [] })
    t.same(parseCountry('constructor'), { candidates: [] })
  },
)

t.test(
  'every country of the operators of the world is known by the name that they write',
  async t => {
    const misses = new Set<string>()
    for (const { countryName, countryCode } of all()) {
      if (!countryName || !/^[A-Z]{2}$/.test(countryCode ?? '')) continue
      const tadig = `${isoCountries.alpha2ToAlpha3(countryCode ?? '') ?? 'K00'}XX`
      if (readNetworkCountry(countryName, tadig).code !== countryCode) misses.add(countryName)
    }
    t.same([...misses], [])
    t.same(
      readNetworkCountry('French Antilles (France)', 'FRAF4').code,
      undefined,
      'five countries at once',
    )
  },
)

/** Rows of a rate card that stand for no single country, or where name and TADIG code are at odds. */
const NO_COUNTRY = new Set([
  'ANTCT,Caribbean',
  'FRAF4,Caribbean',
  'DOM01,Dominica',
  'NORAM,Global',
  'NORMC,Global',
  'NORAM,Maritime',
  'NORMC,Maritime',
  'ANTCT,Netherlands Antilles',
  'ANTTC,Netherlands Antilles',
  'YUGMT,Yugoslavia',
])

/** Rows whose TADIG code is that of another country, or of one that is no more. */
const OTHER_TADIG: Readonly<Record<string, string>> = {
  'FRAF4,French Guiana': 'GF',
  'GBRGT,Guernsey': 'GG',
  'GBRMT,Isle of Man': 'IM',
  'GBRJT,Jersey': 'JE',
  'GBRAJ,Jersey': 'JE',
  'MCOM1,Kosovo': 'XK',
  'FRARE,Reunion': 'RE',
  'YUGMT,Serbia, Republic of': 'RS',
  'YUGTS,Serbia': 'RS',
  'SUDMO,Sudan': 'SD',
}

t.test(
  'the networks of a real rate card are in the country that they are in, or in none',
  async t => {
    const text = readFileSync('test/fixtures/country-names.csv', 'utf8')
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .flatMap(line => {
        const [, tadig = '', name = ''] = /^(\w+),"?(.*?)"?$/.exec(line) ?? []
        return [{ tadig, name }]
      })
    t.equal(new Set(rows.map(row => row.name)).size, 241)
    for (const { tadig, name } of rows) {
      const row = `${tadig},${name}`
      const wanted = NO_COUNTRY.has(row)
        ? undefined
        : (OTHER_TADIG[row] ??
          isoCountries.alpha3ToAlpha2(tadig.slice(0, 3).replace('ROM', 'ROU')) ??
          'XK')
      const { code } = readNetworkCountry(name, tadig)
      if (code !== wanted) t.equal(code, wanted, row)
    }
  },
)

t.test('a name that is not plain takes a TADIG code that agrees', async t => {
  const code = (name: string | undefined, tadig?: string) => readNetworkCountry(name, tadig).code
  const table: [name: string | undefined, tadig: string | undefined, code: string | undefined][] = [
    ['Congo (DRC)', 'CODAC', 'CD'],
    ['Congo (DRC)', 'COGAC', undefined],
    ['Congo (DRC)', undefined, undefined],
    ['Congo', 'COGAC', 'CG'],
    ['Congo', 'CODAC', 'CD'],
    ['Congo', undefined, undefined],
    ['Serbia, Republic of', 'SRBNO', 'RS'],
    ['Serbia, Republic of', 'YUGMT', 'RS'],
    ['Montenegro, Republic of', 'MNEMT', 'ME'],
    ['Montenegro, Republic of', 'SRBNO', undefined],
    ['Korea, Republic of', 'KORSK', 'KR'],
    ['Korea, Democratic Republic of', 'KORSK', undefined],
    ['Gibraltar (United Kingdom)', 'GIBGT', 'GI'],
    ['Guadeloupe, Martinique', 'FRAF4', undefined],
    ['Puerto Rico', 'USACG', 'PR'],
    ['Belgium', 'FRAF1', undefined],
    ['Belgium', 'AAM01', 'BE'],
    ['Belgium', undefined, 'BE'],
    ['Republic of Serbia', undefined, 'RS'],
    [undefined, 'BELMO', 'BE'],
    [undefined, 'YUGMT', undefined],
    [undefined, undefined, undefined],
    ['Global', 'NORAM', undefined],
    // What stands beside a name may be another place, on land or not.
    ['Norway (Maritime)', 'NORMC', undefined],
    ['Switzerland - OnAir', 'CHEOA', undefined],
    ['Italy, Ships', 'ITASI', undefined],
    ['Turkey (Northern Cyprus)', 'TURTS', undefined],
    ['Morocco (Western Sahara)', 'MARMT', undefined],
    ['Western Sahara (Morocco)', 'MARMT', 'EH'],
    ['Kosovo (Serbia)', 'YUGVA', 'XK'],
    ['Hong Kong (China)', 'CHNCT', undefined],
    ['China - Hong Kong', 'HKGH3', 'HK'],
    ['China (Hong Kong)', 'CHNCT', undefined],
    ['Ireland (Northern Ireland)', 'IRLDF', undefined],
    ['Israel/Palestine', 'ISROR', undefined],
    ['France, Monaco', 'FRAF1', undefined],
    ['UK - Jersey', 'GBRJT', undefined],
    ['Iran (Islamic Republic of)', 'IRNMC', 'IR'],
    // Shortened words are words.
    ['Congo, Dem. Rep. of', 'CODAC', 'CD'],
    ['Czech Rep.', 'CZERM', 'CZ'],
    ['Solomon Is.', 'SLBBM', 'SB'],
    ['Netherlands Antilles', 'CUWCW', 'CW'],
  ]
  for (const [name, tadig, wanted] of table) t.equal(code(name, tadig), wanted, `${name} ${tadig}`)
  t.match(readNetworkCountry('Belgium', 'FRAF1'), { candidates: ['BE', 'FR'], doubt: 'at odds' })
  t.match(readNetworkCountry('Global', 'NORAM'), { candidates: ['NO'], doubt: 'not understood' })
})

t.test('a TADIG code tells a country by its first letters, with known exceptions', async t => {
  const told = ['GBRVF', 'ROMMF', 'YUG01', 'K0001', 'AAM01', 'WWW01', 'zzzzz'].map(countriesOfTadig)
  t.same(told, [['GB'], ['RO'], ['RS', 'ME'], ['XK'], [], [], []])
})

t.test('a guess about a country that could mislead is none', async t => {
  const table: [string, readonly string[]][] = [
    ['Northern Cyprus', []],
    ['Siberia', []],
    ['North Ireland', []],
    ['Saint Martin (Dutch part)', []],
    ['Republic of', []],
    ['South', []],
    ['EL', []],
    ['Nigera', ['NE (Niger)', 'NG (Nigeria)']],
    ['Slovania', ['SI (Slovenia)', 'SK (Slovakia)']],
    ['Guiana', ['GF (French Guiana)', 'GY (Guyana)']],
    ['Republic of Irland', ['IE (Ireland)']],
    ['Swizerland', ['CH (Switzerland)']],
  ]
  for (const [text, candidates] of table) t.same(parseCountry(text), { candidates }, text)
  for (const [text, code] of [
    ['Republic of Ireland', 'IE'],
    ['Serbia, Republic of', 'RS'],
    ['Congo (DRC)', 'CD'],
    ['Northern Ireland', 'GB'],
    ['America', 'US'],
  ])
    t.same(parseCountry(text ?? ''), { code }, `${text}`)
})

t.test('the nearest word is found, and none where all are far', async t => {
  const words = ['countries', 'networks', 'exclude']
  t.equal(nearestOf('countires', words), 'countries')
  t.equal(nearestOf('NETWORK', words), 'networks')
  t.equal(nearestOf('colour', words), undefined)
})
