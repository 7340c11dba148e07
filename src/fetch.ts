/** `fetch`, as far as it is used here: one request to an URL given as text. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>
