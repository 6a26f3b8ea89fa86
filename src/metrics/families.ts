import { CALL_FAMILIES } from './call-families.js';
import { FLEET_FAMILIES } from './fleet-families.js';
import { OTHER_FAMILIES } from './other-families.js';
import { PROCESS_FAMILIES } from './process-families.js';

/** Every metric that a server may have, in the order in which they are shown. */
export const METRIC_FAMILIES = {
  ...CALL_FAMILIES,
  ...FLEET_FAMILIES,
  ...OTHER_FAMILIES,
  ...PROCESS_FAMILIES,
} as const;

export type MetricName = keyof typeof METRIC_FAMILIES;
