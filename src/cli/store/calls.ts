import type { Rpc } from '../../client/call.js';
import { textOf } from '../../client/fields.js';
import { itemsOf, storeLineOf } from './store-line.js';
import type { StoreLine } from './store-line.js';
import { systemReportOf } from './system-report.js';
import type { SystemReport } from './system-report.js';
import { storeEventOf } from './watch-event.js';
import type { StoreEvent } from './watch-event.js';

/** `Contagem`. */
interface StoreCount {
  readonly chaves: number;
  readonly versoes: number;
}

/** `LoteGravado` of one pair: its version, or why there is none. */
interface StoredPair {
  readonly version: number;
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
}

const DOOR = { file: 'loja.proto', service: 'frota.v1.Loja' } as const;

/** RPCs of `frota.v1.Loja`. */
export const STORE_CALLS = {
  put: { ...DOOR, method: 'GravaLote', writes: true, repeatable: true, read: storedPairOf },
  read: { ...DOOR, method: 'Le', writes: false, read: storeLineOf },
  history: { ...DOOR, method: 'Historico', writes: false, read: storeLineOf },
  list: { ...DOOR, method: 'Lista', writes: false, read: storeLineOf },
  count: { ...DOOR, method: 'Conta', writes: false, read: storeCountOf },
  compare: { ...DOOR, method: 'Compara', writes: true, read: storeLineOf },
  remove: { ...DOOR, method: 'Remove', writes: true, read: storeCountOf },
  trim: { ...DOOR, method: 'Apara', writes: true, read: storeLineOf },
  renew: { ...DOOR, method: 'Expira', writes: true, read: storeLineOf },
} as const satisfies Readonly<Record<string, Rpc<StoreLine> | Rpc<StoreCount> | Rpc<StoredPair>>>;

/** `Estado`. */
export const STATUS_CALL: Rpc<SystemReport> = {
  ...DOOR,
  method: 'Estado',
  writes: false,
  read: systemReportOf,
};

/** `Observa`. */
export const WATCH_CALL: Rpc<StoreEvent> = { ...DOOR, method: 'Observa', writes: false, read: storeEventOf };

function storeCountOf(message: object): StoreCount {
  return { chaves: Number(textOf(message, 'chaves')), versoes: Number(textOf(message, 'versoes')) };
}

function storedPairOf(message: object): StoredPair {
  const [version] = itemsOf(message, 'versoes');
  const [refusal] = itemsOf(message, 'recusas');
  return {
    version: typeof version === 'number' ? version : -1,
    refusal:
      typeof refusal === 'object' && refusal !== null
        ? { code: textOf(refusal, 'codigo'), message: textOf(refusal, 'mensagem') }
        : undefined,
  };
}
