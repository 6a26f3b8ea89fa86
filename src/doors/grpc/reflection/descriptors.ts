/** File descriptors as other implementations accept them, from packages as the loader gives them. */
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';

/** `google.protobuf.DescriptorProto`, as far as it is read. */
export interface MessageDescriptor {
  name?: string;
  field?: { name?: string; typeName?: string }[];
  nestedType?: MessageDescriptor[];
  enumType?: { name?: string }[];
  options?: { mapEntry?: boolean };
}

/** `google.protobuf.FileDescriptorProto`, as far as it is read. */
export interface FileDescriptor {
  name?: string;
  package?: string;
  dependency?: string[];
  messageType?: MessageDescriptor[];
  enumType?: { name?: string }[];
  service?: { name?: string; method?: { name?: string }[] }[];
}

/** A file, decoded and encoded. */
export interface DescribedFile {
  readonly descriptor: FileDescriptor;
  readonly bytes: Buffer;
}

/** The files of these packages, each with a name of its own. */
export function describedFiles(packages: readonly PackageDefinition[]): DescribedFile[] {
  const file = fileDescriptorType();
  const taken = new Set<string>();
  return [...new Set(packages)].flatMap((definition, index) => {
    const decoded = filesOf(definition).map((bytes) => file.deserialize(bytes));
    const names = ownNames(decoded, taken, index);
    return decoded.map((descriptor) => {
      rename(descriptor, names);
      for (const message of descriptor.messageType ?? []) nameMapEntries(message);
      return { descriptor, bytes: file.serialize(descriptor) };
    });
  });
}

/** The loader names a file after its package: two files of one package would have one name. */
function ownNames(files: readonly FileDescriptor[], taken: Set<string>, index: number): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name = '' } of files) {
    names.set(name, taken.has(name) ? name.replace(/(\.proto)?$/, `_${String(index)}.proto`) : name);
  }
  for (const name of names.values()) taken.add(name);
  return names;
}

function rename(descriptor: FileDescriptor, names: ReadonlyMap<string, string>): void {
  const ownName = (name: string): string => names.get(name) ?? name;
  descriptor.name = ownName(descriptor.name ?? '');
  if (descriptor.dependency) descriptor.dependency = descriptor.dependency.map(ownName);
}

/**
 * The loader names the entry type of a `map<>` field after the field alone. Protobuf requires `<Field>Entry`, and
 * rejects the whole file otherwise; health has such a field.
 */
function nameMapEntries(message: MessageDescriptor): void {
  for (const nested of message.nestedType ?? []) {
    nameMapEntries(nested);
    const old = nested.name ?? '';
    if (nested.options?.mapEntry !== true || old.endsWith('Entry')) continue;
    nested.name = `${old}Entry`;
    for (const field of message.field ?? []) if (field.typeName === old) field.typeName = nested.name;
  }
}

/** The encoded files of a package, each once. */
function filesOf(definition: PackageDefinition): Buffer[] {
  const files = Object.values(definition).flatMap((type) =>
    Array.isArray(type['fileDescriptorProtos']) ? type['fileDescriptorProtos'] : [],
  );
  return [...new Set(files)];
}

/** Taken from the loader, which embeds descriptor.proto. */
function fileDescriptorType(): MessageTypeDefinition<FileDescriptor, FileDescriptor> {
  const loaded = loadSync('google/protobuf/descriptor.proto', { longs: String });
  return loaded['google.protobuf.FileDescriptorProto'] as MessageTypeDefinition<
    FileDescriptor,
    FileDescriptor
  >;
}
