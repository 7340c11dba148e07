/** The whole shop: library, order book and web server, opened and closed as one. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { logEvents, openProvisioner } from 'sft-catalog/provision'
import { openBook } from './book.ts'
import { openFormTokens } from './form-tokens.ts'
import { addOperatorRoutes } from './operator-routes.tsx'
import { type App, openServer } from './server.ts'
import type { Settings } from './settings.ts'
import { openShop } from './shop.ts'
import { addShopRoutes } from './shop-routes.tsx'

export interface Portal extends AsyncDisposable {
  readonly app: App
}

/**
 * Opens the shop with the settings of its environment: `SFT_…` for the library, `PORTAL_…` for itself. It answers where
 * `app.listen` says.
 */
export async function openPortal(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  files = new URL('../public/', import.meta.url),
): Promise<Portal> {
  const app = await openServer(settings, files)
  const provisioner = await openProvisioner({ env, onEvent: logEvents(app.log) })
  const shop = openShop(provisioner, await openBook(settings.book), app.log)
  addShopRoutes(app, { shop, settings, forms: openFormTokens(settings.sessionKeys) })
  await app.register((scope, _options, done) => {
    addOperatorRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), { shop, settings })
    done()
  })
  return {
    app,
    async [Symbol.asyncDispose]() {
      await app.close()
      await shop[Symbol.asyncDispose]()
    },
  }
}
