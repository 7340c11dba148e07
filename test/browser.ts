/** A headless Chromium for tests of pages that people look at. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import type { Test } from 'tap'

const EXECUTABLE = process.env['TEST_CHROMIUM'] ?? '/usr/bin/chromium'

/** `on` looks where there is a browser, `required` fails where there is none. */
const wanted = process.env['TEST_BROWSER']

/** Why pages are not looked at here; false where they are. */
export const noBrowser: string | false = reasonWithout()

function reasonWithout(): string | false {
  if (wanted === 'required') return false
  if (wanted !== 'on') return 'set TEST_BROWSER=on to look at pages, as npm run test:all does'
  return existsSync(EXECUTABLE)
    ? false
    : `there is no ${EXECUTABLE}: apt-get install chromium, or name one in TEST_CHROMIUM`
}

/** Opens visitors of one browser, each with cookies of their own. */
export async function openBrowser(
  t: Pick<Test, 'teardown'>,
): Promise<(options?: BrowserContextOptions) => Promise<BrowserContext>> {
  const home = await mkdtemp(join(tmpdir(), 'sft-chromium-'))
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    env: { ...process.env, HOME: home },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  t.teardown(async () => {
    await browser.close()
    await rm(home, { recursive: true, force: true })
  })
  return options => browser.newContext(options)
}
