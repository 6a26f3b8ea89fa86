import type { MethodDefinition } from '@grpc/grpc-js';
// Not `@grpc/proto-loader`, which makes the descriptors of each file besides: half the time until the first call.
import protobuf from 'protobufjs';
import { protoPath } from '../files/proto-path.js';

/** A method of a service in a file of `proto`. */
export interface MethodName {
  readonly file: string;
  readonly service: string;
  readonly method: string;
}

/** A method as a client calls it. */
export type CalledMethod = Pick<
  MethodDefinition<object, object>,
  'path' | 'requestStream' | 'responseStream' | 'requestSerialize' | 'responseDeserialize'
>;

/** What was loaded before: a file is parsed in milliseconds, and a program makes thousands of calls. */
const files = new Map<string, protobuf.Root>();
const methods = new Map<string, CalledMethod>();

/** The call definition of a method. 64-bit numbers are texts, enums are numbers. */
export function methodOf({ file, service, method }: MethodName): CalledMethod {
  const name = `${file}/${service}/${method}`;
  const known = methods.get(name);
  if (known !== undefined) return known;
  const made = define(rootOf(file).lookupService(`.${service}`).methods[method]);
  if (made === undefined) throw new Error(`proto/${file}: no method ${service}/${method}`);
  methods.set(name, made);
  return made;
}

function rootOf(file: string): protobuf.Root {
  const known = files.get(file);
  if (known !== undefined) return known;
  const root = new protobuf.Root().loadSync(protoPath(file), { keepCase: true });
  files.set(file, root);
  return root;
}

function define(method: protobuf.Method | undefined): CalledMethod | undefined {
  method?.resolve();
  const request = method?.resolvedRequestType;
  const response = method?.resolvedResponseType;
  if (method === undefined || !request || !response) return undefined;
  return {
    path: `/${(method.parent?.fullName ?? '').slice(1)}/${method.name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: (value) => request.encode(request.fromObject(value)).finish() as Buffer,
    responseDeserialize: (bytes) =>
      response.toObject(response.decode(bytes), { longs: String, defaults: true }),
  };
}
