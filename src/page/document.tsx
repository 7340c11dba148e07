/** @jsxRuntime automatic @jsxImportSource preact */
/** A page as one file: it asks for nothing, runs nothing and sends nothing, which its policy says to the browser. */
import { createHash } from 'node:crypto'
import type { ComponentChildren } from 'preact'
import { renderToStaticMarkup } from 'preact-render-to-string'
import { grouped } from '../counts.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import type { Tone } from '../render/paint.ts'
import { STYLE } from './style.ts'

/** What stands on every page. */
export interface PageFrame {
  /** What of sft-catalog made it: `0.2.0`. */
  readonly version: string
  /** ISO time at which it was made. */
  readonly at: string
}

/** A part of a page, by which one can go to it. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: ComponentChildren
}

interface PageParts extends PageFrame {
  readonly title: string
  readonly account: NonNullable<JsonAnswer<'plan'>['account']> | undefined
  /** Further rows about the whole. */
  readonly about?: readonly (readonly [string, string])[]
  readonly lead: ComponentChildren
  readonly sections: readonly Section[]
}

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** The whole text of a page. */
export const pageText = (parts: PageParts): string =>
  `<!doctype html>\n${renderToStaticMarkup(<Page {...parts} />)}\n`

function Page({ title, account, about = [], lead, sections, version, at }: PageParts) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <meta name="generator" content={`sft-catalog ${version}`} />
        <title>{title}</title>

        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <a class="skip" href="#main">
          To the content
        </a>
        <header>
          <h1>{title}</h1>
          <About account={account} more={about} />
        </header>
        <nav aria-label="Parts of this page">
          <ul>
            {sections.map(section => (
              <li key={section.id}>
                <a href={`#${section.id}`}>{section.title}</a>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main">
          {lead}
          {sections.map(section => (
            <section key={section.id} id={section.id} aria-labelledby={`${section.id}-title`}>
              <h2 id={`${section.id}-title`}>{section.title}</h2>
              {section.body}
            </section>
          ))}
        </main>
        <footer>
          Made by sft-catalog {version} at <time dateTime={at}>{at}</time>. This page asks for
          nothing from elsewhere and runs no script.
        </footer>
      </body>
    </html>
  )
}

function About({ account, more }: { account: PageParts['account']; more: PageParts['about'] }) {
  const rows: readonly (readonly [string, string])[] =
    account === undefined
      ? (more ?? [])
      : [
          ...(account.environment === undefined
            ? []
            : ([['Environment', account.environment]] as const)),
          ['Account', `${account.host} as ${account.user}`],
          ['Target account', account.targetAccountId ?? 'none'],
          ['State', account.state],
          ...(more ?? []),
        ]
  return (
    <dl class="about">
      {rows.map(([term, text]) => (
        <>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </>
      ))}
    </dl>
  )
}

/** What is wider than the page is moved by itself, by keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

/** Rows of one table; a page of more is nothing that people read. */
const MOST_ROWS = 1_000

/** The rows of a table that are shown. */
export const shownRows = <Row,>(rows: readonly Row[]): readonly Row[] => rows.slice(0, MOST_ROWS)

/** Says how many rows were left out, and what has them. */
export const RowsLeftOut = ({ of: rows, has }: { of: readonly unknown[]; has: string }) =>
  rows.length <= MOST_ROWS ? null : (
    <p>
      … and {grouped(rows.length - MOST_ROWS)} more rows: <code>{has}</code> has all.
    </p>
  )

/** So many of each sort. */
export interface Tally {
  readonly tone: Tone
  readonly many: number
  readonly words: string
}

/** What was counted, at the head of a page. */
export const Tallies = ({ of: tallies }: { of: readonly Tally[] }) => (
  <ul class="counts">
    {tallies.map(({ tone, many, words }) => (
      <li key={words} class={tone}>
        <b>{grouped(many)}</b>
        {words}
      </li>
    ))}
  </ul>
)

/** A table that says what it is about. */
export function Table({
  caption,
  heads,
  numbers = [],
  children,
}: {
  caption: string
  heads: readonly string[]
  /** Columns of numbers. */
  numbers?: readonly number[]
  children: ComponentChildren
}) {
  return (
    <Scroll label={caption}>
      <table>
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            {heads.map((head, at) => (
              <th key={head} scope="col" class={numbers.includes(at) ? 'n' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  )
}
