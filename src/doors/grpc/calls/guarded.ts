import type {
  handleUnaryCall,
  ServerDuplexStream,
  ServerUnaryCall,
  sendUnaryData,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Caller } from '../../../call/admission.js';
import { ended } from '../../../call/seam.js';
import { KvsError } from '../../../core/errors.js';
import { grpcStatus } from '../errors.js';
import { GrpcCall } from './grpc-call.js';
import type { DoorContext, IncomingCall } from './grpc-call.js';

/**
 * Wraps the handlers of a third-party service so that they serve any admitted caller, whatever its rights to keys.
 * Demands are not read. Each call is observed when it is over.
 * @param service must have only unary and bidirectional calls
 */
export function onlyAdmitted(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  context: DoorContext,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([name, handler]) => [
      name,
      service[name]?.responseStream === true
        ? admittedStream(handler as Streaming, context)
        : admittedUnary(handler as handleUnaryCall<unknown, unknown>, context),
    ]),
  );
}

type Streaming = (call: ServerDuplexStream<unknown, unknown>) => void;

/** Reports how a call ended; called once. */
type End = (error?: KvsError) => void;

/** Admits a call, or calls `refuse`. @param go gets the caller, and a function to call when the call is over */
function letIn(
  incoming: IncomingCall,
  context: DoorContext,
  go: (caller: Caller, end: End) => void,
  refuse: (error: KvsError) => void,
): void {
  const call = new GrpcCall(incoming, context);
  let startedMs: number | undefined;
  let isOver = false;
  const end: End = (error) => {
    if (isOver) return;
    isOver = true;
    ended(context, call, startedMs, error);
  };
  const admitted = async (): Promise<void> => {
    startedMs = call.takeUp();
    go(await context.admit(call), end);
  };
  admitted().catch((thrown: unknown) => {
    const error = KvsError.from(thrown);
    end(error);
    refuse(error);
  });
}

function admittedUnary(handler: handleUnaryCall<unknown, unknown>, context: DoorContext): typeof handler {
  return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
    letIn(
      call,
      context,
      (_caller, end) => {
        handler(call, (...answer) => {
          end();
          reply(...answer);
        });
      },
      (error) => {
        reply(grpcStatus(error));
      },
    );
  };
}

function admittedStream(handler: Streaming, context: DoorContext): Streaming {
  return (call) => {
    const refuse = (error: KvsError): void => {
      call.emit('error', grpcStatus(error));
    };
    letIn(
      call,
      context,
      (caller, end) => {
        answerWhileValid(call, caller, end, refuse);
        call.once('close', () => {
          end();
        });
        handler(call);
      },
      refuse,
    );
  };
}

/** Checks the credential before every answer that the handler writes: it may be revoked while the call is open. */
function answerWhileValid(
  call: ServerDuplexStream<unknown, unknown>,
  caller: Caller,
  end: End,
  refuse: (error: KvsError) => void,
): void {
  const answer = call.write.bind(call) as (message: unknown) => boolean;
  let isOver = false;
  call.write = (message: unknown): boolean => {
    if (isOver) return false;
    try {
      caller.assertValid();
    } catch (thrown) {
      isOver = true;
      const error = KvsError.from(thrown);
      end(error);
      refuse(error);
      return false;
    }
    return answer(message);
  };
}
