/** Bounds of the corrector. */
export const exerciseLimits = Object.freeze({
  /** Calls, changes and states looked at for one exercise: about a second. */
  looks: 2_000_000,
  /** Of each kind of warning, in one correction. */
  warnings: 5,
});
