/** Pages as files of their own. Loaded only where one is asked for. */
export { graphSvg } from './graph.tsx'
export { planPage } from './plan-page.tsx'
