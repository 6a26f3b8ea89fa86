import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority } from '../../src/security/tls/authority.js';
import type { Fleet, Member } from './fleet.js';
import { WRITER_CORE } from './machine.js';
import { scratchFolder } from './scratch.js';

const DAYS = 1;

/** Adds a server to a fleet that speaks TLS, with a certificate made for it. */
export async function addSecure(fleet: Fleet): Promise<Member> {
  const nowMs = Date.now();
  const { authority, issued } = await Authority.create('bench', DAYS, nowMs);
  const holder = { kind: 'server', name: 'servidor', addresses: ['127.0.0.1', 'localhost'] } as const;
  const { certificate, key } = await authority.issue(holder, DAYS, nowMs);
  const [certificateFile, keyFile] = ['certificado', 'chave'].map((name) =>
    join(scratchFolder(), `${fleet.name}-${name}.pem`),
  ) as [string, string];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const options = ['--tls-certificado', certificateFile, '--tls-chave', keyFile];
  return fleet.add(WRITER_CORE, options, issued.certificate);
}
