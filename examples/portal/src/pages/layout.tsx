import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'

/** A page as HTML. Whatever stands in braces in these templates is escaped. */
export const htmlOf = (page: VNode): string => `<!doctype html>${renderToString(page)}`

/** A part of a page, which the script puts in the place of an older one. */
export const partOf = (part: VNode): string => renderToString(part)

interface PageProps {
  readonly title: string
  readonly children: ComponentChildren
}

export const ShopPage = (page: PageProps) => (
  <Page
    {...page}
    name="Roamwell"
    home="/"
    links={[
      ['/', 'Destinations'],
      ['/orders', 'My eSIMs'],
    ]}
  />
)

export const OperatorPage = (page: PageProps) => (
  <Page
    {...page}
    name="Roamwell operator"
    home="/operator"
    links={[
      ['/operator', 'Stock and orders'],
      ['/', 'Shop'],
    ]}
  />
)

interface Frame extends PageProps {
  readonly name: string
  readonly home: string
  /** Address and text. */
  readonly links: readonly (readonly [string, string])[]
}

const Page = ({ title, name, home, links, children }: Frame) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${title} – ${name}`}</title>
      <link rel="stylesheet" href="/static/portal.css" />
      <link rel="icon" href="/static/icon.svg" />
      <script src="/static/portal.js" defer />
    </head>
    <body>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header>
        <a class="brand" href={home}>
          {name}
        </a>
        <nav aria-label="Main">
          {links.map(([address, text]) => (
            <a href={address}>{text}</a>
          ))}
        </nav>
      </header>
      <main id="content">{children}</main>
      <footer>An example of a shop on sft-catalog: name and payment are for you to put in.</footer>
    </body>
  </html>
)

/** A form that changes something: none goes without its token. */
export const PostForm = ({
  action,
  csrf,
  children,
  ...rest
}: {
  readonly action: string
  readonly csrf: string
  readonly class?: string
  readonly children: ComponentChildren
}) => (
  <form method="post" action={action} {...rest}>
    <input type="hidden" name="_csrf" value={csrf} />
    {children}
  </form>
)

/** What the script asks for again after so many seconds; without a script the link does. */
export const Refreshed = ({
  page,
  seconds,
  children,
}: {
  /** The page; the part is below it at `/now`. */
  readonly page: string
  readonly seconds: number
  readonly children: ComponentChildren
}) => (
  <>
    <div data-refresh={`${page}/now`} data-seconds={seconds}>
      {children}
    </div>
    <p role="status" hidden>
      The shop does not answer just now: this is from before.
    </p>
    <noscript>
      <p>
        <a href={page}>Look again</a>
      </p>
    </noscript>
  </>
)

export const Message = ({
  title,
  text,
  reference,
}: {
  readonly title: string
  readonly text: string
  readonly reference?: string
}) => (
  <ShopPage title={title}>
    <h1>{title}</h1>
    <p>{text}</p>
    {reference !== undefined && (
      <p class="quiet">
        Tell our support this reference: <code>{reference}</code>
      </p>
    )}
    <p>
      <a class="button" href="/">
        To the destinations
      </a>
    </p>
  </ShopPage>
)
