import type { DescribedFile, FileDescriptor, MessageDescriptor } from './descriptors.js';

/** Finds files by what they declare. */
export class Symbols {
  /** Full names of all services, in the order of their files. */
  readonly services: readonly string[];
  private readonly byName = new Map<string, DescribedFile>();
  private readonly bySymbol = new Map<string, DescribedFile>();
  private readonly messages = new Set<string>();

  constructor(files: readonly DescribedFile[]) {
    const services: string[] = [];
    for (const file of files) {
      const { descriptor } = file;
      this.byName.set(descriptor.name ?? '', file);
      const full = (name = ''): string => fullName(descriptor.package, name);
      for (const message of descriptor.messageType ?? []) this.addMessage(file, full(message.name), message);
      for (const { name } of descriptor.enumType ?? []) this.bySymbol.set(full(name), file);
      for (const service of descriptor.service ?? []) {
        const name = full(service.name);
        services.push(name);
        this.bySymbol.set(name, file);
        for (const method of service.method ?? []) this.bySymbol.set(fullName(name, method.name), file);
      }
    }
    this.services = services;
  }

  /** The encoded file of this name, and those that it needs; `undefined` if there is none. */
  fileByName(name: string): Buffer[] | undefined {
    return this.withDependencies(this.byName.get(name));
  }

  /** As {@link fileByName}, for the file that declares a service, an RPC, a message, an enum or a field. */
  fileBySymbol(symbol: string): Buffer[] | undefined {
    return this.withDependencies(this.bySymbol.get(symbol));
  }

  /** Whether there is a message of this name. */
  hasMessage(name: string): boolean {
    return this.messages.has(name);
  }

  private addMessage(file: DescribedFile, name: string, message: MessageDescriptor): void {
    this.messages.add(name);
    this.bySymbol.set(name, file);
    for (const field of message.field ?? []) this.bySymbol.set(fullName(name, field.name), file);
    for (const { name: enumName } of message.enumType ?? [])
      this.bySymbol.set(fullName(name, enumName), file);
    for (const nested of message.nestedType ?? []) this.addMessage(file, fullName(name, nested.name), nested);
  }

  private withDependencies(file: DescribedFile | undefined): Buffer[] | undefined {
    if (file === undefined) return undefined;
    const found = new Set([file]);
    for (const { descriptor } of found) {
      for (const needed of this.neededBy(descriptor)) found.add(needed);
    }
    return Array.from(found, ({ bytes }) => bytes);
  }

  private neededBy({ dependency = [] }: FileDescriptor): DescribedFile[] {
    return dependency.flatMap((name) => this.byName.get(name) ?? []);
  }
}

function fullName(scope: string | undefined, name = ''): string {
  return scope === undefined || scope === '' ? name : `${scope}.${name}`;
}
