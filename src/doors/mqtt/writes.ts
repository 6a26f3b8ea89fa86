/** Messages on `grava/` and `remove/` as writes, and what the door does with each. */
import { isUtf8 } from 'node:buffer';
import { andThen, neverAnswered } from '../../call/operation.js';
import type { DoorOperation } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { IncomingMessage } from '../../ports/topics.js';
import { keyOfTopic, PARTS } from './topic-names.js';
import type { FleetTopics } from './topic-names.js';

/** What somebody publishes to change a key. */
export type TopicWrite = TopicInsert | TopicRemoval;

interface TopicInsert {
  readonly kind: 'insert';
  readonly key: string;
  readonly value: string;
  /** How long the value lives, as the broker still counts it; absent: for ever. */
  readonly ttlSeconds?: number | undefined;
}

interface TopicRemoval {
  readonly kind: 'remove';
  readonly key: string;
  /** Absent: all versions. */
  readonly version?: number | undefined;
}

/** A write, or why it is none. `undefined`: a message that does nothing. */
interface ReadWrite {
  readonly part: 'grava' | 'remove';
  /** The topic after `grava/` or `remove/`. */
  readonly rest: string;
  readonly write: TopicWrite | KvsError | undefined;
}

/** Reads a message on `grava/` or `remove/`; `undefined` if its topic is neither. Never throws. */
export function readWrite(topics: FleetTopics, message: IncomingMessage): ReadWrite | undefined {
  for (const part of [PARTS.write, PARTS.remove] as const) {
    const rest = topics.rest(part, message.topic);
    if (rest === undefined) continue;
    try {
      const write = part === PARTS.write ? insertOf(rest, message) : removalOf(rest, message.payload);
      return { part, rest, write };
    } catch (thrown) {
      return { part, rest, write: KvsError.from(thrown) };
    }
  }
  return undefined;
}

/** @throws KvsError CHAVE_*, VALOR_* */
function insertOf(rest: string, { payload, expirySeconds }: IncomingMessage): TopicInsert {
  const key = keyOfTopic(rest);
  if (payload.length === 0) {
    throw new KvsError('VALOR_CURTO', 'o valor está vazio; para remover a chave, publique * em remove/');
  }
  if (payload.length > limits.valueBytes) {
    throw new KvsError('VALOR_LONGO', `o valor passa de ${String(limits.valueBytes)} bytes`);
  }
  if (!isUtf8(payload)) throw new KvsError('VALOR_INVALIDO', 'o valor não é UTF-8 válido');
  return { kind: 'insert', key, value: payload.toString('utf8'), ttlSeconds: expirySeconds };
}

/** Longer than the greatest version. */
const VERSION_CHARS = 16;

/** @throws KvsError CHAVE_*, PEDIDO_INVALIDO */
function removalOf(rest: string, payload: Buffer): TopicRemoval | undefined {
  // It is how people clear what a broker has retained.
  if (payload.length === 0) return undefined;
  const key = keyOfTopic(rest);
  const text = payload.length > VERSION_CHARS ? '' : payload.toString('latin1').trim();
  if (text === '*') return { kind: 'remove', key };
  const version = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0;
  if (version < 1 || version > limits.version) {
    throw new KvsError(
      'PEDIDO_INVALIDO',
      'em remove/ publique * (todas as versões) ou o número de uma versão',
    );
  }
  return { kind: 'remove', key, version };
}

/** What the door does with a write. */
export const WRITING: DoorOperation<TopicWrite, undefined> = {
  run: (write, { engine }, _attempt, ttlMs) => {
    const { key } = write;
    const done =
      write.kind === 'insert'
        ? engine.write<'insert'>({ kind: 'insert', key, value: write.value, ttlMs })
        : engine.write<'remove'>({ kind: 'remove', key, version: write.version });
    return andThen<unknown, undefined>(done, () => undefined);
  },
  refusal: neverAnswered,
  ttl: 'taken',
};

/** Characters of a write that stay in memory while it waits. */
export function sizeOf(write: TopicWrite): number {
  return write.key.length + (write.kind === 'insert' ? write.value.length : 0);
}
