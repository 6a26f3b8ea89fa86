import { KiB } from '../../core/limits.js';

/** Limits of what the panel is fed by. */
export const panelLimits = Object.freeze({
  /** Time between two pictures. */
  intervalMs: 1_000,
  /** Events that are remembered; beyond this the oldest is forgotten. */
  events: 500,
  /** Characters of the message and of the fields of one event; the rest is cut off. */
  eventChars: 1 * KiB,
  /** Events in one line of a stream. */
  eventsPerLine: 100,
  /** Servers may differ for so long, while someone writes, before it is said that they do. */
  differMs: 5_000,
});
