import type { RecordedHost } from '../laboratory/recording.js';
import { freePorts } from './free-ports.js';
import { ServerGroup } from './server-group.js';
import type { GroupListener } from './server-group.js';
import type { ServerPlace } from './server-process.js';

interface LeaderPlace extends ServerPlace {
  /** Where the others reach it. */
  readonly address: string;
}

/** Servers of the leader engine, the first the leader. */
export class LeaderGroup extends ServerGroup {
  readonly engine = 'lider';
  readonly hosts: readonly RecordedHost[];

  private constructor(
    private readonly places: readonly LeaderPlace[],
    listener: GroupListener,
    onLog: (name: string, line: string) => void,
  ) {
    super(places, listener, onLog);
    this.hosts = places.map(({ name, port }, at) => ({
      ...{ id: name, kind: 'server', name: at === 0 ? `${name} (líder)` : name },
      address: `127.0.0.1:${port}`,
    }));
  }

  static async make(
    count: number,
    listener: GroupListener,
    onLog: (name: string, line: string) => void,
  ): Promise<LeaderGroup> {
    const ports = await freePorts(2 * count);
    const doors = ports.slice(count);
    const addresses = doors.map((door) => `127.0.0.1:${door}`);
    const [leader = ''] = addresses;
    const places = addresses.map((address, at) => {
      const [name, port, door] = [`n${at + 1}`, ports[at] ?? 0, doors[at] ?? 0];
      const words = [
        ...[String(port), '--nome', name, '--motor', 'lider', '--porta-mensagem', String(door)],
        ...['--lider', leader, '--servidores-lider', addresses.join(',')],
      ];
      return { name, port, address, words };
    });
    return new LeaderGroup(places, listener, onLog);
  }

  override get addresses(): ReadonlyMap<string, string> {
    return new Map(this.places.map(({ address, name }) => [address, name]));
  }

  protected prepare(): Promise<void> {
    const [leader] = this.places;
    if (leader !== undefined) this.listener.onChange(leader.name, 'leads');
    return Promise.resolve();
  }

  protected letBegin(): Promise<void> {
    return Promise.resolve();
  }

  protected clear(): Promise<void> {
    return Promise.resolve();
  }
}
