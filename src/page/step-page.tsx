/** @jsxRuntime automatic @jsxImportSource preact */
/** A step of a pipeline that came to nothing which has a page of its own: how it ended, and why. */
import { capitalised } from '../render/change-words.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { type PageFrame, pageText } from './document.tsx'
import { Issues } from './issues.tsx'

type StepJson = JsonAnswer<'ci'>

/** What a page of such a step is made of. */
export interface StepFacts extends PageFrame {
  readonly step: StepJson
  /** What it came to, in a line. */
  readonly headline: string
}

/** A whole page about a step without a plan or a comparison. */
export const stepPage = ({ step, headline, ...frame }: StepFacts): string =>
  pageText({
    ...frame,
    title: `${capitalised(step.step)}: ${headline}`,
    account: step.account,
    ...(step.environment !== undefined &&
      step.account === undefined && { about: [['Environment', step.environment]] }),
    lead: <Issues issues={step.issues} errors="This stands against it" />,
    sections: [
      {
        id: 'log',
        title: 'What it said',
        body: step.log.length === 0 ? <p>Nothing yet.</p> : <pre>{step.log.join('\n')}</pre>,
      },
    ],
  })
