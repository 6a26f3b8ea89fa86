import { KvsError } from '../../core/errors.js';
import { parseObject } from './records.js';

/** How a store lies in etcd: chosen once, by whoever comes first, and never changed. */
export interface StoreFormat {
  readonly number: 1 | 2;
  /** Before every key of ours. */
  readonly prefix: string;
}

/** Of programs that knew no prefix: their stores go on so, and they work on them beside us. */
export const BARE: StoreFormat = Object.freeze({ number: 1, prefix: '' });

/** Of stores that are new: what others have in the same etcd lies elsewhere. */
export const PREFIXED: StoreFormat = Object.freeze({ number: 2, prefix: 'kvs/' });

/** Where the format is recorded, in both. No place of either format begins so. */
export const STORE_FORMAT_KEY = Buffer.from('kvs/formato');

/** `{"formato":2,"prefixo":"kvs/"}` */
export function encodeStoreFormat({ number, prefix }: StoreFormat): Buffer {
  return Buffer.from(JSON.stringify({ formato: number, prefixo: prefix }), 'utf8');
}

/** @throws KvsError DADOS_INVALIDOS if it is a format that this program does not know */
export function decodeFormat(bytes: Buffer): StoreFormat {
  const found = [BARE, PREFIXED].find((format) => isRecordOf(format, bytes));
  if (found !== undefined) return found;
  const shown = JSON.stringify(bytes.toString('utf8', 0, 80));
  throw new KvsError(
    'DADOS_INVALIDOS',
    `as réplicas têm em ${STORE_FORMAT_KEY.toString()} um formato que este programa não conhece: ${shown}; use um mais novo`,
  );
}

function isRecordOf({ number, prefix }: StoreFormat, bytes: Buffer): boolean {
  try {
    const { formato, prefixo } = parseObject(bytes.toString('utf8'));
    return formato === number && prefixo === prefix;
  } catch {
    return false;
  }
}
