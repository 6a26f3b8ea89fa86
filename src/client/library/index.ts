/** The package's entry `kvs-frota/cliente`. */
export { KvsError } from '../../core/errors.js';
export type { ErrorCode } from '../../core/errors.js';
export { Kvs } from './kvs.js';
export type {
  KvsBatch,
  KvsCallOptions,
  KvsCount,
  KvsEvent,
  KvsGetOptions,
  KvsLine,
  KvsLineEvent,
  KvsLines,
  KvsListOptions,
  KvsOptions,
  KvsPair,
  KvsPutOptions,
  KvsRange,
  KvsRefusal,
  KvsRemoveOptions,
  KvsRestartEvent,
  KvsServer,
  KvsStatus,
  KvsTls,
  KvsUpToDateEvent,
  KvsWatch,
  KvsWatchOptions,
  KvsWriteOptions,
} from './public.js';
