import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KvsError } from '../core/errors.js';
import type { RecordedHost } from '../laboratory/recording.js';
import { freePorts } from './free-ports.js';
import { supervisorLimits } from './limits.js';
import { PeerRelays } from './peer-relays.js';
import type { RelayedMember } from './peer-relays.js';
import type { ProcessGuard } from './process-guard.js';
import { Replica } from './replica.js';
import { isOpen, refused, ServerGroup } from './server-group.js';
import type { GroupListener, ServerSituation } from './server-group.js';
import type { ServerPlace } from './server-process.js';

interface ReplicaPlace extends RelayedMember {
  /** Where its server asks it. */
  readonly clientPort: number;
}

/**
 * Servers of the consensus engine, each with a replica beside it, as if the two were one machine: isolated, the replica
 * does not hear the others, and its server asks it in vain; killed, both are gone.
 */
export class ConsensusGroup extends ServerGroup {
  readonly engine = 'consenso';
  readonly hosts: readonly RecordedHost[];
  private readonly relays: PeerRelays;
  private readonly replicas: readonly Replica[];
  private readonly file: string;
  /** What the last replica that ended by itself said. */
  private trouble: string | undefined;

  private constructor(
    places: readonly ServerPlace[],
    private readonly members: readonly ReplicaPlace[],
    guard: ProcessGuard,
    listener: GroupListener,
    onLog: (name: string, line: string) => void,
    /** Of these replicas alone: data of others, who had other ports, would keep them from finding each other. */
    private readonly folder: string,
  ) {
    super(places, listener, onLog);
    this.file = join(folder, 'replicas.conf');
    this.relays = new PeerRelays(members);
    this.replicas = members.map(
      ({ name }) =>
        new Replica({
          ...{ name, file: this.file, folder, guard },
          onEnd: (said) => {
            if (!this.isEnding) this.trouble = said.trim();
            listener.onChange(name, this.killedReplicas.delete(name) ? 'killed' : 'ended');
          },
        }),
    );
    this.hosts = [
      ...places.map(({ name, port }): RecordedHost => ({
        id: name,
        kind: 'server',
        name,
        address: `127.0.0.1:${port}`,
      })),
      ...members.map(({ name, clientPort }): RecordedHost => ({
        ...{ id: name, kind: 'replica', name: `réplica ${name}`, address: `127.0.0.1:${clientPort}` },
      })),
    ];
  }

  private readonly killedReplicas = new Set<string>();

  static async make(
    count: number,
    guard: ProcessGuard,
    listener: GroupListener,
    onLog: (name: string, line: string) => void,
  ): Promise<ConsensusGroup> {
    const ports = await freePorts(4 * count);
    const port = (row: number, at: number): number => ports[row * count + at] ?? 0;
    const numbers = Array.from({ length: count }, (_, at) => at);
    const members = numbers.map((at) => ({
      ...{ name: `bd${at + 1}`, clientPort: port(1, at), ownPort: port(2, at), relayPort: port(3, at) },
    }));
    const places = members.map(({ clientPort }, at) => {
      const name = `n${at + 1}`;
      const replica = ['--replicas', `127.0.0.1:${clientPort}`];
      return {
        name,
        port: port(0, at),
        words: [String(port(0, at)), '--nome', name, '--motor', 'consenso', ...replica],
      };
    });
    const folder = await mkdtemp(join(guard.folder, 'replicas-'));
    return new ConsensusGroup(places, members, guard, listener, onLog, folder);
  }

  override situation(): ServerSituation[] {
    return super
      .situation()
      .map((server, at) => ({ ...server, isolado: this.relays.isCut(this.members[at]?.name ?? '') }));
  }

  override isolate(id: string): Promise<void> {
    const { member, replica } = this.machine(id);
    if (!replica.isRunning) throw refused(`${id} está parado: inicie-o antes`);
    this.relays.cutOff(member.name);
    for (const host of [id, member.name]) this.listener.onChange(host, 'isolated');
    return Promise.resolve();
  }

  override connect(id: string): Promise<void> {
    const { member } = this.machine(id);
    if (!this.relays.isCut(member.name)) return Promise.resolve();
    this.relays.connect(member.name);
    for (const host of [id, member.name]) this.listener.onChange(host, 'connected');
    return Promise.resolve();
  }

  override async kill(id: string): Promise<void> {
    const { member, replica } = this.machine(id);
    this.assertRunning(this.named(id));
    if (replica.isRunning) this.killedReplicas.add(member.name);
    await Promise.all([super.kill(id), replica.end('SIGKILL')]);
    this.relays.connect(member.name);
  }

  override async restart(id: string): Promise<void> {
    const { member, replica } = this.machine(id);
    this.assertStartable(this.named(id));
    if (!replica.isRunning) this.startReplica(member, replica);
    await super.restart(id);
  }

  override killAll(): void {
    super.killAll();
    for (const replica of this.replicas) void replica.end('SIGKILL');
  }

  protected async prepare(): Promise<void> {
    const lines = this.members.map(
      ({ name, clientPort, ownPort, relayPort }) =>
        `${name} 127.0.0.1:${clientPort} 127.0.0.1:${relayPort} 127.0.0.1:${ownPort}\n`,
    );
    await writeFile(this.file, lines.join(''));
    await this.relays.start();
    for (const [at, replica] of this.replicas.entries()) {
      const member = this.members[at];
      if (member !== undefined) this.startReplica(member, replica);
    }
    for (const { clientPort } of this.members) await this.opens(clientPort);
    await this.relays.learn();
  }

  protected letBegin(): Promise<void> {
    return Promise.resolve();
  }

  protected async clear(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.end('SIGKILL')));
    this.relays.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private startReplica({ name }: ReplicaPlace, replica: Replica): void {
    this.listener.onChange(name, 'started');
    replica.start();
  }

  /** @throws KvsError CONFIGURACAO if a replica has ended instead */
  private async opens(port: number): Promise<void> {
    while (!(await isOpen(port))) {
      if (this.isEnding) return;
      if (this.trouble !== undefined) {
        throw new KvsError('CONFIGURACAO', `uma réplica terminou: ${this.trouble}`);
      }
      await pause(supervisorLimits.retryMs);
    }
  }

  /** @throws KvsError */
  private machine(id: string): { readonly member: ReplicaPlace; readonly replica: Replica } {
    const at = this.servers.indexOf(this.named(id));
    const [member, replica] = [this.members[at], this.replicas[at]];
    if (member === undefined || replica === undefined) throw refused(`${id} não tem réplica`);
    return { member, replica };
  }
}
