import { createHash } from 'node:crypto';
import { begunMs, forgotten, reused } from '../../core/attempt.js';
import type { Attempt } from '../../core/attempt.js';
import { BoundedMap } from '../../core/bounded-map.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Answers, KeyWrite, Row } from '../../ports/engine.js';
import { answerTo, decide, removedOf } from '../plan.js';
import type { KeyFacts, Step } from '../plan.js';
import type { PartitionCaller } from './caller.js';
import type { FunctionName } from './functions.js';
import { ANSWER } from './functions.js';
import { sentPlace, partitionOf } from './layout.js';
import { partitionLimits } from './limits.js';
import { maybeRow } from './records.js';

/** A write as the functions take it. */
interface Asked {
  readonly name: Extract<FunctionName, 'write' | 'remove'>;
  readonly args: readonly (string | Buffer)[];
}

type Reply = readonly [code: number, ...rest: unknown[]];

/**
 * Writes: each is one function on the master of its key, which decides what `plan.ts` decides, by what is stored at that
 * moment. What it refuses is refused here with the words of the plan, by the facts that it answers.
 */
export class PartitionWrites {
  /** Inserts refused since the start for the versions of their key. */
  crowdedRefusals = 0;
  /** Key and value of the requests that went through here: an id used for another key may lie in another partition. */
  private readonly prints = new BoundedMap<string, string>(partitionLimits.rememberedRequests);

  constructor(private readonly deadline: () => number) {}

  /**
   * @throws KvsError of the plan; SEM_MAIORIA, RESULTADO_DESCONHECIDO, LIMITE_MEMORIA, PEDIDO_REPETIDO,
   *   LIMITE_VERSOES_POR_CHAVE
   */
  async write(write: KeyWrite, cluster: PartitionCaller): Promise<Answers[KeyWrite['kind']]> {
    const attempt = write.kind === 'insert' || write.kind === 'put' ? write.attempt : undefined;
    if (attempt !== undefined)
      this.assertSameRequest(attempt, write as KeyWrite & { readonly value: string });
    const { name, args } = asked(write, attempt);
    const options = {
      ...{ deadline: this.deadline(), isRepeatable: attempt !== undefined },
      // What expires clears away before it writes.
      gathers: !('ttlMs' in write && write.ttlMs !== undefined),
    };
    const reply = (await cluster.call(name, partitionOf(write.key), args, options)) as Reply;
    return this.answer(write, name, reply);
  }

  private answer(write: KeyWrite, name: Asked['name'], reply: Reply): Answers[KeyWrite['kind']] {
    const [code, ...rest] = reply;
    switch (code) {
      case ANSWER.done:
      case ANSWER.again:
        return name === 'write' ? added(write, rest) : removed(write, rest);
      case ANSWER.nothing:
        return answerTo(write, { kind: 'nothing' }, undefined);
      case ANSWER.refused:
        throw refusal(write, rest as number[]);
      case ANSWER.full:
        this.crowdedRefusals++;
        throw new KvsError(
          'LIMITE_VERSOES_POR_CHAVE',
          `o limite de ${limits.entriesPerKey} versões nesta chave foi atingido; remova versões, ou use outra chave`,
        );
      case ANSWER.reused:
        throw reused();
      case ANSWER.forgotten:
        throw forgotten();
      default:
        throw new KvsError('INTERNO', `uma partição respondeu ${String(code)}`);
    }
  }

  /** @throws KvsError PEDIDO_REPETIDO */
  private assertSameRequest(
    { id }: Attempt,
    { key, value }: { readonly key: string; readonly value: string },
  ): void {
    const print = digest(`${key.length} ${key}${value}`).toString('latin1');
    const known = this.prints.get(id);
    if (known !== undefined && known !== print) throw reused();
    this.prints.put(id, print);
  }
}

function asked(write: KeyWrite, attempt: Attempt | undefined): Asked {
  const { kind } = write;
  const key = sentPlace(write.key);
  const ttl = 'ttlMs' in write && write.ttlMs !== undefined ? String(write.ttlMs) : '';
  switch (kind) {
    case 'insert':
    case 'put': {
      const request = attempt && [
        digest(attempt.id).subarray(0, 8),
        String(attempt.number),
        String(begunMs(attempt.id)),
      ];
      return { name: 'write', args: [kind, key, write.value, ttl, ...(request ?? [''])] };
    }
    case 'compare':
      if (write.value === undefined) return { name: 'remove', args: [kind, key, String(write.expected)] };
      return { name: 'write', args: [kind, key, write.value, ttl, String(write.expected)] };
    case 'renew':
      return { name: 'write', args: [kind, key, '', ttl] };
    case 'restore': {
      const { value, version, timestamp, expiresAt = 0 } = write;
      return { name: 'write', args: [kind, key, value, '', ...[version, timestamp, expiresAt].map(String)] };
    }
    case 'remove': {
      // One that there cannot be is one that is not there.
      const version = write.version === undefined ? '' : String(Math.min(write.version, limits.version));
      return { name: 'remove', args: [kind, key, version] };
    }
    case 'removeAll':
    case 'trim':
      return { name: 'remove', args: [kind, key] };
  }
}

function added(write: KeyWrite, rest: readonly unknown[]): Answers[KeyWrite['kind']] {
  const [version, timestamp, expires, before] = rest as [number, number, number, unknown];
  const place = { kind: 'add', version, timestamp } as const;
  const step: Step = expires === 0 ? place : { ...place, expiresAt: expires };
  return answerTo(write, step, maybeRow(write.key, before));
}

function removed(write: KeyWrite, rest: readonly unknown[]): Answers[KeyWrite['kind']] {
  const [there, before] = rest as [number, unknown];
  const newest: Row | undefined = maybeRow(write.key, before);
  const named = write.kind === 'remove' && write.version !== undefined ? 1 : undefined;
  return answerTo(write, { kind: 'removeAll' }, newest, removedOf(there, named));
}

/** The error of the plan for what a partition has refused. */
function refusal(write: KeyWrite, facts: readonly number[]): KvsError {
  const [greatestVersion = 0, greatestTimestamp = 0, newest = 0, isEmpty = 0, nowMs = 0] = facts;
  const known: KeyFacts = {
    ...{ greatestVersion, greatestTimestamp, isEmpty: isEmpty === 1 },
    newest: newest === 0 ? undefined : { version: newest, timestamp: greatestTimestamp },
    has: () => false,
    holds: () => false,
  };
  try {
    decide(write, known, nowMs);
  } catch (error) {
    if (error instanceof KvsError) return error;
    throw error;
  }
  return new KvsError('INTERNO', 'uma partição recusou o que este servidor faria');
}

function digest(text: string): Buffer {
  return createHash('sha1').update(text).digest();
}
