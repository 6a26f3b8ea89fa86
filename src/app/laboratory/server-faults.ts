import { KvsError } from '../../core/errors.js';
import type { Faults, Isolation, IsolationControl, Laboratory, MessageLoss } from '../../ports/laboratory.js';
import type { Logger } from '../../ports/logger.js';
import type { FaultFigures } from '../../ports/panel.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { Stream } from '../../ports/engine.js';
import type { Handled, MessageTap, PassingMessage, TracedMessage } from '../../ports/trace.js';
import { systemRandom } from '../system-random.js';
import { systemTime, wallUs } from '../system-time.js';
import { faultLimits } from './limits.js';
import { MessageReaders } from './message-readers.js';
import { ShiftedTime } from './shifted-time.js';

interface ServerFaultsDeps {
  readonly cut: IsolationControl & { readonly isCut: boolean; readonly isolation: Isolation };
  readonly logger: Logger;
  /** The clock that is put ahead or behind; by default the machine's. */
  readonly time?: Time;
  /** By default the machine's wall clock, µs since 1970. */
  readonly wallUs?: () => number;
  readonly random?: Random;
  /** What {@link warnings} say while it is isolated. */
  readonly isolated?: string;
  /** Why messages of this engine cannot be lost; absent: they can. */
  readonly noLoss?: string;
}

/** The laboratory of one server: its faults, and the tap through which it sees and loses messages. */
export class ServerFaults implements Laboratory, MessageTap {
  private loss: MessageLoss = { inPerMille: 0, outPerMille: 0 };
  private readonly readers: MessageReaders;
  private readonly random: Random;
  /** The clock of this server. */
  readonly time: ShiftedTime;

  constructor(private readonly deps: ServerFaultsDeps) {
    this.readers = new MessageReaders(deps.wallUs ?? wallUs);
    this.random = deps.random ?? systemRandom;
    this.time = new ShiftedTime(deps.time ?? systemTime);
  }

  isolate(forMs: number | undefined): Isolation {
    return this.deps.cut.isolate(forMs);
  }

  reconnect(): Isolation {
    return this.deps.cut.reconnect();
  }

  lose(loss: MessageLoss): Faults {
    const { noLoss, logger } = this.deps;
    if (noLoss !== undefined) throw new KvsError('NAO_SUPORTADO', noLoss);
    const { perMille } = faultLimits;
    if (Math.max(loss.inPerMille, loss.outPerMille) > perMille) {
      throw new KvsError('PEDIDO_INVALIDO', `a perda vai de 0 a ${perMille} por mil`);
    }
    this.loss = loss;
    const { inPerMille: entradaPorMil, outPerMille: saidaPorMil } = loss;
    logger.warn({ entradaPorMil, saidaPorMil }, 'laboratório: parte das mensagens é perdida de propósito');
    return this.faults;
  }

  shiftClock(ms: number): Faults {
    if (Math.abs(ms) > faultLimits.clockMs) {
      const hours = faultLimits.clockMs / 3_600_000;
      throw new KvsError('PEDIDO_INVALIDO', `o relógio vai no máximo ${hours} h adiante ou atrás`);
    }
    this.time.shiftMs = ms;
    this.deps.logger.warn({ ms }, 'laboratório: o relógio deste servidor foi deslocado de propósito');
    return this.faults;
  }

  trace(): Stream<TracedMessage> {
    return this.readers.begin();
  }

  get isTracing(): boolean {
    return this.readers.isOpen;
  }

  drops(direction: 'in' | 'out'): boolean {
    const share = direction === 'in' ? this.loss.inPerMille : this.loss.outPerMille;
    return share > 0 && this.random.next() * faultLimits.perMille < share;
  }

  /** See {@link MessageTap}. */
  tell(message: PassingMessage): Handled {
    return this.readers.tell(message);
  }

  /** The faults in force, for whoever asks how this server is. */
  warnings(): readonly string[] {
    const { inPerMille, outPerMille, clockMs } = this.faults;
    const lost = `perde de propósito ${percent(inPerMille)} do que chega e ${percent(outPerMille)} do que sai (kvs perde)`;
    const shifted = `relógio ${Math.abs(clockMs)} ms ${clockMs > 0 ? 'adiante' : 'atrás'} de propósito (kvs adianta)`;
    const { cut, isolated } = this.deps;
    const isolation = cut.isCut && isolated !== undefined ? [isolated] : [];
    return [
      ...isolation,
      ...(inPerMille + outPerMille > 0 ? [lost] : []),
      ...(clockMs === 0 ? [] : [shifted]),
    ];
  }

  /** All faults in force, for whoever looks. */
  get figures(): FaultFigures {
    const { isIsolated, endsMs } = this.deps.cut.isolation;
    const { inPerMille: lostInPerMille, outPerMille: lostOutPerMille } = this.loss;
    return { isIsolated, endsMs, lostInPerMille, lostOutPerMille, clockMs: this.time.shiftMs };
  }

  private get faults(): Faults {
    return { ...this.loss, clockMs: this.time.shiftMs };
  }
}

function percent(perMille: number): string {
  return `${String(perMille / 10).replace('.', ',')}%`;
}
