import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from '../files/proto-path.js';

/** A method of a service in a file of `proto`. */
export interface MethodName {
  readonly file: string;
  readonly service: string;
  readonly method: string;
}

/** The call definition of a method. 64-bit numbers are texts. */
export function methodOf({ file, service, method }: MethodName) {
  const methods = loadSync(protoPath(file), { keepCase: true, longs: String, defaults: true })[service];
  const found = Object.entries(methods ?? {}).find(([name]) => name === method);
  if (found === undefined) throw new Error(`proto/${file}: no method ${service}/${method}`);
  return found[1] as MethodDefinition<object, object>;
}
