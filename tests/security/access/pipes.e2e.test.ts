import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCertificates, pairArgs } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { freshKey } from '../../support/fleet-keys.js';
import { kvs } from '../../support/kvs-program.js';
import { ServerProcess } from '../../support/server-process.js';

/** No broker: the server goes on alone, which is all that is needed here. */
const ALONE = ['--broker', 'mqtt://127.0.0.1:1'];

describe('a pipe in the place of a file that SIGHUP reads', () => {
  let folder: string;
  let certificates: TestCertificates;
  let server: ServerProcess;
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-pipes-'));
    certificates = await TestCertificates.make();
    const own = await certificates.server('servidor');
    await Promise.all([
      copyFile(own.certificate, at('certificado')),
      copyFile(own.key, at('chave')),
      copyFile(certificates.ca, at('ca')),
      writeFile(at('frota'), `${freshKey()}\n`, { mode: 0o600 }),
      kvs(['credencial', 'cria', 'maria', '--papel', 'administracao', '--arquivo', at('credenciais')]),
    ]);
    const tls = [
      ...pairArgs({ certificate: at('certificado'), key: at('chave'), serial: '' }),
      '--tls-ca',
      at('ca'),
    ];
    server = await ServerProcess.start({
      fleet: 'canos',
      args: [...ALONE, ...tls, '--credenciais', at('credenciais'), '--chave-frota', at('frota')],
      security: { ca: await readFile(certificates.ca) },
    });
  });
  afterAll(async () => {
    await server.stop();
    await certificates.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['certificado', 'certificados'],
    ['chave', 'certificados'],
    ['ca', 'certificados'],
    ['frota', 'chave da frota'],
    ['credenciais', 'credenciais'],
  ])(
    '%s: changes nothing, and everything else is read again, then and later',
    async (name, action) => {
      const told = (): readonly string[] =>
        server.log.filter(({ recarga }) => recarga !== undefined).map(({ mensagem }) => mensagem);
      const all = ['credenciais', 'certificados', 'chave da frota'].map((each) => `recarregado: ${each}`);
      await copyFile(at(name), at('guardado'));
      await rm(at(name));
      expect(spawnSync('mkfifo', [at(name)]).status).toBe(0);
      let before = told().length;
      process.kill(server.pid, 'SIGHUP');
      await eventually('tudo foi lido', () => told().length === before + 3);
      expect([...told().slice(before)].sort()).toEqual(
        all.map((line) => (line.endsWith(`: ${action}`) ? `continua como estava: ${action}` : line)).sort(),
      );
      await rm(at(name));
      await copyFile(at('guardado'), at(name));
      before = told().length;
      process.kill(server.pid, 'SIGHUP');
      await eventually('tudo foi lido', () => told().length === before + 3);
      expect([...told().slice(before)].sort()).toEqual([...all].sort());
    },
    20_000,
  );
});
