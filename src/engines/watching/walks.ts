/** Turns of those who walk through the state of a store: a few at a time, first come, first served. */
export class WalkTurns {
  private open = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly most: number) {}

  /**
   * Takes a turn.
   * @param onTurn called when it may be worth asking again, if there is none now
   */
  take(onTurn: () => void): boolean {
    if (this.open >= this.most) {
      this.waiting.add(onTurn);
      return false;
    }
    this.open++;
    return true;
  }

  /** Gives a turn back. */
  release(): void {
    this.open--;
    const [next] = this.waiting;
    if (next === undefined) return;
    this.waiting.delete(next);
    next();
  }

  /** Whoever waited has gone. */
  leave(onTurn: () => void): void {
    this.waiting.delete(onTurn);
  }
}
