import { join } from 'node:path'
import t from 'tap'
import {
  budgetLocation,
  ledgerLocation,
  SettingsError,
  sftSettings,
  stateLocation,
} from '../src/settings.ts'

const credentials = { SFT_USERNAME: 'ana', SFT_PASSWORD: 'secret' }

t.test('what is given goes before the environment, and defaults come last', t => {
  t.same(sftSettings(credentials), {
    baseUrl: 'https://sft.bics.com',
    username: 'ana',
    password: 'secret',
  })
  const env = {
    ...credentials,
    SFT_BASE_URL: 'https://dev.example.com/',
    SFT_TARGET_ACCOUNT_ID: '7',
    SFT_CALLS_PER_SECOND: '10',
    SFT_SETTLE_SECONDS: '0.5',
  }
  t.same(sftSettings(env), {
    baseUrl: 'https://dev.example.com',
    username: 'ana',
    password: 'secret',
    targetAccountId: '7',
    callsPerSecond: 10,
    settleSeconds: 0.5,
  })
  t.match(sftSettings(env, { username: 'bo', callsPerSecond: 3, settleSeconds: undefined }), {
    username: 'bo',
    callsPerSecond: 3,
    settleSeconds: 0.5,
  })
  t.end()
})

t.test('the password may stand in a file, without its line end', t => {
  const folder = t.testdir({ password: 'from a file\n', empty: '', two: 'one\ntwo\n' })
  const env = (name: string) => ({ SFT_USERNAME: 'ana', SFT_PASSWORD_FILE: join(folder, name) })
  t.equal(sftSettings(env('password')).password, 'from a file')
  t.throws(() => sftSettings(env('empty')), /is empty/)
  t.throws(() => sftSettings(env('two')), /several lines/)
  t.throws(() => sftSettings(env('missing')), /SFT_PASSWORD_FILE names .*missing, which cannot/)
  t.throws(() => sftSettings({ ...env('missing'), SFT_PASSWORD: 'direct' }), /both set/)
  t.end()
})

t.test('what is missing or makes no sense is named, with the way to give it', t => {
  const refuses = (env: Record<string, string>, message: RegExp) => {
    t.throws(() => sftSettings(env), message)
    t.throws(() => sftSettings(env), SettingsError)
  }
  refuses({}, /user name .* missing: set SFT_USERNAME/)
  refuses({ SFT_USERNAME: 'ana' }, /set SFT_PASSWORD or SFT_PASSWORD_FILE/)
  refuses({ ...credentials, SFT_USERNAME: '' }, /user name/)
  refuses({ ...credentials, SFT_CALLS_PER_SECOND: 'two' }, /SFT_CALLS_PER_SECOND is 'two': give a/)
  refuses({ ...credentials, SFT_SETTLE_SECONDS: '0' }, /SFT_SETTLE_SECONDS is '0': give a number/)
  refuses({ ...credentials, SFT_BASE_URL: 'sft' }, /'sft' is not a URL/)
  refuses({ ...credentials, SFT_BASE_URL: 'ftp://host' }, /neither https nor http/)
  t.throws(() => sftSettings(credentials, { callsPerSecond: -1 }), /callsPerSecond is -1/)
  const withPassword = { ...credentials, SFT_BASE_URL: 'https://ana:hush@host' }
  t.throws(() => sftSettings(withPassword), /holds a user name or password: give them as/)
  t.notMatch(String(t.throws(() => sftSettings(withPassword))), /hush/)
  t.end()
})

t.test('state and ledger have their places', t => {
  t.equal(stateLocation({}), 'state.json')
  t.equal(stateLocation({ SFT_STATE: 'a.json' }), 'a.json')
  t.equal(stateLocation({ SFT_STATE: 'a.json' }, 'b.json'), 'b.json')
  t.equal(ledgerLocation({}), 'orders.json')
  t.equal(ledgerLocation({ SFT_LEDGER: 'l.json' }), 'l.json')
  t.equal(budgetLocation({}, 'state.json'), 'state.json')
  t.equal(budgetLocation({ SFT_BUDGET: '/srv/sft' }, 'state.json'), '/srv/sft')
  t.equal(budgetLocation({ SFT_BUDGET: '/srv/sft' }, undefined, 'memory:'), 'memory:')
  t.throws(() => budgetLocation({ SFT_BUDGET: ' ' }, 'state.json'), /SFT_BUDGET is set and empty/)
  t.end()
})
