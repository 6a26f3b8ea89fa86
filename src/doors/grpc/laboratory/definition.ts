import type { Caller } from '../../../call/admission.js';
import { neverAnswered } from '../../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../../call/operation.js';
import type { Laboratory } from '../../../ports/laboratory.js';
import type { TracedMessage } from '../../../ports/trace.js';
import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import {
  decodeLoss,
  decodeSeconds,
  decodeShift,
  encodeFaults,
  encodeIsolation,
  encodeTraced,
} from './wire.js';

const loaded = loadProto('laboratorio.proto');

/** `kvs.Laboratorio` for a server that offers it. Only who administers may use it. */
export function laboratoryService(laboratory: Laboratory): GrpcService {
  const trace: RowsOperation<unknown, TracedMessage, TracedMessage> = {
    rows: (_request, caller) => {
      assertAdministers(caller);
      return laboratory.trace();
    },
    answer: (message) => message,
    isEndless: true,
  };
  return grpcService('kvs.Laboratorio', loaded, {
    Isola: rpc(
      decodeSeconds,
      encodeIsolation,
      administered((seconds: number) => laboratory.isolate(seconds === 0 ? undefined : seconds * 1_000)),
    ),
    Liga: rpc(
      () => 0,
      encodeIsolation,
      administered(() => laboratory.reconnect()),
    ),
    Perde: rpc(
      decodeLoss,
      encodeFaults,
      administered((loss) => laboratory.lose(loss)),
    ),
    Adianta: rpc(
      decodeShift,
      encodeFaults,
      administered((ms) => laboratory.shiftClock(ms)),
    ),
    Rastreia: rpc(() => 0, encodeTraced, trace),
  });
}

function administered<Req, Res>(run: (request: Req) => Res): DoorOperation<Req, Res> {
  return {
    run: (request, caller) => {
      assertAdministers(caller);
      return run(request);
    },
    refusal: neverAnswered,
  };
}

/** @throws KvsError NAO_AUTORIZADO */
function assertAdministers(caller: Caller): void {
  caller.assertMay('administer', '', 'prefix');
}
