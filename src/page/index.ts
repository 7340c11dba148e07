/** Pages as files of their own. Loaded only where one is asked for. */
export { coveragePage } from './coverage-page.tsx'
export { driftPage } from './drift-page.tsx'
export { endpointsPage } from './endpoints-page.tsx'
export { graphSvg } from './graph.tsx'
export { planPage } from './plan-page.tsx'
export { stepPage } from './step-page.tsx'
