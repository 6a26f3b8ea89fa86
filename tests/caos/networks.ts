import { spawnSync } from 'node:child_process';

/**
 * Network namespaces on one bridge of this machine (Linux, as root): each a machine of its own for whatever runs in it, with
 * a cable that can be pulled, go silent one way, and be slow. This process and its servers stay outside, on the bridge.
 */
export class CaosNetworks {
  private closed = false;

  private constructor(
    private readonly names: readonly string[],
    private readonly bridge: string,
    private readonly subnet: string,
  ) {}

  /** @returns `undefined` where that is not possible */
  static open(count: number): CaosNetworks | undefined {
    // Names of links have 15 characters at most.
    const bridge = `caos${process.pid.toString(36)}`;
    const subnet = `10.213.${String(process.pid % 250)}`;
    const names = Array.from({ length: count }, (_, index) => `${bridge}n${String(index)}`);
    const networks = new CaosNetworks(names, bridge, subnet);
    process.once('exit', () => {
      networks.close();
    });
    if (networks.create()) return networks;
    networks.close();
    return undefined;
  }

  /** Address of the one at `index`, from 0. */
  host(index: number): string {
    return `${this.subnet}.${String(index + 1)}`;
  }

  get hosts(): readonly string[] {
    return this.names.map((_, index) => this.host(index));
  }

  /** What comes before a program that is to run there. */
  command(index: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.name(index)];
  }

  /** Nothing passes either way, and nobody is told. */
  pull(index: number): () => void {
    ip('link', 'set', this.name(index), 'down');
    return () => {
      ip('link', 'set', this.name(index), 'up');
    };
  }

  /** What it says does not leave any more, but to this machine's own side; what others say arrives. */
  mute(index: number): () => void {
    const others = this.hosts.filter((_, other) => other !== index);
    for (const host of others) ip('-n', this.name(index), 'route', 'add', 'blackhole', `${host}/32`);
    return () => {
      for (const host of others) ip('-n', this.name(index), 'route', 'del', 'blackhole', `${host}/32`);
    };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const name of this.names) {
      ip('netns', 'del', name);
      ip('link', 'del', name);
    }
    ip('link', 'del', this.bridge);
  }

  private name(index: number): string {
    const name = this.names[index];
    if (name === undefined) throw new Error(`no network ${String(index)}`);
    return name;
  }

  private create(): boolean {
    const { bridge, subnet } = this;
    const made = [
      ip('link', 'add', bridge, 'type', 'bridge'),
      ip('addr', 'add', `${subnet}.254/24`, 'dev', bridge),
      ip('link', 'set', bridge, 'up'),
    ];
    for (const [index, name] of this.names.entries()) {
      made.push(
        ip('netns', 'add', name),
        ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name),
        ip('link', 'set', name, 'master', bridge, 'up'),
        ip('-n', name, 'addr', 'add', `${this.host(index)}/24`, 'dev', 'eth0'),
        ip('-n', name, 'link', 'set', 'eth0', 'up'),
        ip('-n', name, 'link', 'set', 'lo', 'up'),
      );
    }
    return !made.includes(false);
  }
}

/** Whether it was done. */
function ip(...words: readonly string[]): boolean {
  return spawnSync('ip', words, { stdio: 'ignore' }).status === 0;
}
