/** The numbers that places have instead of names of origins: ascending, never freed. */
export class OriginNumbers {
  private readonly numbers = new Map<string, number>();
  private readonly names: string[] = [];

  get size(): number {
    return this.names.length;
  }

  /** The number of an origin, assigned on first use. */
  of(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** @throws Error if no origin has this number */
  name(number: number): string {
    const name = this.names[number];
    if (name === undefined) throw new Error(`origin number ${number} has no name`);
    return name;
  }
}
