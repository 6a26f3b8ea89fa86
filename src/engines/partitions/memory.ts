import type { Usage } from '../../ports/capacity.js';
import type { Time } from '../../ports/time.js';
import type { RedisCluster } from './cluster.js';
import { partitionLimits } from './limits.js';

interface Memory {
  readonly used: number;
  /** 0: no limit. */
  readonly limit: number;
}

/** How much memory the masters use, and how much they may. */
export class MasterMemory {
  private known: readonly Memory[] = [];
  private cancel: (() => void) | undefined;
  private isStopped = false;

  constructor(
    private readonly cluster: Pick<RedisCluster, 'masterNodes'>,
    private readonly time: Time,
  ) {}

  start(): void {
    void this.ask();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  /** Of all masters together, as it was a moment ago. */
  get bytes(): number {
    return this.known.reduce((sum, { used }) => sum + used, 0);
  }

  /** The fullest master that has a limit. @param refused writes refused since the start */
  usage(refused: number): readonly Usage[] {
    const limited = this.known.filter(({ limit }) => limit > 0);
    const fullest = [...limited].sort((a, b) => b.used / b.limit - a.used / a.limit)[0];
    return fullest === undefined ? [] : [{ name: 'bytes', ...fullest, refused }];
  }

  /** Never rejects: masters that do not answer are left out. */
  private async ask(): Promise<void> {
    const asked = this.cluster.masterNodes().map(async (node) => node.attempt(['INFO', 'memory']));
    const answers = await Promise.all(asked);
    if (this.isStopped) return;
    this.known = answers.flatMap((answer) => (answer.ok ? [memoryIn(String(answer.reply))] : []));
    // At first nobody knows the masters.
    const restMs = this.known.length === 0 ? partitionLimits.viewMs : partitionLimits.memoryMs;
    this.cancel = this.time.after(restMs, () => void this.ask());
  }
}

function memoryIn(text: string): Memory {
  const numberOf = (name: string): number =>
    Number(new RegExp(`^${name}:([0-9]+)`, 'm').exec(text)?.[1] ?? 0);
  return { used: numberOf('used_memory'), limit: numberOf('maxmemory') };
}
