import { admitAll } from '../../src/call/admission.js';
import type { Call, DemandName, Trailers } from '../../src/call/call.js';
import { serveConversation } from '../../src/call/conversation.js';
import type { Answerer } from '../../src/call/conversation.js';
import { CallCounts } from '../../src/call/observe.js';
import { serveOne } from '../../src/call/one.js';
import type { Decoded, DoorOperation, RowsOperation } from '../../src/call/operation.js';
import { serveRows } from '../../src/call/rows.js';
import type { CallSeam } from '../../src/call/seam.js';
import type { KvsError } from '../../src/core/errors.js';
import type { Engine } from '../../src/ports/engine.js';
import { RecordingLogger } from './doors.js';
import { realTime } from './real-time.js';

/** A door without a port: calls of a program, answered where they are made. */

/** A call as a test makes it up. */
export interface MadeUpCall extends Partial<Omit<Call, 'demand'>> {
  readonly demands?: Partial<Record<DemandName, string>>;
}

export function memoryCall({ demands = {}, ...given }: MadeUpCall = {}): Call {
  return {
    ...{ door: 'grpc', operation: 'teste', from: '10.0.0.1', deadlineMs: Infinity },
    credentials: { kind: 'none', hint: 'mostre uma credencial' },
    demand: (name) => demands[name],
    takeUp: () => realTime.monotonicMs(),
    ...given,
  };
}

/** What a caller gets of a call: an answer, which may express a refusal, or an error. */
export interface Outcome<Res> {
  readonly answer?: Res | undefined;
  readonly error?: KvsError | undefined;
  readonly trailers: Trailers | undefined;
}

/** What was counted: `door operation outcome count`, sorted. */
export function outcomesOf(counts: CallCounts): string[] {
  return [...counts.all()]
    .map(({ door, operation, outcome, durations: { count } }) => `${door} ${operation} ${outcome} ${count}`)
    .sort();
}

/** A seam over an engine, with what it has counted and logged. */
export class MemoryDoor<E extends Engine> {
  readonly logger = new RecordingLogger();
  readonly counts = new CallCounts(this.logger);
  readonly seam: CallSeam;

  constructor(
    readonly engine: E,
    seam: Partial<CallSeam> = {},
  ) {
    this.seam = { engine, admit: admitAll(engine), observe: this.counts.observe, time: realTime, ...seam };
  }

  get outcomes(): string[] {
    return outcomesOf(this.counts);
  }

  /** @returns at once what was answered at once */
  askNow<Req, Res>(
    operation: DoorOperation<Req, Res>,
    request: Decoded<Req>,
    call: MadeUpCall = {},
  ): Outcome<Res> | undefined {
    let outcome: Outcome<Res> | undefined;
    serveOne(this.seam, memoryCall(call), request, operation, {
      answer: (answer, trailers) => (outcome = { answer, trailers }),
      fail: (error, trailers) => (outcome = { error, trailers }),
    });
    return outcome;
  }

  ask<Req, Res>(
    operation: DoorOperation<Req, Res>,
    request: Decoded<Req>,
    call: MadeUpCall = {},
  ): Promise<Outcome<Res>> {
    return new Promise((resolve) => {
      serveOne(this.seam, memoryCall(call), request, operation, {
        answer: (answer, trailers) => resolve({ answer, trailers }),
        fail: (error, trailers) => resolve({ error, trailers }),
      });
    });
  }

  /** @throws KvsError (as a rejection) if the caller is not let in */
  converse<Req, Res>(operation: DoorOperation<Req, Res>, call: MadeUpCall = {}): Promise<Answerer<Req, Res>> {
    return new Promise((converse, reject) => {
      serveConversation(this.seam, memoryCall(call), () => operation, { converse, fail: reject });
    });
  }

  /**
   * @param most answers that are taken before the caller goes away
   * @param onEnd called when the end is told
   */
  async rows<Req, T, Res>(
    operation: RowsOperation<Req, T, Res>,
    request: Decoded<Req>,
    call: MadeUpCall = {},
    most = Infinity,
    onEnd: () => void = () => undefined,
  ): Promise<Outcome<Res[]>> {
    const answer: Res[] = [];
    let error: KvsError | undefined;
    let trailers: Trailers | undefined;
    const isOver = (): boolean => answer.length >= most;
    await serveRows(this.seam, memoryCall(call), request, operation, {
      isOver,
      sendAll: async (rows, answerFor) => {
        for await (const row of rows) {
          const made = row === undefined ? undefined : await answerFor(row);
          if (made !== undefined) answer.push(made);
          if (isOver()) break;
        }
        return answer.length;
      },
      send: (made) => answer.push(made),
      end: (owed) => {
        onEnd();
        trailers = owed;
      },
      fail: (thrown, owed) => {
        error = thrown;
        trailers = owed;
      },
    });
    return { answer, error, trailers };
  }
}
