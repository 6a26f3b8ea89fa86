import { get } from 'node:http';
import type { Usage } from '../../ports/capacity.js';
import type { Time } from '../../ports/time.js';
import { consensusLimits } from './limits.js';

const QUOTA = /^etcd_server_quota_backend_bytes ([0-9.e+]+)$/m;
const SIZE = /^etcd_mvcc_db_total_size_in_bytes ([0-9.e+]+)$/m;

/**
 * How full the replicas' disk quota is, by what each tells whoever collects metrics: its answers to requests say only
 * that it is full. A member whose figures cannot be had is left out.
 */
export class EtcdSpace {
  /** Writes refused by the replicas for want of space. */
  refused = 0;
  private fullest: Pick<Usage, 'used' | 'limit'> | undefined;
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
    const { refused, fullest = refused > 0 ? { used: 0, limit: 1 } : undefined } = this;
    return fullest === undefined ? [] : [{ name: 'espaco', ...fullest, refused }];
  }

  private async look(): Promise<void> {
    const all = await Promise.all(this.addresses.map(figuresOf));
    if (this.stopped) return;
    const known = all.filter((figures) => figures !== undefined);
    const [fullest] = known.sort((a, b) => b.used / b.limit - a.used / a.limit);
    this.fullest = fullest;
    this.cancel = this.time.after(consensusLimits.spaceIntervalMs, () => void this.look());
  }
}

/** The figures of a member; `undefined` if it does not tell them in time. Never rejects. */
function figuresOf(address: string): Promise<Pick<Usage, 'used' | 'limit'> | undefined> {
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
function figuresIn(text: string): Pick<Usage, 'used' | 'limit'> | undefined {
  const [limit, used] = [Number(QUOTA.exec(text)?.[1]), Number(SIZE.exec(text)?.[1])];
  return limit > 0 && used >= 0 ? { used, limit } : undefined;
}
