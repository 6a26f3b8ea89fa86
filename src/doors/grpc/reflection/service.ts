import type { PackageDefinition } from '@grpc/proto-loader';
import type { Caller } from '../../../call/admission.js';
import { neverAnswered } from '../../../call/operation.js';
import type { DoorOperation } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import { loadedService, loadProto } from '../protos.js';
import { status } from '../protocol/status.js';
import type { StatusCode } from '../protocol/status.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { describedFiles } from './descriptors.js';
import { Symbols } from './symbols.js';

/** `ServerReflectionRequest`, as the loader gives it. */
interface Question {
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: { readonly containingType: string };
  readonly allExtensionNumbersOfType?: string;
  readonly listServices?: string;
}

/** What an answer says beside its question: one field of `ServerReflectionResponse`. */
type Finding =
  | { readonly fileDescriptorResponse: { readonly fileDescriptorProto: readonly Buffer[] } }
  | { readonly allExtensionNumbersResponse: { readonly baseTypeName: string } }
  | { readonly listServicesResponse: { readonly service: readonly { readonly name: string }[] } }
  | { readonly errorResponse: { readonly errorCode: StatusCode; readonly errorMessage: string } };

type Answer = Finding & { readonly originalRequest: Question };

/** Reads with names as they are in JavaScript, and only fields that were sent. */
const OPTIONS = { keepCase: false, defaults: false, longs: String, oneofs: false };

const FILES = ['v1', 'v1alpha'].map((version) => `grpc/reflection_${version}.proto`);
const packages: readonly PackageDefinition[] = FILES.map((file) => loadProto(file, OPTIONS));

/** `grpc.reflection.v1` and `v1alpha` for a server that offers these packages. Admitted callers may use them. */
export function reflectionServices(offered: readonly PackageDefinition[]): GrpcService[] {
  // Described with the names that the files declare.
  const own = FILES.map((file) => loadProto(file));
  const symbols = new Symbols(describedFiles([...offered, ...own]));
  const operation: DoorOperation<Question, Answer> = {
    run: (question, caller: Caller) => {
      // The credential may be revoked while the call is open.
      caller.assertValid();
      return { originalRequest: question, ...found(question, symbols) };
    },
    refusal: neverAnswered,
  };
  return packages.map((loaded, index) => {
    const name = `grpc.reflection.${index === 0 ? 'v1' : 'v1alpha'}.ServerReflection`;
    const { requestDeserialize, responseSerialize } =
      loadedService(loaded, name)['ServerReflectionInfo'] ?? {};
    if (requestDeserialize === undefined || responseSerialize === undefined)
      throw new Error(`${name} is empty`);
    const decode = (bytes: Buffer): Question => {
      try {
        return requestDeserialize(bytes);
      } catch {
        throw new KvsError('PEDIDO_INVALIDO', 'o pedido não é uma mensagem protobuf válida');
      }
    };
    return grpcService(name, loaded, { ServerReflectionInfo: rpc(decode, responseSerialize, operation) });
  });
}

function found(question: Question, symbols: Symbols): Finding {
  const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType } = question;
  if (fileByFilename !== undefined) return files(symbols.fileByName(fileByFilename), fileByFilename);
  if (fileContainingSymbol !== undefined) {
    return files(symbols.fileBySymbol(fileContainingSymbol), fileContainingSymbol);
  }
  if (allExtensionNumbersOfType !== undefined) {
    if (!symbols.hasMessage(allExtensionNumbersOfType)) return missing(allExtensionNumbersOfType);
    return { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } };
  }
  if (question.listServices !== undefined) {
    return { listServicesResponse: { service: symbols.services.map((name) => ({ name })) } };
  }
  // No file here has extensions.
  if (question.fileContainingExtension !== undefined)
    return missing(question.fileContainingExtension.containingType);
  return {
    errorResponse: { errorCode: status.INVALID_ARGUMENT, errorMessage: 'o pedido não pergunta nada' },
  };
}

function files(descriptors: Buffer[] | undefined, asked: string): Finding {
  return descriptors === undefined
    ? missing(asked)
    : { fileDescriptorResponse: { fileDescriptorProto: descriptors } };
}

function missing(asked: string): Finding {
  return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage: `este servidor não tem ${asked}` } };
}
