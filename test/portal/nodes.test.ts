import t from 'tap'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { buy, openNode, openTestShop, openVisitor, until } from './open-portal.ts'

t.test('nodes on one database are one shop', { skip: noPostgres, timeout: 300_000 }, async t => {
  const server = await startPostgres(t)
  const address = await server.database('shop')
  const { simulator, env } = await openTestShop(t, {
    SFT_STATE: address,
    SFT_LEDGER: address,
    PORTAL_BOOK: `${address}?schema=sft_catalog`,
    PORTAL_LOG_LEVEL: 'silent',
  })
  // Together, as orchestrators start them.
  const [one, other] = await Promise.all([openNode(t, env), openNode(t, env)])
  const visitor = openVisitor(one)
  const elsewhere = openVisitor(other, visitor.cookies)
  const address1 = await buy(visitor, 'BNL-1GB-7D')
  await until(() => elsewhere.get(address1), 'Install your eSIM')
  t.match((await elsewhere.get('/orders')).text, address1)

  const checkout = await visitor.get('/checkout/ALP-1GB-7D')
  const sent = await Promise.all(
    [visitor, elsewhere, visitor, elsewhere].map(node => node.submit(checkout, '/orders')),
  )
  const [{ location = '' } = {}] = sent
  t.ok(sent.every(page => page.location === location))
  await until(() => visitor.get(location), 'Install your eSIM')
  await until(() => elsewhere.get(location), 'Install your eSIM')
  t.equal(
    [...simulator.world.endpoints.values()].flatMap(endpoint => endpoint.instances).length,
    2,
    'a form sent to two nodes at once is one order',
  )
})
