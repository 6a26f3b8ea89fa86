import { KvsError } from '../../core/errors.js';
import { parseObject } from './records.js';

/** The format of a store in etcd: its prefix is chosen once, by the first server, and never changed. */
export interface StoreFormat {
  readonly number: 1 | 2 | 3;
  /** Prefix of every key of the store. */
  readonly prefix: string;
}

/**
 * The format of old versions, which had no prefix: their stores keep it, and old servers can use them alongside this
 * one.
 */
export const BARE: StoreFormat = Object.freeze({ number: 1, prefix: '' });

/** The format of new stores: keys of other programs in the same etcd do not begin so. */
export const PREFIXED: StoreFormat = Object.freeze({ number: 2, prefix: 'kvs/' });

/**
 * The format of a store in which values may expire, once the first one does. Programs of before refuse it when they
 * start.
 */
export function expiringFormat({ prefix }: StoreFormat): StoreFormat {
  return prefix === BARE.prefix ? BARE_EXPIRING : PREFIXED_EXPIRING;
}

const BARE_EXPIRING: StoreFormat = Object.freeze({ number: 3, prefix: BARE.prefix });
const PREFIXED_EXPIRING: StoreFormat = Object.freeze({ number: 3, prefix: PREFIXED.prefix });
const FORMATS = [BARE, PREFIXED, BARE_EXPIRING, PREFIXED_EXPIRING];

/** The key of the format record in both formats. No place of either begins so. */
export const STORE_FORMAT_KEY = Buffer.from('kvs/formato');

/** `{"formato":2,"prefixo":"kvs/"}` */
export function encodeStoreFormat({ number, prefix }: StoreFormat): Buffer {
  return Buffer.from(JSON.stringify({ formato: number, prefixo: prefix }), 'utf8');
}

/** @throws KvsError DADOS_INVALIDOS if it is a format that this program does not know */
export function decodeFormat(bytes: Buffer): StoreFormat {
  const found = FORMATS.find((format) => isRecordOf(format, bytes));
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
