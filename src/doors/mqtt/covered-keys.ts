/** The keys that the mirror shows: those that begin with one of some prefixes. */
export class CoveredKeys {
  /** None of them begins with another. */
  readonly prefixes: readonly string[];

  constructor(prefixes: readonly string[]) {
    const given = [...new Set(prefixes)];
    this.prefixes = given.filter((one) => !given.some((other) => other !== one && one.startsWith(other)));
  }

  /** What a watch asks for: it takes one prefix, so where there are several it takes every key. */
  get watched(): string | undefined {
    const [first = '', ...others] = this.prefixes;
    return others.length > 0 || first === '' ? undefined : first;
  }

  covers(key: string): boolean {
    for (const prefix of this.prefixes) if (key.startsWith(prefix)) return true;
    return false;
  }
}
