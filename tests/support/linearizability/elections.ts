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
    // etcd's gateway writes 64-bit numbers as texts and leaves zeros out.
    const response = await fetch(`http://${address}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(1_000),
    });
    const { leader, raftTerm } = (await response.json()) as { leader?: string; raftTerm?: string };
    return leader === undefined ? 0 : Number(raftTerm ?? 0);
  } catch {
    return 0;
  }
}
