import { askEtcd } from '../etcd-client.js';
import type { EtcdCluster } from '../etcd.js';

/** Counts the terms in which somebody led: each after the first is an election. */
export class Elections {
  private readonly terms = new Set<number>();

  constructor(private readonly cluster: EtcdCluster) {}

  get count(): number {
    return Math.max(this.terms.size - 1, 0);
  }

  /** Looks now; the greatest term that has a leader and that any member tells of, 0 if none does. */
  async look(): Promise<number> {
    const told = await Promise.all(this.cluster.addresses.map(ledTerm));
    const term = Math.max(...told);
    if (term > 0) this.terms.add(term);
    return term;
  }
}

/** The term of a member that knows a leader; 0 if it does not answer or knows none. */
async function ledTerm(address: string): Promise<number> {
  try {
    const { leader, raftTerm } = await askEtcd(address, 'Maintenance/Status', {}, 1_000);
    return leader === '0' ? 0 : Number(raftTerm);
  } catch {
    return 0;
  }
}
