import type { Figure } from './figure.ts'
import { adopt } from './figures/adopt.ts'
import { budget } from './figures/budget.ts'
import { creates } from './figures/creates.ts'
import { detach } from './figures/detach.ts'
import { ledger } from './figures/ledger.ts'
import { peers } from './figures/peers.ts'
import { sales } from './figures/sales.ts'
import { scale } from './figures/scale.ts'
import { start } from './figures/start.ts'
import { zones } from './figures/zones.ts'

/** In the order in which they are measured. */
export const FIGURES: readonly Figure[] = [
  start,
  scale,
  zones,
  creates,
  adopt,
  budget,
  ledger,
  sales,
  detach,
  peers,
]
