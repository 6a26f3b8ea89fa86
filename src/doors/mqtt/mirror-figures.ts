/** What the mirror of one server has done since the start, and where it is; for metrics and for `espelho`. */
export class MirrorFigures {
  /** Values and removals published. */
  published = 0;
  /** Of these, those that the broker did not take, as far as is known. */
  failed = 0;
  /** Topics at which a stranger, or a predecessor, had published something else. */
  corrected = 0;
  /** Walks over the whole state. */
  walks = 0;
}
