import { mqttLimits } from './limits.js';

/**
 * How long to wait before the next round over the brokers, in ms: a random time between half of a step and the whole
 * step, so that servers that lost one broker together do not come back together. The step doubles with every failed
 * round up to a cap.
 *
 * @param failedRounds rounds that have failed since a connection last held; 0 right after a loss
 * @param random uniform in [0, 1)
 */
export function reconnectDelayMs(failedRounds: number, random: number): number {
  const doublings = Math.min(failedRounds, 30);
  const step = Math.min(mqttLimits.reconnectCapMs, mqttLimits.reconnectBaseMs * 2 ** doublings);
  return Math.round(step / 2 + (step / 2) * random);
}

/** When to look for a better broker again, in ms: the period ±25 %. */
export function returnDelayMs(random: number): number {
  return Math.round(mqttLimits.returnMs * (0.75 + 0.5 * random));
}
