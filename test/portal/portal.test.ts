import t, { type Test } from 'tap'
import type { Simulator } from '../../src/simulator/index.ts'
import {
  buy,
  openNode,
  openTestShop,
  openVisitor,
  PASSWORD,
  setForm,
  until,
} from './open-portal.ts'

const iccidOf = (html: string): string => /<dt>ICCID<\/dt><dd>(\d+)/.exec(html)?.[1] ?? ''

/** Add-ons that really are on the account. */
const instances = ({ world }: Simulator): number =>
  [...world.endpoints.values()].flatMap(endpoint =>
    endpoint.instances.filter(one => one.ended === undefined),
  ).length

async function openShop(t: Test) {
  const shop = await openTestShop(t, { PORTAL_LOG_LEVEL: 'silent' })
  const base = await openNode(t, shop.env)
  return { ...shop, base, visitor: openVisitor(base) }
}

async function logIn(base: string) {
  const operator = openVisitor(base)
  const login = await operator.get('/operator/login')
  const { location } = await operator.submit(login, '/operator/login', {
    name: 'operator',
    password: PASSWORD,
  })
  if (location !== '/operator') throw new Error('the operator was not let in')
  return operator
}

const orderIdOf = (page: string): string => page.split('/').at(-1) ?? ''

t.test(
  'the shop shows what the state sells, and a bought eSIM with its code and usage',
  async t => {
    const { simulator, visitor } = await openShop(t)
    const home = await visitor.get('/')
    t.match(home.text, 'North America')
    t.match(home.text, 'href="/countries/MX"', 'the map has what the list has')
    t.match((await visitor.get('/countries/BE')).text, 'Benelux')
    t.match((await visitor.get('/destinations/iberia')).text, '€7.00')
    const address = await buy(visitor, 'BNL-1GB-7D')
    const page = await until(() => visitor.get(address), 'Install your eSIM')
    t.match(page.text, 'LPA:1$')
    t.match((await visitor.get(`${address}/qr.svg`)).headers.get('content-type'), 'image/svg')
    t.match(page.text, '0 MB of 1 GB used')
    simulator.traffic({ iccid: iccidOf(page.text), megabytes: 300 })
    await until(() => visitor.get(`${address}/now`), '300 MB of 1 GB used')
    t.match((await visitor.get('/orders')).text, address)
  },
)

t.test(
  'a form that is sent twice, at once or again, is one order; another form is a second',
  async t => {
    const { simulator, visitor } = await openShop(t)
    const checkout = await visitor.get('/checkout/ALP-1GB-7D')
    const sent = await Promise.all([1, 2, 3].map(() => visitor.submit(checkout, '/orders')))
    const [first] = sent
    t.strictSame(
      sent.map(({ location }) => location),
      [first?.location, first?.location, first?.location],
    )
    await until(() => visitor.get(first?.location ?? ''), 'Install your eSIM')
    const again = await visitor.submit(checkout, '/orders')
    t.equal(again.location, first?.location)
    t.equal(instances(simulator), 1)
    const second = await buy(visitor, 'ALP-1GB-7D')
    t.not(second, first?.location)
    await until(() => visitor.get(second), 'Install your eSIM')
    t.equal(instances(simulator), 2)
  },
)

t.test('a top-up is one more add-on on the same eSIM, once for a form', async t => {
  const { simulator, visitor } = await openShop(t)
  const address = await buy(visitor, 'TUR-3GB-15D')
  const page = await until(() => visitor.get(address), 'Top up for')
  await visitor.submit(page, `${address}/topups`)
  await visitor.submit(page, `${address}/topups`)
  await until(() => visitor.get(`${address}/now`), /<h3[^>]*>Turkey day pass/)
  t.equal(instances(simulator), 2)
  t.equal([...simulator.world.endpoints.values()].filter(one => one.status === 'Active').length, 1)
})

t.test("another customer's order is as if it were not there", async t => {
  const { base, visitor } = await openShop(t)
  const address = await buy(visitor, 'JPN-5GB-15D')
  await until(() => visitor.get(address), 'Install your eSIM')
  const other = openVisitor(base)
  const checkout = await other.get('/checkout/JPN-5GB-15D')
  for (const path of [address, `${address}/now`, `${address}/qr.svg`]) {
    const { status, text } = await other.get(path)
    t.equal(status, 404, path)
    t.notMatch(text, 'LPA:')
  }
  const own = await visitor.get('/checkout/JPN-5GB-15D')
  const { form = '' } = Object.fromEntries(
    [...own.text.matchAll(/name="(form)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  )
  const stolen = await other.submit(checkout, '/orders', { form })
  t.equal(stolen.status, 403, "a form of another customer's")
  t.equal((await other.submit(checkout, `/orders`, { form: 'x'.repeat(60) })).status, 403)
  t.notMatch((await other.get('/orders')).text, address)
})

t.test('what is not a form of this shop is refused, and says nothing of its inside', async t => {
  const { base, visitor } = await openShop(t)
  const checkout = await visitor.get('/checkout/ALP-1GB-7D')
  const form = /name="form" value="([^"]*)"/.exec(checkout.text)?.[1] ?? ''
  const cases = [
    ['without a token', await visitor.post('/orders', { sku: 'ALP-1GB-7D', form }), 403],
    [
      'with a wrong token',
      await visitor.submit(checkout, '/orders', { _csrf: 'abcdefgh-ijklmnop' }),
      403,
    ],
    ['without a cookie', await openVisitor(base).submit(checkout, '/orders'), 403],
    ['without a SKU', await visitor.submit(checkout, '/orders', { sku: '' }), 400],
    ['with a SKU that is not sold', await visitor.submit(checkout, '/orders', { sku: 'X' }), 404],
    ['an order ID of another form', await visitor.get('/orders/1'), 400],
    ['a page that is not there', await visitor.get('/nowhere'), 404],
    [
      'the operator without a cookie',
      await visitor.post('/operator/order/cancel', { id: 'x' }),
      303,
    ],
  ] as const
  for (const [name, { status, text }, wanted] of cases) {
    t.equal(status, wanted, name)
    t.notMatch(text, /node_modules|at .*\.ts|statusCode|FST_/, name)
  }
})

t.test(
  'every page has its headers, and cookies that scripts and other sites do not get',
  async t => {
    const { base } = await openShop(t)
    const visitor = openVisitor(base)
    for (const path of ['/', '/checkout/TUR-DAY', '/orders', '/operator/login', '/nowhere']) {
      const { headers } = await visitor.get(path)
      t.match(headers.get('content-security-policy'), "script-src 'self'", path)
      t.notMatch(headers.get('content-security-policy'), 'unsafe', path)
      t.equal(headers.get('x-content-type-options'), 'nosniff', path)
      t.equal(headers.get('cache-control'), 'no-store', path)
    }
    const first = openVisitor(base)
    const [customer = ''] = (await first.get('/checkout/TUR-DAY')).headers.getSetCookie()
    t.match(customer, /^customer=.*HttpOnly/i)
    t.match(customer, /SameSite=Lax/i)
    const login = await first.get('/operator/login')
    const inside = await first.submit(login, '/operator/login', {
      name: 'operator',
      password: PASSWORD,
    })
    const operator = inside.headers.getSetCookie().find(line => line.startsWith('operator=')) ?? ''
    t.match(operator, /HttpOnly/i)
    t.match(operator, /SameSite=Strict/i)
    t.match(operator, /Path=\/operator/i)
  },
)

t.test('behind https cookies are sent encrypted only', async t => {
  const { env } = await openTestShop(t, {
    PORTAL_LOG_LEVEL: 'silent',
    PORTAL_ORIGIN: 'https://shop.example',
  })
  const visitor = openVisitor(await openNode(t, env))
  const { headers } = await visitor.get('/checkout/TUR-DAY')
  t.match(headers.getSetCookie()[0], /Secure/i)
  t.match(headers.get('strict-transport-security'), 'max-age')
})

t.test('whoever asks too often waits', async t => {
  const { env } = await openTestShop(t, {
    PORTAL_LOG_LEVEL: 'silent',
    PORTAL_RATE_PER_MINUTE: '3',
  })
  const visitor = openVisitor(await openNode(t, env))
  const answers = []
  for (let count = 0; count < 4; count++) answers.push((await visitor.get('/orders')).status)
  t.strictSame(answers, [200, 200, 200, 429])
})

t.test('the operator', async t => {
  const { base, simulator, visitor } = await openShop(t)

  t.test('must log in, with a cookie that no customer has', async t => {
    t.equal((await visitor.get('/operator')).location, '/operator/login')
    t.equal((await visitor.get('/operator/order?id=x')).location, '/operator/login')
    const login = await visitor.get('/operator/login')
    for (const filled of [
      { name: 'operator', password: 'wrong' },
      { name: 'root', password: PASSWORD },
    ]) {
      const { status, text } = await visitor.submit(login, '/operator/login', filled)
      t.equal(status, 401)
      t.match(text, 'Name or password is wrong')
    }
    visitor.cookies.set('operator', visitor.cookies.get('customer') ?? '')
    t.equal(
      (await visitor.get('/operator')).location,
      '/operator/login',
      "a customer's cookie under the operator's name",
    )
    visitor.cookies.delete('operator')
  })

  t.test('suspends, reactivates and cancels, and is told what came of it', async t => {
    const operator = await logIn(base)
    t.match((await operator.get('/operator')).text, '<th scope="row">spring</th><td>20</td>')
    const address = await buy(visitor, 'ALP-5GB-30D')
    await until(() => visitor.get(address), 'Install your eSIM')
    const path = `/operator/order?id=${orderIdOf(address)}`
    const suspended = await operator.submit(await operator.get(path), '/operator/order/suspend')
    t.match(suspended.text, 'The eSIM is suspended.')
    t.match(suspended.text, 'Reactivate the eSIM')
    const back = await operator.submit(suspended, '/operator/order/reactivate')
    t.match(back.text, 'in service again')
    const cancelled = await operator.submit(back, '/operator/order/cancel')
    t.match(cancelled.text, /was taken off endpoint/)
    t.match(cancelled.text, /cannot go back to Pre-Active/)
    t.equal(instances(simulator), 0)
    t.match((await visitor.get(address)).text, 'This order was cancelled')
    const logout = await operator.get('/operator')
    await operator.submit(logout, '/operator/logout')
    t.equal((await operator.get('/operator')).location, '/operator/login')
  })

  t.test('sees an order that is stuck and why, and settles it', async t => {
    // The answer is lost and every look afterwards fails: nobody knows whether the add-on is there.
    simulator.fault({ operation: 'SubscribeAddon', kind: 'reset-after' })
    await setForm(simulator, 'rows')
    const address = await buy(visitor, 'JPN-5GB-15D')
    const id = orderIdOf(address)
    await until(() => visitor.get(address), 'takes longer than usual', 60)
    const operator = await logIn(base)
    const overview = await operator.get('/operator')
    t.match(overview.text, id)
    t.match(overview.text, /add-on could not be confirmed/)
    await setForm(simulator, 'blocks')
    const detail = await operator.get(`/operator/order?id=${id}`)
    t.match(detail.text, 'End the doubt')
    const [uniqueId = ''] = [...simulator.world.endpoints.values()]
      .flatMap(endpoint => endpoint.instances)
      .map(instance => instance.uniqueId)
    t.match(detail.text, 'Further orders of this customer')
    t.match(detail.text, /<span class="badge">cancelled<\/span><span>ALP-5GB-30D<\/span>/)
    const settled = await operator.submit(detail, '/operator/order/settle', { instance: uniqueId })
    t.match(settled.text, `Instance ${uniqueId} is this order`)
    t.match(settled.text, '(by operator)')
    await until(() => visitor.get(address), 'Install your eSIM')
  })

  t.test('is told in words where the library refuses', async t => {
    const operator = await logIn(base)
    const address = await buy(visitor, 'BNL-5GB-30D')
    await until(() => visitor.get(address), 'Install your eSIM')
    const page = await operator.get(`/operator/order?id=${orderIdOf(address)}`)
    const csrf = /name="_csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
    const refused = await operator.post('/operator/order/not-sold', {
      _csrf: csrf,
      id: orderIdOf(address),
    })
    t.equal(refused.status, 409)
    t.match(refused.text, /look at order\(\)/)
  })
})
