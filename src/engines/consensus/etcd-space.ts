import { get } from 'node:http';
import type { Usage } from '../../ports/capacity.js';
import type { Time } from '../../ports/time.js';
import { consensusLimits } from './limits.js';

const QUOTA = /^etcd_server_quota_backend_bytes ([0-9.e+]+)$/m;
const SIZE = /^etcd_mvcc_db_total_size_in_bytes ([0-9.e+]+)$/m;
const APPLIED = /^etcd_server_proposals_applied_total ([0-9.e+]+)$/m;
const COMMITTED = /^etcd_server_proposals_committed_total ([0-9.e+]+)$/m;
const VERSION = /^etcd_server_version\{server_version="([0-9A-Za-z.+-]{1,32})"\} 1$/m;

/** What a member tells of itself. */
interface MemberFigures extends Pick<Usage, 'used' | 'limit'> {
  /** Of its program; empty if it does not say. */
  readonly version: string;
  /** How many entries of the common log it has applied, and how many it knows to be there. */
  readonly applied: number;
  readonly committed: number;
}

/**
 * How full the replicas' disk quota is, and how far each has come, by what each tells whoever collects metrics: its
 * answers to requests say only that it is full. A member whose figures cannot be had is left out.
 */
export class EtcdSpace {
  /** Writes refused by the replicas for want of space. */
  refused = 0;
  /** By address, as they were last told. */
  private known = new Map<string, MemberFigures>();
  private cancel: (() => void) | undefined;
  private stopped = false;

  /** @param addresses `host:port` of each member */
  constructor(
    private readonly addresses: readonly string[],
    private readonly time: Time,
  ) {}

  start(): void {
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  /** Empty while no member tells its figures and nothing was refused. */
  usage(): readonly Usage[] {
    const { refused } = this;
    const [fullest] = [...this.known.values()].sort((a, b) => b.used / b.limit - a.used / a.limit);
    if (fullest === undefined && refused === 0) return [];
    const { used, limit } = fullest ?? { used: 0, limit: 1 };
    return [{ name: 'espaco', used, limit, refused }];
  }

  /** The version of a member's program, and how many entries it lacks of those that some member knows of. */
  progress(address: string): { readonly version: string; readonly lag: number } {
    const figures = this.known.get(address);
    if (figures === undefined) return { version: '', lag: 0 };
    const committed = Math.max(...Array.from(this.known.values(), (one) => one.committed));
    return { version: figures.version, lag: Math.max(0, committed - figures.applied) };
  }

  /** The bytes of the largest of the replicas, each of which holds everything. */
  get bytes(): number {
    return Math.max(0, ...Array.from(this.known.values(), ({ used }) => used));
  }

  private async look(): Promise<void> {
    const all = await Promise.all(
      this.addresses.map(async (address) => [address, await figuresOf(address)] as const),
    );
    if (this.stopped) return;
    this.known = new Map(all.flatMap(([address, figures]) => (figures ? [[address, figures]] : [])));
    this.cancel = this.time.after(consensusLimits.spaceIntervalMs, () => void this.look());
  }
}

/** The figures of a member; `undefined` if it does not tell them in time. Never rejects. */
function figuresOf(address: string): Promise<MemberFigures | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: consensusLimits.spaceTimeoutMs, agent: false };
    const request = get(`http://${address}/metrics`, options, (answer) => {
      let text = '';
      answer.setEncoding('latin1');
      answer.on('data', (piece: string) => {
        text += piece;
        if (text.length > consensusLimits.metricsBytes) request.destroy();
      });
      answer.on('close', () => {
        resolve(figuresIn(text));
      });
    });
    // A look under way does not keep a process that stops.
    request.on('socket', (socket) => socket.unref());
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });
}

/** The figures in the text that a member answers with. */
function figuresIn(text: string): MemberFigures | undefined {
  const [limit = 0, used = -1, applied, committed] = [QUOTA, SIZE, APPLIED, COMMITTED].map((figure) => {
    const found = figure.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  });
  if (!(limit > 0 && used >= 0)) return undefined;
  const version = VERSION.exec(text)?.[1] ?? '';
  return { used, limit, version, applied: applied ?? 0, committed: committed ?? 0 };
}
