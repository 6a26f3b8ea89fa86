import type { CallMade } from '../../../src/laboratory/recording.js';
import type { CausalCone } from './causality.js';
import type { Labels } from './labels.js';
import type { Palette } from './palette.js';
import type { Sequence } from './sequence.js';
import type { Lanes } from './strokes.js';
import type { RunView } from './view.js';

/** All that a picture is made of. */
export interface SceneParts {
  readonly sequence: Sequence;
  readonly lanes: Lanes;
  readonly view: RunView;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  /** The event that is chosen, and what it came from and led to. */
  readonly selected: number | undefined;
  readonly cone: CausalCone | undefined;
  /** Nothing after this is shown, ms: where a replay stands. */
  readonly until: number;
  readonly words: SceneWords;
}

/** A picture while it is drawn. */
export interface Scene extends SceneParts {
  readonly labels: Labels;
}

/** Words in the picture, in the language of the page. */
export interface SceneWords {
  readonly equal: string;
  readonly different: string;
  readonly isolated: string;
  readonly down: string;
  readonly joining: string;
  readonly leads: string;
  readonly hosts: string;
  readonly clock: (ms: number) => string;
  readonly loss: (share: number) => string;
  readonly time: (ms: number) => string;
  readonly gap: (ms: number) => string;
  readonly operation: (operation: CallMade['operation']) => string;
}

/** Where things lie, in CSS pixels. */
export const SCENE_SIZES = {
  bandTop: 4,
  bandHeight: 20,
  lanesTop: 74,
  laneGap: 66,
  bottom: 34,
} as const;

export function laneY(lane: number): number {
  return SCENE_SIZES.lanesTop + lane * SCENE_SIZES.laneGap;
}

export function sceneHeight(lanes: number): number {
  return laneY(Math.max(0, lanes - 1)) + 30 + SCENE_SIZES.bottom;
}

export function colour(scene: Scene, name: string): string {
  return scene.palette.get(name) ?? '#888';
}

/** What of the picture can be chosen: an event at a point. */
export interface ScenePoint {
  readonly n: number;
  readonly x: number;
  readonly y: number;
}
