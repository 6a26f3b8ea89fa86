import type { Target } from '../request.js';
import { invoke, textOf } from '../rpc.js';
import type { Outcome, Rpc, Sink } from '../rpc.js';
import type { TimedName } from '../operations/names.js';
import type { Request } from './request.js';

/** A value and its version, in ms since 1970. */
export interface Version {
  readonly value: string;
  readonly version: bigint;
}

/** An answer of the door. */
export interface Reply {
  readonly key: string;
  /** What was found, removed, or is left; of a put, what was newest before. `undefined`: nothing. */
  readonly found: Version | undefined;
  /** Assigned by a put; 0 in answers to anything else. */
  readonly assigned: bigint;
}

type Method = Pick<Rpc<Reply>, 'method' | 'writes' | 'repeatable'>;

const METHODS: Readonly<Record<TimedName, Method>> = {
  get: { method: 'Get', writes: false },
  getrange: { method: 'GetRange', writes: false },
  getall: { method: 'GetAll', writes: false },
  put: { method: 'Put', writes: true, repeatable: true },
  putall: { method: 'PutAll', writes: true },
  del: { method: 'Del', writes: true },
  delrange: { method: 'DelRange', writes: true },
  delall: { method: 'DelAll', writes: true },
  trim: { method: 'Trim', writes: true },
};

/** Sends one request to the door `KeyValueStore`: see {@link invoke}. */
export function call(target: Target, request: Request, sink: Sink<Reply>): Promise<Outcome> {
  const { operation } = request;
  const read = operation === 'put' || operation === 'putall' ? readPut : readVersion;
  const rpc = { file: 'KeyValueStore.proto', service: 'KeyValueStore', ...METHODS[operation], read };
  return invoke(target, rpc, request, sink);
}

/** `KeyValueVersionReply`. */
function readVersion(message: object): Reply {
  return { key: textOf(message, 'key'), found: versionOf(message, 'val', 'ver'), assigned: 0n };
}

/** `PutReply`. */
function readPut(message: object): Reply {
  return {
    key: textOf(message, 'key'),
    found: versionOf(message, 'old_val', 'old_ver'),
    assigned: int64Of(message, 'ver'),
  };
}

/** A value may be empty; what does not exist has version 0. */
function versionOf(message: object, valueField: string, versionField: string): Version | undefined {
  const version = int64Of(message, versionField);
  return version === 0n ? undefined : { value: textOf(message, valueField), version };
}

function int64Of(message: object, field: string): bigint {
  return BigInt(textOf(message, field));
}
