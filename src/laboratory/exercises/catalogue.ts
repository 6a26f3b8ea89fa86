import { anywhere } from './anywhere.js';
import { fastClock } from './fast-clock.js';
import { concurrent } from './concurrent.js';
import type { Exercise } from './exercise.js';
import { kill } from './kill.js';
import { lostMessages } from './lost-messages.js';
import { majority } from './majority.js';
import { neverBack } from './never-back.js';
import { plantedFault } from './planted-fault.js';
import { seats } from './seats.js';
import { session } from './session.js';

/** The exercises, in the order of `docs/laboratorio`. */
export const EXERCISES: readonly Exercise[] = [
  anywhere,
  concurrent,
  session,
  kill,
  majority,
  fastClock,
  neverBack,
  seats,
  lostMessages,
  plantedFault,
];

/** An exercise by its name or its number; `undefined` if there is none. */
export function exerciseNamed(given: string): Exercise | undefined {
  return EXERCISES.find(({ name }, at) => name === given || String(at + 1) === given);
}
