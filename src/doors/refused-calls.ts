import type { status } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import { BurstLog } from '../ports/burst-log.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { endOnceAnswered, libraryCall } from './library-call.js';
import type { Call } from './library-call.js';

/**
 * Why a gRPC call was refused or cut for what it takes, whatever it asks: too many streams, metadata too large, a compressed
 * request, one that did not come in whole, an answer that was not taken. Stable: fields of the log.
 */
export const CALL_REFUSALS = ['FLUXOS', 'METADADOS', 'COMPRIMIDO', 'INACABADO', 'NAO_LIDO'] as const;
export type CallRefusal = (typeof CALL_REFUSALS)[number];

/** Such calls of one server since its start: counted by reason, and summed up in the log. */
export class RefusedCalls {
  readonly counts = Object.fromEntries(CALL_REFUSALS.map((reason) => [reason, 0])) as Record<
    CallRefusal,
    number
  >;
  private readonly burst: BurstLog;

  constructor(time: Time, logger: Logger) {
    this.burst = new BurstLog(time, logger, 'chamada recusada (gRPC)');
  }

  /** Counts a call that is cut. */
  add(reason: CallRefusal, { session }: ServerHttp2Stream): void {
    this.counts[reason]++;
    this.burst.report(reason, session?.socket.remoteAddress ?? 'desconhecido');
  }

  /** Answers a call before anything of it is looked at. */
  refuse(reason: CallRefusal, call: Call, code: status, details: string): void {
    const { stream } = libraryCall(call);
    // It was refused for something else already.
    if (stream.headersSent) return;
    this.add(reason, stream);
    endOnceAnswered(stream);
    call.sendStatus({ code, details });
  }
}
