import type { CountedName } from './operations/names.js';
import type { Request, Target } from './request.js';
import { invoke, numberOf, textOf } from './rpc.js';
import type { Outcome, Rpc, Sink } from './rpc.js';

/** An answer in the field names of the door: those of `Tupla`; a `Versao` has only `versao`. */
export interface Reply {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
}

type Method = Pick<Rpc<Reply>, 'method' | 'writes' | 'repeatable'>;

const METHODS: Readonly<Record<CountedName, Method>> = {
  insere: { method: 'Insere', writes: true, repeatable: true },
  consulta: { method: 'Consulta', writes: false },
  remove: { method: 'Remove', writes: true },
  'insere-v': { method: 'InsereVarias', writes: true },
  'consulta-v': { method: 'ConsultaVarias', writes: false },
  'remove-v': { method: 'RemoveVarias', writes: true },
  snapshot: { method: 'Snapshot', writes: false },
};

/** Sends one request to the door `kvs.KVS`: see {@link invoke}. */
export function call(target: Target, request: Request, sink: Sink<Reply>): Promise<Outcome> {
  const rpc = { file: 'kvs.proto', service: 'kvs.KVS', ...METHODS[request.operation], read: replyOf };
  return invoke(target, rpc, request, sink);
}

function replyOf(message: object): Reply {
  return {
    chave: textOf(message, 'chave'),
    valor: textOf(message, 'valor'),
    versao: numberOf(message, 'versao'),
  };
}
