/** Drift, coverage and the stock as pages, and the page that a step of a pipeline leaves. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EVIL, openChangedDesk, openMovedDesk, TAG } from './desk.ts'
import { activeParts, readPage, textOf } from './read-page.ts'

/** A rule that the plan breaks. */
const RULE = `version: 1
rules:
  - key: no-change
    description: Nothing changes.
    on: plan
    condition: plan.summary.update == 0
    message: something changes
`

t.test('what moved on the account, as pages', async t => {
  const desk = await openMovedDesk(t)
  const page = async (line: string, code = 0) => {
    const ended = await desk.run(`${line} --format html`)
    t.equal(ended.code, code, `${line}: ${ended.stderr}`)
    const read = readPage(ended.stdout)
    t.strictSame(activeParts(read), [], line)
    t.match(ended.stdout, "default-src 'none'")
    t.notMatch(ended.stdout, /LPA:1|a-password-nobody-may-see/)
    const about = textOf(read, 'header')
    for (const word of [new URL(desk.simulator.url).host, 'seller', 'state.json'])
      t.ok(about.includes(word), `${line}: ${word}`)
    return read
  }

  t.test('drift says what its text and its JSON say', async t => {
    const read = await page('drift --endpoints', 2)
    const json = JSON.parse((await desk.run('drift --endpoints --json')).stdout)
    const moved = textOf(read, '#moved')
    t.ok(json.entries.length >= 3)
    for (const { address, id, name, fields, notes = [] } of json.entries) {
      for (const word of [address, id, name, ...notes]) t.ok(moved.includes(word), word)
      for (const { field } of fields) t.ok(moved.includes(field), field)
    }
    t.ok(moved.includes(EVIL.zone), 'a name stays a name')
    t.match(moved, /changed on the account/)
    t.match(moved, /not on the account any more/)
    t.match(moved, /− [A-Z]{5}, .*\(\d+\/\d+\)/, 'networks by their names')
    const { stdout: text } = await desk.run('drift --endpoints')
    const [, summary = ''] = /^Drift: .* compared; (.*)$/m.exec(text) ?? []
    t.equal(textOf(read, 'h1'), `Drift: ${summary}`)
    t.match(textOf(read, '#sims'), /Active ?3/)
    t.match(textOf(read, '#compared'), /Add-on plans ?4/)
  })

  t.test('coverage draws what is in a zone, lost, and in none', async t => {
    const read = await page('coverage')
    const { zones, unsold } = JSON.parse((await desk.run('coverage --json')).stdout)
    const evil = zones.find(({ address }: { address: string }) => address === 'rateZone/evil')
    t.match(evil, { countries: [], lostCountries: ['DE'], gainedCountries: [] })
    const alps = zones.find(({ address }: { address: string }) => address === 'rateZone/alps')
    t.match(alps, { countries: ['AT', 'CH'], lostCountries: [] })
    const titles = [...read.querySelectorAll('#map svg title')].map(one => one.textContent)
    t.ok(titles.includes(`Germany: lost, ${EVIL.zone}`))
    t.ok(titles.includes('Switzerland: Alps'))
    t.ok(
      titles.some(title => /^France: \d+ networks?, in no zone$/.test(title ?? '')),
      'what is covered and not sold',
    )
    t.ok(textOf(read, '#zones').includes(EVIL.zone))
    for (const { name } of unsold) t.ok(textOf(read, '#unsold').includes(name), name)
    t.match(textOf(read, '#zones'), /Alps/, 'those without news are folded, and there')
  })

  t.test('endpoints report draws the stock', async t => {
    const read = await page('endpoints report')
    const { report } = JSON.parse((await desk.run('endpoints report --json')).stdout)
    t.equal(textOf(read, 'h1'), 'Endpoints: 5 of 8 for sale')
    t.ok(textOf(read, '#tags').includes(TAG), 'a tag stays a tag')
    t.match(textOf(read, '#batches tbody'), /^first ?5 ?0 ?3 ?0 ?0/)
    for (const [state, many] of Object.entries(report.lifecycles))
      t.ok(textOf(read, '#account').includes(state), `${state} ${many}`)
    t.match(textOf(read, '#ages'), /0 to 30 days ?5/)
    t.match(textOf(read, 'main'), /sold a day; at that pace the 5 unused ones last/)
    const away = await page('endpoints report --no-inventory')
    t.match(textOf(away, '#account'), /not asked/)
  })

  t.test('a page goes into a file, with the exit code that text has', async t => {
    for (const [line, code] of [
      ['drift', 2],
      ['coverage --detailed-exitcode', 2],
      ['endpoints report', 0],
    ] as const) {
      const file = `${line.split(' ')[0]}.html`
      const ended = await desk.run(`${line} --format html --out ${file}`)
      t.equal(ended.code, code, ended.stderr)
      t.equal(ended.stdout, '')
      t.match(ended.stderr, `written to ${file}`)
      t.match(desk.read(file), /^<!doctype html>\n<html lang="en">/)
    }
    t.equal((await desk.run('drift --format html --out nowhere/x.html')).code, 1)
  })

  t.test('what does not go together is refused before anything is read', async t => {
    const calls = desk.simulator.calls.length
    for (const line of [
      'drift --format pdf',
      'drift --format html --json',
      'drift --out x.html',
      'drift --accept addonPlan/alps-5 --format html',
      'coverage --format html --markdown',
      'coverage --networks --format html',
      'endpoints list --format html',
      'endpoints suspend --tag shop --format html',
      'ci apply --html x.html',
    ])
      t.equal((await desk.run(line)).code, 64, line)
    t.equal(desk.simulator.calls.length, calls)
    t.notOk(existsSync(join(desk.folder, 'x.html')))
  })

  t.test('ci drift leaves the page of drift', async t => {
    const ended = await desk.run('ci drift --html pages/drift.html', {
      env: { GITHUB_OUTPUT: 'outputs' },
    })
    t.equal(ended.code, 5, 'what was in the zone that lost all is not known')
    const read = readPage(desk.read('pages/drift.html'))
    t.match(textOf(read, 'h1'), /^Drift: .* not known/)
    t.match(textOf(read, '.box.error'), /ZONE_EMPTY/)
    t.match(desk.read('outputs'), 'page=pages/drift.html')
    t.equal(JSON.parse(desk.read('sft-catalog-ci/report.json')).page, 'pages/drift.html')
  })
})

t.test('what is as it was left has a page too', async t => {
  const desk = await openChangedDesk(t)
  const same = await desk.run('drift --format html')
  t.equal(same.code, 0, same.stderr)
  const read = readPage(same.stdout)
  t.match(textOf(read, 'h1'), /^No drift: \d+ changed in the catalog only$/)
  t.match(textOf(read, '#moved'), /changed in the catalog, not applied yet/)
  t.match(textOf(read, '#moved'), /as applied/)
})

t.test('ci plan leaves a page whatever becomes of it', async t => {
  const desk = await openChangedDesk(t)
  const title = async (line: string, code: number, env = {}) => {
    const ended = await desk.run(`${line} --html sft-catalog-ci/page.html`, { env })
    t.equal(ended.code, code, `${line}: ${ended.stderr}`)
    const text = desk.read('sft-catalog-ci/page.html')
    t.strictSame(activeParts(readPage(text)), [])
    return textOf(readPage(text), 'h1')
  }
  const shown = await desk.run('plan --format html')
  t.equal(await title('ci plan', 0), textOf(readPage(shown.stdout), 'h1'))
  const whole = readPage(desk.read('sft-catalog-ci/page.html'))
  t.ok(whole.querySelectorAll('#coverage svg title').length > 5, 'with its pictures')

  const kept = desk.read('catalog/catalog.yaml')
  desk.write('catalog/catalog.yaml', kept.replace('[CH, AT, IT]', '[CH]'))
  t.match(await title('ci plan', 5), /something is blocked/)
  desk.write('catalog/catalog.yaml', kept)
  desk.write('policy/prices.yaml', RULE)
  t.match(await title('ci plan', 3), /^Plan: refused/)
  const refused = textOf(readPage(desk.read('sft-catalog-ci/page.html')), '.box.error')
  t.match(refused, /POLICY_VIOLATED.*rule no-change, policy\/prices\.yaml:\d+/)
  rmSync(join(desk.folder, 'policy'), { recursive: true })
  desk.write('catalog/catalog.yaml', kept.replace('countries', `"${'<img src=x>'}"`))
  t.match(await title('ci plan', 1), /^Plan: failed, \d+ errors?; what it would do is not known$/)
  const broken = readPage(desk.read('sft-catalog-ci/page.html'))
  t.match(textOf(broken, 'main'), /UNKNOWN_KEY.*<img src=x>.*catalog\.yaml:/)
  desk.write('catalog/catalog.yaml', kept)
  const away = await title('ci plan', 1, { SFT_BASE_URL: 'http://127.0.0.1:9' })
  t.match(away, /^Plan: failed; /)
  t.match(
    textOf(readPage(desk.read('sft-catalog-ci/page.html')), '#log'),
    /error Login .*no connection/,
  )
  t.match(await title('ci drift', 1, { SFT_BASE_URL: 'http://127.0.0.1:9' }), /^Drift: failed; /)
  const nowhere = await desk.run('ci plan --html catalog')
  t.equal(nowhere.code, 1)
  t.match(desk.read('sft-catalog-ci/comment.md'), /plan: failed[\s\S]*catalog: it is a folder/)
  const settings = await title('ci plan', 1, { SFT_CALLS_PER_SECOND: 'many' })
  t.match(settings, /^Plan: failed/)
})
