import { createHash } from 'node:crypto';
import { begunMs, forgotten, tellsTime } from '../../core/attempt.js';
import { BoundedMap } from '../../core/bounded-map.js';
import { KvsError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';

/** Bounds of a memory. */
interface RequestBounds {
  readonly requests: number;
  /** Bytes of all answers, with what is kept beside each. */
  readonly bytes: number;
  readonly ageMs: number;
  /** Tolerated difference between the clocks of clients and servers. */
  readonly skewMs: number;
}

/** Kept beside an answer: names, places in the map and the list, a fingerprint. */
const BYTES_BESIDE = 512;

/** What was answered. */
type Told = { readonly answer: string } | { readonly error: KvsError };

interface Known {
  readonly fingerprint: string;
  /** What came of it, or will. */
  told: Told | Promise<Told>;
  bytes: number;
  /** When it was begun here: monotonic and wall clock, ms. */
  readonly atMs: number;
  readonly atWallMs: number;
}

/** After these nobody knows, or it is known, that something was done: it must not be done again. */
const IN_DOUBT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RESULTADO_DESCONHECIDO',
  'CONFIRMACAO_PARCIAL',
  'INTERNO',
]);

/**
 * What this server has answered to requests with an id, for writes that no engine remembers: none is done twice. Bounded
 * in number, bytes and age. It knows since when it is complete, and says of older requests that nobody knows.
 *
 * That holds only for ids that tell when their client began, and not a time to come: another server, which takes over,
 * has to tell by them what this one may have done.
 */
export class AnsweredRequests {
  /** In the order in which they were begun. */
  private readonly known: BoundedMap<string, Known>;
  private bytes = 0;
  /** Whatever was begun after this wall-clock time, by whichever server, is known here. */
  private completeSinceMs = Infinity;

  constructor(
    private readonly bounds: RequestBounds,
    private readonly time: Pick<Time, 'monotonicMs' | 'wallMs'>,
  ) {
    this.known = new BoundedMap(bounds.requests, (_, forgottenOne) => {
      this.bytes -= forgottenOne.bytes;
      this.completeSinceMs = Math.max(this.completeSinceMs, forgottenOne.atWallMs);
    });
  }

  /** Requests remembered. */
  get size(): number {
    return this.known.size;
  }

  /** Bytes of what is remembered. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** From now on this server alone acts. @param othersUntilMs until then (wall clock) another one may have */
  begin(othersUntilMs: number): void {
    const { completeSinceMs } = this;
    this.completeSinceMs =
      completeSinceMs === Infinity ? othersUntilMs : Math.max(completeSinceMs, othersUntilMs);
  }

  /**
   * Does something once, however often it is asked for.
   * @param what is asked, and by whom: all of it must be the same
   * @param act its errors are {@link KvsError}s; one that certainly changed nothing is forgotten, so that it can be tried again
   * @throws KvsError (as a rejection too) PEDIDO_INVALIDO, PEDIDO_REPETIDO, RESULTADO_DESCONHECIDO, and those of `act`
   */
  once(id: string, what: readonly unknown[], act: () => Awaitable<string>): Awaitable<string> {
    this.forgetOld();
    const fingerprint = createHash('sha256').update(JSON.stringify(what)).digest('base64');
    const known = this.known.get(id);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) throw anotherQuestion();
      return known.told instanceof Promise ? known.told.then(said) : said(known.told);
    }
    this.assertNew(id);
    return this.first(id, fingerprint, act);
  }

  private first(id: string, fingerprint: string, act: () => Awaitable<string>): Awaitable<string> {
    const [atMs, atWallMs] = [this.time.monotonicMs(), this.time.wallMs()];
    const outcome = outcomeOf(act);
    const entry: Known = { fingerprint, told: outcome, bytes: 0, atMs, atWallMs };
    this.known.put(id, entry);
    this.grow(entry, BYTES_BESIDE);
    if (!(outcome instanceof Promise)) {
      this.told(id, entry, outcome);
      return said(outcome);
    }
    return outcome.then((told) => {
      this.told(id, entry, told);
      return said(told);
    });
  }

  private told(id: string, entry: Known, told: Told): void {
    // There was so much meanwhile that it is forgotten.
    if (this.known.get(id) !== entry) return;
    if ('error' in told && !IN_DOUBT.has(told.error.code)) {
      this.known.delete(id);
      this.bytes -= entry.bytes;
      return;
    }
    entry.told = told;
    if ('answer' in told) this.grow(entry, told.answer.length);
  }

  private grow(entry: Known, bytes: number): void {
    entry.bytes += bytes;
    this.bytes += bytes;
    while (this.bytes > this.bounds.bytes) this.known.forgetOldest();
  }

  /** @throws KvsError unless a request with an id that is not known was certainly not done */
  private assertNew(id: string): void {
    if (!tellsTime(id)) {
      throw new KvsError(
        'PEDIDO_INVALIDO',
        'pedido: aqui o identificador tem de dizer de quando é: um UUID da versão 7 em minúsculas, ou ' +
          '<ms desde 1970 em base 36>-<de 11 a 48 letras, dígitos, "-" ou "_">',
      );
    }
    const aheadMs = begunMs(id) - this.time.wallMs();
    if (aheadMs > this.bounds.skewMs) {
      throw new KvsError(
        'PEDIDO_INVALIDO',
        `pedido: o tempo no identificador está ${String(Math.ceil(aheadMs / 1000))} s à frente do relógio do servidor; acerte os relógios`,
      );
    }
    if (begunMs(id) <= this.completeSinceMs + this.bounds.skewMs) throw forgotten();
  }

  private forgetOld(): void {
    const nowMs = this.time.monotonicMs();
    const isOld = ({ atMs }: Known): boolean => nowMs - atMs > this.bounds.ageMs;
    while (this.known.oldest !== undefined && isOld(this.known.oldest)) this.known.forgetOldest();
  }
}

function outcomeOf(act: () => Awaitable<string>): Told | Promise<Told> {
  const failed = (thrown: unknown): Told => ({ error: KvsError.from(thrown) });
  try {
    const answer = act();
    return answer instanceof Promise ? answer.then((text) => ({ answer: text }), failed) : { answer };
  } catch (thrown) {
    return failed(thrown);
  }
}

function said(told: Told): string {
  if ('answer' in told) return told.answer;
  throw told.error;
}

function anotherQuestion(): KvsError {
  return new KvsError(
    'PEDIDO_REPETIDO',
    'este identificador de pedido já foi usado para outra pergunta; cada escrita precisa de um novo',
  );
}
