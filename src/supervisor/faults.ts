import { KvsClient } from '../client/client.js';
import type { Rpc } from '../client/call.js';
import { numberOf, textOf, valueOf } from '../client/fields.js';
import { callError } from '../client/library/failure.js';
import { supervisorLimits } from './limits.js';

/** A message as a server tells of it. */
export interface TraceLine {
  /** µs since 1970. */
  readonly atUs: number;
  readonly step: string;
  readonly channel: string;
  readonly type: string;
  readonly body: Buffer;
  readonly bytes: number;
  readonly digest: string;
  readonly effect: string;
  readonly applied: number;
}

const DOOR = { file: 'laboratorio.proto', service: 'kvs.Laboratorio' } as const;
const FAULT = { ...DOOR, writes: true, read: (message: object) => message } as const;
const RASTREIA: Rpc<TraceLine> = { ...DOOR, method: 'Rastreia', writes: false, read: traceLineOf };

/** The door of one server's laboratory: its faults, and its messages. For one life of that server. */
export class FaultDoor {
  constructor(private readonly client: Pick<KvsClient, 'call' | 'follow' | 'close'>) {}

  static async open(port: number): Promise<FaultDoor> {
    const client = await KvsClient.open({
      ...{ servers: [{ host: '127.0.0.1', port }], discovers: false, isLasting: true },
      ...{ timeoutMs: supervisorLimits.callMs, token: undefined, tls: undefined },
    });
    return new FaultDoor(client);
  }

  /** @returns when it connects again by itself, ms since 1970 */
  async isolate(): Promise<number> {
    return Number(textOf(await this.ask('Isola', {}), 'ate_ms'));
  }

  async connect(): Promise<void> {
    await this.ask('Liga', {});
  }

  async lose(perMille: number): Promise<void> {
    await this.ask('Perde', { entrada_por_mil: perMille, saida_por_mil: perMille });
  }

  async shiftClock(ms: number): Promise<void> {
    await this.ask('Adianta', { ms });
  }

  /**
   * The messages of the server from now on, until the signal fires.
   * @param onGap called when the trace was broken off and begins anew: what passed meanwhile is not told
   * @throws KvsError if it cannot go on
   */
  async *trace(signal: AbortSignal, onGap: () => void): AsyncGenerator<TraceLine, void> {
    let isBegun = false;
    const next = (): object => {
      if (isBegun) onGap();
      isBegun = false;
      return {};
    };
    const messages = this.client.follow(RASTREIA, { isEndless: true, next }, { signal });
    for (;;) {
      const { done, value } = await messages.next();
      if (done !== true) {
        isBegun = true;
        yield value;
        continue;
      }
      if (signal.aborted || value.failed === undefined) return;
      throw callError(value, value.failed, supervisorLimits.callMs);
    }
  }

  close(): void {
    this.client.close();
  }

  /** @throws KvsError */
  private async ask(method: string, item: object): Promise<object> {
    let reply: object = {};
    const outcome = await this.client.call({ ...FAULT, method }, { item }, (found) => {
      reply = found;
      return undefined;
    });
    if (outcome.failed !== undefined) throw callError(outcome, outcome.failed, supervisorLimits.callMs);
    return reply;
  }
}

function traceLineOf(message: object): TraceLine {
  return {
    atUs: Number(textOf(message, 'quando_us')),
    step: textOf(message, 'que'),
    channel: textOf(message, 'canal'),
    type: textOf(message, 'tipo'),
    body: bytesOf(message, 'corpo'),
    bytes: Number(textOf(message, 'tamanho')),
    digest: bytesOf(message, 'resumo').toString('hex'),
    effect: textOf(message, 'efeito'),
    applied: numberOf(message, 'aplicadas'),
  };
}

function bytesOf(message: object, field: string): Buffer {
  const value = valueOf(message, field);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
