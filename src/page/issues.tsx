/** @jsxRuntime automatic @jsxImportSource preact */
import { count } from '../counts.ts'
import { ruleText } from '../render/issue-place.ts'
import type { PlanJson } from '../render/plan-json.ts'

/** What stands against something first, then what is worth a look. */
export function Issues({ issues, errors }: { issues: PlanJson['issues']; errors: string }) {
  return (
    <>
      {(['error', 'warning'] as const).map(weight => {
        const those = issues.filter(({ severity }) => severity === weight)
        if (those.length === 0) return null
        return (
          <div key={weight} class={`box ${weight === 'error' ? 'error' : ''}`}>
            <strong>{weight === 'error' ? errors : count(those.length, 'warning')}</strong>
            <ul>
              {those.map(({ code, message, hint, position, rule }) => (
                <li key={`${code} ${message}`}>
                  <code>{code}</code> {message}
                  {hint !== undefined && ` (${hint})`}
                  {rule !== undefined && ` (rule ${ruleText(rule)})`}
                  {position !== undefined && (
                    <small class="key">{` ${position.file}:${position.line}:${position.column}`}</small>
                  )}
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </>
  )
}
