import { FleetKey } from './fleet-key.js';

/** The currently valid keys of a fleet: the first seals, any of them opens. Replaced as a whole while servers run. */
export class KeyRing {
  private keys: readonly FleetKey[] = [];
  private count = 0;

  /** @param secrets at least one, all different */
  constructor(
    private readonly fleet: string,
    secrets: readonly Buffer[],
  ) {
    this.replace(secrets);
  }

  /** The key that seals. */
  get sealing(): FleetKey {
    return this.keys[0] as FleetKey;
  }

  /** Public names of the keys, the sealing one first. */
  get ids(): readonly string[] {
    return this.keys.map(({ id }) => id);
  }

  /** Grows with every replacement, so that caches of derived keys can tell when to discard them. */
  get generation(): number {
    return this.count;
  }

  find(id: string): FleetKey | undefined {
    return this.keys.find((key) => key.id === id);
  }

  replace(secrets: readonly Buffer[]): void {
    if (secrets.length === 0) throw new Error('a ring holds at least one key');
    this.keys = secrets.map((secret) => new FleetKey(secret, this.fleet));
    this.count++;
  }
}
