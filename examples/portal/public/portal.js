/** Fetches the parts of a page that change by themselves. Without it the page has a link that does the same. */
for (const part of document.querySelectorAll('[data-refresh]')) {
  let shown
  const stale = part.nextElementSibling
  const look = async () => {
    if (document.visibilityState === 'hidden') return
    const html = await read(part.dataset.refresh)
    stale.hidden = html !== undefined
    if (html === undefined) return
    if (shown === undefined) shown = part.innerHTML
    if (html === shown) return
    const isFirstCode = part.querySelector('.qr') === null && html.includes('class="qr"')
    shown = html
    // The top-ups below belong to an eSIM that is there: the page is opened anew for them.
    if (isFirstCode) location.reload()
    else replace(part, html)
  }
  setInterval(look, Number(part.dataset.seconds) * 1000)
}

/** A part anew; undefined where the shop does not answer, or answers otherwise. */
async function read(address) {
  try {
    const answer = await fetch(address, { headers: { accept: 'text/html' } })
    return answer.ok ? await answer.text() : undefined
  } catch {
    return undefined
  }
}

/** Puts new HTML in the place of the old, and leaves what a visitor has opened open. */
function replace(part, html) {
  const isOpen = part.querySelector('details')?.open === true
  part.innerHTML = html
  const details = part.querySelector('details')
  if (details !== null) details.open = isOpen
}
