import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import { Opener } from '../../src/engines/fleet/bus/seal/opener.js';
import { parseTopic } from '../../src/engines/fleet/bus/topics.js';

/** A fresh key as `kvs chave` writes it. */
export function freshKey(): string {
  return randomBytes(32).toString('hex');
}

/** A file of fleet keys, which is gone after the test. */
export class KeyFile {
  private constructor(private readonly folder: string) {}

  static async open(...keys: readonly string[]): Promise<KeyFile> {
    const file = new KeyFile(await mkdtemp(join(tmpdir(), 'kvs-chave-')));
    await file.write(...keys);
    return file;
  }

  get path(): string {
    return join(this.folder, 'frota.chave');
  }

  /** Options that make a server use it. */
  get args(): readonly string[] {
    return ['--chave-frota', this.path];
  }

  async write(...lines: readonly string[]): Promise<void> {
    await writeFile(this.path, `${lines.join('\n')}\n`);
    await chmod(this.path, 0o600);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Reads payloads of a fleet with these keys, for an observer who has them. */
export function readerWith(
  fleet: string,
  keys: readonly string[],
): (topic: string, payload: Buffer) => Buffer {
  const opener = new Opener(
    new KeyRing(
      fleet,
      keys.map((key) => Buffer.from(key, 'hex')),
    ),
  );
  return (topic, payload) => {
    const opened = opener.open(topic, parseTopic(topic)?.from ?? '', payload);
    // What it cannot open is nothing that it knows of.
    return typeof opened === 'string' ? Buffer.from('{}') : opened.body;
  };
}
