import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { Time } from '../../ports/time.js';
import { loadEtcd, method, RANGE } from './etcd-messages.js';
import type { Method } from './etcd-messages.js';
import { replacementLimits } from './limits.js';

/** A line of the list of replicas: `host:port` for servers, and for the other replicas. */
export interface ListedReplica {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
}

/** A member as the others know it. */
interface MemberEntry {
  readonly ID: string;
  /** Empty until it has started for the first time. */
  readonly name: string;
  readonly peerURLs: readonly string[];
}

interface Members {
  readonly members: readonly MemberEntry[];
}

const loaded = loadEtcd(String);
const MEMBER_LIST = method<object, Members>(loaded, 'etcdserverpb.Cluster', 'MemberList');
const MEMBER_ADD = method<{ readonly peerURLs: readonly string[] }, Members>(
  loaded,
  'etcdserverpb.Cluster',
  'MemberAdd',
);
const MEMBER_REMOVE = method<{ readonly ID: string }, Members>(
  loaded,
  'etcdserverpb.Cluster',
  'MemberRemove',
);

/** A linearizable read of this key needs a majority and nothing else. */
const NOTHING = { key: Buffer.from('m'), count_only: true };

/**
 * Replaces a replica whose data are lost by a new one of the same name, to be started with an empty folder. The old
 * member is removed first and the new one added as another member, never as the same: a member that has forgotten its
 * votes could help elect two leaders in one term.
 *
 * It can be interrupted anywhere and repeated: members with the same name or address are removed first.
 */
export class Replacement {
  private readonly self: ListedReplica;
  private readonly others: readonly ListedReplica[];

  /** @throws KvsError CONFIGURACAO unless the list has the replica and another one */
  constructor(
    name: string,
    private readonly list: readonly ListedReplica[],
    private readonly time: Pick<Time, 'monotonicMs'>,
  ) {
    const self = list.find((replica) => replica.name === name);
    if (self === undefined) throw new KvsError('CONFIGURACAO', `não há réplica "${name}" na lista`);
    this.self = self;
    this.others = list.filter((replica) => replica !== self);
    if (this.others.length === 0) {
      throw new KvsError('CONFIGURACAO', 'a lista tem uma réplica só: não há outra que tenha os dados');
    }
  }

  /**
   * @returns the members with their addresses, as `--initial-cluster` takes them
   * @throws KvsError SEM_MAIORIA, CONFIGURACAO
   */
  async run(): Promise<string> {
    await this.assertGone();
    const helper = await this.withMajority();
    const begun = this.time.monotonicMs();
    for (;;) {
      try {
        return this.initialCluster(await this.change(helper));
      } catch (thrown) {
        if (!isServiceError(thrown)) throw thrown;
        if (this.time.monotonicMs() - begun > replacementLimits.changeMs) throw refused(thrown);
      }
      await this.pause();
    }
  }

  /** @throws KvsError CONFIGURACAO if the replica is running: then its data are not lost */
  private async assertGone(): Promise<void> {
    const { client, name } = this.self;
    const answers = await this.ask(client, MEMBER_LIST, {}).then(
      () => true,
      () => false,
    );
    if (!answers) return;
    throw new KvsError(
      'CONFIGURACAO',
      `a réplica ${name} está em ${client} e responde: não há o que substituir`,
    );
  }

  /** The address of a replica through which a majority answers. */
  private async withMajority(): Promise<string> {
    const begun = this.time.monotonicMs();
    do {
      const asked = this.others.map(({ client }) => this.ask(client, RANGE, NOTHING).then(() => client));
      const first = await Promise.any(asked).catch(() => undefined);
      if (first !== undefined) return first;
      await this.pause();
    } while (this.time.monotonicMs() - begun < replacementLimits.majorityMs);
    const asked = this.others.map(({ name, client }) => `${name} (${client})`).join(', ');
    throw new KvsError(
      'SEM_MAIORIA',
      `${asked}: nenhuma responde com maioria, e sem maioria nada se substitui; inicie as que têm os seus dados`,
    );
  }

  /** The members after the change. */
  private async change(helper: string): Promise<readonly MemberEntry[]> {
    const { name, peer } = this.self;
    const { members } = await this.ask(helper, MEMBER_LIST, {});
    const old = members.filter((member) => member.name === name || isAt(member, peer));
    const taken = old.find((member) => member.name !== '' && member.name !== name);
    if (taken) throw new KvsError('CONFIGURACAO', `o endereço ${peer} é da réplica ${taken.name}`);
    if (members.length - old.length >= this.list.length) {
      const names = members.map((member) => member.name).join(', ');
      throw new KvsError(
        'CONFIGURACAO',
        `a lista tem ${this.list.length} réplicas, e já há outras tantas: ${names}`,
      );
    }
    for (const { ID } of old) await this.ask(helper, MEMBER_REMOVE, { ID });
    return (await this.ask(helper, MEMBER_ADD, { peerURLs: [urlOf(peer)] })).members;
  }

  private initialCluster(members: readonly MemberEntry[]): string {
    const nameOf = (member: MemberEntry): string =>
      member.name || (this.list.find(({ peer }) => isAt(member, peer))?.name ?? member.ID);
    return members.flatMap((member) => member.peerURLs.map((url) => `${nameOf(member)}=${url}`)).join(',');
  }

  /** @throws ServiceError */
  private ask<Req, Res>(address: string, to: Method<Req, Res>, request: Req): Promise<Res> {
    const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    const metadata = new Metadata();
    metadata.set('hasleader', 'true');
    // gRPC deadlines are moments of the system clock.
    const options = { deadline: Date.now() + replacementLimits.attemptMs };
    return new Promise<Res>((resolve, reject) => {
      const done = (error: ServiceError | null, response?: Res): void => {
        client.close();
        if (error === null && response !== undefined) resolve(response);
        else reject(error ?? new Error('resposta vazia'));
      };
      const { path, requestSerialize, responseDeserialize } = to;
      client.makeUnaryRequest(
        ...([path, requestSerialize, responseDeserialize, request, metadata, options, done] as const),
      );
    });
  }

  /** Not through the `Time` port: its timers keep no process alive, and nothing else does here. */
  private pause(): Promise<void> {
    return sleep(replacementLimits.pauseMs);
  }
}

function urlOf(peer: string): string {
  return `http://${peer}`;
}

function isAt(member: MemberEntry, peer: string): boolean {
  return member.peerURLs.includes(urlOf(peer));
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number';
}

/** The error for a change that the replicas went on refusing. */
function refused(cause: ServiceError): KvsError {
  const lost = cause.code === status.UNAVAILABLE || cause.code === status.DEADLINE_EXCEEDED;
  return new KvsError(
    lost ? 'SEM_MAIORIA' : 'CONFIGURACAO',
    `as outras réplicas não aceitam a troca (${cause.details}): inicie todas as que têm os seus dados e repita`,
    { cause },
  );
}
