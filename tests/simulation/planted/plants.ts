import { ENGINE_PLANTS } from './engine-plants.js';
import { EXPIRY_PLANTS, REQUEST_PLANTS, SESSION_PLANTS } from './expiry-plants.js';
import { FLOOR_PLANTS } from './floor-plants.js';
import type { Plant } from './plant.js';
import { STAGE_PLANTS } from './stage-plants.js';
import { WATCH_PLANTS } from './watch-plants.js';

/** Rules of the data model, each broken once. */
export const PLANTS: readonly Plant[] = [
  ...FLOOR_PLANTS,
  ...STAGE_PLANTS,
  ...EXPIRY_PLANTS,
  ...SESSION_PLANTS,
  ...REQUEST_PLANTS,
  ...WATCH_PLANTS,
  ...ENGINE_PLANTS,
];
