import type {
  handleUnaryCall,
  ServerDuplexStream,
  ServerUnaryCall,
  sendUnaryData,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { KvsError } from '../../../core/errors.js';
import { grpcStatus } from '../errors.js';
import type { Admit, Caller } from './admission.js';

/**
 * The handlers of a service that is not ours, for whoever is let in, whatever they may do to keys.
 * @param service whose calls are unary or bidirectional
 */
export function onlyAdmitted(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  admit: Admit,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([name, handler]) => [
      name,
      service[name]?.responseStream === true
        ? admittedStream(handler as Streaming, admit)
        : admittedUnary(handler as handleUnaryCall<unknown, unknown>, admit),
    ]),
  );
}

type Streaming = (call: ServerDuplexStream<unknown, unknown>) => void;

function admittedUnary(handler: handleUnaryCall<unknown, unknown>, admit: Admit): typeof handler {
  return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
    const letIn = async (): Promise<void> => {
      await admit(call);
      handler(call, reply);
    };
    letIn().catch((thrown: unknown) => {
      reply(grpcStatus(KvsError.from(thrown)));
    });
  };
}

function admittedStream(handler: Streaming, admit: Admit): Streaming {
  return (call) => {
    const letIn = async (): Promise<void> => {
      answerWhileValid(call, await admit(call));
      handler(call);
    };
    letIn().catch((thrown: unknown) => {
      refuse(call, thrown);
    });
  };
}

/** Asks before every answer that the handler writes: the credential may be revoked while the call is open. */
function answerWhileValid(call: ServerDuplexStream<unknown, unknown>, caller: Caller): void {
  const answer = call.write.bind(call) as (message: unknown) => boolean;
  let isOver = false;
  call.write = (message: unknown): boolean => {
    if (isOver) return false;
    try {
      caller.assertValid();
    } catch (thrown) {
      isOver = true;
      refuse(call, thrown);
      return false;
    }
    return answer(message);
  };
}

function refuse(call: ServerDuplexStream<unknown, unknown>, thrown: unknown): void {
  call.emit('error', grpcStatus(KvsError.from(thrown)));
}
