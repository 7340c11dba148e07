import { parseHTML } from 'linkedom'

/** A page as a browser would take it apart. */
export const readPage = (text: string) => parseHTML(text).document

type Page = ReturnType<typeof readPage>

/** Everything in a page that could ask for something, run or send; none in ours. */
export const activeParts = (page: Page): readonly string[] => [
  ...[
    ...page.querySelectorAll('script, img, iframe, object, embed, link, form, base, foreignObject'),
  ].map(({ outerHTML }) => outerHTML),
  ...[...page.querySelectorAll('*')].flatMap(element =>
    [...element.attributes].flatMap(({ name, value }) =>
      /^on/i.test(name) || (/^(href|src|xlink:href)$/i.test(name) && !value.startsWith('#'))
        ? [`${name}=${value}`]
        : [],
    ),
  ),
]

/** The text of a part, its blanks as one. */
export const textOf = (page: Page, selector: string): string =>
  (page.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ')
