import { isDeepStrictEqual } from 'node:util';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Engine } from '../ports/engine.js';
import { maelstromLimits } from './limits.js';
import { CODES, malformed, MaelstromError } from './protocol.js';
import type { Body, Json } from './protocol.js';
import { workload } from './workload.js';
import type { Answer, Workload } from './workload.js';

const PREFIX = 'lin-kv/';

/** Workload `lin-kv` over an engine that is linearizable and compares versions: values are JSON texts. */
export function linear(engine: Engine): Workload {
  return workload({
    read: (request) => read(engine, request),
    write: (request) => write(engine, request),
    cas: (request) => compareAndSet(engine, request),
  });
}

async function read(engine: Engine, request: Body): Promise<Answer> {
  const row = await engine.read({ kind: 'version', key: keyOf(request) });
  if (row === undefined) throw missing();
  return { value: JSON.parse(row.value) as Json };
}

async function write(engine: Engine, request: Body): Promise<Answer> {
  await engine.write({ kind: 'insert', key: keyOf(request), value: textOf(request, 'value') });
  return {};
}

/**
 * Reads, and writes if nobody wrote since: by the version, which no other value ever has, so a value that came back counts
 * as another one. Then it is read again, since the value may still be the one that is asked for.
 */
async function compareAndSet(engine: Engine, request: Body): Promise<Answer> {
  const key = keyOf(request);
  const { from, create_if_not_exists: creates } = request;
  if (from === undefined) throw malformed('cas has a field from');
  const value = textOf(request, 'to');
  for (let nth = 0; nth < maelstromLimits.tries; nth++) {
    const row = await engine.read({ kind: 'version', key });
    if (row === undefined && creates !== true) throw missing();
    if (row !== undefined && !isDeepStrictEqual(JSON.parse(row.value), from)) {
      throw new MaelstromError(CODES.precondition, `the value is ${row.value}`);
    }
    try {
      await engine.write({ kind: 'compare', key, expected: row?.version ?? 0, value });
      return {};
    } catch (error) {
      if (KvsError.from(error).code !== 'VERSAO_OUTRA') throw error;
    }
  }
  throw new MaelstromError(CODES.abort, 'others always wrote in between');
}

function missing(): MaelstromError {
  return new MaelstromError(CODES.missing, 'there is no such key');
}

function keyOf(request: Body): string {
  return PREFIX + textOf(request, 'key', limits.keyBytes - PREFIX.length);
}

function textOf(request: Body, name: string, mostBytes: number = limits.valueBytes): string {
  const value = request[name];
  if (value === undefined) throw malformed(`${request.type} has a field ${name}`);
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > mostBytes) throw malformed(`${name} is too long`);
  return text;
}
