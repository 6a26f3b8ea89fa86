import type { MethodDefinition, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

type AddService = (service: ServiceDefinition, implementation: UntypedServiceImplementation) => void;

interface Descriptor {
  name?: string;
  field?: { name?: string; typeName?: string }[];
  nestedType?: Descriptor[];
  options?: { mapEntry?: boolean };
}

interface FileDescriptor {
  name?: string;
  dependency?: string[];
  messageType?: Descriptor[];
}

interface Question {
  readonly fileContainingSymbol?: string;
}

interface Answer {
  readonly originalRequest: Question;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
}

/**
 * Serves `grpc.reflection.v1` and `v1alpha` for these packages.
 * @param addService adds a service to a server
 */
export function addReflection(addService: AddService, packages: readonly PackageDefinition[]): void {
  const all = Object.assign({}, ...withOwnFiles([...new Set(packages)])) as PackageDefinition;
  const unpackaged = new Set(Object.keys(all).filter((name) => !name.includes('.')));
  new ReflectionService(withValidMaps(all)).addToServer({
    addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
      addService(withPlainNames(definition, unpackaged), implementation);
    },
  });
}

/**
 * The reflection service with the names that clients use. The library gives a leading dot to the names of things
 * without a package, and reports those names. Clients neither ask for such a name nor call a service by it.
 * @param unpackaged names of types and services without a package
 */
function withPlainNames(definition: ServiceDefinition, unpackaged: ReadonlySet<string>): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition as ServiceDefinition<Record<string, MethodDefinition<Question, Answer>>>).map(
      ([name, method]) => [
        name,
        {
          ...method,
          requestDeserialize: (bytes: Buffer) =>
            dotted(method.requestDeserialize(bytes) as Question, unpackaged),
          responseSerialize: (answer: Answer) => method.responseSerialize(plain(answer)),
        },
      ],
    ),
  );
}

function dotted(question: Question, unpackaged: ReadonlySet<string>): Question {
  const symbol = question.fileContainingSymbol;
  if (symbol === undefined || !unpackaged.has(symbol.split('.')[0] ?? '')) return question;
  return { ...question, fileContainingSymbol: `.${symbol}` };
}

function plain(answer: Answer): Answer {
  const { originalRequest: asked, listServicesResponse: list } = answer;
  const symbol = asked.fileContainingSymbol;
  return {
    ...answer,
    originalRequest:
      symbol === undefined ? asked : { ...asked, fileContainingSymbol: symbol.replace(/^\./, '') },
    ...(list && {
      listServicesResponse: { service: list.service.map(({ name }) => ({ name: name.replace(/^\./, '') })) },
    }),
  };
}

/**
 * The package with descriptors that other implementations accept. The loader names the entry type of a `map<>` field
 * after the field alone; protobuf requires `<Field>Entry`, and rejects the whole file otherwise. Health has such a
 * field, so no client could describe it.
 */
function withValidMaps(definition: PackageDefinition): PackageDefinition {
  const file = fileDescriptorType();
  return withFiles(definition, (bytes) => {
    const descriptor = file.deserialize(bytes);
    for (const message of descriptor.messageType ?? []) nameMapEntries(message);
    return file.serialize(descriptor);
  });
}

/**
 * Gives each file of a package its own name. The loader names a file after its package, and the reflection service
 * keeps only the first file of a name, so the second of two files of one package would be missing.
 */
function withOwnFiles(packages: readonly PackageDefinition[]): PackageDefinition[] {
  const file = fileDescriptorType();
  const taken = new Set<string>();
  return packages.map((definition, index) => {
    const names = new Map<string, string>();
    for (const bytes of filesOf(definition)) {
      const { name = '' } = file.deserialize(bytes);
      names.set(name, taken.has(name) ? name.replace(/(\.proto)?$/, `_${String(index)}.proto`) : name);
    }
    for (const name of names.values()) taken.add(name);
    const rename = (name: string): string => names.get(name) ?? name;
    return withFiles(definition, (bytes) => {
      const descriptor = file.deserialize(bytes);
      descriptor.name = rename(descriptor.name ?? '');
      if (descriptor.dependency) descriptor.dependency = descriptor.dependency.map(rename);
      return file.serialize(descriptor);
    });
  });
}

function filesOf(definition: PackageDefinition): readonly Buffer[] {
  return Object.values(definition).flatMap((type) =>
    Array.isArray(type['fileDescriptorProtos']) ? type['fileDescriptorProtos'] : [],
  );
}

/** The package with every file descriptor changed, each once. */
function withFiles(definition: PackageDefinition, change: (bytes: Buffer) => Buffer): PackageDefinition {
  const changed = new Map<Buffer, Buffer>();
  const once = (bytes: Buffer): Buffer => {
    const result = changed.get(bytes) ?? change(bytes);
    changed.set(bytes, result);
    return result;
  };
  return Object.fromEntries(
    Object.entries(definition).map(([name, type]) =>
      Array.isArray(type['fileDescriptorProtos'])
        ? [name, { ...type, fileDescriptorProtos: type['fileDescriptorProtos'].map(once) }]
        : [name, type],
    ),
  ) as PackageDefinition;
}

function nameMapEntries(message: Descriptor): void {
  for (const nested of message.nestedType ?? []) {
    nameMapEntries(nested);
    const old = nested.name ?? '';
    if (nested.options?.mapEntry !== true || old.endsWith('Entry')) continue;
    nested.name = `${old}Entry`;
    for (const field of message.field ?? []) if (field.typeName === old) field.typeName = nested.name;
  }
}

/** Taken from the loader, which embeds descriptor.proto. */
function fileDescriptorType(): MessageTypeDefinition<FileDescriptor, FileDescriptor> {
  const loaded = loadSync('google/protobuf/descriptor.proto', { longs: String });
  return loaded['google.protobuf.FileDescriptorProto'] as MessageTypeDefinition<
    FileDescriptor,
    FileDescriptor
  >;
}
