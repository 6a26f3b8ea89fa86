import type { EtcdClient } from './etcd-client.js';
import { loadEtcd, method } from './etcd-messages.js';
import type { ConsensusTuning } from './tuning.js';

/** What a member says of itself. Numbers that name members or count entries do not fit in a number: they are texts. */
interface StatusAnswer {
  readonly header: { readonly member_id: string };
  /** Bytes on its disk. */
  readonly dbSize: string;
  /** `0`: it knows none. */
  readonly leader: string;
  readonly raftTerm: string;
  readonly raftAppliedIndex: string;
}

const STATUS = method<object, StatusAnswer>(loadEtcd(String), 'etcdserverpb.Maintenance', 'Status');

/** What a member said of itself last. */
export interface MemberState {
  readonly address: string;
  readonly leads: boolean;
  /** Address of the leader that it hears; empty: none, or one that has not answered. */
  readonly leader: string;
  readonly term: number;
  /** The last entry of its log that it has applied. */
  readonly appliedIndex: number;
  readonly databaseBytes: number;
}

/** What the members say of themselves, asked for only while somebody wants to know. */
export class MemberStates {
  private answers: ReadonlyMap<string, StatusAnswer> = new Map();
  private isAsking = false;

  constructor(
    private readonly client: Pick<EtcdClient, 'members'>,
    private readonly tuning: Pick<ConsensusTuning, 'attemptMs'>,
  ) {}

  /** What they said last. Asks again, and does not wait for it: a frozen member would keep all others from being seen. */
  look(): readonly MemberState[] {
    if (!this.isAsking) void this.ask();
    const addressOf = new Map(
      Array.from(this.answers, ([address, { header }]) => [header.member_id, address]),
    );
    return Array.from(this.answers, ([address, { header, leader, raftTerm, raftAppliedIndex, dbSize }]) => ({
      address,
      leads: leader === header.member_id,
      leader: addressOf.get(leader) ?? '',
      term: Number(raftTerm),
      appliedIndex: Number(raftAppliedIndex),
      databaseBytes: Number(dbSize),
    }));
  }

  /** Forgets what was said. */
  forget(): void {
    this.answers = new Map();
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    const asked = this.client.members.map(async (member) => {
      const answer = await member.inquire(STATUS, {}, this.tuning.attemptMs);
      return answer && ([member.address, answer] as const);
    });
    this.answers = new Map((await Promise.all(asked)).filter((answer) => answer !== undefined));
    this.isAsking = false;
  }
}
