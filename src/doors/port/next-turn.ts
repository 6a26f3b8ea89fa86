/** Gathers what arrives in one turn of the event loop, to process it all at once when that turn is over. */
export class NextTurn<T> {
  private gathered: T[] = [];

  constructor(private readonly look: (gathered: readonly T[]) => void) {}

  add(item: T): void {
    if (this.gathered.push(item) > 1) return;
    setImmediate(() => {
      const { gathered } = this;
      this.gathered = [];
      this.look(gathered);
    });
  }
}
