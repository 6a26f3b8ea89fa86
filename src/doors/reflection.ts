import type { Server } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

interface Descriptor {
  name?: string;
  field?: { name?: string; typeName?: string }[];
  nestedType?: Descriptor[];
  options?: { mapEntry?: boolean };
}

interface FileDescriptor {
  messageType?: Descriptor[];
}

/** Serves `grpc.reflection.v1` and `v1alpha` for these packages. */
export function addReflection(server: Server, packages: readonly PackageDefinition[]): void {
  new ReflectionService(withValidMaps(Object.assign({}, ...packages) as PackageDefinition)).addToServer(
    server,
  );
}

/**
 * The package with descriptors that other implementations accept. The loader names the entry type of a `map<>` field
 * after the field alone; protobuf requires `<Field>Entry`, and rejects the whole file otherwise. Health has such a
 * field, so that nobody could describe it.
 */
export function withValidMaps(definition: PackageDefinition): PackageDefinition {
  const file = fileDescriptorType();
  const repaired = new Map<Buffer, Buffer>();
  const repair = (bytes: Buffer): Buffer => {
    let result = repaired.get(bytes);
    if (result === undefined) {
      const descriptor = file.deserialize(bytes);
      for (const message of descriptor.messageType ?? []) nameMapEntries(message);
      result = file.serialize(descriptor);
      repaired.set(bytes, result);
    }
    return result;
  };
  return Object.fromEntries(
    Object.entries(definition).map(([name, type]) =>
      Array.isArray(type['fileDescriptorProtos'])
        ? [name, { ...type, fileDescriptorProtos: type['fileDescriptorProtos'].map(repair) }]
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

/** The loader carries descriptor.proto within itself. */
function fileDescriptorType(): MessageTypeDefinition<FileDescriptor, FileDescriptor> {
  const loaded = loadSync('google/protobuf/descriptor.proto', { longs: String });
  return loaded['google.protobuf.FileDescriptorProto'] as MessageTypeDefinition<
    FileDescriptor,
    FileDescriptor
  >;
}
