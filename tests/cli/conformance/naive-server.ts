import { Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadService } from '../../support/door-client.js';

type Fields = object;

/** A gRPC server on a free port of this machine. */
export async function serveNaively(
  services: readonly (readonly [file: string, name: string, handlers: UntypedServiceImplementation])[],
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = new Server();
  for (const [file, name, handlers] of services) server.addService(loadService(file, name), handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

/** A unary method. */
export function unary<Req>(work: (request: Req) => object | Promise<object>) {
  return (call: ServerUnaryCall<Req, object>, done: sendUnaryData<object>): void => {
    void Promise.resolve(work(call.request)).then((answer) => done(null, answer));
  };
}

/** A method that answers each request as it comes. @param late keeps the answers until the client has ended */
export function each<Req>(work: (request: Req) => object, late = false) {
  return (call: ServerDuplexStream<Req, object>): void => {
    const kept: object[] = [];
    call.on('data', (request: Req) => {
      if (late) kept.push(work(request));
      else call.write(work(request));
    });
    call.on('end', () => {
      for (const answer of kept) call.write(answer);
      call.end();
    });
  };
}

/** A method that answers one request with many messages. */
export function rows<Req>(work: (request: Req) => readonly Fields[]) {
  return (call: ServerWritableStream<Req, object>): void => {
    for (const row of work(call.request)) call.write(row);
    call.end();
  };
}
