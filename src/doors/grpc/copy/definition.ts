import { neverAnswered } from '../../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import type { Restored, Row } from '../../../ports/engine.js';
import { checkedKey, checkedValue } from '../checks.js';
import { grpcService, rpc } from '../service.js';
import { Restorer } from './restorer.js';
import {
  COPY_SERVICE_NAME,
  copyPackage,
  decodeExportRequest,
  decodeRow,
  encodeRestored,
  encodeRow,
} from './wire.js';
import type { RowRequest } from './wire.js';

/** Whatever is in one store may go into another. */
const MINIMUM_CHARS = 0;

const exporting: RowsOperation<object, Row, Row> = {
  rows: (_request, { engine }) => {
    if (engine.capabilities.everything) return engine.scan({ kind: 'everything' });
    throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
  },
  answer: (row) => row,
};

/** One import: each has a plan of its own. */
function importing(): DoorOperation<RowRequest, Restored> {
  const restorer = new Restorer();
  return {
    run: (request, caller) => {
      const key = checkedKey(request, MINIMUM_CHARS);
      // Also where nothing needs to be written: who may only read is not told what stands there as if it had written it.
      caller.assertMay('write', key);
      const value = checkedValue(request, MINIMUM_CHARS);
      const { version, timestamp } = request;
      return restorer.restore(caller.engine, { key, value, version, timestamp });
    },
    refusal: neverAnswered,
    written: ({ version }) => version,
  };
}

/** `kvs.Copia` for a server. */
export const copyService = grpcService(COPY_SERVICE_NAME, copyPackage, {
  Exporta: rpc(decodeExportRequest, encodeRow, exporting),
  Importa: rpc(decodeRow, encodeRestored, importing),
});
